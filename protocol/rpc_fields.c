/*
 * rpc_fields.c - the fields of messages: checked against wire.def, decoded exactly.
 *
 * Owns what "of its type and range" means on the wire. Must not know methods one by one: rows decide. Nothing
 * here trusts that a check was made before; a field that is not what is asked for is refused wherever it is read.
 */
#include "protocol/rpc.h"
#include <stdlib.h>
#include <string.h>

static const json_t *field(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

bool council_rpc_has(const json_t *object, const char *name)
{
    return field(object, name) != NULL;
}

bool council_rpc_known(const json_t *object, const char *const *names, const char **unknown)
{
    if (!json_is_object(object))
        return false;
    json_t *walked =
        (json_t *)(uintptr_t)object; /* jansson's iterators take no const; nothing is changed */
    for (void *at = json_object_iter(walked); at != NULL; at = json_object_iter_next(walked, at)) {
        const char *key = json_object_iter_key(at);
        uint32_t i = 0;
        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL) {
            if (unknown != NULL)
                *unknown = key;
            return false;
        }
    }
    return true;
}

static bool is_bytes(const json_t *value, uint8_t *out, uint32_t len)
{
    if (!json_is_string(value) || json_string_length(value) != COUNCIL_B64_CHARS((size_t)len))
        return false;
    return council_b64_decode(out, len, json_string_value(value), COUNCIL_B64_CHARS(len));
}

bool council_rpc_bytes(const json_t *object, const char *name, uint8_t *out, uint32_t len)
{
    return is_bytes(field(object, name), out, len);
}

static bool is_int(const json_t *value, uint64_t min, uint64_t max)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    uint64_t number = (uint64_t)json_integer_value(value);
    return number >= min && number <= max && number <= COUNCIL_INT_MAX;
}

bool council_rpc_int(const json_t *object, const char *name, uint64_t min, uint64_t max,
                     uint64_t *out)
{
    const json_t *value = field(object, name);
    if (!is_int(value, min, max))
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

const char *council_rpc_string(const json_t *object, const char *name, uint32_t max)
{
    const json_t *value = field(object, name);
    return json_is_string(value) && json_string_length(value) <= max ? json_string_value(value)
                                                                     : NULL;
}

enum council_error council_rpc_data(const json_t *object, const char *name, uint32_t min,
                                    uint32_t max, uint8_t **out, uint32_t *len)
{
    *out = NULL;
    *len = 0;
    const json_t *value = field(object, name);
    if (!json_is_string(value) || json_string_length(value) > COUNCIL_FRAME_MAX)
        return COUNCIL_E_INVALID_PARAMS;
    uint32_t chars = (uint32_t)json_string_length(value), bytes = council_b64_bytes(chars);
    if (bytes == UINT32_MAX || bytes < min || bytes > max)
        return COUNCIL_E_INVALID_PARAMS;
    uint8_t *decoded = malloc((size_t)bytes + 1); /* never an allocation of nothing */
    if (decoded == NULL)
        return COUNCIL_E_NO_MEMORY;
    if (!council_b64_decode(decoded, bytes, json_string_value(value), chars)) {
        free(decoded);
        return COUNCIL_E_INVALID_PARAMS;
    }
    *out = decoded;
    *len = bytes;
    return COUNCIL_OK;
}

/* ---- wire.def ---- */

static bool is_word(const json_t *value, const char *words)
{
    if (!json_is_string(value) || json_string_length(value) == 0 ||
        strchr(json_string_value(value), ' ') != NULL)
        return false;
    const char *word = json_string_value(value);
    size_t len = json_string_length(value);
    for (const char *at = words; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, word, len) == 0 && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool check_object(enum council_wire_place place, uint32_t owner, const json_t *object,
                         bool strict, const char **bad);

static bool check_list(const struct council_wire_field *row, const json_t *value, bool strict,
                       const char **bad)
{
    if (!json_is_array(value) || json_array_size(value) < row->min ||
        json_array_size(value) > row->max)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!check_object(COUNCIL_IN_SHAPE, row->shape, json_array_get(value, i), strict, bad))
            return false;
    return true;
}

static bool check_value(const struct council_wire_field *row, const json_t *value, bool strict,
                        const char **bad)
{
    uint8_t scratch[COUNCIL_SIG_BYTES];
    switch (row->type) {
    case COUNCIL_WIRE_BYTES:
        return row->max <= sizeof(scratch) && is_bytes(value, scratch, (uint32_t)row->max);
    case COUNCIL_WIRE_INT:
        return is_int(value, row->min, row->max);
    case COUNCIL_WIRE_STRING:
        return json_is_string(value) && json_string_length(value) >= row->min &&
               json_string_length(value) <= row->max;
    case COUNCIL_WIRE_DATA:
    case COUNCIL_WIRE_TEXT:
        return json_is_string(value);
    case COUNCIL_WIRE_WORD:
        return is_word(value, row->words);
    case COUNCIL_WIRE_OBJECT:
        return check_object(COUNCIL_IN_SHAPE, row->shape, value, strict, bad);
    case COUNCIL_WIRE_LIST:
        return check_list(row, value, strict, bad);
    case COUNCIL_WIRE_ANY:
        return true;
    }
    return false;
}

/* Names the first field, in the order of the rows, that is missing or wrong; the innermost one where objects nest. */
static bool check_rows(const struct council_wire_field *rows, uint32_t count, const json_t *object,
                       bool strict, const char **bad)
{
    for (uint32_t i = 0; i < count; i++) {
        const json_t *value = field(object, rows[i].name);
        if (value == NULL && rows[i].optional)
            continue;
        *bad = NULL;
        if (value == NULL || !check_value(&rows[i], value, strict, bad)) {
            if (*bad == NULL)
                *bad = rows[i].name;
            return false;
        }
    }
    return true;
}

static bool check_object(enum council_wire_place place, uint32_t owner, const json_t *object,
                         bool strict, const char **bad)
{
    enum {
        ROWS_MAX = 16
    };
    const char *names[ROWS_MAX + 1] = {NULL};
    uint32_t count = 0;
    const struct council_wire_field *rows = council_wire_fields(place, owner, &count);
    if (!json_is_object(object) || count > ROWS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++)
        names[i] = rows[i].name;
    if (strict && !council_rpc_known(object, names, bad))
        return false;
    return check_rows(rows, count, object, strict, bad);
}

static enum council_error checked(enum council_wire_place place, uint32_t owner,
                                  const json_t *object, const char **bad_field)
{
    const char *bad = NULL;
    bool strict = place == COUNCIL_IN_PARAMS;
    bool good = check_object(place, owner, object, strict, &bad);
    if (bad_field != NULL)
        *bad_field = good ? NULL : bad;
    if (good)
        return COUNCIL_OK;
    return strict ? COUNCIL_E_INVALID_PARAMS : COUNCIL_E_BAD_REPLY;
}

enum council_error council_rpc_check_params(enum council_method method, const json_t *params,
                                            const char **bad_field)
{
    return checked(COUNCIL_IN_PARAMS, method, params, bad_field);
}

enum council_error council_rpc_check_result(enum council_method method, const json_t *result,
                                            const char **bad_field)
{
    return checked(COUNCIL_IN_RESULT, method, result, bad_field);
}

enum council_error council_rpc_check_notification(enum council_notification notification,
                                                  const json_t *params, const char **bad_field)
{
    return checked(COUNCIL_IN_NOTIFICATION, notification, params, bad_field);
}

/* ---- entries ---- */

/* An integer that may be absent: false if it is there and wrong. */
static bool optional_int(const json_t *object, const char *name, uint64_t max, uint64_t *out)
{
    *out = 0;
    return !council_rpc_has(object, name) || council_rpc_int(object, name, 0, max, out);
}

enum council_error council_rpc_entry(const json_t *object, struct council_wire_entry *out)
{
    memset(out, 0, sizeof(*out));
    uint64_t erased = 0;
    const json_t *text = field(object, "text");
    out->has_log = council_rpc_has(object, "log");
    bool good = json_is_string(text) && json_string_length(text) <= COUNCIL_FRAME_MAX &&
                council_rpc_bytes(object, "sig", out->sig, sizeof(out->sig)) &&
                (!out->has_log || council_rpc_bytes(object, "log", out->log, sizeof(out->log))) &&
                optional_int(object, "seq", COUNCIL_INT_MAX, &out->seq) &&
                optional_int(object, "received", COUNCIL_INT_MAX, &out->received) &&
                optional_int(object, "erased", 1, &erased);
    enum council_error error = good ? COUNCIL_OK : COUNCIL_E_INVALID_PARAMS;
    out->has_data = council_rpc_has(object, "data");
    if (good && out->has_data)
        error = council_rpc_data(object, "data", 0, COUNCIL_FRAME_MAX, &out->data, &out->data_len);
    if (error != COUNCIL_OK) {
        memset(out, 0, sizeof(*out));
        return error;
    }
    out->text = json_string_value(text);
    out->len = (uint32_t)json_string_length(text);
    out->erased = erased == 1;
    return COUNCIL_OK;
}

void council_wire_entry_fini(struct council_wire_entry *entry)
{
    free(entry->data);
    free(entry->own_text);
    memset(entry, 0, sizeof(*entry));
}
