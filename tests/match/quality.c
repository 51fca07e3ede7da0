/*
 * quality.c - how good matching is, in figures: small pools against the optimum (GLPK), large ones against an upper bound, and the time. Prints TAP.
 *
 *   match_quality small FIRST COUNT [drafts]    pools by their seeds until COUNT in which anybody can be placed; at least 97 per cent of all who can
 *   match_quality large PEOPLE MODERATORS SEED  MODERATORS: per cent who would moderate
 *
 * `drafts` is the control: without the search for more people the aim must be missed.
 */
#include "tests/match/bound.h"
#include "tests/match/exact.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    AIM = 97,
    SECONDS_MAX = 10
};

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct tally {
    uint32_t pools, placed, most, below, broken, unsolved;
    uint32_t avoiding, avoiding_placed,
        avoiding_most; /* pools in which some avoid others: an upper bound */
    double worst, match_s;
};

static bool play(struct world *world, struct rules **rules, uint32_t *most, struct tally *tally,
                 uint32_t *placed)
{
    struct match_result *result = NULL;
    char why[200] = "";
    if (*rules == NULL)
        *rules = rules_create(world->zones, world->input.zone_count, world->input.from_s,
                              world->input.until_s);
    double began = seconds();
    if (*rules == NULL || match_run(&world->input, &result) != COUNCIL_OK)
        return false;
    tally->match_s += seconds() - began;
    *placed = result->placed;
    if (!rules_hold(*rules, &world->input, result, why)) {
        tally->broken++;
        printf("# %s\n", why);
    }
    match_destroy(result);
    if (!exact_solve(*rules, &world->input, *placed, most)) {
        tally->unsolved++;
        *most = 0;
    }
    return true;
}

static int small(uint32_t first, uint32_t count, bool drafts)
{
    struct rules *rules = NULL;
    struct tally tally = {.worst = 1};
    bool good = true;
    for (uint32_t seed = first; good && tally.pools < count; seed++) {
        struct world world;
        uint32_t most = 0, placed = 0;
        bool avoiding = seed % 6 == 0;
        good = world_make_small(&world, seed, avoiding);
        world.input.effort = drafts ? 0 : MATCH_EFFORT;
        good = good && play(&world, &rules, &most, &tally, &placed);
        world_fini(&world);
        if (most == 0)
            continue;
        if (avoiding) {
            tally.avoiding++;
            tally.avoiding_placed += placed;
            tally.avoiding_most += most;
            continue;
        }
        tally.pools++;
        tally.placed += placed;
        tally.most += most;
        tally.below += placed < most;
        double share = (double)placed / most;
        tally.worst = share < tally.worst ? share : tally.worst;
        if (placed < most)
            printf("# seed %u: %u of %u\n", seed, placed, most);
    }
    rules_destroy(rules);
    printf("# %u pools: %u of %u people, %.2f %%; %u pools below their optimum, the worst at "
           "%.1f %%; %u more given up by GLPK; matching took %.2f s\n",
           tally.pools, tally.placed, tally.most,
           tally.most > 0 ? 100.0 * tally.placed / tally.most : 0, tally.below, 100 * tally.worst,
           tally.unsolved, tally.match_s);
    printf("# %u more in which some avoid others: %u people, at most %u without that\n",
           tally.avoiding, tally.avoiding_placed, tally.avoiding_most);
    bool enough = good && tally.placed * 100 >= tally.most * AIM;
    printf("%sok 1 - %u small pools: at least %d %% of the optimum\n", enough ? "" : "not ", count,
           AIM);
    printf("%sok 2 - no group breaks a hard rule\n", good && tally.broken == 0 ? "" : "not ");
    return enough && tally.broken == 0 ? 0 : 1;
}

static int large(uint32_t people, uint32_t moderators, uint64_t seed)
{
    struct world world;
    struct match_result *result = NULL;
    struct bound bound = {0, 0};
    char why[200] = "";
    if (!world_make(&world, people, moderators, seed))
        return 1;
    double began = seconds();
    if (match_run(&world.input, &result) != COUNCIL_OK)
        return 1;
    double took = seconds() - began;
    bool bounded = bound_find(&world.input, &bound);
    struct rules *rules =
        rules_create(world.zones, world.input.zone_count, world.input.from_s, world.input.until_s);
    bool sound = rules != NULL && rules_hold(rules, &world.input, result, why);
    printf("# %u people, %u %% would moderate, seed %u: %u placed in %u groups; %u have any group "
           "at all, at most %u can be placed at once: %.2f %% of that; %.2f s\n",
           people, moderators, (unsigned)seed, result->placed, result->group_count, bound.could,
           bound.most, bound.most > 0 ? 100.0 * result->placed / bound.most : 0, took);
    bool enough = bounded && (uint64_t)result->placed * 100 >= (uint64_t)bound.most * AIM;
    printf("%sok 1 - %u people: at least %d %% of the bound\n", enough ? "" : "not ", people, AIM);
    printf("%sok 2 - no group breaks a hard rule%s%s\n", sound ? "" : "not ", sound ? "" : ": ",
           why);
    printf("%sok 3 - in %d s\n", took <= SECONDS_MAX ? "" : "not ", SECONDS_MAX);
    rules_destroy(rules);
    match_destroy(result);
    world_fini(&world);
    return enough && sound && took <= SECONDS_MAX ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint32_t n[3] = {0};
    for (int i = 2; i < argc && i < 5; i++)
        n[i - 2] = (uint32_t)strtoul(argv[i], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc >= 4 && strcmp(argv[1], "small") == 0) {
        printf("1..2\n");
        return small(n[0], n[1], argc > 4 && strcmp(argv[4], "drafts") == 0);
    }
    if (argc == 5 && strcmp(argv[1], "large") == 0) {
        printf("1..3\n");
        return large(n[0], n[1], n[2]);
    }
    (void)fprintf(stderr,
                  "match_quality small FIRST COUNT [drafts] | large PEOPLE MODERATORS SEED\n");
    return 2;
}
