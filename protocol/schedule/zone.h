/*
 * zone.h - a zone of libical's, for the files of this folder.
 *
 * Owns nothing that callers of schedule.h may rely on.
 */
#ifndef COUNCIL_PROTOCOL_ZONE_H
#define COUNCIL_PROTOCOL_ZONE_H

#include "protocol/schedule/schedule.h"
#include <libical/ical.h>

/* The zone of that name, kept by libical; NULL where the system has none. */
icaltimezone *schedule_zone(const char *name);

/* Reads "YYYY-MM-DDThh:mm" as a floating time. False for anything else. */
COUNCIL_MUST_USE bool schedule_local_read(const char *local, struct icaltimetype *out);
/* Writes it; false for a year that has not four digits. */
COUNCIL_MUST_USE bool schedule_local_write(const struct icaltimetype *time,
                                           char out[SCHEDULE_LOCAL_CHARS + 1]);

/* The instant, in seconds, of a floating time in `zone`: the first valid one in a gap, the first in an overlap. */
int64_t schedule_instant(icaltimezone *zone, struct icaltimetype local);

#endif
