/*
 * keys.h - epochs: deterministic boxes, commitments, history boxes, and the safety number.
 *
 * Owns README.md section 6. Knows no fold: recipients are handed in. Everything is deterministic, so whoever opens
 * one box of a block can check all the others.
 */
#ifndef COUNCIL_PROTOCOL_KEYS_H
#define COUNCIL_PROTOCOL_KEYS_H

#include "protocol/member.h"

enum {
    COUNCIL_BOX_BYTES = 32 + 16 + 32,
    COUNCIL_HISTORY_EPOCHS_MAX = 64,
    COUNCIL_HISTORY_BOX_MAX = 48 + 32 * COUNCIL_HISTORY_EPOCHS_MAX
};

/* commit = H_seed(P("council/v1/epoch-commit", log, epoch)). */
void council_epoch_commit(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t seed[COUNCIL_SEED_BYTES],
                          const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch);

/* One recipient's box: epk || crypto_box_easy(seed), ephemeral secret = H_seed(P("council/v1/epoch-eph", log, epoch, sign, box)). False for a weak box key. */
COUNCIL_MUST_USE bool council_epoch_box(uint8_t out[COUNCIL_BOX_BYTES],
                                        const uint8_t seed[COUNCIL_SEED_BYTES],
                                        const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                                        const struct council_device *to);

/*
 * Opens the box that a block-carrying entry (member.join, member.devices, member.remove, key.rotate) has for `own`, and checks the commitment: NO_KEY where there is none,
 * BAD_BOX, BAD_COMMIT. With `check_all`, also recomputes every other box and says BAD_BOX (the seed is then still written) if one differs.
 */
COUNCIL_MUST_USE enum council_error
council_epoch_open(const struct council_entry *entry, const struct council_secrets *own,
                   bool check_all, const struct council_device *recipients,
                   uint32_t recipient_count, uint8_t seed[COUNCIL_SEED_BYTES]);

/* History: plaintext is seed_from || ... || seed_to; ephemeral secret = H_{seed_to}(P("council/v1/history-eph", log, from, to, sign, box)). `out` gets 48 + 32 n bytes. */
COUNCIL_MUST_USE bool council_history_box(uint8_t *out, uint32_t *len,
                                          const uint8_t (*seeds)[COUNCIL_SEED_BYTES],
                                          const uint8_t log[COUNCIL_KEY_BYTES], uint64_t from,
                                          uint64_t to, const struct council_device *recipient);

/* Opens own box of a key.history entry into `seeds` (COUNCIL_HISTORY_EPOCHS_MAX); commitments are the caller's to check. NO_KEY, BAD_BOX. */
COUNCIL_MUST_USE enum council_error council_history_open(const struct council_entry *entry,
                                                         const struct council_secrets *own,
                                                         uint8_t (*seeds)[COUNCIL_SEED_BYTES],
                                                         uint32_t *count);

/* The epoch number and commitment that a block-carrying entry brings. */
void council_block_info(const struct council_entry *entry, uint64_t *epoch,
                        uint8_t commit[COUNCIL_HASH_BYTES]);

/*
 * Safety number: ten groups of four digits separated by spaces, from H(P("council/v1/safety", council, seq, head)) at the last control entry; group i is the
 * big-endian integer of bytes 3i..3i+2 modulo 10000.
 */
enum {
    COUNCIL_SAFETY_CHARS = 49
};
void council_safety_number(char out[COUNCIL_SAFETY_CHARS + 1],
                           const uint8_t council[COUNCIL_KEY_BYTES], uint64_t seq,
                           const uint8_t head[COUNCIL_HASH_BYTES]);

#endif
