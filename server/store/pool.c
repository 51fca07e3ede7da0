/*
 * pool.c - coming into the pool, looking at one's place, going; councils that ask for members; what the clock makes due. See pool.h.
 */
#include "server/store/pool_rows.h"

#include <string.h>

enum {
    EXPIRED_MAX = 256 /* rows that one sweep deletes */
};

/* ---- coming and going ---- */

static enum store_status count(struct store *store, uint64_t *out)
{
    bool found;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_COUNT);
    enum store_status status = store_step(store, STMT_POOL_COUNT, &found);

    if (status == STORE_OK && found)
        *out = store_column_uint(stmt, 0);
    store_reset(store, STMT_POOL_COUNT);
    return status;
}

static enum store_status put(struct store *store, struct store_pool_person *person,
                             uint64_t people_max)
{
    struct store_pool_person before;
    int64_t proposal;
    uint64_t people = 0;
    enum store_status status = pool_person_get(store, person->member, &before, &proposal);

    if (status == STORE_NOT_FOUND) {
        status = count(store, &people);
        if (status == STORE_OK && people >= people_max)
            return STORE_REFUSED;
    } else if (status == STORE_OK) {
        if (proposal != 0)
            return STORE_CONFLICT;
        person->since_ms = before.since_ms;
        store->erase_pending = true;
    }
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_PUT);
    store_bind_id(stmt, 1, person->member);
    store_bind_uint(stmt, 2, person->since_ms);
    store_bind_uint(stmt, 3, person->expires_ms);
    (void)sqlite3_bind_int(stmt, 4, person->fast);
    (void)sqlite3_bind_int(stmt, 5, person->moderates);
    pool_bind_text(stmt, 6, person->function);
    pool_bind_text(stmt, 7, person->level);
    pool_bind_text(stmt, 8, person->industry);
    pool_bind_text(stmt, 9, person->zone);
    pool_bind_text(stmt, 10, person->languages);
    pool_bind_text(stmt, 11, person->name);
    pool_bind_blob(stmt, 12, person->hours, sizeof person->hours);
    pool_bind_tokens(stmt, 13, &person->avoid);
    pool_bind_tokens(stmt, 14, &person->employers);
    return store_run(store, STMT_POOL_PUT);
}

enum store_status store_pool_put(struct store *store, struct store_pool_person *person,
                                 uint64_t people_max)
{
    enum store_status status = store_begin(store);

    return status == STORE_OK ? store_end(store, put(store, person, people_max)) : status;
}

/* The proposal that the member was in goes on without them. */
static enum store_status leave(struct store *store, int64_t id,
                               const struct store_pool_clock *clock, struct store_pool_news *news)
{
    struct pool_proposal proposal;
    bool moved;
    enum store_status status = pool_proposal_get(store, id, &proposal);

    return status == STORE_OK ? pool_settle(store, &proposal, clock, news, &moved) : status;
}

static enum store_status drop(struct store *store, const uint8_t member[STORE_ID_BYTES],
                              const struct store_pool_clock *clock, struct store_pool_news *news)
{
    struct store_pool_person person;
    int64_t proposal = 0;
    enum store_status status = pool_person_get(store, member, &person, &proposal);

    if (status != STORE_OK)
        return status == STORE_NOT_FOUND ? STORE_OK : status;
    store_bind_id(store_stmt(store, STMT_POOL_DROP), 1, member);
    status = store_run(store, STMT_POOL_DROP);
    if (status == STORE_OK && proposal != 0) {
        sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_BOX_DROP);
        (void)sqlite3_bind_int64(stmt, 1, proposal);
        store_bind_id(stmt, 2, member);
        status = store_run(store, STMT_POOL_BOX_DROP);
        if (status == STORE_OK)
            status = leave(store, proposal, clock, news);
    }
    store->erase_pending = true;
    return status;
}

enum store_status store_pool_drop(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                  const struct store_pool_clock *clock,
                                  struct store_pool_news *news)
{
    enum store_status status = store_begin(store);

    news->n_members = 0;
    return status == STORE_OK ? store_end(store, drop(store, member, clock, news)) : status;
}

/* ---- councils that ask for members ---- */

static enum store_status refill_put(struct store *store, const struct store_pool_refill *refill)
{
    uint8_t slots[3 * STORE_POOL_SLOTS_MAX];
    bool inside;
    enum store_status status = pool_is_inside(store, refill->council, refill->member, &inside);
    if (status != STORE_OK || !inside)
        return status != STORE_OK ? status : STORE_REFUSED;
    enum store_stmt id = refill->places > 0 ? STMT_POOL_REFILL_PUT : STMT_POOL_REFILL_DROP;
    sqlite3_stmt *stmt = store_stmt(store, id);
    store_bind_id(stmt, 1, refill->council);
    if (refill->places > 0) {
        store_bind_id(stmt, 2, refill->member);
        store_bind_uint(stmt, 3, refill->since_ms);
        store_bind_uint(stmt, 4, refill->expires_ms);
        store_bind_uint(stmt, 5, refill->places);
        (void)sqlite3_bind_int(stmt, 6, refill->fast);
        pool_bind_text(stmt, 7, refill->zone);
        pool_bind_text(stmt, 8, refill->language);
        pool_bind_slots(stmt, 9, refill->slots, refill->n_slots, slots);
        pool_bind_tokens(stmt, 10, &refill->avoid);
        pool_bind_tokens(stmt, 11, &refill->employers);
    }
    store->erase_pending = true;
    status = store_run(store, id);
    return status == STORE_OK && refill->places > 0 && sqlite3_changes(store->db) == 0
               ? STORE_CONFLICT
               : status;
}

enum store_status store_pool_refill_put(struct store *store, const struct store_pool_refill *refill)
{
    enum store_status status = store_begin(store);

    return status == STORE_OK ? store_end(store, refill_put(store, refill)) : status;
}

/* ---- the clock ---- */

static enum store_status expire(struct store *store, uint64_t now_ms, bool *more)
{
    static const enum store_stmt steps[] = {STMT_POOL_EXPIRED, STMT_POOL_REFILL_DONE};
    enum store_status status = STORE_OK;

    for (size_t i = 0; status == STORE_OK && i < sizeof steps / sizeof steps[0]; i++) {
        sqlite3_stmt *stmt = store_stmt(store, steps[i]);
        store_bind_uint(stmt, 1, now_ms);
        (void)sqlite3_bind_int(stmt, 2, EXPIRED_MAX);
        status = store_run(store, steps[i]);
        int gone = sqlite3_changes(store->db);
        *more = *more || gone == EXPIRED_MAX;
        store->erase_pending = store->erase_pending || gone > 0;
    }
    return status;
}

static enum store_status settle_due(struct store *store, const struct store_pool_clock *clock,
                                    struct store_pool_sweep *out)
{
    int64_t due[STORE_POOL_NEWS_MAX];
    uint32_t n = 0;
    bool found = true;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_DUE);

    store_bind_uint(stmt, 1, clock->now_ms);
    (void)sqlite3_bind_int(stmt, 2, STORE_POOL_NEWS_MAX);
    enum store_status status = STORE_OK;
    while (n < STORE_POOL_NEWS_MAX &&
           (status = store_step(store, STMT_POOL_DUE, &found)) == STORE_OK && found)
        due[n++] = sqlite3_column_int64(stmt, 0);
    store_reset(store, STMT_POOL_DUE);
    for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
        struct pool_proposal proposal;
        bool moved;
        status = pool_proposal_get(store, due[i], &proposal);
        if (status == STORE_OK)
            status = pool_settle(store, &proposal, clock, &out->news[i], &moved);
    }
    out->n_news = n;
    out->more = out->more || n == STORE_POOL_NEWS_MAX;
    return status;
}

static enum store_status look_ahead(struct store *store, uint64_t now_ms, uint64_t *next_ms)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_NEXT);
    bool found;

    *next_ms = UINT64_MAX;
    store_bind_uint(stmt, 1, now_ms);
    enum store_status status = store_step(store, STMT_POOL_NEXT, &found);
    for (int i = 0; status == STORE_OK && found && i < 4; i++) {
        if (sqlite3_column_type(stmt, i) != SQLITE_NULL && store_column_uint(stmt, i) < *next_ms)
            *next_ms = store_column_uint(stmt, i);
    }
    store_reset(store, STMT_POOL_NEXT);
    return status;
}

static enum store_status sweep(struct store *store, const struct store_pool_clock *clock,
                               struct store_pool_sweep *out)
{
    enum store_status status = settle_due(store, clock, out);

    if (status == STORE_OK)
        status = expire(store, clock->now_ms, &out->more);
    if (status == STORE_OK)
        status = look_ahead(store, clock->now_ms, &out->next_ms);
    return status == STORE_OK ? count(store, &out->people) : status;
}

enum store_status store_pool_sweep(struct store *store, const struct store_pool_clock *clock,
                                   struct store_pool_sweep *out)
{
    enum store_status status = store_begin(store);

    memset(out, 0, sizeof *out);
    return status == STORE_OK ? store_end(store, sweep(store, clock, out)) : status;
}
