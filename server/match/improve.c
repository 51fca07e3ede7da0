/*
 * improve.c - more people placed than the draft did, and who waited longer before who did not. See steps.h.
 *
 * Owns the choice of neighbourhoods: a person without a group, others like them, and groups that could have them. The search within one is rebuild.h's.
 * Invariant: the number of people who are placed never falls.
 */
#include "server/match/rebuild.h"
#include "server/match/steps.h"
#include <stdlib.h>
#include <string.h>

enum {
    WHOLE_TRIALS = 6000, /* where all fit into one neighbourhood; at effort 100, as the next two */
    TURNS = 12000,       /* neighbourhoods, */
    TURNS_PER = 12,      /* and one more for each so many people */
    TRIALS = 150,        /* in one of them */
    PATIENCE = 5000,     /* neighbourhoods in a row in which nothing was won */
    SMALL = 4096,        /* fewer people than this get more of both, */
    SMALL_TIMES = 3,     /* so many times */
    OPEN_MAX = 24,       /* people without a group in a neighbourhood, at first */
    MEETINGS = 4,        /* that one is made of */
    DRAWS = 3,
    SWAP_GROUPS = 256 /* that are looked at for one who waited longer */
};

struct hood {
    uint32_t who[REBUILD_PEOPLE], count;
};

static bool hood_has(const struct hood *hood, uint32_t person)
{
    for (uint32_t i = 0; i < hood->count; i++)
        if (hood->who[i] == person)
            return true;
    return false;
}

static void hood_add(struct hood *hood, const struct people *people, uint32_t person)
{
    uint32_t group = people->all[person].group;
    if (hood_has(hood, person))
        return;
    if (group == PEOPLE_NO_GROUP) {
        if (hood->count < REBUILD_PEOPLE)
            hood->who[hood->count++] = person;
        return;
    }
    const struct group *all = &people->groups[group];
    if (hood->count + all->count > REBUILD_PEOPLE)
        return;
    memcpy(&hood->who[hood->count], all->members, all->count * sizeof *all->members);
    hood->count += all->count;
}

/* One of the meetings that the person could have with at least five others: the best of some drawn. */
static bool draw_meeting(struct people *people, const struct side *side, uint32_t person,
                         struct meeting *out)
{
    uint32_t seen = 0, best = 0;
    uint32_t draws = 1 + people_random(people, DRAWS);
    for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
        struct week starts = people_starts(people, kind, person);
        for (uint64_t left = people->all[person].languages; left != 0; left &= left - 1) {
            uint32_t language = (uint32_t)__builtin_ctzll(left);
            size_t cell = side_cell(side, kind, side->column[language]);
            for (uint32_t at = week_next(&starts, 0); at < MATCH_HALF_HOURS;
                 at = week_next(&starts, at + 1)) {
                uint32_t can = side->total[cell + at];
                if (can < MATCH_GROUP_MIN || side->hosts[cell + at] == 0)
                    continue;
                /* An even choice, and now and then the better of two or three. */
                bool drawn = people_random(people, ++seen) == 0;
                if (!drawn && (draws == 1 || can <= best || people_random(people, draws) == 0))
                    continue;
                *out = (struct meeting){.kind = (uint8_t)kind,
                                        .language = (uint8_t)language,
                                        .start = (uint16_t)at,
                                        .second = (uint16_t)at};
                best = can;
            }
        }
    }
    if (seen == 0 || !side->fast)
        return seen > 0;
    struct week starts = people_starts(people, out->kind, person);
    uint32_t others = 0;
    for (uint32_t at = out->start % WEEK_DAY; at < MATCH_HALF_HOURS; at += WEEK_DAY)
        if (at != out->start && week_has(&starts, at) && people_random(people, ++others) == 0)
            out->second = (uint16_t)at;
    return others > 0;
}

static void add_meeting(struct people *people, const struct side *side,
                        const struct meeting *meeting, struct hood *hood)
{
    const uint64_t *a = side_can(side, meeting->kind, meeting->start);
    const uint64_t *b = side_can(side, meeting->kind, meeting->second);
    const uint64_t *speaks = side_speaks(side, meeting->language);
    uint32_t from = people_random(people, side->words), open_max = hood->count + OPEN_MAX;
    for (uint32_t i = 0; i < side->words && hood->count < open_max; i++) {
        uint32_t word = (from + i) % side->words;
        uint64_t can = a[word] & b[word] & speaks[word] & side->open[word];
        for (; can != 0 && hood->count < open_max; can &= can - 1)
            hood_add(hood, people, side->who[word * 64 + (uint32_t)__builtin_ctzll(can)]);
    }
    for (uint32_t i = 0; i < side->words && hood->count + MATCH_GROUP_MAX <= REBUILD_PEOPLE; i++) {
        uint32_t word = (from + i) % side->words;
        uint64_t can = a[word] & b[word] & speaks[word] & ~side->open[word];
        for (; can != 0 && hood->count + MATCH_GROUP_MAX <= REBUILD_PEOPLE; can &= can - 1) {
            hood_add(hood, people, side->who[word * 64 + (uint32_t)__builtin_ctzll(can)]);
        }
    }
}

static void find_hood(struct people *people, const struct side *side, uint32_t person,
                      struct hood *hood)
{
    struct meeting meeting = {0};
    hood->count = 0;
    hood_add(hood, people, person);
    for (uint32_t i = 0; i < MEETINGS && hood->count + MATCH_GROUP_MAX <= REBUILD_PEOPLE; i++)
        if (draw_meeting(people, side, person, &meeting))
            add_meeting(people, side, &meeting, hood);
}

/* ---- steps ---- */

/* Whoever fits into a group that has room. */
static void join_all(struct people *people, const struct side *side)
{
    for (uint32_t rank = 0; rank < side->count; rank++) {
        uint32_t person = side->who[rank];
        if (people->all[person].group != PEOPLE_NO_GROUP ||
            people->all[person].reach < MATCH_GROUP_MIN)
            continue;
        for (uint32_t g = 0; g < people->group_count; g++)
            if (people_fits(people, &people->groups[g], person)) {
                people_join(people, g, person);
                break;
            }
    }
}

static enum council_error try_hood(struct rebuild *rebuild, struct people *people,
                                   const struct side *side, const struct hood *hood,
                                   uint32_t trials, bool *won)
{
    *won = false;
    if (hood->count < MATCH_GROUP_MIN)
        return COUNCIL_OK;
    rebuild_begin(rebuild, people, side, hood->who, hood->count);
    *won = rebuild_search(rebuild, trials);
    /* Another that is as good is taken as well: from there others can be reached. */
    return *won || rebuild->changed ? rebuild_end(rebuild) : COUNCIL_OK;
}

/* Up to REBUILD_PEOPLE who have any chance: false if there are more. */
static bool all_in_one(const struct people *people, const struct side *side, struct hood *hood)
{
    hood->count = 0;
    for (uint32_t rank = 0; rank < side->count; rank++) {
        if (people->all[side->who[rank]].reach < MATCH_GROUP_MIN)
            continue;
        if (hood->count == REBUILD_PEOPLE)
            return false;
        hood->who[hood->count++] = side->who[rank];
    }
    return true;
}

static uint32_t share(const struct people *people, uint32_t of)
{
    return (uint32_t)((uint64_t)of * people->input->effort / MATCH_EFFORT);
}

/* Somebody who could be placed, from a random place in the order on; PEOPLE_NO_GROUP: all are. */
static uint32_t draw_person(struct people *people, const struct side *side)
{
    uint32_t from = people_random(people, side->count);
    for (uint32_t i = 0; i < side->count; i++) {
        uint32_t person = side->who[(from + i) % side->count];
        if (people->all[person].group == PEOPLE_NO_GROUP &&
            people->all[person].reach >= MATCH_GROUP_MIN)
            return person;
    }
    return PEOPLE_NO_GROUP;
}

static enum council_error by_hoods(struct rebuild *rebuild, struct people *people,
                                   const struct side *side)
{
    uint32_t times = side->count < SMALL ? SMALL_TIMES : 1, lost = 0;
    uint32_t turns = share(people, TURNS * times + side->count / TURNS_PER);
    uint32_t patience = share(people, PATIENCE * times + side->count / TURNS_PER);
    enum council_error error = COUNCIL_OK;
    while (error == COUNCIL_OK && turns > 0 && lost < patience) {
        uint32_t person = draw_person(people, side);
        if (person == PEOPLE_NO_GROUP)
            break;
        struct hood hood;
        bool won = false;
        turns--;
        find_hood(people, side, person, &hood);
        error = try_hood(rebuild, people, side, &hood, TRIALS, &won);
        lost = won ? 0 : lost + 1;
    }
    return error;
}

/* The member who waits shortest among those in whose place the person could be; PEOPLE_NO_GROUP: none who waits shorter. */
static uint32_t weaker(const struct people *people, const struct group *group, uint32_t person)
{
    uint32_t found = PEOPLE_NO_GROUP, host = people_moderator(people, group);
    if (!people_can(people, &group->meeting, person))
        return found;
    bool hosts = people->all[person].kind == group->meeting.kind;
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t member = group->members[i];
        uint64_t key = people->all[member].key;
        if (key <= people->all[person].key || (member == host && !hosts) ||
            (found != PEOPLE_NO_GROUP && key <= people->all[found].key))
            continue;
        bool agree = true;
        for (uint32_t j = 0; agree && j < group->count; j++)
            agree = j == i || !people_against(people, group->members[j], person);
        found = agree ? member : found;
    }
    return found;
}

/* Who waited longer goes before who did not, wherever one can stand in for the other. */
static void put_in_order(struct people *people, const struct side *side)
{
    if (people->group_count == 0)
        return;
    for (uint32_t rank = 0; rank < side->count; rank++) {
        uint32_t person = side->who[rank];
        if (people->all[person].group != PEOPLE_NO_GROUP ||
            people->all[person].reach < MATCH_GROUP_MIN)
            continue;
        uint32_t from = people_random(people, people->group_count), best = PEOPLE_NO_GROUP;
        for (uint32_t i = 0; i < people->group_count && i < SWAP_GROUPS; i++) {
            const struct group *group = &people->groups[(from + i) % people->group_count];
            uint32_t member = group->count == 0 || group->fast != side->fast
                                  ? PEOPLE_NO_GROUP
                                  : weaker(people, group, person);
            if (member != PEOPLE_NO_GROUP &&
                (best == PEOPLE_NO_GROUP || people->all[member].key > people->all[best].key))
                best = member;
        }
        if (best != PEOPLE_NO_GROUP) {
            uint32_t group = people->all[best].group;
            people_leave(people, group, best);
            people_join(people, group, person);
        }
    }
}

enum council_error match_improve(struct people *people, struct side *side)
{
    struct hood hood;
    bool won = false;
    struct rebuild *rebuild = malloc(sizeof *rebuild);
    if (rebuild == NULL)
        return COUNCIL_E_NO_MEMORY;
    enum council_error error = COUNCIL_OK;
    join_all(people, side);
    if (all_in_one(people, side, &hood))
        error = try_hood(rebuild, people, side, &hood, share(people, WHOLE_TRIALS), &won);
    else
        error = by_hoods(rebuild, people, side);
    if (error == COUNCIL_OK)
        put_in_order(people, side);
    free(rebuild);
    return error;
}
