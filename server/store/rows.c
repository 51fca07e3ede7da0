/*
 * Where a log's entries stand: rows are in order of arrival, all logs mixed, without an index.
 *
 * A whole block of 64 entries is found by its extent; in the block that still grows, each row names
 * the one before it. Invariant: an extent is written in the transaction of the entry that completes
 * it.
 */
#include "server/store/engine.h"

#include <assert.h>
#include <stddef.h>

enum {
    ROW_BYTES = 6,
    EXTENT_BYTES = STORE_BLOCK * ROW_BYTES
};

/* Follows prev from the tail back to the first entry of the block in which the tail stands. */
static enum store_status walk_back(struct store *store, const struct tail *tail, uint64_t first,
                                   int64_t rows[STORE_BLOCK])
{
    int64_t row = tail->row;

    for (uint64_t seq = tail->seq; seq >= first; seq--) {
        rows[seq - first] = row;
        if (seq == first)
            break;
        sqlite3_stmt *stmt = store_stmt(store, STMT_ENTRY_PREV);
        bool found;
        (void)sqlite3_bind_int64(stmt, 1, row);
        enum store_status status = store_step(store, STMT_ENTRY_PREV, &found);
        if (status != STORE_OK)
            return status;
        if (!found || sqlite3_column_int64(stmt, 0) != tail->id ||
            store_column_uint(stmt, 1) != seq)
            return store_fail(store, "following a log back", SQLITE_CORRUPT);
        row = sqlite3_column_int64(stmt, 2);
        store_reset(store, STMT_ENTRY_PREV);
    }
    return STORE_OK;
}

static enum store_status read_extent(struct store *store, const struct tail *tail, uint64_t block,
                                     int64_t rows[STORE_BLOCK])
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_EXTENT_GET);
    bool found;

    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    store_bind_uint(stmt, 2, block);
    enum store_status status = store_step(store, STMT_EXTENT_GET, &found);
    if (status != STORE_OK)
        return status;
    const uint8_t *bytes = found ? sqlite3_column_blob(stmt, 0) : NULL;
    if (bytes == NULL || sqlite3_column_bytes(stmt, 0) != EXTENT_BYTES) {
        store_reset(store, STMT_EXTENT_GET);
        return store_fail(store, "a log's extent", SQLITE_CORRUPT);
    }
    for (int i = 0; i < STORE_BLOCK; i++) {
        int64_t row = 0;
        for (int b = 0; b < ROW_BYTES; b++)
            row = row << 8 | *bytes++;
        rows[i] = row;
    }
    store_reset(store, STMT_EXTENT_GET);
    return STORE_OK;
}

enum store_status store_block_rows(struct store *store, const struct tail *tail, uint64_t block,
                                   int64_t rows[STORE_BLOCK], uint32_t *n)
{
    uint64_t first = block * STORE_BLOCK + 1;

    if (first > tail->seq) {
        *n = 0;
        return STORE_OK;
    }
    if (tail->seq - first + 1 >= STORE_BLOCK) {
        *n = STORE_BLOCK;
        return read_extent(store, tail, block, rows);
    }
    *n = (uint32_t)(tail->seq - first + 1);
    return walk_back(store, tail, first, rows);
}

enum store_status store_row_of(struct store *store, const struct tail *tail, uint64_t seq,
                               int64_t *row)
{
    int64_t rows[STORE_BLOCK];
    uint32_t n;

    assert(seq >= 1 && seq <= tail->seq);
    enum store_status status = store_block_rows(store, tail, (seq - 1) / STORE_BLOCK, rows, &n);
    if (status == STORE_OK)
        *row = rows[(seq - 1) % STORE_BLOCK];
    return status;
}

enum store_status store_block_keep(struct store *store, const struct tail *tail)
{
    uint8_t bytes[EXTENT_BYTES];
    int64_t rows[STORE_BLOCK] = {0};

    assert(tail->seq % STORE_BLOCK == 0);
    enum store_status status = walk_back(store, tail, tail->seq - STORE_BLOCK + 1, rows);
    if (status != STORE_OK)
        return status;
    for (int i = 0; i < STORE_BLOCK; i++) {
        for (int b = 0; b < ROW_BYTES; b++)
            bytes[i * ROW_BYTES + b] = (uint8_t)(rows[i] >> (8 * (ROW_BYTES - 1 - b)));
    }
    sqlite3_stmt *stmt = store_stmt(store, STMT_EXTENT_INSERT);
    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    store_bind_uint(stmt, 2, tail->seq / STORE_BLOCK - 1);
    (void)sqlite3_bind_blob(stmt, 3, bytes, sizeof bytes, SQLITE_STATIC);
    return store_run(store, STMT_EXTENT_INSERT);
}
