/*
 * settings.c - the operator's settings in the store. See settings.h.
 */
#include "server/host/settings.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "server/host/request.h"

enum {
    WHY_MAX = 160 /* bytes of what is wrong with a request */
};

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

enum store_status host_settings_quotas(struct store *store, const char *after,
                                       bool (*take)(void *ctx, const uint8_t log[STORE_ID_BYTES],
                                                    uint64_t entries, uint64_t bytes),
                                       void *ctx)
{
    char name[STORE_KEY_MAX + 1], value[STORE_VALUE_MAX];
    const size_t prefix = sizeof quota_prefix - 1;
    enum store_status status = STORE_OK;
    (void)snprintf(name, sizeof name, "%s%.*s", quota_prefix, (int)COUNCIL_KEY_CHARS, after);
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

/* What is wrong with one limit, in words of `why`; false: nothing. */
static bool limit_wrong(const char *name, const json_t *value, char why[WHY_MAX])
{
    const struct core_limit_info *info = name != NULL ? core_limit_find(name) : NULL;
    if (info == NULL) {
        (void)snprintf(why, WHY_MAX, "%.64s: no such limit; see councild limits",
                       name != NULL ? name : "?");
    } else if (value != NULL && !limit_fits(name, value)) {
        (void)snprintf(why, WHY_MAX, "%s: a number from %llu to %llu is needed", info->name,
                       (unsigned long long)info->min, (unsigned long long)info->max);
    } else {
        return false;
    }
    return true;
}

static bool limits_wrong(const json_t *request, char why[WHY_MAX])
{
    const char *name = NULL;
    json_t *value = NULL;
    size_t i = 0;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(request, "set"), name, value)
    {
        if (limit_wrong(name, value, why)) {
            return true;
        }
    }
    json_array_foreach(json_object_get(request, "reset"), i, value)
    {
        if (limit_wrong(json_string_value(value), NULL, why)) {
            return true;
        }
    }
    return false;
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
    char why[WHY_MAX];
    json_t *value = NULL;
    size_t i = 0;
    (void)now_ms;
    if (limits_wrong(request, why)) {
        return host_request_refused(why);
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
               0 &&
           json_array_size(ctx) < HOST_QUOTAS_PAGE;
}

json_t *host_request_quotas(struct store *store, const json_t *request, uint64_t now_ms)
{
    json_t *list = json_array();
    const char *after = json_string_value(json_object_get(request, "after"));
    (void)now_ms;
    enum store_status status =
        host_settings_quotas(store, after != NULL ? after : "", list_quota, list);
    if (status != STORE_OK) {
        json_decref(list);
        return answer_status(status);
    }
    return json_pack("{s:b,s:o,s:b}", "ok", 1, "quotas", list, "more",
                     json_array_size(list) == HOST_QUOTAS_PAGE);
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

/* A log that a request is about, and the quota that it has. */
struct about {
    char name[STORE_KEY_MAX + 1]; /* of its setting */
    struct store_log_info info;
    json_t *quota; /* owned */
};

/* NULL, or an answer that says why not. */
static json_t *find_log(struct store *store, const json_t *request, struct about *out)
{
    uint8_t log[STORE_ID_BYTES];
    uint64_t entries = 0, bytes = 0;
    if (!host_quota_request(request, log, &entries, &bytes)) {
        return host_request_refused("the name of a log is needed: 43 letters");
    }
    enum store_status status = store_log_info(store, log, &out->info);
    if (status != STORE_OK) {
        return host_request_refused(status == STORE_NOT_FOUND ? "there is no such log"
                                                              : store_status_name(status));
    }
    (void)snprintf(out->name, sizeof out->name, "%s%s", quota_prefix,
                   json_string_value(json_object_get(request, "log")));
    out->quota = get_json(store, out->name);
    return out->quota == NULL ? host_request_refused("the settings cannot be read") : NULL;
}

static json_t *quota_answer(const json_t *request, const json_t *quota)
{
    return json_pack("{s:b,s:O,s:I,s:I}", "ok", 1, "log", json_object_get(request, "log"),
                     "entries", json_integer_value(json_object_get(quota, "entries")), "bytes",
                     json_integer_value(json_object_get(quota, "bytes")));
}

json_t *host_request_quota(struct store *store, const json_t *request, uint64_t now_ms)
{
    struct about about = {.quota = NULL};
    (void)now_ms;
    json_t *answer = find_log(store, request, &about);
    if (answer == NULL) {
        answer = quota_answer(request, about.quota);
        json_decref(about.quota);
        (void)json_object_set_new(answer, "entries_used", json_integer((json_int_t)about.info.seq));
        (void)json_object_set_new(answer, "bytes_used", json_integer((json_int_t)about.info.bytes));
    }
    return answer;
}

json_t *host_request_quota_set(struct store *store, const json_t *request, uint64_t now_ms)
{
    static const char *const numbers[] = {"entries", "bytes"};
    struct about about = {.quota = NULL};
    bool any = false;
    (void)now_ms;
    json_t *answer = find_log(store, request, &about);
    if (answer != NULL) {
        return answer;
    }
    for (size_t i = 0; i < 2; i++) {
        json_t *value = json_object_get(request, numbers[i]);
        if (value != NULL) {
            (void)json_object_set(about.quota, numbers[i], value);
        }
        any = any || json_integer_value(json_object_get(about.quota, numbers[i])) > 0;
    }
    enum store_status status =
        any ? set_json(store, about.name, about.quota) : store_setting_drop(store, about.name);
    answer = status == STORE_OK ? quota_answer(request, about.quota) : answer_status(status);
    json_decref(about.quota);
    return answer;
}
