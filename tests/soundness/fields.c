/*
 * fields.c - every value of an entry's text swapped with the same one of every other entry, removed, doubled, moved, of another type.
 *
 * Owns the changes and what they make of form. Each is tried as it is, which no signature covers, and then as if the device that the text names had signed it: what that
 * gives is judged by verdicts.def.
 */
#include "tests/soundness/shape.h"
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_MAX_CHARS = 160
};

struct change {
    struct snd_place *place;
    uint32_t index;                                     /* the value */
    bool member;                                        /* of an object; else an element */
    char path[PATH_MAX_CHARS], pattern[PATH_MAX_CHARS]; /* boxes[2].to, boxes[].to */
    char *text;                                         /* owned: room for the changed text */
};

/* The changed text is three pieces of others. */
static uint32_t join(char *out, const char *a, uint32_t a_len, const char *b, uint32_t b_len,
                     const char *c, uint32_t c_len)
{
    memcpy(out, a, a_len);
    memcpy(out + a_len, b, b_len);
    memcpy(out + a_len + b_len, c, c_len);
    out[a_len + b_len + c_len] = '\0';
    return a_len + b_len + c_len;
}

/* Where a value begins and ends, quotes and (`whole`) its key included. */
static uint32_t begin(const struct council_value *value, bool whole)
{
    uint32_t quote = value->type == COUNCIL_STRING ? 1 : 0;
    return whole && value->key_len > 0 ? value->key - 1 : value->start - quote;
}

static uint32_t end(const struct council_value *value)
{
    return value->start + value->len + (value->type == COUNCIL_STRING ? 1 : 0);
}

/* Data is compared with what the text names before the signature is asked. */
static enum council_error well_formed(const struct change *c)
{
    static const char name[] = "\"hash\":\"";
    const struct fixture_entry *entry = &c->place->from->entries[c->place->at];
    const char *was = strstr(entry->text, name), *is = strstr(c->text, name);
    if (entry->data && was && is && strncmp(was, is, sizeof name - 1 + COUNCIL_KEY_CHARS) != 0) {
        return COUNCIL_E_DATA_HASH;
    }
    return COUNCIL_E_BAD_SIGNATURE;
}

static void tried(struct change *c, uint32_t len, bool canonical, const char *what)
{
    struct snd_place *place = c->place;
    struct snd_try try = snd_original(place);
    enum council_error want = COUNCIL_E_NOT_CANONICAL;
    if (!snd_mine(place->world)) {
        return;
    }
    try.text = c->text;
    try.len = len;
    if (canonical) {
        struct council_text text;
        if (council_text_init(&text, c->text, len)) {
            snd_count(place, SND_FIELDS, false, COUNCIL_E_NOT_CANONICAL, "%s %s", c->path, what);
            return;
        }
        want = shape_form(&text);
        council_text_fini(&text);
    }
    enum council_error unsigned_want = want ? want : well_formed(c);
    enum council_error got = snd_refused(place, &try);
    snd_count(place, SND_FIELDS, got == unsigned_want, got, "%s %s, not signed: not %s", c->path,
              what, council_error_name(unsigned_want));
    if (!want) {
        uint8_t head[COUNCIL_HASH_BYTES];
        try.verified = true;
        got = snd_appended(place, &try, head);
        snd_judge(place, c->pattern, what, got, head);
    }
}

static void remove_value(struct change *c)
{
    const struct council_text *text = &c->place->text;
    const struct council_value *value = &text->values[c->index];
    uint32_t from = begin(value, true), to = end(value);
    if (text->text[to] == ',') {
        to++;
    } else if (text->text[from - 1] == ',') {
        from--;
    }
    tried(c, join(c->text, text->text, from, "", 0, text->text + to, text->len - to), true,
          "removed");
}

static void double_value(struct change *c)
{
    const struct council_text *text = &c->place->text;
    const struct council_value *value = &text->values[c->index];
    uint32_t from = begin(value, true), to = end(value);
    uint32_t len = join(c->text, text->text, to, ",", 1, text->text + from, to - from);
    len = join(c->text, c->text, len, text->text + to, text->len - to, "", 0);
    tried(c, len, !c->member, "doubled");
}

/* With the value after it, if that is of the same object or array. */
static void move_value(struct change *c)
{
    const struct council_text *text = &c->place->text;
    const struct council_value *value = &text->values[c->index];
    uint32_t from = begin(value, true), to = end(value);
    if (text->text[to] != ',') {
        return;
    }
    const struct council_value *next = &text->values[value->next];
    uint32_t next_from = begin(next, true), next_to = end(next);
    if (!c->member && to - from == next_to - next_from &&
        memcmp(text->text + from, text->text + next_from, to - from) == 0) {
        return; /* equal elements */
    }
    uint32_t len =
        join(c->text, text->text, from, text->text + next_from, next_to - next_from, ",", 1);
    len = join(c->text, c->text, len, text->text + from, to - from, "", 0);
    len = join(c->text, c->text, len, text->text + next_to, text->len - next_to, "", 0);
    tried(c, len, !c->member, "moved");
}

static void put(struct change *c, const char *chars, uint32_t len, const char *what)
{
    const struct council_text *text = &c->place->text;
    const struct council_value *value = &text->values[c->index];
    uint32_t from = begin(value, false), to = end(value);
    if (to - from == len && memcmp(text->text + from, chars, len) == 0) {
        return; /* it is the same */
    }
    tried(c, join(c->text, text->text, from, chars, len, text->text + to, text->len - to), true,
          what);
}

static void retype_value(struct change *c)
{
    static const struct {
        enum council_value_type type;
        const char *chars;
    } others[] = {{COUNCIL_OBJECT, "{}"},
                  {COUNCIL_ARRAY, "[]"},
                  {COUNCIL_INTEGER, "1"},
                  {COUNCIL_STRING, "\"1\""},
                  {COUNCIL_STRING, "\"\""}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].type != c->place->text.values[c->index].type) {
            put(c, others[i].chars, (uint32_t)strlen(others[i].chars), "retyped");
        }
    }
}

/* The value at `path` ("body.boxes[2].to") of a text, or 0. */
static uint32_t find(const struct council_text *text, const char *path)
{
    uint32_t index = 0;
    while (*path && (index != 0 || path[0] != '\0')) {
        if (*path == '[') {
            unsigned long element = strtoul(path + 1, NULL, 10);
            const struct council_value *array = &text->values[index];
            if (array->type != COUNCIL_ARRAY || element >= array->count) {
                return 0;
            }
            for (index++; element > 0; element--) {
                index = text->values[index].next;
            }
            path = strchr(path, ']') + 1;
        } else {
            char name[COUNCIL_KEY_NAME_MAX + 1];
            path += *path == '.' ? 1 : 0;
            size_t len = strcspn(path, ".[");
            memcpy(name, path, len);
            name[len] = '\0';
            index = text->values[index].type == COUNCIL_OBJECT ? council_text_get(text, index, name)
                                                               : 0;
            path += len;
            if (index == 0) {
                return 0;
            }
        }
    }
    return index;
}

/* The same field of every other entry of every log. */
static void swap_value(struct change *c)
{
    struct snd_world *world = c->place->world;
    for (uint32_t l = 0; l < world->log_count; l++) {
        for (uint32_t i = 0; i < world->logs[l].count; i++) {
            const struct fixture_entry *other = &world->logs[l].entries[i];
            struct council_text text;
            if (other == &c->place->from->entries[c->place->at] ||
                council_text_init(&text, other->text, other->len)) {
                continue;
            }
            uint32_t index = find(&text, c->path);
            if (index != 0) {
                const struct council_value *value = &text.values[index];
                uint32_t from = begin(value, false);
                put(c, text.text + from, end(value) - from, "swapped");
            }
            council_text_fini(&text);
        }
    }
}

// NOLINTBEGIN(readability-non-const-parameter): the change is written there
static void change_value(struct snd_place *place, uint32_t index, bool member, const char *path,
                         const char *pattern, char *room)
{
    struct change c = {.place = place, .index = index, .member = member, .text = room};
    (void)snprintf(c.path, sizeof c.path, "%s", path);
    (void)snprintf(c.pattern, sizeof c.pattern, "%s", pattern);
    remove_value(&c);
    double_value(&c);
    move_value(&c);
    retype_value(&c);
    swap_value(&c);
}
// NOLINTEND(readability-non-const-parameter)

/* A value and all below it: depth is bounded by canonical text. */
// NOLINTNEXTLINE(misc-no-recursion)
static void walk(struct snd_place *place, uint32_t index, const char *path, const char *pattern,
                 char *room)
{
    const struct council_text *text = &place->text;
    const struct council_value *value = &text->values[index];
    bool object = value->type == COUNCIL_OBJECT;
    uint32_t n = 0;
    if (value->type != COUNCIL_OBJECT && value->type != COUNCIL_ARRAY) {
        return;
    }
    for (uint32_t i = index + 1; i < value->next; i = text->values[i].next, n++) {
        char below[PATH_MAX_CHARS], below_pattern[PATH_MAX_CHARS];
        if (object) {
            int key = (int)text->values[i].key_len;
            const char *name = text->text + text->values[i].key;
            const char *dot = *path ? "." : "";
            (void)snprintf(below, sizeof below, "%s%s%.*s", path, dot, key, name);
            (void)snprintf(below_pattern, sizeof below_pattern, "%s%s%.*s", pattern, dot, key,
                           name);
        } else {
            (void)snprintf(below, sizeof below, "%s[%u]", path, (unsigned)n);
            (void)snprintf(below_pattern, sizeof below_pattern, "%s[]", pattern);
        }
        change_value(place, i, object, below, below_pattern, room);
        walk(place, i, below, below_pattern, room);
    }
}

void snd_fields(struct snd_place *place)
{
    char *room = malloc(4U * COUNCIL_TEXT_MAX);
    if (!room) {
        vec_die("no memory");
    }
    walk(place, 0, "", "", room);
    free(room);
}
