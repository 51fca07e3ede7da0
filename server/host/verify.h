/*
 * verify.h - stored logs checked from their own bytes, as a member would check them.
 *
 * Owns what is asked of a log at rest: no gap, every entry valid in its place (protocol/README.md section 3.4), heads and flags
 * as stored, data there exactly where no erase names it, memberships as the log has them, and that the members' logs are what a council
 * pinned of them. Must not know commands.
 */
#ifndef COUNCIL_SERVER_HOST_VERIFY_H
#define COUNCIL_SERVER_HOST_VERIFY_H

#include <pthread.h>

#include "server/store/store.h"

struct host_finding {
    uint64_t entries; /* that were read */
    uint64_t seq;     /* where it is wrong; 0: the log as a whole */
    const char
        *what; /* static: a name of protocol/errors.def or one of ours; NULL: nothing is wrong */
};

/* Reads the whole log. OK, also where something is wrong with the log: then finding->what says what. CORRUPT, IO, NOMEM. */
STORE_MUST_USE enum store_status host_verify_log(struct store *store,
                                                 const struct store_log_info *info,
                                                 struct host_finding *finding);
/* The same while other threads use the store too: `lock` is held for each reading, and not while what was read is checked. */
STORE_MUST_USE enum store_status host_verify_log_with(struct store *store, pthread_mutex_t *lock,
                                                      const struct store_log_info *info,
                                                      struct host_finding *finding);

/* What a check of all logs tells, one log at a time, whichever thread checked it. */
struct host_verify_events {
    void *ctx;
    void (*log)(void *ctx, const struct store_log_info *info, const struct host_finding *finding);
};
struct host_verdict {
    uint64_t logs, entries, damaged;
    uint64_t strays; /* entries that are in no log */
};

enum {
    HOST_VERIFY_JOBS_MAX = 256
};

/*
 * Checks every log with `jobs` threads (0: one for each processor). OK, also where something is wrong: see the verdict. What concerns the
 * whole store ends it: CORRUPT, IO, NOMEM.
 */
STORE_MUST_USE enum store_status host_verify_all(struct store *store, uint32_t jobs,
                                                 const struct host_verify_events *events,
                                                 struct host_verdict *verdict);

#endif
