/*
 * exact.h - how many people could be matched at most, by linear programs (GLPK).
 *
 * Owns the models. What can meet comes from rules.h, not from matching.
 */
#ifndef COUNCIL_TESTS_MATCH_EXACT_H
#define COUNCIL_TESTS_MATCH_EXACT_H

#include "tests/match/rules.h"

enum {
    EXACT_PEOPLE_MAX = 64
};

/*
 * How many can be placed at most, of at most EXACT_PEOPLE_MAX people of one pace, `known` of whom can be: GLPK is asked for more. Exact where nobody avoids anybody, else an upper
 * bound. False: no memory, or GLPK gave up.
 */
bool exact_solve(struct rules *rules, const struct match_input *input, uint32_t known,
                 uint32_t *most);

#endif
