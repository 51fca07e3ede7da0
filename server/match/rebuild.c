/*
 * rebuild.c - the search for a layout that places more. See rebuild.h.
 *
 * Owns its moves. A group grows by a *chain*: somebody free joins a group from which somebody goes to another, and so on to the one that grows; that finds room wherever
 * there is some. A new group is opened in a cell that has many free people; where they are fewer than six, groups of seven and eight give some.
 */
#include "server/match/rebuild.h"
#include <stdlib.h>
#include <string.h>

enum {
    TRIES = 12, /* cells that are tried for one more group, the best first */
    NOBODY = 64
};

static bool single(uint64_t set)
{
    return (set & (set - 1)) == 0;
}

/* ---- chains ---- */

struct chain {
    uint32_t from[REBUILD_GROUPS]; /* the group that gets somebody of this one */
    uint8_t gives[REBUILD_GROUPS]; /* whom; NOBODY at the group that grows */
    bool seen[REBUILD_GROUPS];
    uint32_t queue[REBUILD_GROUPS], head, tail;
};

/* The first of `candidates` who may join the group, without whom it gives. */
static uint32_t first_of(const struct rebuild *rebuild, const struct layout *layout, uint32_t group,
                         uint32_t gives, uint64_t candidates)
{
    uint64_t members = layout->groups[group].members;
    if (gives != NOBODY)
        members &= ~(UINT64_C(1) << gives);
    candidates &= rebuild->cells[layout->groups[group].cell].can;
    for (; candidates != 0; candidates &= candidates - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(candidates);
        if ((rebuild->against[bit] & members) == 0)
            return bit;
    }
    return NOBODY;
}

/* Those that the group can do without: not its only host. */
static uint64_t spare(const struct rebuild *rebuild, const struct layout *layout, uint32_t group)
{
    uint64_t members = layout->groups[group].members;
    uint64_t hosts = members & rebuild->cells[layout->groups[group].cell].hosts;
    return single(hosts) ? members & ~hosts : members;
}

static void take_chain(struct layout *layout, const struct chain *chain, uint32_t group,
                       uint32_t newcomer)
{
    while (newcomer != NOBODY || chain->gives[group] != NOBODY) {
        uint32_t gives = chain->gives[group];
        if (newcomer != NOBODY) {
            layout->groups[group].members |= UINT64_C(1) << newcomer;
            layout->free &= ~(UINT64_C(1) << newcomer);
        }
        if (gives == NOBODY)
            return;
        layout->groups[group].members &= ~(UINT64_C(1) << gives);
        group = chain->from[group];
        newcomer = gives;
    }
}

/* Adds one to the group: somebody free if there is a chain; else, if `taking`, somebody of a group that has more than six. */
static bool grow(const struct rebuild *rebuild, struct layout *layout, uint32_t group, bool taking)
{
    struct chain chain = {.head = 0, .tail = 0};
    uint32_t giver = REBUILD_GROUPS;
    chain.queue[chain.tail++] = group;
    chain.seen[group] = true;
    chain.gives[group] = NOBODY;
    while (chain.head < chain.tail) {
        uint32_t here = chain.queue[chain.head++];
        uint32_t newcomer = first_of(rebuild, layout, here, chain.gives[here], layout->free);
        if (newcomer != NOBODY) {
            take_chain(layout, &chain, here, newcomer);
            return true;
        }
        for (uint32_t other = 0; other < layout->count; other++) {
            if (chain.seen[other])
                continue;
            uint32_t gives =
                first_of(rebuild, layout, here, chain.gives[here], spare(rebuild, layout, other));
            if (gives == NOBODY)
                continue;
            chain.seen[other] = true;
            chain.gives[other] = (uint8_t)gives;
            chain.from[other] = here;
            chain.queue[chain.tail++] = other;
            if (giver == REBUILD_GROUPS &&
                rebuild_size(layout->groups[other].members) > MATCH_GROUP_MIN)
                giver = other;
        }
    }
    if (!taking || giver == REBUILD_GROUPS)
        return false;
    take_chain(layout, &chain, giver, NOBODY);
    return true;
}

static bool grow_to(const struct rebuild *rebuild, struct layout *layout, uint32_t group,
                    uint32_t size, bool taking)
{
    while (rebuild_size(layout->groups[group].members) < size)
        if (!grow(rebuild, layout, group, taking))
            return false;
    return true;
}

static void grow_all(const struct rebuild *rebuild, struct layout *layout)
{
    for (uint32_t i = 0; i < layout->count && layout->free != 0; i++)
        (void)grow_to(rebuild, layout, i, MATCH_GROUP_MAX, false);
}

/* ---- a group more ---- */

/* Somebody who would moderate in the new, last group: free, or of a group that has another, or gets a free one. */
static bool seat_host(const struct rebuild *rebuild, struct layout *layout, uint32_t group)
{
    uint64_t hosts = rebuild->cells[layout->groups[group].cell].hosts;
    uint64_t free = hosts & layout->free;
    if (free != 0) {
        layout->groups[group].members = free & -free;
        layout->free &= ~(free & -free);
        return true;
    }
    for (uint32_t other = 0; other < group; other++) {
        uint64_t give = hosts & spare(rebuild, layout, other);
        if (give != 0) {
            layout->groups[other].members &= ~(give & -give);
            layout->groups[group].members = give & -give;
            return true;
        }
    }
    for (uint32_t other = 0; other < group; other++) {
        uint64_t give = hosts & layout->groups[other].members;
        uint64_t able = rebuild->cells[layout->groups[other].cell].hosts & layout->free;
        uint32_t gives = give != 0 ? (uint32_t)__builtin_ctzll(give) : NOBODY;
        uint32_t next = give != 0 ? first_of(rebuild, layout, other, gives, able) : NOBODY;
        if (next != NOBODY) {
            layout->groups[other].members ^= UINT64_C(1) << gives | UINT64_C(1) << next;
            layout->free &= ~(UINT64_C(1) << next);
            layout->groups[group].members = UINT64_C(1) << gives;
            return true;
        }
    }
    return false;
}

/* Opens a group in the cell; false: then the layout is of no use any more. */
static bool open_group(const struct rebuild *rebuild, struct layout *layout, uint32_t cell)
{
    uint32_t group = layout->count;
    if (group == REBUILD_GROUPS)
        return false;
    layout->groups[group].cell = (uint16_t)cell;
    layout->groups[group].members = 0;
    if (!seat_host(rebuild, layout, group))
        return false;
    layout->count++;
    if (!grow_to(rebuild, layout, group, MATCH_GROUP_MIN, true))
        return false;
    for (uint32_t i = 0; i < group; i++)
        if (!grow_to(rebuild, layout, i, MATCH_GROUP_MIN, true))
            return false;
    grow_all(rebuild, layout);
    return true;
}

/* The cells in which a group more is tried: those with most free people, a little shaken. */
static uint32_t promising(struct rebuild *rebuild, const struct layout *layout,
                          uint32_t cells[TRIES])
{
    uint32_t worth[TRIES] = {0}, count = 0;
    for (uint32_t i = 0; i < rebuild->cell_count; i++) {
        uint32_t here = rebuild_size(rebuild->cells[i].can & layout->free);
        if (here == 0)
            continue;
        here = here * 8 + people_random(rebuild->people, 16);
        uint32_t at = count < TRIES ? count++ : TRIES - 1;
        if (at == TRIES - 1 && count == TRIES && worth[at] >= here)
            continue;
        for (; at > 0 && worth[at - 1] < here; at--) {
            worth[at] = worth[at - 1];
            cells[at] = cells[at - 1];
        }
        worth[at] = here;
        cells[at] = i;
    }
    return count;
}

static void open_more(struct rebuild *rebuild, struct layout *layout)
{
    bool opened = true;
    while (opened && (layout->free & rebuild->reachable) != 0 && rebuild->trials > 0) {
        uint32_t cells[TRIES] = {0}, count = promising(rebuild, layout, cells);
        opened = false;
        for (uint32_t i = 0; i < count && !opened && rebuild->trials > 0; i++) {
            struct layout next = *layout;
            rebuild->trials--;
            if (open_group(rebuild, &next, cells[i]) &&
                rebuild_size(next.free) < rebuild_size(layout->free)) {
                *layout = next;
                opened = true;
            }
        }
    }
}

/* ---- the search ---- */

static void close_group(struct layout *layout, uint32_t group)
{
    layout->free |= layout->groups[group].members;
    layout->groups[group] = layout->groups[--layout->count];
}

/* Another cell of those that include the group as it is. */
static void move_group(struct rebuild *rebuild, struct layout *layout, uint32_t group)
{
    uint64_t members = layout->groups[group].members;
    uint32_t found = 0;
    for (uint32_t i = 0; i < rebuild->cell_count; i++)
        if ((members & ~rebuild->cells[i].can) == 0 && (members & rebuild->cells[i].hosts) != 0 &&
            people_random(rebuild->people, ++found) == 0)
            layout->groups[group].cell = (uint16_t)i;
}

static void shake(struct rebuild *rebuild, struct layout *layout)
{
    uint32_t closing = people_random(rebuild->people, 8);
    closing = closing == 7 ? layout->count : closing < 4 ? closing % 3 : 1 + closing % 3;
    for (uint32_t i = 0; i < closing && layout->count > 0; i++)
        close_group(layout, people_random(rebuild->people, layout->count));
    for (uint32_t i = 0; i < layout->count; i++)
        if (people_random(rebuild->people, 2) == 0)
            move_group(rebuild, layout, i);
    grow_all(rebuild, layout);
}

/* How many could be placed if only counts mattered. */
static uint32_t ceiling(const struct rebuild *rebuild)
{
    uint64_t hosts = 0;
    for (uint32_t i = 0; i < rebuild->cell_count; i++)
        hosts |= rebuild->cells[i].hosts;
    uint32_t people = rebuild_size(rebuild->reachable);
    uint32_t seats = rebuild_size(hosts) * MATCH_GROUP_MAX;
    people = people < seats ? people : seats;
    if (people < MATCH_GROUP_MIN)
        return 0;
    return people > MATCH_GROUP_MAX && people < 2 * MATCH_GROUP_MIN ? MATCH_GROUP_MAX : people;
}

bool rebuild_search(struct rebuild *rebuild, uint32_t trials)
{
    struct layout current = rebuild->best;
    uint32_t began = rebuild_size(rebuild->best.free), most = rebuild->count - ceiling(rebuild);
    rebuild->trials = trials;
    rebuild->changed = false;
    for (uint32_t turn = 0; rebuild->trials > 0 && rebuild_size(rebuild->best.free) > most;
         turn++) {
        struct layout next = current;
        rebuild->trials--;
        if (turn > 0)
            shake(rebuild, &next);
        else
            grow_all(rebuild, &next);
        open_more(rebuild, &next);
        if (rebuild_size(next.free) <= rebuild_size(current.free))
            current = next;
        if (turn > 0 && rebuild_size(next.free) <= rebuild_size(rebuild->best.free)) {
            rebuild->best = next;
            rebuild->changed = true;
        }
        if (turn == 0 && rebuild_size(next.free) < rebuild_size(rebuild->best.free))
            rebuild->best = next;
    }
    return rebuild_size(rebuild->best.free) < began;
}

/* ---- in and out ---- */

static void adopt(struct rebuild *rebuild, uint32_t group)
{
    const struct group *is = &rebuild->people->groups[group];
    struct layout *layout = &rebuild->best;
    uint64_t members = 0;
    for (uint32_t i = 0; i < rebuild->count; i++)
        if (rebuild->people->all[rebuild->who[i]].group == group)
            members |= UINT64_C(1) << i;
    layout->free &= ~members;
    layout->groups[layout->count].members = members;
    for (uint32_t i = 0; i < rebuild->cell_count; i++)
        if ((members & ~rebuild->cells[i].can) == 0 && (members & rebuild->cells[i].hosts) != 0) {
            layout->groups[layout->count++].cell = (uint16_t)i;
            return;
        }
    struct cell *cell = &rebuild->cells[rebuild->cell_count];
    *cell = (struct cell){.can = members, .meeting = is->meeting};
    for (uint32_t i = 0; i < rebuild->count; i++)
        if ((members >> i & 1) != 0 &&
            rebuild->people->all[rebuild->who[i]].kind == is->meeting.kind)
            cell->hosts |= UINT64_C(1) << i;
    layout->groups[layout->count++].cell = (uint16_t)rebuild->cell_count++;
}

static void sort_by_key(const struct people *people, uint32_t *who, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0; j--) {
            const struct person *a = &people->all[who[j - 1]], *b = &people->all[who[j]];
            if (a->key < b->key || (a->key == b->key && who[j - 1] < who[j]))
                break;
            uint32_t swap = who[j];
            who[j] = who[j - 1];
            who[j - 1] = swap;
        }
}

void rebuild_begin(struct rebuild *rebuild, struct people *people, const struct side *side,
                   const uint32_t *who, uint32_t count)
{
    rebuild->people = people;
    rebuild->side = side;
    rebuild->count = count;
    memcpy(rebuild->who, who, count * sizeof *who);
    sort_by_key(people, rebuild->who, count);
    memset(rebuild->against, 0, sizeof rebuild->against);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (people_against(people, rebuild->who[i], rebuild->who[j])) {
                rebuild->against[i] |= UINT64_C(1) << j;
                rebuild->against[j] |= UINT64_C(1) << i;
            }
    rebuild_cells(rebuild);
    rebuild->best.count = 0;
    rebuild->best.free = count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t group = people->all[rebuild->who[i]].group;
        if ((rebuild->best.free >> i & 1) != 0 && group != PEOPLE_NO_GROUP)
            adopt(rebuild, group);
    }
}

enum council_error rebuild_end(struct rebuild *rebuild)
{
    struct people *people = rebuild->people;
    enum council_error error = COUNCIL_OK;
    for (uint32_t i = 0; i < rebuild->count; i++) {
        uint32_t group = people->all[rebuild->who[i]].group;
        if (group != PEOPLE_NO_GROUP)
            people_dissolve(people, group);
    }
    for (uint32_t g = 0; error == COUNCIL_OK && g < rebuild->best.count; g++) {
        uint32_t members[MATCH_GROUP_MAX], count = 0;
        for (uint64_t left = rebuild->best.groups[g].members; left != 0; left &= left - 1)
            members[count++] = rebuild->who[__builtin_ctzll(left)];
        error = people_group(people, rebuild->side->fast,
                             &rebuild->cells[rebuild->best.groups[g].cell].meeting, members, count);
    }
    return error;
}
