/*
 * verifiers.h - threads that carry out the core's work: signatures, parsing, folding what was read.
 *
 * Owns which thread does what. Must not know what the work is. Invariant: jobs of one lane are done one after the other in
 * the order of submission, so their answers come back in that order; those that yield wait for the others (core/job.h). Bounded by what
 * the core has outstanding.
 */
#ifndef COUNCIL_SERVER_HOST_VERIFIERS_H
#define COUNCIL_SERVER_HOST_VERIFIERS_H

#include "server/host/inbox.h"
#include "server/host/metrics.h"

enum {
    HOST_VERIFIERS_MAX = 256
};

struct host_verifiers;

/* `count` threads that bring what is done to `inbox` (borrowed, as are `metrics`, which may be NULL). NULL: no memory or no threads. */
struct host_verifiers *host_verifiers_start(uint32_t count, struct host_inbox *inbox,
                                            struct host_metrics *metrics);
/* Does all that was submitted, then ends the threads and frees. NULL is fine. */
void host_verifiers_stop(struct host_verifiers *verifiers);

void host_verifiers_submit(struct host_verifiers *verifiers, struct core_job *job);

/* Any thread: microseconds that some verifier has been at one job, the longest of them. */
uint64_t host_verifiers_age_us(const struct host_verifiers *verifiers, uint64_t now_us);

/* Starts a thread that no signal is delivered to. */
__attribute__((warn_unused_result)) bool host_thread(pthread_t *thread, void *(*run)(void *),
                                                     void *arg);

#endif
