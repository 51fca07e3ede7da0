/*
 * shape.h - what every value of an entry's text must be by itself, from sections 1.1, 3.1 and 3.6 of protocol/README.md.
 *
 * Owns a second account of form, beside entry.c and entry_body.c, by which the proof knows what a change must give. Shares with them the
 * tables of kinds and bodies alone.
 */
#ifndef COUNCIL_TESTS_SOUNDNESS_SHAPE_H
#define COUNCIL_TESTS_SOUNDNESS_SHAPE_H

#include "protocol/entry.h"

enum shape_type {
    SHAPE_NONE, /* nothing may stand here */
    SHAPE_OBJECT,
    SHAPE_ARRAY,
    SHAPE_INT,
    SHAPE_BYTES, /* base64url of `min` bytes; 0: of any number */
    SHAPE_KIND,
    SHAPE_WORD, /* of `words` */
    SHAPE_LOCAL,
    SHAPE_ZONE,
    SHAPE_RULE
};

struct shape {
    enum shape_type type;
    uint64_t min, max; /* of an integer; of the count of an array; characters of a zone */
    const char *const *words;
    bool ascending; /* elements, each above the one before */
};

/* The shapes of all values of a text whose kind is `kind`; `out` has room for text->count. */
void shape_all(const struct council_text *text, enum council_kind kind, struct shape *out);

/* Whether these characters are such a string (or digits such an integer). */
bool shape_leaf(const struct shape *shape, const char *chars, uint32_t len);

/* What form a canonical text has: OK, BAD_FIELD, UNKNOWN_KIND or TOO_LARGE, by section 3.4, step 1. */
enum council_error shape_form(const struct council_text *text);

#endif
