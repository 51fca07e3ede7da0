/*
 * zone.h - a zone of the system's, for the files of this folder.
 *
 * Owns nothing that callers of schedule.h may rely on. Invariant: zones are looked up and used between schedule_lock and schedule_unlock alone.
 */
#ifndef COUNCIL_PROTOCOL_ZONE_H
#define COUNCIL_PROTOCOL_ZONE_H

#include "protocol/schedule/schedule.h"
#include "protocol/schedule/tzif.h"
#include <libical/ical.h>

/* The zones that were read, and libical itself, are one thread's at a time. Not recursive: public functions take it, inner ones do not. */
void schedule_lock(void);
void schedule_unlock(void);

/* The zone of that name, as the system's file has it now; kept here until the file changes. NULL where the system has none. */
const struct tzif *schedule_zone(const char *name);

/* The same, saying why: BAD_INPUT where the system has none, or its file is not to be read; NO_MEMORY. */
COUNCIL_MUST_USE enum council_error schedule_zone_find(const char *name, const struct tzif **out);

/* Seconds east of Greenwich at an instant (unix seconds). */
int64_t schedule_offset(const struct tzif *zone, int64_t instant);

/* Reads "YYYY-MM-DDThh:mm" as a floating time. False for anything else. */
COUNCIL_MUST_USE bool schedule_local_read(const char *local, struct icaltimetype *out);
/* Writes it; false for a year that has not four digits. */
COUNCIL_MUST_USE bool schedule_local_write(const struct icaltimetype *time,
                                           char out[SCHEDULE_LOCAL_CHARS + 1]);

/*
 * Whether a rule that council_rule_parse read (`fast`, `days`) and that begins at `start`, on one of its days, has a meeting named `local`. Without walking over them, since a rule may
 * have begun long ago: it has one of two forms (protocol/README.md section 5.8), and each of its meetings is on one of its days, at its time, a whole number of weeks (or of two) on.
 */
bool schedule_meets(const char *start, bool fast, uint32_t days, const char *local);

/* The instant, in seconds, of a floating time in `zone`: the first valid one in a gap, the first in an overlap. */
int64_t schedule_instant(const struct tzif *zone, struct icaltimetype local);
/* The floating time of an instant. */
struct icaltimetype schedule_floating(const struct tzif *zone, int64_t instant);

#endif
