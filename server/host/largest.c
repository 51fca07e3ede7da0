/*
 * largest.c - the largest logs for an operator. See largest.h.
 *
 * What is shown names no person: a log's key, which quota takes, and figures that the server counts anyway.
 */
#include "server/host/largest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/bytes.h"
#include "protocol/text.h"
#include "server/host/request.h"

enum {
    DEFAULT_COUNT = 10
};

static const char *const kinds[] = {[STORE_LOG_MEMBER] = "member",
                                    [STORE_LOG_COUNCIL] = "council",
                                    [STORE_LOG_JOURNAL] = "journal"};

bool host_largest_begin(const json_t *request, struct store_largest *largest)
{
    json_int_t count = json_integer_value(json_object_get(request, "count"));
    *largest = (struct store_largest){.max = (uint32_t)count};
    return count >= 1 && count <= STORE_LARGEST_MAX;
}

json_t *host_largest_answer(const struct store_largest *largest)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < largest->n; i++) {
        const struct store_log_size *size = &largest->logs[i];
        char name[COUNCIL_KEY_CHARS + 1];
        council_b64_encode(name, size->log, STORE_ID_BYTES);
        (void)json_array_append_new(
            list, json_pack("{s:s,s:s,s:I,s:I,s:I}", "log", name, "kind", kinds[size->kind],
                            "created", (json_int_t)size->created_ms, "entries",
                            (json_int_t)size->seq, "bytes", (json_int_t)size->bytes));
    }
    return json_pack("{s:b,s:o}", "ok", 1, "largest", list);
}

json_t *host_request_largest(struct store *store, const json_t *request, uint64_t now_ms)
{
    struct store_largest largest;
    (void)now_ms;
    if (!host_largest_begin(request, &largest)) {
        return host_request_refused("a number of logs is needed");
    }
    enum store_status status = STORE_OK;
    for (bool more = true; more && status == STORE_OK;) {
        status = store_largest_some(store, &largest, &more);
    }
    return status == STORE_OK ? host_largest_answer(&largest)
                              : host_request_refused(store_status_name(status));
}

json_t *host_largest_request(const struct host_options *options)
{
    const char *word = options->word_count > 0 ? options->words[0] : NULL;
    char *end = NULL;
    unsigned long count = word != NULL ? strtoul(word, &end, 10) : DEFAULT_COUNT;
    bool good = word == NULL || (word[0] >= '0' && word[0] <= '9' && *end == '\0');
    if (!good || count < 1 || count > STORE_LARGEST_MAX || options->word_count > 1) {
        (void)fprintf(stderr, "councild: --largest: a number of logs from 1 to %d is needed\n",
                      STORE_LARGEST_MAX);
        return NULL;
    }
    return json_pack("{s:s,s:I}", "do", "largest", "count", (json_int_t)count);
}

void host_largest_print(const json_t *answer)
{
    size_t i = 0;
    json_t *log = NULL;
    printf("%-43s  %-7s  %-10s %10s %16s\n", "LOG", "KIND", "CREATED", "ENTRIES", "BYTES");
    json_array_foreach(json_object_get(answer, "largest"), i, log)
    {
        time_t at = (time_t)(json_integer_value(json_object_get(log, "created")) / 1000);
        struct tm utc;
        char day[32] = "";
        if (gmtime_r(&at, &utc) != NULL) {
            (void)strftime(day, sizeof day, "%Y-%m-%d", &utc);
        }
        printf("%-43s  %-7s  %-10s %10lld %16lld\n", json_string_value(json_object_get(log, "log")),
               json_string_value(json_object_get(log, "kind")), day,
               (long long)json_integer_value(json_object_get(log, "entries")),
               (long long)json_integer_value(json_object_get(log, "bytes")));
    }
}
