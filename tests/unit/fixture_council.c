/*
 * fixture_council.c - councils of a fixture: one function for each thing that members do.
 *
 * Owns the epoch seeds and invite secrets of a council. Every function writes a well-made entry at
 * the end of the log and returns what the protocol says to it; entries that are wrong in themselves
 * are built from fixture_draft.
 */
#include "tests/unit/fixture.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void fixture_council_init(struct fixture_council *council)
{
    memset(council, 0, sizeof *council);
    fixture_log_init(&council->log);
}

void fixture_council_fini(struct fixture_council *council)
{
    fixture_log_fini(&council->log);
}

const struct council *fixture_fold(const struct fixture_council *council)
{
    return &council->log.log.council;
}

uint32_t fixture_chain(const struct fixture_member *member, uint64_t after,
                       struct council_link_entry out[FIXTURE_CHAIN_MAX])
{
    uint32_t count = 0;
    for (uint64_t i = after; i < member->log.count && count < FIXTURE_CHAIN_MAX; i++) {
        const struct fixture_entry *entry = &member->log.entries[i];
        out[count++] = (struct council_link_entry){entry->text, entry->len, entry->sig};
    }
    return count;
}

const uint8_t *fixture_next_seed(struct fixture *fixture, struct fixture_council *council)
{
    uint64_t epoch = fixture_fold(council)->epoch + 1;
    if (epoch >= FIXTURE_EPOCHS) {
        abort();
    }
    fixture_random_bytes(&fixture->random, council->seeds[epoch], COUNCIL_SEED_BYTES);
    return council->seeds[epoch];
}

/* The chain that moves the council's pin of a member to the end of their log. */
static uint32_t chain_for(const struct fixture_council *council,
                          const struct fixture_member *member,
                          struct council_link_entry out[FIXTURE_CHAIN_MAX])
{
    const struct council_person *person =
        council_person(fixture_fold(council), fixture_name(member));
    return fixture_chain(member, person ? person->pin.seq : 0, out);
}

/* Stops the program if a body could not be made; appends it otherwise. */
static enum council_error attempt(struct fixture *fixture, struct fixture_council *council,
                                  const struct fixture_member *by, enum council_kind kind,
                                  enum council_error made, struct fixture_body body)
{
    if (made) {
        abort();
    }
    return fixture_try(fixture, &council->log, by, kind, body);
}

enum council_error fixture_create(struct fixture *fixture, struct fixture_council *council,
                                  struct fixture_member *founder, struct fixture_policy policy)
{
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    struct fixture_body body = {NULL, 0};
    uint32_t count = fixture_chain(founder, 0, chain);
    enum council_error made = council_body_create(policy.journal, policy.fast, policy.history_all,
                                                  policy.size, chain, count, &body.text, &body.len);
    return attempt(fixture, council, founder, COUNCIL_KIND_COUNCIL_CREATE, made, body);
}

enum council_error fixture_found(struct fixture *fixture, struct fixture_council *council,
                                 struct fixture_member *founder, struct fixture_policy policy)
{
    enum council_error error = fixture_create(fixture, council, founder, policy);
    return error ? error : fixture_rotate(fixture, council, founder);
}

enum council_error fixture_invite(struct fixture *fixture, struct fixture_council *council,
                                  struct fixture_member *by, uint32_t uses)
{
    uint8_t seed[32];
    uint8_t key[COUNCIL_KEY_BYTES];
    if (council->invite_count == FIXTURE_INVITES) {
        abort();
    }
    fixture_random_bytes(&fixture->random, seed, sizeof seed);
    uint8_t *secret = council->invites[council->invite_count++].secret;
    (void)crypto_sign_seed_keypair(key, secret, seed);
    return fixture_try(fixture, &council->log, by, COUNCIL_KIND_INVITE_OPEN,
                       fixture_body("{\"expires\":%llu,\"invite\":\"%s\",\"uses\":%u}",
                                    (unsigned long long)fixture->now_ms + 604800000ULL,
                                    fixture_key(key).text, (unsigned)uses));
}

enum council_error fixture_join(struct fixture *fixture, struct fixture_council *council,
                                struct fixture_member *member, uint32_t invite)
{
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    struct fixture_body body = {NULL, 0};
    uint32_t count = chain_for(council, member, chain);
    enum council_error made = council_body_join(
        fixture_fold(council), fixture_state(member), chain, count, council->invites[invite].secret,
        fixture_next_seed(fixture, council), &body.text, &body.len);
    return attempt(fixture, council, member, COUNCIL_KIND_MEMBER_JOIN, made, body);
}

void fixture_admit(struct fixture *fixture, struct fixture_council *council,
                   struct fixture_member *by, struct fixture_member *member)
{
    if (fixture_invite(fixture, council, by, 1) ||
        fixture_join(fixture, council, member, council->invite_count - 1)) {
        abort();
    }
}

enum council_error fixture_devices(struct fixture *fixture, struct fixture_council *council,
                                   struct fixture_member *by, struct fixture_member *member)
{
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    struct fixture_body body = {NULL, 0};
    uint32_t count = chain_for(council, member, chain);
    enum council_error made =
        council_body_devices(fixture_fold(council), fixture_state(member), chain, count,
                             fixture_next_seed(fixture, council), &body.text, &body.len);
    return attempt(fixture, council, by, COUNCIL_KIND_MEMBER_DEVICES, made, body);
}

enum council_error fixture_rotate(struct fixture *fixture, struct fixture_council *council,
                                  struct fixture_member *by)
{
    struct fixture_body body = {NULL, 0};
    enum council_error made = council_body_rotate(
        fixture_fold(council), fixture_next_seed(fixture, council), &body.text, &body.len);
    return attempt(fixture, council, by, COUNCIL_KIND_KEY_ROTATE, made, body);
}

enum council_error fixture_remove(struct fixture *fixture, struct fixture_council *council,
                                  struct fixture_member *by, const struct fixture_member *member)
{
    struct fixture_body body = {NULL, 0};
    enum council_error made =
        council_body_remove(fixture_fold(council), fixture_name(member),
                            fixture_next_seed(fixture, council), &body.text, &body.len);
    return attempt(fixture, council, by, COUNCIL_KIND_MEMBER_REMOVE, made, body);
}

enum council_error fixture_leave(struct fixture *fixture, struct fixture_council *council,
                                 struct fixture_member *member)
{
    return fixture_try(fixture, &council->log, member, COUNCIL_KIND_MEMBER_LEAVE,
                       fixture_body("{}"));
}

enum council_error fixture_role(struct fixture *fixture, struct fixture_council *council,
                                struct fixture_member *by, const struct fixture_member *member,
                                const char *role)
{
    return fixture_try(fixture, &council->log, by, COUNCIL_KIND_MEMBER_ROLE,
                       fixture_body("{\"member\":\"%s\",\"role\":\"%s\"}",
                                    fixture_key(fixture_name(member)).text, role));
}

enum council_error fixture_vote(struct fixture *fixture, struct fixture_council *council,
                                struct fixture_member *by, const struct fixture_member *member)
{
    return fixture_try(fixture, &council->log, by, COUNCIL_KIND_VOTE,
                       fixture_body("{\"member\":\"%s\"}", fixture_key(fixture_name(member)).text));
}

enum council_error fixture_history(struct fixture *fixture, struct fixture_council *council,
                                   struct fixture_member *by, const struct fixture_member *member,
                                   uint64_t from, uint64_t to)
{
    struct fixture_body body = {NULL, 0};
    enum council_error made = council_body_history(
        fixture_fold(council), fixture_name(member), from, to,
        (const uint8_t(*)[COUNCIL_SEED_BYTES]) & council->seeds[from], &body.text, &body.len);
    return made ? made : attempt(fixture, council, by, COUNCIL_KIND_KEY_HISTORY, COUNCIL_OK, body);
}

enum council_error fixture_post(struct fixture *fixture, struct fixture_council *council,
                                struct fixture_member *by, const char *plain, uint64_t epoch)
{
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    uint8_t nonce[24];
    uint8_t hash[COUNCIL_HASH_BYTES];
    uint8_t *data = NULL;
    uint32_t data_len = 0;
    struct fixture_entry entry;
    struct council_draft draft =
        fixture_draft(fixture, &council->log, by, COUNCIL_KIND_POST, id, device);
    draft.epoch = epoch ? epoch : fixture_fold(council)->epoch;
    const struct council_seal_place place = {.log = draft.log,
                                             .author = draft.author,
                                             .device = device,
                                             .id = id,
                                             .kind = "post",
                                             .epoch = draft.epoch};
    fixture_random_bytes(&fixture->random, nonce, sizeof nonce);
    if (draft.epoch >= FIXTURE_EPOCHS ||
        council_seal(&place, council->seeds[draft.epoch], nonce, plain, (uint32_t)strlen(plain),
                     &data, &data_len)) {
        abort();
    }
    council_hash(hash, data, data_len);
    draft.data_hash = hash;
    enum council_error error =
        fixture_sign(&entry, &draft, fixture_body("{}"), by->devices[by->use].sign);
    if (error) {
        free(data);
        return error;
    }
    entry.data = data;
    entry.data_len = data_len;
    return fixture_append(&council->log, &entry);
}

enum council_error fixture_erase(struct fixture *fixture, struct fixture_council *council,
                                 struct fixture_member *by, uint64_t seq)
{
    return fixture_try(fixture, &council->log, by, COUNCIL_KIND_ERASE,
                       fixture_body("{\"posts\":[%llu]}", (unsigned long long)seq));
}
