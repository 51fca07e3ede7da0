/*
 * commands.h - the commands of councild, one row each in commands.c: dispatch, help and the manual page.
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

int host_serve(const struct host_options *options);
int host_verify(const struct host_options *options);
int host_code(const struct host_options *options);
int host_stats(const struct host_options *options);
int host_limits(const struct host_options *options);
int host_help(const struct host_options *options);

/* NULL: no such command. */
const struct host_command *host_command_find(const char *name);
/* The nth row; NULL after the last. */
const struct host_command *host_command_nth(uint32_t n);
/* What a command takes, or with NULL the overview. */
void host_usage(FILE *out, const struct host_command *command);
void host_manual(FILE *out);

/* Limits as options and variables set them; false after a message. */
struct core_limits;
__attribute__((warn_unused_result)) bool host_limits_read(const struct host_options *options,
                                                          struct core_limits *limits);
/* Starts the log as the options say; false after a message. */
__attribute__((warn_unused_result)) bool host_log_options(const struct host_options *options);

#endif
