/*
 * test_habits.c - acts that count, what became of commitments over weeks, the draft of an update, the two courses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/model/checkin.h"
#include "client/model/course.h"
#include "client/model/habits.h"

static const uint8_t ada[COUNCIL_KEY_BYTES] = {1}, ben[COUNCIL_KEY_BYTES] = {2};

#define ID_1 "\"AAAAAAAAAAAAAAAAAAAAAQ\""
#define ID_2 "\"AAAAAAAAAAAAAAAAAAAAAg\""

enum {
    DAY = 86400000
};

/* Posted at `at` by the author's clock and by the server's. */
static enum council_error add(struct model *m, uint64_t seq, uint64_t at, const uint8_t *author,
                              const char *text)
{
    json_t *content = json_loads(text, 0, NULL);
    assert_non_null(content);
    struct model_post post = {.seq = seq,
                              .at = at,
                              .received = at,
                              .author = author,
                              .content = content,
                              .moderator = author == ada};
    enum council_error error = model_add(m, &post);
    json_decref(content);
    return error;
}

/* Ada promised five letters and a call on the first day. */
static struct model *promised(void)
{
    struct model *m = model_create();
    assert_non_null(m);
    assert_int_equal(
        add(m, 1, DAY, ada,
            "{\"type\":\"checkin\",\"hope\":2,\"energy\":5,\"commitments\":[{\"id\":" ID_1
            ",\"text\":\"write\",\"measure\":\"5 letters\"},{\"id\":" ID_2
            ",\"text\":\"call\",\"due\":\"2026-11-30\"}]}"),
        COUNCIL_OK);
    return m;
}

static void measures_begin_with_a_number_or_do_not(void **state)
{
    (void)state;
    static const struct {
        const char *measure;
        uint64_t goal;
    } cases[] = {
        {"5 letters", 5}, {"12", 12},          {" 3 calls", 3},      {"five outreaches", 5},
        {"Twelve", 12},   {"letters: 5", 0},   {"5-7 letters", 0},   {"1.5 hours", 0},
        {"fivefold", 0},  {"0 cigarettes", 0}, {"99999999999 x", 0}, {"", 0},
        {NULL, 0},        {"thirteen", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (model_goal(cases[i].measure) != cases[i].goal)
            fail_msg("%s: %llu", cases[i].measure,
                     (unsigned long long)model_goal(cases[i].measure));
}

static void acts_add_up_and_close_a_commitment(void **state)
{
    (void)state;
    struct model *m = promised();
    const struct model_commitment *c = &m->commitments[0];
    assert_int_equal(c->goal, 5);
    assert_int_equal(add(m, 2, DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_1 ",\"count\":3}"),
                     COUNCIL_OK);
    assert_int_equal(add(m, 3, DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_1 "}"), COUNCIL_OK);
    assert_int_equal(c->reached, 4);
    assert_int_equal(c->state, MODEL_OPEN);
    assert_int_equal(m->outcome_count, 0);
    /* nobody else's act counts, nor does one that names no commitment */
    assert_int_equal(add(m, 4, DAY, ben, "{\"type\":\"act\",\"commitment\":" ID_1 ",\"count\":9}"),
                     COUNCIL_OK);
    assert_int_equal(add(m, 5, DAY, ada, "{\"type\":\"act\",\"text\":\"met Cy\",\"count\":9}"),
                     COUNCIL_OK);
    assert_int_equal(c->state, MODEL_OPEN);
    assert_int_equal(m->acts[2].commitment, UINT32_MAX);
    assert_int_equal(add(m, 6, DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_1 ",\"count\":2}"),
                     COUNCIL_OK);
    assert_int_equal(c->state, MODEL_DONE);
    assert_int_equal(c->changed_seq, 6);
    assert_int_equal(m->outcome_count, 1);
    /* what is done stays so, and takes no more acts */
    assert_int_equal(add(m, 7, DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_1 "}"), COUNCIL_OK);
    assert_int_equal(c->reached, 6);
    assert_int_equal(add(m, 8, DAY, ada,
                         "{\"type\":\"checkin\",\"results\":[{\"id\":" ID_1
                         ",\"state\":\"missed\"}]}"),
                     COUNCIL_OK);
    assert_int_equal(c->state, MODEL_DONE);
    assert_int_equal(m->outcome_count, 1);
    /* a commitment without a number counts acts and stays open */
    assert_int_equal(add(m, 9, DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_2 ",\"count\":50}"),
                     COUNCIL_OK);
    assert_int_equal(m->commitments[1].reached, 50);
    assert_int_equal(m->commitments[1].state, MODEL_OPEN);
    model_destroy(m);
}

static void bad_acts_steps_and_days_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"{\"type\":\"act\",\"count\":0}",
                                        "{\"type\":\"act\",\"count\":1001}",
                                        "{\"type\":\"act\",\"text\":\"\"}",
                                        "{\"type\":\"act\",\"commitment\":\"AAAA\"}",
                                        "{\"type\":\"custom\"}",
                                        "{\"type\":\"custom\",\"update\":8}",
                                        "{\"type\":\"custom\",\"update\":-1}",
                                        "{\"type\":\"step\",\"course\":\"orientation\"}",
                                        "{\"type\":\"step\",\"course\":\"\",\"step\":\"council\"}"};
    struct model *m = promised();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(add(m, 2 + i, DAY, ada, cases[i]), COUNCIL_E_BAD_CONTENT);
    assert_int_equal(m->refused, sizeof cases / sizeof cases[0]);
    assert_int_equal(m->act_count, 0);
    model_destroy(m);
}

static void a_moderator_chooses_the_day_of_the_update(void **state)
{
    (void)state;
    struct model *m = promised();
    assert_int_equal(m->update_day, 0);
    assert_int_equal(add(m, 2, DAY, ada, "{\"type\":\"custom\",\"update\":5}"), COUNCIL_OK);
    assert_int_equal(add(m, 3, DAY, ben, "{\"type\":\"custom\",\"update\":1}"), COUNCIL_OK);
    assert_int_equal(m->update_day, 5);
    assert_int_equal(add(m, 4, DAY, ada, "{\"type\":\"custom\",\"update\":0}"), COUNCIL_OK);
    assert_int_equal(m->update_day, 0);
    model_destroy(m);
}

static void weeks_count_what_became_of_commitments(void **state)
{
    (void)state;
    static const uint64_t starts[] = {0, 7ull * DAY, 14ull * DAY, 21ull * DAY};
    struct habits_week weeks[3] = {{0}};
    struct model *m = promised(), *journal = model_create();
    assert_int_equal(add(m, 2, 7ull * DAY, ada, /* the first instant of the second week */
                         "{\"type\":\"checkin\",\"hope\":4,\"results\":[{\"id\":" ID_1
                         ",\"state\":\"partly\"},{\"id\":" ID_2 ",\"state\":\"missed\"}]}"),
                     COUNCIL_OK);
    assert_int_equal(add(m, 3, 15ull * DAY, ada,
                         "{\"type\":\"checkin\",\"results\":[{\"id\":" ID_2
                         ",\"state\":\"dropped\",\"word\":\"not mine\"}]}"),
                     COUNCIL_OK);
    assert_int_equal(
        add(m, 4, 16ull * DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_1 ",\"count\":5}"),
        COUNCIL_OK);
    assert_int_equal(add(m, 5, 22ull * DAY, ada, "{\"type\":\"act\",\"count\":7}"), COUNCIL_OK);
    assert_int_equal(add(journal, 1, 8ull * DAY, ada, "{\"type\":\"checkin\",\"hope\":1}"),
                     COUNCIL_OK);
    habits_weeks(m, ada, starts, 3, weeks);
    assert_int_equal(weeks[0].made, 2);
    assert_int_equal(weeks[0].done + weeks[0].partly + weeks[0].missed + weeks[0].dropped, 0);
    assert_int_equal(weeks[0].energy_sum, 5);
    assert_int_equal(weeks[1].partly, 1);
    assert_int_equal(weeks[1].missed, 1);
    assert_int_equal(weeks[2].dropped, 1);
    assert_int_equal(weeks[2].done, 1);
    assert_int_equal(weeks[2].acts, 5);
    assert_int_equal(weeks[1].hope_sum, 4);
    habits_weeks(journal, ada, starts, 3, weeks); /* the journal's are added */
    assert_int_equal(weeks[1].hope_sum, 5);
    assert_int_equal(weeks[1].hope_count, 2);
    memset(weeks, 0, sizeof weeks);
    habits_weeks(m, ben, starts, 3, weeks);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weeks[i].made + weeks[i].done + weeks[i].acts, 0);
    model_destroy(journal);
    model_destroy(m);
}

static void a_due_day_stands_at_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kept, *measure, *due;
    } cases[] = {
        {"write [5 letters] by 2026-11-30", "write", "5 letters", "2026-11-30"},
        {"call Ben by 2028-02-29 ", "call Ben", NULL, "2028-02-29"},
        {"be done by 2026", "be done by 2026", NULL, NULL},
        {"stand by 2026-11-3x", "stand by 2026-11-3x", NULL, NULL},
    };
    struct content_fault fault;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *content = json_object();
        assert_int_equal(checkin_commit(content, cases[i].text, &fault), COUNCIL_OK);
        const json_t *made = json_array_get(json_object_get(content, "commitments"), 0);
        assert_string_equal(content_text(made, "text"), cases[i].kept);
        const char *measure = content_text(made, "measure"), *due = content_text(made, "due");
        assert_true(cases[i].measure ? measure && !strcmp(measure, cases[i].measure) : !measure);
        assert_true(cases[i].due ? due && !strcmp(due, cases[i].due) : !due);
        json_decref(content);
    }
    json_t *content = json_object();
    assert_int_equal(checkin_commit(content, "call by 2026-02-29", &fault), COUNCIL_E_BAD_INPUT);
    assert_non_null(strstr(fault.text, "calendar"));
    json_decref(content);
}

static void the_template_says_how_far_a_commitment_is(void **state)
{
    (void)state;
    struct model *m = promised();
    struct content_fault fault;
    json_t *content = NULL;
    assert_int_equal(add(m, 2, DAY, ada, "{\"type\":\"act\",\"commitment\":" ID_1 ",\"count\":3}"),
                     COUNCIL_OK);
    char *text = checkin_template(m, ada);
    assert_non_null(strstr(text, "1. write [5 letters] (3 of 5 so far) =\n"));
    assert_non_null(strstr(text, "2. call by 2026-11-30 =\n"));
    assert_int_equal(checkin_parse(m, ada, text, (uint32_t)strlen(text), &content, &fault),
                     COUNCIL_OK);
    assert_int_equal(json_object_size(content), 1); /* unedited it adds nothing */
    json_decref(content);
    free(text);
    model_destroy(m);
}

/* ---- the weekly update ---- */

static const struct habits_span week = {.from = 7ull * DAY,
                                        .to = 14ull * DAY,
                                        .from_local = "1970-01-08T00:00",
                                        .to_local = "1970-01-15T00:00"};

static void a_draft_holds_the_week_s_own_entries_and_no_others(void **state)
{
    (void)state;
    struct model *m = promised(), *journal = model_create();
    json_t *values = NULL;
    (void)!add(m, 2, 6ull * DAY, ada, "{\"type\":\"note\",\"text\":\"too early\"}");
    (void)!add(m, 3, 8ull * DAY, ada, "{\"type\":\"note\",\"text\":\"met a founder\\nat noon\"}");
    (void)!add(m, 4, 8ull * DAY, ben, "{\"type\":\"note\",\"text\":\"of another\"}");
    (void)!add(m, 5, 9ull * DAY, ada,
               "{\"type\":\"act\",\"commitment\":" ID_1 ",\"count\":2,\"text\":\"two letters\"}");
    (void)!add(m, 6, 9ull * DAY, ada,
               "{\"type\":\"checkin\",\"text\":\"tired\",\"results\":[{\"id\":" ID_2
               ",\"state\":\"missed\",\"word\":\"no time\"}]}");
    (void)!add(m, 7, 14ull * DAY, ada, "{\"type\":\"note\",\"text\":\"too late\"}");
    (void)!add(m, 8, 10ull * DAY, ada,
               "{\"type\":\"document\",\"object\":" ID_1
               ",\"form\":\"two-pager\",\"revision\":3,\"fields\":{}}");
    (void)!add(journal, 1, 8ull * DAY, ada, "{\"type\":\"note\",\"text\":\"for me alone\"}");
    assert_int_equal(habits_compose(m, NULL, ada, &week, &values), COUNCIL_OK);
    const char *happened = content_text(values, "happened"), *next = content_text(values, "next");
    assert_string_equal(happened, "- two letters (2)\n"
                                  "- Commitment missed: call (no time)\n"
                                  "- Shared: Mnookin two-pager (revision 3)\n"
                                  "- From my check-in: tired\n"
                                  "- From my note: met a founder …");
    assert_string_equal(next, "- write (2 of 5 so far)\n- call (by 2026-11-30)");
    assert_null(content_text(values, "need"));
    json_decref(values);
    assert_int_equal(habits_compose(m, journal, ada, &week, &values), COUNCIL_OK);
    assert_non_null(strstr(content_text(values, "happened"), "for me alone"));
    json_decref(values);
    model_destroy(journal);
    model_destroy(m);
}

static void a_draft_of_a_full_week_keeps_to_the_form(void **state)
{
    (void)state;
    struct model *m = promised();
    struct content_fault fault;
    json_t *values = NULL;
    char text[1100];
    for (uint64_t i = 0; i < 400; i++) { /* umlauts, so that a cut has to mind characters */
        char body[600];
        for (size_t k = 0; k < sizeof body - 2; k += 2)
            memcpy(body + k, "ä", 2);
        body[sizeof body - 2] = '\0';
        snprintf(text, sizeof text, "{\"type\":\"note\",\"text\":\"x%s\"}", body);
        assert_int_equal(add(m, 2 + i, 8ull * DAY, ada, text), COUNCIL_OK);
    }
    assert_int_equal(habits_compose(m, NULL, ada, &week, &values), COUNCIL_OK);
    assert_true(form_check("weekly-update", values, FORM_SHARED, &fault));
    assert_non_null(strstr(content_text(values, "happened"), " more"));
    json_decref(values);
    model_destroy(m);
}

static void an_update_s_id_is_its_week_s(void **state)
{
    (void)state;
    uint8_t one[COUNCIL_ID_BYTES], same[COUNCIL_ID_BYTES], other[COUNCIL_ID_BYTES];
    char date[24];
    habits_update_object(ada, ben, "2026-11-27", one);
    habits_update_object(ada, ben, "2026-11-27", same);
    assert_memory_equal(one, same, sizeof one);
    habits_update_object(ada, ben, "2026-12-04", other);
    assert_memory_not_equal(one, other, sizeof one);
    habits_update_object(ada, ada, "2026-11-27", other);
    assert_memory_not_equal(one, other, sizeof one);
    for (int i = 0; i < 500; i++) {
        char text[COUNCIL_ID_CHARS + 1];
        snprintf(date, sizeof date, "2026-%d", i);
        habits_update_object(ada, ben, date, one);
        council_b64_encode(text, one, sizeof one);
        assert_true(text[0] != '-');
    }
}

/* ---- the courses ---- */

static void do_step(struct model *m, uint64_t at, const uint8_t *who, enum course_id id,
                    uint32_t index)
{
    char text[128];
    snprintf(text, sizeof text, "{\"type\":\"step\",\"course\":\"%s\",\"step\":\"%s\"}",
             course_info(id)->name, course_info(id)->steps[index].name);
    assert_int_equal(add(m, at, at, who, text), COUNCIL_OK);
}

static void who_did_every_step_has_finished(void **state)
{
    (void)state;
    struct model *m = model_create();
    for (int c = 0; c < COURSE_COUNT; c++) {
        enum course_id id = (enum course_id)c;
        uint32_t count = course_info(id)->count;
        for (uint32_t i = count; i-- > 1;) /* backwards: order does not matter */
            do_step(m, 10 + i, ada, id, i);
        assert_int_equal(course_done(m, ada, id), count - 1);
        assert_int_equal(course_next(m, ada, id), 0);
        assert_false(course_finished(m, ada, id));
        assert_int_equal(course_finished_at(m, ada, id), 0);
        do_step(m, 99, ada, id, 0);
        do_step(m, 120, ada, id, 1); /* again: changes nothing */
        assert_true(course_finished(m, ada, id));
        assert_int_equal(course_finished_at(m, ada, id), 99);
        assert_int_equal(course_done(m, ben, id), 0);
        assert_false(course_finished(m, ben, id));
    }
    model_destroy(m);
}

static void steps_of_a_later_version_change_nothing(void **state)
{
    (void)state;
    struct model *m = model_create();
    assert_int_equal(
        add(m, 1, 1, ada, "{\"type\":\"step\",\"course\":\"orientation\",\"step\":\"stars\"}"),
        COUNCIL_OK);
    assert_int_equal(
        add(m, 2, 2, ada, "{\"type\":\"step\",\"course\":\"cookery\",\"step\":\"council\"}"),
        COUNCIL_OK);
    assert_int_equal(m->course_count, 0);
    assert_int_equal(m->refused, 0);
    model_destroy(m);
}

static void the_texts_are_whole(void **state)
{
    (void)state;
    const struct course *orientation = course_info(COURSE_ORIENTATION),
                        *training = course_info(COURSE_TRAINING);
    assert_in_range(orientation->count, 5, 7);
    assert_in_range(training->count, 8, 12);
    assert_string_equal(orientation->steps[0].name, "council");
    assert_string_equal(training->steps[0].name, "role");
    assert_int_equal(course_find("training"), COURSE_TRAINING);
    assert_int_equal(course_find("cookery"), COURSE_COUNT);
    for (int c = 0; c < COURSE_COUNT; c++)
        for (uint32_t i = 0; i < course_info((enum course_id)c)->count; i++) {
            const struct course_step *step = &course_info((enum course_id)c)->steps[i];
            assert_in_range(strlen(step->name), 1, 32);
            assert_in_range(strlen(step->text), 300, 3000);
            assert_int_equal(course_step_find((enum course_id)c, step->name), i); /* names differ */
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_begin_with_a_number_or_do_not),
        cmocka_unit_test(acts_add_up_and_close_a_commitment),
        cmocka_unit_test(bad_acts_steps_and_days_are_refused),
        cmocka_unit_test(a_moderator_chooses_the_day_of_the_update),
        cmocka_unit_test(weeks_count_what_became_of_commitments),
        cmocka_unit_test(a_due_day_stands_at_the_end),
        cmocka_unit_test(the_template_says_how_far_a_commitment_is),
        cmocka_unit_test(a_draft_holds_the_week_s_own_entries_and_no_others),
        cmocka_unit_test(a_draft_of_a_full_week_keeps_to_the_form),
        cmocka_unit_test(an_update_s_id_is_its_week_s),
        cmocka_unit_test(who_did_every_step_has_finished),
        cmocka_unit_test(steps_of_a_later_version_change_nothing),
        cmocka_unit_test(the_texts_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
