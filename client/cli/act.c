/*
 * act.c - submitting what a member wants, and saying how it went.
 *
 * Invariant: CLI_OK means acknowledged by the server, or kept for later where the member asked to work offline.
 */
#include "client/cli/cli.h"

/* What is not yet on the server is not lost: say so, in the place of an error. */
static int kept(struct cli *cli, enum council_error why)
{
    if (cli->offline) {
        cli_say(cli, "Kept; it is sent by the next command that reaches the server.");
        return CLI_OK;
    }
    if (cli->json)
        return cli_fail(cli, why);
    cli_say(cli, "council: %s It is kept and will be sent: `council sync`.",
            council_error_info(why)->what);
    return CLI_OFFLINE;
}

int cli_submit(struct cli *cli, const uint8_t *log, enum council_kind kind, json_t *intent,
               uint64_t *seq, uint64_t *item)
{
    uint64_t number = 0;
    struct client_item standing = {0};
    if (seq)
        *seq = 0;
    int result = log ? cli_stopped(cli, log) : CLI_OK;
    if (result) {
        json_decref(intent);
        return result;
    }
    enum council_error error =
        intent ? client_submit(cli->client, log, kind, intent, &number) : COUNCIL_E_NO_MEMORY;
    json_decref(intent);
    if (item)
        *item = number;
    if (error)
        return cli_fail(cli, error);
    if (cli->offline)
        return kept(cli, COUNCIL_OK);
    error = client_wait(cli->client, number, cli->timeout_ms);
    if (error == COUNCIL_E_NO_NETWORK || error == COUNCIL_E_TIMEOUT)
        return kept(cli, error);
    if (!error)
        error = client_item(cli->client, number, &standing);
    if (error)
        return cli_fail(cli, error);
    if (seq)
        *seq = standing.seq;
    return CLI_OK;
}

int cli_post(struct cli *cli, const uint8_t *log, json_t *content, uint64_t *seq)
{
    struct content_fault fault;
    json_t *intent;
    if (!content)
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    if (content_check(content, &fault)) {
        json_decref(content);
        return cli_fail_input(cli, "%s.", fault.text);
    }
    intent = json_pack("{s:o}", "content", content);
    return cli_submit(cli, log, COUNCIL_KIND_POST, intent, seq, NULL);
}
