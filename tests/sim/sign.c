/*
 * sign.c - from what somebody wants to the exact bytes that are sent, a function for each kind. See client.h.
 *
 * Must not judge: the log is asked, as a real client asks it, and what it says is returned.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"

enum {
    CHAIN_MAX = 64,
    STALE_AFTER_MS = 23 * 3600 * 1000
};

/* What is being built. */
struct making {
    struct sim_client *client;
    const struct sim_intent *intent;
    const struct sync_replica *replica;
    uint8_t id[COUNCIL_ID_BYTES], seed[COUNCIL_SEED_BYTES], hash[COUNCIL_HASH_BYTES];
    struct fixture_body body;
    uint8_t *data;
    uint32_t data_len;
    uint64_t epoch;
};

typedef enum council_error build_fn(struct making *m);

static const struct council *council_of(const struct making *m)
{
    return &m->replica->state.council;
}

/* ---- own member log as a chain ---- */

static uint32_t chain_read(const struct sim_client *client, uint64_t after,
                           struct council_link_entry links[CHAIN_MAX], struct council_member *pin)
{
    const struct sim_log *log = sim_home_log(client, client->person->member);
    uint32_t count = 0;
    council_member_init(pin);
    for (uint32_t i = 0; log != NULL && i < log->count && count < CHAIN_MAX; i++) {
        const struct sim_row *row = &log->rows[i];
        struct council_entry entry;
        if (council_entry_parse(&entry, row->text, row->len) ||
            council_member_append(pin, &entry, row->sig)) {
            abort();
        }
        council_entry_fini(&entry);
        if (i >= after) {
            links[count++] = (struct council_link_entry){row->text, row->len, row->sig};
        }
    }
    return count;
}

/* ---- bodies ---- */

static enum council_error build_create(struct making *m)
{
    struct council_link_entry links[CHAIN_MAX];
    struct council_member pin;
    uint32_t count = chain_read(m->client, 0, links, &pin);
    enum council_error error = council_body_create(false, true, m->client->sim->plan.history_all, 8,
                                                   links, count, &m->body.text, &m->body.len);
    council_member_fini(&pin);
    return error;
}

static enum council_error build_rotate(struct making *m)
{
    return council_body_rotate(council_of(m), m->seed, &m->body.text, &m->body.len);
}

static enum council_error build_remove(struct making *m)
{
    return council_body_remove(council_of(m), m->intent->who, m->seed, &m->body.text, &m->body.len);
}

static enum council_error build_devices(struct making *m)
{
    const struct council_person *self = council_person(council_of(m), m->client->person->member);
    struct council_link_entry links[CHAIN_MAX];
    struct council_member pin;
    if (self == NULL) {
        return COUNCIL_E_NOT_MEMBER;
    }
    uint32_t count = chain_read(m->client, self->pin.seq, links, &pin);
    enum council_error error = council_body_devices(council_of(m), &pin, links, count, m->seed,
                                                    &m->body.text, &m->body.len);
    council_member_fini(&pin);
    return error;
}

static enum council_error build_join(struct making *m)
{
    const struct council_person *self = council_person(council_of(m), m->client->person->member);
    struct council_link_entry links[CHAIN_MAX];
    struct council_member pin;
    uint8_t key[32], secret[64];
    (void)crypto_sign_seed_keypair(key, secret, m->intent->seed);
    uint32_t count = chain_read(m->client, self != NULL ? self->pin.seq : 0, links, &pin);
    enum council_error error = council_body_join(council_of(m), &pin, links, count, secret, m->seed,
                                                 &m->body.text, &m->body.len);
    council_member_fini(&pin);
    return error;
}

static enum council_error build_history(struct making *m)
{
    const struct sim_log *log = sim_home_log(m->client, m->intent->log);
    uint64_t from = m->intent->from, to = m->intent->to;
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    for (uint64_t epoch = from; epoch <= to; epoch++) {
        if (log == NULL || !log->epochs[epoch].has_seed) {
            return COUNCIL_E_NO_KEY;
        }
        memcpy(seeds[epoch - from], log->epochs[epoch].seed, COUNCIL_SEED_BYTES);
    }
    return council_body_history(council_of(m), m->intent->who, from, to,
                                (const uint8_t(*)[COUNCIL_SEED_BYTES])seeds, &m->body.text,
                                &m->body.len);
}

static enum council_error build_post(struct making *m)
{
    const struct sim_client *client = m->client;
    const struct sim_log *log = sim_home_log(client, m->intent->log);
    m->epoch = council_of(m)->epoch;
    if (log == NULL || !log->epochs[m->epoch].has_seed) {
        return COUNCIL_E_NO_KEY;
    }
    uint8_t nonce[24];
    const struct council_seal_place place = {.log = m->intent->log,
                                             .author = client->person->member,
                                             .device = client->keys.sign,
                                             .id = m->id,
                                             .kind = "post",
                                             .epoch = m->epoch};
    /* Every eighth is long, so that queues fill. */
    struct fixture_body plain = fixture_body("{\"n\":%llu,\"type\":\"note\",\"x\":\"%*s\"}",
                                             (unsigned long long)m->intent->number,
                                             m->intent->number % 8 == 0 ? 3000 : 1, "");
    fixture_random_bytes(&client->sim->random, nonce, sizeof nonce);
    enum council_error error = council_seal(&place, log->epochs[m->epoch].seed, nonce, plain.text,
                                            plain.len, &m->data, &m->data_len);
    free(plain.text);
    if (error == COUNCIL_OK) {
        council_hash(m->hash, m->data, m->data_len);
    }
    return error;
}

static enum council_error build_erase(struct making *m)
{
    m->body = fixture_body("{\"posts\":[%llu]}", (unsigned long long)m->intent->number);
    return COUNCIL_OK;
}

static enum council_error build_invite(struct making *m)
{
    uint8_t key[32], secret[64];
    (void)crypto_sign_seed_keypair(key, secret, m->intent->seed);
    m->body = fixture_body(
        "{\"expires\":%llu,\"invite\":\"%s\",\"uses\":%llu}",
        (unsigned long long)sim_clock_now(m->client->sim, &m->client->clock) + 604800000ULL,
        fixture_key(key).text, (unsigned long long)(m->intent->number > 0 ? m->intent->number : 1));
    return COUNCIL_OK;
}

static enum council_error build_close(struct making *m)
{
    m->body = fixture_body("{\"invite\":\"%s\"}", fixture_key(m->intent->who).text);
    return COUNCIL_OK;
}

static enum council_error build_role(struct making *m)
{
    m->body = fixture_body("{\"member\":\"%s\",\"role\":\"%s\"}", fixture_key(m->intent->who).text,
                           m->intent->number != 0 ? "moderator" : "member");
    return COUNCIL_OK;
}

static enum council_error build_vote(struct making *m)
{
    m->body = fixture_body("{\"member\":\"%s\"}", fixture_key(m->intent->who).text);
    return COUNCIL_OK;
}

static enum council_error build_nothing(struct making *m)
{
    m->body = fixture_body("{}");
    return COUNCIL_OK;
}

static enum council_error build_add(struct making *m)
{
    const struct sim_person *person = m->client->person;
    const struct council_secrets *secrets = sim_keys(person->index, (uint32_t)m->intent->number);
    struct council_device keys;
    uint8_t accept[COUNCIL_SIG_BYTES];
    council_secrets_public(secrets, &keys);
    if (!council_device_accept(accept, person->member, secrets)) {
        abort();
    }
    return council_body_device_add(&keys, accept, &m->body.text, &m->body.len);
}

static enum council_error build_revoke(struct making *m)
{
    return council_body_device_revoke(m->intent->who, &m->body.text, &m->body.len);
}

static build_fn *const builders[COUNCIL_KIND_COUNT] = {
    [COUNCIL_KIND_COUNCIL_CREATE] = build_create,
    [COUNCIL_KIND_KEY_ROTATE] = build_rotate,
    [COUNCIL_KIND_MEMBER_REMOVE] = build_remove,
    [COUNCIL_KIND_MEMBER_DEVICES] = build_devices,
    [COUNCIL_KIND_MEMBER_JOIN] = build_join,
    [COUNCIL_KIND_KEY_HISTORY] = build_history,
    [COUNCIL_KIND_POST] = build_post,
    [COUNCIL_KIND_ERASE] = build_erase,
    [COUNCIL_KIND_INVITE_OPEN] = build_invite,
    [COUNCIL_KIND_INVITE_CLOSE] = build_close,
    [COUNCIL_KIND_MEMBER_ROLE] = build_role,
    [COUNCIL_KIND_VOTE] = build_vote,
    [COUNCIL_KIND_MEMBER_LEAVE] = build_nothing,
    [COUNCIL_KIND_DEVICE_ADD] = build_add,
    [COUNCIL_KIND_DEVICE_REVOKE] = build_revoke,
};

/* ---- the entry ---- */

/* When it was written, unless that is too long ago for a server. */
static uint64_t time_of(const struct sim_client *client, uint64_t created)
{
    uint64_t now = sim_clock_now(client->sim, &client->clock);
    return created <= now && now - created < STALE_AFTER_MS ? created : now;
}

static enum council_error check(const struct making *m, const struct fixture_entry *made)
{
    struct council_entry entry;
    struct council_fact facts[64];
    uint64_t seqs[64];
    struct council_log empty;
    council_log_init(&empty);
    enum council_error error = council_entry_parse(&entry, made->text, made->len);
    if (error == COUNCIL_OK) {
        if (entry.kind == COUNCIL_KIND_ERASE) {
            error = sim_home_facts(m->client, entry.log, seqs, sim_named(&entry, seqs), facts);
        }
        if (error == COUNCIL_OK) {
            error = council_log_check(m->replica != NULL ? &m->replica->state : &empty, &entry,
                                      made->sig, made->data, made->data_len, facts);
        }
        council_entry_fini(&entry);
    }
    council_log_fini(&empty);
    return error;
}

enum council_error sim_sign(struct sim_client *client, const struct sim_intent *intent,
                            const struct sync_replica *replica, struct fixture_entry *out)
{
    struct making m = {.client = client, .intent = intent, .replica = replica};
    bool genesis = council_kind_has(intent->kind, COUNCIL_FLAG_GENESIS);
    memset(out, 0, sizeof *out);
    if (builders[intent->kind] == NULL || (!genesis && replica == NULL)) {
        return COUNCIL_E_BAD_INPUT;
    }
    fixture_random_bytes(&client->sim->random, m.id, sizeof m.id);
    fixture_random_bytes(&client->sim->random, m.seed, sizeof m.seed);
    enum council_error error = builders[intent->kind](&m);
    if (error == COUNCIL_OK) {
        const struct council_tail *tail = genesis ? NULL : &replica->state.tail;
        struct council_draft draft = {.kind = intent->kind,
                                      .at = time_of(client, intent->created),
                                      .author = client->person->member,
                                      .device = client->keys.sign,
                                      .id = m.id,
                                      .log = genesis ? NULL : intent->log,
                                      .seen_seq = genesis ? 0 : tail->seq,
                                      .seen_head = genesis ? NULL : tail->head,
                                      .epoch = m.epoch,
                                      .data_hash = m.data != NULL ? m.hash : NULL};
        error = fixture_sign(out, &draft, m.body, client->secrets.sign);
    }
    if (error != COUNCIL_OK) {
        free(m.data);
        return error;
    }
    out->data = m.data;
    out->data_len = m.data_len;
    error = check(&m, out);
    if (error != COUNCIL_OK) {
        fixture_entry_fini(out);
    }
    return error;
}

/* ---- the two that are not items of an outbox ---- */

void sim_sign_register(struct sim_client *client, struct fixture_entry *out)
{
    uint8_t id[COUNCIL_ID_BYTES] = {(uint8_t)client->person->index, 1};
    struct fixture_body body;
    struct council_draft draft = {.kind = COUNCIL_KIND_MEMBER_CREATE,
                                  .at = client->born_ms,
                                  .device = client->keys.sign,
                                  .id = id};
    if (council_body_member_create(&client->keys, &client->person->recovery, id, &body.text,
                                   &body.len) ||
        fixture_sign(out, &draft, body, client->secrets.sign)) {
        abort();
    }
}

void sim_sign_recover(struct sim_client *client, const struct sync_replica *own,
                      struct fixture_entry *out)
{
    const struct council_member *member = &own->state.member;
    const struct sim_person *person = client->person;
    struct council_device recovery;
    uint8_t id[COUNCIL_ID_BYTES], accept[COUNCIL_SIG_BYTES];
    uint8_t revoke[COUNCIL_DEVICES_MAX][COUNCIL_KEY_BYTES];
    struct fixture_body body;
    for (uint32_t i = 0; i < member->device_count; i++) {
        memcpy(revoke[i], member->devices[i].sign, COUNCIL_KEY_BYTES);
    }
    council_secrets_public(&person->recovery, &recovery);
    fixture_random_bytes(&client->sim->random, id, sizeof id);
    struct council_draft draft = {.kind = COUNCIL_KIND_MEMBER_RECOVER,
                                  .at = sim_clock_now(client->sim, &client->clock),
                                  .author = person->member,
                                  .device = recovery.sign,
                                  .id = id,
                                  .log = person->member,
                                  .seen_seq = own->state.tail.seq,
                                  .seen_head = own->state.tail.head};
    if (!council_device_accept(accept, person->member, &client->secrets) ||
        council_body_member_recover(&client->keys, accept, NULL, id,
                                    (const uint8_t(*)[COUNCIL_KEY_BYTES])revoke,
                                    member->device_count, &body.text, &body.len) ||
        fixture_sign(out, &draft, body, person->recovery.sign)) {
        abort();
    }
}
