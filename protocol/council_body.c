/*
 * council_body.c - writing the bodies that carry chains and key blocks.
 *
 * Owns the canonical text of the bodies of council.create, key.rotate, member.remove, member.join,
 * member.devices and key.history. Judges nothing: who writes what council_check refuses gets a body
 * all the same. Boxes go to what council_recipients says.
 */
#include "protocol/council_internal.h"

#include <sodium.h>

/* Ends a writer: its text for the caller, or an error. */
static enum council_error finish(struct council_writer *w, enum council_error error, char **body,
                                 uint32_t *len)
{
    if (!error && w->failed) {
        error = w->len >= w->max ? COUNCIL_E_TOO_LARGE : COUNCIL_E_NO_MEMORY;
    }
    if (error) {
        council_writer_fini(w);
        return error;
    }
    *body = w->text;
    *len = w->len;
    return COUNCIL_OK;
}

static void write_chain(struct council_writer *w, const struct council_link_entry *chain,
                        uint32_t chain_len)
{
    council_write_open(w, "chain", '[');
    for (uint32_t i = 0; i < chain_len; i++) {
        council_write_open(w, NULL, '{');
        council_write_bytes(w, "sig", chain[i].sig, COUNCIL_SIG_BYTES);
        council_write_bytes(w, "text", (const uint8_t *)chain[i].text, chain[i].len);
        council_write_close(w, '}');
    }
    council_write_close(w, ']');
}

static enum council_error write_block(struct council_writer *w, const struct council *council,
                                      const struct council_member *pin, const uint8_t *without,
                                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint32_t count;
    uint8_t box[COUNCIL_BOX_BYTES];
    uint8_t commit[COUNCIL_HASH_BYTES];
    uint64_t epoch = council->epoch + 1;
    council_recipients(council, pin, without, recipients, &count);
    council_write_open(w, "block", '{');
    council_write_open(w, "boxes", '[');
    for (uint32_t i = 0; i < count; i++) {
        if (!council_epoch_box(box, seed, council->log, epoch, &recipients[i])) {
            return COUNCIL_E_WEAK_KEY;
        }
        council_write_open(w, NULL, '{');
        council_write_bytes(w, "box", box, sizeof box);
        council_write_bytes(w, "to", recipients[i].sign, COUNCIL_KEY_BYTES);
        council_write_close(w, '}');
    }
    council_write_close(w, ']');
    council_epoch_commit(commit, seed, council->log, epoch);
    council_write_bytes(w, "commit", commit, sizeof commit);
    council_write_int(w, "epoch", epoch);
    council_write_close(w, '}');
    return COUNCIL_OK;
}

enum council_error council_body_create(bool journal, bool fast, bool history_all, uint32_t size,
                                       const struct council_link_entry *chain, uint32_t chain_len,
                                       char **body, uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    write_chain(&w, chain, chain_len);
    council_write_string(&w, "history", history_all ? "all" : "joined");
    council_write_string(&w, "pace", fast ? "fast" : "slow");
    council_write_int(&w, "size", size);
    council_write_string(&w, "type", journal ? "journal" : "council");
    council_write_close(&w, '}');
    return finish(&w, COUNCIL_OK, body, len);
}

enum council_error council_body_rotate(const struct council *council,
                                       const uint8_t seed[COUNCIL_SEED_BYTES], char **body,
                                       uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    enum council_error error = write_block(&w, council, NULL, NULL, seed);
    council_write_close(&w, '}');
    return finish(&w, error, body, len);
}

enum council_error council_body_remove(const struct council *council,
                                       const uint8_t member[COUNCIL_KEY_BYTES],
                                       const uint8_t seed[COUNCIL_SEED_BYTES], char **body,
                                       uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    enum council_error error = write_block(&w, council, NULL, member, seed);
    council_write_bytes(&w, "member", member, COUNCIL_KEY_BYTES);
    council_write_close(&w, '}');
    return finish(&w, error, body, len);
}

enum council_error council_body_join(const struct council *council,
                                     const struct council_member *pin,
                                     const struct council_link_entry *chain, uint32_t chain_len,
                                     const uint8_t invite_secret[64],
                                     const uint8_t seed[COUNCIL_SEED_BYTES], char **body,
                                     uint32_t *len)
{
    const struct council_field fields[] = {COUNCIL_F(council->log), COUNCIL_F(pin->member),
                                           COUNCIL_F(pin->head)};
    uint8_t invite[crypto_sign_PUBLICKEYBYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
    struct council_writer w;
    if (crypto_sign_ed25519_sk_to_pk(invite, invite_secret) != 0 ||
        !council_sign_p(sig, invite_secret, "council/v1/join", fields, 3)) {
        return COUNCIL_E_BAD_PROOF;
    }
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    enum council_error error = write_block(&w, council, pin, NULL, seed);
    write_chain(&w, chain, chain_len);
    council_write_bytes(&w, "invite", invite, sizeof invite);
    council_write_bytes(&w, "sig", sig, sizeof sig);
    council_write_close(&w, '}');
    return finish(&w, error, body, len);
}

enum council_error council_body_devices(const struct council *council,
                                        const struct council_member *pin,
                                        const struct council_link_entry *chain, uint32_t chain_len,
                                        const uint8_t seed[COUNCIL_SEED_BYTES], char **body,
                                        uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    enum council_error error = write_block(&w, council, pin, NULL, seed);
    write_chain(&w, chain, chain_len);
    council_write_bytes(&w, "member", pin->member, COUNCIL_KEY_BYTES);
    council_write_close(&w, '}');
    return finish(&w, error, body, len);
}

static enum council_error write_past(struct council_writer *w, const struct council *council,
                                     const struct council_person *person, uint64_t from,
                                     uint64_t to, const uint8_t (*seeds)[COUNCIL_SEED_BYTES])
{
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint8_t box[COUNCIL_HISTORY_BOX_MAX];
    uint32_t count = 0;
    uint32_t box_len;
    council_add_recipients(&person->pin, recipients, &count);
    council_sort_recipients(recipients, count);
    council_write_open(w, "boxes", '[');
    for (uint32_t i = 0; i < count; i++) {
        if (!council_history_box(box, &box_len, seeds, council->log, from, to, &recipients[i])) {
            return COUNCIL_E_WEAK_KEY;
        }
        council_write_open(w, NULL, '{');
        council_write_bytes(w, "box", box, box_len);
        council_write_bytes(w, "to", recipients[i].sign, COUNCIL_KEY_BYTES);
        council_write_close(w, '}');
    }
    council_write_close(w, ']');
    return COUNCIL_OK;
}

enum council_error council_body_history(const struct council *council,
                                        const uint8_t member[COUNCIL_KEY_BYTES], uint64_t from,
                                        uint64_t to, const uint8_t (*seeds)[COUNCIL_SEED_BYTES],
                                        char **body, uint32_t *len)
{
    const struct council_person *person = council_current(council, member);
    struct council_writer w;
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    if (from == 0 || from > to || to - from >= COUNCIL_HISTORY_EPOCHS_MAX) {
        return COUNCIL_E_HISTORY_RANGE;
    }
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    enum council_error error = write_past(&w, council, person, from, to, seeds);
    council_write_int(&w, "from", from);
    council_write_bytes(&w, "member", member, COUNCIL_KEY_BYTES);
    council_write_int(&w, "to", to);
    council_write_close(&w, '}');
    return finish(&w, error, body, len);
}
