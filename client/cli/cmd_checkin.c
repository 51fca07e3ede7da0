/*
 * cmd_checkin.c - check-ins: what became of the open commitments, the next ones, and the temperature, shared or not.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/coming.h"
#include "client/cli/meeting.h"
#include "client/model/checkin.h"

/* "N=STATE" or "N=STATE:WORD" */
static int add_result(struct cli *cli, const struct cli_council *c, json_t *content,
                      const char *given)
{
    char *end, state[16] = "";
    struct content_fault fault;
    unsigned long number = strtoul(given, &end, 10);
    if (end == given || *end != '=')
        return cli_fail_usage(cli, "--result takes N=STATE or N=STATE:WORD, not `%s`.", given);
    const char *word = strchr(end + 1, ':');
    size_t len = word ? (size_t)(word - (end + 1)) : strlen(end + 1);
    snprintf(state, sizeof state, "%.*s", len < 15 ? (int)len : 15, end + 1);
    enum council_error error = checkin_result(c->model, client_member(cli->client), content, number,
                                              state, word ? word + 1 : NULL, &fault);
    if (error == COUNCIL_E_BAD_INPUT)
        return cli_fail_input(cli, "--result %s: %s.", given, fault.text);
    return error ? cli_fail(cli, error) : CLI_OK;
}

static int from_options(struct cli *cli, const struct cli_council *c, json_t **content)
{
    struct content_fault fault;
    const char *text = cli_option(cli, "message"), *given;
    int result = CLI_OK;
    *content = json_pack("{s:s, s:s*}", "type", "checkin", "text", text);
    if (!*content)
        return cli_fail_input(cli, "The text is not valid UTF-8.");
    for (int i = 0; !result && (given = cli_option_nth(cli, "result", i)); i++)
        result = add_result(cli, c, *content, given);
    for (int i = 0; !result && (given = cli_option_nth(cli, "commit", i)); i++)
        if (checkin_commit(*content, given, &fault))
            result = cli_fail_input(cli, "--commit %s: %s.", given, fault.text);
    return result;
}

static int from_text(struct cli *cli, const struct cli_council *c, json_t **content)
{
    struct content_fault fault;
    char *template = checkin_template(c->model, client_member(cli->client)), *text = NULL;
    uint32_t len;
    if (!template)
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    int result = cli_text(cli, NULL, cli_operand(cli, 0), template, &text, &len);
    enum council_error error =
        result ? COUNCIL_OK
               : checkin_parse(c->model, client_member(cli->client), text, len, content, &fault);
    if (error == COUNCIL_E_BAD_INPUT)
        result = cli_fail_input(cli, "%s.", fault.text);
    else if (error)
        result = cli_fail(cli, error);
    free(text);
    free(template);
    return result;
}

static int add_temperature(struct cli *cli, json_t *content)
{
    static const char *const names[] = {"hope", "energy"};
    for (size_t i = 0; i < 2; i++) {
        uint64_t value;
        if (!cli_option_number(cli, names[i], 1, 5, 0, &value))
            return CLI_USAGE;
        if (value)
            json_object_set_new(content, names[i], json_integer((json_int_t)value));
    }
    return CLI_OK;
}

static void give_ids(json_t *content)
{
    json_t *list = json_object_get(content, "commitments");
    for (size_t i = 0; i < json_array_size(list); i++) {
        uint8_t id[COUNCIL_ID_BYTES];
        client_random(id, sizeof id);
        json_object_set_new(json_array_get(list, i), "id", cli_json_bytes(id, sizeof id));
    }
}

/* Hope and energy go into the journal, and no further. */
static int keep_private(struct cli *cli, json_t *content)
{
    json_t *hope = json_object_get(content, "hope"), *energy = json_object_get(content, "energy");
    json_t *own = json_pack("{s:s, s:O*, s:O*}", "type", "checkin", "hope", hope, "energy", energy);
    bool any = hope || energy;
    json_object_del(content, "hope");
    json_object_del(content, "energy");
    if (any)
        return cli_post(cli, client_journal(cli->client), own, NULL);
    json_decref(own);
    return CLI_OK;
}

/* With --for the meeting stands beside the sealed check-in, where the server can read it. */
static int post(struct cli *cli, const struct cli_council *c, json_t *content, const char *tag)
{
    struct content_fault fault;
    if (tag[0] == '\0')
        return cli_post(cli, c->log, content, NULL);
    if (content_check(content, &fault)) {
        json_decref(content);
        return cli_fail_input(cli, "%s.", fault.text);
    }
    return cli_submit(cli, c->log, COUNCIL_KIND_POST,
                      json_pack("{s:o, s:s}", "content", content, "meeting", tag), NULL, NULL);
}

static int check_in(struct cli *cli, const struct cli_council *c)
{
    char tag[SCHEDULE_LOCAL_CHARS + 1] = "";
    bool given = cli_flag(cli, "commit") || cli_flag(cli, "result") || cli_flag(cli, "message") ||
                 cli_flag(cli, "hope") || cli_flag(cli, "energy");
    struct content_fault fault;
    json_t *content = NULL;
    int result = CLI_OK;
    if (cli_flag(cli, "for"))
        result = coming_named(cli, c, cli_option(cli, "for"), tag);
    if (!result)
        result = given && !cli_operand(cli, 0) ? from_options(cli, c, &content)
                                               : from_text(cli, c, &content);
    if (!result)
        result = add_temperature(cli, content);
    if (!result && !checkin_complete(c->model, client_member(cli->client), content, &fault))
        result = cli_fail_input(cli, "Not checked in: %s.", fault.text);
    if (!result && cli_flag(cli, "private"))
        result = keep_private(cli, content);
    if (result) {
        json_decref(content);
        return result;
    }
    give_ids(content);
    meeting_tag(c, content);
    result = post(cli, c, content, tag);
    if (!result)
        cli_say(cli, "You are checked in.");
    return result;
}

int cli_checkin(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result && cli_flag(cli, "template")) {
        result = cli_print_template(cli, checkin_template(c.model, client_member(cli->client)));
    } else if (!result) {
        result = check_in(cli, &c);
        if (!result)
            result = meeting_enter(cli, &c);
    }
    cli_council_fini(&c);
    return result;
}
