/*
 * bytes.h - sizes of everything that is bytes, base64url, big-endian integers, P() and H.
 *
 * Owns how bytes become text and what exactly is hashed or signed. Knows no entry, kind or key.
 * Rules: README.md section 1 (base64url: RFC 4648 section 5, unpadded, trailing bits zero;
 * H: BLAKE2b, RFC 7693, 32 bytes out).
 */
#ifndef COUNCIL_PROTOCOL_BYTES_H
#define COUNCIL_PROTOCOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/error.h"

enum {
    COUNCIL_KEY_BYTES = 32,  /* Ed25519 or X25519 public key; also log and member names */
    COUNCIL_HASH_BYTES = 32, /* H, heads, commitments */
    COUNCIL_SIG_BYTES = 64,
    COUNCIL_ID_BYTES = 16,
    COUNCIL_SEED_BYTES = 32,  /* epoch seed, Ed25519 seed, X25519 secret key */
    COUNCIL_NONCE_BYTES = 32, /* login nonces */
    COUNCIL_KEY_CHARS = 43,
    COUNCIL_SIG_CHARS = 86,
    COUNCIL_ID_CHARS = 22
};

/* Characters that n bytes become in unpadded base64url. */
#define COUNCIL_B64_CHARS(n) (((n)*4u + 2u) / 3u)

#define COUNCIL_INT_MAX UINT64_C(9007199254740991) /* 2^53 - 1 */

/* Writes the base64url of `bytes` and a final NUL; `out` holds COUNCIL_B64_CHARS(len) + 1 characters. */
void council_b64_encode(char *out, const uint8_t *bytes, uint32_t len);

/*
 * Decodes exactly `chars` characters into exactly `len` bytes. False, with `out` unspecified, for any other
 * character, a length that does not fit, padding, or trailing bits that are not zero.
 */
COUNCIL_MUST_USE bool council_b64_decode(uint8_t *out, uint32_t len, const char *text,
                                         uint32_t chars);

/* The same for secrets: seeds in files and links. In a time that does not depend on the bytes, and slower. */
void council_b64_encode_secret(char *out, const uint8_t *bytes, uint32_t len);
COUNCIL_MUST_USE bool council_b64_decode_secret(uint8_t *out, uint32_t len, const char *text,
                                                uint32_t chars);

/* Bytes that `chars` base64url characters decode to, or UINT32_MAX where no bytes have that length. */
uint32_t council_b64_bytes(uint32_t chars);

void council_u64be(uint8_t out[8], uint64_t value);
uint64_t council_u64be_read(const uint8_t in[8]);

/* One field of P(): bytes, borrowed. */
struct council_field {
    const void *bytes;
    uint32_t len;
};

/* Field initialisers: bytes of a fixed-size array, of a pointer, and an integer already in 8 big-endian bytes. */
#define COUNCIL_F(array)       ((struct council_field){(array), (uint32_t)sizeof(array)})
#define COUNCIL_FN(pointer, n) ((struct council_field){(pointer), (uint32_t)(n)})

/*
 * H(P(label, fields...)) and, with a key of 16..64 bytes, H_key(P(...)), without building P in memory.
 * `label` is at most 255 characters of ASCII, `count` at most 255.
 */
void council_hash_p(uint8_t out[COUNCIL_HASH_BYTES], const char *label,
                    const struct council_field *fields, uint32_t count);
void council_hash_p_keyed(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t *key, uint32_t key_len,
                          const char *label, const struct council_field *fields, uint32_t count);

/* H of plain bytes. */
void council_hash(uint8_t out[COUNCIL_HASH_BYTES], const void *bytes, uint32_t len);

/*
 * P(label, fields...) itself, for what is signed: writes at most `size` bytes into `out`, returns the length, or 0
 * if it does not fit. The length of P is 2 + label + sum of (4 + field).
 */
COUNCIL_MUST_USE uint32_t council_p(uint8_t *out, uint32_t size, const char *label,
                                    const struct council_field *fields, uint32_t count);
uint32_t council_p_len(const char *label, const struct council_field *fields, uint32_t count);

/*
 * Ed25519 over P(label, fields...). `sign_secret` is libsodium's 64-byte secret key (seed and public key).
 * The check is libsodium 1.0.18's: cofactorless, canonical A and S, no small order (README.md section 1.5).
 * P here is at most 512 bytes; larger is a programmer's error and signs nothing (returns false).
 */
COUNCIL_MUST_USE bool council_sign_p(uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t sign_secret[64],
                                     const char *label, const struct council_field *fields,
                                     uint32_t count);
COUNCIL_MUST_USE bool council_verify_p(const uint8_t sig[COUNCIL_SIG_BYTES],
                                       const uint8_t key[COUNCIL_KEY_BYTES], const char *label,
                                       const struct council_field *fields, uint32_t count);

/* True if X25519 with this public key gives the all-zero product (RFC 7748 section 6.1): small order. */
bool council_box_key_weak(const uint8_t box_key[COUNCIL_KEY_BYTES]);

/*
 * Starts libsodium and checks that its Ed25519 accepts and refuses what this protocol needs (S + L, small order,
 * non-canonical A). COUNCIL_E_LIBRARY if it differs. Call once before anything else; safe to repeat.
 */
COUNCIL_MUST_USE enum council_error council_protocol_init(void);

#endif
