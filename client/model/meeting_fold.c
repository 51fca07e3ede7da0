/*
 * meeting_fold.c - what entries and posts make of meetings: opened, in which phase, led by whom, who was there, what was written.
 *
 * Trusts that entries are valid (council_check), and still stays sane where a log says what cannot be: one meeting runs at most. Knows no
 * clock: phases begin with the server's word of the entry that began them. Invariant: on failure nothing was changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"

/* Titles where the agenda that was meant cannot be read or has another number of phases. */
static const char *const plain_titles[MEETING_PHASES_MAX] = {
    "Phase 1", "Phase 2",  "Phase 3",  "Phase 4",  "Phase 5",  "Phase 6",  "Phase 7",  "Phase 8",
    "Phase 9", "Phase 10", "Phase 11", "Phase 12", "Phase 13", "Phase 14", "Phase 15", "Phase 16"};

/* The model owns what it lends out as const. */
static struct model_meeting *writable(const struct model_meeting *meeting)
{
    return (struct model_meeting *)(uintptr_t)meeting;
}

void meeting_fini(struct model_meeting *meeting)
{
    free(meeting->holders);
    free(meeting->attendees);
    free(meeting->minutes);
    free(meeting->words);
    free(meeting->seated);
}

static enum council_error hold(struct model_meeting *meeting, enum meeting_role role,
                               const uint8_t *member, const uint8_t *by, uint64_t seq,
                               uint64_t received)
{
    enum council_error error = model_grow((void **)&meeting->holders, meeting->holder_count,
                                          &meeting->holder_size, sizeof *meeting->holders);
    if (error)
        return error;
    struct meeting_holder *holder = &meeting->holders[meeting->holder_count++];
    *holder = (struct meeting_holder){.role = role, .seq = seq, .since = received};
    memcpy(holder->member, member, COUNCIL_KEY_BYTES);
    memcpy(holder->by, by, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

static enum council_error attend(struct model_meeting *meeting, const uint8_t *member, uint64_t seq,
                                 uint64_t received)
{
    if (meeting_attended(meeting, member))
        return COUNCIL_OK;
    enum council_error error = model_grow((void **)&meeting->attendees, meeting->attendee_count,
                                          &meeting->attendee_size, sizeof *meeting->attendees);
    if (error)
        return error;
    struct meeting_attendee *attendee = &meeting->attendees[meeting->attendee_count++];
    *attendee = (struct meeting_attendee){.seq = seq, .since = received};
    memcpy(attendee->member, member, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

/* ---- phases ---- */

/* Titles and kinds of the agenda in force, where it has as many phases; minutes only of phases from `from` on (0: none). */
static void plan(const struct model *m, struct model_meeting *meeting, uint32_t from)
{
    struct agenda agenda;
    agenda_for(m, meeting->name, &agenda);
    bool fits = agenda.count == meeting->phase_count;
    for (uint32_t i = 0; i < meeting->phase_count; i++) {
        struct meeting_phase *phase = &meeting->phases[i];
        if (fits || !phase->title) {
            phase->title = fits ? agenda.phases[i].title : plain_titles[i];
            phase->kind = fits ? agenda.phases[i].kind : "";
        }
        if (fits && from > 0 && i >= from)
            phase->minutes = agenda.phases[i].minutes;
    }
}

void meeting_replan(struct model *m, const char *name)
{
    struct model_meeting *meeting = writable(meeting_running(m));
    if (meeting && strcmp(meeting->name, name) == 0)
        plan(m, meeting, meeting->phase);
}

static void begin_phase(struct model_meeting *meeting, uint32_t phase, uint64_t seq,
                        uint64_t received)
{
    meeting->phase = phase;
    meeting->phases[phase - 1].began = received;
    meeting->phases[phase - 1].began_seq = seq;
}

static void take_minutes(struct model_meeting *meeting, const struct council_entry *entry)
{
    const struct council_text *text = &entry->text;
    uint32_t list = council_body_get(entry, "minutes");
    uint32_t value = council_text_first(text, list), count = text->values[list].count;
    memset(meeting->phases, 0, sizeof meeting->phases);
    meeting->phase_count = count < MEETING_PHASES_MAX ? count : MEETING_PHASES_MAX;
    meeting->planned = 0;
    for (uint32_t i = 0; i < meeting->phase_count; i++, value = text->values[value].next) {
        meeting->phases[i].minutes = (uint32_t)text->values[value].integer;
        meeting->planned += meeting->phases[i].minutes;
    }
}

/* ---- the plain entries ---- */

/* A new record, not yet counted; with who said to be there before it was opened. */
static enum council_error begin(struct model *m, const char *name, uint64_t received,
                                struct model_meeting **out)
{
    enum council_error error =
        model_grow((void **)&m->meetings, m->meeting_count, &m->meeting_size, sizeof *m->meetings);
    if (error)
        return error;
    struct model_meeting *meeting = &m->meetings[m->meeting_count];
    memset(meeting, 0, sizeof *meeting);
    snprintf(meeting->name, sizeof meeting->name, "%s", name);
    for (uint32_t i = 0; !error && i < m->answer_count; i++)
        if (m->answers[i].attended && strcmp(m->answers[i].meeting, name) == 0)
            error = attend(meeting, m->answers[i].member, m->answers[i].seq, received);
    if (error)
        meeting_fini(meeting);
    *out = meeting;
    return error;
}

static enum council_error add_open(struct model *m, uint64_t seq, uint64_t received,
                                   const struct council_entry *entry, const char *name)
{
    uint8_t facilitator[COUNCIL_KEY_BYTES];
    struct model_meeting *meeting = writable(meeting_find(m, name));
    bool fresh = !meeting;
    enum council_error error = fresh ? begin(m, name, received, &meeting) : COUNCIL_OK;
    if (error)
        return error;
    council_body_key(entry, "facilitator", facilitator);
    error = hold(meeting, MEETING_FACILITATOR, facilitator, entry->author, seq, received);
    if (error) {
        if (fresh)
            meeting_fini(meeting);
        return error;
    }
    struct model_meeting *before = writable(meeting_running(m));
    if (before && before != meeting) { /* cannot be: then that one is over */
        before->open = false;
        before->closed = received;
        before->closed_seq = seq;
    }
    take_minutes(meeting, entry);
    meeting->zero = m->meeting_count == 0 || meeting == m->meetings;
    meeting->open = true;
    meeting->openings++;
    meeting->opened = received;
    meeting->opened_seq = seq;
    meeting->closed = meeting->closed_seq = 0;
    memcpy(meeting->opener, entry->author, COUNCIL_KEY_BYTES);
    plan(m, meeting, 0);
    if (meeting->phase_count > 0)
        begin_phase(meeting, 1, seq, received);
    m->meeting_count += fresh;
    return COUNCIL_OK;
}

static enum council_error add_step(struct model_meeting *meeting, uint64_t seq, uint64_t received,
                                   const struct council_entry *entry)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    if (entry->kind == COUNCIL_KIND_MEETING_HAND) {
        council_body_key(entry, "member", member);
        return hold(meeting, MEETING_FACILITATOR, member, entry->author, seq, received);
    }
    if (entry->kind == COUNCIL_KIND_MEETING_ADVANCE) {
        uint64_t phase = council_body_int(entry, "phase");
        if (phase > meeting->phase && phase <= meeting->phase_count)
            begin_phase(meeting, (uint32_t)phase, seq, received);
        return COUNCIL_OK;
    }
    meeting->open = false;
    meeting->closed = received;
    meeting->closed_seq = seq;
    return COUNCIL_OK;
}

enum council_error meeting_add_entry(struct model *m, uint64_t seq, uint64_t received,
                                     const struct council_entry *entry)
{
    char name[COUNCIL_LOCAL_CHARS + 1];
    switch ((int)entry->kind) {
    case COUNCIL_KIND_MEETING_OPEN:
    case COUNCIL_KIND_MEETING_ADVANCE:
    case COUNCIL_KIND_MEETING_HAND:
    case COUNCIL_KIND_MEETING_CLOSE:
    case COUNCIL_KIND_ATTEND:
        break;
    default:
        return COUNCIL_OK;
    }
    if (!council_body_string(entry, "meeting", name, sizeof name))
        return COUNCIL_E_BAD_FIELD;
    if (entry->kind == COUNCIL_KIND_MEETING_OPEN)
        return add_open(m, seq, received, entry, name);
    struct model_meeting *meeting = writable(meeting_find(m, name));
    if (!meeting)
        return COUNCIL_OK; /* of attendance the answers know */
    if (entry->kind == COUNCIL_KIND_ATTEND)
        return attend(meeting, entry->author, seq, received);
    return meeting->open ? add_step(meeting, seq, received, entry) : COUNCIL_OK;
}

/* ---- the posts ---- */

static enum council_error add_roles(struct model_meeting *meeting, const struct model_post *p)
{
    static const struct {
        const char *field;
        enum meeting_role role;
    } fields[] = {{"timekeeper", MEETING_TIMEKEEPER}, {"scribe", MEETING_SCRIBE}};
    uint32_t before = meeting->holder_count;
    enum council_error error = COUNCIL_OK;
    for (size_t i = 0; !error && i < 2; i++) {
        uint8_t member[COUNCIL_KEY_BYTES];
        if (content_bytes(p->content, fields[i].field, member, sizeof member))
            error = hold(meeting, fields[i].role, member, p->author, p->seq, p->received);
    }
    if (error)
        meeting->holder_count = before;
    return error;
}

static void extend(struct model_meeting *meeting, const struct model_post *p)
{
    uint64_t phase = content_number(p->content, "phase"),
             minutes = content_number(p->content, "minutes");
    bool may = p->moderator || meeting_led_by(meeting, p->author);
    if (!may || phase < meeting->phase || phase > meeting->phase_count)
        return; /* what is over cannot be made longer */
    struct meeting_phase *it = &meeting->phases[phase - 1];
    it->extended += (uint32_t)minutes;
    if (it->extended > MEETING_MINUTES_MAX)
        it->extended = MEETING_MINUTES_MAX;
}

static enum council_error add_seated(struct model_meeting *meeting, const struct model_post *p)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    if (!content_bytes(p->content, "member", member, sizeof member))
        return COUNCIL_OK;
    for (uint32_t i = 0; i < meeting->seated_count; i++)
        if (model_same(meeting->seated[i].member, member))
            return COUNCIL_OK; /* once a meeting */
    if (meeting->seated_count == MEETING_SEATED_MAX)
        return COUNCIL_OK;
    enum council_error error = model_grow((void **)&meeting->seated, meeting->seated_count,
                                          &meeting->seated_size, sizeof *meeting->seated);
    if (error)
        return error;
    struct meeting_seated *seated = &meeting->seated[meeting->seated_count++];
    *seated = (struct meeting_seated){.seq = p->seq, .received = p->received};
    memcpy(seated->member, member, COUNCIL_KEY_BYTES);
    memcpy(seated->by, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

static enum council_error add_line(struct meeting_line **lines, uint32_t *count, uint32_t *size,
                                   const struct model_post *p)
{
    enum council_error error = model_grow((void **)lines, *count, size, sizeof **lines);
    if (error)
        return error;
    struct meeting_line *line = &(*lines)[(*count)++];
    *line = (struct meeting_line){
        .seq = p->seq, .received = p->received, .text = content_text(p->content, "text")};
    memcpy(line->member, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

/* The last word of each is theirs. */
static enum council_error add_word(struct model_meeting *meeting, const struct model_post *p)
{
    uint32_t at = 0;
    while (at < meeting->word_count && !model_same(meeting->words[at].member, p->author))
        at++;
    enum council_error error =
        add_line(&meeting->words, &meeting->word_count, &meeting->word_size, p);
    if (error || at + 1 == meeting->word_count)
        return error;
    memmove(&meeting->words[at], &meeting->words[at + 1],
            (meeting->word_count - at - 1) * sizeof *meeting->words);
    meeting->word_count--;
    return COUNCIL_OK;
}

enum council_error model_add_meeting(struct model *m, const struct model_post *p)
{
    const char *name = content_text(p->content, "meeting");
    struct model_meeting *meeting = name ? writable(meeting_find(m, name)) : NULL;
    if (!meeting)
        return COUNCIL_OK;
    switch ((int)content_type_of(p->content)) {
    case CONTENT_MINUTES: /* a scribe may finish them afterwards, and nobody's word is lost */
        return add_line(&meeting->minutes, &meeting->minute_count, &meeting->minute_size, p);
    case CONTENT_WORD:
        return add_word(meeting, p);
    case CONTENT_SEATED:
        return add_seated(meeting, p);
    case CONTENT_ROLES:
        return meeting->open ? add_roles(meeting, p) : COUNCIL_OK;
    case CONTENT_EXTEND:
        if (meeting->open)
            extend(meeting, p);
        return COUNCIL_OK;
    default:
        return COUNCIL_OK;
    }
}
