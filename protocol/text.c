/*
 * text.c - the check of canonical text on its raw bytes, which indexes its values in the same pass.
 *
 * Owns the grammar of README.md section 2 and reading from the index. Must not know what a text means.
 * Invariant: whatever the bytes, reading stays within [text, text + len), at most COUNCIL_TEXT_DEPTH calls nest and at
 * most COUNCIL_TEXT_VALUES values are kept.
 */
#include "protocol/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUES_START = 64,
    INTEGER_DIGITS = 16
};

struct scan {
    const char *text;
    uint32_t len, pos;
    struct council_value *values;
    uint32_t count, size, depth;
    bool no_memory;
};

static bool scan_value(struct scan *s);

/* A new value that begins at the current position; its index, or UINT32_MAX. */
static uint32_t value_add(struct scan *s, enum council_value_type type)
{
    if (s->count == s->size) {
        uint32_t size = s->size == 0 ? VALUES_START : s->size * 2;
        if (s->count == COUNCIL_TEXT_VALUES) {
            return UINT32_MAX;
        }
        struct council_value *values = realloc(s->values, size * sizeof(*values));
        if (values == NULL) {
            s->no_memory = true;
            return UINT32_MAX;
        }
        s->values = values;
        s->size = size;
    }
    s->values[s->count] = (struct council_value){.type = type, .start = s->pos};
    return s->count++;
}

/* Whether the next byte is `c`; it is then passed over. */
static bool scan_byte(struct scan *s, char c)
{
    if (s->pos == s->len || s->text[s->pos] != c) {
        return false;
    }
    s->pos++;
    return true;
}

static bool string_byte(char c)
{
    return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

static bool key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static bool scan_string(struct scan *s)
{
    s->pos++;
    uint32_t index = value_add(s, COUNCIL_STRING);
    if (index == UINT32_MAX) {
        return false;
    }
    uint32_t start = s->pos;
    while (s->pos < s->len && string_byte(s->text[s->pos])) {
        s->pos++;
    }
    s->values[index].len = s->pos - start;
    s->values[index].next = index + 1;
    return scan_byte(s, '"');
}

static bool scan_integer(struct scan *s)
{
    uint32_t index = value_add(s, COUNCIL_INTEGER);
    if (index == UINT32_MAX) {
        return false;
    }
    uint32_t start = s->pos;
    uint64_t integer = 0;
    while (s->pos < s->len && s->text[s->pos] >= '0' && s->text[s->pos] <= '9') {
        if (s->pos - start == INTEGER_DIGITS) {
            return false;
        }
        integer = integer * 10 + (uint64_t)(s->text[s->pos] - '0');
        s->pos++;
    }
    uint32_t len = s->pos - start;
    s->values[index].len = len;
    s->values[index].next = index + 1;
    s->values[index].integer = integer;
    return (s->text[start] != '0' || len == 1) && integer <= COUNCIL_INT_MAX;
}

/* Whether key `a` stands before key `b`: byte by byte, a beginning before what it begins. */
static bool key_less(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order < 0 || (order == 0 && a_len < b_len);
}

/* `"key":`, after the previous key of the same object, of length 0 at first. Replaces it. */
static bool scan_key(struct scan *s, uint32_t *key, uint32_t *key_len)
{
    if (!scan_byte(s, '"')) {
        return false;
    }
    uint32_t start = s->pos;
    while (s->pos < s->len && key_byte(s->text[s->pos])) {
        s->pos++;
    }
    uint32_t len = s->pos - start;
    if (len == 0 || len > COUNCIL_KEY_NAME_MAX ||
        !key_less(s->text + *key, *key_len, s->text + start, len)) {
        return false;
    }
    *key = start;
    *key_len = len;
    return scan_byte(s, '"') && scan_byte(s, ':');
}

/* An object or an array: they differ in the brackets and in the keys. */
static bool scan_nest(struct scan *s, bool object)
{
    char end = object ? '}' : ']';
    uint32_t index = value_add(s, object ? COUNCIL_OBJECT : COUNCIL_ARRAY);
    if (index == UINT32_MAX || s->depth == COUNCIL_TEXT_DEPTH) {
        return false;
    }
    s->depth++;
    s->pos++;
    uint32_t count = 0, key = 0, key_len = 0;
    if (!scan_byte(s, end)) {
        do {
            uint32_t child = s->count;
            if ((object && !scan_key(s, &key, &key_len)) || !scan_value(s)) {
                return false;
            }
            s->values[child].key = key;
            s->values[child].key_len = key_len;
            count++;
        } while (scan_byte(s, ','));
        if (!scan_byte(s, end)) {
            return false;
        }
    }
    s->depth--;
    struct council_value *value = &s->values[index];
    value->len = s->pos - value->start;
    value->count = count;
    value->next = s->count;
    return true;
}

static bool scan_value(struct scan *s)
{
    if (s->pos == s->len) {
        return false;
    }
    switch (s->text[s->pos]) {
    case '"':
        return scan_string(s);
    case '{':
        return scan_nest(s, true);
    case '[':
        return scan_nest(s, false);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return scan_integer(s);
    default:
        return false;
    }
}

enum council_error council_text_init(struct council_text *out, const char *text, uint32_t len)
{
    struct scan s = {.text = text, .len = len};
    memset(out, 0, sizeof(*out));
    if (len > COUNCIL_TEXT_MAX) {
        return COUNCIL_E_TOO_LARGE;
    }
    if (len == 0 || text[0] != '{' || !scan_value(&s) || s.pos != len) {
        free(s.values);
        return s.no_memory ? COUNCIL_E_NO_MEMORY : COUNCIL_E_NOT_CANONICAL;
    }
    out->text = text;
    out->len = len;
    out->values = s.values;
    out->count = s.count;
    return COUNCIL_OK;
}

void council_text_fini(struct council_text *text)
{
    if (text != NULL) {
        free(text->values);
        memset(text, 0, sizeof(*text));
    }
}

uint32_t council_text_first(const struct council_text *text, uint32_t index)
{
    return text->values[index].count > 0 ? index + 1 : 0;
}

uint32_t council_text_get(const struct council_text *text, uint32_t object, const char *key)
{
    if (text->values[object].type != COUNCIL_OBJECT) {
        return 0;
    }
    uint32_t key_len = (uint32_t)strlen(key);
    uint32_t end = text->values[object].next;
    for (uint32_t i = object + 1; i < end; i = text->values[i].next) {
        const struct council_value *value = &text->values[i];
        if (value->key_len == key_len && memcmp(text->text + value->key, key, key_len) == 0) {
            return i;
        }
    }
    return 0;
}

bool council_text_bytes(const struct council_text *text, uint32_t index, uint8_t *out, uint32_t len)
{
    const struct council_value *value = &text->values[index];
    return value->type == COUNCIL_STRING &&
           council_b64_decode(out, len, text->text + value->start, value->len);
}

bool council_text_is(const struct council_text *text, uint32_t index, const char *word)
{
    const struct council_value *value = &text->values[index];
    return value->type == COUNCIL_STRING && strlen(word) == value->len &&
           memcmp(text->text + value->start, word, value->len) == 0;
}
