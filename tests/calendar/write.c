/*
 * write.c - calendar-write START ZONE RRULE MINUTES UNTIL [MEETING=TO | MEETING=]...
 *
 * Prints one JSON object: "ics", the calendar of that schedule with those meetings moved (=TO) or cancelled (=), and "meetings", every meeting before UNTIL
 * (a local time) as protocol/schedule/ expands it, with the instant at which it is held. The two come from different code on purpose.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/schedule/ics.h"

enum {
    MEETINGS_MAX = 8192,
    ARGUMENTS = 5
};

static bool copy(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool read_change(const char *text, struct schedule_ics_change *out, uint64_t number)
{
    const char *sign = strchr(text, '=');
    *out = (struct schedule_ics_change){.sequence = number, .stamp_ms = number * 60000};
    if (sign == NULL || !copy(out->meeting, sizeof out->meeting, text, (size_t)(sign - text)) ||
        !copy(out->to, sizeof out->to, sign + 1, strlen(sign + 1)))
        return false;
    out->cancelled = out->to[0] == '\0';
    return true;
}

/* What became of a meeting: true with its instant, false where it was cancelled. */
static bool held(const struct schedule_calendar *calendar, const struct schedule_meeting *meeting,
                 uint64_t *at_ms)
{
    *at_ms = meeting->utc_ms;
    for (uint32_t i = 0; i < calendar->change_count; i++) {
        const struct schedule_ics_change *change = &calendar->changes[i];
        if (strcmp(change->meeting, meeting->local) == 0)
            return !change->cancelled &&
                   schedule_to_utc(change->to, calendar->zone, at_ms) == COUNCIL_OK;
    }
    return true;
}

static json_t *expand(const struct schedule_calendar *calendar, const char *until)
{
    const struct schedule_rule rule = {calendar->start, calendar->zone, calendar->rrule};
    struct schedule_meeting *meetings = calloc(MEETINGS_MAX, sizeof *meetings);
    json_t *list = json_array();
    uint32_t found = 0;
    if (meetings == NULL || schedule_expand(&rule, 0, MEETINGS_MAX, meetings, &found) != COUNCIL_OK)
        found = 0;
    for (uint32_t i = 0; i < found && strcmp(meetings[i].local, until) < 0; i++) {
        uint64_t at_ms = 0;
        if (held(calendar, &meetings[i], &at_ms))
            json_array_append_new(list, json_integer((json_int_t)(at_ms / 1000)));
    }
    free(meetings);
    return list;
}

int main(int argc, char **argv)
{
    static struct schedule_ics_change changes[SCHEDULE_ICS_CHANGES_MAX];
    struct schedule_calendar calendar = {.set = true, .set_ms = 1700000000000, .changes = changes};
    const struct schedule_ics_style style = {.uid = (const uint8_t *)"calendar of test",
                                             .title = "Meeting"};
    char *text = NULL;
    uint32_t len = 0;
    if (argc <= ARGUMENTS || argc - ARGUMENTS - 1 > SCHEDULE_ICS_CHANGES_MAX ||
        !copy(calendar.start, sizeof calendar.start, argv[1], strlen(argv[1])) ||
        !copy(calendar.zone, sizeof calendar.zone, argv[2], strlen(argv[2])) ||
        !copy(calendar.rrule, sizeof calendar.rrule, argv[3], strlen(argv[3])))
        return 2;
    calendar.minutes = (uint32_t)strtoul(argv[4], NULL, 10);
    for (int i = ARGUMENTS + 1; i < argc; i++)
        if (!read_change(argv[i], &changes[calendar.change_count++], (uint64_t)i))
            return 2;
    if (schedule_ics(&calendar, &style, &text, &len) != COUNCIL_OK)
        return 1;
    json_t *out = json_pack("{s:s#, s:o}", "ics", text, (size_t)len, "meetings",
                            expand(&calendar, argv[ARGUMENTS]));
    int result = out != NULL ? json_dumpf(out, stdout, JSON_COMPACT) : 1;
    json_decref(out);
    free(text);
    return result == 0 ? 0 : 1;
}
