/*
 * Which logs are the largest: the order, what is in memory alone, what is stored, and how much is looked at in one part.
 */
#include <sqlite3.h>

#include "server/store/largest.h"
#include "tests/unit/store_fixture.h"

/* The walk to its end; in how many parts. */
static uint32_t walk(struct store *store, struct store_largest *largest, uint32_t max)
{
    uint32_t parts = 0;

    *largest = (struct store_largest){.max = max};
    for (bool more = true; more; parts++)
        assert_status(store_largest_some(store, largest, &more), STORE_OK);
    return parts;
}

static void check_log(struct store *store, const struct store_log_size *size, uint64_t log)
{
    struct store_log_info info;

    assert_memory_equal(size->log, fx_id('L', log), STORE_ID_BYTES);
    assert_status(store_log_info(store, size->log, &info), STORE_OK);
    assert_int_equal(size->seq, info.seq);
    assert_int_equal(size->bytes, info.bytes);
    assert_int_equal(size->kind, info.kind);
    assert_int_equal(size->created_ms, info.created_ms);
}

static void orders_what_is_in_memory_and_what_is_stored(void **state)
{
    static const uint64_t lengths[] = {3, 40, 7, 90, 12}; /* of logs 1 to 5 */
    struct fixture *fx = *state;
    struct store_largest largest;

    for (uint64_t log = 1; log <= 5; log++)
        fx_append_run(fx->store, log, 1, lengths[log - 1]);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(walk(fx->store, &largest, 3), 1);
        assert_int_equal(largest.n, 3);
        check_log(fx->store, &largest.logs[0], 4);
        check_log(fx->store, &largest.logs[1], 2);
        check_log(fx->store, &largest.logs[2], 5);
        assert_int_equal(walk(fx->store, &largest, STORE_LARGEST_MAX), 1);
        assert_int_equal(largest.n, 5);
        check_log(fx->store, &largest.logs[4], 1);
        fx_close(fx); /* every tail is written out, none is in memory */
        fx_open(fx, 0);
    }
    /* One of the smallest grows beyond all: its stored tail is the old one still. */
    fx_append_run(fx->store, 1, 4, 200);
    assert_int_equal(walk(fx->store, &largest, 2), 1);
    check_log(fx->store, &largest.logs[0], 1);
    check_log(fx->store, &largest.logs[1], 4);
    assert_int_equal(walk(fx->store, &largest, 1), 1);
    assert_int_equal(largest.n, 1);
    check_log(fx->store, &largest.logs[0], 1);
}

static void looks_at_a_bounded_part_at_once(void **state)
{
    struct fixture *fx = *state;
    struct store_largest largest;
    char sql[512];
    sqlite3 *db = NULL;

    fx_append_run(fx->store, 1, 1, 1);
    fx_close(fx);
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
                   " INSERT INTO log (name, kind, creator, created)"
                   " SELECT randomblob(32), 1, randomblob(32), 1 FROM n;"
                   "INSERT INTO tail (log, row, seq, bytes)"
                   " SELECT id, 1, 5, 1000000 + (id * 7919) %% 5000 / 10 FROM log WHERE id > 1",
                   2 * STORE_LARGEST_LOGS);
    assert_int_equal(sqlite3_open(fx->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    fx_open(fx, 0);
    assert_int_equal(walk(fx->store, &largest, STORE_LARGEST_MAX), 3);
    assert_int_equal(largest.n, STORE_LARGEST_MAX);
    assert_int_equal(largest.logs[0].bytes, 1000499);
    for (uint32_t i = 1; i < largest.n; i++) {
        const struct store_log_size *one = &largest.logs[i - 1], *next = &largest.logs[i];
        assert_true(one->bytes > next->bytes || (one->bytes == next->bytes && one->id < next->id));
    }
}

static void refuses_a_number_that_is_out_of_range(void **state)
{
    struct fixture *fx = *state;
    struct store_largest none = {.max = 0}, many = {.max = STORE_LARGEST_MAX + 1};
    bool more = true;

    assert_status(store_largest_some(fx->store, &none, &more), STORE_INVALID);
    assert_status(store_largest_some(fx->store, &many, &more), STORE_INVALID);
    assert_false(more);
    struct store_largest empty;
    assert_int_equal(walk(fx->store, &empty, 5), 1);
    assert_int_equal(empty.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(orders_what_is_in_memory_and_what_is_stored, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(looks_at_a_bounded_part_at_once, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(refuses_a_number_that_is_out_of_range, fx_setup,
                                        fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
