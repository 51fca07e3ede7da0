/*
 * test_passage.c - landing, merging and closing: what counts from whom, and what follows for the queue and the overview.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/model/meeting.h"
#include "tests/unit/oversight_world.h"

#define MERGE "\"merge\":" OBJECT
#define OTHER "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

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

static void an_alumna_is_not_counted_and_not_reminded(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 7);
    w.given.next = "2026-11-26T18:00";
    for (uint32_t i = 0; i < 7; i++)
        post(&w, i, 40, "{\"type\":\"note\",\"text\":\"hello\"}");
    meet(&w, "2026-11-16T18:00", 1u << 0 | 1u << 3);
    meet(&w, "2026-11-19T18:00", 1u << 0 | 1u << 3);
    rsvp(&w, 1, "2026-11-26T18:00", "no");
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

static void ninety_days_begin_with_the_job(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 4);
    post(&w, 1, 10, "{\"type\":\"landed\",\"stay\":1,\"day\":\"2024-07-05\"}"); /* 91 days ago */
    post(&w, 2, 100, "{\"type\":\"landed\",\"stay\":1,\"day\":\"2024-08-01\"}");
    post(&w, 3, 100, "{\"type\":\"landed\",\"stay\":1,\"day\":\"2025-01-01\"}"); /* to come */
    w.given.now_ms = NOW + 1;
    look(&w);
    assert_non_null(line(&w, OVERSIGHT_CALLS_OVER, 1));
    assert_int_equal(line(&w, OVERSIGHT_CALLS_OVER, 1)->since_ms, NOW - 91 * DAY);
    assert_null(line(&w, OVERSIGHT_CALLS_OVER, 2));
    assert_null(line(&w, OVERSIGHT_CALLS_OVER, 3));
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
    for (int i = 0; i < 2 * PASSAGE_INVITES_MAX; i++) { /* of members whom nobody knows */
        const uint8_t nobody[COUNCIL_KEY_BYTES] = {0, (uint8_t)i, 1};
        char key[COUNCIL_KEY_CHARS + 1], text[256];
        council_b64_encode(key, nobody, sizeof nobody);
        snprintf(text, sizeof text,
                 "{\"type\":\"merge-invite\"," MERGE ",\"member\":\"%s\",\"link\":\"x\"}", key);
        post(&w, 0, 0, text);
    }
    assert_int_equal(passage_merge_open(w.model)->invite_count, PASSAGE_INVITES_MAX);
    end(&w);
    begin(&w, 3); /* where the others come to, nobody is invited away */
    post(&w, 0, 0, "{\"type\":\"merge\"," MERGE ",\"other\":" OTHER ",\"host\":1,\"need\":1}");
    post(&w, 0, 0, invite);
    assert_null(passage_invite(passage_merge_open(w.model), w.people[2].pin.member));
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_moderator_closes),
        cmocka_unit_test(an_alumna_is_not_counted_and_not_reminded),
        cmocka_unit_test(ninety_days_begin_with_the_job),
        cmocka_unit_test(an_alumna_is_in_the_queue_only_if_she_puts_herself_in),
        cmocka_unit_test(who_leaves_upon_landing_does_not_stay),
        cmocka_unit_test(a_merge_is_carried_by_those_who_are_here_and_consent),
        cmocka_unit_test(an_invite_counts_from_the_proposer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
