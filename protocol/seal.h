/*
 * seal.h - sealed bodies: padding, encryption, binding to their place.
 *
 * Owns README.md section 7. Knows nothing of what the plaintext means. The nonce is the caller's randomness.
 */
#ifndef COUNCIL_PROTOCOL_SEAL_H
#define COUNCIL_PROTOCOL_SEAL_H

#include "protocol/entry.h"

/* What a sealed body is bound to. 32, 32, 32 and 16 bytes; borrowed. */
struct council_seal_place {
    const uint8_t *log, *author, *device, *id;
    const char *kind; /* "post", or "signal" for presence.signal */
    uint64_t epoch;
};

/* Size after padding: the smallest power of two >= len + 1, at least COUNCIL_PLAIN_MIN; 0 if above COUNCIL_PLAIN_MAX. */
uint32_t council_padded(uint32_t len);

/*
 * Pads `plain` (0x80, then zeros) and seals it: data = nonce || XChaCha20-Poly1305, key = H_seed(P("council/v1/body", log, device, id)), associated data =
 * P("council/v1/post", log, id, author, device, kind, epoch). `*data` is owned by the caller. TOO_LARGE, NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error council_seal(const struct council_seal_place *place,
                                                 const uint8_t seed[COUNCIL_SEED_BYTES],
                                                 const uint8_t nonce[24], const void *plain,
                                                 uint32_t len, uint8_t **data, uint32_t *data_len);

/*
 * Opens what council_seal made. `*plain` is owned by the caller, NUL-terminated beyond `*len`. BAD_CIPHER, BAD_PADDING, NO_MEMORY. Whether the plaintext is a
 * known form is the model's to say.
 */
COUNCIL_MUST_USE enum council_error council_unseal(const struct council_seal_place *place,
                                                   const uint8_t seed[COUNCIL_SEED_BYTES],
                                                   const uint8_t *data, uint32_t data_len,
                                                   uint8_t **plain, uint32_t *len);

#endif
