/*
 * operator.c - the smaller commands of an operator: quotas, log level, key, logs that wait for their members.
 */
#include <jansson.h>
#include <string.h>

#include "protocol/bytes.h"
#include "server/host/commands.h"
#include "server/host/request.h"

static int wrong_use(const char *what)
{
    (void)fprintf(stderr, "councild: %s is needed\n", what);
    return HOST_EXIT_USAGE;
}

/* Asks, and prints the answer with --json; owned, NULL: after a message. */
static json_t *ask(const struct host_options *options, json_t *request, enum host_exit *status)
{
    json_t *answer = host_ask(host_option(options, HOST_OPT_DATA), request, status);
    if (answer != NULL && host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(answer);
    }
    return answer;
}

static bool plain(const struct host_options *options, const json_t *answer)
{
    return answer != NULL && !host_option_given(options, HOST_OPT_JSON);
}

/* ---- quota ---- */

static json_t *quota_request(const struct host_options *options)
{
    uint64_t entries = 0, bytes = 0;
    if ((host_option_given(options, HOST_OPT_ENTRIES) &&
         !host_option_number(options, HOST_OPT_ENTRIES, 0, INT64_MAX, &entries)) ||
        (host_option_given(options, HOST_OPT_BYTES) &&
         !host_option_number(options, HOST_OPT_BYTES, 0, INT64_MAX, &bytes))) {
        return NULL;
    }
    json_t *request = json_pack("{s:s,s:s}", "do", "quota.set", "log", options->words[0]);
    if (host_option_given(options, HOST_OPT_ENTRIES)) {
        (void)json_object_set_new(request, "entries", json_integer((json_int_t)entries));
    }
    if (host_option_given(options, HOST_OPT_BYTES)) {
        (void)json_object_set_new(request, "bytes", json_integer((json_int_t)bytes));
    }
    return request;
}

static void print_quotas(const json_t *answer)
{
    size_t i = 0;
    json_t *quota = NULL;
    printf("%-43s %16s %16s\n", "LOG", "ENTRIES", "BYTES");
    json_array_foreach(json_object_get(answer, "quotas"), i, quota)
    {
        printf("%-43s %16lld %16lld\n", json_string_value(json_object_get(quota, "log")),
               (long long)json_integer_value(json_object_get(quota, "entries")),
               (long long)json_integer_value(json_object_get(quota, "bytes")));
    }
}

/* All of them, a page at a time. */
static int list_quotas(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    json_t *all = json_array();
    bool more = true;
    while (more) {
        const json_t *last = json_array_get(all, json_array_size(all) - 1);
        const char *after = json_string_value(json_object_get(last, "log"));
        json_t *page = host_ask(
            host_option(options, HOST_OPT_DATA),
            json_pack("{s:s,s:s}", "do", "quota.list", "after", after != NULL ? after : ""),
            &status);
        (void)json_array_extend(all, json_object_get(page, "quotas"));
        more = json_is_true(json_object_get(page, "more"));
        json_decref(page);
    }
    json_t *answer = json_pack("{s:b,s:o}", "ok", 1, "quotas", all);
    if (status == HOST_EXIT_OK && host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(answer);
    } else if (status == HOST_EXIT_OK) {
        print_quotas(answer);
    }
    json_decref(answer);
    return (int)status;
}

static void print_use(const json_t *answer, const char *what, const char *quota, const char *used)
{
    json_int_t most = json_integer_value(json_object_get(answer, quota));
    printf("%lld %s", (long long)json_integer_value(json_object_get(answer, used)), what);
    if (most > 0) {
        printf(" of %lld\n", (long long)most);
    } else {
        printf(" (as limit log-%s says)\n", what);
    }
}

int host_quota(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    bool sets =
        host_option_given(options, HOST_OPT_ENTRIES) || host_option_given(options, HOST_OPT_BYTES);
    if (options->word_count > 1 || (sets && options->word_count == 0)) {
        return wrong_use("quota, quota LOG, or quota LOG with --entries or --bytes");
    }
    if (options->word_count == 0) {
        return list_quotas(options);
    }
    json_t *request = sets ? quota_request(options)
                           : json_pack("{s:s,s:s}", "do", "quota", "log", options->words[0]);
    if (request == NULL) {
        return HOST_EXIT_USAGE;
    }
    json_t *answer = ask(options, request, &status);
    if (plain(options, answer) && !sets) {
        print_use(answer, "entries", "entries", "entries_used");
        print_use(answer, "bytes", "bytes", "bytes_used");
    }
    json_decref(answer);
    return (int)status;
}

/* ---- log-level ---- */

int host_log_level(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    enum host_log_level level = HOST_LOG_INFO;
    if (options->word_count != 1 || !host_log_level_of(options->words[0], &level)) {
        return wrong_use("debug, info, warn or error");
    }
    json_decref(
        ask(options, json_pack("{s:s,s:s}", "do", "log-level", "to", options->words[0]), &status));
    return (int)status;
}

/* ---- key ---- */

int host_key(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    const char *verb = options->word_count == 1 ? options->words[0] : "";
    bool rotate = strcmp(verb, "rotate") == 0;
    if (!rotate && strcmp(verb, "show") != 0) {
        return wrong_use("key show or key rotate");
    }
    json_t *answer =
        ask(options, json_pack("{s:s}", "do", rotate ? "key.rotate" : "key.show"), &status);
    if (plain(options, answer)) {
        printf("%s\n", json_string_value(json_object_get(answer, "key")));
        if (json_is_true(json_object_get(answer, "later"))) {
            (void)fprintf(stderr,
                          "councild: the running server goes by this key from its next start "
                          "on; until then by %s\n",
                          json_string_value(json_object_get(answer, "running")));
        }
    }
    json_decref(answer);
    return (int)status;
}

/* ---- recovering ---- */

int host_recovering(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    bool end = options->word_count > 0 && strcmp(options->words[0], "end") == 0;
    if (options->word_count > 2 || (options->word_count > 0 && !end)) {
        return wrong_use("recovering, recovering end, or recovering end LOG");
    }
    json_t *request = json_pack("{s:s}", "do", end ? "recovering.end" : "recovering");
    if (options->word_count == 2) {
        (void)json_object_set_new(request, "log", json_string(options->words[1]));
    }
    json_t *answer = ask(options, request, &status);
    if (plain(options, answer)) {
        printf(end ? "%lld no longer wait\n" : "%lld logs wait for their members\n",
               (long long)json_integer_value(json_object_get(answer, "logs")));
        size_t i = 0;
        json_t *log = NULL;
        json_array_foreach(json_object_get(answer, "first"), i, log)
        {
            printf("%s  %lld members have not spoken\n",
                   json_string_value(json_object_get(log, "log")),
                   (long long)json_integer_value(json_object_get(log, "waiting")));
        }
    }
    json_decref(answer);
    return (int)status;
}
