/*
 * values.c - bytes and entries in vectors.
 *
 * Owns the two encodings: hex for everything that the wire does not have, the wire's own for entries.
 */
#include "tests/vectors/values.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vec_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(2);
}

static void *allocate(size_t size)
{
    void *out = calloc(1, size);
    if (!out) {
        vec_die("no memory");
    }
    return out;
}

static const char mark[] = "hex:"; /* tells bytes from text */

json_t *vec_hex(const void *bytes, uint32_t len)
{
    char *text = allocate(sizeof mark + 2 * (size_t)len);
    const uint8_t *from = bytes;
    memcpy(text, mark, sizeof mark);
    for (uint32_t i = 0; i < len; i++) {
        (void)snprintf(text + sizeof mark - 1 + 2 * (size_t)i, 3, "%02x", from[i]);
    }
    json_t *out = json_string(text);
    free(text);
    return out;
}

const char *vec_string(const json_t *vector, const char *key)
{
    const char *text = json_string_value(json_object_get(vector, key));
    if (!text) {
        vec_die("a vector without text \"%s\"", key);
    }
    return text;
}

uint64_t vec_int(const json_t *vector, const char *key)
{
    const json_t *value = json_object_get(vector, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        vec_die("a vector without number \"%s\"", key);
    }
    return (uint64_t)json_integer_value(value);
}

bool vec_is_bytes(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strncmp(text, mark, sizeof mark - 1) == 0;
}

uint8_t *vec_unhex(const json_t *value, uint32_t *len)
{
    if (!vec_is_bytes(value)) {
        vec_die("a value is not hex");
    }
    const char *text = json_string_value(value) + sizeof mark - 1;
    size_t size = strlen(text) / 2, got = 0;
    uint8_t *out = allocate(size + 1);
    if (sodium_hex2bin(out, size, text, strlen(text), NULL, &got, NULL) != 0 || got != size) {
        vec_die("a value is not hex");
    }
    *len = (uint32_t)size;
    return out;
}

uint8_t *vec_bytes(const json_t *vector, const char *key, uint32_t *len)
{
    const json_t *value = json_object_get(vector, key);
    if (!value) {
        vec_die("a vector without bytes \"%s\"", key);
    }
    return vec_unhex(value, len);
}

void vec_fixed(const json_t *vector, const char *key, uint8_t *out, uint32_t len)
{
    uint32_t got;
    uint8_t *bytes = vec_bytes(vector, key, &got);
    if (got != len) {
        vec_die("\"%s\" has %u bytes instead of %u", key, (unsigned)got, (unsigned)len);
    }
    memcpy(out, bytes, len);
    free(bytes);
}

/* Text of an entry that is not UTF-8 has no place in JSON; such texts are vectors of type "text". */
json_t *vec_entry(const struct fixture_entry *entry)
{
    json_t *out = json_object();
    if (json_object_set_new(out, "text", json_stringn(entry->text, entry->len)) != 0) {
        vec_die("an entry's text is not UTF-8");
    }
    (void)json_object_set_new(out, "sig", json_string(fixture_sig(entry->sig).text));
    if (entry->data) {
        char *data = allocate(COUNCIL_B64_CHARS(entry->data_len) + 1U);
        council_b64_encode(data, entry->data, entry->data_len);
        (void)json_object_set_new(out, "data", json_string(data));
        free(data);
    }
    return out;
}

void vec_entry_read(struct fixture_entry *out, const json_t *json)
{
    memset(out, 0, sizeof *out);
    const char *text = vec_string(json, "text"), *sig = vec_string(json, "sig");
    out->len = (uint32_t)json_string_length(json_object_get(json, "text"));
    out->text = allocate(out->len + (size_t)1);
    memcpy(out->text, text, out->len);
    if (!council_b64_decode(out->sig, COUNCIL_SIG_BYTES, sig, (uint32_t)strlen(sig))) {
        vec_die("a signature is not base64url of 64 bytes");
    }
    if (json_object_get(json, "data")) {
        const char *data = vec_string(json, "data");
        uint32_t chars = (uint32_t)strlen(data);
        out->data_len = council_b64_bytes(chars);
        out->data = allocate(out->data_len + (size_t)1);
        if (!council_b64_decode(out->data, out->data_len, data, chars)) {
            vec_die("data is not base64url");
        }
    }
}
