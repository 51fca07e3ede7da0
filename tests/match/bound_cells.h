/*
 * bound_cells.h - for bound.c: who can be in a group together, of one pace.
 *
 * Owns the sets. The price of most people is 1 (*plain* ones): those who have so much company that more would not help. The others (*scarce*) get theirs from a linear program, so cells
 * are told by the scarce people in them, and by how many plain ones there are.
 */
#ifndef COUNCIL_TESTS_MATCH_BOUND_CELLS_H
#define COUNCIL_TESTS_MATCH_BOUND_CELLS_H

#include "server/match/clock.h"

struct bound_cell {
    uint32_t first, count; /* scarce people: where in `members` */
    uint32_t plain;        /* how many, up to 7 */
    bool plain_host;       /* one of them would moderate */
};

struct bound_side {
    const struct match_input *input;
    struct clocks clocks;
    uint32_t count, words;
    uint32_t *who;
    uint64_t *can; /* [kind][start][words] */
    uint64_t *hosts;
    uint64_t *speak; /* [language][words] */
    bool *could, *plain;
    uint32_t *scarce; /* a scarce person's number, by place in who */
    uint32_t scarce_count, could_count, could_hosts;
    struct bound_cell *cells;
    uint32_t cell_count, cell_size;
    uint32_t *members; /* numbers of scarce people; the highest bit says that they host here */
    uint32_t member_count, member_size;
    bool fast;
};

#define BOUND_HOST UINT32_C(0x80000000)

/* False: no memory. fini in any case. */
bool bound_side_init(struct bound_side *side, const struct match_input *input, bool fast);
void bound_side_fini(struct bound_side *side);

#endif
