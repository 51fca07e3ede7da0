/*
 * offsets.h - what a zone's clocks do within a stretch of time, as a small table.
 *
 * Owns its shape alone: it is plain data, so that code which knows no library of zones (matching) can be given it. It is made by
 * schedule_offsets (offsets.c). Invariant: changes are in order of time, and each changes something.
 */
#ifndef COUNCIL_PROTOCOL_OFFSETS_H
#define COUNCIL_PROTOCOL_OFFSETS_H

#include "protocol/error.h"
#include <stdint.h>

enum {
    SCHEDULE_CHANGES_MAX = 12 /* of a zone in three years, which is the most that is asked about */
};

struct schedule_offsets {
    int32_t first_s; /* seconds east of Greenwich at the beginning */
    uint32_t count;
    struct schedule_offset_change {
        int64_t at_s; /* unix seconds: from here on */
        int32_t offset_s;
    } changes[SCHEDULE_CHANGES_MAX];
};

/*
 * The offset at the instant `from_s` (unix seconds) and every change after it and before `until_s`. BAD_INPUT: unknown zone, a stretch that is empty or longer than three years, more changes than have room.
 */
COUNCIL_MUST_USE enum council_error schedule_offsets(const char *zone, int64_t from_s,
                                                     int64_t until_s, struct schedule_offsets *out);

#endif
