/*
 * log.h - the operator's log: one line an event, on standard error or in a file.
 *
 * Owns how a line looks, which are left out and that writing them holds up nobody. Must not know where lines come from; whoever logs
 * hands over no payload, name, link or signature. One log in a process. Any thread. Invariant: a line is whole or not there.
 */
#ifndef COUNCIL_SERVER_HOST_LOG_H
#define COUNCIL_SERVER_HOST_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum host_log_level {
    HOST_LOG_DEBUG,
    HOST_LOG_INFO,
    HOST_LOG_WARN,
    HOST_LOG_ERROR
};

/* A string (an empty one is left out), or a number where `string` is NULL. An array of them ends with a NULL key. */
struct host_log_field {
    const char *key, *string;
    uint64_t number;
};
#define HOST_LOG_S(key, value)                   \
    {                                            \
        (key), (value) != NULL ? (value) : "", 0 \
    }
#define HOST_LOG_N(key, value) \
    {                          \
        (key), NULL, (value)   \
    }
#define HOST_LOG(level, event, ...) \
    host_log((level), (event), (const struct host_log_field[]){__VA_ARGS__, {NULL, NULL, 0}})

enum {
    HOST_LOG_BUFFER = 256 * 1024, /* lines that wait to be written; more are counted and dropped */
    HOST_LOG_LINE = 1024,         /* bytes of a line; longer ones lose fields */
    HOST_LOG_BURST = 20,          /* lines of one event in a window, errors excepted */
    HOST_LOG_WINDOW_MS = 10000,
    HOST_LOG_FLUSH_S = 1 /* that host_log_flush waits for the writing thread */
};

/* Before this, and after host_log_stop, lines are written at once. `file` (borrowed until the end; NULL: standard error) is opened for
 * appending, made with mode 0600; false if it cannot be. */
__attribute__((warn_unused_result)) bool host_log_start(enum host_log_level least, bool json,
                                                        const char *file);
/* Opens the file anew, for it may have been moved away. False: it cannot be opened, and lines go where they went. */
__attribute__((warn_unused_result)) bool host_log_reopen(void);
/* The level of this name; false: there is none. */
__attribute__((warn_unused_result)) bool host_log_level_of(const char *name,
                                                           enum host_log_level *out);
void host_log_set_level(enum host_log_level least);
/* Writes what waits and ends the thread that writes. */
void host_log_stop(void);

/* `event` is a static string; `fields` may be NULL. */
void host_log(enum host_log_level level, const char *event, const struct host_log_field *fields);

/* What was logged is written, but for what nobody takes: before the process ends by _exit. */
void host_log_flush(void);

#endif
