/*
 * logs.c - the table of logs, pins, and the cache of folds. See logs.h.
 */
#include "server/core/logs.h"

#include <stdlib.h>
#include <string.h>

enum {
    TABLE_FIRST = 1024
};

void core_queue_push(struct core_queue *queue, struct core_call *call)
{
    call->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = call;
    } else {
        queue->first = call;
    }
    queue->last = call;
}

struct core_call *core_queue_pop(struct core_queue *queue)
{
    struct core_call *call = queue->first;
    if (call != NULL) {
        queue->first = call->next;
        if (queue->first == NULL) {
            queue->last = NULL;
        }
        call->next = NULL;
    }
    return call;
}

struct core_fold *core_fold_create(void)
{
    struct core_fold *fold = calloc(1, sizeof *fold);
    if (fold != NULL) {
        council_tail_init(&fold->tail);
        council_member_init(&fold->member);
        council_init(&fold->council);
    }
    return fold;
}

void core_fold_destroy(struct core_fold *fold)
{
    if (fold == NULL) {
        return;
    }
    council_tail_fini(&fold->tail);
    council_member_fini(&fold->member);
    council_fini(&fold->council);
    free(fold);
}

/* About what a fold takes of memory. */
static uint64_t measure(const struct core_fold *fold)
{
    const struct council *council = &fold->council;
    uint64_t bytes = sizeof *fold + council_tail_memory(&fold->tail);
    bytes += (uint64_t)fold->member.key_size * COUNCIL_KEY_BYTES;
    bytes += (uint64_t)council->invite_count * sizeof(struct council_invite);
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        bytes += sizeof *person + (uint64_t)person->stay_count * sizeof(struct council_stay) +
                 (uint64_t)person->pin.key_size * COUNCIL_KEY_BYTES;
    }
    return bytes;
}

static struct core_log **place_of(const struct core *core, const uint8_t key[COUNCIL_KEY_BYTES])
{
    return &core->logs[core_hash(core, key) & (core->logs_size - 1)];
}

struct core_log *core_log_find(const struct core *core, const uint8_t key[COUNCIL_KEY_BYTES])
{
    if (core->logs == NULL) {
        return NULL;
    }
    struct core_log *log = *place_of(core, key);
    while (log != NULL && memcmp(log->key, key, COUNCIL_KEY_BYTES) != 0) {
        log = log->hash_next;
    }
    return log;
}

/* Makes the table larger when it is full; it works with a full one too. */
static bool grow(struct core *core)
{
    if (core->logs != NULL && core->logs_count < core->logs_size) {
        return true;
    }
    uint32_t old_size = core->logs_size;
    struct core_log **old = core->logs;
    uint32_t size = old == NULL ? TABLE_FIRST : 2 * old_size;
    struct core_log **table = calloc(size, sizeof(struct core_log *));
    if (table == NULL) {
        return old != NULL;
    }
    core->logs = table;
    core->logs_size = size;
    for (uint32_t i = 0; old != NULL && i < old_size; i++) {
        while (old[i] != NULL) {
            struct core_log *log = old[i];
            old[i] = log->hash_next;
            struct core_log **place = place_of(core, log->key);
            log->hash_next = *place;
            *place = log;
        }
    }
    free(old);
    return true;
}

static struct core_idle *idle_of(struct core *core, const struct core_log *log)
{
    return log->fold->kind == STORE_LOG_MEMBER ? &core->members : &core->councils;
}

static void idle_remove(struct core *core, struct core_log *log)
{
    if (!log->idle) {
        return;
    }
    struct core_idle *idle = idle_of(core, log);
    if (log->idle_prev != NULL) {
        log->idle_prev->idle_next = log->idle_next;
    } else {
        idle->first = log->idle_next;
    }
    if (log->idle_next != NULL) {
        log->idle_next->idle_prev = log->idle_prev;
    } else {
        idle->last = log->idle_prev;
    }
    idle->count--;
    log->idle_prev = log->idle_next = NULL;
    log->idle = false;
    core->cache_bytes -= log->fold_bytes;
}

static void idle_append(struct core *core, struct core_log *log)
{
    struct core_idle *idle = idle_of(core, log);
    log->idle = true;
    log->fold_bytes = measure(log->fold);
    core->cache_bytes += log->fold_bytes;
    log->idle_prev = idle->last;
    if (idle->last != NULL) {
        idle->last->idle_next = log;
    } else {
        idle->first = log;
    }
    idle->last = log;
    idle->count++;
}

struct core_log *core_log_pin(struct core *core, const uint8_t key[COUNCIL_KEY_BYTES])
{
    struct core_log *log = core_log_find(core, key);
    if (log == NULL) {
        if (!grow(core)) {
            return NULL;
        }
        log = calloc(1, sizeof *log);
        if (log == NULL) {
            return NULL;
        }
        memcpy(log->key, key, COUNCIL_KEY_BYTES);
        struct core_log **place = place_of(core, key);
        log->hash_next = *place;
        *place = log;
        core->logs_count++;
    }
    core_log_hold(core, log);
    return log;
}

void core_log_hold(struct core *core, struct core_log *log)
{
    log->pins++;
    idle_remove(core, log);
}

void core_log_drop_fold(struct core *core, struct core_log *log)
{
    if (log->state != CORE_LOG_RESIDENT) {
        return;
    }
    idle_remove(core, log);
    core_fold_destroy(log->fold);
    log->fold = NULL;
    log->state = CORE_LOG_COLD;
    core->resident_count--;
}

void core_log_settle(struct core *core, struct core_log *log)
{
    if (log->pins > 0 || log->follows != NULL || log->state != CORE_LOG_COLD) {
        return;
    }
    struct core_log **place = place_of(core, log->key);
    while (*place != log) {
        place = &(*place)->hash_next;
    }
    *place = log->hash_next;
    core->logs_count--;
    free(log);
}

void core_log_unpin(struct core *core, struct core_log *log)
{
    if (--log->pins > 0) {
        return;
    }
    if (log->state == CORE_LOG_RESIDENT && log->fold->tail.seq == 0) {
        core_log_drop_fold(core, log); /* a log that there is not */
    }
    if (log->state == CORE_LOG_RESIDENT) {
        idle_append(core, log);
        core_logs_trim(core);
    } else {
        core_log_settle(core, log);
    }
}

/* A member log is short and soon read again; a council's may be long. */
static bool is_over(const struct core *core, const struct core_idle *idle)
{
    bool many = idle == &core->members && idle->count > core->limits.cached_members;
    return many || core->cache_bytes > core->limits.cache_bytes;
}

static void trim(struct core *core, const struct core_idle *idle)
{
    struct core_log *next = NULL;
    for (struct core_log *log = idle->first; log != NULL && is_over(core, idle); log = next) {
        next = log->idle_next;
        core_log_drop_fold(core, log);
        core_log_settle(core, log);
    }
}

void core_logs_trim(struct core *core)
{
    trim(core, &core->members);
    trim(core, &core->councils);
}

void core_log_learn(struct core_log *log, const struct store_log_info *info)
{
    if (log->known && log->seq >= info->seq) {
        return;
    }
    log->known = true;
    log->kind = info->kind;
    log->seq = info->seq;
    log->bytes = info->bytes;
    log->recovery = info->recovery;
    log->brought = info->brought;
    memcpy(log->head, info->head, COUNCIL_HASH_BYTES);
}

void core_logs_fini(struct core *core)
{
    for (uint32_t i = 0; i < core->logs_size; i++) {
        while (core->logs[i] != NULL) {
            struct core_log *log = core->logs[i];
            core->logs[i] = log->hash_next;
            core_fold_destroy(log->fold);
            free(log);
        }
    }
    free(core->logs);
    core->logs = NULL;
    core->logs_size = 0;
    core->members = core->councils = (struct core_idle){NULL, NULL, 0};
}
