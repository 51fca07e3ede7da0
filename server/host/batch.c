/*
 * batch.c - many appends as one transaction, and what becomes of each of them.
 *
 * Owns the rule of server/core/job.h on who fails when a batch does. Must not know threads. Invariant: every job that was
 * taken has a status that is true of the disk.
 */
#include "server/host/storage.h"

#include <stdlib.h>
#include <string.h>

struct host_batch {
    struct core_job *jobs[STORE_BATCH_ROWS_MAX]; /* as taken */
    struct core_job *left[STORE_BATCH_ROWS_MAX]; /* those without a status yet */
    uint32_t n_jobs, n_left;
    struct store_row rows[STORE_BATCH_ROWS_MAX];
    struct store_change changes[STORE_BATCH_CHANGES_MAX];
};

struct host_batch *host_batch_create(void)
{
    return calloc(1, sizeof(struct host_batch));
}

void host_batch_destroy(struct host_batch *batch)
{
    free(batch);
}

struct size {
    uint64_t rows, bytes, changes;
};

static bool fits(struct size *size, const struct core_job_append *append)
{
    struct size with = {
        .rows = size->rows + 1,
        .bytes = size->bytes + append->row.entry.text_len + append->row.entry.data_len,
        .changes = size->changes + append->n_changes,
    };
    bool first = size->rows == 0; /* one that never fits is the store's to refuse */
    if (!first && (with.rows > STORE_BATCH_ROWS_MAX || with.bytes > STORE_BATCH_BYTES_MAX ||
                   with.changes > STORE_BATCH_CHANGES_MAX)) {
        return false;
    }
    *size = with;
    return true;
}

static void take(struct host_batch *batch, struct host_jobs *jobs)
{
    struct size size = {0, 0, 0};
    struct host_jobs rest = {NULL, NULL};
    struct core_job *job = NULL;
    batch->n_jobs = 0;
    while ((job = host_jobs_pop(jobs)) != NULL) {
        if (job->type != CORE_JOB_APPEND) {
            host_jobs_push(&rest, job);
        } else if (fits(&size, &job->u.append)) {
            batch->jobs[batch->n_jobs++] = job;
        } else {
            host_jobs_push(&rest, job);
            break;
        }
    }
    host_jobs_join(&rest, jobs);
    *jobs = rest;
}

static void fill(struct host_batch *batch, struct store_batch *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < batch->n_left; i++) {
        const struct core_job_append *append = &batch->left[i]->u.append;
        batch->rows[i] = append->row;
        for (uint32_t k = 0; k < append->n_changes; k++) {
            batch->changes[n] = append->changes[k];
            batch->changes[n++].row = i;
        }
    }
    *out = (struct store_batch){
        .rows = batch->rows, .n_rows = batch->n_left, .changes = batch->changes, .n_changes = n};
}

static bool about_one_row(enum store_status status)
{
    return status == STORE_CONFLICT || status == STORE_EXISTS || status == STORE_REFUSED ||
           status == STORE_NOT_FOUND || status == STORE_INVALID;
}

/* The failed row's job has its status; what follows in its log cannot stand without it. */
static void drop(struct host_batch *batch, uint32_t failed, enum store_status status)
{
    const struct core_job *bad = batch->left[failed];
    uint32_t n = 0;
    for (uint32_t i = 0; i < batch->n_left; i++) {
        struct core_job *job = batch->left[i];
        if (job == bad) {
            job->status = status;
        } else if (i > failed &&
                   memcmp(job->u.append.row.log, bad->u.append.row.log, STORE_ID_BYTES) == 0) {
            job->status = STORE_CONFLICT;
        } else {
            batch->left[n++] = job;
        }
    }
    batch->n_left = n;
}

static void settle(struct host_batch *batch, struct store *store)
{
    while (batch->n_left > 0) {
        struct store_batch rows;
        uint32_t failed = batch->n_left;
        enum store_status status = STORE_INVALID;
        if (batch->left[0]->u.append.n_changes <= STORE_BATCH_CHANGES_MAX) {
            fill(batch, &rows);
            status = store_append(store, &rows, &failed);
        }
        if (about_one_row(status) && failed < batch->n_left) {
            drop(batch, failed, status);
            continue;
        }
        for (uint32_t i = 0; i < batch->n_left; i++) {
            batch->left[i]->status = status;
        }
        batch->n_left = 0;
    }
}

uint32_t host_batch_run(struct host_batch *batch, struct store *store, struct host_jobs *jobs,
                        struct host_jobs *done)
{
    take(batch, jobs);
    memcpy(batch->left, batch->jobs, batch->n_jobs * sizeof(struct core_job *));
    batch->n_left = batch->n_jobs;
    settle(batch, store);
    for (uint32_t i = 0; i < batch->n_jobs; i++) {
        host_jobs_push(done, batch->jobs[i]);
    }
    return batch->n_jobs;
}
