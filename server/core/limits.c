/*
 * limits.c - limits.def as a table and a struct. See limits.h.
 */
#include "server/core/limits.h"

#include <stddef.h>
#include <string.h>

static const struct core_limit_info infos[] = {
#define CORE_LIMIT(field, name, value, min, max, help) \
    {name, help, UINT64_C(value), UINT64_C(min), UINT64_C(max)},
#include "server/core/limits.def"
#undef CORE_LIMIT
};

static const size_t offsets[] = {
#define CORE_LIMIT(field, name, value, min, max, help) offsetof(struct core_limits, field),
#include "server/core/limits.def"
#undef CORE_LIMIT
};

enum {
    LIMIT_COUNT = sizeof infos / sizeof infos[0]
};

static uint64_t *field_of(struct core_limits *limits, size_t i)
{
    return (uint64_t *)(void *)((char *)limits + offsets[i]);
}

void core_limits_init(struct core_limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        *field_of(limits, i) = infos[i].value;
    }
}

const struct core_limit_info *core_limit_infos(uint32_t *count)
{
    *count = LIMIT_COUNT;
    return infos;
}

const struct core_limit_info *core_limit_find(const char *name)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return &infos[i];
        }
    }
    return NULL;
}

bool core_limits_set(struct core_limits *limits, const char *name, uint64_t value)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            if (value < infos[i].min || value > infos[i].max) {
                return false;
            }
            *field_of(limits, i) = value;
            return true;
        }
    }
    return false;
}

uint64_t core_limits_get(const struct core_limits *limits, const char *name)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return *(const uint64_t *)(const void *)((const char *)limits + offsets[i]);
        }
    }
    return 0;
}
