/*
 * buckets.h - who did how much lately: token buckets by address, device, log, and author of control entries.
 *
 * Owns the rates of limits.def and the count of connections per address. Must not know what is being paid for. A bucket is one
 * number, the time at which it will be full again (GCRA), so a full one need not be remembered. Invariant: at most
 * `buckets` of the limits are kept, beside those of addresses that hold connections.
 */
#ifndef COUNCIL_SERVER_CORE_BUCKETS_H
#define COUNCIL_SERVER_CORE_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>

struct core;
struct core_bucket;

enum core_bucket_class {
    CORE_BUCKET_ADDRESS,
    CORE_BUCKET_DEVICE,
    CORE_BUCKET_LOG,
    CORE_BUCKET_CONTROL,   /* of somebody who is not a moderator, in one council */
    CORE_BUCKET_CALENDAR,  /* of an address that asks for calendars */
    CORE_BUCKET_MODERATOR, /* of a moderator in one council, of a member in their own log */
};

struct core_buckets {
    struct core_bucket **table; /* owned; made at the first use */
    uint32_t size, count;
    uint32_t sweep; /* where the next sweep goes on */
};

/* Takes `cost` tokens: 0, or the milliseconds after which there will be as many. */
uint64_t core_bucket_take(struct core *core, enum core_bucket_class class, const uint8_t key[32],
                          uint64_t cost);

/* Gives tokens back that were taken. */
void core_bucket_give(struct core *core, enum core_bucket_class class, const uint8_t key[32],
                      uint64_t cost);

/* Counts a connection of an address: false if it has as many as it may have. */
bool core_bucket_hold(struct core *core, const uint8_t key[32]);
void core_bucket_release(struct core *core, const uint8_t key[32]);

/* Forgets some that are full. */
void core_buckets_tick(struct core *core);
void core_buckets_fini(struct core *core);

#endif
