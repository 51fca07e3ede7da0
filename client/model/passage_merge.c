/*
 * passage_merge.c - two councils become one: the proposal, who consents, and the invites by which they go.
 *
 * Invariant: nobody consents for anybody else, and no invite counts but from the moderator who proposed.
 */
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"
#include "protocol/council.h"

const struct passage_merge *passage_merge(const struct model *m, const uint8_t id[COUNCIL_ID_BYTES])
{
    for (uint32_t i = 0; i < m->passages.merge_count; i++)
        if (memcmp(m->passages.merges[i].id, id, COUNCIL_ID_BYTES) == 0)
            return &m->passages.merges[i];
    return NULL;
}

const struct passage_merge *passage_merge_open(const struct model *m)
{
    for (uint32_t i = m->passages.merge_count; i > 0; i--)
        if (!m->passages.merges[i - 1].ended)
            return &m->passages.merges[i - 1];
    return NULL;
}

/* The proposal that the post is about, or NULL. */
static struct passage_merge *named(const struct model *m, const struct model_post *p)
{
    uint8_t id[COUNCIL_ID_BYTES];
    if (!content_bytes(p->content, "merge", id, sizeof id))
        return NULL;
    return (struct passage_merge *)(uintptr_t)passage_merge(m, id);
}

const struct passage_answer *passage_answer(const struct passage_merge *merge,
                                            const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < merge->answer_count; i++)
        if (model_same(merge->answers[i].member, member))
            return &merge->answers[i];
    return NULL;
}

const struct passage_invite *passage_invite(const struct passage_merge *merge,
                                            const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < merge->invite_count; i++)
        if (model_same(merge->invites[i].member, member))
            return &merge->invites[i];
    return NULL;
}

static enum council_error answer(struct passage_merge *merge, const uint8_t *member, bool consents,
                                 uint64_t seq)
{
    struct passage_answer *record =
        (struct passage_answer *)(uintptr_t)passage_answer(merge, member);
    if (!record) {
        enum council_error error = model_grow((void **)&merge->answers, merge->answer_count,
                                              &merge->answer_size, sizeof *merge->answers);
        if (error)
            return error;
        record = &merge->answers[merge->answer_count++];
        memcpy(record->member, member, COUNCIL_KEY_BYTES);
    }
    record->consents = consents;
    record->seq = seq;
    return COUNCIL_OK;
}

enum council_error model_add_merge(struct model *m, const struct model_post *p)
{
    struct model_passages *all = &m->passages;
    struct passage_merge merge = {.seq = p->seq,
                                  .at = model_when(p),
                                  .host = content_number(p->content, "host") == 1,
                                  .need = (uint32_t)content_number(p->content, "need"),
                                  .name = content_text(p->content, "name"),
                                  .text = content_text(p->content, "text")};
    if (!p->moderator || named(m, p) || all->merge_count == PASSAGE_MERGES_MAX)
        return COUNCIL_OK; /* the same id again changes nothing */
    if (!content_bytes(p->content, "merge", merge.id, sizeof merge.id) ||
        !content_bytes(p->content, "other", merge.other, sizeof merge.other))
        return COUNCIL_E_BAD_CONTENT;
    memcpy(merge.author, p->author, COUNCIL_KEY_BYTES);
    enum council_error error =
        model_grow((void **)&all->merges, all->merge_count, &all->merge_size, sizeof *all->merges);
    if (!error)
        error = answer(&merge, p->author, true, p->seq);
    if (!error)
        all->merges[all->merge_count++] = merge;
    return error;
}

enum council_error model_add_merge_answer(struct model *m, const struct model_post *p)
{
    struct passage_merge *merge = named(m, p);
    if (!merge || merge->ended)
        return COUNCIL_OK;
    return answer(merge, p->author, content_number(p->content, "consent") == 1, p->seq);
}

enum council_error model_add_merge_invite(struct model *m, const struct model_post *p)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    struct passage_merge *merge = named(m, p);
    if (!merge || merge->ended || merge->host || !p->moderator ||
        !model_same(merge->author, p->author))
        return COUNCIL_OK;
    if (!content_bytes(p->content, "member", member, sizeof member))
        return COUNCIL_E_BAD_CONTENT;
    struct passage_invite *record =
        (struct passage_invite *)(uintptr_t)passage_invite(merge, member);
    if (!record && merge->invite_count == PASSAGE_INVITES_MAX)
        return COUNCIL_OK;
    if (!record) {
        enum council_error error = model_grow((void **)&merge->invites, merge->invite_count,
                                              &merge->invite_size, sizeof *merge->invites);
        if (error)
            return error;
        record = &merge->invites[merge->invite_count++];
        memcpy(record->member, member, COUNCIL_KEY_BYTES);
    }
    record->link = content_text(p->content, "link");
    record->seq = p->seq;
    return COUNCIL_OK;
}

enum council_error model_add_merge_end(struct model *m, const struct model_post *p)
{
    struct passage_merge *merge = named(m, p);
    if (merge && (p->moderator || model_same(merge->author, p->author)))
        merge->ended = true;
    return COUNCIL_OK;
}

uint32_t passage_consents(const struct passage_merge *merge, const struct council *council)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < merge->answer_count; i++) {
        const struct council_person *person = council_person(council, merge->answers[i].member);
        count += merge->answers[i].consents && person && person->member;
    }
    return count;
}

bool passage_carried(const struct passage_merge *merge, const struct council *council)
{
    return !merge->ended && passage_consents(merge, council) >= merge->need;
}
