/*
 * outbox_items.c - the items of the outbox as a list: adding, giving bytes, matching, forgetting.
 *
 * Owns the items' memory and order. Must not know when an item is sent (outbox.c). Invariant: an item is freed only when the list is swept at
 * the end of a round, so whoever walks it may call ops that add or drop.
 */
#include "client/sync/internal.h"

struct item *sync_item_find(const struct sync *sync, uint64_t name)
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        if (sync->items[i]->item == name && sync->items[i]->state != ITEM_GONE)
            return sync->items[i];
    }
    return NULL;
}

static void bytes_free(struct item *item)
{
    free(item->text);
    free(item->data);
    item->text = NULL;
    item->data = NULL;
    item->len = item->data_len = 0;
}

void sync_item_free(struct item *item)
{
    if (!item)
        return;
    bytes_free(item);
    free(item);
}

static enum council_error bytes_set(struct item *item, const char *text, uint32_t len,
                                    const uint8_t *sig, const uint8_t *data, uint32_t data_len)
{
    char *text_copy = malloc((size_t)len + 1);
    uint8_t *data_copy = data ? malloc((size_t)data_len + 1) : NULL;
    if (!text_copy || (data && !data_copy)) {
        free(text_copy);
        free(data_copy);
        return COUNCIL_E_NO_MEMORY;
    }
    bytes_free(item);
    memcpy(text_copy, text, len);
    text_copy[len] = '\0';
    if (data)
        memcpy(data_copy, data, data_len);
    item->text = text_copy;
    item->len = len;
    memcpy(item->sig, sig, COUNCIL_SIG_BYTES);
    item->data = data_copy;
    item->data_len = data ? data_len : 0;
    item->state = ITEM_SEALED;
    return COUNCIL_OK;
}

static bool reserve(struct sync *sync)
{
    if (sync->item_count < sync->item_size)
        return true;
    uint32_t size = sync->item_size ? sync->item_size * 2 : 16;
    struct item **grown = realloc(sync->items, size * sizeof(struct item *));
    if (!grown)
        return false;
    sync->items = grown;
    sync->item_size = size;
    return true;
}

enum council_error sync_outbox_add(struct sync *sync, const struct sync_item *from)
{
    if (sync_item_find(sync, from->item) || (from->text && !from->sig))
        return COUNCIL_E_BAD_INPUT;
    if (sync->item_count >= SYNC_OUTBOX_MAX)
        return COUNCIL_E_QUOTA;
    struct item *item = calloc(1, sizeof(*item));
    if (!item || !reserve(sync)) {
        free(item);
        return COUNCIL_E_NO_MEMORY;
    }
    item->item = from->item;
    memcpy(item->log, from->log, COUNCIL_KEY_BYTES);
    item->kind = from->kind;
    item->direct = from->direct;
    if (from->text &&
        bytes_set(item, from->text, from->len, from->sig, from->data, from->data_len)) {
        sync_item_free(item);
        return COUNCIL_E_NO_MEMORY;
    }
    sync->items[sync->item_count++] = item;
    sync->dirty = true;
    return COUNCIL_OK;
}

enum council_error sync_outbox_signed(struct sync *sync, uint64_t name, const char *text,
                                      uint32_t len, const uint8_t sig[COUNCIL_SIG_BYTES],
                                      const uint8_t *data, uint32_t data_len)
{
    struct item *item = sync_item_find(sync, name);
    if (!item || (item->state != ITEM_SIGNING && item->state != ITEM_DRAFT))
        return COUNCIL_OK;
    sync->dirty = true;
    enum council_error error = bytes_set(item, text, len, sig, data, data_len);
    if (error) {
        item->state = ITEM_DRAFT;
        item->not_before = sync->now + LATER_MIN_MS;
    }
    return error;
}

void sync_outbox_drop(struct sync *sync, uint64_t name)
{
    struct item *item = sync_item_find(sync, name);
    if (item) {
        item->state = ITEM_GONE;
        sync->dirty = true;
    }
}

bool sync_outbox_waits(const struct sync *sync, uint64_t name)
{
    const struct item *item = sync_item_find(sync, name);
    return item && item->waits;
}

uint32_t sync_outbox_count(const struct sync *sync)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sync->item_count; i++)
        count += sync->items[i]->state != ITEM_GONE;
    return count;
}

void sync_outbox_sweep(struct sync *sync)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sync->item_count; i++) {
        if (sync->items[i]->state == ITEM_GONE)
            sync_item_free(sync->items[i]);
        else
            sync->items[kept++] = sync->items[i];
    }
    sync->item_count = kept;
}

struct item *sync_item_match(const struct sync *sync, const struct sync_log *log, const char *text,
                             uint32_t len)
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        struct item *item = sync->items[i];
        if (item->state != ITEM_GONE && item->text && item->len == len &&
            memcmp(item->log, log->log, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(item->text, text, len) == 0)
            return item;
    }
    return NULL;
}

bool sync_item_pending(const struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES],
                       enum council_kind kind)
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        const struct item *item = sync->items[i];
        if (item->state != ITEM_GONE && item->kind == kind &&
            memcmp(item->log, log, COUNCIL_KEY_BYTES) == 0)
            return true;
    }
    return false;
}

bool sync_item_holds(const struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < sync->item_count; i++) {
        const struct item *item = sync->items[i];
        if (item->state != ITEM_GONE && item->direct &&
            memcmp(item->log, log, COUNCIL_KEY_BYTES) == 0)
            return true;
    }
    return false;
}
