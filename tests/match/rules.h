/*
 * rules.h - whether a result keeps every hard rule, found without any code of matching.
 *
 * Owns a second way to know who can attend what: the meetings of a year as council-schedule expands them from a recurrence rule, week by week, and the
 * local time that it gives for each quarter of an hour of each of them in each member's zone.
 */
#ifndef COUNCIL_TESTS_MATCH_RULES_H
#define COUNCIL_TESTS_MATCH_RULES_H

#include "tests/match/world.h"

struct rules; /* what is known of zones so far; one for all worlds of the same zones */

struct rules *rules_create(const char *const *zones, uint32_t zone_count, int64_t from_s,
                           int64_t until_s);
void rules_destroy(struct rules *rules);

/* Whether hours in one zone allow the weekly meeting that starts at that half hour of the week in another. */
bool rules_can(struct rules *rules, const uint8_t hours[MATCH_HOURS_BYTES], uint32_t zone,
               uint32_t host_zone, uint32_t start);

/* True if all is as it must be; else what is wrong stands in `why`. Also: everybody stands in the result once; nobody could simply join a new group that has room. */
bool rules_hold(struct rules *rules, const struct match_input *input,
                const struct match_result *result, char why[200]);

#endif
