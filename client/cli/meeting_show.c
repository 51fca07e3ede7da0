/*
 * meeting_show.c - a meeting for people: phases and clock, who does what, who was there, what was written.
 *
 * Invariant: what members wrote goes through cli_print_text.
 */
#include <stdarg.h>
#include <string.h>

#include "client/cli/meeting.h"
#include "client/lib/presence.h"

void meeting_print_name(const struct cli_council *c, const uint8_t member[COUNCIL_KEY_BYTES])
{
    char name[MODEL_NAME_MAX];
    model_name(c->model, member, name);
    cli_print_text(stdout, name, "");
}

void meeting_done(struct cli *cli, const struct cli_council *c, const char *format, ...)
{
    char text[512];
    va_list args;
    const struct model_meeting *meeting = meeting_running(c->model);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (cli->json && meeting)
        cli_print_json(meeting_json(cli, c, meeting));
    else
        cli_say(cli, "%s", text);
}

static void print_phases(const struct model_meeting *m, const struct meeting_clock *clock)
{
    char left[MEETING_CLOCK_CHARS];
    for (uint32_t i = 0; i < m->phase_count; i++) {
        const struct meeting_phase *phase = &m->phases[i];
        bool now = m->open && i + 1 == m->phase;
        printf("%s%2u. ", now ? "> " : "  ", i + 1);
        cli_print_text(stdout, phase->title, "");
        printf(", %u min", phase->minutes);
        if (phase->extended)
            printf(" and %u more", phase->extended);
        meeting_clock_text(clock->remaining_ms, left);
        if (now)
            printf(": %s %s", left, clock->remaining_ms < 0 ? "over time" : "left");
        else if (i < m->phase)
            printf(": done");
        printf("\n");
    }
    if (m->open && m->phase > 0 && *agenda_hint(m->phases[m->phase - 1].kind))
        printf("    %s\n", agenda_hint(m->phases[m->phase - 1].kind));
}

static void print_people(const struct cli_council *c, const struct model_meeting *m)
{
    for (int role = 0; role < MEETING_ROLE_COUNT; role++) {
        const uint8_t *holder = meeting_holds(m, (enum meeting_role)role);
        if (!holder)
            continue;
        printf("%s: ", meeting_role_word((enum meeting_role)role));
        meeting_print_name(c, holder);
        printf("\n");
    }
    printf("there: ");
    for (uint32_t i = 0; i < m->attendee_count; i++) {
        printf("%s", i ? ", " : "");
        meeting_print_name(c, m->attendees[i].member);
    }
    printf("%s\n", m->attendee_count ? "" : "nobody said so");
    for (uint32_t i = 0; i < m->seated_count; i++) {
        printf(i ? ", " : "hot seat: ");
        meeting_print_name(c, m->seated[i].member);
    }
    if (m->seated_count)
        printf("\n");
}

static void print_lines(const struct cli_council *c, const char *title,
                        const struct meeting_line *list, uint32_t count)
{
    if (count)
        printf("%s\n", title);
    for (uint32_t i = 0; i < count; i++) {
        printf("  ");
        meeting_print_name(c, list[i].member);
        printf(": ");
        cli_print_text(stdout, list[i].text, "    ");
        printf("\n");
    }
}

static void print_commitments(const struct cli_council *c, const struct model_meeting *m)
{
    bool any = false;
    for (uint32_t i = 0; i < c->model->commitment_count; i++) {
        const struct model_commitment *it = &c->model->commitments[i];
        if (!meeting_made(c->model, m, it))
            continue;
        if (!any)
            printf("commitments\n");
        any = true;
        printf("  ");
        meeting_print_name(c, it->author);
        printf(": ");
        cli_print_text(stdout, it->text, "    ");
        if (it->measure) {
            printf(" [");
            cli_print_text(stdout, it->measure, "");
            printf("]");
        }
        printf("\n");
    }
}

static void print_queue(struct cli *cli, const struct cli_council *c)
{
    struct queue_place places[COUNCIL_SIZE_MAX];
    struct meeting_week week;
    char seated[64];
    coming_week(c, client_server_now_ms(cli->client), &week);
    uint32_t count = queue_order(c->model, c->council, &week, places);
    printf("queue for the hot seat%s\n", count ? "" : ": nobody");
    for (uint32_t i = 0; i < count; i++) {
        const struct queue_place *p = &places[i];
        printf("  %u. ", i + 1);
        meeting_print_name(c, p->member);
        if (p->reason)
            printf(", %s%s%s", p->reason, p->day ? " on " : "", p->day ? p->day : "");
        cli_time(p->seated, NULL, seated);
        printf(p->seated ? " (last had it on %s)" : " (never had it yet)", seated);
        if (p->why) {
            printf(": ");
            cli_print_text(stdout, p->why, "     ");
        }
        printf("\n");
    }
}

void meeting_print(struct cli *cli, const struct cli_council *c, const struct model_meeting *m)
{
    char when[64], zone[SCHEDULE_ZONE_MAX + 1];
    struct meeting_clock clock;
    if (cli->json) {
        cli_print_json(meeting_json(cli, c, m));
        return;
    }
    meeting_clock(m, client_server_now_ms(cli->client), &clock);
    cli_time(m->opened, coming_zone(cli, c, zone), when);
    printf("Meeting of %s%s, opened %s, %s\n", m->name, m->zero ? " (meeting zero)" : "", when,
           m->open ? "running" : "over");
    print_phases(m, &clock);
    print_people(c, m);
    if (m->open)
        print_queue(cli, c);
    print_lines(c, "minutes", m->minutes, m->minute_count);
    print_commitments(c, m);
    print_lines(c, "one word each", m->words, m->word_count);
}

/* ---- the commands ---- */

/* The one that is named, or runs, or was the last. CLI_OK with `*out`, or an exit code with the reason printed. */
static int choose(struct cli *cli, const struct cli_council *c, const struct model_meeting **out)
{
    const char *word = cli_operand(cli, 0);
    const struct model_meeting *meeting = word ? NULL : meeting_running(c->model);
    if (!word && !meeting)
        meeting = meeting_past(c->model, 0);
    if (word && strcmp(word, "last") == 0)
        meeting = meeting_past(c->model, 0);
    else if (word)
        meeting = meeting_find(c->model, word);
    *out = meeting;
    if (meeting)
        return CLI_OK;
    if (word && strcmp(word, "last") != 0)
        return cli_fail_input(
            cli, "There was no meeting of `%s`; `council meeting list` lists them.", word);
    return cli_fail_words(cli, COUNCIL_E_NO_MEETING,
                          "The council has not met yet; `council meeting open` opens a meeting.");
}

int cli_meeting_show(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    const struct model_meeting *meeting = NULL;
    if (!result)
        result = choose(cli, &c, &meeting);
    if (!result)
        meeting_print(cli, &c, meeting);
    cli_council_fini(&c);
    return result;
}

int cli_meeting_queue(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:o}", "queue", meeting_queue_json(cli, &c)));
    else if (!result)
        print_queue(cli, &c);
    cli_council_fini(&c);
    return result;
}

static void print_line(struct cli *cli, const struct cli_council *c, const struct model_meeting *m)
{
    const uint8_t *leader = meeting_holds(m, MEETING_FACILITATOR);
    uint64_t until = m->open ? client_server_now_ms(cli->client) : m->closed;
    uint64_t minutes = until > m->opened ? (until - m->opened) / 60000 : 0;
    if (cli->json) {
        cli_print_json(meeting_json(cli, c, m));
        return;
    }
    printf("%s  %3llu min  %u there, %u in the hot seat, %u line%s of minutes", m->name,
           (unsigned long long)minutes, m->attendee_count, m->seated_count, m->minute_count,
           m->minute_count == 1 ? "" : "s");
    if (leader) {
        printf(", led by ");
        meeting_print_name(c, leader);
    }
    printf("%s%s\n", m->zero ? " (meeting zero)" : "", m->open ? " (running)" : "");
}

int cli_meeting_list(struct cli *cli)
{
    struct cli_council c;
    uint64_t count;
    if (!cli_option_number(cli, "count", 0, 100000, 20, &count))
        return CLI_USAGE;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    uint32_t have = c.model->meeting_count;
    uint32_t from = count && count < have ? have - (uint32_t)count : 0;
    for (uint32_t i = from; i < have; i++)
        print_line(cli, &c, &c.model->meetings[i]);
    if (!have && !cli->json)
        cli_say(cli, "The council has not met yet.");
    cli_council_fini(&c);
    return CLI_OK;
}
