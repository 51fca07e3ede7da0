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
    uint32_t count = 0;
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
    if (!due && (coming_list(room->cli, &room->council, room_now_ms(room), 1, &found, &count) ||
                 count == 0)) {
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

void room_open(struct room *room, const char *which)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    uint8_t present[HERE_PEOPLE_MAX + 1][COUNCIL_KEY_BYTES];
    char name[COUNCIL_LOCAL_CHARS + 1] = "";
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    const uint8_t *me = v.me;
    uint32_t count = 0;
    bool newcomers = unprepared(room);
    if (!which_one(room, which, name))
        return;
    for (uint32_t i = 0; i < room->people_count; i++)
        memcpy(present[count++], room->people[i].member, COUNCIL_KEY_BYTES);
    if (!here_find(room->people, room->people_count, me))
        memcpy(present[count++], me, COUNCIL_KEY_BYTES);
    rotation_roles(room->council.model, room->council.council, present, count, &room->roles);
    enum council_error error = meeting_act_open(
        &v, name,
        room->roles.filled[MEETING_FACILITATOR] ? room->roles.member[MEETING_FACILITATOR] : me,
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
