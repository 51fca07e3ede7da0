/*
 * tail.c - the ring of a log's last positions and the rules of position over it.
 *
 * Owns README.md section 3.5. Must not know members, keys or what an entry says.
 * Invariant: the marks are those of seq - count + 1 .. seq, without gaps.
 */
#include "protocol/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    MARKS_START = 1,                    /* most member logs never get a second entry */
    MARKS_MAX = COUNCIL_TAIL_WINDOW + 1 /* the head at the oldest `seen`, and what came after */
};

struct council_tail_mark {
    uint8_t head[COUNCIL_HASH_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    uint8_t id[COUNCIL_ID_BYTES];
    uint64_t seen_seq;
};

void council_tail_init(struct council_tail *tail)
{
    memset(tail, 0, sizeof(*tail));
}

void council_tail_fini(struct council_tail *tail)
{
    if (tail != NULL) {
        free(tail->marks);
        memset(tail, 0, sizeof(*tail));
    }
}

enum council_error council_tail_copy(struct council_tail *out, const struct council_tail *tail)
{
    struct council_tail_mark *marks = NULL;
    memset(out, 0, sizeof(*out));
    if (tail->size > 0) {
        marks = malloc(tail->size * sizeof(*marks));
        if (marks == NULL) {
            return COUNCIL_E_NO_MEMORY;
        }
        memcpy(marks, tail->marks, tail->size * sizeof(*marks));
    }
    *out = *tail;
    out->marks = marks;
    return COUNCIL_OK;
}

void council_tail_start(struct council_tail *tail, const uint8_t log[COUNCIL_KEY_BYTES],
                        uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES], uint64_t control)
{
    memcpy(tail->log, log, sizeof(tail->log));
    memcpy(tail->head, head, sizeof(tail->head));
    tail->seq = seq;
    tail->control = control;
    tail->first = 0;
    tail->count = 0;
}

/* The mark of `seq`, or NULL where it is not kept. */
static const struct council_tail_mark *mark_at(const struct council_tail *tail, uint64_t seq)
{
    if (seq > tail->seq || tail->seq - seq >= tail->count) {
        return NULL;
    }
    uint32_t back = (uint32_t)(tail->seq - seq);
    return &tail->marks[(tail->first + tail->count - 1 - back) % tail->size];
}

/* The oldest of the last COUNCIL_TAIL_WINDOW entries that is kept; seq + 1 if there is none. */
static uint64_t window_first(const struct council_tail *tail)
{
    uint32_t count = tail->count < COUNCIL_TAIL_WINDOW ? tail->count : COUNCIL_TAIL_WINDOW;
    return tail->seq + 1 - count;
}

static bool same_device(const struct council_tail_mark *mark, const struct council_entry *entry)
{
    return memcmp(mark->device, entry->device, sizeof(mark->device)) == 0;
}

static bool same_id(const struct council_tail_mark *mark, const struct council_entry *entry)
{
    return memcmp(mark->id, entry->id, sizeof(mark->id)) == 0;
}

/* Rules 3 and 5 of section 3.5, which both look at what the same device wrote of late. */
static bool seen_goes_back(const struct council_tail *tail, const struct council_entry *entry)
{
    for (uint64_t seq = window_first(tail); seq <= tail->seq; seq++) {
        const struct council_tail_mark *mark = mark_at(tail, seq);
        if (mark != NULL && mark->seen_seq > entry->seen_seq && same_device(mark, entry)) {
            return true;
        }
    }
    return false;
}

static bool id_repeats(const struct council_tail *tail, const struct council_entry *entry)
{
    for (uint64_t seq = entry->seen_seq + 1; seq <= tail->seq; seq++) {
        const struct council_tail_mark *mark = mark_at(tail, seq);
        if (mark != NULL && same_id(mark, entry) && same_device(mark, entry)) {
            return true;
        }
    }
    return false;
}

enum council_error council_tail_check(const struct council_tail *tail,
                                      const struct council_entry *entry)
{
    uint8_t head[COUNCIL_HASH_BYTES];
    bool genesis = council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS);
    if (tail->seq == 0) {
        return genesis ? COUNCIL_OK : COUNCIL_E_GENESIS_EXPECTED;
    }
    if (genesis) {
        return COUNCIL_E_GENESIS_AGAIN;
    }
    if (memcmp(entry->log, tail->log, sizeof(tail->log)) != 0) {
        return COUNCIL_E_WRONG_LOG;
    }
    if (entry->seen_seq > tail->seq || tail->seq - entry->seen_seq > COUNCIL_TAIL_WINDOW ||
        seen_goes_back(tail, entry)) {
        return COUNCIL_E_BAD_SEEN;
    }
    if (!council_tail_head(tail, entry->seen_seq, head) ||
        memcmp(head, entry->seen_head, sizeof(head)) != 0) {
        return COUNCIL_E_WRONG_HEAD;
    }
    if (id_repeats(tail, entry)) {
        return COUNCIL_E_ID_REPEATED;
    }
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL) && entry->seen_seq < tail->control) {
        return COUNCIL_E_STALE;
    }
    return COUNCIL_OK;
}

uint64_t council_tail_retry(const struct council_tail *tail, const struct council_entry *entry,
                            const uint8_t sig[COUNCIL_SIG_BYTES])
{
    uint8_t prev[COUNCIL_HASH_BYTES], head[COUNCIL_HASH_BYTES];
    for (uint64_t seq = tail->seq + 1 - tail->count; seq <= tail->seq; seq++) {
        const struct council_tail_mark *mark = mark_at(tail, seq);
        if (mark == NULL || seq <= entry->seen_seq || !same_id(mark, entry) ||
            !same_device(mark, entry)) {
            continue;
        }
        memset(prev, 0, sizeof(prev));
        if (seq > 1 && !council_tail_head(tail, seq - 1, prev)) {
            continue;
        }
        /* Text and signature are not kept, but the head is made of them. */
        council_entry_head(head, prev, entry->text.text, entry->text.len, sig);
        if (memcmp(head, mark->head, sizeof(head)) == 0) {
            return seq;
        }
    }
    return 0;
}

enum council_error council_tail_reserve(struct council_tail *tail)
{
    if (tail->count < tail->size || tail->size == MARKS_MAX) {
        return COUNCIL_OK;
    }
    uint32_t size = tail->size == 0 ? MARKS_START : tail->size * 2;
    if (size > MARKS_MAX) {
        size = MARKS_MAX;
    }
    /* Nothing was overwritten before the ring has its full size, so it begins at 0 and only gets longer. */
    struct council_tail_mark *marks = realloc(tail->marks, size * sizeof(*marks));
    if (marks == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    tail->marks = marks;
    tail->size = size;
    return COUNCIL_OK;
}

enum council_error council_tail_push(struct council_tail *tail, const struct council_entry *entry,
                                     const uint8_t sig[COUNCIL_SIG_BYTES])
{
    enum council_error error = council_tail_reserve(tail);
    if (error != COUNCIL_OK) {
        return error;
    }
    if (tail->count == tail->size) {
        tail->first = (tail->first + 1) % tail->size;
        tail->count--;
    }
    struct council_tail_mark *mark = &tail->marks[(tail->first + tail->count) % tail->size];
    council_entry_head(tail->head, tail->head, entry->text.text, entry->text.len, sig);
    memcpy(mark->head, tail->head, sizeof(mark->head));
    memcpy(mark->device, entry->device, sizeof(mark->device));
    memcpy(mark->id, entry->id, sizeof(mark->id));
    mark->seen_seq = entry->seen_seq;
    tail->count++;
    tail->seq++;
    if (tail->seq == 1) {
        memcpy(tail->log, tail->head, sizeof(tail->log));
    }
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL)) {
        tail->control = tail->seq;
    }
    return COUNCIL_OK;
}

bool council_tail_head(const struct council_tail *tail, uint64_t seq,
                       uint8_t out[COUNCIL_HASH_BYTES])
{
    const struct council_tail_mark *mark = mark_at(tail, seq);
    if (mark == NULL) {
        return false;
    }
    memcpy(out, mark->head, sizeof(mark->head));
    return true;
}

uint32_t council_tail_memory(const struct council_tail *tail)
{
    return (uint32_t)(tail->size * sizeof(struct council_tail_mark));
}
