/*
 * request.c - registration codes and counts. See request.h.
 *
 * A code is 100 random bits in Crockford's letters; the store keeps H(code) alone, which is also its name in lists.
 */
#include "server/host/request.h"
#include "server/host/largest.h"

#include <sodium.h>
#include <string.h>

#include "protocol/bytes.h"
#include "server/host/settings.h"

enum {
    CODE_GROUPS = 4,
    CODE_LETTERS = 5, /* of a group */
    CODE_CHARS = CODE_GROUPS * (CODE_LETTERS + 1) - 1,
    PAGE = 64,
    DAY_MS = 24 * 60 * 60 * 1000
};

json_t *host_request_refused(const char *why)
{
    return json_pack("{s:b,s:s}", "ok", 0, "error", why);
}

static json_t *answer_status(enum store_status status)
{
    return status == STORE_OK ? json_pack("{s:b}", "ok", 1)
                              : host_request_refused(store_status_name(status));
}

static void code_make(char code[CODE_CHARS + 1])
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    for (uint32_t i = 0; i < CODE_CHARS; i++) {
        if (i % (CODE_LETTERS + 1) == CODE_LETTERS) {
            code[i] = '-';
        } else {
            code[i] = letters[randombytes_uniform(32)];
        }
    }
    code[CODE_CHARS] = '\0';
}

static json_t *code_create(struct store *store, const json_t *request, uint64_t now_ms)
{
    char text[CODE_CHARS + 1], name[COUNCIL_KEY_CHARS + 1];
    json_int_t uses = json_integer_value(json_object_get(request, "uses"));
    json_int_t days = json_integer_value(json_object_get(request, "days"));
    const char *note = json_string_value(json_object_get(request, "note"));
    struct store_code code = {.created_ms = now_ms};
    if (uses < 1 || uses > 1000000 || days < 0 || days > 36500 ||
        (note != NULL && strlen(note) > STORE_NOTE_MAX)) {
        return host_request_refused("uses, days or note out of range");
    }
    code.uses = (uint32_t)uses;
    code.expires_ms = days > 0 ? now_ms + (uint64_t)days * DAY_MS : 0;
    (void)snprintf(code.note, sizeof code.note, "%s", note != NULL ? note : "");
    code_make(text);
    council_hash(code.hash, text, CODE_CHARS);
    council_b64_encode(name, code.hash, STORE_ID_BYTES);
    enum store_status status = store_code_create(store, &code);
    json_t *answer = status != STORE_OK
                         ? answer_status(status)
                         : json_pack("{s:b,s:s,s:s,s:I}", "ok", 1, "code", text, "name", name,
                                     "expires", (json_int_t)code.expires_ms);
    sodium_memzero(text, sizeof text);
    return answer;
}

static json_t *code_revoke(struct store *store, const json_t *request, uint64_t now_ms)
{
    uint8_t hash[STORE_ID_BYTES];
    const char *code = json_string_value(json_object_get(request, "code"));
    (void)now_ms;
    if (code == NULL || strlen(code) > 1024) {
        return host_request_refused("code is missing");
    }
    if (strlen(code) != COUNCIL_KEY_CHARS ||
        !council_b64_decode(hash, sizeof hash, code, COUNCIL_KEY_CHARS)) {
        council_hash(hash, code, (uint32_t)strlen(code));
    }
    enum store_status status = store_code_revoke(store, hash);
    return status == STORE_NOT_FOUND
               ? host_request_refused("there is no such code; see councild code list")
               : answer_status(status);
}

static json_t *code_object(const struct store_code *code, uint64_t now_ms)
{
    char name[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(name, code->hash, STORE_ID_BYTES);
    bool good = code->used < code->uses && (code->expires_ms == 0 || code->expires_ms > now_ms);
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:b,s:s}", "name", name, "created",
                     (json_int_t)code->created_ms, "expires", (json_int_t)code->expires_ms, "uses",
                     (json_int_t)code->uses, "used", (json_int_t)code->used, "good", good, "note",
                     code->note);
}

static json_t *code_list(struct store *store, const json_t *request, uint64_t now_ms)
{
    json_t *list = json_array();
    uint64_t cursor = 0;
    uint32_t n = PAGE;
    (void)request;
    while (n == PAGE) {
        struct store_code page[PAGE];
        enum store_status status = store_codes(store, &cursor, page, PAGE, &n);
        if (status != STORE_OK) {
            json_decref(list);
            return answer_status(status);
        }
        for (uint32_t i = 0; i < n; i++) {
            (void)json_array_append_new(list, code_object(&page[i], now_ms));
        }
    }
    return json_pack("{s:b,s:o}", "ok", 1, "codes", list);
}

static json_t *stats(struct store *store, const json_t *request, uint64_t now_ms)
{
    struct store_stats counts;
    (void)request;
    (void)now_ms;
    uint64_t waiting = 0, restored = 0;
    enum store_status status = store_stats(store, &counts);
    if (status == STORE_OK) {
        status = store_recovering_count(store, &waiting, &restored);
    }
    if (status != STORE_OK) {
        return answer_status(status);
    }
    return json_pack("{s:b,s:{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}}", "ok", 1, "store", "entries",
                     (json_int_t)counts.entries, "members", (json_int_t)counts.logs_member,
                     "councils", (json_int_t)counts.logs_council, "journals",
                     (json_int_t)counts.logs_journal, "codes", (json_int_t)counts.codes, "bytes",
                     (json_int_t)counts.bytes, "recovering", (json_int_t)waiting, "backup_at",
                     (json_int_t)host_settings_backup(store));
}

/* How many logs wait for their members, and the first of them. */
static json_t *recovering(struct store *store, const json_t *request, uint64_t now_ms)
{
    struct store_log_info page[PAGE];
    uint64_t count = 0, restored = 0, cursor = 0;
    uint32_t n = 0;
    (void)request;
    (void)now_ms;
    enum store_status status = store_recovering_count(store, &count, &restored);
    if (status == STORE_OK) {
        status = store_recovering_logs(store, &cursor, page, PAGE, &n);
    }
    json_t *first = json_array();
    for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
        char name[COUNCIL_KEY_CHARS + 1];
        uint64_t waiting = 0;
        status = store_waiting(store, page[i].log, &waiting);
        council_b64_encode(name, page[i].log, STORE_ID_BYTES);
        (void)json_array_append_new(
            first, json_pack("{s:s,s:I}", "log", name, "waiting", (json_int_t)waiting));
    }
    if (status != STORE_OK) {
        json_decref(first);
        return answer_status(status);
    }
    return json_pack("{s:b,s:I,s:o}", "ok", 1, "logs", (json_int_t)count, "first", first);
}

static json_t *recovering_end(struct store *store, const json_t *request, uint64_t now_ms)
{
    uint8_t log[STORE_ID_BYTES];
    uint64_t count = 0;
    const char *name = json_string_value(json_object_get(request, "log"));
    (void)now_ms;
    if (name != NULL && (strlen(name) != COUNCIL_KEY_CHARS ||
                         !council_b64_decode(log, sizeof log, name, COUNCIL_KEY_CHARS))) {
        return host_request_refused("the name of a log is needed");
    }
    struct store_log_info info = {.brought = false};
    enum store_status status = name != NULL ? store_log_info(store, log, &info) : STORE_OK;
    if (status == STORE_OK) {
        status = store_recovering_end(store, name != NULL ? log : NULL, &count);
    }
    if (status != STORE_OK) {
        return answer_status(status);
    }
    return json_pack("{s:b,s:I,s:b}", "ok", 1, "logs", (json_int_t)count, "brought", info.brought);
}

static const struct {
    const char *name;
    json_t *(*run)(struct store *store, const json_t *request, uint64_t now_ms);
} requests[] = {
    {"code.create", code_create},
    {"code.list", code_list},
    {"code.revoke", code_revoke},
    {"largest", host_request_largest},
    {"limits", host_request_limits},
    {"limits.set", host_request_limits_set},
    {"quota", host_request_quota},
    {"quota.list", host_request_quotas},
    {"quota.set", host_request_quota_set},
    {"recovering", recovering},
    {"recovering.end", recovering_end},
    {"registration", host_request_registration},
    {"registration.set", host_request_registration_set},
    {"stats", stats},
};

json_t *host_request_run(struct store *store, const json_t *request, uint64_t now_ms)
{
    const char *name = json_string_value(json_object_get(request, "do"));
    for (size_t i = 0; name != NULL && i < sizeof requests / sizeof requests[0]; i++) {
        if (strcmp(requests[i].name, name) == 0) {
            return requests[i].run(store, request, now_ms);
        }
    }
    return host_request_refused("no such request");
}
