/*
 * Reading entries back, by range, by fold, or by name.
 *
 * Every row that is read is checked to be the entry that was asked for: a wrong index would
 * otherwise show one log's entries in another. Invariant: a slice holds entries in ascending order
 * of seq.
 */
#include "server/store/engine.h"
#include "server/store/slice.h"

#include <string.h>

struct reader {
    struct store *store;
    const struct tail *tail;
    struct slice_builder builder;
    bool data;
    bool full;      /* the next entry did not fit */
    uint64_t block; /* whose rows are in rows[]; the first block is 1 here, 0 is none */
    int64_t rows[STORE_BLOCK];
};

/* Columns of ENTRY_TEXT and ENTRY_WHOLE. */
enum {
    COL_LOG,
    COL_SEQ,
    COL_FOLDS,
    COL_CONTROL,
    COL_SEALED,
    COL_RECEIVED,
    COL_HEAD,
    COL_SIG,
    COL_TEXT,
    COL_LENGTH,
    COL_DATA
};

/* The entry in the statement's row, its pointers borrowed from it. false: not what was stored. */
static bool decode(const struct reader *reader, sqlite3_stmt *stmt, uint64_t seq,
                   struct store_entry *entry)
{
    const void *sig = sqlite3_column_blob(stmt, COL_SIG);
    int sealed = sqlite3_column_int(stmt, COL_SEALED);

    if (sqlite3_column_int64(stmt, COL_LOG) != reader->tail->id ||
        store_column_uint(stmt, COL_SEQ) != seq || sig == NULL ||
        sqlite3_column_bytes(stmt, COL_SIG) != STORE_SIG_BYTES ||
        !store_column_id(stmt, COL_HEAD, entry->head))
        return false;
    memcpy(entry->sig, sig, sizeof entry->sig);
    entry->seq = seq;
    entry->received_ms = store_column_uint(stmt, COL_RECEIVED);
    entry->flags = (uint8_t)((sqlite3_column_int(stmt, COL_FOLDS) != 0 ? STORE_FOLDS : 0) |
                             (sqlite3_column_int(stmt, COL_CONTROL) != 0 ? STORE_CONTROL : 0) |
                             (sealed != 0 ? STORE_SEALED : 0));
    if (sealed != 0 && sqlite3_column_type(stmt, COL_LENGTH) == SQLITE_NULL)
        entry->flags |= STORE_ERASED | (sealed == STORE_CAME_BARE ? STORE_MISSING : 0);
    entry->text = (const char *)sqlite3_column_text(stmt, COL_TEXT);
    entry->text_len = (uint32_t)sqlite3_column_bytes(stmt, COL_TEXT);
    if (reader->data) {
        entry->data = sqlite3_column_blob(stmt, COL_DATA);
        entry->data_len = (uint32_t)sqlite3_column_bytes(stmt, COL_DATA);
    }
    return entry->text != NULL;
}

/* Adds the entry that stands in a row, or sets full. */
static enum store_status add_row(struct reader *reader, uint64_t seq, int64_t row)
{
    struct store *store = reader->store;
    enum store_stmt id = reader->data ? STMT_ENTRY_WHOLE : STMT_ENTRY_TEXT;
    sqlite3_stmt *stmt = store_stmt(store, id);
    struct store_entry entry = {0};
    bool found;

    (void)sqlite3_bind_int64(stmt, 1, row);
    enum store_status status = store_step(store, id, &found);
    if (status != STORE_OK)
        return status;
    if (!found || !decode(reader, stmt, seq, &entry))
        status = store_fail(store, "an entry that is not where it should be", SQLITE_CORRUPT);
    else if (!slice_has_room(&reader->builder, entry.text_len + entry.data_len))
        reader->full = true;
    else if (!slice_add(&reader->builder, &entry))
        status = STORE_NOMEM;
    store_reset(store, id);
    return status;
}

static enum store_status add_seq(struct reader *reader, uint64_t seq)
{
    uint64_t block = (seq - 1) / STORE_BLOCK;

    if (reader->block != block + 1) {
        uint32_t n;
        enum store_status status =
            store_block_rows(reader->store, reader->tail, block, reader->rows, &n);
        if (status != STORE_OK)
            return status;
        reader->block = block + 1;
    }
    return add_row(reader, seq, reader->rows[(seq - 1) % STORE_BLOCK]);
}

static enum store_status read_range(struct reader *reader, uint64_t after, uint64_t upto)
{
    enum store_status status = STORE_OK;

    for (uint64_t seq = after + 1; seq <= upto && status == STORE_OK && !reader->full; seq++)
        status = add_seq(reader, seq);
    return status;
}

static enum store_status read_folds(struct reader *reader, uint64_t after, uint64_t upto)
{
    struct store *store = reader->store;
    sqlite3_stmt *stmt = store_stmt(store, STMT_ENTRY_FOLDS);
    enum store_status status;
    bool found;

    (void)sqlite3_bind_int64(stmt, 1, reader->tail->id);
    store_bind_uint(stmt, 2, after);
    store_bind_uint(stmt, 3, upto);
    store_bind_uint(stmt, 4, (uint64_t)reader->builder.max_entries + 1);
    while ((status = store_step(store, STMT_ENTRY_FOLDS, &found)) == STORE_OK && found) {
        status = add_row(reader, store_column_uint(stmt, 0), sqlite3_column_int64(stmt, 1));
        if (status != STORE_OK || reader->full)
            break;
    }
    store_reset(store, STMT_ENTRY_FOLDS);
    return status;
}

static uint32_t ceiling(uint32_t wish, uint32_t max)
{
    return wish == 0 || wish > max ? max : wish;
}

static enum store_status begin(struct reader *reader, struct store *store,
                               const uint8_t log[STORE_ID_BYTES], struct store_slice *out)
{
    struct tail *tail;

    *out = (struct store_slice){0};
    *reader = (struct reader){.store = store};
    enum store_status status = store_tail_find(store, log, &tail);
    if (status == STORE_OK) {
        reader->tail = tail;
        out->tail_seq = tail->seq;
    }
    return status;
}

static enum store_status finish(struct reader *reader, enum store_status status,
                                struct store_slice *out)
{
    if (status == STORE_OK) {
        out->more = reader->full;
        slice_finish(&reader->builder, out);
    } else {
        slice_abandon(&reader->builder);
        *out = (struct store_slice){0};
    }
    return status;
}

enum store_status store_read(struct store *store, const uint8_t log[STORE_ID_BYTES],
                             const struct store_reading *reading, struct store_slice *out)
{
    struct reader reader;

    enum store_status status = begin(&reader, store, log, out);
    if (status != STORE_OK)
        return status;
    uint64_t upto = reader.tail->seq;
    if (reading->upto_seq != 0 && reading->upto_seq < upto)
        upto = reading->upto_seq;
    reader.data = (reading->what & STORE_READ_DATA) != 0;
    reader.builder.max_entries = ceiling(reading->max_entries, STORE_READ_ENTRIES_MAX);
    reader.builder.max_bytes = ceiling(reading->max_bytes, STORE_READ_BYTES_MAX);
    if (reading->after_seq < upto) {
        if ((reading->what & STORE_READ_FOLDS) != 0)
            status = read_folds(&reader, reading->after_seq, upto);
        else
            status = read_range(&reader, reading->after_seq, upto);
    }
    return finish(&reader, status, out);
}

enum store_status store_read_at(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                const uint64_t *seqs, uint32_t n, struct store_slice *out)
{
    struct reader reader;

    enum store_status status = begin(&reader, store, log, out);
    if (status != STORE_OK)
        return status;
    reader.builder.max_entries = STORE_READ_ENTRIES_MAX;
    reader.builder.max_bytes = STORE_READ_BYTES_MAX;
    if (n > STORE_READ_ENTRIES_MAX)
        status = STORE_INVALID;
    for (uint32_t i = 0; i < n && status == STORE_OK && !reader.full; i++) {
        if (seqs[i] == 0 || (i > 0 && seqs[i] <= seqs[i - 1]))
            status = STORE_INVALID;
        else if (seqs[i] <= reader.tail->seq)
            status = add_seq(&reader, seqs[i]);
    }
    return finish(&reader, status, out);
}
