/*
 * outbox.c - from draft to acknowledged: when an item may be signed and sent, and what an answer proves.
 *
 * Owns the promise that what was written is in the log once or told to have failed. Must not know how an item is signed or kept. Invariant: bytes are
 * given up only after a refusal that keeps them out for good and a catch-up to where the log ended after that
 * refusal; until then the same bytes are sent again, and the server answers a repetition with the old place.
 */
#include "client/sync/internal.h"

enum outcome {
    OUTCOME_FAIL,
    OUTCOME_RESIGN,
    OUTCOME_LATER
};

static const struct {
    enum council_error error;
    enum outcome outcome;
    uint32_t limit;
} outcomes[] = {
#define SYNC_OUTCOME(error, outcome, limit) {COUNCIL_E_##error, OUTCOME_##outcome, limit},
#include "client/sync/outcomes.def"
#undef SYNC_OUTCOME
};

bool sync_outcome_later(enum council_error error)
{
    for (uint32_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
        if (outcomes[i].error == error)
            return outcomes[i].outcome == OUTCOME_LATER;
    }
    return false;
}

/* ---- what may be done now ---- */

/* This member was one and is none: what is held ends with that, and nothing will come that changes it. */
bool sync_stay_over(const struct sync *sync, const struct sync_log *log)
{
    const struct council_person *me =
        log->replica.state.type == COUNCIL_LOG_IS_COUNCIL
            ? council_person(&log->replica.state.council, sync->member)
            : NULL;
    return me && !me->member;
}

/* Whether the council's state lets this item in at all: sealing it earlier would only waste the attempt. */
static bool council_ready(const struct sync *sync, const struct sync_log *log,
                          const struct item *item)
{
    if (log->replica.state.type != COUNCIL_LOG_IS_COUNCIL)
        return true;
    const struct council *council = &log->replica.state.council;
    if (sync_stay_over(sync, log))
        return true; /* what is on its way is the server's to refuse */
    if ((council->rotation_due || council->epoch == 0) &&
        !council_kind_has(item->kind, COUNCIL_FLAG_BLOCK) &&
        item->kind != COUNCIL_KIND_MEMBER_LEAVE)
        return false;
    const struct council_person *person = council_person(council, sync->member);
    bool waits_for_pin = person && person->member &&
                         !council_device_counts(council, sync->member, sync->device) &&
                         !council_kind_has(item->kind, COUNCIL_FLAG_CHAIN);
    return !waits_for_pin;
}

static bool log_ready(const struct sync *sync, const struct sync_log *log, const struct item *item)
{
    if (item->direct && (!log || log->replica.state.tail.seq == 0))
        return !log || log->state != SYNC_LOG_STOPPED;
    return log && log->state == SYNC_LOG_LIVE && !log->offer.recovering && log->queued == 0 &&
           log->pin_ok && council_ready(sync, log, item);
}

/* ---- the order within a log ---- */

/* What is before an item in its log. Of the items that wait, those that the council's state keeps out step aside for one that it lets in: the latter may be
 * what changes that state. An item that is kept out itself goes nowhere, so nobody has to step aside for it. */
static void lane_pass(const struct sync *sync, struct lane *lane, const struct sync_log *log,
                      const struct item *item)
{
    bool waits = item->state == ITEM_DRAFT || item->state == ITEM_SEALED;
    bool moving = item->state == ITEM_SENT || item->state == ITEM_ACKED;
    if (item->state == ITEM_GONE || (waits && log && !council_ready(sync, log, item)))
        return;
    lane->any = true;
    if (moving && !council_kind_has(item->kind, COUNCIL_FLAG_FOLDS))
        lane->out++;
    else
        lane->blocked = true;
}

static bool lane_open(const struct lane *lane, const struct item *item)
{
    if (council_kind_has(item->kind, COUNCIL_FLAG_FOLDS))
        return !lane->any;
    return !lane->blocked && lane->out < PIPELINE_MAX;
}

/* ---- sending ---- */

static void fail(struct sync *sync, struct item *item, enum council_error error, const char *detail)
{
    uint64_t name = item->item;
    uint8_t log[COUNCIL_KEY_BYTES];
    memcpy(log, item->log, sizeof(log));
    item->state = ITEM_GONE;
    sync->dirty = true;
    sync->ops->item_failed(sync->ctx, name, log, error, detail ? detail : "");
}

void sync_item_acked(struct sync *sync, struct item *item, uint64_t seq)
{
    uint64_t name = item->item;
    uint8_t log[COUNCIL_KEY_BYTES];
    memcpy(log, item->log, sizeof(log));
    item->state = ITEM_GONE;
    sync->dirty = true;
    sync->ops->item_acked(sync->ctx, name, log, seq);
}

static void send_item(struct sync *sync, struct item *item)
{
    struct request *request = sync_request(sync, REQUEST_APPEND, COUNCIL_METHOD_LOG_APPEND);
    if (!request)
        return;
    memcpy(request->log, item->log, COUNCIL_KEY_BYTES);
    request->name = item->item;
    council_rpc_field_entry(&sync->frame, "entry", item->text, item->len, item->sig, item->data,
                            item->data_len);
    item->state = ITEM_SENT;
    enum council_error error = sync_request_send(sync, request);
    if (error == COUNCIL_E_NO_MEMORY) {
        item->state = ITEM_SEALED;
        item->not_before = sync->now + LATER_MIN_MS;
    } else if (error) {
        fail(sync, item, error, NULL);
    }
}

static void advance(struct sync *sync, struct item *item, struct sync_log *log,
                    const struct lane *lane)
{
    if (item->state == ITEM_PROVING && log) {
        if (log->probe.want < item->need) /* the log was added anew since */
            item->need = sync_probe_want(log);
        else if (sync_probe_met(log, item->need))
            item->state = ITEM_DRAFT;
        sync->dirty = sync->dirty || item->state == ITEM_DRAFT;
    }
    if (sync->now < item->not_before || !lane_open(lane, item) || !log_ready(sync, log, item))
        return;
    if (item->state == ITEM_DRAFT && !item->direct && log && sync_stay_over(sync, log)) {
        fail(sync, item, COUNCIL_E_NOT_MEMBER, NULL); /* not signed: there may be no key for it */
    } else if (item->state == ITEM_DRAFT) {
        item->state = ITEM_SIGNING;
        uint64_t name = item->item;
        uint8_t where[COUNCIL_KEY_BYTES];
        memcpy(where, item->log, sizeof(where));
        sync->ops->sign_item(sync->ctx, name, where, item->why);
    } else if (item->state == ITEM_SEALED && sync_room(sync, false)) {
        send_item(sync, item);
    }
}

/* Walks the list once: each log's lane says what came before. */
void sync_outbox_pump(struct sync *sync)
{
    struct lane nowhere = {0}; /* of a genesis or join whose log is not kept yet */
    struct sync_log *log = NULL;
    if (sync->state != SYNC_READY)
        return;
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync->logs[i]->lane = (struct lane){0};
    /* Items are freed by the sweep alone, so the list only grows while it is walked. */
    for (uint32_t i = 0; i < sync->item_count; i++) {
        struct item *item = sync->items[i];
        if (!log || memcmp(log->log, item->log, COUNCIL_KEY_BYTES) != 0)
            log = sync_log_find(sync, item->log);
        struct lane *lane = log ? &log->lane : &nowhere;
        if (item->state != ITEM_GONE)
            advance(sync, item, log, lane);
        if (item->state == ITEM_SEALED && item->not_before <= sync->now)
            advance(sync, item, log, lane); /* was signed at once */
        if (log)
            lane_pass(sync, lane, log, item);
    }
}

/* ---- answers ---- */

static void accepted(struct sync *sync, struct item *item, const json_t *result)
{
    struct sync_log *log = sync_log_find(sync, item->log);
    uint8_t named[COUNCIL_KEY_BYTES], head[COUNCIL_HASH_BYTES];
    uint64_t seq = 0;
    if (!council_rpc_int(result, "seq", 1, COUNCIL_INT_MAX, &seq) ||
        !council_rpc_bytes(result, "log", named, COUNCIL_KEY_BYTES) ||
        !council_rpc_bytes(result, "head", head, COUNCIL_HASH_BYTES) ||
        memcmp(named, item->log, COUNCIL_KEY_BYTES) != 0) {
        item->state = ITEM_SEALED;
        sync_bad_reply(sync, "log.append");
        return;
    }
    item->state = ITEM_ACKED;
    item->acked_seq = seq;
    if (log)
        sync_promise(sync, log, seq, head);
    /* Told when its entry has come and is stored; at once where nothing will come, or where it was stored before. */
    bool stopped = log && log->state == SYNC_LOG_STOPPED;
    if (!stopped && (item->direct || !log || seq <= log->replica.state.tail.seq))
        sync_item_acked(sync, item, seq);
}

static void resign(struct sync *sync, struct item *item, enum council_error error)
{
    struct sync_log *log = sync_log_find(sync, item->log);
    item->why = error;
    if (item->refused > 3) /* somebody else keeps winning: give way */
        item->not_before = sync->now + sync_backoff(sync, item->refused - 3, 200, 5000);
    if (!log || (item->direct && log->replica.state.tail.seq == 0)) {
        item->state = ITEM_DRAFT;
        return;
    }
    item->state = ITEM_PROVING;
    item->need = sync_probe_want(log);
}

/* In `state` until it is tried again. */
static void put_off(struct sync *sync, struct item *item, enum item_state state,
                    const struct council_rpc_failure *failure)
{
    uint64_t delay = sync_backoff(sync, item->later, LATER_MIN_MS, LATER_MAX_MS);
    if (item->later < 32)
        item->later++;
    if (failure->retry_after_ms > delay && failure->retry_after_ms <= LATER_MAX_MS * 10)
        delay = failure->retry_after_ms;
    item->state = state;
    item->not_before = sync->now + delay;
}

bool sync_outbox_later(struct sync *sync, uint64_t name, const struct council_rpc_failure *failure)
{
    struct item *item = sync_item_find(sync, name);
    if (!item || item->state != ITEM_SIGNING || !sync_outcome_later(failure->error))
        return false;
    item->waits = failure->error == COUNCIL_E_RECOVERING;
    put_off(sync, item, ITEM_DRAFT, failure);
    sync->dirty = true;
    return true;
}

static void refused(struct sync *sync, struct item *item, const struct council_rpc_failure *failure)
{
    enum outcome outcome = OUTCOME_FAIL;
    for (uint32_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
        if (outcomes[i].error != failure->error)
            continue;
        outcome = outcomes[i].outcome;
        if (outcomes[i].limit && ++item->refused > outcomes[i].limit)
            outcome = OUTCOME_FAIL;
    }
    /* A genesis names its log by its bytes: signed anew it would be another log. */
    if (outcome == OUTCOME_RESIGN && council_kind_has(item->kind, COUNCIL_FLAG_GENESIS))
        outcome = OUTCOME_LATER;
    struct sync_log *log = sync_log_find(sync, item->log);
    item->waits = failure->error == COUNCIL_E_RECOVERING;
    if (item->waits && log && log->replica.state.tail.seq > 0)
        sync_offer_waits(sync, log, true, log->offer.waiting);
    if (outcome == OUTCOME_FAIL) {
        fail(sync, item, failure->error, failure->detail);
    } else if (outcome == OUTCOME_RESIGN) {
        resign(sync, item, failure->error);
    } else {
        put_off(sync, item, ITEM_SEALED, failure);
    }
}

void sync_append_reply(struct sync *sync, const struct request *request, const struct reply *reply)
{
    struct item *item = sync_item_find(sync, request->name);
    if (item && item->state != ITEM_SENT)
        item = NULL;
    sync->dirty = true;
    if (item && reply->failure) {
        refused(sync, item, reply->failure);
    } else if (item) {
        accepted(sync, item, reply->result);
    } else if (reply->result) {
        /* Its entry was quicker; what the answer says of the log must hold all the same. */
        struct sync_log *log = sync_log_find(sync, request->log);
        uint8_t head[COUNCIL_HASH_BYTES];
        uint64_t seq = 0;
        if (log && council_rpc_int(reply->result, "seq", 1, COUNCIL_INT_MAX, &seq) &&
            council_rpc_bytes(reply->result, "head", head, COUNCIL_HASH_BYTES))
            sync_promise(sync, log, seq, head);
    }
}

void sync_outbox_release(struct sync *sync, const struct sync_log *log)
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        struct item *item = sync->items[i];
        if (item->later > 0 && memcmp(item->log, log->log, COUNCIL_KEY_BYTES) == 0) {
            item->not_before = sync->now;
            item->later = 0;
        }
    }
    sync->dirty = true;
}

void sync_outbox_resend(struct sync *sync, const struct sync_log *log)
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        struct item *item = sync->items[i];
        if (item->state == ITEM_ACKED && memcmp(item->log, log->log, COUNCIL_KEY_BYTES) == 0)
            item->state = ITEM_SEALED;
    }
}

void sync_outbox_disconnected(struct sync *sync)
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        struct item *item = sync->items[i];
        if (item->state == ITEM_SENT)
            item->state = ITEM_SEALED; /* whether it arrived is unknown: the same bytes again */
        else if (item->state == ITEM_SIGNING)
            item->state = ITEM_DRAFT;
        if (item->not_before > sync->now && item->later > 0)
            item->not_before = sync->now;
    }
}

uint64_t sync_outbox_next(const struct sync *sync)
{
    uint64_t next = NEVER;
    for (uint32_t i = 0; i < sync->item_count; i++) {
        const struct item *item = sync->items[i];
        if (item->not_before > sync->now && item->not_before < next)
            next = item->not_before;
    }
    return next;
}
