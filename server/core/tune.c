/*
 * tune.c - what the operator changes while the server runs: limits, who may register, quotas of single logs.
 *
 * Owns the quotas that differ from the limits: a sorted array, at most CORE_QUOTAS_MAX of them. Must not know where they are kept.
 * Invariant: nothing that was taken is given back; a lower ceiling counts for what comes.
 */
#include "server/core/state.h"

#include <stdlib.h>
#include <string.h>

#include "server/core/logs.h"

void core_set_limits(struct core *core, const struct core_limits *limits)
{
    core->limits = *limits;
    core_logs_trim(core);
    core_pressure(core);
}

void core_set_registration(struct core *core, enum core_registration registration)
{
    core->registration = registration;
}

/* Where the quota of `log` is, or would be. */
static uint32_t place_of(const struct core *core, const uint8_t log[COUNCIL_KEY_BYTES], bool *there)
{
    uint32_t low = 0, high = core->quota_count;
    *there = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(core->quotas[middle].log, log, COUNCIL_KEY_BYTES);
        if (order == 0) {
            *there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool make_room(struct core *core)
{
    if (core->quota_count < core->quota_size) {
        return true;
    }
    uint32_t size = core->quota_size == 0 ? 16 : 2 * core->quota_size;
    struct core_quota *grown =
        core->quota_count < CORE_QUOTAS_MAX ? realloc(core->quotas, size * sizeof *grown) : NULL;
    if (grown == NULL) {
        return false;
    }
    core->quotas = grown;
    core->quota_size = size;
    return true;
}

bool core_set_quota(struct core *core, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t entries,
                    uint64_t bytes)
{
    bool there = false;
    uint32_t at = place_of(core, log, &there);
    if (entries == 0 && bytes == 0) {
        if (there) {
            core->quota_count--;
            memmove(&core->quotas[at], &core->quotas[at + 1],
                    (core->quota_count - at) * sizeof core->quotas[0]);
        }
        return true;
    }
    if (!there) {
        if (!make_room(core)) {
            return false;
        }
        memmove(&core->quotas[at + 1], &core->quotas[at],
                (core->quota_count - at) * sizeof core->quotas[0]);
        core->quota_count++;
        memcpy(core->quotas[at].log, log, COUNCIL_KEY_BYTES);
    }
    core->quotas[at].entries = entries;
    core->quotas[at].bytes = bytes;
    return true;
}

void core_quota_of(const struct core *core, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t *entries,
                   uint64_t *bytes)
{
    bool there = false;
    *entries = core->limits.log_entries;
    *bytes = core->limits.log_bytes;
    if (core->quota_count == 0) {
        return;
    }
    uint32_t at = place_of(core, log, &there);
    if (there && core->quotas[at].entries != 0) {
        *entries = core->quotas[at].entries;
    }
    if (there && core->quotas[at].bytes != 0) {
        *bytes = core->quotas[at].bytes;
    }
}
