/*
 * quiet.c - quiet hours: when a mail may go out by the member's own clock. See plan.h.
 *
 * Daylight saving moves quiet hours along with the clock on the wall: a local time that is skipped or comes twice ends them at the first
 * instant from which the wall shows a time outside them.
 */
#include "server/mail/plan.h"

#include <stdio.h>
#include <string.h>

enum {
    DAY_MINUTES = 24 * 60,
    MINUTE_MS = 60 * 1000,
    STEP_MINUTES = 15, /* of looking for an end by hand, where the wall clock jumps */
    STEPS_MAX = 24 * 4
};

static const char *zone_of(const struct mail_quiet *quiet)
{
    return schedule_zone_known(quiet->zone) ? quiet->zone : "UTC";
}

/* Minutes of the local day, and the day as text; false: a time beyond the calendar. */
static bool local_of(const char *zone, uint64_t at_ms, char local[SCHEDULE_LOCAL_CHARS + 1],
                     uint32_t *minute)
{
    if (schedule_to_local(at_ms, zone, local) != COUNCIL_OK) {
        return false;
    }
    *minute = ((uint32_t)(local[11] - '0') * 10 + (uint32_t)(local[12] - '0')) * 60 +
              (uint32_t)(local[14] - '0') * 10 + (uint32_t)(local[15] - '0');
    return true;
}

static bool within(const struct mail_quiet *quiet, uint32_t minute)
{
    if (quiet->from <= quiet->to) {
        return minute >= quiet->from && minute < quiet->to;
    }
    return minute >= quiet->from || minute < quiet->to;
}

static bool is_quiet(const struct mail_quiet *quiet, const char *zone, uint64_t at_ms)
{
    char local[SCHEDULE_LOCAL_CHARS + 1];
    uint32_t minute = 0;
    return quiet->from != quiet->to && local_of(zone, at_ms, local, &minute) &&
           within(quiet, minute);
}

bool mail_is_quiet(const struct mail_quiet *quiet, uint64_t at_ms)
{
    return is_quiet(quiet, zone_of(quiet), at_ms);
}

/* How many minutes the wall clock shows from `from` to `to`, within a day. */
static uint32_t minutes_between(uint32_t from, uint32_t to)
{
    return (to + DAY_MINUTES - from) % DAY_MINUTES;
}

/* The first instant after the quiet hours that are now; 0: none is found. */
static uint64_t quiet_ends(const struct mail_quiet *quiet, const char *zone, uint64_t at_ms)
{
    char local[SCHEDULE_LOCAL_CHARS + 1];
    uint32_t minute = 0;
    uint64_t minute_ms = at_ms - at_ms % MINUTE_MS;
    if (!local_of(zone, minute_ms, local, &minute)) {
        return 0;
    }
    uint64_t ends_ms = minute_ms + (uint64_t)minutes_between(minute, quiet->to) * MINUTE_MS;
    /* The clock was changed in between: an hour too late, or still quiet. */
    for (uint32_t i = 0; i < STEPS_MAX && is_quiet(quiet, zone, ends_ms); i++) {
        ends_ms += (uint64_t)STEP_MINUTES * MINUTE_MS;
    }
    while (ends_ms - MINUTE_MS > at_ms && !is_quiet(quiet, zone, ends_ms - MINUTE_MS)) {
        ends_ms -= MINUTE_MS;
    }
    return is_quiet(quiet, zone, ends_ms) ? 0 : ends_ms;
}

/* The first instant of the quiet hours that are now; 0: none is found. */
static uint64_t quiet_began(const struct mail_quiet *quiet, const char *zone, uint64_t at_ms)
{
    char local[SCHEDULE_LOCAL_CHARS + 1];
    uint32_t minute = 0;
    uint64_t minute_ms = at_ms - at_ms % MINUTE_MS;
    if (!local_of(zone, minute_ms, local, &minute)) {
        return 0;
    }
    uint64_t began_ms = minute_ms - (uint64_t)minutes_between(quiet->from, minute) * MINUTE_MS;
    for (uint32_t i = 0; i < STEPS_MAX && !is_quiet(quiet, zone, began_ms); i++) {
        began_ms += (uint64_t)STEP_MINUTES * MINUTE_MS;
    }
    for (uint32_t i = 0; i < DAY_MINUTES && is_quiet(quiet, zone, began_ms - MINUTE_MS); i++) {
        began_ms -= MINUTE_MS;
    }
    return began_ms;
}

uint64_t mail_goes_out(const struct mail_quiet *quiet, uint64_t from_ms, uint64_t until_ms,
                       bool early)
{
    const char *zone = zone_of(quiet);
    if (from_ms > until_ms || from_ms < 2 * (uint64_t)DAY_MINUTES * MINUTE_MS) {
        return 0;
    }
    if (!is_quiet(quiet, zone, from_ms)) {
        return from_ms;
    }
    uint64_t ends_ms = quiet_ends(quiet, zone, from_ms);
    if (ends_ms != 0 && ends_ms <= until_ms) {
        return ends_ms;
    }
    uint64_t began_ms = early ? quiet_began(quiet, zone, from_ms) : 0;
    uint64_t before_ms = began_ms > MAIL_EARLY_MS ? began_ms - MAIL_EARLY_MS : 0;
    if (before_ms != 0 && is_quiet(quiet, zone, before_ms)) {
        before_ms = began_ms - MINUTE_MS; /* an hour or less of the day is not quiet */
    }
    return before_ms;
}

bool mail_is_due(const struct mail_quiet *quiet, uint64_t from_ms, uint64_t until_ms, bool early,
                 uint64_t now_ms)
{
    if (now_ms > until_ms || now_ms + MAIL_AHEAD_MS < from_ms || mail_is_quiet(quiet, now_ms)) {
        return false;
    }
    uint64_t at_ms = mail_goes_out(quiet, from_ms, until_ms, early);
    return at_ms != 0 && now_ms >= at_ms;
}
