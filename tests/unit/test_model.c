/*
 * test_model.c - content, forms and the folds over them.
 *
 * Content is other people's data: the refusals matter as much as the folds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "client/model/model.h"

static const uint8_t ada[COUNCIL_KEY_BYTES] = {1}, ben[COUNCIL_KEY_BYTES] = {2};

#define ID_1 "\"AAAAAAAAAAAAAAAAAAAAAQ\""
#define ID_2 "\"AAAAAAAAAAAAAAAAAAAAAg\""
#define ID_3 "\"AAAAAAAAAAAAAAAAAAAAAw\""

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

static enum council_error add(struct model *m, uint64_t seq, const uint8_t *author,
                              const char *text)
{
    json_t *content = parse(text);
    struct model_post post = {.seq = seq,
                              .at = seq * 1000,
                              .author = author,
                              .content = content,
                              .moderator = author == ada};
    enum council_error error = model_add(m, &post);
    json_decref(content);
    return error;
}

static void content_is_checked_against_its_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum council_error error;
    } cases[] = {
        {"{\"type\":\"note\",\"text\":\"hello\"}", COUNCIL_OK},
        {"{\"type\":\"note\",\"text\":\"hello\",\"later\":true}", COUNCIL_OK},
        {"{\"type\":\"note\",\"text\":\"\"}", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"note\"}", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"note\",\"text\":5}", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"note\",\"text\":\"x\",\"reply\":-1}", COUNCIL_E_BAD_CONTENT},
        {"{\"text\":\"x\"}", COUNCIL_E_BAD_CONTENT},
        {"[]", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"hologram\"}", COUNCIL_E_NEEDS_NEWER},
        {"{\"type\":\"commitment\",\"id\":" ID_1 ",\"text\":\"x\"}", COUNCIL_E_NEEDS_NEWER},
        {"{\"type\":\"checkin\",\"hope\":5}", COUNCIL_OK},
        {"{\"type\":\"checkin\",\"hope\":6}", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"checkin\",\"hope\":0}", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"checkin\",\"commitments\":[{\"id\":" ID_1
         ",\"text\":\"x\",\"due\":\"2026-02-29\"}]}",
         COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"checkin\",\"commitments\":[{\"id\":" ID_1
         ",\"text\":\"x\",\"due\":\"2028-02-29\"}]}",
         COUNCIL_OK},
        {"{\"type\":\"checkin\",\"results\":[{\"id\":" ID_1 ",\"state\":\"perhaps\"}]}",
         COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"checkin\",\"commitments\":[{},{},{},{}]}", COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"document\",\"object\":" ID_1
         ",\"form\":\"sonnet\",\"revision\":1,\"fields\":{}}",
         COUNCIL_E_NEEDS_NEWER},
        {"{\"type\":\"document\",\"object\":" ID_1
         ",\"form\":\"two-pager\",\"revision\":1,\"fields\":{\"x\":\"\"}}",
         COUNCIL_E_BAD_CONTENT},
        {"{\"type\":\"document\",\"object\":\"AAAA\",\"form\":\"two-pager\",\"revision\":1,"
         "\"fields\":{}}",
         COUNCIL_E_BAD_CONTENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *content = parse(cases[i].text);
        enum council_error error = content_check(content, NULL);
        if (error != cases[i].error)
            print_error("%s: %s\n", cases[i].text, council_error_name(error));
        assert_int_equal(error, cases[i].error);
        json_decref(content);
    }
}

static void a_fault_names_the_field(void **state)
{
    (void)state;
    struct content_fault fault;
    json_t *content = parse("{\"type\":\"note\"}");
    assert_int_equal(content_check(content, &fault), COUNCIL_E_BAD_CONTENT);
    assert_non_null(strstr(fault.text, "text"));
    assert_non_null(strstr(fault.text, "missing"));
    json_decref(content);
}

/* Lines that look like the template's own marks, items of several lines, and texts with blank lines all survive. */
static void a_template_reads_back_what_it_was_made_from(void **state)
{
    (void)state;
    const struct form *form = form_find("two-pager");
    struct content_fault fault;
    json_t *values =
        parse("{\"loves\":[\"building\",\"teaching\\nand learning\"],\"hates\":[\"- dashes\"],"
              "\"must_haves\":[],\"must_nots\":[\"> not help\"],\"strengths\":[\"x\"],"
              "\"weaknesses\":[\"y\"],\"short_term\":\"one\\n\\n> two\\n## three\\n\\\\four\","
              "\"long_term\":\"\"}");
    char *text = form_template(form, values);
    json_t *back = NULL;
    assert_non_null(text);
    assert_int_equal(form_parse(form, text, (uint32_t)strlen(text), &back, &fault), COUNCIL_OK);
    assert_true(json_equal(values, back));
    free(text);
    json_decref(values);
    json_decref(back);
}

static void a_wrong_template_names_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"# t\nstray\n", "line 2"},
        {"## What I love\n- a\nb\n", "line 3"},
        {"## What I leave\n", "line 1"},
        {"## What I love\n## What I love\n", "line 2"},
        {"## Short term goals\n\xff\xfe\n", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct content_fault fault;
        json_t *values = NULL;
        assert_int_equal(form_parse(form_find("two-pager"), cases[i].text,
                                    (uint32_t)strlen(cases[i].text), &values, &fault),
                         COUNCIL_E_BAD_INPUT);
        assert_non_null(strstr(fault.text, cases[i].line));
    }
}

static void what_is_shared_must_be_complete(void **state)
{
    (void)state;
    struct content_fault fault;
    json_t *four = parse("{\"must_haves\":[\"1\",\"2\",\"3\",\"4\"]}");
    json_t *nine =
        parse("{\"must_haves\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}");
    json_t *whole =
        parse("{\"loves\":[\"a\"],\"hates\":[\"a\"],\"must_haves\":[\"1\",\"2\",\"3\",\"4\",\"5\"],"
              "\"must_nots\":[\"a\"],\"strengths\":[\"a\"],\"weaknesses\":[\"a\"]}");
    assert_true(form_check("two-pager", four, FORM_DRAFT, &fault));
    assert_false(form_check("two-pager", nine, FORM_DRAFT, &fault));
    assert_true(form_check("two-pager", whole, FORM_SHARED, &fault));
    json_object_set(whole, "must_haves", json_object_get(four, "must_haves"));
    assert_false(form_check("two-pager", whole, FORM_SHARED, &fault));
    assert_non_null(strstr(fault.text, "Must-haves"));
    json_decref(four);
    json_decref(nine);
    json_decref(whole);
}

static void names_are_distinct_and_titles_are_moderators(void **state)
{
    (void)state;
    struct model *m = model_create();
    char name[MODEL_NAME_MAX];
    model_name(m, ada, name);
    assert_non_null(strstr(name, "member "));
    assert_int_equal(add(m, 3, ada, "{\"type\":\"profile\",\"name\":\"Sam\"}"), COUNCIL_OK);
    model_name(m, ada, name);
    assert_string_equal(name, "Sam");
    assert_int_equal(add(m, 4, ben, "{\"type\":\"profile\",\"name\":\"Sam\"}"), COUNCIL_OK);
    model_name(m, ada, name);
    assert_string_not_equal(name, "Sam");
    assert_int_equal(add(m, 5, ben, "{\"type\":\"profile\",\"name\":\"Ben\"}"), COUNCIL_OK);
    model_name(m, ada, name);
    assert_string_equal(name, "Sam");
    assert_int_equal(m->profile_count, 2);
    assert_int_equal(add(m, 6, ben, "{\"type\":\"title\",\"name\":\"Mutiny\"}"), COUNCIL_OK);
    assert_null(m->title);
    assert_int_equal(add(m, 7, ada, "{\"type\":\"title\",\"name\":\"Tuesday\"}"), COUNCIL_OK);
    assert_string_equal(m->title, "Tuesday");
    model_destroy(m);
}

static void documents_belong_to_their_author(void **state)
{
    (void)state;
    static const char first[] =
        "{\"type\":\"document\",\"object\":" ID_1
        ",\"form\":\"two-pager\",\"revision\":1,\"fields\":{\"loves\":[\"a\"]}}";
    static const char second[] =
        "{\"type\":\"document\",\"object\":" ID_1
        ",\"form\":\"two-pager\",\"revision\":4,\"fields\":{\"loves\":[\"b\"]}}";
    uint8_t object[COUNCIL_ID_BYTES] = {0};
    object[COUNCIL_ID_BYTES - 1] = 1;
    struct model *m = model_create();
    assert_int_equal(add(m, 3, ada, first), COUNCIL_OK);
    assert_int_equal(add(m, 4, ada, second), COUNCIL_OK);
    assert_int_equal(add(m, 5, ben, first), COUNCIL_OK); /* the same id: another document */
    assert_int_equal(m->document_count, 2);
    assert_null(model_document(m, NULL, object));
    const struct model_document *d = model_document(m, ada, object);
    assert_int_equal(d->revision_count, 2);
    assert_int_equal(model_revision(d, 0)->revision, 4);
    assert_int_equal(model_revision(d, 1)->seq, 3);
    assert_null(model_revision(d, 2));
    assert_int_equal(
        add(m, 6, ben,
            "{\"type\":\"comment\",\"author\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
            "\"object\":" ID_1 ",\"revision\":4,\"text\":\"say more\"}"),
        COUNCIL_OK);
    d = model_document(m, ada, object);
    assert_int_equal(d->comment_count, 1);
    assert_string_equal(d->comments[0].text, "say more");
    assert_memory_equal(d->comments[0].author, ben, COUNCIL_KEY_BYTES);
    model_destroy(m);
}

static void commitments_carry_over_until_done_or_dropped(void **state)
{
    (void)state;
    struct model *m = model_create();
    assert_int_equal(add(m, 3, ada,
                         "{\"type\":\"checkin\",\"commitments\":[{\"id\":" ID_1
                         ",\"text\":\"call\"},{\"id\":" ID_2
                         ",\"text\":\"write\",\"measure\":\"5 letters\"}]}"),
                     COUNCIL_OK);
    uint32_t i = model_open_commitment(m, ada, UINT32_MAX);
    assert_string_equal(m->commitments[i].text, "call");
    assert_int_equal(model_open_commitment(m, ben, UINT32_MAX), UINT32_MAX);

    /* somebody else's results change nothing */
    assert_int_equal(
        add(m, 4, ben, "{\"type\":\"checkin\",\"results\":[{\"id\":" ID_1 ",\"state\":\"done\"}]}"),
        COUNCIL_OK);
    assert_int_equal(m->commitments[0].state, MODEL_OPEN);

    assert_int_equal(add(m, 5, ada,
                         "{\"type\":\"checkin\",\"results\":[{\"id\":" ID_1
                         ",\"state\":\"done\"},{\"id\":" ID_2
                         ",\"state\":\"missed\",\"word\":\"flu\"}],\"commitments\":[{\"id\":" ID_3
                         ",\"text\":\"rest\"}]}"),
                     COUNCIL_OK);
    assert_int_equal(m->commitments[0].state, MODEL_DONE);
    assert_int_equal(m->commitments[1].state, MODEL_MISSED);
    assert_string_equal(m->commitments[1].word, "flu");
    assert_int_equal(model_carried(m, &m->commitments[1]), 1);
    assert_int_equal(model_carried(m, &m->commitments[0]), 0); /* done at once */
    i = model_open_commitment(m, ada, UINT32_MAX);
    assert_string_equal(m->commitments[i].text, "write");
    i = model_open_commitment(m, ada, i);
    assert_string_equal(m->commitments[i].text, "rest");

    /* what is done stays done; what is dropped is gone */
    assert_int_equal(add(m, 6, ada,
                         "{\"type\":\"checkin\",\"results\":[{\"id\":" ID_1
                         ",\"state\":\"missed\"},{\"id\":" ID_2 ",\"state\":\"dropped\"}]}"),
                     COUNCIL_OK);
    assert_int_equal(m->commitments[0].state, MODEL_DONE);
    assert_int_equal(m->commitments[1].state, MODEL_DROPPED);
    assert_int_equal(m->checkin_count, 3 + 1);
    assert_int_equal(m->checkins[3].seq, 6);
    assert_int_equal(model_carried(m, &m->commitments[0]), 0);
    assert_int_equal(model_carried(m, &m->commitments[1]), 1); /* dropped at the next */
    assert_int_equal(model_carried(m, &m->commitments[2]), 1);
    model_destroy(m);
}

/* Ids as members may choose them: neither ascending nor without repetition between two members. */
static void id_of(uint32_t i, char out[COUNCIL_ID_CHARS + 1])
{
    uint8_t id[COUNCIL_ID_BYTES] = {0};
    uint32_t mixed = i * 2654435761u;
    memcpy(id, &mixed, sizeof mixed);
    council_b64_encode(out, id, sizeof id);
}

static void many_checkins_take_no_longer_each(void **state)
{
    (void)state;
    enum {
        MANY = 40000
    };
    char text[512], id[COUNCIL_ID_CHARS + 1], before[COUNCIL_ID_CHARS + 1];
    struct model *m = model_create();
    clock_t begun = clock();
    for (uint32_t i = 0; i < MANY;
         i++) { /* each reports on the one before; every third was missed */
        id_of(i / 2, id);
        id_of(i / 2 - 1, before);
        snprintf(text, sizeof text,
                 "{\"type\":\"checkin\",\"results\":[{\"id\":\"%s\",\"state\":\"%s\"}],"
                 "\"commitments\":[{\"id\":\"%s\",\"text\":\"call\"}]}",
                 before, i / 2 % 3 ? "done" : "missed", id);
        assert_int_equal(add(m, i + 1, i % 2 ? ada : ben, text), COUNCIL_OK);
    }
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    assert_int_equal(m->commitment_count, MANY);
    for (uint32_t i = 0; i < MANY - 2; i++) {
        bool missed = (i / 2 + 1) % 3 == 0;
        assert_int_equal(m->commitments[i].state, missed ? MODEL_MISSED : MODEL_DONE);
        assert_int_equal(model_carried(m, &m->commitments[i]), missed ? MANY / 2 - 1 - i / 2 : 0);
    }
    if (seconds > 2.5)
        fail_msg("%d check-ins took %.1f s", MANY, seconds);
    model_destroy(m);
}

static void what_cannot_be_read_is_counted_and_changes_nothing(void **state)
{
    (void)state;
    struct model *m = model_create();
    assert_int_equal(add(m, 3, ada, "{\"type\":\"hologram\"}"), COUNCIL_E_NEEDS_NEWER);
    assert_int_equal(add(m, 4, ada, "{\"type\":\"note\"}"), COUNCIL_E_BAD_CONTENT);
    assert_int_equal(m->newer, 1);
    assert_int_equal(m->refused, 1);
    assert_int_equal(m->note_count, 0);
    model_destroy(m);
    model_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_checked_against_its_table),
        cmocka_unit_test(a_fault_names_the_field),
        cmocka_unit_test(a_template_reads_back_what_it_was_made_from),
        cmocka_unit_test(a_wrong_template_names_its_line),
        cmocka_unit_test(what_is_shared_must_be_complete),
        cmocka_unit_test(names_are_distinct_and_titles_are_moderators),
        cmocka_unit_test(documents_belong_to_their_author),
        cmocka_unit_test(commitments_carry_over_until_done_or_dropped),
        cmocka_unit_test(many_checkins_take_no_longer_each),
        cmocka_unit_test(what_cannot_be_read_is_counted_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
