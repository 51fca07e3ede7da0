/*
 * One search for groups: rows in, groups that can be scheduled out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/pool.h"
#include "server/match/match.h"
#include "server/pool/search.h"

enum {
    PEOPLE = 8,
    NOW_S = 1795000000, /* November 2026 */
    NAMES = 1802        /* of zones, as a system with "posix" and "right" has them */
};

static void hours(struct store_pool_person *person, unsigned first_day, unsigned last_day,
                  unsigned from, unsigned until)
{
    for (unsigned day = first_day; day <= last_day; day++) {
        for (unsigned half = from; half < until; half++) {
            unsigned bit = day * 48 + half;
            person->hours[bit / 8] |= (uint8_t)(1u << bit % 8);
        }
    }
}

static struct store_pool_person person(uint32_t number, bool fast, bool moderates, const char *zone)
{
    struct store_pool_person p = {.changed = 7, .fast = fast, .moderates = moderates};

    memset(p.member, (int)number, sizeof p.member);
    p.since_ms = UINT64_C(1000) * number;
    (void)snprintf(p.function, sizeof p.function, "data");
    (void)snprintf(p.level, sizeof p.level, "senior");
    (void)snprintf(p.industry, sizeof p.industry, "other");
    (void)snprintf(p.zone, sizeof p.zone, "%s", zone);
    (void)snprintf(p.languages, sizeof p.languages, "de en");
    return p;
}

static struct store_pool_round round_of(struct store_pool_person *people, uint32_t n)
{
    return (struct store_pool_round){
        .people = people, .n_people = n, .now_ms = UINT64_C(1000) * NOW_S, .seed = 1};
}

static void forget(struct store_pool_round *round)
{
    free(round->groups);
    free(round->lacks);
}

static void eight_who_fit_become_a_group(void **state)
{
    struct store_pool_person people[PEOPLE];
    struct store_pool_round round = round_of(people, PEOPLE);

    (void)state;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        people[i] = person(i, true, i == 3, i % 2 == 0 ? "Europe/Berlin" : "Europe/London");
        hours(&people[i], 0, 4, 34, 44);
    }
    pool_search(&round);
    assert_false(round.failed);
    assert_int_equal(round.n_groups, 1);
    const struct store_pool_group *group = &round.groups[0];
    assert_int_equal(group->refill, STORE_POOL_NEW);
    assert_int_equal(group->n_people, PEOPLE);
    assert_int_equal(group->people[0], 3);
    assert_string_equal(group->zone, "Europe/London");
    assert_string_equal(group->language, "en");
    assert_non_null(strstr(group->why, "hours:"));
    /* Two days, one time of the day: what a schedule can say. */
    assert_int_equal(group->n_slots, 2);
    assert_true(group->slots[0].day != group->slots[1].day);
    assert_int_equal(group->slots[0].minute, group->slots[1].minute);
    assert_in_range(group->slots[0].minute, 17 * 60, 21 * 60);
    assert_int_equal(round.n_lacks, 0);
    forget(&round);
}

static void a_group_without_one_time_for_both_days_is_none(void **state)
{
    struct store_pool_person people[PEOPLE];
    struct store_pool_round round = round_of(people, PEOPLE);

    (void)state;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        people[i] = person(i, true, true, "UTC");
        hours(&people[i], 0, 0, 34, 38);
        hours(&people[i], 2, 2, 40, 44);
    }
    pool_search(&round);
    assert_false(round.failed);
    assert_int_equal(round.n_groups, 0);
    forget(&round);
}

static void who_is_left_hears_what_was_missing_once(void **state)
{
    struct store_pool_person people[PEOPLE];
    struct store_pool_round round = round_of(people, 3);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        people[i] = person(i, false, true, "Asia/Kathmandu");
        hours(&people[i], 0, 6, 20, 40);
    }
    people[2].missing = 1 + MATCH_MISS_NOBODY; /* was told before */
    pool_search(&round);
    assert_int_equal(round.n_groups, 0);
    assert_int_equal(round.n_lacks, 2);
    assert_int_equal(round.lacks[0].missing, 1 + MATCH_MISS_NOBODY);
    assert_int_equal(round.lacks[0].changed, 7);
    forget(&round);
}

static void a_zone_that_is_gone_leaves_its_people_out(void **state)
{
    struct store_pool_person people[PEOPLE];
    struct store_pool_round round = round_of(people, PEOPLE);

    (void)state;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        people[i] = person(i, false, true, i == 2 ? "Mars/Olympus" : "America/New_York");
        hours(&people[i], 0, 6, 20, 40);
    }
    pool_search(&round);
    assert_int_equal(round.n_groups, 1);
    assert_int_equal(round.groups[0].n_people, PEOPLE - 1);
    for (uint32_t i = 0; i < round.groups[0].n_people; i++) {
        assert_int_not_equal(round.groups[0].people[i], 2);
    }
    forget(&round);
}

static void a_council_that_is_short_gets_people(void **state)
{
    struct store_pool_person people[2];
    struct store_pool_refill refill = {
        .fast = true,
        .places = 2,
        .n_slots = 2,
        .slots = {{.day = 0, .minute = 18 * 60}, {.day = 3, .minute = 18 * 60}}};
    struct store_pool_round round = round_of(people, 2);

    (void)state;
    (void)snprintf(refill.zone, sizeof refill.zone, "Europe/Berlin");
    (void)snprintf(refill.language, sizeof refill.language, "de");
    for (uint32_t i = 0; i < 2; i++) {
        people[i] = person(i, true, false, "Europe/Berlin");
        hours(&people[i], 0, 4, 34, 44);
    }
    /* Somebody from where a member would rather meet nobody. */
    refill.avoid.count = people[1].employers.count = 1;
    memset(refill.avoid.all[0], 9, STORE_ID_BYTES);
    memset(people[1].employers.all[0], 9, STORE_ID_BYTES);
    round.refills = &refill;
    round.n_refills = 1;
    pool_search(&round);
    assert_int_equal(round.n_groups, 1);
    assert_int_equal(round.groups[0].refill, 0);
    assert_int_equal(round.groups[0].n_people, 1);
    assert_int_equal(round.groups[0].people[0], 0);
    assert_int_equal(round.groups[0].slots[1].day, 3);
    assert_int_equal(round.groups[0].slots[1].minute, 18 * 60);
    forget(&round);
}

static void words_are_those_of_matching(void **state)
{
    (void)state;
    assert_int_equal(council_pool_rows(COUNCIL_POOL_MISS), MATCH_MISS_COUNT);
    assert_int_equal(council_pool_rows(COUNCIL_POOL_WHY), MATCH_WHY_COUNT);
}

/* Whoever comes from a zone that nobody before them came from is sought for like the first. */
static void a_world_of_zones_leaves_nobody_out(void **state)
{
    (void)state;
    struct store_pool_person *people = calloc(NAMES + PEOPLE, sizeof *people);
    char folder[] = "/tmp/council-zones-XXXXXX", path[64], name[16];

    assert_non_null(people);
    assert_non_null(mkdtemp(folder));
    for (uint32_t i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "Z/%04u", i);
        (void)snprintf(path, sizeof path, "%s/Z", folder);
        assert_true(i > 0 || mkdir(path, 0700) == 0);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_int_equal(symlink("/usr/share/zoneinfo/Europe/London", path), 0);
        people[i] = person(i, true, false, name); /* without hours: there is no group for them */
    }
    for (uint32_t i = NAMES; i < NAMES + PEOPLE; i++) {
        people[i] = person(i, true, true, name);
        hours(&people[i], 0, 4, 36, 42);
    }
    assert_int_equal(setenv("TZDIR", folder, 1), 0);
    struct store_pool_round round = round_of(people, NAMES + PEOPLE);
    pool_search(&round);
    assert_int_equal(unsetenv("TZDIR"), 0);
    for (uint32_t i = 0; i < NAMES; i++) {
        (void)snprintf(path, sizeof path, "%s/Z/%04u", folder, i);
        assert_int_equal(unlink(path), 0);
    }
    (void)snprintf(path, sizeof path, "%s/Z", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_false(round.failed);
    assert_int_equal(round.n_groups, 1);
    assert_string_equal(round.groups[0].zone, "Z/1801");
    assert_int_equal(round.n_lacks, NAMES); /* and all others hear what is missing */
    forget(&round);
    free(people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_who_fit_become_a_group),
        cmocka_unit_test(a_group_without_one_time_for_both_days_is_none),
        cmocka_unit_test(who_is_left_hears_what_was_missing_once),
        cmocka_unit_test(a_world_of_zones_leaves_nobody_out),
        cmocka_unit_test(a_zone_that_is_gone_leaves_its_people_out),
        cmocka_unit_test(a_council_that_is_short_gets_people),
        cmocka_unit_test(words_are_those_of_matching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
