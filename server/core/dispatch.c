/*
 * dispatch.c - from a message to its method: the gates that every call passes, in one order.
 *
 * Owns that order: size, parse, look-up, state, outstanding, cost, fields. Must not know what any method does. Invariant: a message
 * leads to one call or to one refusal.
 */
#include "server/core/state.h"

#include <string.h>

typedef enum council_error handler(struct core *, struct core_conn *, struct core_call *);

static handler *const handlers[COUNCIL_METHOD_COUNT] = {
    [COUNCIL_METHOD_RPC_DISCOVER] = core_do_discover,
    [COUNCIL_METHOD_SERVER_HELLO] = core_do_hello,
    [COUNCIL_METHOD_AUTH_LOGIN] = core_do_login,
    [COUNCIL_METHOD_MEMBER_REGISTER] = core_do_register,
    [COUNCIL_METHOD_LOG_APPEND] = core_do_append,
    [COUNCIL_METHOD_LOG_READ] = core_do_read,
    [COUNCIL_METHOD_LOG_SUBSCRIBE] = core_do_subscribe,
    [COUNCIL_METHOD_LOG_OFFER] = core_do_offer,
    [COUNCIL_METHOD_COUNCIL_LIST] = core_do_list,
    [COUNCIL_METHOD_PRESENCE_JOIN] = core_do_join,
    [COUNCIL_METHOD_PRESENCE_LEAVE] = core_do_leave,
    [COUNCIL_METHOD_PRESENCE_SIGNAL] = core_do_signal,
    [COUNCIL_METHOD_FEED_CREATE] = core_do_feed_create,
    [COUNCIL_METHOD_FEED_LIST] = core_do_feed_list,
    [COUNCIL_METHOD_FEED_REVOKE] = core_do_feed_revoke,
    [COUNCIL_METHOD_POOL_REGISTER] = core_do_pool_register,
    [COUNCIL_METHOD_POOL_SHOW] = core_do_pool_show,
    [COUNCIL_METHOD_POOL_WITHDRAW] = core_do_pool_withdraw,
    [COUNCIL_METHOD_POOL_ANSWER] = core_do_pool_answer,
    [COUNCIL_METHOD_POOL_INVITE] = core_do_pool_invite,
    [COUNCIL_METHOD_POOL_REFILL] = core_do_pool_refill,
    [COUNCIL_METHOD_MAIL_SET] = core_do_mail_set,
    [COUNCIL_METHOD_MAIL_CONFIRM] = core_do_mail_confirm,
    [COUNCIL_METHOD_MAIL_SHOW] = core_do_mail_show,
    [COUNCIL_METHOD_MAIL_STOP] = core_do_mail_stop,
    [COUNCIL_METHOD_MAIL_NUDGE] = core_do_mail_nudge,
};

/* May a method of `wanted` be called in `state`? */
static enum council_error check_state(enum council_method_state wanted, enum core_state state)
{
    static const enum council_error table[][CORE_RECOVERY + 1] = {
        [COUNCIL_STATE_FRESH] = {COUNCIL_OK, COUNCIL_E_HELLO_AGAIN, COUNCIL_E_HELLO_AGAIN,
                                 COUNCIL_E_HELLO_AGAIN},
        [COUNCIL_STATE_GREETED] = {COUNCIL_E_HELLO_FIRST, COUNCIL_OK, COUNCIL_E_LOGIN_AGAIN,
                                   COUNCIL_E_LOGIN_AGAIN},
        [COUNCIL_STATE_MEMBER] = {COUNCIL_E_HELLO_FIRST, COUNCIL_E_LOGIN_FIRST, COUNCIL_OK,
                                  COUNCIL_E_RECOVERY_ONLY},
        [COUNCIL_STATE_READER] = {COUNCIL_E_HELLO_FIRST, COUNCIL_E_LOGIN_FIRST, COUNCIL_OK,
                                  COUNCIL_OK},
        [COUNCIL_STATE_ALWAYS] = {COUNCIL_OK, COUNCIL_OK, COUNCIL_OK, COUNCIL_OK},
    };
    return table[wanted][state];
}

/* Takes the cost from the device's bucket, before login from the address's. 0, or when to try again. */
static uint64_t charge(struct core *core, const struct core_conn *conn, uint32_t cost)
{
    if (core_conn_logged_in(conn)) {
        return core_bucket_take(core, CORE_BUCKET_DEVICE, conn->device, cost);
    }
    return conn->counted ? core_bucket_take(core, CORE_BUCKET_ADDRESS, conn->address, cost) : 0;
}

/* Look-up, state, outstanding, cost, fields. */
static enum council_error admit(struct core *core, const struct core_conn *conn,
                                const struct council_rpc *rpc, const char **detail,
                                uint64_t *retry_after_ms)
{
    if (rpc->kind != COUNCIL_RPC_CALL) {
        return COUNCIL_E_INVALID_REQUEST;
    }
    const struct council_method_info *method = council_method_info(rpc->method);
    enum council_error error =
        method != NULL ? check_state(method->state, conn->state) : COUNCIL_E_UNKNOWN_METHOD;
    if (error == COUNCIL_OK && conn->outstanding >= core->limits.outstanding) {
        error = COUNCIL_E_TOO_MANY_CALLS;
    }
    *retry_after_ms = charge(core, conn, error == COUNCIL_OK ? method->cost : 1);
    if (error != COUNCIL_OK) {
        *retry_after_ms = 0;
        return error;
    }
    if (*retry_after_ms > 0) {
        return COUNCIL_E_RATE_LIMITED;
    }
    return rpc->quick ? COUNCIL_OK : council_rpc_check_params(rpc->method, rpc->params, detail);
}

/* What can be said before anything is parsed. */
static enum council_error check_message(struct core *core, struct core_conn *conn, uint32_t len)
{
    if (core->stopping) {
        return COUNCIL_E_GOING_AWAY;
    }
    if (conn->queued > core->limits.session_bytes) {
        return COUNCIL_E_TOO_MANY_CALLS; /* who does not read the answers asks no more */
    }
    if (len > core_message_max(core, conn->handle)) {
        return COUNCIL_E_FRAME_TOO_LARGE;
    }
    if (!core_conn_logged_in(conn) && ++conn->messages > core->limits.fresh_messages) {
        return COUNCIL_E_TOO_MANY_CALLS;
    }
    return COUNCIL_OK;
}

void core_message(struct core *core, core_session session, const char *text, uint32_t len)
{
    struct core_conn *conn = core_conn_find(core, session);
    if (conn == NULL || core->broken) {
        return;
    }
    struct council_rpc rpc;
    enum council_error error = check_message(core, conn, len);
    if (error != COUNCIL_OK) {
        core_refuse(core, conn, NULL, COUNCIL_METHOD_COUNT, error, NULL, 0);
        return;
    }
    error = council_rpc_quick(&rpc, text, len) ? COUNCIL_OK : council_rpc_parse(&rpc, text, len);
    if (error != COUNCIL_OK) {
        core_refuse(core, conn, &rpc.id, COUNCIL_METHOD_COUNT, error, NULL, 0);
        return;
    }
    const char *detail = NULL;
    uint64_t retry_after_ms = 0;
    struct core_call *call = NULL;
    error = admit(core, conn, &rpc, &detail, &retry_after_ms);
    if (error == COUNCIL_OK) {
        call = core_call_create(core, conn, &rpc);
        error = call != NULL ? COUNCIL_OK : COUNCIL_E_INTERNAL;
    }
    if (call == NULL) {
        enum council_method method =
            rpc.kind == COUNCIL_RPC_CALL ? rpc.method : COUNCIL_METHOD_COUNT;
        core_refuse(core, conn, &rpc.id, method, error, detail, retry_after_ms);
        council_rpc_fini(&rpc);
        return;
    }
    error = handlers[call->rpc.method](core, conn, call);
    if (error != COUNCIL_OK) {
        core_call_fail(core, call, error);
    }
}

void core_too_large(struct core *core, core_session session)
{
    struct core_conn *conn = core_conn_find(core, session);
    if (conn != NULL && !core->broken) {
        core_refuse(core, conn, NULL, COUNCIL_METHOD_COUNT, COUNCIL_E_FRAME_TOO_LARGE, NULL, 0);
    }
}

enum council_error core_do_discover(struct core *core, struct core_conn *conn,
                                    struct core_call *call)
{
    struct council_frame out;
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    if (council_rpc_write_result_raw(&out, &call->rpc.id, core->discover,
                                     (uint32_t)strlen(core->discover)) != COUNCIL_OK) {
        council_frame_fini(&out);
        return COUNCIL_E_INTERNAL;
    }
    struct core_frame *frame = core_frame_create(&out);
    council_frame_fini(&out);
    if (frame == NULL) {
        return COUNCIL_E_INTERNAL;
    }
    core_conn_send(core, conn, frame);
    core_frame_unref(frame);
    core_call_end(core, call);
    return COUNCIL_OK;
}
