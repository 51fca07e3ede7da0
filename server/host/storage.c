/*
 * storage.c - the storage thread's turn: one batch, a little reading, a little housekeeping. See storage.h.
 */
#include "server/host/storage.h"

#include <stdlib.h>

#include "server/host/verifiers.h"
#include "server/host/watchdog.h"
#include "server/store/timing.h"

struct call {
    struct call *next;
    void (*run)(struct store *store, void *arg);
    void *arg;
    bool done;
};

struct host_storage {
    struct host_storage_config config;
    struct host_batch *batch;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more, called;
    struct host_jobs submitted; /* under the lock, as are the three below */
    struct call *calls;
    bool stop, ended;
    struct host_jobs jobs; /* the thread's own */
    bool housekeeping;     /* something is still due */
    struct host_heartbeat heart;
};

/* What stands before the first append that still waits; all of it has seen every append before it. */
static void read_some(struct host_storage *storage, struct host_jobs *done)
{
    uint64_t until = host_mono_us() + HOST_READ_BUDGET_MS * 1000;
    while (storage->jobs.first != NULL && storage->jobs.first->type != CORE_JOB_APPEND) {
        if (host_marks_run(storage->config.store, &storage->jobs, done) == 0) {
            struct core_job *job = host_jobs_pop(&storage->jobs);
            /* What the pool forgets leaves the journal by a checkpoint. */
            storage->housekeeping = storage->housekeeping || job->type == CORE_JOB_POOL;
            host_reading_run(storage->config.store, job);
            host_jobs_push(done, job);
        }
        if (host_mono_us() >= until) {
            return;
        }
    }
}

static void housekeep(struct host_storage *storage)
{
    uint64_t began_us = host_mono_us();
    enum store_status status =
        store_maintain(storage->config.store, HOST_MAINTAIN_BUDGET_MS, &storage->housekeeping);
    host_metric_time(storage->config.metrics, HOST_HISTOGRAM_MAINTAIN, host_mono_us() - began_us);
    if (status == STORE_IO) {
        storage->config.broken("housekeeping", store_detail(storage->config.store));
    }
    if (status != STORE_OK) {
        storage->housekeeping = false; /* put off: the next commit asks again */
    }
}

static void answer_calls(struct host_storage *storage, struct call *calls)
{
    while (calls != NULL) {
        struct call *call = calls;
        calls = call->next;
        host_heartbeat_busy(&storage->heart);
        call->run(storage->config.store, call->arg);
        (void)pthread_mutex_lock(&storage->lock);
        call->done = true;
        (void)pthread_cond_broadcast(&storage->called);
        (void)pthread_mutex_unlock(&storage->lock);
    }
}

/* Waits until there is something to do and takes it over. False: stop. */
static bool wait(struct host_storage *storage, struct call **calls)
{
    (void)pthread_mutex_lock(&storage->lock);
    while (storage->submitted.first == NULL && storage->calls == NULL &&
           storage->jobs.first == NULL && !storage->housekeeping && !storage->stop) {
        host_heartbeat_idle(&storage->heart);
        (void)pthread_cond_wait(&storage->more, &storage->lock);
    }
    host_jobs_join(&storage->jobs, &storage->submitted);
    *calls = storage->calls;
    storage->calls = NULL;
    bool go_on = storage->jobs.first != NULL || *calls != NULL || !storage->stop;
    storage->ended = !go_on;
    (void)pthread_mutex_unlock(&storage->lock);
    return go_on;
}

/* Hands back what is done. */
static void give_back(struct host_storage *storage, struct host_jobs *done)
{
    uint64_t count = 0, full = 0;
    for (const struct core_job *job = done->first; job != NULL; job = job->next) {
        count++;
        full += job->type == CORE_JOB_APPEND && job->status == STORE_FULL;
    }
    host_metric_sub(storage->config.metrics, HOST_METRIC_STORAGE_JOBS, count);
    host_metric_add(storage->config.metrics, HOST_METRIC_FULL, full);
    host_inbox_put(storage->config.inbox, done);
}

/* One transaction; how many entries it had. */
static uint32_t append_some(struct host_storage *storage)
{
    struct host_metrics *metrics = storage->config.metrics;
    struct host_jobs done = {NULL, NULL};
    uint64_t began_us = host_mono_us();
    uint32_t appended =
        host_batch_run(storage->batch, storage->config.store, &storage->jobs, &done);
    if (appended > 0) {
        host_metric_time(metrics, HOST_HISTOGRAM_COMMIT, host_mono_us() - began_us);
        host_metric_add(metrics, HOST_METRIC_BATCHES, 1);
        host_metric_add(metrics, HOST_METRIC_BATCH_ROWS, appended);
    }
    give_back(storage, &done);
    return appended;
}

static void *run(void *arg)
{
    struct host_storage *storage = arg;
    (void)pthread_setname_np(pthread_self(), "storage");
    struct call *calls = NULL;
    while (wait(storage, &calls)) {
        struct host_jobs done = {NULL, NULL};
        host_heartbeat_busy(&storage->heart);
        uint32_t appended = append_some(storage);
        uint64_t between_us = host_mono_us();
        host_heartbeat_busy(&storage->heart);
        read_some(storage, &done);
        give_back(storage, &done);
        answer_calls(storage, calls);
        host_heartbeat_busy(&storage->heart);
        if (appended > 0 || storage->housekeeping) {
            housekeep(storage);
        }
        host_metric_max(storage->config.metrics, HOST_METRIC_COMMIT_WORST,
                        host_mono_us() - between_us);
    }
    host_heartbeat_idle(&storage->heart);
    return NULL;
}

uint64_t host_storage_age_us(const struct host_storage *storage, uint64_t now_us)
{
    return host_heartbeat_age_us(&storage->heart, now_us);
}

/* Told until the store is closed, which is after this thread's end: so the metrics alone are kept. */
static void tell_sync(void *ctx, uint64_t us)
{
    struct host_metrics *metrics = ctx;
    host_metric_time(metrics, HOST_HISTOGRAM_FSYNC, us);
}

static void destroy(struct host_storage *storage)
{
    (void)pthread_cond_destroy(&storage->called);
    (void)pthread_cond_destroy(&storage->more);
    (void)pthread_mutex_destroy(&storage->lock);
    host_batch_destroy(storage->batch);
    free(storage);
}

struct host_storage *host_storage_start(const struct host_storage_config *config)
{
    struct host_storage *storage = calloc(1, sizeof *storage);
    if (storage == NULL) {
        return NULL;
    }
    storage->config = *config;
    storage->housekeeping = true; /* what the last process left undone */
    (void)pthread_mutex_init(&storage->lock, NULL);
    (void)pthread_cond_init(&storage->more, NULL);
    (void)pthread_cond_init(&storage->called, NULL);
    storage->batch = host_batch_create();
    if (config->metrics != NULL) {
        store_time_syncs(config->store, tell_sync, config->metrics);
    }
    if (storage->batch == NULL || !host_thread(&storage->thread, run, storage)) {
        destroy(storage);
        return NULL;
    }
    return storage;
}

void host_storage_stop(struct host_storage *storage)
{
    if (storage == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&storage->lock);
    storage->stop = true;
    (void)pthread_cond_signal(&storage->more);
    (void)pthread_mutex_unlock(&storage->lock);
    (void)pthread_join(storage->thread, NULL);
    destroy(storage);
}

void host_storage_submit(struct host_storage *storage, struct host_jobs *jobs)
{
    if (jobs->first == NULL) {
        return;
    }
    uint64_t count = 0;
    for (const struct core_job *job = jobs->first; job != NULL; job = job->next) {
        count++;
    }
    host_metric_add(storage->config.metrics, HOST_METRIC_STORAGE_JOBS, count);
    (void)pthread_mutex_lock(&storage->lock);
    host_jobs_join(&storage->submitted, jobs);
    (void)pthread_cond_signal(&storage->more);
    (void)pthread_mutex_unlock(&storage->lock);
}

bool host_storage_call(struct host_storage *storage, void (*run_it)(struct store *, void *),
                       void *arg)
{
    struct call call = {.run = run_it, .arg = arg};
    (void)pthread_mutex_lock(&storage->lock);
    bool taken = !storage->ended && !storage->stop;
    if (taken) {
        call.next = storage->calls;
        storage->calls = &call;
        (void)pthread_cond_signal(&storage->more);
    }
    while (taken && !call.done) {
        (void)pthread_cond_wait(&storage->called, &storage->lock);
    }
    (void)pthread_mutex_unlock(&storage->lock);
    return taken;
}
