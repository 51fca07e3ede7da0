/*
 * The pool in the core: calls against a real store, rounds by made-up time, notifications, floods.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/pool.h"
#include "server/host/storage.h"
#include "server/pool/search.h"
#include "tests/unit/core_world.h"

#include <cmocka.h>

enum {
    PEOPLE = 8,
    EVERY_MS = 5000
};

struct story {
    struct core_world w;
    struct core_config config;
    struct store *store;
    char path[64];
    uint32_t sessions[PEOPLE];
    uint32_t rounds; /* searches */
    bool hold_match;
    struct core_job *held;
    enum store_status fail; /* what the next asks get */
};

static void carry_out(void *ctx, struct core_job *job)
{
    struct story *story = ctx;

    if (job->type == CORE_JOB_MATCH) {
        story->rounds++;
        pool_search(job->u.match);
        job->status = STORE_OK;
    } else if (story->fail != STORE_OK) {
        job->status = story->fail;
    } else {
        host_pool_run(story->store, job);
    }
}

static void hook(struct story *story)
{
    story->w.fake.store.pool = carry_out;
    story->w.fake.store.pool_ctx = story;
}

static int begin(void **state)
{
    struct story *story = calloc(1, sizeof *story);

    (void)snprintf(story->path, sizeof story->path, "/tmp/council-pool-%d.db", (int)getpid());
    assert_int_equal(store_open(story->path, STORE_OPEN_CREATE, &story->store), STORE_OK);
    story->config = core_world_config(&story->w);
    story->config.pool = true;
    story->config.limits.pool_every_ms = EVERY_MS;
    story->config.limits.pool_answer_ms = 100000;
    core_world_begin(&story->w, story->config);
    hook(story);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        story->sessions[i] = core_fake_member(&story->w.fake, core_world_person(&story->w, i));
    }
    *state = story;
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;

    core_world_end(&story->w);
    assert_int_equal(store_close(story->store), STORE_OK);
    (void)unlink(story->path);
    free(story);
    return 0;
}

static json_t *person(uint32_t i)
{
    uint8_t hours[COUNCIL_POOL_HOURS_BYTES];
    char name[16];

    memset(hours, 0xff, sizeof hours);
    (void)snprintf(name, sizeof name, "Name-%u", i);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:s}", "pace", "fast", "function",
                     "data", "level", "senior", "industry", "other", "zone", "Europe/Berlin",
                     "hours", core_fake_bytes(hours, sizeof hours), "languages", "en de",
                     "moderate", i == 0, "name", name);
}

static uint64_t call(struct story *story, uint32_t i, const char *method, json_t *params)
{
    return core_fake_call(&story->w.fake, story->sessions[i], method, params);
}

static uint64_t register_as(struct story *story, uint32_t i, json_t *who)
{
    return call(story, i, "pool.register", json_pack("{s:o}", "person", who));
}

#define assert_said(story, i, id, name) \
    assert_outcome(&(story)->w, (story)->sessions[i], (id), (name))

static json_t *show(struct story *story, uint32_t i)
{
    uint64_t id = call(story, i, "pool.show", json_object());

    assert_said(story, i, id, "ok");
    return core_fake_result(&story->w.fake, story->sessions[i], id);
}

static size_t proposals(struct story *story, uint32_t i)
{
    return json_array_size(json_object_get(show(story, i), "proposals"));
}

static void gather(struct story *story)
{
    for (uint32_t i = 0; i < PEOPLE; i++) {
        assert_said(story, i, register_as(story, i, person(i)), "ok");
    }
}

static uint64_t answer(struct story *story, uint32_t i, const char *proposal, int accept)
{
    return call(story, i, "pool.answer",
                json_pack("{s:s, s:i}", "proposal", proposal, "accept", accept));
}

/* ---- */

static void who_comes_meanwhile_is_matched_together(void **state)
{
    struct story *story = *state;

    core_fake_advance(&story->w.fake, 1);
    gather(story);
    core_fake_advance(&story->w.fake, EVERY_MS - 1);
    assert_int_equal(story->rounds, 0);
    assert_int_equal(proposals(story, 3), 0);
    core_fake_advance(&story->w.fake, 1);
    assert_int_equal(story->rounds, 1);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        assert_int_equal(proposals(story, i), 1);
        assert_int_equal(core_fake_notices(&story->w.fake, story->sessions[i], "pool.proposal"), 1);
    }
    /* Nothing that is worth another one. */
    core_fake_advance(&story->w.fake, 10 * EVERY_MS);
    assert_int_equal(story->rounds, 1);
}

static void a_proposal_shows_names_and_no_keys(void **state)
{
    struct story *story = *state;

    gather(story);
    core_fake_advance(&story->w.fake, 1);
    core_fake_advance(&story->w.fake, EVERY_MS);
    const json_t *p = json_array_get(json_object_get(show(story, 3), "proposals"), 0);
    assert_int_equal(json_array_size(json_object_get(p, "people")), PEOPLE);
    assert_int_equal(json_array_size(json_object_get(p, "slots")), 2);
    assert_true(json_array_size(json_object_get(p, "why")) > 0);
    for (size_t i = 0; i < PEOPLE; i++) {
        assert_null(json_object_get(json_array_get(json_object_get(p, "people"), i), "member"));
    }
    const char *bad = NULL;
    assert_int_equal(council_rpc_check_result(COUNCIL_METHOD_POOL_SHOW, show(story, 3), &bad),
                     COUNCIL_OK);
}

static void six_acceptances_show_their_keys_to_the_moderator_alone(void **state)
{
    struct story *story = *state;

    gather(story);
    core_fake_advance(&story->w.fake, 1);
    core_fake_advance(&story->w.fake, EVERY_MS);
    char *name = strdup(json_string_value(json_object_get(
        json_array_get(json_object_get(show(story, 0), "proposals"), 0), "proposal")));
    for (uint32_t i = 0; i < 6; i++) {
        assert_said(story, i, answer(story, i, name, 1), "ok");
        assert_said(story, i, answer(story, i, name, 1), "ok"); /* again */
    }
    assert_said(story, 7, answer(story, 7, name, 0), "ok");
    for (uint32_t viewer = 0; viewer < 7; viewer++) {
        const json_t *p = json_array_get(json_object_get(show(story, viewer), "proposals"), 0);
        const json_t *people = json_object_get(p, "people");
        uint32_t keys = 0;
        assert_string_equal(json_string_value(json_object_get(p, "state")), "founding");
        for (size_t i = 0; i < json_array_size(people); i++) {
            keys += json_object_get(json_array_get(people, i), "member") != NULL;
        }
        assert_int_equal(keys, viewer == 0 ? 5 : 0);
    }
    assert_said(story, 7, answer(story, 7, name, 1), "no_proposal");
    free(name);
}

static void bad_words_and_fields_are_named(void **state)
{
    struct story *story = *state;
    const struct {
        const char *field;
        json_t *value;
        const char *error;
    } cases[] = {
        {"function", json_string("wizard"), "pool_word"},
        {"level", json_string("top"), "pool_word"},
        {"industry", json_string("x"), "pool_word"},
        {"languages", json_string("en  de"), "pool_word"},
        {"languages", json_string("en en"), "pool_word"},
        {"languages", json_string("xx"), "pool_word"},
        {"zone", json_string("Mars/Olympus"), "pool_word"},
        {"zone", json_string("../../etc/passwd"), "pool_word"},
        {"name", json_string("a\033[2J"), "invalid_params"},
        {"name", json_string(""), "invalid_params"},
        {"hours", json_string("AAAA"), "invalid_params"},
        {"avoid", json_string("AAAA"), "invalid_params"},
        {"pace", json_string("medium"), "invalid_params"},
        {"more", json_string("x"), "invalid_params"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *who = person(1);
        json_object_set_new(who, cases[i].field, cases[i].value);
        assert_said(story, 1, register_as(story, 1, who), cases[i].error);
    }
    assert_null(json_object_get(show(story, 1), "person"));
}

static void a_flood_is_one_registration_and_runs_dry(void **state)
{
    struct story *story = *state;
    uint32_t taken = 0;
    struct core_limits limits = story->config.limits;

    limits.device_burst = 1000;
    core_set_limits(story->w.fake.core, &limits);
    for (uint32_t i = 0; i < 100; i++) {
        uint64_t id = register_as(story, 2, person(i));
        const char *said = core_fake_outcome(&story->w.fake, story->sessions[2], id);
        taken += strcmp(said, "ok") == 0;
        assert_true(strcmp(said, "ok") == 0 || strcmp(said, "rate_limited") == 0);
    }
    assert_in_range(taken, 1, 21);
    core_fake_advance(&story->w.fake, 60000);
    assert_int_equal(json_integer_value(json_object_get(show(story, 2), "alike")), 1);
    /* A full pool takes nobody more, but those who are in it. */
    limits.pool_people = 1;
    core_set_limits(story->w.fake.core, &limits);
    assert_said(story, 3, register_as(story, 3, person(3)), "pool_closed");
    assert_said(story, 2, register_as(story, 2, person(2)), "ok");
}

static void a_server_without_a_pool_says_so(void **state)
{
    struct story *story = *state;
    const char *const methods[] = {"pool.show", "pool.withdraw"};

    story->config.pool = false;
    core_fake_restart(&story->w.fake, &story->config);
    story->sessions[0] = core_fake_login_new(&story->w.fake, core_world_person(&story->w, 0), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_said(story, 0, call(story, 0, methods[i], json_object()), "pool_closed");
    }
    core_fake_advance(&story->w.fake, 100000);
    assert_int_equal(story->rounds, 0);
}

static void a_deadline_passes_over_a_restart(void **state)
{
    struct story *story = *state;

    gather(story);
    core_fake_advance(&story->w.fake, 1);
    core_fake_advance(&story->w.fake, EVERY_MS);
    assert_int_equal(proposals(story, 5), 1);
    core_fake_restart(&story->w.fake, &story->config);
    hook(story);
    core_fake_advance(&story->w.fake, 100000);
    story->sessions[5] = core_fake_login_new(&story->w.fake, core_world_person(&story->w, 5), 0);
    assert_int_equal(proposals(story, 5), 0);
    assert_true(json_integer_value(json_object_get(show(story, 5), "rests")) > 0);
}

static void withdrawing_in_the_middle_of_a_search_wins(void **state)
{
    struct story *story = *state;

    core_fake_advance(&story->w.fake, 1);
    gather(story);
    /* The round has read everybody when one of them goes. */
    story->w.fake.hold_store = true;
    core_fake_advance(&story->w.fake, EVERY_MS);
    for (uint32_t i = 0; i < 3; i++) { /* sweep, people, refills; the search is next */
        assert_true(core_fake_store_step(&story->w.fake));
    }
    uint64_t id =
        core_fake_send(&story->w.fake, story->sessions[4], "pool.withdraw", json_object());
    story->w.fake.hold_store = false;
    core_fake_run(&story->w.fake);
    assert_said(story, 4, id, "ok");
    assert_null(json_object_get(show(story, 4), "person"));
    for (uint32_t i = 0; i < PEOPLE; i++) {
        const json_t *shown = show(story, i);
        const json_t *p = json_array_get(json_object_get(shown, "proposals"), 0);
        /* A proposal came before it and lost one, or was not made at all. */
        assert_true(p == NULL || json_array_size(json_object_get(p, "people")) == PEOPLE - 1);
    }
}

static void a_failing_store_ends_the_round_and_it_is_tried_again(void **state)
{
    struct story *story = *state;

    core_fake_advance(&story->w.fake, 1);
    gather(story);
    story->fail = STORE_FULL;
    core_fake_advance(&story->w.fake, EVERY_MS);
    assert_int_equal(story->rounds, 0);
    assert_said(story, 1, register_as(story, 1, person(1)), "storage_full");
    story->fail = STORE_OK;
    core_fake_advance(&story->w.fake, 60000);
    core_fake_advance(&story->w.fake, EVERY_MS);
    assert_int_equal(story->rounds, 1);
}

static void it_shuts_down_in_the_middle_of_a_round(void **state)
{
    struct story *story = *state;

    core_fake_advance(&story->w.fake, 1);
    gather(story);
    story->w.fake.hold_store = true;
    core_fake_advance(&story->w.fake, EVERY_MS);
    assert_true(core_fake_store_step(&story->w.fake));
    core_shutdown(story->w.fake.core);
    story->w.fake.hold_store = false;
    core_fake_run(&story->w.fake);
    assert_true(core_drained(story->w.fake.core));
    assert_int_equal(story->rounds, 0);
}

/* Whoever could invite nobody asks for nobody: a stranger, a member who does not moderate; and of a council that there is not. */
static void moderators_alone_ask_for_people(void **state)
{
    struct story *story = *state;
    struct core_world *w = &story->w;
    uint8_t nowhere[COUNCIL_KEY_BYTES] = {1};

    core_world_found(w, 2);
    story->fail = STORE_CONFLICT; /* whoever gets as far as the store is told so */
    const struct {
        uint32_t session;
        const uint8_t *council;
        const char *outcome;
    } rows[] = {{w->sessions[0], core_world_log(w), "pool_proposed"},
                {w->sessions[1], core_world_log(w), "not_found"},
                {story->sessions[5], core_world_log(w), "not_found"},
                {w->sessions[0], nowhere, "not_found"},
                {w->sessions[0], fixture_name(core_world_person(w, 0)), "not_found"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t id =
            core_fake_call(&w->fake, rows[i].session, "pool.refill",
                           json_pack("{s:o, s:i, s:s, s:s, s:s, s:[{s:i, s:i}]}", "council",
                                     core_fake_bytes(rows[i].council, COUNCIL_KEY_BYTES), "places",
                                     1, "pace", "slow", "zone", "Europe/Berlin", "language", "en",
                                     "slots", "day", 1, "minute", 1080));
        assert_outcome(w, rows[i].session, id, rows[i].outcome);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(who_comes_meanwhile_is_matched_together),
        TEST(a_proposal_shows_names_and_no_keys),
        TEST(six_acceptances_show_their_keys_to_the_moderator_alone),
        TEST(bad_words_and_fields_are_named),
        TEST(a_flood_is_one_registration_and_runs_dry),
        TEST(a_server_without_a_pool_says_so),
        TEST(a_deadline_passes_over_a_restart),
        TEST(withdrawing_in_the_middle_of_a_search_wins),
        TEST(a_failing_store_ends_the_round_and_it_is_tried_again),
        TEST(it_shuts_down_in_the_middle_of_a_round),
        TEST(moderators_alone_ask_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
