/*
 * room_view.c - what the room says, composed from the model: the same words for a screen and for plain lines.
 *
 * Knows no terminal. Invariant: all that it writes is clean text (room_clean), names and minutes included.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/room.h"

uint64_t room_now_ms(const struct room *room)
{
    return client_server_now_ms(room->cli->client);
}

const struct model_meeting *room_meeting(const struct room *room)
{
    return meeting_running(room->council.model);
}

bool room_leads(const struct room *room)
{
    const struct model_meeting *meeting = room_meeting(room);
    const uint8_t *me = client_member(room->cli->client);
    const struct council_person *person = council_person(room->council.council, me);
    const uint8_t *facilitator = meeting ? meeting_holds(meeting, MEETING_FACILITATOR) : NULL;
    return meeting && ((facilitator && memcmp(facilitator, me, COUNCIL_KEY_BYTES) == 0) ||
                       (person && person->member && person->moderator));
}

void room_name(const struct room *room, const uint8_t *member, char out[ROOM_LINE_MAX])
{
    char name[MODEL_NAME_MAX];
    model_name(room->council.model, member, name);
    room_clean(name, out, ROOM_LINE_MAX);
}

void room_title(const struct room *room, char out[ROOM_LINE_MAX])
{
    const char *title = room->council.model->title;
    room_clean(title ? title : "(no name yet)", out, ROOM_LINE_MAX);
}

void room_standing(const struct room *room, char out[ROOM_LINE_MAX])
{
    static const char *const words[] = {[CLIENT_OFFLINE] = "offline",
                                        [CLIENT_CONNECTING] = "connecting",
                                        [CLIENT_ONLINE] = "entering",
                                        [CLIENT_WAITING] = "offline, trying again"};
    uint32_t waiting = client_outbox_count(room->cli->client);
    size_t at = (size_t)snprintf(out, ROOM_LINE_MAX, "%s",
                                 room->here ? "online" : words[client_state(room->cli->client)]);
    if (waiting && !room->here)
        snprintf(out + at, ROOM_LINE_MAX - at, ", %u to be sent", waiting);
}

/* ---- phase and clock ---- */

void room_phase(const struct room *room, char out[ROOM_LINE_MAX])
{
    const struct model_meeting *meeting = room_meeting(room);
    char title[ROOM_LINE_MAX / 2];
    if (!meeting) {
        snprintf(out, ROOM_LINE_MAX, "No meeting is running");
        return;
    }
    if (meeting->phase < 1 || meeting->phase > meeting->phase_count) {
        snprintf(out, ROOM_LINE_MAX, "The meeting is running");
        return;
    }
    room_clean(meeting->phases[meeting->phase - 1].title, title, sizeof title);
    snprintf(out, ROOM_LINE_MAX, "Phase %u of %u: %s", meeting->phase, meeting->phase_count, title);
}

/* "12:34 left", "1:05 over time". */
static void left(int64_t remaining_ms, char *out, size_t size)
{
    char text[MEETING_CLOCK_CHARS];
    meeting_clock_text(remaining_ms, text);
    snprintf(out, size, "%s %s", text[0] == '+' ? text + 1 : text,
             remaining_ms < 0 ? "over time" : "left");
}

void room_hint(const struct room *room, char out[ROOM_LINE_MAX])
{
    const struct model_meeting *meeting = room_meeting(room);
    out[0] = '\0';
    if (meeting && meeting->phase >= 1 && meeting->phase <= meeting->phase_count)
        room_clean(agenda_hint(meeting->phases[meeting->phase - 1].kind), out, ROOM_LINE_MAX);
}

void room_clock(const struct room *room, char out[ROOM_LINE_MAX])
{
    const struct model_meeting *meeting = room_meeting(room);
    struct meeting_clock clock;
    out[0] = '\0';
    if (!meeting)
        return;
    meeting_clock(meeting, room_now_ms(room), &clock);
    left(clock.remaining_ms, out, ROOM_LINE_MAX);
}

void room_next(const struct room *room, char out[ROOM_LINE_MAX])
{
    const struct council_schedule *schedule = &room->council.council->schedule;
    struct coming next;
    char own[SCHEDULE_ZONE_MAX + 1], when[64];
    bool found = false;
    out[0] = '\0';
    if (room_meeting(room) || !schedule->seq || !schedule_zone_known(schedule->zone) ||
        coming_first(room->cli, &room->council, room_now_ms(room), &next, &found) || !found)
        return;
    const char *zone = coming_zone(room->cli, &room->council, own);
    cli_time(next.starts, zone, when);
    snprintf(out, ROOM_LINE_MAX, "The next one: %s (%s)", when, zone);
}

void room_left(const struct room *room, char out[ROOM_LINE_MAX])
{
    const struct model_meeting *meeting = room_meeting(room);
    struct meeting_clock clock;
    char text[64];
    out[0] = '\0';
    if (!meeting)
        return;
    if (room_forgotten(room)) {
        snprintf(out, ROOM_LINE_MAX, "nobody closed it");
        return;
    }
    meeting_clock(meeting, room_now_ms(room), &clock);
    left(clock.left_ms, text, sizeof text);
    snprintf(out, ROOM_LINE_MAX, "meeting %s", text);
}

/* ---- people ---- */

void room_roles(const struct room *room, char out[ROOM_LINE_MAX])
{
    const struct model_meeting *meeting = room_meeting(room);
    size_t at = 0;
    out[0] = '\0';
    for (int role = 0; meeting && role < MEETING_ROLE_COUNT; role++) {
        const uint8_t *holder = meeting_holds(meeting, (enum meeting_role)role);
        char name[ROOM_LINE_MAX];
        if (!holder)
            continue;
        room_name(room, holder, name);
        int len = snprintf(out + at, ROOM_LINE_MAX - at, "%s%s %.200s", at ? ", " : "",
                           meeting_role_word((enum meeting_role)role), name);
        at += len > 0 ? (size_t)len : 0;
        if (at >= ROOM_LINE_MAX)
            return;
    }
}

/* The order in which hands went up, from 1; 0: down. */
static unsigned hand_number(const struct room *room, const struct here_person *person)
{
    unsigned number = 1;
    if (!person->since[MODEL_SIGNAL_HAND])
        return 0;
    for (uint32_t i = 0; i < room->people_count; i++) {
        uint64_t since = room->people[i].since[MODEL_SIGNAL_HAND];
        number += since && since < person->since[MODEL_SIGNAL_HAND];
    }
    return number;
}

void room_people(const struct room *room, struct room_lines *out)
{
    const struct model_meeting *meeting = room_meeting(room);
    for (uint32_t i = 0; i < room->people_count; i++) {
        const struct here_person *person = &room->people[i];
        unsigned hand = hand_number(room, person);
        char name[ROOM_LINE_MAX], marks[128] = "", raised[32] = "";
        room_name(room, person->member, name);
        for (int role = 0; meeting && role < MEETING_ROLE_COUNT; role++) {
            const uint8_t *holder = meeting_holds(meeting, (enum meeting_role)role);
            size_t at = strlen(marks);
            if (holder && memcmp(holder, person->member, COUNCIL_KEY_BYTES) == 0)
                snprintf(marks + at, sizeof marks - at, ", %s",
                         meeting_role_word((enum meeting_role)role));
        }
        if (hand)
            snprintf(raised, sizeof raised, ", HAND UP (%u)", hand);
        room_lines_add(out, "%.200s%s%s%s", name, raised,
                       person->since[MODEL_SIGNAL_TYPING] ? ", typing" : "", marks);
    }
}

/* ---- the hot seat ---- */

uint32_t room_queue(const struct room *room, struct queue_place out[COUNCIL_SIZE_MAX])
{
    struct meeting_week week;
    coming_week(&room->council, room_now_ms(room), &week);
    return queue_order(room->council.model, room->council.council, &week, out);
}

/* Who has the seat at the running meeting, or NULL. */
static const uint8_t *in_the_seat(const struct room *room)
{
    const struct model_meeting *meeting = room_meeting(room);
    return meeting && meeting->seated_count ? meeting->seated[meeting->seated_count - 1].member
                                            : NULL;
}

void room_queue_lines(const struct room *room, struct room_lines *out)
{
    struct queue_place places[COUNCIL_SIZE_MAX];
    const uint8_t *seated = in_the_seat(room);
    uint32_t count = room_queue(room, places);
    char name[ROOM_LINE_MAX];
    if (seated) {
        room_name(room, seated, name);
        room_lines_add(out, "now: %.200s", name);
    }
    for (uint32_t i = 0; i < count; i++) {
        char why[ROOM_LINE_MAX] = "";
        room_name(room, places[i].member, name);
        if (places[i].why)
            room_clean(places[i].why, why, sizeof why);
        room_lines_add(out, "%u. %.200s%s%s%s%.12s%s%s", i + 1, name, places[i].reason ? ", " : "",
                       places[i].reason ? places[i].reason : "", places[i].day ? " " : "",
                       places[i].day ? places[i].day : "", why[0] ? ": " : "", why);
    }
}

/* ---- what was written ---- */

/* A line of somebody's, however long their text is. */
static void said(const struct room *room, struct room_lines *out, const char *lead,
                 const uint8_t *member, const char *text)
{
    size_t size = strlen(text) * 4 + 1; /* a byte becomes four characters at most */
    char name[ROOM_LINE_MAX], *clean = malloc(size);
    if (!clean)
        return;
    room_clean(text, clean, size);
    room_name(room, member, name);
    room_lines_add(out, "%s%.200s: %s", lead, name, clean);
    free(clean);
}

void room_minutes(const struct room *room, struct room_lines *out)
{
    const struct model *model = room->council.model;
    const struct model_meeting *meeting = room_meeting(room);
    if (!meeting)
        meeting = meeting_past(model, 0);
    if (!meeting)
        return;
    for (uint32_t i = 0; i < meeting->minute_count; i++)
        said(room, out, "", meeting->minutes[i].member, meeting->minutes[i].text);
    for (uint32_t i = 0; i < model->commitment_count; i++)
        if (meeting_made(model, meeting, &model->commitments[i]))
            said(room, out, "Commitment of ", model->commitments[i].author,
                 model->commitments[i].text);
    for (uint32_t i = 0; i < meeting->word_count; i++)
        said(room, out, "Word of ", meeting->words[i].member, meeting->words[i].text);
}
