/*
 * Appending a batch: check its shape, apply it in one transaction, move the tails.
 *
 * The only code that writes entries. Invariant: a row is written only if it is the next one of its
 * log, and tails in memory move for good only after the commit has returned.
 */
#include "server/store/engine.h"

#include <string.h>

/* The largest number an entry may hold; it leaves room in the engine's signed integers. */
static const uint64_t NUMBER_MAX = (UINT64_C(1) << 53) - 1;

static bool row_is_sound(const struct store_entry *entry, uint64_t *bytes)
{
    uint64_t size = (uint64_t)entry->text_len + entry->data_len;

    *bytes += size;
    return entry->seq >= 1 && entry->seq <= NUMBER_MAX && entry->received_ms <= NUMBER_MAX &&
           entry->text != NULL && entry->text_len > 0 && size <= STORE_ENTRY_BYTES_MAX &&
           (entry->data == NULL) == (entry->data_len == 0) &&
           (entry->data == NULL || (entry->flags & STORE_SEALED) != 0) &&
           (entry->flags & ~(STORE_FOLDS | STORE_CONTROL | STORE_SEALED)) == 0;
}

static bool change_is_sound(const struct store_change *change)
{
    switch (change->type) {
    case STORE_CHANGE_LOG:
        return change->u.log.kind >= STORE_LOG_MEMBER && change->u.log.kind <= STORE_LOG_JOURNAL;
    case STORE_CHANGE_MEMBERSHIP:
        return change->u.membership.from_seq <= NUMBER_MAX &&
               change->u.membership.until_seq <= NUMBER_MAX;
    case STORE_CHANGE_RECOVERING:
        return change->u.recovering.state == STORE_WAITING ||
               change->u.recovering.state == STORE_RECOVERY_OPEN;
    default:
        return true;
    }
}

/* Whether the batch keeps to the ceilings and shapes; *failed is the row that does not. */
static bool batch_is_sound(const struct store_batch *batch, uint32_t *failed)
{
    uint64_t bytes = 0;
    uint32_t row = 0;

    *failed = batch->n_rows;
    if (batch->n_rows == 0 || batch->n_rows > STORE_BATCH_ROWS_MAX ||
        batch->n_changes > STORE_BATCH_CHANGES_MAX)
        return false;
    for (uint32_t i = 0; i < batch->n_changes; i++) {
        const struct store_change *change = &batch->changes[i];
        if (change->row < row || change->row >= batch->n_rows)
            return false;
        row = change->row;
        if (!change_is_sound(change)) {
            *failed = row;
            return false;
        }
    }
    for (uint32_t i = 0; i < batch->n_rows; i++) {
        if (!row_is_sound(&batch->rows[i].entry, &bytes)) {
            *failed = i;
            return false;
        }
    }
    return bytes <= STORE_BATCH_BYTES_MAX;
}

static enum store_status insert_entry(struct store *store, const struct tail *tail,
                                      const struct store_entry *entry, int64_t row)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_ENTRY_INSERT);

    (void)sqlite3_bind_int64(stmt, 1, row);
    (void)sqlite3_bind_int64(stmt, 2, tail->id);
    store_bind_uint(stmt, 3, entry->seq);
    (void)sqlite3_bind_int64(stmt, 4, tail->row);
    (void)sqlite3_bind_int(stmt, 5, (entry->flags & STORE_FOLDS) != 0);
    (void)sqlite3_bind_int(stmt, 6, (entry->flags & STORE_CONTROL) != 0);
    int sealed = (entry->flags & STORE_SEALED) == 0 ? 0 : entry->data != NULL ? 1 : STORE_CAME_BARE;
    (void)sqlite3_bind_int(stmt, 7, sealed);
    store_bind_uint(stmt, 8, entry->received_ms);
    store_bind_uint(stmt, 9, (uint64_t)entry->text_len + entry->data_len);
    store_bind_id(stmt, 10, entry->head);
    (void)sqlite3_bind_blob(stmt, 11, entry->sig, STORE_SIG_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 12, entry->text, (int)entry->text_len, SQLITE_STATIC);
    if (entry->data != NULL)
        (void)sqlite3_bind_blob(stmt, 13, entry->data, (int)entry->data_len, SQLITE_STATIC);
    else
        (void)sqlite3_bind_null(stmt, 13);
    return store_run(store, STMT_ENTRY_INSERT);
}

static enum store_status append_row(struct store *store, const struct store_row *row)
{
    const struct store_entry *entry = &row->entry;
    struct tail *tail;

    enum store_status status = store_tail_find(store, row->log, &tail);
    if (status != STORE_OK)
        return status;
    if (entry->seq != tail->seq + 1)
        return STORE_CONFLICT;
    status = insert_entry(store, tail, entry, store->last_row + 1);
    if (status != STORE_OK)
        return status;

    store_tail_touch(store, tail);
    tail->row = ++store->last_row;
    tail->seq = entry->seq;
    tail->bytes += (uint64_t)entry->text_len + entry->data_len;
    store->journal_bytes += (uint64_t)entry->text_len + entry->data_len;
    memcpy(tail->head, entry->head, sizeof tail->head);
    return tail->seq % STORE_BLOCK == 0 ? store_block_keep(store, tail) : STORE_OK;
}

static enum store_status apply(struct store *store, const struct store_batch *batch,
                               uint32_t *failed)
{
    uint32_t change = 0;
    enum store_status status = STORE_OK;

    for (uint32_t i = 0; i < batch->n_rows && status == STORE_OK; i++) {
        const struct store_row *row = &batch->rows[i];
        *failed = i;
        for (; change < batch->n_changes && batch->changes[change].row == i && status == STORE_OK;
             change++)
            status = store_change_apply(store, row, &batch->changes[change]);
        if (status == STORE_OK)
            status = append_row(store, row);
    }
    return status;
}

/* Whether a status is about one row, rather than about the store. */
static bool is_of_row(enum store_status status)
{
    return status == STORE_CONFLICT || status == STORE_EXISTS || status == STORE_REFUSED ||
           status == STORE_NOT_FOUND || status == STORE_INVALID;
}

/* What cannot wait for housekeeping any longer. */
static enum store_status make_room(struct store *store)
{
    enum store_status status = STORE_OK;

    if (store->last_row - store->watermark >= STORE_FLUSH_ROWS_MUST)
        status = store_tails_flush(store);
    if (status == STORE_OK && store_checkpoint_must(store)) {
        status = store_checkpoint(store, store->erase_pending);
        if (status == STORE_FULL) /* the journal grows on; the commit will tell whether it can */
            status = STORE_OK;
    }
    return status;
}

enum store_status store_append(struct store *store, const struct store_batch *batch,
                               uint32_t *failed)
{
    uint32_t at;

    if (failed == NULL)
        failed = &at;
    if (!batch_is_sound(batch, failed))
        return STORE_INVALID;
    *failed = batch->n_rows;
    enum store_status status = make_room(store);
    if (status == STORE_OK)
        status = store_begin(store);
    if (status != STORE_OK)
        return status;

    store->batch++;
    int64_t last_row = store->last_row;
    status = store_end(store, apply(store, batch, failed));
    if (status == STORE_OK) {
        store_tails_keep(store);
    } else {
        store_tails_revert(store);
        store->last_row = last_row;
    }
    if (!is_of_row(status))
        *failed = batch->n_rows;
    return status;
}
