/*
 * content.h - what a sealed plaintext says, checked against content.def.
 *
 * Owns the form of content: types, fields, limits. Knows neither who wrote it nor what follows from it, and nothing of
 * logs. Content is data from other people: every function takes any JSON value and returns an error.
 */
#ifndef COUNCIL_CLIENT_MODEL_CONTENT_H
#define COUNCIL_CLIENT_MODEL_CONTENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/error.h"

enum content_type {
#define CONTENT_TYPE(symbol, name, role, what) CONTENT_##symbol,
#define CONTENT_FIELD(type, name, kind, min, max, optional, what)
#include "client/model/content.def"
#undef CONTENT_TYPE
#undef CONTENT_FIELD
    CONTENT_TYPE_COUNT
};

enum content_kind {
    CONTENT_KIND_TEXT,
    CONTENT_KIND_NUMBER,
    CONTENT_KIND_KEY,
    CONTENT_KIND_OBJECT,
    CONTENT_KIND_LOCAL,
    CONTENT_KIND_DATE,
    CONTENT_KIND_FORM,
    CONTENT_KIND_FIELDS,
    CONTENT_KIND_STATE,
    CONTENT_KIND_WANT,
    CONTENT_KIND_REASON,
    CONTENT_KIND_RESULTS,
    CONTENT_KIND_COMMITMENTS,
    CONTENT_KIND_PHASES
};

struct content_field {
    enum content_type type;
    enum content_kind kind;
    const char *name;
    const char *what;
    uint64_t min, max;
    bool optional;
};

/* What went wrong, for a person: the field and what it must be. Empty where nothing did. */
struct content_fault {
    char text[200];
};

/* The rows of `type`'s fields, and how many they are; static storage. */
const struct content_field *content_fields(enum content_type type, uint32_t *count);

/* The type of a post's plaintext, or CONTENT_TYPE_COUNT where it has none or one of a later version. */
enum content_type content_type_of(const json_t *content);

/*
 * Checks the plaintext of a post. BAD_CONTENT for what no client may write; NEEDS_NEWER for a type that is not in the table. `fault`
 * may be NULL.
 */
COUNCIL_MUST_USE enum council_error content_check(const json_t *content,
                                                  struct content_fault *fault);

/* The string field `name`, or NULL where it is absent. Borrowed from `content`. */
const char *content_text(const json_t *content, const char *name);

/* The integer field `name`, or 0. */
uint64_t content_number(const json_t *content, const char *name);

/* Decodes a KEY or OBJECT field of `len` bytes; false where it is absent or something else. */
COUNCIL_MUST_USE bool content_bytes(const json_t *content, const char *name, uint8_t *out,
                                    uint32_t len);

#endif
