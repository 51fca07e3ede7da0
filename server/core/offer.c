/*
 * offer.c - log.offer: members bring back what the server lacks of a log, or bring it here.
 *
 * Owns an offer from its message to its answer: who may, what of it is here already, who has spoken. What is not here is offer_parts.c's.
 * Invariants: one offer at a time is judged in a log; it is answered when all of it is on disk. Rules: protocol/README.md section 9.6.
 */
#include <stdio.h>
#include <string.h>

#include "server/core/append.h"
#include "server/core/offer.h"
#include "server/core/recover.h"

enum {
    ENTRIES_PER_TOKEN = 4, /* what an offer costs beside the method's own */
    CALL_COST = 2048,      /* what a waiting one takes beside its entries */
    ENTRY_COST = 512,      /* and what the tree of an entry takes beside its text and data */
    DETAIL_MAX = 64
};

static void ask(struct core *core, struct core_call *call);

/* The next offer in line begins when this one is over. */
static void offer_fini(struct core *core, struct core_call *call)
{
    struct core_log *log = call->log;
    core_append_account(core, call->u.offer.cost, false);
    if (log->offering != call) {
        return;
    }
    log->offering = core->broken ? NULL : core_queue_pop(&log->offers);
    if (log->offering != NULL) {
        ask(core, log->offering);
    }
}

void core_offer_refuse(struct core *core, struct core_call *call, enum council_error error,
                       uint64_t seq)
{
    char detail[DETAIL_MAX];
    (void)snprintf(detail, sizeof detail, "seq %llu", (unsigned long long)seq);
    core_call_fail_detail(core, call, error, detail);
}

/* Says how far the log goes here, as far as the caller may know. */
static void answer(struct core *core, struct core_call *call, uint64_t seq,
                   const uint8_t head[COUNCIL_HASH_BYTES], uint64_t waiting)
{
    const struct core_log *log = call->log;
    bool waits = log->known && log->recovery == STORE_WAITING;
    bool spoken = log->known && (!waits || core_recovery_spoken(core, call->session, log));
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_int(&out, "seq", seq);
    council_rpc_field_bytes(&out, "head", head, COUNCIL_HASH_BYTES);
    council_rpc_field_int(&out, "recovering", waits ? 1 : 0);
    council_rpc_field_int(&out, "waiting", waiting);
    council_rpc_field_int(&out, "spoken", spoken ? 1 : 0);
    core_call_answer(core, call, &out);
}

/* ---- at the end: who has spoken ---- */

static void marked(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_log *log = call->log;
    const struct store_mark mark = job->u.mark; /* the job goes with the call */
    if (job->status != STORE_OK) {
        bool full = job->status == STORE_FULL;
        core_store_failed(core, "mark_failed", job->status);
        core_call_fail(core, call, full ? COUNCIL_E_STORAGE_FULL : COUNCIL_E_INTERNAL);
        return;
    }
    core_recovery_set(core, log, mark.recovery);
    if (mark.recovery == STORE_WAITING && call->u.offer.count == 0) {
        core_recovery_spoke(core, call->session, log);
    }
    answer(core, call, log->seq, log->head, mark.waiting);
}

/* All of the offer is in the log. An empty one says that its member has no more. */
static void conclude(struct core *core, struct core_call *call)
{
    const struct core_offer *offer = &call->u.offer;
    struct core_log *log = call->log;
    if (!log->known || log->recovery != STORE_WAITING) {
        answer(core, call, log->seq, log->head, 0);
        return;
    }
    call->job.type = CORE_JOB_MARK;
    call->job.u.mark = (struct store_mark){
        .spoken = offer->count == 0 && (offer->owner || offer->member), .end = offer->end};
    memcpy(call->job.u.mark.log, log->key, COUNCIL_KEY_BYTES);
    memcpy(call->job.u.mark.member, call->member, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, marked, call);
}

/* Who may end the waiting: a moderator, of a journal or member log its owner. */
static void end_loaded(struct core *core, struct core_call *call)
{
    const struct core_log *log = call->log;
    bool may = call->u.offer.owner;
    if (log->fold->kind != STORE_LOG_MEMBER) {
        const struct council_person *person = council_person(&log->fold->council, call->member);
        may = person != NULL && person->member && person->moderator;
    }
    if (may) {
        conclude(core, call);
    } else {
        core_call_fail(core, call, COUNCIL_E_NOT_MODERATOR);
    }
}

void core_offer_arrived(struct core *core, struct core_call *call)
{
    if (call->u.offer.end && call->log->recovery == STORE_WAITING) {
        core_log_require(core, call, call->log->key, end_loaded);
    } else {
        conclude(core, call);
    }
}

/* ---- entries that the log lacks ---- */

/* What is not in the log is brought, if it takes any now. */
static void bring(struct core *core, struct core_call *call)
{
    const struct core_offer *offer = &call->u.offer;
    if (offer->next == offer->count) {
        core_offer_arrived(core, call);
    } else if (offer->stranger) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    } else if (!core_recovery_takes(call->log, offer)) {
        core_offer_refuse(core, call, COUNCIL_E_OFFER_REFUSED, offer->after + offer->next + 1);
    } else {
        core_log_require(core, call, call->log->key, core_offer_begin);
    }
}

/* ---- entries that the log has ---- */

static bool same(const json_t *offered, const struct store_entry *stored)
{
    uint8_t sig[COUNCIL_SIG_BYTES];
    const json_t *text = json_object_get(offered, "text");
    return json_string_length(text) == stored->text_len &&
           memcmp(json_string_value(text), stored->text, stored->text_len) == 0 &&
           council_rpc_bytes(offered, "sig", sig, sizeof sig) &&
           memcmp(sig, stored->sig, sizeof sig) == 0;
}

/* They are another history, or somebody guesses. */
static void differs(struct core *core, struct core_call *call, uint64_t seq)
{
    if (call->u.offer.stranger) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    } else {
        core_offer_refuse(core, call, COUNCIL_E_OFFER_REFUSED, seq);
    }
}

static void compared(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_offer *offer = &call->u.offer;
    struct store_slice slice = job->u.read.slice; /* the job goes with the call */
    uint8_t last[COUNCIL_HASH_BYTES] = {0};
    if (job->status != STORE_OK) {
        core_store_failed(core, "offer_not_compared", job->status);
        core_call_fail(core, call, COUNCIL_E_INTERNAL);
        core_slice_free(core, &slice);
        return;
    }
    const uint64_t want = job->u.read.reading.upto_seq - offer->after;
    const json_t *entries = json_object_get(call->rpc.params, "entries");
    /* A slice that was cut short holds more bytes than a message can: then they differ. */
    while (offer->next < want && offer->next < slice.n &&
           same(json_array_get(entries, offer->next), &slice.entries[offer->next])) {
        memcpy(last, slice.entries[offer->next].head, sizeof last);
        offer->next++;
    }
    core_slice_free(core, &slice);
    if (offer->next < want) {
        differs(core, call, offer->after + offer->next + 1);
    } else if (offer->stranger && offer->next == offer->count) {
        answer(core, call, offer->after + offer->count, last, 0);
    } else {
        bring(core, call);
    }
}

static void compare(struct core *core, struct core_call *call)
{
    const struct core_offer *offer = &call->u.offer;
    uint64_t there = call->log->seq - offer->after;
    uint64_t n = offer->count < there ? offer->count : there;
    if (n == 0) {
        bring(core, call);
        return;
    }
    call->job.type = CORE_JOB_READ;
    call->job.u.read = (struct core_job_read){.reading = {.after_seq = offer->after,
                                                          .upto_seq = offer->after + n,
                                                          .max_entries = (uint32_t)n,
                                                          .max_bytes = COUNCIL_FRAME_MAX},
                                              .slice = {0}};
    memcpy(call->job.u.read.log, call->log->key, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, compared, call);
}

/* ---- who may, and where it joins ---- */

/* A log that the server does not have. */
static void unknown(struct core *core, struct core_call *call, uint64_t brought)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    struct core_offer *offer = &call->u.offer;
    /* A server that was put back lacks people of its own: nobody else is let in while it is closed. */
    offer->people_only = core->offers == CORE_OFFERS_CLOSED;
    if (offer->people_only && core->restored_logs == 0) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    } else if (offer->after > 0 || offer->count == 0) {
        answer(core, call, 0, zeros, 0);
    } else if (memcmp(offer->head, zeros, sizeof zeros) != 0) {
        core_offer_refuse(core, call, COUNCIL_E_OFFER_REFUSED, 0);
    } else if (core->offers != CORE_OFFERS_OPEN && brought >= core->limits.offered_logs) {
        core_call_fail(core, call, COUNCIL_E_QUOTA);
    } else {
        bring(core, call);
    }
}

/* The offer begins where the log here has got to, or before: on the same history. */
static void join(struct core *core, struct core_call *call, const struct core_job_offer *found)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    const struct core_offer *offer = &call->u.offer;
    const struct core_log *log = call->log;
    bool joins = offer->after == 0 || found->has_head;
    const uint8_t *head = offer->after == 0 ? zeros : found->head;
    if (!joins && !offer->stranger) {
        answer(core, call, log->seq, log->head,
               0); /* the caller has more, and goes on from there */
    } else if (!joins || memcmp(head, offer->head, COUNCIL_HASH_BYTES) != 0) {
        differs(core, call, offer->after);
    } else if (offer->stranger && offer->count == 0) {
        if (offer->after > 0) {
            answer(core, call, offer->after, offer->head, 0);
        } else {
            core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
        }
    } else {
        compare(core, call);
    }
}

static void asked(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_offer *offer = &call->u.offer;
    const struct core_job_offer found = job->u.offer; /* the job goes with the call */
    struct core_log *log = call->log;
    if (job->status == STORE_NOT_FOUND && !log->known) {
        unknown(core, call, found.offered);
        return;
    }
    if (job->status != STORE_OK) {
        bool passing = job->status == STORE_NOT_FOUND; /* it was made meanwhile */
        if (!passing) {
            core_store_failed(core, "offer_not_read", job->status);
        }
        core_call_fail(core, call, passing ? COUNCIL_E_RETRY : COUNCIL_E_INTERNAL);
        return;
    }
    core_log_learn(log, &found.info);
    bool person = log->kind == STORE_LOG_MEMBER;
    bool former = found.known && found.membership.until_seq != 0;
    offer->member = found.known;
    /* Who left may bring what came after the backup; how a log goes on without them is not theirs to know. */
    offer->stranger = log->recovery == STORE_RECOVERED && !offer->owner && (person || former);
    if (!person && !offer->member) {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    } else {
        join(core, call, &found);
    }
}

static void ask(struct core *core, struct core_call *call)
{
    const struct core_offer *offer = &call->u.offer;
    call->job.type = CORE_JOB_OFFER;
    call->job.u.offer = (struct core_job_offer){.after = offer->after};
    memcpy(call->job.u.offer.log, offer->log, COUNCIL_KEY_BYTES);
    memcpy(call->job.u.offer.member, call->member, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, asked, call);
}

/* About what the message takes while it waits. */
static uint64_t weigh(const json_t *params)
{
    const json_t *entries = json_object_get(params, "entries");
    uint64_t bytes = CALL_COST;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        bytes += ENTRY_COST + json_string_length(json_object_get(entry, "text")) +
                 json_string_length(json_object_get(entry, "data"));
    }
    return bytes;
}

enum council_error core_do_offer(struct core *core, struct core_conn *conn, struct core_call *call)
{
    struct core_offer *offer = &call->u.offer;
    const json_t *params = call->rpc.params;
    uint64_t end = 0;
    if (!council_rpc_bytes(params, "log", offer->log, COUNCIL_KEY_BYTES) ||
        !council_rpc_bytes(params, "head", offer->head, COUNCIL_HASH_BYTES) ||
        !council_rpc_int(params, "after", 0, COUNCIL_INT_MAX, &offer->after) ||
        (council_rpc_has(params, "end") && !council_rpc_int(params, "end", 0, 1, &end))) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    offer->end = end == 1;
    offer->owner = memcmp(offer->log, call->member, COUNCIL_KEY_BYTES) == 0;
    offer->count = (uint32_t)json_array_size(json_object_get(params, "entries"));
    offer->bad = offer->count;
    uint64_t wait_ms = core_bucket_take(core, CORE_BUCKET_DEVICE, conn->device,
                                        (offer->count + ENTRIES_PER_TOKEN - 1) / ENTRIES_PER_TOKEN);
    if (wait_ms > 0) {
        core_call_fail_late(core, call, COUNCIL_E_RATE_LIMITED, wait_ms);
        return COUNCIL_OK;
    }
    call->log = core_log_pin(core, offer->log);
    if (call->log == NULL) {
        return COUNCIL_E_INTERNAL;
    }
    offer->cost = weigh(params);
    core_append_account(core, offer->cost, true);
    call->fini = offer_fini;
    if (call->log->offering != NULL) {
        core_queue_push(&call->log->offers, call);
    } else {
        call->log->offering = call;
        ask(core, call);
    }
    return COUNCIL_OK;
}
