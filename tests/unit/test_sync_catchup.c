/*
 * test_sync_catchup.c - catching up, resuming, loading from rows, and what heals by itself.
 */
#include "tests/unit/sync_world.h"

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "catchup", 2);
    return 0;
}

static void test_live_entries(void **state)
{
    (void)state;
    fake_start(&f);
    posts(1, 3);
    fake_run(&f);
    assert_same(0);
    assert_int_equal(f.logs[0].caught_up, 1);
    assert_true(f.logs[0].rows[f.logs[0].count - 1].data);
}

static void test_batches(void **state)
{
    (void)state;
    uint32_t before = f.council.log.count;
    posts(1, 700);
    fake_start(&f);
    assert_same(0);
    assert_int_equal(f.logs[0].batches, (before + 700 + 255) / 256);
    assert_true(f.verified >= 700);
}

static void test_resumes_from_the_last_head(void **state)
{
    (void)state;
    posts(1, 300);
    fake_start(&f);
    uint32_t stored = f.logs[0].count;
    fake_cut(&f);
    fake_run(&f);
    posts(1, 2);
    fake_sleep(&f, 1000);
    assert_same(0);
    assert_int_equal(f.logs[0].count, stored + 2); /* the shell aborts at any other seq */
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config);
    posts(1, 1);
    assert_int_equal(fixture_rotate(&f.fixture, &f.council, member(1)), COUNCIL_OK);
    fake_start(&f);
    assert_same(0);
    assert_int_equal(f.report_count, 0);
}

static void test_loaded_state_is_the_folded_state(void **state)
{
    (void)state;
    posts(1, 10);
    assert_int_equal(fixture_device_add(&f.fixture, member(1)), COUNCIL_OK);
    assert_int_equal(fixture_devices(&f.fixture, &f.council, member(1), member(1)), COUNCIL_OK);
    posts(1, 300);
    fake_start(&f);
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config);
    const struct council_log *loaded = &fake_view(&f, 0).replica->state;
    const struct council_log *folded = &f.council.log.log;
    assert_int_equal(loaded->tail.seq, folded->tail.seq);
    assert_int_equal(loaded->tail.control, folded->tail.control);
    assert_int_equal(loaded->council.epoch, folded->council.epoch);
    assert_int_equal(loaded->council.seq, folded->council.seq);
    assert_int_equal(loaded->council.control, folded->council.control);
    assert_memory_equal(loaded->council.control_head, folded->council.control_head, 32);
    assert_int_equal(loaded->council.person_count, 2);
    assert_int_equal(council_person(&loaded->council, fixture_name(member(1)))->pin.seq, 2);
    struct council_device second = fixture_device(member(1), 1);
    uint64_t last = loaded->council.epoch;
    assert_true(sync_given(fake_view(&f, 0).replica, second.sign, last));
    assert_false(sync_given(fake_view(&f, 0).replica, second.sign, last - 1));
}

static void test_damaged_rows_are_found(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    struct sync_replica replica;
    fake_start(&f);
    const struct fake_row *rows = f.logs[0].rows;
    uint8_t wrong[32] = {1};
    sync_replica_init(&replica, rows[0].head);
    sync_replica_begin(&replica, 0, zeros);
    assert_int_equal(sync_replica_load(&replica, 1, wrong, rows[0].text, rows[0].len, rows[0].sig),
                     COUNCIL_E_HOME_DAMAGED);
    sync_replica_fini(&replica);
    sync_replica_init(&replica, rows[0].head);
    sync_replica_begin(&replica, 0, zeros);
    assert_int_equal(
        sync_replica_load(&replica, 1, rows[0].head, rows[0].text, rows[0].len, rows[0].sig),
        COUNCIL_OK);
    assert_int_equal(
        sync_replica_load(&replica, 3, rows[2].head, rows[2].text, rows[2].len, rows[2].sig),
        COUNCIL_E_HOME_DAMAGED);
    sync_replica_fini(&replica);
    sync_replica_init(&replica, rows[0].head);
    sync_replica_begin(&replica, 0, zeros);
    assert_int_equal(sync_replica_finish(&replica, 2, rows[1].head), COUNCIL_E_HOME_DAMAGED);
    sync_replica_fini(&replica);
}

static void test_duplicates_are_harmless(void **state)
{
    (void)state;
    f.twice = true;
    posts(1, 300);
    fake_start(&f);
    posts(1, 2);
    fake_run(&f);
    assert_same(0);
    assert_int_equal(f.report_count, 0);
}

/* Two histories of one council that part after `shared`: the server switches from one to the other. */
static void test_gap_reconnects_and_heals(void **state)
{
    (void)state;
    fake_start(&f);
    posts(1, 3);
    f.logs[0].cursor += 1; /* leaves one out */
    fake_run(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_GAP), 1);
    assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
    fake_sleep(&f, 1000);
    assert_same(0);
    assert_int_equal(f.report_count, 1);
}

static void test_unknown_log_is_refused_and_asked_again(void **state)
{
    (void)state;
    f.logs[0].visible = 0;
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_LOG_REFUSED), 1);
    assert_int_equal(fake_view(&f, 0).state, SYNC_LOG_REFUSED);
    assert_true(sync_caught_up(f.sync));
    f.logs[0].visible = UINT64_MAX;
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_same(0);
}

static void test_limited_subscriptions_are_asked_again(void **state)
{
    (void)state;
    f.limit_reads = 5;
    fake_start(&f);
    assert_false(sync_caught_up(f.sync));
    fake_sleep(&f, 15000); /* 1 + 2 + 4 seconds at most for each log */
    assert_true(sync_caught_up(f.sync));
    assert_same(0);
    assert_int_equal(f.connects, 1);
    assert_int_equal(f.report_count, 0);
}

static void test_full_home_stops_the_log_until_it_is_loaded_again(void **state)
{
    (void)state;
    f.store_fails = COUNCIL_E_HOME_FULL;
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_STORE_FAILED), 2);
    assert_stopped(0, COUNCIL_E_HOME_FULL);
    assert_int_equal(f.logs[0].count, 0);
    f.store_fails = COUNCIL_OK;
    for (uint32_t i = 0; i < 2; i++) {
        sync_log_remove(f.sync, f.logs[i].log->entries[0].head);
        fake_add_log(&f, i);
    }
    fake_run(&f);
    assert_same(0);
    assert_same(1);
    assert_true(sync_caught_up(f.sync));
}

static void test_erase_is_judged_by_what_is_stored(void **state)
{
    (void)state;
    posts(1, 2);
    uint64_t post = f.council.log.count;
    assert_int_equal(fixture_erase(&f.fixture, &f.council, member(1), post), COUNCIL_OK);
    fake_start(&f); /* the post and its erase come in one batch */
    assert_same(0);
    assert_int_equal(f.report_count, 0);
    assert_false(f.logs[0].rows[post - 1].data);
}

static void test_block_entries_bring_their_recipients(void **state)
{
    (void)state;
    fake_start(&f);
    for (uint32_t i = 0; i < f.logs[0].count; i++) {
        bool block = council_kind_has(f.logs[0].rows[i].kind, COUNCIL_FLAG_BLOCK);
        bool join = f.logs[0].rows[i].kind == COUNCIL_KIND_MEMBER_JOIN;
        assert_int_equal(f.logs[0].rows[i].recipients, !block ? 0 : join ? 4 : 2);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(live_entries),
        T(batches),
        T(resumes_from_the_last_head),
        T(loaded_state_is_the_folded_state),
        T(damaged_rows_are_found),
        T(duplicates_are_harmless),
        T(gap_reconnects_and_heals),
        T(unknown_log_is_refused_and_asked_again),
        T(limited_subscriptions_are_asked_again),
        T(full_home_stops_the_log_until_it_is_loaded_again),
        T(erase_is_judged_by_what_is_stored),
        T(block_entries_bring_their_recipients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
