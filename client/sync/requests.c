/*
 * requests.c - calls on the wire: room for them, their ids and deadlines, and whose an answer is.
 *
 * Owns the matching of answers to requests and the check of their form. Must not know what an answer means: each kind has its handler in
 * the table. Invariant: every request is answered, timed out or dropped with its connection, once.
 */
#include "client/sync/internal.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    void (*reply)(struct sync *sync, const struct request *request, const struct reply *reply);
    uint32_t timeout_ms; /* 0: the call's own, in calls.c */
} kinds[] = {
    [REQUEST_HELLO] = {sync_hello_reply, HELLO_MS},
    [REQUEST_LOGIN] = {sync_login_reply, HELLO_MS},
    [REQUEST_SUBSCRIBE] = {sync_subscribe_reply, CALL_MS},
    [REQUEST_PROBE] = {sync_probe_reply, CALL_MS},
    [REQUEST_APPEND] = {sync_append_reply, CALL_MS},
    [REQUEST_OFFER] = {sync_offer_reply, CALL_MS},
    [REQUEST_CALL] = {sync_call_reply, 0},
};

bool sync_room(const struct sync *sync, bool spare)
{
    uint32_t limit = sync->limit;
    if (!spare)
        limit = limit > REQUESTS_SPARE ? limit - REQUESTS_SPARE : 1;
    return sync->outstanding < limit;
}

struct request *sync_request(struct sync *sync, enum request_kind kind, enum council_method method)
{
    struct request *request = NULL;
    for (uint32_t i = 0; i < REQUESTS_MAX && !request; i++) {
        if (!sync->requests[i].id)
            request = &sync->requests[i];
    }
    if (!request)
        return NULL;
    memset(request, 0, sizeof(*request));
    request->id = ++sync->last_id;
    request->kind = kind;
    request->method = method;
    request->deadline = kinds[kind].timeout_ms ? sync->now + kinds[kind].timeout_ms : NEVER;
    sync->outstanding++;
    council_frame_reset(&sync->frame);
    council_rpc_write_call(&sync->frame, request->id, method);
    return request;
}

static void release(struct sync *sync, struct request *request)
{
    request->id = 0;
    sync->outstanding--;
}

enum council_error sync_request_send(struct sync *sync, struct request *request)
{
    enum council_error error = council_frame_end(&sync->frame);
    if (error) {
        release(sync, request);
        return error;
    }
    sync->ops->send(sync->ctx, council_frame_text(&sync->frame), sync->frame.len);
    return COUNCIL_OK;
}

enum council_error sync_request_send_raw(struct sync *sync, struct request *request,
                                         const char *params)
{
    size_t size =
        strlen(params) + 256; /* the envelope with the longest method's name is far shorter */
    char *text = malloc(size);
    if (!text) {
        release(sync, request);
        return COUNCIL_E_NO_MEMORY;
    }
    int len = snprintf(text, size,
                       "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":%s}",
                       request->id, council_method_info(request->method)->name, params);
    sync->ops->send(sync->ctx, text, (uint32_t)len);
    free(text);
    return COUNCIL_OK;
}

void sync_request_drop(struct sync *sync, struct request *request)
{
    release(sync, request);
}

static struct request *request_of(struct sync *sync, const struct council_rpc_id *id)
{
    if (id->kind != COUNCIL_RPC_ID_INT || id->number == 0)
        return NULL;
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        if (sync->requests[i].id == id->number)
            return &sync->requests[i];
    }
    return NULL;
}

void sync_answer(struct sync *sync, const struct council_rpc *rpc)
{
    struct request *slot = request_of(sync, &rpc->id);
    if (!slot) {
        /* Without an id it is about the connection (a frame that the server could not read); else somebody stopped waiting. */
        if (rpc->kind == COUNCIL_RPC_FAILURE && rpc->id.kind == COUNCIL_RPC_ID_NULL)
            sync_begin_close(sync, rpc->failure.error);
        return;
    }
    struct request request = *slot;
    release(sync, slot);
    struct reply reply = {0};
    if (rpc->kind == COUNCIL_RPC_FAILURE) {
        reply.failure = &rpc->failure;
    } else {
        const char *field = NULL;
        if (council_rpc_check_result(request.method, rpc->result, &field)) {
            if (request.kind == REQUEST_CALL)
                sync_call_lost(sync, &request, COUNCIL_E_BAD_REPLY);
            sync_bad_reply(sync, field);
            return;
        }
        reply.result = rpc->result;
    }
    kinds[request.kind].reply(sync, &request, &reply);
}

void sync_requests_tick(struct sync *sync)
{
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        if (!sync->requests[i].id || sync->now < sync->requests[i].deadline)
            continue;
        /* A server that does not answer this does not answer anything: what was sent is settled on the next connection. */
        sync->requests[i].deadline = NEVER;
        sync_begin_close(sync, COUNCIL_E_TIMEOUT);
    }
}

void sync_requests_drop(struct sync *sync, enum council_error why)
{
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        struct request request = sync->requests[i];
        if (!request.id)
            continue;
        release(sync, &sync->requests[i]);
        if (request.kind == REQUEST_CALL)
            sync_call_lost(sync, &request, why);
    }
}
