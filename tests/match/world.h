/*
 * world.h - pools of made-up people to match: small and awkward ones, and large ones that are like the world.
 *
 * Owns the people and the zones' tables. Everything comes from a seed. Must not know how matching works.
 */
#ifndef COUNCIL_TESTS_MATCH_WORLD_H
#define COUNCIL_TESTS_MATCH_WORLD_H

#include "server/match/match.h"

enum {
    WORLD_FROM_S = 1798761600, /* 2027-01-01T00:00:00Z */
    WORLD_ZONES_MAX = 96
};

struct world {
    struct match_input input; /* points into the rest */
    struct match_person *people;
    match_token (*tokens)[2]; /* of each person: avoided, worked for */
    const char *zones[WORLD_ZONES_MAX];
    struct schedule_offsets offsets[WORLD_ZONES_MAX];
    uint64_t random;
};

/* People spread over the zones of world.def. `moderators`: per cent who would. world_fini in any case; false: out of memory or a zone is missing. */
bool world_make(struct world *world, uint32_t people, uint32_t moderators, uint64_t seed);
/* Ten to 44 people with few hours, few moderators, awkward zones; one pace. `avoiding`: some avoid another's employer. */
bool world_make_small(struct world *world, uint64_t seed, bool avoiding);
/* People who are made by the caller, in these zones. */
bool world_make_empty(struct world *world, uint32_t people, const char *const *zones,
                      uint32_t zone_count);
void world_fini(struct world *world);

/* Marks half hours [from, until) of a day (0: Monday); both count from midnight and may go beyond it. */
void world_mark(struct match_person *person, uint32_t day, uint32_t from, uint32_t until);
uint32_t world_random(struct world *world, uint32_t bound);

#endif
