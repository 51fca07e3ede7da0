/*
 * pool_found.c - what whoever leads a proposal does: found the council, say when it meets, and leave an invite of one use for each who accepted.
 *
 * Owns the order of these steps. Must not know how an entry is sent. Invariants: the council and the note of it are one transaction of the home; an invite is in the log
 * before its link is sealed; a link is sealed to devices of a member log that was verified here, never to a key that the server named.
 */
#include "client/lib/pool_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/localtime.h"

enum {
    FIRST_DAYS = 2 /* between the founding and the first meeting, at least */
};

static const char *const day_codes[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static bool retry(struct client *client)
{
    client->pool->act_at = client_monotonic_ms() + POOL_RETRY_MS;
    return true;
}

static bool slot(const json_t *proposal, size_t index, uint64_t *day, uint64_t *minute)
{
    const json_t *one = json_array_get(json_object_get(proposal, "slots"), index);

    return council_rpc_int(one, "day", 0, 6, day) &&
           council_rpc_int(one, "minute", 0, 1439, minute);
}

/* ---- the council ---- */

static bool begin(struct client *client, const json_t *proposal, json_t *act)
{
    const char *pace = json_string_value(json_object_get(proposal, "pace"));
    char name[COUNCIL_KEY_CHARS + 1];
    struct client_item made;
    uint64_t item = 0;
    json_t *intent = json_pack("{s:s, s:s, s:i, s:s}", "type", "council", "pace", pace, "size", 8,
                               "history", "all");
    enum council_error error = intent == NULL ? COUNCIL_E_NO_MEMORY : home_begin(&client->home);

    if (error == COUNCIL_OK) {
        error = submit_genesis(client, intent, &item);
        if (error == COUNCIL_OK)
            error = client_item(client, item, &made);
        if (error == COUNCIL_OK) {
            council_b64_encode(name, made.log, COUNCIL_KEY_BYTES);
            (void)json_object_set_new(act, "council", json_string(name));
            (void)json_object_set_new(act, "founded", json_true());
            error = pool_save(client);
        }
        error = home_end(&client->home, error);
    }
    json_decref(intent);
    if (error == COUNCIL_OK)
        return outbox_load(client, item > 2 ? item - 2 : 0) == COUNCIL_OK || retry(client);
    (void)json_object_clear(act);
    return retry(client);
}

/* The first date with that weekday that leaves everybody time to join. */
static bool first_date(uint64_t day, uint64_t minute, char out[COUNCIL_LOCAL_CHARS + 1])
{
    for (int ahead = FIRST_DAYS; ahead < FIRST_DAYS + 7; ahead++) {
        time_t at = (time_t)(client_now_ms() / 1000) + (time_t)ahead * 86400;
        struct tm date;
        if (gmtime_r(&at, &date) == NULL || strftime(out, 11, "%Y-%m-%d", &date) != 10)
            return false;
        (void)snprintf(out + 10, 7, "T%02u:%02u", (unsigned)(minute / 60) % 24,
                       (unsigned)(minute % 60));
        if (council_local_weekday(out) == day)
            return true;
    }
    return false;
}

static json_t *schedule_of(const json_t *proposal)
{
    char start[COUNCIL_LOCAL_CHARS + 1], rule[COUNCIL_RULE_MAX + 1];
    uint64_t day = 0, minute = 0, other = 0, same = 0;
    bool two = json_array_size(json_object_get(proposal, "slots")) == 2;

    if (!slot(proposal, 0, &day, &minute) || (two && !slot(proposal, 1, &other, &same)) ||
        !first_date(day, minute, start))
        return NULL;
    if (two)
        (void)snprintf(rule, sizeof rule, "FREQ=WEEKLY;BYDAY=%s,%s",
                       day_codes[day < other ? day : other], day_codes[day < other ? other : day]);
    else
        (void)snprintf(rule, sizeof rule, "FREQ=WEEKLY;INTERVAL=2;BYDAY=%s", day_codes[day]);
    return json_pack("{s:i, s:s, s:s, s:s}", "minutes", 60, "rrule", rule, "start", start, "zone",
                     json_string_value(json_object_get(proposal, "zone")));
}

static bool set_schedule(struct client *client, const json_t *proposal, json_t *act,
                         const uint8_t log[COUNCIL_KEY_BYTES])
{
    json_t *intent = schedule_of(proposal);
    uint64_t item = 0;
    bool good = intent != NULL &&
                client_submit(client, log, COUNCIL_KIND_SCHEDULE_SET, intent, &item) == COUNCIL_OK;

    json_decref(intent);
    (void)json_object_set_new(act, "scheduled", json_true());
    return (good && pool_save(client) == COUNCIL_OK) || retry(client);
}

static void title_of(const json_t *proposal, char *out, size_t size)
{
    uint64_t day = 0, minute = 0, other = 0, same = 0;

    if (!slot(proposal, 0, &day, &minute))
        (void)snprintf(out, size, "Council");
    else if (slot(proposal, 1, &other, &same))
        (void)snprintf(out, size, "%s and %s %02u:%02u", day_names[day], day_names[other],
                       (unsigned)(minute / 60) % 24, (unsigned)(minute % 60));
    else
        (void)snprintf(out, size, "%s %02u:%02u", day_names[day], (unsigned)(minute / 60) % 24,
                       (unsigned)(minute % 60));
}

/* Name, schedule, and who one is: once, in a council that was just founded. True while it goes on. */
static bool furnish(struct client *client, const json_t *proposal, json_t *act,
                    const uint8_t log[COUNCIL_KEY_BYTES])
{
    char title[64];
    const char *name = json_string_value(json_object_get(client->pool->record, "name"));

    if (!json_is_true(json_object_get(act, "titled"))) {
        title_of(proposal, title, sizeof title);
        return pool_post(client, act, log, "title", title, "titled") || true;
    }
    if (!json_is_true(json_object_get(act, "scheduled")))
        return set_schedule(client, proposal, act, log);
    if (name != NULL && !json_is_true(json_object_get(act, "named")))
        return pool_post(client, act, log, "profile", name, "named") || true;
    return false;
}

/* ---- invites ---- */

static json_t *invites_of(json_t *act)
{
    if (json_object_get(act, "invites") == NULL)
        (void)json_object_set_new(act, "invites", json_object());
    return json_object_get(act, "invites");
}

static bool open_invite(struct client *client, const json_t *proposal, json_t *act,
                        const uint8_t log[COUNCIL_KEY_BYTES], const char *member)
{
    uint64_t until = 0, item = 0;
    char *link = NULL, name[COUNCIL_KEY_CHARS + 1];
    struct council_link decoded;
    uint8_t key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];

    if (!council_rpc_int(proposal, "found_by", 0, COUNCIL_INT_MAX, &until))
        return false;
    enum council_error error = client_invite(client, log, 1, until, &link, &item);
    if (error == COUNCIL_OK)
        error = council_link_decode(&decoded, link, (uint32_t)strlen(link));
    if (error == COUNCIL_OK) {
        (void)crypto_sign_seed_keypair(key, secret, decoded.invite_seed);
        council_b64_encode(name, key, sizeof key);
        (void)json_object_set_new(invites_of(act), member,
                                  json_pack("{s:s, s:I}", "key", name, "item", (json_int_t)item));
        error = pool_save(client);
    }
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(&decoded, sizeof decoded);
    if (link != NULL)
        sodium_memzero(link, strlen(link));
    free(link);
    return error == COUNCIL_OK || retry(client);
}

/* The next who accepted and has no box yet. True while there is one. */
static bool invite_next(struct client *client, const json_t *proposal, json_t *act,
                        const uint8_t log[COUNCIL_KEY_BYTES])
{
    const json_t *people = json_object_get(proposal, "people");

    for (size_t i = 0; i < json_array_size(people); i++) {
        const json_t *seat = json_array_get(people, i);
        const char *member = json_string_value(json_object_get(seat, "member"));
        uint8_t key[COUNCIL_KEY_BYTES];

        if (member == NULL || json_integer_value(json_object_get(seat, "invited")) != 0)
            continue;
        const json_t *invite = json_object_get(invites_of(act), member);
        if (invite == NULL)
            return open_invite(client, proposal, act, log, member);
        const struct council *council = client_council(client, log);
        if (!council_rpc_bytes(invite, "key", key, sizeof key) || council == NULL)
            return false;
        if (council_invite(council, key) != NULL)
            return pool_invite(client, proposal, seat);
        /* Not in the log yet; one that was refused is made anew. */
        struct client_item item;
        uint64_t number = (uint64_t)json_integer_value(json_object_get(invite, "item"));
        if (client_item(client, number, &item) == COUNCIL_OK && item.state == CLIENT_ITEM_FAILED) {
            (void)!client_item_drop(client, number);
            (void)json_object_del(invites_of(act), member);
            (void)!pool_save(client);
            return retry(client);
        }
        return true;
    }
    return false;
}

bool pool_found(struct client *client, const json_t *proposal)
{
    json_t *act = pool_act(client, proposal);
    bool refill = json_integer_value(json_object_get(proposal, "refill")) == 1;
    uint8_t log[COUNCIL_KEY_BYTES];

    if (act == NULL)
        return false;
    if (json_object_get(act, "council") == NULL && json_object_get(proposal, "council") != NULL)
        (void)json_object_set(act, "council", json_object_get(proposal, "council"));
    if (json_object_get(act, "council") == NULL)
        return !refill && begin(client, proposal, act);
    if (!pool_act_log(act, log))
        return false;
    if (!pool_writable(client, log))
        return !refill || pool_inside(client, log);
    if (!refill && furnish(client, proposal, act, log))
        return true;
    return invite_next(client, proposal, act, log);
}
