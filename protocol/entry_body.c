/*
 * entry_body.c - the body of an entry against its kind's rows of bodies.def, and reading checked bodies.
 *
 * Owns what each type of field is (README.md section 3.6). Must not know rules between fields or against a log: those are
 * member.c's and council.c's.
 */
#include "protocol/internal.h"
#include "protocol/localtime.h"

#include <string.h>

enum {
    BOX_BYTES = 80,     /* one epoch's seed, boxed */
    PAST_OVERHEAD = 48, /* of a box of several seeds */
    PAST_SEEDS_MAX = 64,
    MINUTES_MAX = 240,
    CHUNK_CHARS = 1024 /* of base64url that is only looked at; a multiple of 4 */
};

/* Whether value `index` is what the row says. */
typedef bool check_fn(const struct council_text *text, uint32_t index,
                      const struct council_body_field *field);

static bool is_bytes(const struct council_text *text, uint32_t index, uint32_t len)
{
    uint8_t bytes[BOX_BYTES];
    return council_text_bytes(text, index, bytes, len);
}

static bool check_key(const struct council_text *text, uint32_t index,
                      const struct council_body_field *field)
{
    (void)field;
    return is_bytes(text, index, COUNCIL_KEY_BYTES);
}

static bool check_sig(const struct council_text *text, uint32_t index,
                      const struct council_body_field *field)
{
    (void)field;
    return is_bytes(text, index, COUNCIL_SIG_BYTES);
}

static bool is_int(const struct council_text *text, uint32_t index, uint64_t min, uint64_t max)
{
    const struct council_value *value = &text->values[index];
    return value->type == COUNCIL_INTEGER && value->integer >= min && value->integer <= max;
}

static bool check_int(const struct council_text *text, uint32_t index,
                      const struct council_body_field *field)
{
    return is_int(text, index, field->min, field->max);
}

static bool check_local(const struct council_text *text, uint32_t index,
                        const struct council_body_field *field)
{
    const struct council_value *value = &text->values[index];
    (void)field;
    return value->type == COUNCIL_STRING &&
           council_local_valid(text->text + value->start, value->len);
}

static bool zone_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '/' || c == '-';
}

static bool check_zone(const struct council_text *text, uint32_t index,
                       const struct council_body_field *field)
{
    const struct council_value *value = &text->values[index];
    if (value->type != COUNCIL_STRING || value->len < field->min || value->len > field->max) {
        return false;
    }
    for (uint32_t i = 0; i < value->len; i++) {
        if (!zone_byte(text->text[value->start + i])) {
            return false;
        }
    }
    return true;
}

static bool check_rule(const struct council_text *text, uint32_t index,
                       const struct council_body_field *field)
{
    const struct council_value *value = &text->values[index];
    bool fast;
    uint32_t days;
    (void)field;
    return value->type == COUNCIL_STRING &&
           council_rule_parse(text->text + value->start, value->len, &fast, &days);
}

static bool check_word(const struct council_text *text, uint32_t index,
                       const struct council_body_field *field)
{
    for (const char *const *word = council_words(field->type); *word != NULL; word++) {
        if (council_text_is(text, index, *word)) {
            return true;
        }
    }
    return false;
}

/* An array of as many elements as the row allows. */
static bool is_array(const struct council_text *text, uint32_t index,
                     const struct council_body_field *field)
{
    const struct council_value *value = &text->values[index];
    return value->type == COUNCIL_ARRAY && value->count >= field->min && value->count <= field->max;
}

static bool check_keys(const struct council_text *text, uint32_t index,
                       const struct council_body_field *field)
{
    uint8_t before[COUNCIL_KEY_BYTES], key[COUNCIL_KEY_BYTES];
    if (!is_array(text, index, field)) {
        return false;
    }
    uint32_t end = text->values[index].next;
    for (uint32_t i = index + 1; i < end; i = text->values[i].next) {
        if (!council_text_bytes(text, i, key, sizeof(key)) ||
            (i > index + 1 && memcmp(before, key, sizeof(key)) >= 0)) {
            return false;
        }
        memcpy(before, key, sizeof(key));
    }
    return true;
}

static bool check_ints(const struct council_text *text, uint32_t index,
                       const struct council_body_field *field)
{
    uint64_t above = 0;
    if (!is_array(text, index, field)) {
        return false;
    }
    uint32_t end = text->values[index].next;
    for (uint32_t i = index + 1; i < end; i = text->values[i].next) {
        if (!is_int(text, i, above + 1, COUNCIL_INT_MAX)) {
            return false;
        }
        above = text->values[i].integer;
    }
    return true;
}

static bool check_minutes(const struct council_text *text, uint32_t index,
                          const struct council_body_field *field)
{
    if (!is_array(text, index, field)) {
        return false;
    }
    uint32_t end = text->values[index].next;
    for (uint32_t i = index + 1; i < end; i = text->values[i].next) {
        if (!is_int(text, i, 1, MINUTES_MAX)) {
            return false;
        }
    }
    return true;
}

/* Value `index` is an object of exactly `count` members, so those that are asked for are all there are. */
static bool is_object(const struct council_text *text, uint32_t index, uint32_t count)
{
    return text->values[index].type == COUNCIL_OBJECT && text->values[index].count == count;
}

/* Member `key` of the object is base64url of `len` bytes. */
static bool has_bytes(const struct council_text *text, uint32_t object, const char *key,
                      uint32_t len)
{
    uint32_t index = council_text_get(text, object, key);
    return index != 0 && is_bytes(text, index, len);
}

/* Member `key` of the object is base64url of any number of bytes, given back. */
static bool has_any_bytes(const struct council_text *text, uint32_t object, const char *key,
                          uint32_t *len)
{
    uint8_t bytes[CHUNK_CHARS / 4 * 3];
    uint32_t index = council_text_get(text, object, key);
    if (index == 0 || text->values[index].type != COUNCIL_STRING) {
        return false;
    }
    const char *chars = text->text + text->values[index].start;
    uint32_t left = text->values[index].len;
    *len = council_b64_bytes(left);
    while (left > 0) {
        uint32_t chunk = left < CHUNK_CHARS ? left : CHUNK_CHARS;
        if (!council_b64_decode(bytes, council_b64_bytes(chunk), chars, chunk)) {
            return false;
        }
        chars += chunk;
        left -= chunk;
    }
    return true;
}

static bool check_recovery(const struct council_text *text, uint32_t index,
                           const struct council_body_field *field)
{
    (void)field;
    return is_object(text, index, 3) && has_bytes(text, index, "box", COUNCIL_KEY_BYTES) &&
           has_bytes(text, index, "sig", COUNCIL_SIG_BYTES) &&
           has_bytes(text, index, "sign", COUNCIL_KEY_BYTES);
}

static bool check_block(const struct council_text *text, uint32_t index,
                        const struct council_body_field *field)
{
    uint32_t boxes = council_text_get(text, index, "boxes");
    uint32_t epoch = council_text_get(text, index, "epoch");
    if (!is_object(text, index, 3) || boxes == 0 || epoch == 0 || !is_array(text, boxes, field) ||
        !has_bytes(text, index, "commit", COUNCIL_HASH_BYTES) ||
        !is_int(text, epoch, 0, COUNCIL_INT_MAX)) {
        return false;
    }
    uint32_t end = text->values[boxes].next;
    for (uint32_t i = boxes + 1; i < end; i = text->values[i].next) {
        if (!is_object(text, i, 2) || !has_bytes(text, i, "box", BOX_BYTES) ||
            !has_bytes(text, i, "to", COUNCIL_KEY_BYTES)) {
            return false;
        }
    }
    return true;
}

static bool check_past(const struct council_text *text, uint32_t index,
                       const struct council_body_field *field)
{
    if (!is_array(text, index, field)) {
        return false;
    }
    uint32_t end = text->values[index].next;
    for (uint32_t i = index + 1; i < end; i = text->values[i].next) {
        uint32_t len;
        if (!is_object(text, i, 2) || !has_any_bytes(text, i, "box", &len) ||
            !has_bytes(text, i, "to", COUNCIL_KEY_BYTES) || len <= PAST_OVERHEAD ||
            len > PAST_OVERHEAD + COUNCIL_SEED_BYTES * PAST_SEEDS_MAX ||
            (len - PAST_OVERHEAD) % COUNCIL_SEED_BYTES != 0) {
            return false;
        }
    }
    return true;
}

static bool check_chain(const struct council_text *text, uint32_t index,
                        const struct council_body_field *field)
{
    if (!is_array(text, index, field)) {
        return false;
    }
    uint32_t end = text->values[index].next;
    for (uint32_t i = index + 1; i < end; i = text->values[i].next) {
        uint32_t len;
        if (!is_object(text, i, 2) || !has_bytes(text, i, "sig", COUNCIL_SIG_BYTES) ||
            !has_any_bytes(text, i, "text", &len)) {
            return false;
        }
    }
    return true;
}

static check_fn *const checks[] = {
    [COUNCIL_TYPE_KEY] = check_key,         [COUNCIL_TYPE_SIG] = check_sig,
    [COUNCIL_TYPE_INT] = check_int,         [COUNCIL_TYPE_LOCAL] = check_local,
    [COUNCIL_TYPE_ZONE] = check_zone,       [COUNCIL_TYPE_RULE] = check_rule,
    [COUNCIL_TYPE_TYPE] = check_word,       [COUNCIL_TYPE_PACE] = check_word,
    [COUNCIL_TYPE_HISTORY] = check_word,    [COUNCIL_TYPE_ROLE] = check_word,
    [COUNCIL_TYPE_CHANGE] = check_word,     [COUNCIL_TYPE_ANSWER] = check_word,
    [COUNCIL_TYPE_KEYS] = check_keys,       [COUNCIL_TYPE_INTS] = check_ints,
    [COUNCIL_TYPE_MINUTES] = check_minutes, [COUNCIL_TYPE_RECOVERY] = check_recovery,
    [COUNCIL_TYPE_BLOCK] = check_block,     [COUNCIL_TYPE_PAST] = check_past,
    [COUNCIL_TYPE_CHAIN] = check_chain,
};

enum council_error council_entry_check_body(const struct council_entry *entry)
{
    uint32_t count, found = 0;
    const struct council_body_field *fields = council_kind_fields(entry->kind, &count);
    for (uint32_t f = 0; f < count; f++) {
        uint32_t index = council_text_get(&entry->text, entry->body, fields[f].name);
        if (index == 0) {
            if (!fields[f].optional) {
                return COUNCIL_E_BAD_FIELD;
            }
            continue;
        }
        found++;
        if (!checks[fields[f].type](&entry->text, index, &fields[f])) {
            return COUNCIL_E_BAD_FIELD;
        }
    }
    return found == entry->text.values[entry->body].count ? COUNCIL_OK : COUNCIL_E_BAD_FIELD;
}

uint32_t council_body_get(const struct council_entry *entry, const char *name)
{
    return council_text_get(&entry->text, entry->body, name);
}

void council_body_key(const struct council_entry *entry, const char *name,
                      uint8_t out[COUNCIL_KEY_BYTES])
{
    uint32_t index = council_body_get(entry, name);
    if (index == 0 || !council_text_bytes(&entry->text, index, out, COUNCIL_KEY_BYTES)) {
        memset(out, 0, COUNCIL_KEY_BYTES);
    }
}

uint64_t council_body_int(const struct council_entry *entry, const char *name)
{
    uint32_t index = council_body_get(entry, name);
    return index == 0 ? 0 : entry->text.values[index].integer;
}

bool council_body_is(const struct council_entry *entry, const char *name, const char *word)
{
    uint32_t index = council_body_get(entry, name);
    return index != 0 && council_text_is(&entry->text, index, word);
}

bool council_body_string(const struct council_entry *entry, const char *name, char *out,
                         uint32_t size)
{
    uint32_t index = council_body_get(entry, name);
    if (index == 0) {
        return false;
    }
    const struct council_value *value = &entry->text.values[index];
    if (value->type != COUNCIL_STRING || value->len >= size) {
        return false;
    }
    memcpy(out, entry->text.text + value->start, value->len);
    out[value->len] = '\0';
    return true;
}
