/*
 * verify.h - one stored log checked from its own bytes, as a member would check it.
 *
 * Owns what is asked of a log at rest: no gap, every entry valid in its place (protocol/README.md section 3.4), heads and flags
 * as stored, data there exactly where no erase names it, memberships as the log has them. Must not know commands.
 */
#ifndef COUNCIL_SERVER_HOST_VERIFY_H
#define COUNCIL_SERVER_HOST_VERIFY_H

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

#endif
