/*
 * kinds.c - the rows of kinds.def and bodies.def as arrays, and their lookup.
 *
 * Owns no rule: what a row means is in entry.c, entry_body.c, member.c and council.c.
 * Invariant: the rows of one kind stand together in bodies.def, in ascending order of name.
 */
#include "protocol/kinds.h"

#include <string.h>

/* The words of the table's third and fourth columns. */
#define GENESIS COUNCIL_FLAG_GENESIS
#define CONTROL COUNCIL_FLAG_CONTROL
#define FOLDS   COUNCIL_FLAG_FOLDS
#define SEALED  COUNCIL_FLAG_SEALED
#define BLOCK   COUNCIL_FLAG_BLOCK
#define CHAIN   COUNCIL_FLAG_CHAIN
#define CLOSES  COUNCIL_FLAG_CLOSES

static const struct council_kind_info infos[COUNCIL_KIND_COUNT] = {
#define COUNCIL_KIND(symbol, name, log, flags, who, max) \
    [COUNCIL_KIND_##symbol] = {name, COUNCIL_LOG_##log, (flags), COUNCIL_WHO_##who, max},
#include "protocol/kinds.def"
#undef COUNCIL_KIND
};

static const struct council_body_field fields[] = {
#define COUNCIL_FIELD(kind, name, type, min, max, optional) \
    {name, min, max, COUNCIL_KIND_##kind, COUNCIL_TYPE_##type, (optional) != 0},
#include "protocol/bodies.def"
#undef COUNCIL_FIELD
};

enum {
    FIELD_COUNT = sizeof(fields) / sizeof(fields[0]),
    WORDS_MAX = 4,
    TYPE_COUNT = COUNCIL_TYPE_CHAIN + 1
};

static const char *const words[TYPE_COUNT][WORDS_MAX] = {
#define COUNCIL_FIELD(kind, name, type, min, max, optional)
#define COUNCIL_WORDS(type, ...) [COUNCIL_TYPE_##type] = {__VA_ARGS__, NULL},
#include "protocol/bodies.def"
#undef COUNCIL_WORDS
#undef COUNCIL_FIELD
};

const struct council_kind_info *council_kind_info(enum council_kind kind)
{
    return &infos[kind];
}

enum council_kind council_kind_find(const char *name, uint32_t len)
{
    unsigned kind = 0;
    while (kind < COUNCIL_KIND_COUNT &&
           (strlen(infos[kind].name) != len || memcmp(infos[kind].name, name, len) != 0)) {
        kind++;
    }
    return (enum council_kind)kind;
}

const struct council_body_field *council_kind_fields(enum council_kind kind, uint32_t *count)
{
    uint32_t first = 0;
    while (first < FIELD_COUNT && fields[first].kind != kind) {
        first++;
    }
    uint32_t end = first;
    while (end < FIELD_COUNT && fields[end].kind == kind) {
        end++;
    }
    *count = end - first;
    return &fields[first < FIELD_COUNT ? first : 0];
}

const char *const *council_words(enum council_field_type type)
{
    if ((unsigned)type >= TYPE_COUNT || words[type][0] == NULL) {
        return NULL;
    }
    return words[type];
}
