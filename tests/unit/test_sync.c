/*
 * test_sync.c - the connection: states, whom it believes, how it waits.
 */
#include "tests/unit/sync_world.h"

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "sync", 2);
    return 0;
}

static void test_logs_in_and_catches_up(void **state)
{
    (void)state;
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
    assert_false(sync_caught_up(f.sync));
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_true(sync_caught_up(f.sync));
    assert_int_equal(f.logs[0].count, f.council.log.count);
    assert_int_equal(f.logs[1].count, 1);
    assert_int_equal(f.logs[0].caught_up, 1);
    assert_int_equal(f.report_count, 0);
    assert_int_equal(sync_trouble(f.sync), COUNCIL_OK);
    assert_false(f.first_server);
}

static void test_stop_and_start(void **state)
{
    (void)state;
    fake_start(&f);
    sync_stop(f.sync);
    fake_run(&f);
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
    fake_sleep(&f, 3600000);
    assert_int_equal(f.connects, 1);
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
}

static void test_backoff_grows_within_its_bounds(void **state)
{
    (void)state;
    uint64_t before = 0, waits[12];
    f.unreachable = true;
    fake_start(&f);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
        assert_int_equal(sync_trouble(f.sync), COUNCIL_E_NO_NETWORK);
        waits[i] = sync_next_ms(f.sync) - f.now;
        uint64_t whole = (uint64_t)500 << i;
        whole = whole > 60000 ? 60000 : whole;
        assert_true(waits[i] >= whole / 2 && waits[i] <= whole);
        before = f.connects;
        fake_sleep(&f, waits[i] - 1);
        assert_int_equal(f.connects, before);
        fake_sleep(&f, 1);
        assert_int_equal(f.connects, before + 1);
    }
    assert_true(waits[8] != waits[9] || waits[9] != waits[10] || waits[10] != waits[11]);
    f.unreachable = false;
    fake_sleep(&f, 60000);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_int_equal(sync_trouble(f.sync), COUNCIL_OK);
}

static void test_jitter_follows_the_seed(void **state)
{
    (void)state;
    uint64_t waits[2];
    for (int i = 0; i < 2; i++) {
        struct sync_config config = fake_config(&f);
        memset(config.seed, i + 1, sizeof config.seed);
        fake_restart(&f, &config);
        f.unreachable = true;
        fake_start(&f);
        fake_sleep(&f, 20000);
        waits[i] = sync_next_ms(f.sync);
    }
    assert_true(waits[0] != waits[1]);
}

static void test_steady_connection_starts_backoff_anew(void **state)
{
    (void)state;
    fake_start(&f);
    for (int i = 0; i < 6; i++) { /* gone at once, again and again: it waits longer and longer */
        fake_cut(&f);
        fake_run(&f);
        fake_sleep(&f, sync_next_ms(f.sync) - f.now);
        assert_int_equal(sync_state(f.sync), SYNC_READY);
    }
    fake_cut(&f);
    fake_run(&f);
    assert_true(sync_next_ms(f.sync) - f.now > 8000);
    fake_sleep(&f, 60000);
    fake_cut(&f);
    fake_run(&f);
    assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
    assert_true(sync_next_ms(f.sync) - f.now <= 500);
}

static void test_start_skips_the_wait(void **state)
{
    (void)state;
    f.unreachable = true;
    fake_start(&f);
    fake_sleep(&f, 30000);
    f.unreachable = false;
    assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
}

static void test_silent_server_times_out(void **state)
{
    (void)state;
    f.silent = true;
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_HELLO);
    fake_sleep(&f, 14999);
    assert_int_equal(sync_state(f.sync), SYNC_HELLO);
    fake_sleep(&f, 1);
    assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
    assert_int_equal(sync_trouble(f.sync), COUNCIL_E_TIMEOUT);
}

static void test_wrong_server_key(void **state)
{
    (void)state;
    struct sync_config config = fake_config(&f);
    config.server[0] ^= 1;
    fake_restart(&f, &config);
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_WRONG_SERVER), 1);
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
    assert_int_equal(sync_trouble(f.sync), COUNCIL_E_WRONG_SERVER);
    assert_false(f.logged_in);
    fake_sleep(&f, 600000);
    assert_int_equal(f.connects, 1);
}

static void test_wrong_origin(void **state)
{
    (void)state;
    memcpy(f.origin, "https://evil.example", sizeof "https://evil.example");
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_WRONG_SERVER), 1);
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
}

static void test_key_that_is_not_the_servers(void **state)
{
    (void)state;
    f.server_secret[0] ^= 1; /* shows the right key and cannot sign with it */
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_WRONG_SERVER), 1);
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
}

static void test_trust_on_first_use_then_pinned(void **state)
{
    (void)state;
    struct sync_config config = fake_config(&f);
    config.server_known = false;
    memset(config.server, 0, sizeof config.server);
    fake_restart(&f, &config);
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_true(f.first_server);
    assert_memory_equal(f.pinned, f.server_key, sizeof f.pinned);
    uint8_t seed[32] = {7};
    struct council_secrets other;
    council_secrets_from_seeds(&other, seed, seed);
    struct council_device keys;
    council_secrets_public(&other, &keys);
    memcpy(f.server_secret, other.sign, sizeof f.server_secret);
    memcpy(f.server_key, keys.sign, sizeof f.server_key);
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_WRONG_SERVER), 1);
}

static void test_login_refused(void **state)
{
    (void)state;
    f.refuse_login = COUNCIL_E_LOGIN_REFUSED;
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_LOGIN_REFUSED), 1);
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
}

static void test_login_expired_is_tried_again(void **state)
{
    (void)state;
    f.refuse_login = COUNCIL_E_LOGIN_EXPIRED;
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
    f.refuse_login = COUNCIL_OK;
    fake_sleep(&f, 500);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
}

static void test_no_key_to_log_in(void **state)
{
    (void)state;
    f.no_login_key = true;
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_IDLE);
    assert_int_equal(sync_trouble(f.sync), COUNCIL_E_LOGIN_REFUSED);
}

static void test_recovery_then_the_new_device(void **state)
{
    (void)state;
    struct fixture_member *me = fixture_member(&f.fixture, 0);
    f.device = &me->recovery;
    struct sync_config config = fake_config(&f);
    config.purpose = SYNC_LOGIN_RECOVERY;
    memset(config.member, 0, sizeof config.member); /* the phrase does not say who it is */
    fake_restart(&f, &config);
    fake_start(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    f.device = &me->devices[0];
    struct council_device device = fixture_device(me, 0);
    sync_login(f.sync, SYNC_LOGIN_DEVICE, fixture_name(me), device.sign);
    fake_run(&f); /* another session at once, without a wait */
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_int_equal(f.connects, 2);
    assert_true(sync_caught_up(f.sync));
}

static void test_goodbye(void **state)
{
    (void)state;
    fake_start(&f);
    fake_push(
        &f, "{\"jsonrpc\":\"2.0\",\"method\":\"server.goodbye\",\"params\":{\"reason\":\"restart\","
            "\"retry_after_ms\":7000}}");
    fake_run(&f);
    assert_int_equal(sync_state(f.sync), SYNC_READY); /* answers may still come */
    fake_cut(&f);
    fake_run(&f);
    uint64_t wait = sync_next_ms(f.sync) - f.now;
    assert_true(wait >= 7000 && wait <= 7500);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(logs_in_and_catches_up),
        T(stop_and_start),
        T(backoff_grows_within_its_bounds),
        T(jitter_follows_the_seed),
        T(steady_connection_starts_backoff_anew),
        T(start_skips_the_wait),
        T(silent_server_times_out),
        T(wrong_server_key),
        T(wrong_origin),
        T(key_that_is_not_the_servers),
        T(trust_on_first_use_then_pinned),
        T(login_refused),
        T(login_expired_is_tried_again),
        T(no_key_to_log_in),
        T(recovery_then_the_new_device),
        T(goodbye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
