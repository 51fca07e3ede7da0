/*
 * flips.h - what form a text has once one byte of it was changed.
 *
 * Owns the account of a valid text byte by byte, for whoever flips bits of one (an entry's own text, or one that it carries).
 */
#ifndef COUNCIL_TESTS_SOUNDNESS_FLIPS_H
#define COUNCIL_TESTS_SOUNDNESS_FLIPS_H

#include "tests/soundness/shape.h"

struct owner {
    enum {
        OWNER_NONE, /* a bracket, quote, colon or comma */
        OWNER_VALUE,
        OWNER_KEY
    } part;
    uint32_t value;
};

struct flips {
    const struct council_text *text; /* borrowed */
    struct shape *shapes;            /* owned: by value */
    struct owner *owner;             /* owned: by byte */
    uint32_t *parent;                /* owned: by value */
};

/* `text` is valid and of this kind; borrowed until flips_fini. */
void flips_init(struct flips *flips, const struct council_text *text, enum council_kind kind);
void flips_fini(struct flips *flips);

/* The form of `flipped`, which differs from the text in the byte at `pos` alone: OK, NOT_CANONICAL, BAD_FIELD or UNKNOWN_KIND. */
enum council_error flips_form(const struct flips *flips, const char *flipped, uint32_t pos);

#endif
