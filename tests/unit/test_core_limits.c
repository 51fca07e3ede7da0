/*
 * test_core_limits.c - the ceilings of connections and calls, handles, shutdown, and the table of limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

static uint64_t call(struct core_fake *fake, uint32_t session, const char *method)
{
    return core_fake_call(fake, session, method, json_object());
}

static void handles_are_not_reused(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    uint32_t first = core_fake_connect(&w.fake, 0);
    core_session old = w.fake.sessions[first].handle;
    core_fake_disconnect(&w.fake, first);
    uint32_t second = core_fake_connect(&w.fake, 0);
    assert_true(w.fake.sessions[second].handle != old);
    core_disconnect(w.fake.core, old);
    core_message(w.fake.core, old, "{}", 2);
    core_writable(w.fake.core, old, 5);
    core_too_large(w.fake.core, old);
    assert_int_equal(w.fake.sessions[second].count, 0);
    assert_false(w.fake.sessions[second].closed);
    struct core_stats stats;
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.sessions, 1);
    core_world_end(&w);
}

static void connections_per_address(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.sessions_per_address = 2;
    config.limits.sessions = 4;
    config.limits.address_burst = 10;
    core_world_begin(&w, config);
    uint32_t a = core_fake_connect(&w.fake, 1);
    assert_int_not_equal(w.fake.sessions[a].handle, 0);
    assert_int_not_equal(w.fake.sessions[core_fake_connect(&w.fake, 1)].handle, 0);
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 1)].handle, 0);
    uint32_t b = core_fake_connect(&w.fake, 2);
    assert_int_not_equal(w.fake.sessions[b].handle, 0);
    core_fake_disconnect(&w.fake, a);
    uint32_t c = core_fake_connect(&w.fake, 1);
    assert_int_not_equal(w.fake.sessions[c].handle, 0);
    assert_int_not_equal(w.fake.sessions[core_fake_connect(&w.fake, 0)].handle, 0);
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 0)].handle, 0);
    /* ten tokens: one call of ten, then none until time has passed; addresses do not share */
    assert_outcome(&w, c, call(&w.fake, c, "rpc.discover"), "ok");
    uint64_t id = call(&w.fake, c, "rpc.discover");
    assert_outcome(&w, c, id, "rate_limited");
    const json_t *data =
        json_object_get(json_object_get(core_fake_answer(&w.fake, c, id), "error"), "data");
    uint64_t wait = core_fake_int(data, "retry_after_ms");
    assert_in_range(wait, 1, 1000);
    assert_outcome(&w, b, call(&w.fake, b, "rpc.discover"), "ok");
    core_fake_advance(&w.fake, wait);
    assert_outcome(&w, c, call(&w.fake, c, "rpc.discover"), "ok");
    core_world_end(&w);
}

static void too_many_calls(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.outstanding = 4;
    core_world_begin(&w, config);
    uint32_t s = core_fake_member(&w.fake, core_world_person(&w, 0));
    w.fake.hold_store = true;
    for (int i = 0; i < 4; i++) {
        (void)call(&w.fake, s, "council.list");
    }
    assert_false(w.fake.sessions[s].closed);
    uint64_t id = call(&w.fake, s, "council.list");
    assert_outcome(&w, s, id, "too_many_calls");
    assert_true(w.fake.sessions[s].closed);
    core_world_end(&w); /* the answers of those four find nobody */
}

static void shutdown_lets_calls_land(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    struct fixture_member *ann = core_world_person(&w, 0);
    uint32_t s = core_fake_member(&w.fake, ann);
    uint32_t idle = core_fake_connect(&w.fake, 0);
    assert_int_equal(fixture_device_add(&w.fixture, ann), COUNCIL_OK);
    w.fake.hold_store = true;
    uint64_t id = core_fake_append(&w.fake, s, &ann->log.entries[1]);
    core_fake_run(&w.fake);
    core_shutdown(w.fake.core);
    assert_false(core_drained(w.fake.core));
    assert_int_equal(core_fake_notices(&w.fake, idle, "server.goodbye"), 1);
    assert_false(w.fake.sessions[s].closed);
    core_fake_say(&w.fake, idle, "{}");
    assert_string_equal(w.fake.sessions[idle].reason, "going_away");
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 0)].handle, 0);
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    assert_outcome(&w, s, id, "ok");
    assert_true(w.fake.sessions[s].closed);
    assert_int_equal(w.fake.sessions[s].code, CORE_CLOSE_GOING_AWAY);
    assert_true(core_drained(w.fake.core));
    core_world_end(&w);
}

static void limits_table(void **state)
{
    (void)state;
    struct core_limits limits;
    uint32_t count = 0;
    core_limits_init(&limits);
    const struct core_limit_info *infos = core_limit_infos(&count);
    assert_true(count > 10);
    for (uint32_t i = 0; i < count; i++) {
        assert_in_range(infos[i].value, infos[i].min, infos[i].max);
        assert_int_equal(core_limits_get(&limits, infos[i].name), infos[i].value);
        assert_true(core_limits_set(&limits, infos[i].name, infos[i].min));
        assert_int_equal(core_limits_get(&limits, infos[i].name), infos[i].min);
        assert_false(core_limits_set(&limits, infos[i].name, infos[i].max + 1));
    }
    assert_false(core_limits_set(&limits, "no-such-limit", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_are_not_reused), cmocka_unit_test(connections_per_address),
        cmocka_unit_test(too_many_calls),         cmocka_unit_test(shutdown_lets_calls_land),
        cmocka_unit_test(limits_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
