/*
 * people.h - the people of one matching, by pace, and the groups that are being made of them.
 *
 * Owns the tables that every step reads: who can attend what, in whose time; who stands against whom; who is still open. Must not know how groups
 * are found. A *meeting* is a start in a kind's time for a slow council, and a start with a later day of the same hour for a fast one. Invariant:
 * a person's group and the open set of their side say the same.
 */
#ifndef COUNCIL_SERVER_MATCH_PEOPLE_H
#define COUNCIL_SERVER_MATCH_PEOPLE_H

#include "server/match/clock.h"
#include <stddef.h>

enum {
    PEOPLE_NO_GROUP = UINT32_MAX,
    PEOPLE_REFILL = UINT32_MAX - 1, /* goes to a council that is there */
    PEOPLE_LANGUAGES = 64,
    PEOPLE_DAYS = 7
};

struct person {
    struct clock_hours hours;
    uint64_t languages;
    uint64_t avoid_bloom, worked_bloom; /* quick: no bit in common, no token in common */
    uint64_t key;                       /* who has the smaller one goes first */
    uint32_t group;                     /* PEOPLE_NO_GROUP: open */
    uint32_t rank;                      /* place in side.who */
    uint32_t
        reach; /* how many, at most, could attend what they can attend; below six nothing can be done */
    uint16_t clock;
    uint8_t kind; /* of their clock, if they would moderate; else CLOCK_NO_KIND */
};

/* Where and when: kind, language and one or two starts in the kind's time. */
struct meeting {
    uint8_t kind, language; /* a row's number */
    uint16_t start, second; /* second == start of a slow one */
};

struct group {
    uint32_t members[MATCH_GROUP_MAX];
    uint8_t count; /* 0: dissolved, may be used again */
    bool fast;
    struct meeting meeting; /* all can attend it, and one of them would moderate in that kind */
};

/* The people of one pace. Sets of people are arrays of `words` words, by rank. */
struct side {
    bool fast;
    uint32_t count, words;
    uint32_t *who;       /* by rank: hardest to place first, then who goes first */
    uint64_t *can;       /* [kind][start][words] */
    uint64_t *open;      /* no group yet */
    uint64_t *moderates; /* [kind][words] */
    uint64_t *speaks;    /* [column][words] */
    uint32_t *total,
        *hosts; /* [kind][column][start]: people, and moderators of that kind, who can attend */
    uint32_t *still, *still_hosts; /* the same of those who are open; kept while drafting alone */
    uint8_t column[PEOPLE_LANGUAGES]; /* of a language; 255: nobody speaks it */
    uint8_t language[PEOPLE_LANGUAGES];
    uint32_t columns;
    uint32_t spoken_by[PEOPLE_LANGUAGES]; /* by column */
};

struct people {
    const struct match_input *input; /* borrowed */
    struct clocks clocks;
    struct person *all;
    struct side sides[2]; /* slow, fast */
    struct group *groups;
    uint32_t group_count, group_size;
    uint64_t random;
};

/* NO_MEMORY, or BAD_INPUT as match_run says. people_fini in any case. */
COUNCIL_MUST_USE enum council_error people_init(struct people *people,
                                                const struct match_input *input);
void people_fini(struct people *people);

/* sides.c: the tables of one pace. */
COUNCIL_MUST_USE enum council_error side_init(struct side *side, struct people *people, bool fast);
void side_fini(struct side *side);

/* True if one of them avoids an employer of the other's. */
bool people_against(const struct people *people, uint32_t a, uint32_t b);
bool people_tokens_meet(const match_token *a, uint32_t a_count, const match_token *b,
                        uint32_t b_count);
uint64_t people_bloom(const match_token *tokens, uint32_t count);

/* What the person can attend, in the time of `kind`. */
struct week people_starts(const struct people *people, uint32_t kind, uint32_t person);
bool people_can(const struct people *people, const struct meeting *meeting, uint32_t person);
/* May join as they are: room, pace, language, hours, employers. The group is not asked for its moderator. */
bool people_fits(const struct people *people, const struct group *group, uint32_t person);
/* The member of least rank who would moderate here; PEOPLE_NO_GROUP: none. */
uint32_t people_moderator(const struct people *people, const struct group *group);

/* Opens a group of these; the members were open. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error people_group(struct people *people, bool fast,
                                                 const struct meeting *meeting,
                                                 const uint32_t *members, uint32_t count);
void people_join(struct people *people, uint32_t group, uint32_t person);
void people_leave(struct people *people, uint32_t group, uint32_t person);
/* An open person goes to a council that is there. */
void people_refill(struct people *people, uint32_t person);
void people_dissolve(struct people *people, uint32_t group);

/* A number below `bound`, which is not 0. */
uint32_t people_random(struct people *people, uint32_t bound);

static inline const uint64_t *side_can(const struct side *side, uint32_t kind, uint32_t start)
{
    return &side->can[((size_t)kind * MATCH_HALF_HOURS + start) * side->words];
}

static inline const uint64_t *side_speaks(const struct side *side, uint32_t language)
{
    return &side->speaks[(size_t)side->column[language] * side->words];
}

static inline size_t side_cell(const struct side *side, uint32_t kind, uint32_t column)
{
    return ((size_t)kind * side->columns + column) * MATCH_HALF_HOURS;
}

#endif
