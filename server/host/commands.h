/*
 * commands.h - the commands of councild, one row each in commands.def: dispatch, help and the manual page.
 *
 * Owns their names. Each function gets the options of its command and returns an exit status (enum host_exit).
 */
#ifndef COUNCIL_SERVER_HOST_COMMANDS_H
#define COUNCIL_SERVER_HOST_COMMANDS_H

#include <stdio.h>

#include "server/host/datadir.h"
#include "server/host/log.h"
#include "server/host/options.h"

struct host_command {
    const char *name, *words, *help;
    unsigned bit; /* enum host_command_bit */
    int (*run)(const struct host_options *options);
};

#define HOST_COMMAND(id, name, words, help, run) int run(const struct host_options *options);
#include "server/host/commands.def"
#undef HOST_COMMAND

/* NULL: no such command. */
const struct host_command *host_command_find(const char *name);
/* The nth row; NULL after the last. */
const struct host_command *host_command_nth(uint32_t n);
/* What a command takes, or with NULL the overview. */
void host_usage(FILE *out, const struct host_command *command);
void host_manual(FILE *out);
/* Completions for a shell; false: not for this one. */
__attribute__((warn_unused_result)) bool host_completion(FILE *out, const char *shell);

/* Starts the log as the options say; false after a message. */
__attribute__((warn_unused_result)) bool host_log_options(const struct host_options *options);

#endif
