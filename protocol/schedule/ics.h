/*
 * ics.h - a council's meetings as an iCalendar file (RFC 5545), for feeds that anybody with their address may read and for private files.
 *
 * Owns what such a file holds: one series, each meeting that was moved or cancelled, and the zone's own clock changes. Must not know members, keys or
 * where the file goes; titles and notes come from the caller. Invariant: the same entries give the same bytes, whenever and wherever they are written.
 */
#ifndef COUNCIL_PROTOCOL_ICS_H
#define COUNCIL_PROTOCOL_ICS_H

#include "protocol/entry.h"
#include "protocol/schedule/schedule.h"

enum {
    SCHEDULE_ICS_CHANGES_MAX = 512, /* meetings that are told to be changed: the latest ones */
    SCHEDULE_ICS_NOTES_MAX = 128,
    SCHEDULE_ICS_LAST_YEAR = 2060, /* clock changes are told up to its end */
    SCHEDULE_ICS_UID_BYTES = 16
};

/* One meeting that was moved or cancelled. */
struct schedule_ics_change {
    char meeting[SCHEDULE_LOCAL_CHARS + 1], to[SCHEDULE_LOCAL_CHARS + 1];
    bool cancelled;
    uint64_t sequence, stamp_ms;
};

/* A council's schedule as its entries made it. Zeroed is empty. */
struct schedule_calendar {
    bool set; /* there is a schedule */
    char start[SCHEDULE_LOCAL_CHARS + 1], zone[SCHEDULE_ZONE_MAX + 1], rrule[64];
    uint32_t minutes;
    uint64_t sequence; /* entries that set or changed it, minus one */
    uint64_t set_sequence, set_ms;
    uint64_t modified_ms;                /* the server's time of the latest of them */
    uint64_t seq;                        /* the last entry of the log that was taken in */
    struct schedule_ics_change *changes; /* owned */
    uint32_t change_count, change_size;
};

void schedule_calendar_fini(struct schedule_calendar *calendar); /* a zeroed one is fine */
/* A copy, ended by itself. NO_MEMORY: `out` is empty. */
COUNCIL_MUST_USE enum council_error schedule_calendar_copy(const struct schedule_calendar *from,
                                                           struct schedule_calendar *out);
/*
 * Takes in the entry with number `seq`, which the server received at `received_ms`: schedule.set and meeting.change count, others only move `seq`. Entries come in the log's order; those
 * that fold are enough. NO_MEMORY leaves it as it was.
 */
COUNCIL_MUST_USE enum council_error schedule_calendar_add(struct schedule_calendar *calendar,
                                                          uint64_t seq, uint64_t received_ms,
                                                          const struct council_entry *entry);

struct schedule_ics_note {
    const char *meeting; /* its name */
    const char *text;
};

/* What the caller puts in. All borrowed. */
struct schedule_ics_style {
    const uint8_t *uid; /* SCHEDULE_ICS_UID_BYTES: the same for every version of one calendar */
    const char *title;  /* of each meeting */
    const char *description;               /* of all meetings; NULL: none */
    const struct schedule_ics_note *notes; /* for single meetings, instead of the description */
    uint32_t note_count;                   /* at most SCHEDULE_ICS_NOTES_MAX */
};

/*
 * Writes the calendar. Without a schedule, or in a zone that this machine does not know, it has no meetings. `*text` is owned by the caller (free) and NUL-terminated. NO_MEMORY.
 * Control characters in titles and notes (but line ends in notes) become spaces.
 */
COUNCIL_MUST_USE enum council_error schedule_ics(const struct schedule_calendar *calendar,
                                                 const struct schedule_ics_style *style,
                                                 char **text, uint32_t *len);

#endif
