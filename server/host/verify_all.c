/*
 * verify_all.c - all logs of a store, checked by as many threads as there are processors. See verify.h.
 *
 * The store is used by one thread at a time; what takes long, signatures, is done without it. Invariant: every log is checked once.
 */
#include <string.h>
#include <unistd.h>

#include "server/host/verifiers.h"
#include "server/host/verify.h"

enum {
    PAGE = 64
};

struct work {
    struct store *store;
    const struct host_verify_events *events;
    pthread_mutex_t lock; /* on the store and all that follows */
    struct store_log_info page[PAGE];
    uint32_t n, at;
    uint64_t cursor;
    bool last;
    enum store_status status;
    struct host_verdict *verdict;
};

/* With the lock held. False: there are none left, or it is over. */
static bool next(struct work *work, struct store_log_info *out)
{
    if (work->at == work->n && !work->last && work->status == STORE_OK) {
        work->at = 0;
        work->status = store_logs(work->store, &work->cursor, work->page, PAGE, &work->n);
        work->last = work->n < PAGE;
    }
    if (work->status != STORE_OK || work->at == work->n) {
        return false;
    }
    *out = work->page[work->at++];
    return true;
}

/* With the lock held. */
static void conclude(struct work *work, const struct store_log_info *info,
                     struct host_finding *finding, enum store_status status)
{
    /* Reading itself may fail in one log and go well in others: only what concerns all of them ends it. */
    if (status == STORE_CORRUPT) {
        finding->what = "unreadable";
    } else if (status != STORE_OK) {
        work->status = status;
        return;
    }
    work->verdict->logs++;
    work->verdict->entries += finding->entries;
    work->verdict->damaged += finding->what != NULL;
    work->events->log(work->events->ctx, info, finding);
}

static void *check(void *arg)
{
    struct work *work = arg;
    struct store_log_info info;
    (void)pthread_mutex_lock(&work->lock);
    while (next(work, &info)) {
        struct host_finding finding;
        (void)pthread_mutex_unlock(&work->lock);
        enum store_status status = host_verify_log_with(work->store, &work->lock, &info, &finding);
        (void)pthread_mutex_lock(&work->lock);
        conclude(work, &info, &finding, status);
    }
    (void)pthread_mutex_unlock(&work->lock);
    return NULL;
}

enum store_status host_verify_all(struct store *store, uint32_t jobs,
                                  const struct host_verify_events *events,
                                  struct host_verdict *verdict)
{
    struct work work = {.store = store, .events = events, .verdict = verdict};
    pthread_t threads[HOST_VERIFY_JOBS_MAX];
    struct store_stats counts;
    uint32_t started = 0;
    *verdict = (struct host_verdict){.logs = 0};
    if (jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = processors > 0 ? (uint32_t)processors : 1;
    }
    jobs = jobs > HOST_VERIFY_JOBS_MAX ? HOST_VERIFY_JOBS_MAX : jobs;
    work.status = store_stats(store, &counts);
    (void)pthread_mutex_init(&work.lock, NULL);
    while (started + 1 < jobs && host_thread(&threads[started], check, &work)) {
        started++;
    }
    (void)check(&work);
    while (started > 0) {
        (void)pthread_join(threads[--started], NULL);
    }
    (void)pthread_mutex_destroy(&work.lock);
    if (work.status == STORE_OK && verdict->damaged == 0) {
        verdict->strays = counts.entries - verdict->entries;
    }
    return work.status;
}
