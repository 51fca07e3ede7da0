/*
 * pool_match.c - what matching reads of the pool and writes into it: who is free, proposals, what people lacked. See pool.h.
 */
#include "server/store/pool_rows.h"

#include <string.h>

enum store_status store_pool_people(struct store *store, uint64_t now_ms, uint64_t *cursor,
                                    struct store_pool_person *out, uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_FREE);
    enum store_status status = STORE_OK;
    int64_t proposal;
    bool found = true;

    *n = 0;
    store_bind_uint(stmt, 1, *cursor);
    store_bind_uint(stmt, 2, now_ms);
    store_bind_uint(stmt, 3, max);
    while (*n < max && (status = store_step(store, STMT_POOL_FREE, &found)) == STORE_OK && found) {
        if (!pool_read_person(stmt, &out[*n], &proposal)) {
            status = store_fail(store, "a row of the pool", SQLITE_CORRUPT);
            break;
        }
        *cursor = store_column_uint(stmt, 0);
        ++*n;
    }
    store_reset(store, STMT_POOL_FREE);
    return status;
}

enum store_status store_pool_refills(struct store *store, uint64_t now_ms, uint64_t *cursor,
                                     struct store_pool_refill *out, uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_REFILL_FREE);
    enum store_status status = STORE_OK;
    bool found = true;

    *n = 0;
    store_bind_uint(stmt, 1, *cursor);
    store_bind_uint(stmt, 2, now_ms);
    store_bind_uint(stmt, 3, max);
    while (*n < max && (status = store_step(store, STMT_POOL_REFILL_FREE, &found)) == STORE_OK &&
           found) {
        if (!pool_read_refill(stmt, &out[*n])) {
            status = store_fail(store, "a refill", SQLITE_CORRUPT);
            break;
        }
        *cursor = store_column_uint(stmt, 0);
        ++*n;
    }
    store_reset(store, STMT_POOL_REFILL_FREE);
    return status;
}

/* ---- proposals ---- */

static enum store_status insert(struct store *store, const struct store_pool_proposal *p,
                                int64_t *id)
{
    uint8_t slots[3 * STORE_POOL_SLOTS_MAX];
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_PROPOSE);
    bool found;

    pool_bind_blob(stmt, 1, p->name, STORE_POOL_ID);
    (void)sqlite3_bind_int(stmt, 2, p->founding);
    (void)sqlite3_bind_int(stmt, 3, p->refill);
    store_bind_id(stmt, 4, p->moderator);
    if (p->has_council)
        store_bind_id(stmt, 5, p->council);
    else
        (void)sqlite3_bind_null(stmt, 5);
    store_bind_uint(stmt, 6, p->made_ms);
    store_bind_uint(stmt, 7, p->answer_by_ms);
    store_bind_uint(stmt, 8, p->found_by_ms);
    (void)sqlite3_bind_int(stmt, 9, p->fast);
    pool_bind_text(stmt, 10, p->zone);
    pool_bind_text(stmt, 11, p->language);
    pool_bind_slots(stmt, 12, p->slots, p->n_slots, slots);
    pool_bind_text(stmt, 13, p->why);
    enum store_status status = store_step(store, STMT_POOL_PROPOSE, &found);
    *id = status == STORE_OK && found ? sqlite3_column_int64(stmt, 0) : 0;
    store_reset(store, STMT_POOL_PROPOSE);
    return status;
}

/* One row that must still be as it was. */
static enum store_status seat(struct store *store, enum store_stmt what,
                              const uint8_t name[STORE_ID_BYTES], uint64_t changed, int64_t id)
{
    sqlite3_stmt *stmt = store_stmt(store, what);

    store_bind_id(stmt, 1, name);
    store_bind_uint(stmt, 2, changed);
    (void)sqlite3_bind_int64(stmt, 3, id);
    enum store_status status = store_run(store, what);
    return status == STORE_OK && sqlite3_changes(store->db) != 1 ? STORE_CONFLICT : status;
}

static enum store_status propose(struct store *store, const struct store_pool_proposal *p)
{
    int64_t id = 0;
    enum store_status status = insert(store, p, &id);

    if (status == STORE_OK && p->refill)
        status = seat(store, STMT_POOL_REFILL_SEAT, p->council, p->refill_changed, id);
    for (uint32_t i = 0; status == STORE_OK && i < p->n_seats; i++)
        status = seat(store, STMT_POOL_SEAT, p->seats[i].member, p->seats[i].changed, id);
    return status;
}

enum store_status store_pool_propose(struct store *store,
                                     const struct store_pool_proposal *proposal,
                                     struct store_pool_news *news)
{
    struct pool_proposal told = {.p = *proposal};

    news->n_members = 0;
    if (proposal->n_seats == 0 || proposal->n_seats > STORE_POOL_GROUP_MAX ||
        proposal->n_slots > STORE_POOL_SLOTS_MAX)
        return STORE_INVALID;
    enum store_status status = store_begin(store);
    if (status == STORE_OK)
        status = store_end(store, propose(store, proposal));
    if (status == STORE_OK)
        pool_news(&told, news);
    return status;
}

enum store_status store_pool_missing(struct store *store, const struct store_pool_lack *lacks,
                                     uint32_t n)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    for (uint32_t i = 0; status == STORE_OK && i < n && i < STORE_POOL_MISSING_MAX; i++) {
        sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_MISSING);
        store_bind_id(stmt, 1, lacks[i].member);
        store_bind_uint(stmt, 2, lacks[i].changed);
        (void)sqlite3_bind_int(stmt, 3, lacks[i].missing);
        status = store_run(store, STMT_POOL_MISSING);
    }
    return store_end(store, status);
}

enum store_status store_pool_leads(struct store *store, const uint8_t moderator[STORE_ID_BYTES],
                                   const uint8_t member[STORE_ID_BYTES], bool *leads)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_LEADS);
    bool found;

    store_bind_id(stmt, 1, moderator);
    store_bind_id(stmt, 2, member);
    enum store_status status = store_step(store, STMT_POOL_LEADS, &found);
    *leads = status == STORE_OK && found && sqlite3_column_int(stmt, 0) > 0;
    store_reset(store, STMT_POOL_LEADS);
    return status;
}
