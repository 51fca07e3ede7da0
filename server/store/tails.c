/*
 * The bounded map of tails: slots, a chained hash over them, and three lists through them.
 *
 * Slots never move, so pointers to them are good. A log's id is a hash that its creator can choose
 * among many, so the buckets are found by a keyed hash.
 */
#include "server/store/tails.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct list {
    uint32_t first, last;
    uint32_t count;
};

struct tails {
    struct tail *slots;
    uint32_t *buckets;
    uint32_t mask;
    uint32_t capacity;
    uint32_t fresh; /* slots from here on were never used, and are on no list yet */
    struct list lists[TAIL_LISTS];
    unsigned char key[crypto_shorthash_KEYBYTES];
};

static void list_remove(struct tails *tails, uint32_t at)
{
    struct tail *tail = &tails->slots[at];
    struct list *list = &tails->lists[tail->list];

    if (tail->prev != TAILS_NONE)
        tails->slots[tail->prev].next = tail->next;
    else
        list->first = tail->next;
    if (tail->next != TAILS_NONE)
        tails->slots[tail->next].prev = tail->prev;
    else
        list->last = tail->prev;
    list->count--;
}

static void list_push(struct tails *tails, uint32_t at, enum tail_list to)
{
    struct tail *tail = &tails->slots[at];
    struct list *list = &tails->lists[to];

    tail->list = (uint8_t)to;
    tail->prev = TAILS_NONE;
    tail->next = list->first;
    if (list->first != TAILS_NONE)
        tails->slots[list->first].prev = at;
    else
        list->last = at;
    list->first = at;
    list->count++;
}

static uint32_t *bucket_of(struct tails *tails, const uint8_t log[32])
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint32_t number;

    crypto_shorthash(hash, log, 32, tails->key);
    memcpy(&number, hash, sizeof number);
    return &tails->buckets[number & tails->mask];
}

struct tails *tails_create(uint32_t capacity)
{
    assert(capacity > 0 && capacity < TAILS_NONE / 2);
    uint32_t n_buckets = 1;
    while (n_buckets < capacity)
        n_buckets *= 2;

    struct tails *tails = calloc(1, sizeof *tails);
    if (tails == NULL)
        return NULL;
    tails->slots = calloc(capacity, sizeof *tails->slots);
    tails->buckets = malloc(n_buckets * sizeof *tails->buckets);
    if (tails->slots == NULL || tails->buckets == NULL) {
        tails_destroy(tails);
        return NULL;
    }
    tails->mask = n_buckets - 1;
    memset(tails->buckets, 0xff, n_buckets * sizeof *tails->buckets);
    for (int i = 0; i < TAIL_LISTS; i++)
        tails->lists[i] = (struct list){.first = TAILS_NONE, .last = TAILS_NONE};
    tails->capacity = capacity;
    crypto_shorthash_keygen(tails->key);
    return tails;
}

void tails_destroy(struct tails *tails)
{
    if (tails == NULL)
        return;
    free(tails->slots);
    free(tails->buckets);
    free(tails);
}

struct tail *tails_find(struct tails *tails, const uint8_t log[32])
{
    uint32_t at = *bucket_of(tails, log);

    while (at != TAILS_NONE && memcmp(tails->slots[at].log, log, 32) != 0)
        at = tails->slots[at].chain;
    if (at == TAILS_NONE)
        return NULL;
    struct tail *tail = &tails->slots[at];
    if (tail->list == TAIL_CLEAN) {
        list_remove(tails, at);
        list_push(tails, at, TAIL_CLEAN);
    }
    return tail;
}

/* A slot that is on no list; TAILS_NONE where all are dirty. */
static uint32_t take_slot(struct tails *tails)
{
    uint32_t at = tails->lists[TAIL_FREE].first;

    if (at == TAILS_NONE && tails->fresh < tails->capacity)
        return tails->fresh++;
    if (at == TAILS_NONE) {
        at = tails->lists[TAIL_CLEAN].last;
        if (at == TAILS_NONE)
            return TAILS_NONE;
        tails_forget(tails, &tails->slots[at]);
    }
    list_remove(tails, at);
    return at;
}

struct tail *tails_add(struct tails *tails, const uint8_t log[32])
{
    uint32_t at = take_slot(tails);
    if (at == TAILS_NONE)
        return NULL;
    uint32_t *bucket = bucket_of(tails, log);
    struct tail *tail = &tails->slots[at];

    *tail = (struct tail){.chain = *bucket};
    memcpy(tail->log, log, 32);
    *bucket = at;
    list_push(tails, at, TAIL_CLEAN);
    return tail;
}

void tails_forget(struct tails *tails, struct tail *tail)
{
    uint32_t at = (uint32_t)(tail - tails->slots);
    uint32_t *link = bucket_of(tails, tail->log);

    while (*link != at)
        link = &tails->slots[*link].chain;
    *link = tail->chain;
    list_remove(tails, at);
    list_push(tails, at, TAIL_FREE);
}

void tails_mark(struct tails *tails, struct tail *tail, enum tail_list list)
{
    uint32_t at = (uint32_t)(tail - tails->slots);

    assert(list != TAIL_FREE && tail->list != TAIL_FREE);
    if (tail->list == list)
        return;
    list_remove(tails, at);
    list_push(tails, at, list);
}

uint32_t tails_dirty_count(const struct tails *tails)
{
    return tails->lists[TAIL_DIRTY].count;
}

struct tail *tails_dirty_next(struct tails *tails, const struct tail *tail)
{
    uint32_t at = tail == NULL ? tails->lists[TAIL_DIRTY].first : tail->next;

    return at == TAILS_NONE ? NULL : &tails->slots[at];
}
