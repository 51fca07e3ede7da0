/*
 * Statements, transactions and the engine's result codes: the small grammar in which the rest of
 * the store is written.
 *
 * Must not know what any statement means. Invariant: a failed transaction is rolled back before
 * anybody hears of it; where that cannot be known, the store is broken for good.
 */
#include "server/store/engine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
} statements[] = {
#define STATEMENT(name, text) {#name, text},
#include "server/store/statements.def"
#undef STATEMENT
};

enum store_status store_prepare(struct store *store)
{
    for (int i = 0; i < STMT_COUNT; i++) {
        int rc = sqlite3_prepare_v3(store->db, statements[i].text, -1, SQLITE_PREPARE_PERSISTENT,
                                    &store->stmts[i], NULL);
        if (rc != SQLITE_OK)
            return store_fail(store, statements[i].name, rc);
    }
    return STORE_OK;
}

void store_finalize(struct store *store)
{
    for (int i = 0; i < STMT_COUNT; i++) {
        sqlite3_finalize(store->stmts[i]);
        store->stmts[i] = NULL;
    }
}

static enum store_status status_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STORE_OK;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_NOMEM:
        return STORE_NOMEM;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return STORE_IO;
    default:
        /* What the code checked beforehand and the engine refuses all the same is not the store
         * that we wrote. */
        return STORE_CORRUPT;
    }
}

enum store_status store_fail(struct store *store, const char *what, int rc)
{
    (void)snprintf(store->detail, sizeof store->detail, "%s: %s (%d)", what,
                   sqlite3_errmsg(store->db), rc);
    return status_of(rc);
}

const char *store_detail(const struct store *store)
{
    return store->detail;
}

sqlite3_stmt *store_stmt(struct store *store, enum store_stmt id)
{
    sqlite3_reset(store->stmts[id]);
    return store->stmts[id];
}

enum store_status store_step(struct store *store, enum store_stmt id, bool *row)
{
    int rc = sqlite3_step(store->stmts[id]);
    enum store_status status = STORE_OK;

    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return STORE_OK;
    if (rc != SQLITE_DONE)
        status = store_fail(store, statements[id].name, rc);
    sqlite3_reset(store->stmts[id]);
    return status;
}

enum store_status store_run(struct store *store, enum store_stmt id)
{
    bool row;
    enum store_status status = store_step(store, id, &row);

    if (row)
        sqlite3_reset(store->stmts[id]);
    return status;
}

void store_reset(struct store *store, enum store_stmt id)
{
    sqlite3_reset(store->stmts[id]);
}

enum store_status store_begin(struct store *store)
{
    if (store->broken)
        return STORE_IO;
    if (store->read_only)
        return STORE_INVALID;
    return store_run(store, STMT_BEGIN);
}

enum store_status store_end(struct store *store, enum store_status status)
{
    if (status == STORE_OK)
        status = store_run(store, STMT_COMMIT);
    /* Some failures have rolled back by themselves. */
    if (status != STORE_OK && sqlite3_get_autocommit(store->db) == 0 &&
        store_run(store, STMT_ROLLBACK) != STORE_OK)
        status = STORE_IO;
    if (status == STORE_IO)
        store->broken = true;
    return status;
}

void store_bind_id(sqlite3_stmt *stmt, int at, const uint8_t id[STORE_ID_BYTES])
{
    (void)sqlite3_bind_blob(stmt, at, id, STORE_ID_BYTES, SQLITE_STATIC);
}

void store_bind_uint(sqlite3_stmt *stmt, int at, uint64_t value)
{
    assert(value <= INT64_MAX);
    (void)sqlite3_bind_int64(stmt, at, (sqlite3_int64)value);
}

uint64_t store_column_uint(sqlite3_stmt *stmt, int at)
{
    sqlite3_int64 value = sqlite3_column_int64(stmt, at);

    return value < 0 ? 0 : (uint64_t)value;
}

bool store_column_id(sqlite3_stmt *stmt, int at, uint8_t id[STORE_ID_BYTES])
{
    const void *blob = sqlite3_column_blob(stmt, at);

    if (blob == NULL || sqlite3_column_bytes(stmt, at) != STORE_ID_BYTES)
        return false;
    memcpy(id, blob, STORE_ID_BYTES);
    return true;
}
