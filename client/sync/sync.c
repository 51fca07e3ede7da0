/*
 * sync.c - a client's sync as a whole: making it, its time and turns, its logs, and telling of a server's faults.
 *
 * Owns the order in which the parts act within a turn. Must not know what any part decides. Invariant: after sync_settle nothing is
 * left to do until an event comes or sync_next_ms is reached.
 */
#include "client/sync/internal.h"

#include <sodium.h>

static const struct {
    const char *name, *what;
    enum {
        STOPS_NOTHING,
        STOPS_LOG,
        STOPS_CONNECTION
    } stops;
} reports[] = {
#define SYNC_REPORT(symbol, name, stops, what) {name, what, STOPS_##stops},
#include "client/sync/reports.def"
#undef SYNC_REPORT
};

const char *sync_report_name(enum sync_report_kind kind)
{
    return (unsigned)kind < SYNC_REPORT_COUNT ? reports[kind].name : "unknown";
}

const char *sync_report_what(enum sync_report_kind kind)
{
    return (unsigned)kind < SYNC_REPORT_COUNT ? reports[kind].what : "";
}

void sync_report_send(struct sync *sync, struct sync_log *log, struct sync_report *report)
{
    report->log = log ? log->log : NULL;
    if (!report->detail)
        report->detail = "";
    if (reports[report->kind].stops == STOPS_LOG && log) {
        log->state = SYNC_LOG_STOPPED;
        log->stopped = report->error;
    }
    sync->ops->report(sync->ctx, report);
    if (reports[report->kind].stops == STOPS_CONNECTION) {
        sync->wanted = false;
        sync_begin_close(sync, report->error);
    }
    sync->dirty = true;
}

void sync_random(struct sync *sync, void *out, uint32_t len)
{
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    council_u64be(nonce, sync->drawn++);
    crypto_stream_chacha20(out, len, nonce, sync->seed);
}

uint64_t sync_jitter(struct sync *sync, uint64_t below)
{
    uint8_t bytes[8];
    sync_random(sync, bytes, sizeof(bytes));
    return below ? council_u64be_read(bytes) % below : 0;
}

uint64_t sync_backoff(struct sync *sync, uint32_t attempt, uint64_t min_ms, uint64_t max_ms)
{
    uint64_t whole = min_ms;
    for (uint32_t i = 0; i < attempt && whole < max_ms; i++)
        whole *= 2;
    if (whole > max_ms)
        whole = max_ms;
    return whole / 2 + sync_jitter(sync, whole - whole / 2 + 1);
}

static bool ops_complete(const struct sync_ops *ops)
{
    return ops && ops->connect && ops->send && ops->close && ops->sign_login &&
           ops->store_entries && ops->facts && ops->sign_item && ops->item_acked &&
           ops->item_failed && ops->report && ops->call_result;
}

enum council_error sync_create(struct sync **out, const struct sync_config *config)
{
    *out = NULL;
    if (!ops_complete(config->ops) || !config->client || !config->origin ||
        strlen(config->client) > 64 || strlen(config->origin) > COUNCIL_ORIGIN_MAX)
        return COUNCIL_E_BAD_INPUT;
    struct sync *sync = calloc(1, sizeof(*sync));
    if (!sync)
        return COUNCIL_E_NO_MEMORY;
    sync->ops = config->ops;
    sync->ctx = config->ctx;
    memcpy(sync->seed, config->seed, sizeof(sync->seed));
    memcpy(sync->client, config->client, strlen(config->client));
    memcpy(sync->origin, config->origin, strlen(config->origin));
    sync->server_known = config->server_known;
    memcpy(sync->server, config->server, sizeof(sync->server));
    sync->purpose = config->purpose;
    memcpy(sync->member, config->member, sizeof(sync->member));
    memcpy(sync->device, config->device, sizeof(sync->device));
    sync->backoff_min_ms = config->backoff_min_ms ? config->backoff_min_ms : 500;
    sync->backoff_max_ms = config->backoff_max_ms ? config->backoff_max_ms : 60000;
    sync->bring = config->bring;
    sync->duty_step_ms = config->duty_step_ms ? config->duty_step_ms : 3000;
    sync->deadline = NEVER;
    sync->limit = REQUESTS_MAX;
    council_frame_init(&sync->frame, 0);
    *out = sync;
    return COUNCIL_OK;
}

static void log_destroy(struct sync *sync, struct sync_log *log)
{
    sync_queue_clear(sync, log);
    free(log->queue);
    sync_replica_fini(&log->replica);
    free(log);
}

void sync_destroy(struct sync *sync)
{
    if (!sync)
        return;
    for (uint32_t i = 0; i < sync->log_count; i++)
        log_destroy(sync, sync->logs[i]);
    for (uint32_t i = 0; i < sync->item_count; i++)
        sync_item_free(sync->items[i]);
    free(sync->items);
    for (uint32_t i = 0; i < sync->call_count; i++)
        free(sync->calls[i].params);
    council_frame_fini(&sync->frame);
    sodium_memzero(sync, sizeof(*sync));
    free(sync);
}

/* ---- time and turns ---- */

void sync_tick(struct sync *sync, uint64_t now_ms)
{
    if (now_ms > sync->now)
        sync->now = now_ms;
    sync_requests_tick(sync);
    sync_connection_tick(sync);
    sync_calls_tick(sync);
}

/* One round: first what came, then what that allows. */
static void settle_once(struct sync *sync)
{
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_intake(sync, sync->logs[i]);
    sync_calls_pump(sync);
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_catchup_pump(sync, sync->logs[i]);
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_offer_pump(sync, sync->logs[i]);
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_pin_pump(sync, sync->logs[i]);
    sync_outbox_pump(sync);
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_duties_pump(sync, sync->logs[i]);
    sync_outbox_sweep(sync);
}

void sync_settle(struct sync *sync)
{
    /* Each round follows from the one before; a shell that answers ops with more work gets its next rounds in the next turn. */
    for (int round = 0; round < 16; round++) {
        sync->dirty = false;
        settle_once(sync);
        if (!sync->dirty)
            return;
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t sync_next_ms(const struct sync *sync)
{
    if (sync->dirty)
        return sync->now;
    uint64_t next = sync->deadline;
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        if (sync->requests[i].id)
            next = earlier(next, sync->requests[i].deadline);
    }
    next = earlier(next, sync_calls_next(sync));
    if (!sync_open(sync))
        return next;
    next = earlier(next, sync_outbox_next(sync));
    for (uint32_t i = 0; i < sync->log_count; i++) {
        const struct sync_log *log = sync->logs[i];
        if (log->retry_at > sync->now)
            next = earlier(next, log->retry_at);
        next = earlier(next, sync_offer_next(log));
        next = earlier(next, sync_duties_next(sync, log));
    }
    return next;
}

/* ---- logs ---- */

struct sync_log *sync_log_find(const struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < sync->log_count; i++) {
        if (memcmp(sync->logs[i]->log, log, COUNCIL_KEY_BYTES) == 0)
            return sync->logs[i];
    }
    return NULL;
}

enum council_error sync_log_add(struct sync *sync, struct sync_replica *replica)
{
    if (sync_log_find(sync, replica->log))
        return COUNCIL_E_BAD_INPUT;
    if (sync->log_count >= SYNC_LOGS_MAX)
        return COUNCIL_E_QUOTA;
    struct sync_log *log = calloc(1, sizeof(*log));
    if (!log)
        return COUNCIL_E_NO_MEMORY;
    memcpy(log->log, replica->log, COUNCIL_KEY_BYTES);
    sync_replica_move(&log->replica, replica);
    log->changed = true;
    sync->logs[sync->log_count++] = log;
    sync->dirty = true;
    return COUNCIL_OK;
}

void sync_log_remove(struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < sync->log_count; i++) {
        if (memcmp(sync->logs[i]->log, log, COUNCIL_KEY_BYTES) != 0)
            continue;
        log_destroy(sync, sync->logs[i]);
        sync->log_count--;
        memmove(&sync->logs[i], &sync->logs[i + 1],
                (sync->log_count - i) * sizeof(struct sync_log *));
        return;
    }
}

bool sync_log_view(const struct sync *sync, const uint8_t name[COUNCIL_KEY_BYTES],
                   struct sync_log_view *out)
{
    const struct sync_log *log = sync_log_find(sync, name);
    if (!log)
        return false;
    out->state = log->state;
    out->replica = &log->replica;
    out->seq = log->replica.state.tail.seq;
    out->target = log->target;
    out->stopped = log->state == SYNC_LOG_STOPPED ? log->stopped : COUNCIL_OK;
    out->recovering = log->offer.recovering;
    out->waiting = log->offer.waiting;
    out->offered = log->offer.over && !log->offer.refused;
    return true;
}

bool sync_caught_up(const struct sync *sync)
{
    for (uint32_t i = 0; i < sync->log_count; i++) {
        const struct sync_log *log = sync->logs[i];
        if (log->state == SYNC_LOG_WAITING || log->state == SYNC_LOG_OFFERING ||
            log->state == SYNC_LOG_CATCHING_UP || log->queued > 0)
            return false;
    }
    return sync->state == SYNC_READY;
}
