/*
 * week.c - see week.h.
 */
#include "server/match/week.h"
#include <string.h>

enum {
    LAST_BITS = MATCH_HALF_HOURS % 64
};

struct week week_of_hours(const uint8_t hours[MATCH_HOURS_BYTES])
{
    struct week week = {{0}};
    for (uint32_t i = 0; i < MATCH_HOURS_BYTES; i++)
        week.w[i / 8] |= (uint64_t)hours[i] << i % 8 * 8;
    return week;
}

struct week week_all(void)
{
    struct week week;
    memset(&week, 0xff, sizeof week);
    week.w[WEEK_WORDS - 1] = (UINT64_C(1) << LAST_BITS) - 1;
    return week;
}

/* 64 bits from `bit` on, without going round. */
static uint64_t window(const struct week *in, uint32_t bit)
{
    uint32_t word = bit / 64, shift = bit % 64;
    uint64_t low = word < WEEK_WORDS ? in->w[word] >> shift : 0;
    uint64_t high = shift > 0 && word + 1 < WEEK_WORDS ? in->w[word + 1] << (64 - shift) : 0;
    return low | high;
}

struct week week_turn(const struct week *in, uint32_t by)
{
    struct week out;
    uint32_t wrap =
        MATCH_HALF_HOURS - by; /* from this bit of the result on, the beginning comes again */
    for (uint32_t i = 0; i < WEEK_WORDS; i++) {
        out.w[i] = window(in, by + i * 64);
        if ((i + 1) * 64 > wrap)
            out.w[i] |= i * 64 >= wrap ? window(in, i * 64 - wrap) : in->w[0] << (wrap - i * 64);
    }
    out.w[WEEK_WORDS - 1] &= (UINT64_C(1) << LAST_BITS) - 1;
    return out;
}

bool week_empty(const struct week *in)
{
    uint64_t any = 0;
    for (uint32_t i = 0; i < WEEK_WORDS; i++)
        any |= in->w[i];
    return any == 0;
}

uint32_t week_next(const struct week *in, uint32_t from)
{
    for (uint32_t word = from / 64; word < WEEK_WORDS; word++) {
        uint64_t rest = in->w[word];
        if (word == from / 64)
            rest &= ~UINT64_C(0) << from % 64;
        if (rest != 0)
            return word * 64 + (uint32_t)__builtin_ctzll(rest);
    }
    return MATCH_HALF_HOURS;
}

uint32_t week_count(const struct week *in)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WEEK_WORDS; i++)
        count += (uint32_t)__builtin_popcountll(in->w[i]);
    return count;
}
