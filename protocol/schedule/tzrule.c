/*
 * tzrule.c - what the last line of a zone's file says of all later years: "EST5EDT,M3.2.0,M11.1.0" (POSIX, with the hours of RFC 8536 section 3.3.1).
 *
 * Owns that grammar. The calendar is libical's. Each change is appended by itself, up to the end of that calendar, so that nobody else has to know rules.
 */
#include "protocol/schedule/tzif.h"

#include <libical/ical.h>
#include <string.h>

/* One of the two days of a year: the n-th (5: the last) weekday of a month, or a day of the year. */
struct day {
    char form; /* 'M', 'J' (1..365, no 29 February), '0' (0..365) */
    int month, week, weekday, number;
    int32_t time_s; /* local, before the change; may be negative or above a day */
};

struct rule {
    struct tzif_type standard, daylight;
    struct day begins, ends; /* of daylight saving */
};

static bool read_number(const char **at, int max, int *out)
{
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; (*at)++, digits++)
        value = value * 10 + (**at - '0');
    *out = value;
    return digits > 0 && value <= max;
}

/* "hh[:mm[:ss]]" with a sign. */
static bool read_time(const char **at, int max_hours, int32_t *out)
{
    int parts[3] = {0, 0, 0};
    bool negative = **at == '-';
    if (**at == '-' || **at == '+')
        (*at)++;
    if (!read_number(at, max_hours, &parts[0]))
        return false;
    for (int i = 1; i < 3 && **at == ':'; i++) {
        (*at)++;
        if (!read_number(at, 59, &parts[i]))
            return false;
    }
    int32_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    *out = negative ? -seconds : seconds;
    return true;
}

static bool read_name(const char **at, char out[TZIF_NAME_MAX + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    bool quoted = **at == '<';
    *at += quoted ? 1 : 0;
    size_t len = quoted ? strcspn(*at, ">") : strspn(*at, letters);
    if (len == 0 || len > TZIF_NAME_MAX || (quoted && (*at)[len] != '>'))
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len + (quoted ? 1 : 0);
    return true;
}

static bool read_day(const char **at, struct day *out)
{
    *out = (struct day){.form = '0', .time_s = 7200};
    if (*(*at)++ != ',')
        return false;
    if (**at == 'M' || **at == 'J')
        out->form = *(*at)++;
    if (out->form != 'M') {
        if (!read_number(at, 365, &out->number))
            return false;
    } else if (!read_number(at, 12, &out->month) || out->month < 1 || *(*at)++ != '.' ||
               !read_number(at, 5, &out->week) || out->week < 1 || *(*at)++ != '.' ||
               !read_number(at, 6, &out->weekday)) {
        return false;
    }
    if (**at != '/')
        return true;
    (*at)++;
    return read_time(at, 167, &out->time_s);
}

/* False also for a rule without daylight saving: the offset stays, and nothing is to be appended but perhaps its beginning. */
static bool read_rule(const char *at, struct rule *out)
{
    memset(out, 0, sizeof *out);
    int32_t west_s = 0;
    if (!read_name(&at, out->standard.name) || !read_time(&at, 24, &west_s))
        return false;
    out->standard.offset_s = -west_s;
    out->daylight.daylight = true;
    if (*at == '\0' || !read_name(&at, out->daylight.name))
        return false;
    out->daylight.offset_s = out->standard.offset_s + 3600;
    if (*at != ',') {
        if (!read_time(&at, 24, &west_s))
            return false;
        out->daylight.offset_s = -west_s;
    }
    return read_day(&at, &out->begins) && read_day(&at, &out->ends) && *at == '\0';
}

/* The instant of a day's time in a year, at the offset that holds until then. */
static int64_t instant_of(const struct day *day, int year, int32_t offset_s)
{
    struct icaltimetype date = icaltime_null_time();
    date.is_date = 1;
    date.year = year;
    if (day->form == 'M') {
        date.month = day->month;
        date.day = 1;
        int first = icaltime_day_of_week(date) - 1; /* libical counts from 1: Sunday */
        date.day += (day->weekday - first + 7) % 7 + 7 * (day->week - 1);
        while (date.day > icaltime_days_in_month(date.month, date.year))
            date.day -= 7;
    } else {
        bool after_february = day->form == 'J' && day->number > 59 && icaltime_is_leap_year(year);
        int number = day->form == 'J' ? day->number + (after_february ? 1 : 0) : day->number + 1;
        date = icaltime_from_day_of_year(number, year);
    }
    date.is_date = 0;
    date.hour = date.minute = date.second = 0;
    return (int64_t)icaltime_as_timet_with_zone(date, icaltimezone_get_utc_timezone()) +
           day->time_s - offset_s;
}

enum council_error tzif_append_rule(struct tzif *tzif, const char *text)
{
    struct rule rule;
    uint8_t winter, summer;
    if (!read_rule(text, &rule))
        return COUNCIL_E_BAD_INPUT;
    rule.standard.daylight = false;
    if (!tzif_type(tzif, &rule.standard, &winter) || !tzif_type(tzif, &rule.daylight, &summer))
        return COUNCIL_E_BAD_INPUT;
    int64_t last = tzif->periods[tzif->count - 1].at;
    struct icaltimetype from = icaltime_from_timet_with_zone((time_t)(last < 0 ? 0 : last), 0,
                                                             icaltimezone_get_utc_timezone());
    for (int year = from.year; year <= TZIF_LAST_YEAR; year++) {
        struct tzif_period two[2] = {
            {instant_of(&rule.begins, year, rule.standard.offset_s), summer},
            {instant_of(&rule.ends, year, rule.daylight.offset_s), winter}};
        bool south = two[1].at < two[0].at;
        for (int i = 0; i < 2; i++) {
            const struct tzif_period *next = &two[south ? 1 - i : i];
            if (next->at > last && !tzif_append(tzif, next->at, next->type))
                return COUNCIL_E_NO_MEMORY;
        }
    }
    return COUNCIL_OK;
}
