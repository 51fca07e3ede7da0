/*
 * buckets.c - token buckets. See buckets.h.
 */
#include "server/core/state.h"

#include <stdlib.h>
#include <string.h>

enum {
    TABLE_SIZE = 4096,
    SWEEP_CHAINS = 64
};

struct core_bucket {
    struct core_bucket *next;
    uint8_t key[32];
    enum core_bucket_class class;
    uint32_t holders; /* connections of an address */
    uint64_t full_ns; /* monotonic: when it is full again */
};

/* Nanoseconds for one token, and for as many as it holds. */
struct rate {
    uint64_t token_ns, burst_ns;
};

static uint64_t times(uint64_t a, uint64_t b)
{
    const uint64_t most = UINT64_C(1) << 61;
    return b != 0 && a > most / b ? most : a * b;
}

static struct rate rate_of(const struct core_limits *limits, enum core_bucket_class class)
{
    uint64_t burst = 1;
    struct rate rate = {1, 1};
    switch (class) {
    case CORE_BUCKET_ADDRESS:
        rate.token_ns = UINT64_C(1000000000) / limits->address_rate;
        burst = limits->address_burst;
        break;
    case CORE_BUCKET_DEVICE:
        rate.token_ns = UINT64_C(1000000000) / limits->device_rate;
        burst = limits->device_burst;
        break;
    case CORE_BUCKET_LOG:
        rate.token_ns = UINT64_C(1000000000) / limits->council_rate;
        burst = limits->council_burst;
        break;
    case CORE_BUCKET_CONTROL:
        rate.token_ns = times(limits->control_period_ms, 1000000);
        burst = limits->control_burst;
        break;
    case CORE_BUCKET_CALENDAR:
        rate.token_ns = UINT64_C(1000000000) / limits->calendar_rate;
        burst = limits->calendar_burst;
        break;
    case CORE_BUCKET_MODERATOR:
        rate.token_ns = times(limits->moderator_period_ms, 1000000);
        burst = limits->moderator_burst;
        break;
    }
    rate.burst_ns = times(rate.token_ns, burst);
    return rate;
}

static uint64_t now_ns(const struct core *core)
{
    return times(core->mono_ms, 1000000);
}

static bool forgettable(const struct core *core, const struct core_bucket *bucket)
{
    return bucket->holders == 0 && bucket->full_ns <= now_ns(core);
}

/* Frees the forgettable buckets of a chain, or with `always` the fullest of those that hold no connection. */
static void sweep(struct core *core, struct core_bucket **chain, bool always)
{
    struct core_buckets *buckets = &core->buckets;
    struct core_bucket **fullest = NULL;
    while (*chain != NULL) {
        struct core_bucket *bucket = *chain;
        if (forgettable(core, bucket)) {
            *chain = bucket->next;
            free(bucket);
            buckets->count--;
            always = false;
            continue;
        }
        if (bucket->holders == 0 && (fullest == NULL || bucket->full_ns < (*fullest)->full_ns)) {
            fullest = chain;
        }
        chain = &bucket->next;
    }
    if (always && fullest != NULL) {
        struct core_bucket *bucket = *fullest;
        *fullest = bucket->next;
        free(bucket);
        buckets->count--;
    }
}

static struct core_bucket **chain_of(struct core *core, enum core_bucket_class class,
                                     const uint8_t key[32])
{
    uint64_t hash = core_hash(core, key) + (uint64_t) class * UINT64_C(0x9e3779b97f4a7c15);
    return &core->buckets.table[hash % core->buckets.size];
}

/* The bucket, made where there is none; NULL: out of memory. */
static struct core_bucket *bucket_of(struct core *core, enum core_bucket_class class,
                                     const uint8_t key[32])
{
    struct core_buckets *buckets = &core->buckets;
    if (buckets->table == NULL) {
        buckets->table = calloc(TABLE_SIZE, sizeof(struct core_bucket *));
        if (buckets->table == NULL) {
            return NULL;
        }
        buckets->size = TABLE_SIZE;
    }
    struct core_bucket **chain = chain_of(core, class, key);
    for (struct core_bucket *bucket = *chain; bucket != NULL; bucket = bucket->next) {
        if (bucket->class == class && memcmp(bucket->key, key, sizeof bucket->key) == 0) {
            return bucket;
        }
    }
    if (buckets->count >= core->limits.buckets) {
        sweep(core, chain, true);
    }
    struct core_bucket *bucket = calloc(1, sizeof *bucket);
    if (bucket == NULL) {
        return NULL;
    }
    bucket->class = class;
    memcpy(bucket->key, key, sizeof bucket->key);
    bucket->next = *chain;
    *chain = bucket;
    buckets->count++;
    return bucket;
}

uint64_t core_bucket_take(struct core *core, enum core_bucket_class class, const uint8_t key[32],
                          uint64_t cost)
{
    struct core_bucket *bucket = bucket_of(core, class, key);
    if (bucket == NULL) {
        return 1000;
    }
    struct rate rate = rate_of(&core->limits, class);
    uint64_t now = now_ns(core);
    uint64_t full = bucket->full_ns > now ? bucket->full_ns : now;
    uint64_t after = full + times(rate.token_ns, cost);
    if (after > now + rate.burst_ns) {
        /* More than it ever holds: what is asked is then a full bucket. */
        uint64_t wait = after - now - rate.burst_ns;
        return (wait > full - now && full > now ? full - now : wait) / 1000000 + 1;
    }
    bucket->full_ns = after;
    return 0;
}

void core_bucket_give(struct core *core, enum core_bucket_class class, const uint8_t key[32],
                      uint64_t cost)
{
    struct core_bucket *bucket = bucket_of(core, class, key);
    if (bucket != NULL) {
        uint64_t given_ns = times(rate_of(&core->limits, class).token_ns, cost);
        bucket->full_ns = bucket->full_ns > given_ns ? bucket->full_ns - given_ns : 0;
    }
}

bool core_bucket_hold(struct core *core, const uint8_t key[32])
{
    struct core_bucket *bucket = bucket_of(core, CORE_BUCKET_ADDRESS, key);
    if (bucket == NULL || bucket->holders >= core->limits.sessions_per_address) {
        return false;
    }
    bucket->holders++;
    return true;
}

void core_bucket_release(struct core *core, const uint8_t key[32])
{
    struct core_bucket *bucket = bucket_of(core, CORE_BUCKET_ADDRESS, key);
    if (bucket != NULL && bucket->holders > 0) {
        bucket->holders--;
    }
}

void core_buckets_tick(struct core *core)
{
    struct core_buckets *buckets = &core->buckets;
    if (buckets->table == NULL) {
        return;
    }
    for (uint32_t i = 0; i < SWEEP_CHAINS; i++) {
        sweep(core, &buckets->table[buckets->sweep], false);
        buckets->sweep = (buckets->sweep + 1) % buckets->size;
    }
}

void core_buckets_fini(struct core *core)
{
    struct core_buckets *buckets = &core->buckets;
    for (uint32_t i = 0; i < buckets->size; i++) {
        while (buckets->table[i] != NULL) {
            struct core_bucket *bucket = buckets->table[i];
            buckets->table[i] = bucket->next;
            free(bucket);
        }
    }
    free(buckets->table);
    memset(buckets, 0, sizeof *buckets);
}
