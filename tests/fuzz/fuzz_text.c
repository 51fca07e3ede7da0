/*
 * fuzz_text.c - canonical text: whatever is accepted is written back from its index as the very same bytes.
 */
#include "protocol/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

void council_fuzz_init(void)
{
}

static void key_of(const struct council_text *text, const struct council_value *value, char *out)
{
    memcpy(out, text->text + value->key, value->key_len);
    out[value->key_len] = '\0';
}

/* Depth is bounded by canonical text. */
// NOLINTNEXTLINE(misc-no-recursion)
static void rewrite(const struct council_text *text, uint32_t index, bool keyed,
                    struct council_writer *w)
{
    const struct council_value *value = &text->values[index];
    char name[COUNCIL_KEY_NAME_MAX + 1];
    const char *key = keyed ? name : NULL;
    FUZZ_MUST(value->start <= text->len && value->len <= text->len - value->start);
    FUZZ_MUST(value->next > index && value->next <= text->count);
    if (keyed) {
        FUZZ_MUST(value->key_len >= 1 && value->key_len <= COUNCIL_KEY_NAME_MAX);
        key_of(text, value, name);
    }
    if (value->type == COUNCIL_INTEGER) {
        council_write_int(w, key, value->integer);
        return;
    }
    if (value->type == COUNCIL_STRING) {
        char *string = strndup(text->text + value->start, value->len);
        FUZZ_MUST(string != NULL);
        council_write_string(w, key, string);
        free(string);
        return;
    }
    bool object = value->type == COUNCIL_OBJECT;
    uint32_t count = 0;
    council_write_open(w, key, object ? '{' : '[');
    for (uint32_t i = index + 1; i < value->next; i = text->values[i].next, count++) {
        rewrite(text, i, object, w);
        if (object) {
            char child[COUNCIL_KEY_NAME_MAX + 1];
            key_of(text, &text->values[i], child);
            FUZZ_MUST(council_text_get(text, index, child) == i);
        }
    }
    FUZZ_MUST(count == value->count);
    council_write_close(w, object ? '}' : ']');
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    struct council_text text;
    struct council_writer w;
    uint32_t len;
    char *bytes = (char *)fuzz_take(&in, size, &len);
    if (council_text_init(&text, bytes, len) == COUNCIL_OK) {
        council_writer_init(&w, COUNCIL_TEXT_MAX);
        FUZZ_MUST(text.count >= 1 && text.count <= COUNCIL_TEXT_VALUES);
        rewrite(&text, 0, false, &w);
        FUZZ_MUST(!w.failed && w.len == len && memcmp(w.text, bytes, len) == 0);
        council_writer_fini(&w);
        council_text_fini(&text);
    }
    free(bytes);
}
