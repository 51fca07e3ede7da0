/*
 * connection.c - the states of the connection: connect, hello, login, ready, closing, backoff.
 *
 * Owns when to connect, how long to wait after a failure, and whose a frame that came is. Must not know whom to believe (greeting.c), or what is said
 * once it is ready. Invariant: no frame is sent but between sync_connected and the close.
 */
#include "client/sync/internal.h"

void sync_set_state(struct sync *sync, enum sync_state state)
{
    if (sync->state == state)
        return;
    sync->state = state;
    sync->dirty = true;
    if (sync->ops->state)
        sync->ops->state(sync->ctx, state);
}

enum sync_state sync_state(const struct sync *sync)
{
    return sync->state;
}

enum council_error sync_trouble(const struct sync *sync)
{
    return sync->trouble;
}

const struct council_challenge *sync_challenge(const struct sync *sync)
{
    return sync->greeted ? &sync->challenge : NULL;
}

bool sync_recovering(const struct sync *sync)
{
    return sync->recovering;
}

bool sync_open(const struct sync *sync)
{
    return sync->state == SYNC_HELLO || sync->state == SYNC_GREETED || sync->state == SYNC_LOGIN ||
           sync->state == SYNC_READY;
}

static void begin_connect(struct sync *sync)
{
    sync->deadline = sync->now + CONNECT_MS;
    sync->again = false;
    sync->retry_after_ms = 0;
    sync_set_state(sync, SYNC_CONNECTING);
    sync->ops->connect(sync->ctx);
}

void sync_begin_close(struct sync *sync, enum council_error why)
{
    if (why)
        sync->trouble = why;
    if (sync->state == SYNC_CLOSING || sync->state == SYNC_IDLE)
        return;
    sync->deadline = NEVER;
    if (sync->state == SYNC_BACKOFF) {
        if (!sync->wanted)
            sync_set_state(sync, SYNC_IDLE);
        return;
    }
    sync_set_state(sync, SYNC_CLOSING);
    sync->ops->close(sync->ctx);
}

static void ended(struct sync *sync)
{
    uint64_t lasted = sync->ready_since ? sync->now - sync->ready_since : 0;
    if (lasted >= STEADY_MS)
        sync->attempts = 0;
    sync->ready_since = 0;
    sync->greeted = false;
    sync_requests_drop(sync, COUNCIL_E_NO_NETWORK);
    sync_calls_disconnected(sync);
    sync_outbox_disconnected(sync);
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_log_disconnected(sync->logs[i]);
}

void sync_disconnected(struct sync *sync, enum council_error why)
{
    if (sync->state == SYNC_IDLE || sync->state == SYNC_BACKOFF)
        return;
    /* What came before the end is still good. */
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync_intake(sync, sync->logs[i]);
    if (sync->state != SYNC_CLOSING)
        sync->trouble = why;
    ended(sync);
    if (!sync->wanted) {
        sync->deadline = NEVER;
        sync_set_state(sync, SYNC_IDLE);
        return;
    }
    uint64_t delay = 0;
    if (!sync->again) {
        delay = sync->retry_after_ms +
                sync_backoff(sync, sync->attempts, sync->backoff_min_ms, sync->backoff_max_ms);
        if (sync->attempts < 32)
            sync->attempts++;
    }
    sync->deadline = sync->now + delay;
    sync_set_state(sync, SYNC_BACKOFF);
}

void sync_start(struct sync *sync)
{
    sync->wanted = true;
    if (sync->state == SYNC_IDLE || sync->state == SYNC_BACKOFF) {
        sync->trouble = COUNCIL_OK;
        begin_connect(sync);
    }
}

void sync_stop(struct sync *sync)
{
    sync->wanted = false;
    sync->attempts = 0;
    sync_begin_close(sync, COUNCIL_OK);
}

void sync_connection_tick(struct sync *sync)
{
    if (sync->now < sync->deadline)
        return;
    sync->deadline = NEVER;
    if (sync->state == SYNC_BACKOFF)
        begin_connect(sync);
    else if (sync->state == SYNC_CONNECTING)
        sync_begin_close(sync, COUNCIL_E_NO_NETWORK);
    else if (sync_open(sync)) /* the server said goodbye and stayed */
        sync_begin_close(sync, COUNCIL_E_GOING_AWAY);
}

/* ---- frames ---- */

void sync_bad_reply(struct sync *sync, const char *detail)
{
    struct sync_report report = {
        .kind = SYNC_REPORT_BAD_REPLY, .error = COUNCIL_E_BAD_REPLY, .detail = detail};
    sync_report_send(sync, NULL, &report);
    sync_begin_close(sync, COUNCIL_E_BAD_REPLY);
}

/* What could not be read: the server's fault, but where this machine had no memory for it. Another connection brings it again. */
static void unread(struct sync *sync, enum council_error error, const char *detail)
{
    if (error == COUNCIL_E_NO_MEMORY)
        sync_begin_close(sync, error);
    else
        sync_bad_reply(sync, detail);
}

static void goodbye(struct sync *sync, const json_t *params)
{
    /* Answers to what is on the wire may still come, so the server closes first, if it does so in time. */
    if (!council_rpc_int(params, "retry_after_ms", 0, COUNCIL_INT_MAX, &sync->retry_after_ms) ||
        sync->retry_after_ms > sync->backoff_max_ms)
        sync->retry_after_ms = sync->backoff_max_ms;
    sync->trouble = COUNCIL_E_GOING_AWAY;
    sync->deadline = sync->now + GOODBYE_MS;
}

static void entry_came(struct sync *sync, const json_t *params)
{
    struct council_wire_entry wire;
    enum council_error error = council_rpc_entry(params, &wire);
    if (error) {
        unread(sync, error, "entry");
        return;
    }
    sync_entry_came(sync, &wire);
    council_wire_entry_fini(&wire);
}

static void notification(struct sync *sync, struct council_rpc *rpc)
{
    const char *field = NULL;
    if (rpc->notification == COUNCIL_NOTIFICATION_COUNT)
        return;       /* a later server's */
    if (rpc->quick) { /* a log.entry, checked already */
        sync_entry_came(sync, &rpc->entry);
        return;
    }
    if (council_rpc_check_notification(rpc->notification, rpc->params, &field)) {
        sync_bad_reply(sync, field);
        return;
    }
    if (rpc->notification == COUNCIL_NOTIFICATION_LOG_ENTRY)
        entry_came(sync, rpc->params);
    else if (rpc->notification == COUNCIL_NOTIFICATION_SERVER_GOODBYE)
        goodbye(sync, rpc->params);
    else if (sync->ops->notice)
        sync->ops->notice(sync->ctx, rpc->notification, rpc->params);
}

void sync_message(struct sync *sync, const char *text, uint32_t len)
{
    if (!sync_open(sync))
        return;
    sync->dirty = true;
    struct council_rpc rpc;
    enum council_error error =
        council_rpc_quick(&rpc, text, len) ? COUNCIL_OK : council_rpc_parse(&rpc, text, len);
    if (error) {
        unread(sync, error, "message");
        return;
    }
    if (rpc.kind == COUNCIL_RPC_NOTIFICATION)
        notification(sync, &rpc);
    else if (rpc.kind == COUNCIL_RPC_RESULT || rpc.kind == COUNCIL_RPC_FAILURE)
        sync_answer(sync, &rpc);
    else
        sync_bad_reply(sync, "message");
    council_rpc_fini(&rpc);
}
