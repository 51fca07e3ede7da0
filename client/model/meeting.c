/*
 * meeting.c - what can be asked of meetings: which one runs, who holds what, who was there, what was promised.
 *
 * Changes nothing. Invariant: answers come from the fold alone, so everybody's are the same.
 */
#include "client/model/meeting.h"

#include <string.h>

#include "client/model/model_internal.h"

static const char *const role_words[MEETING_ROLE_COUNT] = {"facilitator", "timekeeper", "scribe"};

const char *meeting_role_word(enum meeting_role role)
{
    return role_words[role];
}

const struct model_meeting *meeting_running(const struct model *m)
{
    for (uint32_t i = m->meeting_count; i > 0; i--)
        if (m->meetings[i - 1].open)
            return &m->meetings[i - 1];
    return NULL;
}

const struct model_meeting *meeting_find(const struct model *m, const char *name)
{
    for (uint32_t i = m->meeting_count; i > 0; i--)
        if (strcmp(m->meetings[i - 1].name, name) == 0)
            return &m->meetings[i - 1];
    return NULL;
}

const struct model_meeting *meeting_past(const struct model *m, uint32_t n)
{
    for (uint32_t i = m->meeting_count; i > 0; i--)
        if (!m->meetings[i - 1].open && n-- == 0)
            return &m->meetings[i - 1];
    return NULL;
}

const uint8_t *meeting_holds(const struct model_meeting *meeting, enum meeting_role role)
{
    for (uint32_t i = meeting->holder_count; i > 0; i--)
        if (meeting->holders[i - 1].role == role &&
            meeting->holders[i - 1].seq >= meeting->opened_seq)
            return meeting->holders[i - 1].member;
    return NULL;
}

bool meeting_led_by(const struct model_meeting *meeting, const uint8_t member[COUNCIL_KEY_BYTES])
{
    const uint8_t *leader =
        meeting && meeting->open ? meeting_holds(meeting, MEETING_FACILITATOR) : NULL;
    return leader && (model_same(leader, member) || model_same(meeting->opener, member));
}

bool meeting_attended(const struct model_meeting *meeting, const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < meeting->attendee_count; i++)
        if (model_same(meeting->attendees[i].member, member))
            return true;
    return false;
}

/* A check-in that names a meeting is that meeting's; one that names none belongs to the one that was open. */
static bool belongs(const struct model_meeting *meeting, const struct model_checkin *checkin)
{
    if (checkin->meeting)
        return strcmp(checkin->meeting, meeting->name) == 0;
    return checkin->seq > meeting->opened_seq &&
           (meeting->open || checkin->seq < meeting->closed_seq);
}

bool meeting_made(const struct model *m, const struct model_meeting *meeting,
                  const struct model_commitment *commitment)
{
    uint32_t from = 0, to = m->checkin_count; /* they are in order of seq */
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (m->checkins[middle].seq < commitment->opened_seq)
            from = middle + 1;
        else
            to = middle;
    }
    return from < m->checkin_count && m->checkins[from].seq == commitment->opened_seq &&
           belongs(meeting, &m->checkins[from]);
}

const struct model_checkin *meeting_checkin(const struct model *m,
                                            const struct model_meeting *meeting,
                                            const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = m->checkin_count; i > 0; i--)
        if (model_same(m->checkins[i - 1].author, member) && belongs(meeting, &m->checkins[i - 1]))
            return &m->checkins[i - 1];
    return NULL;
}
