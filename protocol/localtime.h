/*
 * localtime.h - the two text forms of a schedule: a local time and a recurrence rule.
 *
 * Owns their grammar and the weekday of a date (README.md section 5.8), which is all that validity needs. Knows no
 * time zone and computes no occurrences: those are protocol/schedule/'s, by libical.
 */
#ifndef COUNCIL_PROTOCOL_LOCALTIME_H
#define COUNCIL_PROTOCOL_LOCALTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/error.h"

enum {
    COUNCIL_LOCAL_CHARS = 16,
    COUNCIL_RULE_MAX = 63
};

/* True if `text` is "YYYY-MM-DDThh:mm", a date of the Gregorian calendar and a time of day, years 1970..9999. */
COUNCIL_MUST_USE bool council_local_valid(const char *text, uint32_t len);

/* The weekday of a local time that council_local_valid accepts (only its 10 bytes of date are read): 0 = MO .. 6 = SU; 7 for any other text. */
uint32_t council_local_weekday(const char *local);

/*
 * Reads `FREQ=WEEKLY;BYDAY=d1,d2` (two different days, Monday first: `*fast` true) or `FREQ=WEEKLY;INTERVAL=2;BYDAY=d` (`*fast` false).
 * `*days` gets a bit for each day, bit 0 = MO .. bit 6 = SU. False, with nothing written, for every other text.
 */
COUNCIL_MUST_USE bool council_rule_parse(const char *rule, uint32_t len, bool *fast,
                                         uint32_t *days);

#endif
