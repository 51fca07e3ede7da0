/*
 * seal.c - padding and sealing of bodies.
 *
 * Owns README.md section 7. A body's key is its own (epoch seed, log, device, id), so a repeated nonce under one epoch does no harm;
 * its place is bound as associated data, so a body moved elsewhere does not open. Plaintext and keys are wiped on every path.
 */
#include "protocol/seal.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PLACE_MAX = 256 /* P("council/v1/post", ...) with the longest kind is about 190 bytes */
};

_Static_assert(NONCE + TAG == COUNCIL_DATA_OVERHEAD, "overhead of sealed data");

uint32_t council_padded(uint32_t len)
{
    if (len >= COUNCIL_PLAIN_MAX)
        return 0;
    uint32_t padded = COUNCIL_PLAIN_MIN;
    while (padded < len + 1)
        padded *= 2;
    return padded;
}

static void body_key(uint8_t key[COUNCIL_HASH_BYTES], const struct council_seal_place *place,
                     const uint8_t seed[COUNCIL_SEED_BYTES])
{
    const struct council_field fields[] = {COUNCIL_FN(place->log, COUNCIL_KEY_BYTES),
                                           COUNCIL_FN(place->device, COUNCIL_KEY_BYTES),
                                           COUNCIL_FN(place->id, COUNCIL_ID_BYTES)};
    council_hash_p_keyed(key, seed, COUNCIL_SEED_BYTES, "council/v1/body", fields, 3);
}

/* The associated data; 0 if it does not fit, which no kind of the table makes happen. */
static uint32_t place_bytes(uint8_t out[PLACE_MAX], const struct council_seal_place *place)
{
    uint8_t epoch[8];
    council_u64be(epoch, place->epoch);
    const struct council_field fields[] = {
        COUNCIL_FN(place->log, COUNCIL_KEY_BYTES),    COUNCIL_FN(place->id, COUNCIL_ID_BYTES),
        COUNCIL_FN(place->author, COUNCIL_KEY_BYTES), COUNCIL_FN(place->device, COUNCIL_KEY_BYTES),
        COUNCIL_FN(place->kind, strlen(place->kind)), COUNCIL_F(epoch)};
    return council_p(out, PLACE_MAX, "council/v1/post", fields, 6);
}

enum council_error council_seal(const struct council_seal_place *place,
                                const uint8_t seed[COUNCIL_SEED_BYTES], const uint8_t nonce[24],
                                const void *plain, uint32_t len, uint8_t **data, uint32_t *data_len)
{
    uint8_t key[COUNCIL_HASH_BYTES], bound[PLACE_MAX];
    uint32_t padded = council_padded(len), bound_len = place_bytes(bound, place);
    if (padded == 0 || bound_len == 0)
        return COUNCIL_E_TOO_LARGE;
    uint8_t *out = malloc((size_t)padded + COUNCIL_DATA_OVERHEAD);
    if (out == NULL)
        return COUNCIL_E_NO_MEMORY;
    memcpy(out, nonce, NONCE);
    if (len > 0)
        memcpy(out + NONCE, plain, len);
    out[NONCE + len] = 0x80;
    memset(out + NONCE + len + 1, 0, padded - len - 1);
    body_key(key, place, seed);
    /* In place: the plaintext is overwritten by its ciphertext and needs no wiping of its own. */
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, out + NONCE, padded, bound,
                                                     bound_len, NULL, nonce, key);
    sodium_memzero(key, sizeof(key));
    *data = out;
    *data_len = padded + COUNCIL_DATA_OVERHEAD;
    return COUNCIL_OK;
}

/* Length of what was padded to `padded` bytes, or UINT32_MAX. Only the one padding that council_padded makes is accepted. */
static uint32_t unpadded(const uint8_t *plain, uint32_t padded)
{
    uint32_t end = padded;
    while (end > 0 && plain[end - 1] == 0)
        end--;
    if (end == 0 || plain[end - 1] != 0x80 || council_padded(end - 1) != padded)
        return UINT32_MAX;
    return end - 1;
}

enum council_error council_unseal(const struct council_seal_place *place,
                                  const uint8_t seed[COUNCIL_SEED_BYTES], const uint8_t *data,
                                  uint32_t data_len, uint8_t **plain, uint32_t *len)
{
    uint8_t key[COUNCIL_HASH_BYTES], bound[PLACE_MAX];
    uint32_t bound_len = place_bytes(bound, place);
    if (bound_len == 0 || data_len < COUNCIL_DATA_OVERHEAD || data_len > COUNCIL_DATA_MAX)
        return COUNCIL_E_BAD_CIPHER;
    uint32_t padded = data_len - COUNCIL_DATA_OVERHEAD, out_len = UINT32_MAX;
    uint8_t *out = malloc((size_t)padded + 1);
    if (out == NULL)
        return COUNCIL_E_NO_MEMORY;
    enum council_error error = COUNCIL_E_BAD_CIPHER;
    body_key(key, place, seed);
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, NULL, NULL, data + NONCE, data_len - NONCE, bound, bound_len, data, key);
    sodium_memzero(key, sizeof(key));
    if (opened != 0)
        goto out;
    error = COUNCIL_E_BAD_PADDING;
    out_len = unpadded(out, padded);
    if (out_len == UINT32_MAX)
        goto out;
    out[out_len] = '\0';
    *plain = out;
    *len = out_len;
    return COUNCIL_OK;
out:
    sodium_memzero(out, padded);
    free(out);
    return error;
}
