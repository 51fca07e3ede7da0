/*
 * submit.c - the one way of writing: an intent into the outbox, and how its item stands.
 *
 * Must not know when it is sent. Invariant: what was submitted is on disk before the call returns; what cannot succeed is refused at once.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

/* What the log would say now. What passes by itself is no reason to refuse. */
static enum council_error try_intent(struct client *client, const uint8_t *log,
                                     enum council_kind kind, const json_t *intent)
{
    struct signed_entry bytes = {0};
    const struct sync_replica *replica = session_replica(client, log);
    const struct intent trial = {
        .kind = kind, .log = log, .content = intent, .at = client_now_ms(), .replica = replica};

    if (replica == NULL)
        return COUNCIL_E_NO_COUNCIL;
    if (replica->state.tail.seq == 0)
        return COUNCIL_OK; /* founded or joined offline: nothing is known of it yet */
    enum council_error error = intent_sign(client, &trial, &bytes);

    signed_entry_fini(&bytes);
    return intent_waits(kind, error) ? COUNCIL_OK : error;
}

/* Within a transaction. A genesis is signed at once, since its log is named by its bytes; the first keys are queued behind it. */
enum council_error submit_genesis(struct client *client, const json_t *intent, uint64_t *item)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    uint8_t log[COUNCIL_KEY_BYTES];
    struct signed_entry bytes = {0};
    uint64_t genesis = 0;
    const struct intent made = {
        .kind = COUNCIL_KIND_COUNCIL_CREATE, .content = intent, .at = client_now_ms()};
    enum council_error error = intent_sign(client, &made, &bytes);
    json_t *nothing = json_object();

    if (error == COUNCIL_OK) {
        council_entry_head(log, zeros, bytes.text, bytes.len, bytes.sig);
        error =
            outbox_put(client, log, COUNCIL_KIND_COUNCIL_CREATE, true, intent, &bytes, &genesis);
    }
    if (error == COUNCIL_OK)
        error = outbox_put(client, log, COUNCIL_KIND_KEY_ROTATE, false, nothing, NULL, item);
    json_decref(nothing);
    signed_entry_fini(&bytes);
    return error;
}

static enum council_error put_intent(struct client *client, const uint8_t *log,
                                     enum council_kind kind, const json_t *intent, uint64_t *item)
{
    enum council_error error = home_begin(&client->home);

    if (error != COUNCIL_OK)
        return error;
    if (kind == COUNCIL_KIND_COUNCIL_CREATE)
        error = submit_genesis(client, intent, item);
    else
        error = outbox_put(client, log, kind, kind == COUNCIL_KIND_MEMBER_JOIN, intent, NULL, item);
    return home_end(&client->home, error);
}

enum council_error client_submit(struct client *client, const uint8_t *log, enum council_kind kind,
                                 const json_t *intent, uint64_t *item)
{
    enum council_error error = COUNCIL_OK;

    if (client->sync == NULL)
        return COUNCIL_E_NO_HOME;
    if (!client->keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    if (kind >= COUNCIL_KIND_COUNT || !json_is_object(intent) ||
        (log == NULL) != (kind == COUNCIL_KIND_COUNCIL_CREATE))
        return client_fail(client, COUNCIL_E_BAD_INPUT, "not an intent");
    if (kind != COUNCIL_KIND_MEMBER_JOIN && kind != COUNCIL_KIND_COUNCIL_CREATE)
        error = try_intent(client, log, kind, intent);
    if (error == COUNCIL_OK)
        error = put_intent(client, log, kind, intent, item);
    if (error != COUNCIL_OK)
        return client_home_failed(client, error);
    /* A genesis has a row before the one that is waited for. */
    error = outbox_load(client, *item > 2 ? *item - 2 : 0);
    if (error != COUNCIL_OK) {
        /* It is in the outbox: whoever heard of an error now would write it a second time. It is loaded later. */
        client->outbox_more = true;
        client->trouble = client_home_failed(client, error);
    }
    return COUNCIL_OK;
}

enum council_error client_item(struct client *client, uint64_t item, struct client_item *out)
{
    struct outbox_row row;
    enum council_error error = outbox_row(&client->home, HOME_OUTBOX_GET, item, &row);

    memset(out, 0, sizeof *out);
    if (error == COUNCIL_OK) {
        out->state = row.state == 4   ? CLIENT_ITEM_FAILED
                     : row.state == 3 ? CLIENT_ITEM_ACKNOWLEDGED
                     : row.state == 2 ? CLIENT_ITEM_SENT
                                      : CLIENT_ITEM_WAITING;
        out->seq = row.seq;
        out->error = row.error;
        out->kind = row.kind;
        memcpy(out->log, row.log, COUNCIL_KEY_BYTES);
    }
    outbox_row_fini(&row);
    return error == COUNCIL_E_NO_ENTRY ? error : client_home_failed(client, error);
}

enum council_error client_item_intent(struct client *client, uint64_t item, json_t **intent)
{
    struct outbox_row row;
    enum council_error error = outbox_row(&client->home, HOME_OUTBOX_GET, item, &row);

    *intent = NULL;
    if (error == COUNCIL_OK)
        error = client->keyring->open ? outbox_intent(client, &row, intent)
                                      : COUNCIL_E_WRONG_PASSPHRASE;
    outbox_row_fini(&row);
    return client_home_failed(client, error);
}

uint32_t client_outbox_count(struct client *client)
{
    bool row = false;
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_COUNT);
    uint32_t count = home_step(&client->home, HOME_OUTBOX_COUNT, &row) == COUNCIL_OK && row
                         ? (uint32_t)home_column_int(stmt, 0)
                         : 0;

    home_reset(&client->home, HOME_OUTBOX_COUNT);
    return count;
}

enum council_error client_item_drop(struct client *client, uint64_t item)
{
    bool row = false;
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_DROP);

    home_bind_int(stmt, 1, item);
    enum council_error error = home_run_row(&client->home, HOME_OUTBOX_DROP, &row);

    if (error == COUNCIL_OK && !row)
        return COUNCIL_E_NO_ENTRY;
    if (error == COUNCIL_OK && client->sync != NULL)
        outbox_check(client);
    return client_home_failed(client, error);
}

enum council_error
client_outbox(struct client *client,
              bool (*each)(void *ctx, uint64_t item, const struct client_item *state), void *ctx)
{
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_LIST);
    uint64_t items[512];
    uint32_t count = 0;
    bool row = false;
    enum council_error error = COUNCIL_OK;

    while (count < sizeof items / sizeof *items &&
           (error = home_step(&client->home, HOME_OUTBOX_LIST, &row)) == COUNCIL_OK && row)
        items[count++] = home_column_int(stmt, 0);
    home_reset(&client->home, HOME_OUTBOX_LIST);
    for (uint32_t i = 0; i < count && error == COUNCIL_OK; i++) {
        struct client_item state;

        error = client_item(client, items[i], &state);
        if (error == COUNCIL_OK && !each(ctx, items[i], &state))
            break;
    }
    return client_home_failed(client, error);
}
