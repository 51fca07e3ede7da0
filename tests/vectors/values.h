/*
 * values.h - values inside vectors: bytes as hex, entries as on the wire.
 *
 * Owns how bytes and entries become JSON and back. Knows no kind of vector. Whatever is damaged in a file stops the program: vectors
 * are part of the sources, not input.
 */
#ifndef COUNCIL_TESTS_VECTORS_VALUES_H
#define COUNCIL_TESTS_VECTORS_VALUES_H

#include "tests/unit/fixture.h"
#include <jansson.h>

/* Prints what happened and stops. */
__attribute__((noreturn, format(printf, 1, 2))) void vec_die(const char *format, ...);

/* "hex:" and lower-case hex, as a new JSON string. */
json_t *vec_hex(const void *bytes, uint32_t len);
/* Whether a value is such a string, and its bytes: owned (free), one longer than `*len`, ending in NUL. */
bool vec_is_bytes(const json_t *value);
uint8_t *vec_unhex(const json_t *value, uint32_t *len);
/* The bytes of field `key`, owned as above. */
uint8_t *vec_bytes(const json_t *vector, const char *key, uint32_t *len);
/* The same of exactly `len` bytes into `out`. */
void vec_fixed(const json_t *vector, const char *key, uint8_t *out, uint32_t len);
const char *vec_string(const json_t *vector, const char *key);
uint64_t vec_int(const json_t *vector, const char *key);

/* An entry as {"text","sig","data"?}, new; and back: what is not base64url stops the program. The caller owns the entry. */
json_t *vec_entry(const struct fixture_entry *entry);
void vec_entry_read(struct fixture_entry *out, const json_t *json);

#endif
