/*
 * test_sync_calls.c - the shell's own calls, and frames that nobody asked for.
 */
#include "tests/unit/sync_world.h"

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "sync", 2);
    return 0;
}

static void test_calls_before_login_and_after(void **state)
{
    (void)state;
    struct sync_config config = fake_config(&f);
    config.purpose = SYNC_LOGIN_NONE;
    fake_restart(&f, &config);
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_RPC_DISCOVER, NULL, 0, 0, 1), COUNCIL_OK);
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, 0, 2), COUNCIL_OK);
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_GREETED);
    assert_non_null(sync_challenge(f.sync));
    assert_int_equal(f.call_count, 1); /* the second waits for a login */
    assert_int_equal(f.call_tags[0], 1);
    assert_int_equal(f.call_errors[0], COUNCIL_E_UNKNOWN_METHOD);
    sync_login(f.sync, SYNC_LOGIN_DEVICE, config.member, config.device);
    fake_run(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_int_equal(f.connects, 1);
    assert_int_equal(f.call_count, 2);
    assert_int_equal(f.call_tags[1], 2);
    assert_int_equal(f.call_errors[1], COUNCIL_OK);
}

static void test_calls_time_out_or_are_lost(void **state)
{
    (void)state;
    fake_start(&f);
    f.silent = true;
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 5000, 0, 1), COUNCIL_OK);
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, 0, 2), COUNCIL_OK);
    fake_sleep(&f, 5000);
    assert_int_equal(f.call_count, 1);
    assert_int_equal(f.call_tags[0], 1);
    assert_int_equal(f.call_errors[0], COUNCIL_E_TIMEOUT);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    fake_cut(&f);
    fake_run(&f);
    assert_int_equal(f.call_count, 2);
    assert_int_equal(f.call_errors[1], COUNCIL_E_NO_NETWORK);
    /* not sent yet: one waits for the next connection, one is bound to this one */
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, 0, 3), COUNCIL_OK);
    f.silent = false;
    fake_sleep(&f, 1000);
    assert_int_equal(f.call_count, 3);
    assert_int_equal(f.call_errors[2], COUNCIL_OK);
}

static void test_call_ceiling(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SYNC_CALLS_MAX; i++)
        assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, 0, i), COUNCIL_OK);
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, 0, 99),
                     COUNCIL_E_QUOTA);
    fake_start(&f);
    assert_int_equal(f.call_count, SYNC_CALLS_MAX);
}

static void test_bound_call_ends_with_its_connection(void **state)
{
    (void)state;
    f.unreachable = true;
    assert_int_equal(sync_call(f.sync, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, SYNC_CALL_BOUND, 1),
                     COUNCIL_OK);
    fake_start(&f);
    assert_int_equal(f.call_count, 1);
    assert_int_equal(f.call_errors[0], COUNCIL_E_NO_NETWORK);
}

static void test_nonsense_ends_the_connection(void **state)
{
    (void)state;
    static const char *const frames[] = {
        "",
        "{",
        "[]",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.hello\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"log.entry\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"presence\",\"params\":{\"log\":1}}"};
    for (uint32_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        fake_start(&f);
        fake_sleep(&f, 60000);
        assert_int_equal(sync_state(f.sync), SYNC_READY);
        fake_push(&f, frames[i]);
        fake_run(&f);
        assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
        assert_int_equal(fake_reports(&f, SYNC_REPORT_BAD_REPLY), i + 1);
    }
}

static void test_late_and_unknown_frames_are_ignored(void **state)
{
    (void)state;
    fake_start(&f);
    fake_push(&f, "{\"jsonrpc\":\"2.0\",\"id\":99999,\"result\":{}}");
    fake_push(&f, "{\"jsonrpc\":\"2.0\",\"method\":\"weather\",\"params\":{\"sun\":1}}");
    fake_run(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_int_equal(f.report_count, 0);
    sync_stop(f.sync);
    sync_message(f.sync, "{", 1); /* between asking for the close and its end */
    fake_run(&f);
    assert_int_equal(f.report_count, 0);
}

static void test_missing_ops_are_refused(void **state)
{
    (void)state;
    struct sync *sync = NULL;
    struct sync_ops ops = fake_ops;
    struct sync_config config = fake_config(&f);
    ops.store_entries = NULL;
    config.ops = &ops;
    assert_int_equal(sync_create(&sync, &config), COUNCIL_E_BAD_INPUT);
    assert_null(sync);
    sync_destroy(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(calls_before_login_and_after),
        T(calls_time_out_or_are_lost),
        T(call_ceiling),
        T(bound_call_ends_with_its_connection),
        T(nonsense_ends_the_connection),
        T(late_and_unknown_frames_are_ignored),
        T(missing_ops_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
