/*
 * Filling a slice: entries are added one by one, and then handed over as a whole.
 *
 * Knows nothing of where they come from. Invariant: grows to what the reading's ceilings allow and
 * no further; until it is handed over, the bytes may move, so entries know only their lengths.
 */
#ifndef COUNCIL_SERVER_STORE_SLICE_H
#define COUNCIL_SERVER_STORE_SLICE_H

#include "server/store/store_types.h"

struct slice_builder {
    struct store_entry *entries;
    uint8_t *bytes;
    uint32_t n, room_entries;
    uint32_t len, room_bytes;
    uint32_t max_entries, max_bytes;
};

/* Whether an entry of that size may still be added: the first one always may. */
bool slice_has_room(const struct slice_builder *builder, uint32_t size);

/* Copies an entry with its text and data. false: out of memory, nothing changed. */
bool slice_add(struct slice_builder *builder, const struct store_entry *entry);

/* Hands over what was added; the builder is empty then. */
void slice_finish(struct slice_builder *builder, struct store_slice *out);

/* Gives up what was added. */
void slice_abandon(struct slice_builder *builder);

#endif
