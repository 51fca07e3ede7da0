/*
 * test_oversight.c - the moderator's overview and the folds that it rests on: made-up councils, posts and times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/model/course.h"
#include "client/model/meeting.h"
#include "client/model/oversight.h"

#define DAY    UINT64_C(86400000)
#define NOW    (UINT64_C(20000) * DAY)
#define OBJECT "\"AAAAAAAAAAAAAAAAAAAAAQ\""

enum {
    PEOPLE = 8
};

/* A council of `count` members: person i has the key {i + 1}; the first one moderates. */
struct world {
    struct council council;
    struct council_person people[PEOPLE];
    struct model *model;
    struct oversight_given given;
    struct oversight seen;
    uint64_t seq;
};

static void begin(struct world *w, uint32_t count)
{
    memset(w, 0, sizeof *w);
    w->model = model_create();
    assert_non_null(w->model);
    for (uint32_t i = 0; i < count; i++) {
        w->people[i].pin.member[0] = (uint8_t)(i + 1);
        w->people[i].member = true;
        w->people[i].joined_seq = i + 1;
    }
    w->people[0].moderator = true;
    w->council.people = w->people;
    w->council.person_count = count;
    w->council.size = 8;
    w->council.fast = true;
    w->council.control = 10;
    w->seq = 10;
    w->given = (struct oversight_given){.council = &w->council,
                                        .model = w->model,
                                        .self = w->people[0].pin.member,
                                        .now_ms = NOW,
                                        .today = "2026-11-23"};
}

static void end(struct world *w)
{
    model_destroy(w->model);
}

/* A post of person `i`, `days` before now. */
static void post(struct world *w, uint32_t i, uint64_t days, const char *text)
{
    json_t *content = json_loads(text, 0, NULL);
    const struct model_post p = {.seq = ++w->seq,
                                 .at = NOW - days * DAY,
                                 .received = NOW - days * DAY,
                                 .author = w->people[i].pin.member,
                                 .content = content,
                                 .moderator = w->people[i].moderator};
    assert_non_null(content);
    assert_int_equal(model_add(w->model, &p), COUNCIL_OK);
    json_decref(content);
}

/* Answers and attendance lie in the model as entries bring them. */
static void answer(struct world *w, uint32_t i, const char *meeting, const char *said,
                   bool attended)
{
    struct model *m = w->model;
    assert_true(m->answer_count < m->answer_size || m->answer_size == 0);
    if (!m->answer_size) {
        m->answers = calloc(128, sizeof *m->answers);
        m->answer_size = 128;
    }
    struct model_answer *a = &m->answers[m->answer_count++];
    assert_non_null(m->answers);
    snprintf(a->meeting, sizeof a->meeting, "%s", meeting);
    snprintf(a->answer, sizeof a->answer, "%s", said);
    a->attended = attended;
    a->seq = ++w->seq;
    memcpy(a->member, w->people[i].pin.member, COUNCIL_KEY_BYTES);
}

static void look(struct world *w)
{
    oversight_look(&w->given, &w->seen);
}

/* The line about a person (or about nobody, for PEOPLE), or NULL. */
static const struct oversight_line *line(const struct world *w, enum oversight_what what,
                                         uint32_t i)
{
    for (uint32_t k = 0; k < w->seen.count; k++) {
        const struct oversight_line *l = &w->seen.lines[k];
        if (l->what == what &&
            (i == PEOPLE ? !l->member
                         : l->member && memcmp(l->member, w->people[i].pin.member, 32) == 0))
            return l;
    }
    return NULL;
}

/* Everybody has done the orientation and compared the number, so that those lines are out of the way. */
static void settle(struct world *w)
{
    const struct course *course = course_info(COURSE_ORIENTATION);
    char text[256];
    for (uint32_t i = 0; i < w->council.person_count; i++) {
        for (uint32_t s = 0; s < course->count; s++) {
            snprintf(text, sizeof text,
                     "{\"type\":\"step\",\"course\":\"orientation\",\"step\":\"%s\"}",
                     course->steps[s].name);
            post(w, i, 1, text);
        }
        snprintf(text, sizeof text, "{\"type\":\"verified\",\"seq\":10,\"number\":\"%049d\"}", 0);
        post(w, i, 1, text);
    }
}

/* ---- the state of a council ---- */

static void states_follow_people_orientation_and_meetings(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 5);
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_FORMING);
    assert_int_equal(line(&w, OVERSIGHT_PLACES, PEOPLE)->m, 3);
    w.people[5] = w.people[4];
    w.people[5].pin.member[0] = 6;
    w.council.person_count = 6;
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_ORIENTING);
    assert_non_null(line(&w, OVERSIGHT_ORIENTATION, 5));
    assert_null(line(&w, OVERSIGHT_PLACES, PEOPLE));
    settle(&w);
    w.council.schedule.seq = 3;
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_ZERO_DUE);
    assert_non_null(line(&w, OVERSIGHT_ZERO, PEOPLE));
    answer(&w, 1, "2026-11-16T18:00", "", true);
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_RUNNING);
    assert_null(line(&w, OVERSIGHT_ZERO, PEOPLE));
    w.people[5].member = false;
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_SHORT);
    post(&w, 0, 0, "{\"type\":\"closing\",\"closed\":1,\"text\":\"Farewell\"}");
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_CLOSED);
    assert_null(line(&w, OVERSIGHT_PLACES, PEOPLE));
    post(&w, 0, 0, "{\"type\":\"closing\",\"closed\":0}");
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_SHORT);
    end(&w);
}

static void only_a_moderator_closes(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 6);
    post(&w, 1, 0, "{\"type\":\"closing\",\"closed\":1}");
    assert_false(w.model->passages.closed);
    post(&w, 0, 0, "{\"type\":\"closing\",\"closed\":1}");
    assert_true(w.model->passages.closed);
    post(&w, 1, 0, "{\"type\":\"closing\",\"closed\":0}");
    assert_true(w.model->passages.closed);
    end(&w);
}

/* ---- meetings ---- */

static void absent_at_the_last_two_is_told_and_at_one_is_not(void **state)
{
    (void)state;
    static const char *const names[] = {"2026-11-09T18:00", "2026-11-12T18:00", "2026-11-16T18:00"};
    struct world w;
    begin(&w, 4);
    for (int m = 0; m < 3; m++)
        answer(&w, 0, names[m], "", true);
    answer(&w, 1, names[0], "", true);  /* absent at two */
    answer(&w, 2, names[1], "", true);  /* absent at one */
    w.people[3].joined_seq = w.seq + 1; /* joined after all of them */
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_ABSENT_TWICE, 1)->n, 2);
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 0));
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 2));
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 3));
    answer(&w, 1, names[2], "no", false);            /* who says no is absent all the same */
    answer(&w, 1, "2026-11-19T18:00", "yes", false); /* where nobody was, nobody was absent */
    look(&w);
    assert_int_equal(w.seen.held, 3);
    assert_int_equal(line(&w, OVERSIGHT_ABSENT_TWICE, 1)->n, 2);
    end(&w);
}

static void whoever_may_still_be_late_is_not_absent(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 2);
    answer(&w, 0, "2026-11-16T18:00", "", true);
    answer(&w, 0, "2026-11-19T18:00", "", true);
    w.council.meeting.open = true;
    memcpy(w.council.meeting.meeting, "2026-11-19T18:00", 17);
    look(&w);
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 1));
    w.council.meeting.open = false;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_ABSENT_TWICE, 1));
    end(&w);
}

static void answers_to_the_next_meeting_are_counted(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 5);
    w.given.next = "2026-11-26T18:00";
    answer(&w, 0, "2026-11-26T18:00", "yes", false);
    answer(&w, 1, "2026-11-26T18:00", "no", false);
    answer(&w, 2, "2026-11-26T18:00", "late", false);
    answer(&w, 3, "2026-11-19T18:00", "no", false); /* another one */
    look(&w);
    assert_int_equal(w.seen.yes, 1);
    assert_int_equal(w.seen.no, 1);
    assert_int_equal(w.seen.late, 1);
    assert_int_equal(w.seen.silent, 2);
    assert_non_null(line(&w, OVERSIGHT_SAID_NO, 1));
    assert_null(line(&w, OVERSIGHT_SAID_NO, 3));
    assert_null(line(&w, OVERSIGHT_SAID_NO, 0));
    assert_null(line(&w, OVERSIGHT_FEW_COME, PEOPLE));
    answer(&w, 3, "2026-11-26T18:00", "no", false);
    answer(&w, 4, "2026-11-26T18:00", "no", false);
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_FEW_COME, PEOPLE)->n, 3);
    end(&w);
}

static void only_the_latest_sixteen_meetings_are_looked_at(void **state)
{
    (void)state;
    struct world w;
    char list[4][COUNCIL_LOCAL_CHARS + 1];
    begin(&w, 1);
    for (int i = 28; i > 0; i -= 3) { /* backwards: the order of the log says nothing */
        char name[32];
        snprintf(name, sizeof name, "2026-10-%02dT18:00", i);
        answer(&w, 0, name, "", true);
        answer(&w, 0, name, "", true);
    }
    assert_int_equal(oversight_meetings(w.model, 4, list), 4);
    assert_string_equal(list[0], "2026-10-19T18:00");
    assert_string_equal(list[3], "2026-10-28T18:00");
    end(&w);
}

static void an_interview_is_told_on_its_day(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    post(&w, 1, 1,
         "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"interview\",\"day\":\"2026-11-23\"}");
    post(&w, 2, 1,
         "{\"type\":\"seat\",\"want\":\"in\",\"reason\":\"offer\",\"day\":\"2026-11-24\"}");
    look(&w);
    assert_string_equal(line(&w, OVERSIGHT_TODAY, 1)->text, "interview");
    assert_null(line(&w, OVERSIGHT_TODAY, 2));
    w.given.today = "2026-11-24";
    look(&w);
    assert_null(line(&w, OVERSIGHT_TODAY, 1));
    assert_string_equal(line(&w, OVERSIGHT_TODAY, 2)->text, "offer");
    end(&w);
}

/* ---- who is quiet, who waits ---- */

static void silence_is_measured_from_the_last_sign_of_life(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 4);
    post(&w, 0, 30, "{\"type\":\"note\",\"text\":\"I moderate\"}");
    post(&w, 1, 30, "{\"type\":\"note\",\"text\":\"long ago\"}");
    post(&w, 1, 7, "{\"type\":\"note\",\"text\":\"a week ago\"}");
    post(&w, 2, 6, "{\"type\":\"note\",\"text\":\"this week\"}");
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_SILENT, 1)->since_ms, NOW - 7 * DAY);
    assert_null(line(&w, OVERSIGHT_SILENT, 0)); /* who looks is here */
    assert_null(line(&w, OVERSIGHT_SILENT, 2));
    w.council.fast = false; /* every two weeks: three weeks are long */
    look(&w);
    assert_null(line(&w, OVERSIGHT_SILENT, 1));
    end(&w);
}

static const char two_pager[] = "{\"type\":\"document\",\"object\":" OBJECT
                                ",\"form\":\"two-pager\",\"revision\":1,\"fields\":{}}";
static const char revised[] = "{\"type\":\"document\",\"object\":" OBJECT
                              ",\"form\":\"two-pager\",\"revision\":2,\"fields\":{}}";

static void feedback_is_waited_for_until_another_comments_on_the_latest(void **state)
{
    (void)state;
    struct world w;
    char by_ben[256];
    begin(&w, 3);
    snprintf(by_ben, sizeof by_ben,
             "{\"type\":\"comment\",\"author\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
             "\"object\":" OBJECT ",\"revision\":1,\"text\":\"good\"}");
    post(&w, 1, 9, two_pager);
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_FEEDBACK, 1)->since_ms, NOW - 9 * DAY);
    post(&w, 1, 8, by_ben); /* one's own word is no feedback */
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_FEEDBACK, 1));
    post(&w, 2, 8, by_ben);
    look(&w);
    assert_null(line(&w, OVERSIGHT_FEEDBACK, 1));
    post(&w, 1, 3, revised);
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_FEEDBACK, 1)->since_ms, NOW - 3 * DAY);
    w.people[1].member = false;
    look(&w);
    assert_null(line(&w, OVERSIGHT_FEEDBACK, 1));
    end(&w);
}

static void a_weekly_update_asks_for_no_comment(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    post(&w, 1, 9,
         "{\"type\":\"document\",\"object\":" OBJECT
         ",\"form\":\"weekly-update\",\"revision\":1,\"fields\":{}}");
    look(&w);
    assert_null(line(&w, OVERSIGHT_FEEDBACK, 1));
    end(&w);
}

/* ---- keys and trust ---- */

static void trust_is_asked_for_once_and_again_after_a_change(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_NEVER_COMPARED, PEOPLE));
    assert_null(line(&w, OVERSIGHT_UNVERIFIED, PEOPLE));
    settle(&w);
    look(&w);
    assert_null(line(&w, OVERSIGHT_NEVER_COMPARED, PEOPLE));
    assert_null(line(&w, OVERSIGHT_CHANGED, PEOPLE));
    assert_null(line(&w, OVERSIGHT_UNVERIFIED, PEOPLE));
    w.people[2].joined_seq = 11;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_CHANGED, PEOPLE));
    w.people[2].joined_seq = 3;
    w.people[2].member = false;
    w.people[2].left_seq = 11;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_CHANGED, PEOPLE));
    w.people[2].member = true;
    w.people[2].left_seq = 0;
    w.model->passages.devices = calloc(8, sizeof *w.model->passages.devices);
    assert_non_null(w.model->passages.devices);
    w.model->passages.device_count = 1;
    w.model->passages.devices[0].seq = 9; /* seen when the number was compared */
    w.model->passages.devices[0].member[0] = 2;
    look(&w);
    assert_null(line(&w, OVERSIGHT_DEVICE, 1));
    w.model->passages.devices[0].seq = 11;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_DEVICE, 1));
    end(&w);
}

static void keys_and_the_server_come_first(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 2);
    w.given.unreadable = 3;
    w.given.stopped = w.given.recovering = true;
    w.council.rotation_due = true;
    look(&w);
    assert_int_equal(w.seen.lines[0].what, OVERSIGHT_STOPPED);
    assert_int_equal(w.seen.lines[1].what, OVERSIGHT_RECOVERING);
    assert_int_equal(line(&w, OVERSIGHT_UNREADABLE, PEOPLE)->n, 3);
    assert_non_null(line(&w, OVERSIGHT_ROTATION, PEOPLE));
    assert_non_null(line(&w, OVERSIGHT_ALONE, PEOPLE));
    w.people[1].moderator = true;
    look(&w);
    assert_null(line(&w, OVERSIGHT_ALONE, PEOPLE));
    end(&w);
}

/* ---- alumnae ---- */

static void an_alumna_is_not_counted_and_not_reminded(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 7);
    w.given.next = "2026-11-26T18:00";
    for (uint32_t i = 0; i < 7; i++)
        post(&w, i, 40, "{\"type\":\"note\",\"text\":\"hello\"}");
    answer(&w, 0, "2026-11-16T18:00", "", true);
    answer(&w, 0, "2026-11-19T18:00", "", true);
    answer(&w, 1, "2026-11-26T18:00", "no", false);
    post(&w, 1, 39, "{\"type\":\"landed\",\"stay\":1,\"day\":\"2026-11-01\"}");
    look(&w);
    assert_int_equal(w.seen.members, 7);
    assert_int_equal(w.seen.seeking, 6);
    assert_int_equal(w.seen.alumni, 1);
    assert_int_equal(w.seen.no, 0);
    for (uint32_t i = 0; i < w.seen.count; i++)
        assert_true(!w.seen.lines[i].member || w.seen.lines[i].member[0] != 2);
    assert_non_null(line(&w, OVERSIGHT_SILENT, 2));
    post(&w, 2, 39, "{\"type\":\"landed\",\"stay\":1}");
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_SHORT);
    post(&w, 1, 0, "{\"type\":\"landed\",\"seeking\":1}");
    look(&w);
    assert_int_equal(w.seen.seeking, 6);
    assert_non_null(model_landed(w.model, w.people[2].pin.member));
    assert_null(model_landed(w.model, w.people[1].pin.member));
    w.given.now_ms = NOW + 60 * DAY;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_CALLS_OVER, 2));
    end(&w);
}

static void an_alumna_is_in_the_queue_only_if_she_puts_herself_in(void **state)
{
    (void)state;
    struct world w;
    const struct meeting_week week = {NOW, "2026-11-23", "2026-11-29"};
    struct queue_place places[COUNCIL_SIZE_MAX];
    begin(&w, 3);
    post(&w, 1, 9, "{\"type\":\"seat\",\"want\":\"in\"}");
    assert_int_equal(queue_order(w.model, &w.council, &week, places), 3);
    post(&w, 1, 8, "{\"type\":\"landed\",\"stay\":1}");
    assert_int_equal(queue_order(w.model, &w.council, &week, places), 2);
    post(&w, 1, 1, "{\"type\":\"seat\",\"want\":\"in\",\"why\":\"my first week\"}");
    assert_int_equal(queue_order(w.model, &w.council, &week, places), 3);
    end(&w);
}

static void who_leaves_upon_landing_does_not_stay(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    post(&w, 1, 1, "{\"type\":\"landed\",\"stay\":1,\"day\":\"2026-12-01\"}");
    assert_true(model_landed(w.model, w.people[1].pin.member)->stays);
    assert_string_equal(model_landed(w.model, w.people[1].pin.member)->day, "2026-12-01");
    post(&w, 1, 0, "{\"type\":\"landed\",\"stay\":0}");
    assert_false(model_landed(w.model, w.people[1].pin.member)->stays);
    end(&w);
}

static void what_is_due_depends_on_schedule_and_closing(void **state)
{
    (void)state;
    struct world w;
    struct council_invite invites[2] = {{.uses = 2, .used = 1, .expires = NOW + DAY},
                                        {.uses = 2, .expires = NOW - DAY}};
    begin(&w, 3);
    w.council.invites = invites;
    w.council.invite_count = 2;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_NO_SCHEDULE, PEOPLE));
    assert_null(line(&w, OVERSIGHT_INVITES, PEOPLE));
    w.council.schedule.seq = 5;
    look(&w);
    assert_null(line(&w, OVERSIGHT_NO_SCHEDULE, PEOPLE));
    post(&w, 0, 0, "{\"type\":\"closing\",\"closed\":1}");
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_INVITES, PEOPLE)->n, 1);
    w.council.schedule.seq = 0;
    look(&w);
    assert_null(line(&w, OVERSIGHT_NO_SCHEDULE, PEOPLE));
    end(&w);
}

/* ---- merging ---- */

#define MERGE "\"merge\":" OBJECT
#define OTHER "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

static void a_merge_is_carried_by_those_who_are_here_and_consent(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 4);
    static const char proposal[] =
        "{\"type\":\"merge\"," MERGE ",\"other\":" OTHER ",\"host\":0,\"need\":3}";
    post(&w, 1, 0, proposal); /* no moderator: nothing */
    assert_null(passage_merge_open(w.model));
    post(&w, 0, 0, proposal);
    post(&w, 1, 0, "{\"type\":\"merge-answer\"," MERGE ",\"consent\":1}");
    post(&w, 2, 0, "{\"type\":\"merge-answer\"," MERGE ",\"consent\":1}");
    const struct passage_merge *merge = passage_merge_open(w.model);
    assert_non_null(merge);
    assert_true(passage_carried(merge, &w.council));
    w.people[2].member = false;
    assert_int_equal(passage_consents(merge, &w.council), 2);
    assert_false(passage_carried(merge, &w.council));
    w.people[2].member = true;
    post(&w, 1, 0, "{\"type\":\"merge-answer\"," MERGE ",\"consent\":0}");
    assert_false(passage_carried(passage_merge_open(w.model), &w.council));
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_MERGE, PEOPLE)->n, 2);
    post(&w, 1, 0, "{\"type\":\"merge-end\"," MERGE "}"); /* neither proposer nor moderator */
    assert_non_null(passage_merge_open(w.model));
    post(&w, 1, 0, "{\"type\":\"merge-answer\"," MERGE ",\"consent\":1}");
    merge = passage_merge_open(w.model);
    assert_true(passage_carried(merge, &w.council));
    post(&w, 0, 0, "{\"type\":\"merge-end\"," MERGE "}");
    assert_null(passage_merge_open(w.model));
    merge = passage_merge(w.model, (const uint8_t[COUNCIL_ID_BYTES]){[15] = 1});
    assert_non_null(merge);
    assert_false(passage_carried(merge, &w.council));
    post(&w, 2, 0, "{\"type\":\"merge-answer\"," MERGE ",\"consent\":0}"); /* too late */
    assert_int_equal(passage_consents(merge, &w.council), 3);
    post(&w, 0, 0, proposal); /* the same id again */
    assert_null(passage_merge_open(w.model));
    assert_int_equal(w.model->passages.merge_count, 1);
    end(&w);
}

static void an_invite_counts_from_the_proposer_alone(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    w.people[1].moderator = true;
    post(&w, 0, 0, "{\"type\":\"merge\"," MERGE ",\"other\":" OTHER ",\"host\":0,\"need\":1}");
    static const char invite[] =
        "{\"type\":\"merge-invite\"," MERGE
        ",\"member\":\"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"link\":\"x\"}";
    post(&w, 1, 0, invite);
    assert_null(passage_invite(passage_merge_open(w.model), w.people[2].pin.member));
    post(&w, 0, 0, invite);
    assert_non_null(passage_invite(passage_merge_open(w.model), w.people[2].pin.member));
    end(&w);
    begin(&w, 3); /* where the others come to, nobody is invited away */
    post(&w, 0, 0, "{\"type\":\"merge\"," MERGE ",\"other\":" OTHER ",\"host\":1,\"need\":1}");
    post(&w, 0, 0, invite);
    assert_null(passage_invite(passage_merge_open(w.model), w.people[2].pin.member));
    end(&w);
}

/* ---- words ---- */

static void each_line_has_its_words_and_its_command(void **state)
{
    (void)state;
    struct world w;
    char text[OVERSIGHT_TEXT_MAX], command[OVERSIGHT_TEXT_MAX];
    begin(&w, 3);
    w.council.log[0] = 9;
    post(&w, 1, 0, "{\"type\":\"profile\",\"name\":\"Ben\"}");
    post(&w, 1, 9, two_pager);
    look(&w);
    const struct oversight_line *l = line(&w, OVERSIGHT_FEEDBACK, 1);
    oversight_say(&w.given, l, text);
    oversight_command(&w.given, l, command);
    assert_string_equal(text, "Ben has waited for feedback for 9 days: Mnookin two-pager.");
    assert_string_equal(command, "council document comment AAAAAAAA --council CQAAAAAA");
    for (int what = 0; what < OVERSIGHT_COUNT; what++) { /* nothing is left unfilled */
        const struct oversight_line any = {.what = (enum oversight_what)what,
                                           .member = w.people[1].pin.member,
                                           .object = w.people[1].pin.member,
                                           .text = "something"};
        oversight_say(&w.given, &any, text);
        oversight_command(&w.given, &any, command);
        assert_null(strpbrk(text, "{}"));
        assert_null(strpbrk(command, "{}"));
        assert_true(strlen(oversight_name(any.what)) > 0);
    }
    end(&w);
}

static void more_lines_than_there_is_room_for_are_left_out(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    for (int i = 0; i < OVERSIGHT_LINES_MAX + 20; i++) {
        char text[256], id[COUNCIL_ID_CHARS + 1];
        uint8_t object[COUNCIL_ID_BYTES] = {(uint8_t)i};
        council_b64_encode(id, object, sizeof object);
        snprintf(text, sizeof text,
                 "{\"type\":\"document\",\"object\":\"%s\",\"form\":\"two-pager\",\"revision\":1,"
                 "\"fields\":{}}",
                 id);
        post(&w, 1, 1, text);
    }
    look(&w);
    assert_int_equal(w.seen.count, OVERSIGHT_LINES_MAX);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_follow_people_orientation_and_meetings),
        cmocka_unit_test(only_a_moderator_closes),
        cmocka_unit_test(absent_at_the_last_two_is_told_and_at_one_is_not),
        cmocka_unit_test(whoever_may_still_be_late_is_not_absent),
        cmocka_unit_test(answers_to_the_next_meeting_are_counted),
        cmocka_unit_test(only_the_latest_sixteen_meetings_are_looked_at),
        cmocka_unit_test(an_interview_is_told_on_its_day),
        cmocka_unit_test(silence_is_measured_from_the_last_sign_of_life),
        cmocka_unit_test(feedback_is_waited_for_until_another_comments_on_the_latest),
        cmocka_unit_test(a_weekly_update_asks_for_no_comment),
        cmocka_unit_test(trust_is_asked_for_once_and_again_after_a_change),
        cmocka_unit_test(keys_and_the_server_come_first),
        cmocka_unit_test(an_alumna_is_not_counted_and_not_reminded),
        cmocka_unit_test(an_alumna_is_in_the_queue_only_if_she_puts_herself_in),
        cmocka_unit_test(who_leaves_upon_landing_does_not_stay),
        cmocka_unit_test(what_is_due_depends_on_schedule_and_closing),
        cmocka_unit_test(a_merge_is_carried_by_those_who_are_here_and_consent),
        cmocka_unit_test(an_invite_counts_from_the_proposer_alone),
        cmocka_unit_test(each_line_has_its_words_and_its_command),
        cmocka_unit_test(more_lines_than_there_is_room_for_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
