/*
 * tuning.c - what holds of what was said. See tuning.h.
 */
#include "server/host/tuning.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/host/commands.h"

enum {
    NAME_MAX_BYTES = 64
};

const char *const host_from_words[] = {"default", "start", "set"};

/* ---- flags and variables ---- */

static bool set(struct host_tuning *tuning, const char *name, const char *value, const char *from)
{
    uint64_t number = 0;
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    if (host_number(value, &number) && core_limits_set(&tuning->started, name, number)) {
        tuning->started_from[core_limit_find(name) - infos] = HOST_FROM_START;
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
        *at = (char)(*at == '-' ? '_' : toupper((unsigned char)*at));
    }
}

bool host_limit_pair(const char *pair, char name[HOST_LIMIT_NAME], const char **value)
{
    const char *equals = strchr(pair, '=');
    size_t len = equals != NULL ? (size_t)(equals - pair) : 0;
    if (len == 0 || len >= HOST_LIMIT_NAME) {
        (void)fprintf(stderr, "councild: %s: NAME=VALUE is needed\n", pair);
        return false;
    }
    memcpy(name, pair, len);
    name[len] = '\0';
    *value = equals + 1;
    return true;
}

static bool read_limits(struct host_tuning *tuning, const struct host_options *options)
{
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    core_limits_init(&tuning->started);
    for (uint32_t i = 0; i < count; i++) {
        char variable[NAME_MAX_BYTES];
        variable_of(infos[i].name, variable);
        const char *value = getenv(variable);
        if (value != NULL && value[0] != '\0' && !set(tuning, infos[i].name, value, variable)) {
            return false;
        }
    }
    const char *pair = NULL;
    for (uint32_t i = 0; (pair = host_option_nth(options, HOST_OPT_LIMIT, i)) != NULL; i++) {
        char name[HOST_LIMIT_NAME];
        const char *value = NULL;
        if (!host_limit_pair(pair, name, &value) || !set(tuning, name, value, pair)) {
            return false;
        }
    }
    return true;
}

bool host_tuning_read(struct host_tuning *tuning, const struct host_options *options,
                      bool with_registration)
{
    uint32_t registration = CORE_REGISTER_CODE, count = 0;
    (void)core_limit_infos(&count);
    *tuning = (struct host_tuning){.registration_from = HOST_FROM_DEFAULT};
    if (count > HOST_LIMITS_MAX || !read_limits(tuning, options) ||
        (with_registration && !host_option_choice(options, HOST_OPT_REGISTRATION, &registration))) {
        return false;
    }
    tuning->limits = tuning->started;
    memcpy(tuning->limits_from, tuning->started_from, sizeof tuning->limits_from);
    tuning->registration_given =
        with_registration && host_option_given(options, HOST_OPT_REGISTRATION);
    /* The option's words stand in the order of the enum. */
    tuning->started_registration = tuning->registration = (enum core_registration)registration;
    tuning->registration_from = tuning->registration_given ? HOST_FROM_START : HOST_FROM_DEFAULT;
    return true;
}

/* ---- what is stored ---- */

static void take(struct host_tuning *tuning, const char *name, uint64_t value)
{
    uint32_t count = 0;
    const struct core_limit_info *info = core_limit_find(name);
    if (info != NULL && core_limits_set(&tuning->limits, name, value)) {
        tuning->limits_from[info - core_limit_infos(&count)] = HOST_FROM_SET;
    }
}

void host_tuning_stored_limits(struct host_tuning *tuning, const json_t *stored)
{
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    for (uint32_t i = 0; stored != NULL && i < count; i++) {
        const json_t *value = json_object_get(stored, infos[i].name);
        if (value != NULL && tuning->started_from[i] == HOST_FROM_DEFAULT) {
            take(tuning, infos[i].name, (uint64_t)json_integer_value(value));
        }
    }
}

void host_tuning_stored_registration(struct host_tuning *tuning, enum core_registration stored)
{
    if (!tuning->registration_given) {
        tuning->registration = stored;
        tuning->registration_from = HOST_FROM_SET;
    }
}

/* ---- requests ---- */

static void reset(struct host_tuning *tuning, const char *name)
{
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    const struct core_limit_info *info = core_limit_find(name);
    if (info != NULL &&
        core_limits_set(&tuning->limits, name, core_limits_get(&tuning->started, name))) {
        tuning->limits_from[info - infos] = tuning->started_from[info - infos];
    }
}

void host_tuning_limits(struct host_tuning *tuning, struct core *core, const json_t *request)
{
    const char *name = NULL;
    json_t *value = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(request, "reset"), i, value)
    {
        reset(tuning, json_string_value(value));
    }
    json_object_foreach(json_object_get(request, "set"), name, value)
    {
        take(tuning, name, (uint64_t)json_integer_value(value));
    }
    core_set_limits(core, &tuning->limits);
}

void host_tuning_registration(struct host_tuning *tuning, struct core *core, const json_t *request)
{
    unsigned word = host_registration_of(json_string_value(json_object_get(request, "to")));
    if (word < HOST_REGISTRATIONS) {
        tuning->registration = (enum core_registration)word;
        tuning->registration_from = HOST_FROM_SET;
        core_set_registration(core, tuning->registration);
    }
}

json_t *host_tuning_show_limits(const struct host_tuning *tuning)
{
    uint32_t count = 0;
    const struct core_limit_info *infos = core_limit_infos(&count);
    json_t *all = json_array();
    for (uint32_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            all, json_pack("{s:s,s:I,s:I,s:I,s:I,s:s,s:s}", "name", infos[i].name, "value",
                           (json_int_t)core_limits_get(&tuning->limits, infos[i].name), "default",
                           (json_int_t)infos[i].value, "min", (json_int_t)infos[i].min, "max",
                           (json_int_t)infos[i].max, "from",
                           host_from_words[tuning->limits_from[i]], "help", infos[i].help));
    }
    return json_pack("{s:b,s:o}", "ok", 1, "limits", all);
}

json_t *host_tuning_show_registration(const struct host_tuning *tuning)
{
    return json_pack("{s:b,s:s,s:s}", "ok", 1, "registration",
                     host_registration_words[tuning->registration], "from",
                     host_from_words[tuning->registration_from]);
}
