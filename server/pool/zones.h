/*
 * zones.h - the zones of one search, each once, with what their clocks do in the next year.
 *
 * Must not know who lives there. Invariant: an index that was given out stays valid until fini.
 */
#ifndef COUNCIL_SERVER_POOL_ZONES_H
#define COUNCIL_SERVER_POOL_ZONES_H

#include "protocol/schedule/offsets.h"
#include "server/store/pool.h"
#include <stdbool.h>

enum {
    POOL_ZONES_MAX = 2048,  /* more than there are files: nobody who could register is left out */
    POOL_ZONES_SLOTS = 8192 /* of the table by name */
};

struct pool_zones {
    int64_t from_s, until_s;
    uint32_t count;
    struct schedule_offsets *offsets;       /* owned */
    char (*names)[STORE_POOL_ZONE_MAX + 1]; /* owned */
    bool *known;                            /* owned */
    uint16_t slots[POOL_ZONES_SLOTS];       /* index + 1; 0: free */
};

/* False: out of memory; fini is fine all the same. */
bool pool_zones_init(struct pool_zones *zones, int64_t from_s, int64_t until_s);
void pool_zones_fini(struct pool_zones *zones);
/* The zone's index. False: the system has none of that name, or there are too many. */
bool pool_zones_find(struct pool_zones *zones, const char *name, uint16_t *index);

#endif
