/*
 * content.c - the check of content against its table.
 *
 * Invariant: content that passes has every field that the table asks for, of the kind and size that it says; the folds
 * rely on that and look no further.
 */
#include "client/model/content.h"

#include <stdio.h>
#include <string.h>

#include "client/model/form.h"
#include "protocol/bytes.h"
#include "protocol/localtime.h"

enum role {
    CONTENT_ROLE_POST,
    CONTENT_ROLE_RECORD
};

#define CONTENT_TYPE(symbol, name, role, what) {name, CONTENT_ROLE_##role},
#define CONTENT_FIELD(type, name, kind, min, max, optional, what)
static const struct {
    const char *name;
    enum role role;
} types[] = {
#include "client/model/content.def"
};
#undef CONTENT_TYPE
#undef CONTENT_FIELD

#define CONTENT_TYPE(symbol, name, role, what)
#define CONTENT_FIELD(type, name, kind, min, max, optional, what) \
    {CONTENT_##type, CONTENT_KIND_##kind, name, what, min, max, optional},
static const struct content_field fields[] = {
#include "client/model/content.def"
};
#undef CONTENT_TYPE
#undef CONTENT_FIELD

enum {
    FIELD_COUNT = sizeof fields / sizeof fields[0]
};

enum {
    WORDS_MAX = 8
};

#define CONTENT_TYPE(symbol, name, role, what)
#define CONTENT_FIELD(type, name, kind, min, max, optional, what)
#define CONTENT_WORDS(kind, ...) {CONTENT_KIND_##kind, {__VA_ARGS__}},
static const struct {
    enum content_kind kind;
    const char *words[WORDS_MAX]; /* NULL ends them */
} lists[] = {
#include "client/model/content.def"
};
#undef CONTENT_TYPE
#undef CONTENT_FIELD
#undef CONTENT_WORDS

const struct content_field *content_fields(enum content_type type, uint32_t *count)
{
    uint32_t first = 0;
    while (first < FIELD_COUNT && fields[first].type != type)
        first++;
    *count = 0;
    while (first + *count < FIELD_COUNT && fields[first + *count].type == type)
        ++*count;
    return &fields[first < FIELD_COUNT ? first : 0];
}

enum content_type content_type_of(const json_t *content)
{
    const char *name = content_text(content, "type");
    for (int i = 0; name && i < CONTENT_TYPE_COUNT; i++)
        if (types[i].role == CONTENT_ROLE_POST && strcmp(types[i].name, name) == 0)
            return (enum content_type)i;
    return CONTENT_TYPE_COUNT;
}

const char *content_text(const json_t *content, const char *name)
{
    return json_string_value(json_object_get(content, name));
}

uint64_t content_number(const json_t *content, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(content, name));
    return value > 0 ? (uint64_t)value : 0;
}

bool content_bytes(const json_t *content, const char *name, uint8_t *out, uint32_t len)
{
    const json_t *value = json_object_get(content, name);
    size_t chars = json_string_length(value);
    return json_is_string(value) && chars <= UINT32_MAX &&
           council_b64_decode(out, len, json_string_value(value), (uint32_t)chars);
}

static bool is_text(const json_t *value, uint64_t min, uint64_t max)
{
    size_t len = json_string_length(value);
    return json_is_string(value) && len >= min && len <= max &&
           strlen(json_string_value(value)) == len;
}

static bool is_number(const json_t *value, uint64_t min, uint64_t max)
{
    json_int_t n = json_integer_value(value);
    return json_is_integer(value) && n >= 0 && (uint64_t)n >= min && (uint64_t)n <= max;
}

static bool is_bytes(const json_t *value, uint32_t len)
{
    uint8_t bytes[COUNCIL_KEY_BYTES];
    size_t chars = json_string_length(value);
    return json_is_string(value) && chars <= COUNCIL_KEY_CHARS &&
           council_b64_decode(bytes, len, json_string_value(value), (uint32_t)chars);
}

/* A date is the first half of a local time, which the protocol knows how to check. */
static bool is_date(const json_t *value)
{
    char local[sizeof "YYYY-MM-DDThh:mm"];
    if (!is_text(value, 10, 10))
        return false;
    snprintf(local, sizeof local, "%sT00:00", json_string_value(value));
    return council_local_valid(local, (uint32_t)strlen(local));
}

static bool is_word(enum content_kind kind, const json_t *value)
{
    for (size_t l = 0; json_is_string(value) && l < sizeof lists / sizeof lists[0]; l++)
        for (size_t i = 0; lists[l].kind == kind && i < WORDS_MAX && lists[l].words[i]; i++)
            if (strcmp(json_string_value(value), lists[l].words[i]) == 0)
                return true;
    return false;
}

static bool check_record(enum content_type type, const json_t *record, struct content_fault *fault);

static bool is_records(enum content_type type, const json_t *value, uint64_t min, uint64_t max,
                       struct content_fault *fault)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count < min || count > max)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!check_record(type, json_array_get(value, i), fault))
            return false;
    return true;
}

static bool check_value(const struct content_field *field, const json_t *value,
                        const json_t *record, struct content_fault *fault)
{
    switch (field->kind) {
    case CONTENT_KIND_TEXT:
        return is_text(value, field->min, field->max);
    case CONTENT_KIND_NUMBER:
        return is_number(value, field->min, field->max);
    case CONTENT_KIND_KEY:
        return is_bytes(value, COUNCIL_KEY_BYTES);
    case CONTENT_KIND_OBJECT:
        return is_bytes(value, COUNCIL_ID_BYTES);
    case CONTENT_KIND_LOCAL:
        return json_is_string(value) &&
               council_local_valid(json_string_value(value), (uint32_t)json_string_length(value));
    case CONTENT_KIND_DATE:
        return is_date(value);
    case CONTENT_KIND_FORM: /* a form of a later version is content that this one cannot show */
        return is_text(value, 1, 64);
    case CONTENT_KIND_FIELDS: {
        const char *form = content_text(record, "form");
        return json_is_object(value) && form && form_check(form, value, FORM_DRAFT, fault);
    }
    case CONTENT_KIND_STATE:
    case CONTENT_KIND_WANT:
    case CONTENT_KIND_REASON:
        return is_word(field->kind, value);
    case CONTENT_KIND_RESULTS:
        return is_records(CONTENT_RESULT, value, field->min, field->max, fault);
    case CONTENT_KIND_COMMITMENTS:
        return is_records(CONTENT_COMMITMENT, value, field->min, field->max, fault);
    case CONTENT_KIND_PHASES:
        return is_records(CONTENT_PHASE, value, field->min, field->max, fault);
    }
    return false;
}

static bool check_record(enum content_type type, const json_t *record, struct content_fault *fault)
{
    uint32_t count;
    const struct content_field *field = content_fields(type, &count);
    if (!json_is_object(record))
        return false;
    for (uint32_t i = 0; i < count; i++, field++) {
        const json_t *value = json_object_get(record, field->name);
        if (!value && field->optional)
            continue;
        if (value && check_value(field, value, record, fault))
            continue;
        if (!fault->text[0])
            snprintf(fault->text, sizeof fault->text, "%s: %s (%s) is %s", types[type].name,
                     field->name, field->what, value ? "not of the right form" : "missing");
        return false;
    }
    return true;
}

enum council_error content_check(const json_t *content, struct content_fault *fault)
{
    struct content_fault local;
    if (!fault)
        fault = &local;
    fault->text[0] = '\0';
    if (!json_is_object(content) || !content_text(content, "type"))
        return COUNCIL_E_BAD_CONTENT;
    enum content_type type = content_type_of(content);
    if (type == CONTENT_TYPE_COUNT)
        return COUNCIL_E_NEEDS_NEWER;
    if (type == CONTENT_DOCUMENT && content_text(content, "form") &&
        !form_find(content_text(content, "form")))
        return COUNCIL_E_NEEDS_NEWER;
    return check_record(type, content, fault) ? COUNCIL_OK : COUNCIL_E_BAD_CONTENT;
}
