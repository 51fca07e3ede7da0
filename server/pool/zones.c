/*
 * zones.c - zones by name, in a small table. See zones.h.
 */
#include "server/pool/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pool_zones_init(struct pool_zones *zones, int64_t from_s, int64_t until_s)
{
    memset(zones, 0, sizeof *zones);
    zones->from_s = from_s;
    zones->until_s = until_s;
    zones->offsets = calloc(POOL_ZONES_MAX, sizeof *zones->offsets);
    zones->names = calloc(POOL_ZONES_MAX, sizeof *zones->names);
    zones->known = calloc(POOL_ZONES_MAX, sizeof *zones->known);
    return zones->offsets != NULL && zones->names != NULL && zones->known != NULL;
}

void pool_zones_fini(struct pool_zones *zones)
{
    free(zones->offsets);
    free(zones->names);
    free(zones->known);
}

static uint32_t hash(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++)
        h = (h ^ *at) * 16777619u;
    return h;
}

bool pool_zones_find(struct pool_zones *zones, const char *name, uint16_t *index)
{
    uint32_t at = hash(name) % POOL_ZONES_SLOTS;

    while (zones->slots[at] != 0 && strcmp(zones->names[zones->slots[at] - 1], name) != 0)
        at = (at + 1) % POOL_ZONES_SLOTS;
    if (zones->slots[at] == 0) {
        if (zones->count == POOL_ZONES_MAX)
            return false;
        uint32_t new = zones->count++;
        (void)snprintf(zones->names[new], sizeof zones->names[new], "%s", name);
        zones->known[new] = schedule_offsets(name, zones->from_s, zones->until_s,
                                             &zones->offsets[new]) == COUNCIL_OK;
        zones->slots[at] = (uint16_t)(new + 1);
    }
    *index = (uint16_t)(zones->slots[at] - 1);
    return zones->known[*index];
}
