/*
 * tuning.h - limits and registration of a running server: what it was started with, what the operator set, what holds now.
 *
 * Owns which of them counts: what was said at the start (flag, variable) before what was set and stored, that before the default; and what
 * is set while the server runs holds at once. Must not know sockets or where settings are stored (settings.h). The loop's thread alone.
 */
#ifndef COUNCIL_SERVER_HOST_TUNING_H
#define COUNCIL_SERVER_HOST_TUNING_H

#include <jansson.h>

#include "server/core/core.h"
#include "server/host/options.h"
#include "server/host/settings.h"

enum {
    HOST_LIMITS_MAX = 64 /* rows of limits.def at most */
};

enum host_from {
    HOST_FROM_DEFAULT,
    HOST_FROM_START, /* a flag or a variable */
    HOST_FROM_SET    /* the operator, while a server ran */
};
extern const char *const host_from_words[];

struct host_tuning {
    struct core_limits started, limits;
    enum host_from started_from[HOST_LIMITS_MAX], limits_from[HOST_LIMITS_MAX];
    enum core_registration started_registration, registration;
    bool registration_given;
    enum host_from registration_from;
};

/* Reads flags and variables. False after a message on standard error. For a command without --registration that part is left out. */
__attribute__((warn_unused_result)) bool host_tuning_read(struct host_tuning *tuning,
                                                          const struct host_options *options,
                                                          bool with_registration);
/* Cuts "NAME=VALUE" in two; false after a message. *value is borrowed from `pair`. */
enum {
    HOST_LIMIT_NAME = 64
};
__attribute__((warn_unused_result)) bool
host_limit_pair(const char *pair, char name[HOST_LIMIT_NAME], const char **value);
/* Adds what is stored: limits by name (borrowed; NULL: none), and who may register. */
void host_tuning_stored_limits(struct host_tuning *tuning, const json_t *stored);
void host_tuning_stored_registration(struct host_tuning *tuning, enum core_registration stored);

/* Carries out a request of settings.h that the store has taken, on the running core. */
void host_tuning_limits(struct host_tuning *tuning, struct core *core, const json_t *request);
void host_tuning_registration(struct host_tuning *tuning, struct core *core, const json_t *request);

/* What holds: {"limits":[{"name","value","default","min","max","from","help"},...]} and {"registration","from"}. Owned. */
json_t *host_tuning_show_limits(const struct host_tuning *tuning);
json_t *host_tuning_show_registration(const struct host_tuning *tuning);

#endif
