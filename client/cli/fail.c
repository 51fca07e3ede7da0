/*
 * fail.c - the one place where an error becomes words and an exit code.
 *
 * Invariant: every failure names what happened and what to do next, in text or, with --json, as an object on standard error.
 */
#include <stdarg.h>
#include <string.h>

#include "client/cli/cli.h"

/* Errors whose exit code is not that of their class. */
static const struct {
    enum council_error error;
    int code;
} codes[] = {
    {COUNCIL_E_NO_NETWORK, CLI_OFFLINE},      {COUNCIL_E_TIMEOUT, CLI_OFFLINE},
    {COUNCIL_E_GOING_AWAY, CLI_OFFLINE},      {COUNCIL_E_RECOVERING, CLI_OFFLINE},
    {COUNCIL_E_WRONG_PASSPHRASE, CLI_LOCKED}, {COUNCIL_E_HOME_DAMAGED, CLI_LOCKED},
    {COUNCIL_E_WRONG_SERVER, CLI_SERVER},     {COUNCIL_E_HISTORY_CHANGED, CLI_SERVER},
    {COUNCIL_E_PIN_NOT_MINE, CLI_SERVER},     {COUNCIL_E_BAD_REPLY, CLI_SERVER},
    {COUNCIL_E_NOT_FOUND, CLI_REFUSED},       {COUNCIL_E_LOGIN_REFUSED, CLI_REFUSED},
};

static int exit_code(enum council_error error)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].error == error)
            return codes[i].code;
    enum council_error_class class = council_error_info(error)->class;
    return class == COUNCIL_CLASS_VALID || class == COUNCIL_CLASS_GATE ? CLI_REFUSED : CLI_FAILED;
}

bool cli_blames_server(enum council_error error)
{
    bool invalid = council_error_info(error)->class == COUNCIL_CLASS_VALID;
    return (invalid && error != COUNCIL_E_NEEDS_NEWER) || exit_code(error) == CLI_SERVER;
}

static void print(struct cli *cli, const char *name, const char *what, const char *detail,
                  const char *next)
{
    cli->failed = true;
    if (cli->json) {
        json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "error", name, "what", what, "detail",
                                   detail, "next", next);
        char *line = json_dumps(object, JSON_COMPACT);
        fprintf(stderr, "%s\n", line ? line : "{\"error\":\"no_memory\"}");
        free(line);
        json_decref(object);
        return;
    }
    fputs("council: ", stderr);
    cli_print_text(stderr, what, "         ");
    if (*detail) {
        fputs(" (", stderr);
        cli_print_text(stderr, detail, "         ");
        fputc(')', stderr);
    }
    fputc('\n', stderr);
    if (*next)
        fprintf(stderr, "         %s\n", next);
}

int cli_fail(struct cli *cli, enum council_error error)
{
    const struct council_error_info *info = council_error_info(error);
    const char *detail = cli->client ? client_detail(cli->client) : "";
    print(cli, info->name, info->what, detail, info->next);
    return exit_code(error);
}

int cli_fail_words(struct cli *cli, enum council_error error, const char *words)
{
    print(cli, council_error_info(error)->name, words, "", "");
    return exit_code(error);
}

int cli_stopped(struct cli *cli, const uint8_t *log)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    enum council_error error = client_logs(cli->client, &logs, &count),
                       stopped = client_member_stopped(cli->client);
    for (uint32_t i = 0; !error && i < count; i++)
        if (!log || memcmp(logs[i].log, log, COUNCIL_KEY_BYTES) == 0)
            stopped = stopped ? stopped : logs[i].stopped;
    free(logs);
    if (error)
        return cli_fail(cli, error);
    if (!stopped)
        return CLI_OK;
    /* Whatever rule an entry broke: that it was delivered is the server's fault, but not that this client is too old for it. */
    int code = cli_fail(cli, stopped);
    return stopped == COUNCIL_E_NEEDS_NEWER ? code : CLI_SERVER;
}

int cli_fail_input(struct cli *cli, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    print(cli, "bad_input", what, "", "");
    return CLI_FAILED;
}

int cli_fail_usage(struct cli *cli, const char *format, ...)
{
    char what[1024], next[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(next, sizeof next, "`council %s%s` explains it.",
             cli->command ? cli->command->name : "help", cli->command ? " --help" : "");
    print(cli, "usage", what, "", next);
    return CLI_USAGE;
}

void cli_say(const struct cli *cli, const char *format, ...)
{
    char text[1024]; /* names of others may be in it */
    va_list arguments;
    if (cli->quiet || cli->json)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cli_print_text(stderr, text, "");
    fputc('\n', stderr);
}
