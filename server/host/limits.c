/*
 * limits.c - limits from flags and variables, and the command that lists them.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "server/core/limits.h"
#include "server/host/commands.h"

enum {
    NAME_MAX_BYTES = 64
};

static bool set(struct core_limits *limits, const char *name, const char *value, const char *from)
{
    uint64_t number = 0;
    if (host_number(value, &number) && core_limits_set(limits, name, number)) {
        return true;
    }
    (void)fprintf(stderr, "councild: %s: no such limit, or out of its range; see councild limits\n",
                  from);
    return false;
}

/* "queue-bytes" is COUNCILD_LIMIT_QUEUE_BYTES. */
static void variable_of(const char *name, char out[NAME_MAX_BYTES])
{
    (void)snprintf(out, NAME_MAX_BYTES, "COUNCILD_LIMIT_%s", name);
    for (char *at = out; *at != '\0'; at++) {
        if (*at == '-') {
            *at = '_';
        } else {
            *at = (char)toupper((unsigned char)*at);
        }
    }
}

static bool set_pair(struct core_limits *limits, const char *pair)
{
    char name[NAME_MAX_BYTES];
    const char *equals = strchr(pair, '=');
    size_t len = equals != NULL ? (size_t)(equals - pair) : 0;
    if (len == 0 || len >= sizeof name) {
        (void)fprintf(stderr, "councild: --limit %s: NAME=VALUE is needed\n", pair);
        return false;
    }
    memcpy(name, pair, len);
    name[len] = '\0';
    return set(limits, name, equals + 1, pair);
}

bool host_limits_read(const struct host_options *options, struct core_limits *limits)
{
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    core_limits_init(limits);
    for (uint32_t i = 0; i < count; i++) {
        char variable[NAME_MAX_BYTES];
        variable_of(infos[i].name, variable);
        const char *value = getenv(variable);
        if (value != NULL && value[0] != '\0' && !set(limits, infos[i].name, value, variable)) {
            return false;
        }
    }
    const char *pair = NULL;
    for (uint32_t i = 0; (pair = host_option_nth(options, HOST_OPT_LIMIT, i)) != NULL; i++) {
        if (!set_pair(limits, pair)) {
            return false;
        }
    }
    return true;
}

int host_limits(const struct host_options *options)
{
    struct core_limits limits;
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    if (!host_limits_read(options, &limits)) {
        return HOST_EXIT_USAGE;
    }
    bool json = host_option_given(options, HOST_OPT_JSON);
    if (!json) {
        printf("%-22s %16s %16s  %s\n", "LIMIT", "VALUE", "DEFAULT", "WHAT");
    }
    json_t *all = json_array();
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = core_limits_get(&limits, infos[i].name);
        if (!json) {
            printf("%-22s %16llu %16llu  %s (%llu to %llu)\n", infos[i].name,
                   (unsigned long long)value, (unsigned long long)infos[i].value, infos[i].help,
                   (unsigned long long)infos[i].min, (unsigned long long)infos[i].max);
            continue;
        }
        (void)json_array_append_new(
            all, json_pack("{s:s,s:I,s:I,s:I,s:I,s:s}", "name", infos[i].name, "value",
                           (json_int_t)value, "default", (json_int_t)infos[i].value, "min",
                           (json_int_t)infos[i].min, "max", (json_int_t)infos[i].max, "help",
                           infos[i].help));
    }
    if (json) {
        (void)json_dumpf(all, stdout, JSON_COMPACT);
        printf("\n");
    }
    json_decref(all);
    return HOST_EXIT_OK;
}
