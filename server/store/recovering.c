/*
 * Logs that recover: which wait for their members, who has spoken, who brought a log.
 *
 * Must not know what is offered: it keeps what the core says and counts who is missing. Invariant: a
 * log that waits is missing somebody; spoken has rows of such logs alone.
 */
#include "server/store/engine.h"

#include <string.h>

/* The one number that a statement gives. */
static enum store_status number(struct store *store, enum store_stmt id, uint64_t *out)
{
    bool found;
    enum store_status status = store_step(store, id, &found);

    if (status != STORE_OK)
        return status;
    *out = found ? store_column_uint(store->stmts[id], 0) : 0;
    store_reset(store, id);
    return STORE_OK;
}

enum store_status store_recovery_find(struct store *store, const struct tail *tail,
                                      enum store_recovery *out, bool *brought)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_RECOVERING_GET);
    bool found;

    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    enum store_status status = store_step(store, STMT_RECOVERING_GET, &found);
    if (status != STORE_OK)
        return status;
    *out = STORE_RECOVERED;
    *brought = found && sqlite3_column_int(stmt, 1) != 0;
    if (found)
        *out = sqlite3_column_int(stmt, 0) != 0 ? STORE_RECOVERY_OPEN : STORE_WAITING;
    store_reset(store, STMT_RECOVERING_GET);
    return STORE_OK;
}

enum store_status store_recovery_set(struct store *store, const struct tail *tail,
                                     enum store_recovery state)
{
    enum store_stmt id = state == STORE_RECOVERED ? STMT_RECOVERING_DELETE : STMT_RECOVERING_SET;
    sqlite3_stmt *stmt = store_stmt(store, id);

    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    if (state != STORE_RECOVERED)
        (void)sqlite3_bind_int(stmt, 2, state == STORE_RECOVERY_OPEN);
    enum store_status status = store_run(store, id);
    if (status != STORE_OK || state == STORE_WAITING)
        return status;
    (void)sqlite3_bind_int64(store_stmt(store, STMT_SPOKEN_DELETE), 1, tail->id);
    return store_run(store, STMT_SPOKEN_DELETE);
}

/* How many of a log that waits are missing: its members now, of a member log its creator. */
static enum store_status count_missing(struct store *store, const struct tail *tail, uint64_t *out)
{
    bool member = tail->kind == STORE_LOG_MEMBER;
    enum store_stmt id = member ? STMT_SPOKEN_HAS : STMT_SPOKEN_MISSING;
    sqlite3_stmt *stmt = store_stmt(store, id);

    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    if (member)
        store_bind_id(stmt, 2, tail->creator);
    enum store_status status = number(store, id, out);
    if (status == STORE_OK && member)
        *out = *out == 0;
    return status;
}

static enum store_status mark(struct store *store, struct store_mark *mark)
{
    struct tail *tail;
    bool brought;

    mark->recovery = STORE_RECOVERED;
    mark->waiting = 0;
    enum store_status status = store_tail_find(store, mark->log, &tail);
    if (status == STORE_NOT_FOUND)
        return STORE_OK;
    if (status == STORE_OK)
        status = store_recovery_find(store, tail, &mark->recovery, &brought);
    if (status != STORE_OK || mark->recovery != STORE_WAITING)
        return status;
    if (mark->spoken) {
        sqlite3_stmt *stmt = store_stmt(store, STMT_SPOKEN_INSERT);
        (void)sqlite3_bind_int64(stmt, 1, tail->id);
        store_bind_id(stmt, 2, mark->member);
        status = store_run(store, STMT_SPOKEN_INSERT);
    }
    if (status == STORE_OK)
        status = count_missing(store, tail, &mark->waiting);
    if (status == STORE_OK && (mark->end || mark->waiting == 0)) {
        mark->waiting = 0;
        mark->recovery = STORE_RECOVERY_OPEN;
        status = store_recovery_set(store, tail, STORE_RECOVERY_OPEN);
    }
    return status;
}

enum store_status store_mark(struct store *store, struct store_mark *marks, uint32_t n)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    for (uint32_t i = 0; i < n && status == STORE_OK; i++)
        status = mark(store, &marks[i]);
    return store_end(store, status);
}

enum store_status store_recovering_all(struct store *store)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    /* Who withdrew from the pool or stopped mails since the backup must not be back; and nobody knows what was mailed meanwhile. */
    static const enum store_stmt steps[] = {
        STMT_RECOVERING_ALL,     STMT_RECOVERING_RESTORED,  STMT_SPOKEN_DELETE_ALL,
        STMT_POOL_EMPTY,         STMT_POOL_EMPTY_PROPOSALS, STMT_POOL_EMPTY_BOXES,
        STMT_POOL_EMPTY_REFILLS, STMT_MAIL_EMPTY,           STMT_MAIL_EMPTY_EVENTS,
        STMT_MAIL_EMPTY_CODES,   STMT_MAIL_EMPTY_NUDGES};
    for (size_t i = 0; status == STORE_OK && i < sizeof steps / sizeof steps[0]; i++) {
        (void)store_stmt(store, steps[i]);
        status = store_run(store, steps[i]);
    }
    store->erase_pending = true;
    return store_end(store, status);
}

static enum store_status end_all(struct store *store, uint64_t *n)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    (void)store_stmt(store, STMT_RECOVERING_END_ALL);
    status = store_run(store, STMT_RECOVERING_END_ALL);
    *n = (uint64_t)sqlite3_changes(store->db);
    if (status == STORE_OK) {
        (void)store_stmt(store, STMT_SPOKEN_DELETE_ALL);
        status = store_run(store, STMT_SPOKEN_DELETE_ALL);
    }
    return store_end(store, status);
}

enum store_status store_recovering_end(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                       uint64_t *n)
{
    struct store_mark one = {.end = true};
    uint64_t ended = 0, waiting = 0;
    enum store_status status;

    if (log == NULL) {
        status = end_all(store, &ended);
    } else {
        memcpy(one.log, log, sizeof one.log);
        status = store_waiting(store, log, &waiting);
        if (status == STORE_OK)
            status = store_mark(store, &one, 1);
        ended = waiting > 0;
    }
    if (n != NULL)
        *n = status == STORE_OK ? ended : 0;
    return status;
}

enum store_status store_recovering_logs(struct store *store, uint64_t *cursor,
                                        struct store_log_info *out, uint32_t max, uint32_t *n)
{
    return store_logs_listed(store, STMT_RECOVERING_AFTER, cursor, out, max, n);
}

enum store_status store_recovering_count(struct store *store, uint64_t *n, uint64_t *restored)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_RECOVERING_COUNT);
    bool found;

    *n = *restored = 0;
    enum store_status status = store_step(store, STMT_RECOVERING_COUNT, &found);
    if (status != STORE_OK || !found)
        return status;
    *n = store_column_uint(stmt, 0);
    *restored = store_column_uint(stmt, 1);
    store_reset(store, STMT_RECOVERING_COUNT);
    return STORE_OK;
}

enum store_status store_waiting(struct store *store, const uint8_t log[STORE_ID_BYTES], uint64_t *n)
{
    enum store_recovery state;
    struct tail *tail;
    bool brought;

    *n = 0;
    enum store_status status = store_tail_find(store, log, &tail);
    if (status == STORE_OK)
        status = store_recovery_find(store, tail, &state, &brought);
    if (status != STORE_OK || state != STORE_WAITING)
        return status;
    return count_missing(store, tail, n);
}

enum store_status store_offered_count(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                      uint64_t *n)
{
    store_bind_id(store_stmt(store, STMT_OFFERED_COUNT), 1, member);
    return number(store, STMT_OFFERED_COUNT, n);
}
