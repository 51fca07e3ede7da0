/*
 * draft.c - the first groups. See steps.h.
 *
 * Owns the choice of a meeting for one person, and of companions among those who can come: those who are hard to place or have waited long first,
 * within a small window a spread of functions and near levels.
 */
#include "server/match/steps.h"
#include <stdlib.h>
#include <string.h>

enum {
    OPTIONS = 4, /* meetings that are tried for one person */
    LOOK = 64,   /* companions that are looked at for one group */
    WINDOW = 24, /* of whom functions and levels choose */
    NEW_FUNCTION = 12,
    LEVEL_STEP = 5
};

struct option {
    uint32_t worth; /* how many open people could come, at most */
    struct meeting meeting;
};

struct company {
    uint32_t seed, count;
    uint32_t who[LOOK];
    uint32_t members[MATCH_GROUP_MAX], size;
};

static void keep_option(struct option options[OPTIONS], uint32_t worth, struct meeting meeting)
{
    uint32_t at = OPTIONS;
    while (at > 0 && options[at - 1].worth < worth)
        at--;
    if (at == OPTIONS)
        return;
    memmove(&options[at + 1], &options[at], (OPTIONS - 1 - at) * sizeof *options);
    options[at] = (struct option){.worth = worth, .meeting = meeting};
}

/* Of each hour of the day the best day, or the best two. */
static void options_in(const struct side *side, const struct week *starts, uint32_t kind,
                       uint32_t column, struct option options[OPTIONS])
{
    const uint32_t *still = &side->still[side_cell(side, kind, column)];
    const uint32_t *hosts = &side->still_hosts[side_cell(side, kind, column)];
    for (uint32_t hour = 0; hour < WEEK_DAY; hour++) {
        uint32_t best = MATCH_HALF_HOURS, second = MATCH_HALF_HOURS;
        for (uint32_t at = hour; at < MATCH_HALF_HOURS; at += WEEK_DAY) {
            if (!week_has(starts, at) || hosts[at] == 0 || still[at] < MATCH_GROUP_MIN)
                continue;
            if (best == MATCH_HALF_HOURS || still[at] > still[best]) {
                second = best;
                best = at;
            } else if (second == MATCH_HALF_HOURS || still[at] > still[second]) {
                second = at;
            }
        }
        uint32_t last = side->fast ? second : best;
        if (last == MATCH_HALF_HOURS)
            continue;
        struct meeting meeting = {.kind = (uint8_t)kind,
                                  .language = side->language[column],
                                  .start = (uint16_t)(best < last ? best : last),
                                  .second = (uint16_t)(best < last ? last : best)};
        keep_option(options, still[last], meeting);
    }
}

/* `host`: only where they would be the moderator themself. */
static void find_options(const struct people *people, const struct side *side, uint32_t person,
                         bool host, struct option options[OPTIONS])
{
    memset(options, 0, OPTIONS * sizeof *options);
    for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
        if (host && kind != people->all[person].kind)
            continue;
        struct week starts = people_starts(people, kind, person);
        if (week_empty(&starts))
            continue;
        for (uint64_t left = people->all[person].languages; left != 0; left &= left - 1)
            options_in(side, &starts, kind, side->column[__builtin_ctzll(left)], options);
    }
}

static bool agrees(const struct people *people, const struct company *company, uint32_t person)
{
    for (uint32_t i = 0; i < company->size; i++)
        if (company->members[i] == person || people_against(people, company->members[i], person))
            return false;
    return true;
}

/* Who could come, in the order of ranks; and the first moderator among all of them, as a member. */
static bool find_company(const struct people *people, const struct side *side,
                         const struct meeting *meeting, struct company *company)
{
    const uint64_t *a = side_can(side, meeting->kind, meeting->start);
    const uint64_t *b = side_can(side, meeting->kind, meeting->second);
    const uint64_t *speaks = side_speaks(side, meeting->language);
    const uint64_t *hosts = &side->moderates[(size_t)meeting->kind * side->words];
    bool hosted = people->all[company->seed].kind == meeting->kind;
    company->count = 0;
    company->size = 1;
    company->members[0] = company->seed;
    for (uint32_t word = 0; word < side->words && (company->count < LOOK || !hosted); word++) {
        uint64_t can = a[word] & b[word] & speaks[word] & side->open[word];
        for (; can != 0; can &= can - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(can);
            uint32_t person = side->who[word * 64 + bit];
            if (!agrees(people, company, person))
                continue;
            if (!hosted && (hosts[word] >> bit & 1) != 0) {
                company->members[company->size++] = person;
                hosted = true;
            } else if (company->count < LOOK) {
                company->who[company->count++] = person;
            }
        }
    }
    return hosted && company->count + company->size >= MATCH_GROUP_MIN;
}

/* What speaks for a companion beside their place in the order. */
static int32_t merit(const struct people *people, const struct company *company, uint32_t person)
{
    const struct match_person *in = people->input->people;
    int32_t level = in[person].level, seed = in[company->seed].level;
    int32_t apart = level > seed ? level - seed : seed - level;
    int32_t worth = NEW_FUNCTION - LEVEL_STEP * apart;
    for (uint32_t i = 0; i < company->size; i++)
        if (in[company->members[i]].function == in[person].function)
            return worth - NEW_FUNCTION;
    return worth;
}

/* `sparing`: moderators are scarce, one is enough. */
static void fill(const struct people *people, bool sparing, struct company *company)
{
    while (company->size < MATCH_GROUP_MAX) {
        uint32_t best = LOOK, seen = 0;
        int32_t best_worth = INT32_MIN;
        for (uint32_t i = 0; i < company->count && seen < WINDOW; i++) {
            uint32_t person = company->who[i];
            if (person == PEOPLE_NO_GROUP || !agrees(people, company, person))
                continue;
            bool spared = sparing && people->all[person].kind != CLOCK_NO_KIND;
            int32_t worth = merit(people, company, person) - (int32_t)seen - (spared ? 1000 : 0);
            if (worth > best_worth) {
                best_worth = worth;
                best = i;
            }
            seen++;
        }
        if (best == LOOK)
            return;
        company->members[company->size++] = company->who[best];
        company->who[best] = PEOPLE_NO_GROUP;
    }
}

/* Takes the person out of what is counted of open people, or puts them back (by: 1 or -1). */
static void uncount(struct side *side, const struct people *people, uint32_t index, uint32_t by)
{
    const struct person *person = &people->all[index];
    for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
        struct week starts = people_starts(people, kind, index);
        for (uint64_t left = person->languages; left != 0; left &= left - 1) {
            size_t cell = side_cell(side, kind, side->column[__builtin_ctzll(left)]);
            for (uint32_t at = week_next(&starts, 0); at < MATCH_HALF_HOURS;
                 at = week_next(&starts, at + 1)) {
                side->still[cell + at] -= by;
                side->still_hosts[cell + at] -= person->kind == kind ? by : 0;
            }
        }
    }
}

static enum council_error draft_around(struct people *people, struct side *side, uint32_t seed,
                                       bool sparing)
{
    struct option options[OPTIONS];
    struct company company = {.seed = seed};
    find_options(people, side, seed, sparing && people->all[seed].kind != CLOCK_NO_KIND, options);
    for (uint32_t i = 0; i < OPTIONS && options[i].worth >= MATCH_GROUP_MIN; i++) {
        if (!find_company(people, side, &options[i].meeting, &company))
            continue;
        fill(people, sparing, &company);
        if (company.size < MATCH_GROUP_MIN)
            continue;
        for (uint32_t m = 0; m < company.size; m++)
            uncount(side, people, company.members[m], 1);
        return people_group(people, side->fast, &options[i].meeting, company.members, company.size);
    }
    return COUNCIL_OK;
}

/* Where moderators are scarce: one who is in another's group makes their own, if there are open people for it. */
static enum council_error free_hosts(struct people *people, struct side *side)
{
    enum council_error error = COUNCIL_OK;
    for (uint32_t g = 0; error == COUNCIL_OK && g < people->group_count; g++) {
        for (uint32_t i = 0; error == COUNCIL_OK && i < people->groups[g].count; i++) {
            const struct group *group = &people->groups[g];
            uint32_t member = group->members[i];
            if (group->fast != side->fast || people->all[member].kind == CLOCK_NO_KIND ||
                member == people_moderator(people, group) || group->count == MATCH_GROUP_MIN)
                continue;
            people_leave(people, g, member);
            uncount(side, people, member, UINT32_MAX);
            error = draft_around(people, side, member, true);
            if (error == COUNCIL_OK && people->all[member].group == PEOPLE_NO_GROUP) {
                people_join(people, g, member);
                uncount(side, people, member, 1);
            }
        }
    }
    return error;
}

enum council_error match_draft(struct people *people, struct side *side)
{
    uint32_t hosts = 0, hopeful = 0;
    enum council_error error = COUNCIL_OK;
    for (uint32_t rank = 0; rank < side->count; rank++) {
        const struct person *person = &people->all[side->who[rank]];
        hopeful += person->reach >= MATCH_GROUP_MIN;
        hosts += person->reach >= MATCH_GROUP_MIN && person->kind != CLOCK_NO_KIND;
    }
    bool sparing = hosts * MATCH_GROUP_MIN < hopeful;
    for (uint32_t rank = 0; error == COUNCIL_OK && rank < side->count; rank++) {
        const struct person *person = &people->all[side->who[rank]];
        if (person->group == PEOPLE_NO_GROUP && person->reach >= MATCH_GROUP_MIN)
            error = draft_around(people, side, side->who[rank], sparing);
    }
    if (error == COUNCIL_OK && sparing)
        error = free_hosts(people, side);
    return error;
}
