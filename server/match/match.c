/*
 * match.c - the steps of a matching one after the other, and its result. See match.h.
 *
 * Owns the last word: each group is checked by the rule itself before it is told; one that breaks it would be left out, and its people with it.
 */
#include "server/match/match.h"
#include "server/match/steps.h"
#include <stdlib.h>
#include <string.h>

/* ---- the check ---- */

static bool may_meet(const struct match_input *input, const struct match_group *group,
                     const struct match_person *person)
{
    if ((person->languages >> group->language & 1) == 0)
        return false;
    for (uint32_t i = 0; i < group->slot_count; i++)
        if (!match_can_attend(person->hours, &input->zones[person->zone],
                              &input->zones[group->zone], group->slots[i], input->from_s,
                              input->until_s))
            return false;
    return true;
}

static bool slots_right(const struct match_group *group, bool fast)
{
    uint32_t day = 24 * 60, one = group->slots[0].minute, two = group->slots[1].minute;
    return fast ? group->slot_count == 2 && one % day == two % day && one != two
                : group->slot_count == 1;
}

static bool group_right(const struct people *people, const struct match_group *group)
{
    const struct match_input *input = people->input;
    const struct match_person *first = &input->people[group->members[0]];
    bool right = group->count <= MATCH_GROUP_MAX;
    if (group->council == MATCH_NEW)
        right = right && group->count >= MATCH_GROUP_MIN && first->moderates &&
                first->zone == group->zone && slots_right(group, first->fast);
    for (uint32_t i = 0; right && i < group->count; i++) {
        const struct match_person *person = &input->people[group->members[i]];
        right = person->fast == first->fast && may_meet(input, group, person);
        for (uint32_t j = 0; right && j < i; j++)
            right = !people_against(people, group->members[i], group->members[j]);
    }
    return right;
}

/* ---- the result ---- */

static int by_waiting(const void *a, const void *b)
{
    const struct match_group *x = a, *y = b;
    uint32_t x_wait = x->why[MATCH_WHY_WAIT], y_wait = y->why[MATCH_WHY_WAIT];
    if (x_wait != y_wait)
        return x_wait > y_wait ? -1 : 1;
    return x->members[0] < y->members[0] ? -1 : x->members[0] > y->members[0];
}

static void keep(struct people *people, struct match_result *result,
                 const struct match_group *group)
{
    if (group_right(people, group)) {
        result->groups[result->group_count++] = *group;
        result->placed += group->count;
        return;
    }
    for (uint32_t i = 0; i < group->count; i++)
        people->all[group->members[i]].group = PEOPLE_NO_GROUP;
}

static enum council_error tell(struct people *people, const struct refill *refills,
                               uint32_t refill_count, struct match_result *result)
{
    result->groups = calloc(people->group_count + refill_count + 1, sizeof *result->groups);
    result->left = calloc(people->input->people_count + 1, sizeof *result->left);
    if (result->groups == NULL || result->left == NULL)
        return COUNCIL_E_NO_MEMORY;
    struct match_group group;
    for (uint32_t i = 0; i < people->group_count; i++) {
        if (people->groups[i].count == 0)
            continue;
        match_explain_group(people, &people->groups[i], &group);
        keep(people, result, &group);
    }
    qsort(result->groups, result->group_count, sizeof *result->groups, by_waiting);
    for (uint32_t i = 0; i < refill_count; i++) {
        match_explain_refill(people, &refills[i], &group);
        keep(people, result, &group);
    }
    for (uint32_t i = 0; i < people->input->people_count; i++)
        if (people->all[i].group == PEOPLE_NO_GROUP)
            match_explain_left(people, i, &result->left[result->left_count++]);
    return COUNCIL_OK;
}

enum council_error match_run(const struct match_input *input, struct match_result **out)
{
    struct people *people = calloc(1, sizeof *people);
    struct match_result *result = calloc(1, sizeof *result);
    struct refill *refills = NULL;
    uint32_t refill_count = 0;
    enum council_error error = COUNCIL_E_NO_MEMORY;
    if (people == NULL || result == NULL)
        goto out;
    error = people_init(people, input);
    for (uint32_t fast = 0; error == COUNCIL_OK && fast < 2; fast++) {
        error = match_draft(people, &people->sides[fast]);
        if (error == COUNCIL_OK && input->effort > 0)
            error = match_improve(people, &people->sides[fast]);
    }
    if (error != COUNCIL_OK)
        goto out;
    refills = calloc(input->council_count + 1, sizeof *refills);
    error = COUNCIL_E_NO_MEMORY;
    if (refills == NULL)
        goto out;
    match_refill(people, refills, &refill_count);
    error = tell(people, refills, refill_count, result);
out:
    if (people != NULL)
        people_fini(people);
    free(people);
    free(refills);
    if (error == COUNCIL_OK)
        *out = result;
    else
        match_destroy(result);
    return error;
}

void match_destroy(struct match_result *result)
{
    if (result == NULL)
        return;
    free(result->groups);
    free(result->left);
    free(result);
}
