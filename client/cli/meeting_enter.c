/*
 * meeting_enter.c - doing something in a meeting: submit it, and be there.
 *
 * Invariant: attendance is sent once, by the first thing that a member does in a meeting.
 */
#include <string.h>

#include "client/cli/meeting.h"

struct meeting_view meeting_view(const struct cli *cli, const struct cli_council *c)
{
    return (struct meeting_view){c->model, c->council, client_member(cli->client)};
}

int meeting_submit(struct cli *cli, struct cli_council *c, enum council_error error,
                   struct meeting_act *act, const struct content_fault *fault, uint64_t *seq)
{
    if (error == COUNCIL_E_NO_MEMORY)
        return cli_fail(cli, error);
    if (error)
        return cli_fail_words(cli, error, fault->text);
    if (!act->intent)
        return CLI_OK;
    int result = cli_submit(cli, c->log, act->kind, act->intent, seq, NULL);
    act->intent = NULL;
    return result ? result : cli_council_refresh(cli, c);
}

int meeting_enter(struct cli *cli, struct cli_council *c)
{
    struct meeting_view view = meeting_view(cli, c);
    struct meeting_act act;
    struct content_fault fault;
    enum council_error error = meeting_act_attend(&view, &act, &fault);
    if (error == COUNCIL_E_NO_MEETING)
        return CLI_OK;
    return meeting_submit(cli, c, error, &act, &fault, NULL);
}

void meeting_tag(const struct cli_council *c, json_t *checkin)
{
    if (c->council->meeting.open && !json_object_get(checkin, "meeting"))
        json_object_set_new(checkin, "meeting", json_string(c->council->meeting.meeting));
}
