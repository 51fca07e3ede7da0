/*
 * test_match_quality.c - the short form of what tests/match/quality.c measures: a few small pools against the optimum, one of the world's kind against its bound.
 *
 * The control is in it: the drafts alone, without the search for more people, must be worse.
 */
#include "tests/match/bound.h"
#include "tests/match/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
    POOLS = 12,
    PEOPLE_MAX = 26, /* and only zones near each other, so that this takes no time */
    ZONES_NEAR = 3,
    WORLD_PEOPLE = 300
};

static uint32_t placed_of(struct world *world, struct rules *rules, uint32_t effort)
{
    struct match_result *result = NULL;
    char why[200] = "";
    world->input.effort = effort;
    assert_int_equal(match_run(&world->input, &result), COUNCIL_OK);
    if (rules != NULL && effort > 0 && !rules_hold(rules, &world->input, result, why))
        fail_msg("%s", why);
    uint32_t placed = result->placed;
    match_destroy(result);
    return placed;
}

static bool near(const struct world *world)
{
    for (uint32_t i = 0; i < world->input.people_count; i++)
        if (world->people[i].zone >= ZONES_NEAR)
            return false;
    return true;
}

static void test_small(void **state)
{
    (void)state;
    struct rules *rules = NULL;
    uint32_t pools = 0, placed = 0, drafted = 0, most = 0;
    for (uint32_t seed = 1; pools < POOLS; seed++) {
        struct world world;
        uint32_t here = 0;
        assert_true(world_make_small(&world, seed, false));
        if (rules == NULL)
            rules = rules_create(world.zones, world.input.zone_count, world.input.from_s,
                                 world.input.until_s);
        assert_non_null(rules);
        if (world.input.people_count <= PEOPLE_MAX && near(&world)) {
            uint32_t found = placed_of(&world, rules, MATCH_EFFORT);
            assert_true(exact_solve(rules, &world.input, found, &here));
            assert_true(here >= found);
            pools += here > 0;
            placed += found;
            most += here;
            drafted += placed_of(&world, rules, 0);
        }
        world_fini(&world);
    }
    rules_destroy(rules);
    assert_true(placed * 100 >= most * 97);
    assert_true(drafted * 100 < most * 97);
}

static void test_world(void **state)
{
    (void)state;
    struct world world;
    struct bound bound = {0, 0};
    assert_true(world_make(&world, WORLD_PEOPLE, 25, 5));
    uint32_t placed = placed_of(&world, NULL, 20);
    assert_true(bound_find(&world.input, &bound));
    assert_true(placed <= bound.most && bound.most <= bound.could);
    assert_true(placed * 100 >=
                bound.most * 90); /* small worlds leave large gaps: the long form has the aim */
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
