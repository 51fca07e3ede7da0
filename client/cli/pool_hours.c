/*
 * pool_hours.c - hours of the week as people write them. See pool.h.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/pool.h"

enum {
    DAY_HALVES = 48
};

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* Reads one day's name (its first three letters) and moves on. 7: none. */
static unsigned day_read(const char **at)
{
    for (unsigned day = 0; day < 7; day++)
        if (strncmp(*at, days[day], 3) == 0) {
            *at += 3;
            return day;
        }
    return 7;
}

/* "mon", "mon-fri", "mon,thu", "daily": a bit for each day. 0: not of that form. */
static unsigned days_read(const char **at)
{
    unsigned mask = 0;
    if (strncmp(*at, "daily", 5) == 0) {
        *at += 5;
        return 127;
    }
    for (;;) {
        unsigned first = day_read(at), last = first;
        if (**at == '-') {
            ++*at;
            last = day_read(at);
        }
        if (first > 6 || last > 6)
            return 0;
        for (unsigned day = first;; day = (day + 1) % 7) {
            mask |= 1u << day;
            if (day == last)
                break;
        }
        if (**at != ',')
            return mask;
        ++*at;
    }
}

/* "HH:MM" on the half hour, as half hours from midnight; -1: not of that form. */
static int time_read(const char **at)
{
    const char *t = *at;
    for (int i = 0; i < 5; i++)
        if (i == 2 ? t[i] != ':' : t[i] < '0' || t[i] > '9')
            return -1;
    int hour = (t[0] - '0') * 10 + (t[1] - '0'), minute = (t[3] - '0') * 10 + (t[4] - '0');
    *at += 5;
    int half = 2 * hour + minute / 30;
    return minute % 30 != 0 || half > DAY_HALVES ? -1 : half;
}

bool pool_hours_add(uint8_t hours[COUNCIL_POOL_HOURS_BYTES], const char *text)
{
    const char *at = text;
    unsigned mask = days_read(&at);
    if (!mask || *at++ != ' ')
        return false;
    int from = time_read(&at);
    if (from < 0 || *at++ != '-')
        return false;
    int until = time_read(&at);
    if (until <= from || *at != '\0')
        return false;
    for (unsigned day = 0; day < 7; day++)
        for (int half = from; mask >> day & 1 && half < until; half++) {
            unsigned bit = day * DAY_HALVES + (unsigned)half;
            hours[bit / 8] |= (uint8_t)(1u << bit % 8);
        }
    return true;
}

static bool marked(const uint8_t *hours, unsigned day, unsigned half)
{
    unsigned bit = day * DAY_HALVES + half;
    return half < DAY_HALVES && (hours[bit / 8] >> bit % 8 & 1) != 0;
}

void pool_hours_print(FILE *out, const uint8_t hours[COUNCIL_POOL_HOURS_BYTES], const char *indent)
{
    for (unsigned day = 0; day < 7; day++) {
        bool any = false;
        for (unsigned half = 0; half < DAY_HALVES; half++) {
            unsigned from = half;
            if (!marked(hours, day, half))
                continue;
            while (marked(hours, day, half))
                half++;
            if (!any)
                fprintf(out, "%s%s ", indent, days[day]);
            fprintf(out, "%s%02u:%02u-%02u:%02u", any ? ", " : "", from / 2, from % 2 * 30,
                    half / 2, half % 2 * 30);
            any = true;
        }
        if (any)
            fputc('\n', out);
    }
}

uint32_t pool_hours_count(const uint8_t hours[COUNCIL_POOL_HOURS_BYTES])
{
    uint32_t count = 0;
    for (unsigned bit = 0; bit < COUNCIL_POOL_HALF_HOURS; bit++)
        count += hours[bit / 8] >> bit % 8 & 1;
    return count;
}
