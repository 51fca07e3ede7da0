/*
 * calls.c - the shell's own calls: kept until the connection allows their method, sent once, answered once.
 *
 * Owns that exactly one call_result follows each accepted sync_call. Must not know what a call is for. Invariant: a call that was
 * sent is never sent again, since only its caller knows whether that is harmless.
 */
#include "client/sync/internal.h"

enum council_error sync_call(struct sync *sync, enum council_method method, const json_t *params,
                             uint32_t timeout_ms, uint32_t flags, uint64_t tag)
{
    if (!council_method_info(method))
        return COUNCIL_E_UNKNOWN_METHOD;
    if (sync->call_count >= SYNC_CALLS_MAX)
        return COUNCIL_E_QUOTA;
    json_t *empty = params ? NULL : json_object();
    if (!params && !empty)
        return COUNCIL_E_NO_MEMORY;
    char *text = json_dumps(params ? params : empty, JSON_COMPACT);
    json_decref(empty);
    if (!text)
        return COUNCIL_E_NO_MEMORY;
    if (strlen(text) > COUNCIL_FRAME_MAX - 256) {
        free(text);
        return COUNCIL_E_FRAME_TOO_LARGE;
    }
    sync->calls[sync->call_count++] =
        (struct call){.serial = ++sync->last_serial,
                      .tag = tag,
                      .method = method,
                      .params = text,
                      .deadline = sync->now + (timeout_ms ? timeout_ms : CALL_MS),
                      .bound = (flags & SYNC_CALL_BOUND) != 0};
    sync->dirty = true;
    return COUNCIL_OK;
}

/* Takes the call out before its caller hears of it: the caller may call again. */
static void finish(struct sync *sync, uint32_t i, enum council_error error,
                   const struct reply *reply)
{
    uint64_t tag = sync->calls[i].tag;
    free(sync->calls[i].params);
    sync->call_count--;
    memmove(&sync->calls[i], &sync->calls[i + 1], (sync->call_count - i) * sizeof(*sync->calls));
    sync->ops->call_result(sync->ctx, tag, error, reply ? reply->result : NULL,
                           reply ? reply->failure : NULL);
}

static uint32_t call_of(const struct sync *sync, uint64_t serial)
{
    uint32_t i = 0;
    while (i < sync->call_count && sync->calls[i].serial != serial)
        i++;
    return i;
}

static bool allowed(const struct sync *sync, enum council_method method)
{
    if (council_method_info(method)->state == COUNCIL_STATE_GREETED ||
        council_method_info(method)->state == COUNCIL_STATE_ALWAYS)
        return sync->state == SYNC_GREETED || sync->state == SYNC_READY;
    return sync->state == SYNC_READY;
}

/* The params are JSON already, so the frame is put together around them. */
static enum council_error send_call(struct sync *sync, struct call *call)
{
    struct request *request = sync_request(sync, REQUEST_CALL, call->method);
    if (!request)
        return COUNCIL_E_TOO_MANY_CALLS;
    request->name = call->serial;
    return sync_request_send_raw(sync, request, call->params);
}

void sync_calls_pump(struct sync *sync)
{
    for (uint32_t i = 0; i < sync->call_count; i++) {
        struct call *call = &sync->calls[i];
        if (call->sent || !allowed(sync, call->method))
            continue;
        if (!sync_room(sync, true))
            return;
        call->sent = true;
        enum council_error error = send_call(sync, call);
        if (error)
            finish(sync, i--, error, NULL);
    }
}

void sync_call_reply(struct sync *sync, const struct request *request, const struct reply *reply)
{
    uint32_t i = call_of(sync, request->name);
    if (i < sync->call_count)
        finish(sync, i, reply->failure ? reply->failure->error : COUNCIL_OK, reply);
}

void sync_call_lost(struct sync *sync, const struct request *request, enum council_error why)
{
    uint32_t i = call_of(sync, request->name);
    if (i < sync->call_count)
        finish(sync, i, why, NULL);
}

/* Whoever is told may call anew, which appends: such calls have later serials and are left alone. */
static void finish_where(struct sync *sync, bool (*which)(const struct sync *, const struct call *),
                         enum council_error why)
{
    uint64_t last = sync->last_serial;
    for (uint32_t i = 0; i < sync->call_count;) {
        if (sync->calls[i].serial <= last && which(sync, &sync->calls[i]))
            finish(sync, i, why, NULL);
        else
            i++;
    }
}

static bool late(const struct sync *sync, const struct call *call)
{
    return sync->now >= call->deadline;
}

static bool bound(const struct sync *sync, const struct call *call)
{
    (void)sync;
    return call->bound;
}

void sync_calls_tick(struct sync *sync)
{
    finish_where(sync, late, COUNCIL_E_TIMEOUT);
}

void sync_calls_disconnected(struct sync *sync)
{
    finish_where(sync, bound, COUNCIL_E_NO_NETWORK);
}

uint64_t sync_calls_next(const struct sync *sync)
{
    uint64_t next = NEVER;
    for (uint32_t i = 0; i < sync->call_count; i++) {
        if (sync->calls[i].deadline < next)
            next = sync->calls[i].deadline;
    }
    return next;
}
