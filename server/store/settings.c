/*
 * The server's own small settings, and the figures of the whole store.
 */
#include "server/store/engine.h"

#include <stdio.h>
#include <string.h>

/* The value in the first column of the row that the statement stands on. */
static enum store_status take_value(sqlite3_stmt *stmt, void *value, uint32_t *len)
{
    const void *blob = sqlite3_column_blob(stmt, 0);
    uint32_t size = (uint32_t)sqlite3_column_bytes(stmt, 0);

    if (size > *len)
        return STORE_INVALID;
    if (size > 0)
        memcpy(value, blob, size);
    *len = size;
    return STORE_OK;
}

enum store_status store_setting_get(struct store *store, const char *name, void *value,
                                    uint32_t *len)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_SETTING_GET);
    bool found;

    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    enum store_status status = store_step(store, STMT_SETTING_GET, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    status = take_value(stmt, value, len);
    store_reset(store, STMT_SETTING_GET);
    return status;
}

enum store_status store_setting_next(struct store *store, char name[STORE_KEY_MAX + 1], void *value,
                                     uint32_t *len)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_SETTING_NEXT);
    bool found;

    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    enum store_status status = store_step(store, STMT_SETTING_NEXT, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    status = take_value(stmt, value, len);
    (void)snprintf(name, STORE_KEY_MAX + 1, "%s", (const char *)sqlite3_column_text(stmt, 1));
    store_reset(store, STMT_SETTING_NEXT);
    return status;
}

enum store_status store_setting_drop(struct store *store, const char *name)
{
    enum store_status status = store_begin(store);
    if (status != STORE_OK)
        return status;
    (void)sqlite3_bind_text(store_stmt(store, STMT_SETTING_DROP), 1, name, -1, SQLITE_STATIC);
    return store_end(store, store_run(store, STMT_SETTING_DROP));
}

enum store_status store_setting_set(struct store *store, const char *name, const void *value,
                                    uint32_t len)
{
    size_t name_len = strnlen(name, STORE_KEY_MAX + 1);
    if (name_len == 0 || name_len > STORE_KEY_MAX || len > STORE_VALUE_MAX)
        return STORE_INVALID;

    enum store_status status = store_begin(store);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_SETTING_SET);
    (void)sqlite3_bind_text(stmt, 1, name, (int)name_len, SQLITE_STATIC);
    (void)sqlite3_bind_blob(stmt, 2, len > 0 ? value : "", (int)len, SQLITE_STATIC);
    return store_end(store, store_run(store, STMT_SETTING_SET));
}

static enum store_status one_number(struct store *store, enum store_stmt id, uint64_t *out)
{
    sqlite3_stmt *stmt = store_stmt(store, id);
    bool found;

    enum store_status status = store_step(store, id, &found);
    if (status == STORE_OK && found)
        *out = store_column_uint(stmt, 0);
    store_reset(store, id);
    return status;
}

/* Logs are never taken out: what was counted once stays so. */
enum store_status store_stats_some(struct store *store, bool *more)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_LOG_COUNT);
    bool found;

    *more = false;
    (void)sqlite3_bind_int64(stmt, 1, store->counted_log);
    (void)sqlite3_bind_int64(stmt, 2, STORE_STATS_LOGS);
    enum store_status status = store_step(store, STMT_LOG_COUNT, &found);
    if (status != STORE_OK)
        return status;
    uint64_t n = found ? store_column_uint(stmt, 1) : 0;
    if (n > 0) {
        store->counted_log = sqlite3_column_int64(stmt, 0);
        store->counted.logs_member += store_column_uint(stmt, 2);
        store->counted.logs_council += store_column_uint(stmt, 3);
        store->counted.logs_journal += store_column_uint(stmt, 4);
    }
    *more = n == STORE_STATS_LOGS;
    store_reset(store, STMT_LOG_COUNT);
    return STORE_OK;
}

enum store_status store_stats(struct store *store, struct store_stats *out)
{
    uint64_t pages = 0, page_bytes = 0;

    /* Rows are never taken out either, so the last one's number is their count. */
    enum store_status status = STORE_OK;
    for (bool more = true; more && status == STORE_OK;)
        status = store_stats_some(store, &more);
    *out = store->counted;
    out->entries = (uint64_t)store->last_row;
    if (status == STORE_OK)
        status = one_number(store, STMT_CODE_COUNT, &out->codes);
    if (status == STORE_OK)
        status = one_number(store, STMT_PAGE_COUNT, &pages);
    if (status == STORE_OK)
        status = one_number(store, STMT_PAGE_SIZE, &page_bytes);
    out->bytes = pages * page_bytes;
    return status;
}
