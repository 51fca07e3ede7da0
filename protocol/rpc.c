/*
 * rpc.c - reading one message: bounds, JSON, envelope.
 *
 * Owns which JSON objects are messages. jansson does the parsing; what it does not bound (depth and number of values)
 * is counted over the raw bytes first, so that a short message cannot cost much memory or stack.
 */
#include "protocol/rpc.h"
#include <string.h>

/* True if the bytes cannot nest deeper or hold more values than a message may. Says nothing of their grammar. */
static bool within_bounds(const char *text, uint32_t len)
{
    uint32_t depth = 0, values = 1;
    bool quoted = false;
    for (uint32_t i = 0; i < len; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > COUNCIL_RPC_DEPTH || ++values > COUNCIL_RPC_VALUES)
                return false;
        } else if (c == '}' || c == ']') {
            if (depth > 0)
                depth--;
        } else if (c == ',' && ++values > COUNCIL_RPC_VALUES) {
            return false;
        }
    }
    return true;
}

/* Reads the id where there is one; INVALID_REQUEST, with a null id, for any that is not null, a string or a natural number. */
static enum council_error read_id(struct council_rpc_id *out, const json_t *root)
{
    const json_t *id = json_object_get(root, "id");
    if (json_is_integer(id)) {
        json_int_t number = json_integer_value(id);
        if (number < 0 || (uint64_t)number > COUNCIL_INT_MAX)
            return COUNCIL_E_INVALID_REQUEST;
        out->kind = COUNCIL_RPC_ID_INT;
        out->number = (uint64_t)number;
        return COUNCIL_OK;
    }
    if (json_is_string(id)) {
        size_t len = json_string_length(id);
        if (len > COUNCIL_RPC_ID_MAX)
            return COUNCIL_E_INVALID_REQUEST;
        out->kind = COUNCIL_RPC_ID_STRING;
        memcpy(out->string, json_string_value(id), len + 1);
        return COUNCIL_OK;
    }
    return id == NULL || json_is_null(id) ? COUNCIL_OK : COUNCIL_E_INVALID_REQUEST;
}

static enum council_error read_call(struct council_rpc *out, json_t *root)
{
    static const char *const members[] = {"jsonrpc", "id", "method", "params", NULL};
    const char *method = json_string_value(json_object_get(root, "method"));
    bool call = council_rpc_has(root, "id");
    if (!council_rpc_known(root, members, NULL) || method == NULL ||
        (call && out->id.kind == COUNCIL_RPC_ID_NULL))
        return COUNCIL_E_INVALID_REQUEST;
    json_t *params = json_object_get(root, "params");
    if (json_is_array(params))
        return COUNCIL_E_INVALID_PARAMS;
    if (params != NULL && !json_is_object(params))
        return COUNCIL_E_INVALID_REQUEST;
    if (params == NULL) {
        params = json_object();
        if (json_object_set_new(root, "params", params) != 0)
            return COUNCIL_E_NO_MEMORY;
    }
    out->kind = call ? COUNCIL_RPC_CALL : COUNCIL_RPC_NOTIFICATION;
    out->method = call ? council_method_find(method) : COUNCIL_METHOD_COUNT;
    out->notification = call ? COUNCIL_NOTIFICATION_COUNT : council_notification_find(method);
    out->params = params;
    return COUNCIL_OK;
}

static enum council_error read_result(struct council_rpc *out, json_t *root)
{
    static const char *const members[] = {"jsonrpc", "id", "result", NULL};
    if (!council_rpc_known(root, members, NULL) || out->id.kind == COUNCIL_RPC_ID_NULL)
        return COUNCIL_E_INVALID_REQUEST;
    out->kind = COUNCIL_RPC_RESULT;
    out->result = json_object_get(root, "result");
    return COUNCIL_OK;
}

/* The name decides where it is known: codes of a newer server may say less to this version than names do. */
static enum council_error error_of(const char *name, int64_t code)
{
    if (name != NULL) {
        enum council_error named = council_error_from_name(name);
        if (named != COUNCIL_E_INTERNAL)
            return named;
    }
    return code >= INT32_MIN && code <= INT32_MAX ? council_error_from_code((int)code)
                                                  : COUNCIL_E_INTERNAL;
}

static enum council_error read_failure(struct council_rpc *out, json_t *root)
{
    static const char *const members[] = {"jsonrpc", "id", "error", NULL};
    static const char *const inner[] = {"code", "message", "data", NULL};
    const json_t *error = json_object_get(root, "error");
    const json_t *data = json_object_get(error, "data");
    const json_t *code = json_object_get(error, "code");
    struct council_rpc_failure *failure = &out->failure;
    failure->message = json_string_value(json_object_get(error, "message"));
    if (!council_rpc_known(root, members, NULL) || !council_rpc_has(root, "id") ||
        !council_rpc_known(error, inner, NULL) || !json_is_integer(code) ||
        failure->message == NULL)
        return COUNCIL_E_INVALID_REQUEST;
    failure->code = json_integer_value(code);
    failure->name = json_string_value(json_object_get(data, "name"));
    failure->next = json_string_value(json_object_get(data, "next"));
    failure->detail = json_string_value(json_object_get(data, "detail"));
    if (!council_rpc_int(data, "retry_after_ms", 0, COUNCIL_INT_MAX, &failure->retry_after_ms))
        failure->retry_after_ms = 0;
    failure->error = error_of(failure->name, failure->code);
    out->kind = COUNCIL_RPC_FAILURE;
    return COUNCIL_OK;
}

static enum council_error read_envelope(struct council_rpc *out, json_t *root)
{
    if (!json_is_object(root))
        return COUNCIL_E_INVALID_REQUEST;
    enum council_error error = read_id(&out->id, root);
    const char *version = json_string_value(json_object_get(root, "jsonrpc"));
    if (error != COUNCIL_OK || version == NULL || strcmp(version, "2.0") != 0)
        return COUNCIL_E_INVALID_REQUEST;
    if (council_rpc_has(root, "method"))
        return read_call(out, root);
    if (council_rpc_has(root, "result"))
        return read_result(out, root);
    if (council_rpc_has(root, "error"))
        return read_failure(out, root);
    return COUNCIL_E_INVALID_REQUEST;
}

enum council_error council_rpc_parse(struct council_rpc *out, const char *text, uint32_t len)
{
    memset(out, 0, sizeof(*out));
    if (!within_bounds(text, len))
        return COUNCIL_E_PARSE_ERROR;
    json_error_t why;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        /* jansson has words for all that is wrong with a text, and often none where memory ran out. */
        bool starved = why.text[0] == '\0' || json_error_code(&why) == json_error_out_of_memory;
        return starved ? COUNCIL_E_NO_MEMORY : COUNCIL_E_PARSE_ERROR;
    }
    enum council_error error = read_envelope(out, root);
    if (error != COUNCIL_OK) {
        struct council_rpc_id id = out->id;
        memset(out, 0, sizeof(*out));
        out->id = id;
        json_decref(root);
        return error;
    }
    out->root = root;
    return COUNCIL_OK;
}

void council_rpc_fini(struct council_rpc *rpc)
{
    json_decref(rpc->root);
    council_wire_entry_fini(&rpc->entry);
    memset(rpc, 0, sizeof(*rpc));
}

void council_rpc_take_entry(struct council_rpc *rpc, struct council_wire_entry *out)
{
    *out = rpc->entry;
    memset(&rpc->entry, 0, sizeof(rpc->entry));
}
