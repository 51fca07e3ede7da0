/*
 * pool_join.c - from a box in a proposal to a member of the council: open it, join by its link, say who one is.
 *
 * Must not know how an entry is sent. Invariant: the intent to join and the note that it was made are one transaction of the home, so that an invite of
 * one use is used once.
 */
#include "client/lib/pool_internal.h"

#include <sodium.h>
#include <string.h>

bool pool_inside(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct council *council = client_council(client, log);
    const struct council_person *self =
        council == NULL ? NULL : council_person(council, client->me.member);

    return self != NULL && self->member;
}

bool pool_writable(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct council *council = client_council(client, log);
    struct sync_log_view view;

    return pool_inside(client, log) && council->epoch > 0 && !council->rotation_due &&
           sync_log_view(client->sync, log, &view) && view.state == SYNC_LOG_LIVE;
}

bool pool_post(struct client *client, json_t *act, const uint8_t *log, const char *type,
               const char *name, const char *flag)
{
    uint64_t item = 0;
    json_t *intent = json_pack("{s:{s:s, s:s}}", "content", "type", type, "name", name);
    bool good = intent != NULL &&
                client_submit(client, log, COUNCIL_KIND_POST, intent, &item) == COUNCIL_OK;

    json_decref(intent);
    if (good) {
        (void)json_object_set_new(act, flag, json_true());
        good = pool_save(client) == COUNCIL_OK;
    }
    if (!good)
        client->pool->act_at = client_monotonic_ms() + POOL_RETRY_MS;
    return good;
}

/* What will never do: not tried again. */
static bool give_up(struct client *client, json_t *act)
{
    (void)json_object_set_new(act, "joining", json_true());
    (void)json_object_set_new(act, "over", json_true());
    (void)!pool_save(client);
    return true;
}

static enum council_error open_box(struct client *client, const json_t *proposal,
                                   char link[COUNCIL_LINK_MAX], struct council_link *decoded)
{
    uint8_t box[COUNCIL_POOL_BOX_BYTES], council[COUNCIL_KEY_BYTES];
    enum council_error error =
        council_rpc_bytes(proposal, "box", box, sizeof box)
            ? council_pool_open(link, box, sizeof box, client->keyring->device.box)
            : COUNCIL_E_BAD_BOX;

    if (error == COUNCIL_OK)
        error = council_link_decode(decoded, link, (uint32_t)strlen(link));
    /* An invite of this server, wherever the link says that it is: the connection stands. */
    if (error == COUNCIL_OK && memcmp(decoded->server, client->me.server, COUNCIL_KEY_BYTES) != 0 &&
        !offered_key_leads(client, decoded->server))
        error = COUNCIL_E_WRONG_SERVER;
    /* ... and to the council that everybody was told of, wherever whoever leads would rather have this member. */
    if (error == COUNCIL_OK && (!council_rpc_bytes(proposal, "council", council, sizeof council) ||
                                memcmp(decoded->council, council, sizeof council) != 0))
        error = COUNCIL_E_BAD_BOX;
    return error;
}

static enum council_error put_join(struct client *client, json_t *act, const char *link,
                                   const uint8_t log[COUNCIL_KEY_BYTES], uint64_t *item)
{
    char name[COUNCIL_KEY_CHARS + 1];
    json_t *intent = json_pack("{s:s}", "link", link);
    enum council_error error = intent == NULL ? COUNCIL_E_NO_MEMORY : home_begin(&client->home);

    council_b64_encode(name, log, COUNCIL_KEY_BYTES);
    if (error == COUNCIL_OK) {
        error = outbox_put(client, log, COUNCIL_KIND_MEMBER_JOIN, true, intent, NULL, item);
        (void)json_object_set_new(act, "joining", json_true());
        (void)json_object_set_new(act, "council", json_string(name));
        (void)json_object_set_new(act, "item", json_integer((json_int_t)*item));
        if (error == COUNCIL_OK)
            error = pool_save(client);
        error = home_end(&client->home, error);
        if (error != COUNCIL_OK)
            (void)json_object_clear(act);
    }
    json_decref(intent);
    return error;
}

static bool begin(struct client *client, const json_t *proposal, json_t *act)
{
    char link[COUNCIL_LINK_MAX];
    struct council_link decoded;
    uint64_t item = 0;
    enum council_error error = open_box(client, proposal, link, &decoded);

    if (error != COUNCIL_OK)
        return give_up(client, act);
    if (!pool_inside(client, decoded.council))
        error = put_join(client, act, link, decoded.council, &item);
    else
        error = COUNCIL_E_ALREADY_MEMBER;
    sodium_memzero(link, sizeof link);
    sodium_memzero(&decoded, sizeof decoded);
    if (error == COUNCIL_E_ALREADY_MEMBER) {
        client->pool->look = true; /* the server takes this member out when asked */
        return give_up(client, act);
    }
    if (error == COUNCIL_OK)
        error = outbox_load(client, item - 1);
    if (error != COUNCIL_OK)
        client->pool->act_at = client_monotonic_ms() + POOL_RETRY_MS;
    return true;
}

bool pool_join(struct client *client, const json_t *proposal)
{
    json_t *act = pool_act(client, proposal);
    uint8_t log[COUNCIL_KEY_BYTES];
    struct client_item item;
    const char *name = json_string_value(json_object_get(client->pool->record, "name"));

    if (act == NULL || json_is_true(json_object_get(act, "over")))
        return false;
    if (!json_is_true(json_object_get(act, "joining")))
        return begin(client, proposal, act);
    uint64_t number = (uint64_t)json_integer_value(json_object_get(act, "item"));
    if (client_item(client, number, &item) == COUNCIL_OK && item.state == CLIENT_ITEM_FAILED) {
        (void)!client_item_drop(client, number); /* what became of it pool.show says */
        return give_up(client, act);
    }
    if (!pool_act_log(act, log))
        return give_up(client, act);
    if (!pool_writable(client, log))
        return true; /* on its way */
    if (name != NULL && !pool_post(client, act, log, "profile", name, "named"))
        return true;
    client->pool->look = true;
    return give_up(client, act);
}
