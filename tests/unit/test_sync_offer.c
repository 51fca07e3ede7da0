/*
 * test_sync_offer.c - a server that lost entries gets them back, and one that only says so gains nothing.
 */
#include "tests/unit/sync_world.h"

#include <sodium.h>

enum {
    COUNCIL_LOG = 0,
    OWN_LOG = 1,
    OTHER_LOG = 2 /* member log of the second member */
};

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "offer", 2);
    (void)fake_serve_foreign(&f, &member(1)->log);
    return 0;
}

static const uint8_t *council_name(void)
{
    return f.council.log.entries[0].head;
}

/* The server comes back from a backup: the connection is lost, and so is everything of a log after `end`. */
static void restore(uint32_t index, uint64_t end)
{
    f.recovers = true;
    for (uint32_t i = 0; i < f.log_count; i++) {
        f.logs[i].recovering = true;
        if (f.logs[i].visible == UINT64_MAX)
            f.logs[i].visible = f.logs[i].log->count;
    }
    f.logs[index].visible = end;
    fake_cut(&f);
}

static void assert_live(uint32_t index)
{
    assert_int_equal(fake_view(&f, index).state, SYNC_LOG_LIVE);
    assert_same(index);
    assert_int_equal(f.logs[index].visible, f.logs[index].log->count);
}

static void test_a_restored_server_gets_back_what_is_held(void **state)
{
    (void)state;
    posts(1, 9);
    fake_start(&f);
    restore(COUNCIL_LOG, f.council.log.count - 7);
    fake_sleep(&f, 1000);
    assert_live(COUNCIL_LOG);
    assert_live(OWN_LOG);
    assert_int_equal(f.logs[COUNCIL_LOG].offered, 7);
    assert_int_equal(f.report_count, 0);
    assert_true(f.logs[COUNCIL_LOG].spoken && f.logs[OWN_LOG].spoken);
}

static void test_member_logs_come_before_what_relies_on_them(void **state)
{
    (void)state;
    posts(1, 2);
    fake_start(&f);
    restore(COUNCIL_LOG, 2);
    f.logs[OTHER_LOG].visible = 0;
    fake_sleep(&f, 1000);
    assert_live(COUNCIL_LOG);
    assert_int_equal(f.logs[OTHER_LOG].visible, 1);
    assert_true(f.logs[OTHER_LOG].first_offered < f.logs[COUNCIL_LOG].first_offered);
    assert_int_equal(f.report_count, 0);
}

static void test_a_log_that_is_unknown_there_is_brought_whole(void **state)
{
    (void)state;
    posts(1, 3);
    fake_start(&f);
    restore(COUNCIL_LOG, 0);
    f.logs[COUNCIL_LOG].recovering = false; /* unknown: not_found */
    fake_sleep(&f, 1000);
    assert_live(COUNCIL_LOG);
    assert_int_equal(f.logs[COUNCIL_LOG].offered, f.council.log.count);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_LOG_REFUSED), 0);
}

static void test_many_entries_go_in_pages(void **state)
{
    (void)state;
    posts(1, 300);
    fake_start(&f);
    restore(COUNCIL_LOG, f.council.log.count - 300);
    fake_sleep(&f, 1000);
    assert_live(COUNCIL_LOG);
    assert_int_equal(f.logs[COUNCIL_LOG].offered, 300);
    assert_in_range(f.logs[COUNCIL_LOG].offers, 5, 6); /* asked, three pages, asked */
}

static void test_a_page_is_bounded_by_bytes_too(void **state)
{
    (void)state;
    static char large[64 * 1024];
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "{\"text\":\"", 9);
    memcpy(large + sizeof large - 30, "\",\"type\":\"note\"}", 17);
    for (int i = 0; i < 8; i++)
        assert_int_equal(fixture_post(&f.fixture, &f.council, member(1), large, 0), COUNCIL_OK);
    fake_start(&f);
    restore(COUNCIL_LOG, f.council.log.count - 8);
    fake_sleep(&f, 1000);
    assert_live(COUNCIL_LOG);
    assert_in_range(f.logs[COUNCIL_LOG].offers, 5, 8);
}

static void test_somebody_else_brings_what_this_home_lacks(void **state)
{
    (void)state;
    posts(1, 3);
    fake_start(&f);
    posts(1, 2); /* not seen here */
    f.logs[COUNCIL_LOG].hold = true;
    restore(COUNCIL_LOG, f.council.log.count - 4);
    fake_sleep(&f, 1000);
    assert_int_equal(f.logs[COUNCIL_LOG].visible, f.council.log.count - 2);
    f.logs[COUNCIL_LOG].hold = false;
    f.logs[COUNCIL_LOG].visible = UINT64_MAX;
    fake_sleep(&f, 1000);
    assert_same(COUNCIL_LOG);
    assert_int_equal(f.report_count, 0);
}

static void test_nothing_is_appended_until_the_others_have_spoken(void **state)
{
    (void)state;
    posts(1, 3);
    fake_start(&f);
    f.logs[COUNCIL_LOG].waiting = 1;
    restore(COUNCIL_LOG, f.council.log.count - 2);
    fake_sleep(&f, 1000);
    assert_true(fake_view(&f, COUNCIL_LOG).recovering);
    assert_int_equal(fake_view(&f, COUNCIL_LOG).waiting, 1);
    assert_true(f.told_recovering);
    uint64_t item = fake_draft(&f, "{\"type\":\"note\"}");
    fake_sleep(&f, 60000);
    assert_int_equal(f.appends, 0);
    f.logs[COUNCIL_LOG].recovering = false;
    f.logs[COUNCIL_LOG].waiting = 0;
    f.logs[COUNCIL_LOG].visible = UINT64_MAX;
    fake_sleep(&f, 31000);
    assert_acked_once(item);
    assert_false(fake_view(&f, COUNCIL_LOG).recovering);
    assert_false(f.told_recovering);
}

static void test_an_append_that_waits_is_the_same_bytes_later(void **state)
{
    (void)state;
    fake_start(&f);
    f.refuse = COUNCIL_E_RECOVERING;
    f.refuse_times = 1;
    uint64_t item = fake_draft(&f, "{\"type\":\"note\"}");
    fake_run(&f);
    assert_true(fake_view(&f, COUNCIL_LOG).recovering);
    fake_sleep(&f, 6000); /* the next question shows that it waits no longer */
    assert_acked_once(item);
    assert_int_equal(fake_item(&f, item)->signed_times, 1);
}

static void test_what_was_acknowledged_and_lost_is_sent_again(void **state)
{
    (void)state;
    fake_start(&f);
    f.hold_pushes = true;
    uint64_t item = fake_draft(&f, "{\"type\":\"note\"}");
    fake_run(&f);
    assert_int_equal(f.council.log.count, f.logs[COUNCIL_LOG].count + 1);
    f.hold_pushes = false;
    restore(COUNCIL_LOG, f.logs[COUNCIL_LOG].count);
    for (uint32_t i = 0; i < f.log_count; i++)
        f.logs[i].recovering = false;
    fake_sleep(&f, 3000);
    f.logs[COUNCIL_LOG].visible = UINT64_MAX; /* it came once more, and was found to be the same */
    fake_sleep(&f, 3000);
    assert_int_equal(f.appends, 2);
    assert_acked_once(item);
    assert_int_equal(own_posts(), 1);
    assert_int_equal(f.report_count, 0);
}

/* ---- a server that only says so ---- */

static void test_without_the_word_it_is_a_rollback(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    f.logs[COUNCIL_LOG].visible = f.council.log.count - 3;
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
    assert_int_equal(f.logs[COUNCIL_LOG].offers, 0);
}

static void test_one_that_takes_nothing_has_rolled_back(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    f.refuse_offers = COUNCIL_E_OFFER_REFUSED;
    restore(COUNCIL_LOG, f.council.log.count - 3);
    f.logs[COUNCIL_LOG].recovering = false;
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
    assert_stopped(COUNCIL_LOG, COUNCIL_E_HISTORY_CHANGED);
}

static void test_one_that_forgets_what_it_took_has_rolled_back(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    f.forgets = true;
    restore(COUNCIL_LOG, f.council.log.count - 3);
    f.logs[COUNCIL_LOG].recovering = false;
    fake_sleep(&f, 10000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
    assert_stopped(COUNCIL_LOG, COUNCIL_E_HISTORY_CHANGED);
}

/* It has each page, and nothing of it when it is asked again: this ends. */
static void test_one_that_loses_it_again_is_not_offered_for_ever(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    f.loses_after = f.council.log.count - 3;
    restore(COUNCIL_LOG, f.loses_after);
    fake_sleep(&f, 10000);
    assert_stopped(COUNCIL_LOG, COUNCIL_E_HISTORY_CHANGED);
    assert_in_range(f.logs[COUNCIL_LOG].offered, 3, 5 * 3);
}

static void test_one_that_waits_and_refuses_has_another_history(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    f.refuse_offers = COUNCIL_E_OFFER_REFUSED;
    restore(COUNCIL_LOG, f.council.log.count - 3);
    f.logs[OWN_LOG].recovering = false;
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_FORKED), 1);
    assert_stopped(COUNCIL_LOG, COUNCIL_E_HISTORY_CHANGED);
    assert_int_equal(fake_view(&f, OWN_LOG).state, SYNC_LOG_LIVE);
}

/* A council that parts from this one after `shared` entries. */
static void part_after(struct fixture_council *other, uint32_t shared, uint32_t more)
{
    fixture_council_init(other);
    for (uint32_t i = 0; i < shared; i++) {
        struct fixture_entry copy = f.council.log.entries[i];
        copy.text = strdup(copy.text);
        copy.data = NULL;
        copy.data_len = 0;
        copy.erased = true;
        assert_int_equal(fixture_append(&other->log, &copy), COUNCIL_OK);
    }
    memcpy(other->seeds, f.council.seeds, sizeof other->seeds);
    for (uint32_t i = 0; i < more; i++)
        assert_int_equal(fixture_post(&f.fixture, other, member(1), "{\"type\":\"lie\"}", 0),
                         COUNCIL_OK);
}

static void test_another_history_is_told_whatever_the_server_says(void **state)
{
    (void)state;
    static struct fixture_council other;
    uint32_t shared = f.council.log.count;
    posts(1, 5);
    part_after(&other, shared, 3);
    fake_start(&f);
    f.logs[COUNCIL_LOG].log = &other.log;
    restore(COUNCIL_LOG, other.log.count);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_FORKED), 1);
    assert_stopped(COUNCIL_LOG, COUNCIL_E_HISTORY_CHANGED);
    assert_int_equal(f.logs[COUNCIL_LOG].count, shared + 5); /* what was held is held */
    f.logs[COUNCIL_LOG].log = &f.council.log;
    fixture_council_fini(&other);
}

static void test_an_old_fork_is_found_by_the_rows_of_the_home(void **state)
{
    (void)state;
    static struct fixture_council other;
    uint32_t shared = f.council.log.count;
    posts(1, 300);
    part_after(&other, shared, 3);
    fake_start(&f);
    f.logs[COUNCIL_LOG].log = &other.log;
    restore(COUNCIL_LOG, other.log.count);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_FORKED), 1);
    assert_stopped(COUNCIL_LOG, COUNCIL_E_HISTORY_CHANGED);
    f.logs[COUNCIL_LOG].log = &f.council.log;
    fixture_council_fini(&other);
}

/* ---- a login that has to wait; a server whose key was changed; a new server ---- */

static void test_a_login_is_tried_again_at_a_restored_server(void **state)
{
    (void)state;
    f.recovers = true;
    f.refuse_login = COUNCIL_E_LOGIN_REFUSED;
    fake_start(&f);
    fake_sleep(&f, 300000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_LOGIN_WAITS), 1);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_LOGIN_REFUSED), 0);
    assert_in_range(f.connects, 5, 40);
    f.refuse_login = COUNCIL_OK;
    fake_sleep(&f, 61000);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_same(COUNCIL_LOG);
}

/* The server takes a new key, named by the present one where `named`. */
static void change_key(bool named)
{
    uint8_t seed[32], secret[64], key[COUNCIL_KEY_BYTES];
    fixture_random_bytes(&f.random, seed, sizeof seed);
    assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
    if (named)
        assert_true(
            council_succession_sign(&f.successions[f.succession_count++], f.server_secret, key));
    memcpy(f.server_secret, secret, sizeof secret);
    memcpy(f.server_key, key, sizeof key);
    fake_cut(&f);
}

static void test_a_key_that_the_known_one_named_is_believed(void **state)
{
    (void)state;
    fake_start(&f);
    change_key(true);
    fake_run(&f);
    change_key(true);
    fake_sleep(&f, 2000);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_true(f.succeeded_server);
    assert_memory_equal(f.pinned, f.server_key, COUNCIL_KEY_BYTES);
    change_key(false);
    fake_sleep(&f, 2000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_WRONG_SERVER), 1);
}

static void test_an_old_key_is_not_believed_again(void **state)
{
    (void)state;
    uint8_t old_secret[64], old[COUNCIL_KEY_BYTES];
    memcpy(old_secret, f.server_secret, sizeof old_secret);
    memcpy(old, f.server_key, sizeof old);
    fake_start(&f);
    change_key(true);
    fake_sleep(&f, 2000);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    memcpy(f.server_secret, old_secret, sizeof old_secret);
    memcpy(f.server_key, old, sizeof old);
    fake_cut(&f);
    fake_sleep(&f, 2000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_WRONG_SERVER), 1);
}

static void test_a_new_server_is_offered_everything_and_not_subscribed_to(void **state)
{
    (void)state;
    posts(1, 4);
    fake_start(&f);
    struct sync_config config = fake_config(&f);
    config.bring = true;
    f.logs[COUNCIL_LOG].visible = f.logs[OTHER_LOG].visible = 0;
    f.logs[OWN_LOG].visible = 1; /* registered there */
    fake_restart(&f, &config);
    fake_start(&f);
    assert_true(fake_view(&f, COUNCIL_LOG).offered);
    assert_true(fake_view(&f, OWN_LOG).offered);
    assert_int_equal(f.logs[COUNCIL_LOG].visible, f.council.log.count);
    assert_int_equal(f.logs[OTHER_LOG].visible, 1);
    assert_false(f.logs[COUNCIL_LOG].subscribed);
}

static void test_a_new_server_that_refuses_is_told_of(void **state)
{
    (void)state;
    posts(1, 4);
    fake_start(&f);
    struct sync_config config = fake_config(&f);
    config.bring = true;
    f.logs[COUNCIL_LOG].visible = 0;
    f.refuse_offers = COUNCIL_E_QUOTA;
    fake_restart(&f, &config);
    fake_start(&f);
    assert_false(fake_view(&f, COUNCIL_LOG).offered);
    assert_int_equal(fake_view(&f, COUNCIL_LOG).state, SYNC_LOG_REFUSED);
    assert_true(fake_reports(&f, SYNC_REPORT_LOG_REFUSED) > 0);
}

static void test_asking_again_at_will(void **state)
{
    (void)state;
    fake_start(&f);
    uint32_t offers = f.logs[COUNCIL_LOG].offers;
    sync_offer_again(f.sync, council_name());
    fake_run(&f);
    assert_int_equal(f.logs[COUNCIL_LOG].offers, offers + 1);
    assert_int_equal(fake_view(&f, COUNCIL_LOG).state, SYNC_LOG_LIVE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_restored_server_gets_back_what_is_held),
        TEST(test_member_logs_come_before_what_relies_on_them),
        TEST(test_a_log_that_is_unknown_there_is_brought_whole),
        TEST(test_many_entries_go_in_pages),
        TEST(test_a_page_is_bounded_by_bytes_too),
        TEST(test_somebody_else_brings_what_this_home_lacks),
        TEST(test_nothing_is_appended_until_the_others_have_spoken),
        TEST(test_an_append_that_waits_is_the_same_bytes_later),
        TEST(test_what_was_acknowledged_and_lost_is_sent_again),
        TEST(test_without_the_word_it_is_a_rollback),
        TEST(test_one_that_takes_nothing_has_rolled_back),
        TEST(test_one_that_forgets_what_it_took_has_rolled_back),
        TEST(test_one_that_loses_it_again_is_not_offered_for_ever),
        TEST(test_one_that_waits_and_refuses_has_another_history),
        TEST(test_another_history_is_told_whatever_the_server_says),
        TEST(test_an_old_fork_is_found_by_the_rows_of_the_home),
        TEST(test_a_login_is_tried_again_at_a_restored_server),
        TEST(test_a_key_that_the_known_one_named_is_believed),
        TEST(test_an_old_key_is_not_believed_again),
        TEST(test_a_new_server_is_offered_everything_and_not_subscribed_to),
        TEST(test_a_new_server_that_refuses_is_told_of),
        TEST(test_asking_again_at_will),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
