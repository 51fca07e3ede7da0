/*
 * core.c - the core as a whole: made, ended, told the time, handing out jobs and taking them back.
 *
 * Owns what belongs to no single part. Invariant: jobs_out counts the jobs that are the host's.
 */
#include "server/core/state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "server/core/feed.h"
#include "server/core/hub.h"
#include "server/core/logs.h"
#include "server/core/pool.h"

enum {
    STEP_BACK_MAX_MS = 86400000 /* the allowance of clock_skew */
};

struct core *core_create(const struct core_config *config, const struct core_ops *ops)
{
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL) {
        return NULL;
    }
    core->ops = *ops;
    core->limits = config->limits;
    core->registration = config->registration;
    core->offers = config->offers;
    uint32_t skip = config->n_successions > COUNCIL_SUCCESSIONS_MAX
                        ? config->n_successions - COUNCIL_SUCCESSIONS_MAX
                        : 0;
    core->succession_count = config->n_successions - skip;
    if (core->succession_count > 0) {
        memcpy(core->successions, config->successions + skip,
               core->succession_count * sizeof core->successions[0]);
    }
    core->recovering_logs = config->recovering_logs;
    core->restored_logs = config->restored_logs;
    core->mail = config->mail;
    core->wall_ms = core->expiry_ms = config->wall_ms;
    core->mono_ms = config->mono_ms;
    core->origin = strdup(config->origin);
    core->version = strdup(config->version);
    core->discover = strdup(config->discover != NULL ? config->discover : "{}");
    core->pool = config->pool ? core_pool_create() : NULL;
    if (core->origin == NULL || core->version == NULL || core->discover == NULL ||
        (config->pool && core->pool == NULL)) {
        core_destroy(core);
        return NULL;
    }
    memcpy(core->server_secret, config->server_secret, sizeof core->server_secret);
    memcpy(core->server_key, config->server_secret + COUNCIL_SEED_BYTES, COUNCIL_KEY_BYTES);
    core->ops.random(core->ops.ctx, core->hash_key, sizeof core->hash_key);
    return core;
}

void core_destroy(struct core *core)
{
    if (core == NULL) {
        return;
    }
    core->broken = true; /* nobody is told any more */
    core_sessions_fini(core);
    core_calls_fini(core);
    core_logs_fini(core);
    core_buckets_fini(core);
    core_cache_fini(core);
    core_pool_destroy(core->pool);
    sodium_memzero(core->server_secret, sizeof core->server_secret);
    free(core->quotas);
    free(core->origin);
    free(core->version);
    free(core->discover);
    free(core);
}

void core_time(struct core *core, uint64_t wall_ms, uint64_t mono_ms)
{
    uint64_t passed = mono_ms > core->mono_ms ? mono_ms - core->mono_ms : 0;
    uint64_t expected = core->expiry_ms + passed;
    core->wall_ms = wall_ms;
    core->mono_ms += passed;
    /* A clock that is put back opens nothing again that had expired; by more than the step it is the time before that was wrong. */
    bool back = wall_ms < expected && expected - wall_ms <= STEP_BACK_MAX_MS;
    core->expiry_ms = back ? expected : wall_ms;
}

void core_tick(struct core *core)
{
    if (core->broken) {
        return;
    }
    core_sessions_tick(core);
    core_buckets_tick(core);
    core_logs_trim(core);
    core_pool_tick(core);
}

uint64_t core_hash(const struct core *core, const uint8_t key[COUNCIL_KEY_BYTES])
{
    /* Keyed: names are chosen by strangers, who must not be able to choose collisions. */
    uint8_t out[crypto_shorthash_BYTES];
    _Static_assert(sizeof core->hash_key == crypto_shorthash_KEYBYTES, "a key of SipHash");
    crypto_shorthash(out, key, COUNCIL_KEY_BYTES, core->hash_key);
    return council_u64be_read(out);
}

void core_submit(struct core *core, struct core_job *job,
                 void (*done)(struct core *, struct core_job *), void *owner)
{
    job->done = done;
    job->owner = owner;
    job->status = STORE_OK;
    job->next = NULL;
    core->jobs_out++;
    core->ops.submit(core->ops.ctx, job);
}

void core_submit_work(struct core *core, struct core_job *job, void (*work)(struct core_job *),
                      void (*done)(struct core *, struct core_job *), void *owner,
                      const uint8_t *lane)
{
    job->type = CORE_JOB_WORK;
    job->work = work;
    job->lane = (uint32_t)core_hash(core, lane);
    core_submit(core, job, done, owner);
}

void core_work(struct core_job *job)
{
    job->work(job);
}

void core_report(struct core *core, const char *event, core_session session, const char *method,
                 const char *error)
{
    struct core_report report = {
        .event = event, .session = session, .method = method, .error = error};
    if (core->ops.report != NULL) {
        core->ops.report(core->ops.ctx, &report);
    }
}

void core_slice_free(struct core *core, struct store_slice *slice)
{
    core->ops.slice_free(core->ops.ctx, slice);
}

void core_fatal(struct core *core, const char *what)
{
    if (!core->broken) {
        core->broken = true;
        core->ops.fatal(core->ops.ctx, what);
    }
}

static const char *status_text(enum store_status status)
{
    switch (status) {
    case STORE_FULL:
        return "full";
    case STORE_CONFLICT:
        return "conflict";
    case STORE_NOT_FOUND:
        return "not_found";
    case STORE_INVALID:
        return "invalid";
    case STORE_CORRUPT:
        return "corrupt";
    case STORE_NOMEM:
        return "no_memory";
    case STORE_IO:
        return "io";
    default:
        return "other";
    }
}

void core_store_failed(struct core *core, const char *event, enum store_status status)
{
    core_report(core, event, 0, NULL, status_text(status));
    if (status == STORE_IO) {
        core_fatal(core, "the disk gave an I/O error");
    }
}

/* The last answer was given: now the connections may go. */
static void drain(struct core *core)
{
    if (core->stopping && core->calls == NULL && core->conn_count > 0) {
        core_close_all(core, CORE_CLOSE_GOING_AWAY, "going_away");
    }
}

void core_done(struct core *core, struct core_job *job)
{
    core->jobs_out--;
    job->done(core, job);
    drain(core);
}

void core_shutdown(struct core *core)
{
    if (core->stopping) {
        return;
    }
    core->stopping = true;
    core_hub_goodbye(core);
    drain(core);
}

bool core_drained(const struct core *core)
{
    return core->stopping && core->calls == NULL && core->jobs_out == 0 && core->conn_count == 0;
}

void core_stats(const struct core *core, struct core_stats *out)
{
    *out = core->stats;
    out->sessions = core->conn_count;
    out->logs_known = core->logs_count;
    out->logs_resident = core->resident_count;
    out->cache_bytes = core->cache_bytes;
    out->queue_entries = core->queue_entries;
    out->logs_recovering = core->recovering_logs;
    out->logs_restored = core->restored_logs;
    out->queue_bytes = core->queue_bytes;
    out->calls_open = core->call_count;
    out->quotas = core->quota_count;
}
