/*
 * inbox.h - what other threads bring to the loop's thread: jobs that are done.
 *
 * Owns the hand-over. Must not know jobs. Invariant: jobs that one thread puts in come out in that order; `wake` is called
 * whenever the inbox stops being empty. Bounded by what the core has outstanding.
 */
#ifndef COUNCIL_SERVER_HOST_INBOX_H
#define COUNCIL_SERVER_HOST_INBOX_H

#include <pthread.h>

#include "server/core/core.h"

/* A list of jobs by their `next`, first in first out. */
struct host_jobs {
    struct core_job *first, *last;
};

void host_jobs_push(struct host_jobs *jobs, struct core_job *job);
/* NULL: empty. */
struct core_job *host_jobs_pop(struct host_jobs *jobs);
/* Appends all of `more` and empties it. */
void host_jobs_join(struct host_jobs *jobs, struct host_jobs *more);

struct host_inbox {
    pthread_mutex_t lock;
    struct host_jobs jobs;
    void (*wake)(void *ctx); /* from any thread */
    void *ctx;
};

void host_inbox_init(struct host_inbox *inbox, void (*wake)(void *ctx), void *ctx);
void host_inbox_fini(struct host_inbox *inbox);

/* Any thread. Empties `jobs`. */
void host_inbox_put(struct host_inbox *inbox, struct host_jobs *jobs);
/* The loop's thread: all that is there. */
struct host_jobs host_inbox_take(struct host_inbox *inbox);

#endif
