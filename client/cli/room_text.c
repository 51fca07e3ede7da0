/*
 * room_text.c - text of other people made safe for a terminal, and made to fit.
 *
 * Works in the locale's encoding, through the C library alone. Must not know a screen. Invariant: what room_clean lets through moves no cursor, starts no escape
 * sequence, and turns no line around.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "client/cli/room.h"

/* One character of text in UTF-8 as the locale writes it, into `out` (at least 8 bytes). Returns the bytes it takes of `text`. */
static size_t clean_one(const char *text, char out[8])
{
    unsigned char first = (unsigned char)*text;
    wchar_t c = 0;
    mbstate_t state = {0};
    if (first == '\n' || first == '\t' || first == '\r') {
        snprintf(out, 8, " ");
        return 1;
    }
    if (first < 0x20 || first == 0x7f) {
        snprintf(out, 8, "\\x%02x", first);
        return 1;
    }
    if (first < 0x80) {
        snprintf(out, 8, "%c", first);
        return 1;
    }
    snprintf(out, 8, "?");
    if (MB_CUR_MAX == 1) { /* not a locale of UTF-8: one mark for the whole character */
        size_t len = 1;
        while (((unsigned char)text[len] & 0xc0) == 0x80)
            len++;
        return len;
    }
    size_t len = mbrtowc(&c, text, strlen(text), &state);
    if (len == (size_t)-1 || len == (size_t)-2 || len == 0)
        return 1;
    if (c >= 0x80 && c < 0xa0)
        snprintf(out, 8, "\\x%02x", (unsigned)c);
    else if (cli_hidden(text))
        out[0] = '\0';
    else if (iswprint((wint_t)c) && wcwidth(c) >= 0)
        snprintf(out, 8, "%.*s", (int)len, text);
    return len;
}

void room_clean(const char *text, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    while (*text) {
        char one[8];
        text += clean_one(text, one);
        size_t len = strlen(one);
        if (at + len + 1 > size)
            return;
        memcpy(out + at, one, len + 1);
        at += len;
    }
}

/* Bytes and columns of the first character of clean text. */
static size_t measure(const char *clean, int *columns)
{
    wchar_t c = 0;
    mbstate_t state = {0};
    size_t len = mbrtowc(&c, clean, strlen(clean), &state);
    if (len == (size_t)-1 || len == (size_t)-2 || len == 0) {
        *columns = 1;
        return 1;
    }
    *columns = wcwidth(c) < 0 ? 1 : wcwidth(c);
    return len;
}

int room_columns(const char *clean)
{
    int total = 0;
    while (*clean) {
        int columns;
        clean += measure(clean, &columns);
        total += columns;
    }
    return total;
}

/* Bytes of clean text that fit into `columns`, and how many they take. */
static size_t fit(const char *clean, int columns, int *taken)
{
    size_t at = 0;
    *taken = 0;
    while (clean[at]) {
        int more;
        size_t len = measure(clean + at, &more);
        if (*taken + more > columns)
            break;
        *taken += more;
        at += len;
    }
    return at;
}

int room_clip(const char *clean, int columns, char *out, size_t size)
{
    int taken;
    size_t len = fit(clean, columns, &taken);
    bool cut = clean[len] != '\0';
    if (cut && columns > 0)
        len = fit(clean, columns - 1, &taken);
    if (len + 2 > size)
        len = fit(clean, 0, &taken);
    memcpy(out, clean, len);
    out[len] = '\0';
    if (cut && columns > 0) {
        out[len] = '>';
        out[len + 1] = '\0';
        taken++;
    }
    return taken;
}

/* Where to break: after the last space that fits, or wherever it must be. Never nothing. */
static size_t break_at(const char *clean, int columns, size_t *skip)
{
    int taken, first;
    size_t len = fit(clean, columns, &taken), at;
    *skip = 0;
    if (!clean[len])
        return len;
    for (at = len + (clean[len] == ' '); at > 0; at--)
        if (clean[at - 1] == ' ')
            break;
    if (at > 1) {
        *skip = 1;
        return at - 1;
    }
    return len ? len : measure(clean, &first);
}

void room_wrap(const char *clean, int columns, int indent, struct room_lines *out)
{
    bool first = true;
    if (columns < indent + 8)
        indent = 0;
    if (columns < 1)
        return;
    do {
        size_t skip;
        int lead = first ? 0 : indent;
        size_t len = break_at(clean, columns - lead, &skip);
        room_lines_add(out, "%*s%.*s", lead, "", (int)len, clean);
        clean += len + skip;
        first = false;
    } while (*clean);
}

/* ---- lists ---- */

void room_lines_add(struct room_lines *lines, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    if (lines->count == ROOM_LINES_MAX) {
        free(lines->text[0]);
        lines->count--;
        memmove(&lines->text[0], &lines->text[1], lines->count * sizeof *lines->text);
    }
    if (lines->count == lines->size) {
        uint32_t size = lines->size ? lines->size * 2 : 16;
        char **grown = realloc(lines->text, size * sizeof *grown);
        if (!grown) {
            free(text);
            return;
        }
        lines->text = grown;
        lines->size = size;
    }
    lines->text[lines->count++] = text;
}

void room_lines_fini(struct room_lines *lines)
{
    for (uint32_t i = 0; i < lines->count; i++)
        free(lines->text[i]);
    free(lines->text);
    memset(lines, 0, sizeof *lines);
}
