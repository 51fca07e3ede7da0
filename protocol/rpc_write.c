/*
 * rpc_write.c - one message being written: a growing buffer, the envelope, fields, entries.
 *
 * Owns how messages become bytes. Most of what a server sends is entries, so text and data go straight from their bytes into the
 * buffer: no tree, one copy. Invariant: len is at most COUNCIL_FRAME_MAX, and after a failure nothing more is written.
 */
#include "protocol/rpc.h"
#include <stdlib.h>
#include <string.h>

void council_frame_init(struct council_frame *frame, uint32_t reserve)
{
    memset(frame, 0, sizeof(*frame));
    frame->reserve = reserve;
}

void council_frame_fini(struct council_frame *frame)
{
    free(frame->buffer);
    memset(frame, 0, sizeof(*frame));
}

void council_frame_reset(struct council_frame *frame)
{
    frame->len = 0;
    frame->comma = false;
    frame->failed = COUNCIL_OK;
}

const char *council_frame_text(const struct council_frame *frame)
{
    return frame->buffer == NULL ? "" : frame->buffer + frame->reserve;
}

char *council_frame_take(struct council_frame *frame, uint32_t *len)
{
    char *buffer = frame->buffer;
    *len = frame->len;
    council_frame_init(frame, frame->reserve);
    return buffer;
}

/* Where the next `n` bytes of text go, with a byte to spare behind them; NULL after a failure, which sticks. */
static char *room(struct council_frame *frame, size_t n)
{
    enum {
        START = 512
    };
    if (frame->failed != COUNCIL_OK)
        return NULL;
    if (n > COUNCIL_FRAME_MAX - frame->len) {
        frame->failed = COUNCIL_E_FRAME_TOO_LARGE;
        return NULL;
    }
    uint32_t need = frame->len + (uint32_t)n + 1;
    if (need > frame->size) {
        uint32_t size = frame->size == 0 ? START : frame->size;
        while (size < need)
            size *= 2;
        char *grown = realloc(frame->buffer, (size_t)frame->reserve + size);
        if (grown == NULL) {
            frame->failed = COUNCIL_E_NO_MEMORY;
            return NULL;
        }
        frame->buffer = grown;
        frame->size = size;
    }
    return frame->buffer + frame->reserve + frame->len;
}

static void put(struct council_frame *frame, const char *bytes, size_t n)
{
    char *to = room(frame, n);
    if (to == NULL || n == 0)
        return;
    memcpy(to, bytes, n);
    frame->len += (uint32_t)n;
}

static void put_string(struct council_frame *frame, const char *text)
{
    put(frame, text, strlen(text));
}

/* What stands before a value: a comma where one is due, and its key. */
static void lead(struct council_frame *frame, const char *key)
{
    if (frame->comma)
        put(frame, ",", 1);
    frame->comma = true;
    if (key != NULL) {
        put(frame, "\"", 1);
        put_string(frame, key);
        put(frame, "\":", 2);
    }
}

static void put_digits(struct council_frame *frame, uint64_t value)
{
    char digits[20];
    uint32_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(frame, digits + at, sizeof(digits) - at);
}

/* ---- strings ---- */

/* Bytes of the UTF-8 character at `s` (RFC 3629 section 4), of which `left` bytes are there; 0 where it is none. */
static uint32_t utf8_len(const uint8_t *s, size_t left)
{
    uint32_t n = s[0] < 0x80   ? 1
                 : s[0] < 0xc2 ? 0
                 : s[0] < 0xe0 ? 2
                 : s[0] < 0xf0 ? 3
                 : s[0] < 0xf5 ? 4
                               : 0;
    if (n == 0 || n > left)
        return 0;
    for (uint32_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return n > 1 && (overlong || beyond) ? 0 : n;
}

static void put_escaped(struct council_frame *frame, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *s = (const uint8_t *)text;
    put(frame, "\"", 1);
    for (size_t i = 0; i < len;) {
        uint32_t n = utf8_len(s + i, len - i);
        if (n == 0) {
            put(frame, "\xef\xbf\xbd", 3);
            n = 1;
        } else if (s[i] == '"' || s[i] == '\\') {
            const char pair[2] = {'\\', text[i]};
            put(frame, pair, 2);
        } else if (s[i] < 0x20 || s[i] == 0x7f) {
            const char code[6] = {'\\', 'u', '0', '0', hex[s[i] >> 4], hex[s[i] & 15]};
            put(frame, code, 6);
        } else {
            put(frame, text + i, n);
        }
        i += n;
    }
    put(frame, "\"", 1);
}

void council_rpc_field_string(struct council_frame *frame, const char *key, const char *value)
{
    lead(frame, key);
    put_escaped(frame, value, strlen(value));
}

static bool is_plain(const char *text, uint32_t len)
{
    bool plain = true;
    for (uint32_t i = 0; i < len; i++)
        plain &= text[i] >= 0x20 && text[i] < 0x7f && text[i] != '\\';
    return plain;
}

void council_rpc_field_text(struct council_frame *frame, const char *key, const char *text,
                            uint32_t len)
{
    lead(frame, key);
    if (!is_plain(text, len)) {
        put_escaped(frame, text, len);
        return;
    }
    put(frame, "\"", 1);
    const char *end = text + len;
    while (text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        size_t run = (size_t)((quote == NULL ? end : quote) - text);
        put(frame, text, run);
        if (quote != NULL)
            put(frame, "\\\"", 2);
        text += run + (quote != NULL);
    }
    put(frame, "\"", 1);
}

/* ---- other fields ---- */

void council_rpc_field_int(struct council_frame *frame, const char *key, uint64_t value)
{
    lead(frame, key);
    put_digits(frame, value);
}

void council_rpc_field_bytes(struct council_frame *frame, const char *key, const uint8_t *bytes,
                             uint32_t len)
{
    lead(frame, key);
    put(frame, "\"", 1);
    size_t chars = COUNCIL_B64_CHARS((size_t)len);
    char *to = room(frame, chars);
    if (to != NULL) {
        council_b64_encode(to, bytes, len);
        frame->len += (uint32_t)chars;
    }
    put(frame, "\"", 1);
}

void council_rpc_field_open(struct council_frame *frame, const char *key, char bracket)
{
    lead(frame, key);
    put(frame, &bracket, 1);
    frame->comma = false;
}

void council_rpc_field_close(struct council_frame *frame, char bracket)
{
    put(frame, &bracket, 1);
    frame->comma = true;
}

/* ---- the envelope ---- */

static void begin(struct council_frame *frame)
{
    council_frame_reset(frame);
    put_string(frame, "{\"jsonrpc\":\"2.0\"");
    frame->comma = true;
}

static void put_id(struct council_frame *frame, const struct council_rpc_id *id)
{
    lead(frame, "id");
    if (id == NULL || id->kind == COUNCIL_RPC_ID_NULL)
        put_string(frame, "null");
    else if (id->kind == COUNCIL_RPC_ID_INT)
        put_digits(frame, id->number);
    else
        put_escaped(frame, id->string, strlen(id->string));
}

void council_rpc_write_call(struct council_frame *frame, uint64_t id, enum council_method method)
{
    begin(frame);
    council_rpc_field_int(frame, "id", id);
    council_rpc_field_string(frame, "method", council_method_info(method)->name);
    council_rpc_field_open(frame, "params", '{');
}

void council_rpc_write_result(struct council_frame *frame, const struct council_rpc_id *id)
{
    begin(frame);
    put_id(frame, id);
    council_rpc_field_open(frame, "result", '{');
}

void council_rpc_write_notification(struct council_frame *frame,
                                    enum council_notification notification)
{
    begin(frame);
    council_rpc_field_string(frame, "method", council_notification_name(notification));
    council_rpc_field_open(frame, "params", '{');
}

enum council_error council_frame_end(struct council_frame *frame)
{
    put(frame, "}}", 2);
    return frame->failed;
}

enum council_error council_rpc_write_error(struct council_frame *frame,
                                           const struct council_rpc_id *id,
                                           enum council_error error, const char *detail,
                                           uint64_t retry_after_ms)
{
    const struct council_error_info *info = council_error_info(error);
    begin(frame);
    put_id(frame, id);
    council_rpc_field_open(frame, "error", '{');
    lead(frame, "code");
    if (info->code < 0)
        put(frame, "-", 1);
    put_digits(frame, (uint64_t)llabs(info->code));
    council_rpc_field_string(frame, "message", info->what);
    council_rpc_field_open(frame, "data", '{');
    council_rpc_field_string(frame, "name", info->name);
    council_rpc_field_string(frame, "next", info->next);
    if (detail != NULL) {
        lead(frame, "detail");
        put_escaped(frame, detail, strnlen(detail, COUNCIL_RPC_DETAIL_MAX));
    }
    if (retry_after_ms != 0)
        council_rpc_field_int(frame, "retry_after_ms", retry_after_ms);
    council_rpc_field_close(frame, '}');
    return council_frame_end(frame);
}

enum council_error council_rpc_write_result_raw(struct council_frame *frame,
                                                const struct council_rpc_id *id, const char *json,
                                                uint32_t len)
{
    begin(frame);
    put_id(frame, id);
    lead(frame, "result");
    put(frame, json, len);
    put(frame, "}", 1);
    return frame->failed;
}

/* ---- entries ---- */

void council_rpc_field_entry(struct council_frame *frame, const char *key, const char *text,
                             uint32_t len, const uint8_t sig[COUNCIL_SIG_BYTES],
                             const uint8_t *data, uint32_t data_len)
{
    council_rpc_field_open(frame, key, '{');
    council_rpc_field_text(frame, "text", text, len);
    council_rpc_field_bytes(frame, "sig", sig, COUNCIL_SIG_BYTES);
    if (data != NULL)
        council_rpc_field_bytes(frame, "data", data, data_len);
    council_rpc_field_close(frame, '}');
}

static void put_record(struct council_frame *frame, const struct council_record *record)
{
    council_rpc_field_int(frame, "seq", record->seq);
    council_rpc_field_int(frame, "received", record->received);
    council_rpc_field_text(frame, "text", record->text, record->len);
    council_rpc_field_bytes(frame, "sig", record->sig, COUNCIL_SIG_BYTES);
    if (record->data != NULL)
        council_rpc_field_bytes(frame, "data", record->data, record->data_len);
    if (record->erased)
        council_rpc_field_int(frame, "erased", 1);
}

bool council_rpc_write_entry(struct council_frame *frame, const struct council_record *record)
{
    uint32_t len = frame->len;
    bool comma = frame->comma;
    if (frame->failed != COUNCIL_OK)
        return false;
    council_rpc_field_open(frame, NULL, '{');
    put_record(frame, record);
    council_rpc_field_close(frame, '}');
    if (frame->failed == COUNCIL_OK && frame->len <= COUNCIL_FRAME_MAX - COUNCIL_FRAME_TAIL)
        return true;
    if (frame->failed != COUNCIL_E_NO_MEMORY) {
        frame->len = len;
        frame->comma = comma;
        frame->failed = COUNCIL_OK;
    }
    return false;
}

enum council_error council_rpc_write_log_entry(struct council_frame *frame,
                                               const uint8_t log[COUNCIL_KEY_BYTES],
                                               const struct council_record *record)
{
    council_rpc_write_notification(frame, COUNCIL_NOTIFICATION_LOG_ENTRY);
    council_rpc_field_bytes(frame, "log", log, COUNCIL_KEY_BYTES);
    put_record(frame, record);
    return council_frame_end(frame);
}
