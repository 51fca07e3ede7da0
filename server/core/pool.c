/*
 * pool.c - the calls of the pool: from params to the store and back.
 *
 * Owns what each pool.* call answers and which errors it can have. Must not know groups. Invariant: a call asks the store once, and is answered
 * after what it changed is on disk.
 */
#include "server/core/pool.h"

#include <stdlib.h>
#include <string.h>

#include "server/core/logs.h"

enum {
    DAY_MS = 86400000
};

static bool among(const struct store_pool_news *news, const uint8_t member[STORE_ID_BYTES])
{
    for (uint32_t i = 0; i < news->n_members; i++) {
        if (memcmp(news->members[i], member, STORE_ID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

void core_pool_tell(struct core *core, const struct store_pool_news *news)
{
    struct core_frame *frame = NULL;
    struct council_frame out;

    if (news->n_members == 0) {
        return;
    }
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    council_rpc_write_notification(&out, COUNCIL_NOTIFICATION_POOL_PROPOSAL);
    council_rpc_field_bytes(&out, "proposal", news->proposal, sizeof news->proposal);
    if (council_frame_end(&out) == COUNCIL_OK) {
        frame = core_frame_create(&out);
    }
    council_frame_fini(&out);
    for (uint32_t i = 0; frame != NULL && i < core->slot_count; i++) {
        struct core_conn *conn = core->slots[i].conn;
        if (conn != NULL && conn->state == CORE_DEVICE && conn->queued <= core->limits.live_bytes &&
            among(news, conn->member)) {
            core_conn_send(core, conn, frame);
        }
    }
    core_frame_unref(frame);
}

static void pool_fini(struct core *core, struct core_call *call)
{
    (void)core;
    free(call->u.pool);
}

/* What the statuses of one ask mean to the caller. */
static enum council_error error_of(enum core_pool_asks asks, enum store_status status)
{
    switch (status) {
    case STORE_OK:
        return COUNCIL_OK;
    case STORE_FULL:
        return COUNCIL_E_STORAGE_FULL;
    case STORE_INVALID:
        return COUNCIL_E_POOL_WORD;
    case STORE_REFUSED:
        return asks == CORE_POOL_PUT ? COUNCIL_E_POOL_CLOSED : COUNCIL_E_NOT_FOUND;
    case STORE_CONFLICT:
        return COUNCIL_E_POOL_PROPOSED;
    case STORE_NOT_FOUND:
        return COUNCIL_E_NO_PROPOSAL;
    default:
        return COUNCIL_E_INTERNAL;
    }
}

static void write_result(struct council_frame *out, const struct core_pool_call *pool,
                         const uint8_t member[STORE_ID_BYTES])
{
    if (pool->ask.asks == CORE_POOL_PUT) {
        council_rpc_field_int(out, "since", pool->u.person.since_ms);
        council_rpc_field_int(out, "expires", pool->u.person.expires_ms);
    } else if (pool->ask.asks == CORE_POOL_REFILL) {
        council_rpc_field_int(out, "expires", pool->u.refill.expires_ms);
    } else if (pool->ask.asks == CORE_POOL_VIEW) {
        core_pool_write(out, &pool->u.view, member);
    }
}

/* Is a search for groups worth it after this? */
static void stir(struct core *core, const struct core_pool_ask *ask)
{
    switch (ask->asks) {
    case CORE_POOL_PUT:
    case CORE_POOL_REFILL:
        core_pool_stir(core);
        break;
    case CORE_POOL_DROP:
    case CORE_POOL_ANSWER:
        if (ask->asks == CORE_POOL_ANSWER && ask->accept) {
            core_pool_due(core, core->wall_ms + core->limits.pool_found_ms);
        } else if (ask->news.n_members > 0) { /* others may wait again */
            core_pool_stir(core);
        }
        break;
    default:
        break;
    }
}

static void asked(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    const struct core_pool_ask *ask = &call->u.pool->ask;
    enum council_error error = error_of(ask->asks, job->status);

    if (error == COUNCIL_E_INTERNAL) {
        core_store_failed(core, "pool_failed", job->status);
    }
    if (error != COUNCIL_OK) {
        core_call_fail_detail(core, call, error, error == COUNCIL_E_POOL_WORD ? "zone" : NULL);
        return;
    }
    core_pool_tell(core, &ask->news);
    stir(core, ask);
    struct council_frame out;
    core_call_result(call, &out);
    write_result(&out, call->u.pool, call->member);
    core_call_answer(core, call, &out);
}

/* Room for a call's ask. NO_MEMORY, POOL_CLOSED. */
static enum council_error begin(struct core *core, struct core_call *call, enum core_pool_asks asks)
{
    if (core->pool == NULL) {
        return COUNCIL_E_POOL_CLOSED;
    }
    call->u.pool = calloc(1, sizeof *call->u.pool);
    if (call->u.pool == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    call->fini = pool_fini;
    struct core_pool_ask *ask = &call->u.pool->ask;
    ask->asks = asks;
    ask->people_max = core->limits.pool_people;
    memcpy(ask->member, call->member, sizeof ask->member);
    memcpy(ask->device, call->device, sizeof ask->device);
    core_pool_clock(core, &ask->clock);
    return COUNCIL_OK;
}

static enum council_error submit(struct core *core, struct core_call *call)
{
    call->job.type = CORE_JOB_POOL;
    call->job.u.pool = &call->u.pool->ask;
    core_submit(core, &call->job, asked, call);
    return COUNCIL_OK;
}

/* What the params lack is told by its name; the call is over then. */
static enum council_error submit_if(struct core *core, struct core_call *call,
                                    enum council_error error, const char *detail)
{
    if (error == COUNCIL_OK) {
        return submit(core, call);
    }
    core_call_fail_detail(core, call, error, detail);
    return COUNCIL_OK;
}

enum council_error core_do_pool_register(struct core *core, struct core_conn *conn,
                                         struct core_call *call)
{
    const char *detail = NULL;
    enum council_error error = begin(core, call, CORE_POOL_PUT);

    (void)conn;
    if (error != COUNCIL_OK) {
        return error;
    }
    struct store_pool_person *person = &call->u.pool->u.person;
    call->u.pool->ask.of.person = person;
    memcpy(person->member, call->member, sizeof person->member);
    person->since_ms = core->wall_ms;
    person->expires_ms = core->wall_ms + core->limits.pool_days * DAY_MS;
    error = core_pool_person(call->rpc.params, person, &detail);
    return submit_if(core, call, error, detail);
}

enum council_error core_do_pool_show(struct core *core, struct core_conn *conn,
                                     struct core_call *call)
{
    enum council_error error = begin(core, call, CORE_POOL_VIEW);

    (void)conn;
    if (error != COUNCIL_OK) {
        return error;
    }
    call->u.pool->ask.of.view = &call->u.pool->u.view;
    return submit(core, call);
}

enum council_error core_do_pool_withdraw(struct core *core, struct core_conn *conn,
                                         struct core_call *call)
{
    enum council_error error = begin(core, call, CORE_POOL_DROP);

    (void)conn;
    return error != COUNCIL_OK ? error : submit(core, call);
}

enum council_error core_do_pool_answer(struct core *core, struct core_conn *conn,
                                       struct core_call *call)
{
    uint64_t accept = 0;
    enum council_error error = begin(core, call, CORE_POOL_ANSWER);

    (void)conn;
    if (error != COUNCIL_OK) {
        return error;
    }
    struct core_pool_ask *ask = &call->u.pool->ask;
    if (!council_rpc_bytes(call->rpc.params, "proposal", ask->proposal, sizeof ask->proposal) ||
        !council_rpc_int(call->rpc.params, "accept", 0, 1, &accept)) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    ask->accept = accept == 1;
    return submit(core, call);
}

enum council_error core_do_pool_invite(struct core *core, struct core_conn *conn,
                                       struct core_call *call)
{
    const char *detail = NULL;
    enum council_error error = begin(core, call, CORE_POOL_INVITE);

    (void)conn;
    if (error != COUNCIL_OK) {
        return error;
    }
    call->u.pool->ask.of.boxes = &call->u.pool->u.boxes;
    error = core_pool_boxes(call->rpc.params, &call->u.pool->u.boxes, &detail);
    return submit_if(core, call, error, detail);
}

/* Who may invite asks: nobody else could do anything about those who accept. */
static void refill_judged(struct core *core, struct core_call *call)
{
    const struct core_log *log = call->log;
    const struct council_person *person = log->known && log->fold->kind == STORE_LOG_COUNCIL
                                              ? council_person(&log->fold->council, call->member)
                                              : NULL;

    if (person == NULL || !person->member || !person->moderator) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
        return;
    }
    (void)submit(core, call);
}

enum council_error core_do_pool_refill(struct core *core, struct core_conn *conn,
                                       struct core_call *call)
{
    const char *detail = NULL;
    enum council_error error = begin(core, call, CORE_POOL_REFILL);

    (void)conn;
    if (error != COUNCIL_OK) {
        return error;
    }
    struct store_pool_refill *refill = &call->u.pool->u.refill;
    call->u.pool->ask.of.refill = refill;
    memcpy(refill->member, call->member, sizeof refill->member);
    refill->since_ms = core->wall_ms;
    refill->expires_ms = core->wall_ms + core->limits.pool_days * DAY_MS;
    error = core_pool_refill(call->rpc.params, refill, &detail);
    if (error != COUNCIL_OK) {
        core_call_fail_detail(core, call, error, detail);
    } else {
        core_log_require(core, call, refill->council, refill_judged);
    }
    return COUNCIL_OK;
}
