/*
 * test_checkin.c - the check-in as text, the rule of two or three, and what is said about single meetings.
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

static const uint8_t ada[COUNCIL_KEY_BYTES] = {1}, ben[COUNCIL_KEY_BYTES] = {2};

static struct model *with_two_open(void)
{
    static const char text[] = "{\"type\":\"checkin\",\"commitments\":[{\"id\":"
                               "\"AAAAAAAAAAAAAAAAAAAAAQ\",\"text\":\"call = "
                               "twice\"},{\"id\":\"AAAAAAAAAAAAAAAAAAAAAg\",\"text\":\"write\","
                               "\"measure\":\"5\\nletters\"}]}";
    struct model *m = model_create();
    json_t *content = json_loads(text, 0, NULL);
    struct model_post post = {.seq = 3, .at = 1, .author = ada, .content = content};
    assert_non_null(m);
    assert_int_equal(model_add(m, &post), COUNCIL_OK);
    json_decref(content);
    return m;
}

static enum council_error parse(const struct model *m, const char *text, json_t **content,
                                struct content_fault *fault)
{
    return checkin_parse(m, ada, text, (uint32_t)strlen(text), content, fault);
}

static void an_unedited_template_adds_nothing(void **state)
{
    (void)state;
    struct model *m = with_two_open();
    struct content_fault fault;
    json_t *content = NULL;
    char *text = checkin_template(m, ada);
    assert_non_null(strstr(text, "1. call = twice ="));
    assert_non_null(strstr(text, "2. write [5 letters] ="));
    assert_int_equal(parse(m, text, &content, &fault), COUNCIL_OK);
    assert_int_equal(json_object_size(content), 1); /* its type alone */
    free(text);
    text = checkin_template(m, ben);
    assert_null(strstr(text, "1. "));
    free(text);
    json_decref(content);
    model_destroy(m);
}

static void an_edited_template_says_what_became_of_what(void **state)
{
    (void)state;
    struct model *m = with_two_open();
    struct content_fault fault;
    json_t *content = NULL;
    assert_int_equal(
        parse(m,
              "# Check-in\n## Open commitments\n> help\n1. call = twice = Done\n2. write = "
              "partly: three of five\n## New commitments\n- rest [8 hours]\n-\n## "
              "Temperature\nhope: 4\nenergy:\n## Anything else\n\nline one\n\nline two\n\n",
              &content, &fault),
        COUNCIL_OK);
    json_t *results = json_object_get(content, "results");
    assert_int_equal(json_array_size(results), 2);
    assert_string_equal(content_text(json_array_get(results, 0), "state"), "done");
    assert_null(content_text(json_array_get(results, 0), "word"));
    assert_string_equal(content_text(json_array_get(results, 1), "state"), "partly");
    assert_string_equal(content_text(json_array_get(results, 1), "word"), "three of five");
    json_t *made = json_object_get(content, "commitments");
    assert_int_equal(json_array_size(made), 1);
    assert_string_equal(content_text(json_array_get(made, 0), "text"), "rest");
    assert_string_equal(content_text(json_array_get(made, 0), "measure"), "8 hours");
    assert_int_equal(content_number(content, "hope"), 4);
    assert_null(json_object_get(content, "energy"));
    assert_string_equal(content_text(content, "text"), "line one\n\nline two");
    json_decref(content);
    model_destroy(m);
}

static void what_cannot_be_read_names_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"stray\n", "line 1"},
        {"## Open commitments\ncall = done\n", "line 2"},
        {"## Open commitments\n1. call done\n", "line 2"},
        {"## Open commitments\n1. call = perhaps\n", "line 2"},
        {"## Open commitments\n3. unknown = done\n", "line 2"},
        {"## New commitments\nno dash\n", "line 2"},
        {"## New commitments\n- a\n- b\n- c\n- d\n", "line 5"},
        {"## Temperature\nhope: 6\n", "line 2"},
        {"## Temperature\nmood: 3\n", "line 2"},
        {"## Weather\n", "line 1"},
    };
    struct model *m = with_two_open();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct content_fault fault;
        json_t *content = NULL;
        if (parse(m, cases[i].text, &content, &fault) != COUNCIL_E_BAD_INPUT ||
            !strstr(fault.text, cases[i].line))
            fail_msg("%s: %s", cases[i].text, fault.text);
    }
    model_destroy(m);
}

static void two_or_three_with_those_carried_over(void **state)
{
    (void)state;
    struct model *m = with_two_open();
    struct content_fault fault;
    json_t *content = json_pack("{s:s}", "type", "checkin");
    assert_true(checkin_complete(m, ada, content, &fault)); /* two carried over */
    assert_false(checkin_complete(m, ben, content, &fault));
    assert_int_equal(checkin_result(m, ada, content, 1, "done", NULL, &fault), COUNCIL_OK);
    assert_false(checkin_complete(m, ada, content, &fault));
    assert_int_equal(checkin_commit(content, "one more", &fault), COUNCIL_OK);
    assert_true(checkin_complete(m, ada, content, &fault));
    assert_int_equal(checkin_result(m, ada, content, 2, "missed", "flu", &fault), COUNCIL_OK);
    assert_true(checkin_complete(m, ada, content, &fault)); /* missed is carried over */
    assert_int_equal(checkin_result(m, ada, content, 0, "done", NULL, &fault), COUNCIL_E_BAD_INPUT);
    json_decref(content);
    model_destroy(m);
}

static enum council_error add_entry(struct model *m, uint64_t seq, enum council_kind kind,
                                    const char *body)
{
    static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    char text[1024];
    struct council_entry entry;
    snprintf(text, sizeof text,
             "{\"at\":1,\"author\":\"%s\",\"body\":%s,\"device\":\"%s\",\"id\":"
             "\"AAAAAAAAAAAAAAAAAAAAAA\","
             "\"kind\":\"%s\",\"log\":\"%s\",\"seen\":{\"head\":\"%s\",\"seq\":1},\"v\":1}",
             zeros, body, zeros, council_kind_info(kind)->name, zeros, zeros);
    assert_int_equal(council_entry_parse(&entry, text, (uint32_t)strlen(text)), COUNCIL_OK);
    enum council_error error = model_add_entry(m, seq, 1, &entry);
    council_entry_fini(&entry);
    return error;
}

static void the_last_word_about_a_meeting_counts(void **state)
{
    (void)state;
    static const uint8_t zeros[COUNCIL_KEY_BYTES];
    static const char meeting[] = "2026-11-23T18:00";
    struct model *m = model_create();
    assert_int_equal(
        add_entry(m, 3, COUNCIL_KIND_RSVP, "{\"answer\":\"no\",\"meeting\":\"2026-11-23T18:00\"}"),
        COUNCIL_OK);
    assert_int_equal(add_entry(m, 4, COUNCIL_KIND_RSVP,
                               "{\"answer\":\"late\",\"meeting\":\"2026-11-23T18:00\"}"),
                     COUNCIL_OK);
    assert_int_equal(add_entry(m, 5, COUNCIL_KIND_ATTEND, "{\"meeting\":\"2026-11-23T18:00\"}"),
                     COUNCIL_OK);
    const struct model_answer *answer = model_meeting_answer(m, meeting, zeros);
    assert_string_equal(answer->answer, "late");
    assert_true(answer->attended);
    assert_null(model_meeting_answer(m, meeting, ada));
    assert_int_equal(m->answer_count, 1);

    assert_int_equal(
        add_entry(
            m, 6, COUNCIL_KIND_MEETING_CHANGE,
            "{\"change\":\"move\",\"meeting\":\"2026-11-23T18:00\",\"to\":\"2026-11-24T18:00\"}"),
        COUNCIL_OK);
    assert_string_equal(model_meeting_change(m, meeting)->to, "2026-11-24T18:00");
    assert_int_equal(add_entry(m, 7, COUNCIL_KIND_MEETING_CHANGE,
                               "{\"change\":\"cancel\",\"meeting\":\"2026-11-23T18:00\"}"),
                     COUNCIL_OK);
    assert_true(model_meeting_change(m, meeting)->cancelled);
    assert_int_equal(add_entry(m, 8, COUNCIL_KIND_SCHEDULE_SET,
                               "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":"
                               "\"2026-11-23T18:00\",\"zone\":\"UTC\"}"),
                     COUNCIL_OK);
    assert_null(model_meeting_change(m, meeting));
    model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unedited_template_adds_nothing),
        cmocka_unit_test(an_edited_template_says_what_became_of_what),
        cmocka_unit_test(what_cannot_be_read_names_its_line),
        cmocka_unit_test(two_or_three_with_those_carried_over),
        cmocka_unit_test(the_last_word_about_a_meeting_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
