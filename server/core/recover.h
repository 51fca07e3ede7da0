/*
 * recover.h - logs that wait for their members: what that means to whoever appends, reads or offers.
 *
 * Owns the state of a log between a restore (or a move) and its first new entry: section 9.6 of protocol/README.md. Must not know
 * how entries are judged. Invariants: a log that waits takes no new entries and is shown to nobody who may hold more of it; the
 * state in memory is the store's, as of the last job that came back.
 */
#ifndef COUNCIL_SERVER_CORE_RECOVER_H
#define COUNCIL_SERVER_CORE_RECOVER_H

#include "server/core/logs.h"

/* Whether the log of call->access is kept from this session for now. */
bool core_recovery_hides(const struct core *core, const struct core_call *call);

/* Whether the log takes entries that this offer brings. */
bool core_recovery_takes(const struct core_log *log, const struct core_offer *offer);

/* The log's state once the entry is in it. */
enum store_recovery core_recovery_after(const struct core_log *log,
                                        const struct core_append *append);

/* The entry is on disk, the log's own fields are not moved yet. */
void core_recovery_committed(struct core *core, struct core_log *log,
                             const struct core_append *append);

/* The store says that this is the log's state now. */
void core_recovery_set(struct core *core, struct core_log *log, enum store_recovery state);

/* This session has nothing more of a log that waits. */
void core_recovery_spoke(struct core *core, core_session session, struct core_log *log);
bool core_recovery_spoken(const struct core *core, core_session session,
                          const struct core_log *log);

#endif
