/*
 * outbox_rows.c - the outbox as it lies in the home.
 *
 * Must not know when anything is sent. Invariant: an intent is sealed under a name that no other row has, so that rows cannot be exchanged.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct keyring_place intent_place(const uint8_t name[COUNCIL_ID_BYTES],
                                         enum council_kind kind)
{
    return (struct keyring_place){
        .what = "intent", .name = name, .name_len = COUNCIL_ID_BYTES, .number = (uint64_t)kind};
}

enum council_error outbox_put(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                              enum council_kind kind, bool direct, const json_t *intent,
                              const struct signed_entry *bytes, uint64_t *item)
{
    uint8_t name[COUNCIL_ID_BYTES];
    uint8_t *sealed = NULL;
    uint32_t sealed_len = 0;
    char *plain = json_dumps(intent, JSON_COMPACT);

    if (plain == NULL)
        return COUNCIL_E_BAD_INPUT; /* not UTF-8, or no memory: jansson does not say */
    randombytes_buf(name, sizeof name);
    const struct keyring_place place = intent_place(name, kind);
    enum council_error error =
        keyring_seal(client->keyring, &place, plain, (uint32_t)strlen(plain), &sealed, &sealed_len);

    if (error == COUNCIL_OK) {
        sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_PUT);

        home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
        home_bind_text(stmt, 2, council_kind_info(kind)->name);
        home_bind_int(stmt, 3, direct ? 1 : 0);
        home_bind_int(stmt, 4, client_now_ms());
        home_bind(stmt, 5, name, sizeof name);
        home_bind(stmt, 6, sealed, sealed_len);
        home_bind_int(stmt, 7, bytes == NULL ? 1 : 2);
        home_bind(stmt, 8, bytes == NULL ? NULL : bytes->text, bytes == NULL ? 0 : bytes->len);
        home_bind(stmt, 9, bytes == NULL ? NULL : bytes->sig, COUNCIL_SIG_BYTES);
        home_bind(stmt, 10, bytes == NULL ? NULL : bytes->data,
                  bytes == NULL ? 0 : bytes->data_len);
        error = home_run(&client->home, HOME_OUTBOX_PUT);
    }
    if (error == COUNCIL_OK)
        *item = (uint64_t)sqlite3_last_insert_rowid(client->home.db);
    sodium_memzero(plain, strlen(plain));
    free(plain);
    free(sealed);
    return error;
}

/* Owned copy of a column; NULL stays NULL. */
static enum council_error take_column(sqlite3_stmt *stmt, int at, void **out, uint32_t *len)
{
    const void *bytes = home_column(stmt, at, len);

    *out = NULL;
    if (bytes == NULL)
        return COUNCIL_OK;
    *out = malloc((size_t)*len + 1);
    if (*out == NULL)
        return COUNCIL_E_NO_MEMORY;
    memcpy(*out, bytes, *len);
    ((char *)*out)[*len] = '\0';
    return COUNCIL_OK;
}

/* Columns: item, log, kind, direct, created, name, intent, state, text, sig, data, seq, error. */
static enum council_error read_row(sqlite3_stmt *stmt, struct outbox_row *out)
{
    const char *kind = (const char *)sqlite3_column_text(stmt, 2);
    void *part = NULL;

    out->item = home_column_int(stmt, 0);
    out->kind = kind == NULL ? COUNCIL_KIND_COUNT : council_kind_find(kind, (uint32_t)strlen(kind));
    out->direct = home_column_int(stmt, 3) != 0;
    out->created = home_column_int(stmt, 4);
    out->state = (uint32_t)home_column_int(stmt, 7);
    out->seq = home_column_int(stmt, 11);
    out->error = home_column_error(stmt, 12);
    if (out->kind == COUNCIL_KIND_COUNT ||
        !home_column_fixed(stmt, 1, out->log, COUNCIL_KEY_BYTES) ||
        !home_column_fixed(stmt, 5, out->name, COUNCIL_ID_BYTES))
        return COUNCIL_E_HOME_DAMAGED;
    enum council_error error = take_column(stmt, 6, &part, &out->sealed_len);

    out->sealed = part;
    if (error == COUNCIL_OK) {
        error = take_column(stmt, 8, &part, &out->bytes.len);
        out->bytes.text = part;
    }
    if (error == COUNCIL_OK) {
        error = take_column(stmt, 10, &part, &out->bytes.data_len);
        out->bytes.data = part;
    }
    if (error == COUNCIL_OK && out->bytes.text != NULL &&
        !home_column_fixed(stmt, 9, out->bytes.sig, COUNCIL_SIG_BYTES))
        error = COUNCIL_E_HOME_DAMAGED;
    return error;
}

enum council_error outbox_row(struct home *home, enum home_statement which, uint64_t item,
                              struct outbox_row *out)
{
    sqlite3_stmt *stmt = home_prepare(home, which);
    bool row = false;

    memset(out, 0, sizeof *out);
    home_bind_int(stmt, 1, item);
    enum council_error error = home_step(home, which, &row);

    if (error == COUNCIL_OK)
        error = row ? read_row(stmt, out) : COUNCIL_E_NO_ENTRY;
    home_reset(home, which);
    return error;
}

void outbox_row_fini(struct outbox_row *row)
{
    free(row->sealed);
    signed_entry_fini(&row->bytes);
    memset(row, 0, sizeof *row);
}

enum council_error outbox_intent(struct client *client, const struct outbox_row *row, json_t **out)
{
    const struct keyring_place place = intent_place(row->name, row->kind);
    uint8_t *plain = NULL;
    uint32_t len = 0;
    enum council_error error =
        keyring_open(client->keyring, &place, row->sealed, row->sealed_len, &plain, &len);

    *out = NULL;
    if (error == COUNCIL_OK) {
        *out = json_loadb((const char *)plain, len, JSON_ALLOW_NUL, NULL);
        error = *out == NULL ? COUNCIL_E_HOME_DAMAGED : COUNCIL_OK;
    }
    keyring_free(plain, len);
    return error;
}

enum council_error outbox_came(struct client *client, const char *text, uint32_t len, uint64_t seq)
{
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_CAME);

    home_bind(stmt, 1, text, len);
    home_bind_int(stmt, 2, seq);
    return home_run(&client->home, HOME_OUTBOX_CAME);
}

enum council_error outbox_done(struct client *client, uint64_t item, uint64_t seq)
{
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_DONE);

    home_bind_int(stmt, 1, item);
    home_bind_int(stmt, 2, seq);
    enum council_error error = home_run(&client->home, HOME_OUTBOX_DONE);

    if (error == COUNCIL_OK && item > OUTBOX_KEPT && item % OUTBOX_KEPT == 0) {
        stmt = home_prepare(&client->home, HOME_OUTBOX_SWEEP);
        home_bind_int(stmt, 1, item - OUTBOX_KEPT);
        error = home_run(&client->home, HOME_OUTBOX_SWEEP);
    }
    return error;
}
