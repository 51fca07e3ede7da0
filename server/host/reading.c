/*
 * reading.c - the core's readings, as calls of the store.
 *
 * Owns how one job becomes several calls. Must not know why anybody asks. Invariant: a job that failed holds nothing to free.
 */
#include <string.h>

#include "server/host/storage.h"

enum {
    PAGE = 64
};

/* The head of the log as it was at `seq`. */
static enum store_status head_at(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                 uint64_t seq, uint8_t head[STORE_ID_BYTES])
{
    struct store_slice slice;
    enum store_status status = store_read_at(store, log, &seq, 1, &slice);
    if (status != STORE_OK) {
        return status;
    }
    if (slice.n == 1) {
        memcpy(head, slice.entries[0].head, STORE_ID_BYTES);
    } else {
        status = STORE_CORRUPT;
    }
    store_slice_fini(&slice);
    return status;
}

static enum store_status access_run(struct store *store, struct core_job_access *job)
{
    job->known = false;
    enum store_status status = store_log_info(store, job->log, &job->info);
    if (status != STORE_OK || !job->has_member) {
        return status;
    }
    status = store_membership(store, job->log, job->member, &job->membership);
    if (status == STORE_NOT_FOUND) {
        return STORE_OK;
    }
    if (status == STORE_OK && job->membership.until_seq != 0) {
        status = head_at(store, job->log, job->membership.until_seq, job->until_head);
    }
    job->known = status == STORE_OK;
    return status;
}

static enum store_status list_run(struct store *store, struct core_job_list *job)
{
    enum store_status status = STORE_OK;
    job->n = 0;
    while (status == STORE_OK && job->n < job->max) {
        struct store_membership page[PAGE];
        uint32_t want = job->max - job->n < PAGE ? job->max - job->n : PAGE, n = 0;
        status = store_logs_of_member(store, job->member, &job->cursor, page, want, &n);
        for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
            struct store_log_info info = {.seq = 0};
            if (job->with_seq) {
                status = store_log_info(store, page[i].log, &info);
            }
            job->items[job->n++] = (struct core_listed){.membership = page[i], .seq = info.seq};
        }
        if (n < want) {
            break;
        }
    }
    return status;
}

static enum store_status shares_run(struct store *store, struct core_job_shares *job)
{
    uint64_t cursor = 0;
    uint32_t n = PAGE;
    job->shares = job->leads = false;
    while (n == PAGE) {
        struct store_membership page[PAGE];
        enum store_status status = store_logs_of_member(store, job->one, &cursor, page, PAGE, &n);
        if (status != STORE_OK) {
            return status;
        }
        for (uint32_t i = 0; i < n; i++) {
            struct store_membership other;
            if (page[i].until_seq != 0 || page[i].kind == STORE_LOG_JOURNAL) {
                continue;
            }
            status = store_membership(store, page[i].log, job->other, &other);
            if (status == STORE_OK && other.until_seq == 0) {
                job->shares = true;
                return STORE_OK;
            }
            if (status != STORE_OK && status != STORE_NOT_FOUND) {
                return status;
            }
        }
    }
    /* Whoever founds a council with somebody seals the invite to their devices. */
    return store_pool_leads(store, job->one, job->other, &job->leads);
}

static enum store_status offer_run(struct store *store, struct core_job_offer *job)
{
    job->known = job->has_head = false;
    enum store_status status = store_offered_count(store, job->member, &job->offered);
    if (status == STORE_OK) {
        status = store_log_info(store, job->log, &job->info);
    }
    if (status != STORE_OK) {
        return status;
    }
    status = store_membership(store, job->log, job->member, &job->membership);
    job->known = status == STORE_OK;
    if (status != STORE_OK && status != STORE_NOT_FOUND) {
        return status;
    }
    if (job->after == 0 || job->after > job->info.seq) {
        return STORE_OK;
    }
    status = head_at(store, job->log, job->after, job->head);
    job->has_head = status == STORE_OK;
    return status;
}

uint32_t host_marks_run(struct store *store, struct host_jobs *jobs, struct host_jobs *done)
{
    struct store_mark marks[HOST_MARKS_MAX];
    struct host_jobs taken = {NULL, NULL};
    uint32_t n = 0, i = 0;
    while (n < HOST_MARKS_MAX && jobs->first != NULL && jobs->first->type == CORE_JOB_MARK) {
        struct core_job *job = host_jobs_pop(jobs);
        marks[n++] = job->u.mark;
        host_jobs_push(&taken, job);
    }
    enum store_status status = n > 0 ? store_mark(store, marks, n) : STORE_OK;
    struct core_job *job = NULL;
    while ((job = host_jobs_pop(&taken)) != NULL) {
        job->status = status;
        job->u.mark = marks[i++];
        host_jobs_push(done, job);
    }
    return n;
}

void host_reading_run(struct store *store, struct core_job *job)
{
    switch (job->type) {
    case CORE_JOB_READ:
        job->status = store_read(store, job->u.read.log, &job->u.read.reading, &job->u.read.slice);
        break;
    case CORE_JOB_READ_AT:
        job->status = store_read_at(store, job->u.read_at.log, job->u.read_at.seqs,
                                    job->u.read_at.n, &job->u.read_at.slice);
        break;
    case CORE_JOB_ACCESS:
        job->status = access_run(store, &job->u.access);
        break;
    case CORE_JOB_LIST:
        job->status = list_run(store, &job->u.list);
        break;
    case CORE_JOB_SHARES:
        job->status = shares_run(store, &job->u.shares);
        break;
    case CORE_JOB_RECOVERY:
        job->status = store_member_by_recovery(store, job->u.recovery.key, job->u.recovery.member);
        break;
    case CORE_JOB_OFFER:
        job->status = offer_run(store, &job->u.offer);
        break;
    case CORE_JOB_MAIL:
        host_mail_run(store, job);
        break;
    case CORE_JOB_FEED:
        host_feed_run(store, job);
        break;
    case CORE_JOB_POOL:
        host_pool_run(store, job);
        break;
    case CORE_JOB_MARK:  /* host_marks_run */
    case CORE_JOB_MATCH: /* host_matcher_submit */
    case CORE_JOB_WORK:
    case CORE_JOB_APPEND:
        job->status = STORE_INVALID;
        break;
    }
}
