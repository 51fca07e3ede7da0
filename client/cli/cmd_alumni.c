/*
 * cmd_alumni.c - how things end well: somebody lands a job, a council is closed, and opened again.
 *
 * Invariant: landing is not leaving; who leaves as the last moderator has a successor first, and nothing was said before that is known.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/leaving.h"

/* ---- landing ---- */

/* Whether they stay: by option, else asked. CLI_OK, or an exit code. */
static int stays(struct cli *cli, bool *stay)
{
    bool leave = cli_flag(cli, "leave");
    *stay = cli_flag(cli, "stay");
    if (*stay && leave)
        return cli_fail_usage(cli, "--stay and --leave exclude each other.");
    if (*stay || leave)
        return CLI_OK;
    if (!isatty(STDIN_FILENO))
        return cli_fail_usage(cli, "do you stay for calls in your first 90 days? --stay or "
                                   "--leave.");
    *stay = cli_confirm(cli, "Congratulations! Do you stay for calls in your first 90 days?");
    /* "No" to a question about calls is not yet a wish to go. */
    if (!*stay && !cli_confirm(cli, "Then you leave this council: what you read stays here; "
                                    "nothing new comes. Leave?"))
        return cli_fail_input(cli, "Nothing was done; --stay or --leave says which.");
    return CLI_OK;
}

/* The same again says nothing new: a command that was interrupted is repeated. */
static bool is_said(const struct passage_landed *before, const char *day, bool stay)
{
    return before && before->stays == stay &&
           (!day || (before->day && strcmp(before->day, day) == 0));
}

static int land(struct cli *cli, const struct cli_council *c, bool stay)
{
    const char *day = cli_option(cli, "day");
    uint8_t successor[COUNCIL_KEY_BYTES];
    bool named = false;
    int result = CLI_OK;
    if (!cli_self(cli, c))
        return cli_fail(cli, COUNCIL_E_NOT_MEMBER);
    if (!stay)
        result = cli_successor(cli, c, cli_option(cli, "successor"), successor, &named);
    if (!result && !is_said(model_landed(c->model, client_member(cli->client)), day, stay))
        result = cli_post(
            cli, c->log,
            json_pack("{s:s, s:i, s:s*}", "type", "landed", "stay", stay ? 1 : 0, "day", day),
            NULL);
    if (!result && !stay)
        result = cli_leave_now(cli, c, named ? successor : NULL);
    if (result)
        return result;
    if (cli->json)
        cli_print_json(json_pack("{s:b, s:b, s:s*}", "landed", true, "stay", stay, "day", day));
    else
        printf(stay ? "Congratulations! You stay as an alumna, for calls in your first %d days. "
                      "Nobody reminds you of anything; `council landed --seeking` undoes it.\n"
                    : "Congratulations! You left the council; what you read stays here.\n",
               PASSAGE_CALL_DAYS);
    return CLI_OK;
}

static int seek_again(struct cli *cli, const struct cli_council *c)
{
    int result =
        model_landed(c->model, client_member(cli->client))
            ? cli_post(cli, c->log, json_pack("{s:s, s:i}", "type", "landed", "seeking", 1), NULL)
            : CLI_OK;
    if (!result && cli->json)
        cli_print_json(json_pack("{s:b}", "landed", false));
    else if (!result)
        printf("You search again, as before.\n");
    return result;
}

int cli_landed(struct cli *cli)
{
    struct cli_council c;
    bool stay = true, seeking = cli_flag(cli, "seeking");
    if (seeking && (cli_flag(cli, "stay") || cli_flag(cli, "leave")))
        return cli_fail_usage(cli, "--seeking goes without --stay and --leave.");
    int result = seeking ? CLI_OK : stays(cli, &stay);
    if (result)
        return result;
    result = cli_council(cli, &c);
    if (!result)
        result = seeking ? seek_again(cli, &c) : land(cli, &c, stay);
    cli_council_fini(&c);
    return result;
}

/* ---- closing ---- */

/* Closes every invite that could still admit somebody. `*count` is how many. */
static int close_invites(struct cli *cli, const struct cli_council *c, int *count)
{
    int result = CLI_OK;
    *count = 0;
    for (uint32_t i = 0; !result; i++) {
        const struct council *now = client_council(cli->client, c->log); /* moves by each close */
        if (i >= now->invite_count)
            break;
        const struct council_invite *invite = &now->invites[i];
        if (invite->closed || invite->used >= invite->uses || invite->expires <= client_now_ms())
            continue;
        result = cli_submit(
            cli, c->log, COUNCIL_KIND_INVITE_CLOSE,
            json_pack("{s:o}", "invite", cli_json_bytes(invite->key, sizeof invite->key)), NULL,
            NULL);
        *count += !result;
    }
    return result;
}

static int close_council(struct cli *cli, const struct cli_council *c)
{
    const char *text = cli_option(cli, "message");
    int invites = 0, result = cli_must_moderate(cli, c);
    if (!result && !cli_confirm(cli, "Close this council for everybody? It can be opened again."))
        result = cli_fail_input(cli, "Nothing was done; --yes closes without asking.");
    cli->closed = false; /* this is no writing into a closed council */
    if (!result && !c->model->passages.closed)
        result = cli_post(
            cli, c->log,
            json_pack("{s:s, s:i, s:s*}", "type", "closing", "closed", 1, "text", text), NULL);
    if (!result)
        result = close_invites(cli, c, &invites);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:b, s:i}", "closed", true, "invites_closed", invites));
    else if (!result)
        printf("The council is closed; everybody's client says so and offers the export. Keep what "
               "you want of it: `council export FOLDER`.\n");
    return result;
}

int cli_close(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = close_council(cli, &c);
    cli_council_fini(&c);
    return result;
}

int cli_reopen(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = cli_must_moderate(cli, &c);
    cli->closed = false;
    if (!result && c.model->passages.closed)
        result =
            cli_post(cli, c.log, json_pack("{s:s, s:i}", "type", "closing", "closed", 0), NULL);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:b}", "closed", false));
    else if (!result)
        printf("The council is open. Invites stay closed: `council refill` opens one.\n");
    cli_council_fini(&c);
    return result;
}
