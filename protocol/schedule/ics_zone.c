/*
 * ics_zone.c - a zone's clock changes as a VTIMEZONE (RFC 5545 section 3.6.5).
 *
 * Owns its form. Invariant: what it says between its two instants is what zone.c says.
 */
#include "protocol/schedule/ics_internal.h"

#include <string.h>

enum {
    GROUPS_MAX = 64
};

/* Changes that differ in nothing but their date. */
struct group {
    const char *name;
    icalcomponent *part; /* borrowed from the VTIMEZONE */
    struct icaltimetype first;
    int32_t from_s, to_s;
    bool daylight;
    bool dated; /* it has dates besides its first */
};

static struct icaltimetype local_of(int64_t instant, int32_t offset_s)
{
    struct icaltimetype time = icaltime_from_timet_with_zone((time_t)(instant + offset_s), 0,
                                                             icaltimezone_get_utc_timezone());
    time.zone = NULL;
    return time;
}

/* A STANDARD or DAYLIGHT whose first date is `onset`. */
static icalcomponent *part_new(const struct group *group, struct icaltimetype onset)
{
    icalcomponent *part =
        group->daylight ? icalcomponent_new_xdaylight() : icalcomponent_new_xstandard();
    if (part == NULL)
        return NULL;
    icalcomponent_add_property(part, icalproperty_new_dtstart(onset));
    icalcomponent_add_property(part, icalproperty_new_tzoffsetfrom(group->from_s));
    icalcomponent_add_property(part, icalproperty_new_tzoffsetto(group->to_s));
    if (group->name[0] != '\0')
        icalcomponent_add_property(part, icalproperty_new_tzname(group->name));
    return part;
}

static bool same(const struct group *a, const struct group *b)
{
    return a->from_s == b->from_s && a->to_s == b->to_s && a->daylight == b->daylight &&
           strcmp(a->name, b->name) == 0;
}

static void add_date(icalcomponent *part, struct icaltimetype onset)
{
    struct icaldatetimeperiodtype date = {.time = onset, .period = icalperiodtype_null_period()};
    icalcomponent_add_property(part, icalproperty_new_rdate(date));
}

/* Adds one change to the group that it belongs to. The first of several is among the dates again: some programs read nothing else. */
static bool add_change(icalcomponent *zone, struct group *groups, uint32_t *count,
                       struct group change, int64_t at)
{
    struct icaltimetype onset = local_of(at, change.from_s);
    for (uint32_t i = 0; i < *count; i++) {
        if (!same(&groups[i], &change))
            continue;
        if (!groups[i].dated)
            add_date(groups[i].part, groups[i].first);
        groups[i].dated = true;
        add_date(groups[i].part, onset);
        return true;
    }
    change.first = onset;
    change.part = part_new(&change, onset);
    if (change.part == NULL)
        return false;
    icalcomponent_add_component(zone, change.part);
    if (*count < GROUPS_MAX)
        groups[(*count)++] = change;
    return true;
}

/* The period to begin with: some programs expect the first one to be standard time. */
static uint32_t first_period(const struct tzif *zone, int64_t from)
{
    uint32_t at = tzif_period_at(zone, from);
    while (at > 1 && zone->types[zone->periods[at].type].daylight)
        at--;
    return at;
}

/* Whether a change is told as the beginning of daylight saving. Where winter is the exception (Morocco's Ramadan) the system's zones say it the other way round, which is rarely understood. */
static bool saves(const struct tzif_type *before, const struct tzif_type *after)
{
    return after->offset_s > before->offset_s && (after->daylight || before->daylight);
}

icalcomponent *ics_zone(const struct tzif *zone, const char *name, int64_t from, int64_t until)
{
    struct group groups[GROUPS_MAX];
    uint32_t count = 0, at = first_period(zone, from);
    icalcomponent *out = icalcomponent_new_vtimezone();
    if (out == NULL)
        return NULL;
    icalcomponent_add_property(out, icalproperty_new_tzid(name));
    const struct tzif_type *before = &zone->types[zone->periods[at].type];
    struct group begin = {
        .from_s = before->offset_s, .to_s = before->offset_s, .name = before->name};
    int64_t begins = at == tzif_period_at(zone, from) ? from : zone->periods[at].at;
    bool good = add_change(out, groups, &count, begin, begins);
    for (at++; good && at < zone->count && zone->periods[at].at < until; at++) {
        const struct tzif_type *type = &zone->types[zone->periods[at].type];
        if (type->offset_s == before->offset_s && strcmp(type->name, before->name) == 0)
            continue; /* a mark in the file: nothing changes */
        struct group change = {.from_s = before->offset_s,
                               .to_s = type->offset_s,
                               .daylight = saves(before, type),
                               .name = type->name};
        good = add_change(out, groups, &count, change, zone->periods[at].at);
        before = type;
    }
    if (!good) {
        icalcomponent_free(out);
        return NULL;
    }
    return out;
}
