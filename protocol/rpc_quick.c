/*
 * rpc_quick.c - the two messages that come by the thousand, log.append and log.entry, read in one pass without a tree.
 *
 * Owns one form of each: byte for byte the one in which rpc_write.c writes it, with nothing in a string but printable ASCII and escaped
 * quotes. Must not decide anything: a message that is wrong in any way, or only written differently, is jansson's (rpc.c).
 * Invariant: what is read here is exactly what rpc.c and rpc_fields.c would have read, and reading stays within the message.
 */
#include "protocol/rpc.h"

#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MAX = 16 /* of COUNCIL_INT_MAX */
};

struct cursor {
    const char *at, *end;
};

/* Passes over exactly these bytes, or stays. */
static bool literal(struct cursor *c, const char *bytes)
{
    size_t len = strlen(bytes);
    if ((size_t)(c->end - c->at) < len || memcmp(c->at, bytes, len) != 0)
        return false;
    c->at += len;
    return true;
}

static bool integer(struct cursor *c, uint64_t *out)
{
    const char *start = c->at;
    uint64_t number = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        if (c->at - start == DIGITS_MAX)
            return false;
        number = number * 10 + (uint64_t)(*c->at++ - '0');
    }
    *out = number;
    return c->at > start && (*start != '0' || c->at - start == 1) && number <= COUNCIL_INT_MAX;
}

/* The inside of a string of base64url, up to its closing quote, which is passed over. */
static bool base64(struct cursor *c, const char **chars, uint32_t *len)
{
    const char *quote = memchr(c->at, '"', (size_t)(c->end - c->at));
    if (quote == NULL)
        return false;
    *chars = c->at;
    *len = (uint32_t)(quote - c->at);
    c->at = quote + 1;
    return true;
}

static bool fixed(struct cursor *c, uint8_t *out, uint32_t len)
{
    const char *chars = NULL;
    uint32_t n = 0;
    return base64(c, &chars, &n) && council_b64_decode(out, len, chars, n);
}

static bool data(struct cursor *c, struct council_wire_entry *out)
{
    const char *chars = NULL;
    uint32_t n = 0;
    if (!base64(c, &chars, &n) || council_b64_bytes(n) == UINT32_MAX)
        return false;
    out->has_data = true;
    out->data_len = council_b64_bytes(n);
    out->data = malloc((size_t)out->data_len + 1); /* never an allocation of nothing */
    return out->data != NULL && council_b64_decode(out->data, out->data_len, chars, n);
}

/* The inside of a string of printable ASCII, up to its closing quote, which is passed over. Its length without escapes; UINT32_MAX: something else is in it. */
static uint32_t measure(struct cursor *c)
{
    uint32_t len = 0;
    for (; c->at < c->end; len++) {
        char byte = *c->at++;
        if (byte == '"')
            return len;
        if (byte < 0x20 || byte > 0x7e || (byte == '\\' && (c->at == c->end || *c->at++ != '"')))
            return UINT32_MAX;
    }
    return UINT32_MAX;
}

static bool text(struct cursor *c, struct council_wire_entry *out)
{
    const char *from = c->at;
    out->len = measure(c);
    if (out->len == UINT32_MAX)
        return false;
    out->own_text = malloc((size_t)out->len + 1);
    if (out->own_text == NULL)
        return false;
    for (uint32_t i = 0; i < out->len; i++) {
        from += *from == '\\';
        out->own_text[i] = *from++;
    }
    out->own_text[out->len] = '\0';
    out->text = out->own_text;
    return true;
}

/* "text", "sig" and "data", as both messages have them. */
static bool body(struct cursor *c, struct council_wire_entry *out)
{
    return literal(c, "\"text\":\"") && text(c, out) && literal(c, ",\"sig\":\"") &&
           fixed(c, out->sig, sizeof(out->sig)) && (!literal(c, ",\"data\":\"") || data(c, out));
}

static bool append(struct cursor *c, struct council_rpc_id *id, struct council_wire_entry *out)
{
    id->kind = COUNCIL_RPC_ID_INT;
    return literal(c, "{\"jsonrpc\":\"2.0\",\"id\":") && integer(c, &id->number) &&
           literal(c, ",\"method\":\"log.append\",\"params\":{\"entry\":{") && body(c, out) &&
           literal(c, "}}}");
}

static bool entry(struct cursor *c, struct council_wire_entry *out)
{
    out->has_log = true;
    if (!literal(c, "{\"jsonrpc\":\"2.0\",\"method\":\"log.entry\",\"params\":{\"log\":\"") ||
        !fixed(c, out->log, sizeof(out->log)) || !literal(c, ",\"seq\":") ||
        !integer(c, &out->seq) || out->seq == 0 || !literal(c, ",\"received\":") ||
        !integer(c, &out->received) || !literal(c, ",") || !body(c, out))
        return false;
    out->erased = literal(c, ",\"erased\":1");
    return literal(c, "}}");
}

bool council_rpc_quick(struct council_rpc *out, const char *bytes, uint32_t len)
{
    struct cursor c = {bytes, bytes + len};
    memset(out, 0, sizeof(*out));
    if (append(&c, &out->id, &out->entry) && c.at == c.end) {
        out->kind = COUNCIL_RPC_CALL;
        out->method = COUNCIL_METHOD_LOG_APPEND;
        out->notification = COUNCIL_NOTIFICATION_COUNT;
        out->quick = true;
        return true;
    }
    council_rpc_fini(out);
    c.at = bytes;
    if (entry(&c, &out->entry) && c.at == c.end) {
        out->kind = COUNCIL_RPC_NOTIFICATION;
        out->method = COUNCIL_METHOD_COUNT;
        out->notification = COUNCIL_NOTIFICATION_LOG_ENTRY;
        out->quick = true;
        return true;
    }
    council_rpc_fini(out);
    return false;
}
