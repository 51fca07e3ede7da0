/*
 * model.c - the dispatch by type of content, and the simple folds: names, notes, comparisons.
 *
 * Knows documents and the ledger only as functions. Invariant: every pointer in the model borrows from model->held.
 */
#include "client/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"

enum {
    MODEL_ITEMS_MAX = 1u << 22
};

enum council_error model_grow(void **array, uint32_t count, uint32_t *size, size_t element)
{
    if (count < *size)
        return COUNCIL_OK;
    uint32_t bigger = *size ? *size * 2 : 8;
    void *grown = bigger <= MODEL_ITEMS_MAX ? realloc(*array, bigger * element) : NULL;
    if (!grown)
        return COUNCIL_E_NO_MEMORY;
    *array = grown;
    *size = bigger;
    return COUNCIL_OK;
}

bool model_same(const uint8_t a[COUNCIL_KEY_BYTES], const uint8_t b[COUNCIL_KEY_BYTES])
{
    return memcmp(a, b, COUNCIL_KEY_BYTES) == 0;
}

struct model *model_create(void)
{
    struct model *model = calloc(1, sizeof *model);
    if (model && !(model->held = json_array())) {
        free(model);
        return NULL;
    }
    return model;
}

void model_destroy(struct model *model)
{
    if (!model)
        return;
    for (uint32_t i = 0; i < model->document_count; i++) {
        free(model->documents[i].revisions);
        free(model->documents[i].comments);
    }
    for (uint32_t i = 0; i < model->meeting_count; i++)
        meeting_fini(&model->meetings[i]);
    free(model->meetings);
    free(model->seats);
    free(model->agendas);
    free(model->profiles);
    free(model->notes);
    free(model->documents);
    free(model->commitments);
    free(model->order);
    free(model->spare);
    free(model->tallies);
    free(model->checkins);
    free(model->verified);
    free(model->changes);
    free(model->answers);
    free(model->acts);
    free(model->outcomes);
    free(model->courses);
    passage_fini(&model->passages);
    json_decref(model->held);
    free(model);
}

static enum council_error add_profile(struct model *m, const struct model_post *p)
{
    struct model_profile *profile = (struct model_profile *)(uintptr_t)model_profile(m, p->author);
    if (!profile) {
        enum council_error error = model_grow((void **)&m->profiles, m->profile_count,
                                              &m->profile_size, sizeof *m->profiles);
        if (error)
            return error;
        profile = &m->profiles[m->profile_count++];
    }
    memcpy(profile->member, p->author, COUNCIL_KEY_BYTES);
    profile->seq = p->seq;
    profile->name = content_text(p->content, "name");
    profile->about = content_text(p->content, "about");
    profile->zone = content_text(p->content, "zone");
    return COUNCIL_OK;
}

static enum council_error add_title(struct model *m, const struct model_post *p)
{
    if (p->moderator)
        m->title = content_text(p->content, "name");
    return COUNCIL_OK;
}

static enum council_error add_note(struct model *m, const struct model_post *p)
{
    enum council_error error =
        model_grow((void **)&m->notes, m->note_count, &m->note_size, sizeof *m->notes);
    if (error)
        return error;
    struct model_note *note = &m->notes[m->note_count++];
    *note = (struct model_note){.seq = p->seq,
                                .at = p->at,
                                .received = p->received,
                                .reply = content_number(p->content, "reply"),
                                .text = content_text(p->content, "text")};
    memcpy(note->author, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

static enum council_error add_verified(struct model *m, const struct model_post *p)
{
    struct model_verified *record = NULL;
    for (uint32_t i = 0; i < m->verified_count; i++)
        if (model_same(m->verified[i].member, p->author))
            record = &m->verified[i];
    if (!record) {
        enum council_error error = model_grow((void **)&m->verified, m->verified_count,
                                              &m->verified_size, sizeof *m->verified);
        if (error)
            return error;
        record = &m->verified[m->verified_count++];
    }
    memcpy(record->member, p->author, COUNCIL_KEY_BYTES);
    record->seq = p->seq;
    record->control_seq = content_number(p->content, "seq");
    record->number = content_text(p->content, "number");
    return COUNCIL_OK;
}

static enum council_error add_custom(struct model *m, const struct model_post *p)
{
    if (p->moderator)
        m->update_day = (uint32_t)content_number(p->content, "update");
    return COUNCIL_OK;
}

/* A flag is shown where entries are listed; the model keeps nothing of it. */
static enum council_error add_nothing(struct model *m, const struct model_post *p)
{
    (void)m;
    (void)p;
    return COUNCIL_OK;
}

typedef enum council_error fold_fn(struct model *, const struct model_post *);

/* A type without a row is kept, and means nothing here. */
static fold_fn *const folds[CONTENT_TYPE_COUNT] = {
    [CONTENT_PROFILE] = add_profile,
    [CONTENT_TITLE] = add_title,
    [CONTENT_NOTE] = add_note,
    [CONTENT_DOCUMENT] = model_add_document,
    [CONTENT_COMMENT] = model_add_comment,
    [CONTENT_CHECKIN] = model_add_checkin,
    [CONTENT_VERIFIED] = add_verified,
    [CONTENT_FLAG] = add_nothing,
    [CONTENT_AGENDA] = model_add_agenda,
    [CONTENT_SEAT] = model_add_seat,
    [CONTENT_ROLES] = model_add_meeting,
    [CONTENT_EXTEND] = model_add_meeting,
    [CONTENT_SEATED] = model_add_meeting,
    [CONTENT_MINUTES] = model_add_meeting,
    [CONTENT_WORD] = model_add_meeting,
    [CONTENT_ACT] = model_add_act,
    [CONTENT_CUSTOM] = add_custom,
    [CONTENT_STEP] = model_add_step,
    [CONTENT_LANDED] = model_add_landed,
    [CONTENT_MERGE] = model_add_merge,
    [CONTENT_MERGE_ANSWER] = model_add_merge_answer,
    [CONTENT_MERGE_INVITE] = model_add_merge_invite,
    [CONTENT_MERGE_END] = model_add_merge_end,
    [CONTENT_CLOSING] = model_add_closing,
};

/* What a member's client writes without being asked to is no sign of life. */
static bool by_itself(enum content_type type)
{
    return type == CONTENT_FLAG || type == CONTENT_MERGE_INVITE || type == CONTENT_MERGE_END;
}

enum council_error model_add(struct model *m, const struct model_post *post)
{
    enum council_error error = content_check(post->content, NULL);
    if (error) {
        m->newer += error == COUNCIL_E_NEEDS_NEWER;
        m->refused += error != COUNCIL_E_NEEDS_NEWER;
        return error;
    }
    enum content_type type = content_type_of(post->content);
    if (!by_itself(type))
        error = passage_hear(m, post->author, post->seq, model_when(post));
    if (error)
        return error;
    fold_fn *fold = folds[type];
    /* jansson counts references on a non-const value; the content itself is never changed. */
    if (json_array_append(m->held, (json_t *)(uintptr_t)post->content))
        return COUNCIL_E_NO_MEMORY;
    error = fold ? fold(m, post) : COUNCIL_OK;
    if (error)
        json_array_remove(m->held, json_array_size(m->held) - 1);
    return error;
}

const struct model_profile *model_profile(const struct model *m,
                                          const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < m->profile_count; i++)
        if (model_same(m->profiles[i].member, member))
            return &m->profiles[i];
    return NULL;
}

void model_name(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                char out[MODEL_NAME_MAX])
{
    char key[COUNCIL_KEY_CHARS + 1];
    const struct model_profile *profile = model_profile(m, member);
    bool shared = false;
    council_b64_encode(key, member, COUNCIL_KEY_BYTES);
    for (uint32_t i = 0; profile && i < m->profile_count; i++)
        if (&m->profiles[i] != profile && strcmp(m->profiles[i].name, profile->name) == 0)
            shared = true;
    if (!profile)
        snprintf(out, MODEL_NAME_MAX, "member %.6s", key);
    else if (shared)
        snprintf(out, MODEL_NAME_MAX, "%s (%.6s)", profile->name, key);
    else
        snprintf(out, MODEL_NAME_MAX, "%s", profile->name);
}
