/*
 * shape.c - the shapes of the envelope and of bodies, walked from the top of a text.
 *
 * Owns a second reading of sections 1.1, 3.1, 3.4 and 3.6 of protocol/README.md. Must not call entry.c, entry_body.c or localtime.c.
 */
#include "tests/soundness/shape.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct shape none = {.type = SHAPE_NONE};
static const struct shape object = {.type = SHAPE_OBJECT};
static const struct shape kind_name = {.type = SHAPE_KIND};
static const struct shape local = {.type = SHAPE_LOCAL};
static const struct shape rule = {.type = SHAPE_RULE};
#define BYTES(n)    ((struct shape){.type = SHAPE_BYTES, .min = (n)})
#define INT(lo, hi) ((struct shape){.type = SHAPE_INT, .min = (lo), .max = (hi)})

/* Members that an object of fixed form has, all of them. */
struct member {
    const char *name;
    struct shape shape;
};
static const struct member seen[] = {{"head", {SHAPE_BYTES, 32, 0, NULL, false}},
                                     {"seq", {SHAPE_INT, 1, COUNCIL_INT_MAX, NULL, false}}};
static const struct member sealed[] = {{"epoch", {SHAPE_INT, 1, COUNCIL_INT_MAX, NULL, false}},
                                       {"hash", {SHAPE_BYTES, 32, 0, NULL, false}}};
static const struct member recovery[] = {{"box", {SHAPE_BYTES, 32, 0, NULL, false}},
                                         {"sig", {SHAPE_BYTES, 64, 0, NULL, false}},
                                         {"sign", {SHAPE_BYTES, 32, 0, NULL, false}}};
static const struct member box[] = {{"box", {SHAPE_BYTES, 80, 0, NULL, false}},
                                    {"to", {SHAPE_BYTES, 32, 0, NULL, false}}};
static const struct member past[] = {{"box", {SHAPE_BYTES, 0, 0, NULL, false}},
                                     {"to", {SHAPE_BYTES, 32, 0, NULL, false}}};
static const struct member link[] = {{"sig", {SHAPE_BYTES, 64, 0, NULL, false}},
                                     {"text", {SHAPE_BYTES, 0, 0, NULL, false}}};

struct walk {
    const struct council_text *text;
    struct shape *out;
    bool good;
};

static bool named(const struct council_text *text, uint32_t index, const char *name)
{
    const struct council_value *value = &text->values[index];
    return value->key_len == strlen(name) &&
           memcmp(text->text + value->key, name, value->key_len) == 0;
}

static bool fits(const struct council_text *text, uint32_t index, const struct shape *shape)
{
    const struct council_value *value = &text->values[index];
    switch (shape->type) {
    case SHAPE_NONE:
        return false;
    case SHAPE_OBJECT:
        return value->type == COUNCIL_OBJECT;
    case SHAPE_ARRAY:
        return value->type == COUNCIL_ARRAY && value->count >= shape->min &&
               value->count <= shape->max;
    case SHAPE_INT:
        return value->type == COUNCIL_INTEGER &&
               shape_leaf(shape, text->text + value->start, value->len);
    default:
        return value->type == COUNCIL_STRING &&
               shape_leaf(shape, text->text + value->start, value->len);
    }
}

/* Notes a value's shape and whether it has it. */
static bool visit(struct walk *w, uint32_t index, struct shape shape)
{
    if (w->out) {
        w->out[index] = shape;
    }
    bool good = fits(w->text, index, &shape);
    w->good = w->good && good;
    return good;
}

static void visit_members(struct walk *w, uint32_t index, const struct member *members,
                          uint32_t count)
{
    const struct council_value *values = w->text->values;
    if (!visit(w, index, object)) {
        return;
    }
    w->good = w->good && values[index].count == count;
    for (uint32_t i = index + 1, n = 0; i < values[index].next; i = values[i].next, n++) {
        bool known = n < count && named(w->text, i, members[n].name);
        (void)visit(w, i, known ? members[n].shape : none);
    }
}

static uint64_t integer(const struct council_text *text, uint32_t index)
{
    return text->values[index].integer;
}

/* base64url in ascending order of the bytes is in that order of its digits' values, given equal length. */
static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool above(const struct council_text *text, uint32_t a, uint32_t b)
{
    const struct council_value *va = &text->values[a], *vb = &text->values[b];
    if (va->type == COUNCIL_INTEGER && vb->type == COUNCIL_INTEGER) {
        return integer(text, a) > integer(text, b);
    }
    for (uint32_t i = 0; i < va->len && i < vb->len; i++) {
        int da = digit(text->text[va->start + i]), db = digit(text->text[vb->start + i]);
        if (da != db) {
            return da > db;
        }
    }
    return false;
}

static void visit_array(struct walk *w, uint32_t index, const struct council_body_field *field,
                        struct shape element, bool ascending)
{
    const struct council_value *values = w->text->values;
    struct shape array = {.type = SHAPE_ARRAY, .min = field->min, .max = field->max};
    if (!visit(w, index, array)) {
        return;
    }
    element.ascending = ascending;
    uint32_t before = 0;
    for (uint32_t i = index + 1; i < values[index].next; i = values[i].next) {
        (void)visit(w, i, element);
        w->good = w->good && (!ascending || before == 0 || above(w->text, i, before));
        before = i;
    }
}

static void visit_objects(struct walk *w, uint32_t index, const struct council_body_field *field,
                          const struct member *members, uint32_t count)
{
    const struct council_value *values = w->text->values;
    visit_array(w, index, field, object, false);
    if (values[index].type == COUNCIL_ARRAY) {
        for (uint32_t i = index + 1; i < values[index].next; i = values[i].next) {
            visit_members(w, i, members, count);
        }
    }
}

static void visit_block(struct walk *w, uint32_t index, const struct council_body_field *field)
{
    const struct council_value *values = w->text->values;
    static const char *const names[] = {"boxes", "commit", "epoch"};
    if (!visit(w, index, object)) {
        return;
    }
    w->good = w->good && values[index].count == 3;
    for (uint32_t i = index + 1, n = 0; i < values[index].next; i = values[i].next, n++) {
        if (n >= 3 || !named(w->text, i, names[n])) {
            (void)visit(w, i, none);
        } else if (n == 0) {
            visit_objects(w, i, field, box, 2);
        } else {
            (void)visit(w, i, n == 1 ? BYTES(32) : INT(0, COUNCIL_INT_MAX));
        }
    }
}

/* A box of past seeds: 48 + 32 k bytes, k from 1 to 64. */
static void check_past(struct walk *w, uint32_t index)
{
    const struct council_value *values = w->text->values;
    for (uint32_t i = index + 1; values[index].type == COUNCIL_ARRAY && i < values[index].next;
         i = values[i].next) {
        uint32_t at = council_text_get(w->text, i, "box");
        uint32_t bytes = at ? values[at].len * 3 / 4 : 0;
        w->good = w->good && bytes > 48 && bytes <= 48 + 32 * 64 && (bytes - 48) % 32 == 0;
    }
}

static void visit_field(struct walk *w, uint32_t index, const struct council_body_field *field)
{
    switch (field->type) {
    case COUNCIL_TYPE_KEY:
        (void)visit(w, index, BYTES(32));
        return;
    case COUNCIL_TYPE_SIG:
        (void)visit(w, index, BYTES(64));
        return;
    case COUNCIL_TYPE_INT:
        (void)visit(w, index, INT(field->min, field->max));
        return;
    case COUNCIL_TYPE_LOCAL:
        (void)visit(w, index, local);
        return;
    case COUNCIL_TYPE_ZONE:
        (void)visit(w, index,
                    (struct shape){.type = SHAPE_ZONE, .min = field->min, .max = field->max});
        return;
    case COUNCIL_TYPE_RULE:
        (void)visit(w, index, rule);
        return;
    case COUNCIL_TYPE_KEYS:
        visit_array(w, index, field, BYTES(32), true);
        return;
    case COUNCIL_TYPE_INTS:
        visit_array(w, index, field, INT(1, COUNCIL_INT_MAX), true);
        return;
    case COUNCIL_TYPE_MINUTES:
        visit_array(w, index, field, INT(1, 240), false);
        return;
    case COUNCIL_TYPE_RECOVERY:
        visit_members(w, index, recovery, 3);
        return;
    case COUNCIL_TYPE_BLOCK:
        visit_block(w, index, field);
        return;
    case COUNCIL_TYPE_PAST:
        visit_objects(w, index, field, past, 2);
        check_past(w, index);
        return;
    case COUNCIL_TYPE_CHAIN:
        visit_objects(w, index, field, link, 2);
        return;
    default:
        (void)visit(w, index,
                    (struct shape){.type = SHAPE_WORD, .words = council_words(field->type)});
    }
}

static void visit_body(struct walk *w, uint32_t index, enum council_kind kind)
{
    const struct council_value *values = w->text->values;
    uint32_t count, there = 0;
    const struct council_body_field *fields = council_kind_fields(kind, &count);
    if (!visit(w, index, object)) {
        return;
    }
    for (uint32_t i = index + 1; i < values[index].next; i = values[i].next) {
        uint32_t f = 0;
        while (f < count && !named(w->text, i, fields[f].name)) {
            f++;
        }
        if (f == count) {
            (void)visit(w, i, none);
        } else {
            there++;
            visit_field(w, i, &fields[f]);
        }
    }
    for (uint32_t f = 0; f < count; f++) {
        there += fields[f].optional && !council_text_get(w->text, index, fields[f].name) ? 1 : 0;
    }
    w->good = w->good && there == count;
}

/* The body is visited apart: a text that is too long for its kind is told before a body that is wrong. */
static uint32_t visit_envelope(struct walk *w, enum council_kind kind)
{
    const struct council_value *values = w->text->values;
    bool genesis = council_kind_has(kind, COUNCIL_FLAG_GENESIS);
    uint32_t body = 0, count = 0;
    (void)visit(w, 0, object);
    for (uint32_t i = 1; i < values[0].next; i = values[i].next) {
        bool logged = named(w->text, i, "log"), saw = named(w->text, i, "seen");
        bool author = named(w->text, i, "author");
        count++;
        if (named(w->text, i, "body")) {
            body = i;
            w->good = w->good && values[i].type == COUNCIL_OBJECT;
        } else if (saw && !genesis) {
            visit_members(w, i, seen, 2);
        } else if (named(w->text, i, "sealed") && council_kind_has(kind, COUNCIL_FLAG_SEALED)) {
            visit_members(w, i, sealed, 2);
        } else if (named(w->text, i, "at")) {
            (void)visit(w, i, INT(0, COUNCIL_INT_MAX));
        } else if (named(w->text, i, "v")) {
            (void)visit(w, i, INT(1, 1));
        } else if (named(w->text, i, "id")) {
            (void)visit(w, i, BYTES(16));
        } else if (named(w->text, i, "kind")) {
            (void)visit(w, i, kind_name);
        } else if (named(w->text, i, "device") || (author && kind != COUNCIL_KIND_MEMBER_CREATE) ||
                   (logged && !genesis)) {
            (void)visit(w, i, BYTES(32));
        } else {
            (void)visit(w, i, none);
        }
    }
    uint32_t all = 6U + (kind != COUNCIL_KIND_MEMBER_CREATE ? 1U : 0U) + (genesis ? 0U : 2U) +
                   (council_kind_has(kind, COUNCIL_FLAG_SEALED) ? 1U : 0U);
    w->good = w->good && count == all && body != 0;
    return body;
}

void shape_all(const struct council_text *text, enum council_kind kind, struct shape *out)
{
    struct walk w = {.text = text, .out = out, .good = true};
    memset(out, 0, text->count * sizeof *out);
    visit_body(&w, visit_envelope(&w, kind), kind);
}

enum council_error shape_form(const struct council_text *text)
{
    struct walk w = {.text = text, .good = true};
    uint32_t name = council_text_get(text, 0, "kind");
    if (name == 0 || text->values[name].type != COUNCIL_STRING) {
        return COUNCIL_E_BAD_FIELD;
    }
    enum council_kind kind =
        council_kind_find(text->text + text->values[name].start, text->values[name].len);
    if (kind == COUNCIL_KIND_COUNT) {
        return COUNCIL_E_UNKNOWN_KIND;
    }
    uint32_t body = visit_envelope(&w, kind);
    if (!w.good) {
        return COUNCIL_E_BAD_FIELD;
    }
    if (text->len > council_kind_info(kind)->max) {
        return COUNCIL_E_TOO_LARGE;
    }
    visit_body(&w, body, kind);
    return w.good ? COUNCIL_OK : COUNCIL_E_BAD_FIELD;
}

/* ---- leaves ---- */

static bool leaf_int(const struct shape *shape, const char *chars, uint32_t len)
{
    char text[24] = "";
    if (len == 0 || len > 16) {
        return false;
    }
    memcpy(text, chars, len);
    unsigned long long value = strtoull(text, NULL, 10);
    return value >= shape->min && value <= shape->max;
}

static bool leaf_bytes(const struct shape *shape, const char *chars, uint32_t len)
{
    uint32_t bits = 0; /* of the last digit that belong to no byte */
    if (len % 4 == 1 || (shape->min > 0 && len != (shape->min * 8 + 5) / 6)) {
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        if (digit(chars[i]) < 0) {
            return false;
        }
    }
    bits = len * 6 % 8;
    return bits == 0 || (digit(chars[len - 1]) & ((1 << bits) - 1)) == 0;
}

/* The C library knows the calendar; a day that does not exist comes back as another. */
static bool leaf_local(const char *chars, uint32_t len)
{
    char text[17] = "", back[17] = "";
    struct tm tm = {.tm_isdst = 0};
    if (len != 16) {
        return false;
    }
    memcpy(text, chars, len);
    const char *end = strptime(text, "%Y-%m-%dT%H:%M", &tm);
    if (!end || *end != '\0') {
        return false;
    }
    (void)timegm(&tm);
    return strftime(back, sizeof back, "%Y-%m-%dT%H:%M", &tm) == 16 && strcmp(text, back) == 0 &&
           tm.tm_year >= 70;
}

static bool leaf_word(const char *const *words, const char *chars, uint32_t len)
{
    for (; words && *words; words++) {
        if (strlen(*words) == len && memcmp(*words, chars, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool leaf_zone(const struct shape *shape, const char *chars, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        if (digit(chars[i]) < 0 && chars[i] != '+' && chars[i] != '/') {
            return false;
        }
    }
    return len >= shape->min && len <= shape->max;
}

static const char days[] = "MOTUWETHFRSASU";

static int day(const char *chars)
{
    for (int i = 0; i < 7; i++) {
        if (memcmp(days + (ptrdiff_t)2 * i, chars, 2) == 0) {
            return i;
        }
    }
    return -1;
}

static bool leaf_rule(const char *chars, uint32_t len)
{
    static const char fast[] = "FREQ=WEEKLY;BYDAY=", slow[] = "FREQ=WEEKLY;INTERVAL=2;BYDAY=";
    uint32_t f = sizeof fast - 1, s = sizeof slow - 1;
    if (len == f + 5 && memcmp(chars, fast, f) == 0) {
        int first = day(chars + f), second = day(chars + f + 3);
        return chars[f + 2] == ',' && first >= 0 && second > first;
    }
    return len == s + 2 && memcmp(chars, slow, s) == 0 && day(chars + s) >= 0;
}

bool shape_leaf(const struct shape *shape, const char *chars, uint32_t len)
{
    switch (shape->type) {
    case SHAPE_INT:
        return leaf_int(shape, chars, len);
    case SHAPE_BYTES:
        return leaf_bytes(shape, chars, len);
    case SHAPE_KIND:
        return council_kind_find(chars, len) != COUNCIL_KIND_COUNT;
    case SHAPE_WORD:
        return leaf_word(shape->words, chars, len);
    case SHAPE_LOCAL:
        return leaf_local(chars, len);
    case SHAPE_ZONE:
        return leaf_zone(shape, chars, len);
    case SHAPE_RULE:
        return leaf_rule(chars, len);
    default:
        return false;
    }
}
