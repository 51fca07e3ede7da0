/*
 * options.h - what the operator asked for: flags, then variables, then defaults.
 *
 * Owns the facts of options.def. Must not know what an option does. Invariant: a flag counts before its variable, a variable
 * before the default; an empty variable counts as not set.
 */
#ifndef COUNCIL_SERVER_HOST_OPTIONS_H
#define COUNCIL_SERVER_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum host_option {
#define HOST_OPTION(id, flag, variable, argument, value, how, commands, help) HOST_OPT_##id,
#include "server/host/options.def"
#undef HOST_OPTION
    HOST_OPT_COUNT
};

/* Commands, as bits: those of commands.def in their order. */
enum host_command_index {
#define HOST_COMMAND(id, name, words, help, run) HOST_INDEX_##id,
#include "server/host/commands.def"
#undef HOST_COMMAND
    HOST_COMMAND_COUNT
};
enum host_command_bit {
#define HOST_COMMAND(id, name, words, help, run) HOST_##id = 1 << HOST_INDEX_##id,
#include "server/host/commands.def"
#undef HOST_COMMAND
    HOST_EVERY = (1 << HOST_COMMAND_COUNT) - 1
};

enum {
    HOST_VALUES_MAX = 64, /* of an option that may be repeated */
    HOST_WORDS_MAX = 8    /* arguments that are no options */
};

struct host_option_info {
    const char *flag, *variable, *argument, *value, *help;
    bool many;
    unsigned commands;
};

struct host_values {
    const char *values[HOST_VALUES_MAX]; /* borrowed from argv, the environment or `copy` */
    uint32_t count;
    bool given; /* by a flag or a variable */
    char *copy; /* owned: a variable with several values, cut up */
};

struct host_options {
    struct host_values of[HOST_OPT_COUNT];
    const char *words[HOST_WORDS_MAX];
    uint32_t word_count;
};

const struct host_option_info *host_option_info(enum host_option option);

/*
 * Reads argv[0..argc) (without program and command) and the environment for the command with this bit. False after a message
 * on standard error. host_options_fini in any case.
 */
__attribute__((warn_unused_result)) bool host_options_read(struct host_options *options,
                                                           unsigned command, int argc, char **argv);
void host_options_fini(struct host_options *options);

/* The option's last value, its default, or NULL where there is neither. Borrowed. */
const char *host_option(const struct host_options *options, enum host_option option);
/* The nth value; NULL after the last. Defaults count only where none was given. */
const char *host_option_nth(const struct host_options *options, enum host_option option,
                            uint32_t n);
bool host_option_given(const struct host_options *options, enum host_option option);
/* A number within min..max; false after a message. */
__attribute__((warn_unused_result)) bool host_option_number(const struct host_options *options,
                                                            enum host_option option, uint64_t min,
                                                            uint64_t max, uint64_t *out);
/* The index of the value among the words of the option's ARGUMENT ("a|b|c"); false after a message. */
__attribute__((warn_unused_result)) bool host_option_choice(const struct host_options *options,
                                                            enum host_option option, uint32_t *out);

/* A decimal number, all of the text; false for anything else. */
__attribute__((warn_unused_result)) bool host_number(const char *text, uint64_t *out);

#endif
