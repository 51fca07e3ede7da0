/*
 * join.c - joining by link: the council's texts are read with the invite key and folded, then the join is made and signed.
 *
 * Nothing read here is stored: once the server has the join, the log is subscribed to like any other and every entry is checked again. Must not know how
 * an item is sent. Invariant: a log that does not contain the link's head at its place is not joined.
 */
#include "client/lib/facts.h"
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 512
};

struct joining {
    struct joining *next;
    uint64_t item, at;
    struct council_link link;
    uint8_t invite[crypto_sign_PUBLICKEYBYTES], invite_secret[crypto_sign_SECRETKEYBYTES];
    struct sync_replica replica;
    struct facts facts;
};

static void destroy(struct joining *join)
{
    sync_replica_fini(&join->replica);
    facts_fini(&join->facts);
    sodium_memzero(join, sizeof *join);
    free(join);
}

void join_end_all(struct client *client)
{
    while (client->joins != NULL) {
        struct joining *join = client->joins;

        client->joins = join->next;
        destroy(join);
    }
}

static void end(struct client *client, struct joining *join)
{
    for (struct joining **at = &client->joins; *at != NULL; at = &(*at)->next) {
        if (*at == join) {
            *at = join->next;
            destroy(join);
            return;
        }
    }
}

static void give_up(struct client *client, struct joining *join, enum council_error error)
{
    outbox_refuse(client, join->item, join->link.council, error);
    end(client, join);
}

/* ---- making the entry ---- */

static enum council_error make_body(struct client *client, const struct joining *join, char **body,
                                    uint32_t *len)
{
    const struct council *council = &join->replica.state.council;
    const struct council_person *self = council_person(council, client->me.member);
    uint8_t seed[COUNCIL_SEED_BYTES];
    struct chain chain;
    enum council_error error = chain_read(client, self == NULL ? 0 : self->pin.seq, &chain);

    randombytes_buf(seed, sizeof seed);
    if (error == COUNCIL_OK)
        error = council_body_join(council, &chain.pin, chain.links, chain.count,
                                  join->invite_secret, seed, body, len);
    sodium_memzero(seed, sizeof seed);
    chain_fini(&chain);
    return error;
}

static enum council_error check(const struct joining *join, const struct signed_entry *made)
{
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, made->text, made->len);

    if (error != COUNCIL_OK)
        return error;
    error = council_log_check(&join->replica.state, &entry, made->sig, NULL, 0, NULL);
    council_entry_fini(&entry);
    return error;
}

static enum council_error make_entry(struct client *client, const struct joining *join,
                                     struct signed_entry *out)
{
    uint8_t id[COUNCIL_ID_BYTES];
    char *body = NULL;
    uint32_t len = 0;
    enum council_error error = make_body(client, join, &body, &len);

    randombytes_buf(id, sizeof id);
    if (error == COUNCIL_OK) {
        const struct council_draft draft = {
            .kind = COUNCIL_KIND_MEMBER_JOIN,
            .at = join->at,
            .author = client->me.member,
            .device = client->me.device,
            .id = id,
            .log = join->link.council,
            .seen_seq = join->replica.state.tail.seq,
            .seen_head = join->replica.state.tail.head,
            .body = body,
            .body_len = len,
        };

        error = council_entry_sign(&draft, client->keyring->device.sign, &out->text, &out->len,
                                   out->sig);
    }
    if (error == COUNCIL_OK)
        error = check(join, out);
    free(body);
    return error;
}

static void finish(struct client *client, struct joining *join)
{
    struct signed_entry made = {0};
    enum council_error error = COUNCIL_OK;

    if (join->replica.state.tail.seq < join->link.seq ||
        join->replica.state.type != COUNCIL_LOG_IS_COUNCIL)
        error = client_fail(client, COUNCIL_E_HISTORY_CHANGED,
                            "the council does not contain what the link names");
    if (error == COUNCIL_OK)
        error = make_entry(client, join, &made);
    if (error == COUNCIL_OK) {
        outbox_give(client, join->item, &made);
        end(client, join);
    } else {
        give_up(client, join, error);
    }
    signed_entry_fini(&made);
}

/* ---- reading the council ---- */

static enum council_error take_entry(struct client *client, struct joining *join,
                                     const json_t *element)
{
    struct council_fact facts[FACTS_NAMED_MAX];
    struct council_wire_entry wire;
    struct council_entry entry;
    const struct council_tail *tail = &join->replica.state.tail;
    enum council_error error = council_rpc_entry(element, &wire);

    if (error != COUNCIL_OK)
        return COUNCIL_E_BAD_REPLY;
    error = wire.seq == tail->seq + 1 ? council_entry_parse(&entry, wire.text, wire.len)
                                      : COUNCIL_E_BAD_REPLY;
    if (error == COUNCIL_OK) {
        facts_named(&join->facts, &entry, facts);
        error = sync_replica_append(&join->replica, &entry, wire.sig, NULL, 0, facts, false);
        if (error == COUNCIL_OK)
            error = facts_add(&join->facts, &entry);
        council_entry_fini(&entry);
    }
    council_wire_entry_fini(&wire);
    if (error == COUNCIL_OK && tail->seq == join->link.seq &&
        memcmp(tail->head, join->link.head, COUNCIL_HASH_BYTES) != 0)
        error = client_fail(client, COUNCIL_E_HISTORY_CHANGED,
                            "the server shows another history than the link names");
    return error;
}

static void read_page(struct client *client, struct joining *join);

static void on_page(struct client *client, void *ctx, enum council_error error,
                    const json_t *result, const struct council_rpc_failure *failure)
{
    struct joining *join = ctx;
    const json_t *entries = json_object_get(result, "entries");
    uint64_t last = 0;

    if (error == COUNCIL_E_NO_NETWORK) {
        end(client, join); /* asked again on the next connection */
        return;
    }
    if (failure != NULL && sync_outbox_later(client->sync, join->item, failure)) {
        end(client, join); /* asked again after a while */
        return;
    }
    if (error == COUNCIL_OK && !council_rpc_int(result, "seq", 0, COUNCIL_INT_MAX, &last))
        error = COUNCIL_E_BAD_REPLY;
    for (size_t i = 0; i < json_array_size(entries) && error == COUNCIL_OK; i++)
        error = take_entry(client, join, json_array_get(entries, i));
    if (error == COUNCIL_OK && json_array_size(entries) == 0 && join->replica.state.tail.seq < last)
        error = COUNCIL_E_BAD_REPLY;
    if (error != COUNCIL_OK)
        give_up(client, join, error);
    else if (join->replica.state.tail.seq < last)
        read_page(client, join);
    else
        finish(client, join);
}

static json_t *page_params(struct client *client, const struct joining *join)
{
    char log[COUNCIL_KEY_CHARS + 1];
    char key[COUNCIL_KEY_CHARS + 1];
    char chars[COUNCIL_SIG_CHARS + 1];
    uint8_t sig[COUNCIL_SIG_BYTES];
    const struct council_challenge *challenge = sync_challenge(client->sync);

    if (challenge == NULL || !council_invite_read_sign(sig, join->invite_secret, challenge,
                                                       join->link.council, client->me.member))
        return NULL;
    council_b64_encode(log, join->link.council, COUNCIL_KEY_BYTES);
    council_b64_encode(key, join->invite, sizeof join->invite);
    council_b64_encode(chars, sig, sizeof sig);
    return json_pack("{s:s, s:I, s:i, s:i, s:{s:s, s:s}}", "log", log, "after",
                     (json_int_t)join->replica.state.tail.seq, "limit", PAGE, "texts", 1, "invite",
                     "key", key, "sig", chars);
}

static void read_page(struct client *client, struct joining *join)
{
    json_t *params = page_params(client, join);
    enum council_error error = params == NULL ? COUNCIL_E_NO_MEMORY
                                              : client_call(client, COUNCIL_METHOD_LOG_READ, params,
                                                            SYNC_CALL_BOUND, on_page, join);

    json_decref(params);
    if (error != COUNCIL_OK)
        give_up(client, join, error);
}

void join_sign(struct client *client, const struct outbox_row *row)
{
    json_t *intent = NULL;
    struct joining *join = calloc(1, sizeof *join);
    enum council_error error =
        join == NULL ? COUNCIL_E_NO_MEMORY : outbox_intent(client, row, &intent);
    const char *link = json_string_value(json_object_get(intent, "link"));

    if (error == COUNCIL_OK)
        error = link == NULL ? COUNCIL_E_HOME_DAMAGED
                             : council_link_decode(&join->link, link, (uint32_t)strlen(link));
    if (error == COUNCIL_OK) {
        join->item = row->item;
        join->at = client_now_ms();
        (void)crypto_sign_seed_keypair(join->invite, join->invite_secret, join->link.invite_seed);
        sync_replica_init(&join->replica, join->link.council);
        join->next = client->joins;
        client->joins = join;
        read_page(client, join);
    } else {
        free(join);
        outbox_refuse(client, row->item, row->log, error);
    }
    json_decref(intent);
}

/* ---- the call ---- */

/* A join of this log that is on its way already: 0 for none. A second one would be refused, and be told of as if nobody had joined. */
static uint64_t on_its_way(const struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        if (client->items[i].direct && memcmp(client->items[i].log, log, COUNCIL_KEY_BYTES) == 0)
            return client->items[i].item;
    }
    return 0;
}

/* The replica has the join: for somebody who returns, it held the council up to their leaving before. */
static bool joined(struct client *client, void *ctx)
{
    const uint8_t *log = ctx;
    const struct council *council = client_council(client, log);
    const struct council_person *self =
        council == NULL ? NULL : council_person(council, client->me.member);
    struct sync_log_view view;

    return sync_log_view(client->sync, log, &view) &&
           (view.state == SYNC_LOG_STOPPED ||
            (view.state == SYNC_LOG_LIVE && self != NULL && self->member));
}

static enum council_error may_join(struct client *client, const struct council_link *link)
{
    const struct council *council = client_council(client, link->council);
    const struct council_person *self =
        council == NULL ? NULL : council_person(council, client->me.member);

    if (client->me.server_known &&
        memcmp(link->server, client->me.server, COUNCIL_KEY_BYTES) != 0 &&
        !offered_key_leads(client, link->server))
        return client_fail(client, COUNCIL_E_WRONG_SERVER, "the link is for %s", link->url);
    return self != NULL && self->member ? COUNCIL_E_ALREADY_MEMBER : COUNCIL_OK;
}

enum council_error client_join(struct client *client, const char *link,
                               uint8_t log[COUNCIL_KEY_BYTES], int timeout_ms)
{
    struct council_link decoded;
    json_t *intent = NULL;
    enum council_error error = council_link_decode(&decoded, link, (uint32_t)strlen(link));

    if (error != COUNCIL_OK)
        return error;
    memcpy(log, decoded.council, COUNCIL_KEY_BYTES);
    error = client->sync == NULL ? COUNCIL_E_NO_HOME : may_join(client, &decoded);
    sodium_memzero(&decoded, sizeof decoded);
    uint64_t item = on_its_way(client, log);

    if (error == COUNCIL_OK && item == 0) {
        intent = json_pack("{s:s}", "link", link);
        error = intent == NULL
                    ? COUNCIL_E_BAD_LINK
                    : client_submit(client, log, COUNCIL_KIND_MEMBER_JOIN, intent, &item);
        json_decref(intent);
    }
    if (error != COUNCIL_OK)
        return error;
    error = client_wait(client, item, timeout_ms);
    if (error == COUNCIL_OK)
        error = client_run(client, joined, log, (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms));
    else if (error != COUNCIL_E_NO_NETWORK && error != COUNCIL_E_TIMEOUT &&
             error != COUNCIL_E_RECOVERING)
        (void)!client_item_drop(
            client, item); /* told now; in the list of what failed it would be told again */
    return error;
}
