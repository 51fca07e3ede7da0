/*
 * Who is in which log, and where a recovery key leads: small indexes over what the logs say.
 *
 * Must not judge: the role is the core's number, an end is an end. Written in changes.c, read here.
 */
#include "server/store/engine.h"

/* The membership that the statement stands on; false: not what was stored. */
static bool decode(sqlite3_stmt *stmt, struct store_membership *out)
{
    *out = (struct store_membership){
        .kind = (enum store_log_kind)sqlite3_column_int(stmt, 3),
        .role = (uint8_t)sqlite3_column_int(stmt, 4),
        .from_seq = store_column_uint(stmt, 5),
        .until_seq = store_column_uint(stmt, 6),
    };
    return store_column_id(stmt, 1, out->log) && store_column_id(stmt, 2, out->member);
}

enum store_status store_membership(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                   const uint8_t member[STORE_ID_BYTES],
                                   struct store_membership *out)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MEMBERSHIP_GET);
    bool found;

    store_bind_id(stmt, 1, log);
    store_bind_id(stmt, 2, member);
    enum store_status status = store_step(store, STMT_MEMBERSHIP_GET, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!decode(stmt, out))
        status = store_fail(store, "a membership", SQLITE_CORRUPT);
    store_reset(store, STMT_MEMBERSHIP_GET);
    return status;
}

static enum store_status list(struct store *store, enum store_stmt id,
                              const uint8_t of[STORE_ID_BYTES], uint64_t *cursor,
                              struct store_membership *out, uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, id);
    enum store_status status = STORE_OK;
    bool found;

    *n = 0;
    store_bind_id(stmt, 1, of);
    store_bind_uint(stmt, 2, *cursor);
    store_bind_uint(stmt, 3, max);
    while (*n < max && (status = store_step(store, id, &found)) == STORE_OK && found) {
        if (!decode(stmt, &out[*n])) {
            status = store_fail(store, "a membership", SQLITE_CORRUPT);
            break;
        }
        *cursor = store_column_uint(stmt, 0);
        ++*n;
    }
    store_reset(store, id);
    return status;
}

enum store_status store_logs_of_member(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                       uint64_t *cursor, struct store_membership *out, uint32_t max,
                                       uint32_t *n)
{
    return list(store, STMT_MEMBERSHIP_OF_MEMBER, member, cursor, out, max, n);
}

enum store_status store_member_by_recovery(struct store *store, const uint8_t key[STORE_ID_BYTES],
                                           uint8_t member[STORE_ID_BYTES])
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_RECOVERY_GET);
    bool found;

    store_bind_id(stmt, 1, key);
    enum store_status status = store_step(store, STMT_RECOVERY_GET, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!store_column_id(stmt, 0, member))
        status = store_fail(store, "a recovery key", SQLITE_CORRUPT);
    store_reset(store, STMT_RECOVERY_GET);
    return status;
}
