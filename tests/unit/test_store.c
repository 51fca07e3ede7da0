/*
 * The store's promises about logs: what is appended is read back, whole, in order, or not at all.
 */
#include <sqlite3.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/store_peek.h"

static void reads_back_what_was_appended(void **state)
{
    struct fixture *fx = *state;
    struct store_log_info info;

    fx_append_run(fx->store, 7, 1, 30);
    fx_check_log(fx->store, 7, 30);
    assert_status(store_log_info(fx->store, fx_id('L', 7), &info), STORE_OK);
    assert_memory_equal(info.log, fx_id('L', 7), STORE_ID_BYTES);
    assert_memory_equal(info.creator, fx_id('M', 1), STORE_ID_BYTES);
    assert_int_equal(info.kind, STORE_LOG_COUNCIL);
    assert_int_equal(info.created_ms, 1001);
    assert_int_equal(info.seq, 30);
    assert_int_equal(info.head[0], 30);
    assert_status(store_log_info(fx->store, fx_id('L', 8), &info), STORE_NOT_FOUND);
}

static void counts_the_bytes_of_a_log(void **state)
{
    struct fixture *fx = *state;
    struct store_log_info info;
    uint64_t bytes = 0;

    for (uint64_t seq = 1; seq <= 9; seq++) {
        struct fx_bytes scratch;
        struct store_row row = fx_row(1, seq, &scratch);
        bytes += row.entry.text_len + row.entry.data_len;
    }
    fx_append_run(fx->store, 1, 1, 9);
    for (int reopened = 0; reopened < 2; reopened++) {
        assert_status(store_log_info(fx->store, fx_id('L', 1), &info), STORE_OK);
        assert_int_equal(info.bytes, bytes);
        fx_close(fx);
        fx_open(fx, 0);
    }
}

static void reads_in_slices(void **state)
{
    struct fixture *fx = *state;
    struct store_slice slice;

    fx_append_run(fx->store, 1, 1, 150);
    struct store_reading reading = {.after_seq = 60, .max_entries = 10};
    assert_status(store_read(fx->store, fx_id('L', 1), &reading, &slice), STORE_OK);
    assert_int_equal(slice.n, 10);
    assert_true(slice.more);
    for (uint32_t i = 0; i < slice.n; i++) {
        assert_int_equal(slice.entries[i].seq, 61 + i);
        fx_check(&slice.entries[i], 1, false);
    }
    store_slice_fini(&slice);
    assert_int_equal(slice.n, 0);

    reading = (struct store_reading){.after_seq = 145, .upto_seq = 148};
    assert_status(store_read(fx->store, fx_id('L', 1), &reading, &slice), STORE_OK);
    assert_int_equal(slice.n, 3);
    assert_int_equal(slice.entries[2].seq, 148);
    assert_false(slice.more);
    store_slice_fini(&slice);

    reading = (struct store_reading){.max_bytes = 1};
    assert_status(store_read(fx->store, fx_id('L', 1), &reading, &slice), STORE_OK);
    assert_int_equal(slice.n, 1);
    assert_true(slice.more);
    store_slice_fini(&slice);

    /* At the end, beyond it, and with numbers that no log reaches. */
    const uint64_t afters[] = {150, 151, UINT64_MAX};
    for (size_t i = 0; i < sizeof afters / sizeof afters[0]; i++) {
        reading = (struct store_reading){.after_seq = afters[i], .upto_seq = UINT64_MAX};
        assert_status(store_read(fx->store, fx_id('L', 1), &reading, &slice), STORE_OK);
        assert_int_equal(slice.n, 0);
        assert_false(slice.more);
        assert_int_equal(slice.tail_seq, 150);
        store_slice_fini(&slice);
    }
    assert_status(store_read(fx->store, fx_id('L', 2), &reading, &slice), STORE_NOT_FOUND);
}

static void finds_every_entry_from_everywhere(void **state)
{
    enum {
        LOGS = 5,
        LAST = 64 * 4 + 17
    };
    struct fixture *fx = *state;

    for (uint64_t seq = 1; seq <= LAST; seq++) {
        struct fx_bytes bytes[LOGS];
        struct store_row rows[LOGS];
        struct store_change changes[LOGS];
        for (uint32_t log = 0; log < LOGS; log++) {
            rows[log] = fx_row(log, seq, &bytes[log]);
            changes[log] = fx_new_log(log, STORE_LOG_COUNCIL);
        }
        struct store_batch batch = {
            .rows = rows, .n_rows = LOGS, .changes = changes, .n_changes = seq == 1 ? LOGS : 0};
        assert_status(store_append(fx->store, &batch, NULL), STORE_OK);
        /* A block that has just been completed, or just begun, is read at once. */
        if (seq % 64 <= 1)
            fx_check_log(fx->store, seq % LOGS, seq);
    }
    for (int reopened = 0; reopened < 2; reopened++) {
        for (uint64_t after = 0; after < LAST; after += 7) {
            struct store_reading reading = {
                .after_seq = after, .max_entries = 70, .what = STORE_READ_DATA};
            struct store_slice slice;
            assert_status(store_read(fx->store, fx_id('L', after % LOGS), &reading, &slice),
                          STORE_OK);
            assert_int_equal(slice.n, LAST - after < 70 ? LAST - after : 70);
            for (uint32_t i = 0; i < slice.n; i++) {
                assert_int_equal(slice.entries[i].seq, after + 1 + i);
                fx_check(&slice.entries[i], after % LOGS, true);
            }
            store_slice_fini(&slice);
        }
        fx_close(fx);
        fx_open(fx, 0);
    }
}

static void reads_folds_alone(void **state)
{
    struct fixture *fx = *state;
    uint64_t expected = 1;
    struct store_reading reading = {.max_entries = 7, .what = STORE_READ_FOLDS};
    bool more = true;

    fx_append_run(fx->store, 1, 1, 205);
    fx_append_run(fx->store, 2, 1, 205);
    while (more) {
        struct store_slice slice;
        assert_status(store_read(fx->store, fx_id('L', 2), &reading, &slice), STORE_OK);
        assert_true(slice.n > 0);
        for (uint32_t i = 0; i < slice.n; i++) {
            assert_int_equal(slice.entries[i].seq, expected);
            fx_check(&slice.entries[i], 2, false);
            expected = expected == 1 ? 10 : expected + 10;
        }
        reading.after_seq = slice.entries[slice.n - 1].seq;
        more = slice.more;
        store_slice_fini(&slice);
    }
    assert_int_equal(expected, 210);
}

static void reads_entries_by_name(void **state)
{
    struct fixture *fx = *state;
    const uint64_t seqs[] = {1, 2, 64, 65, 128, 130, 999};
    const uint64_t unordered[] = {5, 4};
    const uint64_t zero[] = {0};
    struct store_slice slice;

    fx_append_run(fx->store, 1, 1, 130);
    assert_status(store_read_at(fx->store, fx_id('L', 1), seqs, 7, &slice), STORE_OK);
    assert_int_equal(slice.n, 6);
    for (uint32_t i = 0; i < slice.n; i++) {
        assert_int_equal(slice.entries[i].seq, seqs[i]);
        fx_check(&slice.entries[i], 1, false);
    }
    store_slice_fini(&slice);
    assert_status(store_read_at(fx->store, fx_id('L', 1), unordered, 2, &slice), STORE_INVALID);
    assert_status(store_read_at(fx->store, fx_id('L', 1), zero, 1, &slice), STORE_INVALID);
    assert_status(store_read_at(fx->store, fx_id('L', 9), seqs, 1, &slice), STORE_NOT_FOUND);
}

static void takes_only_the_next_entry(void **state)
{
    struct fixture *fx = *state;

    assert_status(fx_append_one(fx->store, 1, 2), STORE_NOT_FOUND);
    assert_status(fx_append_one(fx->store, 1, 1), STORE_OK);
    assert_status(fx_append_one(fx->store, 1, 1), STORE_EXISTS);
    assert_status(fx_append_one(fx->store, 1, 3), STORE_CONFLICT);
    assert_status(fx_append_one(fx->store, 1, 2), STORE_OK);
    assert_status(fx_append_one(fx->store, 1, 2), STORE_CONFLICT);
    fx_check_log(fx->store, 1, 2);
}

/* A batch for logs 1 (there, at 3) and 2 (new), with every kind of change, and `bad` in its last
 * row. */
static enum store_status append_mixed(struct store *store, uint64_t last_seq, uint32_t *failed)
{
    struct fx_bytes bytes[4];
    struct store_row rows[4] = {fx_row(1, 4, &bytes[0]), fx_row(2, 1, &bytes[1]),
                                fx_row(2, 2, &bytes[2]), fx_row(1, last_seq, &bytes[3])};
    struct store_change changes[5] = {
        {.type = STORE_CHANGE_MEMBERSHIP, .row = 0},
        {.type = STORE_CHANGE_ERASE, .row = 0},
        fx_new_log(1, STORE_LOG_JOURNAL),
        {.type = STORE_CHANGE_RECOVERY_SET, .row = 1},
        {.type = STORE_CHANGE_CODE_USE, .row = 2},
    };
    memcpy(changes[0].u.membership.member, fx_id('M', 5), STORE_ID_BYTES);
    changes[0].u.membership.from_seq = 4;
    changes[1].u.erase.seq = 3;
    memcpy(changes[3].u.recovery.key, fx_id('K', 1), STORE_ID_BYTES);
    memcpy(changes[3].u.recovery.member, fx_id('M', 5), STORE_ID_BYTES);
    memcpy(changes[4].u.code.hash, fx_id('C', 1), STORE_ID_BYTES);
    struct store_batch batch = {.rows = rows, .n_rows = 4, .changes = changes, .n_changes = 5};
    return store_append(store, &batch, failed);
}

static void takes_all_of_a_batch_or_nothing(void **state)
{
    struct fixture *fx = *state;
    struct store_membership membership;
    struct store_code code = {.uses = 1};
    uint8_t member[STORE_ID_BYTES];
    uint32_t failed = 77;

    memcpy(code.hash, fx_id('C', 1), STORE_ID_BYTES);
    assert_status(store_code_create(fx->store, &code), STORE_OK);
    fx_append_run(fx->store, 1, 1, 3);

    assert_status(append_mixed(fx->store, 6, &failed), STORE_CONFLICT);
    assert_int_equal(failed, 3);
    for (int reopened = 0; reopened < 2; reopened++) {
        fx_check_log(fx->store, 1, 3); /* entry 3 still has its data */
        assert_int_equal(fx_last(fx->store, 2), 0);
        assert_status(store_membership(fx->store, fx_id('L', 1), fx_id('M', 5), &membership),
                      STORE_NOT_FOUND);
        assert_status(store_member_by_recovery(fx->store, fx_id('K', 1), member), STORE_NOT_FOUND);
        assert_status(peek_code(fx->store, fx_id('C', 1), &code), STORE_OK);
        assert_int_equal(code.used, 0);
        fx_close(fx);
        fx_open(fx, 0);
    }

    assert_status(append_mixed(fx->store, 5, &failed), STORE_OK);
    fx_check_log(fx->store, 2, 2);
    assert_int_equal(fx_last(fx->store, 1), 5);
    assert_status(store_membership(fx->store, fx_id('L', 1), fx_id('M', 5), &membership), STORE_OK);
    assert_status(store_member_by_recovery(fx->store, fx_id('K', 1), member), STORE_OK);
    assert_memory_equal(member, fx_id('M', 5), STORE_ID_BYTES);
    assert_status(peek_code(fx->store, fx_id('C', 1), &code), STORE_OK);
    assert_int_equal(code.used, 1);
}

static void tells_erased_from_plain(void **state)
{
    struct fixture *fx = *state;
    struct fx_bytes bytes[2];
    struct store_row rows[2] = {fx_row(1, 10, &bytes[0]), fx_row(1, 11, &bytes[1])};
    struct store_change changes[3] = {{.type = STORE_CHANGE_ERASE, .row = 0},
                                      {.type = STORE_CHANGE_ERASE, .row = 0},
                                      {.type = STORE_CHANGE_ERASE, .row = 0}};
    struct store_reading reading = {.what = STORE_READ_DATA};
    struct store_slice slice;
    uint32_t failed;

    fx_append_run(fx->store, 1, 1, 9);
    changes[0].u.erase.seq = 3;
    changes[1].u.erase.seq = 4; /* plain: nothing to erase */
    changes[2].u.erase.seq = 3; /* a second time */
    /* Entry 11 comes sealed and without data: it was erased where it comes from. */
    rows[1].entry.flags = STORE_SEALED;
    struct store_batch batch = {.rows = rows, .n_rows = 2, .changes = changes, .n_changes = 3};
    assert_status(store_append(fx->store, &batch, NULL), STORE_OK);

    assert_status(store_read(fx->store, fx_id('L', 1), &reading, &slice), STORE_OK);
    assert_int_equal(slice.n, 11);
    for (uint32_t i = 0; i < slice.n; i++) {
        bool erased = slice.entries[i].seq == 3 || slice.entries[i].seq == 11;
        assert_int_equal((slice.entries[i].flags & STORE_ERASED) != 0, erased);
        assert_int_equal(slice.entries[i].data != NULL, fx_flags(i + 1) & STORE_SEALED && !erased);
    }
    store_slice_fini(&slice);

    /* Only what came before can be erased. */
    rows[0] = fx_row(1, 12, &bytes[0]);
    changes[0].u.erase.seq = 12;
    batch = (struct store_batch){.rows = rows, .n_rows = 1, .changes = changes, .n_changes = 1};
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    assert_int_equal(failed, 0);
    assert_int_equal(fx_last(fx->store, 1), 11);
}

static void keeps_to_its_ceilings(void **state)
{
    struct fixture *fx = *state;
    static struct store_row rows[STORE_BATCH_ROWS_MAX + 1];
    static struct fx_bytes bytes[STORE_BATCH_ROWS_MAX + 1];
    struct store_change changes[2] = {fx_new_log(0, STORE_LOG_COUNCIL),
                                      fx_new_log(0, STORE_LOG_COUNCIL)};
    uint8_t *large = calloc(1, STORE_ENTRY_BYTES_MAX);
    struct store_batch batch = {.rows = rows, .changes = changes, .n_changes = 1};
    uint32_t failed;

    assert_non_null(large);
    for (uint32_t i = 0; i <= STORE_BATCH_ROWS_MAX; i++)
        rows[i] = fx_row(1, i + 1, &bytes[i]);
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID); /* empty */
    batch.n_rows = STORE_BATCH_ROWS_MAX + 1;
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    assert_int_equal(failed, batch.n_rows);

    batch.n_rows = 6;
    rows[5].entry.flags = STORE_SEALED;
    rows[5].entry.data = large;
    rows[5].entry.data_len = STORE_ENTRY_BYTES_MAX; /* and the text */
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    assert_int_equal(failed, 5);
    rows[5].entry.data_len -= rows[5].entry.text_len;
    rows[5].entry.flags = 0; /* data on a plain entry */
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    assert_int_equal(failed, 5);
    rows[5].entry.flags = STORE_SEALED;
    rows[5].entry.text_len = 0;
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    rows[5] = fx_row(1, 6, &bytes[5]);

    batch.n_changes = 2; /* the same log twice */
    assert_status(store_append(fx->store, &batch, &failed), STORE_EXISTS);
    assert_int_equal(failed, 0);
    changes[1].row = 6; /* no such row */
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    changes[0].row = 1; /* out of order */
    changes[1].row = 0;
    assert_status(store_append(fx->store, &batch, &failed), STORE_INVALID);
    assert_int_equal(fx_last(fx->store, 1), 0);

    changes[0].row = 0;
    batch.n_changes = 1;
    batch.n_rows = STORE_BATCH_ROWS_MAX;
    assert_status(store_append(fx->store, &batch, &failed), STORE_OK);
    fx_check_log(fx->store, 1, STORE_BATCH_ROWS_MAX);
    free(large);
}

static void reads_large_entries(void **state)
{
    struct fixture *fx = *state;
    struct fx_bytes bytes;
    struct store_row row = fx_row(1, 1, &bytes);
    struct store_change change = fx_new_log(0, STORE_LOG_COUNCIL);
    struct store_reading reading = {.what = STORE_READ_DATA, .max_bytes = 10};
    uint8_t *large = malloc(STORE_ENTRY_BYTES_MAX);
    struct store_slice slice;

    assert_non_null(large);
    for (uint32_t i = 0; i < STORE_ENTRY_BYTES_MAX; i++)
        large[i] = (uint8_t)(i * 31 >> 3);
    row.entry.flags = STORE_SEALED;
    row.entry.data = large;
    row.entry.data_len = STORE_ENTRY_BYTES_MAX - row.entry.text_len;
    struct store_batch batch = {.rows = &row, .n_rows = 1, .changes = &change, .n_changes = 1};
    assert_status(store_append(fx->store, &batch, NULL), STORE_OK);
    assert_status(store_read(fx->store, fx_id('L', 1), &reading, &slice), STORE_OK);
    assert_int_equal(slice.n, 1);
    assert_int_equal(slice.entries[0].data_len, row.entry.data_len);
    assert_memory_equal(slice.entries[0].data, large, row.entry.data_len);
    store_slice_fini(&slice);
    free(large);
}

static void lists_all_logs(void **state)
{
    struct fixture *fx = *state;
    struct store_log_info infos[4];
    struct store_stats stats;
    uint64_t cursor = 0;
    uint32_t n, seen = 0;

    for (uint64_t log = 1; log <= 10; log++)
        fx_append_run(fx->store, log, 1, log);
    do {
        assert_status(store_logs(fx->store, &cursor, infos, 4, &n), STORE_OK);
        for (uint32_t i = 0; i < n; i++) {
            seen++;
            assert_memory_equal(infos[i].log, fx_id('L', seen), STORE_ID_BYTES);
            assert_int_equal(infos[i].seq, seen);
        }
    } while (n == 4);
    assert_int_equal(seen, 10);
    assert_status(store_stats(fx->store, &stats), STORE_OK);
    assert_int_equal(stats.entries, 55);
    assert_int_equal(stats.logs_council, 10);
    assert_int_equal(stats.logs_member + stats.logs_journal, 0);
    assert_true(stats.bytes > 0);
    /* What was counted is not counted again, what came since is. */
    fx_append_run(fx->store, 11, 1, 2);
    assert_status(store_stats(fx->store, &stats), STORE_OK);
    assert_int_equal(stats.logs_council, 11);
    assert_status(store_stats(fx->store, &stats), STORE_OK);
    assert_int_equal(stats.logs_council, 11);
}

static void counts_many_logs_in_parts(void **state)
{
    struct fixture *fx = *state;
    struct store_stats stats;
    char sql[256];
    sqlite3 *db = NULL;
    bool more = false;

    fx_append_run(fx->store, 1, 1, 1);
    fx_close(fx);
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
                   " INSERT INTO log (name, kind, creator, created)"
                   " SELECT randomblob(32), 1 + 2 * (i %% 2), randomblob(32), 1 FROM n",
                   2 * STORE_STATS_LOGS);
    assert_int_equal(sqlite3_open(fx->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    fx_open(fx, 0);
    assert_status(store_stats_some(fx->store, &more), STORE_OK);
    assert_true(more);
    assert_status(store_stats_some(fx->store, &more), STORE_OK);
    assert_true(more);
    assert_status(store_stats_some(fx->store, &more), STORE_OK);
    assert_false(more);
    assert_status(store_stats(fx->store, &stats), STORE_OK);
    assert_int_equal(stats.logs_member, STORE_STATS_LOGS);
    assert_int_equal(stats.logs_journal, STORE_STATS_LOGS);
    assert_int_equal(stats.logs_council, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_back_what_was_appended, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(counts_the_bytes_of_a_log, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(reads_in_slices, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(finds_every_entry_from_everywhere, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(reads_folds_alone, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(reads_entries_by_name, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(takes_only_the_next_entry, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(takes_all_of_a_batch_or_nothing, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(tells_erased_from_plain, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(keeps_to_its_ceilings, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(reads_large_entries, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(lists_all_logs, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(counts_many_logs_in_parts, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
