/*
 * world.c - made-up people. See world.h.
 */
#include "tests/match/world.h"
#include <stdlib.h>
#include <string.h>

enum {
    WORK_WEEKDAY = 83, /* per cent of the employed who work on it; world.def names the source */
    WORK_WEEKEND = 34,
    LANGUAGE_ENGLISH = 0,
    EMPLOYERS = 5000, /* of the large world; each avoids one in ten times */
    DAY_MS = 24 * 60 * 60 * 1000
};

struct place {
    const char *zone, *language, *second;
    uint32_t people, english, second_share;
};

static const struct place places[] = {
#define WORLD(zone, people, language, english, second, share) \
    {zone, language, second, people, english, share},
#include "tests/match/world.def"
};

static const char *const codes[] = {
#define POOL_LANGUAGE(symbol, code, title) code,
#include "protocol/pool.def"
};

enum {
    PLACES = sizeof places / sizeof places[0],
    CODES = sizeof codes / sizeof codes[0]
};

uint32_t world_random(struct world *world, uint32_t bound)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)((world->random >> 32) * bound >> 32);
}

static bool chance(struct world *world, uint32_t percent)
{
    return world_random(world, 100) < percent;
}

static uint64_t language_bit(const char *code)
{
    for (uint32_t i = 0; i < CODES; i++)
        if (strcmp(codes[i], code) == 0)
            return UINT64_C(1) << i;
    return 0;
}

void world_mark(struct match_person *person, uint32_t day, uint32_t from, uint32_t until)
{
    for (uint32_t at = day * 48 + from; at < day * 48 + until; at++)
        person->hours[at % MATCH_HALF_HOURS / 8] |= (uint8_t)(1 << at % MATCH_HALF_HOURS % 8);
}

/* ---- frames ---- */

bool world_make_empty(struct world *world, uint32_t people, const char *const *zones,
                      uint32_t zone_count)
{
    memset(world, 0, sizeof *world);
    world->random = UINT64_C(0x2545f4914f6cdd1d);
    world->people = calloc(people + 1, sizeof *world->people);
    world->tokens = calloc(people + 1, sizeof *world->tokens);
    bool good = world->people != NULL && world->tokens != NULL && zone_count <= WORLD_ZONES_MAX;
    for (uint32_t i = 0; good && i < zone_count; i++) {
        world->zones[i] = zones[i];
        good = schedule_offsets(zones[i], WORLD_FROM_S, WORLD_FROM_S + MATCH_YEAR_S + 86400,
                                &world->offsets[i]) == COUNCIL_OK;
    }
    world->input = (struct match_input){.people = world->people,
                                        .people_count = people,
                                        .zones = world->offsets,
                                        .zone_count = zone_count,
                                        .from_s = WORLD_FROM_S,
                                        .until_s = WORLD_FROM_S + MATCH_YEAR_S,
                                        .now_ms = (uint64_t)WORLD_FROM_S * 1000,
                                        .seed = 1,
                                        .effort = MATCH_EFFORT};
    return good;
}

void world_fini(struct world *world)
{
    free(world->people);
    free(world->tokens);
    world->people = NULL;
    world->tokens = NULL;
}

static void employ(struct world *world, uint32_t index, uint32_t worked, bool avoids,
                   uint32_t avoided)
{
    struct match_person *person = &world->people[index];
    memcpy(world->tokens[index][1], &worked, sizeof worked);
    person->worked = &world->tokens[index][1];
    person->worked_count = 1;
    if (avoids) {
        memcpy(world->tokens[index][0], &avoided, sizeof avoided);
        person->avoid = &world->tokens[index][0];
        person->avoid_count = 1;
    }
}

/* ---- like the world ---- */

/* Out of work: free by day as it suits, some evenings. */
static void hours_fast(struct world *world, struct match_person *person)
{
    for (uint32_t day = 0; day < 7; day++) {
        if (day < 5 && chance(world, 60)) {
            uint32_t from = 16 + world_random(world, 14);
            world_mark(person, day, from, from + 4 + world_random(world, 7));
        }
        if (chance(world, day < 5 ? 30 : 15)) {
            uint32_t from = 35 + world_random(world, 6);
            world_mark(person, day, from, from + 2 + world_random(world, 4));
        }
    }
}

/* Employed: evenings, a few at noon, weekends where they do not work. */
static void hours_slow(struct world *world, struct match_person *person)
{
    for (uint32_t day = 0; day < 7; day++) {
        bool works = chance(world, day < 5 ? WORK_WEEKDAY : WORK_WEEKEND);
        if (!works && chance(world, 50)) {
            uint32_t from = 18 + world_random(world, 12);
            world_mark(person, day, from, from + 4 + world_random(world, 6));
        }
        if (works && day < 5 && chance(world, 10))
            world_mark(person, day, 24, 26);
        if (chance(world, day < 5 ? 50 : 20)) {
            uint32_t from = 35 + world_random(world, 6);
            world_mark(person, day, from, from + 2 + world_random(world, 4));
        }
    }
}

static void live(struct world *world, struct match_person *person, uint32_t all)
{
    uint32_t at = world_random(world, all), place = 0;
    while (at >= places[place].people)
        at -= places[place++].people;
    const struct place *here = &places[place];
    person->zone = (uint16_t)place;
    person->languages = language_bit(here->language);
    if (chance(world, here->english))
        person->languages |= UINT64_C(1) << LANGUAGE_ENGLISH;
    if (chance(world, here->second_share))
        person->languages |= language_bit(here->second);
}

bool world_make(struct world *world, uint32_t people, uint32_t moderators, uint64_t seed)
{
    const char *zones[PLACES];
    uint32_t all = 0;
    for (uint32_t i = 0; i < PLACES; i++) {
        zones[i] = places[i].zone;
        all += places[i].people;
    }
    bool good = world_make_empty(world, people, zones, PLACES);
    world->random ^= seed * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; good && i < people; i++) {
        struct match_person *person = &world->people[i];
        live(world, person, all);
        person->fast = chance(world, 40);
        person->moderates = chance(world, moderators);
        person->function = (uint8_t)world_random(world, 18);
        person->level = (uint8_t)((world_random(world, 7) + world_random(world, 7)) / 2);
        person->since_ms = world->input.now_ms - world_random(world, 60) * (uint64_t)DAY_MS - i;
        if (person->fast)
            hours_fast(world, person);
        else
            hours_slow(world, person);
        employ(world, i, world_random(world, EMPLOYERS), chance(world, 10),
               world_random(world, EMPLOYERS));
    }
    return good;
}

/* ---- small ---- */

static const char *const small_zones[] = {
    "Europe/Berlin",    "Europe/London",     "America/New_York", "America/Los_Angeles",
    "America/Santiago", "Asia/Kathmandu",    "Asia/Kolkata",     "Australia/Lord_Howe",
    "Australia/Sydney", "Africa/Casablanca", "Pacific/Chatham",  "America/Phoenix",
};

enum {
    SMALL_ZONES = sizeof small_zones / sizeof small_zones[0]
};

static void small_person(struct world *world, uint32_t index, const uint32_t *zones,
                         uint32_t zone_count, uint32_t blocks, uint32_t languages)
{
    struct match_person *person = &world->people[index];
    person->zone = (uint16_t)zones[world_random(world, zone_count)];
    person->languages = UINT64_C(1) << world_random(world, languages);
    if (chance(world, 30))
        person->languages |= UINT64_C(1) << world_random(world, languages);
    person->function = (uint8_t)world_random(world, 18);
    person->level = (uint8_t)world_random(world, 7);
    person->since_ms = world->input.now_ms - world_random(world, 1000) * (uint64_t)DAY_MS / 10;
    uint32_t own = 1 + blocks / 2 + world_random(world, blocks),
             hour = 24 + world_random(world, 16);
    for (uint32_t i = 0; i < own; i++) {
        uint32_t from = chance(world, 70) ? hour + world_random(world, 3) : world_random(world, 46);
        world_mark(person, world_random(world, 7), from, from + 3 + world_random(world, 6));
    }
}

bool world_make_small(struct world *world, uint64_t seed, bool avoiding)
{
    if (!world_make_empty(world, 60, small_zones, SMALL_ZONES))
        return false;
    world->random ^= seed * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < 10; i++)
        (void)world_random(world, 2);
    uint32_t people = 10 + world_random(world, 35), zone_count = 1 + world_random(world, 3);
    uint32_t blocks = 4 + world_random(world, 6), languages = 1 + world_random(world, 3);
    uint32_t moderators = 8 + world_random(world, 40), zones[3];
    bool fast = chance(world, 50);
    for (uint32_t i = 0; i < zone_count; i++)
        zones[i] = world_random(world, SMALL_ZONES);
    if (zone_count > 1 && chance(world, 70)) /* near ones, so that there is something to find */
        zones[0] = 0, zones[1] = 1;
    world->input.people_count = people;
    for (uint32_t i = 0; i < people; i++) {
        small_person(world, i, zones, zone_count, fast ? blocks * 2 : blocks, languages);
        world->people[i].fast = fast;
        world->people[i].moderates = chance(world, moderators);
        if (avoiding)
            employ(world, i, world_random(world, 30), chance(world, 30), world_random(world, 30));
    }
    return true;
}
