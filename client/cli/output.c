/*
 * output.c - how things look: times, keys, other people's text.
 *
 * Invariant: nobody's text reaches the terminal with a control character in it, or with one that turns the writing around.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/cli.h"
#include "protocol/schedule/schedule.h"

void cli_print_json(json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (line)
        printf("%s\n", line);
    fflush(stdout);
    free(line);
    json_decref(object);
}

int cli_print_template(struct cli *cli, char *text)
{
    if (!text)
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    if (cli->json)
        cli_print_json(json_pack("{s:s}", "template", text));
    else
        fputs(text, stdout);
    free(text);
    return CLI_OK;
}

json_t *cli_json_bytes(const uint8_t *bytes, uint32_t len)
{
    char text[COUNCIL_SIG_CHARS + 1];
    if (len > COUNCIL_SIG_BYTES)
        return NULL;
    council_b64_encode(text, bytes, len);
    return json_string(text);
}

void cli_print_text(FILE *out, const char *text, const char *indent)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        size_t hidden = cli_hidden((const char *)c);
        if (hidden)
            c += hidden - 1;
        else if (*c == '\n')
            fprintf(out, "\n%s", c[1] ? indent : "");
        else if ((*c < 0x20 && *c != '\t') || *c == 0x7f)
            fprintf(out, "\\x%02x", *c);
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) /* C1 control characters, in UTF-8 */
            fprintf(out, "\\x%02x", *++c);
        else
            fputc(*c, out);
    }
}

void cli_time(uint64_t unix_ms, const char *zone, char out[64])
{
    char local[SCHEDULE_LOCAL_CHARS + 1];
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm = {0};
    out[0] = '\0';
    if (!unix_ms)
        return;
    if (zone && schedule_to_local(unix_ms, zone, local) == COUNCIL_OK) {
        strptime(local, "%Y-%m-%dT%H:%M", &tm); /* fills in the weekday too */
        (void)strftime(out, 64, "%a %d %b %Y %H:%M", &tm);
    } else if (localtime_r(&seconds, &tm)) {
        (void)strftime(out, 64, "%a %d %b %Y %H:%M", &tm);
    }
}
