/*
 * presence.c - who is in the room, and the signals that they send each other. Nothing of it is stored.
 *
 * Owns presence.join, presence.leave, presence.signal. Must not know what a signal says. Invariant: only sessions that are present get or send anything,
 * and a session is present only while its member is one of the log.
 */
#include <stdlib.h>
#include <string.h>

#include "server/core/access.h"
#include "server/core/hub.h"
#include "server/core/logs.h"

/* Ends `written` and sends it to everybody present but `self`. */
static void broadcast(struct core *core, struct core_log *log, const struct core_conn *self,
                      struct council_frame *written)
{
    struct core_frame *frame =
        council_frame_end(written) == COUNCIL_OK ? core_frame_create(written) : NULL;
    council_frame_fini(written);
    for (struct core_follow *f = log->follows; frame != NULL && f != NULL; f = f->log_next) {
        /* A hint is not worth more memory than the log itself gets. */
        if (f->present && f->conn != self && f->conn->queued <= core->limits.live_bytes) {
            core_conn_send(core, f->conn, frame);
        }
    }
    core_frame_unref(frame);
}

/* Tells the others, unless the same device is present by another connection too. */
static void announce(struct core *core, const struct core_follow *follow, bool present)
{
    const struct core_conn *conn = follow->conn;
    struct core_log *log = follow->log;
    for (const struct core_follow *f = log->follows; f != NULL; f = f->log_next) {
        if (f != follow && f->present &&
            memcmp(f->conn->device, conn->device, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(f->conn->member, conn->member, COUNCIL_KEY_BYTES) == 0) {
            return;
        }
    }
    struct council_frame out;
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    council_rpc_write_notification(&out, COUNCIL_NOTIFICATION_PRESENCE);
    council_rpc_field_bytes(&out, "log", log->key, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&out, "member", conn->member, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&out, "device", conn->device, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&out, "present", present ? 1 : 0);
    broadcast(core, log, conn, &out);
}

void core_presence_end(struct core *core, struct core_follow *follow)
{
    follow->present = false;
    announce(core, follow, false);
    core_follow_settle(core, follow);
}

static bool listed_before(const struct core_follow *follow)
{
    for (const struct core_follow *f = follow->log->follows; f != follow; f = f->log_next) {
        if (f->present && memcmp(f->conn->device, follow->conn->device, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(f->conn->member, follow->conn->member, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void join(struct core *core, struct core_call *call)
{
    struct core_conn *conn = core_conn_find(core, call->session);
    enum council_error error = COUNCIL_E_NOT_FOUND;
    if (conn == NULL || call->access.former || call->access.kind == STORE_LOG_MEMBER) {
        core_call_fail(core, call, error);
        return;
    }
    call->log = core_log_pin(core, call->access.log);
    error = COUNCIL_E_INTERNAL;
    struct core_follow *follow =
        call->log != NULL ? core_follow_make(core, conn, call->log, &error) : NULL;
    if (follow == NULL) {
        core_call_fail(core, call, error);
        return;
    }
    if (!follow->present) {
        announce(core, follow, true);
        follow->present = true;
    }
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_open(&out, "present", '[');
    uint32_t count = 0;
    for (const struct core_follow *f = call->log->follows; f != NULL && count < 1024;
         f = f->log_next) {
        if (f->present && !listed_before(f)) {
            council_rpc_field_open(&out, NULL, '{');
            council_rpc_field_bytes(&out, "member", f->conn->member, COUNCIL_KEY_BYTES);
            council_rpc_field_bytes(&out, "device", f->conn->device, COUNCIL_KEY_BYTES);
            council_rpc_field_close(&out, '}');
            count++;
        }
    }
    council_rpc_field_close(&out, ']');
    core_call_answer(core, call, &out);
}

enum council_error core_do_join(struct core *core, struct core_conn *conn, struct core_call *call)
{
    (void)conn;
    core_access_ask(core, call, NULL, join);
    return COUNCIL_OK;
}

/* The caller's presence in the log of the params, or NULL. */
static struct core_follow *presence_of(const struct core *core, const struct core_conn *conn,
                                       const struct core_call *call)
{
    uint8_t key[COUNCIL_KEY_BYTES];
    if (!council_rpc_bytes(call->rpc.params, "log", key, sizeof key)) {
        return NULL;
    }
    const struct core_log *log = core_log_find(core, key);
    struct core_follow *follow = log != NULL ? core_follow_find(conn, log) : NULL;
    return follow != NULL && follow->present ? follow : NULL;
}

enum council_error core_do_leave(struct core *core, struct core_conn *conn, struct core_call *call)
{
    struct core_follow *follow = presence_of(core, conn, call);
    if (follow != NULL) {
        core_presence_end(core, follow);
    }
    struct council_frame out;
    core_call_result(call, &out);
    core_call_answer(core, call, &out);
    return COUNCIL_OK;
}

/* ---- presence.signal ---- */

static void signal_fini(struct core *core, struct core_call *call)
{
    (void)core;
    free(call->u.signal.data);
}

static void work_signal(struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_signal *signal = &call->u.signal;
    uint8_t epoch[8], hash[COUNCIL_HASH_BYTES];
    council_u64be(epoch, signal->epoch);
    council_hash(hash, signal->data, signal->len);
    const struct council_field fields[] = {COUNCIL_F(call->access.log), COUNCIL_F(signal->id),
                                           COUNCIL_F(epoch), COUNCIL_F(hash)};
    signal->good = council_verify_p(signal->sig, call->device, "council/v1/signal", fields,
                                    sizeof fields / sizeof fields[0]);
}

static void signal_verified(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    const struct core_signal *signal = &call->u.signal;
    struct core_conn *conn = core_conn_find(core, call->session);
    struct core_follow *follow = conn != NULL ? presence_of(core, conn, call) : NULL;
    if (!signal->good || follow == NULL) {
        core_call_fail(core, call, signal->good ? COUNCIL_E_NOT_FOUND : COUNCIL_E_BAD_SIGNATURE);
        return;
    }
    struct council_frame out;
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    council_rpc_write_notification(&out, COUNCIL_NOTIFICATION_SIGNAL);
    council_rpc_field_bytes(&out, "log", call->access.log, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&out, "member", call->member, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&out, "device", call->device, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&out, "id", signal->id, COUNCIL_ID_BYTES);
    council_rpc_field_int(&out, "epoch", signal->epoch);
    council_rpc_field_bytes(&out, "data", signal->data, signal->len);
    council_rpc_field_bytes(&out, "sig", signal->sig, COUNCIL_SIG_BYTES);
    broadcast(core, follow->log, conn, &out);
    core_call_result(call, &out);
    core_call_answer(core, call, &out);
}

enum council_error core_do_signal(struct core *core, struct core_conn *conn, struct core_call *call)
{
    struct core_signal *signal = &call->u.signal;
    const json_t *params = call->rpc.params;
    const struct core_follow *follow = presence_of(core, conn, call);
    if (follow == NULL) {
        return COUNCIL_E_NOT_FOUND;
    }
    memcpy(call->access.log, follow->log->key, COUNCIL_KEY_BYTES);
    call->fini = signal_fini;
    if (!council_rpc_bytes(params, "id", signal->id, COUNCIL_ID_BYTES) ||
        !council_rpc_bytes(params, "sig", signal->sig, COUNCIL_SIG_BYTES) ||
        !council_rpc_int(params, "epoch", 1, COUNCIL_INT_MAX, &signal->epoch)) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    enum {
        SIGNAL_MAX = 4096 + COUNCIL_DATA_OVERHEAD
    };
    enum council_error error =
        council_rpc_data(params, "data", COUNCIL_PLAIN_MIN + COUNCIL_DATA_OVERHEAD, SIGNAL_MAX,
                         &signal->data, &signal->len);
    if (error != COUNCIL_OK) {
        return error;
    }
    core_submit_work(core, &call->job, work_signal, signal_verified, call, call->device);
    return COUNCIL_OK;
}
