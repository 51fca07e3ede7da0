/*
 * grants.c - which epochs each key of a council was ever given.
 *
 * Owns the note that duties need to see who lacks history; the fold does not keep it. Must not know who gives or when. A lost note is
 * harmless (history is given twice), so the ceilings and a lack of memory drop notes silently.
 */
#include "client/sync/internal.h"

void sync_grants_fini(struct sync_replica *replica)
{
    for (uint32_t i = 0; i < replica->grant_count; i++)
        free(replica->grants[i].ranges);
    free(replica->grants);
    replica->grants = NULL;
    replica->grant_count = 0;
}

/* Where the key's note is, or would be: they are in the order of their keys, since duties ask for each key and epoch. */
static bool grant_place(const struct sync_replica *replica, const uint8_t key[COUNCIL_KEY_BYTES],
                        uint32_t *place)
{
    uint32_t from = 0, to = replica->grant_count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int order = memcmp(replica->grants[middle].key, key, COUNCIL_KEY_BYTES);
        if (order == 0) {
            *place = middle;
            return true;
        }
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    *place = from;
    return false;
}

const struct sync_grant *sync_grant_find(const struct sync_replica *replica,
                                         const uint8_t key[COUNCIL_KEY_BYTES])
{
    uint32_t place = 0;
    return grant_place(replica, key, &place) ? &replica->grants[place] : NULL;
}

bool sync_grant_has(const struct sync_grant *grant, uint64_t epoch)
{
    for (uint32_t i = 0; grant && i < grant->count; i++) {
        if (epoch >= grant->ranges[i].from && epoch <= grant->ranges[i].to)
            return true;
    }
    return false;
}

static struct sync_grant *grant_of(struct sync_replica *replica,
                                   const uint8_t key[COUNCIL_KEY_BYTES])
{
    uint32_t place = 0;
    if (grant_place(replica, key, &place))
        return &replica->grants[place];
    if (replica->grant_count >= SYNC_GRANT_KEYS_MAX)
        return NULL;
    struct sync_grant *grown =
        realloc(replica->grants, (replica->grant_count + 1) * sizeof(*grown));
    if (!grown)
        return NULL;
    replica->grants = grown;
    struct sync_grant *grant = &grown[place];
    memmove(grant + 1, grant, (replica->grant_count++ - place) * sizeof(*grant));
    memset(grant, 0, sizeof(*grant));
    memcpy(grant->key, key, COUNCIL_KEY_BYTES);
    return grant;
}

/* Adds from..to to the ascending ranges, which stay apart: whatever touches the new one becomes part of it. */
static void grant_add(struct sync_replica *replica, const uint8_t key[COUNCIL_KEY_BYTES],
                      uint64_t from, uint64_t to)
{
    struct sync_grant *grant = grant_of(replica, key);
    if (!grant || from > to)
        return;
    if (grant->count > 0 && grant->ranges[grant->count - 1].to + 1 == from) {
        grant->ranges[grant->count - 1].to = to;
        return;
    }
    struct sync_range *ranges = calloc(grant->count + 1, sizeof(*ranges));
    if (!ranges)
        return;
    uint32_t count = 0;
    bool placed = false;
    for (uint32_t i = 0; i < grant->count; i++) {
        struct sync_range old = grant->ranges[i];
        if (old.to + 1 < from) {
            ranges[count++] = old;
        } else if (old.from > to + 1) {
            if (!placed)
                ranges[count++] = (struct sync_range){from, to};
            placed = true;
            ranges[count++] = old;
        } else {
            from = old.from < from ? old.from : from;
            to = old.to > to ? old.to : to;
        }
    }
    if (!placed)
        ranges[count++] = (struct sync_range){from, to};
    if (count > SYNC_GRANT_RANGES_MAX) {
        free(ranges);
        return;
    }
    free(grant->ranges);
    grant->ranges = ranges;
    grant->count = count;
}

static void note_history(struct sync_replica *replica, const struct council_entry *entry)
{
    const struct council_text *text = &entry->text;
    uint32_t boxes = council_body_get(entry, "boxes");
    uint32_t at = boxes ? council_text_first(text, boxes) : 0;
    for (uint32_t i = 0; at && i < text->values[boxes].count; i++, at = text->values[at].next) {
        uint8_t key[COUNCIL_KEY_BYTES];
        uint32_t to = council_text_get(text, at, "to");
        if (to && council_text_bytes(text, to, key, COUNCIL_KEY_BYTES))
            grant_add(replica, key, council_body_int(entry, "from"), council_body_int(entry, "to"));
    }
}

void sync_grants_note(struct sync_replica *replica, const struct council_entry *entry)
{
    if (replica->state.type != COUNCIL_LOG_IS_COUNCIL)
        return;
    const struct council *council = &replica->state.council;
    if (entry->kind == COUNCIL_KIND_KEY_HISTORY) {
        note_history(replica, entry);
    } else if (council_kind_has(entry->kind, COUNCIL_FLAG_BLOCK)) {
        struct council_device out[COUNCIL_RECIPIENTS_MAX];
        uint32_t count = 0;
        council_recipients(council, NULL, NULL, out, &count);
        for (uint32_t i = 0; i < count; i++)
            grant_add(replica, out[i].sign, council->epoch, council->epoch);
    }
}
