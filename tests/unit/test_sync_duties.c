/*
 * test_sync_duties.c - what is due, for whom, whose turn it is, and a pin that is not mine.
 */
#include "tests/unit/sync_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOTE     "{\"type\":\"note\"}"
#define OK(call) assert_string_equal(council_error_name(call), "ok")
#define STEP     3000u

static struct fake f;

static struct fixture_member *member(uint32_t i)
{
    return fixture_member(&f.fixture, i);
}

/* Three members, everybody has every epoch. */
static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "duties", 3);
    OK(fixture_history(&f.fixture, &f.council, member(0), member(1), 1, 2));
    OK(fixture_history(&f.fixture, &f.council, member(0), member(2), 1, 2));
    sync_duties(f.sync, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_fini(&f);
    return 0;
}

/* The client becomes member 0's second device, which the member log has. */
static void be_second_device(void)
{
    OK(fixture_device_add(&f.fixture, member(0)));
    f.device = &member(0)->devices[1];
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config);
    sync_duties(f.sync, true);
}

static void test_nothing_is_due(void **state)
{
    (void)state;
    fake_start(&f);
    fake_sleep(&f, 600000);
    assert_int_equal(f.duty_count, 0);
}

static void test_rotation(void **state)
{
    (void)state;
    fake_start(&f);
    OK(fixture_leave(&f.fixture, &f.council, member(2)));
    fake_run(&f);
    fake_sleep(&f, STEP); /* first of the roster: its turn comes within the first step */
    assert_int_equal(fake_duties(&f, SYNC_DUTY_ROTATE), 1);
    assert_memory_equal(f.duties[0].log, f.council.log.entries[0].head, 32);
    assert_true(sync_duty_due(f.sync, &f.duties[0]));
    uint64_t rotate = fake_draft(&f, NULL);
    fake_run(&f);
    assert_int_equal(fake_item(&f, rotate)->acked, 1);
    assert_false(sync_duty_due(f.sync, &f.duties[0]));
    fake_sleep(&f, 3600000);
    assert_int_equal(f.duty_count, 1);
}

static void test_not_without_the_lock(void **state)
{
    (void)state;
    sync_duties(f.sync, false);
    fake_start(&f);
    OK(fixture_leave(&f.fixture, &f.council, member(2)));
    fake_sleep(&f, 600000);
    assert_int_equal(f.duty_count, 0);
    sync_duties(f.sync, true);
    fake_sleep(&f, STEP);
    assert_int_equal(f.duty_count, 1);
}

static void test_done_by_somebody_else(void **state)
{
    (void)state;
    fake_start(&f);
    OK(fixture_leave(&f.fixture, &f.council, member(2)));
    fake_run(&f);
    OK(fixture_rotate(&f.fixture, &f.council, member(1)));
    fake_sleep(&f, 600000);
    assert_int_equal(f.duty_count, 0);
}

static void test_repeated_ever_more_rarely(void **state)
{
    (void)state;
    fake_start(&f);
    OK(fixture_leave(&f.fixture, &f.council, member(2)));
    fake_run(&f);
    fake_sleep(&f, STEP + 59000);
    assert_int_equal(f.duty_count, 1);
    fake_sleep(&f, 120000);
    assert_int_equal(f.duty_count, 2);
    fake_sleep(&f, 24 * 3600000);
    assert_in_range(f.duty_count, 20, 60);
}

static void test_not_while_it_is_in_the_outbox(void **state)
{
    (void)state;
    f.no_signing = true;
    fake_start(&f);
    (void)fake_draft(&f, NULL);
    OK(fixture_leave(&f.fixture, &f.council, member(2)));
    fake_sleep(&f, 600000);
    assert_int_equal(f.duty_count, 0);
}

static void test_rank_delays(void **state)
{
    (void)state;
    be_second_device();
    f.device = &member(0)->devices[1];
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    fake_start(&f);
    OK(fixture_leave(&f.fixture, &f.council, member(2)));
    fake_run(&f);
    fake_sleep(&f, 2 * STEP - 1); /* behind two first devices */
    assert_int_equal(fake_duties(&f, SYNC_DUTY_ROTATE), 0);
    fake_sleep(&f, STEP + 1);
    assert_int_equal(fake_duties(&f, SYNC_DUTY_ROTATE), 1);
}

static void test_own_pin_moves(void **state)
{
    (void)state;
    fake_start(&f);
    OK(fixture_device_add(&f.fixture, member(0)));
    fake_run(&f);
    fake_sleep(&f, STEP);
    assert_int_equal(fake_duties(&f, SYNC_DUTY_PIN), 1);
    assert_int_equal(f.duty_count, 1);
    assert_true(sync_duty_due(f.sync, &f.duties[0]));
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    fake_run(&f);
    assert_false(sync_duty_due(f.sync, &f.duties[0]));
}

static void test_new_device_waits_for_its_pin(void **state)
{
    (void)state;
    be_second_device();
    fake_start(&f);
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 2 * STEP);
    assert_int_equal(fake_duties(&f, SYNC_DUTY_PIN), 1); /* the old one was offline */
    assert_int_equal(fake_item(&f, item)->signed_times, 0);
    member(0)->use = 1;
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->acked, 1);
    assert_int_equal(f.appends, 1);
}

static void test_history_for_a_new_device(void **state)
{
    (void)state;
    fake_start(&f);
    uint64_t last = fixture_fold(&f.council)->epoch;
    OK(fixture_device_add(&f.fixture, member(1)));
    OK(fixture_devices(&f.fixture, &f.council, member(1), member(1)));
    fake_run(&f);
    fake_sleep(&f, STEP);
    assert_int_equal(f.duty_count, 1);
    const struct sync_duty *duty = &f.duties[0];
    assert_int_equal(duty->kind, SYNC_DUTY_HISTORY);
    assert_memory_equal(duty->member, fixture_name(member(1)), 32);
    assert_int_equal(duty->from, 1);
    assert_int_equal(duty->to, last);
    OK(fixture_history(&f.fixture, &f.council, member(2), member(1), 1, last - 1));
    fake_run(&f);
    assert_true(sync_duty_due(f.sync, duty)); /* one is still missing */
    OK(fixture_history(&f.fixture, &f.council, member(2), member(1), last, last));
    fake_run(&f);
    assert_false(sync_duty_due(f.sync, duty));
}

static void test_history_survives_a_restart(void **state)
{
    (void)state;
    fake_start(&f);
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config);
    sync_duties(f.sync, true);
    fake_start(&f);
    fake_sleep(&f, 600000);
    assert_int_equal(f.duty_count, 0); /* who was given what came back from the rows */
}

static void test_history_for_a_newcomer(void **state)
{
    (void)state;
    fake_start(&f);
    fixture_admit(&f.fixture, &f.council, member(0), member(3));
    fake_run(&f);
    fake_sleep(&f, STEP);
    assert_int_equal(f.duty_count, 1);
    assert_int_equal(f.duties[0].from, 1);
    assert_int_equal(f.duties[0].to, fixture_fold(&f.council)->epoch - 1);
}

static void test_who_has_nothing_gives_nothing(void **state)
{
    (void)state;
    be_second_device();
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    fixture_admit(&f.fixture, &f.council, member(0), member(3));
    fake_start(&f);
    fake_sleep(&f, 60000);
    uint64_t mine = fixture_fold(&f.council)->epoch - 1; /* since the second device came */
    assert_int_equal(fake_duties(&f, SYNC_DUTY_HISTORY), f.duty_count);
    assert_true(f.duty_count > 0);
    for (uint32_t i = 0; i < f.duty_count; i++) {
        assert_memory_equal(f.duties[i].member, fixture_name(member(3)), 32);
        assert_int_equal(f.duties[i].from, mine);
        assert_int_equal(f.duties[i].to, mine);
    }
}

static void test_bad_box(void **state)
{
    (void)state;
    fake_start(&f);
    uint64_t epoch = fixture_fold(&f.council)->epoch;
    sync_bad_box(f.sync, f.council.log.entries[0].head, epoch, 5);
    fake_sleep(&f, STEP);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_BAD_BOX), 1);
    assert_int_equal(fake_duties(&f, SYNC_DUTY_ROTATE), 1);
    assert_int_equal(f.duties[0].seq, 5); /* to be flagged */
    assert_int_equal(fake_view(&f, 0).state, SYNC_LOG_LIVE);
    OK(fixture_rotate(&f.fixture, &f.council, member(1)));
    fake_run(&f);
    assert_false(sync_duty_due(f.sync, &f.duties[0]));
}

static void test_pin_that_is_not_mine(void **state)
{
    (void)state;
    fake_start(&f);
    f.logs[1].visible = 1; /* the member log as the server shows it has no second device */
    OK(fixture_device_add(&f.fixture, member(0)));
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    fake_run(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_PIN_NOT_MINE), 1);
    assert_int_equal(fake_view(&f, 0).state, SYNC_LOG_STOPPED);
    assert_int_equal(fake_view(&f, 0).stopped, COUNCIL_E_PIN_NOT_MINE);
    assert_int_equal(fake_view(&f, 1).state, SYNC_LOG_LIVE);
}

/* The council holds one second entry of my member log, my server shows me another. */
static void test_pin_of_another_history(void **state)
{
    (void)state;
    static struct fixture_log other;
    const struct fixture_entry *first = &member(0)->log.entries[0];
    struct fixture_entry copy = *first;
    fixture_log_init(&other);
    copy.text = malloc(first->len + 1);
    assert_non_null(copy.text);
    memcpy(copy.text, first->text, first->len + 1);
    OK(fixture_append(&other, &copy));
    struct council_secrets device;
    struct council_device keys;
    struct fixture_body body;
    uint8_t seed[32] = {3}, box[32] = {4}, accept[COUNCIL_SIG_BYTES];
    council_secrets_from_seeds(&device, seed, box);
    council_secrets_public(&device, &keys);
    assert_true(council_device_accept(accept, fixture_name(member(0)), &device));
    OK(council_body_device_add(&keys, accept, &body.text, &body.len));
    OK(fixture_try(&f.fixture, &other, member(0), COUNCIL_KIND_DEVICE_ADD, body));
    OK(fixture_device_add(&f.fixture, member(0)));
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    f.logs[1].log = &other;
    fake_start(&f);
    assert_int_equal(f.logs[1].count, 2);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_PIN_NOT_MINE), 1);
    assert_int_equal(fake_view(&f, 0).state, SYNC_LOG_STOPPED);
    fixture_log_fini(&other);
}

static void test_pin_that_was_only_quicker(void **state)
{
    (void)state;
    fake_start(&f);
    f.logs[1].hold = true;
    OK(fixture_device_add(&f.fixture, member(0)));
    OK(fixture_devices(&f.fixture, &f.council, member(0), member(0)));
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 10000);
    assert_int_equal(f.report_count, 0);
    assert_int_equal(fake_item(&f, item)->signed_times, 0); /* nothing is sent while it is open */
    f.logs[1].hold = false;
    fake_run(&f);
    assert_int_equal(f.report_count, 0);
    assert_int_equal(fake_item(&f, item)->acked, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(nothing_is_due),
        T(rotation),
        T(not_without_the_lock),
        T(done_by_somebody_else),
        T(repeated_ever_more_rarely),
        T(not_while_it_is_in_the_outbox),
        T(rank_delays),
        T(own_pin_moves),
        T(new_device_waits_for_its_pin),
        T(history_for_a_new_device),
        T(history_survives_a_restart),
        T(history_for_a_newcomer),
        T(who_has_nothing_gives_nothing),
        T(bad_box),
        T(pin_that_is_not_mine),
        T(pin_of_another_history),
        T(pin_that_was_only_quicker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
