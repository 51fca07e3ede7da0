/*
 * passage.c - the folds of landing, closing and being heard of. Merging is passage_merge.c.
 *
 * Invariant: one record of each member, the latest.
 */
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"
#include "protocol/council.h"

void passage_fini(struct model_passages *passages)
{
    for (uint32_t i = 0; i < passages->merge_count; i++) {
        free(passages->merges[i].answers);
        free(passages->merges[i].invites);
    }
    free(passages->landed);
    free(passages->merges);
    free(passages->heard);
    free(passages->devices);
    memset(passages, 0, sizeof *passages);
}

/* ---- landing ---- */

static struct passage_landed *landed_of(const struct model *m, const uint8_t *member)
{
    for (uint32_t i = 0; i < m->passages.landed_count; i++)
        if (model_same(m->passages.landed[i].member, member))
            return &m->passages.landed[i];
    return NULL;
}

enum council_error model_add_landed(struct model *m, const struct model_post *p)
{
    struct model_passages *all = &m->passages;
    struct passage_landed *record = landed_of(m, p->author);
    if (content_number(p->content, "seeking")) {
        if (record) /* the order of the list says nothing: the last one takes the free place */
            *record = all->landed[--all->landed_count];
        return COUNCIL_OK;
    }
    if (!record) {
        enum council_error error = model_grow((void **)&all->landed, all->landed_count,
                                              &all->landed_size, sizeof *all->landed);
        if (error)
            return error;
        record = &all->landed[all->landed_count++];
    }
    *record = (struct passage_landed){.seq = p->seq,
                                      .at = model_when(p),
                                      .day = content_text(p->content, "day"),
                                      .stays = content_number(p->content, "stay") == 1};
    memcpy(record->member, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

const struct passage_landed *model_landed(const struct model *m,
                                          const uint8_t member[COUNCIL_KEY_BYTES])
{
    return landed_of(m, member);
}

uint32_t model_seeking(const struct model *m, const struct council *council)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < council->person_count; i++)
        count += council->people[i].member && !landed_of(m, council->people[i].pin.member);
    return count;
}

/* ---- closing ---- */

enum council_error model_add_closing(struct model *m, const struct model_post *p)
{
    struct model_passages *all = &m->passages;
    if (!p->moderator)
        return COUNCIL_OK;
    all->closed = content_number(p->content, "closed") == 1;
    all->closed_seq = p->seq;
    all->closed_at = model_when(p);
    all->farewell = all->closed ? content_text(p->content, "text") : NULL;
    memcpy(all->closed_by, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

/* ---- being heard of ---- */

const struct passage_heard *passage_heard(const struct model *m,
                                          const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < m->passages.heard_count; i++)
        if (model_same(m->passages.heard[i].member, member))
            return &m->passages.heard[i];
    return NULL;
}

enum council_error passage_hear(struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                                uint64_t seq, uint64_t at)
{
    struct model_passages *all = &m->passages;
    struct passage_heard *record = (struct passage_heard *)(uintptr_t)passage_heard(m, member);
    if (!record) {
        enum council_error error = model_grow((void **)&all->heard, all->heard_count,
                                              &all->heard_size, sizeof *all->heard);
        if (error)
            return error;
        record = &all->heard[all->heard_count++];
        memcpy(record->member, member, COUNCIL_KEY_BYTES);
    }
    record->seq = seq;
    record->at = at;
    return COUNCIL_OK;
}

static enum council_error devices_changed(struct model *m, const uint8_t *member, uint64_t seq)
{
    struct model_passages *all = &m->passages;
    for (uint32_t i = 0; i < all->device_count; i++)
        if (model_same(all->devices[i].member, member)) {
            all->devices[i].seq = seq;
            return COUNCIL_OK;
        }
    enum council_error error = model_grow((void **)&all->devices, all->device_count,
                                          &all->device_size, sizeof *all->devices);
    if (error)
        return error;
    all->devices[all->device_count].seq = seq;
    memcpy(all->devices[all->device_count++].member, member, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

enum council_error passage_add_entry(struct model *m, uint64_t seq, uint64_t at,
                                     const struct council_entry *entry)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    switch ((int)entry->kind) {
    case COUNCIL_KIND_MEMBER_DEVICES:
        council_body_key(entry, "member", member);
        return devices_changed(m, member, seq);
    case COUNCIL_KIND_COUNCIL_CREATE:
    case COUNCIL_KIND_MEMBER_JOIN:
    case COUNCIL_KIND_VOTE:
    case COUNCIL_KIND_RSVP:
    case COUNCIL_KIND_ATTEND:
    case COUNCIL_KIND_MEETING_OPEN:
    case COUNCIL_KIND_MEETING_ADVANCE:
    case COUNCIL_KIND_MEETING_HAND:
    case COUNCIL_KIND_MEETING_CLOSE:
        return passage_hear(m, entry->author, seq, at);
    default:
        return COUNCIL_OK;
    }
}
