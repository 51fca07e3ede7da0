/*
 * test_sync_refused.c - what an outbox item does after the server refused it, and what proves that it is not in the log.
 */
#include "tests/unit/sync_world.h"

#define NOTE "{\"type\":\"note\"}"

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "outbox", 3);
    return 0;
}

static void test_control_does_not_overtake_a_refused_post(void **state)
{
    (void)state;
    fake_start(&f);
    f.refuse = COUNCIL_E_RETRY;
    f.refuse_times = 1;
    uint64_t post = fake_draft(&f, NOTE), rotate = fake_draft(&f, NULL);
    fake_sleep(&f, 5000);
    assert_acked_once(post);
    assert_acked_once(rotate);
    assert_true(fake_item(&f, post)->seq < fake_item(&f, rotate)->seq);
    assert_int_equal(fake_item(&f, post)->signed_times, 1);
}

static void test_stale_is_signed_anew_after_catching_up(void **state)
{
    (void)state;
    fake_start(&f);
    f.hold_pushes = true;
    assert_int_equal(fixture_rotate(&f.fixture, &f.council, member(1)), COUNCIL_OK);
    f.limit_reads = 1;
    uint64_t item = fake_draft(&f, NULL);
    fake_run(&f);
    assert_int_equal(f.appends, 1);
    assert_int_equal(f.probes, 0); /* where does the log end? The question is refused, ... */
    fake_sleep(&f, 1000);
    assert_int_equal(f.probes, 1); /* ... and asked again */
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    f.hold_pushes = false;
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->signed_times, 2);
    assert_int_equal(fake_item(&f, item)->why, COUNCIL_E_STALE);
    assert_acked_once(item);
    assert_int_equal(fake_entries_of_device(&f, COUNCIL_KIND_KEY_ROTATE), 2);
}

static void test_stale_epoch_is_sealed_anew(void **state)
{
    (void)state;
    fake_start(&f);
    f.hold_pushes = true;
    assert_int_equal(fixture_rotate(&f.fixture, &f.council, member(1)), COUNCIL_OK);
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    f.hold_pushes = false;
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->why, COUNCIL_E_STALE_EPOCH);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
}

static void others_post(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(fixture_post(&f.fixture, &f.council, member(1), NOTE, 0), COUNCIL_OK);
}

static void test_seen_too_long_ago(void **state)
{
    (void)state;
    fake_start(&f);
    f.hold_pushes = true;
    others_post(300);
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    f.hold_pushes = false;
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->why, COUNCIL_E_BAD_SEEN);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
}

static void test_bad_seen_alone_proves_nothing(void **state)
{
    (void)state;
    /* It is in the log, too far back for the server to see the repetition, and this client has not read that far. */
    fake_start(&f);
    f.hold_pushes = true;
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_int_equal(own_posts(), 1);
    fake_cut(&f);
    fake_run(&f);
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config); /* another process with the same rows and bytes */
    others_post(300);
    f.hold_pushes = false;
    f.logs[0].hold = true;
    f.logs[0].visible = f.logs[0].count; /* its catch-up ends before the item ... */
    fake_start(&f);
    assert_int_equal(fake_view(&f, 0).state, SYNC_LOG_LIVE);
    f.logs[0].visible = UINT64_MAX; /* ... though the server has it */
    fake_readd(&f, item);
    fake_run(&f);
    assert_int_equal(f.appends, 2);
    assert_int_equal(fake_item(&f, item)->acked, 0);
    assert_int_equal(fake_item(&f, item)->signed_times,
                     1); /* refused with bad_seen; not signed anew */
    f.logs[0].hold = false;
    fake_run(&f);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
}

static void test_passing_refusals_keep_the_bytes(void **state)
{
    (void)state;
    static const enum council_error passing[] = {COUNCIL_E_RETRY, COUNCIL_E_STORAGE_FULL,
                                                 COUNCIL_E_RATE_LIMITED, COUNCIL_E_INTERNAL};
    fake_start(&f);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t appends = f.appends;
        f.refuse = passing[i];
        f.refuse_times = 3;
        uint64_t item = fake_draft(&f, NOTE);
        fake_run(&f);
        assert_int_equal(f.appends, appends + 1);
        fake_sleep(&f, 499);
        assert_int_equal(f.appends, appends + 1);
        fake_sleep(&f, 7001); /* 1 + 2 + 4 seconds at most */
        assert_int_equal(f.appends, appends + 4);
        assert_acked_once(item);
        assert_int_equal(fake_item(&f, item)->signed_times, 1);
    }
}

static void test_server_says_when(void **state)
{
    (void)state;
    fake_start(&f);
    f.refuse = COUNCIL_E_RATE_LIMITED;
    f.refuse_times = 1;
    f.retry_after_ms = 30000;
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 29999);
    assert_int_equal(f.appends, 1);
    fake_sleep(&f, 1);
    assert_acked_once(item);
}

static void test_other_refusals_fail_the_item(void **state)
{
    (void)state;
    fake_start(&f);
    f.refuse = COUNCIL_E_QUOTA;
    f.refuse_times = 1;
    uint64_t first = fake_draft(&f, NOTE), second = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_int_equal(fake_item(&f, first)->failed, 1);
    assert_int_equal(fake_item(&f, first)->error, COUNCIL_E_QUOTA);
    assert_false(sync_holds_item(f.sync, first));
    assert_acked_once(second);
}

static void test_signing_anew_has_an_end(void **state)
{
    (void)state;
    fake_start(&f);
    f.refuse = COUNCIL_E_CLOCK_SKEW;
    f.refuse_times = 100;
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 60000);
    assert_int_equal(fake_item(&f, item)->failed, 1);
    assert_int_equal(fake_item(&f, item)->error, COUNCIL_E_CLOCK_SKEW);
    assert_int_equal(fake_item(&f, item)->signed_times, 3);
}

/* Member 1 takes over, and member 0 is none any more. */
static void end_stay(bool leave)
{
    struct fixture_member *me = member(0), *other = member(1);
    assert_int_equal(fixture_role(&f.fixture, &f.council, me, other, "moderator"), COUNCIL_OK);
    if (leave)
        assert_int_equal(fixture_leave(&f.fixture, &f.council, me), COUNCIL_OK);
    else
        assert_int_equal(fixture_remove(&f.fixture, &f.council, other, me), COUNCIL_OK);
}

/* Nothing will ever come that lets a former member's draft in: it is told, and not kept for good. */
static void former_member(bool leave)
{
    uint64_t draft = fake_draft(&f, NOTE);
    end_stay(leave);
    fake_start(&f);
    assert_int_equal(fake_item(&f, draft)->signed_times, 0); /* there may be no key */
    assert_int_equal(fake_item(&f, draft)->failed, 1);
    assert_int_equal(fake_item(&f, draft)->error, COUNCIL_E_NOT_MEMBER);
    assert_int_equal(sync_outbox_count(f.sync), 0);
    assert_int_equal(f.report_count, 0);
}

static void test_draft_of_a_removed_member_fails(void **state)
{
    (void)state;
    former_member(false);
}

static void test_draft_of_somebody_who_left_fails(void **state)
{
    (void)state;
    former_member(true);
}

/* Bytes may be in the log already: it is the server that says no. */
static void test_bytes_of_a_former_member_are_sent(void **state)
{
    (void)state;
    fake_start(&f);
    f.lose_request = true;
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    uint32_t appends = f.appends;
    end_stay(true);
    fake_sleep(&f, 60000);
    assert_int_equal(f.appends, appends + 1);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    assert_int_equal(fake_item(&f, item)->failed, 1);
    assert_int_equal(fake_item(&f, item)->error, COUNCIL_E_NOT_MEMBER);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(control_does_not_overtake_a_refused_post),
        T(stale_is_signed_anew_after_catching_up),
        T(stale_epoch_is_sealed_anew),
        T(seen_too_long_ago),
        T(bad_seen_alone_proves_nothing),
        T(passing_refusals_keep_the_bytes),
        T(server_says_when),
        T(other_refusals_fail_the_item),
        T(signing_anew_has_an_end),
        T(draft_of_a_removed_member_fails),
        T(draft_of_somebody_who_left_fails),
        T(bytes_of_a_former_member_are_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
