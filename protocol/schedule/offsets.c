/*
 * offsets.c - a stretch of a zone's periods as plain data. See offsets.h.
 */
#include "protocol/schedule/offsets.h"

#include "protocol/schedule/zone.h"

#include <string.h>

enum {
    STRETCH_MAX_S = 3 * 366 * 24 * 60 * 60
};

/* The changes of the offset; a period may begin without one (another name, another kind of time). */
static bool take(const struct tzif *zone, int64_t from_s, int64_t until_s,
                 struct schedule_offsets *out)
{
    uint32_t at = tzif_period_at(zone, from_s);
    int32_t offset_s = zone->types[zone->periods[at].type].offset_s;
    memset(out, 0, sizeof *out);
    out->first_s = offset_s;
    while (++at < zone->count && zone->periods[at].at < until_s) {
        int32_t next_s = zone->types[zone->periods[at].type].offset_s;
        if (next_s == offset_s)
            continue;
        if (out->count == SCHEDULE_CHANGES_MAX)
            return false;
        out->changes[out->count].at_s = zone->periods[at].at;
        out->changes[out->count++].offset_s = offset_s = next_s;
    }
    return true;
}

enum council_error schedule_offsets(const char *zone, int64_t from_s, int64_t until_s,
                                    struct schedule_offsets *out)
{
    if (until_s <= from_s || until_s - from_s > STRETCH_MAX_S)
        return COUNCIL_E_BAD_INPUT;
    schedule_lock();
    const struct tzif *found = schedule_zone(zone);
    bool good = found != NULL && take(found, from_s, until_s, out);
    schedule_unlock();
    return good ? COUNCIL_OK : COUNCIL_E_BAD_INPUT;
}
