/*
 * offered.c - what this home gives a server that lacks it, and what servers said about that: which logs wait, which key followed which.
 *
 * What was said rests in table meta, so that `status` knows it offline: "recovering.<log>" (how many members are missing, u64be) and
 * "successions" (as hello had them, JSON). Must not decide what is offered: sync does. Invariant: erased content is never given out again.
 */
#include "client/lib/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 16 + COUNCIL_KEY_CHARS
};

/* ---- what is held ---- */

enum council_error offered_held(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
                                bool folds, uint8_t head[COUNCIL_HASH_BYTES], sync_held_taker *take,
                                void *to)
{
    struct client *client = ctx;
    struct row_log row;
    bool found = false;
    bool more = true;
    struct row_slice *slice = calloc(1, sizeof *slice);
    enum council_error error =
        slice == NULL ? COUNCIL_E_NO_MEMORY : rows_log(&client->home, log, &row, &found);

    memset(head, 0, COUNCIL_HASH_BYTES);
    if (error == COUNCIL_OK && found && after > row.seq)
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK && found && after > 0)
        error = rows_head(&client->home, &row, after, head);
    while (error == COUNCIL_OK && found && more && after < row.seq) {
        error = rows_slice(&client->home, folds ? HOME_ENTRY_FOLDS : HOME_ENTRY_AFTER, &row, after,
                           row.seq, slice);
        more = slice->count > 0;
        for (uint32_t i = 0; i < slice->count && error == COUNCIL_OK && more; i++) {
            const struct row_entry *entry = &slice->entries[i];
            const struct sync_held held = {
                .seq = entry->seq,
                .text = entry->text,
                .len = entry->len,
                .sig = entry->sig,
                .data = entry->erased ? NULL : entry->data,
                .data_len = entry->erased ? 0 : entry->data_len,
            };

            after = entry->seq;
            more = take(to, &held);
        }
        rows_slice_fini(slice);
    }
    free(slice);
    return client_home_failed(client, error);
}

/* ---- which logs wait ---- */

static void name_of(char out[NAME_MAX_BYTES], const uint8_t log[COUNCIL_KEY_BYTES])
{
    char key[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(key, log, COUNCIL_KEY_BYTES);
    (void)snprintf(out, NAME_MAX_BYTES, "recovering.%s", key);
}

bool offered_waits(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t *waiting)
{
    char name[NAME_MAX_BYTES];
    uint8_t *value = NULL;
    uint32_t len = 0;

    name_of(name, log);
    bool found = home_get(&client->home, HOME_META_GET, name, &value, &len) == COUNCIL_OK &&
                 value != NULL && len == 8;

    *waiting = found ? council_u64be_read(value) : 0;
    free(value);
    return found;
}

void offered_recovering(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], bool recovering,
                        uint64_t waiting)
{
    struct client *client = ctx;
    char name[NAME_MAX_BYTES];
    uint8_t value[8];

    client->waits_changed = true;
    if (client->moving != NULL)
        return; /* it is another server that says so */
    name_of(name, log);
    council_u64be(value, waiting);
    enum council_error error =
        recovering ? home_put(&client->home, HOME_META_PUT, name, value, sizeof value)
                   : home_drop(&client->home, HOME_META_DROP, name);

    if (error != COUNCIL_OK)
        client->trouble = client_home_failed(client, error);
}

bool offered_log_waits(const struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct sync_log_view view;

    return client->sync != NULL && sync_log_view(client->sync, log, &view) && view.recovering;
}

bool offered_item_waits(const struct client *client, uint64_t item,
                        const uint8_t log[COUNCIL_KEY_BYTES])
{
    return offered_log_waits(client, log) ||
           (client->sync != NULL && sync_outbox_waits(client->sync, item));
}

bool offered_items_wait(const struct client *client)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        if (!offered_item_waits(client, client->items[i].item, client->items[i].log))
            return false;
    }
    return true;
}

bool client_recovering(const struct client *client)
{
    return client->sync != NULL && sync_recovering(client->sync);
}

/* ---- which key followed which ---- */

void offered_hello(struct client *client, const struct sync_hello *hello)
{
    const json_t *rows = json_object_get(hello->result, "successions");
    char *text = json_array_size(rows) == 0 ? NULL : json_dumps(rows, JSON_COMPACT);
    enum council_error error = COUNCIL_OK;

    if (text != NULL)
        error = home_put(&client->home, HOME_META_PUT, "successions", text, (uint32_t)strlen(text));
    if (error != COUNCIL_OK)
        client->trouble = client_home_failed(client, error);
    if (hello->succeeded)
        client->key_changed = true;
    free(text);
}

bool offered_key_leads(struct client *client, const uint8_t key[COUNCIL_KEY_BYTES])
{
    struct council_succession chain[COUNCIL_SUCCESSIONS_MAX];
    uint8_t *text = NULL;
    uint32_t len = 0;
    uint32_t count = 0;
    size_t index = 0;
    json_t *row = NULL;
    json_t *rows = NULL;

    if (home_get(&client->home, HOME_META_GET, "successions", &text, &len) == COUNCIL_OK &&
        text != NULL)
        rows = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    json_array_foreach(rows, index, row)
    {
        struct council_succession *one = &chain[count];

        if (count < COUNCIL_SUCCESSIONS_MAX &&
            council_rpc_bytes(row, "from", one->from, COUNCIL_KEY_BYTES) &&
            council_rpc_bytes(row, "to", one->to, COUNCIL_KEY_BYTES) &&
            council_rpc_bytes(row, "sig", one->sig, COUNCIL_SIG_BYTES))
            count++;
    }
    json_decref(rows);
    return council_succession_leads(chain, count, key, client->me.server);
}

bool client_key_changed(struct client *client)
{
    bool changed = client->key_changed;

    client->key_changed = false;
    return changed;
}

/* ---- ending the waiting ---- */

enum council_error client_resume(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                 int timeout_ms)
{
    struct sync_log_view view;
    char name[COUNCIL_KEY_CHARS + 1];
    char head[COUNCIL_KEY_CHARS + 1];

    if (client->sync == NULL || !sync_log_view(client->sync, log, &view))
        return COUNCIL_E_NO_COUNCIL;
    council_b64_encode(name, log, COUNCIL_KEY_BYTES);
    council_b64_encode(head, view.replica->state.tail.head, COUNCIL_HASH_BYTES);
    json_t *params =
        json_pack("{s:s, s:I, s:s, s:[], s:i}", "log", name, "after",
                  (json_int_t)view.replica->state.tail.seq, "head", head, "entries", "end", 1);
    enum council_error error = params == NULL
                                   ? COUNCIL_E_NO_MEMORY
                                   : client_ask(client, COUNCIL_METHOD_LOG_OFFER, params, NULL,
                                                (uint32_t)(timeout_ms < 0 ? 0 : timeout_ms));

    json_decref(params);
    if (error == COUNCIL_OK)
        sync_offer_again(client->sync, log);
    return error;
}
