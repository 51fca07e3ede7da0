/*
 * login.c - server.hello and auth.login: from a connection to a session.
 *
 * Owns section 9.2 of protocol/README.md. Invariant: a challenge serves one login, within its time on the monotonic clock; whatever is
 * wrong with a login, the answer is the same.
 */
#include <stdio.h>
#include <string.h>

#include "server/core/logs.h"

static const char *const registration_words[] = {
    [CORE_REGISTER_OPEN] = "open",
    [CORE_REGISTER_CODE] = "code",
    [CORE_REGISTER_CLOSED] = "closed",
};

void core_challenge(const struct core *core, const struct core_conn *conn,
                    struct council_challenge *out)
{
    memset(out, 0, sizeof *out);
    const char *origin = conn->origin == CORE_ORIGIN_UNIX ? "unix:" : core->origin;
    (void)snprintf(out->origin, sizeof out->origin, "%s", origin);
    memcpy(out->server, core->server_key, COUNCIL_KEY_BYTES);
    memcpy(out->client_nonce, conn->client_nonce, COUNCIL_NONCE_BYTES);
    memcpy(out->server_nonce, conn->server_nonce, COUNCIL_NONCE_BYTES);
    out->expires = conn->expires_ms;
}

static void write_successions(const struct core *core, struct council_frame *out)
{
    if (core->succession_count == 0) {
        return;
    }
    council_rpc_field_open(out, "successions", '[');
    for (uint32_t i = 0; i < core->succession_count; i++) {
        const struct council_succession *succession = &core->successions[i];
        council_rpc_field_open(out, NULL, '{');
        council_rpc_field_bytes(out, "from", succession->from, COUNCIL_KEY_BYTES);
        council_rpc_field_bytes(out, "to", succession->to, COUNCIL_KEY_BYTES);
        council_rpc_field_bytes(out, "sig", succession->sig, COUNCIL_SIG_BYTES);
        council_rpc_field_close(out, '}');
    }
    council_rpc_field_close(out, ']');
}

enum council_error core_do_hello(struct core *core, struct core_conn *conn, struct core_call *call)
{
    if (!council_rpc_bytes(call->rpc.params, "nonce", conn->client_nonce, COUNCIL_NONCE_BYTES)) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    core->ops.random(core->ops.ctx, conn->server_nonce, COUNCIL_NONCE_BYTES);
    conn->expires_ms = core->wall_ms + COUNCIL_LOGIN_TTL_MS;
    conn->deadline_ms = core->mono_ms + COUNCIL_LOGIN_TTL_MS;
    struct council_challenge challenge;
    uint8_t sig[COUNCIL_SIG_BYTES];
    core_challenge(core, conn, &challenge);
    if (!council_hello_sign(sig, core->server_secret, &challenge)) {
        return COUNCIL_E_INTERNAL;
    }
    conn->state = CORE_GREETED;
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_string(&out, "origin", challenge.origin);
    council_rpc_field_bytes(&out, "server", core->server_key, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&out, "nonce", conn->server_nonce, COUNCIL_NONCE_BYTES);
    council_rpc_field_int(&out, "expires", conn->expires_ms);
    council_rpc_field_bytes(&out, "sig", sig, sizeof sig);
    council_rpc_field_int(&out, "now", core->wall_ms);
    council_rpc_field_string(&out, "registration", registration_words[core->registration]);
    council_rpc_field_string(&out, "version", core->version);
    council_rpc_field_open(&out, "limits", '{');
    council_rpc_field_int(&out, "frame", COUNCIL_FRAME_MAX);
    council_rpc_field_int(&out, "entries", CORE_PAGE_ENTRIES);
    council_rpc_field_int(&out, "outstanding", core->limits.outstanding);
    council_rpc_field_close(&out, '}');
    council_rpc_field_int(&out, "recovering", core->restored_logs > 0 ? 1 : 0);
    write_successions(core, &out);
    core_call_answer(core, call, &out);
    return COUNCIL_OK;
}

/* ---- auth.login ---- */

static void work_login(struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_login *login = &call->u.login;
    login->good = council_login_verify(login->sig, login->device, &login->challenge,
                                       login->recovery ? NULL : login->member,
                                       login->recovery ? "recovery" : "device");
}

/* The member log is there: is this one of its keys, now? */
static void loaded(struct core *core, struct core_call *call)
{
    const struct core_login *login = &call->u.login;
    const struct core_fold *fold = call->log->fold;
    bool good = call->log->seq > 0 && fold->kind == STORE_LOG_MEMBER && !call->log->failed;
    if (good && login->recovery) {
        good = council_member_is_recovery(&fold->member, login->device);
    } else if (good) {
        good = council_member_device(&fold->member, login->device) != NULL;
    }
    struct core_conn *conn = core_conn_find(core, call->session);
    if (!good || conn == NULL) {
        core_call_fail(core, call, COUNCIL_E_LOGIN_REFUSED);
        return;
    }
    conn->state = login->recovery ? CORE_RECOVERY : CORE_DEVICE;
    core->recovery_count += login->recovery ? 1 : 0;
    core->stats.members_online++;
    memcpy(conn->member, login->member, COUNCIL_KEY_BYTES);
    memcpy(conn->device, login->device, COUNCIL_KEY_BYTES);
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_bytes(&out, "member", login->member, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&out, "now", core->wall_ms);
    core_call_answer(core, call, &out);
}

static void recovery_found(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    if (job->status == STORE_NOT_FOUND) {
        core_call_fail(core, call, COUNCIL_E_LOGIN_REFUSED);
    } else if (job->status != STORE_OK) {
        core_store_failed(core, "recovery_not_read", job->status);
        core_call_fail(core, call, COUNCIL_E_INTERNAL);
    } else {
        memcpy(call->u.login.member, job->u.recovery.member, COUNCIL_KEY_BYTES);
        core_log_require(core, call, call->u.login.member, loaded);
    }
}

static void verified(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    const struct core_login *login = &call->u.login;
    if (!login->good) {
        core_call_fail(core, call, COUNCIL_E_LOGIN_REFUSED);
    } else if (login->recovery) {
        job->type = CORE_JOB_RECOVERY;
        memcpy(job->u.recovery.key, login->device, COUNCIL_KEY_BYTES);
        core_submit(core, job, recovery_found, call);
    } else {
        core_log_require(core, call, login->member, loaded);
    }
}

enum council_error core_do_login(struct core *core, struct core_conn *conn, struct core_call *call)
{
    struct core_login *login = &call->u.login;
    const json_t *params = call->rpc.params;
    const char *purpose = council_rpc_string(params, "purpose", 16);
    login->recovery = purpose != NULL && strcmp(purpose, "recovery") == 0;
    if (login->recovery == council_rpc_has(params, "member") ||
        !council_rpc_bytes(params, "device", login->device, COUNCIL_KEY_BYTES) ||
        !council_rpc_bytes(params, "sig", login->sig, COUNCIL_SIG_BYTES) ||
        (!login->recovery &&
         !council_rpc_bytes(params, "member", login->member, COUNCIL_KEY_BYTES))) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    if (conn->challenged || core->mono_ms > conn->deadline_ms) {
        return COUNCIL_E_LOGIN_EXPIRED;
    }
    conn->challenged = true;
    core_challenge(core, conn, &login->challenge);
    call->job.yields = true; /* who comes back lets those who are there write */
    core_submit_work(core, &call->job, work_login, verified, call, login->device);
    return COUNCIL_OK;
}
