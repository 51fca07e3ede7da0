/*
 * tzif.c - a file of the system's time zones (RFC 8536). See tzif.h.
 *
 * Files are the system's, not strangers'; they are checked all the same, because a machine's disk can be anything.
 */
#include "protocol/schedule/tzif.h"

#include "protocol/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 44,
    COUNTS_AT = 20, /* in the header: the six counts */
    TYPE_BYTES = 6
};

/* The six counts, in the order of the header. */
enum {
    UT_MARKS,
    STANDARD_MARKS,
    LEAPS,
    CHANGES,
    TYPES,
    NAME_BYTES,
    COUNTS
};

struct block {
    uint64_t counts[COUNTS];
    const uint8_t *body; /* behind the header */
    uint64_t bytes;      /* of the body */
};

static uint32_t u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A header with its body; `time_bytes` is 4 in the first and 8 in the second. False: not there whole. */
static bool block_read(const uint8_t *bytes, uint64_t len, uint64_t time_bytes, struct block *out)
{
    if (len < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
        return false;
    for (uint32_t i = 0; i < COUNTS; i++)
        out->counts[i] = u32(bytes + COUNTS_AT + (size_t)4 * i);
    out->body = bytes + HEADER_BYTES;
    out->bytes = out->counts[CHANGES] * (time_bytes + 1) + out->counts[TYPES] * TYPE_BYTES +
                 out->counts[NAME_BYTES] + out->counts[LEAPS] * (time_bytes + 4) +
                 out->counts[STANDARD_MARKS] + out->counts[UT_MARKS];
    return out->bytes <= len - HEADER_BYTES;
}

bool tzif_append(struct tzif *tzif, int64_t at, uint8_t type)
{
    if (tzif->count == tzif->size) {
        uint32_t size = tzif->size == 0 ? 256 : tzif->size * 2;
        struct tzif_period *grown = realloc(tzif->periods, size * sizeof *grown);
        if (grown == NULL)
            return false;
        tzif->periods = grown;
        tzif->size = size;
    }
    tzif->periods[tzif->count++] = (struct tzif_period){.at = at, .type = type};
    return true;
}

bool tzif_type(struct tzif *tzif, const struct tzif_type *type, uint8_t *index)
{
    uint32_t i = 0;
    while (i < tzif->type_count && (tzif->types[i].offset_s != type->offset_s ||
                                    tzif->types[i].daylight != type->daylight ||
                                    strcmp(tzif->types[i].name, type->name) != 0))
        i++;
    if (i == TZIF_TYPES_MAX)
        return false;
    if (i == tzif->type_count)
        tzif->types[tzif->type_count++] = *type;
    *index = (uint8_t)i;
    return true;
}

/* The types as the file numbers them, so that its changes can name them. */
static bool read_types(const struct block *block, struct tzif *out)
{
    const uint8_t *types = block->body + block->counts[CHANGES] * 9;
    const char *names = (const char *)types + block->counts[TYPES] * TYPE_BYTES;
    if (block->counts[TYPES] == 0 || block->counts[TYPES] > TZIF_TYPES_MAX)
        return false;
    for (uint32_t i = 0; i < block->counts[TYPES]; i++) {
        const uint8_t *at = types + (size_t)TYPE_BYTES * i;
        struct tzif_type *type = &out->types[out->type_count++];
        type->offset_s = (int32_t)u32(at);
        type->daylight = at[4] != 0;
        uint64_t room = at[5] < block->counts[NAME_BYTES] ? block->counts[NAME_BYTES] - at[5] : 0;
        size_t len = room > 0 ? strnlen(names + at[5], room) : 0;
        if (len > TZIF_NAME_MAX || type->offset_s < -93600 || type->offset_s > 93600)
            return false;
        memcpy(type->name, len > 0 ? names + at[5] : "", len);
        type->name[len] = '\0';
    }
    return true;
}

static enum council_error read_changes(const struct block *block, struct tzif *out)
{
    const uint8_t *times = block->body, *types = times + block->counts[CHANGES] * 8;
    if (!tzif_append(out, INT64_MIN, 0))
        return COUNCIL_E_NO_MEMORY;
    for (uint64_t i = 0; i < block->counts[CHANGES]; i++) {
        int64_t at = (int64_t)council_u64be_read(times + 8 * i);
        if (types[i] >= out->type_count || at <= out->periods[out->count - 1].at ||
            at < TZIF_FIRST_CHANGE || at > TZIF_LAST_CHANGE)
            return COUNCIL_E_BAD_INPUT;
        if (!tzif_append(out, at, types[i]))
            return COUNCIL_E_NO_MEMORY;
    }
    return COUNCIL_OK;
}

/* The second block, and the line behind it. */
static enum council_error read_all(const uint8_t *bytes, uint64_t len, struct tzif *out)
{
    struct block block;
    char rule[128];
    if (!block_read(bytes, len, 4, &block) || bytes[4] < '2')
        return COUNCIL_E_BAD_INPUT;
    uint64_t skip = HEADER_BYTES + block.bytes;
    if (!block_read(bytes + skip, len - skip, 8, &block) || block.counts[LEAPS] != 0 ||
        !read_types(&block, out))
        return COUNCIL_E_BAD_INPUT;
    enum council_error error = read_changes(&block, out);
    if (error != COUNCIL_OK)
        return error;
    const uint8_t *line = block.body + block.bytes, *end = bytes + len;
    size_t size = 0;
    if (line == end || *line++ != '\n')
        return COUNCIL_E_BAD_INPUT;
    while (line + size < end && line[size] != '\n' && size < sizeof rule - 1)
        size++;
    memcpy(rule, line, size);
    rule[size] = '\0';
    /* Without a rule, or with one that nobody understands, the last offset stays. */
    error = tzif_append_rule(out, rule);
    return error == COUNCIL_E_BAD_INPUT ? COUNCIL_OK : error;
}

enum council_error tzif_read(FILE *file, struct tzif *out)
{
    memset(out, 0, sizeof *out);
    uint8_t *bytes = malloc(TZIF_BYTES_MAX + 1);
    if (bytes == NULL)
        return COUNCIL_E_NO_MEMORY;
    size_t len = fread(bytes, 1, TZIF_BYTES_MAX + 1, file);
    enum council_error error =
        ferror(file) || len > TZIF_BYTES_MAX ? COUNCIL_E_BAD_INPUT : read_all(bytes, len, out);
    free(bytes);
    if (error != COUNCIL_OK)
        tzif_fini(out);
    return error;
}

void tzif_fini(struct tzif *tzif)
{
    free(tzif->periods);
    memset(tzif, 0, sizeof *tzif);
}

uint32_t tzif_period_at(const struct tzif *tzif, int64_t instant)
{
    uint32_t low = 0, high = tzif->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (tzif->periods[middle].at <= instant)
            low = middle;
        else
            high = middle;
    }
    return low;
}
