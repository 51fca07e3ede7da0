/*
 * keys.c - epochs: deterministic boxes, commitments, history boxes, and the safety number.
 *
 * Owns README.md sections 6.1, 6.3, 6.5 and the boxes of 6.4. Knows no fold: recipients are handed
 * in. Invariant: a box follows from seed, log, epoch and recipient alone, so whoever opens one can
 * make them all. Ephemeral secrets and seeds that were not asked for are wiped.
 */
#include "protocol/keys.h"

#include <sodium.h>
#include <string.h>

/* What a sealed box adds to its plaintext: the ephemeral key and the tag. */
enum {
    SEAL_BYTES = crypto_box_SEALBYTES
};

_Static_assert(COUNCIL_BOX_BYTES == SEAL_BYTES + COUNCIL_SEED_BYTES, "an epoch box holds a seed");
_Static_assert(crypto_box_NONCEBYTES == 24 && crypto_box_SECRETKEYBYTES == COUNCIL_SEED_BYTES,
               "boxes are X25519 with XSalsa20-Poly1305");

/*
 * epk || crypto_box_easy(plain) to `box_key`, with a nonce made as crypto_box_seal makes it, so
 * that crypto_box_seal_open opens it. Wipes `esk`. False for a weak key.
 */
static bool seal_box(uint8_t *out, uint8_t esk[COUNCIL_SEED_BYTES], const uint8_t *plain,
                     uint32_t len, const uint8_t box_key[COUNCIL_KEY_BYTES])
{
    uint8_t nonce[crypto_box_NONCEBYTES];
    uint8_t keys[2 * COUNCIL_KEY_BYTES];
    bool ok = crypto_scalarmult_base(out, esk) == 0;
    memcpy(keys, out, COUNCIL_KEY_BYTES);
    memcpy(keys + COUNCIL_KEY_BYTES, box_key, COUNCIL_KEY_BYTES);
    ok = ok && crypto_generichash(nonce, sizeof nonce, keys, sizeof keys, NULL, 0) == 0;
    ok = ok && crypto_box_easy(out + COUNCIL_KEY_BYTES, plain, len, nonce, box_key, esk) == 0;
    sodium_memzero(esk, COUNCIL_SEED_BYTES);
    return ok;
}

/* Opens a box for `own`; `size` is the box's length. */
static bool open_box(uint8_t *plain, const uint8_t *box, uint32_t size,
                     const struct council_device *public_keys, const struct council_secrets *own)
{
    return crypto_box_seal_open(plain, box, size, public_keys->box, own->box) == 0;
}

void council_epoch_commit(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t seed[COUNCIL_SEED_BYTES],
                          const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch)
{
    uint8_t number[8];
    council_u64be(number, epoch);
    const struct council_field fields[] = {COUNCIL_FN(log, COUNCIL_KEY_BYTES), COUNCIL_F(number)};
    council_hash_p_keyed(out, seed, COUNCIL_SEED_BYTES, "council/v1/epoch-commit", fields, 2);
}

bool council_epoch_box(uint8_t out[COUNCIL_BOX_BYTES], const uint8_t seed[COUNCIL_SEED_BYTES],
                       const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                       const struct council_device *to)
{
    uint8_t number[8];
    uint8_t esk[COUNCIL_SEED_BYTES];
    council_u64be(number, epoch);
    const struct council_field fields[] = {COUNCIL_FN(log, COUNCIL_KEY_BYTES), COUNCIL_F(number),
                                           COUNCIL_F(to->sign), COUNCIL_F(to->box)};
    council_hash_p_keyed(esk, seed, COUNCIL_SEED_BYTES, "council/v1/epoch-eph", fields, 4);
    return seal_box(out, esk, seed, COUNCIL_SEED_BYTES, to->box);
}

void council_block_info(const struct council_entry *entry, uint64_t *epoch,
                        uint8_t commit[COUNCIL_HASH_BYTES])
{
    const struct council_text *text = &entry->text;
    uint32_t block = council_body_get(entry, "block");
    uint32_t number = block ? council_text_get(text, block, "epoch") : 0;
    uint32_t value = block ? council_text_get(text, block, "commit") : 0;
    *epoch = number ? text->values[number].integer : 0;
    if (value == 0 || !council_text_bytes(text, value, commit, COUNCIL_HASH_BYTES)) {
        memset(commit, 0, COUNCIL_HASH_BYTES);
    }
}

/* The array of boxes that a block or a key.history has; 0 where there is none. */
static uint32_t boxes_of(const struct council_entry *entry)
{
    uint32_t block = council_body_get(entry, "block");
    return block ? council_text_get(&entry->text, block, "boxes")
                 : council_body_get(entry, "boxes");
}

/* Reads the box of element `element`: true and `out` written if it has `size` bytes. */
static bool read_box(const struct council_text *text, uint32_t element, uint8_t *out, uint32_t size)
{
    uint32_t box = council_text_get(text, element, "box");
    return box != 0 && council_text_bytes(text, box, out, size);
}

/* The element whose `to` is `sign`, or 0. */
static uint32_t find_box(const struct council_text *text, uint32_t boxes,
                         const uint8_t sign[COUNCIL_KEY_BYTES])
{
    uint32_t element = boxes ? council_text_first(text, boxes) : 0;
    for (uint32_t i = 0; element != 0 && i < text->values[boxes].count; i++) {
        uint8_t to[COUNCIL_KEY_BYTES];
        uint32_t value = council_text_get(text, element, "to");
        if (value != 0 && council_text_bytes(text, value, to, sizeof to) &&
            memcmp(to, sign, sizeof to) == 0) {
            return element;
        }
        element = text->values[element].next;
    }
    return 0;
}

/*
 * True if every recipient has exactly the box that the seed makes for them, and nobody else has
 * one.
 */
static bool boxes_right(const struct council_entry *entry, uint64_t epoch,
                        const uint8_t seed[COUNCIL_SEED_BYTES],
                        const struct council_device *recipients, uint32_t count)
{
    const struct council_text *text = &entry->text;
    uint32_t boxes = boxes_of(entry);
    uint8_t expected[COUNCIL_BOX_BYTES];
    uint8_t found[COUNCIL_BOX_BYTES];
    bool right = text->values[boxes].count == count;
    for (uint32_t i = 0; right && i < count; i++) {
        uint32_t element = find_box(text, boxes, recipients[i].sign);
        right = element != 0 && read_box(text, element, found, sizeof found) &&
                council_epoch_box(expected, seed, entry->log, epoch, &recipients[i]) &&
                memcmp(expected, found, sizeof found) == 0;
    }
    return right;
}

enum council_error council_epoch_open(const struct council_entry *entry,
                                      const struct council_secrets *own, bool check_all,
                                      const struct council_device *recipients,
                                      uint32_t recipient_count, uint8_t seed[COUNCIL_SEED_BYTES])
{
    struct council_device public_keys;
    uint8_t box[COUNCIL_BOX_BYTES];
    uint8_t named[COUNCIL_HASH_BYTES];
    uint8_t commit[COUNCIL_HASH_BYTES];
    uint64_t epoch;
    memset(seed, 0, COUNCIL_SEED_BYTES);
    council_secrets_public(own, &public_keys);
    uint32_t element = find_box(&entry->text, boxes_of(entry), public_keys.sign);
    if (element == 0) {
        return COUNCIL_E_NO_KEY;
    }
    if (!read_box(&entry->text, element, box, sizeof box) ||
        !open_box(seed, box, sizeof box, &public_keys, own)) {
        sodium_memzero(seed, COUNCIL_SEED_BYTES);
        return COUNCIL_E_BAD_BOX;
    }
    council_block_info(entry, &epoch, named);
    council_epoch_commit(commit, seed, entry->log, epoch);
    if (sodium_memcmp(commit, named, sizeof commit) != 0) {
        sodium_memzero(seed, COUNCIL_SEED_BYTES);
        return COUNCIL_E_BAD_COMMIT;
    }
    if (check_all && !boxes_right(entry, epoch, seed, recipients, recipient_count)) {
        return COUNCIL_E_BAD_BOX;
    }
    return COUNCIL_OK;
}

bool council_history_box(uint8_t *out, uint32_t *len, const uint8_t (*seeds)[COUNCIL_SEED_BYTES],
                         const uint8_t log[COUNCIL_KEY_BYTES], uint64_t from, uint64_t to,
                         const struct council_device *recipient)
{
    uint8_t first[8];
    uint8_t last[8];
    uint8_t esk[COUNCIL_SEED_BYTES];
    if (from > to || to - from >= COUNCIL_HISTORY_EPOCHS_MAX) {
        return false;
    }
    uint32_t count = (uint32_t)(to - from) + 1;
    council_u64be(first, from);
    council_u64be(last, to);
    const struct council_field fields[] = {COUNCIL_FN(log, COUNCIL_KEY_BYTES), COUNCIL_F(first),
                                           COUNCIL_F(last), COUNCIL_F(recipient->sign),
                                           COUNCIL_F(recipient->box)};
    council_hash_p_keyed(esk, seeds[count - 1], COUNCIL_SEED_BYTES, "council/v1/history-eph",
                         fields, 5);
    *len = SEAL_BYTES + COUNCIL_SEED_BYTES * count;
    return seal_box(out, esk, seeds[0], COUNCIL_SEED_BYTES * count, recipient->box);
}

enum council_error council_history_open(const struct council_entry *entry,
                                        const struct council_secrets *own,
                                        uint8_t (*seeds)[COUNCIL_SEED_BYTES], uint32_t *count)
{
    struct council_device public_keys;
    uint8_t box[COUNCIL_HISTORY_BOX_MAX];
    uint64_t from = council_body_int(entry, "from");
    uint64_t to = council_body_int(entry, "to");
    *count = 0;
    council_secrets_public(own, &public_keys);
    uint32_t element = find_box(&entry->text, boxes_of(entry), public_keys.sign);
    if (element == 0) {
        return COUNCIL_E_NO_KEY;
    }
    if (from > to || to - from >= COUNCIL_HISTORY_EPOCHS_MAX) {
        return COUNCIL_E_BAD_BOX;
    }
    uint32_t epochs = (uint32_t)(to - from) + 1;
    uint32_t size = SEAL_BYTES + COUNCIL_SEED_BYTES * epochs;
    if (!read_box(&entry->text, element, box, size) ||
        !open_box(seeds[0], box, size, &public_keys, own)) {
        sodium_memzero(seeds, (size_t)COUNCIL_SEED_BYTES * epochs);
        return COUNCIL_E_BAD_BOX;
    }
    *count = epochs;
    return COUNCIL_OK;
}

void council_safety_number(char out[COUNCIL_SAFETY_CHARS + 1],
                           const uint8_t council[COUNCIL_KEY_BYTES], uint64_t seq,
                           const uint8_t head[COUNCIL_HASH_BYTES])
{
    enum {
        GROUPS = 10,
        DIGITS = 4
    };
    uint8_t number[8];
    uint8_t digest[COUNCIL_HASH_BYTES];
    council_u64be(number, seq);
    const struct council_field fields[] = {COUNCIL_FN(council, COUNCIL_KEY_BYTES),
                                           COUNCIL_F(number), COUNCIL_FN(head, COUNCIL_HASH_BYTES)};
    council_hash_p(digest, "council/v1/safety", fields, 3);
    char *at = out;
    for (uint32_t i = 0; i < GROUPS; i++) {
        const uint8_t *bytes = digest + 3 * (size_t)i;
        uint32_t group = ((uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2]) % 10000;
        for (uint32_t digit = DIGITS; digit-- > 0; group /= 10) {
            at[digit] = (char)('0' + group % 10);
        }
        at += DIGITS;
        *at++ = ' ';
    }
    out[COUNCIL_SAFETY_CHARS] = '\0';
}
