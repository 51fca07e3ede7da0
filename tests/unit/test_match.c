/*
 * test_match.c - matching: who is put together, who is not and why, in the cases that are easily got wrong.
 *
 * Hours are checked by tests/match/rules.c, which knows nothing of matching's own tables.
 */
#include "server/match/clock.h"
#include "tests/match/rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const zones[] = {"Europe/Berlin",       "America/New_York", "Asia/Kathmandu",
                                    "Australia/Lord_Howe", "Australia/Sydney", "Africa/Casablanca",
                                    "America/Santiago",    "Asia/Kolkata"};

enum {
    BERLIN,
    NEW_YORK,
    KATHMANDU,
    LORD_HOWE,
    SYDNEY,
    CASABLANCA,
    SANTIAGO,
    KOLKATA,
    ZONES,
    EVENING = 36, /* 18:00 */
    LATE = 42
};

static struct world world;
static struct rules *rules;
static struct match_result *result;

static void begin(uint32_t people)
{
    assert_true(world_make_empty(&world, people, zones, ZONES));
    if (rules == NULL)
        rules = rules_create(zones, ZONES, world.input.from_s, world.input.until_s);
    assert_non_null(rules);
    for (uint32_t i = 0; i < people; i++) {
        world.people[i].languages = 1;
        world.people[i].since_ms = world.input.now_ms - 1000 * (uint64_t)(people - i);
    }
}

static void run(void)
{
    char why[200] = "";
    assert_int_equal(match_run(&world.input, &result), COUNCIL_OK);
    if (!rules_hold(rules, &world.input, result, why))
        fail_msg("%s", why);
}

static void end(void)
{
    match_destroy(result);
    world_fini(&world);
    result = NULL;
}

/* All of them: slow, in this zone, on Monday evening; the first would moderate. */
static void mondays(uint32_t from, uint32_t until, uint16_t zone)
{
    for (uint32_t i = from; i < until; i++) {
        world.people[i].zone = zone;
        world_mark(&world.people[i], 0, EVENING, LATE);
    }
    world.people[from].moderates = true;
}

static void expect_left(enum match_miss miss, uint32_t count)
{
    assert_int_equal(result->left_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(match_miss_name(result->left[i].miss), match_miss_name(miss));
}

static void test_nobody(void **state)
{
    (void)state;
    begin(0);
    run();
    assert_int_equal(result->group_count + result->left_count, 0);
    end();
}

static void test_seven(void **state)
{
    (void)state;
    begin(7);
    mondays(0, 7, BERLIN);
    run();
    assert_int_equal(result->group_count, 1);
    assert_int_equal(result->groups[0].count, 7);
    assert_int_equal(result->groups[0].members[0], 0);
    assert_int_equal(result->groups[0].slot_count, 1);
    assert_int_equal(result->groups[0].slots[0].minute / 60,
                     19); /* in the middle of what all have */
    assert_int_equal(result->groups[0].why[MATCH_WHY_HOURS], LATE - EVENING - 1);
    assert_int_equal(result->groups[0].why[MATCH_WHY_MODERATORS], 1);
    end();
    begin(5);
    mondays(0, 5, BERLIN);
    run();
    expect_left(MATCH_MISS_NOBODY, 5);
    end();
}

static void test_thousand_and_seven(void **state)
{
    (void)state;
    begin(1007);
    mondays(0, 1000, BERLIN);
    mondays(1000, 1007, SYDNEY);
    for (uint32_t i = 0; i < 1000; i += 7)
        world.people[i].moderates = true;
    run();
    assert_int_equal(result->placed, 1007);
    bool alone = false;
    for (uint32_t g = 0; g < result->group_count; g++)
        alone |= result->groups[g].zone == SYDNEY && result->groups[g].count == 7;
    assert_true(alone);
    end();
}

static void test_all_avoid(void **state)
{
    (void)state;
    begin(12);
    mondays(0, 12, BERLIN);
    for (uint32_t i = 0; i < 12; i++) {
        world.tokens[i][0][0] = world.tokens[i][1][0] = 9; /* the same employer, avoided by all */
        world.people[i].avoid = &world.tokens[i][0];
        world.people[i].worked = &world.tokens[i][1];
        world.people[i].avoid_count = world.people[i].worked_count = 1;
    }
    run();
    assert_int_equal(result->group_count, 0);
    expect_left(MATCH_MISS_EMPLOYER, 12);
    end();
}

static void test_one_avoids(void **state)
{
    (void)state;
    begin(9);
    mondays(0, 9, BERLIN);
    world.tokens[3][0][5] = world.tokens[4][1][5] = 77;
    world.people[3].avoid = &world.tokens[3][0];
    world.people[4].worked = &world.tokens[4][1];
    world.people[3].avoid_count = world.people[4].worked_count = 1;
    run();
    assert_int_equal(result->placed, 8);
    assert_true(result->left[0].person == 3 || result->left[0].person == 4);
    end();
}

static void test_missing(void **state)
{
    (void)state;
    begin(9);
    mondays(0, 9, BERLIN);
    world.people[0].moderates = false;
    run();
    expect_left(MATCH_MISS_MODERATOR, 9);
    end();
    begin(7);
    mondays(0, 7, BERLIN);
    world.people[5].languages = 2;
    world.people[6].languages = 0;
    run();
    assert_int_equal(result->group_count, 0);
    assert_int_equal(result->left[5].miss, MATCH_MISS_LANGUAGE);
    assert_int_equal(result->left[6].miss, MATCH_MISS_LANGUAGE);
    assert_int_equal(result->left[0].miss, MATCH_MISS_LANGUAGE); /* one short */
    end();
    begin(8);
    mondays(0, 8, BERLIN);
    memset(world.people[7].hours, 0, MATCH_HOURS_BYTES);
    world_mark(&world.people[7], 0, EVENING, EVENING + 1); /* half an hour is no meeting */
    run();
    assert_int_equal(result->placed, 7);
    expect_left(MATCH_MISS_HOURS, 1);
    end();
}

static void test_fast_needs_two_days(void **state)
{
    (void)state;
    begin(6);
    mondays(0, 6, BERLIN);
    for (uint32_t i = 0; i < 6; i++)
        world.people[i].fast = true;
    run();
    assert_int_equal(result->group_count, 0);
    end();
    begin(6);
    mondays(0, 6, BERLIN);
    for (uint32_t i = 0; i < 6; i++) {
        world.people[i].fast = true;
        world_mark(&world.people[i], 3, LATE, LATE + 4); /* another day, but never the same hour */
    }
    run();
    assert_int_equal(result->group_count, 0);
    for (uint32_t i = 0; i < 6; i++)
        world_mark(&world.people[i], 6, EVENING, EVENING + 2);
    match_destroy(result);
    run();
    assert_int_equal(result->group_count, 1);
    assert_int_equal(result->groups[0].slots[0].minute, EVENING * 30);
    assert_int_equal(result->groups[0].slots[1].minute, (6 * 48 + EVENING) * 30);
    end();
}

/* Half of them in Berlin, half in New York, five or six hours apart (for some weeks of spring and autumn five). */
static void test_daylight_saving(void **state)
{
    (void)state;
    for (uint32_t hours = 2; hours <= 4; hours += 2) {
        begin(8);
        mondays(0, 4, BERLIN);
        for (uint32_t i = 4; i < 8; i++) {
            world.people[i].zone = NEW_YORK;
            world_mark(&world.people[i], 0, EVENING - 12, EVENING - 12 + hours);
        }
        run();
        assert_int_equal(result->group_count, hours == 2 ? 0 : 1);
        end();
    }
}

/* South of the equator clocks change the other way: eight to ten hours lie between Berlin and Sydney. */
static void test_south(void **state)
{
    (void)state;
    for (uint32_t more = 0; more < 2; more++) {
        begin(6);
        mondays(0, 3, BERLIN);
        for (uint32_t i = 0; i < 3; i++)
            world_mark(&world.people[i], 0, 20, 22); /* 10:00 */
        for (uint32_t i = 3; i < 6; i++) {
            world.people[i].zone = SYDNEY;
            world_mark(&world.people[i], 0, EVENING, EVENING + 4 + 2 * more); /* 18, 19 and 20 */
        }
        run();
        assert_int_equal(result->group_count, more);
        end();
    }
}

/* In Kathmandu (5:45) what begins on the hour in Berlin touches three half hours. */
static void test_quarters(void **state)
{
    (void)state;
    for (uint32_t more = 0; more < 2; more++) {
        begin(6);
        mondays(0, 3, BERLIN);
        for (uint32_t i = 3; i < 6; i++) {
            world.people[i].zone = KATHMANDU;
            /* 18:00 to 19:00 in Berlin is 22:45 to 23:45 in winter and 21:45 to 22:45 in summer. */
            world_mark(&world.people[i], 0, 43, 47 + more);
        }
        for (uint32_t i = 0; i < 3; i++) {
            memset(world.people[i].hours, 0, MATCH_HOURS_BYTES);
            world_mark(&world.people[i], 0, EVENING, EVENING + 2);
        }
        run();
        assert_int_equal(result->group_count, more);
        end();
    }
}

/* A zone that gives up daylight saving, or moves, in the middle of the year: as its table says, whatever its rule was. */
static void test_rules_change(void **state)
{
    (void)state;
    begin(8);
    mondays(0, 4, BERLIN);
    mondays(4, 8, BERLIN);
    assert_int_equal(match_run(&world.input, &result), COUNCIL_OK);
    assert_int_equal(result->placed, 8);
    match_destroy(result);
    for (uint32_t i = 4; i < 8; i++)
        world.people[i].zone = KOLKATA;
    world.offsets[KOLKATA] = world.offsets[BERLIN];
    struct schedule_offsets *moved = &world.offsets[KOLKATA];
    moved->changes[moved->count++] = (struct schedule_offset_change){
        .at_s = world.input.until_s - 40 * 86400, .offset_s = 4 * 3600};
    assert_int_equal(match_run(&world.input, &result), COUNCIL_OK);
    assert_int_equal(result->placed, 0);
    assert_int_equal(result->left[7].miss, MATCH_MISS_HOURS);
    assert_int_equal(result->left[7].fit, 3);
    end();
}

static void test_waiting(void **state)
{
    (void)state;
    begin(10);
    mondays(0, 10, BERLIN);
    world.people[9].moderates = true; /* waits shortest, but its waiting counts twice */
    run();
    assert_int_equal(result->placed, 8);
    assert_int_equal(result->left[0].person, 8);
    assert_int_equal(result->left[1].person, 9);
    expect_left(MATCH_MISS_FEW, 2);
    end();
    begin(9);
    mondays(0, 9, BERLIN);
    world.people[8].moderates = true;
    world.people[8].since_ms = world.people[7].since_ms + 1; /* twice that is longer than 7 waits */
    run();
    assert_int_equal(result->left[0].person, 7);
    end();
}

static void test_same_again(void **state)
{
    (void)state;
    struct match_result *first = NULL;
    assert_true(world_make(&world, 200, 30, 3));
    world.input.effort = 20;
    assert_int_equal(match_run(&world.input, &first), COUNCIL_OK);
    assert_int_equal(match_run(&world.input, &result), COUNCIL_OK);
    assert_true(first->group_count > 0);
    assert_int_equal(first->group_count, result->group_count);
    assert_memory_equal(first->groups, result->groups, first->group_count * sizeof *first->groups);
    assert_memory_equal(first->left, result->left, first->left_count * sizeof *first->left);
    match_destroy(first);
    end();
}

/* ---- refills ---- */

static void test_refill(void **state)
{
    (void)state;
    begin(10);
    mondays(0, 10, BERLIN);
    match_token avoided = {42};
    struct match_council councils[2] = {
        {.places = 1, .slot_count = 1, .zone = BERLIN, .slots = {{18 * 60 + 15, 90}}},
        {.places = 7, .slot_count = 1, .zone = BERLIN, .slots = {{18 * 60, 60}}}};
    councils[0].avoid = &avoided;
    councils[0].avoid_count = 1;
    world.tokens[8][1][0] = 42; /* 8 waits longest of those who are left, but is avoided */
    world.people[8].worked = &world.tokens[8][1];
    world.people[8].worked_count = 1;
    world.input.councils = councils;
    world.input.council_count = 2;
    run();
    assert_int_equal(result->group_count, 3);
    assert_int_equal(result->groups[0].council, MATCH_NEW);
    assert_int_equal(result->groups[0].count,
                     MATCH_GROUP_MIN); /* the seventh and eighth help out */
    assert_int_equal(result->groups[1].council, 0);
    assert_int_equal(result->groups[1].count, 1);
    assert_int_equal(result->groups[1].members[0], 9);
    assert_int_equal(result->groups[1].slots[0].minute, 18 * 60 + 15);
    assert_int_equal(result->groups[2].council, 1);
    assert_int_equal(result->groups[2].count, 3);
    assert_int_equal(result->placed, 10);
    end();
}

/* ---- hours ---- */

/* The quick way allows nothing that the rule forbids, and misses next to nothing; the rule agrees with the calendar. */
static void test_hours_agree(void **state)
{
    (void)state;
    static const uint16_t hosts[] = {BERLIN, SANTIAGO, LORD_HOWE};
    static const uint16_t guests[] = {NEW_YORK, KATHMANDU, CASABLANCA};
    uint32_t allowed = 0, missed = 0;
    begin(1);
    world.people[0].moderates = true;
    for (uint32_t h = 0; h < 3; h++) {
        struct clocks clocks;
        uint32_t host = hosts[h];
        world.people[0].zone = (uint16_t)host;
        assert_int_equal(clocks_init(&clocks, &world.input), COUNCIL_OK);
        for (uint32_t g = 0; g < 3; g++) {
            uint32_t zone = guests[g];
            struct match_person person = {.zone = 0};
            struct clock_hours hours;
            for (uint32_t i = 0; i < 14; i++) {
                uint32_t from = world_random(&world, 48);
                world_mark(&person, world_random(&world, 7), from,
                           from + 3 + world_random(&world, 8));
            }
            clock_hours_make(&hours, person.hours);
            struct week starts = clock_starts(&clocks, 0, clocks.clock_of_zone[zone], &hours);
            for (uint32_t at = 0; at < MATCH_HALF_HOURS; at++) {
                struct match_slot slot = {.minute = (uint16_t)(at * 30), .minutes = 60};
                bool can =
                    match_can_attend(person.hours, &world.offsets[zone], &world.offsets[host], slot,
                                     world.input.from_s, world.input.until_s);
                assert_int_equal(can, rules_can(rules, person.hours, zone, host, at));
                assert_true(can || !week_has(&starts, at));
                allowed += can;
                missed += can && !week_has(&starts, at);
            }
        }
        clocks_fini(&clocks);
    }
    assert_true(allowed > 100);
    assert_true(missed * 100 < allowed);
    end();
}

static void test_turn(void **state)
{
    (void)state;
    struct week week = {{0}};
    week_set(&week, 0);
    week_set(&week, 335);
    week_set(&week, 100);
    for (uint32_t by = 0; by < MATCH_HALF_HOURS; by++) {
        struct week turned = week_turn(&week, by);
        assert_int_equal(week_count(&turned), 3);
        for (uint32_t at = 0; at < MATCH_HALF_HOURS; at++)
            assert_int_equal(week_has(&turned, at), week_has(&week, (at + by) % MATCH_HALF_HOURS));
    }
}

static void test_bad_input(void **state)
{
    (void)state;
    struct match_council council = {.places = 8, .slot_count = 1, .slots = {{0, 60}}};
    begin(2);
    world.people[1].zone = ZONES;
    assert_int_equal(match_run(&world.input, &result), COUNCIL_E_BAD_INPUT);
    world.people[1].zone = 0;
    world.people[1].avoid_count = MATCH_TOKENS_MAX + 1;
    assert_int_equal(match_run(&world.input, &result), COUNCIL_E_BAD_INPUT);
    world.people[1].avoid_count = 0;
    world.input.councils = &council;
    world.input.council_count = 1;
    assert_int_equal(match_run(&world.input, &result), COUNCIL_E_BAD_INPUT);
    council.places = 7;
    council.slots[0].minute = MATCH_WEEK_MINUTES;
    assert_int_equal(match_run(&world.input, &result), COUNCIL_E_BAD_INPUT);
    world.input.council_count = 0;
    world.offsets[2].count = SCHEDULE_CHANGES_MAX + 1;
    assert_int_equal(match_run(&world.input, &result), COUNCIL_E_BAD_INPUT);
    world.offsets[2].count = 0;
    world.input.until_s = world.input.from_s;
    assert_int_equal(match_run(&world.input, &result), COUNCIL_E_BAD_INPUT);
    assert_null(result);
    end();
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(match_miss_name(MATCH_MISS_HOURS), "hours");
    assert_null(match_miss_name(MATCH_MISS_COUNT));
    assert_non_null(strstr(match_why_sentence(MATCH_WHY_WAIT), "%u"));
    assert_null(match_why_sentence(MATCH_WHY_COUNT));
}

static int tear_down(void **state)
{
    (void)state;
    rules_destroy(rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_seven),
        cmocka_unit_test(test_thousand_and_seven),
        cmocka_unit_test(test_all_avoid),
        cmocka_unit_test(test_one_avoids),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_fast_needs_two_days),
        cmocka_unit_test(test_daylight_saving),
        cmocka_unit_test(test_south),
        cmocka_unit_test(test_quarters),
        cmocka_unit_test(test_rules_change),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_same_again),
        cmocka_unit_test(test_refill),
        cmocka_unit_test(test_hours_agree),
        cmocka_unit_test(test_turn),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
