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

static enum council_error walk_open(struct walk *walk, const struct schedule_rule *rule)
{
    struct icaltimetype start;
    bool fast = false;
    uint32_t days = 0;
    walk->iterator = NULL;
    walk->zone = schedule_zone(rule->zone);
    size_t len = strnlen(rule->rrule, COUNCIL_RULE_MAX + 1);
    if (walk->zone == NULL || !schedule_local_read(rule->start, &start) ||
        !council_rule_parse(rule->rrule, (uint32_t)len, &fast, &days) ||
        (days >> council_local_weekday(rule->start) & 1) == 0)
        return COUNCIL_E_BAD_INPUT;
    struct icalrecurrencetype recurrence = icalrecurrencetype_from_string(rule->rrule);
    walk->iterator = icalrecur_iterator_new(recurrence, start);
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

bool schedule_is_meeting(const struct schedule_rule *rule, const char *local)
{
    struct walk walk;
    struct schedule_meeting meeting;
    int order = -1;
    schedule_lock();
    if (walk_open(&walk, rule) == COUNCIL_OK)
        for (uint32_t step = 0;
             order < 0 && step <= SCHEDULE_STEPS_MAX && walk_next(&walk, &meeting); step++)
            order = strcmp(meeting.local, local); /* of this form, text order is time order */
    walk_close(&walk);
    schedule_unlock();
    return order == 0;
}
