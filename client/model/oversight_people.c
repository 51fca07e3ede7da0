/*
 * oversight_people.c - what the overview says of single members: who does not come, who is silent, who waits.
 *
 * Invariant: an alumna is reminded of nothing, so no rule but that of her calls names her.
 */
#include <string.h>

#include "client/model/course.h"
#include "client/model/oversight_internal.h"

enum {
    DAY_MS = 86400000
};

static bool is_self(const struct oversight_look *look, const struct council_person *person)
{
    return model_same(person->pin.member, look->given->self);
}

/* ---- meetings ---- */

void oversight_find_TODAY(struct oversight_look *look)
{
    const struct model *m = look->given->model;
    for (uint32_t i = 0; i < m->seat_count; i++) {
        const struct model_seat *seat = &m->seats[i];
        const struct council_person *person = council_person(look->given->council, seat->member);
        if (!seat->in || !seat->reason || !seat->day || !person || !person->member ||
            strcmp(seat->day, look->given->today) != 0)
            continue;
        oversight_add(look, OVERSIGHT_TODAY, person->pin.member)->text = seat->reason;
    }
}

void oversight_find_SAID_NO(struct oversight_look *look)
{
    const struct oversight_given *given = look->given;
    for (uint32_t i = 0; given->next && i < given->council->person_count; i++) {
        const struct council_person *person = &given->council->people[i];
        const struct model_answer *answer =
            model_meeting_answer(given->model, given->next, person->pin.member);
        if (oversight_counts(look, person) && answer && strcmp(answer->answer, "no") == 0)
            (void)oversight_add(look, OVERSIGHT_SAID_NO, person->pin.member);
    }
}

/* True if the member belonged to the council before anybody was at that meeting. */
static bool was_there_to_come(const struct model_meeting *meeting,
                              const struct council_person *person)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < meeting->attendee_count; i++)
        if (meeting->attendees[i].seq < first)
            first = meeting->attendees[i].seq;
    return person->joined_seq < first;
}

/* Meetings in a row, up to the last one, at which the member was not. */
static uint32_t absences(const struct oversight_look *look, const struct council_person *person)
{
    const struct council *council = look->given->council;
    uint32_t count = 0;
    for (uint32_t i = 0; i < look->meeting_count; i++) {
        const struct model_meeting *meeting = look->meetings[i];
        if (council->meeting.open && strcmp(council->meeting.meeting, meeting->name) == 0)
            continue; /* whoever is not there yet may be late */
        if (meeting_attended(meeting, person->pin.member) || !was_there_to_come(meeting, person))
            break;
        count++;
    }
    return count;
}

void oversight_find_ABSENT_TWICE(struct oversight_look *look)
{
    const struct council *council = look->given->council;
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        uint32_t count = oversight_counts(look, person) ? absences(look, person) : 0;
        if (count >= OVERSIGHT_ABSENT)
            oversight_add(look, OVERSIGHT_ABSENT_TWICE, person->pin.member)->n = count;
    }
}

/* ---- who is quiet, who waits ---- */

void oversight_find_SILENT(struct oversight_look *look)
{
    const struct oversight_given *given = look->given;
    uint64_t limit =
        (uint64_t)(given->council->fast ? OVERSIGHT_FAST_DAYS : OVERSIGHT_SLOW_DAYS) * DAY_MS;
    for (uint32_t i = 0; i < given->council->person_count; i++) {
        const struct council_person *person = &given->council->people[i];
        const struct passage_heard *heard = passage_heard(given->model, person->pin.member);
        if (is_self(look, person) || !oversight_counts(look, person) || !heard ||
            given->now_ms < heard->at || given->now_ms - heard->at < limit)
            continue;
        oversight_add(look, OVERSIGHT_SILENT, person->pin.member)->since_ms = heard->at;
    }
}

/* A weekly update tells; it does not ask to be worked on, as a document does. */
static bool wants_feedback(const struct model_document *d)
{
    return d->form && strcmp(d->form->name, "weekly-update") != 0;
}

static bool has_feedback(const struct model_document *d, const struct model_revision *revision)
{
    for (uint32_t i = 0; i < d->comment_count; i++)
        if (d->comments[i].seq > revision->seq && !model_same(d->comments[i].author, d->author))
            return true;
    return false;
}

/* How many documents of the member are told of already. */
static uint32_t waiting_of(const struct oversight *out, const uint8_t *member)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->count; i++)
        count +=
            out->lines[i].what == OVERSIGHT_FEEDBACK && model_same(out->lines[i].member, member);
    return count;
}

void oversight_find_FEEDBACK(struct oversight_look *look)
{
    const struct model *m = look->given->model;
    for (uint32_t i = 0; i < m->document_count; i++) {
        const struct model_document *d = &m->documents[i];
        const struct model_revision *latest = model_revision(d, 0);
        const struct council_person *person = council_person(look->given->council, d->author);
        if (!person || !oversight_counts(look, person) || !latest || !wants_feedback(d) ||
            has_feedback(d, latest) ||
            waiting_of(look->out, person->pin.member) == OVERSIGHT_FEEDBACK_MAX)
            continue;
        struct oversight_line *line = oversight_add(look, OVERSIGHT_FEEDBACK, person->pin.member);
        line->object = d->object;
        line->since_ms = latest->at;
        line->text = latest->title ? latest->title : d->form->title;
    }
}

/* ---- trust and preparation ---- */

void oversight_find_DEVICE(struct oversight_look *look)
{
    const struct model_passages *all = &look->given->model->passages;
    for (uint32_t i = 0; look->compared && i < all->device_count; i++) {
        const struct council_person *person =
            council_person(look->given->council, all->devices[i].member);
        if (person && person->member && !is_self(look, person) &&
            all->devices[i].seq > look->compared->control_seq)
            (void)oversight_add(look, OVERSIGHT_DEVICE, person->pin.member);
    }
}

/* One line for each counted member (of the moderators where `leads`) who has not finished a course. */
static void unfinished(struct oversight_look *look, enum oversight_what what, enum course_id course,
                       bool leads)
{
    const struct oversight_given *given = look->given;
    for (uint32_t i = 0; i < given->council->person_count; i++) {
        const struct council_person *person = &given->council->people[i];
        if (!oversight_counts(look, person) || (leads && !person->moderator) ||
            course_finished(given->model, person->pin.member, course))
            continue;
        struct oversight_line *line = oversight_add(look, what, person->pin.member);
        line->n = course_done(given->model, person->pin.member, course);
        line->m = course_info(course)->count;
    }
}

void oversight_find_ORIENTATION(struct oversight_look *look)
{
    unfinished(look, OVERSIGHT_ORIENTATION, COURSE_ORIENTATION, false);
}

void oversight_find_TRAINING(struct oversight_look *look)
{
    unfinished(look, OVERSIGHT_TRAINING, COURSE_TRAINING, true);
}

/* When the job began: the day that was named, which may be long before or after it was said; else when it was said. */
static uint64_t began_ms(const struct oversight_given *given, const struct passage_landed *landed)
{
    if (!landed->day || !given->day_ms)
        return landed->at;
    uint64_t day = given->day_ms(given, landed->day);
    return day > 0 ? day : landed->at;
}

void oversight_find_CALLS_OVER(struct oversight_look *look)
{
    const struct oversight_given *given = look->given;
    for (uint32_t i = 0; i < given->model->passages.landed_count; i++) {
        const struct passage_landed *landed = &given->model->passages.landed[i];
        const struct council_person *person = council_person(given->council, landed->member);
        uint64_t began = began_ms(given, landed);
        if (person && person->member && given->now_ms > began &&
            given->now_ms - began > (uint64_t)PASSAGE_CALL_DAYS * DAY_MS)
            oversight_add(look, OVERSIGHT_CALLS_OVER, person->pin.member)->since_ms = began;
    }
}
