/*
 * What changes beside a log, in the transaction of the entry that causes it: one function for each
 * type of change.
 *
 * Knows nothing of why. Invariant: whether a change can be taken is found out before it is written,
 * so that a refusal has a status of its own and is never a constraint that failed.
 */
#include "server/store/engine.h"

#include <string.h>

typedef enum store_status change_fn(struct store *store, const struct store_row *row,
                                    const struct store_change *change);

static enum store_status new_log(struct store *store, const struct store_row *row,
                                 const struct store_change *change)
{
    struct tail *tail;
    enum store_status status = store_tail_find(store, row->log, &tail);

    if (status == STORE_OK)
        return STORE_EXISTS;
    if (status != STORE_NOT_FOUND)
        return status;
    if (row->entry.seq != 1)
        return STORE_INVALID;

    sqlite3_stmt *stmt = store_stmt(store, STMT_LOG_INSERT);
    store_bind_id(stmt, 1, row->log);
    (void)sqlite3_bind_int(stmt, 2, (int)change->u.log.kind);
    store_bind_id(stmt, 3, change->u.log.creator);
    store_bind_uint(stmt, 4, row->entry.received_ms);
    status = store_run(store, STMT_LOG_INSERT);
    if (status != STORE_OK)
        return status;

    tail = tails_add(store->tails, row->log);
    if (tail == NULL)
        return STORE_NOMEM;
    tail->id = sqlite3_last_insert_rowid(store->db);
    tail->kind = (uint8_t)change->u.log.kind;
    tail->created_ms = row->entry.received_ms;
    memcpy(tail->creator, change->u.log.creator, sizeof tail->creator);
    store_tail_touch(store, tail);
    return STORE_OK;
}

static enum store_status set_membership(struct store *store, const struct store_row *row,
                                        const struct store_change *change)
{
    struct tail *tail;
    enum store_status status = store_tail_find(store, row->log, &tail);
    if (status != STORE_OK)
        return status;

    sqlite3_stmt *stmt = store_stmt(store, STMT_MEMBERSHIP_SET);
    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    store_bind_id(stmt, 2, change->u.membership.member);
    (void)sqlite3_bind_int(stmt, 3, change->u.membership.role);
    store_bind_uint(stmt, 4, change->u.membership.from_seq);
    store_bind_uint(stmt, 5, change->u.membership.until_seq);
    return store_run(store, STMT_MEMBERSHIP_SET);
}

static enum store_status set_recovery(struct store *store, const struct store_row *row,
                                      const struct store_change *change)
{
    uint8_t member[STORE_ID_BYTES];
    enum store_status status = store_member_by_recovery(store, change->u.recovery.key, member);

    (void)row;
    if (status == STORE_OK)
        return memcmp(member, change->u.recovery.member, sizeof member) == 0 ? STORE_OK
                                                                             : STORE_EXISTS;
    if (status != STORE_NOT_FOUND)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_RECOVERY_INSERT);
    store_bind_id(stmt, 1, change->u.recovery.key);
    store_bind_id(stmt, 2, change->u.recovery.member);
    return store_run(store, STMT_RECOVERY_INSERT);
}

static enum store_status drop_recovery(struct store *store, const struct store_row *row,
                                       const struct store_change *change)
{
    (void)row;
    store_bind_id(store_stmt(store, STMT_RECOVERY_DELETE), 1, change->u.recovery.key);
    return store_run(store, STMT_RECOVERY_DELETE);
}

static enum store_status erase(struct store *store, const struct store_row *row,
                               const struct store_change *change)
{
    uint64_t seq = change->u.erase.seq;
    struct tail *tail;
    int64_t at;

    enum store_status status = store_tail_find(store, row->log, &tail);
    if (status != STORE_OK)
        return status;
    if (seq == 0 || seq > tail->seq)
        return STORE_INVALID;
    status = store_row_of(store, tail, seq, &at);
    if (status != STORE_OK)
        return status;
    (void)sqlite3_bind_int64(store_stmt(store, STMT_ENTRY_ERASE), 1, at);
    status = store_run(store, STMT_ENTRY_ERASE);
    /* Even if this batch is rolled back: one checkpoint too many does no harm. */
    store->erase_pending = true;
    return status;
}

static enum store_status use_code(struct store *store, const struct store_row *row,
                                  const struct store_change *change)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_CODE_USE);

    store_bind_id(stmt, 1, change->u.code.hash);
    store_bind_uint(stmt, 2, row->entry.received_ms);
    enum store_status status = store_run(store, STMT_CODE_USE);
    if (status == STORE_OK && sqlite3_changes(store->db) == 0)
        return STORE_REFUSED;
    return status;
}

static enum store_status set_recovery_state(struct store *store, const struct store_row *row,
                                            const struct store_change *change)
{
    bool over = change->type == STORE_CHANGE_RECOVERED;
    struct tail *tail;

    enum store_status status = store_tail_find(store, row->log, &tail);
    if (status != STORE_OK)
        return status;
    return store_recovery_set(store, tail, over ? STORE_RECOVERED : change->u.recovering.state);
}

static enum store_status offered(struct store *store, const struct store_row *row,
                                 const struct store_change *change)
{
    struct tail *tail;

    enum store_status status = store_tail_find(store, row->log, &tail);
    if (status != STORE_OK)
        return status;
    if (row->entry.seq != 1)
        return STORE_INVALID;
    sqlite3_stmt *stmt = store_stmt(store, STMT_OFFERED_INSERT);
    (void)sqlite3_bind_int64(stmt, 1, tail->id);
    store_bind_id(stmt, 2, change->u.offered.member);
    return store_run(store, STMT_OFFERED_INSERT);
}

enum store_status store_change_apply(struct store *store, const struct store_row *row,
                                     const struct store_change *change)
{
    static change_fn *const functions[] = {
        [STORE_CHANGE_LOG] = new_log,
        [STORE_CHANGE_MEMBERSHIP] = set_membership,
        [STORE_CHANGE_RECOVERY_SET] = set_recovery,
        [STORE_CHANGE_RECOVERY_DROP] = drop_recovery,
        [STORE_CHANGE_ERASE] = erase,
        [STORE_CHANGE_CODE_USE] = use_code,
        [STORE_CHANGE_RECOVERING] = set_recovery_state,
        [STORE_CHANGE_RECOVERED] = set_recovery_state,
        [STORE_CHANGE_OFFERED] = offered,
    };
    unsigned type = (unsigned)change->type;

    if (type >= sizeof functions / sizeof functions[0] || functions[type] == NULL)
        return STORE_INVALID;
    return functions[type](store, row, change);
}
