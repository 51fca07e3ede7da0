/*
 * What the store keeps beside the logs: memberships, recovery keys, registration codes, settings.
 */
#include "tests/unit/store_fixture.h"
#include "tests/unit/store_peek.h"

/* Appends the next entry of log 1 (which it makes, if need be) with one change. */
static enum store_status append_with(struct store *store, struct store_change change)
{
    struct fx_bytes bytes;
    uint64_t last = fx_last(store, 1);
    struct store_row row = fx_row(1, last + 1, &bytes);
    struct store_change changes[2] = {fx_new_log(0, STORE_LOG_COUNCIL), change};
    struct store_batch batch = {.rows = &row,
                                .n_rows = 1,
                                .changes = last == 0 ? changes : changes + 1,
                                .n_changes = last == 0 ? 2 : 1};
    uint32_t failed = 9;

    enum store_status status = store_append(store, &batch, &failed);
    assert_int_equal(failed, status == STORE_OK ? 1 : 0);
    return status;
}

static struct store_change membership(uint64_t member, uint8_t role, uint64_t from, uint64_t until)
{
    struct store_change change = {.type = STORE_CHANGE_MEMBERSHIP};

    memcpy(change.u.membership.member, fx_id('M', member), STORE_ID_BYTES);
    change.u.membership.role = role;
    change.u.membership.from_seq = from;
    change.u.membership.until_seq = until;
    return change;
}

static void knows_who_is_and_was_a_member(void **state)
{
    struct fixture *fx = *state;
    struct store_membership found, list[4] = {0};
    uint32_t n;

    assert_status(append_with(fx->store, membership(1, 2, 1, 0)), STORE_OK);
    assert_status(append_with(fx->store, membership(2, 1, 2, 0)), STORE_OK);
    assert_status(append_with(fx->store, membership(2, 1, 2, 3)), STORE_OK);

    assert_status(store_membership(fx->store, fx_id('L', 1), fx_id('M', 2), &found), STORE_OK);
    assert_memory_equal(found.log, fx_id('L', 1), STORE_ID_BYTES);
    assert_memory_equal(found.member, fx_id('M', 2), STORE_ID_BYTES);
    assert_int_equal(found.kind, STORE_LOG_COUNCIL);
    assert_int_equal(found.role, 1);
    assert_int_equal(found.from_seq, 2);
    assert_int_equal(found.until_seq, 3);
    assert_status(store_membership(fx->store, fx_id('L', 1), fx_id('M', 3), &found),
                  STORE_NOT_FOUND);
    assert_status(store_membership(fx->store, fx_id('L', 2), fx_id('M', 1), &found),
                  STORE_NOT_FOUND);

    assert_status(peek_members(fx->store, fx_id('L', 1), list, 4, &n), STORE_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(list[0].member, fx_id('M', 1), STORE_ID_BYTES);
    assert_int_equal(list[0].until_seq, 0);
    assert_memory_equal(list[1].member, fx_id('M', 2), STORE_ID_BYTES);
    assert_status(peek_members(fx->store, fx_id('L', 2), list, 4, &n), STORE_OK);
    assert_int_equal(n, 0);
}

static void lists_the_logs_of_a_member(void **state)
{
    enum {
        LOGS = 10
    };
    struct fixture *fx = *state;
    struct store_membership list[3];
    uint64_t cursor = 0;
    uint32_t n, seen = 0;

    for (uint32_t log = 0; log < LOGS; log++) {
        struct fx_bytes bytes;
        struct store_row row = fx_row(100 + log, 1, &bytes);
        struct store_change changes[2] = {
            fx_new_log(0, log == 4 ? STORE_LOG_JOURNAL : STORE_LOG_COUNCIL),
            membership(log % 2 == 0 ? 6 : 7, 1, 1, 0)};
        struct store_batch batch = {.rows = &row, .n_rows = 1, .changes = changes, .n_changes = 2};
        assert_status(store_append(fx->store, &batch, NULL), STORE_OK);
    }
    do {
        assert_status(store_logs_of_member(fx->store, fx_id('M', 6), &cursor, list, 3, &n),
                      STORE_OK);
        for (uint32_t i = 0; i < n; i++, seen += 2) {
            assert_memory_equal(list[i].log, fx_id('L', 100 + seen), STORE_ID_BYTES);
            assert_int_equal(list[i].kind, seen == 4 ? STORE_LOG_JOURNAL : STORE_LOG_COUNCIL);
        }
    } while (n == 3);
    assert_int_equal(seen, LOGS);
}

static struct store_change recovery(enum store_change_type type, uint64_t key, uint64_t member)
{
    struct store_change change = {.type = type};

    memcpy(change.u.recovery.key, fx_id('K', key), STORE_ID_BYTES);
    memcpy(change.u.recovery.member, fx_id('M', member), STORE_ID_BYTES);
    return change;
}

static void follows_recovery_keys(void **state)
{
    struct fixture *fx = *state;
    uint8_t member[STORE_ID_BYTES];

    assert_status(append_with(fx->store, recovery(STORE_CHANGE_RECOVERY_SET, 1, 1)), STORE_OK);
    assert_status(append_with(fx->store, recovery(STORE_CHANGE_RECOVERY_SET, 1, 1)), STORE_OK);
    assert_status(append_with(fx->store, recovery(STORE_CHANGE_RECOVERY_SET, 1, 2)), STORE_EXISTS);
    assert_status(store_member_by_recovery(fx->store, fx_id('K', 1), member), STORE_OK);
    assert_memory_equal(member, fx_id('M', 1), STORE_ID_BYTES);

    assert_status(append_with(fx->store, recovery(STORE_CHANGE_RECOVERY_DROP, 1, 0)), STORE_OK);
    assert_status(append_with(fx->store, recovery(STORE_CHANGE_RECOVERY_DROP, 9, 0)), STORE_OK);
    assert_status(store_member_by_recovery(fx->store, fx_id('K', 1), member), STORE_NOT_FOUND);
    assert_int_equal(fx_last(fx->store, 1), 4);
}

static struct store_change use_code(uint64_t code)
{
    struct store_change change = {.type = STORE_CHANGE_CODE_USE};

    memcpy(change.u.code.hash, fx_id('C', code), STORE_ID_BYTES);
    return change;
}

static struct store_code new_code(uint64_t code, uint32_t uses, uint64_t expires_ms)
{
    struct store_code made = {
        .created_ms = 5, .expires_ms = expires_ms, .uses = uses, .note = "for the library"};

    memcpy(made.hash, fx_id('C', code), STORE_ID_BYTES);
    return made;
}

static void counts_the_uses_of_codes(void **state)
{
    struct fixture *fx = *state;
    struct store_code code = new_code(1, 2, 0), got;

    assert_status(store_code_create(fx->store, &code), STORE_OK);
    assert_status(store_code_create(fx->store, &code), STORE_EXISTS);
    assert_status(append_with(fx->store, use_code(1)), STORE_OK);
    assert_status(append_with(fx->store, use_code(1)), STORE_OK);
    assert_status(append_with(fx->store, use_code(1)), STORE_REFUSED);
    assert_status(append_with(fx->store, use_code(2)), STORE_REFUSED);
    assert_status(peek_code(fx->store, fx_id('C', 1), &got), STORE_OK);
    assert_int_equal(got.used, 2);
    assert_int_equal(got.uses, 2);
    assert_string_equal(got.note, "for the library");
    assert_int_equal(fx_last(fx->store, 1), 2);

    code = new_code(3, 0, 0);
    assert_status(store_code_create(fx->store, &code), STORE_INVALID);
    /* The rows of fx_row are received at 1000 + seq. */
    code = new_code(4, 5, 1003);
    assert_status(store_code_create(fx->store, &code), STORE_OK);
    assert_status(append_with(fx->store, use_code(4)), STORE_REFUSED);
    code = new_code(5, 5, 1004);
    assert_status(store_code_create(fx->store, &code), STORE_OK);
    assert_status(append_with(fx->store, use_code(5)), STORE_OK);
}

static void lists_and_revokes_codes(void **state)
{
    struct fixture *fx = *state;
    struct store_code list[2];
    struct store_stats stats;
    uint64_t cursor = 0;
    uint32_t n, seen = 0;

    for (uint64_t i = 1; i <= 5; i++) {
        struct store_code code = new_code(i, 1, 0);
        assert_status(store_code_create(fx->store, &code), STORE_OK);
    }
    assert_status(store_code_revoke(fx->store, fx_id('C', 5)), STORE_OK);
    assert_status(store_code_revoke(fx->store, fx_id('C', 5)), STORE_NOT_FOUND);
    assert_status(append_with(fx->store, use_code(5)), STORE_REFUSED);
    do {
        assert_status(store_codes(fx->store, &cursor, list, 2, &n), STORE_OK);
        for (uint32_t i = 0; i < n; i++)
            assert_memory_equal(list[i].hash, fx_id('C', ++seen), STORE_ID_BYTES);
    } while (n == 2);
    assert_int_equal(seen, 4);
    assert_status(store_stats(fx->store, &stats), STORE_OK);
    assert_int_equal(stats.codes, 4);
}

static void keeps_settings(void **state)
{
    struct fixture *fx = *state;
    char value[16];
    uint32_t len = sizeof value;

    assert_status(store_setting_get(fx->store, "origin", value, &len), STORE_NOT_FOUND);
    assert_status(store_setting_set(fx->store, "origin", "one", 3), STORE_OK);
    assert_status(store_setting_set(fx->store, "origin", "second", 6), STORE_OK);
    assert_status(store_setting_set(fx->store, "empty", NULL, 0), STORE_OK);
    fx_close(fx);
    fx_open(fx, 0);
    assert_status(store_setting_get(fx->store, "origin", value, &len), STORE_OK);
    assert_int_equal(len, 6);
    assert_memory_equal(value, "second", 6);
    len = 5;
    assert_status(store_setting_get(fx->store, "origin", value, &len), STORE_INVALID);
    assert_status(store_setting_get(fx->store, "empty", value, &len), STORE_OK);
    assert_int_equal(len, 0);
    assert_status(store_setting_set(fx->store, "", "x", 1), STORE_INVALID);
    assert_status(store_setting_set(fx->store, "large", value, STORE_VALUE_MAX + 1), STORE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_who_is_and_was_a_member, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(lists_the_logs_of_a_member, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(follows_recovery_keys, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(counts_the_uses_of_codes, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(lists_and_revokes_codes, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(keeps_settings, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
