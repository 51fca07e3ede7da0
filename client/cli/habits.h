/*
 * habits.h - what the commands about habits share: weeks, the week of an update, what is said once a day.
 *
 * Knows the calendar (by the C library and protocol/schedule); the counting itself is client/model/habits.h's.
 */
#ifndef COUNCIL_CLIENT_CLI_HABITS_H
#define COUNCIL_CLIENT_CLI_HABITS_H

#include "client/cli/cli.h"
#include "client/model/course.h"
#include "client/model/habits.h"

enum {
    CLI_WEEKS_MAX = 104,
    CLI_DATE_CHARS = 10
};

/* ---- weeks (weeks.c) ---- */

/* The Mondays, 0:00 on this machine's clock, of the last `count` weeks (1..CLI_WEEKS_MAX) with the present one, and of the next: `count` + 1 instants in unix ms. */
void cli_weeks(uint32_t count, uint64_t starts[CLI_WEEKS_MAX + 1]);
/* The day on which a week begins: "23 Nov" on this machine's clock, or with `iso` "2026-11-23". */
void cli_week_name(uint64_t start, bool iso, char out[16]);
/* True where the terminal takes UTF-8. */
bool cli_utf8(void);

/* The week of an update: named by the date of the council's update day that is nearest, so that a day or two late is still the same week. */
struct cli_update {
    char date[CLI_DATE_CHARS + 1];    /* "YYYY-MM-DD" */
    uint8_t object[COUNCIL_ID_BYTES]; /* of this member's document of that week */
    bool today;                       /* the update day is today, in the council's zone */
    bool shared;                      /* this member shared an update this week */
    struct habits_span span;          /* what a draft is composed of */
};
/* By the present time. `council` is a council with its model. */
void cli_update_week(struct cli *cli, const struct cli_council *council, struct cli_update *out);

/* ---- said without being asked (prompt.c) ---- */

/* True if today is the council's update day and this member has not shared one this week. */
bool cli_update_due(struct cli *cli, const struct cli_council *council);
/* Says once a day and home that the weekly update is due, unless --quiet or --json. For whatever stays open: sync, watch, the room. */
void cli_update_prompt(struct cli *cli, const struct cli_council *council);
/* The same for every council of this home. */
void cli_update_prompts(struct cli *cli);
/* Says which present members have not finished the orientation, if any. For whoever opens meeting zero. */
void cli_orientation_warn(struct cli *cli, const struct cli_council *council);
/* How far this member is in the orientation: {"done", "steps", "finished"}. */
json_t *cli_course_json(const struct cli_council *council, const uint8_t *member,
                        enum course_id id);

#endif
