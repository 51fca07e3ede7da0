/*
 * backup.h - a backup from its first page to its name on disk.
 *
 * Owns the order of things: steps of the store's copy between the server's commits, the flush and the name on the thread of whoever asked.
 * Must not know sockets. Invariants: FILE is there whole and durable or not at all; one step is all that a commit ever waits for.
 */
#ifndef COUNCIL_SERVER_HOST_BACKUP_H
#define COUNCIL_SERVER_HOST_BACKUP_H

#include "server/host/metrics.h"
#include "server/store/store.h"

struct host_backup_how {
    const char *data; /* the data folder */
    const char *file; /* absolute, or as the process sees it */
    /* Runs `work` where the store may be used, and waits for it; false: it did not run. */
    bool (*on_store)(void *ctx, void (*work)(struct store *store, void *arg), void *arg);
    /* Now and then; false gives up. */
    bool (*progress)(void *ctx, uint64_t pages, uint64_t of);
    void *ctx;
    struct host_metrics *metrics; /* may be NULL */
    uint64_t (*wall_ms)(void);
};

struct host_backup_result {
    uint64_t bytes, ms;
    uint64_t steps, worst_step_us; /* the longest time that a commit had to wait for a step */
    char error[256];               /* empty: all is well */
};

/* Blocks until it is done. False: result->error says why. */
__attribute__((warn_unused_result)) bool host_backup_run(const struct host_backup_how *backup,
                                                         struct host_backup_result *result);

#endif
