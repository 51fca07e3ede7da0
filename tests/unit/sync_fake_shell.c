/*
 * sync_fake_shell.c - the shell of sync_fake.h: what it stores, signs and hears.
 */
#include "tests/unit/sync_fake.h"

#include <stdlib.h>
#include <string.h>

static void op_connect(void *ctx)
{
    struct fake *fake = ctx;
    fake->wants_connect = true;
    fake->connects++;
}

static void op_send(void *ctx, const char *text, uint32_t len)
{
    struct fake *fake = ctx;
    fake_queue_put(&fake->up, text, len);
}

static void op_close(void *ctx)
{
    struct fake *fake = ctx;
    fake->wants_close = true;
}

static void op_hello(void *ctx, const struct sync_hello *hello)
{
    struct fake *fake = ctx;
    fake->first_server = hello->first;
    fake->succeeded_server = fake->succeeded_server || hello->succeeded;
    memcpy(fake->pinned, hello->challenge->server, sizeof fake->pinned);
}

static bool op_sign_login(void *ctx, const struct council_challenge *challenge,
                          enum sync_purpose purpose, uint8_t sig[COUNCIL_SIG_BYTES])
{
    struct fake *fake = ctx;
    const uint8_t *member = fixture_name(fixture_member(&fake->fixture, 0));
    bool device = purpose == SYNC_LOGIN_DEVICE;
    return !fake->no_login_key &&
           council_login_sign(sig, fake->device->sign, challenge, device ? member : NULL,
                              device ? "device" : "recovery");
}

static struct fake_log *log_named(struct fake *fake, const uint8_t *name)
{
    for (uint32_t i = 0; i < fake->log_count; i++) {
        if (memcmp(fake->logs[i].log->entries[0].head, name, COUNCIL_KEY_BYTES) == 0)
            return &fake->logs[i];
    }
    abort();
}

static enum council_error op_store(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                   const struct sync_entry *entries, uint32_t count)
{
    struct fake *fake = ctx;
    struct fake_log *to = log_named(fake, log);
    if (fake->store_fails)
        return fake->store_fails;
    if (count == 0 || count > SYNC_BATCH_ENTRIES || entries[0].seq != to->count + 1)
        abort();
    to->batches++;
    for (uint32_t i = 0; i < count; i++) {
        if (to->count == to->size) {
            to->size = to->size ? to->size * 2 : 64;
            to->rows = realloc(to->rows, to->size * sizeof *to->rows);
            if (!to->rows)
                abort();
        }
        struct fake_row *row = &to->rows[to->count++];
        memset(row, 0, sizeof *row);
        row->len = entries[i].entry->text.len;
        row->text = malloc(row->len + 1);
        if (!row->text)
            abort();
        memcpy(row->text, entries[i].entry->text.text, row->len);
        row->text[row->len] = '\0';
        memcpy(row->sig, entries[i].sig, sizeof row->sig);
        memcpy(row->head, entries[i].head, sizeof row->head);
        memcpy(row->author, entries[i].entry->author, sizeof row->author);
        row->kind = entries[i].entry->kind;
        row->data = entries[i].data != NULL;
        row->blob_len = entries[i].data_len;
        row->blob = row->data ? malloc(row->blob_len) : NULL;
        if (row->blob)
            memcpy(row->blob, entries[i].data, row->blob_len);
        row->recipients = entries[i].recipient_count;
    }
    return COUNCIL_OK;
}

static enum council_error op_facts(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                   const uint64_t *seqs, uint32_t count, struct council_fact *out)
{
    const struct fake_log *from = log_named(ctx, log);
    for (uint32_t i = 0; i < count; i++) {
        memset(&out[i], 0, sizeof out[i]);
        if (seqs[i] == 0 || seqs[i] > from->count)
            continue;
        const struct fake_row *row = &from->rows[seqs[i] - 1];
        out[i].post = row->kind == COUNCIL_KIND_POST;
        out[i].erased = row->erased;
        memcpy(out[i].author, row->author, sizeof out[i].author);
    }
    return COUNCIL_OK;
}

static enum council_error op_held(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
                                  bool folds, uint8_t head[COUNCIL_HASH_BYTES],
                                  sync_held_taker *take, void *to)
{
    const struct fake_log *from = log_named(ctx, log);
    if (after > from->count)
        abort();
    if (after > 0)
        memcpy(head, from->rows[after - 1].head, COUNCIL_HASH_BYTES);
    else
        memset(head, 0, COUNCIL_HASH_BYTES);
    bool more = true;
    for (uint32_t i = (uint32_t)after; i < from->count && more; i++) {
        const struct fake_row *row = &from->rows[i];
        const struct sync_held held = {.seq = i + 1,
                                       .text = row->text,
                                       .len = row->len,
                                       .sig = row->sig,
                                       .data = row->blob,
                                       .data_len = row->blob_len};
        if (!folds || council_kind_has(row->kind, COUNCIL_FLAG_FOLDS))
            more = take(to, &held);
    }
    return COUNCIL_OK;
}

static void op_recovering(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], bool recovering,
                          uint64_t waiting)
{
    struct fake *fake = ctx;
    (void)log;
    fake->told_recovering = recovering;
    fake->told_waiting = waiting;
    fake->tellings++;
}

static void op_check_begin(void *ctx, struct sync_check *check)
{
    struct fake *fake = ctx;
    if (fake->begun_count == sizeof(fake->begun) / sizeof(fake->begun[0]))
        abort();
    fake->begun[fake->begun_count++] = check;
}

static void op_check_wait(void *ctx)
{
    struct fake *fake = ctx;
    for (; fake->begun_count > 0; fake->verified++) { /* in any order, and as late as may be */
        struct sync_check *check = fake->begun[--fake->begun_count];
        check->error = council_entry_verify(check->entry, check->sig);
    }
}

static void op_caught_up(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq)
{
    struct fake_log *of = log_named(ctx, log);
    of->caught_up++;
    if (of->count != seq)
        abort(); /* told before it was stored */
}

struct fake_item *fake_item(struct fake *fake, uint64_t item)
{
    if (item == 0 || item > fake->item_count)
        abort();
    return &fake->items[item - 1];
}

/* Signs on what the client holds, as a shell does. */
static void sign(struct fake *fake, struct fake_item *item, const uint8_t *log)
{
    struct sync_log_view view;
    struct fixture_body body = {NULL, 0};
    uint8_t id[COUNCIL_ID_BYTES], nonce[24], hash[COUNCIL_HASH_BYTES];
    struct fixture_entry out;
    struct council_device device;
    if (!sync_log_view(fake->sync, log, &view))
        abort();
    const struct council_log *state = &view.replica->state;
    council_secrets_public(fake->device, &device);
    fixture_random_bytes(&fake->random, id, sizeof id);
    struct council_draft draft = {.kind = item->plain ? COUNCIL_KIND_POST : COUNCIL_KIND_KEY_ROTATE,
                                  .at = 1700000000000,
                                  .author = fixture_name(fixture_member(&fake->fixture, 0)),
                                  .device = device.sign,
                                  .id = id,
                                  .log = log,
                                  .seen_seq = state->tail.seq,
                                  .seen_head = state->tail.head};
    uint8_t *data = NULL;
    uint32_t data_len = 0;
    if (item->plain) {
        draft.epoch = state->council.epoch;
        struct council_seal_place place = {.log = log,
                                           .author = draft.author,
                                           .device = device.sign,
                                           .id = id,
                                           .kind = "post",
                                           .epoch = draft.epoch};
        fixture_random_bytes(&fake->random, nonce, sizeof nonce);
        if (council_seal(&place, fake->council.seeds[draft.epoch], nonce, item->plain,
                         (uint32_t)strlen(item->plain), &data, &data_len))
            abort();
        council_hash(hash, data, data_len);
        draft.data_hash = hash;
        body = fixture_body("{}");
    } else if (council_body_rotate(&state->council,
                                   fixture_next_seed(&fake->fixture, &fake->council), &body.text,
                                   &body.len)) {
        abort();
    }
    if (fixture_sign(&out, &draft, body, fake->device->sign))
        abort();
    enum council_error error =
        sync_outbox_signed(fake->sync, item->item, out.text, out.len, out.sig, data, data_len);
    if (error && error != COUNCIL_E_NO_MEMORY)
        abort();
    free(item->text);
    free(item->data);
    item->text = out.text;
    item->len = out.len;
    memcpy(item->sig, out.sig, sizeof item->sig);
    item->data = data;
    item->data_len = data_len;
}

static void op_sign_item(void *ctx, uint64_t name, const uint8_t log[COUNCIL_KEY_BYTES],
                         enum council_error why)
{
    struct fake *fake = ctx;
    struct fake_item *item = fake_item(fake, name);
    item->signed_times++;
    item->why = why;
    if (!fake->no_signing)
        sign(fake, item, log);
}

static void op_acked(void *ctx, uint64_t name, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq)
{
    struct fake_item *item = fake_item(ctx, name);
    (void)log;
    item->acked++;
    item->seq = seq;
}

static void op_failed(void *ctx, uint64_t name, const uint8_t log[COUNCIL_KEY_BYTES],
                      enum council_error error, const char *detail)
{
    struct fake_item *item = fake_item(ctx, name);
    (void)log;
    (void)detail;
    item->failed++;
    item->error = error;
}

static void op_duty(void *ctx, const struct sync_duty *duty)
{
    struct fake *fake = ctx;
    if (fake->duty_count == FAKE_HEARD)
        abort();
    fake->duties[fake->duty_count++] = *duty;
}

static void op_report(void *ctx, const struct sync_report *report)
{
    struct fake *fake = ctx;
    if (fake->report_count == FAKE_HEARD)
        abort();
    fake->reports[fake->report_count] = report->kind;
    fake->report_errors[fake->report_count] = report->error;
    fake->report_seqs[fake->report_count] = report->seq;
    fake->report_evidence[fake->report_count] =
        report->text && report->sig && strlen(report->text) == report->len;
    fake->report_count++;
}

static void op_call_result(void *ctx, uint64_t tag, enum council_error error, const json_t *result,
                           const struct council_rpc_failure *failure)
{
    struct fake *fake = ctx;
    (void)failure;
    if (fake->call_count == FAKE_HEARD || (error == COUNCIL_OK) != (result != NULL))
        abort();
    fake->call_tags[fake->call_count] = tag;
    fake->call_errors[fake->call_count++] = error;
}

const struct sync_ops fake_ops = {.connect = op_connect,
                                  .send = op_send,
                                  .close = op_close,
                                  .hello = op_hello,
                                  .sign_login = op_sign_login,
                                  .store_entries = op_store,
                                  .facts = op_facts,
                                  .held = op_held,
                                  .recovering = op_recovering,
                                  .check_begin = op_check_begin,
                                  .check_wait = op_check_wait,
                                  .log_caught_up = op_caught_up,
                                  .sign_item = op_sign_item,
                                  .item_acked = op_acked,
                                  .item_failed = op_failed,
                                  .duty = op_duty,
                                  .report = op_report,
                                  .call_result = op_call_result};
