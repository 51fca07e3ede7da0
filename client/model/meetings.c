/*
 * meetings.c - what is said about single meetings in plain entries: moved, cancelled, who comes, who came.
 *
 * Invariant: one answer and one change for each meeting (and member), the latest; a new schedule begins without changes.
 */
#include <string.h>

#include "client/model/model_internal.h"

const struct model_change *model_meeting_change(const struct model *m, const char *meeting)
{
    for (uint32_t i = 0; i < m->change_count; i++)
        if (strcmp(m->changes[i].meeting, meeting) == 0)
            return &m->changes[i];
    return NULL;
}

const struct model_answer *model_meeting_answer(const struct model *m, const char *meeting,
                                                const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < m->answer_count; i++)
        if (strcmp(m->answers[i].meeting, meeting) == 0 && model_same(m->answers[i].member, member))
            return &m->answers[i];
    return NULL;
}

static enum council_error add_change(struct model *m, uint64_t seq,
                                     const struct council_entry *entry, const char *meeting)
{
    struct model_change *change =
        (struct model_change *)(uintptr_t)model_meeting_change(m, meeting);
    if (!change) {
        enum council_error error =
            model_grow((void **)&m->changes, m->change_count, &m->change_size, sizeof *m->changes);
        if (error)
            return error;
        change = &m->changes[m->change_count++];
    }
    memset(change, 0, sizeof *change);
    memcpy(change->meeting, meeting, sizeof change->meeting);
    change->seq = seq;
    change->cancelled = !council_body_string(entry, "to", change->to, sizeof change->to);
    return COUNCIL_OK;
}

/* Attendance is an answer too: the last word on who was there. */
static enum council_error add_answer(struct model *m, uint64_t seq,
                                     const struct council_entry *entry, const char *meeting)
{
    struct model_answer *answer =
        (struct model_answer *)(uintptr_t)model_meeting_answer(m, meeting, entry->author);
    if (!answer) {
        enum council_error error =
            model_grow((void **)&m->answers, m->answer_count, &m->answer_size, sizeof *m->answers);
        if (error)
            return error;
        answer = &m->answers[m->answer_count++];
        memset(answer, 0, sizeof *answer);
    }
    memcpy(answer->meeting, meeting, sizeof answer->meeting);
    memcpy(answer->member, entry->author, COUNCIL_KEY_BYTES);
    answer->seq = seq;
    if (entry->kind == COUNCIL_KIND_ATTEND)
        answer->attended = true;
    else if (!council_body_string(entry, "answer", answer->answer, sizeof answer->answer))
        return COUNCIL_E_BAD_FIELD;
    return COUNCIL_OK;
}

/* Two places know of it; room is made in one before the other is changed. */
static enum council_error add_attendance(struct model *m, uint64_t seq, uint64_t received,
                                         const struct council_entry *entry, const char *meeting)
{
    enum council_error error =
        model_grow((void **)&m->answers, m->answer_count, &m->answer_size, sizeof *m->answers);
    if (!error)
        error = meeting_add_entry(m, seq, received, entry);
    return error ? error : add_answer(m, seq, entry, meeting);
}

enum council_error model_add_entry(struct model *m, uint64_t seq, uint64_t received,
                                   const struct council_entry *entry)
{
    char meeting[COUNCIL_LOCAL_CHARS + 1];
    enum council_error heard = passage_add_entry(m, seq, received ? received : entry->at, entry);
    if (heard)
        return heard;
    switch ((int)entry->kind) {
    case COUNCIL_KIND_SCHEDULE_SET:
        m->change_count = 0;
        return COUNCIL_OK;
    case COUNCIL_KIND_MEETING_CHANGE:
        return council_body_string(entry, "meeting", meeting, sizeof meeting)
                   ? add_change(m, seq, entry, meeting)
                   : COUNCIL_E_BAD_FIELD;
    case COUNCIL_KIND_RSVP:
        return council_body_string(entry, "meeting", meeting, sizeof meeting)
                   ? add_answer(m, seq, entry, meeting)
                   : COUNCIL_E_BAD_FIELD;
    case COUNCIL_KIND_ATTEND:
        return council_body_string(entry, "meeting", meeting, sizeof meeting)
                   ? add_attendance(m, seq, received, entry, meeting)
                   : COUNCIL_E_BAD_FIELD;
    default:
        return meeting_add_entry(m, seq, received, entry);
    }
}
