/*
 * schedule.c - the meetings of a recurrence rule.
 *
 * Owns the walk over them. The rule is expanded in local time without a zone, so that daylight saving cannot shift or swallow a meeting; only then
 * does each get its instant. Texts are checked by localtime.h first: libical sees well-formed ones alone.
 */
#include "protocol/localtime.h"
#include "protocol/schedule/zone.h"
#include <string.h>

/* A rule being walked. */
struct walk {
    const struct tzif *zone;
    icalrecur_iterator *iterator; /* owned */
};

/* A rule as it was understood. */
struct read_rule {
    const struct tzif *zone;
    struct icaltimetype start;
    bool fast;
    uint32_t days;
};

static bool rule_read(const struct schedule_rule *rule, struct read_rule *out)
{
    size_t len = strnlen(rule->rrule, COUNCIL_RULE_MAX + 1);
    out->zone = schedule_zone(rule->zone);
    return out->zone != NULL && schedule_local_read(rule->start, &out->start) &&
           council_rule_parse(rule->rrule, (uint32_t)len, &out->fast, &out->days) &&
           (out->days >> council_local_weekday(rule->start) & 1) != 0;
}

static enum council_error walk_open(struct walk *walk, const struct schedule_rule *rule)
{
    struct read_rule read;
    walk->iterator = NULL;
    if (!rule_read(rule, &read))
        return COUNCIL_E_BAD_INPUT;
    walk->zone = read.zone;
    struct icalrecurrencetype recurrence = icalrecurrencetype_from_string(rule->rrule);
    walk->iterator = icalrecur_iterator_new(recurrence, read.start);
    return walk->iterator == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

static void walk_close(struct walk *walk)
{
    if (walk->iterator != NULL)
        icalrecur_iterator_free(walk->iterator);
}

/* The next meeting; false at the end of the calendar. */
static bool walk_next(struct walk *walk, struct schedule_meeting *out)
{
    struct icaltimetype time = icalrecur_iterator_next(walk->iterator);
    if (icaltime_is_null_time(time) || !schedule_local_write(&time, out->local))
        return false;
    int64_t instant = schedule_instant(walk->zone, time);
    out->utc_ms = instant < 0 ? 0 : (uint64_t)instant * 1000;
    return true;
}

enum council_error schedule_expand(const struct schedule_rule *rule, uint64_t from_utc_ms,
                                   uint32_t count, struct schedule_meeting *out, uint32_t *found)
{
    struct walk walk;
    struct schedule_meeting meeting;
    uint32_t taken = 0, steps = 0;
    *found = 0;
    schedule_lock();
    enum council_error error = walk_open(&walk, rule);
    while (error == COUNCIL_OK && taken < count && walk_next(&walk, &meeting)) {
        if (meeting.utc_ms >= from_utc_ms)
            out[taken++] = meeting;
        else if (++steps > SCHEDULE_STEPS_MAX)
            error = COUNCIL_E_BAD_INPUT;
    }
    walk_close(&walk);
    schedule_unlock();
    if (error == COUNCIL_OK)
        *found = taken;
    return error;
}

enum council_error schedule_next(const struct schedule_rule *rule, uint64_t from_utc_ms,
                                 struct schedule_meeting *out)
{
    uint32_t found = 0;
    enum council_error error = schedule_expand(rule, from_utc_ms, 1, out, &found);
    if (error != COUNCIL_OK)
        return error;
    return found == 1 ? COUNCIL_OK : COUNCIL_E_NO_SCHEDULE;
}

bool schedule_meets(const char *start, bool fast, uint32_t days, const char *local)
{
    const int64_t week_s = 7 * 24 * 60 * 60;
    struct icaltimetype first, time;
    if (!schedule_local_read(start, &first) || !schedule_local_read(local, &time) ||
        strcmp(local, start) < 0 || /* of this form, text order is time order */
        time.hour != first.hour || time.minute != first.minute)
        return false;
    icaltimezone *utc = icaltimezone_get_utc_timezone();
    int64_t since_s = (int64_t)icaltime_as_timet_with_zone(time, utc) -
                      (int64_t)icaltime_as_timet_with_zone(first, utc);
    return (days >> council_local_weekday(local) & 1) != 0 && (fast || since_s % (2 * week_s) == 0);
}

bool schedule_is_meeting(const struct schedule_rule *rule, const char *local)
{
    struct read_rule read;
    schedule_lock();
    bool good = rule_read(rule, &read) && schedule_meets(rule->start, read.fast, read.days, local);
    schedule_unlock();
    return good;
}
