/*
 * kinds.h - the table of kinds as C sees it: what a kind is, where it belongs, who may write it, its limits,
 * and the fields of its body.
 *
 * Owns the facts of kinds.def and bodies.def and nothing else; the rules that use them are in entry.c,
 * member.c and council.c.
 */
#ifndef COUNCIL_PROTOCOL_KINDS_H
#define COUNCIL_PROTOCOL_KINDS_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

enum council_kind {
#define COUNCIL_KIND(symbol, name, log, flags, who, max) COUNCIL_KIND_##symbol,
#include "protocol/kinds.def"
#undef COUNCIL_KIND
    COUNCIL_KIND_COUNT
};

enum council_kind_flag {
    COUNCIL_FLAG_GENESIS = 1,
    COUNCIL_FLAG_CONTROL = 2,
    COUNCIL_FLAG_FOLDS = 4,
    COUNCIL_FLAG_SEALED = 8,
    COUNCIL_FLAG_BLOCK = 16,
    COUNCIL_FLAG_CHAIN = 32,
    COUNCIL_FLAG_CLOSES = 64
};

enum council_kind_log {
    COUNCIL_LOG_MEMBER,
    COUNCIL_LOG_COUNCIL,
    COUNCIL_LOG_ANY
};

enum council_who {
    COUNCIL_WHO_DEVICE,
    COUNCIL_WHO_RECOVERY,
    COUNCIL_WHO_JOINER,
    COUNCIL_WHO_MEMBER,
    COUNCIL_WHO_MODERATOR
};

struct council_kind_info {
    const char *name;
    enum council_kind_log log;
    uint32_t flags; /* of enum council_kind_flag */
    enum council_who who;
    uint32_t max; /* bytes of text */
};

enum council_field_type {
    COUNCIL_TYPE_KEY,
    COUNCIL_TYPE_SIG,
    COUNCIL_TYPE_INT,
    COUNCIL_TYPE_LOCAL,
    COUNCIL_TYPE_ZONE,
    COUNCIL_TYPE_RULE,
    COUNCIL_TYPE_TYPE,
    COUNCIL_TYPE_PACE,
    COUNCIL_TYPE_HISTORY,
    COUNCIL_TYPE_ROLE,
    COUNCIL_TYPE_CHANGE,
    COUNCIL_TYPE_ANSWER,
    COUNCIL_TYPE_KEYS,
    COUNCIL_TYPE_INTS,
    COUNCIL_TYPE_MINUTES,
    COUNCIL_TYPE_RECOVERY,
    COUNCIL_TYPE_BLOCK,
    COUNCIL_TYPE_PAST,
    COUNCIL_TYPE_CHAIN
};

struct council_body_field {
    const char *name;
    uint64_t min, max;
    enum council_kind kind;
    enum council_field_type type;
    bool optional;
};

/* The row of `kind`; static storage. */
const struct council_kind_info *council_kind_info(enum council_kind kind);

/* Looks a kind up by `len` bytes of name; COUNCIL_KIND_COUNT where unknown. */
enum council_kind council_kind_find(const char *name, uint32_t len);

/* The rows of bodies.def that belong to `kind`, in ascending order of name; `*count` may be 0. */
const struct council_body_field *council_kind_fields(enum council_kind kind, uint32_t *count);

/* The words of an enumerated type, NULL-terminated; NULL for other types. */
const char *const *council_words(enum council_field_type type);

static inline bool council_kind_has(enum council_kind kind, enum council_kind_flag flag)
{
    return (council_kind_info(kind)->flags & (uint32_t)flag) != 0;
}

#endif
