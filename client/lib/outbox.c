/*
 * outbox.c - the items of the home's outbox in sync: handing them over, signing them, settling them.
 *
 * Several processes may hold the same item. Its row decides: bytes are replaced by compare-and-swap, and whoever comes second sends what the first one
 * made. Must not decide when to send or to sign anew: that is sync's. Invariant: bytes are in the home before they are given to sync.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    STALE_AFTER_MS = 23 * 3600 * 1000 /* an author's time older than this a server may refuse */
};

/* ---- what sync holds of the home's rows ---- */

static struct held *find(const struct client *client, uint64_t item)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        if (client->items[i].item == item)
            return &client->items[i];
    }
    return NULL;
}

static enum council_error hold(struct client *client, const struct outbox_row *row)
{
    if (client->item_count == client->item_size) {
        uint32_t size = client->item_size == 0 ? 16 : client->item_size * 2;
        struct held *grown = realloc(client->items, size * sizeof *grown);

        if (grown == NULL)
            return COUNCIL_E_NO_MEMORY;
        client->items = grown;
        client->item_size = size;
    }
    struct held *held = &client->items[client->item_count++];

    held->item = row->item;
    held->direct = row->direct;
    memcpy(held->log, row->log, COUNCIL_KEY_BYTES);
    memcpy(held->sig, row->bytes.sig, COUNCIL_SIG_BYTES);
    return COUNCIL_OK;
}

static void undefer(struct client *client, uint64_t item)
{
    for (uint32_t i = 0; i < client->deferred_count; i++) {
        if (client->deferred[i].item == item) {
            client->deferred[i] = client->deferred[--client->deferred_count];
            return;
        }
    }
}

static void let_go(struct client *client, uint64_t item)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        if (client->items[i].item == item) {
            client->items[i] = client->items[--client->item_count];
            break;
        }
    }
    undefer(client, item);
}

static enum council_error hand_over(struct client *client, const struct outbox_row *row)
{
    struct sync_item item = {
        .item = row->item,
        .kind = row->kind,
        .direct = row->direct,
        .text = row->bytes.text,
        .len = row->bytes.len,
        .sig = row->bytes.sig,
        .data = row->bytes.data,
        .data_len = row->bytes.data_len,
    };

    memcpy(item.log, row->log, COUNCIL_KEY_BYTES);
    /* The log of a genesis or join is held empty until the server has the entry. */
    enum council_error error = row->direct ? session_add_log(client, row->log) : COUNCIL_OK;

    if (error == COUNCIL_OK)
        error = hold(client, row);
    if (error != COUNCIL_OK)
        return error;
    error = sync_outbox_add(client->sync, &item);
    if (error != COUNCIL_OK)
        let_go(client, row->item);
    return error;
}

enum council_error outbox_load(struct client *client, uint64_t after)
{
    enum council_error error = COUNCIL_OK;

    if (client->outbox_more && after > 0)
        return COUNCIL_OK; /* in their order: earlier ones wait for room themselves */
    client->outbox_more = false;
    while (error == COUNCIL_OK) {
        struct outbox_row row;

        error = outbox_row(&client->home, HOME_OUTBOX_OPEN, after, &row);
        after = row.item;
        if (error == COUNCIL_OK && find(client, row.item) == NULL)
            error = hand_over(client, &row);
        outbox_row_fini(&row);
    }
    if (error == COUNCIL_E_QUOTA) {
        client->outbox_more = true;
        error = COUNCIL_OK;
    }
    return error == COUNCIL_E_NO_ENTRY ? COUNCIL_OK : error;
}

void outbox_check(struct client *client)
{
    for (uint32_t i = client->item_count; i-- > 0;) {
        uint64_t item = client->items[i].item;
        sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_STATE);
        bool row = false;

        home_bind_int(stmt, 1, item);
        enum council_error error = home_step(&client->home, HOME_OUTBOX_STATE, &row);
        uint64_t state = row ? home_column_int(stmt, 0) : 0;

        home_reset(&client->home, HOME_OUTBOX_STATE);
        if (error == COUNCIL_OK && state != 1 && state != 2) {
            sync_outbox_drop(client->sync, item);
            let_go(client, item);
        }
    }
}

/* ---- signing ---- */

/* `moved`: until the log has moved; else until the next turn. */
static void defer(struct client *client, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                  bool moved)
{
    const struct sync_replica *replica = session_replica(client, log);

    if (client->deferred_count == client->deferred_size) {
        uint32_t size = client->deferred_size == 0 ? 16 : client->deferred_size * 2;
        struct deferred *grown =
            size > DEFERRED_MAX ? NULL : realloc(client->deferred, size * sizeof *grown);

        if (grown == NULL) {
            outbox_refuse(client, item, log, COUNCIL_E_NO_MEMORY);
            return;
        }
        client->deferred = grown;
        client->deferred_size = size;
    }
    struct deferred *deferred = &client->deferred[client->deferred_count++];

    deferred->item = item;
    deferred->seq = !moved ? UINT64_MAX : replica == NULL ? 0 : replica->state.tail.seq;
    memcpy(deferred->log, log, COUNCIL_KEY_BYTES);
}

void outbox_retry(struct client *client)
{
    for (uint32_t i = client->deferred_count; i-- > 0;) {
        struct deferred deferred = client->deferred[i];
        const struct sync_replica *replica = session_replica(client, deferred.log);

        if (replica == NULL || replica->state.tail.seq == deferred.seq)
            continue;
        client->deferred[i] = client->deferred[--client->deferred_count];
        outbox_sign(client, deferred.item, deferred.log, COUNCIL_OK);
    }
}

/* Gives sync bytes that are in the home; on failure the item waits and is asked for again with the next connection. */
static void answer(struct client *client, uint64_t item, const struct signed_entry *bytes)
{
    struct held *held = find(client, item);

    if (held != NULL)
        memcpy(held->sig, bytes->sig, COUNCIL_SIG_BYTES);
    if (sync_outbox_signed(client->sync, item, bytes->text, bytes->len, bytes->sig, bytes->data,
                           bytes->data_len) != COUNCIL_OK)
        client->trouble = COUNCIL_E_NO_MEMORY;
}

/* Replaces `old` (text NULL: none) by `bytes`. False in `*won`: another process was first. */
static enum council_error swap(struct client *client, uint64_t item, const struct signed_entry *old,
                               const struct signed_entry *bytes, bool *won)
{
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_SEAL);

    home_bind_int(stmt, 1, item);
    home_bind(stmt, 2, bytes->text, bytes->len);
    home_bind(stmt, 3, bytes->sig, COUNCIL_SIG_BYTES);
    home_bind(stmt, 4, bytes->data, bytes->data_len);
    home_bind(stmt, 5, old->text, old->len);
    return home_run_row(&client->home, HOME_OUTBOX_SEAL, won);
}

static void settle_row(struct client *client, const struct outbox_row *row,
                       const struct signed_entry *bytes)
{
    bool won = false;
    enum council_error error = swap(client, row->item, &row->bytes, bytes, &won);

    if (error == COUNCIL_OK && won) {
        answer(client, row->item, bytes);
    } else if (error == COUNCIL_OK) {
        struct outbox_row now;

        error = outbox_row(&client->home, HOME_OUTBOX_GET, row->item, &now);
        if (error == COUNCIL_OK && now.state == 2)
            answer(client, row->item, &now.bytes);
        else
            sync_outbox_drop(client->sync, row->item);
        outbox_row_fini(&now);
    } else {
        client->trouble = client_home_failed(client, error);
        defer(client, row->item, row->log, false);
    }
}

/* This machine's trouble, which may pass: it says nothing about the item, which is tried again. */
static bool tries_again(struct client *client, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                        enum council_error error)
{
    if (error != COUNCIL_E_HOME_BUSY && error != COUNCIL_E_HOME_FULL &&
        error != COUNCIL_E_HOME_IO && error != COUNCIL_E_NO_MEMORY)
        return false;
    client->trouble = client_home_failed(client, error);
    defer(client, item, log, false);
    return true;
}

void outbox_give(struct client *client, uint64_t item, const struct signed_entry *bytes)
{
    struct outbox_row row;
    enum council_error error = outbox_row(&client->home, HOME_OUTBOX_GET, item, &row);

    if (error == COUNCIL_OK && (row.state == 1 || row.state == 2))
        settle_row(client, &row, bytes);
    else
        sync_outbox_drop(client->sync, item);
    outbox_row_fini(&row);
}

/* The author's time: when it was written, unless that is too long ago for a server, or said to be. */
static uint64_t time_of(const struct outbox_row *row, enum council_error why)
{
    uint64_t now = client_now_ms();
    bool near = row->created <= now && now - row->created < STALE_AFTER_MS;

    return near && why != COUNCIL_E_CLOCK_SKEW ? row->created : now;
}

static void sign_row(struct client *client, const struct outbox_row *row, enum council_error why)
{
    json_t *content = NULL;
    struct signed_entry bytes = {0};
    enum council_error error = outbox_intent(client, row, &content);
    const struct intent intent = {
        .kind = row->kind,
        .log = row->log,
        .content = content,
        .at = time_of(row, why),
        .replica = session_replica(client, row->log),
    };

    if (error == COUNCIL_OK)
        error = intent_sign(client, &intent, &bytes);
    if (error == COUNCIL_OK)
        settle_row(client, row, &bytes);
    else if (intent_waits(row->kind, error))
        defer(client, row->item, row->log, true);
    else if (!tries_again(client, row->item, row->log, error))
        outbox_refuse(client, row->item, row->log, error);
    signed_entry_fini(&bytes);
    json_decref(content);
}

/* True if the row holds the very bytes that the server refused: others may be on their way already. */
static bool refused_bytes(const struct client *client, const struct outbox_row *row,
                          enum council_error why)
{
    const struct held *held = find(client, row->item);

    return why != COUNCIL_OK && held != NULL &&
           memcmp(held->sig, row->bytes.sig, COUNCIL_SIG_BYTES) == 0;
}

void outbox_sign(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                 enum council_error why)
{
    struct client *client = ctx;
    struct outbox_row row;

    undefer(client, item);
    if (duty_sign(client, item))
        return;
    enum council_error error = outbox_row(&client->home, HOME_OUTBOX_GET, item, &row);

    if (tries_again(client, item, log, error)) {
        /* as if it had not been asked for yet */
    } else if (error != COUNCIL_OK || (row.state != 1 && row.state != 2)) {
        sync_outbox_drop(client->sync, item);
        let_go(client, item);
    } else if (row.bytes.text != NULL && !refused_bytes(client, &row, why)) {
        answer(client, item, &row.bytes); /* another process made them */
    } else if (row.kind == COUNCIL_KIND_MEMBER_JOIN) {
        join_sign(client, &row);
    } else {
        sign_row(client, &row, why);
    }
    outbox_row_fini(&row);
}

/* ---- settling ---- */

static void home_trouble(struct client *client, enum council_error error)
{
    if (error != COUNCIL_OK)
        client->trouble = client_home_failed(client, error);
}

void outbox_acked(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq)
{
    struct client *client = ctx;
    const struct held *held = find(client, item);
    const struct sync_replica *replica = session_replica(client, log);

    /* Whoever returns to a council was subscribed to it up to their leaving: that has to begin anew. */
    if (held != NULL && held->direct && replica != NULL && replica->state.tail.seq > 0) {
        memcpy(client->again_log, log, COUNCIL_KEY_BYTES);
        client->again_due = true;
    }
    let_go(client, item);
    if (duty_done(client, item))
        return;
    home_trouble(client, outbox_done(client, item, seq));
}

void outbox_failed(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                   enum council_error error, const char *detail)
{
    struct client *client = ctx;
    struct outbox_row row = {0};

    let_go(client, item);
    if (duty_over(client, item))
        return;
    (void)client_fail(client, error, "%s", detail);
    bool first = outbox_row(&client->home, HOME_OUTBOX_GET, item, &row) == COUNCIL_OK && row.direct;

    outbox_row_fini(&row);
    enum home_statement which = first ? HOME_OUTBOX_FAIL_LOG : HOME_OUTBOX_FAIL;
    sqlite3_stmt *stmt = home_prepare(&client->home, which);

    if (first)
        home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    else
        home_bind_int(stmt, 1, item);
    home_bind_error(stmt, 2, error);
    home_trouble(client, home_run(&client->home, which));
    if (first) { /* its log never came to be, and what was queued behind it is settled too */
        memcpy(client->gone_log, log, COUNCIL_KEY_BYTES);
        client->gone_due = true;
        /* Refused since another device of this member was quicker: then the log is there, and is in the list. */
        client->list_due = true;
        client->listed = false;
    }
}

void outbox_refuse(struct client *client, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                   enum council_error error)
{
    sync_outbox_drop(client->sync, item);
    outbox_failed(client, item, log, error, "");
}
