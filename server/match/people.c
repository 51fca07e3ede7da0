/*
 * people.c - people and groups. See people.h.
 */
#include "server/match/people.h"
#include <stdlib.h>
#include <string.h>

uint32_t people_random(struct people *people, uint32_t bound)
{
    uint64_t x = people->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((x ^ x >> 31) >> 32) * bound >> 32);
}

/* ---- employers ---- */

uint64_t people_bloom(const match_token *tokens, uint32_t count)
{
    uint64_t bloom = 0;
    for (uint32_t i = 0; i < count; i++)
        bloom |= UINT64_C(1) << ((tokens[i][0] ^ tokens[i][MATCH_TOKEN_BYTES - 1]) & 63);
    return bloom;
}

bool people_tokens_meet(const match_token *a, uint32_t a_count, const match_token *b,
                        uint32_t b_count)
{
    for (uint32_t i = 0; i < a_count; i++)
        for (uint32_t j = 0; j < b_count; j++)
            if (memcmp(a[i], b[j], MATCH_TOKEN_BYTES) == 0)
                return true;
    return false;
}

bool people_against(const struct people *people, uint32_t a, uint32_t b)
{
    const struct person *one = &people->all[a], *two = &people->all[b];
    if ((one->avoid_bloom & two->worked_bloom) == 0 && (two->avoid_bloom & one->worked_bloom) == 0)
        return false;
    const struct match_person *x = &people->input->people[a], *y = &people->input->people[b];
    return people_tokens_meet(x->avoid, x->avoid_count, y->worked, y->worked_count) ||
           people_tokens_meet(y->avoid, y->avoid_count, x->worked, x->worked_count);
}

/* ---- hours ---- */

struct week people_starts(const struct people *people, uint32_t kind, uint32_t person)
{
    const struct person *one = &people->all[person];
    return clock_starts(&people->clocks, kind, one->clock, &one->hours);
}

bool people_can(const struct people *people, const struct meeting *meeting, uint32_t person)
{
    if ((people->all[person].languages >> meeting->language & 1) == 0)
        return false;
    struct week starts = people_starts(people, meeting->kind, person);
    return week_has(&starts, meeting->start) && week_has(&starts, meeting->second);
}

/* ---- groups ---- */

bool people_fits(const struct people *people, const struct group *group, uint32_t person)
{
    if (group->count == 0 || group->count == MATCH_GROUP_MAX ||
        group->fast != people->input->people[person].fast ||
        !people_can(people, &group->meeting, person))
        return false;
    for (uint32_t i = 0; i < group->count; i++)
        if (people_against(people, group->members[i], person))
            return false;
    return true;
}

uint32_t people_moderator(const struct people *people, const struct group *group)
{
    uint32_t best = PEOPLE_NO_GROUP;
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t member = group->members[i];
        if (people->all[member].kind == group->meeting.kind &&
            (best == PEOPLE_NO_GROUP || people->all[member].key < people->all[best].key))
            best = member;
    }
    return best;
}

static void mark_open(struct people *people, uint32_t person, bool open)
{
    struct side *side = &people->sides[people->input->people[person].fast];
    uint32_t rank = people->all[person].rank;
    uint64_t bit = UINT64_C(1) << rank % 64;
    if (open)
        side->open[rank / 64] |= bit;
    else
        side->open[rank / 64] &= ~bit;
}

void people_join(struct people *people, uint32_t group, uint32_t person)
{
    struct group *to = &people->groups[group];
    to->members[to->count++] = person;
    people->all[person].group = group;
    mark_open(people, person, false);
}

void people_leave(struct people *people, uint32_t group, uint32_t person)
{
    struct group *from = &people->groups[group];
    for (uint32_t i = 0; i < from->count; i++)
        if (from->members[i] == person) {
            from->members[i] = from->members[--from->count];
            break;
        }
    people->all[person].group = PEOPLE_NO_GROUP;
    mark_open(people, person, true);
}

void people_refill(struct people *people, uint32_t person)
{
    people->all[person].group = PEOPLE_REFILL;
    mark_open(people, person, false);
}

void people_dissolve(struct people *people, uint32_t group)
{
    while (people->groups[group].count > 0)
        people_leave(people, group, people->groups[group].members[0]);
}

enum council_error people_group(struct people *people, bool fast, const struct meeting *meeting,
                                const uint32_t *members, uint32_t count)
{
    if (people->group_count == people->group_size) {
        uint32_t size = people->group_size * 2 + 64;
        struct group *grown = realloc(people->groups, size * sizeof *grown);
        if (grown == NULL)
            return COUNCIL_E_NO_MEMORY;
        people->groups = grown;
        people->group_size = size;
    }
    people->groups[people->group_count] = (struct group){.fast = fast, .meeting = *meeting};
    for (uint32_t i = 0; i < count; i++)
        people_join(people, people->group_count, members[i]);
    people->group_count++;
    return COUNCIL_OK;
}

/* ---- all of it ---- */

static bool zone_valid(const struct schedule_offsets *zone)
{
    const int32_t day_s = 24 * 3600;
    bool good =
        zone->count <= SCHEDULE_CHANGES_MAX && zone->first_s > -day_s && zone->first_s < day_s;
    for (uint32_t i = 0; good && i < zone->count; i++)
        good = zone->changes[i].offset_s > -day_s && zone->changes[i].offset_s < day_s &&
               (i == 0 || zone->changes[i].at_s > zone->changes[i - 1].at_s);
    return good;
}

static bool person_valid(const struct match_input *input, const struct match_person *person)
{
    return person->zone < input->zone_count && person->avoid_count <= MATCH_TOKENS_MAX &&
           person->worked_count <= MATCH_TOKENS_MAX && person->function < 32;
}

static bool council_valid(const struct match_input *input, const struct match_council *council)
{
    bool good = council->zone < input->zone_count && council->language < PEOPLE_LANGUAGES &&
                council->places > 0 && council->places < MATCH_GROUP_MAX &&
                council->slot_count > 0 && council->slot_count <= MATCH_SLOTS_MAX &&
                council->avoid_count <= 8 * MATCH_TOKENS_MAX &&
                council->worked_count <= 8 * MATCH_TOKENS_MAX;
    for (uint32_t i = 0; good && i < council->slot_count; i++)
        good = council->slots[i].minute < MATCH_WEEK_MINUTES && council->slots[i].minutes > 0 &&
               council->slots[i].minutes <= 24 * 60;
    return good;
}

static bool input_valid(const struct match_input *input)
{
    bool good = input->people_count <= MATCH_PEOPLE_MAX &&
                input->council_count <= MATCH_COUNCILS_MAX &&
                input->zone_count <= MATCH_ZONES_MAX && input->from_s >= 0 &&
                input->until_s > input->from_s &&
                input->until_s - input->from_s <= MATCH_STRETCH_MAX_S && input->effort <= 10000;
    for (uint32_t i = 0; good && i < input->zone_count; i++)
        good = zone_valid(&input->zones[i]);
    for (uint32_t i = 0; good && i < input->people_count; i++)
        good = person_valid(input, &input->people[i]);
    for (uint32_t i = 0; good && i < input->council_count; i++)
        good = council_valid(input, &input->councils[i]);
    return good;
}

static void person_make(struct people *people, uint32_t index)
{
    const struct match_person *in = &people->input->people[index];
    struct person *person = &people->all[index];
    uint64_t now = people->input->now_ms;
    clock_hours_make(&person->hours, in->hours);
    person->languages = in->languages;
    person->avoid_bloom = people_bloom(in->avoid, in->avoid_count);
    person->worked_bloom = people_bloom(in->worked, in->worked_count);
    person->group = PEOPLE_NO_GROUP;
    person->clock = people->clocks.clock_of_zone[in->zone];
    person->kind = in->moderates ? people->clocks.kind_of_clock[person->clock] : CLOCK_NO_KIND;
    /* Moderators' waiting counts twice. */
    uint64_t waited = in->since_ms < now ? now - in->since_ms : 0;
    uint64_t bonus = in->moderates ? waited : 0;
    person->key = in->since_ms > bonus ? in->since_ms - bonus : 0;
}

enum council_error people_init(struct people *people, const struct match_input *input)
{
    memset(people, 0, sizeof *people);
    people->input = input;
    people->random = input->seed;
    if (!input_valid(input))
        return COUNCIL_E_BAD_INPUT;
    people->all = calloc(input->people_count > 0 ? input->people_count : 1, sizeof *people->all);
    if (people->all == NULL)
        return COUNCIL_E_NO_MEMORY;
    enum council_error error = clocks_init(&people->clocks, input);
    for (uint32_t i = 0; error == COUNCIL_OK && i < input->people_count; i++)
        person_make(people, i);
    for (uint32_t fast = 0; error == COUNCIL_OK && fast < 2; fast++)
        error = side_init(&people->sides[fast], people, fast != 0);
    return error;
}

void people_fini(struct people *people)
{
    side_fini(&people->sides[0]);
    side_fini(&people->sides[1]);
    clocks_fini(&people->clocks);
    free(people->groups);
    free(people->all);
    people->groups = NULL;
    people->all = NULL;
}
