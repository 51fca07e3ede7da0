/*
 * zone.c - instants and local times.
 *
 * Owns what happens where a local time is skipped or comes twice. libical is asked one question alone, the offset at an instant, because that
 * has one answer; what it makes of local times inside gaps and overlaps differs between its versions.
 *
 * libical reads the system's zoneinfo files and turns them into rules. Compared with Python's zoneinfo, its offsets are right in all 506 zones for
 * 2024 to 2036. Around changes after 2037 a few zones whose rules it cannot say exactly (Lord Howe, Santiago) are off by hours, and some
 * years long past lack a change (Tehran 2018); neither is where a council plans.
 */
#include "protocol/schedule/zone.h"
#include "protocol/localtime.h"
#include <stdio.h>
#include <string.h>

enum {
    DAY_S = 24 * 60 * 60
};

icaltimezone *schedule_zone(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-";
    size_t len = strnlen(name, SCHEDULE_ZONE_MAX + 1);
    /* libical makes a path of the name: nothing that leaves the folder of zones may reach it. */
    if (len == 0 || len > SCHEDULE_ZONE_MAX || name[0] == '/' || strspn(name, allowed) != len)
        return NULL;
    if (strcmp(name, "UTC") == 0)
        return icaltimezone_get_utc_timezone();
    return icaltimezone_get_builtin_timezone(name);
}

bool schedule_zone_known(const char *zone)
{
    return schedule_zone(zone) != NULL;
}

bool schedule_local_read(const char *local, struct icaltimetype *out)
{
    size_t len = strnlen(local, COUNCIL_LOCAL_CHARS + 1);
    if (!council_local_valid(local, (uint32_t)len))
        return false;
    char text[sizeof("YYYYMMDDThhmmss")];
    int n = snprintf(text, sizeof(text), "%.4s%.2s%.2sT%.2s%.2s00", local, local + 5, local + 8,
                     local + 11, local + 14);
    *out = icaltime_from_string(text);
    return n == (int)sizeof(text) - 1 && icaltime_is_valid_time(*out) &&
           !icaltime_is_null_time(*out);
}

bool schedule_local_write(const struct icaltimetype *time, char out[SCHEDULE_LOCAL_CHARS + 1])
{
    if (time->year < 1970 || time->year > 9999)
        return false;
    char text[64];
    int n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d", time->year, time->month,
                     time->day, time->hour, time->minute);
    if (n != SCHEDULE_LOCAL_CHARS)
        return false;
    memcpy(out, text, SCHEDULE_LOCAL_CHARS + 1);
    return true;
}

/* Seconds east of Greenwich at an instant. */
static int64_t offset_at(icaltimezone *zone, int64_t instant)
{
    icaltimezone *utc = icaltimezone_get_utc_timezone();
    if (zone == utc)
        return 0;
    struct icaltimetype time = icaltime_from_timet_with_zone((time_t)instant, 0, utc);
    int is_daylight = 0;
    return icaltimezone_get_utc_offset_of_utc_time(zone, &time, &is_daylight);
}

/* The instant of the change after `before` and not after `after`, where the offset becomes that of `after`. */
static int64_t change_between(icaltimezone *zone, int64_t before, int64_t after)
{
    int64_t offset = offset_at(zone, after);
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (offset_at(zone, middle) == offset)
            after = middle;
        else
            before = middle;
    }
    return after;
}

int64_t schedule_instant(icaltimezone *zone, struct icaltimetype local)
{
    /* As if it were UTC: the true instant is within a day of it, so the offsets a day before and after are those that can apply. */
    int64_t naive = icaltime_as_timet_with_zone(local, icaltimezone_get_utc_timezone());
    int64_t before = offset_at(zone, naive - DAY_S), after = offset_at(zone, naive + DAY_S);
    int64_t early = naive - (before > after ? before : after);
    int64_t late = naive - (before > after ? after : before);
    if (early + offset_at(zone, early) == naive)
        return early;
    if (late + offset_at(zone, late) == naive)
        return late;
    return change_between(zone, early, late);
}

enum council_error schedule_to_utc(const char *local, const char *zone, uint64_t *utc_ms)
{
    struct icaltimetype time;
    icaltimezone *found = schedule_zone(zone);
    if (found == NULL || !schedule_local_read(local, &time))
        return COUNCIL_E_BAD_INPUT;
    int64_t instant = schedule_instant(found, time);
    if (instant < 0)
        return COUNCIL_E_BAD_INPUT;
    *utc_ms = (uint64_t)instant * 1000;
    return COUNCIL_OK;
}

enum council_error schedule_to_local(uint64_t utc_ms, const char *zone,
                                     char out[SCHEDULE_LOCAL_CHARS + 1])
{
    const uint64_t year_10000_s = UINT64_C(253402300800);
    icaltimezone *found = schedule_zone(zone);
    if (found == NULL || utc_ms / 1000 >= year_10000_s)
        return COUNCIL_E_BAD_INPUT;
    int64_t instant = (int64_t)(utc_ms / 1000);
    instant += offset_at(found, instant);
    struct icaltimetype time =
        icaltime_from_timet_with_zone((time_t)instant, 0, icaltimezone_get_utc_timezone());
    return schedule_local_write(&time, out) ? COUNCIL_OK : COUNCIL_E_BAD_INPUT;
}
