/*
 * meeting_open.c - opening a meeting: which one, who leads, who keeps the time, who writes.
 *
 * Roles go round among those who are here; who that is, the room knows, or else who said that they come. Invariant: a facilitator who is named
 * and does not come stops nothing: anyone takes over.
 */
#include <string.h>

#include "client/cli/habits.h"
#include "client/cli/meeting.h"
#include "client/lib/presence.h"

enum {
    LOOK_MS = 3000
};

struct people {
    uint8_t member[COUNCIL_SIZE_MAX][COUNCIL_KEY_BYTES];
    uint32_t count;
};

static void add(struct people *people, const uint8_t *member)
{
    for (uint32_t i = 0; i < people->count; i++)
        if (memcmp(people->member[i], member, COUNCIL_KEY_BYTES) == 0)
            return;
    if (people->count < COUNCIL_SIZE_MAX)
        memcpy(people->member[people->count++], member, COUNCIL_KEY_BYTES);
}

/* Who is in the room; where nobody else is seen, who is likely to come. Whoever opens it is here. */
static int who_is_here(struct cli *cli, const struct cli_council *c, const char *meeting,
                       struct people *out)
{
    struct here_person here[HERE_PEOPLE_MAX];
    const char *word;
    uint32_t count = 0;
    add(out, client_member(cli->client));
    for (int i = 0; (word = cli_option_nth(cli, "here", i)); i++) {
        uint8_t member[COUNCIL_KEY_BYTES];
        if (!cli_member(cli, c, word, false, member))
            return CLI_FAILED;
        add(out, member);
    }
    if (out->count > 1)
        return CLI_OK;
    if (client_presence_look(cli->client, c->log, here, &count, LOOK_MS))
        count = 0; /* a room that cannot be seen is no reason not to meet */
    for (uint32_t i = 0; i < count; i++)
        add(out, here[i].member);
    if (out->count == 1) {
        struct people likely = {0};
        likely.count = rotation_expected(c->model, c->council, meeting, likely.member);
        for (uint32_t i = 0; i < likely.count; i++)
            add(out, likely.member[i]);
    }
    return CLI_OK;
}

/* The name of the meeting to open: given, or the one that it is time for. CLI_OK, or an exit code. */
static int which(struct cli *cli, const struct cli_council *c, char out[SCHEDULE_LOCAL_CHARS + 1])
{
    const char *word = cli_operand(cli, 0);
    struct coming now, next;
    if (!c->council->schedule.seq)
        return cli_fail(cli, COUNCIL_E_NO_SCHEDULE);
    if (word && strcmp(word, "now") == 0) {
        if (schedule_to_local(client_server_now_ms(cli->client), c->council->schedule.zone, out))
            return cli_fail_input(cli, "This machine does not know the zone %s.",
                                  c->council->schedule.zone);
        return CLI_OK;
    }
    if (word)
        return coming_named(cli, c, word, out);
    if (coming_now(cli, c, &now)) {
        memcpy(out, now.name, sizeof now.name);
        return CLI_OK;
    }
    int result = coming_next(cli, c, &next);
    if (result)
        return result;
    return cli_fail_input(
        cli,
        "No meeting is due now; the next one is that of %s. `council meeting open "
        "next` opens it early, `council meeting open now` one that is not in the "
        "schedule.",
        next.name);
}

/* Before meeting zero everyone has read what a council is. */
static void warn_unprepared(struct cli *cli, const struct cli_council *c)
{
    if (c->model->meeting_count == 0)
        cli_orientation_warn(cli, c);
}

/* Nobody closed the one before: whoever opens the next one does, so that a meeting never waits for who has gone home. */
static int close_forgotten(struct cli *cli, struct cli_council *c, const char *next)
{
    struct meeting_act act;
    struct content_fault fault;
    const struct model_meeting *before = meeting_running(c->model);
    if (!before || strcmp(before->name, next) == 0 ||
        !meeting_forgotten(before, client_server_now_ms(cli->client)))
        return CLI_OK;
    struct meeting_view view = meeting_view(cli, c);
    enum council_error error = meeting_act_close(&view, &act, &fault);
    if (error == COUNCIL_E_NOT_FACILITATOR) {
        error = meeting_act_hand(&view, view.me, &act, &fault);
        int result = meeting_submit(cli, c, error, &act, &fault, NULL);
        if (result)
            return result;
        view = meeting_view(cli, c);
        error = meeting_act_close(&view, &act, &fault);
    }
    int result = meeting_submit(cli, c, error, &act, &fault, NULL);
    if (!result)
        cli_say(cli, "The meeting before was still open; it is closed now.");
    return result;
}

static int give_roles(struct cli *cli, struct cli_council *c, const struct meeting_roles *roles)
{
    struct meeting_view view = meeting_view(cli, c);
    struct meeting_act act;
    struct content_fault fault;
    enum council_error error = meeting_act_roles(&view, roles->member[MEETING_TIMEKEEPER],
                                                 roles->member[MEETING_SCRIBE], &act, &fault);
    return meeting_submit(cli, c, error, &act, &fault, NULL);
}

static int open_it(struct cli *cli, struct cli_council *c)
{
    char name[SCHEDULE_LOCAL_CHARS + 1], leader[MODEL_NAME_MAX];
    const char *facilitator = cli_option(cli, "facilitator");
    struct people people = {0};
    struct meeting_roles roles;
    struct content_fault fault;
    struct meeting_act act;
    int result = which(cli, c, name);
    if (!result)
        result = close_forgotten(cli, c, name);
    if (!result)
        result = who_is_here(cli, c, name, &people);
    if (result)
        return result;
    rotation_roles(c->model, c->council, people.member, people.count, &roles);
    if (facilitator && !cli_member(cli, c, facilitator, false, roles.member[MEETING_FACILITATOR]))
        return CLI_FAILED;
    warn_unprepared(cli, c);
    struct meeting_view view = meeting_view(cli, c);
    enum council_error error =
        meeting_act_open(&view, name, roles.member[MEETING_FACILITATOR], &act, &fault);
    result = meeting_submit(cli, c, error, &act, &fault, NULL);
    if (!result)
        result = meeting_enter(cli, c);
    if (!result)
        result = give_roles(cli, c, &roles);
    if (result)
        return result;
    model_name(c->model, roles.member[MEETING_FACILITATOR], leader);
    meeting_done(cli, c, "The meeting of %s is open. %s leads it.", name, leader);
    return CLI_OK;
}

int cli_meeting_open(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = open_it(cli, &c);
    cli_council_fini(&c);
    return result;
}
