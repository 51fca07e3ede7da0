/*
 * ledger.c - check-ins, and the ledger of commitments that they keep.
 *
 * Invariant: a commitment belongs to the author of the check-in that made it, and only that author's later check-ins
 * change it; what is done or dropped stays so; everything else is carried over.
 */
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"

static const char *const words[] = {[MODEL_OPEN] = "open",
                                    [MODEL_PARTLY] = "partly",
                                    [MODEL_MISSED] = "missed",
                                    [MODEL_DONE] = "done",
                                    [MODEL_DROPPED] = "dropped"};

const char *model_commitment_word(enum model_commitment_state state)
{
    return words[state];
}

static bool is_closed(const struct model_commitment *c)
{
    return c->state == MODEL_DONE || c->state == MODEL_DROPPED;
}

static struct model_commitment *find(const struct model *m, const uint8_t *author,
                                     const json_t *record)
{
    uint8_t id[COUNCIL_ID_BYTES];
    if (!content_bytes(record, "id", id, sizeof id))
        return NULL;
    for (uint32_t i = 0; i < m->commitment_count; i++)
        if (model_same(m->commitments[i].author, author) &&
            memcmp(m->commitments[i].id, id, sizeof id) == 0)
            return &m->commitments[i];
    return NULL;
}

static void apply_result(const struct model *m, const struct model_post *p, const json_t *result)
{
    struct model_commitment *c = find(m, p->author, result);
    if (!c || is_closed(c))
        return;
    for (int s = MODEL_PARTLY; s <= MODEL_DROPPED; s++)
        if (strcmp(words[s], content_text(result, "state")) == 0)
            c->state = (enum model_commitment_state)s;
    c->word = content_text(result, "word");
    c->changed_seq = p->seq;
    c->changed_at = p->at;
}

static void carry_over(const struct model *m, const uint8_t *author)
{
    for (uint32_t i = 0; i < m->commitment_count; i++)
        if (model_same(m->commitments[i].author, author) && !is_closed(&m->commitments[i]))
            m->commitments[i].carried++;
}

/* Room is made beforehand, so this cannot fail half-way. */
static void add_commitment(struct model *m, const struct model_post *p, const json_t *record)
{
    struct model_commitment *c = &m->commitments[m->commitment_count];
    if (find(m, p->author, record))
        return; /* the same id again changes nothing */
    *c = (struct model_commitment){.text = content_text(record, "text"),
                                   .measure = content_text(record, "measure"),
                                   .due = content_text(record, "due"),
                                   .opened_seq = p->seq,
                                   .opened_at = p->at,
                                   .changed_seq = p->seq,
                                   .changed_at = p->at};
    memcpy(c->author, p->author, COUNCIL_KEY_BYTES);
    if (content_bytes(record, "id", c->id, sizeof c->id))
        m->commitment_count++;
}

enum council_error model_add_checkin(struct model *m, const struct model_post *p)
{
    const json_t *results = json_object_get(p->content, "results");
    const json_t *made = json_object_get(p->content, "commitments");
    enum council_error error =
        model_grow((void **)&m->checkins, m->checkin_count, &m->checkin_size, sizeof *m->checkins);
    for (size_t i = 0; !error && i < json_array_size(made); i++)
        error = model_grow((void **)&m->commitments, m->commitment_count + (uint32_t)i,
                           &m->commitment_size, sizeof *m->commitments);
    if (error)
        return error;
    for (size_t i = 0; i < json_array_size(results); i++)
        apply_result(m, p, json_array_get(results, i));
    carry_over(m, p->author);
    for (size_t i = 0; i < json_array_size(made); i++)
        add_commitment(m, p, json_array_get(made, i));
    struct model_checkin *checkin = &m->checkins[m->checkin_count++];
    *checkin = (struct model_checkin){.seq = p->seq,
                                      .at = p->at,
                                      .meeting = content_text(p->content, "meeting"),
                                      .text = content_text(p->content, "text"),
                                      .hope = (uint32_t)content_number(p->content, "hope"),
                                      .energy = (uint32_t)content_number(p->content, "energy"),
                                      .content = p->content};
    memcpy(checkin->author, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

uint32_t model_open_commitment(const struct model *m, const uint8_t author[COUNCIL_KEY_BYTES],
                               uint32_t after)
{
    for (uint32_t i = after + 1; i < m->commitment_count; i++)
        if (model_same(m->commitments[i].author, author) && !is_closed(&m->commitments[i]))
            return i;
    return UINT32_MAX;
}
