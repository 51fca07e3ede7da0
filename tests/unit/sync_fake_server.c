/*
 * sync_fake_server.c - the server of sync_fake.h: answers calls from fixture logs, and misbehaves as it is told.
 */
#include "tests/unit/sync_fake.h"

#include <stdlib.h>
#include <string.h>

void fake_queue_put(struct fake_queue *queue, const char *text, uint32_t len)
{
    if (queue->count == FAKE_FRAMES)
        abort();
    char *copy = malloc(len + 1);
    if (!copy)
        abort();
    memcpy(copy, text, len);
    copy[len] = '\0';
    queue->frames[queue->count++] = (struct fake_frame){copy, len};
}

static void put_frame(struct fake *fake, struct council_frame *frame)
{
    fake_queue_put(&fake->down, council_frame_text(frame), frame->len);
    council_frame_fini(frame);
}

static void finish(struct fake *fake, struct council_frame *frame)
{
    if (council_frame_end(frame))
        abort();
    put_frame(fake, frame);
}

static void refuse(struct fake *fake, const struct council_rpc *rpc, enum council_error error,
                   uint64_t retry_after_ms)
{
    struct council_frame frame;
    council_frame_init(&frame, 0);
    if (council_rpc_write_error(&frame, &rpc->id, error, NULL, retry_after_ms))
        abort();
    put_frame(fake, &frame);
}

static void begin(struct council_frame *frame, const struct council_rpc *rpc)
{
    council_frame_init(frame, 0);
    council_rpc_write_result(frame, &rpc->id);
}

static struct fake_log *log_named(struct fake *fake, const json_t *params)
{
    uint8_t name[COUNCIL_KEY_BYTES];
    if (!council_rpc_bytes(params, "log", name, sizeof name))
        abort();
    for (uint32_t i = 0; i < fake->log_count; i++) {
        const struct fake_log *log = &fake->logs[i];
        if (log->log->count > 0 && memcmp(log->log->entries[0].head, name, sizeof name) == 0)
            return &fake->logs[i];
    }
    return NULL;
}

static uint64_t end_of(const struct fake_log *log)
{
    return log->visible < log->log->count ? log->visible : log->log->count;
}

static void hello(struct fake *fake, const struct council_rpc *rpc)
{
    uint8_t sig[COUNCIL_SIG_BYTES];
    struct council_challenge *c = &fake->challenge;
    struct council_frame frame;
    memset(c, 0, sizeof *c);
    memcpy(c->origin, fake->origin, strlen(fake->origin) + 1);
    memcpy(c->server, fake->server_key, sizeof c->server);
    fixture_random_bytes(&fake->random, c->server_nonce, sizeof c->server_nonce);
    c->expires = 1700000030000;
    if (!council_rpc_bytes(rpc->params, "nonce", c->client_nonce, sizeof c->client_nonce) ||
        !council_hello_sign(sig, fake->server_secret, c))
        abort();
    begin(&frame, rpc);
    council_rpc_field_string(&frame, "origin", c->origin);
    council_rpc_field_bytes(&frame, "server", c->server, sizeof c->server);
    council_rpc_field_bytes(&frame, "nonce", c->server_nonce, sizeof c->server_nonce);
    council_rpc_field_int(&frame, "expires", c->expires);
    council_rpc_field_bytes(&frame, "sig", sig, sizeof sig);
    council_rpc_field_int(&frame, "now", 1700000000000);
    council_rpc_field_string(&frame, "registration", "open");
    council_rpc_field_string(&frame, "version", "1");
    council_rpc_field_open(&frame, "limits", '{');
    council_rpc_field_int(&frame, "frame", COUNCIL_FRAME_MAX);
    council_rpc_field_int(&frame, "entries", 1000000);
    council_rpc_field_int(&frame, "outstanding", 64);
    council_rpc_field_close(&frame, '}');
    if (fake->recovers)
        council_rpc_field_int(&frame, "recovering", 1);
    if (fake->succession_count > 0) {
        council_rpc_field_open(&frame, "successions", '[');
        for (uint32_t i = 0; i < fake->succession_count; i++) {
            const struct council_succession *one = &fake->successions[i];
            council_rpc_field_open(&frame, NULL, '{');
            council_rpc_field_bytes(&frame, "from", one->from, sizeof one->from);
            council_rpc_field_bytes(&frame, "to", one->to, sizeof one->to);
            council_rpc_field_bytes(&frame, "sig", one->sig, sizeof one->sig);
            council_rpc_field_close(&frame, '}');
        }
        council_rpc_field_close(&frame, ']');
    }
    finish(fake, &frame);
    fake->greeted = true;
}

static void login(struct fake *fake, const struct council_rpc *rpc)
{
    uint8_t device[COUNCIL_KEY_BYTES], member[COUNCIL_KEY_BYTES], sig[COUNCIL_SIG_BYTES];
    struct council_frame frame;
    const char *purpose = council_rpc_string(rpc->params, "purpose", 16);
    bool named = council_rpc_bytes(rpc->params, "member", member, sizeof member);
    if (fake->refuse_login) {
        refuse(fake, rpc, fake->refuse_login, 0);
        return;
    }
    if (!purpose || !council_rpc_bytes(rpc->params, "device", device, sizeof device) ||
        !council_rpc_bytes(rpc->params, "sig", sig, sizeof sig) ||
        !council_login_verify(sig, device, &fake->challenge, named ? member : NULL, purpose)) {
        refuse(fake, rpc, COUNCIL_E_LOGIN_REFUSED, 0);
        return;
    }
    begin(&frame, rpc);
    council_rpc_field_bytes(&frame, "member", fixture_name(fixture_member(&fake->fixture, 0)),
                            COUNCIL_KEY_BYTES);
    council_rpc_field_int(&frame, "now", 1700000000000);
    finish(fake, &frame);
    fake->logged_in = true;
}

static void end_fields(struct council_frame *frame, const struct fake_log *log)
{
    council_rpc_field_int(frame, "seq", end_of(log));
    council_rpc_field_bytes(frame, "head", log->log->entries[end_of(log) - 1].head,
                            COUNCIL_HASH_BYTES);
}

static void subscribe(struct fake *fake, const struct council_rpc *rpc)
{
    struct fake_log *log = log_named(fake, rpc->params);
    struct council_frame frame;
    if (!log || end_of(log) == 0 ||
        !council_rpc_int(rpc->params, "after", 0, COUNCIL_INT_MAX, &log->cursor)) {
        refuse(fake, rpc, COUNCIL_E_NOT_FOUND, 0);
        return;
    }
    if (log->recovering && !log->spoken) {
        refuse(fake, rpc, COUNCIL_E_RECOVERING, 0);
        return;
    }
    log->subscribed = true;
    begin(&frame, rpc);
    end_fields(&frame, log);
    finish(fake, &frame);
}

static void read_log(struct fake *fake, const struct council_rpc *rpc)
{
    const struct fake_log *log = log_named(fake, rpc->params);
    struct council_frame frame;
    fake->probes++;
    if (!log || end_of(log) == 0) {
        refuse(fake, rpc, COUNCIL_E_NOT_FOUND, 0);
        return;
    }
    if (log->recovering && !log->spoken) {
        refuse(fake, rpc, COUNCIL_E_RECOVERING, 0);
        return;
    }
    begin(&frame, rpc);
    council_rpc_field_open(&frame, "entries", '[');
    council_rpc_field_close(&frame, ']');
    end_fields(&frame, log);
    finish(fake, &frame);
}

/* As a server does it: a repetition gets its old place before anything else is asked. */
static enum council_error take(struct fake_log *log, const struct council_wire_entry *wire,
                               uint64_t *seq)
{
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, wire->text, wire->len);
    if (error)
        return error;
    *seq = council_tail_retry(&log->log->log.tail, &entry, wire->sig);
    council_entry_fini(&entry);
    if (*seq)
        return COUNCIL_OK;
    struct fixture_entry copy = {.len = wire->len, .data_len = wire->data_len};
    copy.text = malloc(wire->len + 1);
    copy.data = wire->data ? malloc(wire->data_len + 1) : NULL;
    if (!copy.text || (wire->data && !copy.data))
        abort();
    memcpy(copy.text, wire->text, wire->len);
    copy.text[wire->len] = '\0';
    memcpy(copy.sig, wire->sig, sizeof copy.sig);
    if (wire->data)
        memcpy(copy.data, wire->data, wire->data_len);
    error = fixture_append(log->log, &copy);
    *seq = log->log->count;
    return error;
}

static struct fake_log *log_of_entry(struct fake *fake, const struct council_wire_entry *wire)
{
    struct council_entry entry;
    struct fake_log *found = NULL;
    if (council_entry_parse(&entry, wire->text, wire->len))
        return NULL;
    for (uint32_t i = 0; i < fake->log_count; i++) {
        struct fake_log *log = &fake->logs[i];
        bool genesis =
            !entry.has_log && log->log->count <= 1 && (entry.kind == COUNCIL_KIND_COUNCIL_CREATE);
        if (genesis || (entry.has_log && memcmp(log->log->log.tail.log, entry.log, 32) == 0))
            found = log;
    }
    council_entry_fini(&entry);
    return found;
}

static void append(struct fake *fake, const struct council_rpc *rpc)
{
    struct council_wire_entry wire;
    struct council_frame frame;
    uint64_t seq = 0;
    fake->appends++;
    if (council_rpc_entry(json_object_get(rpc->params, "entry"), &wire))
        abort();
    struct fake_log *log = log_of_entry(fake, &wire);
    enum council_error error = COUNCIL_OK;
    if (fake->refuse_times > 0) {
        fake->refuse_times--;
        error = fake->refuse;
    } else if (!fake->lose_request) {
        error = log ? take(log, &wire, &seq) : COUNCIL_E_NOT_FOUND;
    }
    council_wire_entry_fini(&wire);
    if (fake->lose_answer || fake->lose_request) {
        fake->lose_answer = fake->lose_request = false;
        fake_cut(fake);
        return;
    }
    if (error) {
        refuse(fake, rpc, error, fake->retry_after_ms);
        return;
    }
    begin(&frame, rpc);
    council_rpc_field_bytes(&frame, "log", log->log->log.tail.log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&frame, "seq", seq);
    council_rpc_field_bytes(&frame, "head", log->log->entries[seq - 1].head, COUNCIL_HASH_BYTES);
    council_rpc_field_int(&frame, "received", 1700000000000 + seq);
    finish(fake, &frame);
}

/* What the server is offered is compared with what it once had: it has an entry again as soon as somebody brought it. */
static enum council_error take_offer(struct fake *fake, struct fake_log *log, const json_t *params,
                                     uint64_t after)
{
    const json_t *entries = json_object_get(params, "entries");
    for (size_t i = 0; i < json_array_size(entries); i++) {
        struct council_wire_entry wire;
        uint64_t seq = after + i + 1;
        if (council_rpc_entry(json_array_get(entries, i), &wire))
            abort();
        const struct fixture_entry *old =
            seq <= log->log->count ? &log->log->entries[seq - 1] : NULL;
        bool same = old && old->len == wire.len && memcmp(old->text, wire.text, wire.len) == 0 &&
                    memcmp(old->sig, wire.sig, sizeof old->sig) == 0;
        bool data = old && (old->erased ||
                            (old->data_len == wire.data_len &&
                             (!old->data || memcmp(old->data, wire.data, wire.data_len) == 0)));
        council_wire_entry_fini(&wire);
        if (!same)
            return COUNCIL_E_OFFER_REFUSED;
        if (!data)
            abort();
        if (seq > end_of(log) && !fake->forgets) {
            log->visible = seq;
            log->offered++;
            if (fake->offered++, log->first_offered == 0)
                log->first_offered = fake->offered;
        }
    }
    return COUNCIL_OK;
}

static void offer(struct fake *fake, const struct council_rpc *rpc)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    struct fake_log *log = log_named(fake, rpc->params);
    struct council_frame frame;
    uint8_t head[COUNCIL_HASH_BYTES];
    uint64_t after = 0;
    if (!log || !council_rpc_int(rpc->params, "after", 0, COUNCIL_INT_MAX, &after) ||
        !council_rpc_bytes(rpc->params, "head", head, sizeof head))
        abort();
    log->offers++;
    if (log == fake->logs && fake->loses_after > 0 &&
        json_array_size(json_object_get(rpc->params, "entries")) == 0)
        log->visible = fake->loses_after;
    enum council_error error = fake->refuse_offers;
    if (!error && after <= end_of(log)) {
        const uint8_t *own = after ? log->log->entries[after - 1].head : zeros;
        error = memcmp(own, head, sizeof head) == 0 ? take_offer(fake, log, rpc->params, after)
                                                    : COUNCIL_E_OFFER_REFUSED;
        if (!error && json_array_size(json_object_get(rpc->params, "entries")) == 0)
            log->spoken = true;
    }
    if (error) {
        refuse(fake, rpc, error, 0);
        return;
    }
    begin(&frame, rpc);
    council_rpc_field_int(&frame, "seq", end_of(log));
    council_rpc_field_bytes(&frame, "head",
                            end_of(log) ? log->log->entries[end_of(log) - 1].head : zeros,
                            COUNCIL_HASH_BYTES);
    council_rpc_field_int(&frame, "recovering", log->recovering);
    council_rpc_field_int(&frame, "waiting", log->waiting);
    finish(fake, &frame);
}

static void list(struct fake *fake, const struct council_rpc *rpc)
{
    struct council_frame frame;
    begin(&frame, rpc);
    council_rpc_field_open(&frame, "logs", '[');
    council_rpc_field_close(&frame, ']');
    finish(fake, &frame);
}

void fake_server_frame(struct fake *fake, const char *text, uint32_t len)
{
    struct council_rpc rpc;
    const char *field = NULL;
    fake->sent_frames++;
    if (council_rpc_parse(&rpc, text, len) || rpc.kind != COUNCIL_RPC_CALL ||
        council_rpc_check_params(rpc.method, rpc.params, &field))
        abort(); /* the client may send nothing else */
    if (fake->silent) {
        council_rpc_fini(&rpc);
        return;
    }
    bool ready = council_method_info(rpc.method)->state == COUNCIL_STATE_FRESH    ? !fake->greeted
                 : council_method_info(rpc.method)->state == COUNCIL_STATE_ALWAYS ? true
                 : council_method_info(rpc.method)->state == COUNCIL_STATE_GREETED
                     ? fake->greeted
                     : fake->logged_in;
    if (!ready)
        abort();
    bool reads =
        rpc.method == COUNCIL_METHOD_LOG_SUBSCRIBE || rpc.method == COUNCIL_METHOD_LOG_READ;
    if (reads && fake->limit_reads > 0) {
        fake->limit_reads--;
        refuse(fake, &rpc, COUNCIL_E_RATE_LIMITED, 0);
    } else if (rpc.method == COUNCIL_METHOD_SERVER_HELLO)
        hello(fake, &rpc);
    else if (rpc.method == COUNCIL_METHOD_AUTH_LOGIN)
        login(fake, &rpc);
    else if (rpc.method == COUNCIL_METHOD_LOG_SUBSCRIBE)
        subscribe(fake, &rpc);
    else if (rpc.method == COUNCIL_METHOD_LOG_READ)
        read_log(fake, &rpc);
    else if (rpc.method == COUNCIL_METHOD_LOG_APPEND)
        append(fake, &rpc);
    else if (rpc.method == COUNCIL_METHOD_LOG_OFFER)
        offer(fake, &rpc);
    else if (rpc.method == COUNCIL_METHOD_COUNCIL_LIST)
        list(fake, &rpc);
    else
        refuse(fake, &rpc, COUNCIL_E_UNKNOWN_METHOD, 0);
    council_rpc_fini(&rpc);
}

static void push_entry(struct fake *fake, struct fake_log *log, uint64_t seq)
{
    const struct fixture_entry *entry = &log->log->entries[seq - 1];
    struct council_frame frame;
    struct council_record record = {.seq = seq,
                                    .received = 1700000000000 + seq,
                                    .text = entry->text,
                                    .len = entry->len,
                                    .sig = entry->sig,
                                    .data = entry->erased ? NULL : entry->data,
                                    .data_len = entry->erased ? 0 : entry->data_len,
                                    .erased = entry->erased};
    char *damaged = NULL;
    if (log == &fake->logs[0] && seq == fake->damage_seq) {
        damaged = malloc(entry->len + 1);
        if (!damaged)
            abort();
        memcpy(damaged, entry->text, entry->len + 1);
        damaged[6] = damaged[6] == '9' ? '8' : '9'; /* in "at" */
        record.text = damaged;
    }
    council_frame_init(&frame, 0);
    if (council_rpc_write_log_entry(&frame, log->log->entries[0].head, &record))
        abort();
    put_frame(fake, &frame);
    free(damaged);
}

void fake_server_pushes(struct fake *fake)
{
    for (uint32_t i = 0; i < fake->log_count; i++) {
        struct fake_log *log = &fake->logs[i];
        while (log->subscribed && !fake->hold_pushes && !log->hold && log->cursor < end_of(log) &&
               fake->down.count < FAKE_FRAMES - 16) {
            push_entry(fake, log, ++log->cursor);
            if (fake->twice)
                push_entry(fake, log, log->cursor);
        }
    }
}

void fake_server_closed(struct fake *fake)
{
    fake->greeted = fake->logged_in = false;
    for (uint32_t i = 0; i < fake->log_count; i++)
        fake->logs[i].subscribed = fake->logs[i].spoken = false;
}
