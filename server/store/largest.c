/*
 * largest.c - which logs are the largest. See largest.h.
 *
 * The stored tails lag behind those in memory, which only grow: so these are looked at first, and what is stored of the same log, which is
 * smaller, changes nothing.
 */
#include "server/store/largest.h"

#include <string.h>

#include "server/store/engine.h"

static bool before(const struct store_log_size *a, const struct store_log_size *b)
{
    return a->bytes != b->bytes ? a->bytes > b->bytes : a->id < b->id;
}

/* Where a log goes: its own place if it is there already, else the one after the last. */
static uint32_t place_of(const struct store_largest *largest, int64_t id)
{
    uint32_t at = 0;

    while (at < largest->n && largest->logs[at].id != id)
        at++;
    return at;
}

static void consider(struct store_largest *largest, const struct store_log_size *size)
{
    if (largest->n == largest->max && !before(size, &largest->logs[largest->n - 1]))
        return;
    uint32_t at = place_of(largest, size->id);
    if (at < largest->n && largest->logs[at].bytes >= size->bytes)
        return;
    if (at == largest->n && largest->n == largest->max)
        at--; /* in place of the smallest */
    else if (at == largest->n)
        largest->n++;
    for (; at > 0 && before(size, &largest->logs[at - 1]); at--)
        largest->logs[at] = largest->logs[at - 1];
    largest->logs[at] = *size;
}

static void consider_tails(const struct store *store, struct store_largest *largest)
{
    const struct tail *tail = NULL;

    while ((tail = tails_dirty_next(store->tails, tail)) != NULL) {
        struct store_log_size size = {.id = tail->id,
                                      .kind = (enum store_log_kind)tail->kind,
                                      .created_ms = tail->created_ms,
                                      .seq = tail->seq,
                                      .bytes = tail->bytes};
        memcpy(size.log, tail->log, sizeof size.log);
        consider(largest, &size);
    }
}

static enum store_status consider_stored(struct store *store, struct store_largest *largest,
                                         bool *more)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_LOG_SIZES);
    enum store_status status = STORE_OK;
    uint32_t n = 0;
    bool found = false;

    (void)sqlite3_bind_int64(stmt, 1, largest->after);
    store_bind_uint(stmt, 2, STORE_LARGEST_LOGS);
    while ((status = store_step(store, STMT_LOG_SIZES, &found)) == STORE_OK && found) {
        struct store_log_size size = {.id = sqlite3_column_int64(stmt, 0),
                                      .kind = (enum store_log_kind)sqlite3_column_int(stmt, 2),
                                      .created_ms = store_column_uint(stmt, 3),
                                      .seq = store_column_uint(stmt, 4),
                                      .bytes = store_column_uint(stmt, 5)};
        if (!store_column_id(stmt, 1, size.log)) {
            status = store_fail(store, "a log's name", SQLITE_CORRUPT);
            break;
        }
        consider(largest, &size);
        largest->after = size.id;
        n++;
    }
    store_reset(store, STMT_LOG_SIZES);
    *more = status == STORE_OK && n == STORE_LARGEST_LOGS;
    return status;
}

enum store_status store_largest_some(struct store *store, struct store_largest *largest, bool *more)
{
    *more = false;
    if (largest->max == 0 || largest->max > STORE_LARGEST_MAX)
        return STORE_INVALID;
    if (!largest->begun)
        consider_tails(store, largest);
    largest->begun = true;
    return consider_stored(store, largest, more);
}
