/*
 * schedule.h - when a council meets: local times in a zone, the meetings of a recurrence rule, and their instants.
 *
 * Owns the use of libical and of the system's time zones. Must not know logs or members; a schedule comes as the texts that a
 * council's log holds. It is a neighbour of protocol/, for native programs alone: validity never depends on it. Invariant: a meeting is
 * named by its local start (README.md section 5.8 of the protocol), and daylight saving never moves that; an instant is derived from it:
 * the first valid one where the local time is skipped, the first of the two where it comes twice.
 *
 * Zones are the system's files, looked at again when they change. Any thread may call; one lock is inside.
 */
#ifndef COUNCIL_PROTOCOL_SCHEDULE_H
#define COUNCIL_PROTOCOL_SCHEDULE_H

#include "protocol/error.h"
#include <stdint.h>

enum {
    SCHEDULE_LOCAL_CHARS = 16, /* "YYYY-MM-DDThh:mm" */
    SCHEDULE_ZONE_MAX = 64,
    SCHEDULE_STEPS_MAX =
        100000 /* meetings walked over from a schedule's start: 900 years of two a week */
};

/* A schedule as the log has it. Borrowed, NUL-terminated. */
struct schedule_rule {
    const char *start; /* local time of the first meeting */
    const char *zone;  /* IANA name */
    const char *rrule; /* one of the two forms of README.md section 5.8 */
};

struct schedule_meeting {
    char local[SCHEDULE_LOCAL_CHARS + 1]; /* the meeting's name */
    uint64_t utc_ms;                      /* unix milliseconds of its start */
};

/* True for an IANA zone that the system knows ("Europe/Berlin", "UTC"). */
bool schedule_zone_known(const char *zone);

/*
 * The instant of a local time. BAD_INPUT for a zone that is not known, a malformed time, or one before 1970 in UTC.
 */
COUNCIL_MUST_USE enum council_error schedule_to_utc(const char *local, const char *zone,
                                                    uint64_t *utc_ms);

/* The local time of an instant, to the minute. BAD_INPUT for an unknown zone or a year above 9999. */
COUNCIL_MUST_USE enum council_error schedule_to_local(uint64_t utc_ms, const char *zone,
                                                      char out[SCHEDULE_LOCAL_CHARS + 1]);

/*
 * Up to `count` meetings that start at or after `from_utc_ms`, in order, into `out`; `*found` is how many. The first possible one is `start` itself. BAD_INPUT: unknown
 * zone, malformed start, a rule that libical does not read or that has more than SCHEDULE_STEPS_MAX meetings before `from_utc_ms`; NO_MEMORY. On error
 * `*found` is 0. Changes to single meetings (moved, cancelled) are the caller's to apply.
 */
COUNCIL_MUST_USE enum council_error schedule_expand(const struct schedule_rule *rule,
                                                    uint64_t from_utc_ms, uint32_t count,
                                                    struct schedule_meeting *out, uint32_t *found);

/* The first of them. NO_SCHEDULE where there is none: libical's calendar ends with the year 2582. */
COUNCIL_MUST_USE enum council_error
schedule_next(const struct schedule_rule *rule, uint64_t from_utc_ms, struct schedule_meeting *out);

/* True if `local` is the name of a meeting of the rule, whatever was changed about it. */
bool schedule_is_meeting(const struct schedule_rule *rule, const char *local);

#endif
