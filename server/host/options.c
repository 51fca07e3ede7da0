/*
 * options.c - reading flags and the environment by the table. See options.h.
 */
#include "server/host/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE  false
#define MANY true

static const struct host_option_info infos[HOST_OPT_COUNT] = {
#define HOST_OPTION(id, flag, variable, argument, value, how, commands, help) \
    [HOST_OPT_##id] = {flag, variable, argument, value, help, how, commands},
#include "server/host/options.def"
#undef HOST_OPTION
};

const struct host_option_info *host_option_info(enum host_option option)
{
    return &infos[option];
}

static bool complain(const char *what, const char *about)
{
    (void)fprintf(stderr, "councild: %s: %s\n", about, what);
    return false;
}

static bool add(struct host_values *values, const char *value, bool many, const char *flag)
{
    values->given = true;
    if (!many) {
        values->count = 0;
    }
    if (values->count == HOST_VALUES_MAX) {
        return complain("given too often", flag);
    }
    values->values[values->count++] = value;
    return true;
}

/* The option that "--flag" or "--flag=value" names, or HOST_OPT_COUNT. */
static enum host_option find(const char *word, unsigned command, const char **value)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    *value = equals != NULL ? equals + 1 : NULL;
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        if ((infos[i].commands & command) != 0 && strlen(infos[i].flag) == len &&
            strncmp(infos[i].flag, word, len) == 0) {
            return (enum host_option)i;
        }
    }
    return HOST_OPT_COUNT;
}

static bool read_flags(struct host_options *options, unsigned command, int argc, char **argv)
{
    bool flags = true;
    for (int i = 0; i < argc; i++) {
        const char *value = NULL;
        if (flags && strcmp(argv[i], "--") == 0) {
            flags = false;
            continue;
        }
        if (!flags || strncmp(argv[i], "--", 2) != 0) {
            if (options->word_count == HOST_WORDS_MAX) {
                return complain("too many arguments", argv[i]);
            }
            options->words[options->word_count++] = argv[i];
            continue;
        }
        enum host_option option = find(argv[i] + 2, command, &value);
        if (option == HOST_OPT_COUNT) {
            return complain("no such option here", argv[i]);
        }
        const struct host_option_info *info = &infos[option];
        if (info->argument[0] == '\0') {
            if (value != NULL) {
                return complain("takes no value", argv[i]);
            }
            value = "1";
        } else if (value == NULL && ++i < argc) {
            value = argv[i];
        }
        if (value == NULL) {
            return complain("needs a value", argv[argc - 1]);
        }
        if (!add(&options->of[option], value, info->many, info->flag)) {
            return false;
        }
    }
    return true;
}

static bool read_variable(struct host_values *values, const struct host_option_info *info)
{
    const char *value = info->variable[0] != '\0' ? getenv(info->variable) : NULL;
    if (values->given || value == NULL || value[0] == '\0') {
        return true;
    }
    if (!info->many) {
        return add(values, value, false, info->variable);
    }
    values->copy = strdup(value);
    if (values->copy == NULL) {
        return complain("out of memory", info->variable);
    }
    char *rest = NULL;
    for (char *word = strtok_r(values->copy, " \t\n", &rest); word != NULL;
         word = strtok_r(NULL, " \t\n", &rest)) {
        if (!add(values, word, true, info->variable)) {
            return false;
        }
    }
    return true;
}

bool host_options_read(struct host_options *options, unsigned command, int argc, char **argv)
{
    memset(options, 0, sizeof *options);
    if (!read_flags(options, command, argc, argv)) {
        return false;
    }
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        if ((infos[i].commands & command) != 0 && !read_variable(&options->of[i], &infos[i])) {
            return false;
        }
    }
    return true;
}

void host_options_fini(struct host_options *options)
{
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        free(options->of[i].copy);
    }
    memset(options, 0, sizeof *options);
}

const char *host_option(const struct host_options *options, enum host_option option)
{
    const struct host_values *values = &options->of[option];
    if (values->count > 0) {
        return values->values[values->count - 1];
    }
    return infos[option].value[0] != '\0' ? infos[option].value : NULL;
}

const char *host_option_nth(const struct host_options *options, enum host_option option, uint32_t n)
{
    const struct host_values *values = &options->of[option];
    if (values->count > 0) {
        return n < values->count ? values->values[n] : NULL;
    }
    return n == 0 && infos[option].value[0] != '\0' ? infos[option].value : NULL;
}

bool host_option_given(const struct host_options *options, enum host_option option)
{
    return options->of[option].given;
}

bool host_number(const char *text, uint64_t *out)
{
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    *out = value;
    return errno == 0;
}

bool host_option_number(const struct host_options *options, enum host_option option, uint64_t min,
                        uint64_t max, uint64_t *out)
{
    const char *text = host_option(options, option);
    if (text != NULL && host_number(text, out) && *out >= min && *out <= max) {
        return true;
    }
    (void)fprintf(stderr, "councild: --%s: a number from %llu to %llu is needed\n",
                  infos[option].flag, (unsigned long long)min, (unsigned long long)max);
    return false;
}

bool host_option_choice(const struct host_options *options, enum host_option option, uint32_t *out)
{
    const char *text = host_option(options, option);
    const char *at = infos[option].argument;
    for (uint32_t i = 0; text != NULL && *at != '\0'; i++) {
        size_t len = strcspn(at, "|");
        if (strlen(text) == len && strncmp(text, at, len) == 0) {
            *out = i;
            return true;
        }
        at += len + (at[len] == '|');
    }
    (void)fprintf(stderr, "councild: --%s: one of %s is needed\n", infos[option].flag,
                  infos[option].argument);
    return false;
}
