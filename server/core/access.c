/*
 * access.c - who may read what of a log. See access.h.
 */
#include "server/core/access.h"

#include <string.h>

#include "server/core/logs.h"

static void allow(struct core *core, struct core_call *call, enum store_log_kind kind, uint64_t seq,
                  const uint8_t head[COUNCIL_HASH_BYTES])
{
    call->access.kind = kind;
    call->access.seq = seq;
    memcpy(call->access.head, head, COUNCIL_HASH_BYTES);
    call->access.then(core, call);
}

/* ---- somebody else's member log ---- */

static void shares_asked(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    /* Who leads a proposal reads, and is not told what comes later: nobody would end that with the proposal. */
    bool reads = job->u.shares.leads && call->rpc.method == COUNCIL_METHOD_LOG_READ;
    if (job->status != STORE_OK) {
        core_store_failed(core, "sharing_not_read", job->status);
        core_call_fail(core, call, COUNCIL_E_INTERNAL);
    } else if (!job->u.shares.shares && !reads) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    } else {
        call->access.then(core, call);
    }
}

static void ask_shares(struct core *core, struct core_call *call)
{
    call->job.type = CORE_JOB_SHARES;
    call->job.u.shares = (struct core_job_shares){.shares = false};
    memcpy(call->job.u.shares.one, call->member, COUNCIL_KEY_BYTES);
    memcpy(call->job.u.shares.other, call->access.log, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, shares_asked, call);
}

/* ---- an invite ---- */

static void invite_loaded(struct core *core, struct core_call *call)
{
    const struct core_log *log = call->log;
    const struct council_invite *invite = NULL;
    if (log->fold->kind == STORE_LOG_COUNCIL) {
        invite = council_invite(&log->fold->council, call->access.invite);
    }
    bool open = invite != NULL && !invite->closed && invite->used < invite->uses &&
                invite->expires > core->expiry_ms;
    if (!open || !log->known) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
        return;
    }
    call->access.texts_only = true;
    call->access.recovery = log->recovery;
    allow(core, call, log->kind, log->seq, log->head);
}

/* ---- what the store says ---- */

static void access_read(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_access *access = &call->access;
    if (job->status != STORE_OK) {
        bool absent = job->status == STORE_NOT_FOUND;
        if (!absent) {
            core_store_failed(core, "access_not_read", job->status);
        }
        core_call_fail(core, call, absent ? COUNCIL_E_NOT_FOUND : COUNCIL_E_INTERNAL);
        return;
    }
    const struct store_log_info info = job->u.access.info;
    const struct store_membership *membership = &job->u.access.membership;
    access->recovery = info.recovery;
    access->brought = info.brought;
    if (info.kind == STORE_LOG_MEMBER) {
        access->kind = info.kind;
        access->seq = info.seq;
        memcpy(access->head, info.head, COUNCIL_HASH_BYTES);
        if (memcmp(access->log, call->member, COUNCIL_KEY_BYTES) == 0) {
            access->then(core, call);
        } else {
            ask_shares(core, call);
        }
    } else if (job->u.access.known && membership->until_seq == 0) {
        allow(core, call, info.kind, info.seq, info.head);
    } else if (job->u.access.known && access->invite == NULL) {
        access->former = true;
        uint8_t head[COUNCIL_HASH_BYTES];
        memcpy(head, job->u.access.until_head, sizeof head);
        allow(core, call, info.kind, membership->until_seq, head);
    } else if (access->invite != NULL) {
        core_log_require(core, call, access->log, invite_loaded);
    } else {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    }
}

/* What memory knows for sure: own member log, and logs whose fold has the caller as a member now. */
static bool known_here(const struct core_log *log, const struct core_call *call)
{
    if (log == NULL || !log->known) {
        return false;
    }
    if (log->kind == STORE_LOG_MEMBER) {
        return memcmp(log->key, call->member, COUNCIL_KEY_BYTES) == 0;
    }
    const struct council_person *person = log->state == CORE_LOG_RESIDENT && !log->failed
                                              ? council_person(&log->fold->council, call->member)
                                              : NULL;
    return person != NULL && person->member;
}

void core_access_ask(struct core *core, struct core_call *call, const uint8_t *invite,
                     core_call_fn *then)
{
    struct core_access *access = &call->access;
    *access = (struct core_access){.invite = invite, .then = then};
    if (!council_rpc_bytes(call->rpc.params, "log", access->log, COUNCIL_KEY_BYTES)) {
        core_call_fail(core, call, COUNCIL_E_INVALID_PARAMS);
        return;
    }
    const struct core_log *log = core_log_find(core, access->log);
    if (known_here(log, call)) {
        access->recovery = log->recovery;
        allow(core, call, log->kind, log->seq, log->head);
        return;
    }
    call->job.type = CORE_JOB_ACCESS;
    call->job.u.access = (struct core_job_access){.has_member = true};
    memcpy(call->job.u.access.log, access->log, COUNCIL_KEY_BYTES);
    memcpy(call->job.u.access.member, call->member, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, access_read, call);
}
