/*
 * rows.c - logs and entries in the tables of a home, and a replica from them.
 *
 * Must not know what an entry means. Invariant: an entry's place says its log and seq, and a log's row says where it ends.
 */
#include "client/lib/rows.h"

#include <stdlib.h>
#include <string.h>

static uint64_t place_of(const struct row_log *log, uint64_t seq)
{
    return log->id << HOME_SEQ_BITS | seq;
}

static uint64_t seq_of(uint64_t place)
{
    return place & ((UINT64_C(1) << HOME_SEQ_BITS) - 1);
}

/* Columns from `at`: id, type, seq, head, stopped, stopped_seq. */
static enum council_error read_log(sqlite3_stmt *stmt, int at, struct row_log *out)
{
    out->id = home_column_int(stmt, at);
    out->type = (uint32_t)home_column_int(stmt, at + 1);
    out->seq = home_column_int(stmt, at + 2);
    out->stopped = home_column_error(stmt, at + 4);
    out->stopped_seq = home_column_int(stmt, at + 5);
    return home_column_fixed(stmt, at + 3, out->head, COUNCIL_HASH_BYTES) ? COUNCIL_OK
                                                                          : COUNCIL_E_HOME_DAMAGED;
}

enum council_error rows_log(struct home *home, const uint8_t log[COUNCIL_KEY_BYTES],
                            struct row_log *out, bool *found)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_LOG_GET);
    enum council_error error;

    memset(out, 0, sizeof *out);
    memcpy(out->log, log, COUNCIL_KEY_BYTES);
    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    error = home_step(home, HOME_LOG_GET, found);
    if (error == COUNCIL_OK && *found)
        error = read_log(stmt, 0, out);
    home_reset(home, HOME_LOG_GET);
    return error;
}

enum council_error rows_logs(struct home *home, struct row_log **out, uint32_t *count)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_LOG_LIST);
    struct row_log *rows = NULL;
    uint32_t size = 0;
    bool row = false;
    enum council_error error;

    *count = 0;
    while ((error = home_step(home, HOME_LOG_LIST, &row)) == COUNCIL_OK && row) {
        if (*count == size) {
            size = size == 0 ? 16 : size * 2;
            struct row_log *grown = realloc(rows, size * sizeof *rows);

            if (grown == NULL) {
                error = COUNCIL_E_NO_MEMORY;
                break;
            }
            rows = grown;
        }
        if (!home_column_fixed(stmt, 0, rows[*count].log, COUNCIL_KEY_BYTES))
            error = COUNCIL_E_HOME_DAMAGED;
        else
            error = read_log(stmt, 1, &rows[*count]);
        if (error != COUNCIL_OK)
            break;
        (*count)++;
    }
    home_reset(home, HOME_LOG_LIST);
    if (error != COUNCIL_OK) {
        free(rows);
        rows = NULL;
        *count = 0;
    }
    *out = rows;
    return error;
}

enum council_error rows_log_make(struct home *home, const uint8_t log[COUNCIL_KEY_BYTES],
                                 uint32_t type, struct row_log *out)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_LOG_PUT);
    bool found = false;

    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    home_bind_int(stmt, 2, type);
    enum council_error error = home_run(home, HOME_LOG_PUT);

    if (error == COUNCIL_OK)
        error = rows_log(home, log, out, &found);
    return error == COUNCIL_OK && !found ? COUNCIL_E_HOME_DAMAGED : error;
}

enum council_error rows_put(struct home *home, struct row_log *log, const struct row_entry *entry)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_ENTRY_PUT);

    home_bind_int(stmt, 1, place_of(log, entry->seq));
    home_bind_int(stmt, 2, entry->received);
    home_bind_int(stmt, 3, entry->folds ? 1 : 0);
    home_bind(stmt, 4, entry->head, COUNCIL_HASH_BYTES);
    home_bind(stmt, 5, entry->sig, COUNCIL_SIG_BYTES);
    home_bind(stmt, 6, entry->text, entry->len);
    home_bind(stmt, 7, entry->data, entry->data_len);
    enum council_error error = home_run(home, HOME_ENTRY_PUT);

    if (error == COUNCIL_OK) {
        log->seq = entry->seq;
        memcpy(log->head, entry->head, COUNCIL_HASH_BYTES);
    }
    return error;
}

enum council_error rows_log_move(struct home *home, const struct row_log *log)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_LOG_MOVE);

    home_bind_int(stmt, 1, log->id);
    home_bind_int(stmt, 2, log->seq);
    home_bind(stmt, 3, log->head, COUNCIL_HASH_BYTES);
    return home_run(home, HOME_LOG_MOVE);
}

enum council_error rows_erase(struct home *home, const struct row_log *log, uint64_t seq, bool keep)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_ENTRY_ERASE);

    home_bind_int(stmt, 1, place_of(log, seq));
    home_bind_int(stmt, 2, keep ? 1 : 0);
    return home_run(home, HOME_ENTRY_ERASE);
}

enum council_error rows_head(struct home *home, const struct row_log *log, uint64_t seq,
                             uint8_t head[COUNCIL_HASH_BYTES])
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_ENTRY_HEAD);
    bool row = false;

    home_bind_int(stmt, 1, place_of(log, seq));
    enum council_error error = home_step(home, HOME_ENTRY_HEAD, &row);

    if (error == COUNCIL_OK && (!row || !home_column_fixed(stmt, 0, head, COUNCIL_HASH_BYTES)))
        error = COUNCIL_E_HOME_DAMAGED;
    home_reset(home, HOME_ENTRY_HEAD);
    return error;
}

/* A copy of column `at` with a NUL after it; NULL stays NULL. */
static enum council_error copy_column(sqlite3_stmt *stmt, int at, uint8_t **out, uint32_t *len)
{
    const void *bytes = home_column(stmt, at, len);

    *out = NULL;
    if (bytes == NULL)
        return COUNCIL_OK;
    *out = malloc((size_t)*len + 1);
    if (*out == NULL)
        return COUNCIL_E_NO_MEMORY;
    memcpy(*out, bytes, *len);
    (*out)[*len] = 0;
    return COUNCIL_OK;
}

enum council_error rows_text(struct home *home, const struct row_log *log, uint64_t seq,
                             char **text, uint32_t *len, bool *erased)
{
    sqlite3_stmt *stmt = home_prepare(home, HOME_ENTRY_TEXT);
    uint8_t *bytes = NULL;
    bool row = false;

    *text = NULL;
    if (seq == 0 || seq > log->seq)
        return COUNCIL_E_NO_ENTRY;
    home_bind_int(stmt, 1, place_of(log, seq));
    enum council_error error = home_step(home, HOME_ENTRY_TEXT, &row);

    if (error == COUNCIL_OK && !row)
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK) {
        *erased = home_column_int(stmt, 1) != 0;
        error = copy_column(stmt, 0, &bytes, len);
        *text = (char *)bytes;
    }
    home_reset(home, HOME_ENTRY_TEXT);
    return error;
}

/* Columns: place, received, head, sig, text, data, erased. */
static enum council_error read_entry(sqlite3_stmt *stmt, struct row_entry *out)
{
    uint8_t *text = NULL;

    memset(out, 0, sizeof *out);
    out->seq = seq_of(home_column_int(stmt, 0));
    out->received = home_column_int(stmt, 1);
    out->erased = home_column_int(stmt, 6) != 0;
    if (!home_column_fixed(stmt, 2, out->head, COUNCIL_HASH_BYTES) ||
        !home_column_fixed(stmt, 3, out->sig, COUNCIL_SIG_BYTES))
        return COUNCIL_E_HOME_DAMAGED;
    enum council_error error = copy_column(stmt, 4, &text, &out->len);

    out->text = (char *)text;
    if (error == COUNCIL_OK)
        error = copy_column(stmt, 5, &out->data, &out->data_len);
    return error;
}

enum council_error rows_slice(struct home *home, enum home_statement which,
                              const struct row_log *log, uint64_t after, uint64_t upto,
                              struct row_slice *out)
{
    sqlite3_stmt *stmt = home_prepare(home, which);
    enum council_error error = COUNCIL_OK;
    uint64_t bytes = 0;
    bool row = false;

    out->count = 0;
    home_bind_int(stmt, 1, place_of(log, after));
    home_bind_int(stmt, 2, place_of(log, upto < log->seq ? upto : log->seq));
    home_bind_int(stmt, 3, ROWS_SLICE);
    while (out->count < ROWS_SLICE && bytes < ROWS_SLICE_BYTES) {
        error = home_step(home, which, &row);
        if (error != COUNCIL_OK || !row)
            break;
        struct row_entry *entry = &out->entries[out->count++];

        error = read_entry(stmt, entry);
        if (error != COUNCIL_OK)
            break;
        bytes += (uint64_t)entry->len + entry->data_len;
    }
    home_reset(home, which);
    return error;
}

void rows_slice_fini(struct row_slice *slice)
{
    for (uint32_t i = 0; i < slice->count; i++) {
        free(slice->entries[i].text);
        free(slice->entries[i].data);
    }
    slice->count = 0;
}

static enum council_error load_part(struct home *home, enum home_statement which,
                                    const struct row_log *log, uint64_t after, uint64_t upto,
                                    struct sync_replica *replica)
{
    struct row_slice *slice = malloc(sizeof *slice);
    enum council_error error = slice == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    while (error == COUNCIL_OK && after < upto) {
        error = rows_slice(home, which, log, after, upto, slice);
        for (uint32_t i = 0; i < slice->count && error == COUNCIL_OK; i++) {
            const struct row_entry *entry = &slice->entries[i];

            error = sync_replica_load(replica, entry->seq, entry->head, entry->text, entry->len,
                                      entry->sig);
            after = entry->seq;
        }
        bool end = slice->count == 0;

        rows_slice_fini(slice);
        if (end)
            break;
    }
    free(slice);
    return error;
}

enum council_error rows_replica(struct home *home, const struct row_log *log,
                                struct sync_replica *out)
{
    uint64_t after = log->seq > COUNCIL_TAIL_WINDOW + 1 ? log->seq - (COUNCIL_TAIL_WINDOW + 1) : 0;
    uint8_t head[COUNCIL_HASH_BYTES] = {0};
    enum council_error error = after == 0 ? COUNCIL_OK : rows_head(home, log, after, head);

    sync_replica_init(out, log->log);
    if (error != COUNCIL_OK)
        return error;
    sync_replica_begin(out, after, head);
    error = load_part(home, HOME_ENTRY_FOLDS, log, 0, after, out);
    if (error == COUNCIL_OK)
        error = load_part(home, HOME_ENTRY_TEXTS, log, after, log->seq, out);
    if (error == COUNCIL_OK)
        error = sync_replica_finish(out, log->seq, log->head);
    if (error != COUNCIL_OK) {
        sync_replica_fini(out);
        /* What was stored had been checked: whatever is wrong with it now is the home's. */
        if (council_error_info(error)->class != COUNCIL_CLASS_LOCAL)
            error = COUNCIL_E_HOME_DAMAGED;
    }
    return error;
}
