/*
 * cmd_schedule.c - when the council meets, in everybody's own zone, and who comes.
 *
 * Times and recurrence are protocol/schedule/'s, by libical; which meetings come is coming.c's; answers are the model's. Invariant: no
 * meeting is moved onto another.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/coming.h"
#include "client/lib/presence.h"

static const char *const day_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const day_codes[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

/* ---- setting ---- */

static bool parse_days(struct cli *cli, bool fast, uint32_t *mask)
{
    *mask = 0;
    for (int i = 0; i < cli->operand_count; i++) {
        int day = 7;
        for (int d = 0; d < 7; d++)
            if (strncasecmp(cli_operand(cli, i), day_words[d], 3) == 0)
                day = d;
        if (day == 7) {
            cli_fail_usage(cli, "`%s` is not a day; mon, tue, wed, thu, fri, sat, sun.",
                           cli_operand(cli, i));
            return false;
        }
        *mask |= 1u << day;
    }
    if (__builtin_popcount(*mask) == (fast ? 2 : 1))
        return true;
    cli_fail_usage(cli, fast ? "a fast council meets twice a week: name two days."
                             : "a slow council meets every two weeks: name one day.");
    return false;
}

static void write_rule(bool fast, uint32_t mask, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "FREQ=WEEKLY;%sBYDAY=", fast ? "" : "INTERVAL=2;");
    const char *comma = "";
    for (int d = 0; d < 7; d++)
        if (mask & (1u << d)) {
            at += (size_t)snprintf(out + at, size - at, "%s%s", comma, day_codes[d]);
            comma = ",";
        }
}

/* The first of the days on or after `date` ("YYYY-MM-DD"), at `time`: found by walking instants, so the calendar stays libical's. */
static bool first_meeting(const char *date, const char *time, const char *zone, uint32_t mask,
                          char out[SCHEDULE_LOCAL_CHARS + 1])
{
    char noon[SCHEDULE_LOCAL_CHARS + 1], day[SCHEDULE_LOCAL_CHARS + 1];
    uint64_t at;
    snprintf(noon, sizeof noon, "%.10sT12:00", date);
    if (!council_local_valid(noon, (uint32_t)strlen(noon)) || schedule_to_utc(noon, zone, &at))
        return false;
    for (int i = 0; i < 7; i++, at += 86400000) {
        if (schedule_to_local(at, zone, day))
            return false;
        uint32_t weekday = council_local_weekday(day);
        if (weekday < 7 && (mask & (1u << weekday))) {
            snprintf(out, SCHEDULE_LOCAL_CHARS + 1, "%.10sT%.5s", day, time);
            return council_local_valid(out, (uint32_t)strlen(out));
        }
    }
    return false;
}

static int set(struct cli *cli, const struct cli_council *c)
{
    char zone[SCHEDULE_ZONE_MAX + 1] = "UTC", rule[64], today[SCHEDULE_LOCAL_CHARS + 1],
                                  start[SCHEDULE_LOCAL_CHARS + 1];
    const char *time = cli_option(cli, "time"), *given = cli_option(cli, "zone"),
               *from = cli_option(cli, "from");
    uint32_t mask;
    uint64_t minutes;
    if (!time)
        return cli_fail_usage(cli, "at what local time? --time HH:MM.");
    if (!cli_option_number(cli, "minutes", 15, 240, 60, &minutes) ||
        !parse_days(cli, c->council->fast, &mask))
        return CLI_USAGE;
    if (given ? !schedule_zone_known(given) || strlen(given) > SCHEDULE_ZONE_MAX
              : !coming_own_zone(zone))
        return cli_fail_input(
            cli, "`%s` is not a time zone that this machine knows; Europe/Berlin is the form.",
            given ? given : "TZ");
    if (given)
        snprintf(zone, sizeof zone, "%s", given);
    write_rule(c->council->fast, mask, rule, sizeof rule);
    if (schedule_to_local(client_server_now_ms(cli->client), zone, today) ||
        !first_meeting(from ? from : today, time, zone, mask, start))
        return cli_fail_usage(cli, "--time is HH:MM and --from YYYY-MM-DD.");
    json_t *intent = json_pack("{s:I, s:s, s:s, s:s}", "minutes", (json_int_t)minutes, "rrule",
                               rule, "start", start, "zone", zone);
    int result = cli_submit(cli, c->log, COUNCIL_KIND_SCHEDULE_SET, intent, NULL, NULL);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:s, s:I}", "start", start, "zone", zone, "rrule",
                                 rule, "minutes", (json_int_t)minutes));
    else if (!result)
        printf("The council meets %s from %s (%s).\n",
               c->council->fast ? "twice a week" : "every two weeks", start, zone);
    return result;
}

int cli_schedule_set(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = set(cli, &c);
    cli_council_fini(&c);
    return result;
}

/* ---- the coming meetings ---- */

static void print_answers(struct cli *cli, const struct cli_council *c, const struct coming *m,
                          json_t *list)
{
    static const char *const kinds[] = {"yes", "late", "no"};
    for (size_t k = 0; k < 3; k++) {
        const char *lead = kinds[k];
        for (uint32_t i = 0; i < c->council->person_count; i++) {
            const struct council_person *person = &c->council->people[i];
            const struct model_answer *answer =
                model_meeting_answer(c->model, m->name, person->pin.member);
            char name[MODEL_NAME_MAX];
            if (!person->member || !answer || strcmp(answer->answer, kinds[k]) != 0)
                continue;
            model_name(c->model, person->pin.member, name);
            json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "answer", kinds[k]));
            if (cli->json)
                continue;
            printf("%s%s ", lead == kinds[k] ? "\n      " : ",", lead == kinds[k] ? kinds[k] : "");
            lead = "";
            cli_print_text(stdout, name, "");
        }
    }
}

static void print_meeting(struct cli *cli, const struct cli_council *c, const struct coming *m)
{
    char zone[SCHEDULE_ZONE_MAX + 1], mine[64], theirs[64];
    json_t *answers = json_array();
    const char *own = coming_zone(cli, c, zone);
    cli_time(m->starts, own, mine);
    cli_time(m->starts, c->council->schedule.zone, theirs);
    if (!cli->json) {
        printf("%s  %s", m->name, m->cancelled ? "CANCELLED  " : m->moved ? "moved to " : "");
        printf("%s (%s)", mine, own);
        if (strcmp(own, c->council->schedule.zone) != 0)
            printf(" = %s (%s)", theirs, c->council->schedule.zone);
    }
    print_answers(cli, c, m, answers);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:b, s:b, s:O}", "meeting",
                                 m->name, "held", m->held, "starts", (json_int_t)m->starts, "local",
                                 mine, "zone", own, "council_zone", c->council->schedule.zone,
                                 "moved", m->moved, "cancelled", m->cancelled, "answers", answers));
    else
        printf("\n");
    json_decref(answers);
}

int cli_schedule_show(struct cli *cli)
{
    struct cli_council c;
    struct coming list[COMING_MAX];
    uint32_t found = 0;
    uint64_t count;
    if (!cli_option_number(cli, "count", 1, COMING_MAX, 6, &count))
        return CLI_USAGE;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    const struct council_schedule *s = &c.council->schedule;
    result = coming_list(cli, &c, client_server_now_ms(cli->client) - COMING_GRACE_MS,
                         (uint32_t)count, list, &found);
    if (!result && !cli->json)
        printf("%s since %s (%s), %u minutes\n",
               c.council->fast ? "Twice a week" : "Every two weeks", s->start, s->zone, s->minutes);
    for (uint32_t i = 0; !result && i < found; i++)
        print_meeting(cli, &c, &list[i]);
    cli_council_fini(&c);
    return result;
}

int cli_schedule_next(struct cli *cli)
{
    struct cli_council c;
    struct coming m;
    int result = cli_council(cli, &c);
    if (!result)
        result = coming_next(cli, &c, &m);
    if (!result)
        print_meeting(cli, &c, &m);
    cli_council_fini(&c);
    return result;
}

/* A time at which no other meeting is held. CLI_OK, or an exit code. */
static int free_at(struct cli *cli, const struct cli_council *c, const char *meeting,
                   const char *to)
{
    struct coming other;
    uint64_t at_ms;
    if (schedule_to_utc(to, c->council->schedule.zone, &at_ms))
        return cli_fail_input(cli, "`%s` is not a time in %s.", to, c->council->schedule.zone);
    if (!coming_clash(cli, c, meeting, at_ms, &other))
        return CLI_OK;
    return cli_fail_input(cli,
                          "The meeting of %s is held then, at %s. Choose another time, or cancel "
                          "that one first: `council schedule cancel %s`.",
                          other.name, other.held, other.name);
}

static int change(struct cli *cli, const char *to)
{
    struct cli_council c;
    char meeting[SCHEDULE_LOCAL_CHARS + 1];
    if (to && !council_local_valid(to, (uint32_t)strlen(to)))
        return cli_fail_usage(cli, "`%s` is not a local time of the form YYYY-MM-DDThh:mm.", to);
    int result = cli_council(cli, &c);
    if (!result)
        result = coming_named(cli, &c, cli_operand(cli, 0), meeting);
    if (!result && to)
        result = free_at(cli, &c, meeting, to);
    if (!result)
        result = cli_submit(cli, c.log, COUNCIL_KIND_MEETING_CHANGE,
                            json_pack("{s:s, s:s, s:s*}", "change", to ? "move" : "cancel",
                                      "meeting", meeting, "to", to),
                            NULL, NULL);
    if (!result)
        cli_say(cli,
                to ? "The meeting of %s was moved to %s." : "The meeting of %s was cancelled.%s",
                meeting, to ? to : "");
    cli_council_fini(&c);
    return result;
}

int cli_schedule_move(struct cli *cli)
{
    return change(cli, cli_operand(cli, 1));
}

int cli_schedule_cancel(struct cli *cli)
{
    return change(cli, NULL);
}

int cli_rsvp(struct cli *cli)
{
    struct cli_council c;
    char meeting[SCHEDULE_LOCAL_CHARS + 1];
    const char *answer = cli_operand(cli, 0);
    if (strcmp(answer, "yes") != 0 && strcmp(answer, "no") != 0 && strcmp(answer, "late") != 0)
        return cli_fail_usage(cli, "an answer is yes, no or late, not `%s`.", answer);
    int result = cli_council(cli, &c);
    if (!result)
        result = coming_named(cli, &c, cli_operand(cli, 1), meeting);
    if (!result)
        result =
            cli_submit(cli, c.log, COUNCIL_KIND_RSVP,
                       json_pack("{s:s, s:s}", "answer", answer, "meeting", meeting), NULL, NULL);
    if (!result)
        cli_say(cli, "You said %s to the meeting of %s.", answer, meeting);
    cli_council_fini(&c);
    return result;
}
