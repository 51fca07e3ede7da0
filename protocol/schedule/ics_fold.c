/*
 * ics_fold.c - a council's schedule, taken in entry by entry. See ics.h.
 *
 * Must not know how it is written. Invariant: at most one change for each meeting, the latest; sequences only grow, whatever replaces what.
 */
#include "protocol/schedule/ics.h"

#include <stdlib.h>
#include <string.h>

void schedule_calendar_fini(struct schedule_calendar *calendar)
{
    free(calendar->changes);
    memset(calendar, 0, sizeof *calendar);
}

enum council_error schedule_calendar_copy(const struct schedule_calendar *from,
                                          struct schedule_calendar *out)
{
    *out = *from;
    out->changes = NULL;
    out->change_size = from->change_count;
    if (from->change_count == 0)
        return COUNCIL_OK;
    out->changes = malloc(from->change_count * sizeof *out->changes);
    if (out->changes == NULL) {
        memset(out, 0, sizeof *out);
        return COUNCIL_E_NO_MEMORY;
    }
    memcpy(out->changes, from->changes, from->change_count * sizeof *out->changes);
    return COUNCIL_OK;
}

/* Counts the entry among those that set or changed the schedule. */
static void count(struct schedule_calendar *calendar, uint64_t received_ms)
{
    calendar->sequence += calendar->modified_ms != 0 || calendar->set ? 1 : 0;
    if (received_ms > calendar->modified_ms)
        calendar->modified_ms = received_ms;
}

static enum council_error set(struct schedule_calendar *calendar, uint64_t received_ms,
                              const struct council_entry *entry)
{
    struct schedule_calendar next = *calendar;
    if (!council_body_string(entry, "start", next.start, sizeof next.start) ||
        !council_body_string(entry, "zone", next.zone, sizeof next.zone) ||
        !council_body_string(entry, "rrule", next.rrule, sizeof next.rrule))
        return COUNCIL_E_BAD_FIELD;
    next.minutes = (uint32_t)council_body_int(entry, "minutes");
    count(&next, received_ms);
    next.set = true;
    next.set_sequence = next.sequence;
    next.set_ms = received_ms;
    next.change_count = 0;
    *calendar = next;
    return COUNCIL_OK;
}

/* The place for a change of that meeting; where there is no room the earliest meeting gives way, if it is earlier than this one. NULL: there is none. */
static struct schedule_ics_change *place(struct schedule_calendar *calendar, const char *meeting)
{
    struct schedule_ics_change *first = NULL;
    for (uint32_t i = 0; i < calendar->change_count; i++) {
        struct schedule_ics_change *change = &calendar->changes[i];
        if (strcmp(change->meeting, meeting) == 0)
            return change;
        if (first == NULL || strcmp(change->meeting, first->meeting) < 0)
            first = change;
    }
    if (calendar->change_count < calendar->change_size)
        return &calendar->changes[calendar->change_count++];
    return first != NULL && strcmp(first->meeting, meeting) < 0 ? first : NULL;
}

static bool make_room(struct schedule_calendar *calendar)
{
    if (calendar->change_count < calendar->change_size ||
        calendar->change_size >= SCHEDULE_ICS_CHANGES_MAX)
        return true;
    uint32_t size = calendar->change_size < 4 ? 8 : calendar->change_size * 2;
    size = size < SCHEDULE_ICS_CHANGES_MAX ? size : SCHEDULE_ICS_CHANGES_MAX;
    struct schedule_ics_change *grown = realloc(calendar->changes, size * sizeof *grown);
    if (grown == NULL)
        return false;
    calendar->changes = grown;
    calendar->change_size = size;
    return true;
}

static enum council_error change(struct schedule_calendar *calendar, uint64_t received_ms,
                                 const struct council_entry *entry)
{
    struct schedule_ics_change next = {.stamp_ms = received_ms};
    if (!council_body_string(entry, "meeting", next.meeting, sizeof next.meeting))
        return COUNCIL_E_BAD_FIELD;
    next.cancelled = !council_body_string(entry, "to", next.to, sizeof next.to);
    if (!make_room(calendar))
        return COUNCIL_E_NO_MEMORY;
    count(calendar, received_ms);
    next.sequence = calendar->sequence;
    struct schedule_ics_change *at = place(calendar, next.meeting);
    if (at != NULL)
        *at = next;
    return COUNCIL_OK;
}

enum council_error schedule_calendar_add(struct schedule_calendar *calendar, uint64_t seq,
                                         uint64_t received_ms, const struct council_entry *entry)
{
    enum council_error error = COUNCIL_OK;
    if (entry->kind == COUNCIL_KIND_SCHEDULE_SET)
        error = set(calendar, received_ms, entry);
    else if (entry->kind == COUNCIL_KIND_MEETING_CHANGE)
        error = change(calendar, received_ms, entry);
    if (error == COUNCIL_OK)
        calendar->seq = seq;
    return error;
}
