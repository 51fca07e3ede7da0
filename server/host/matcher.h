/*
 * matcher.h - the thread that seeks groups in the pool: seconds of work that nobody waits for.
 *
 * Owns that thread. Must not know what is sought. Invariant: a job that was submitted comes back through the inbox, unless the process ends.
 */
#ifndef COUNCIL_SERVER_HOST_MATCHER_H
#define COUNCIL_SERVER_HOST_MATCHER_H

#include "server/host/inbox.h"
#include "server/host/metrics.h"

struct host_matcher;

/* What is done comes to `inbox`, and is counted in `metrics` (both borrowed; NULL: nobody counts). NULL: no memory or no thread. */
struct host_matcher *host_matcher_start(struct host_inbox *inbox, struct host_metrics *metrics);
/* Lets the search that is under way end, then ends the thread and frees. NULL is fine. */
void host_matcher_stop(struct host_matcher *matcher);
/* Takes a CORE_JOB_MATCH; the core has one at a time. */
void host_matcher_submit(struct host_matcher *matcher, struct core_job *job);

#endif
