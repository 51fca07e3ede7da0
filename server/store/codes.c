/*
 * Registration codes, known by their hashes alone. Taking a use of one is a change of a batch
 * (changes.c).
 *
 * Must not know the time: whether a code has expired is judged where the time is known.
 */
#include "server/store/engine.h"

#include <stdio.h>
#include <string.h>

static bool decode(sqlite3_stmt *stmt, struct store_code *out)
{
    const char *note = (const char *)sqlite3_column_text(stmt, 6);

    *out = (struct store_code){
        .created_ms = store_column_uint(stmt, 2),
        .expires_ms = store_column_uint(stmt, 3),
        .uses = (uint32_t)store_column_uint(stmt, 4),
        .used = (uint32_t)store_column_uint(stmt, 5),
    };
    (void)snprintf(out->note, sizeof out->note, "%s", note != NULL ? note : "");
    return store_column_id(stmt, 1, out->hash);
}

enum store_status store_code_create(struct store *store, const struct store_code *code)
{
    if (code->uses == 0 || code->created_ms > INT64_MAX || code->expires_ms > INT64_MAX ||
        memchr(code->note, '\0', sizeof code->note) == NULL)
        return STORE_INVALID;
    enum store_status status = store_begin(store);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_CODE_INSERT);
    store_bind_id(stmt, 1, code->hash);
    store_bind_uint(stmt, 2, code->created_ms);
    store_bind_uint(stmt, 3, code->expires_ms);
    store_bind_uint(stmt, 4, code->uses);
    (void)sqlite3_bind_text(stmt, 5, code->note, -1, SQLITE_STATIC);
    status = store_run(store, STMT_CODE_INSERT);
    if (status == STORE_OK && sqlite3_changes(store->db) == 0)
        status = STORE_EXISTS;
    return store_end(store, status);
}

enum store_status store_code_revoke(struct store *store, const uint8_t hash[STORE_ID_BYTES])
{
    enum store_status status = store_begin(store);
    if (status != STORE_OK)
        return status;
    store_bind_id(store_stmt(store, STMT_CODE_DELETE), 1, hash);
    status = store_run(store, STMT_CODE_DELETE);
    if (status == STORE_OK && sqlite3_changes(store->db) == 0)
        status = STORE_NOT_FOUND;
    return store_end(store, status);
}

enum store_status store_codes(struct store *store, uint64_t *cursor, struct store_code *out,
                              uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_CODE_AFTER);
    enum store_status status = STORE_OK;
    bool found;

    *n = 0;
    store_bind_uint(stmt, 1, *cursor);
    store_bind_uint(stmt, 2, max);
    while (*n < max && (status = store_step(store, STMT_CODE_AFTER, &found)) == STORE_OK && found) {
        if (!decode(stmt, &out[*n])) {
            status = store_fail(store, "a registration code", SQLITE_CORRUPT);
            break;
        }
        *cursor = store_column_uint(stmt, 0);
        ++*n;
    }
    store_reset(store, STMT_CODE_AFTER);
    return status;
}
