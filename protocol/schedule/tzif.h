/*
 * tzif.h - one file of the system's time zones, as a list of the periods of one offset each.
 *
 * Owns how such a file is read (RFC 8536) and what its last line says of all later years. Must not know schedules, caches or libical's own zones,
 * which are off by hours after 2037 where a rule has half hours or days of more than 24 of them (Lord Howe, Santiago). Invariant: periods ascend, and
 * the first has no beginning.
 */
#ifndef COUNCIL_PROTOCOL_TZIF_H
#define COUNCIL_PROTOCOL_TZIF_H

#include "protocol/error.h"
#include <stdint.h>
#include <stdio.h>

enum {
    TZIF_BYTES_MAX = 65536,
    TZIF_TYPES_MAX = 64,
    TZIF_NAME_MAX = 15,
    TZIF_LAST_YEAR = 2600 /* after the end of libical's calendar */
};
/* Changes lie between these: the earliest that RFC 8536 would have written (section 3.2), and the year 10000. */
#define TZIF_FIRST_CHANGE (-(INT64_C(1) << 59))
#define TZIF_LAST_CHANGE  INT64_C(253402300800)

struct tzif_type {
    int32_t offset_s; /* east of Greenwich */
    bool daylight;
    char name[TZIF_NAME_MAX + 1];
};

struct tzif_period {
    int64_t at; /* unix seconds of its beginning; INT64_MIN of the first */
    uint8_t type;
};

struct tzif {
    struct tzif_period *periods; /* owned */
    uint32_t count, size;
    struct tzif_type types[TZIF_TYPES_MAX];
    uint32_t type_count;
};

/* Reads one file. BAD_INPUT where it is not such a file, is one with leap seconds, or is larger than the ceilings; NO_MEMORY. On error nothing is to be freed. */
COUNCIL_MUST_USE enum council_error tzif_read(FILE *file, struct tzif *out);
void tzif_fini(struct tzif *tzif);

/* The index of the period that an instant lies in. */
uint32_t tzif_period_at(const struct tzif *tzif, int64_t instant);

/* tzrule.c: appends what the last line of a file ("EST5EDT,M3.2.0,M11.1.0") says of the time after the last period. BAD_INPUT: it is not understood, and nothing was
 * appended; NO_MEMORY: part of it may have been. */
COUNCIL_MUST_USE enum council_error tzif_append_rule(struct tzif *tzif, const char *rule);
/* For both files: one more period; one more type, or the one that is the same. False: no memory or room. */
COUNCIL_MUST_USE bool tzif_append(struct tzif *tzif, int64_t at, uint8_t type);
COUNCIL_MUST_USE bool tzif_type(struct tzif *tzif, const struct tzif_type *type, uint8_t *index);

#endif
