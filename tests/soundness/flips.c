/*
 * flips.c - every bit of an entry's text, signature and data, flipped one at a time.
 *
 * Owns what a flipped bit of a text must give, from the place of its byte: outside strings and numbers nothing else is canonical; inside, the value's
 * shape decides (shape.h); what is well formed still is not what was signed.
 */
#include "tests/soundness/flips.h"
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdlib.h>
#include <string.h>

void flips_init(struct flips *flips, const struct council_text *text, enum council_kind kind)
{
    flips->text = text;
    flips->shapes = calloc(text->count, sizeof *flips->shapes);
    flips->owner = calloc(text->len, sizeof *flips->owner);
    flips->parent = calloc(text->count, sizeof *flips->parent);
    if (!flips->shapes || !flips->owner || !flips->parent) {
        vec_die("no memory");
    }
    shape_all(text, kind, flips->shapes);
    for (uint32_t i = 0; i < text->count; i++) {
        const struct council_value *value = &text->values[i];
        bool leaf = value->type == COUNCIL_STRING || value->type == COUNCIL_INTEGER;
        for (uint32_t b = 0; leaf && b < value->len; b++) {
            flips->owner[value->start + b] = (struct owner){OWNER_VALUE, i};
        }
        for (uint32_t b = 0; b < value->key_len; b++) {
            flips->owner[value->key + b] = (struct owner){OWNER_KEY, i};
        }
        for (uint32_t c = i + 1; !leaf && c < value->next; c = text->values[c].next) {
            flips->parent[c] = i;
        }
    }
}

void flips_fini(struct flips *flips)
{
    free(flips->shapes);
    free(flips->owner);
    free(flips->parent);
}

static bool printable(char c)
{
    return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

static bool key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static int key_compare(const char *text, const struct council_value *a,
                       const struct council_value *b)
{
    uint32_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(text + a->key, text + b->key, len);
    return order ? order : (int)a->key_len - (int)b->key_len;
}

/* Names stay in order, or the text is not canonical; and no name of an entry is one bit from another that may stand in its place. */
static enum council_error key_flipped(const struct flips *flips, const char *flipped, uint32_t pos)
{
    const struct council_text *text = flips->text;
    uint32_t index = flips->owner[pos].value;
    const struct council_value *parent = &text->values[flips->parent[index]];
    if (!key_char(flipped[pos])) {
        return COUNCIL_E_NOT_CANONICAL;
    }
    uint32_t before = 0;
    for (uint32_t i = (uint32_t)(parent - text->values) + 1; i < parent->next;
         i = text->values[i].next) {
        if (before != 0 && key_compare(flipped, &text->values[before], &text->values[i]) >= 0) {
            return COUNCIL_E_NOT_CANONICAL;
        }
        before = i;
    }
    return COUNCIL_E_BAD_FIELD;
}

static enum council_error integer_flipped(const struct flips *flips, const char *flipped,
                                          uint32_t pos)
{
    const struct council_value *value = &flips->text->values[flips->owner[pos].value];
    static const struct shape any = {.type = SHAPE_INT, .max = COUNCIL_INT_MAX};
    bool digits = flipped[pos] >= '0' && flipped[pos] <= '9';
    if (!digits || (value->len > 1 && flipped[value->start] == '0') ||
        !shape_leaf(&any, flipped + value->start, value->len)) {
        return COUNCIL_E_NOT_CANONICAL;
    }
    return COUNCIL_OK;
}

/* A value among ascending ones must still stand where it stands. */
static bool still_ascending(const struct flips *flips, const char *flipped, uint32_t index)
{
    const struct council_text *text = flips->text;
    struct council_text changed;
    if (!flips->shapes[index].ascending) {
        return true;
    }
    if (council_text_init(&changed, flipped, text->len)) {
        vec_die("a text that must be canonical is not");
    }
    bool ascending = shape_form(&changed) != COUNCIL_E_BAD_FIELD;
    council_text_fini(&changed);
    return ascending;
}

enum council_error flips_form(const struct flips *flips, const char *flipped, uint32_t pos)
{
    const struct owner owner = flips->owner[pos];
    const struct council_value *value = &flips->text->values[owner.value];
    enum council_error error = COUNCIL_OK;
    if (owner.part == OWNER_NONE || !printable(flipped[pos])) {
        return COUNCIL_E_NOT_CANONICAL;
    }
    if (owner.part == OWNER_KEY) {
        return key_flipped(flips, flipped, pos);
    }
    if (value->type == COUNCIL_INTEGER) {
        error = integer_flipped(flips, flipped, pos);
    }
    const struct shape *shape = &flips->shapes[owner.value];
    if (!error && !shape_leaf(shape, flipped + value->start, value->len)) {
        error = shape->type == SHAPE_KIND ? COUNCIL_E_UNKNOWN_KIND : COUNCIL_E_BAD_FIELD;
    }
    if (!error && !still_ascending(flips, flipped, owner.value)) {
        error = COUNCIL_E_BAD_FIELD;
    }
    return error;
}

static bool same_head(const struct snd_place *place, const char *text, uint32_t len,
                      const uint8_t *sig)
{
    uint8_t head[COUNCIL_HASH_BYTES];
    council_entry_head(head, place->log.tail.head, text, len, sig);
    return memcmp(head, place->from->entries[place->at].head, sizeof head) == 0;
}

/* What a text gives that still has its form: data is compared with what the text names before the signature is asked. */
static enum council_error well_formed(const struct snd_place *place, const struct flips *flips,
                                      uint32_t pos)
{
    uint32_t sealed = council_text_get(&place->text, 0, "sealed");
    uint32_t hash = sealed ? council_text_get(&place->text, sealed, "hash") : 0;
    bool named = hash != 0 && flips->owner[pos].value == hash;
    return named && place->from->entries[place->at].data ? COUNCIL_E_DATA_HASH
                                                         : COUNCIL_E_BAD_SIGNATURE;
}

static void flip_text(struct snd_place *place)
{
    struct snd_try try = snd_original(place);
    struct flips flips;
    char *text = malloc(try.len + 1U);
    if (!text) {
        vec_die("no memory");
    }
    memcpy(text, try.text, try.len + 1U);
    try.text = text;
    flips_init(&flips, &place->text, place->entry.kind);
    for (uint32_t pos = 0; pos < try.len; pos++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if (!snd_mine(place->world)) {
                continue;
            }
            text[pos] = (char)(text[pos] ^ (1 << bit));
            enum council_error want = flips_form(&flips, text, pos);
            want = want ? want : well_formed(place, &flips, pos);
            enum council_error got = snd_refused(place, &try);
            bool head = same_head(place, text, try.len, try.sig);
            snd_count(place, SND_TEXT_BITS, got == want && !head, got, "byte %u, bit %u: not %s%s",
                      pos, bit, council_error_name(want), head ? ", and the head is the same" : "");
            text[pos] = (char)(text[pos] ^ (1 << bit));
        }
    }
    flips_fini(&flips);
    free(text);
}

static void flip_sig(struct snd_place *place)
{
    struct snd_try try = snd_original(place);
    uint8_t sig[COUNCIL_SIG_BYTES];
    memcpy(sig, try.sig, sizeof sig);
    try.sig = sig;
    for (uint32_t bit = 0; bit < 8 * COUNCIL_SIG_BYTES; bit++) {
        if (snd_mine(place->world)) {
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            enum council_error got = snd_refused(place, &try);
            bool head = same_head(place, try.text, try.len, sig);
            snd_count(place, SND_SIG_BITS, got == COUNCIL_E_BAD_SIGNATURE && !head, got,
                      "bit %u of the signature%s", bit, head ? ", and the head is the same" : "");
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void with_data(struct snd_place *place, const uint8_t *data, uint32_t len,
                      enum council_error want, const char *what)
{
    struct snd_try try = snd_original(place);
    if (!snd_mine(place->world)) {
        return;
    }
    try.data = data;
    try.data_len = len;
    enum council_error got = snd_refused(place, &try);
    snd_count(place, SND_DATA_BITS, got == want, got, "%s: not %s", what, council_error_name(want));
}

/* The data of every other entry, under a text that names its own (or has none). */
static void move_data(struct snd_place *place, enum council_error want)
{
    const struct fixture_entry *own = &place->from->entries[place->at];
    for (uint32_t l = 0; l < place->world->log_count; l++) {
        for (uint32_t i = 0; i < place->world->logs[l].count; i++) {
            const struct fixture_entry *other = &place->world->logs[l].entries[i];
            if (other != own && other->data) {
                with_data(place, other->data, other->data_len, want, "another entry's data");
            }
        }
    }
}

static void flip_data(struct snd_place *place)
{
    static uint8_t data[2 * COUNCIL_DATA_MAX];
    const struct fixture_entry *entry = &place->from->entries[place->at];
    uint32_t len = entry->data_len;
    if (!council_kind_has(entry->kind, COUNCIL_FLAG_SEALED)) {
        with_data(place, data, 296, COUNCIL_E_DATA_UNEXPECTED, "data of a plain kind");
        with_data(place, data, 0, COUNCIL_E_DATA_UNEXPECTED, "no bytes of data of a plain kind");
        move_data(place, COUNCIL_E_DATA_UNEXPECTED);
        return;
    }
    move_data(place, COUNCIL_E_DATA_HASH);
    if (!entry->data) {
        return; /* erased */
    }
    memcpy(data, entry->data, len);
    for (uint32_t bit = 0; bit < 8 * len; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        with_data(place, data, len, COUNCIL_E_DATA_HASH, "a bit of the data");
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (uint32_t cut = 0; cut < len; cut++) {
        with_data(place, data, cut, COUNCIL_E_DATA_SIZE, "data cut short");
    }
    with_data(place, data, len + 1, COUNCIL_E_DATA_SIZE, "a byte more");
    with_data(place, data, 2 * (len - 40) + 40, COUNCIL_E_DATA_HASH, "data of twice the size");
    with_data(place, data, 2 * COUNCIL_PLAIN_MAX + 40, COUNCIL_E_DATA_SIZE, "too much data");
}

void snd_flips(struct snd_place *place)
{
    flip_data(place);
    flip_sig(place);
    flip_text(place);
}
