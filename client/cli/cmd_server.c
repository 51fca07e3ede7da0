/*
 * cmd_server.c - the server: which one, moving to another one, ending its waiting for members, and news of its key.
 *
 * Invariant: a move that did not succeed leaves the home with the server that it had.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

enum {
    OLD_SERVER_MS = 5000 /* how long a move waits for the server that it leaves */
};

void cli_server_news(struct cli *cli)
{
    char key[COUNCIL_KEY_CHARS + 1];
    if (!client_key_changed(cli->client))
        return;
    council_b64_encode(key, client_server_key(cli->client), COUNCIL_KEY_BYTES);
    cli_say(cli,
            "council: The server's key was changed, and the old key has signed for the new one: %s",
            key);
}

/* ---- show ---- */

static json_t *waits(struct cli *cli, const struct client_log_info *logs, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        char key[COUNCIL_KEY_CHARS + 1];
        if (!logs[i].recovering)
            continue;
        council_b64_encode(key, logs[i].log, COUNCIL_KEY_BYTES);
        json_array_append_new(list,
                              json_pack("{s:s, s:b, s:I}", "log", key, "journal", logs[i].journal,
                                        "missing", (json_int_t)logs[i].waiting));
        if (!cli->json)
            printf("  %s %.8s waits for %llu member%s to tell what they hold of it%s\n",
                   logs[i].journal ? "journal" : "council", key,
                   (unsigned long long)logs[i].waiting, logs[i].waiting == 1 ? "" : "s",
                   logs[i].journal ? "" : "; a moderator can end that: `council server resume`");
    }
    return list;
}

int cli_server_show(struct cli *cli)
{
    char key[COUNCIL_KEY_CHARS + 1];
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    bool recovering = client_recovering(cli->client);
    enum council_error error = client_logs(cli->client, &logs, &count);
    if (error)
        return cli_fail(cli, error);
    council_b64_encode(key, client_server_key(cli->client), COUNCIL_KEY_BYTES);
    if (!cli->json)
        printf("Server %s\nKey %s\n%s", client_server(cli->client), key,
               recovering ? "It was restored, and some of its logs wait for their members:\n" : "");
    json_t *list = waits(cli, logs, count);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:b, s:O}", "server", client_server(cli->client),
                                 "key", key, "recovering", recovering, "waiting", list));
    json_decref(list);
    free(logs);
    return CLI_OK;
}

/* ---- move ---- */

static int moved(struct cli *cli)
{
    char key[COUNCIL_KEY_CHARS + 1];
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    enum council_error error = client_logs(cli->client, &logs, &count);
    if (error)
        return cli_fail(cli, error);
    council_b64_encode(key, client_server_key(cli->client), COUNCIL_KEY_BYTES);
    if (!cli->json)
        printf("You are at %s now, with %u log%s.\nIts key is %s\n", client_server(cli->client),
               count, count == 1 ? "" : "s", key);
    json_t *list = waits(cli, logs, count);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:i, s:O}", "server", client_server(cli->client),
                                 "key", key, "logs", (int)count, "waiting", list));
    json_decref(list);
    free(logs);
    return CLI_OK;
}

int cli_server_move(struct cli *cli)
{
    uint8_t key[COUNCIL_KEY_BYTES];
    const char *given = cli_option(cli, "key"), *url = cli_operand(cli, 0);
    char there[COUNCIL_ORIGIN_MAX + 1];
    if (cli->offline)
        return cli_fail_usage(cli, "moving needs the server; it cannot be used with --offline.");
    if (given && (strlen(given) != COUNCIL_KEY_CHARS ||
                  !council_b64_decode(key, sizeof key, given, COUNCIL_KEY_CHARS)))
        return cli_fail_usage(cli, "--key is a server's key of %d characters.", COUNCIL_KEY_CHARS);
    if (!council_url_normalise(there, url, (uint32_t)strlen(url)))
        return cli_fail_input(cli, "`%s` is not a server's address.", url);
    /* The same place with another key is another server: the operator lost the old key, and the member was told the new one. */
    bool known = !given || memcmp(key, client_server_key(cli->client), sizeof key) == 0;
    if (known && strcmp(there, client_server(cli->client)) == 0)
        return cli_fail_input(cli, "This home is at %s already.", there);
    /* What is new at the old server comes along, if it is there; a move is also the way away from one that is gone, or goes by another name now. */
    enum council_error old = client_sync(cli->client, OLD_SERVER_MS, 0, NULL, NULL);
    if (old)
        cli_say(cli, "council: %s What this home holds is moved.", council_error_info(old)->what);
    cli_say(cli, "Moving to %s ...", there);
    enum council_error error = client_move(cli->client, there, given ? key : NULL,
                                           cli_option(cli, "code"), cli->timeout_ms);
    if (error) {
        int code = cli_fail(cli, error);
        cli_say(cli, "         Nothing was changed: this home is at %s as before.",
                client_server(cli->client));
        return code;
    }
    error = client_sync(cli->client, cli->timeout_ms, CLIENT_DUTIES_MS, NULL, NULL);
    return error ? cli_fail(cli, error) : moved(cli);
}

/* ---- resume ---- */

/* The journal by that word, else a council as --council would name it. */
static int named(struct cli *cli, const char *word, struct cli_council *out)
{
    return strcmp(word, "journal") == 0 ? cli_journal(cli, out) : cli_council_named(cli, word, out);
}

int cli_server_resume(struct cli *cli)
{
    struct cli_council c;
    int result = named(cli, cli_operand(cli, 0), &c);
    if (result)
        return result;
    enum council_error error = client_resume(cli->client, c.log, cli->timeout_ms);
    if (error)
        result = cli_fail(cli, error);
    else if (cli->json)
        cli_print_json(json_pack("{s:o}", "council", cli_json_bytes(c.log, COUNCIL_KEY_BYTES)));
    else
        printf("It waits for nobody any more.\n");
    cli_council_fini(&c);
    return result;
}
