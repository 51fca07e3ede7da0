/*
 * cmd_pool.c - registering in the pool, consent first; withdrawing.
 *
 * Owns the words that say what an operator can see. Invariant: nothing is sent before they were shown and agreed to.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/coming.h"
#include "client/cli/pool.h"

/* Kept to what is true of the server's tables: protocol/README.md section 14.2. */
static const char consent[] =
    "To find people who fit, the server compares what you say here. Its operator can read:\n"
    "  - your pace, kind of work, level, industry, languages, time zone, and the hours you have;\n"
    "  - the name you give here (a first name or any other name will do), and when you "
    "registered;\n"
    "  - who was proposed to whom, and what each answered.\n"
    "Employers to avoid, and your own, are not sent: the server gets a token for each and "
    "compares\n"
    "tokens. A token hides the name from a glance, not from somebody who guesses: whoever has the\n"
    "server can try a name, at about a tenth of a second a guess.\n"
    "The people of a proposal see the name you give here, and the hours that you share. If you\n"
    "accept, whoever founds the council sees your member key.\n"
    "`council pool withdraw` deletes all of it at once, joining a council does too, and so does "
    "the\n"
    "date that `council pool show` names. Backups that the operator made before keep it as long "
    "as\n"
    "they keep those.\n";

/* One of a table's words, `otherwise` (may be NULL) where it was not given. NULL: printed. */
static const char *word(struct cli *cli, const char *option, enum council_pool_table table,
                        const char *otherwise)
{
    const char *given = cli_option(cli, option);
    char list[1024] = "";
    size_t at = 0;
    if (!given && otherwise)
        return otherwise;
    if (given && council_pool_find(table, given) >= 0)
        return given;
    for (uint32_t i = 0; i < council_pool_rows(table); i++) {
        int n = snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "",
                         council_pool_name(table, i));
        at += n > 0 && at + (size_t)n < sizeof list ? (size_t)n : 0;
    }
    if (given)
        cli_fail_usage(cli, "--%s is one of %s; not `%s`.", option, list, given);
    else
        cli_fail_usage(cli, "--%s is needed: one of %s.", option, list);
    return NULL;
}

/* The arguments of an option that may be repeated, as an array. */
static json_t *many(struct cli *cli, const char *option)
{
    json_t *list = json_array();
    const char *value;
    for (int i = 0; (value = cli_option_nth(cli, option, i)) != NULL; i++)
        json_array_append_new(list, json_string(value));
    return list;
}

static bool languages(struct cli *cli, char out[40])
{
    size_t at = 0;
    const char *code;
    out[0] = '\0';
    for (int i = 0; (code = cli_option_nth(cli, "language", i)) != NULL; i++) {
        int n = snprintf(out + at, 40 - at, "%s%s", at ? " " : "", code);
        if (n < 0 || at + (size_t)n >= 40)
            break;
        at += (size_t)n;
    }
    if (at == 0)
        snprintf(out, 40, "en");
    if (council_pool_languages(out, NULL))
        return true;
    cli_fail_usage(cli,
                   "--language is a code such as en, es or de; each once, at most %d. "
                   "`council pool words` lists them.",
                   COUNCIL_POOL_LANGUAGES_MAX);
    return false;
}

static bool hours(struct cli *cli, char out[COUNCIL_B64_CHARS(COUNCIL_POOL_HOURS_BYTES) + 1])
{
    uint8_t bits[COUNCIL_POOL_HOURS_BYTES] = {0};
    const char *value;
    for (int i = 0; (value = cli_option_nth(cli, "hours", i)) != NULL; i++)
        if (!pool_hours_add(bits, value)) {
            cli_fail_usage(cli,
                           "--hours is like 'mon-fri 18:00-21:00' or 'sat,sun 10:00-12:30', "
                           "on the half hour; not `%s`.",
                           value);
            return false;
        }
    if (pool_hours_count(bits) < 2) {
        cli_fail_usage(cli, "--hours is needed, once or more: when you could meet, in your own "
                            "local time, such as --hours 'mon-fri 18:00-21:00'.");
        return false;
    }
    council_b64_encode(out, bits, sizeof bits);
    return true;
}

/* What is to be sent, from the options; NULL: printed. */
static json_t *person(struct cli *cli)
{
    char bits[COUNCIL_B64_CHARS(COUNCIL_POOL_HOURS_BYTES) + 1], spoken[40],
        own[SCHEDULE_ZONE_MAX + 1] = "UTC";
    const char *pace = cli_option(cli, "pace"), *zone = cli_option(cli, "zone"),
               *name = cli_option(cli, "name");
    if (!pace || (strcmp(pace, "fast") != 0 && strcmp(pace, "slow") != 0)) {
        cli_fail_usage(cli, "--pace is fast (two meetings a week) or slow (one every two weeks).");
        return NULL;
    }
    if (!name || !*name || strlen(name) > COUNCIL_POOL_NAME_MAX) {
        cli_fail_usage(cli, "--name is needed: what the others will call you, at most %d bytes.",
                       COUNCIL_POOL_NAME_MAX);
        return NULL;
    }
    const char *function = word(cli, "function", COUNCIL_POOL_FUNCTION, NULL);
    const char *level = function ? word(cli, "level", COUNCIL_POOL_LEVEL, NULL) : NULL;
    const char *industry = level ? word(cli, "industry", COUNCIL_POOL_INDUSTRY, "other") : NULL;
    if (!industry || !languages(cli, spoken) || !hours(cli, bits))
        return NULL;
    if (zone ? !schedule_zone_known(zone) : !coming_own_zone(own)) {
        cli_fail_usage(cli,
                       "`%s` is not a time zone that this machine knows; Europe/Berlin is the "
                       "form.",
                       zone ? zone : own);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:o, s:o}", "pace", pace,
                     "function", function, "level", level, "industry", industry, "zone",
                     zone ? zone : own, "hours", bits, "languages", spoken, "moderate",
                     cli_flag(cli, "moderate") ? 1 : 0, "name", name, "avoid", many(cli, "avoid"),
                     "employers", many(cli, "employer"));
}

int cli_pool_register(struct cli *cli)
{
    uint64_t since = 0;
    char at[64];
    if (cli_flag(cli, "consent")) {
        fputs(consent, stdout);
        return CLI_OK;
    }
    json_t *said = person(cli);
    if (!said)
        return CLI_USAGE;
    if (!cli_flag(cli, "yes"))
        fputs(consent, stderr);
    if (!cli_confirm(cli, "Is that all right with you?")) {
        json_decref(said);
        return cli_fail_input(cli, "Nothing was sent; --yes says that you know what the operator "
                                   "can see, and agree.");
    }
    enum council_error error = client_pool_register(cli->client, said, &since, cli->timeout_ms);
    cli_time(since, json_string_value(json_object_get(said, "zone")), at);
    json_decref(said);
    if (error)
        return cli_fail(cli, error);
    if (cli->json)
        cli_print_json(json_pack("{s:b, s:I}", "registered", 1, "since", (json_int_t)since));
    else
        printf("You are in the pool since %s. When there is a group for you, `council status`, "
               "`council watch` and `council pool show` say so.\n",
               at);
    return CLI_OK;
}

int cli_pool_withdraw(struct cli *cli)
{
    enum council_error error = client_pool_withdraw(cli->client, cli->timeout_ms);
    if (error)
        return cli_fail(cli, error);
    if (cli->json)
        cli_print_json(json_pack("{s:b}", "registered", 0));
    else
        printf("You are not in the pool; what it had of you is deleted.\n");
    return CLI_OK;
}

int cli_pool_words(struct cli *cli)
{
    static const struct {
        enum council_pool_table table;
        const char *name, *title;
    } tables[] = {{COUNCIL_POOL_FUNCTION, "functions", "--function"},
                  {COUNCIL_POOL_LEVEL, "levels", "--level"},
                  {COUNCIL_POOL_INDUSTRY, "industries", "--industry"},
                  {COUNCIL_POOL_LANGUAGE, "languages", "--language"}};
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        json_t *rows = json_object();
        if (!cli->json)
            printf("%s%s\n", i ? "\n" : "", tables[i].title);
        for (uint32_t k = 0; k < council_pool_rows(tables[i].table); k++) {
            const char *name = council_pool_name(tables[i].table, k),
                       *title = council_pool_title(tables[i].table, k);
            if (!cli->json)
                printf("  %-14s %s\n", name, title);
            json_object_set_new(rows, name, json_string(title));
        }
        json_object_set_new(all, tables[i].name, rows);
    }
    if (cli->json)
        cli_print_json(all);
    else
        json_decref(all);
    return CLI_OK;
}
