/*
 * room_write.c - what the room writes into the log, without waiting for it: submitted at once, its outcome told later.
 *
 * Invariant: of everything that was submitted it is known whether it was taken, or said why not; what was refused and is somebody's words stays in the
 * outbox, where `council status` shows it.
 */
#include <string.h>

#include "client/cli/room.h"

void room_cannot(struct room *room, enum council_error error, const struct content_fault *fault)
{
    const struct council_error_info *info = council_error_info(error);
    size_t len = fault ? strlen(fault->text) : 0;
    if (len)
        room_say(room, ROOM_WRONG, "Not done: %s%s", fault->text,
                 fault->text[len - 1] == '.' ? "" : ".");
    else
        room_say(room, ROOM_WRONG, "Not done: %s %s", info->what, info->next);
}

bool room_submit(struct room *room, enum council_kind kind, json_t *intent, const char *what)
{
    struct cli *cli = room->cli;
    uint64_t item = 0;
    enum council_error error = !intent                             ? COUNCIL_E_NO_MEMORY
                               : room->sent_count == ROOM_SENT_MAX ? COUNCIL_E_QUOTA
                                                                   : COUNCIL_OK;
    if (!error)
        error = client_submit(cli->client, room->council.log, kind, intent, &item);
    json_decref(intent);
    room->council.council = client_council(cli->client, room->council.log);
    if (error) {
        room_cannot(room, error, NULL);
        return false;
    }
    room->sent[room->sent_count++] = (struct room_sent){item, kind, what};
    if (!room->here)
        room_say(room, ROOM_DONE, "%s is kept, and sent as soon as the server is there.", what);
    return true;
}

static void refused(struct room *room, const struct room_sent *sent, enum council_error error)
{
    const struct council_error_info *info = council_error_info(error);
    bool words = sent->kind == COUNCIL_KIND_POST;
    if (sent->kind == COUNCIL_KIND_MEETING_OPEN)
        room->roles_due = false;
    room->to_open[0] = '\0';
    room_say(room, ROOM_WRONG, "%s was refused: %s %s", sent->what, info->what,
             words ? "What you wrote is kept: `council status` shows it." : info->next);
    if (words)
        room->cli->refused++;
    else
        (void)!client_item_drop(room->cli->client, sent->item);
}

void room_outcomes(struct room *room)
{
    for (uint32_t i = 0; i < room->sent_count;) {
        const struct room_sent sent = room->sent[i];
        struct client_item state;
        enum council_error error = client_item(room->cli->client, sent.item, &state);
        if (!error && state.state != CLIENT_ITEM_ACKNOWLEDGED &&
            state.state != CLIENT_ITEM_FAILED) {
            i++;
            continue;
        }
        room->sent_count--;
        memmove(&room->sent[i], &room->sent[i + 1], (room->sent_count - i) * sizeof *room->sent);
        if (!error && state.state == CLIENT_ITEM_FAILED)
            refused(room, &sent, state.error);
    }
}

void room_attend(struct room *room)
{
    const struct model_meeting *meeting = room_meeting(room);
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    /* Only who is here attends: not what this room would say whenever it is connected again. */
    if (!meeting || !room->here || room_forgotten(room) ||
        (strcmp(room->attended, meeting->name) == 0 && room->openings == meeting->openings))
        return;
    memcpy(room->attended, meeting->name, sizeof room->attended);
    room->openings = meeting->openings;
    if (meeting_act_attend(&v, &made, &fault) == COUNCIL_OK && made.intent)
        (void)!room_submit(room, made.kind, made.intent, "Your attendance");
}
