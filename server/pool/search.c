/*
 * search.c - a round's rows into matching, and its groups out. See search.h.
 */
#include "server/pool/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/pool.h"
#include "server/match/match.h"
#include "server/pool/zones.h"

enum {
    DAY_MINUTES = 24 * 60
};

_Static_assert((int)POOL_ZONES_MAX <= (int)MATCH_ZONES_MAX &&
                   (int)STORE_POOL_GROUP_MIN == (int)MATCH_GROUP_MIN &&
                   (int)STORE_POOL_GROUP_MAX == (int)MATCH_GROUP_MAX &&
                   (int)STORE_POOL_HOURS == (int)MATCH_HOURS_BYTES &&
                   (int)STORE_POOL_AVOID_MAX <= (int)MATCH_TOKENS_MAX &&
                   (int)STORE_POOL_SLOTS_MAX == (int)MATCH_SLOTS_MAX,
               "what the pool keeps is what matching takes");

struct search {
    struct store_pool_round *round;
    struct pool_zones zones;
    struct match_person *people;    /* owned */
    uint32_t *of_person;            /* owned: its index in the round */
    struct match_council *councils; /* owned */
    uint32_t *of_council;           /* owned */
    uint32_t n_people, n_councils;
};

/* ---- in ---- */

static uint8_t row(enum council_pool_table table, const char *name)
{
    int found = council_pool_find(table, name);
    return found < 0 ? 0
                     : (uint8_t)found; /* a word of a newer version counts as the first, "other" */
}

static void add_person(struct search *s, uint32_t index)
{
    const struct store_pool_person *from = &s->round->people[index];
    struct match_person *to = &s->people[s->n_people];

    *to = (struct match_person){
        .fast = from->fast,
        .moderates = from->moderates,
        .function = row(COUNCIL_POOL_FUNCTION, from->function),
        .level = row(COUNCIL_POOL_LEVEL, from->level),
        .industry = row(COUNCIL_POOL_INDUSTRY, from->industry),
        .since_ms = from->since_ms,
        .avoid = from->avoid.all,
        .avoid_count = from->avoid.count,
        .worked = from->employers.all,
        .worked_count = from->employers.count,
    };
    memcpy(to->hours, from->hours, sizeof to->hours);
    if (pool_zones_find(&s->zones, from->zone, &to->zone) &&
        council_pool_languages(from->languages, &to->languages)) {
        s->of_person[s->n_people++] = index;
    }
}

static void add_council(struct search *s, uint32_t index)
{
    const struct store_pool_refill *from = &s->round->refills[index];
    struct match_council *to = &s->councils[s->n_councils];
    uint32_t levels = council_pool_rows(COUNCIL_POOL_LEVEL);

    *to = (struct match_council){
        .fast = from->fast,
        .places = (uint8_t)from->places,
        .language = row(COUNCIL_POOL_LANGUAGE, from->language),
        .slot_count = (uint8_t)from->n_slots,
        .level_high = (uint8_t)(levels - 1),
        .avoid = from->avoid.all,
        .avoid_count = from->avoid.count,
        .worked = from->employers.all,
        .worked_count = from->employers.count,
    };
    for (uint32_t i = 0; i < from->n_slots; i++) {
        to->slots[i] = (struct match_slot){
            .minute = (uint16_t)(from->slots[i].day * DAY_MINUTES + from->slots[i].minute),
            .minutes = MATCH_MEETING_MINUTES};
    }
    if (pool_zones_find(&s->zones, from->zone, &to->zone)) {
        s->of_council[s->n_councils++] = index;
    }
}

static bool prepare(struct search *s, struct store_pool_round *round)
{
    int64_t now_s = (int64_t)(round->now_ms / 1000);

    memset(s, 0, sizeof *s);
    s->round = round;
    s->people = calloc((size_t)round->n_people + 1, sizeof *s->people);
    s->of_person = calloc((size_t)round->n_people + 1, sizeof *s->of_person);
    s->councils = calloc((size_t)round->n_refills + 1, sizeof *s->councils);
    s->of_council = calloc((size_t)round->n_refills + 1, sizeof *s->of_council);
    if (!pool_zones_init(&s->zones, now_s, now_s + MATCH_YEAR_S) || s->people == NULL ||
        s->of_person == NULL || s->councils == NULL || s->of_council == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < round->n_people; i++) {
        add_person(s, i);
    }
    for (uint32_t i = 0; i < round->n_refills; i++) {
        add_council(s, i);
    }
    return true;
}

static void finish(struct search *s)
{
    pool_zones_fini(&s->zones);
    free(s->people);
    free(s->of_person);
    free(s->councils);
    free(s->of_council);
}

/* ---- out ---- */

static void write_why(const struct match_group *from, char out[STORE_POOL_WHY_MAX + 1])
{
    size_t at = 0;

    for (uint32_t i = 0; i < MATCH_WHY_COUNT; i++) {
        const char *name = council_pool_name(COUNCIL_POOL_WHY, i);
        int n = snprintf(out + at, STORE_POOL_WHY_MAX + 1 - at, "%s%s:%u", at > 0 ? " " : "", name,
                         from->why[i]);
        if (n < 0 || at + (size_t)n > STORE_POOL_WHY_MAX) {
            out[at] = '\0'; /* what does not fit is not told */
            return;
        }
        at += (size_t)n;
    }
}

static void write_group(const struct search *s, const struct match_group *from,
                        struct store_pool_group *to)
{
    const char *zone = s->zones.names[from->zone];
    const char *language = council_pool_name(COUNCIL_POOL_LANGUAGE, from->language);

    *to = (struct store_pool_group){
        .refill = from->council == MATCH_NEW ? STORE_POOL_NEW : s->of_council[from->council],
        .n_people = from->count,
        .n_slots = from->slot_count,
    };
    for (uint32_t i = 0; i < from->count; i++) {
        to->people[i] = s->of_person[from->members[i]];
    }
    for (uint32_t i = 0; i < from->slot_count; i++) {
        to->slots[i] =
            (struct store_pool_slot){.day = (uint8_t)(from->slots[i].minute / DAY_MINUTES),
                                     .minute = (uint16_t)(from->slots[i].minute % DAY_MINUTES)};
    }
    (void)snprintf(to->zone, sizeof to->zone, "%s", zone);
    (void)snprintf(to->language, sizeof to->language, "%s", language != NULL ? language : "");
    write_why(from, to->why);
}

static bool take_groups(const struct search *s, const struct match_result *result)
{
    struct store_pool_round *round = s->round;

    round->groups = calloc((size_t)result->group_count + 1, sizeof *round->groups);
    if (round->groups == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < result->group_count; i++) {
        write_group(s, &result->groups[i], &round->groups[round->n_groups++]);
    }
    return true;
}

static bool take_lacks(const struct search *s, const struct match_result *result)
{
    struct store_pool_round *round = s->round;

    round->lacks = calloc((size_t)result->left_count + 1, sizeof *round->lacks);
    if (round->lacks == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < result->left_count; i++) {
        const struct match_left *left = &result->left[i];
        const struct store_pool_person *person = &round->people[s->of_person[left->person]];
        uint8_t missing = (uint8_t)(left->miss + 1);
        if (person->missing == missing) {
            continue;
        }
        struct store_pool_lack *lack = &round->lacks[round->n_lacks++];
        lack->changed = person->changed;
        lack->missing = missing;
        memcpy(lack->member, person->member, sizeof lack->member);
    }
    return true;
}

void pool_search(struct store_pool_round *round)
{
    struct search s;
    struct match_result *result = NULL;
    bool good = prepare(&s, round);

    if (good) {
        const struct match_input input = {.people = s.people,
                                          .people_count = s.n_people,
                                          .councils = s.councils,
                                          .council_count = s.n_councils,
                                          .zones = s.zones.offsets,
                                          .zone_count = s.zones.count,
                                          .from_s = s.zones.from_s,
                                          .until_s = s.zones.until_s,
                                          .now_ms = round->now_ms,
                                          .seed = round->seed,
                                          .effort = MATCH_EFFORT};
        good = match_run(&input, &result) == COUNCIL_OK;
    }
    good = good && take_groups(&s, result) && take_lacks(&s, result);
    match_destroy(result);
    finish(&s);
    if (!good) {
        free(round->groups);
        free(round->lacks);
        round->groups = NULL;
        round->lacks = NULL;
        round->n_groups = round->n_lacks = 0;
    }
    round->failed = !good;
}
