/*
 * presence.c - being in a room: entering it on every connection, hearing who comes and goes, saying things until they are ended.
 *
 * Must not know how a signal is sealed. Invariant: `here` is true only on a connection on which the server has answered presence.join; nobody is around
 * otherwise.
 */
#include "client/lib/presence_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void fill_log(const uint8_t log[COUNCIL_KEY_BYTES], json_t **params)
{
    char text[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(text, log, COUNCIL_KEY_BYTES);
    *params = json_pack("{s:s}", "log", text);
}

/* ---- entering and leaving ---- */

enum council_error client_presence_join(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct council *council = client_council(client, log);

    if (council == NULL || council->journal)
        return COUNCIL_E_NO_COUNCIL;
    if (client->presence != NULL && memcmp(client->presence->log, log, COUNCIL_KEY_BYTES) == 0)
        return COUNCIL_OK;
    struct presence *presence = calloc(1, sizeof *presence);

    if (presence == NULL)
        return COUNCIL_E_NO_MEMORY;
    client_presence_leave(client);
    memcpy(presence->log, log, COUNCIL_KEY_BYTES);
    presence->question = ++client->last_question << 8;
    client->presence = presence;
    return COUNCIL_OK;
}

static void on_left(struct client *client, void *ctx, enum council_error error,
                    const json_t *result, const struct council_rpc_failure *failure)
{
    (void)client;
    (void)ctx;
    (void)error;
    (void)result;
    (void)failure;
}

void client_presence_leave(struct client *client)
{
    struct presence *presence = client->presence;
    json_t *params = NULL;

    client->presence = NULL;
    if (presence == NULL)
        return;
    if (client->sync != NULL && (presence->here || presence->asked)) {
        fill_log(presence->log, &params);
        /* Where it cannot be sent the connection is as good as over, and the server finds that out. */
        (void)!client_call(client, COUNCIL_METHOD_PRESENCE_LEAVE, params, SYNC_CALL_BOUND, on_left,
                           NULL);
        json_decref(params);
    }
    sodium_memzero(presence, sizeof *presence);
    free(presence);
}

void presence_offline(struct client *client)
{
    struct presence *presence = client->presence;

    if (presence == NULL || (!presence->here && !presence->asked))
        return;
    presence->here = presence->asked = false;
    presence->telling = 0;
    presence->question++;
    presence->ask_at = 0;
    presence->changes++;
    here_empty(&presence->around);
}

static bool read_present(const json_t *row, uint8_t member[COUNCIL_KEY_BYTES],
                         uint8_t device[COUNCIL_KEY_BYTES])
{
    return council_rpc_bytes(row, "member", member, COUNCIL_KEY_BYTES) &&
           council_rpc_bytes(row, "device", device, COUNCIL_KEY_BYTES);
}

static void say_again(struct presence *presence)
{
    for (uint32_t type = 0; type < MODEL_SIGNAL_COUNT; type++)
        presence->own[type].due |= presence->own[type].value != 0;
}

static void on_joined(struct client *client, void *ctx, enum council_error error,
                      const json_t *result, const struct council_rpc_failure *failure)
{
    struct presence *presence = client->presence;
    size_t index = 0;
    json_t *row = NULL;

    (void)failure;
    if (presence == NULL || presence->question != (uint64_t)(uintptr_t)ctx || !presence->asked)
        return;
    presence->asked = false;
    if (error != COUNCIL_OK) {
        presence->ask_at = client_monotonic_ms() + PRESENCE_RETRY_MS;
        return;
    }
    presence->here = true;
    presence->changes++;
    here_empty(&presence->around);
    json_array_foreach(json_object_get(result, "present"), index, row)
    {
        uint8_t member[COUNCIL_KEY_BYTES];
        uint8_t device[COUNCIL_KEY_BYTES];

        if (read_present(row, member, device))
            (void)here_come(&presence->around, member, device);
    }
    say_again(presence);
}

static void enter(struct client *client, struct presence *presence, uint64_t now)
{
    json_t *params = NULL;

    fill_log(presence->log, &params);
    if (params != NULL &&
        client_call(client, COUNCIL_METHOD_PRESENCE_JOIN, params, SYNC_CALL_BOUND, on_joined,
                    (void *)(uintptr_t)presence->question) == COUNCIL_OK)
        presence->asked = true;
    else
        presence->ask_at = now + PRESENCE_RETRY_MS;
    json_decref(params);
}

/* ---- who is here ---- */

bool client_presence_here(const struct client *client)
{
    return client->presence != NULL && client->presence->here;
}

uint64_t client_presence_changes(const struct client *client)
{
    return client->presence == NULL ? 0 : client->presence->changes;
}

/* Only members: what the server says of anybody else is not believed. */
static uint32_t members_only(const struct council *council, struct here_person *people,
                             uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; council != NULL && i < count; i++) {
        const struct council_person *person = council_person(council, people[i].member);

        if (person != NULL && person->member)
            people[kept++] = people[i];
    }
    return kept;
}

uint32_t client_presence_people(struct client *client, struct here_person out[HERE_PEOPLE_MAX])
{
    const struct presence *presence = client->presence;
    uint32_t count = 0;

    if (presence == NULL)
        return 0;
    count = here_people(&presence->around, client_server_now_ms(client), out);
    return members_only(client_council(client, presence->log), out, count);
}

static void someone(struct presence *presence, const json_t *params)
{
    uint8_t room[COUNCIL_KEY_BYTES];
    uint8_t member[COUNCIL_KEY_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    uint64_t present = 0;

    if (!council_rpc_bytes(params, "log", room, sizeof room) ||
        memcmp(room, presence->log, sizeof room) != 0 || !read_present(params, member, device) ||
        !council_rpc_int(params, "present", 0, 1, &present))
        return;
    if (present == 0) {
        presence->changes += here_go(&presence->around, member, device);
        return;
    }
    presence->changes += here_come(&presence->around, member, device);
    say_again(presence); /* also to a device that is here by another connection already */
}

void presence_notice(void *ctx, enum council_notification kind, const json_t *params)
{
    struct client *client = ctx;
    struct presence *presence = client->presence;
    struct presence_heard heard;

    if (presence == NULL || !presence->here)
        return;
    if (kind == COUNCIL_NOTIFICATION_PRESENCE) {
        someone(presence, params);
    } else if (kind == COUNCIL_NOTIFICATION_SIGNAL) {
        /* What cannot be opened or believed is a hint less: there is nobody to be told of it. */
        if (presence_open(client, presence->log, params, &heard) == COUNCIL_OK)
            presence->changes += here_signal(&presence->around, heard.member, heard.device,
                                             &heard.signal, client_server_now_ms(client));
    }
}

/* ---- saying something ---- */

enum council_error client_presence_say(struct client *client, enum model_signal_type type,
                                       uint64_t value)
{
    struct presence *presence = client->presence;
    uint64_t now = client_monotonic_ms();

    if (presence == NULL || (unsigned)type >= MODEL_SIGNAL_COUNT)
        return COUNCIL_E_BAD_INPUT;
    struct presence_own *own = &presence->own[type];

    own->due |= own->value != value || (model_signal_lasts_ms(type) != 0 && value != 0 &&
                                        now >= own->sent_at + PRESENCE_REPEAT_MS);
    own->value = value;
    own->said_at = now;
    return COUNCIL_OK;
}

static void on_told(struct client *client, void *ctx, enum council_error error,
                    const json_t *result, const struct council_rpc_failure *failure)
{
    struct presence *presence = client->presence;

    (void)error;
    (void)result;
    (void)failure;
    if (presence != NULL && presence->question == (uint64_t)(uintptr_t)ctx && presence->telling)
        presence->telling--;
}

bool client_presence_told(const struct client *client)
{
    const struct presence *presence = client->presence;
    bool told = presence == NULL || presence->telling == 0;

    for (uint32_t type = 0; presence != NULL && type < MODEL_SIGNAL_COUNT; type++)
        told = told && !presence->own[type].due;
    return told;
}

static void send_own(struct client *client, struct presence *presence, enum model_signal_type type)
{
    struct model_signal signal = {
        .type = type, .value = presence->own[type].value, .at = client_server_now_ms(client)};
    json_t *params = NULL;

    if (signal.at <= presence->last_at)
        signal.at = presence->last_at + 1; /* or the others would take it for a repetition */
    presence->last_at = signal.at;
    if (presence_seal(client, presence->log, &signal, &params) != COUNCIL_OK)
        return;
    if (client_call(client, COUNCIL_METHOD_PRESENCE_SIGNAL, params, SYNC_CALL_BOUND, on_told,
                    (void *)(uintptr_t)presence->question) == COUNCIL_OK)
        presence->telling++;
    json_decref(params);
    /* The server tells the others alone. */
    presence->changes +=
        here_signal(&presence->around, client->me.member, client->me.device, &signal, signal.at);
}

void presence_turn(struct client *client)
{
    struct presence *presence = client->presence;
    uint64_t now = client_monotonic_ms();

    if (presence == NULL || client->sync == NULL || sync_state(client->sync) != SYNC_READY)
        return;
    if (!presence->here && !presence->asked && now >= presence->ask_at)
        enter(client, presence, now);
    for (uint32_t type = 0; presence->here && type < MODEL_SIGNAL_COUNT; type++) {
        struct presence_own *own = &presence->own[type];
        uint64_t lasts = model_signal_lasts_ms((enum model_signal_type)type);

        if (lasts != 0 && own->value != 0 && now >= own->said_at + lasts)
            own->value = 0; /* it has ended with the others by itself */
        if (!own->due || (own->sent_at != 0 && now < own->sent_at + PRESENCE_GAP_MS))
            continue;
        own->due = false;
        own->sent_at = now;
        send_own(client, presence, (enum model_signal_type)type);
    }
}

/* ---- a look from outside ---- */

static enum council_error look(struct client *client, const json_t *params, struct here *around,
                               uint32_t timeout_ms)
{
    json_t *result = NULL;
    size_t index = 0;
    json_t *row = NULL;
    enum council_error error =
        client_ask(client, COUNCIL_METHOD_PRESENCE_JOIN, params, &result, timeout_ms);

    if (error != COUNCIL_OK)
        return error;
    json_array_foreach(json_object_get(result, "present"), index, row)
    {
        uint8_t member[COUNCIL_KEY_BYTES];
        uint8_t device[COUNCIL_KEY_BYTES];

        if (read_present(row, member, device))
            (void)here_come(around, member, device);
    }
    json_decref(result);
    return client_ask(client, COUNCIL_METHOD_PRESENCE_LEAVE, params, NULL, timeout_ms);
}

enum council_error client_presence_look(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                        struct here_person out[HERE_PEOPLE_MAX], uint32_t *count,
                                        uint32_t timeout_ms)
{
    const struct council *council = client_council(client, log);
    struct here *around = NULL;
    json_t *params = NULL;

    *count = 0;
    if (client_presence_here(client) &&
        memcmp(client->presence->log, log, COUNCIL_KEY_BYTES) == 0) {
        *count = client_presence_people(client, out); /* it stays: leaving would take it out */
        return COUNCIL_OK;
    }
    around = calloc(1, sizeof *around);
    fill_log(log, &params);
    enum council_error error = around == NULL || params == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    if (error == COUNCIL_OK && (council == NULL || council->journal))
        error = COUNCIL_E_NO_COUNCIL;
    if (error == COUNCIL_OK) {
        client_connect(client);
        error = look(client, params, around, timeout_ms);
    }
    if (error == COUNCIL_OK) {
        *count = here_people(around, 0, out);
        *count = members_only(client_council(client, log), out, *count);
    }
    json_decref(params);
    free(around);
    return error;
}
