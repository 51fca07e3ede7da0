/*
 * cmd_hand.c - raising a hand by a single command: in the meeting's room for as long as the command stays, then down again.
 *
 * What others see of it is client/lib/presence.h's; nothing of it is in the log. Invariant: the hand is up no longer than the command runs, however it ends: it goes down
 * with the connection, if not before.
 */
#include <string.h>

#include "client/cli/cli.h"
#include "client/lib/presence.h"

enum {
    SECONDS_DEFAULT = 60,
    SECONDS_MAX = 3600,
    STEP_MS = 50,
    DOWN_MS = 2000 /* how long it waits for the hand to be down */
};

/* True if the room shows this member's hand. */
static bool is_up(struct client *client)
{
    struct here_person people[HERE_PEOPLE_MAX];
    uint32_t count = client_presence_people(client, people);
    const struct here_person *self = here_find(people, count, client_member(client));
    return self && self->since[MODEL_SIGNAL_HAND];
}

/* Says it, and runs the client until the server has heard it, or `wait_ms` passed. */
static enum council_error say(struct client *client, bool up, uint64_t wait_ms)
{
    uint64_t end = client_now_ms() + wait_ms;
    enum council_error error = client_presence_say(client, MODEL_SIGNAL_HAND, up);
    while (!error && (is_up(client) != up || !client_presence_told(client)) &&
           client_now_ms() < end)
        error = client_step(client, STEP_MS);
    return error;
}

static int hold(struct cli *cli, const struct cli_council *c, uint64_t seconds)
{
    struct client *client = cli->client;
    enum council_error error = client_presence_join(client, c->log);
    if (!error)
        error = say(client, true, (uint64_t)cli->timeout_ms);
    if (!error && !is_up(client))
        error = COUNCIL_E_TIMEOUT;
    if (error)
        return cli_fail(cli, error);
    if (cli->json)
        cli_print_json(json_pack("{s:b, s:I}", "hand", true, "seconds", (json_int_t)seconds));
    cli_say(cli, "Your hand is up for %llu second%s; interrupting this takes it down.",
            (unsigned long long)seconds, seconds == 1 ? "" : "s");
    uint64_t end = client_now_ms() + seconds * 1000;
    while (!error && client_now_ms() < end)
        error = client_step(client, STEP_MS);
    if (!error)
        error = say(client, false, DOWN_MS);
    return error ? cli_fail(cli, error) : CLI_OK;
}

int cli_meeting_hand(struct cli *cli)
{
    struct cli_council c;
    uint64_t seconds;
    if (!cli_option_number(cli, "seconds", 1, SECONDS_MAX, SECONDS_DEFAULT, &seconds))
        return CLI_USAGE;
    int result = cli_council(cli, &c);
    if (!result)
        result = hold(cli, &c, seconds);
    client_presence_leave(cli->client);
    cli_council_fini(&c);
    return result;
}
