/*
 * Housekeeping: copying the journal into the file, and writing out tails.
 *
 * One connection cannot do this beside its commits, so it is done in small steps between them.
 * Invariant: none of it is needed for safety, save that erased data leaves the journal only by a
 * truncating checkpoint.
 */
#include "server/store/engine.h"

#include <time.h>

/* The engine cuts the journal off and leaves it at that: after a loss of power it could be as long as before, with all that was
 * erased. */
static int sync_journal(struct store *store)
{
    sqlite3_file *journal = NULL;
    int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);

    if (rc != SQLITE_OK || journal == NULL || journal->pMethods == NULL)
        return rc;
    return journal->pMethods->xSync(journal, SQLITE_SYNC_NORMAL);
}

enum store_status store_checkpoint(struct store *store, bool truncate)
{
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;

    if (store->broken)
        return STORE_IO;
    int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, NULL, NULL);
    if (rc == SQLITE_OK && truncate)
        rc = sync_journal(store);
    if (rc != SQLITE_OK) {
        enum store_status status = store_fail(store, "checkpoint", rc);
        if (status == STORE_IO)
            store->broken = true;
        return status;
    }
    /* Nobody else reads, so all of it was copied, and the next commit begins the journal anew. */
    store->journal_frames = 0;
    store->journal_bytes = 0;
    if (truncate)
        store->erase_pending = false;
    return STORE_OK;
}

static bool flush_is_due(const struct store *store)
{
    return store->last_row - store->watermark >= STORE_FLUSH_ROWS;
}

static bool checkpoint_is_due(const struct store *store)
{
    return store->erase_pending || store->journal_frames >= STORE_CHECKPOINT_FRAMES ||
           store->journal_bytes >= STORE_CHECKPOINT_BYTES;
}

bool store_checkpoint_must(const struct store *store)
{
    return store->journal_frames >= STORE_CHECKPOINT_MUST ||
           store->journal_bytes >= STORE_CHECKPOINT_BYTES_MUST;
}

static uint64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum store_status store_maintain(struct store *store, uint32_t budget_ms, bool *more)
{
    uint64_t deadline = now_ms() + budget_ms;
    enum store_status status = STORE_OK;

    if (!store->read_only && checkpoint_is_due(store))
        status = store_checkpoint(store, store->erase_pending);
    if (status == STORE_OK && !store->read_only && flush_is_due(store) && now_ms() <= deadline)
        status = store_tails_flush(store);
    if (more != NULL)
        *more = !store->read_only && (checkpoint_is_due(store) || flush_is_due(store));
    return status;
}

enum store_status store_settle(struct store *store)
{
    enum store_status status = STORE_OK;

    if (store->broken)
        return STORE_IO;
    if (!store->read_only)
        status = store_tails_flush(store);
    if (status == STORE_OK)
        status = store_checkpoint(store, true);
    return status;
}
