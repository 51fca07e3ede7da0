/*
 * ack_early.c - the storage thread of a councild that breaks its word: it answers first and writes after.
 *
 * Takes the place of server/host/storage.c in the control of the kill test, and of nothing else. What a job points to is
 * gone once it came back, so rows are copied for the commit that follows.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/host/storage.h"

enum {
    LATE_US = 3000
};

static struct {
    struct store_row rows[STORE_BATCH_ROWS_MAX];
    struct store_change changes[STORE_BATCH_CHANGES_MAX];
    uint32_t n_rows, n_changes;
} late;

static void *copy(const void *bytes, uint32_t len)
{
    void *out = len > 0 ? malloc(len) : NULL;
    if (len > 0 && out == NULL) {
        abort();
    }
    return len > 0 ? memcpy(out, bytes, len) : NULL;
}

static void keep(const struct core_job_append *append)
{
    struct store_row *row = &late.rows[late.n_rows];
    *row = append->row;
    row->entry.text = copy(append->row.entry.text, append->row.entry.text_len);
    row->entry.data = copy(append->row.entry.data, append->row.entry.data_len);
    for (uint32_t i = 0; i < append->n_changes; i++) {
        late.changes[late.n_changes] = append->changes[i];
        late.changes[late.n_changes++].row = late.n_rows;
    }
    late.n_rows++;
}

static uint32_t early_batch_run(struct host_batch *batch, struct store *store,
                                struct host_jobs *jobs, struct host_jobs *done)
{
    struct host_jobs rest = {NULL, NULL};
    struct core_job *job = NULL;
    uint32_t taken = 0;
    (void)batch;
    (void)store;
    while ((job = host_jobs_pop(jobs)) != NULL) {
        bool append = job->type == CORE_JOB_APPEND;
        if (append && taken < STORE_BATCH_ROWS_MAX / 4 &&
            late.n_changes + job->u.append.n_changes <= STORE_BATCH_CHANGES_MAX) {
            keep(&job->u.append);
            job->status = STORE_OK;
            host_jobs_push(done, job);
            taken++;
        } else {
            host_jobs_push(&rest, job);
        }
    }
    *jobs = rest;
    return taken;
}

/* Called with the answers of the batch: they are on their way before anything is written. */
static void early_inbox_put(struct host_inbox *inbox, struct host_jobs *jobs, struct store *store)
{
    host_inbox_put(inbox, jobs);
    if (late.n_rows == 0) {
        return;
    }
    (void)usleep(LATE_US);
    const struct store_batch batch = {.rows = late.rows,
                                      .n_rows = late.n_rows,
                                      .changes = late.changes,
                                      .n_changes = late.n_changes};
    if (store_append(store, &batch, NULL) != STORE_OK) {
        abort();
    }
    for (uint32_t i = 0; i < late.n_rows; i++) {
        free((void *)(uintptr_t)late.rows[i].entry.text);
        free((void *)(uintptr_t)late.rows[i].entry.data);
    }
    late.n_rows = late.n_changes = 0;
}

#define host_batch_run              early_batch_run
#define host_inbox_put(inbox, jobs) early_inbox_put((inbox), (jobs), storage->config.store)
#include "server/host/storage.c" /* NOLINT(bugprone-suspicious-include) */
