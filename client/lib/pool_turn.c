/*
 * pool_turn.c - when a client looks at the pool and goes on with what it has to do there.
 *
 * Owns the times. Must not know what a step does. Invariants: one call at a time; nothing is done by a process that does not hold this home's duties; a home that has
 * nothing to do with the pool asks the server nothing.
 */
#include "client/lib/pool_internal.h"

#include <stdlib.h>
#include <string.h>

void pool_notice(struct client *client)
{
    /* Also in a home that another device of this member registered. */
    if (client->keyring->open && pool_load(client))
        client->pool->look = true;
}

void pool_changed(struct client *client)
{
    struct pool *pool = client->pool;

    if (pool == NULL || pool->called)
        return;
    json_decref(pool->record);
    pool->record = NULL;
    pool->acting = true;
}

static void stop_reading(struct pool *pool)
{
    if (pool->reading)
        sync_replica_fini(&pool->person);
    pool->reading = false;
}

void pool_offline(struct client *client)
{
    struct pool *pool = client->pool;

    if (pool == NULL)
        return;
    stop_reading(pool);
    pool->called = false;
    pool->look_at = 0;
}

void pool_end(struct client *client)
{
    if (client->pool == NULL)
        return;
    stop_reading(client->pool);
    json_decref(client->pool->record);
    free(client->pool);
    client->pool = NULL;
}

void pool_begin(struct client *client)
{
    if (client->me.state != IDENTITY_READY || !client->keyring->open || !pool_load(client))
        return;
    struct pool *pool = client->pool;
    if (json_is_true(json_object_get(pool->record, "asks")) &&
        client_monotonic_ms() >= pool->look_at)
        pool->look = true;
    if (json_object_size(json_object_get(pool->record, "acts")) > 0)
        pool->acting = true;
}

bool pool_busy(const struct client *client)
{
    const struct pool *pool = client->pool;

    return pool != NULL && (pool->called || pool->look || pool->acting);
}

/* ---- looking ---- */

static void on_shown(struct client *client, void *ctx, enum council_error error,
                     const json_t *result, const struct council_rpc_failure *failure)
{
    struct pool *pool = client->pool;
    uint64_t now = client_monotonic_ms();

    (void)ctx;
    (void)failure;
    pool->called = false;
    pool->look = false;
    pool->look_at = now + (error == COUNCIL_OK ? POOL_LOOK_MS : POOL_RETRY_MS);
    if (error != COUNCIL_OK)
        return;
    if (pool_take(client, json_deep_copy(result)) != COUNCIL_OK)
        pool->look_at = now + POOL_RETRY_MS;
    pool->acting = true;
    pool->act_at = 0;
    if (client->events.pool != NULL)
        client->events.pool(client->events.ctx, result);
}

static void look(struct client *client, uint64_t now)
{
    struct pool *pool = client->pool;
    json_t *params = json_object();

    pool->called = client_call(client, COUNCIL_METHOD_POOL_SHOW, params, SYNC_CALL_BOUND, on_shown,
                               NULL) == COUNCIL_OK;
    if (!pool->called)
        pool->look_at = now + POOL_RETRY_MS;
    json_decref(params);
}

/* ---- going on ---- */

/* A council whose invite was used, after the server has forgotten the proposal: what remains is to say who one is. */
static bool finish_joined(struct client *client)
{
    json_t *acts = json_object_get(client->pool->record, "acts");
    const char *key = NULL;
    json_t *act = NULL;

    json_object_foreach(acts, key, act)
    {
        json_t *proposal = json_pack("{s:s}", "proposal", key);
        bool did = json_is_true(json_object_get(act, "joining")) &&
                   !json_is_true(json_object_get(act, "over")) && pool_join(client, proposal);

        json_decref(proposal);
        if (did)
            return true;
    }
    return false;
}

static bool act(struct client *client)
{
    json_t *record = client->pool->record;
    const json_t *proposals = json_object_get(json_object_get(record, "seen"), "proposals");

    for (size_t i = 0; i < json_array_size(proposals); i++) {
        const json_t *proposal = json_array_get(proposals, i);

        if (json_integer_value(json_object_get(proposal, "leads")) == 1) {
            if (pool_found(client, proposal))
                return true;
        } else if (json_object_get(proposal, "box") != NULL && pool_join(client, proposal)) {
            return true;
        }
    }
    return finish_joined(client);
}

void pool_turn(struct client *client, uint64_t now)
{
    if (client->moving != NULL || client->me.state != IDENTITY_READY || !client->holds_duties ||
        !client->keyring->open || sync_state(client->sync) != SYNC_READY)
        return;
    if ((client->pool == NULL || client->pool->record == NULL) && !pool_load(client))
        return;
    struct pool *pool = client->pool;
    if (pool->called)
        return;
    bool asks = json_is_true(json_object_get(pool->record, "asks"));
    if (pool->look || (asks && now >= pool->look_at)) {
        look(client, now);
        return;
    }
    if (!asks && json_object_size(json_object_get(pool->record, "acts")) == 0)
        pool->acting = false;
    else if (now >= pool->act_at)
        pool->acting = act(client);
}
