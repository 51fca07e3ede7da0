/*
 * rules.c - the hard rules again, in another way. See rules.h.
 */
#include "tests/match/rules.h"
#include "protocol/localtime.h"
#include "protocol/schedule/schedule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    QUARTER_S = 900,
    MEETINGS = 60, /* of a year, every second week, and some */
    UNKNOWN = 0xffff
};

/* Those of a year at one start, in one zone. */
struct year {
    uint32_t count;
    int64_t begins[2 * MEETINGS];
};

struct need {
    bool known;
    uint8_t hours[MATCH_HOURS_BYTES];
};

struct rules {
    const char *zones[WORLD_ZONES_MAX];
    uint32_t zone_count, quarters;
    int64_t from_s, until_s;
    uint16_t
        *local[WORLD_ZONES_MAX]; /* of each quarter of an hour: which half hour of the local week */
    struct year **years;         /* [host][start], found when first asked */
    struct need *needs;          /* [host][zone][start] */
};

struct rules *rules_create(const char *const *zones, uint32_t zone_count, int64_t from_s,
                           int64_t until_s)
{
    struct rules *rules = calloc(1, sizeof *rules);
    if (rules == NULL)
        return NULL;
    rules->zone_count = zone_count;
    rules->from_s = from_s;
    rules->until_s = until_s;
    rules->quarters = (uint32_t)((until_s - from_s) / QUARTER_S) + 8;
    rules->needs = calloc((size_t)zone_count * zone_count * MATCH_HALF_HOURS, sizeof *rules->needs);
    rules->years = calloc((size_t)zone_count * MATCH_HALF_HOURS, sizeof(struct year *));
    bool good = rules->needs != NULL && rules->years != NULL;
    for (uint32_t i = 0; i < zone_count; i++) {
        rules->zones[i] = zones[i];
        rules->local[i] = malloc(rules->quarters * sizeof *rules->local[i]);
        if (rules->local[i] != NULL)
            memset(rules->local[i], 0xff, rules->quarters * sizeof *rules->local[i]);
        good = good && rules->local[i] != NULL;
    }
    if (good)
        return rules;
    rules_destroy(rules);
    return NULL;
}

void rules_destroy(struct rules *rules)
{
    if (rules == NULL)
        return;
    for (uint32_t i = 0; i < rules->zone_count; i++)
        free(rules->local[i]);
    for (uint32_t i = 0; rules->years != NULL && i < rules->zone_count * MATCH_HALF_HOURS; i++)
        free(rules->years[i]);
    free(rules->years);
    free(rules->needs);
    free(rules);
}

static uint32_t two_digits(const char *text)
{
    return (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
}

/* The half hour of the local week at an instant. */
static uint32_t half_hour(struct rules *rules, uint32_t zone, int64_t instant)
{
    uint32_t quarter = (uint32_t)((instant - rules->from_s) / QUARTER_S);
    uint16_t *known = &rules->local[zone][quarter];
    if (*known == UNKNOWN) {
        char text[SCHEDULE_LOCAL_CHARS + 1];
        if (schedule_to_local((uint64_t)instant * 1000, rules->zones[zone], text) != COUNCIL_OK)
            abort();
        uint32_t hour = two_digits(text + 11), minute = two_digits(text + 14);
        *known = (uint16_t)(council_local_weekday(text) * 48 + hour * 2 + minute / 30);
    }
    return *known;
}

/* The meetings of every second week, beginning with the week before the stretch or the one after. */
static void expand(const struct rules *rules, uint32_t host, uint32_t start, int week,
                   struct year *year)
{
    static const char *const days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    char local[24], text[64];
    struct schedule_meeting meetings[MEETINGS];
    struct tm civil;
    uint32_t found = 0;
    time_t day = (time_t)(rules->from_s / 86400 - (rules->from_s / 86400 + 3) % 7 - 14 + week * 7 +
                          start / 48) *
                 86400;
    if (gmtime_r(&day, &civil) == NULL || strftime(local, sizeof local, "%Y-%m-%dT", &civil) == 0)
        abort();
    (void)snprintf(local + 11, sizeof local - 11, "%02u:%02u", start % 48 / 2, start % 2 * 30);
    (void)snprintf(text, sizeof text, "FREQ=WEEKLY;INTERVAL=2;BYDAY=%s", days[start / 48]);
    struct schedule_rule rule = {.start = local, .zone = rules->zones[host], .rrule = text};
    if (schedule_expand(&rule, (uint64_t)rules->from_s * 1000, MEETINGS, meetings, &found) !=
        COUNCIL_OK)
        abort();
    for (uint32_t i = 0; i < found; i++)
        if ((int64_t)(meetings[i].utc_ms / 1000) < rules->until_s)
            year->begins[year->count++] = (int64_t)(meetings[i].utc_ms / 1000);
}

static const struct year *year_of(struct rules *rules, uint32_t host, uint32_t start)
{
    struct year **year = &rules->years[host * MATCH_HALF_HOURS + start];
    if (*year == NULL) {
        *year = calloc(1, sizeof **year);
        if (*year == NULL)
            abort();
        expand(rules, host, start, 0, *year);
        expand(rules, host, start, 1, *year);
    }
    return *year;
}

static void need_of(struct rules *rules, struct need *need, uint32_t zone, uint32_t host,
                    uint32_t start)
{
    const struct year *year = year_of(rules, host, start);
    for (uint32_t i = 0; i < year->count; i++)
        for (int64_t at = year->begins[i]; at < year->begins[i] + 3600; at += QUARTER_S) {
            uint32_t half = half_hour(rules, zone, at);
            need->hours[half / 8] |= (uint8_t)(1 << half % 8);
        }
}

bool rules_can(struct rules *rules, const uint8_t hours[MATCH_HOURS_BYTES], uint32_t zone,
               uint32_t host_zone, uint32_t start)
{
    struct need *need =
        &rules->needs[((size_t)host_zone * rules->zone_count + zone) * MATCH_HALF_HOURS + start];
    if (!need->known) {
        need_of(rules, need, zone, host_zone, start);
        need->known = true;
    }
    for (uint32_t i = 0; i < MATCH_HOURS_BYTES; i++)
        if ((need->hours[i] & ~hours[i]) != 0)
            return false;
    return true;
}

/* ---- a result ---- */

static bool avoids(const struct match_person *a, const struct match_person *b)
{
    for (uint32_t i = 0; i < a->avoid_count; i++)
        for (uint32_t j = 0; j < b->worked_count; j++)
            if (memcmp(a->avoid[i], b->worked[j], MATCH_TOKEN_BYTES) == 0)
                return true;
    return false;
}

/* What keeps the person out of a group of these meetings; NULL: nothing. */
static const char *obstacle(struct rules *rules, const struct match_input *input,
                            const struct match_group *group, uint32_t index)
{
    const struct match_person *person = &input->people[index];
    if (person->fast != input->people[group->members[0]].fast)
        return "pace";
    if ((person->languages >> group->language & 1) == 0)
        return "language";
    for (uint32_t i = 0; i < group->slot_count; i++)
        if (!rules_can(rules, person->hours, person->zone, group->zone,
                       group->slots[i].minute / 30u))
            return "hours";
    for (uint32_t i = 0; i < group->count; i++)
        if (group->members[i] != index && (avoids(person, &input->people[group->members[i]]) ||
                                           avoids(&input->people[group->members[i]], person)))
            return "employer";
    return NULL;
}

static const char *group_wrong(struct rules *rules, const struct match_input *input,
                               const struct match_group *group)
{
    const struct match_person *moderator = &input->people[group->members[0]];
    bool fast = moderator->fast;
    if (group->council != MATCH_NEW)
        return NULL; /* of refills the tests that make them speak */
    if (group->count < 6 || group->count > 8)
        return "size";
    if (!moderator->moderates || moderator->zone != group->zone)
        return "moderator";
    if (group->slot_count != (fast ? 2 : 1) || group->slots[0].minute % 30 != 0 ||
        (fast && group->slots[0].minute % 1440 != group->slots[1].minute % 1440) ||
        (fast && group->slots[0].minute / 1440 == group->slots[1].minute / 1440))
        return "slots";
    for (uint32_t i = 0; i < group->count; i++) {
        const char *why = obstacle(rules, input, group, group->members[i]);
        if (why != NULL)
            return why;
    }
    return NULL;
}

static bool everybody_once(const struct match_input *input, const struct match_result *result)
{
    uint8_t *seen = calloc(input->people_count + 1, 1);
    uint32_t count = 0, placed = 0;
    bool good = seen != NULL;
    for (uint32_t g = 0; good && g < result->group_count; g++)
        for (uint32_t i = 0; good && i < result->groups[g].count; i++, placed++)
            good = result->groups[g].members[i] < input->people_count &&
                   seen[result->groups[g].members[i]]++ == 0;
    for (uint32_t i = 0; good && i < result->left_count; i++)
        good = result->left[i].person < input->people_count &&
               seen[result->left[i].person]++ == 0 && result->left[i].miss < MATCH_MISS_COUNT;
    for (uint32_t i = 0; good && i < input->people_count; i++)
        count += seen[i];
    free(seen);
    return good && count == input->people_count && placed == result->placed;
}

bool rules_hold(struct rules *rules, const struct match_input *input,
                const struct match_result *result, char why[200])
{
    if (!everybody_once(input, result)) {
        (void)snprintf(why, 200, "somebody is in the result twice or not at all");
        return false;
    }
    for (uint32_t g = 0; g < result->group_count; g++) {
        const struct match_group *group = &result->groups[g];
        const char *wrong = group_wrong(rules, input, group);
        if (wrong != NULL) {
            (void)snprintf(why, 200, "group %u: %s", g, wrong);
            return false;
        }
        for (uint32_t i = 0; group->council == MATCH_NEW && group->count < 8 &&
                             result->left_count < 64 && i < result->left_count;
             i++)
            if (obstacle(rules, input, group, result->left[i].person) == NULL) {
                (void)snprintf(why, 200, "person %u could join group %u", result->left[i].person,
                               g);
                return false;
            }
    }
    return true;
}
