/*
 * host.c - the server's threads as queues, its disk as a store in memory, its death. See host.h.
 */
#include "tests/sim/host.h"

#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 250
};

/* ---- effects ---- */

static void do_random(void *ctx, void *out, size_t n)
{
    struct sim_host *host = ctx;
    fixture_random_bytes(&host->sim->random, out, (uint32_t)n);
}

static void do_send(void *ctx, core_session session, struct core_frame *frame)
{
    struct sim_host *host = ctx;
    if (!host->dying) {
        sim_conn_send_down(host->sim, session, core_frame_text(frame), frame->len);
    }
}

static void do_close(void *ctx, core_session session, unsigned code, const char *reason)
{
    struct sim_host *host = ctx;
    if (!host->dying) {
        sim_trace(host->sim, "server closes %llu: %u %s", (unsigned long long)session, code,
                  reason);
        sim_conn_close_server(host->sim, session);
    }
}

static void do_pause(void *ctx, bool pause)
{
    ((struct sim_host *)ctx)->paused = pause;
}

static void do_submit(void *ctx, struct core_job *job)
{
    struct sim_host *host = ctx;
    struct sim *sim = host->sim;
    if (job->type == CORE_JOB_WORK) {
        uint32_t lane = job->lane % 2;
        if (host->lanes[lane].first == NULL) {
            host->lane_at[lane] = sim->now + sim_draw(sim, 4);
        }
        sim_queue_push(&host->lanes[lane], job);
    } else {
        sim_queue_push(&host->storage, job);
    }
}

static void do_slice_free(void *ctx, struct store_slice *slice)
{
    (void)ctx;
    core_fake_slice_free(slice);
}

static void do_fatal(void *ctx, const char *what)
{
    struct sim_host *host = ctx;
    host->broken = true;
    if (!host->dying) {
        sim_trace(host->sim, "server gives up: %s", what);
    }
}

static void do_report(void *ctx, const struct core_report *report)
{
    struct sim_host *host = ctx;
    if (!host->dying) {
        sim_trace(host->sim, "server: %s %s %s", report->event,
                  report->method != NULL ? report->method : "",
                  report->error != NULL ? report->error : "");
        if (strcmp(report->event, "log_damaged") == 0 ||
            strcmp(report->event, "fold_failed") == 0) {
            sim_fail(host->sim, "server: %s", report->event);
        }
        host->sim->counts->losers += report->error != NULL && strcmp(report->error, "stale") == 0;
    }
}

/* ---- the storage thread ---- */

/* Carries out what was taken. */
static void execute(struct sim_host *host, enum store_status status)
{
    struct core_job *first = host->batch.first;
    if (first->type != CORE_JOB_APPEND) {
        core_fake_store_read(&host->store, first);
    } else {
        if (status != STORE_OK) {
            host->store.fail = status;
            host->store.fail_batches = 1;
        }
        core_fake_store_append(&host->store, first);
    }
}

/* A row, or one reading; appends that wait make one transaction. */
static void take(struct sim_host *host)
{
    struct sim *sim = host->sim;
    struct core_job *job = sim_queue_pop(&host->storage);
    uint32_t rows = 1;
    sim_queue_push(&host->batch, job);
    host->batch_at = sim->now + 1;
    if (job->type != CORE_JOB_APPEND) {
        return;
    }
    while (host->storage.first != NULL && host->storage.first->type == CORE_JOB_APPEND &&
           rows++ < sim->plan.batch_max) {
        sim_queue_push(&host->batch, sim_queue_pop(&host->storage));
    }
    host->batch_at = sim->now + 1 + sim_draw(sim, sim->plan.batch_ms);
#ifdef SIM_ACK_EARLY
    host->batch_at = sim->now; /* told at once; on disk some time later */
    if (host->durable_at == SIM_NEVER) {
        host->durable_at = sim->now + 200 + sim_draw(sim, 3000);
    }
#endif
}

static void finish(struct sim_host *host)
{
    struct sim *sim = host->sim;
    bool full = sim->now < host->full_until;
    bool appends = host->batch.first->type == CORE_JOB_APPEND;
    if (appends && (host->doom == SIM_DIES_BEFORE_COMMIT || host->doom == SIM_DIES_AFTER_COMMIT)) {
        sim_host_crash(host, host->doom == SIM_DIES_AFTER_COMMIT, 200 + sim_draw(sim, 5000));
        return;
    }
    execute(host, full ? STORE_FULL : STORE_OK);
    for (struct core_job *job = host->batch.first;
         appends && host->doom == SIM_DISK_BREAKS && job != NULL; job = job->next) {
        job->status = STORE_IO; /* it is written all the same */
    }
    if (host->inbox.first == NULL) {
        host->inbox_at = sim->now + sim_draw(sim, 4);
    }
    struct core_job *job;
    while ((job = sim_queue_pop(&host->batch)) != NULL) {
        sim_queue_push(&host->inbox, job);
    }
}

/* ---- turns ---- */

uint64_t sim_host_next(const struct sim_host *host)
{
    if (host->core == NULL) {
        return host->up_at;
    }
    uint64_t next = host->tick_at;
    for (uint32_t i = 0; i < 2; i++) {
        if (host->lanes[i].first != NULL && host->lane_at[i] < next) {
            next = host->lane_at[i];
        }
    }
    if (host->batch.first != NULL && host->batch_at < next) {
        next = host->batch_at;
    }
    if (host->inbox.first != NULL && host->inbox_at < next) {
        next = host->inbox_at;
    }
    if (host->durable_at < next) {
        next = host->durable_at;
    }
    if (host->storage.first != NULL && host->batch.first == NULL) {
        next = host->sim->now;
    }
    return next;
}

static void start(struct sim_host *host)
{
    struct sim *sim = host->sim;
    struct core_ops ops = {.ctx = host,
                           .random = do_random,
                           .send = do_send,
                           .close = do_close,
                           .pause = do_pause,
                           .submit = do_submit,
                           .slice_free = do_slice_free,
                           .fatal = do_fatal,
                           .report = do_report};
    host->config.wall_ms = sim_clock_now(sim, &host->clock);
    host->config.recovering_logs = host->config.restored_logs = 0;
    for (uint32_t i = 0; i < host->store.log_count; i++) {
        bool waits = host->store.logs[i].recovery == STORE_WAITING;
        host->config.recovering_logs += waits;
        host->config.restored_logs += waits && !host->store.logs[i].brought;
    }
    host->config.mono_ms = sim->now + 1000;
    host->core = core_create(&host->config, &ops);
    if (host->core == NULL) {
        abort();
    }
    host->paused = host->broken = host->dying = false;
    host->tick_at = sim->now + TICK_MS;
    sim_trace(sim, "server is up");
}

static void work(struct sim_host *host)
{
    struct sim *sim = host->sim;
    for (uint32_t i = 0; i < 2; i++) {
        if (host->lanes[i].first != NULL && host->lane_at[i] <= sim->now) {
            struct core_job *job = sim_queue_pop(&host->lanes[i]);
            host->lane_at[i] = sim->now + sim_draw(sim, 3);
            core_work(job);
            core_done(host->core, job);
        }
    }
    if (host->batch.first == NULL && host->storage.first != NULL) {
        take(host);
    }
    if (host->batch.first != NULL && host->batch_at <= sim->now) {
        finish(host);
    }
    while (host->core != NULL && host->inbox.first != NULL && host->inbox_at <= sim->now) {
        core_done(host->core, sim_queue_pop(&host->inbox));
    }
}

void sim_host_turn(struct sim_host *host)
{
    struct sim *sim = host->sim;
    if (host->core == NULL) {
        if (host->up_at <= sim->now) {
            start(host);
        }
        return;
    }
    core_time(host->core, sim_clock_now(sim, &host->clock), sim->now + 1000);
    if (host->tick_at <= sim->now) {
        core_tick(host->core);
        host->tick_at = sim->now + TICK_MS;
    }
    work(host);
    if (host->core != NULL && host->durable_at <= sim->now) {
        sim_store_copy(&host->durable, &host->store);
        host->durable_at = SIM_NEVER;
    }
    if (host->broken) {
        sim_host_crash(host, false, 1000 + sim_draw(sim, 5000));
    }
}

/* ---- the end, and a new beginning ---- */

/* Gives every job back so that the core can be destroyed; it thinks that the disk broke and tells nobody anything. */
static void give_back(struct sim_host *host)
{
    struct sim_queue *const stored[] = {&host->inbox, &host->batch, &host->storage};
    bool moved = true;
    while (moved) {
        struct core_job *job;
        moved = false;
        for (uint32_t i = 0; i < 3; i++) {
            while ((job = sim_queue_pop(stored[i])) != NULL) {
                job->status = STORE_IO;
                core_done(host->core, job);
                moved = true;
            }
        }
        for (uint32_t i = 0; i < 2; i++) {
            while ((job = sim_queue_pop(&host->lanes[i])) != NULL) {
                core_work(job);
                core_done(host->core, job);
                moved = true;
            }
        }
    }
}

static void destroy(struct sim_host *host)
{
    if (host->core != NULL) {
        host->dying = true;
        give_back(host);
        core_destroy(host->core);
        host->core = NULL;
    }
}

void sim_host_crash(struct sim_host *host, bool committed, uint64_t down_ms)
{
    struct sim *sim = host->sim;
    if (host->core == NULL) {
        return;
    }
    if (committed && host->batch.first != NULL && host->batch.first->type == CORE_JOB_APPEND) {
        execute(host, STORE_OK);
        sim->counts->lost_results++;
    }
    sim_trace(sim, "server dies%s", committed ? " right after its commit" : "");
    sim->counts->server_crashes++;
    host->doom = SIM_NOT_DOOMED;
    destroy(host);
    sim_net_server_gone(sim);
#ifdef SIM_ACK_EARLY
    sim_store_copy(&host->store, &host->durable);
    host->durable_at = SIM_NEVER;
#endif
    host->up_at = sim->now + down_ms;
}

void sim_host_stop(struct sim_host *host, uint64_t down_ms)
{
    struct sim *sim = host->sim;
    if (host->core == NULL) {
        return;
    }
    sim_trace(sim, "server shuts down");
    core_shutdown(host->core);
    host->doom = SIM_NOT_DOOMED;
    while (!core_drained(host->core) && !host->broken) {
        for (uint32_t i = 0; i < 2; i++) {
            host->lane_at[i] = sim->now;
        }
        work(host);
        if (host->batch.first != NULL) {
            finish(host);
        }
        host->inbox_at = sim->now;
    }
    destroy(host);
    sim_net_server_gone(sim);
#ifdef SIM_ACK_EARLY
    sim_store_copy(&host->durable, &host->store);
    host->durable_at = SIM_NEVER;
#endif
    host->up_at = sim->now + down_ms;
}

static void limits(const struct sim *sim, struct core_limits *limits)
{
    if (sim->plan.small_cache) {
        limits->cache_bytes = 1;
    }
    if (sim->plan.small_buffers) {
        limits->live_bytes = 6000;
        limits->catchup_bytes = 3000;
        limits->page_bytes = 4000;
        limits->queue_entries = 16;
    }
    if (!sim->plan.small_rates) {
        limits->control_burst = limits->moderator_burst = limits->address_burst = 1000000;
        limits->device_burst = limits->council_burst = 1000000;
        limits->open_invites = 4096;
    }
}

void sim_host_begin(struct sim *sim)
{
    struct sim_host *host = sim_alloc(sizeof *host);
    struct council_secrets secrets;
    uint8_t seeds[64] = {7};
    sim->host = host;
    host->sim = sim;
    council_secrets_from_seeds(&secrets, seeds, seeds + 32);
    memcpy(host->secret, secrets.sign, 64);
    memcpy(host->key, secrets.sign + 32, 32);
    host->config = (struct core_config){.origin = "https://council.test",
                                        .server_secret = host->secret,
                                        .version = "sim",
                                        .registration = CORE_REGISTER_OPEN};
    core_limits_init(&host->config.limits);
    sim_clock_begin(sim, &host->clock);
    limits(sim, &host->config.limits);
    host->durable_at = SIM_NEVER;
}

void sim_host_end(struct sim *sim)
{
    destroy(sim->host);
    core_fake_store_fini(&sim->host->store);
    core_fake_store_fini(&sim->host->durable);
    core_fake_store_fini(&sim->host->backup);
    free(sim->host);
}
