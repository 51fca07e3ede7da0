/*
 * ledger.c - check-ins and acts, and the ledger of commitments that they keep.
 *
 * Invariant: a commitment belongs to the author of the check-in that made it, and only that author's later check-ins and acts
 * change it; what is done or dropped stays so; everything else is carried over.
 */
#include <ctype.h>
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

/* The author's commitment whose id is in the record's field `name`, or NULL. */
static struct model_commitment *find(const struct model *m, const uint8_t *author,
                                     const json_t *record, const char *name)
{
    uint8_t id[COUNCIL_ID_BYTES];
    if (!content_bytes(record, name, id, sizeof id))
        return NULL;
    return ledger_index_find(m, author, id);
}

/* How many check-ins the author has made; NULL: none. */
static struct model_tally *tally_of(const struct model *m, const uint8_t *author)
{
    for (uint32_t i = 0; i < m->tally_count; i++)
        if (model_same(m->tallies[i].author, author))
            return &m->tallies[i];
    return NULL;
}

static uint32_t checkins_of(const struct model *m, const uint8_t *author)
{
    const struct model_tally *tally = tally_of(m, author);
    return tally ? tally->checkins : 0;
}

uint32_t model_carried(const struct model *m, const struct model_commitment *c)
{
    return (is_closed(c) ? c->closed : checkins_of(m, c->author)) - c->made;
}

static void count_checkin(struct model *m, const uint8_t *author)
{
    struct model_tally *tally = tally_of(m, author);
    if (!tally) { /* room was made */
        tally = &m->tallies[m->tally_count++];
        memcpy(tally->author, author, COUNCIL_KEY_BYTES);
        tally->checkins = 0;
    }
    tally->checkins++;
}

uint64_t model_when(const struct model_post *p)
{
    return p->received ? p->received : p->at;
}

/* Room is made beforehand. */
static void add_outcome(struct model *m, const struct model_post *p, struct model_commitment *c)
{
    c->changed_seq = p->seq;
    c->changed_at = p->at;
    if (is_closed(c))
        c->closed = checkins_of(m, p->author);
    m->outcomes[m->outcome_count++] =
        (struct model_outcome){.commitment = (uint32_t)(c - m->commitments),
                               .state = c->state,
                               .seq = p->seq,
                               .at = model_when(p)};
}

static void apply_result(struct model *m, const struct model_post *p, const json_t *result)
{
    struct model_commitment *c = find(m, p->author, result, "id");
    if (!c || is_closed(c))
        return;
    for (int s = MODEL_PARTLY; s <= MODEL_DROPPED; s++)
        if (strcmp(words[s], content_text(result, "state")) == 0)
            c->state = (enum model_commitment_state)s;
    c->word = content_text(result, "word");
    add_outcome(m, p, c);
}

/* Room is made beforehand, so this cannot fail half-way. */
static void add_commitment(struct model *m, const struct model_post *p, const json_t *record)
{
    struct model_commitment *c = &m->commitments[m->commitment_count];
    if (find(m, p->author, record, "id"))
        return; /* the same id again changes nothing */
    *c = (struct model_commitment){.text = content_text(record, "text"),
                                   .measure = content_text(record, "measure"),
                                   .due = content_text(record, "due"),
                                   .goal = model_goal(content_text(record, "measure")),
                                   .made = checkins_of(m, p->author),
                                   .closed = UINT32_MAX,
                                   .opened_seq = p->seq,
                                   .opened_at = p->at,
                                   .changed_seq = p->seq,
                                   .changed_at = p->at};
    memcpy(c->author, p->author, COUNCIL_KEY_BYTES);
    if (content_bytes(record, "id", c->id, sizeof c->id))
        ledger_index_add(m, m->commitment_count++);
}

enum council_error model_add_checkin(struct model *m, const struct model_post *p)
{
    const json_t *results = json_object_get(p->content, "results");
    const json_t *made = json_object_get(p->content, "commitments");
    enum council_error error =
        model_grow((void **)&m->checkins, m->checkin_count, &m->checkin_size, sizeof *m->checkins);
    if (!error)
        error =
            model_grow((void **)&m->tallies, m->tally_count, &m->tally_size, sizeof *m->tallies);
    for (size_t i = 0; !error && i < json_array_size(made); i++) {
        uint32_t count = m->commitment_count + (uint32_t)i;
        error = model_grow((void **)&m->commitments, count, &m->commitment_size,
                           sizeof *m->commitments);
        if (!error)
            error = ledger_index_room(m, count);
    }
    for (size_t i = 0; !error && i < json_array_size(results); i++)
        error = model_grow((void **)&m->outcomes, m->outcome_count + (uint32_t)i, &m->outcome_size,
                           sizeof *m->outcomes);
    if (error)
        return error;
    for (size_t i = 0; i < json_array_size(results); i++)
        apply_result(m, p, json_array_get(results, i));
    count_checkin(m, p->author);
    for (size_t i = 0; i < json_array_size(made); i++)
        add_commitment(m, p, json_array_get(made, i));
    struct model_checkin *checkin = &m->checkins[m->checkin_count++];
    *checkin = (struct model_checkin){.seq = p->seq,
                                      .at = p->at,
                                      .received = p->received,
                                      .meeting = content_text(p->content, "meeting"),
                                      .text = content_text(p->content, "text"),
                                      .hope = (uint32_t)content_number(p->content, "hope"),
                                      .energy = (uint32_t)content_number(p->content, "energy"),
                                      .content = p->content};
    memcpy(checkin->author, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

/* "one" to "twelve": measures are written by people. */
static uint64_t number_word(const char *text, size_t len)
{
    static const char *const numbers[] = {"one",   "two",   "three", "four", "five",   "six",
                                          "seven", "eight", "nine",  "ten",  "eleven", "twelve"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        size_t k = 0;
        while (k < len && tolower((unsigned char)text[k]) == numbers[i][k])
            k++;
        if (k == len && !numbers[i][k])
            return i + 1;
    }
    return 0;
}

uint64_t model_goal(const char *measure)
{
    uint64_t goal = 0;
    if (!measure)
        return 0;
    measure += strspn(measure, " \t");
    size_t len = strcspn(measure, " \t"), digits = strspn(measure, "0123456789");
    if (digits == 0)
        return number_word(measure, len);
    if (digits != len || digits > 6)
        return 0; /* "5-7 calls" and "1.5 hours" are not counted by acts */
    for (size_t i = 0; i < digits; i++)
        goal = goal * 10 + (uint64_t)(measure[i] - '0');
    return goal;
}

/* An act adds to an open commitment, and closes it once its measure's number is reached. */
enum council_error model_add_act(struct model *m, const struct model_post *p)
{
    enum council_error error =
        model_grow((void **)&m->acts, m->act_count, &m->act_size, sizeof *m->acts);
    if (!error)
        error = model_grow((void **)&m->outcomes, m->outcome_count, &m->outcome_size,
                           sizeof *m->outcomes);
    if (error)
        return error;
    struct model_commitment *c = find(m, p->author, p->content, "commitment");
    struct model_act *act = &m->acts[m->act_count++];
    uint64_t count = content_number(p->content, "count");
    bool counts = c && !is_closed(c);
    *act = (struct model_act){.seq = p->seq,
                              .at = model_when(p),
                              .count = count ? count : 1,
                              .text = content_text(p->content, "text"),
                              .commitment = counts ? (uint32_t)(c - m->commitments) : UINT32_MAX};
    memcpy(act->author, p->author, COUNCIL_KEY_BYTES);
    if (!counts)
        return COUNCIL_OK;
    c->reached += act->count;
    if (c->goal && c->reached >= c->goal) {
        c->state = MODEL_DONE;
        c->word = NULL;
        add_outcome(m, p, c);
    }
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
