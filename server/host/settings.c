/*
 * settings.c - the operator's settings in the store. See settings.h.
 */
#include "server/host/settings.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "server/host/request.h"

static const char limits_name[] = "limits";
static const char registration_name[] = "registration";
static const char backup_name[] = "backup";
static const char quota_prefix[] = "quota:";

const char *const host_registration_words[HOST_REGISTRATIONS] = {"open", "code", "closed"};

unsigned host_registration_of(const char *word)
{
    unsigned i = 0;
    while (i < HOST_REGISTRATIONS &&
           (word == NULL || strcmp(host_registration_words[i], word) != 0)) {
        i++;
    }
    return i;
}

/* ---- reading ---- */

static json_t *get_json(struct store *store, const char *name)
{
    char value[STORE_VALUE_MAX];
    uint32_t len = sizeof value;
    enum store_status status = store_setting_get(store, name, value, &len);
    if (status != STORE_OK && status != STORE_NOT_FOUND) {
        return NULL;
    }
    json_t *object =
        status == STORE_OK ? json_loadb(value, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json_is_object(object)) {
        json_decref(object);
        object = json_object();
    }
    return object;
}

static enum store_status set_json(struct store *store, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    enum store_status status =
        text != NULL ? store_setting_set(store, name, text, (uint32_t)strlen(text)) : STORE_NOMEM;
    free(text);
    return status;
}

static bool limit_fits(const char *name, const json_t *value)
{
    struct core_limits scratch;
    core_limits_init(&scratch);
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           core_limits_set(&scratch, name, (uint64_t)json_integer_value(value));
}

json_t *host_settings_limits(struct store *store)
{
    json_t *stored = get_json(store, limits_name), *good = json_object();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(stored, name, value)
    {
        if (limit_fits(name, value)) {
            (void)json_object_set(good, name, value);
        }
    }
    if (stored == NULL) {
        json_decref(good);
        good = NULL;
    }
    json_decref(stored);
    return good;
}

bool host_settings_registration(struct store *store, enum core_registration *out)
{
    char word[16] = "";
    uint32_t len = sizeof word - 1;
    if (store_setting_get(store, registration_name, word, &len) != STORE_OK) {
        return false;
    }
    word[len] = '\0';
    unsigned index = host_registration_of(word);
    if (index == HOST_REGISTRATIONS) {
        return false;
    }
    *out = (enum core_registration)index;
    return true;
}

uint64_t host_settings_backup(struct store *store)
{
    json_t *stored = get_json(store, backup_name);
    json_int_t at = json_integer_value(json_object_get(stored, "at"));
    json_decref(stored);
    return at > 0 ? (uint64_t)at : 0;
}

enum store_status host_settings_backup_set(struct store *store, uint64_t wall_ms)
{
    json_t *value = json_pack("{s:I}", "at", (json_int_t)wall_ms);
    enum store_status status = set_json(store, backup_name, value);
    json_decref(value);
    return status;
}

enum store_status host_settings_quotas(struct store *store,
                                       bool (*take)(void *ctx, const uint8_t log[STORE_ID_BYTES],
                                                    uint64_t entries, uint64_t bytes),
                                       void *ctx)
{
    char name[STORE_KEY_MAX + 1], value[STORE_VALUE_MAX];
    const size_t prefix = sizeof quota_prefix - 1;
    enum store_status status = STORE_OK;
    memcpy(name, quota_prefix, sizeof quota_prefix);
    for (;;) {
        uint32_t len = sizeof value;
        uint8_t log[STORE_ID_BYTES];
        status = store_setting_next(store, name, value, &len);
        if (status != STORE_OK || strncmp(name, quota_prefix, prefix) != 0) {
            break;
        }
        json_t *quota = json_loadb(value, len, 0, NULL);
        json_int_t entries = json_integer_value(json_object_get(quota, "entries"));
        json_int_t bytes = json_integer_value(json_object_get(quota, "bytes"));
        json_decref(quota);
        bool good = strlen(name + prefix) == COUNCIL_KEY_CHARS &&
                    council_b64_decode(log, sizeof log, name + prefix, COUNCIL_KEY_CHARS) &&
                    entries >= 0 && bytes >= 0;
        if (good && !take(ctx, log, (uint64_t)entries, (uint64_t)bytes)) {
            break;
        }
    }
    return status == STORE_NOT_FOUND ? STORE_OK : status;
}

/* ---- requests ---- */

const char *host_limits_request_wrong(const json_t *request)
{
    struct core_limits known;
    const char *name = NULL;
    json_t *value = NULL;
    size_t i = 0;
    core_limits_init(&known);
    json_object_foreach((json_t *)(uintptr_t)json_object_get(request, "set"), name, value)
    {
        if (!limit_fits(name, value)) {
            return "no such limit, or out of its range; see councild limits";
        }
    }
    json_array_foreach(json_object_get(request, "reset"), i, value)
    {
        name = json_string_value(value);
        if (name == NULL || core_limit_find(name) == NULL) {
            return "no such limit; see councild limits";
        }
    }
    return NULL;
}

json_t *host_request_limits(struct store *store, const json_t *request, uint64_t now_ms)
{
    (void)request;
    (void)now_ms;
    return json_pack("{s:b,s:o}", "ok", 1, "stored", host_settings_limits(store));
}

static json_t *answer_status(enum store_status status)
{
    return status == STORE_OK ? json_pack("{s:b}", "ok", 1)
                              : host_request_refused(store_status_name(status));
}

json_t *host_request_limits_set(struct store *store, const json_t *request, uint64_t now_ms)
{
    const char *wrong = host_limits_request_wrong(request);
    json_t *value = NULL;
    size_t i = 0;
    (void)now_ms;
    if (wrong != NULL) {
        return host_request_refused(wrong);
    }
    json_t *stored = host_settings_limits(store);
    if (stored == NULL) {
        return host_request_refused("the settings cannot be read");
    }
    json_array_foreach(json_object_get(request, "reset"), i, value)
    {
        (void)json_object_del(stored, json_string_value(value));
    }
    (void)json_object_update(stored, json_object_get(request, "set"));
    enum store_status status = set_json(store, limits_name, stored);
    json_decref(stored);
    return answer_status(status);
}

json_t *host_request_registration(struct store *store, const json_t *request, uint64_t now_ms)
{
    enum core_registration stored = CORE_REGISTER_CODE;
    (void)request;
    (void)now_ms;
    bool there = host_settings_registration(store, &stored);
    return json_pack("{s:b,s:s,s:s}", "ok", 1, "registration", host_registration_words[stored],
                     "from", there ? "set" : "default");
}

json_t *host_request_registration_set(struct store *store, const json_t *request, uint64_t now_ms)
{
    unsigned word = host_registration_of(json_string_value(json_object_get(request, "to")));
    (void)now_ms;
    if (word == HOST_REGISTRATIONS) {
        return host_request_refused("open, code or closed is needed");
    }
    const char *text = host_registration_words[word];
    return answer_status(store_setting_set(store, registration_name, text, (uint32_t)strlen(text)));
}

static bool list_quota(void *ctx, const uint8_t log[STORE_ID_BYTES], uint64_t entries,
                       uint64_t bytes)
{
    char name[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(name, log, STORE_ID_BYTES);
    return json_array_append_new(ctx, json_pack("{s:s,s:I,s:I}", "log", name, "entries",
                                                (json_int_t)entries, "bytes", (json_int_t)bytes)) ==
           0;
}

json_t *host_request_quotas(struct store *store, const json_t *request, uint64_t now_ms)
{
    json_t *list = json_array();
    (void)request;
    (void)now_ms;
    enum store_status status = host_settings_quotas(store, list_quota, list);
    if (status != STORE_OK) {
        json_decref(list);
        return answer_status(status);
    }
    return json_pack("{s:b,s:o}", "ok", 1, "quotas", list);
}

struct wanted {
    uint8_t log[STORE_ID_BYTES];
    uint64_t entries, bytes;
};

static bool find_quota(void *ctx, const uint8_t log[STORE_ID_BYTES], uint64_t entries,
                       uint64_t bytes)
{
    struct wanted *wanted = ctx;
    bool same = memcmp(wanted->log, log, STORE_ID_BYTES) == 0;
    if (same) {
        wanted->entries = entries;
        wanted->bytes = bytes;
    }
    return !same;
}

json_t *host_request_quota(struct store *store, const json_t *request, uint64_t now_ms)
{
    struct wanted wanted = {.entries = 0};
    struct store_log_info info;
    (void)now_ms;
    if (!host_quota_request(request, wanted.log, &wanted.entries, &wanted.bytes)) {
        return host_request_refused("the name of a log is needed");
    }
    enum store_status status = store_log_info(store, wanted.log, &info);
    if (status == STORE_OK) {
        status = host_settings_quotas(store, find_quota, &wanted);
    }
    if (status != STORE_OK) {
        return host_request_refused(status == STORE_NOT_FOUND ? "there is no such log"
                                                              : store_status_name(status));
    }
    return json_pack("{s:b,s:s,s:I,s:I,s:I,s:I}", "ok", 1, "log",
                     json_string_value(json_object_get(request, "log")), "entries",
                     (json_int_t)wanted.entries, "bytes", (json_int_t)wanted.bytes, "entries_used",
                     (json_int_t)info.seq, "bytes_used", (json_int_t)info.bytes);
}

bool host_quota_request(const json_t *request, uint8_t log[STORE_ID_BYTES], uint64_t *entries,
                        uint64_t *bytes)
{
    const char *name = json_string_value(json_object_get(request, "log"));
    json_int_t n = json_integer_value(json_object_get(request, "entries"));
    json_int_t size = json_integer_value(json_object_get(request, "bytes"));
    bool good = name != NULL && strlen(name) == COUNCIL_KEY_CHARS &&
                council_b64_decode(log, STORE_ID_BYTES, name, COUNCIL_KEY_CHARS) && n >= 0 &&
                size >= 0;
    *entries = good ? (uint64_t)n : 0;
    *bytes = good ? (uint64_t)size : 0;
    return good;
}

json_t *host_request_quota_set(struct store *store, const json_t *request, uint64_t now_ms)
{
    char name[STORE_KEY_MAX + 1];
    uint8_t log[STORE_ID_BYTES];
    uint64_t entries = 0, bytes = 0;
    struct store_log_info info;
    (void)now_ms;
    if (!host_quota_request(request, log, &entries, &bytes)) {
        return host_request_refused("the name of a log and numbers are needed");
    }
    enum store_status status = store_log_info(store, log, &info);
    if (status != STORE_OK) {
        return host_request_refused(status == STORE_NOT_FOUND ? "there is no such log"
                                                              : store_status_name(status));
    }
    (void)snprintf(name, sizeof name, "%s%s", quota_prefix,
                   json_string_value(json_object_get(request, "log")));
    if (entries == 0 && bytes == 0) {
        return answer_status(store_setting_drop(store, name));
    }
    json_t *value =
        json_pack("{s:I,s:I}", "entries", (json_int_t)entries, "bytes", (json_int_t)bytes);
    status = set_json(store, name, value);
    json_decref(value);
    return answer_status(status);
}
