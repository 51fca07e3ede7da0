/*
 * room.c - the life of the meeting room: the council comes in, the client runs, what came is folded, the face shows it; until the member leaves.
 *
 * Must not know how a face shows or reads. Invariant: the terminal is given back as it was, however the room ends, before anything is printed to it.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/habits.h"
#include "client/cli/room.h"

enum {
    SETTLE_MS = 10000 /* how long what was written last is waited for */
};

/* What a signal handler may touch: a flag, and client_wake, which is async-signal-safe. */
static volatile sig_atomic_t interrupted;
static struct client *interruptible;

static void on_signal(int number)
{
    interrupted = number;
    if (interruptible)
        client_wake(interruptible);
}

static void catch_signals(struct cli *cli)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    interruptible = cli->client;
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        sigaction(ending[i], &action, NULL);
}

/* ---- what comes ---- */

static void on_entry(void *ctx, const struct client_post *post)
{
    struct room *room = ctx;
    if (memcmp(post->log, room->council.log, COUNCIL_KEY_BYTES) != 0)
        return;
    room->entries++;
    /* What was erased is folded out again, what newcomers are given keys for is folded in, and a model that could not grow is not to be trusted: all is read anew. */
    if (post->entry->kind == COUNCIL_KIND_ERASE || post->entry->kind == COUNCIL_KIND_KEY_HISTORY ||
        !cli_council_take(room->cli, &room->council, post))
        room->stale = true;
}

static void on_report(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], enum council_error error,
                      const char *detail)
{
    struct room *room = ctx;
    bool server = cli_blames_server(error);
    (void)log;
    room->blamed |= server;
    room_say(room, ROOM_WRONG, "%s%s (%s) %s", server ? "THE SERVER SHOWED SOMETHING WRONG: " : "",
             council_error_info(error)->what, detail, council_error_info(error)->next);
}

/* In the order in which they joined the council, which is the same for everybody. */
static void sort_people(struct room *room)
{
    const struct council *council = room->council.council;
    uint32_t sorted = 0;
    for (uint32_t i = 0; i < council->person_count; i++)
        for (uint32_t k = sorted; k < room->people_count; k++)
            if (memcmp(room->people[k].member, council->people[i].pin.member, COUNCIL_KEY_BYTES) ==
                0) {
                struct here_person found = room->people[k];
                room->people[k] = room->people[sorted];
                room->people[sorted++] = found;
            }
}

/* After every turn of the client: what the room holds is what the home holds. */
static enum council_error look(struct room *room)
{
    struct client *client = room->cli->client;
    if (room->stale && cli_council_refresh(room->cli, &room->council))
        return COUNCIL_E_HOME_IO;
    room->stale = false;
    room->council.council = client_council(client, room->council.log);
    if (!room->council.council)
        return COUNCIL_E_NO_COUNCIL;
    room->here = client_presence_here(client);
    room->people_count = client_presence_people(client, room->people);
    sort_people(room);
    room_outcomes(room);
    room_attend(room);
    room_opening(room);
    room_roles_due(room);
    return COUNCIL_OK;
}

/* ---- its life ---- */

static int run(struct room *room)
{
    enum council_error error = look(room);
    while (!error && !room->over && !interrupted) {
        room->face->show(room); /* before the next key or line: it may depend on what is seen */
        room->face->input(room);
        if (room->over)
            break;
        error = client_step(room->cli->client, ROOM_STEP_MS);
        if (!error)
            error = look(room);
    }
    if (!error)
        room->face->show(room);
    room->face->close(room);
    return error ? cli_fail(room->cli, error) : CLI_OK;
}

/* What was written last is on its way: says what becomes of it. */
static void settle(struct room *room)
{
    struct client *client = room->cli->client;
    uint64_t end = client_now_ms() + SETTLE_MS;
    while ((room->sent_count || room->roles_due || room->to_open[0]) && !interrupted &&
           client_state(client) == CLIENT_ONLINE && client_now_ms() < end) {
        if (client_step(client, ROOM_STEP_MS) || look(room))
            break;
    }
    if (room->sent_count)
        cli_say(room->cli, "%u of what you wrote wait%s to be sent: `council sync`.",
                room->sent_count, room->sent_count == 1 ? "s" : "");
}

static bool on_a_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The screen where there is one for it, else plain lines. */
static bool choose_face(struct room *room)
{
    struct cli *cli = room->cli;
    bool plain = cli_flag(cli, "plain") || cli->json;
    room->face = &room_screen;
    if (!plain && on_a_terminal() && room->face->open(room))
        return true;
    if (!plain)
        cli_say(cli, "There is no terminal for a full screen here: plain lines instead.");
    room->face = &room_plain;
    return room->face->open(room);
}

static int enter(struct room *room)
{
    struct cli *cli = room->cli;
    struct client_events events = {.entry = on_entry, .report = on_report, .ctx = room};
    catch_signals(cli);
    client_listen(cli->client, &events);
    enum council_error error = client_presence_join(cli->client, room->council.log);
    if (error)
        return cli_fail(cli, error);
    if (!choose_face(room))
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    if (!cli->offline) {
        (void)client_take_duties(cli->client);
        client_connect(cli->client);
    }
    if (cli_update_due(cli, &room->council))
        room_say(room, ROOM_ANSWER,
                 "Today is the day of the weekly update: `council update` begins yours.");
    int result = run(room);
    room->face = &room_plain; /* what is left to say goes where the prompt is */
    if (!result)
        settle(room);
    client_presence_leave(cli->client);
    return result;
}

int cli_meeting(struct cli *cli)
{
    struct room room = {.cli = cli, .face = &room_plain};
    int result = cli_council(cli, &room.council);
    if (result)
        return result;
    const struct council_person *me =
        council_person(room.council.council, client_member(cli->client));
    if (!me || !me->member)
        result = cli_fail(cli, COUNCIL_E_NOT_MEMBER);
    else
        result = enter(&room);
    client_listen(cli->client, NULL);
    interruptible = NULL;
    cli_council_fini(&room.council);
    if (!result && room.blamed)
        return CLI_SERVER;
    return result || !room.refused || isatty(STDIN_FILENO) ? result : CLI_REFUSED;
}
