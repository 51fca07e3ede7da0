/*
 * test_oversight.c - the moderator's overview: made-up councils, posts and times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/model/habits.h"
#include "tests/unit/oversight_world.h"

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
    meet(&w, "2026-11-16T18:00", 3);
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_RUNNING);
    assert_null(line(&w, OVERSIGHT_ZERO, PEOPLE));
    w.people[5].member = false;
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_SHORT);
    post(&w, 0, 0, "{\"type\":\"closing\",\"closed\":1,\"text\":\"Farewell\"}");
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_CLOSED);
    assert_int_equal(w.seen.count, 0); /* nobody is reminded of anything */
    assert_null(line(&w, OVERSIGHT_PLACES, PEOPLE));
    post(&w, 0, 0, "{\"type\":\"closing\",\"closed\":0}");
    look(&w);
    assert_int_equal(w.seen.state, OVERSIGHT_SHORT);
    end(&w);
}

/* ---- meetings ---- */

static void absent_at_the_last_two_is_told_and_at_one_is_not(void **state)
{
    (void)state;
    static const char *const names[] = {"2026-11-09T18:00", "2026-11-12T18:00", "2026-11-16T18:00"};
    struct world w;
    begin(&w, 5);
    meet(&w, names[0], 1u << 0 | 1u << 1 | 1u << 4); /* the second is absent at two */
    meet(&w, names[1], 1u << 0 | 1u << 2 | 1u << 4); /* the third at one */
    meet(&w, names[2], 1u << 0 | 1u << 4);
    w.people[3].joined_seq = w.seq + 1; /* joined after all of them */
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_ABSENT_TWICE, 1)->n, 2);
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 0));
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 2));
    assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, 3));
    rsvp(&w, 1, names[2], "no");            /* who says no is absent all the same */
    rsvp(&w, 1, "2026-11-19T18:00", "yes"); /* where nobody was, nobody was absent */
    look(&w);
    assert_int_equal(w.seen.held, 3);
    assert_int_equal(line(&w, OVERSIGHT_ABSENT_TWICE, 1)->n, 2);
    end(&w);
}

static void whoever_may_still_be_late_is_not_absent(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    meet(&w, "2026-11-16T18:00", 5);
    meet(&w, "2026-11-19T18:00", 5);
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
    rsvp(&w, 0, "2026-11-26T18:00", "yes");
    rsvp(&w, 1, "2026-11-26T18:00", "no");
    rsvp(&w, 2, "2026-11-26T18:00", "late");
    rsvp(&w, 3, "2026-11-19T18:00", "no"); /* another one */
    look(&w);
    assert_int_equal(w.seen.yes, 1);
    assert_int_equal(w.seen.no, 1);
    assert_int_equal(w.seen.late, 1);
    assert_int_equal(w.seen.silent, 2);
    assert_non_null(line(&w, OVERSIGHT_SAID_NO, 1));
    assert_null(line(&w, OVERSIGHT_SAID_NO, 3));
    assert_null(line(&w, OVERSIGHT_SAID_NO, 0));
    assert_null(line(&w, OVERSIGHT_FEW_COME, PEOPLE));
    rsvp(&w, 3, "2026-11-26T18:00", "no");
    rsvp(&w, 4, "2026-11-26T18:00", "no");
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_FEW_COME, PEOPLE)->n, 3);
    end(&w);
}

/* Attendance may name any time, and anybody may open a meeting: neither is one that others missed. */
static void one_member_alone_makes_nobody_absent(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 6);
    settle(&w);
    attend(&w, 1, "2099-01-01T18:00");
    attend(&w, 1, "2099-01-02T18:00");
    meet(&w, "2099-01-03T18:00", 1u << 1);
    meet(&w, "2099-01-04T18:00", 1u << 1);
    look(&w);
    assert_int_equal(w.seen.held, 0);
    assert_int_equal(w.seen.state, OVERSIGHT_ZERO_DUE);
    for (uint32_t i = 0; i < 6; i++)
        assert_null(line(&w, OVERSIGHT_ABSENT_TWICE, i));
    end(&w);
}

static void an_update_counts_meetings_that_were_opened(void **state)
{
    (void)state;
    static const struct habits_span month = {1, 2, "2026-11-01T00:00", "2026-12-01T00:00"};
    struct world w;
    json_t *values = NULL;
    begin(&w, 2);
    attend(&w, 1, "2026-11-02T18:00");
    meet(&w, "2026-11-05T18:00", 3);
    meet(&w, "2026-12-03T18:00", 3);
    assert_int_equal(habits_compose(w.model, NULL, w.people[1].pin.member, &month, &values),
                     COUNCIL_OK);
    assert_string_equal(content_text(values, "happened"), "- Came to 1 meeting");
    json_decref(values);
    end(&w);
}

static void the_latest_opened_meetings_are_looked_at(void **state)
{
    (void)state;
    struct world w;
    const struct model_meeting *list[4];
    begin(&w, 2);
    for (int i = 1; i <= 28; i += 3) {
        char name[32];
        snprintf(name, sizeof name, "2026-10-%02dT18:00", i);
        meet(&w, name, 3);
    }
    assert_int_equal(oversight_meetings(w.model, 4, list), 4);
    assert_string_equal(list[0]->name, "2026-10-28T18:00");
    assert_string_equal(list[3]->name, "2026-10-19T18:00");
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
    post(&w, 1, 1, "{\"type\":\"flag\",\"seq\":3}"); /* her client did that by itself */
    look(&w);
    assert_int_equal(line(&w, OVERSIGHT_SILENT, 1)->since_ms, NOW - 7 * DAY);
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

static void documents_of_one_member_push_nothing_else_out(void **state)
{
    (void)state;
    struct world w;
    uint32_t told = 0;
    begin(&w, 3);
    for (int i = 0; i < OVERSIGHT_LINES_MAX + 20; i++) {
        char text[256], id[COUNCIL_ID_CHARS + 1];
        uint8_t object[COUNCIL_ID_BYTES] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        council_b64_encode(id, object, sizeof object);
        snprintf(text, sizeof text,
                 "{\"type\":\"document\",\"object\":\"%s\",\"form\":\"two-pager\",\"revision\":1,"
                 "\"fields\":{}}",
                 id);
        post(&w, 1, 1, text);
    }
    post(&w, 2, 1, two_pager);
    look(&w);
    for (uint32_t i = 0; i < w.seen.count; i++)
        told += w.seen.lines[i].what == OVERSIGHT_FEEDBACK;
    assert_int_equal(told, OVERSIGHT_FEEDBACK_MAX + 1);
    assert_non_null(line(&w, OVERSIGHT_FEEDBACK, 2));
    assert_non_null(line(&w, OVERSIGHT_NEVER_COMPARED, PEOPLE));
    assert_non_null(line(&w, OVERSIGHT_ALONE, PEOPLE));
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_follow_people_orientation_and_meetings),
        cmocka_unit_test(absent_at_the_last_two_is_told_and_at_one_is_not),
        cmocka_unit_test(whoever_may_still_be_late_is_not_absent),
        cmocka_unit_test(answers_to_the_next_meeting_are_counted),
        cmocka_unit_test(one_member_alone_makes_nobody_absent),
        cmocka_unit_test(an_update_counts_meetings_that_were_opened),
        cmocka_unit_test(the_latest_opened_meetings_are_looked_at),
        cmocka_unit_test(an_interview_is_told_on_its_day),
        cmocka_unit_test(silence_is_measured_from_the_last_sign_of_life),
        cmocka_unit_test(feedback_is_waited_for_until_another_comments_on_the_latest),
        cmocka_unit_test(a_weekly_update_asks_for_no_comment),
        cmocka_unit_test(trust_is_asked_for_once_and_again_after_a_change),
        cmocka_unit_test(keys_and_the_server_come_first),
        cmocka_unit_test(what_is_due_depends_on_schedule_and_closing),
        cmocka_unit_test(each_line_has_its_words_and_its_command),
        cmocka_unit_test(documents_of_one_member_push_nothing_else_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
