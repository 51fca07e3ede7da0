/*
 * room_open.c - opening a meeting from the room: which one it is, and who leads it.
 *
 * The turns are client/model/rotation.c's, the schedule coming.c's. Invariant: whoever is in the room counts as present, and nobody else does.
 */
#include <string.h>

#include "client/cli/room.h"
#include "client/model/course.h"

/* The name of the meeting that `word` means. False: said. */
static bool which_one(struct room *room, const char *word, char name[COUNCIL_LOCAL_CHARS + 1])
{
    const struct council_schedule *schedule = &room->council.council->schedule;
    struct coming found;
    bool any = false;
    if (!schedule->seq || !schedule_zone_known(schedule->zone)) {
        room_cannot(room, COUNCIL_E_NO_SCHEDULE, NULL);
        return false;
    }
    if (strcmp(word, "now") == 0)
        return schedule_to_local(room_now_ms(room), schedule->zone, name) == COUNCIL_OK;
    bool next = strcmp(word, "next") == 0;
    if (*word && !next) {
        room_say(room, ROOM_WRONG, "`open` takes next, now, or nothing for the one that is due.");
        return false;
    }
    bool due = !next && coming_now(room->cli, &room->council, &found);
    if (!due &&
        (coming_first(room->cli, &room->council, room_now_ms(room), &found, &any) || !any)) {
        room_say(room, ROOM_WRONG, "No meeting is to come; `open now` opens one all the same.");
        return false;
    }
    memcpy(name, found.name, sizeof found.name);
    if (!due && !next)
        room_say(
            room, ROOM_WRONG,
            "No meeting is due now; the next one is that of %s. Open it early as `next`, or one "
            "that is in no schedule as `now`.",
            name);
    return due || next;
}

/* Before meeting zero everyone has read what a council is: true if somebody has not. */
static bool unprepared(const struct room *room)
{
    const struct council *council = room->council.council;
    for (uint32_t i = 0; room->council.model->meeting_count == 0 && i < council->person_count; i++)
        if (council->people[i].member &&
            !course_finished(room->council.model, council->people[i].pin.member,
                             COURSE_ORIENTATION))
            return true;
    return false;
}

void room_roles_due(struct room *room)
{
    const struct model_meeting *meeting = room_meeting(room);
    const uint8_t *me = client_member(room->cli->client);
    if (!room->roles_due || !meeting)
        return;
    room->roles_due = false;
    if (memcmp(meeting->opener, me, COUNCIL_KEY_BYTES) != 0)
        return; /* somebody else was first, and names them */
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    const struct meeting_roles *roles = &room->roles;
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    const uint8_t *timekeeper =
        roles->filled[MEETING_TIMEKEEPER] ? roles->member[MEETING_TIMEKEEPER] : NULL;
    const uint8_t *scribe = roles->filled[MEETING_SCRIBE] ? roles->member[MEETING_SCRIBE] : NULL;
    if ((timekeeper || scribe) &&
        meeting_act_roles(&v, timekeeper, scribe, &made, &fault) == COUNCIL_OK && made.intent)
        (void)!room_submit(room, made.kind, made.intent, "Who keeps time and minutes");
}

static void open_it(struct room *room, const char *name)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    uint8_t present[HERE_PEOPLE_MAX + 1][COUNCIL_KEY_BYTES];
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    uint32_t count = 0;
    bool newcomers = unprepared(room);
    for (uint32_t i = 0; i < room->people_count; i++)
        memcpy(present[count++], room->people[i].member, COUNCIL_KEY_BYTES);
    if (!here_find(room->people, room->people_count, v.me))
        memcpy(present[count++], v.me, COUNCIL_KEY_BYTES);
    rotation_roles(room->council.model, room->council.council, present, count, &room->roles);
    enum council_error error = meeting_act_open(
        &v, name,
        room->roles.filled[MEETING_FACILITATOR] ? room->roles.member[MEETING_FACILITATOR] : v.me,
        &made, &fault);
    if (error) {
        room_cannot(room, error, &fault);
        return;
    }
    room->roles_due = room_submit(room, made.kind, made.intent, "The opening");
    if (room->roles_due && room->here && newcomers)
        room_say(room, ROOM_DONE,
                 "The opening is sent. Not everybody has finished the orientation: `council "
                 "orientation who` shows how far they are.");
    else if (room->roles_due && room->here)
        room_say(room, ROOM_DONE, "The opening of the meeting of %s is sent.", name);
}

bool room_forgotten(const struct room *room)
{
    const struct model_meeting *meeting = room_meeting(room);
    return meeting && meeting_forgotten(meeting, room_now_ms(room));
}

/* One step on the way to a forgotten meeting's end: it is led by this member, then closed. */
static void end_forgotten(struct room *room)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    bool leads = room_leads(room);
    enum council_error error =
        leads ? meeting_act_close(&v, &made, &fault) : meeting_act_hand(&v, v.me, &made, &fault);
    if (error)
        room_cannot(room, error, &fault);
    if (error || !room_submit(room, made.kind, made.intent, "The end of the meeting before"))
        room->to_open[0] = '\0';
}

void room_opening(struct room *room)
{
    char name[COUNCIL_LOCAL_CHARS + 1];
    if (!room->to_open[0] || room->sent_count)
        return;
    memcpy(name, room->to_open, sizeof name);
    if (room_forgotten(room) && strcmp(room_meeting(room)->name, name) != 0) {
        end_forgotten(room);
        return;
    }
    room->to_open[0] = '\0';
    open_it(room, name);
}

void room_open(struct room *room, const char *which)
{
    char name[COUNCIL_LOCAL_CHARS + 1] = "";
    if (!which_one(room, which, name))
        return;
    memcpy(room->to_open, name, sizeof name);
    room_opening(room);
}
