/*
 * limits.h - the core's ceilings and rates as one struct.
 *
 * Owns the facts of limits.def and nothing else. Who reads flags or the environment is the host.
 */
#ifndef COUNCIL_SERVER_CORE_LIMITS_H
#define COUNCIL_SERVER_CORE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct core_limits {
#define CORE_LIMIT(field, name, value, min, max, help) uint64_t field;
#include "server/core/limits.def"
#undef CORE_LIMIT
};

struct core_limit_info {
    const char *name, *help;
    uint64_t value, min, max; /* `value` is the default */
};

void core_limits_init(struct core_limits *limits);

/* The rows of limits.def in their order; static storage. */
const struct core_limit_info *core_limit_infos(uint32_t *count);

/* The row of the limit `name`; NULL where unknown. */
const struct core_limit_info *core_limit_find(const char *name);

/* Sets the limit `name`; false for an unknown name or a value outside its range, then nothing is changed. */
__attribute__((warn_unused_result)) bool core_limits_set(struct core_limits *limits,
                                                         const char *name, uint64_t value);
/* The limit `name` as it is set; 0 where unknown. */
uint64_t core_limits_get(const struct core_limits *limits, const char *name);

#endif
