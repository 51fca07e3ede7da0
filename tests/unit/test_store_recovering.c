/*
 * Logs that wait for their members: who has spoken, when a log is open, what is brought, across restarts and failures.
 */
#include "tests/unit/store_fault_vfs.h"
#include "tests/unit/store_fixture.h"

static struct store_mark mark_of(uint64_t log, uint64_t member, bool spoken, bool end)
{
    struct store_mark mark = {.spoken = spoken, .end = end};

    memcpy(mark.log, fx_id('L', log), STORE_ID_BYTES);
    memcpy(mark.member, fx_id('M', member), STORE_ID_BYTES);
    return mark;
}

static void check_mark(struct store *store, struct store_mark mark, enum store_recovery recovery,
                       uint64_t waiting)
{
    assert_status(store_mark(store, &mark, 1), STORE_OK);
    assert_int_equal(mark.recovery, recovery);
    assert_int_equal(mark.waiting, waiting);
}

static enum store_recovery state_of(struct store *store, uint64_t log)
{
    struct store_log_info info;

    assert_status(store_log_info(store, fx_id('L', log), &info), STORE_OK);
    return info.recovery;
}

static void check_counts(struct store *store, uint64_t logs, uint64_t first_waits)
{
    struct store_log_info page[8];
    uint64_t count, restored, waiting, cursor = 0;
    uint32_t n;

    assert_status(store_recovering_count(store, &count, &restored), STORE_OK);
    assert_int_equal(count, logs);
    assert_status(store_recovering_logs(store, &cursor, page, 8, &n), STORE_OK);
    assert_int_equal(n, logs);
    if (n > 0) {
        assert_int_equal(page[0].recovery, STORE_WAITING);
        assert_status(store_waiting(store, page[0].log, &waiting), STORE_OK);
        assert_int_equal(waiting, first_waits);
    }
}

/* How many of the logs that wait were put back with a backup, and whether this one was brought. */
static void check_restored(struct store *store, uint64_t log, bool brought, uint64_t restored)
{
    struct store_log_info info;
    uint64_t count, found;

    assert_status(store_recovering_count(store, &count, &found), STORE_OK);
    assert_int_equal(found, restored);
    assert_status(store_log_info(store, fx_id('L', log), &info), STORE_OK);
    assert_int_equal(info.brought, brought);
}

/* Entry `seq` of a log with up to two changes of it. */
static enum store_status append(struct store *store, uint64_t log, uint64_t seq,
                                struct store_change *changes, uint32_t n)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(log, seq, &bytes);
    struct store_batch batch = {.rows = &row, .n_rows = 1, .changes = changes, .n_changes = n};

    return store_append(store, &batch, NULL);
}

static struct store_change member(uint64_t who, uint64_t from, uint64_t until)
{
    struct store_change change = {.type = STORE_CHANGE_MEMBERSHIP};

    memcpy(change.u.membership.member, fx_id('M', who), STORE_ID_BYTES);
    change.u.membership.from_seq = from;
    change.u.membership.until_seq = until;
    return change;
}

/* Log 1: a council of members 1 and 2, and once of 3; log 2: the member log of member 1. */
static void fill(struct store *store)
{
    struct store_change create[2] = {fx_new_log(0, STORE_LOG_COUNCIL), member(1, 1, 0)};
    struct store_change join = member(2, 2, 0), other = member(3, 3, 0), leave = member(3, 3, 4);
    struct store_change person = fx_new_log(0, STORE_LOG_MEMBER);

    assert_status(append(store, 1, 1, create, 2), STORE_OK);
    assert_status(append(store, 1, 2, &join, 1), STORE_OK);
    assert_status(append(store, 1, 3, &other, 1), STORE_OK);
    assert_status(append(store, 1, 4, &leave, 1), STORE_OK);
    assert_status(append(store, 2, 1, &person, 1), STORE_OK);
}

static void waits_until_everybody_has_spoken(void **state)
{
    struct fixture *fx = *state;

    fill(fx->store);
    check_counts(fx->store, 0, 0);
    check_mark(fx->store, mark_of(1, 1, true, true), STORE_RECOVERED, 0); /* takes no notice */
    assert_status(store_recovering_all(fx->store), STORE_OK);
    check_counts(fx->store, 2, 2);
    assert_int_equal(state_of(fx->store, 1), STORE_WAITING);
    check_mark(fx->store, mark_of(1, 3, true, false), STORE_WAITING, 2); /* a former member */
    check_mark(fx->store, mark_of(1, 1, false, false), STORE_WAITING, 2);
    check_mark(fx->store, mark_of(1, 1, true, false), STORE_WAITING, 1);
    check_mark(fx->store, mark_of(1, 1, true, false), STORE_WAITING, 1);
    check_mark(fx->store, mark_of(9, 1, true, false), STORE_RECOVERED, 0); /* no such log */
    fx_close(fx);
    fx_open(fx, 0);
    check_counts(fx->store, 2, 1);
    /* Several at once, as one transaction. */
    struct store_mark both[2] = {mark_of(1, 2, true, false), mark_of(2, 2, true, false)};
    assert_status(store_mark(fx->store, both, 2), STORE_OK);
    assert_int_equal(both[0].recovery, STORE_RECOVERY_OPEN);
    assert_int_equal(both[0].waiting, 0);
    assert_int_equal(both[1].recovery, STORE_WAITING); /* not hers */
    assert_int_equal(both[1].waiting, 1);
    check_mark(fx->store, mark_of(2, 1, true, false), STORE_RECOVERY_OPEN, 0);
    check_counts(fx->store, 0, 0);
    /* Open until an entry says otherwise, also across a restart. */
    fx_close(fx);
    fx_open(fx, 0);
    assert_int_equal(state_of(fx->store, 1), STORE_RECOVERY_OPEN);
    struct store_change over = {.type = STORE_CHANGE_RECOVERED};
    assert_status(append(fx->store, 1, 5, &over, 1), STORE_OK);
    assert_int_equal(state_of(fx->store, 1), STORE_RECOVERED);
    assert_status(append(fx->store, 1, 6, &over, 1), STORE_OK); /* once more does no harm */
    /* A second restore begins anew: what was said before is not said now. */
    assert_status(store_recovering_all(fx->store), STORE_OK);
    check_counts(fx->store, 2, 2);
}

static void is_ended_by_whoever_may(void **state)
{
    struct fixture *fx = *state;
    uint64_t n = 99;

    fill(fx->store);
    assert_status(store_recovering_all(fx->store), STORE_OK);
    check_mark(fx->store, mark_of(1, 1, true, true), STORE_RECOVERY_OPEN, 0);
    assert_status(store_recovering_end(fx->store, fx_id('L', 1), &n), STORE_OK);
    assert_int_equal(n, 0);
    assert_status(store_recovering_end(fx->store, fx_id('L', 9), &n), STORE_NOT_FOUND);
    assert_status(store_recovering_end(fx->store, fx_id('L', 2), &n), STORE_OK);
    assert_int_equal(n, 1);
    check_counts(fx->store, 0, 0);
    assert_status(store_recovering_all(fx->store), STORE_OK);
    assert_status(store_recovering_end(fx->store, NULL, &n), STORE_OK);
    assert_int_equal(n, 2);
    assert_int_equal(state_of(fx->store, 1), STORE_RECOVERY_OPEN);
    assert_int_equal(state_of(fx->store, 2), STORE_RECOVERY_OPEN);
}

static void remembers_who_brought_a_log(void **state)
{
    struct fixture *fx = *state;
    struct store_change changes[4] = {fx_new_log(0, STORE_LOG_COUNCIL),
                                      member(1, 1, 0),
                                      {.type = STORE_CHANGE_RECOVERING},
                                      {.type = STORE_CHANGE_OFFERED}};
    uint64_t n = 99;

    assert_status(append(fx->store, 1, 1, changes, 4), STORE_INVALID); /* no state */
    changes[2].u.recovering.state = STORE_WAITING;
    memcpy(changes[3].u.offered.member, fx_id('M', 2), STORE_ID_BYTES);
    assert_status(append(fx->store, 1, 1, changes, 4), STORE_OK);
    assert_status(append(fx->store, 2, 1, changes, 4), STORE_OK);
    assert_status(append(fx->store, 1, 2, &changes[3], 1), STORE_INVALID); /* it is not new */
    assert_status(store_offered_count(fx->store, fx_id('M', 2), &n), STORE_OK);
    assert_int_equal(n, 2);
    assert_status(store_offered_count(fx->store, fx_id('M', 1), &n), STORE_OK);
    assert_int_equal(n, 0);
    check_counts(fx->store, 2, 1);
    /* A batch that is rolled back leaves nothing of this either. */
    disk.fault = FAULT_FULL;
    disk.after = 0;
    assert_status(append(fx->store, 3, 1, changes, 4), STORE_FULL);
    struct store_mark spoken = mark_of(1, 1, true, false);
    assert_status(store_mark(fx->store, &spoken, 1), STORE_FULL);
    disk.fault = FAULT_NONE;
    check_counts(fx->store, 2, 1);
    check_restored(fx->store, 1, true, 0);
    /* In a backup it is one of the server's own; what comes after that is not. */
    assert_status(store_recovering_all(fx->store), STORE_OK);
    check_restored(fx->store, 1, false, 2);
    assert_status(append(fx->store, 3, 1, changes, 4), STORE_OK);
    check_counts(fx->store, 3, 1);
    check_restored(fx->store, 3, true, 2);
    assert_status(store_offered_count(fx->store, fx_id('M', 2), &n), STORE_OK);
    assert_int_equal(n, 3); /* they are theirs all the same */
    assert_status(store_recovering_end(fx->store, fx_id('L', 2), &n), STORE_OK);
    check_restored(fx->store, 1, false, 1);
    check_mark(fx->store, mark_of(1, 1, true, false), STORE_RECOVERY_OPEN, 0);
}

/* Data that never came is told from data that an erase took. */
static void tells_missing_from_erased(void **state)
{
    struct fixture *fx = *state;
    struct store_change create = fx_new_log(0, STORE_LOG_COUNCIL);
    struct store_change erase[2] = {{.type = STORE_CHANGE_ERASE}, {.type = STORE_CHANGE_ERASE}};
    struct fx_bytes bytes;
    struct store_slice slice;
    const uint64_t seqs[] = {3, 6, 9};

    assert_status(append(fx->store, 1, 1, &create, 1), STORE_OK);
    for (uint64_t seq = 2; seq <= 9; seq++) {
        struct store_row row = fx_row(1, seq, &bytes);
        struct store_batch batch = {.rows = &row, .n_rows = 1};
        if (seq == 3 || seq == 6) {
            row.entry.data = NULL;
            row.entry.data_len = 0;
        }
        assert_status(store_append(fx->store, &batch, NULL), STORE_OK);
    }
    erase[0].u.erase.seq = 3;
    erase[1].u.erase.seq = 9;
    assert_status(append(fx->store, 1, 10, erase, 2), STORE_OK);
    assert_status(store_read_at(fx->store, fx_id('L', 1), seqs, 3, &slice), STORE_OK);
    assert_int_equal(slice.entries[0].flags, STORE_SEALED | STORE_ERASED);
    assert_int_equal(slice.entries[1].flags, STORE_SEALED | STORE_ERASED | STORE_MISSING);
    assert_int_equal(slice.entries[2].flags, STORE_SEALED | STORE_ERASED);
    store_slice_fini(&slice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_until_everybody_has_spoken, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(is_ended_by_whoever_may, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(remembers_who_brought_a_log, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(tells_missing_from_erased, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, fault_install, NULL);
}
