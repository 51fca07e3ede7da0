/*
 * Logs and their ends: found in memory or on disk, recovered at a start, written out now and then.
 *
 * A tail in memory moves with each batch; the stored tails follow every STORE_FLUSH_ROWS rows,
 * together with a watermark. Invariant: a log whose tail is not in memory, or is clean there, has
 * it right on disk.
 */
#include "server/store/engine.h"

#include <stdlib.h>
#include <string.h>

static enum store_status damaged(struct store *store, const char *what)
{
    return store_fail(store, what, SQLITE_CORRUPT);
}

/* Brings a log's tail into memory. A log that got its first rows after the watermark has none on
 * disk yet: its seq is 0. */
static enum store_status load(struct store *store, const uint8_t log[STORE_ID_BYTES],
                              struct tail **out)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_LOG_LOAD);
    struct tail read = {0};
    bool found, stored;

    store_bind_id(stmt, 1, log);
    enum store_status status = store_step(store, STMT_LOG_LOAD, &found);
    if (status != STORE_OK)
        return status;
    if (!found)
        return STORE_NOT_FOUND;

    read.id = sqlite3_column_int64(stmt, 0);
    read.kind = (uint8_t)sqlite3_column_int(stmt, 1);
    read.created_ms = store_column_uint(stmt, 3);
    read.row = sqlite3_column_int64(stmt, 4);
    read.seq = store_column_uint(stmt, 5);
    read.bytes = store_column_uint(stmt, 6);
    stored = sqlite3_column_type(stmt, 4) != SQLITE_NULL;
    bool sound =
        store_column_id(stmt, 2, read.creator) && (!stored || store_column_id(stmt, 7, read.head));
    store_reset(store, STMT_LOG_LOAD);
    if (!sound)
        return damaged(store, "a log's tail");

    struct tail *tail = tails_add(store->tails, log);
    if (tail == NULL)
        return STORE_NOMEM;
    tail->id = read.id;
    tail->kind = read.kind;
    tail->created_ms = read.created_ms;
    tail->row = read.row;
    tail->seq = read.seq;
    tail->bytes = read.bytes;
    memcpy(tail->creator, read.creator, sizeof tail->creator);
    memcpy(tail->head, read.head, sizeof tail->head);
    *out = tail;
    return STORE_OK;
}

enum store_status store_tail_find(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                  struct tail **out)
{
    *out = tails_find(store->tails, log);
    return *out != NULL ? STORE_OK : load(store, log, out);
}

void store_tail_touch(struct store *store, struct tail *tail)
{
    if (tail->batch == store->batch)
        return;
    store->undo[store->n_undo++] = (struct store_undo){.tail = tail, .before = *tail};
    tail->batch = store->batch;
    tails_mark(store->tails, tail, TAIL_DIRTY);
}

void store_tails_keep(struct store *store)
{
    store->n_undo = 0;
}

void store_tails_revert(struct store *store)
{
    while (store->n_undo > 0) {
        const struct store_undo *undo = &store->undo[--store->n_undo];
        struct tail *tail = undo->tail;
        if (undo->before.seq == 0) {
            tails_forget(store->tails, tail);
            continue;
        }
        tails_mark(store->tails, tail, undo->before.list);
        tail->row = undo->before.row;
        tail->seq = undo->before.seq;
        tail->bytes = undo->before.bytes;
        memcpy(tail->head, undo->before.head, sizeof tail->head);
    }
}

/* Moves the tail of the log that ENTRY_SINCE stands on to that row. */
static enum store_status recover_row(struct store *store, sqlite3_stmt *entry)
{
    sqlite3_stmt *name = store_stmt(store, STMT_LOG_NAME);
    uint8_t log[STORE_ID_BYTES];
    struct tail *tail;
    bool found;

    (void)sqlite3_bind_int64(name, 1, sqlite3_column_int64(entry, 1));
    enum store_status status = store_step(store, STMT_LOG_NAME, &found);
    if (status != STORE_OK)
        return status;
    if (!found || !store_column_id(name, 0, log))
        return damaged(store, "an entry of no log");
    store_reset(store, STMT_LOG_NAME);

    status = store_tail_find(store, log, &tail);
    if (status != STORE_OK)
        return status;
    if (store_column_uint(entry, 2) != tail->seq + 1 || !store_column_id(entry, 4, tail->head))
        return damaged(store, "a log with a gap");
    tail->row = sqlite3_column_int64(entry, 0);
    tail->seq++;
    tail->bytes += store_column_uint(entry, 3);
    tails_mark(store->tails, tail, TAIL_DIRTY);
    store->last_row = tail->row;
    return STORE_OK;
}

enum store_status store_tails_recover(struct store *store)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_WATERMARK_GET);
    bool found;

    enum store_status status = store_step(store, STMT_WATERMARK_GET, &found);
    if (status != STORE_OK)
        return status;
    if (!found)
        return damaged(store, "no watermark");
    store->watermark = sqlite3_column_int64(stmt, 0);
    store->last_row = store->watermark;
    store_reset(store, STMT_WATERMARK_GET);

    stmt = store_stmt(store, STMT_ENTRY_SINCE);
    (void)sqlite3_bind_int64(stmt, 1, store->watermark);
    while ((status = store_step(store, STMT_ENTRY_SINCE, &found)) == STORE_OK && found) {
        status = recover_row(store, stmt);
        if (status != STORE_OK)
            break;
    }
    store_reset(store, STMT_ENTRY_SINCE);
    return status;
}

struct dirty {
    int64_t id;
    struct tail *tail;
};

static int by_id(const void *a, const void *b)
{
    const struct dirty *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static enum store_status write_tails(struct store *store, const struct dirty *dirty, uint32_t n)
{
    enum store_status status = STORE_OK;

    for (uint32_t i = 0; i < n && status == STORE_OK; i++) {
        const struct tail *tail = dirty[i].tail;
        sqlite3_stmt *stmt = store_stmt(store, STMT_TAIL_SET);
        (void)sqlite3_bind_int64(stmt, 1, tail->id);
        (void)sqlite3_bind_int64(stmt, 2, tail->row);
        store_bind_uint(stmt, 3, tail->seq);
        store_bind_uint(stmt, 4, tail->bytes);
        status = store_run(store, STMT_TAIL_SET);
    }
    if (status == STORE_OK) {
        (void)sqlite3_bind_int64(store_stmt(store, STMT_WATERMARK_SET), 1, store->last_row);
        status = store_run(store, STMT_WATERMARK_SET);
    }
    return status;
}

enum store_status store_tails_flush(struct store *store)
{
    uint32_t n = 0, count = tails_dirty_count(store->tails);
    struct tail *tail = NULL;

    if (count == 0)
        return STORE_OK;
    struct dirty *dirty = malloc(count * sizeof *dirty);
    if (dirty == NULL)
        return STORE_NOMEM;
    while ((tail = tails_dirty_next(store->tails, tail)) != NULL)
        dirty[n++] = (struct dirty){.id = tail->id, .tail = tail};
    qsort(dirty, n, sizeof *dirty, by_id); /* neighbours share pages */

    enum store_status status = store_begin(store);
    if (status == STORE_OK)
        status = store_end(store, write_tails(store, dirty, n));
    if (status == STORE_OK) {
        for (uint32_t i = 0; i < n; i++)
            tails_mark(store->tails, dirty[i].tail, TAIL_CLEAN);
        store->watermark = store->last_row;
    }
    free(dirty);
    return status;
}

static void describe(const struct tail *tail, struct store_log_info *out)
{
    *out = (struct store_log_info){
        .kind = (enum store_log_kind)tail->kind,
        .created_ms = tail->created_ms,
        .seq = tail->seq,
        .bytes = tail->bytes,
    };
    memcpy(out->log, tail->log, sizeof out->log);
    memcpy(out->creator, tail->creator, sizeof out->creator);
    memcpy(out->head, tail->head, sizeof out->head);
}

enum store_status store_log_info(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                 struct store_log_info *out)
{
    struct tail *tail;

    enum store_status status = store_tail_find(store, log, &tail);
    if (status != STORE_OK)
        return status;
    describe(tail, out);
    return store_recovery_find(store, tail, &out->recovery, &out->brought);
}

enum store_status store_logs(struct store *store, uint64_t *cursor, struct store_log_info *out,
                             uint32_t max, uint32_t *n)
{
    return store_logs_listed(store, STMT_LOG_AFTER, cursor, out, max, n);
}

enum store_status store_logs_listed(struct store *store, enum store_stmt id, uint64_t *cursor,
                                    struct store_log_info *out, uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, id);
    enum store_status status = STORE_OK;
    bool found;

    *n = 0;
    store_bind_uint(stmt, 1, *cursor);
    store_bind_uint(stmt, 2, max);
    while (*n < max && (status = store_step(store, id, &found)) == STORE_OK && found) {
        uint8_t log[STORE_ID_BYTES];
        if (!store_column_id(stmt, 1, log)) {
            status = damaged(store, "a log's name");
            break;
        }
        status = store_log_info(store, log, &out[*n]);
        if (status != STORE_OK)
            break;
        *cursor = store_column_uint(stmt, 0);
        ++*n;
    }
    store_reset(store, id);
    return status;
}
