/*
 * storage.h - the one thread that uses the store: appends in batches, readings between them, housekeeping after.
 *
 * Owns when the disk is used and by what. Must not know what an entry means. Invariants: a batch is one transaction, and its
 * jobs come back after it is on disk; a reading is done after every append that was submitted before it (an append may
 * overtake readings); jobs come back in the order in which they were done. Bounded by what the core has outstanding.
 */
#ifndef COUNCIL_SERVER_HOST_STORAGE_H
#define COUNCIL_SERVER_HOST_STORAGE_H

#include "server/host/inbox.h"
#include "server/host/metrics.h"

struct host_storage;

struct host_storage_config {
    struct store *store;          /* borrowed: the storage thread's alone until host_storage_stop */
    struct host_inbox *inbox;     /* borrowed: where done jobs go */
    struct host_metrics *metrics; /* borrowed; may be NULL */
    /* Called on the storage thread when the store cannot go on (STORE_IO): must not return. */
    void (*broken)(const char *doing, const char *detail);
};

/* NULL: no memory or no thread. */
struct host_storage *host_storage_start(const struct host_storage_config *config);
/* Does all that was submitted, then ends the thread and frees. NULL is fine. */
void host_storage_stop(struct host_storage *storage);

/* Takes all of the jobs. Those of one turn of the loop are best submitted together: they become one transaction. */
void host_storage_submit(struct host_storage *storage, struct host_jobs *jobs);

/* Has `run` called on the storage thread between batches and waits for it: for the operator's rare requests, never from the loop. False:
 * the thread has ended. */
__attribute__((warn_unused_result)) bool
host_storage_call(struct host_storage *storage, void (*run)(struct store *store, void *arg),
                  void *arg);

/* Any thread: microseconds that the storage thread has been at one thing; 0 while it waits. */
uint64_t host_storage_age_us(const struct host_storage *storage, uint64_t now_us);

/* ---- batch.c: what is done on the thread ---- */

enum {
    HOST_READ_BUDGET_MS = 2,    /* readings between two commits */
    HOST_MAINTAIN_BUDGET_MS = 2 /* housekeeping between two commits */
};

struct host_batch;
struct host_batch *host_batch_create(void);
void host_batch_destroy(struct host_batch *batch);
/* Takes the appends that fit into one transaction out of `jobs`, leaving readings where they are, writes them and moves
 * them to `done`, each with its status (server/core/job.h). How many. */
uint32_t host_batch_run(struct host_batch *batch, struct store *store, struct host_jobs *jobs,
                        struct host_jobs *done);

/* Carries out the marks that stand first in `jobs`, as one transaction, and moves them to `done`. How many. */
enum {
    HOST_MARKS_MAX = 64
};
uint32_t host_marks_run(struct store *store, struct host_jobs *jobs, struct host_jobs *done);
/* feed_run.c: calendar feeds. */
void host_feed_run(struct store *store, struct core_job *job);
/* mail_run.c: a member's reminders by mail. */
void host_mail_run(struct store *store, struct core_job *job);
/* Carries out a reading. */
void host_reading_run(struct store *store, struct core_job *job);
/* pool_run.c: a call of the pool. */
void host_pool_run(struct store *store, struct core_job *job);

#endif
