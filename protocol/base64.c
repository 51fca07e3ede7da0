/*
 * base64.c - base64url of what is public: entries, signatures, keys' public halves, sealed data.
 *
 * Owns the codec for bytes that everybody may see (RFC 4648 section 5, unpadded, trailing bits zero). libsodium's, which takes the
 * same time whatever the bytes are, is for secrets (bytes.c); it costs more than ten times as much, and a note of 400 bytes is a thousand characters of base64.
 * Invariant: reads and writes within the lengths given, whatever the characters.
 */
#include "protocol/bytes.h"

#include <string.h>

enum {
    BAD = 0xc0 /* bits that no value of a character has */
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* clang-format off */
/* The value of each character, or 0xff. */
static const uint8_t values[256] = {
#define X 0xff
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  62, X,  X,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X,  X,  X,  X,  X,  X,
    X,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X,  X,  X,  X,  63,
    X,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
#undef X
};
/* clang-format on */

void council_b64_encode(char *out, const uint8_t *bytes, uint32_t len)
{
    for (; len >= 3; len -= 3, bytes += 3, out += 4) {
        uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[group >> 12 & 63];
        out[2] = alphabet[group >> 6 & 63];
        out[3] = alphabet[group & 63];
    }
    if (len > 0) {
        uint32_t group = (uint32_t)bytes[0] << 16 | (len > 1 ? (uint32_t)bytes[1] << 8 : 0);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        if (len > 1) {
            *out++ = alphabet[group >> 6 & 63];
        }
    }
    *out = '\0';
}

uint32_t council_b64_bytes(uint32_t chars)
{
    uint32_t rest = chars % 4;
    if (rest == 1) {
        return UINT32_MAX;
    }
    return chars / 4 * 3 + (rest == 0 ? 0 : rest - 1);
}

bool council_b64_decode(uint8_t *out, uint32_t len, const char *text, uint32_t chars)
{
    const uint8_t *in = (const uint8_t *)text;
    unsigned seen = 0; /* all values together: whether one was none is asked once, at the end */
    if (chars % 4 == 1 || council_b64_bytes(chars) != len) {
        return false;
    }
    for (; chars >= 4; chars -= 4, in += 4, out += 3) {
        unsigned a = values[in[0]], b = values[in[1]], c = values[in[2]], d = values[in[3]];
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
        seen |= a | b | c | d;
    }
    if (chars > 0) {
        unsigned a = values[in[0]], b = values[in[1]], c = chars > 2 ? values[in[2]] : 0;
        unsigned over = chars > 2 ? c & 3 : b & 15; /* trailing bits */
        out[0] = (uint8_t)(a << 2 | b >> 4);
        if (chars > 2) {
            out[1] = (uint8_t)(b << 4 | c >> 2);
        }
        seen |= a | b | c | (over != 0 ? BAD : 0);
    }
    return (seen & BAD) == 0;
}
