/*
 * test_core_tune.c - what the operator changes while the server runs counts from the next call on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

/* What comes of sending the next entry of the council once more. */
static const char *outcome(struct core_world *w)
{
    uint64_t id = core_fake_append(&w->fake, w->sessions[0], core_world_entry(w, w->sent + 1));
    core_fake_run(&w->fake);
    return core_fake_outcome(&w->fake, w->sessions[0], id);
}

static void limits_count_at_once(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    struct core_limits limits;
    core_limits_init(&limits);
    uint32_t a = core_fake_connect(&w.fake, 1);
    assert_int_not_equal(w.fake.sessions[a].handle, 0);
    limits.sessions_per_address = 1;
    limits.address_burst = 10;
    core_set_limits(w.fake.core, &limits);
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 1)].handle, 0);
    assert_false(w.fake.sessions[a].closed); /* who is there stays */
    assert_string_equal(
        core_fake_outcome(&w.fake, a, core_fake_call(&w.fake, a, "rpc.discover", json_object())),
        "ok");
    assert_string_equal(
        core_fake_outcome(&w.fake, a, core_fake_call(&w.fake, a, "rpc.discover", json_object())),
        "rate_limited");
    core_limits_init(&limits);
    core_set_limits(w.fake.core, &limits);
    assert_string_equal(
        core_fake_outcome(&w.fake, a, core_fake_call(&w.fake, a, "rpc.discover", json_object())),
        "ok");
    core_world_end(&w);
}

static void registration_opens_and_closes(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_set_registration(w.fake.core, CORE_REGISTER_CLOSED);
    uint32_t s = core_fake_hello(&w.fake);
    json_t *params = json_object();
    (void)json_object_set_new(params, "entry",
                              core_fake_entry(&core_world_person(&w, 0)->log.entries[0]));
    uint64_t id = core_fake_call(&w.fake, s, "member.register", params);
    assert_outcome(&w, s, id, "registration_closed");
    core_set_registration(w.fake.core, CORE_REGISTER_OPEN);
    (void)core_fake_member(&w.fake, core_world_person(&w, 0));
    core_world_end(&w);
}

/* A quota of one log's own, below the limit and above it; others keep to the limit. */
static void quotas_of_single_logs(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.log_entries = 16;
    core_world_begin(&w, config);
    core_world_found(&w, 1);
    uint64_t now = core_world_stored(&w)->count;
    assert_true(now + 2 < 16);
    assert_true(core_set_quota(w.fake.core, core_world_log(&w), now + 1, 0));
    assert_true(core_set_quota(w.fake.core, w.fake.server_key, 1, 1)); /* another log's */
    core_world_posts(&w, 0, 1);
    core_world_post(&w, 0);
    assert_string_equal(outcome(&w), "quota");
    assert_true(core_set_quota(w.fake.core, core_world_log(&w), 0, 1));
    assert_string_equal(outcome(&w), "quota");
    assert_true(core_set_quota(w.fake.core, core_world_log(&w), 0, 0));
    core_world_send(&w, w.sessions[0]);
    core_world_posts(&w, 0, (uint32_t)(16 - core_world_stored(&w)->count));
    core_world_post(&w, 0);
    assert_string_equal(outcome(&w), "quota");
    assert_true(core_set_quota(w.fake.core, core_world_log(&w), 17, 0));
    assert_string_equal(outcome(&w), "ok");
    core_world_end(&w);
}

static void quotas_have_a_ceiling(void **state)
{
    (void)state;
    struct core_world w;
    uint8_t log[COUNCIL_KEY_BYTES] = {0};
    core_world_begin(&w, core_fake_config(&w.fake));
    for (uint32_t i = 0; i < CORE_QUOTAS_MAX; i++) {
        uint32_t mixed = i * 2654435761u; /* in no order */
        memcpy(log, &mixed, sizeof mixed);
        assert_true(core_set_quota(w.fake.core, log, 1, 1));
    }
    log[9] = 1;
    assert_false(core_set_quota(w.fake.core, log, 1, 1));
    assert_true(core_set_quota(w.fake.core, log, 0, 0));
    memset(log, 0, sizeof log);
    assert_true(core_set_quota(w.fake.core, log, 0, 0)); /* that of i = 0 */
    log[9] = 1;
    assert_true(core_set_quota(w.fake.core, log, 1, 1));
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_count_at_once),
        cmocka_unit_test(registration_opens_and_closes),
        cmocka_unit_test(quotas_of_single_logs),
        cmocka_unit_test(quotas_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
