/*
 * steps.h - the steps of a matching, in their order.
 *
 * Owns nothing but their names: each takes the people as the step before left them. Invariant: after each step every group that has members
 * keeps all hard rules.
 */
#ifndef COUNCIL_SERVER_MATCH_STEPS_H
#define COUNCIL_SERVER_MATCH_STEPS_H

#include "server/match/people.h"

/* draft.c: groups of eight around one person after the other, who is hardest to place first. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error match_draft(struct people *people, struct side *side);

/* improve.c: places more people by making small neighbourhoods anew, and lets who has waited longer go before who has not. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error match_improve(struct people *people, struct side *side);

/* A place in a council that is there: `members` are added to the input's council `council`. */
struct refill {
    uint32_t council, count;
    uint32_t members[MATCH_GROUP_MAX];
};

/*
 * refill.c: people without a group, then the seventh and eighth of new groups, for councils that ask, in their order. `out` has room for one for each council; `*count`
 * is how many got somebody. Whoever is placed is marked with people_refill.
 */
void match_refill(struct people *people, struct refill *out, uint32_t *count);

/* explain.c: what speaks for a group; what a person without one lacked. */
void match_explain_group(const struct people *people, const struct group *group,
                         struct match_group *out);
void match_explain_refill(const struct people *people, const struct refill *refill,
                          struct match_group *out);
void match_explain_left(const struct people *people, uint32_t person, struct match_left *out);

#endif
