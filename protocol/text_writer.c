/*
 * text_writer.c - appends canonical text to a buffer that grows up to a ceiling.
 *
 * Owns commas, quotes and growth. Must not know what is written, and checks no grammar: what it wrote is shown to be
 * canonical by council_text_init. Invariant: after the first failure nothing is appended any more.
 */
#include "protocol/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WRITER_START = 512
};

void council_writer_init(struct council_writer *w, uint32_t max)
{
    *w = (struct council_writer){.max = max};
}

void council_writer_fini(struct council_writer *w)
{
    if (w != NULL) {
        free(w->text);
        memset(w, 0, sizeof(*w));
    }
}

/* Makes room for `more` bytes and the final NUL. */
static bool reserve(struct council_writer *w, uint32_t more)
{
    if (w->failed || more > w->max - w->len) {
        w->failed = true;
        return false;
    }
    uint64_t need = (uint64_t)w->len + more + 1;
    if (need <= w->size) {
        return true;
    }
    uint64_t size = w->size == 0 ? WRITER_START : (uint64_t)w->size * 2;
    if (size < need) {
        size = need;
    }
    if (size > (uint64_t)w->max + 1) {
        size = (uint64_t)w->max + 1;
    }
    char *text = size > UINT32_MAX ? NULL : realloc(w->text, size);
    if (text == NULL) {
        w->failed = true;
        return false;
    }
    w->text = text;
    w->size = (uint32_t)size;
    return true;
}

static void append(struct council_writer *w, const char *bytes, uint32_t len)
{
    if (reserve(w, len)) {
        memcpy(w->text + w->len, bytes, len);
        w->len += len;
        w->text[w->len] = '\0';
    }
}

/* What stands before a value: the comma and the key. */
static void lead(struct council_writer *w, const char *key)
{
    if (w->comma) {
        append(w, ",", 1);
    }
    if (key != NULL) {
        append(w, "\"", 1);
        append(w, key, (uint32_t)strlen(key));
        append(w, "\":", 2);
    }
    w->comma = true;
}

void council_write_open(struct council_writer *w, const char *key, char bracket)
{
    lead(w, key);
    append(w, &bracket, 1);
    w->comma = false;
}

void council_write_close(struct council_writer *w, char bracket)
{
    append(w, &bracket, 1);
    w->comma = true;
}

void council_write_raw(struct council_writer *w, const char *key, const char *canonical,
                       uint32_t len)
{
    lead(w, key);
    append(w, canonical, len);
}

void council_write_string(struct council_writer *w, const char *key, const char *value)
{
    lead(w, key);
    append(w, "\"", 1);
    append(w, value, (uint32_t)strlen(value));
    append(w, "\"", 1);
}

void council_write_bytes(struct council_writer *w, const char *key, const uint8_t *bytes,
                         uint32_t len)
{
    lead(w, key);
    append(w, "\"", 1);
    uint64_t chars = COUNCIL_B64_CHARS((uint64_t)len);
    if (reserve(w, chars > UINT32_MAX ? UINT32_MAX : (uint32_t)chars)) {
        council_b64_encode(w->text + w->len, bytes, len);
        w->len += (uint32_t)chars;
    }
    append(w, "\"", 1);
}

void council_write_int(struct council_writer *w, const char *key, uint64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    council_write_raw(w, key, digits, (uint32_t)len);
}
