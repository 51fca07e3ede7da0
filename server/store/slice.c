/*
 * Slices: entries copied into one run of bytes, so that another thread can own and free them.
 */
#include "server/store/slice.h"

#include "server/store/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ENTRIES = 16,
    FIRST_BYTES = 16384
};

bool slice_has_room(const struct slice_builder *builder, uint32_t size)
{
    return builder->n == 0 || (builder->n < builder->max_entries &&
                               (uint64_t)builder->len + size <= builder->max_bytes);
}

static bool grow_entries(struct slice_builder *builder)
{
    uint32_t room = builder->room_entries == 0 ? FIRST_ENTRIES : builder->room_entries * 2;
    void *grown = realloc(builder->entries, room * sizeof *builder->entries);

    if (grown == NULL)
        return false;
    builder->entries = grown;
    builder->room_entries = room;
    return true;
}

static bool grow_bytes(struct slice_builder *builder, uint32_t size)
{
    uint64_t room = builder->room_bytes == 0 ? FIRST_BYTES : (uint64_t)builder->room_bytes * 2;

    while (room < (uint64_t)builder->len + size)
        room *= 2;
    void *grown = room > UINT32_MAX ? NULL : realloc(builder->bytes, room);
    if (grown == NULL)
        return false;
    builder->bytes = grown;
    builder->room_bytes = (uint32_t)room;
    return true;
}

bool slice_add(struct slice_builder *builder, const struct store_entry *entry)
{
    uint32_t size = entry->text_len + entry->data_len;

    if (builder->n == builder->room_entries && !grow_entries(builder))
        return false;
    if (size > builder->room_bytes - builder->len && !grow_bytes(builder, size))
        return false;
    memcpy(builder->bytes + builder->len, entry->text, entry->text_len);
    builder->len += entry->text_len;
    if (entry->data_len > 0)
        memcpy(builder->bytes + builder->len, entry->data, entry->data_len);
    builder->len += entry->data_len;
    builder->entries[builder->n++] = *entry;
    return true;
}

void slice_finish(struct slice_builder *builder, struct store_slice *out)
{
    const uint8_t *at = builder->bytes;

    for (uint32_t i = 0; i < builder->n; i++) {
        struct store_entry *entry = &builder->entries[i];
        entry->text = (const char *)at;
        at += entry->text_len;
        entry->data = entry->data_len > 0 ? at : NULL;
        at += entry->data_len;
    }
    out->entries = builder->entries;
    out->n = builder->n;
    out->block = builder->bytes;
    *builder = (struct slice_builder){0};
}

void slice_abandon(struct slice_builder *builder)
{
    free(builder->entries);
    free(builder->bytes);
    *builder = (struct slice_builder){0};
}

void store_slice_fini(struct store_slice *slice)
{
    free(slice->entries);
    free(slice->block);
    *slice = (struct store_slice){0};
}
