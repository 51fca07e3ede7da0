/*
 * pool_world.h - people, proposals and their answers as short calls, for the tests of the pool in the store.
 *
 * Owns the made-up people: number n is the member fx_id('M', n). Every call asserts that the store took it.
 */
#ifndef COUNCIL_TESTS_POOL_WORLD_H
#define COUNCIL_TESTS_POOL_WORLD_H

#include "server/store/pool.h"
#include "tests/unit/store_fixture.h"

enum {
    FOUND_MS = 1000,
    REST_MS = 500,
    ANSWER_BY = 10000,
    FOUND_BY = 20000,
    GROUP = 8
};

static const uint8_t name[STORE_POOL_ID] = "proposal-the-one";

static inline struct store_pool_clock at(uint64_t now_ms)
{
    return (struct store_pool_clock){now_ms, FOUND_MS, REST_MS};
}

static inline struct store_pool_person person(uint64_t n, bool moderates)
{
    struct store_pool_person p = {
        .since_ms = 100 + n, .expires_ms = 50000, .fast = true, .moderates = moderates};

    memcpy(p.member, fx_id('M', n), STORE_ID_BYTES);
    (void)snprintf(p.function, sizeof p.function, "data");
    (void)snprintf(p.level, sizeof p.level, "senior");
    (void)snprintf(p.industry, sizeof p.industry, "other");
    (void)snprintf(p.zone, sizeof p.zone, "Europe/Berlin");
    (void)snprintf(p.languages, sizeof p.languages, "en");
    (void)snprintf(p.name, sizeof p.name, "Planted-%llu", (unsigned long long)n);
    p.hours[5] = 0xff;
    p.avoid.count = 2;
    memset(p.avoid.all, (int)n, sizeof p.avoid.all);
    return p;
}

static inline void put(struct fixture *fx, uint64_t n, bool moderates)
{
    struct store_pool_person p = person(n, moderates);

    assert_status(store_pool_put(fx->store, &p, 100), STORE_OK);
}

/* A proposal to members 1 ... n, of whom 1 is to moderate. */
static inline void propose(struct fixture *fx, uint32_t n)
{
    struct store_pool_proposal p = {
        .made_ms = 1000, .answer_by_ms = ANSWER_BY, .found_by_ms = FOUND_BY, .fast = true};
    struct store_pool_news news;
    struct store_pool_person people[GROUP];
    uint64_t cursor = 0;
    uint32_t found;

    memcpy(p.name, name, sizeof p.name);
    (void)snprintf(p.zone, sizeof p.zone, "Europe/Berlin");
    (void)snprintf(p.language, sizeof p.language, "en");
    (void)snprintf(p.why, sizeof p.why, "hours:3 wait:1");
    p.n_slots = 2;
    p.slots[0] = (struct store_pool_slot){1, 1110};
    p.slots[1] = (struct store_pool_slot){3, 1110};
    assert_status(store_pool_people(fx->store, 1000, &cursor, people, GROUP, &found), STORE_OK);
    assert_int_equal(found, n);
    p.n_seats = n;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(p.seats[i].member, people[i].member, STORE_ID_BYTES);
        p.seats[i].changed = people[i].changed;
    }
    memcpy(p.moderator, fx_id('M', 1), STORE_ID_BYTES);
    assert_status(store_pool_propose(fx->store, &p, &news), STORE_OK);
    assert_int_equal(news.n_members, n);
    assert_memory_equal(news.proposal, name, sizeof name);
    /* They are nobody else's now. */
    p.name[0] = '?';
    assert_status(store_pool_propose(fx->store, &p, &news), STORE_CONFLICT);
    cursor = 0;
    assert_status(store_pool_people(fx->store, 1000, &cursor, people, GROUP, &found), STORE_OK);
    assert_int_equal(found, 0);
}

static inline void group(struct fixture *fx)
{
    for (uint64_t n = 1; n <= GROUP; n++)
        put(fx, n, n == 1 || n == 5);
    propose(fx, GROUP);
}

static inline enum store_status answer(struct fixture *fx, uint64_t n, bool accept, uint64_t now_ms,
                                       struct store_pool_news *news)
{
    const struct store_pool_clock clock = at(now_ms);

    return store_pool_answer(fx->store, fx_id('M', n), name, accept, &clock, news);
}

static inline void accept_all(struct fixture *fx, uint64_t first, uint64_t last)
{
    struct store_pool_news news;

    for (uint64_t n = first; n <= last; n++)
        assert_status(answer(fx, n, true, 2000, &news), STORE_OK);
}

static const struct store_pool_view *view(struct fixture *fx, uint64_t n, uint64_t now_ms)
{
    static struct store_pool_view out;
    const struct store_pool_clock clock = at(now_ms);

    assert_status(store_pool_view(fx->store, fx_id('M', n), fx_id('D', n), &clock, &out), STORE_OK);
    return &out;
}

static inline void sweep(struct fixture *fx, uint64_t now_ms, struct store_pool_sweep *out)
{
    const struct store_pool_clock clock = at(now_ms);

    assert_status(store_pool_sweep(fx->store, &clock, out), STORE_OK);
}

/* Log 1 with these members now; `gone`: not any more. */
static inline void standing(struct fixture *fx, uint64_t seq, uint64_t member, bool gone)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(1, seq, &bytes);
    struct store_change changes[2] = {fx_new_log(0, STORE_LOG_COUNCIL),
                                      {.type = STORE_CHANGE_MEMBERSHIP}};
    struct store_batch batch = {.rows = &row,
                                .n_rows = 1,
                                .changes = seq == 1 ? changes : changes + 1,
                                .n_changes = seq == 1 ? 2 : 1};

    memcpy(changes[1].u.membership.member, fx_id('M', member), STORE_ID_BYTES);
    changes[1].u.membership.role = 1;
    changes[1].u.membership.from_seq = gone ? 1 : seq;
    changes[1].u.membership.until_seq = gone ? seq : 0;
    assert_status(store_append(fx->store, &batch, NULL), STORE_OK);
}

static inline void council(struct fixture *fx, uint64_t seq, uint64_t member)
{
    standing(fx, seq, member, false);
}

static inline enum store_status invite(struct fixture *fx, uint64_t by, uint64_t member)
{
    static struct store_pool_boxes boxes;
    struct store_pool_news news;

    memset(&boxes, 0, sizeof boxes);
    memcpy(boxes.proposal, name, sizeof name);
    memcpy(boxes.member, fx_id('M', member), STORE_ID_BYTES);
    memcpy(boxes.council, fx_id('L', 1), STORE_ID_BYTES);
    boxes.n = 2;
    for (uint32_t i = 0; i < 2; i++) {
        memcpy(boxes.boxes[i].device, fx_id('D', member + 100 * i), STORE_ID_BYTES);
        boxes.boxes[i].len = 40;
        memset(boxes.boxes[i].box, (int)(member + i), 40);
    }
    enum store_status status = store_pool_invite(fx->store, fx_id('M', by), &boxes, &news);
    assert_int_equal(news.n_members, status == STORE_OK);
    return status;
}

#endif
