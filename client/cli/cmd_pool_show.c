/*
 * cmd_pool_show.c - one's place in the pool, proposals with their times in one's own zone and why, and the answer to one.
 *
 * Must not know how a council comes of it. Invariant: what others wrote (their names) goes to a terminal through cli_print_text alone.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/coming.h"
#include "client/cli/pool.h"
#include "protocol/localtime.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- times ---- */

static void own_zone(const json_t *shown, char out[SCHEDULE_ZONE_MAX + 1])
{
    const char *zone = text_of(json_object_get(shown, "person"), "zone");
    if (*zone && strlen(zone) <= SCHEDULE_ZONE_MAX)
        snprintf(out, SCHEDULE_ZONE_MAX + 1, "%s", zone);
    else if (!coming_own_zone(out))
        snprintf(out, SCHEDULE_ZONE_MAX + 1, "UTC");
}

/* The next time that it is this weekday and this minute there. */
static uint64_t next_at(const json_t *slot, const char *zone)
{
    enum {
        DAY_MS = 86400000
    };
    json_int_t day = number_of(slot, "day"), minute = number_of(slot, "minute");
    uint64_t now = client_now_ms(), at = 0;
    if (day < 0 || day > 6 || minute < 0 || minute > 1439)
        return 0;
    for (int ahead = 0; ahead <= 7; ahead++) {
        char local[SCHEDULE_LOCAL_CHARS + 1];
        if (schedule_to_local(now + (uint64_t)ahead * DAY_MS, zone, local))
            return 0;
        snprintf(local + 10, sizeof local - 10, "T%02d:%02d", (int)minute / 60, (int)minute % 60);
        if (council_local_weekday(local) == (uint32_t)day &&
            schedule_to_utc(local, zone, &at) == COUNCIL_OK && at >= now)
            return at;
    }
    return 0;
}

void pool_slots_text(const json_t *proposal, const char *zone, char *out, size_t size)
{
    const json_t *slots = json_object_get(proposal, "slots");
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(slots); i++) {
        char when[64];
        uint64_t utc_ms = next_at(json_array_get(slots, i), text_of(proposal, "zone"));
        cli_time(utc_ms, zone, when);
        size_t len = strlen(when); /* "Mon 23 Nov 2026 18:00" */
        if (!utc_ms || len < 9)
            continue;
        int n = snprintf(out + at, size - at, "%s%.3s %s", at ? " and " : "", when, when + len - 5);
        at += n > 0 && at + (size_t)n < size ? (size_t)n : 0;
    }
}

/* ---- one line for other commands ---- */

char *pool_line(const json_t *shown)
{
    const json_t *proposals = json_object_get(shown, "proposals");
    char until[64], line[256] = "";
    for (size_t i = 0; i < json_array_size(proposals); i++) {
        const json_t *p = json_array_get(proposals, i);
        bool leads = number_of(p, "leads") == 1, accepted = number_of(p, "accepted") == 1;
        cli_time((uint64_t)number_of(p, "answer_by"), NULL, until);
        if (leads)
            snprintf(line, sizeof line,
                     "You lead a council that is being formed; this program invites the others.");
        else if (!accepted)
            snprintf(line, sizeof line,
                     "A council is proposed to you; answer until %s: `council pool show`.", until);
        else if (!*line)
            snprintf(line, sizeof line,
                     "You accepted a council; it is founded once enough of the others do.");
        if (!leads && !accepted)
            break;
    }
    if (!*line && json_object_get(shown, "person"))
        snprintf(line, sizeof line, "You are in the pool: `council pool show`.");
    return *line ? strdup(line) : NULL;
}

/* ---- showing ---- */

static void print_why(const json_t *proposal)
{
    const json_t *why = json_object_get(proposal, "why");
    for (size_t i = 0; i < json_array_size(why); i++) {
        const json_t *reason = json_array_get(why, i);
        int row = council_pool_find(COUNCIL_POOL_WHY, text_of(reason, "what"));
        const char *sentence = row < 0 ? NULL : council_pool_title(COUNCIL_POOL_WHY, (uint32_t)row);
        const char *at = sentence ? strstr(sentence, "%u") : NULL;
        if (at)
            printf("    %.*s%lld%s\n", (int)(at - sentence), sentence,
                   (long long)number_of(reason, "number"), at + 2);
    }
}

static void print_people(const json_t *proposal)
{
    const json_t *people = json_object_get(proposal, "people");
    for (size_t i = 0; i < json_array_size(people); i++) {
        const json_t *seat = json_array_get(people, i);
        fputs("    ", stdout);
        cli_print_text(stdout, text_of(seat, "name"), "");
        printf("%s%s%s\n", number_of(seat, "self") ? " (you)" : "",
               number_of(seat, "moderates") ? ", would moderate" : "",
               number_of(seat, "accepted") ? ", accepted" : "");
    }
}

static void print_proposal(const json_t *p, const char *zone)
{
    char by[64], slots[128];
    bool founding = strcmp(text_of(p, "state"), "founding") == 0, refill = number_of(p, "refill");
    bool leads = number_of(p, "leads"), accepted = number_of(p, "accepted");
    pool_slots_text(p, zone, slots, sizeof slots);
    cli_time((uint64_t)number_of(p, founding && accepted ? "found_by" : "answer_by"), zone, by);
    printf("\nProposal %.8s: %s\n", text_of(p, "proposal"),
           leads && refill ? "people for your council"
           : refill        ? "a council that is there has a place for you"
                           : "a new council");
    if (*slots)
        printf("  %s, %s, your time (%s)\n", slots,
               strcmp(text_of(p, "pace"), "fast") == 0 ? "every week" : "every second week", zone);
    printf("  Language: %s\n", text_of(p, "language"));
    if (json_array_size(json_object_get(p, "why")))
        puts("  Why:");
    print_why(p);
    puts("  People:");
    print_people(p);
    if (leads)
        printf("  You lead it. Your program founds the council and invites who accepted, by "
               "itself; until %s.\n",
               by);
    else if (!accepted)
        printf("  Answer until %s: `council pool accept` or `council pool decline`.\n", by);
    else if (founding)
        printf("  It is being founded; your program joins by itself. Until %s.\n", by);
    else
        puts("  You accepted. It is founded once enough of the others do.");
}

/* Servers count no further than that. */
static const char *or_more(const json_t *shown, const char *key)
{
    return number_of(shown, key) >= COUNCIL_POOL_COUNTED_MAX ? " or more" : "";
}

static void print_person(const json_t *shown, const char *zone)
{
    const json_t *person = json_object_get(shown, "person");
    uint8_t bits[COUNCIL_POOL_HOURS_BYTES] = {0};
    char since[64], expires[64];
    const char *chars = text_of(person, "hours");
    int row = council_pool_find(COUNCIL_POOL_MISS, text_of(shown, "missing"));
    cli_time((uint64_t)number_of(shown, "since"), zone, since);
    cli_time((uint64_t)number_of(shown, "expires"), zone, expires);
    printf("In the pool since %s as ", since);
    cli_print_text(stdout, text_of(person, "name"), "");
    printf(": %s, %s, %s, %s, %s; languages %s%s.\n", text_of(person, "pace"),
           text_of(person, "function"), text_of(person, "level"), text_of(person, "industry"),
           text_of(person, "zone"), text_of(person, "languages"),
           number_of(person, "moderate") ? "; would moderate" : "");
    printf("%lld%s of this pace wait, %lld%s of them longer than you. Deleted on %s unless you "
           "register again.\n",
           (long long)number_of(shown, "alike"), or_more(shown, "alike"),
           (long long)number_of(shown, "ahead"), or_more(shown, "ahead"), expires);
    if (council_b64_decode(bits, sizeof bits, chars, (uint32_t)strlen(chars)))
        pool_hours_print(stdout, bits, "  ");
    if (row >= 0)
        printf("No group yet: %s\n", council_pool_title(COUNCIL_POOL_MISS, (uint32_t)row));
    if ((uint64_t)number_of(shown, "rests") > client_now_ms()) {
        cli_time((uint64_t)number_of(shown, "rests"), zone, since);
        printf("Nothing is proposed to you before %s.\n", since);
    }
}

static int show(struct cli *cli, json_t *shown)
{
    char zone[SCHEDULE_ZONE_MAX + 1];
    const json_t *proposals = json_object_get(shown, "proposals"),
                 *refills = json_object_get(shown, "refills");
    if (cli->json) {
        /* What is sealed to this device is for this device alone. */
        for (size_t i = 0; i < json_array_size(proposals); i++)
            json_object_del(json_array_get(proposals, i), "box");
        cli_print_json(shown);
        return CLI_OK;
    }
    own_zone(shown, zone);
    if (json_object_get(shown, "person"))
        print_person(shown, zone);
    else
        puts("You are not in the pool: `council pool register`.");
    for (size_t i = 0; i < json_array_size(proposals); i++)
        print_proposal(json_array_get(proposals, i), zone);
    for (size_t i = 0; i < json_array_size(refills); i++) {
        const json_t *refill = json_array_get(refills, i);
        printf("\nYour council %.8s asks for %lld more.\n", text_of(refill, "council"),
               (long long)number_of(refill, "places"));
    }
    json_decref(shown);
    return CLI_OK;
}

int cli_pool_show(struct cli *cli)
{
    json_t *shown = NULL;
    enum council_error error = cli->offline
                                   ? client_pool_kept(cli->client, &shown)
                                   : client_pool_show(cli->client, &shown, cli->timeout_ms);
    if (error == COUNCIL_E_NO_NETWORK || error == COUNCIL_E_TIMEOUT)
        error = client_pool_kept(cli->client, &shown); /* said so by prepare() */
    return error ? cli_fail(cli, error) : show(cli, shown);
}

/* ---- answers ---- */

static int say(struct cli *cli, bool accept)
{
    uint8_t id[CLIENT_POOL_ID];
    const char *given = cli_operand(cli, 0);
    json_t *shown = NULL;
    bool named = false;
    if (given) { /* the start of its name */
        enum council_error error = client_pool_show(cli->client, &shown, cli->timeout_ms);
        const json_t *proposals = json_object_get(shown, "proposals");
        for (size_t i = 0; !error && i < json_array_size(proposals) && !named; i++) {
            const char *name = text_of(json_array_get(proposals, i), "proposal");
            named = strlen(given) >= 4 && strncmp(name, given, strlen(given)) == 0 &&
                    council_b64_decode(id, sizeof id, name, (uint32_t)strlen(name));
        }
        json_decref(shown);
        if (error || !named)
            return cli_fail(cli, error ? error : COUNCIL_E_NO_PROPOSAL);
    }
    enum council_error error =
        client_pool_answer(cli->client, named ? id : NULL, accept, cli->timeout_ms);
    if (error)
        return cli_fail(cli, error);
    if (cli->json)
        cli_print_json(json_pack("{s:b}", "accepted", accept));
    else
        puts(accept ? "Accepted. Once enough of the others do, the council is founded and this "
                      "home joins it by itself, with any command that goes online."
                    : "Declined. You wait on, with the time you have waited already.");
    return CLI_OK;
}

int cli_pool_accept(struct cli *cli)
{
    return say(cli, true);
}

int cli_pool_decline(struct cli *cli)
{
    return say(cli, false);
}
