/*
 * limits.c - the commands limits and registration.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "server/host/commands.h"
#include "server/host/request.h"
#include "server/host/tuning.h"

/* {"set":{...},"reset":[...]} of the words after "set" and of --reset; NULL after a message. */
static json_t *change_request(const struct host_options *options)
{
    json_t *set = json_object(), *reset = json_array();
    const char *name = NULL;
    bool good = true;
    for (uint32_t i = 1; good && i < options->word_count; i++) {
        char limit[HOST_LIMIT_NAME];
        const char *value = NULL;
        uint64_t number = 0;
        good = host_limit_pair(options->words[i], limit, &value);
        if (good && (!host_number(value, &number) || number > INT64_MAX)) {
            (void)fprintf(stderr, "councild: %s: not a number\n", options->words[i]);
            good = false;
        }
        if (good) {
            (void)json_object_set_new(set, limit, json_integer((json_int_t)number));
        }
    }
    for (uint32_t i = 0; (name = host_option_nth(options, HOST_OPT_RESET, i)) != NULL; i++) {
        (void)json_array_append_new(reset, json_string(name));
    }
    json_t *request = json_pack("{s:s,s:o,s:o}", "do", "limits.set", "set", set, "reset", reset);
    if (!good) {
        json_decref(request);
        request = NULL;
    }
    return request;
}

static void print_limits(const json_t *list)
{
    size_t i = 0;
    json_t *limit = NULL;
    printf("%-22s %16s %16s  %-7s  %s\n", "LIMIT", "VALUE", "DEFAULT", "FROM", "WHAT");
    json_array_foreach(list, i, limit)
    {
        printf("%-22s %16lld %16lld  %-7s  %s (%lld to %lld)\n",
               json_string_value(json_object_get(limit, "name")),
               (long long)json_integer_value(json_object_get(limit, "value")),
               (long long)json_integer_value(json_object_get(limit, "default")),
               json_string_value(json_object_get(limit, "from")),
               json_string_value(json_object_get(limit, "help")),
               (long long)json_integer_value(json_object_get(limit, "min")),
               (long long)json_integer_value(json_object_get(limit, "max")));
    }
}

/* What holds: as the running server says, or what it would start with. */
static json_t *limits_now(const struct host_options *options, enum host_exit *status)
{
    struct host_tuning tuning;
    json_t *answer = NULL;
    const char *data = host_option(options, HOST_OPT_DATA);
    if (!host_tuning_read(&tuning, options, false)) {
        *status = HOST_EXIT_USAGE;
        return NULL;
    }
    if (host_data_there(data)) {
        answer = host_ask(data, json_pack("{s:s}", "do", "limits"), status);
        if (answer == NULL || json_object_get(answer, "limits") != NULL) {
            return answer;
        }
    }
    host_tuning_stored_limits(&tuning, json_object_get(answer, "stored"));
    json_decref(answer);
    return host_tuning_show_limits(&tuning);
}

int host_limits(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    bool sets = options->word_count > 0, resets = host_option_given(options, HOST_OPT_RESET);
    if (sets && (strcmp(options->words[0], "set") != 0 || options->word_count < 2)) {
        (void)fprintf(stderr, "councild: limits, or limits set NAME=VALUE... is needed\n");
        return HOST_EXIT_USAGE;
    }
    if (sets || resets) {
        json_t *request = change_request(options);
        if (request == NULL) {
            return HOST_EXIT_USAGE;
        }
        json_t *done = host_ask(host_option(options, HOST_OPT_DATA), request, &status);
        if (done != NULL && host_option_given(options, HOST_OPT_JSON)) {
            host_print_json(done);
        }
        json_decref(done);
        return (int)status;
    }
    json_t *answer = limits_now(options, &status);
    const json_t *list = json_object_get(answer, "limits");
    if (answer != NULL && host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(list);
    } else if (answer != NULL) {
        print_limits(list);
    }
    json_decref(answer);
    return (int)status;
}

int host_registration(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    const char *word = options->word_count > 0 ? options->words[0] : NULL;
    if (options->word_count > 1 ||
        (word != NULL && host_registration_of(word) == HOST_REGISTRATIONS)) {
        (void)fprintf(stderr, "councild: registration, or registration open, code or closed is "
                              "needed\n");
        return HOST_EXIT_USAGE;
    }
    json_t *request = word != NULL ? json_pack("{s:s,s:s}", "do", "registration.set", "to", word)
                                   : json_pack("{s:s}", "do", "registration");
    json_t *answer = host_ask(host_option(options, HOST_OPT_DATA), request, &status);
    if (answer != NULL && host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(answer);
    } else if (answer != NULL && word == NULL) {
        printf("%s (%s)\n", json_string_value(json_object_get(answer, "registration")),
               json_string_value(json_object_get(answer, "from")));
    }
    json_decref(answer);
    return (int)status;
}
