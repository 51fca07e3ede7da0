/*
 * test_rotation.c - whose turn it is: the roles of a meeting, and the queue for the hot seat.
 */
#include "tests/unit/meeting_world.h"

static const char *name_of(uint32_t meeting)
{
    static char name[32];
    snprintf(name, sizeof name, "2026-%02u-%02uT18:00", 1 + meeting / 28 % 12, 1 + meeting % 28);
    return name;
}

static struct meeting_roles turns(struct world *w, const uint32_t *who, uint32_t count)
{
    uint8_t present[PEOPLE][COUNCIL_KEY_BYTES];
    struct meeting_roles roles;
    for (uint32_t i = 0; i < count; i++)
        memcpy(present[i], member(who[i]), COUNCIL_KEY_BYTES);
    rotation_roles(w->model, &w->council, (const uint8_t(*)[COUNCIL_KEY_BYTES])present, count,
                   &roles);
    return roles;
}

static uint32_t number(const uint8_t *key)
{
    return key[0] - 1u;
}

/* A meeting in which everybody who is there says so, and who was named does it. */
static struct meeting_roles meets(struct world *w, uint32_t n, const uint32_t *who, uint32_t count)
{
    struct meeting_roles roles = turns(w, who, count);
    const char *name = name_of(n);
    opens(w, who[0], name, number(roles.member[MEETING_FACILITATOR]), "[5,5]");
    for (uint32_t i = 0; i < count; i++)
        attends(w, who[i], name);
    posts(w, who[0],
          "{\"type\":\"roles\",\"meeting\":\"%s\",\"timekeeper\":\"%s\",\"scribe\":\"%s\"}", name,
          b64(roles.member[MEETING_TIMEKEEPER]), b64(roles.member[MEETING_SCRIBE]));
    closes(w, number(roles.member[MEETING_FACILITATOR]), name);
    return roles;
}

static void everybody_does_everything_equally_often(void **state)
{
    (void)state;
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7};
    uint32_t did[MEETING_ROLE_COUNT][PEOPLE] = {{0}};
    struct world w;
    world_init(&w, 8);
    for (uint32_t n = 0; n < 80; n++) {
        struct meeting_roles roles = meets(&w, n, all, 8);
        for (int r = 0; r < MEETING_ROLE_COUNT; r++)
            did[r][number(roles.member[r])]++;
        assert_memory_not_equal(roles.member[0], roles.member[1], COUNCIL_KEY_BYTES);
        assert_memory_not_equal(roles.member[0], roles.member[2], COUNCIL_KEY_BYTES);
        assert_memory_not_equal(roles.member[1], roles.member[2], COUNCIL_KEY_BYTES);
    }
    for (int r = 0; r < MEETING_ROLE_COUNT; r++)
        for (uint32_t i = 0; i < PEOPLE; i++)
            assert_in_range(did[r][i], 9, 11);
    world_fini(&w);
}

/* Seeded: people come as they like; nobody who comes is passed over for long. */
static void those_who_come_take_turns(void **state)
{
    (void)state;
    uint32_t seed = 7, waited[PEOPLE] = {0};
    struct world w;
    world_init(&w, 8);
    for (uint32_t n = 0; n < 120; n++) {
        uint32_t who[PEOPLE], count = 0;
        for (uint32_t i = 0; i < PEOPLE; i++) {
            seed = seed * 1664525u + 1013904223u;
            if (i == 0 || seed >> 30 != 0)
                who[count++] = i;
        }
        struct meeting_roles roles = meets(&w, n, who, count);
        uint32_t leader = number(roles.member[MEETING_FACILITATOR]);
        bool there = false;
        for (uint32_t i = 0; i < count; i++) {
            there |= who[i] == leader;
            waited[who[i]]++;
            assert_true(waited[who[i]] <= PEOPLE);
        }
        waited[leader] = 0;
        assert_true(there);
    }
    world_fini(&w);
}

static void few_people_share_the_roles(void **state)
{
    (void)state;
    static const uint32_t two[] = {2, 1}, one[] = {3}, odd[] = {1, 1, 7};
    struct world w;
    world_init(&w, 4);
    struct meeting_roles roles = turns(&w, NULL, 0);
    assert_false(roles.filled[MEETING_FACILITATOR]);
    roles = turns(&w, one, 1);
    assert_memory_equal(roles.member[MEETING_SCRIBE], member(3), COUNCIL_KEY_BYTES);
    roles = turns(&w, two, 2);
    assert_memory_equal(roles.member[MEETING_FACILITATOR], member(1), COUNCIL_KEY_BYTES);
    assert_memory_equal(roles.member[MEETING_TIMEKEEPER], member(2), COUNCIL_KEY_BYTES);
    assert_true(roles.filled[MEETING_SCRIBE]);
    roles = turns(&w, odd, 3); /* twice the same, and a stranger */
    assert_memory_equal(roles.member[MEETING_TIMEKEEPER], member(1), COUNCIL_KEY_BYTES);
    world_fini(&w);
}

/* Who was named and did not come, or handed it on at once, has not done it; who took over has. */
static void a_turn_counts_only_if_it_was_taken(void **state)
{
    (void)state;
    static const uint32_t all[] = {0, 1, 2, 3};
    struct world w;
    world_init(&w, 4);
    opens(&w, 1, name_of(0), 0, "[5,5,5]"); /* 0 is named, and absent */
    attends(&w, 1, name_of(0));
    attends(&w, 2, name_of(0));
    hands(&w, 1, name_of(0), 0, 1);
    hands(&w, 1, name_of(0), 1, 2); /* 1 hands it on before any phase ended */
    advances(&w, 2, name_of(0), 2);
    closes(&w, 2, name_of(0));
    struct meeting_roles roles = turns(&w, all, 4);
    assert_memory_equal(roles.member[MEETING_FACILITATOR], member(0), COUNCIL_KEY_BYTES);

    opens(&w, 0, name_of(1), 0, "[5,5,5]");
    attends(&w, 0, name_of(1));
    attends(&w, 3, name_of(1));
    advances(&w, 0, name_of(1), 2); /* 0 led a phase, then dropped off */
    hands(&w, 3, name_of(1), 0, 3);
    closes(&w, 3, name_of(1));
    roles = turns(&w, all, 4);
    assert_memory_equal(roles.member[MEETING_FACILITATOR], member(1), COUNCIL_KEY_BYTES);
    w.people[1].member = false; /* left meanwhile: of the others 2 led first */
    roles = turns(&w, all, 4);
    assert_memory_equal(roles.member[MEETING_FACILITATOR], member(2), COUNCIL_KEY_BYTES);
    world_fini(&w);
}

static void hot_seats_of_made_up_members_have_an_end(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    opens(&w, 1, name_of(0), 0, "[5,5,5]");
    for (uint32_t i = 0; i < 2 * MEETING_SEATED_MAX; i++) {
        const uint8_t nobody[COUNCIL_KEY_BYTES] = {0, (uint8_t)(i + 1), 9};
        posts(&w, 2, "{\"type\":\"seated\",\"meeting\":\"%s\",\"member\":\"%s\"}", name_of(0),
              b64(nobody));
    }
    assert_int_equal(meeting_running(w.model)->seated_count, MEETING_SEATED_MAX);
    world_fini(&w);
}

static void answers(struct world *w, uint32_t who, const char *answer)
{
    says(w, who, COUNCIL_KIND_RSVP, "{\"answer\":\"%s\",\"meeting\":\"%s\"}", answer, name_of(5));
}

static void who_is_expected(void **state)
{
    (void)state;
    uint8_t out[COUNCIL_SIZE_MAX][COUNCIL_KEY_BYTES];
    struct world w;
    world_init(&w, 4);
    assert_int_equal(rotation_expected(w.model, &w.council, name_of(5), out), 4);
    answers(&w, 3, "no");
    assert_int_equal(rotation_expected(w.model, &w.council, name_of(5), out), 3);
    static const uint32_t last[] = {1, 3};
    meets(&w, 4, last, 2);
    assert_int_equal(rotation_expected(w.model, &w.council, name_of(5), out), 1);
    assert_memory_equal(out[0], member(1), COUNCIL_KEY_BYTES);
    answers(&w, 2, "late"); /* everybody who comes comes late */
    assert_int_equal(rotation_expected(w.model, &w.council, name_of(5), out), 1);
    assert_memory_equal(out[0], member(2), COUNCIL_KEY_BYTES);
    answers(&w, 0, "late");
    assert_int_equal(rotation_expected(w.model, &w.council, name_of(5), out), 2);
    world_fini(&w);
}

/* ---- the hot seat ---- */

static const struct meeting_week week = {(uint64_t)START * 1000, "2026-11-23", "2026-11-29"};

static void expect_queue(struct world *w, const char *order)
{
    struct queue_place places[COUNCIL_SIZE_MAX];
    char got[COUNCIL_SIZE_MAX + 1] = "";
    uint32_t count = queue_order(w->model, &w->council, &week, places);
    for (uint32_t i = 0; i < count; i++)
        got[i] = (char)('0' + number(places[i].member));
    assert_string_equal(got, order);
}

static void seats(struct world *w, uint32_t n, uint32_t who)
{
    opens(w, 0, name_of(n), 0, "[5]");
    posts(w, 0, "{\"type\":\"seated\",\"meeting\":\"%s\",\"member\":\"%s\"}", name_of(n),
          b64(member(who)));
    closes(w, 0, name_of(n));
}

static void whoever_waited_longest_is_first(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 5);
    expect_queue(&w, "01234");
    seats(&w, 0, 0);
    expect_queue(&w, "12340");
    seats(&w, 1, 3);
    seats(&w, 2, 1);
    expect_queue(&w, "24031");
    posts(&w, 2, "{\"type\":\"seat\",\"want\":\"out\"}");
    expect_queue(&w, "4031");
    posts(&w, 2, "{\"type\":\"seat\",\"want\":\"in\",\"why\":\"my two-pager\"}");
    expect_queue(&w, "24031");
    w.people[4].member = false;
    expect_queue(&w, "2031");
    world_fini(&w);
}

static void an_interview_this_week_goes_ahead_once(void **state)
{
    (void)state;
    struct queue_place places[COUNCIL_SIZE_MAX];
    struct world w;
    world_init(&w, 5);
    posts(&w, 4,
          "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"interview\",\"day\":\"2026-11-27\"}");
    expect_queue(&w, "40123");
    posts(&w, 3, "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"offer\",\"day\":\"2026-11-23\"}");
    expect_queue(&w, "34012");
    posts(&w, 2, "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"offer\"}"); /* no day named */
    expect_queue(&w, "34201");
    posts(&w, 1,
          "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"interview\",\"day\":\"2026-11-30\"}");
    expect_queue(&w, "34201"); /* next week */
    posts(&w, 1,
          "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"interview\",\"day\":\"2026-11-22\"}");
    expect_queue(&w, "34201"); /* was yesterday */
    posts(&w, 1, "{\"type\":\"seat\",\"want\":\"in\",\"day\":\"2026-11-24\"}");
    expect_queue(&w, "34201"); /* a day alone is no reason */
    seats(&w, 0, 3);           /* had it: not ahead any more, and last of those who waited */
    expect_queue(&w, "42013");
    queue_order(w.model, &w.council, &week, places);
    assert_false(places[4].asked);
    assert_null(places[4].reason);
    world_fini(&w);

    world_init(&w, 3); /* without a day it goes ahead for a week */
    w.now -= 8ull * 24 * 3600 * 1000;
    posts(&w, 2, "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"offer\"}");
    expect_queue(&w, "012");
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_does_everything_equally_often),
        cmocka_unit_test(those_who_come_take_turns),
        cmocka_unit_test(few_people_share_the_roles),
        cmocka_unit_test(a_turn_counts_only_if_it_was_taken),
        cmocka_unit_test(hot_seats_of_made_up_members_have_an_end),
        cmocka_unit_test(who_is_expected),
        cmocka_unit_test(whoever_waited_longest_is_first),
        cmocka_unit_test(an_interview_this_week_goes_ahead_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
