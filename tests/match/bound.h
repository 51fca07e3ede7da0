/*
 * bound.h - no more than so many people of a large pool can be placed, whoever matches them.
 *
 * Owns the proof, which is one of linear programming: a price for each person such that in every group that keeps the hard rules the prices add up to at least the
 * number of its members; then no matching places more people than all prices add up to. Who avoids whom is left out, which can only make the bound larger.
 */
#ifndef COUNCIL_TESTS_MATCH_BOUND_H
#define COUNCIL_TESTS_MATCH_BOUND_H

#include "server/match/match.h"

struct bound {
    uint32_t could; /* people for whom there is any group at all */
    uint32_t most;  /* at most so many can be placed at once */
};

/* Of people of both paces. False: no memory, or GLPK failed. */
bool bound_find(const struct match_input *input, struct bound *out);

#endif
