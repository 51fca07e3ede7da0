/*
 * store_peek.h - what tests look at in a store that nobody else asks for.
 */
#ifndef COUNCIL_TESTS_STORE_PEEK_H
#define COUNCIL_TESTS_STORE_PEEK_H

#include <string.h>

#include "server/store/engine.h"

/* The first `max` who are or were in a log, in the order in which they came. An unknown log has nobody. */
static inline enum store_status peek_members(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                             struct store_membership *out, uint32_t max,
                                             uint32_t *n)
{
    static const char sql[] =
        "SELECT m.member, m.role, m.from_seq, m.until_seq FROM membership AS m"
        " WHERE m.log = (SELECT id FROM log WHERE name = ?1) ORDER BY m.id";
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

    *n = 0;
    if (rc == SQLITE_OK)
        store_bind_id(stmt, 1, log);
    while (rc == SQLITE_OK && *n < max && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct store_membership *one = &out[(*n)++];
        memset(one, 0, sizeof *one);
        memcpy(one->log, log, STORE_ID_BYTES);
        rc = store_column_id(stmt, 0, one->member) ? SQLITE_OK : SQLITE_CORRUPT;
        one->role = (uint8_t)sqlite3_column_int(stmt, 1);
        one->from_seq = store_column_uint(stmt, 2);
        one->until_seq = store_column_uint(stmt, 3);
    }
    (void)sqlite3_finalize(stmt);
    return rc == SQLITE_OK || rc == SQLITE_DONE ? STORE_OK : store_fail(store, "members", rc);
}

/* The code with this hash; NOT_FOUND. */
static inline enum store_status peek_code(struct store *store, const uint8_t hash[STORE_ID_BYTES],
                                          struct store_code *out)
{
    enum store_status status = STORE_OK;
    uint64_t cursor = 0;

    for (uint32_t n = 1; status == STORE_OK && n == 1;) {
        status = store_codes(store, &cursor, out, 1, &n);
        if (status == STORE_OK && n == 1 && memcmp(out->hash, hash, STORE_ID_BYTES) == 0)
            return STORE_OK;
    }
    return status == STORE_OK ? STORE_NOT_FOUND : status;
}

#endif
