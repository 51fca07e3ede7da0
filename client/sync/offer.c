/*
 * offer.c - a council outlives its server: bringing back what a restored or new server lacks of a log.
 *
 * Owns when something is offered, in which order, and what the answers prove. Must not know how entries are kept (offer_page.c reads them from the
 * shell). Invariant: only what was verified and is held is offered, so a server that calls itself restored gains nothing; one that
 * does not take what it lacks, or shows another entry at a held place, is told of like any other.
 */
#include "client/sync/internal.h"

static uint64_t held_end(const struct sync_log *log)
{
    return log->replica.state.tail.seq;
}

void sync_offer_waits(struct sync *sync, struct sync_log *log, bool recovering, uint64_t waiting)
{
    struct offering *offer = &log->offer;
    bool changed = offer->recovering != recovering || offer->waiting != waiting;
    offer->recovering = recovering;
    offer->waiting = recovering ? waiting : 0;
    if (!recovering) {
        offer->again_at = NEVER;
        offer->asks = 0;
    } else {
        offer->again_at =
            sync->now + sync_backoff(sync, offer->asks, OFFER_AGAIN_MS, OFFER_AGAIN_MAX_MS);
        if (offer->asks < 32)
            offer->asks++;
    }
    if (!changed)
        return;
    if (!recovering)
        sync_outbox_release(sync, log);
    if (sync->ops->recovering)
        sync->ops->recovering(sync->ctx, log->log, recovering, offer->waiting);
}

bool sync_offer_begin(struct sync *sync, struct sync_log *log)
{
    struct offering *offer = &log->offer;
    if (!sync->ops->held || offer->over || offer->refused)
        return false;
    if (offer->stage == OFFER_NONE) {
        offer->stage = OFFER_ASK;
        offer->person = offer->stuck = 0;
        offer->taken = false;
    }
    log->state = SYNC_LOG_OFFERING;
    log->target = 0;
    /* What a server that was set back had promised beyond what is held is void; what is held is not. */
    memset(log->promises, 0, sizeof(log->promises));
    log->promised = 0;
    sync_outbox_resend(sync, log);
    sync->dirty = true;
    return true;
}

void sync_offer_again(struct sync *sync, const uint8_t name[COUNCIL_KEY_BYTES])
{
    struct sync_log *log = sync_log_find(sync, name);
    if (log && log->state == SYNC_LOG_LIVE && sync->ops->held) {
        log->offer.again = true;
        sync->dirty = true;
    }
}

void sync_offer_disconnected(struct sync_log *log)
{
    struct offering *offer = &log->offer;
    offer->stage = OFFER_NONE;
    offer->asked = offer->again = offer->over = offer->refused = offer->later = false;
    offer->again_at = NEVER;
    offer->asks = 0;
}

uint64_t sync_offer_next(const struct sync_log *log)
{
    bool waits = log->state == SYNC_LOG_LIVE && log->offer.recovering && !log->offer.asked;
    return waits ? log->offer.again_at : NEVER;
}

/* ---- asking ---- */

static const struct council_member *person_pin(const struct sync_log *log)
{
    return &log->replica.state.council.people[log->offer.person].pin;
}

/* Begins the call; its entries and the rest follow. */
static struct request *call(struct sync *sync, const struct sync_log *log, const uint8_t *name,
                            uint64_t after)
{
    struct request *request = sync_request(sync, REQUEST_OFFER, COUNCIL_METHOD_LOG_OFFER);
    if (!request)
        return NULL;
    memcpy(request->log, log->log, COUNCIL_KEY_BYTES);
    council_rpc_field_bytes(&sync->frame, "log", name, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&sync->frame, "after", after);
    council_rpc_field_open(&sync->frame, "entries", '[');
    return request;
}

static void send(struct sync *sync, struct sync_log *log, struct request *request,
                 const uint8_t head[COUNCIL_HASH_BYTES], uint64_t reaches)
{
    council_rpc_field_close(&sync->frame, ']');
    council_rpc_field_bytes(&sync->frame, "head", head, COUNCIL_HASH_BYTES);
    request->after = reaches;
    if (sync_request_send(sync, request) == COUNCIL_OK)
        log->offer.asked = true;
    else
        log->retry_at = sync->now + LATER_MIN_MS;
}

/* Without entries: says that this much is held, and learns where the server's log ends. */
static void ask(struct sync *sync, struct sync_log *log, const uint8_t *name, uint64_t end,
                const uint8_t head[COUNCIL_HASH_BYTES])
{
    struct request *request = call(sync, log, name, end);
    if (request)
        send(sync, log, request, head, end);
}

static void give_up(struct sync *sync, struct sync_log *log, enum council_error error,
                    const char *detail);

/* The next entries after the server's end. A home that cannot be read offers nothing. */
static void page(struct sync *sync, struct sync_log *log, const uint8_t *member)
{
    struct offering *offer = &log->offer;
    uint8_t head[COUNCIL_HASH_BYTES] = {0};
    uint64_t last = offer->seq;
    struct request *request = call(sync, log, member ? member : log->log, offer->seq);
    if (!request)
        return;
    enum council_error error =
        member ? sync_offer_member_page(sync, log, member, offer->seq, head, &last)
               : sync_offer_page(sync, log, offer->seq, head, &last);
    bool other = !error && offer->seq > 0 && memcmp(head, offer->head, sizeof(head)) != 0;
    if (!error && !other && last > offer->seq) {
        send(sync, log, request, head, last);
        return;
    }
    sync_request_drop(sync, request);
    if (other && !member) {
        sync_forked(sync, log, offer->seq, head, offer->head);
    } else if (member) { /* another history of somebody's member log is theirs to find out */
        offer->person++;
        offer->seq = UINT64_MAX;
        sync->dirty = true;
    } else {
        give_up(sync, log, error ? error : COUNCIL_E_HOME_DAMAGED, "");
    }
}

/* The next member log to be brought; false: there is none. */
static bool bring_member(struct sync *sync, struct sync_log *log)
{
    struct offering *offer = &log->offer;
    const struct council *council = &log->replica.state.council;
    bool own = sync_own_log(sync) != NULL;
    while (log->replica.state.type == COUNCIL_LOG_IS_COUNCIL &&
           offer->person < council->person_count) {
        const struct council_member *pin = person_pin(log);
        if (own && memcmp(pin->member, sync->member, COUNCIL_KEY_BYTES) == 0) {
            offer->person++;
            continue;
        }
        uint8_t member[COUNCIL_KEY_BYTES];
        memcpy(member, pin->member, sizeof(member));
        if (offer->seq == UINT64_MAX)
            ask(sync, log, member, pin->seq, pin->head);
        else
            page(sync, log, member);
        return true;
    }
    return false;
}

static bool own_log_first(const struct sync *sync, const struct sync_log *log)
{
    const struct sync_log *own = sync_log_find(sync, sync->member);
    return own && own != log &&
           (own->state == SYNC_LOG_OFFERING ? !own->offer.over : own->state == SYNC_LOG_WAITING);
}

void sync_offer_pump(struct sync *sync, struct sync_log *log)
{
    struct offering *offer = &log->offer;
    const struct council_tail *tail = &log->replica.state.tail;
    if (sync->state != SYNC_READY || offer->asked || sync->now < log->retry_at ||
        log->state == SYNC_LOG_STOPPED || !sync_room(sync, false))
        return;
    if (log->state == SYNC_LOG_LIVE &&
        (offer->again || (offer->recovering && sync->now >= offer->again_at))) {
        offer->again = false;
        offer->stage = OFFER_ASK;
        offer->person = 0;
        ask(sync, log, log->log, tail->seq, tail->head);
        return;
    }
    if (log->state != SYNC_LOG_OFFERING || offer->over || own_log_first(sync, log))
        return;
    if (offer->stage == OFFER_ASK)
        ask(sync, log, log->log, tail->seq, tail->head);
    else if (offer->stage == OFFER_MEMBERS && !bring_member(sync, log))
        offer->stage = OFFER_ASK; /* once more: others may have come meanwhile */
    if (offer->stage == OFFER_PAGES && !offer->asked)
        page(sync, log, NULL);
}

/* ---- answers ---- */

/* On this connection nothing more is offered; what the server then says of the log is judged like ever. */
static void finish(struct sync *sync, struct sync_log *log, bool refused)
{
    struct offering *offer = &log->offer;
    offer->over = true;
    offer->later = false;
    offer->refused = refused;
    offer->stage = OFFER_NONE;
    log->retries = 0;
    sync->dirty = true;
    if (log->state == SYNC_LOG_OFFERING && (!sync->bring || refused))
        log->state = SYNC_LOG_WAITING;
}

static void give_up(struct sync *sync, struct sync_log *log, enum council_error error,
                    const char *detail)
{
    struct sync_report report = {
        .kind = SYNC_REPORT_LOG_REFUSED, .error = error, .seq = held_end(log), .detail = detail};
    finish(sync, log, true);
    log->offer.differs = error == COUNCIL_E_OFFER_REFUSED;
    sync_report_send(sync, log, &report);
}

void sync_offer_later(struct sync *sync, struct sync_log *log)
{
    const struct council_rpc_failure passing = {.error = COUNCIL_E_RECOVERING};
    log->offer.later = true;
    log->offer.stage = OFFER_NONE;
    log->state = SYNC_LOG_REFUSED;
    sync_log_later(sync, log, &passing);
}

/* A restored server does not know yet that this member is in it. */
static void not_known_yet(struct sync *sync, struct sync_log *log,
                          const struct council_rpc_failure *failure)
{
    struct offering *offer = &log->offer;
    struct sync_report report = {.kind = SYNC_REPORT_LOG_REFUSED,
                                 .error = failure->error,
                                 .seq = held_end(log),
                                 .detail = failure->detail};
    bool told = offer->later;
    sync_offer_later(sync, log);
    if (!told)
        sync_report_send(sync, log, &report);
}

static void failed(struct sync *sync, struct sync_log *log,
                   const struct council_rpc_failure *failure)
{
    struct offering *offer = &log->offer;
    bool waits = sync_outcome_later(failure->error);
    if (waits) {
        sync_log_later(sync, log, failure);
    } else if (failure->error == COUNCIL_E_NOT_FOUND && sync->recovering &&
               log->state == SYNC_LOG_OFFERING && offer->stage != OFFER_MEMBERS) {
        not_known_yet(sync, log, failure);
    } else if (offer->stage == OFFER_MEMBERS) {
        /* What the council's own entries need of it shows when they are offered. */
        offer->person++;
        offer->seq = UINT64_MAX;
        sync->dirty = true;
    } else if (failure->error == COUNCIL_E_PIN_UNKNOWN && offer->stuck++ < OFFER_STUCK_MAX) {
        offer->stage = OFFER_ASK;
        offer->person = 0; /* a member log is not there yet: its owner may bring it */
        sync_log_later(sync, log, failure);
    } else if (log->state == SYNC_LOG_LIVE) {
        sync_offer_waits(sync, log, false, 0); /* it takes none: then it does not wait for any */
        offer->stage = OFFER_NONE;
    } else {
        give_up(sync, log, failure->error, failure->detail);
    }
}

static void member_answer(struct sync *sync, struct sync_log *log, const struct request *request,
                          uint64_t seq, const uint8_t *head)
{
    struct offering *offer = &log->offer;
    bool behind = offer->seq != UINT64_MAX && seq < request->after;
    if (seq >= person_pin(log)->seq || (behind && offer->stuck++ >= OFFER_STUCK_MAX)) {
        offer->person++;
        offer->seq = UINT64_MAX;
    } else {
        offer->seq = seq;
        memcpy(offer->head, head, COUNCIL_HASH_BYTES);
    }
    sync->dirty = true;
}

/* The server's end lies below what is held: the rest is brought, member logs first. */
static void lacks(struct sync *sync, struct sync_log *log, const struct request *request,
                  uint64_t seq, const uint8_t *head)
{
    struct offering *offer = &log->offer;
    bool first = offer->stage == OFFER_ASK && offer->person == 0;
    bool lost = offer->stage == OFFER_PAGES ? seq < request->after : offer->taken;
    offer->taken = false;
    if (lost && offer->stuck++ >= OFFER_STUCK_MAX) {
        give_up(sync, log, COUNCIL_E_OFFER_REFUSED, "");
        return;
    }
    if (log->state == SYNC_LOG_LIVE)
        log->state = SYNC_LOG_OFFERING;
    offer->over = false;
    if (first && log->replica.state.type == COUNCIL_LOG_IS_COUNCIL) {
        offer->stage = OFFER_MEMBERS;
        offer->seq = UINT64_MAX;
    } else {
        offer->stage = OFFER_PAGES;
        offer->seq = seq;
        memcpy(offer->head, head, COUNCIL_HASH_BYTES);
    }
    sync->dirty = true;
}

static void own_answer(struct sync *sync, struct sync_log *log, const struct request *request,
                       uint64_t seq, const uint8_t *head)
{
    /* What lies beyond is promised by a subscription alone: who has left is told how far the log goes, and may not read as far. */
    if (seq <= held_end(log))
        sync_promise(sync, log, seq, head);
    if (log->state == SYNC_LOG_STOPPED)
        return;
    if (seq < request->after || (log->state == SYNC_LOG_OFFERING && seq < held_end(log)))
        lacks(sync, log, request, seq, head);
    else if (log->offer.stage == OFFER_PAGES) {
        log->offer.stage = OFFER_ASK; /* and says that this was all */
        log->offer.taken = true;
    } else if (log->state == SYNC_LOG_LIVE)
        log->offer.stage = OFFER_NONE;
    else
        finish(sync, log, false);
}

void sync_offer_reply(struct sync *sync, const struct request *request, const struct reply *reply)
{
    struct sync_log *log = sync_log_find(sync, request->log);
    uint8_t head[COUNCIL_HASH_BYTES];
    uint64_t seq = 0, recovering = 0, waiting = 0;
    if (!log || !log->offer.asked)
        return;
    log->offer.asked = false;
    if (log->state == SYNC_LOG_STOPPED)
        return;
    if (reply->failure) {
        failed(sync, log, reply->failure);
        return;
    }
    if (!council_rpc_int(reply->result, "seq", 0, COUNCIL_INT_MAX, &seq) ||
        !council_rpc_bytes(reply->result, "head", head, sizeof(head)) ||
        !council_rpc_int(reply->result, "recovering", 0, 1, &recovering) ||
        !council_rpc_int(reply->result, "waiting", 0, COUNCIL_INT_MAX, &waiting)) {
        sync_bad_reply(sync, "log.offer");
        return;
    }
    if (log->offer.stage == OFFER_MEMBERS) {
        member_answer(sync, log, request, seq, head);
        return;
    }
    sync_offer_waits(sync, log, recovering != 0, waiting);
    own_answer(sync, log, request, seq, head);
    sync->dirty = true;
}
