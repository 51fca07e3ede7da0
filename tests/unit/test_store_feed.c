/*
 * test_store_feed.c - calendar feeds in the store: whose they are, and when they are found.
 */
#include "server/store/feed.h"
#include "tests/unit/store_fixture.h"

/* Entry `seq` of log 1, with this member's standing. */
static void standing(struct store *store, uint64_t seq, uint64_t member, uint64_t until,
                     enum store_log_kind kind, uint64_t log)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(log, seq, &bytes);
    struct store_change changes[2] = {fx_new_log(0, kind), {.type = STORE_CHANGE_MEMBERSHIP}};
    memcpy(changes[1].u.membership.member, fx_id('M', member), STORE_ID_BYTES);
    changes[1].u.membership.role = 1;
    changes[1].u.membership.from_seq = 1;
    changes[1].u.membership.until_seq = until;
    struct store_batch batch = {.rows = &row,
                                .n_rows = 1,
                                .changes = seq == 1 ? changes : changes + 1,
                                .n_changes = seq == 1 ? 2 : 1};
    assert_status(store_append(store, &batch, NULL), STORE_OK);
}

static struct store_feed feed_of(uint64_t hash, uint64_t log, uint64_t member, const char *title)
{
    struct store_feed feed = {.created_ms = 1000 + hash};
    memcpy(feed.hash, fx_id('H', hash), STORE_ID_BYTES);
    memcpy(feed.log, fx_id('L', log), STORE_ID_BYTES);
    memcpy(feed.member, fx_id('M', member), STORE_ID_BYTES);
    (void)snprintf(feed.title, sizeof feed.title, "%s", title);
    return feed;
}

static void found_while_its_member_is_in_the_council(void **state)
{
    struct fixture *fx = *state;
    struct store_feed feed = feed_of(1, 1, 1, "Meeting"), found;
    struct store_log_info info;
    assert_status(store_feed_put(fx->store, &feed, 4), STORE_NOT_FOUND);
    standing(fx->store, 1, 1, 0, STORE_LOG_COUNCIL, 1);
    assert_status(store_feed_find(fx->store, feed.hash, &found, &info), STORE_NOT_FOUND);
    assert_status(store_feed_put(fx->store, &feed, 4), STORE_OK);
    assert_status(store_feed_find(fx->store, feed.hash, &found, &info), STORE_OK);
    assert_memory_equal(found.log, fx_id('L', 1), STORE_ID_BYTES);
    assert_memory_equal(found.member, fx_id('M', 1), STORE_ID_BYTES);
    assert_string_equal(found.title, "Meeting");
    assert_int_equal(found.created_ms, 1001);
    assert_int_equal(info.seq, 1);
    standing(fx->store, 2, 1, 2, STORE_LOG_COUNCIL, 1);
    assert_status(store_feed_find(fx->store, feed.hash, &found, &info), STORE_NOT_FOUND);
    assert_status(store_feed_put(fx->store, &feed, 4), STORE_NOT_FOUND);
    standing(fx->store, 3, 1, 0, STORE_LOG_COUNCIL, 1);
    assert_status(store_feed_find(fx->store, feed.hash, &found, &info), STORE_OK);
    assert_int_equal(info.seq, 3);
}

static void a_journal_has_none(void **state)
{
    struct fixture *fx = *state;
    struct store_feed feed = feed_of(1, 2, 1, "Meeting");
    standing(fx->store, 1, 1, 0, STORE_LOG_JOURNAL, 2);
    assert_status(store_feed_put(fx->store, &feed, 4), STORE_NOT_FOUND);
}

static void bounded_and_ones_own(void **state)
{
    struct fixture *fx = *state;
    struct store_feed list[4], one = feed_of(1, 1, 1, "One"), two = feed_of(2, 1, 1, "Two"),
                               three = feed_of(3, 1, 1, "Three"), theirs = feed_of(1, 1, 2, "Mine");
    uint32_t n = 9;
    standing(fx->store, 1, 1, 0, STORE_LOG_COUNCIL, 1);
    standing(fx->store, 2, 2, 0, STORE_LOG_COUNCIL, 1);
    assert_status(store_feed_put(fx->store, &one, 2), STORE_OK);
    assert_status(store_feed_put(fx->store, &two, 2), STORE_OK);
    assert_status(store_feed_put(fx->store, &three, 2), STORE_REFUSED);
    assert_status(store_feed_put(fx->store, &theirs, 2),
                  STORE_EXISTS); /* a hash of somebody else's */
    assert_status(store_feed_drop(fx->store, &theirs), STORE_NOT_FOUND);
    (void)snprintf(one.title, sizeof one.title, "Uno");
    assert_status(store_feed_put(fx->store, &one, 2),
                  STORE_OK); /* said again, with another title */
    assert_status(store_feeds(fx->store, one.member, list, 4, &n), STORE_OK);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].title, "Uno");
    assert_string_equal(list[1].title, "Two");
    assert_status(store_feeds(fx->store, one.member, list, 1, &n), STORE_OK);
    assert_int_equal(n, 1);
    assert_status(store_feed_drop(fx->store, &one), STORE_OK);
    assert_status(store_feed_drop(fx->store, &one), STORE_NOT_FOUND);
    assert_status(store_feed_put(fx->store, &three, 2), STORE_OK);
    assert_status(store_feeds(fx->store, fx_id('M', 7), list, 4, &n), STORE_OK);
    assert_int_equal(n, 0);
}

static void kept_over_a_restart(void **state)
{
    struct fixture *fx = *state;
    struct store_feed feed = feed_of(1, 1, 1, "Treffen \xC3\xBC"), found;
    struct store_log_info info;
    standing(fx->store, 1, 1, 0, STORE_LOG_COUNCIL, 1);
    assert_status(store_feed_put(fx->store, &feed, 4), STORE_OK);
    fx_close(fx);
    fx_open(fx, 0);
    assert_status(store_feed_find(fx->store, feed.hash, &found, &info), STORE_OK);
    assert_string_equal(found.title, feed.title);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(found_while_its_member_is_in_the_council, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(a_journal_has_none, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(bounded_and_ones_own, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(kept_over_a_restart, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
