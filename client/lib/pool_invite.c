/*
 * pool_invite.c - a member's log read and verified from its first entry, and the invite's link sealed to each of its devices.
 *
 * Nothing that is read here is stored. Must not know who founds what. Invariant: the log's name is the hash of its first entry, so a server can withhold entries of it (a device
 * that was revoked just now) but never add a device.
 */
#include "client/lib/pool_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 512
};

static void over(struct client *client, bool good)
{
    struct pool *pool = client->pool;

    if (pool->reading)
        sync_replica_fini(&pool->person);
    pool->reading = false;
    pool->called = false;
    pool->look = good; /* the server says who has a box now */
    if (!good)
        pool->act_at = client_monotonic_ms() + POOL_RETRY_MS;
}

static void on_invited(struct client *client, void *ctx, enum council_error error,
                       const json_t *result, const struct council_rpc_failure *failure)
{
    (void)ctx;
    (void)result;
    (void)failure;
    over(client, error == COUNCIL_OK || error == COUNCIL_E_NO_PROPOSAL);
}

/* {"device", "box"} for each device of the member who was read. */
static json_t *boxes_of(struct client *client, const char *link)
{
    const struct council_member *member = &client->pool->person.state.member;
    json_t *boxes = json_array();

    for (uint32_t i = 0; i < member->device_count; i++) {
        uint8_t box[COUNCIL_POOL_BOX_BYTES], seed[COUNCIL_SEED_BYTES];
        char device[COUNCIL_KEY_CHARS + 1], chars[COUNCIL_B64_CHARS(COUNCIL_POOL_BOX_BYTES) + 1];

        randombytes_buf(seed, sizeof seed);
        bool good = council_pool_box(box, link, member->devices[i].box, seed);
        sodium_memzero(seed, sizeof seed);
        if (!good)
            continue;
        council_b64_encode(device, member->devices[i].sign, COUNCIL_KEY_BYTES);
        council_b64_encode(chars, box, sizeof box);
        (void)json_array_append_new(boxes, json_pack("{s:s, s:s}", "device", device, "box", chars));
    }
    return boxes;
}

static char *link_of(struct client *client)
{
    struct pool *pool = client->pool;
    char proposal[COUNCIL_B64_CHARS(CLIENT_POOL_ID) + 1], member[COUNCIL_KEY_CHARS + 1];
    uint8_t key[COUNCIL_KEY_BYTES];

    council_b64_encode(proposal, pool->proposal, CLIENT_POOL_ID);
    council_b64_encode(member, pool->member, COUNCIL_KEY_BYTES);
    const json_t *act = json_object_get(json_object_get(pool->record, "acts"), proposal);
    const json_t *invite = json_object_get(json_object_get(act, "invites"), member);

    return council_rpc_bytes(invite, "key", key, sizeof key)
               ? client_invite_link(client, pool->council, key)
               : NULL;
}

static void send_boxes(struct client *client)
{
    struct pool *pool = client->pool;
    char proposal[COUNCIL_B64_CHARS(CLIENT_POOL_ID) + 1], member[COUNCIL_KEY_CHARS + 1],
        council[COUNCIL_KEY_CHARS + 1];
    char *link = link_of(client);
    json_t *params = NULL;

    council_b64_encode(proposal, pool->proposal, CLIENT_POOL_ID);
    council_b64_encode(member, pool->member, COUNCIL_KEY_BYTES);
    council_b64_encode(council, pool->council, COUNCIL_KEY_BYTES);
    if (link != NULL)
        params = json_pack("{s:s, s:s, s:s, s:o}", "proposal", proposal, "member", member,
                           "council", council, "boxes", boxes_of(client, link));
    enum council_error error = params == NULL
                                   ? COUNCIL_E_NO_MEMORY
                                   : client_call(client, COUNCIL_METHOD_POOL_INVITE, params,
                                                 SYNC_CALL_BOUND, on_invited, NULL);
    json_decref(params);
    if (link != NULL)
        sodium_memzero(link, strlen(link));
    free(link);
    if (error != COUNCIL_OK)
        over(client, false);
}

/* ---- the member's log ---- */

static enum council_error take_entry(struct sync_replica *replica, const json_t *element)
{
    struct council_wire_entry wire;
    struct council_entry entry;
    enum council_error error = council_rpc_entry(element, &wire);

    if (error != COUNCIL_OK)
        return error;
    error = wire.seq == replica->state.tail.seq + 1
                ? council_entry_parse(&entry, wire.text, wire.len)
                : COUNCIL_E_BAD_REPLY;
    if (error == COUNCIL_OK) {
        error = sync_replica_append(replica, &entry, wire.sig, NULL, 0, NULL, false);
        council_entry_fini(&entry);
    }
    council_wire_entry_fini(&wire);
    return error;
}

static bool read_page(struct client *client);

static void on_page(struct client *client, void *ctx, enum council_error error,
                    const json_t *result, const struct council_rpc_failure *failure)
{
    struct pool *pool = client->pool;
    const json_t *entries = json_object_get(result, "entries");
    uint64_t last = 0;

    (void)ctx;
    (void)failure;
    if (error == COUNCIL_OK && !council_rpc_int(result, "seq", 1, COUNCIL_INT_MAX, &last))
        error = COUNCIL_E_BAD_REPLY;
    for (size_t i = 0; i < json_array_size(entries) && error == COUNCIL_OK; i++)
        error = take_entry(&pool->person, json_array_get(entries, i));
    uint64_t seq = pool->person.state.tail.seq;
    if (error == COUNCIL_OK && seq < last && json_array_size(entries) == 0)
        error = COUNCIL_E_BAD_REPLY;
    if (error != COUNCIL_OK || pool->person.state.type != COUNCIL_LOG_IS_MEMBER ||
        (seq < last && !read_page(client)))
        over(client, false);
    else if (seq >= last)
        send_boxes(client);
}

static bool read_page(struct client *client)
{
    struct pool *pool = client->pool;
    char log[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(log, pool->member, COUNCIL_KEY_BYTES);
    json_t *params = json_pack("{s:s, s:I, s:i}", "log", log, "after",
                               (json_int_t)pool->person.state.tail.seq, "limit", PAGE);
    bool asked = params != NULL && client_call(client, COUNCIL_METHOD_LOG_READ, params,
                                               SYNC_CALL_BOUND, on_page, NULL) == COUNCIL_OK;

    json_decref(params);
    return asked;
}

bool pool_invite(struct client *client, const json_t *proposal, const json_t *seat)
{
    struct pool *pool = client->pool;

    if (!council_rpc_bytes(proposal, "proposal", pool->proposal, CLIENT_POOL_ID) ||
        !council_rpc_bytes(seat, "member", pool->member, COUNCIL_KEY_BYTES) ||
        !pool_act_log(pool_act(client, proposal), pool->council))
        return false;
    sync_replica_init(&pool->person, pool->member);
    pool->reading = pool->called = true;
    if (!read_page(client))
        over(client, false);
    return true;
}
