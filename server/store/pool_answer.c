/*
 * pool_answer.c - what a member is shown of the pool, and what they say to a proposal: yes, no, and the moderator's boxes. See pool.h.
 */
#include "server/store/pool_rows.h"

#include <string.h>

/* ---- the view ---- */

static enum store_status number(struct store *store, enum store_stmt id,
                                const struct store_pool_person *person, uint64_t *out)
{
    sqlite3_stmt *stmt = store_stmt(store, id);
    bool found;

    (void)sqlite3_bind_int(stmt, 1, person->fast);
    (void)sqlite3_bind_int(stmt, 2, STORE_POOL_COUNTED_MAX);
    if (id == STMT_POOL_AHEAD)
        store_bind_uint(stmt, 3, person->since_ms);
    enum store_status status = store_step(store, id, &found);
    if (status == STORE_OK && found)
        *out = store_column_uint(stmt, 0);
    store_reset(store, id);
    return status;
}

static enum store_status add_box(struct store *store, int64_t id,
                                 const uint8_t member[STORE_ID_BYTES],
                                 const uint8_t device[STORE_ID_BYTES],
                                 struct store_pool_proposal *p)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_BOX_GET);
    bool found;

    (void)sqlite3_bind_int64(stmt, 1, id);
    store_bind_id(stmt, 2, member);
    store_bind_id(stmt, 3, device);
    enum store_status status = store_step(store, STMT_POOL_BOX_GET, &found);
    if (status == STORE_OK && found && sqlite3_column_bytes(stmt, 0) <= STORE_POOL_BOX_MAX) {
        p->box_len = (uint32_t)sqlite3_column_bytes(stmt, 0);
        memcpy(p->box, sqlite3_column_blob(stmt, 0), p->box_len);
    }
    store_reset(store, STMT_POOL_BOX_GET);
    return status;
}

static struct store_pool_seat *seat_of(struct store_pool_proposal *p,
                                       const uint8_t member[STORE_ID_BYTES])
{
    for (uint32_t i = 0; i < p->n_seats; i++) {
        if (memcmp(p->seats[i].member, member, STORE_ID_BYTES) == 0)
            return &p->seats[i];
    }
    return NULL;
}

/* Settles one proposal and shows it, unless it is over. */
static enum store_status add_proposal(struct store *store, int64_t id,
                                      const uint8_t member[STORE_ID_BYTES],
                                      const uint8_t device[STORE_ID_BYTES],
                                      const struct store_pool_clock *clock,
                                      struct store_pool_view *out)
{
    struct pool_proposal proposal;
    bool moved = false;
    enum store_status status = pool_proposal_get(store, id, &proposal);

    if (status == STORE_OK)
        status = pool_settle(store, &proposal, clock, NULL, &moved);
    if (status == STORE_OK && moved)
        status = pool_proposal_get(store, id, &proposal);
    if (status == STORE_NOT_FOUND)
        return STORE_OK;
    if (status == STORE_OK && seat_of(&proposal.p, member) == NULL &&
        memcmp(proposal.p.moderator, member, STORE_ID_BYTES) != 0)
        return STORE_OK; /* has joined just now */
    if (status == STORE_OK)
        status = add_box(store, id, member, device, &proposal.p);
    if (status == STORE_OK)
        out->proposals[out->n_proposals++] = proposal.p;
    return status;
}

/* Ids first: settling uses the same statements. */
static enum store_status add_led(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                 const uint8_t device[STORE_ID_BYTES],
                                 const struct store_pool_clock *clock, int64_t own,
                                 struct store_pool_view *out)
{
    int64_t ids[STORE_POOL_VIEW_MAX];
    uint32_t n = 0;
    bool found = true;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_LED);

    store_bind_id(stmt, 1, member);
    (void)sqlite3_bind_int64(stmt, 2, 0);
    (void)sqlite3_bind_int(stmt, 3, STORE_POOL_VIEW_MAX);
    enum store_status status = STORE_OK;
    while (n < STORE_POOL_VIEW_MAX &&
           (status = store_step(store, STMT_POOL_LED, &found)) == STORE_OK && found)
        ids[n++] = sqlite3_column_int64(stmt, 0);
    store_reset(store, STMT_POOL_LED);
    for (uint32_t i = 0; status == STORE_OK && i < n && out->n_proposals < STORE_POOL_VIEW_MAX;
         i++) {
        if (ids[i] != own)
            status = add_proposal(store, ids[i], member, device, clock, out);
    }
    return status;
}

static enum store_status add_refills(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                     struct store_pool_view *out)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_REFILL_OF);
    enum store_status status = STORE_OK;
    bool found = true;

    store_bind_id(stmt, 1, member);
    (void)sqlite3_bind_int(stmt, 2, STORE_POOL_VIEW_MAX);
    while (out->n_refills < STORE_POOL_VIEW_MAX &&
           (status = store_step(store, STMT_POOL_REFILL_OF, &found)) == STORE_OK && found) {
        if (!pool_read_refill(stmt, &out->refills[out->n_refills])) {
            status = store_fail(store, "a refill", SQLITE_CORRUPT);
            break;
        }
        out->n_refills++;
    }
    store_reset(store, STMT_POOL_REFILL_OF);
    return status;
}

static enum store_status view(struct store *store, const uint8_t member[STORE_ID_BYTES],
                              const uint8_t device[STORE_ID_BYTES],
                              const struct store_pool_clock *clock, struct store_pool_view *out)
{
    int64_t own = 0;
    enum store_status status = pool_person_get(store, member, &out->person, &own);

    if (status == STORE_OK && own != 0)
        status = add_proposal(store, own, member, device, clock, out);
    if (status == STORE_OK || status == STORE_NOT_FOUND)
        status = add_led(store, member, device, clock, own, out);
    if (status == STORE_OK) /* as it is after all of that */
        status = pool_person_get(store, member, &out->person, &own);
    out->registered = status == STORE_OK;
    if (status == STORE_NOT_FOUND)
        return add_refills(store, member, out);
    if (status == STORE_OK)
        status = number(store, STMT_POOL_AHEAD, &out->person, &out->ahead);
    if (status == STORE_OK)
        status = number(store, STMT_POOL_ALIKE, &out->person, &out->alike);
    return status == STORE_OK ? add_refills(store, member, out) : status;
}

enum store_status store_pool_view(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                  const uint8_t device[STORE_ID_BYTES],
                                  const struct store_pool_clock *clock, struct store_pool_view *out)
{
    enum store_status status = store_begin(store);

    memset(out, 0, sizeof *out);
    return status == STORE_OK ? store_end(store, view(store, member, device, clock, out)) : status;
}

/* ---- yes and no ---- */

static enum store_status say(struct store *store, struct pool_proposal *proposal,
                             struct store_pool_seat *seat, bool accept,
                             const struct store_pool_clock *clock)
{
    sqlite3_stmt *stmt = store_stmt(store, accept ? STMT_POOL_ANSWER : STMT_POOL_RETURN);

    if (!accept && seat->boxed)
        return STORE_CONFLICT;
    store_bind_id(stmt, 1, seat->member);
    if (accept) {
        (void)sqlite3_bind_int64(stmt, 2, proposal->id);
        return store_run(store, STMT_POOL_ANSWER);
    }
    store_bind_uint(stmt, 2, clock->now_ms + clock->rest_ms);
    (void)sqlite3_bind_int(stmt, 3, 0);
    return store_run(store, STMT_POOL_RETURN);
}

static enum store_status answer(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                const uint8_t name[STORE_POOL_ID], bool accept,
                                const struct store_pool_clock *clock, struct store_pool_news *news)
{
    struct pool_proposal proposal;
    int64_t id = 0;
    bool moved = false;
    enum store_status status = pool_proposal_named(store, name, &id);

    if (status == STORE_OK)
        status = pool_proposal_get(store, id, &proposal);
    if (status != STORE_OK)
        return status;
    struct store_pool_seat *seat = seat_of(&proposal.p, member);
    if (seat == NULL)
        return STORE_NOT_FOUND;
    /* Whoever is too late finds it gone. */
    if (!seat->accepted && clock->now_ms >= proposal.p.answer_by_ms)
        return STORE_NOT_FOUND;
    pool_news(&proposal, news);
    if (!seat->accepted || !accept)
        status = say(store, &proposal, seat, accept, clock);
    if (status == STORE_OK)
        status = pool_proposal_get(store, id, &proposal);
    if (status == STORE_OK)
        status = pool_settle(store, &proposal, clock, NULL, &moved);
    if (status == STORE_OK && !moved && accept && !proposal.p.founding)
        news->n_members = 0; /* one acceptance more: who wants to know asks */
    return status;
}

enum store_status store_pool_answer(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                    const uint8_t proposal[STORE_POOL_ID], bool accept,
                                    const struct store_pool_clock *clock,
                                    struct store_pool_news *news)
{
    enum store_status status = store_begin(store);

    news->n_members = 0;
    return status == STORE_OK
               ? store_end(store, answer(store, member, proposal, accept, clock, news))
               : status;
}

/* ---- the moderator's boxes ---- */

static enum store_status set_council(struct store *store, struct pool_proposal *proposal,
                                     const uint8_t council[STORE_ID_BYTES])
{
    const struct store_pool_proposal *p = &proposal->p;
    bool inside;

    if (p->has_council && memcmp(p->council, council, STORE_ID_BYTES) != 0)
        return STORE_CONFLICT;
    enum store_status status = pool_is_inside(store, council, p->moderator, &inside);
    if (status != STORE_OK || !inside)
        return status != STORE_OK ? status : STORE_REFUSED;
    if (p->has_council)
        return STORE_OK;
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_COUNCIL);
    (void)sqlite3_bind_int64(stmt, 1, proposal->id);
    store_bind_id(stmt, 2, council);
    return store_run(store, STMT_POOL_COUNCIL);
}

static enum store_status put_boxes(struct store *store, int64_t id,
                                   const struct store_pool_boxes *boxes)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_BOX_DROP);

    (void)sqlite3_bind_int64(stmt, 1, id);
    store_bind_id(stmt, 2, boxes->member);
    enum store_status status = store_run(store, STMT_POOL_BOX_DROP);
    for (uint32_t i = 0; status == STORE_OK && i < boxes->n; i++) {
        stmt = store_stmt(store, STMT_POOL_BOX_PUT);
        (void)sqlite3_bind_int64(stmt, 1, id);
        store_bind_id(stmt, 2, boxes->member);
        store_bind_id(stmt, 3, boxes->boxes[i].device);
        pool_bind_blob(stmt, 4, boxes->boxes[i].box, boxes->boxes[i].len);
        status = store_run(store, STMT_POOL_BOX_PUT);
    }
    return status;
}

static enum store_status invite(struct store *store, const uint8_t moderator[STORE_ID_BYTES],
                                const struct store_pool_boxes *boxes, struct store_pool_news *news)
{
    struct pool_proposal proposal;
    int64_t id = 0;
    enum store_status status = pool_proposal_named(store, boxes->proposal, &id);

    if (status == STORE_OK)
        status = pool_proposal_get(store, id, &proposal);
    if (status != STORE_OK)
        return status;
    const struct store_pool_seat *seat = seat_of(&proposal.p, boxes->member);
    if (!proposal.p.founding || seat == NULL || !seat->accepted ||
        memcmp(proposal.p.moderator, moderator, STORE_ID_BYTES) != 0 ||
        memcmp(moderator, boxes->member, STORE_ID_BYTES) == 0)
        return STORE_NOT_FOUND;
    status = set_council(store, &proposal, boxes->council);
    if (status == STORE_OK)
        status = put_boxes(store, id, boxes);
    memcpy(news->proposal, boxes->proposal, sizeof news->proposal);
    memcpy(news->members[0], boxes->member, STORE_ID_BYTES);
    news->n_members = status == STORE_OK;
    return status;
}

enum store_status store_pool_invite(struct store *store, const uint8_t moderator[STORE_ID_BYTES],
                                    const struct store_pool_boxes *boxes,
                                    struct store_pool_news *news)
{
    enum store_status status = store_begin(store);

    news->n_members = 0;
    return status == STORE_OK ? store_end(store, invite(store, moderator, boxes, news)) : status;
}
