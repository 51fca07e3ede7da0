/*
 * act.c - submitting what a member wants, and saying how it went.
 *
 * Invariant: CLI_OK means acknowledged by the server, or kept for later where the member asked to work offline.
 */
#include <string.h>

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

/*
 * A refusal is told now. What the member wrote stays in the outbox all the same, so that `status` shows it; anything else is forgotten. A genesis has a row before
 * the one that is waited for.
 */
static int refused(struct cli *cli, enum council_kind kind, uint64_t item, enum council_error error)
{
    int code = cli_fail(cli, error);
    if (kind == COUNCIL_KIND_POST && ++cli->refused)
        cli_say(cli, "         What you wrote is kept: `council status` shows it.");
    else
        (void)!client_item_drop(cli->client, item);
    if (kind == COUNCIL_KIND_COUNCIL_CREATE)
        (void)!client_item_drop(cli->client, item - 1);
    return code;
}

int cli_submit(struct cli *cli, const uint8_t *log, enum council_kind kind, json_t *intent,
               uint64_t *seq, uint64_t *item)
{
    uint64_t number = 0;
    struct client_item standing = {0};
    if (seq)
        *seq = 0;
    int result = log ? cli_stopped(cli, log) : CLI_OK;
    if (!result && cli->closed && log && memcmp(log, cli->log, COUNCIL_KEY_BYTES) == 0) {
        cli_say(
            cli,
            "council: This council was closed; what you write is still sent. A moderator opens it "
            "again with `council reopen`.");
        cli->closed = false;
    }
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
    if (error == COUNCIL_E_NO_NETWORK || error == COUNCIL_E_TIMEOUT ||
        error == COUNCIL_E_RECOVERING)
        return kept(cli, error);
    enum council_error found = client_item(cli->client, number, &standing);
    if (error && !found && standing.state == CLIENT_ITEM_FAILED)
        return refused(cli, kind, number, error);
    if (error || found)
        return cli_fail(cli, error ? error : found);
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
