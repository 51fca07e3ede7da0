/*
 * sides.c - the tables of one pace: for every kind of clock and every start, the set of those who can attend. See people.h.
 *
 * Owns the order of people as well: who has few others to meet with comes first, because whoever has many can still be placed later; among those who
 * have enough, only waiting counts.
 */
#include "server/match/people.h"
#include <stdlib.h>
#include <string.h>

enum {
    REACH_FINE = 16,    /* below this, each number counts by itself, */
    REACH_STEPS = 4,    /* above it this many steps for each doubling, */
    REACH_ENOUGH = 1024 /* from here on all are alike */
};

static uint32_t hardness(uint32_t reach)
{
    if (reach < MATCH_GROUP_MIN)
        return UINT32_MAX; /* last: nothing can be done */
    if (reach < REACH_FINE)
        return reach;
    if (reach >= REACH_ENOUGH)
        reach = REACH_ENOUGH;
    uint32_t log = 31 - (uint32_t)__builtin_clz(reach);
    return REACH_FINE + log * REACH_STEPS + (reach >> (log - 2) & 3);
}

/* How many could come to the best of what this week allows: for a fast council the second best day of an hour counts. */
static uint32_t reach_in(const struct side *side, const struct week *starts, size_t cell)
{
    uint32_t best[WEEK_DAY] = {0}, second[WEEK_DAY] = {0}, reach = 0;
    for (uint32_t at = week_next(starts, 0); at < MATCH_HALF_HOURS;
         at = week_next(starts, at + 1)) {
        uint32_t hour = at % WEEK_DAY;
        uint32_t can = side->hosts[cell + at] > 0 ? side->total[cell + at] : 0;
        if (can > best[hour]) {
            second[hour] = best[hour];
            best[hour] = can;
        } else if (can > second[hour]) {
            second[hour] = can;
        }
        uint32_t here = side->fast ? second[hour] : best[hour];
        reach = here > reach ? here : reach;
    }
    return reach;
}

static void find_reach(const struct side *side, struct people *people, uint32_t index)
{
    struct person *person = &people->all[index];
    person->reach = 0;
    for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
        struct week starts = people_starts(people, kind, index);
        for (uint64_t left = person->languages; left != 0; left &= left - 1) {
            uint32_t column = side->column[__builtin_ctzll(left)];
            uint32_t reach = reach_in(side, &starts, side_cell(side, kind, column));
            person->reach = reach > person->reach ? reach : person->reach;
        }
    }
}

static void count_person(struct side *side, const struct people *people, uint32_t index)
{
    const struct person *person = &people->all[index];
    for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
        struct week starts = people_starts(people, kind, index);
        for (uint64_t left = person->languages; left != 0; left &= left - 1) {
            uint32_t column = side->column[__builtin_ctzll(left)];
            size_t cell = side_cell(side, kind, column);
            for (uint32_t at = week_next(&starts, 0); at < MATCH_HALF_HOURS;
                 at = week_next(&starts, at + 1)) {
                side->total[cell + at]++;
                side->hosts[cell + at] += person->kind == kind;
            }
        }
    }
}

static void place(struct side *side, struct people *people, uint32_t rank)
{
    uint32_t index = side->who[rank];
    struct person *person = &people->all[index];
    uint64_t bit = UINT64_C(1) << rank % 64;
    size_t word = rank / 64;
    person->rank = rank;
    side->open[word] |= bit;
    if (person->kind != CLOCK_NO_KIND)
        side->moderates[person->kind * (size_t)side->words + word] |= bit;
    for (uint64_t left = person->languages; left != 0; left &= left - 1)
        side->speaks[side->column[__builtin_ctzll(left)] * (size_t)side->words + word] |= bit;
    for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
        struct week starts = people_starts(people, kind, index);
        for (uint32_t at = week_next(&starts, 0); at < MATCH_HALF_HOURS;
             at = week_next(&starts, at + 1))
            side->can[((size_t)kind * MATCH_HALF_HOURS + at) * side->words + word] |= bit;
    }
}

/* A person as the order needs them. */
struct sorted {
    uint64_t key;
    uint32_t hardness, index;
};

static int by_order(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    if (x->hardness != y->hardness)
        return x->hardness < y->hardness ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static bool order(struct side *side, struct people *people)
{
    struct sorted *sorted = malloc((side->count + 1) * sizeof *sorted);
    if (sorted == NULL)
        return false;
    for (uint32_t i = 0; i < side->count; i++) {
        uint32_t index = side->who[i];
        find_reach(side, people, index);
        sorted[i] = (struct sorted){.key = people->all[index].key,
                                    .hardness = hardness(people->all[index].reach),
                                    .index = index};
    }
    qsort(sorted, side->count, sizeof *sorted, by_order);
    for (uint32_t i = 0; i < side->count; i++)
        side->who[i] = sorted[i].index;
    free(sorted);
    return true;
}

/* Who is of this pace, and which languages have a column. */
static bool gather(struct side *side, const struct people *people)
{
    uint64_t spoken = 0;
    memset(side->column, 255, sizeof side->column);
    side->who = calloc(people->input->people_count + 1, sizeof *side->who);
    if (side->who == NULL)
        return false;
    for (uint32_t i = 0; i < people->input->people_count; i++)
        if (people->input->people[i].fast == side->fast) {
            side->who[side->count++] = i;
            spoken |= people->all[i].languages;
        }
    for (uint64_t left = spoken; left != 0; left &= left - 1) {
        uint32_t language = (uint32_t)__builtin_ctzll(left);
        side->language[side->columns] = (uint8_t)language;
        side->column[language] = (uint8_t)side->columns++;
    }
    for (uint32_t i = 0; i < side->count; i++)
        for (uint64_t left = people->all[side->who[i]].languages; left != 0; left &= left - 1)
            side->spoken_by[side->column[__builtin_ctzll(left)]]++;
    return true;
}

static bool allocate(struct side *side, uint32_t kinds)
{
    size_t cells = (size_t)kinds * side->columns * MATCH_HALF_HOURS + 1;
    side->words = (side->count + 63) / 64 + 1;
    side->can = calloc((size_t)kinds * MATCH_HALF_HOURS * side->words + 1, sizeof *side->can);
    side->open = calloc(side->words, sizeof *side->open);
    side->moderates = calloc((size_t)kinds * side->words + 1, sizeof *side->moderates);
    side->speaks = calloc((size_t)side->columns * side->words + 1, sizeof *side->speaks);
    side->total = calloc(cells, sizeof *side->total);
    side->hosts = calloc(cells, sizeof *side->hosts);
    side->still = calloc(cells, sizeof *side->still);
    side->still_hosts = calloc(cells, sizeof *side->still_hosts);
    return side->can != NULL && side->open != NULL && side->moderates != NULL &&
           side->speaks != NULL && side->total != NULL && side->hosts != NULL &&
           side->still != NULL && side->still_hosts != NULL;
}

enum council_error side_init(struct side *side, struct people *people, bool fast)
{
    uint32_t kinds = people->clocks.kind_count;
    side->fast = fast;
    if (!gather(side, people) || !allocate(side, kinds))
        return COUNCIL_E_NO_MEMORY;
    for (uint32_t i = 0; i < side->count; i++)
        count_person(side, people, side->who[i]);
    if (!order(side, people))
        return COUNCIL_E_NO_MEMORY;
    for (uint32_t rank = 0; rank < side->count; rank++)
        place(side, people, rank);
    size_t cells = (size_t)kinds * side->columns * MATCH_HALF_HOURS;
    memcpy(side->still, side->total, cells * sizeof *side->still);
    memcpy(side->still_hosts, side->hosts, cells * sizeof *side->still_hosts);
    return COUNCIL_OK;
}

void side_fini(struct side *side)
{
    free(side->who);
    free(side->can);
    free(side->open);
    free(side->moderates);
    free(side->speaks);
    free(side->total);
    free(side->hosts);
    free(side->still);
    free(side->still_hosts);
    memset(side, 0, sizeof *side);
}
