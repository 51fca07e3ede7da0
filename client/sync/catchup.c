/*
 * catchup.c - keeping logs current: subscribing from the last head, taking entries in order, asking for a log's end.
 *
 * Owns what the order of entries says about a server: an end below what is held, another head at a place that is held, entries left
 * out. Must not know what an entry means (intake.c checks it). Invariant: entries enter a log's queue in order of seq without a gap.
 */
#include "client/sync/internal.h"

uint64_t sync_log_end(const struct sync_log *log)
{
    return log->replica.state.tail.seq + log->queued;
}

void sync_log_disconnected(struct sync_log *log)
{
    log->asked = false;
    log->told = false;
    log->probe.sent = log->probe.done;
    log->retry_at = 0;
    log->retries = 0;
    sync_offer_disconnected(log);
    if (log->state != SYNC_LOG_STOPPED)
        log->state = SYNC_LOG_WAITING;
}

/* ---- what the server says of a log's end ---- */

static void report_head(struct sync *sync, struct sync_log *log, enum sync_report_kind kind,
                        uint64_t seq, const uint8_t *held, const uint8_t *shown)
{
    struct sync_report report = {
        .kind = kind, .error = COUNCIL_E_HISTORY_CHANGED, .seq = seq, .held = held, .shown = shown};
    sync_report_send(sync, log, &report);
}

void sync_forked(struct sync *sync, struct sync_log *log, uint64_t seq, const uint8_t *held,
                 const uint8_t *shown)
{
    report_head(sync, log, SYNC_REPORT_FORKED, seq, held, shown);
}

void sync_promise(struct sync *sync, struct sync_log *log, uint64_t seq,
                  const uint8_t head[COUNCIL_HASH_BYTES])
{
    const struct council_tail *tail = &log->replica.state.tail;
    uint8_t held[COUNCIL_HASH_BYTES];
    if (log->state == SYNC_LOG_STOPPED || seq == 0)
        return;
    if (seq > log->promised)
        log->promised = seq;
    if (seq <= tail->seq) {
        if (council_tail_head(tail, seq, held) && memcmp(held, head, COUNCIL_HASH_BYTES) != 0)
            report_head(sync, log, SYNC_REPORT_FORKED, seq, held, head);
        return;
    }
    for (uint32_t i = 0; i < PROMISES_MAX; i++) {
        struct promise *promise = &log->promises[i];
        if (promise->seq == seq && memcmp(promise->head, head, COUNCIL_HASH_BYTES) != 0) {
            report_head(sync, log, SYNC_REPORT_FORKED, seq, promise->head, head);
            return;
        }
        if (promise->seq == 0 || promise->seq == seq) {
            promise->seq = seq;
            memcpy(promise->head, head, COUNCIL_HASH_BYTES);
            return;
        }
    }
}

void sync_promises_kept(struct sync *sync, struct sync_log *log, const struct incoming *last)
{
    for (uint32_t i = 0; i < PROMISES_MAX; i++) {
        struct promise *promise = &log->promises[i];
        if (promise->seq != last->seq)
            continue;
        promise->seq = 0;
        if (memcmp(promise->head, last->head, COUNCIL_HASH_BYTES) == 0)
            continue;
        struct sync_report report = {.kind = SYNC_REPORT_FORKED,
                                     .error = COUNCIL_E_HISTORY_CHANGED,
                                     .seq = last->seq,
                                     .held = promise->head,
                                     .shown = last->head,
                                     .text = last->text,
                                     .len = last->len,
                                     .sig = last->sig,
                                     .data = last->data,
                                     .data_len = last->data_len};
        sync_report_send(sync, log, &report);
        return;
    }
}

/* The end as an answer names it: false, with a report, where it contradicts what was known when the question was sent: `least`. What was promised meanwhile may be newer than the answer. */
static bool take_end(struct sync *sync, struct sync_log *log, const json_t *result, uint64_t least,
                     uint64_t *seq)
{
    uint8_t head[COUNCIL_HASH_BYTES];
    if (!council_rpc_int(result, "seq", 0, COUNCIL_INT_MAX, seq) ||
        !council_rpc_bytes(result, "head", head, COUNCIL_HASH_BYTES)) {
        sync_bad_reply(sync, "seq");
        return false;
    }
    if (*seq < least && sync->recovering && sync_offer_begin(sync, log))
        return false; /* a restored server lacks it until it is brought back */
    if (*seq < least && sync->recovering && log->offer.over && !log->offer.refused) {
        /* It has all that is held, and said so, but knows of an earlier stay of this member alone. */
        sync_offer_later(sync, log);
        return false;
    }
    if (*seq < least) {
        report_head(sync, log, SYNC_REPORT_ROLLED_BACK, *seq, log->replica.state.tail.head, head);
        return false;
    }
    sync_promise(sync, log, *seq, head);
    return log->state != SYNC_LOG_STOPPED;
}

/* ---- subscribing ---- */

void sync_log_later(struct sync *sync, struct sync_log *log,
                    const struct council_rpc_failure *failure)
{
    uint64_t delay = sync_backoff(sync, log->retries, LATER_MIN_MS, LATER_MAX_MS);
    if (log->retries < 32)
        log->retries++;
    if (failure->retry_after_ms > delay && failure->retry_after_ms <= LATER_MAX_MS * 10)
        delay = failure->retry_after_ms;
    log->retry_at = sync->now + delay;
}

static void subscribe(struct sync *sync, struct sync_log *log)
{
    struct request *request = sync_request(sync, REQUEST_SUBSCRIBE, COUNCIL_METHOD_LOG_SUBSCRIBE);
    if (!request)
        return;
    memcpy(request->log, log->log, COUNCIL_KEY_BYTES);
    request->after = log->replica.state.tail.seq;
    request->least = log->promised > request->after ? log->promised : request->after;
    council_rpc_field_bytes(&sync->frame, "log", log->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&sync->frame, "after", request->after);
    if (sync_request_send(sync, request) == COUNCIL_OK)
        log->asked = true;
}

/* A server that lacks what is held, and says so: it is offered. True where that is done, or the log stopped. */
static bool sent_back(struct sync *sync, struct sync_log *log,
                      const struct council_rpc_failure *failure)
{
    const struct council_tail *tail = &log->replica.state.tail;
    if (failure->error == COUNCIL_E_RECOVERING) {
        if (log->offer.refused && log->offer.differs) {
            /* It wants what is held, and takes it not, because its log is another one. */
            sync_forked(sync, log, tail->seq, tail->head, NULL);
            return true;
        }
        if (log->offer.refused) {
            log->state = SYNC_LOG_REFUSED;
            return true;
        }
        return sync_offer_begin(sync, log);
    }
    return failure->error == COUNCIL_E_NOT_FOUND && sync->recovering && tail->seq > 0 &&
           !sync_stay_over(sync, log) && sync_offer_begin(sync, log);
}

void sync_subscribe_reply(struct sync *sync, const struct request *request,
                          const struct reply *reply)
{
    struct sync_log *log = sync_log_find(sync, request->log);
    if (!log || !log->asked)
        return;
    log->asked = false;
    if (log->state == SYNC_LOG_STOPPED)
        return;
    if (reply->failure && sent_back(sync, log, reply->failure)) {
        sync->dirty = true;
    } else if (reply->failure && reply->failure->error == COUNCIL_E_NOT_FOUND) {
        log->state = SYNC_LOG_REFUSED;
        struct sync_report report = {.kind = SYNC_REPORT_LOG_REFUSED,
                                     .error = COUNCIL_E_NOT_FOUND,
                                     .seq = log->replica.state.tail.seq,
                                     .detail = reply->failure->detail};
        sync_report_send(sync, log, &report);
    } else if (reply->failure) {
        if (reply->failure->error == COUNCIL_E_RECOVERING)
            log->offer.over = false; /* told already: once more, after a while */
        sync_log_later(sync, log, reply->failure);
    } else if (take_end(sync, log, reply->result, request->least, &log->target)) {
        if (!log->offer.over) /* who has not spoken is let in to a log that does not wait alone */
            sync_offer_waits(sync, log, false, 0);
        log->retries = 0;
        log->state = SYNC_LOG_CATCHING_UP;
        sync->dirty = true;
    }
}

/* ---- asking for the end ---- */

uint64_t sync_probe_want(struct sync_log *log)
{
    uint64_t generation = log->probe.sent + 1;
    if (log->probe.want < generation)
        log->probe.want = generation;
    return generation;
}

bool sync_probe_met(const struct sync_log *log, uint64_t generation)
{
    return log->probe.done >= generation && log->queued == 0 &&
           log->replica.state.tail.seq >= log->probe.target;
}

static void probe(struct sync *sync, struct sync_log *log)
{
    struct request *request = sync_request(sync, REQUEST_PROBE, COUNCIL_METHOD_LOG_READ);
    if (!request)
        return;
    memcpy(request->log, log->log, COUNCIL_KEY_BYTES);
    request->after = log->replica.state.tail.seq;
    request->least = log->promised > request->after ? log->promised : request->after;
    council_rpc_field_bytes(&sync->frame, "log", log->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&sync->frame, "after", request->after);
    council_rpc_field_int(&sync->frame, "limit", 1);
    council_rpc_field_int(&sync->frame, "texts", 1);
    if (sync_request_send(sync, request) == COUNCIL_OK)
        log->probe.sent++;
}

void sync_probe_reply(struct sync *sync, const struct request *request, const struct reply *reply)
{
    struct sync_log *log = sync_log_find(sync, request->log);
    uint64_t end = 0;
    if (!log || log->probe.sent == log->probe.done || log->state == SYNC_LOG_STOPPED)
        return;
    if (reply->failure) {
        log->probe.sent = log->probe.done;
        if (reply->failure->error != COUNCIL_E_RECOVERING || !sent_back(sync, log, reply->failure))
            sync_log_later(sync, log, reply->failure);
    } else if (take_end(sync, log, reply->result, request->least, &end)) {
        log->probe.done = log->probe.sent;
        log->probe.target = end;
        log->retries = 0;
        sync->dirty = true;
    }
}

void sync_catchup_pump(struct sync *sync, struct sync_log *log)
{
    if (sync->state != SYNC_READY || sync->now < log->retry_at || log->state == SYNC_LOG_STOPPED)
        return;
    if (sync->bring) {
        if (log->state == SYNC_LOG_WAITING && !sync_offer_begin(sync, log) && log->offer.refused)
            log->state = SYNC_LOG_REFUSED;
        return;
    }
    if (log->state == SYNC_LOG_REFUSED && log->offer.later)
        log->state = SYNC_LOG_WAITING; /* others may have brought it meanwhile */
    if (log->state == SYNC_LOG_WAITING || log->state == SYNC_LOG_HELD) {
        bool held = log->replica.state.tail.seq == 0 && sync_item_holds(sync, log->log);
        log->state = held ? SYNC_LOG_HELD : SYNC_LOG_WAITING;
        if (!held && !log->asked && sync_room(sync, false))
            subscribe(sync, log);
    }
    if (log->state == SYNC_LOG_CATCHING_UP && log->queued == 0 &&
        log->replica.state.tail.seq >= log->target) {
        log->state = SYNC_LOG_LIVE;
        sync->dirty = true;
        if (!log->told && sync->ops->log_caught_up)
            sync->ops->log_caught_up(sync->ctx, log->log, log->replica.state.tail.seq);
        log->told = true;
    }
    if (log->probe.want > log->probe.done && log->probe.sent == log->probe.done &&
        log->state == SYNC_LOG_LIVE && sync_room(sync, true))
        probe(sync, log);
}

/* ---- entries ---- */

/* An entry whose place is held already: the very same is a duplicate, another one is a second history. */
static void again(struct sync *sync, struct sync_log *log, const struct council_wire_entry *wire)
{
    const struct council_tail *tail = &log->replica.state.tail;
    uint8_t prev[COUNCIL_HASH_BYTES] = {0}, held[COUNCIL_HASH_BYTES], shown[COUNCIL_HASH_BYTES];
    if (!council_tail_head(tail, wire->seq, held) ||
        (wire->seq > 1 && !council_tail_head(tail, wire->seq - 1, prev)))
        return; /* too long ago to tell */
    council_entry_head(shown, prev, wire->text, wire->len, wire->sig);
    if (memcmp(held, shown, COUNCIL_HASH_BYTES) == 0)
        return;
    struct sync_report report = {.kind = SYNC_REPORT_FORKED,
                                 .error = COUNCIL_E_HISTORY_CHANGED,
                                 .seq = wire->seq,
                                 .held = held,
                                 .shown = shown,
                                 .text = wire->text,
                                 .len = wire->len,
                                 .sig = wire->sig,
                                 .data = wire->data,
                                 .data_len = wire->data_len};
    sync_report_send(sync, log, &report);
}

static void gap(struct sync *sync, struct sync_log *log, uint64_t seq)
{
    struct sync_report report = {.kind = SYNC_REPORT_GAP, .error = COUNCIL_E_BAD_REPLY, .seq = seq};
    sync_report_send(sync, log, &report);
    sync_begin_close(sync, COUNCIL_E_BAD_REPLY);
}

/* Puts the entry into the queue and takes its data, and its text where it has one of its own. */
static bool enqueue(struct sync *sync, struct sync_log *log, struct council_wire_entry *wire)
{
    if (!log->queue)
        log->queue = calloc(SYNC_BATCH_ENTRIES, sizeof(*log->queue));
    char *text = NULL;
    if (log->queue)
        text = wire->own_text ? wire->own_text : malloc(wire->len + 1);
    if (!text)
        return false;
    if (!wire->own_text) {
        memcpy(text, wire->text, wire->len);
        text[wire->len] = '\0';
    }
    wire->own_text = NULL;
    struct incoming *in = &log->queue[log->queued++];
    memset(in, 0, sizeof(*in));
    in->text = text;
    in->len = wire->len;
    memcpy(in->sig, wire->sig, COUNCIL_SIG_BYTES);
    in->data = wire->data;
    in->data_len = wire->data_len;
    wire->data = NULL;
    in->seq = wire->seq;
    in->received = wire->received;
    in->erased = wire->erased;
    in->error = council_entry_parse(&in->entry, in->text, in->len);
    in->parsed = in->error == COUNCIL_OK;
    log->queued_bytes += in->len + in->data_len;
    sync_check_begin(sync, in);
    return true;
}

static void take(struct sync *sync, struct sync_log *log, struct council_wire_entry *wire)
{
    if (wire->seq <= sync_log_end(log)) {
        sync_intake(sync, log);
        if (log->state != SYNC_LOG_STOPPED)
            again(sync, log, wire);
    } else if (wire->seq != sync_log_end(log) + 1) {
        gap(sync, log, wire->seq);
    } else if (!enqueue(sync, log, wire)) {
        sync_begin_close(sync, COUNCIL_E_NO_MEMORY);
    } else if (log->queued == SYNC_BATCH_ENTRIES || log->queued_bytes >= SYNC_BATCH_BYTES) {
        sync_intake(sync, log);
    }
}

void sync_entry_came(struct sync *sync, struct council_wire_entry *wire)
{
    struct sync_log *log = sync_log_find(sync, wire->log);
    if (log && (log->state == SYNC_LOG_CATCHING_UP || log->state == SYNC_LOG_LIVE))
        take(sync, log, wire);
}
