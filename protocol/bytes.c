/*
 * bytes.c - base64url of secrets, big-endian integers, P() and H, and Ed25519 over P().
 *
 * Owns the exact bytes that are hashed and signed (README.md section 1). Knows no entry, kind or log.
 * The secrets' codec, the hash and the curve are libsodium's; only their framing is here.
 */
#include "protocol/bytes.h"

#include <sodium.h>
#include <string.h>

enum {
    SIGNED_P_MAX = 512
};

void council_b64_encode_secret(char *out, const uint8_t *bytes, uint32_t len)
{
    if (len == 0) {
        out[0] = '\0';
        return;
    }
    (void)sodium_bin2base64(out, (size_t)COUNCIL_B64_CHARS((size_t)len) + 1, bytes, len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool council_b64_decode_secret(uint8_t *out, uint32_t len, const char *text, uint32_t chars)
{
    size_t got = 0;
    if (council_b64_bytes(chars) != len) {
        return false;
    }
    if (len == 0) {
        return true;
    }
    unsigned high = 0; /* libsodium 1.0.18 takes bytes above 127 for characters of the alphabet */
    for (uint32_t i = 0; i < chars; i++) {
        high |= (unsigned char)text[i] & 0x80u;
    }
    /* libsodium refuses trailing bits that are not zero, and a NULL end makes it refuse every other character. */
    return high == 0 &&
           sodium_base642bin(out, len, text, chars, NULL, &got, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           got == len;
}

static void u32be(uint8_t out[4], uint32_t value)
{
    for (int i = 3; i >= 0; i--) {
        out[i] = (uint8_t)value;
        value >>= 8;
    }
}

void council_u64be(uint8_t out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)value;
        value >>= 8;
    }
}

uint64_t council_u64be_read(const uint8_t in[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | in[i];
    }
    return value;
}

/* What stands before the fields: label and count. At most 257 bytes. */
static uint32_t p_head(uint8_t out[257], const char *label, uint32_t count)
{
    uint32_t len = 0;
    while (len < 255 && label[len] != '\0') {
        out[1 + len] = (uint8_t)label[len];
        len++;
    }
    out[0] = (uint8_t)len;
    out[1 + len] = (uint8_t)count;
    return len + 2;
}

void council_hash_p_keyed(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t *key, uint32_t key_len,
                          const char *label, const struct council_field *fields, uint32_t count)
{
    crypto_generichash_state state;
    uint8_t head[257], len[4];
    (void)crypto_generichash_init(&state, key, key_len, COUNCIL_HASH_BYTES);
    (void)crypto_generichash_update(&state, head, p_head(head, label, count));
    for (uint32_t i = 0; i < count; i++) {
        u32be(len, fields[i].len);
        (void)crypto_generichash_update(&state, len, sizeof(len));
        if (fields[i].len > 0) {
            (void)crypto_generichash_update(&state, fields[i].bytes, fields[i].len);
        }
    }
    (void)crypto_generichash_final(&state, out, COUNCIL_HASH_BYTES);
    if (key_len > 0) {
        sodium_memzero(&state, sizeof(state));
    }
}

void council_hash_p(uint8_t out[COUNCIL_HASH_BYTES], const char *label,
                    const struct council_field *fields, uint32_t count)
{
    council_hash_p_keyed(out, NULL, 0, label, fields, count);
}

void council_hash(uint8_t out[COUNCIL_HASH_BYTES], const void *bytes, uint32_t len)
{
    (void)crypto_generichash(out, COUNCIL_HASH_BYTES, len > 0 ? bytes : NULL, len, NULL, 0);
}

/* As 64 bits, so that no choice of lengths wraps it. */
static uint64_t p_len(const char *label, const struct council_field *fields, uint32_t count)
{
    uint64_t len = 2 + strlen(label);
    for (uint32_t i = 0; i < count; i++) {
        len += 4 + (uint64_t)fields[i].len;
    }
    return len;
}

uint32_t council_p_len(const char *label, const struct council_field *fields, uint32_t count)
{
    uint64_t len = p_len(label, fields, count);
    return len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
}

uint32_t council_p(uint8_t *out, uint32_t size, const char *label,
                   const struct council_field *fields, uint32_t count)
{
    uint8_t head[257];
    if (strlen(label) > 255 || count > 255 || p_len(label, fields, count) > size) {
        return 0;
    }
    uint32_t len = p_head(head, label, count);
    memcpy(out, head, len);
    for (uint32_t i = 0; i < count; i++) {
        u32be(out + len, fields[i].len);
        len += 4;
        if (fields[i].len > 0) {
            memcpy(out + len, fields[i].bytes, fields[i].len);
        }
        len += fields[i].len;
    }
    return len;
}

bool council_sign_p(uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t sign_secret[64],
                    const char *label, const struct council_field *fields, uint32_t count)
{
    uint8_t p[SIGNED_P_MAX];
    uint32_t len = council_p(p, sizeof(p), label, fields, count);
    return len > 0 && crypto_sign_detached(sig, NULL, p, len, sign_secret) == 0;
}

bool council_verify_p(const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t key[COUNCIL_KEY_BYTES],
                      const char *label, const struct council_field *fields, uint32_t count)
{
    uint8_t p[SIGNED_P_MAX];
    uint32_t len = council_p(p, sizeof(p), label, fields, count);
    return len > 0 && crypto_sign_verify_detached(sig, p, len, key) == 0;
}

bool council_box_key_weak(const uint8_t box_key[COUNCIL_KEY_BYTES])
{
    /* A clamped scalar is 8 times a number below both prime orders: the product is zero for points of small order alone. */
    static const uint8_t scalar[COUNCIL_SEED_BYTES] = {1};
    uint8_t product[COUNCIL_KEY_BYTES];
    return crypto_scalarmult(product, scalar, box_key) != 0 ||
           sodium_is_zero(product, sizeof(product)) == 1;
}
