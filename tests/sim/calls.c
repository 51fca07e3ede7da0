/*
 * calls.c - what a client asks for by name: registering, its list of logs, recovering, reading a council by invite. See client.h.
 *
 * Invariant: whatever was asked is asked again until it is answered; what an answer that was lost had done is found out first.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"

enum {
    LIST_MS = 20000, /* a client asks for its logs so often */
    AGAIN_MS = 2000  /* a person tries again after */
};

/* {"text", "sig"} */
static json_t *entry_json(const struct fixture_entry *entry)
{
    return json_pack("{s:s#, s:s}", "text", entry->text, (int)entry->len, "sig",
                     fixture_sig(entry->sig).text);
}

static void call(struct sim_client *client, enum council_method method, json_t *params,
                 uint32_t flags, uint64_t tag)
{
    if (sync_call(client->sync, method, params, 0, flags, tag)) {
        abort();
    }
    json_decref(params);
}

/* ---- registering, recovering, listing ---- */

static void do_register(struct sim_client *client)
{
    struct fixture_entry entry;
    sim_sign_register(client, &entry);
    call(client, COUNCIL_METHOD_MEMBER_REGISTER, json_pack("{s:o}", "entry", entry_json(&entry)), 0,
         SIM_TAG_REGISTER);
    fixture_entry_fini(&entry);
    client->asked = true;
}

/* In a recovery session: the member log is read, then the new device is put into it. */
static void do_recover(struct sim_client *client)
{
    struct sync_log_view view;
    struct fixture_entry entry;
    if (!sync_log_view(client->sync, client->person->member, &view)) {
        sim_client_add_log(client, client->person->member);
        return;
    }
    if (view.state != SYNC_LOG_LIVE) {
        return;
    }
    if (council_member_device(&view.replica->state.member, client->keys.sign) != NULL) {
        sim_trace(client->sim, "client %u has recovered", client->index);
        client->recovered = true;
        client->life = SIM_READY;
        client->sim->counts->recoveries++;
        sync_login(client->sync, SYNC_LOGIN_DEVICE, client->person->member, client->keys.sign);
        return;
    }
    if (client->recover_sent || client->recover_at > 0) {
        return;
    }
    sim_sign_recover(client, view.replica, &entry);
    call(client, COUNCIL_METHOD_LOG_APPEND, json_pack("{s:o}", "entry", entry_json(&entry)), 0,
         SIM_TAG_RECOVER);
    fixture_entry_fini(&entry);
    client->recover_sent = true;
}

void sim_calls_pump(struct sim_client *client)
{
    enum sync_state state = sync_state(client->sync);
    client->recover_at = client->recover_at <= client->sim->now ? 0 : client->recover_at;
    if (client->life == SIM_REGISTERING && state == SYNC_GREETED && !client->asked) {
        do_register(client);
    } else if (client->life == SIM_RECOVERING && state == SYNC_READY) {
        do_recover(client);
    } else if (client->life == SIM_READY && state == SYNC_READY &&
               (client->list_due || (client->listed && client->sim->now >= client->list_at))) {
        client->listed = client->listed && !client->list_due;
        client->list_due = false;
        client->list_at = client->sim->now + LIST_MS;
        sim_client_add_log(client, client->person->member);
        call(client, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, SIM_TAG_LIST);
    }
}

static void take_list(struct sim_client *client, const json_t *result)
{
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(result, "logs"), index, row)
    {
        const char *type = council_rpc_string(row, "type", 16);
        uint64_t seq = 0;
        if (type != NULL && strcmp(type, "council") == 0 &&
            client->found_count < sizeof client->found / sizeof *client->found &&
            council_rpc_int(row, "seq", 0, COUNCIL_INT_MAX, &seq) &&
            council_rpc_bytes(row, "log", client->found[client->found_count].log,
                              COUNCIL_KEY_BYTES)) {
            client->found[client->found_count++].seq = seq;
        }
    }
    client->listed = true;
}

static void registered(struct sim_client *client, enum council_error error)
{
    client->asked = false;
    if (error == COUNCIL_OK) {
        client->life = SIM_READY;
        client->owns_log = true;
        sync_login(client->sync, SYNC_LOGIN_DEVICE, client->person->member, client->keys.sign);
    } else if (error != COUNCIL_E_NO_NETWORK && error != COUNCIL_E_TIMEOUT) {
        /* One registration a connection: whatever was refused in passing is asked for on another. */
        if (error != COUNCIL_E_STORAGE_FULL && error != COUNCIL_E_RETRY &&
            error != COUNCIL_E_RATE_LIMITED && error != COUNCIL_E_GOING_AWAY &&
            error != COUNCIL_E_LOGIN_EXPIRED && error != COUNCIL_E_INTERNAL &&
            !(error == COUNCIL_E_CLOCK_SKEW && client->sim->plan.clocks)) {
            sim_fail(client->sim, "client %u cannot register: %s", client->index,
                     council_error_name(error));
        }
        client->offline_until = client->sim->now + AGAIN_MS;
    }
}

/* ---- joining ---- */

static void join_end(struct sim_join *join)
{
    sync_replica_fini(&join->replica);
    free(join->facts);
    memset(join, 0, sizeof *join);
}

void sim_joins_end(struct sim_client *client)
{
    for (uint32_t i = 0; i < SIM_COUNCILS; i++) {
        if (client->joins[i].item != 0) {
            join_end(&client->joins[i]);
        }
    }
}

static void read_page(struct sim_client *client, const struct sim_join *join)
{
    const struct council_challenge *challenge = sync_challenge(client->sync);
    uint8_t key[32], secret[64], sig[COUNCIL_SIG_BYTES];
    (void)crypto_sign_seed_keypair(key, secret, join->intent.seed);
    if (challenge == NULL || !council_invite_read_sign(sig, secret, challenge, join->intent.log,
                                                       client->person->member)) {
        abort();
    }
    call(client, COUNCIL_METHOD_LOG_READ,
         json_pack("{s:s, s:I, s:i, s:i, s:{s:s, s:s}}", "log", fixture_key(join->intent.log).text,
                   "after", (json_int_t)join->replica.state.tail.seq, "limit", 16, "texts", 1,
                   "invite", "key", fixture_key(key).text, "sig", fixture_sig(sig).text),
         SYNC_CALL_BOUND, SIM_TAG_JOIN + 16 * join->item);
}

void sim_join_begin(struct sim_client *client, struct sim_item *item)
{
    struct sim_join *join = NULL;
    for (uint32_t i = 0; i < SIM_COUNCILS; i++) {
        struct sim_join *at = &client->joins[i];
        if (at->item == item->item) {
            join_end(at); /* it is read anew */
        }
        join = at->item == 0 ? at : join;
    }
    if (join == NULL) {
        abort(); /* one for each council */
    }
    join->item = item->item;
    join->intent = item->intent;
    join->intent.created = 0;
    sync_replica_init(&join->replica, item->intent.log);
    read_page(client, join);
}

static enum council_error take_entry(struct sim_join *join, const json_t *element)
{
    struct council_tail *tail = &join->replica.state.tail;
    struct council_wire_entry wire;
    struct council_entry entry;
    struct council_fact facts[64];
    uint64_t seqs[64];
    enum council_error error = council_rpc_entry(element, &wire);
    if (error != COUNCIL_OK) {
        return error;
    }
    error = council_entry_parse(&entry, wire.text, wire.len);
    if (error == COUNCIL_OK) {
        uint32_t named = entry.kind == COUNCIL_KIND_ERASE ? sim_named(&entry, seqs) : 0;
        for (uint32_t i = 0; i < named; i++) {
            facts[i] = join->facts[seqs[i] - 1];
            join->facts[seqs[i] - 1].erased = true;
        }
        error = sync_replica_append(&join->replica, &entry, wire.sig, NULL, 0, facts, false);
        join->facts = realloc(join->facts, (join->fact_count + 1) * sizeof *join->facts);
        if (join->facts == NULL) {
            abort();
        }
        struct council_fact *fact = &join->facts[join->fact_count++];
        *fact = (struct council_fact){.post = entry.kind == COUNCIL_KIND_POST};
        memcpy(fact->author, entry.author, COUNCIL_KEY_BYTES);
        council_entry_fini(&entry);
    }
    council_wire_entry_fini(&wire);
    if (error == COUNCIL_OK && tail->seq == join->intent.link_seq &&
        memcmp(tail->head, join->intent.link_head, COUNCIL_HASH_BYTES) != 0) {
        error = COUNCIL_E_HISTORY_CHANGED;
    }
    return error;
}

/* Passing refusals: the item is to be signed once more on the next connection. */
static bool passes(enum council_error error)
{
    return error == COUNCIL_E_NO_NETWORK || error == COUNCIL_E_TIMEOUT;
}

static struct sim_join *join_of(struct sim_client *client, uint64_t item)
{
    for (uint32_t i = 0; i < SIM_COUNCILS; i++) {
        if (client->joins[i].item == item) {
            return &client->joins[i];
        }
    }
    return NULL;
}

static void join_page(struct sim_client *client, uint64_t name, enum council_error error,
                      const json_t *result, const struct council_rpc_failure *failure)
{
    struct sim_join *join = join_of(client, name);
    const json_t *entries = json_object_get(result, "entries");
    uint64_t last = 0;
    if (join == NULL) {
        return;
    }
    struct sim_item *item = sim_item_find(client, name);
    bool later = failure != NULL && sync_outbox_later(client->sync, name, failure);
    if (later || passes(error) || !sim_item_open(item)) {
        join_end(join);
        return;
    }
    if (error == COUNCIL_OK && !council_rpc_int(result, "seq", 0, COUNCIL_INT_MAX, &last)) {
        error = COUNCIL_E_BAD_REPLY;
    }
    for (size_t i = 0; i < json_array_size(entries) && error == COUNCIL_OK; i++) {
        error = take_entry(join, json_array_get(entries, i));
    }
    if (error == COUNCIL_OK && join->replica.state.tail.seq < last) {
        read_page(client, join);
        return;
    }
    struct fixture_entry made;
    if (error == COUNCIL_OK) {
        error = sim_sign(client, &join->intent, &join->replica, &made);
    }
    if (error == COUNCIL_OK) {
        sim_item_sealed(client, item, &made);
    } else {
        sim_item_refuse(client, item, error);
    }
    join_end(join);
}

void sim_call_result(void *ctx, uint64_t tag, enum council_error error, const json_t *result,
                     const struct council_rpc_failure *failure)
{
    struct sim_client *client = ctx;
    if (error != COUNCIL_OK) {
        sim_trace(client->sim, "client %u: call %llu failed: %s", client->index,
                  (unsigned long long)tag, council_error_name(error));
    }
    if (tag == SIM_TAG_LIST && error == COUNCIL_OK) {
        take_list(client, result);
    } else if (tag == SIM_TAG_LIST) {
        client->list_due = true;
    } else if (tag == SIM_TAG_REGISTER) {
        registered(client, error);
    } else if (tag == SIM_TAG_RECOVER) {
        client->recover_sent = error == COUNCIL_OK; /* then its entry is on its way */
        client->recover_at = client->sim->now + AGAIN_MS;
    } else if (tag % 16 == SIM_TAG_JOIN) {
        join_page(client, tag / 16, error, result, failure);
    }
}
