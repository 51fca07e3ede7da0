/*
 * call.c - calls: made of a message, answered once, ended.
 *
 * Owns how an error becomes an answer and what an answer does to the connection. Invariant: every call ends through
 * core_call_end, which lets go of its log and of what it counted.
 */
#include "server/core/state.h"

#include <stdlib.h>
#include <string.h>

#include "server/core/logs.h"

void core_pressure(struct core *core)
{
    const struct core_limits *limits = &core->limits;
    bool above = core->queue_entries > limits->queue_entries ||
                 core->queue_bytes > limits->queue_bytes || core->call_count > limits->calls;
    bool below = core->queue_entries <= limits->queue_entries / 2 &&
                 core->queue_bytes <= limits->queue_bytes / 2 &&
                 core->call_count <= limits->calls / 2;
    if (core->broken || (core->paused ? !below : !above)) {
        return;
    }
    core->paused = !core->paused;
    core->ops.pause(core->ops.ctx, core->paused);
}

static void list(struct core *core, struct core_call *call)
{
    call->all_next = core->calls;
    if (core->calls != NULL) {
        core->calls->all_prev = call;
    }
    core->calls = call;
    core->call_count++;
    core_pressure(core);
}

struct core_call *core_call_create(struct core *core, struct core_conn *conn,
                                   struct council_rpc *rpc)
{
    struct core_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    call->session = conn->handle;
    call->recovery = conn->state == CORE_RECOVERY;
    memcpy(call->member, conn->member, sizeof call->member);
    memcpy(call->device, conn->device, sizeof call->device);
    call->rpc = *rpc;
    conn->outstanding++;
    list(core, call);
    core->stats.calls++;
    return call;
}

struct core_call *core_call_create_part(struct core *core, struct core_call *parent, uint32_t part)
{
    struct core_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    memcpy(call->member, parent->member, sizeof call->member);
    memcpy(call->device, parent->device, sizeof call->device);
    call->parent = parent;
    call->part = part;
    list(core, call);
    return call;
}

static void release(struct core *core, struct core_call *call)
{
    if (call->fini != NULL) {
        call->fini(core, call);
    }
    council_rpc_fini(&call->rpc);
    free(call);
}

void core_call_end(struct core *core, struct core_call *call)
{
    struct core_conn *conn = core_conn_find(core, call->session);
    if (conn != NULL) {
        conn->outstanding--;
    }
    if (call->all_prev != NULL) {
        call->all_prev->all_next = call->all_next;
    } else {
        core->calls = call->all_next;
    }
    if (call->all_next != NULL) {
        call->all_next->all_prev = call->all_prev;
    }
    struct core_log *log = call->log;
    struct core_call *parent = call->parent;
    const uint32_t part = call->part;
    const enum council_error error = call->error;
    core->call_count--;
    release(core, call);
    core_pressure(core);
    if (log != NULL) {
        core_log_unpin(core, log);
    }
    if (parent != NULL) {
        core_offer_part(core, parent, part, error);
    }
}

void core_calls_fini(struct core *core)
{
    while (core->calls != NULL) {
        struct core_call *call = core->calls;
        core->calls = call->all_next;
        release(core, call);
    }
}

/* What may cross the wire. */
static enum council_error outward(enum council_error error)
{
    enum council_error_class class = council_error_info(error)->class;
    bool inner = class == COUNCIL_CLASS_LOCAL || class == COUNCIL_CLASS_READ || error == COUNCIL_OK;
    return inner ? COUNCIL_E_INTERNAL : error;
}

void core_refuse(struct core *core, struct core_conn *conn, const struct council_rpc_id *id,
                 enum council_method method, enum council_error error, const char *detail,
                 uint64_t retry_after_ms)
{
    error = outward(error);
    const struct council_error_info *info = council_error_info(error);
    const struct council_method_info *called = council_method_info(method);
    core->stats.calls_failed++;
    core_report(core, "call_failed", conn->handle, called != NULL ? called->name : NULL,
                info->name);
    struct council_frame out;
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    bool sent = false;
    if (council_rpc_write_error(&out, id, error, detail, retry_after_ms) == COUNCIL_OK) {
        struct core_frame *frame = core_frame_create(&out);
        if (frame != NULL) {
            core_conn_send(core, conn, frame);
            core_frame_unref(frame);
            sent = true;
        }
    }
    council_frame_fini(&out);
    /* A call that cannot be answered must not be waited for. */
    if (info->closes || !sent) {
        core_conn_close(core, conn, CORE_CLOSE_POLICY, info->name);
    }
}

static void fail(struct core *core, struct core_call *call, enum council_error error,
                 const char *detail, uint64_t retry_after_ms)
{
    struct core_conn *conn = core_conn_find(core, call->session);
    call->error = error;
    if (conn != NULL) {
        core_refuse(core, conn, &call->rpc.id, call->rpc.method, error, detail, retry_after_ms);
    }
    core_call_end(core, call);
}

void core_call_fail_late(struct core *core, struct core_call *call, enum council_error error,
                         uint64_t retry_after_ms)
{
    fail(core, call, error, NULL, retry_after_ms);
}

void core_call_fail_detail(struct core *core, struct core_call *call, enum council_error error,
                           const char *detail)
{
    fail(core, call, error, detail, 0);
}

void core_call_fail(struct core *core, struct core_call *call, enum council_error error)
{
    core_call_fail_late(core, call, error, 0);
}

void core_call_result(struct core_call *call, struct council_frame *out)
{
    council_frame_init(out, CORE_FRAME_HEADROOM);
    council_rpc_write_result(out, &call->rpc.id);
}

void core_call_answer(struct core *core, struct core_call *call, struct council_frame *written)
{
    struct core_conn *conn = core_conn_find(core, call->session);
    if (conn == NULL) {
        council_frame_fini(written);
    } else if (!core_conn_send_written(core, conn, written)) {
        core_refuse(core, conn, &call->rpc.id, call->rpc.method, COUNCIL_E_INTERNAL, NULL, 0);
    }
    core_call_end(core, call);
}
