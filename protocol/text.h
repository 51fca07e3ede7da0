/*
 * text.h - canonical text: the check on raw bytes, the index of its values, and the writer.
 *
 * Owns the grammar of README.md section 2: printable ASCII without backslash, objects with sorted unique keys
 * [a-z0-9_.]{1,64}, arrays, strings, integers 0..2^53-1; no booleans, null, white space; depth at most 8; nothing after
 * the end. The index is made in the same pass as the check, so that signed bytes are never serialised again
 * to be understood. Knows no entry or kind.
 */
#ifndef COUNCIL_PROTOCOL_TEXT_H
#define COUNCIL_PROTOCOL_TEXT_H

#include "protocol/bytes.h"

enum {
    COUNCIL_TEXT_MAX = 196608,
    COUNCIL_TEXT_DEPTH = 8,
    COUNCIL_TEXT_VALUES = 2048,
    COUNCIL_KEY_NAME_MAX = 64
};

enum council_value_type {
    COUNCIL_OBJECT,
    COUNCIL_ARRAY,
    COUNCIL_STRING,
    COUNCIL_INTEGER
};

/* One value of a text. Values stand in the order of their first byte; children follow their parent. */
struct council_value {
    enum council_value_type type;
    uint32_t start, len;   /* bytes of the value in the text; a string's without its quotes */
    uint32_t key, key_len; /* bytes of its key, where its parent is an object */
    uint32_t count;        /* members of an object, elements of an array */
    uint32_t next;         /* index of the value after this one and all its children */
    uint64_t integer;      /* of an integer */
};

/* A checked text. `text` is borrowed and must outlive it; `values` is owned. */
struct council_text {
    const char *text;
    uint32_t len;
    struct council_value *values; /* values[0] is the whole text, always an object */
    uint32_t count;
};

/*
 * Checks `text` and indexes it. COUNCIL_E_TOO_LARGE above COUNCIL_TEXT_MAX bytes, COUNCIL_E_NOT_CANONICAL for whatever
 * section 2 refuses (also more than COUNCIL_TEXT_VALUES values), COUNCIL_E_NO_MEMORY. On error `out` is zeroed.
 * Borrows `text`; the caller ends with council_text_fini.
 */
COUNCIL_MUST_USE enum council_error council_text_init(struct council_text *out, const char *text,
                                                      uint32_t len);
void council_text_fini(struct council_text *text);

/* The member of the object at index `object` named `key`, or 0 where there is none (0 is never a member). */
uint32_t council_text_get(const struct council_text *text, uint32_t object, const char *key);

/* The first child of the object or array at `index` (0 if empty); the next sibling is values[child].next. */
uint32_t council_text_first(const struct council_text *text, uint32_t index);

/* True if value `index` is a string of base64url for exactly `len` bytes, decoded into `out`. */
COUNCIL_MUST_USE bool council_text_bytes(const struct council_text *text, uint32_t index,
                                         uint8_t *out, uint32_t len);

/* True if value `index` is a string equal to `word`. */
COUNCIL_MUST_USE bool council_text_is(const struct council_text *text, uint32_t index,
                                      const char *word);

/*
 * Writer: appends canonical text to a growing buffer of at most `max` bytes. The first failure (no memory, above
 * max) sticks; keys must be given in ascending order by the caller, which council_text_init shows.
 */
struct council_writer {
    char *text; /* owned; NUL-terminated */
    uint32_t len, size, max;
    bool comma, failed;
};

void council_writer_init(struct council_writer *w, uint32_t max);
void council_writer_fini(struct council_writer *w);
void council_write_open(struct council_writer *w, const char *key,
                        char bracket); /* bracket '{' or '['; key NULL in an array or at the top */
void council_write_close(struct council_writer *w, char bracket); /* '}' or ']' */
void council_write_string(struct council_writer *w, const char *key, const char *value);
void council_write_bytes(struct council_writer *w, const char *key, const uint8_t *bytes,
                         uint32_t len);
void council_write_int(struct council_writer *w, const char *key, uint64_t value);
void council_write_raw(struct council_writer *w, const char *key, const char *canonical,
                       uint32_t len);

#endif
