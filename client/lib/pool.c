/*
 * pool.c - the record of the pool in the home, and the calls that a person makes. See pool.h.
 */
#include "client/lib/pool_internal.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/localtime.h"

static const char draft[] = "pool";

/* ---- the record ---- */

static struct pool *pool_of(struct client *client)
{
    if (client->pool == NULL)
        client->pool = calloc(1, sizeof *client->pool);
    return client->pool;
}

bool pool_load(struct client *client)
{
    struct pool *pool = pool_of(client);
    char *text = NULL;
    uint32_t len = 0;

    if (pool == NULL || pool->record != NULL)
        return pool != NULL;
    if (client_draft_get(client, draft, &text, &len) == COUNCIL_OK && text != NULL)
        pool->record = json_loadb(text, len, 0, NULL);
    keyring_free((uint8_t *)text, len);
    if (!json_is_object(pool->record)) {
        json_decref(pool->record);
        pool->record = json_object();
    }
    return pool->record != NULL;
}

enum council_error pool_save(struct client *client)
{
    char *text = json_dumps(client->pool->record, JSON_COMPACT);
    enum council_error error = text == NULL
                                   ? COUNCIL_E_NO_MEMORY
                                   : client_draft_put(client, draft, text, (uint32_t)strlen(text));

    free(text);
    return error;
}

/* Is nobody else in the council that was founded for this? */
static bool founded_alone(struct client *client, const json_t *act)
{
    uint8_t log[COUNCIL_KEY_BYTES];

    if (!json_is_true(json_object_get(act, "founded")) || !pool_act_log(act, log) ||
        !pool_inside(client, log))
        return false;
    const struct council *council = client_council(client, log);
    uint32_t members = 0;
    for (uint32_t i = 0; i < council->person_count; i++)
        members += council->people[i].member;
    return members == 1;
}

/* Acts of proposals that are over are forgotten, but for those whose council is there and whose steps remain. */
static void prune(struct client *client, const json_t *shown)
{
    json_t *record = client->pool->record;
    json_t *acts = json_object_get(record, "acts");
    const json_t *proposals = json_object_get(shown, "proposals");
    const char *key = NULL;
    json_t *act = NULL;
    void *next = NULL;

    json_object_foreach_safe(acts, next, key, act)
    {
        bool there = json_is_true(json_object_get(act, "joining")) &&
                     !json_is_true(json_object_get(act, "over"));
        for (size_t i = 0; i < json_array_size(proposals) && !there; i++) {
            const char *name =
                json_string_value(json_object_get(json_array_get(proposals, i), "proposal"));
            there = name != NULL && strcmp(name, key) == 0;
        }
        if (!there && founded_alone(client, act))
            (void)json_object_set(record, "empty", json_object_get(act, "council"));
        if (!there)
            (void)json_object_del(acts, key);
    }
}

/* Was this member registered, and in nothing that leads out of the pool, when they looked last? */
static bool waited(const json_t *record)
{
    const json_t *seen = json_object_get(record, "seen");
    const json_t *proposals = json_object_get(seen, "proposals");
    bool leads_out = json_object_size(json_object_get(record, "acts")) > 0;

    for (size_t i = 0; i < json_array_size(proposals); i++) {
        const json_t *accepted = json_object_get(json_array_get(proposals, i), "accepted");
        leads_out = leads_out || json_integer_value(accepted) == 1;
    }
    return json_object_get(seen, "person") != NULL && !leads_out;
}

/* Within a transaction: another process may have done something about a proposal meanwhile, which must not be written over. */
static enum council_error take(struct client *client, json_t *shown)
{
    const char *name = json_string_value(json_object_get(json_object_get(shown, "person"), "name"));
    bool asks = name != NULL || json_array_size(json_object_get(shown, "proposals")) > 0 ||
                json_array_size(json_object_get(shown, "refills")) > 0;

    if (client->pool != NULL) {
        json_decref(client->pool->record);
        client->pool->record = NULL;
    }
    if (!pool_load(client))
        return COUNCIL_E_NO_MEMORY;
    json_t *record = client->pool->record;
    bool lost = name == NULL && (waited(record) || json_is_true(json_object_get(record, "lost")));
    prune(client, shown);
    (void)json_object_set_new(record, "lost", json_boolean(lost));
    if (name != NULL)
        (void)json_object_set_new(record, "name", json_string(name));
    (void)json_object_set_new(record, "asks", json_boolean(asks));
    return json_object_set(record, "seen", shown) == 0 ? pool_save(client) : COUNCIL_E_NO_MEMORY;
}

enum council_error pool_take(struct client *client, json_t *shown)
{
    enum council_error error = shown == NULL ? COUNCIL_E_NO_MEMORY : home_begin(&client->home);

    if (error == COUNCIL_OK)
        error = home_end(&client->home, take(client, shown));
    json_decref(shown);
    return client_home_failed(client, error);
}

json_t *pool_act(struct client *client, const json_t *proposal)
{
    json_t *record = client->pool->record;
    const char *name = json_string_value(json_object_get(proposal, "proposal"));
    json_t *acts = json_object_get(record, "acts");

    if (acts == NULL && json_object_set_new(record, "acts", json_object()) == 0)
        acts = json_object_get(record, "acts");
    if (name == NULL || acts == NULL)
        return NULL;
    if (json_object_get(acts, name) == NULL)
        (void)json_object_set_new(acts, name, json_object());
    return json_object_get(acts, name);
}

bool pool_act_log(const json_t *act, uint8_t log[COUNCIL_KEY_BYTES])
{
    return council_rpc_bytes(act, "council", log, COUNCIL_KEY_BYTES);
}

/* ---- what a person says ---- */

static enum council_error ask(struct client *client, enum council_method method, json_t *params,
                              json_t **result, int timeout_ms)
{
    enum council_error error =
        client_ask(client, method, params, result, timeout_ms < 0 ? 0 : (uint32_t)timeout_ms);

    json_decref(params);
    return error;
}

/* Names of employers as the tokens that go over the wire, one after the other; OK and nothing set where there are none. */
static enum council_error put_tokens(struct client *client, json_t *object, const char *key,
                                     const json_t *names)
{
    uint8_t tokens[COUNCIL_POOL_TOKENS_MAX][COUNCIL_POOL_TOKEN_BYTES];
    char chars[COUNCIL_B64_CHARS(sizeof tokens) + 1];
    size_t count = json_array_size(names);
    enum council_error error = COUNCIL_OK;

    if (count > COUNCIL_POOL_TOKENS_MAX)
        return client_fail(client, COUNCIL_E_BAD_INPUT, "at most %d employers of each kind",
                           (int)COUNCIL_POOL_TOKENS_MAX);
    for (size_t i = 0; i < count && error == COUNCIL_OK; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        error = name == NULL ? COUNCIL_E_BAD_INPUT
                             : council_pool_token(tokens[i], name, client->me.server);
        if (error == COUNCIL_E_BAD_INPUT)
            (void)client_fail(client, error, "no name of an employer: %s",
                              name != NULL ? name : "");
    }
    if (error != COUNCIL_OK || count == 0)
        return error;
    council_b64_encode(chars, tokens[0], (uint32_t)(count * COUNCIL_POOL_TOKEN_BYTES));
    return json_object_set_new(object, key, json_string(chars)) == 0 ? COUNCIL_OK
                                                                     : COUNCIL_E_NO_MEMORY;
}

enum council_error client_pool_register(struct client *client, const json_t *person,
                                        uint64_t *since, int timeout_ms)
{
    json_t *result = NULL, *sent = json_deep_copy(person);
    uint64_t at = 0;

    if (sent == NULL)
        return COUNCIL_E_NO_MEMORY;
    (void)json_object_del(sent, "avoid");
    (void)json_object_del(sent, "employers");
    enum council_error error = put_tokens(client, sent, "avoid", json_object_get(person, "avoid"));
    if (error == COUNCIL_OK)
        error = put_tokens(client, sent, "employers", json_object_get(person, "employers"));
    if (error != COUNCIL_OK) {
        json_decref(sent);
        return error;
    }
    error = ask(client, COUNCIL_METHOD_POOL_REGISTER, json_pack("{s:o}", "person", sent), &result,
                timeout_ms);
    if (error == COUNCIL_OK && council_rpc_int(result, "since", 0, COUNCIL_INT_MAX, &at) &&
        since != NULL)
        *since = at;
    json_decref(result);
    return error == COUNCIL_OK ? client_pool_show(client, NULL, timeout_ms) : error;
}

enum council_error client_pool_show(struct client *client, json_t **shown, int timeout_ms)
{
    json_t *result = NULL;
    enum council_error error =
        ask(client, COUNCIL_METHOD_POOL_SHOW, json_object(), &result, timeout_ms);

    if (shown != NULL)
        *shown = NULL;
    if (error != COUNCIL_OK)
        return error;
    if (shown != NULL)
        *shown = json_deep_copy(result);
    error = pool_take(client, result);
    if (error == COUNCIL_OK) {
        client->pool->acting = true;
        client->pool->act_at = 0;
        client->pool->look_at = client_monotonic_ms() + POOL_LOOK_MS;
    }
    if (error != COUNCIL_OK && shown != NULL) {
        json_decref(*shown);
        *shown = NULL;
    }
    return error;
}

enum council_error client_pool_kept(struct client *client, json_t **shown)
{
    *shown = NULL;
    if (!client->keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    if (!pool_load(client))
        return COUNCIL_E_NO_MEMORY;
    json_t *seen = json_object_get(client->pool->record, "seen");
    if (seen == NULL || !json_is_true(json_object_get(client->pool->record, "asks")))
        return COUNCIL_E_NO_ENTRY;
    *shown = json_deep_copy(seen);
    return *shown != NULL ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
}

bool client_pool_lost(struct client *client)
{
    if (!client->keyring->open || !pool_load(client) ||
        !json_is_true(json_object_get(client->pool->record, "lost")))
        return false;
    (void)json_object_set_new(client->pool->record, "lost", json_false());
    return pool_save(client) == COUNCIL_OK;
}

bool client_pool_empty(struct client *client, uint8_t log[COUNCIL_KEY_BYTES])
{
    if (!client->keyring->open || !pool_load(client) ||
        !council_rpc_bytes(client->pool->record, "empty", log, COUNCIL_KEY_BYTES))
        return false;
    (void)json_object_del(client->pool->record, "empty");
    return pool_save(client) == COUNCIL_OK;
}

/* The proposal that this member is in. */
static bool find_own(struct client *client, int timeout_ms, uint8_t out[CLIENT_POOL_ID])
{
    json_t *shown = NULL;
    bool found = false;

    if (client_pool_show(client, &shown, timeout_ms) != COUNCIL_OK)
        return false;
    const json_t *proposals = json_object_get(shown, "proposals");
    for (size_t i = 0; i < json_array_size(proposals) && !found; i++) {
        const json_t *p = json_array_get(proposals, i), *people = json_object_get(p, "people");
        for (size_t k = 0; k < json_array_size(people) && !found; k++) {
            const json_t *seat = json_array_get(people, k);
            found = json_integer_value(json_object_get(seat, "self")) == 1 &&
                    council_rpc_bytes(p, "proposal", out, CLIENT_POOL_ID);
        }
    }
    json_decref(shown);
    return found;
}

enum council_error client_pool_answer(struct client *client, const uint8_t *proposal, bool accept,
                                      int timeout_ms)
{
    uint8_t own[CLIENT_POOL_ID];
    char name[COUNCIL_B64_CHARS(CLIENT_POOL_ID) + 1];

    if (proposal == NULL) {
        if (!find_own(client, timeout_ms, own))
            return COUNCIL_E_NO_PROPOSAL;
        proposal = own;
    }
    council_b64_encode(name, proposal, CLIENT_POOL_ID);
    enum council_error error =
        ask(client, COUNCIL_METHOD_POOL_ANSWER,
            json_pack("{s:s, s:i}", "proposal", name, "accept", accept ? 1 : 0), NULL, timeout_ms);
    return error == COUNCIL_OK ? client_pool_show(client, NULL, timeout_ms) : error;
}

enum council_error client_pool_withdraw(struct client *client, int timeout_ms)
{
    enum council_error error =
        ask(client, COUNCIL_METHOD_POOL_WITHDRAW, json_object(), NULL, timeout_ms);

    if (error == COUNCIL_OK && pool_load(client)) { /* on purpose: not lost */
        (void)json_object_del(client->pool->record, "seen");
        error = pool_save(client);
    }
    return error == COUNCIL_OK ? client_pool_show(client, NULL, timeout_ms) : error;
}

/* ---- a council that is short ---- */

static json_t *slots_of(const struct council_schedule *schedule)
{
    bool fast = false;
    uint32_t days = 0;
    json_t *slots = json_array();
    const char *at = schedule->start;

    if (!council_rule_parse(schedule->rrule, (uint32_t)strlen(schedule->rrule), &fast, &days))
        return slots;
    int minute = (at[11] - '0') * 600 + (at[12] - '0') * 60 + (at[14] - '0') * 10 + (at[15] - '0');
    for (int day = 0; day < 7; day++) {
        if ((days >> day & 1) != 0)
            (void)json_array_append_new(slots,
                                        json_pack("{s:i, s:i}", "day", day, "minute", minute));
    }
    return slots;
}

enum council_error client_pool_refill(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                      const struct client_pool_refill *refill, uint64_t *expires,
                                      int timeout_ms)
{
    const struct council *council = client_council(client, log);
    char name[COUNCIL_KEY_CHARS + 1];
    json_t *result = NULL;
    uint64_t until = 0;

    if (council == NULL)
        return COUNCIL_E_NO_COUNCIL;
    if (council->schedule.seq == 0)
        return COUNCIL_E_NO_SCHEDULE;
    council_b64_encode(name, log, COUNCIL_KEY_BYTES);
    json_t *params =
        json_pack("{s:s, s:i, s:s, s:s, s:s, s:o}", "council", name, "places", (int)refill->places,
                  "pace", council->fast ? "fast" : "slow", "zone", council->schedule.zone,
                  "language", refill->language, "slots", slots_of(&council->schedule));
    if (params == NULL)
        return COUNCIL_E_BAD_INPUT;
    enum council_error error = put_tokens(client, params, "avoid", refill->avoid);
    if (error == COUNCIL_OK)
        error = put_tokens(client, params, "employers", refill->employers);
    if (error != COUNCIL_OK) {
        json_decref(params);
        return error;
    }
    error = ask(client, COUNCIL_METHOD_POOL_REFILL, params, &result, timeout_ms);
    if (error == COUNCIL_OK && council_rpc_int(result, "expires", 0, COUNCIL_INT_MAX, &until) &&
        expires != NULL)
        *expires = until;
    json_decref(result);
    return error == COUNCIL_OK ? client_pool_show(client, NULL, timeout_ms) : error;
}
