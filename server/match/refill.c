/*
 * refill.c - people for councils that are there and short. See steps.h.
 *
 * Owns the order: nobody is taken from a group that would be too small then, so a refill never costs anybody a place.
 */
#include "server/match/steps.h"
#include <string.h>

enum {
    SCAN = 8192 /* people in groups that are looked at for one council */
};

/* One council, and what its meetings touch of the weeks of each clock: found when first asked. */
struct wanting {
    const struct people *people;
    const struct match_council *council;
    uint64_t avoid_bloom, worked_bloom;
    struct refill *refill;
    bool known[MATCH_ZONES_MAX];
    struct week touched[MATCH_ZONES_MAX];
};

static const struct week *touched_of(struct wanting *wanting, uint32_t clock)
{
    const struct clocks *clocks = &wanting->people->clocks;
    const struct match_input *input = wanting->people->input;
    struct week *touched = &wanting->touched[clock];
    if (wanting->known[clock])
        return touched;
    memset(touched, 0, sizeof *touched);
    wanting->known[clock] = true;
    for (uint32_t i = 0; i < wanting->council->slot_count; i++) {
        struct week one;
        if (!clock_touched(&input->zones[wanting->council->zone],
                           &input->zones[clocks->zone_of_clock[clock]], wanting->council->slots[i],
                           input->from_s, input->until_s, &one))
            one = week_all();
        for (uint32_t w = 0; w < WEEK_WORDS; w++)
            touched->w[w] |= one.w[w];
    }
    return touched;
}

static bool fits(struct wanting *wanting, uint32_t index)
{
    const struct people *people = wanting->people;
    const struct person *person = &people->all[index];
    const struct match_person *in = &people->input->people[index];
    const struct match_council *council = wanting->council;
    if (in->fast != council->fast || (person->languages >> council->language & 1) == 0)
        return false;
    const struct week *touched = touched_of(wanting, person->clock);
    uint64_t missing = 0;
    for (uint32_t w = 0; w < WEEK_WORDS; w++)
        missing |= touched->w[w] & ~person->hours.hours.w[w];
    if (missing != 0)
        return false;
    if (((wanting->avoid_bloom & person->worked_bloom) != 0 &&
         people_tokens_meet(council->avoid, council->avoid_count, in->worked, in->worked_count)) ||
        ((wanting->worked_bloom & person->avoid_bloom) != 0 &&
         people_tokens_meet(in->avoid, in->avoid_count, council->worked, council->worked_count)))
        return false;
    for (uint32_t i = 0; i < wanting->refill->count; i++)
        if (people_against(people, wanting->refill->members[i], index))
            return false;
    return true;
}

static void take(struct people *people, struct wanting *wanting, uint32_t person)
{
    uint32_t group = people->all[person].group;
    if (group != PEOPLE_NO_GROUP)
        people_leave(people, group, person);
    people_refill(people, person);
    wanting->refill->members[wanting->refill->count++] = person;
}

/* Those without a group: who has waited longest first. */
static void from_open(struct people *people, const struct side *side, struct wanting *wanting)
{
    while (wanting->refill->count < wanting->council->places) {
        uint32_t best = PEOPLE_NO_GROUP;
        for (uint32_t word = 0; word < side->words; word++)
            for (uint64_t open = side->open[word]; open != 0; open &= open - 1) {
                uint32_t person = side->who[word * 64 + (uint32_t)__builtin_ctzll(open)];
                if ((best == PEOPLE_NO_GROUP || people->all[person].key < people->all[best].key) &&
                    fits(wanting, person))
                    best = person;
            }
        if (best == PEOPLE_NO_GROUP)
            return;
        take(people, wanting, best);
    }
}

static void from_groups(struct people *people, const struct side *side, struct wanting *wanting)
{
    uint32_t from = side->count > 0 ? people_random(people, side->count) : 0;
    for (uint32_t i = 0; i < side->count && i < SCAN; i++) {
        if (wanting->refill->count == wanting->council->places)
            return;
        uint32_t person = side->who[(from + i) % side->count];
        uint32_t index = people->all[person].group;
        if (index == PEOPLE_NO_GROUP || index == PEOPLE_REFILL)
            continue;
        const struct group *group = &people->groups[index];
        if (group->count > MATCH_GROUP_MIN && people_moderator(people, group) != person &&
            fits(wanting, person))
            take(people, wanting, person);
    }
}

void match_refill(struct people *people, struct refill *out, uint32_t *count)
{
    *count = 0;
    for (uint32_t i = 0; i < people->input->council_count; i++) {
        const struct match_council *council = &people->input->councils[i];
        const struct side *side = &people->sides[council->fast];
        struct wanting wanting = {.people = people,
                                  .council = council,
                                  .avoid_bloom = people_bloom(council->avoid, council->avoid_count),
                                  .worked_bloom =
                                      people_bloom(council->worked, council->worked_count),
                                  .refill = &out[*count]};
        *wanting.refill = (struct refill){.council = i};
        from_open(people, side, &wanting);
        from_groups(people, side, &wanting);
        *count += wanting.refill->count > 0;
    }
}
