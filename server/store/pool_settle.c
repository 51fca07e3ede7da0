/*
 * pool_settle.c - what becomes of a proposal: by answers, by joining, by the clock.
 *
 * Owns the life of a proposal (protocol/README.md section 14.4), as one function that is called after whatever happened to it. Invariants: it is
 * called within a transaction; calling it twice changes nothing more; when it is over nothing of it is left but those who wait again.
 */
#include "server/store/pool_rows.h"

#include <string.h>

void pool_news(const struct pool_proposal *proposal, struct store_pool_news *news)
{
    const struct store_pool_proposal *p = &proposal->p;
    bool seated = false;

    memset(news, 0, sizeof *news);
    memcpy(news->proposal, p->name, sizeof news->proposal);
    for (uint32_t i = 0; i < p->n_seats; i++) {
        memcpy(news->members[news->n_members++], p->seats[i].member, STORE_ID_BYTES);
        seated = seated || memcmp(p->seats[i].member, p->moderator, STORE_ID_BYTES) == 0;
    }
    if (!seated && p->founding)
        memcpy(news->members[news->n_members++], p->moderator, STORE_ID_BYTES);
}

static void take_out(struct store_pool_proposal *p, uint32_t seat)
{
    p->n_seats--;
    memmove(&p->seats[seat], &p->seats[seat + 1], (p->n_seats - seat) * sizeof p->seats[0]);
}

/* Back among those who wait. */
static enum store_status send_back(struct store *store, struct pool_proposal *proposal,
                                   uint32_t seat, uint64_t rests_ms, bool missed)
{
    const uint8_t *member = proposal->p.seats[seat].member;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_RETURN);

    store_bind_id(stmt, 1, member);
    store_bind_uint(stmt, 2, rests_ms);
    (void)sqlite3_bind_int(stmt, 3, missed);
    enum store_status status = store_run(store, STMT_POOL_RETURN);
    if (status == STORE_OK && missed) {
        stmt = store_stmt(store, STMT_POOL_TIRED);
        store_bind_id(stmt, 1, member);
        (void)sqlite3_bind_int(stmt, 2, STORE_POOL_MISSED_MAX);
        status = store_run(store, STMT_POOL_TIRED);
        store->erase_pending = true;
    }
    if (status == STORE_OK) {
        stmt = store_stmt(store, STMT_POOL_BOX_DROP);
        (void)sqlite3_bind_int64(stmt, 1, proposal->id);
        store_bind_id(stmt, 2, member);
        status = store_run(store, STMT_POOL_BOX_DROP);
    }
    if (status == STORE_OK)
        take_out(&proposal->p, seat);
    return status;
}

/* Whoever is in the council has what they came for: nothing of them stays in the pool. */
static enum store_status take_joined(struct store *store, struct pool_proposal *proposal,
                                     bool *moved)
{
    struct store_pool_proposal *p = &proposal->p;
    enum store_status status = STORE_OK;

    for (uint32_t i = p->n_seats; status == STORE_OK && p->has_council && i-- > 0;) {
        bool joined = false;
        status = pool_is_inside(store, p->council, p->seats[i].member, &joined);
        if (status != STORE_OK || !joined)
            continue;
        sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_BOX_DROP);
        (void)sqlite3_bind_int64(stmt, 1, proposal->id);
        store_bind_id(stmt, 2, p->seats[i].member);
        status = store_run(store, STMT_POOL_BOX_DROP);
        if (status == STORE_OK) {
            store_bind_id(store_stmt(store, STMT_POOL_DROP), 1, p->seats[i].member);
            status = store_run(store, STMT_POOL_DROP);
        }
        if (status == STORE_OK && p->refill) {
            (void)sqlite3_bind_int64(store_stmt(store, STMT_POOL_REFILL_TAKEN), 1, proposal->id);
            status = store_run(store, STMT_POOL_REFILL_TAKEN);
        }
        store->erase_pending = true;
        take_out(p, i);
        *moved = true;
    }
    return status;
}

/* Who never answered waits again, and rests a while. */
static enum store_status take_silent(struct store *store, struct pool_proposal *proposal,
                                     const struct store_pool_clock *clock, bool *moved)
{
    struct store_pool_proposal *p = &proposal->p;
    enum store_status status = STORE_OK;

    for (uint32_t i = p->n_seats;
         status == STORE_OK && clock->now_ms >= p->answer_by_ms && i-- > 0;) {
        if (p->seats[i].accepted)
            continue;
        status = send_back(store, proposal, i, clock->now_ms + clock->rest_ms, true);
        *moved = true;
    }
    return status;
}

/*
 * Who founds: whom the matching named, as long as they are there; then whoever accepted and would moderate. Its index; -1: nobody yet, -2: nobody any more.
 */
static int founder(const struct store_pool_proposal *p)
{
    int accepted = -2;

    for (uint32_t i = 0; i < p->n_seats; i++) {
        if (memcmp(p->seats[i].member, p->moderator, STORE_ID_BYTES) == 0)
            return p->seats[i].accepted ? (int)i : -1;
    }
    for (uint32_t i = 0; i < p->n_seats; i++) {
        if (p->seats[i].moderates && p->seats[i].accepted)
            return (int)i;
        if (p->seats[i].moderates)
            accepted = -1;
    }
    return accepted;
}

static enum store_status set_state(struct store *store, const struct pool_proposal *proposal)
{
    const struct store_pool_proposal *p = &proposal->p;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_STATE);

    (void)sqlite3_bind_int64(stmt, 1, proposal->id);
    (void)sqlite3_bind_int(stmt, 2, p->founding);
    store_bind_id(stmt, 3, p->moderator);
    store_bind_uint(stmt, 4, p->found_by_ms);
    return store_run(store, STMT_POOL_STATE);
}

/* A group without a council: is it founded now, or never? */
static enum store_status weigh(struct store *store, struct pool_proposal *proposal,
                               const struct store_pool_clock *clock, bool *hopeless, bool *moved)
{
    struct store_pool_proposal *p = &proposal->p;
    uint32_t accepted = 0;
    int who = founder(p);

    for (uint32_t i = 0; i < p->n_seats; i++)
        accepted += p->seats[i].accepted;
    bool enough = accepted >= STORE_POOL_GROUP_MIN && who >= 0;
    bool same = enough && memcmp(p->moderator, p->seats[who].member, sizeof p->moderator) == 0;
    *hopeless = p->n_seats < STORE_POOL_GROUP_MIN || who == -2 ||
                (!enough && clock->now_ms >= p->answer_by_ms) ||
                (p->founding && clock->now_ms >= p->found_by_ms);
    if (*hopeless || (enough == p->founding && (same || !enough)))
        return STORE_OK;
    *moved = true;
    if (enough && !p->founding)
        p->found_by_ms = clock->now_ms + clock->found_ms;
    if (enough && !same)
        memcpy(p->moderator, p->seats[who].member, sizeof p->moderator);
    p->founding = enough;
    return set_state(store, proposal);
}

/* Everybody who is left waits again. Who was to act and did not rests; for the others it was no fault of theirs. */
static enum store_status break_up(struct store *store, struct pool_proposal *proposal,
                                  const struct store_pool_clock *clock)
{
    struct store_pool_proposal *p = &proposal->p;
    enum store_status status = STORE_OK;

    while (status == STORE_OK && p->n_seats > 0) {
        const struct store_pool_seat *seat = &p->seats[p->n_seats - 1];
        bool leads = p->founding && memcmp(seat->member, p->moderator, STORE_ID_BYTES) == 0;
        bool late = clock->now_ms >= p->found_by_ms && (seat->boxed || leads);
        status = send_back(store, proposal, p->n_seats - 1,
                           late ? clock->now_ms + clock->rest_ms : 0, late);
    }
    return status;
}

static enum store_status end(struct store *store, const struct pool_proposal *proposal)
{
    static const enum store_stmt steps[] = {STMT_POOL_BOX_OVER, STMT_POOL_REFILL_BACK,
                                            STMT_POOL_OVER};
    enum store_status status = STORE_OK;

    for (size_t i = 0; status == STORE_OK && i < sizeof steps / sizeof steps[0]; i++) {
        (void)sqlite3_bind_int64(store_stmt(store, steps[i]), 1, proposal->id);
        status = store_run(store, steps[i]);
    }
    if (status == STORE_OK && proposal->p.refill) { /* one that has all its places taken */
        sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_REFILL_DONE);
        store_bind_uint(stmt, 1, 0);
        (void)sqlite3_bind_int(stmt, 2, STORE_POOL_VIEW_MAX);
        status = store_run(store, STMT_POOL_REFILL_DONE);
    }
    store->erase_pending = true;
    return status;
}

/* Who leads to a council that they are not in, or not any more, has nobody to invite there. */
static enum store_status check_leader(struct store *store, const struct store_pool_proposal *p,
                                      bool *over)
{
    bool joined = true;
    enum store_status status =
        p->has_council ? pool_is_inside(store, p->council, p->moderator, &joined) : STORE_OK;

    *over = *over || !joined;
    return status;
}

enum store_status pool_settle(struct store *store, struct pool_proposal *proposal,
                              const struct store_pool_clock *clock, struct store_pool_news *news,
                              bool *moved)
{
    struct store_pool_proposal *p = &proposal->p;
    bool over = false;

    *moved = false;
    if (news != NULL)
        pool_news(proposal, news);
    enum store_status status = take_joined(store, proposal, moved);
    if (status == STORE_OK)
        status = take_silent(store, proposal, clock, moved);
    if (status == STORE_OK && !p->has_council)
        status = weigh(store, proposal, clock, &over, moved);
    if (status == STORE_OK)
        status = check_leader(store, p, &over);
    over = over || p->n_seats == 0 || (p->has_council && clock->now_ms >= p->found_by_ms);
    if (status != STORE_OK || !over)
        return status;
    *moved = true;
    status = break_up(store, proposal, clock);
    return status == STORE_OK ? end(store, proposal) : status;
}
