/*
 * habits.c - weeks counted, and the weekly update composed from a week's own entries.
 *
 * Invariant: only entries of the author go into a draft, and nothing of the journal unless the caller gave it.
 */
#include "client/model/habits.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/grow.h"
#include "client/model/model_internal.h"

enum {
    LINE_MAX_BYTES = 160,   /* of anybody's text in one line of a draft */
    DRAFT_MAX_BYTES = 7000, /* below what the form's fields take */
    UPDATE_ID_TRIES = 16
};

/* ---- weeks ---- */

/* The week of an instant, or NULL. */
static struct habits_week *week_of(const uint64_t *starts, uint32_t count, struct habits_week *out,
                                   uint64_t at)
{
    for (uint32_t i = 0; i < count; i++)
        if (at >= starts[i] && at < starts[i + 1])
            return &out[i];
    return NULL;
}

static void count_outcome(struct habits_week *week, enum model_commitment_state state)
{
    switch (state) {
    case MODEL_DONE:
        week->done++;
        break;
    case MODEL_PARTLY:
        week->partly++;
        break;
    case MODEL_MISSED:
        week->missed++;
        break;
    case MODEL_DROPPED:
        week->dropped++;
        break;
    case MODEL_OPEN:
        break;
    }
}

static uint64_t checkin_when(const struct model_checkin *c)
{
    return c->received ? c->received : c->at;
}

void habits_weeks(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                  const uint64_t *starts, uint32_t count, struct habits_week *out)
{
    struct habits_week *week;
    for (uint32_t i = 0; i < m->outcome_count; i++)
        if (model_same(m->commitments[m->outcomes[i].commitment].author, member) &&
            (week = week_of(starts, count, out, m->outcomes[i].at)))
            count_outcome(week, m->outcomes[i].state);
    for (uint32_t i = 0; i < m->act_count; i++)
        if (model_same(m->acts[i].author, member) &&
            (week = week_of(starts, count, out, m->acts[i].at)))
            week->acts += m->acts[i].count;
    for (uint32_t i = 0; i < m->checkin_count; i++) {
        const struct model_checkin *c = &m->checkins[i];
        if (!model_same(c->author, member) ||
            !(week = week_of(starts, count, out, checkin_when(c))))
            continue;
        week->made += (uint32_t)json_array_size(json_object_get(c->content, "commitments"));
        week->hope_sum += c->hope;
        week->hope_count += c->hope > 0;
        week->energy_sum += c->energy;
        week->energy_count += c->energy > 0;
    }
}

/* ---- the draft of an update ---- */

struct draft {
    struct grow text;
    uint32_t left_out; /* lines for which there was no room */
};

/* Adds a text's first line, cut at a character's edge where it is too long. */
static void add_line(struct grow *g, const char *text)
{
    size_t len = strcspn(text, "\r\n"), kept = len;
    if (kept > LINE_MAX_BYTES) {
        kept = LINE_MAX_BYTES;
        while (kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
            kept--;
    }
    grow_add(g, text, kept);
    if (kept < len || text[len])
        grow_string(g, " …");
}

/* "- before text (after)"; `text` and `after` may be NULL. False: no room. */
static bool add_item(struct draft *d, const char *before, const char *text, const char *after)
{
    if (d->text.len > DRAFT_MAX_BYTES) {
        d->left_out++;
        return false;
    }
    grow_string(&d->text, "- ");
    grow_string(&d->text, before);
    if (text)
        add_line(&d->text, text);
    if (after && *after) {
        grow_string(&d->text, " (");
        add_line(&d->text, after);
        grow_string(&d->text, ")");
    }
    grow_string(&d->text, "\n");
    return true;
}

static bool within(const struct habits_span *span, uint64_t at)
{
    return at >= span->from && at < span->to;
}

static void add_acts(struct draft *d, const struct model *m, const uint8_t *author,
                     const struct habits_span *span)
{
    for (uint32_t i = 0; i < m->act_count; i++) {
        const struct model_act *act = &m->acts[i];
        const char *text = act->text;
        char count[32] = "";
        if (!model_same(act->author, author) || !within(span, act->at))
            continue;
        if (!text && act->commitment != UINT32_MAX)
            text = m->commitments[act->commitment].text;
        if (act->count > 1)
            snprintf(count, sizeof count, "%llu", (unsigned long long)act->count);
        add_item(d, "", text ? text : "something", count);
    }
}

static void add_outcomes(struct draft *d, const struct model *m, const uint8_t *author,
                         const struct habits_span *span)
{
    for (uint32_t i = 0; i < m->outcome_count; i++) {
        const struct model_outcome *outcome = &m->outcomes[i];
        const struct model_commitment *c = &m->commitments[outcome->commitment];
        char before[32];
        if (!model_same(c->author, author) || !within(span, outcome->at))
            continue;
        snprintf(before, sizeof before, "Commitment %s: ", model_commitment_word(outcome->state));
        add_item(d, before, c->text, outcome->seq == c->changed_seq ? c->word : NULL);
    }
}

static void add_texts(struct draft *d, const struct model *m, const uint8_t *author,
                      const struct habits_span *span)
{
    for (uint32_t i = 0; i < m->checkin_count; i++) {
        const struct model_checkin *c = &m->checkins[i];
        if (model_same(c->author, author) && c->text && within(span, checkin_when(c)))
            add_item(d, "From my check-in: ", c->text, NULL);
    }
    for (uint32_t i = 0; i < m->note_count; i++) {
        const struct model_note *note = &m->notes[i];
        if (model_same(note->author, author) &&
            within(span, note->received ? note->received : note->at))
            add_item(d, "From my note: ", note->text, NULL);
    }
}

static void add_documents(struct draft *d, const struct model *m, const uint8_t *author,
                          const struct habits_span *span)
{
    for (uint32_t i = 0; i < m->document_count; i++) {
        const struct model_document *document = &m->documents[i];
        const struct model_revision *latest = model_revision(document, 0);
        char revision[48];
        if (!model_same(document->author, author) || !latest || !within(span, latest->at) ||
            strcmp(document->form->name, "weekly-update") == 0)
            continue;
        snprintf(revision, sizeof revision, "revision %llu", (unsigned long long)latest->revision);
        add_item(d, "Shared: ", latest->title ? latest->title : document->form->title, revision);
    }
}

static void add_meetings(struct draft *d, const struct model *m, const uint8_t *author,
                         const struct habits_span *span)
{
    uint32_t came = 0;
    char text[64];
    for (uint32_t i = 0; i < m->meeting_count; i++) /* attendance may name what never was */
        came += meeting_attended(&m->meetings[i], author) &&
                strcmp(m->meetings[i].name, span->from_local) >= 0 &&
                strcmp(m->meetings[i].name, span->to_local) < 0;
    snprintf(text, sizeof text, "Came to %u meeting%s", came, came == 1 ? "" : "s");
    if (came)
        add_item(d, text, NULL, NULL);
}

static void add_next(struct draft *d, const struct model *m, const uint8_t *author)
{
    for (uint32_t i = model_open_commitment(m, author, UINT32_MAX); i != UINT32_MAX;
         i = model_open_commitment(m, author, i)) {
        const struct model_commitment *c = &m->commitments[i];
        char rest[64] = "";
        if (c->goal && c->reached)
            snprintf(rest, sizeof rest, "%llu of %llu so far", (unsigned long long)c->reached,
                     (unsigned long long)c->goal);
        else if (c->due)
            snprintf(rest, sizeof rest, "by %.10s", c->due);
        add_item(d, "", c->text, rest[0] ? rest : c->measure);
    }
}

/* Sets a field and frees the draft; an empty one sets nothing. */
static bool set_field(json_t *values, const char *name, struct draft *d)
{
    char more[64];
    if (d->left_out) {
        snprintf(more, sizeof more, "- and %u more\n", d->left_out);
        grow_string(&d->text, more);
    }
    size_t len = d->text.len;
    bool ok = !d->text.failed;
    if (ok && len > 0) /* the last line's end is the template's */
        ok = json_object_set_new(values, name, json_stringn(d->text.text, len - 1)) == 0;
    free(d->text.text);
    return ok;
}

enum council_error habits_compose(const struct model *council, const struct model *journal,
                                  const uint8_t author[COUNCIL_KEY_BYTES],
                                  const struct habits_span *span, json_t **values)
{
    struct draft happened = {0}, next = {0};
    json_t *out = json_object();
    if (!out)
        return COUNCIL_E_NO_MEMORY;
    add_acts(&happened, council, author, span);
    if (journal)
        add_acts(&happened, journal, author, span);
    add_outcomes(&happened, council, author, span);
    add_meetings(&happened, council, author, span);
    add_documents(&happened, council, author, span);
    add_texts(&happened, council, author, span);
    if (journal)
        add_texts(&happened, journal, author, span);
    add_next(&next, council, author);
    bool ok = set_field(out, "happened", &happened);
    ok = set_field(out, "next", &next) && ok;
    if (!ok) {
        json_decref(out);
        return COUNCIL_E_NO_MEMORY;
    }
    *values = out;
    return COUNCIL_OK;
}

/* ---- which document an update is ---- */

void habits_update_object(const uint8_t log[COUNCIL_KEY_BYTES],
                          const uint8_t author[COUNCIL_KEY_BYTES], const char *date,
                          uint8_t out[COUNCIL_ID_BYTES])
{
    static const char purpose[] = "council weekly update";
    for (int i = 0; i < UPDATE_ID_TRIES; i++) {
        const uint8_t attempt = (uint8_t)i;
        crypto_generichash_state state;
        (void)crypto_generichash_init(&state, NULL, 0, COUNCIL_ID_BYTES);
        (void)crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof purpose);
        (void)crypto_generichash_update(&state, log, COUNCIL_KEY_BYTES);
        (void)crypto_generichash_update(&state, author, COUNCIL_KEY_BYTES);
        (void)crypto_generichash_update(&state, (const uint8_t *)date, strlen(date));
        (void)crypto_generichash_update(&state, &attempt, 1);
        (void)crypto_generichash_final(&state, out, COUNCIL_ID_BYTES);
        if (out[0] >> 2 != 62) /* "-" in base64url */
            return;
    }
}

uint64_t habits_last_update(const struct model *m, const uint8_t author[COUNCIL_KEY_BYTES],
                            const uint8_t *except)
{
    uint64_t latest = 0;
    for (uint32_t i = 0; i < m->document_count; i++) {
        const struct model_document *d = &m->documents[i];
        if (!model_same(d->author, author) || strcmp(d->form->name, "weekly-update") != 0 ||
            (except && memcmp(d->object, except, COUNCIL_ID_BYTES) == 0))
            continue;
        if (d->revisions[0].at > latest)
            latest = d->revisions[0].at;
    }
    return latest;
}
