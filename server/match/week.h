/*
 * week.h - a week of half hours as a set of bits, and what moves it from one zone to another.
 *
 * Owns the arithmetic of such sets alone. Bit i is the half hour (or the meeting that starts with it) i after Monday 00:00, of whatever
 * clock the caller means. Invariant: the bits above MATCH_HALF_HOURS are zero.
 */
#ifndef COUNCIL_SERVER_MATCH_WEEK_H
#define COUNCIL_SERVER_MATCH_WEEK_H

#include "server/match/match.h"

enum {
    WEEK_WORDS = (MATCH_HALF_HOURS + 63) / 64,
    WEEK_DAY = 48 /* half hours */
};

struct week {
    uint64_t w[WEEK_WORDS];
};

struct week week_of_hours(const uint8_t hours[MATCH_HOURS_BYTES]);
struct week week_all(void);
/* Bit i of the result is bit (i + by) of `in`, around the week; by < MATCH_HALF_HOURS. */
struct week week_turn(const struct week *in, uint32_t by);
bool week_empty(const struct week *in);
/* The first bit at or after `from`; MATCH_HALF_HOURS where there is none. */
uint32_t week_next(const struct week *in, uint32_t from);
uint32_t week_count(const struct week *in);

static inline bool week_has(const struct week *in, uint32_t bit)
{
    return (in->w[bit / 64] >> bit % 64 & 1) != 0;
}

static inline void week_set(struct week *in, uint32_t bit)
{
    in->w[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline void week_and(struct week *in, const struct week *other)
{
    for (uint32_t i = 0; i < WEEK_WORDS; i++)
        in->w[i] &= other->w[i];
}

#endif
