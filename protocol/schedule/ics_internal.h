/*
 * ics_internal.h - what the files that write iCalendar share. Not for others.
 */
#ifndef COUNCIL_PROTOCOL_ICS_INTERNAL_H
#define COUNCIL_PROTOCOL_ICS_INTERNAL_H

#include "protocol/schedule/ics.h"
#include "protocol/schedule/zone.h"

/*
 * ics_zone.c: the VTIMEZONE of a zone between two instants, with every change by its date (DTSTART and RDATE): parsers stop following rules at years of their own choice,
 * and some zones have none. Owned; NULL: no memory.
 */
icalcomponent *ics_zone(const struct tzif *zone, const char *name, int64_t from, int64_t until);

#endif
