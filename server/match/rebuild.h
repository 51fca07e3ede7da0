/*
 * rebuild.h - the best groups of at most 64 people: sets of people are words, and so a great many arrangements can be tried.
 *
 * Owns the search in the small. Must not know how the few were chosen. A *cell* is a meeting with all who can attend it and all who can host it; only cells count that no
 * other includes. A *layout* is some groups, each in a cell, and who is free. Invariant: a layout keeps all hard rules, after each move; a search never ends with fewer placed than it began with.
 */
#ifndef COUNCIL_SERVER_MATCH_REBUILD_H
#define COUNCIL_SERVER_MATCH_REBUILD_H

#include "server/match/people.h"

enum {
    REBUILD_PEOPLE = 64,
    REBUILD_GROUPS = REBUILD_PEOPLE / MATCH_GROUP_MIN,
    REBUILD_CELLS = 512,      /* that are kept, the largest */
    REBUILD_CELLS_SEEN = 4096 /* that they are chosen from */
};

struct cell {
    uint64_t can, hosts; /* people by their bit */
    struct meeting meeting;
};

struct layout {
    uint32_t count;
    struct {
        uint64_t members;
        uint16_t cell;
    } groups[REBUILD_GROUPS];
    uint64_t free;
};

struct rebuild {
    struct people *people; /* borrowed */
    const struct side *side;
    uint32_t count;
    uint32_t who[REBUILD_PEOPLE]; /* by key: the lowest bit goes first */
    uint64_t against[REBUILD_PEOPLE];
    uint64_t reachable; /* in some cell */
    uint32_t cell_count, seen_count;
    struct cell cells[REBUILD_CELLS +
                      REBUILD_GROUPS]; /* at the end those of groups whose own was not kept */
    struct cell seen[REBUILD_CELLS_SEEN];
    struct layout best;
    uint32_t trials; /* left: openings that may be tried */
    bool changed;    /* the search found another layout, as good or better */
};

/* Takes up these people, of one side (sorts them), and the groups that are made of them alone. */
void rebuild_begin(struct rebuild *rebuild, struct people *people, const struct side *side,
                   const uint32_t *who, uint32_t count);
/* cells.c: finds the cells; part of rebuild_begin. */
void rebuild_cells(struct rebuild *rebuild);
/* Searches with so many trials; true if more are placed than at the beginning. */
bool rebuild_search(struct rebuild *rebuild, uint32_t trials);
/* Puts the best layout in place of the groups that were. NO_MEMORY: as it was or with fewer groups, all of them sound. */
COUNCIL_MUST_USE enum council_error rebuild_end(struct rebuild *rebuild);

static inline uint32_t rebuild_size(uint64_t set)
{
    return (uint32_t)__builtin_popcountll(set);
}

#endif
