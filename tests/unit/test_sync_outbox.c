/*
 * test_sync_outbox.c - from draft to acknowledged: once in the log, whatever the connection and the server do.
 */
#include "tests/unit/sync_world.h"

#define NOTE "{\"type\":\"note\"}"

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "outbox", 3);
    return 0;
}

static void test_written_offline_and_sent_once(void **state)
{
    (void)state;
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 60000);
    assert_int_equal(fake_item(&f, item)->signed_times, 0);
    assert_int_equal(sync_outbox_count(f.sync), 1);
    fake_start(&f);
    assert_acked_once(item);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    assert_int_equal(fake_item(&f, item)->why, COUNCIL_OK);
    assert_int_equal(f.appends, 1);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(sync_outbox_count(f.sync), 0);
}

static void test_order_is_kept(void **state)
{
    (void)state;
    uint64_t items[40];
    for (int i = 0; i < 40; i++)
        items[i] = fake_draft(&f, NOTE);
    fake_start(&f);
    for (int i = 0; i < 40; i++) {
        assert_acked_once(items[i]);
        assert_true(i == 0 || fake_item(&f, items[i])->seq == fake_item(&f, items[i - 1])->seq + 1);
    }
    assert_int_equal(f.appends, 40);
}

static void test_control_waits_for_what_is_before_it(void **state)
{
    (void)state;
    fake_start(&f);
    uint64_t before = fake_draft(&f, NOTE), rotate = fake_draft(&f, NULL),
             after = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_acked_once(before);
    assert_acked_once(rotate);
    assert_acked_once(after);
    assert_int_equal(f.appends,
                     3); /* nothing was refused: the last was sealed under the new epoch */
    assert_true(fake_item(&f, before)->seq < fake_item(&f, rotate)->seq);
}

static void test_answer_lost_then_same_bytes(void **state)
{
    (void)state;
    fake_start(&f);
    f.lose_answer = true;
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_int_equal(sync_state(f.sync), SYNC_BACKOFF);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(fake_item(&f, item)->acked, 0);
    fake_sleep(&f, 1000);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    assert_int_equal(f.appends, 1); /* found while catching up: not even sent again */
}

static void test_request_lost_then_same_bytes(void **state)
{
    (void)state;
    fake_start(&f);
    f.lose_request = true;
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_int_equal(own_posts(), 0);
    fake_sleep(&f, 1000);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    assert_int_equal(f.appends, 2);
}

static void test_bytes_that_cannot_be_made_now_are_wanted_later(void **state)
{
    (void)state;
    const struct council_rpc_failure waits = {.error = COUNCIL_E_RECOVERING};
    const struct council_rpc_failure busy = {.error = COUNCIL_E_RATE_LIMITED,
                                             .retry_after_ms = 40000};
    const struct council_rpc_failure never = {.error = COUNCIL_E_NOT_FOUND};
    fake_start(&f);
    f.no_signing = true;
    uint64_t item = fake_draft(&f, NOTE);
    assert_false(sync_outbox_later(f.sync, item, &waits)); /* nothing was asked yet */
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    assert_false(sync_outbox_waits(f.sync, item));
    assert_false(sync_outbox_later(f.sync, item, &never));
    assert_true(sync_outbox_later(f.sync, item, &waits));
    assert_true(sync_outbox_waits(f.sync, item));
    assert_false(sync_outbox_later(f.sync, item, &waits));
    fake_run(&f);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
    fake_sleep(&f, 2000);
    assert_int_equal(fake_item(&f, item)->signed_times, 2);
    assert_int_equal(fake_item(&f, item)->why, COUNCIL_OK);
    assert_true(sync_outbox_later(f.sync, item, &busy));
    assert_false(sync_outbox_waits(f.sync, item));
    fake_sleep(&f, 39000);
    assert_int_equal(fake_item(&f, item)->signed_times, 2);
    fake_sleep(&f, 2000);
    assert_int_equal(fake_item(&f, item)->signed_times, 3);
    assert_true(sync_outbox_later(f.sync, item, &busy));
    f.no_signing = false;
    fake_cut(&f); /* another connection may be let in at once */
    fake_sleep(&f, 2000);
    assert_acked_once(item);
}

static void test_killed_before_the_answer(void **state)
{
    (void)state;
    fake_start(&f);
    f.lose_answer = true;
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config);
    fake_readd(&f, item);
    fake_start(&f);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
}

static void test_killed_after_it_was_stored(void **state)
{
    (void)state;
    fake_start(&f);
    uint64_t item = fake_draft(&f, NOTE);
    fake_run(&f);
    fake_item(&f, item)->acked = 0; /* the home did not get to note it */
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config);
    fake_readd(&f, item);
    fake_start(&f);
    assert_acked_once(item); /* sent again, and given its old place */
    assert_int_equal(f.appends, 2);
    assert_int_equal(own_posts(), 1);
}

static void others_post(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(fixture_post(&f.fixture, &f.council, member(1), NOTE, 0), COUNCIL_OK);
}

static void test_rotation_due_holds_posts_and_lets_keys_pass(void **state)
{
    (void)state;
    fake_start(&f);
    assert_int_equal(fixture_leave(&f.fixture, &f.council, member(2)), COUNCIL_OK);
    fake_run(&f);
    uint64_t post = fake_draft(&f, NOTE);
    fake_run(&f);
    assert_int_equal(fake_item(&f, post)->signed_times, 0);
    uint64_t rotate = fake_draft(&f, NULL); /* was written later, and goes first */
    fake_run(&f);
    assert_acked_once(rotate);
    assert_acked_once(post);
    assert_int_equal(f.appends, 2);
}

static void test_unanswered_signing_waits_and_is_asked_again(void **state)
{
    (void)state;
    f.no_signing = true; /* a locked home */
    fake_start(&f);
    uint64_t first = fake_draft(&f, NOTE), second = fake_draft(&f, NOTE);
    fake_sleep(&f, 60000);
    assert_int_equal(fake_item(&f, first)->signed_times, 1);
    assert_int_equal(fake_item(&f, second)->signed_times, 0);
    f.no_signing = false;
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_acked_once(first);
    assert_acked_once(second);
}

static void test_dropped_items_are_forgotten(void **state)
{
    (void)state;
    uint64_t first = fake_draft(&f, NOTE), second = fake_draft(&f, NOTE);
    sync_outbox_drop(f.sync, first);
    assert_false(sync_holds_item(f.sync, first));
    assert_int_equal(sync_outbox_count(f.sync), 1);
    fake_start(&f);
    assert_int_equal(fake_item(&f, first)->signed_times, 0);
    assert_acked_once(second);
}

static void test_nothing_is_sent_to_a_stopped_log(void **state)
{
    (void)state;
    others_post(3);
    f.damage_seq = f.council.log.count;
    fake_start(&f);
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 600000);
    assert_int_equal(f.appends, 0);
    assert_true(sync_holds_item(f.sync, item));
}

static void test_unanswered_append_reconnects(void **state)
{
    (void)state;
    fake_start(&f);
    f.silent = true;
    uint64_t item = fake_draft(&f, NOTE);
    fake_sleep(&f, 29999);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    f.silent = false;
    fake_sleep(&f, 2000);
    assert_acked_once(item);
    assert_int_equal(f.connects, 2);
}

static void test_genesis_goes_before_its_log(void **state)
{
    (void)state;
    static struct fixture_council made, served;
    static struct fake_item unused;
    fixture_council_init(&made);
    fixture_council_init(&served);
    assert_int_equal(fixture_create(&f.fixture, &made, member(0),
                                    (struct fixture_policy){.fast = true, .size = 8}),
                     COUNCIL_OK);
    const struct fixture_entry *genesis = &made.log.entries[0];
    fake_start(&f);
    uint32_t index = fake_serve(&f, &served.log);
    struct sync_replica replica;
    sync_replica_init(&replica, genesis->head);
    assert_int_equal(sync_log_add(f.sync, &replica), COUNCIL_OK);
    unused = (struct fake_item){.item = 1};
    f.items[f.item_count++] = unused;
    struct sync_item item = {.item = 1,
                             .kind = COUNCIL_KIND_COUNCIL_CREATE,
                             .direct = true,
                             .text = genesis->text,
                             .len = genesis->len,
                             .sig = genesis->sig};
    memcpy(item.log, genesis->head, sizeof item.log);
    assert_int_equal(sync_outbox_add(f.sync, &item), COUNCIL_OK);
    f.lose_answer = true; /* and its answer is lost, too */
    fake_sleep(&f, 5000);
    assert_int_equal(f.items[0].acked, 1);
    assert_int_equal(f.items[0].seq, 1);
    assert_int_equal(served.log.count, 1);
    assert_int_equal(fake_view(&f, index).state, SYNC_LOG_LIVE);
    assert_int_equal(f.logs[index].count, 1);
    assert_int_equal(f.report_count, 0); /* it was not asked for before it existed */
    sync_stop(f.sync);
    fake_run(&f);
    sync_log_remove(f.sync, genesis->head);
    f.log_count--;
    free(f.logs[index].rows[0].text);
    free(f.logs[index].rows);
    fixture_council_fini(&made);
    fixture_council_fini(&served);
}

static void test_ceiling_and_repetition(void **state)
{
    (void)state;
    struct sync_item item = {.item = 7, .kind = COUNCIL_KIND_POST};
    assert_int_equal(sync_outbox_add(f.sync, &item), COUNCIL_OK);
    assert_int_equal(sync_outbox_add(f.sync, &item), COUNCIL_E_BAD_INPUT);
    for (uint64_t i = 1; i < SYNC_OUTBOX_MAX; i++) {
        item.item = 1000 + i;
        assert_int_equal(sync_outbox_add(f.sync, &item), COUNCIL_OK);
    }
    item.item = 8;
    assert_int_equal(sync_outbox_add(f.sync, &item), COUNCIL_E_QUOTA);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(written_offline_and_sent_once),
        T(order_is_kept),
        T(control_waits_for_what_is_before_it),
        T(answer_lost_then_same_bytes),
        T(request_lost_then_same_bytes),
        T(bytes_that_cannot_be_made_now_are_wanted_later),
        T(killed_before_the_answer),
        T(killed_after_it_was_stored),
        T(rotation_due_holds_posts_and_lets_keys_pass),
        T(unanswered_signing_waits_and_is_asked_again),
        T(dropped_items_are_forgotten),
        T(nothing_is_sent_to_a_stopped_log),
        T(unanswered_append_reconnects),
        T(genesis_goes_before_its_log),
        T(ceiling_and_repetition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
