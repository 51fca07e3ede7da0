/*
 * localtime.c - local times and recurrence rules as texts.
 *
 * Owns the grammar of both and the day-of-week arithmetic. Must not know zones, clocks or occurrences.
 * Every function is total: any bytes give an answer.
 */
#include "protocol/localtime.h"

#include <stddef.h>
#include <string.h>

static const char day_names[7][3] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

/* The number in `n` digits, or UINT32_MAX where one is not a digit. */
static uint32_t digits(const char *text, uint32_t n)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return UINT32_MAX;
        }
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    return value;
}

static bool leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool date_read(const char *text, uint32_t *year, uint32_t *month, uint32_t *day)
{
    static const uint8_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    *year = digits(text, 4);
    if (*year == UINT32_MAX || *year < 1970 || text[4] != '-') {
        return false;
    }
    *month = digits(text + 5, 2);
    if (*month < 1 || *month > 12 || text[7] != '-') {
        return false;
    }
    *day = digits(text + 8, 2);
    uint32_t last = month_days[*month - 1] + (*month == 2 && leap(*year) ? 1U : 0U);
    return *day >= 1 && *day <= last;
}

bool council_local_valid(const char *text, uint32_t len)
{
    uint32_t year, month, day;
    return len == COUNCIL_LOCAL_CHARS && date_read(text, &year, &month, &day) && text[10] == 'T' &&
           digits(text + 11, 2) <= 23 && text[13] == ':' && digits(text + 14, 2) <= 59;
}

uint32_t council_local_weekday(const char *local)
{
    uint32_t year, month, day;
    if (!date_read(local, &year, &month, &day)) {
        return 7;
    }
    /* Zeller's congruence; it counts January and February to the year before and Saturday as 0. */
    if (month < 3) {
        month += 12;
        year -= 1;
    }
    uint32_t saturday_is_0 =
        (day + 13 * (month + 1) / 5 + year + year / 4 - year / 100 + year / 400) % 7;
    return (saturday_is_0 + 5) % 7;
}

/* The day that two letters name, or 7. */
static uint32_t day_find(const char *text)
{
    uint32_t day = 0;
    while (day < 7 && memcmp(day_names[day], text, 2) != 0) {
        day++;
    }
    return day;
}

bool council_rule_parse(const char *rule, uint32_t len, bool *fast, uint32_t *days)
{
    static const char twice[] = "FREQ=WEEKLY;BYDAY=";
    static const char fortnightly[] = "FREQ=WEEKLY;INTERVAL=2;BYDAY=";
    const uint32_t twice_len = sizeof(twice) - 1, fortnightly_len = sizeof(fortnightly) - 1;

    if (len == twice_len + 5 && memcmp(rule, twice, twice_len) == 0 && rule[twice_len + 2] == ',') {
        uint32_t first = day_find(rule + twice_len), second = day_find(rule + twice_len + 3);
        if (first >= second || second == 7) {
            return false;
        }
        *fast = true;
        *days = 1U << first | 1U << second;
        return true;
    }
    if (len == fortnightly_len + 2 && memcmp(rule, fortnightly, fortnightly_len) == 0) {
        uint32_t day = day_find(rule + fortnightly_len);
        if (day == 7) {
            return false;
        }
        *fast = false;
        *days = 1U << day;
        return true;
    }
    return false;
}
