/*
 * Addresses, codes, events and nudges in the store: proved once, claimed once, forgotten for good.
 */
#include "server/store/engine.h"
#include "tests/unit/store_fixture.h"

#define DAY UINT64_C(86400000)

static const uint64_t now = UINT64_C(1800000000000);

static struct store_mail wish(uint64_t member, const char *address)
{
    struct store_mail mail = {.quiet_from = 1320, .quiet_to = 480, .kinds = 15};
    static uint64_t tokens;

    memcpy(mail.member, fx_id('M', member), STORE_ID_BYTES);
    memcpy(mail.token, fx_id('T', ++tokens), STORE_ID_BYTES);
    (void)snprintf(mail.address, sizeof mail.address, "%s", address);
    (void)snprintf(mail.zone, sizeof mail.zone, "Europe/Berlin");
    (void)snprintf(mail.code, sizeof mail.code, "ABCDEFGH%02u", (unsigned)(tokens % 100));
    return mail;
}

static struct store_mail set(struct store *store, uint64_t member, const char *address, uint64_t at)
{
    struct store_mail mail = wish(member, address);
    bool confirmed = true;

    assert_status(store_mail_set(store, &mail, at, &confirmed), STORE_OK);
    assert_false(confirmed);
    return mail;
}

static struct store_mail opt_in(struct store *store, uint64_t member, const char *address)
{
    struct store_mail mail = set(store, member, address, now);

    assert_status(store_mail_confirm(store, mail.member, mail.code, now + 1), STORE_OK);
    assert_status(store_mail_get(store, mail.member, &mail), STORE_OK);
    return mail;
}

static struct store_mail_event event_of(uint64_t member, uint64_t key, enum store_mail_kind kind)
{
    struct store_mail_event event = {.kind = kind, .until_ms = now + DAY};

    memcpy(event.member, fx_id('M', member), STORE_ID_BYTES);
    memcpy(event.key, fx_id('K', key), STORE_ID_BYTES);
    return event;
}

static uint32_t waiting(struct store *store, uint64_t at, struct store_mail_event *first)
{
    struct store_mail_event list[8];
    uint32_t n;

    assert_status(store_mail_waiting(store, at, list, 8, &n), STORE_OK);
    if (n > 0)
        *first = list[0];
    return n;
}

static void test_an_address_is_proved_by_its_code(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = set(fx->store, 1, "a@b.cc", now), got;
    struct store_mail_event code;

    assert_int_equal(waiting(fx->store, now, &code), 1); /* the code is to be mailed */
    assert_int_equal(code.kind, STORE_MAIL_CODE);
    assert_status(store_mail_confirm(fx->store, mail.member, "ABCDEFGHXX", now), STORE_REFUSED);
    assert_status(store_mail_confirm(fx->store, mail.member, "", now), STORE_REFUSED);
    assert_status(store_mail_confirm(fx->store, fx_id('M', 2), mail.code, now), STORE_NOT_FOUND);
    assert_status(store_mail_confirm(fx->store, mail.member, mail.code, now + DAY + 1),
                  STORE_REFUSED);
    assert_status(store_mail_confirm(fx->store, mail.member, mail.code, now + DAY), STORE_OK);
    assert_status(store_mail_confirm(fx->store, mail.member, mail.code, now + 2), STORE_REFUSED);
    assert_status(store_mail_get(fx->store, mail.member, &got), STORE_OK);
    assert_int_equal(got.confirmed_ms, now + DAY);
    assert_string_equal(got.code, "");
    assert_string_equal(got.address, "a@b.cc");
    assert_string_equal(got.zone, "Europe/Berlin");
    assert_int_equal(got.quiet_from, 1320);
    assert_int_equal(got.quiet_to, 480);
}

static void test_a_code_is_not_to_be_guessed(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = set(fx->store, 1, "a@b.cc", now);

    for (unsigned i = 0; i < STORE_MAIL_TRIES; i++)
        assert_status(store_mail_confirm(fx->store, mail.member, "ABCDEFGHXX", now), STORE_REFUSED);
    assert_status(store_mail_confirm(fx->store, mail.member, mail.code, now), STORE_REFUSED);
}

static void test_nobody_floods_a_stranger_with_codes(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail;
    bool confirmed;

    for (unsigned i = 0; i < STORE_MAIL_CODES_MAX; i++) {
        (void)set(fx->store, 1, "victim@b.cc", now + i);
        assert_status(store_mail_stop(fx->store, fx_id('M', 1)), STORE_OK); /* does not help */
    }
    mail = wish(1, "victim@b.cc");
    assert_status(store_mail_set(fx->store, &mail, now + 9, &confirmed), STORE_REFUSED);
    (void)set(fx->store, 1, "victim@b.cc", now + DAY + 9); /* the next day */
    for (unsigned i = 0; i + 1 < STORE_MAIL_SHARED_MAX; i++)
        (void)set(fx->store, 10 + i, i % 2 ? "Victim@B.cc" : "victim@b.cc", now + DAY + 10);
    mail = wish(20, "VICTIM@b.cc"); /* a fifth member, whatever the capitals */
    assert_status(store_mail_set(fx->store, &mail, now + DAY + 11, &confirmed), STORE_REFUSED);
    (void)set(fx->store, 1, "victim@b.cc", now + DAY + 11); /* one of them already */
}

static int64_t codes_counted(struct store *store)
{
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(
        sqlite3_prepare_v2(store->db, "SELECT count(*) FROM mail_code", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return n;
}

/* Members who stop free their place, and capitals make no other address: it is the address that has had enough. */
static void test_many_members_flood_nobody_either(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail;
    bool confirmed;
    uint64_t dropped;

    for (unsigned i = 0; i < STORE_MAIL_ADDRESS_CODES_MAX; i++) {
        (void)set(fx->store, 1 + i, i % 2 ? "Victim@b.cc" : "victim@B.cc", now + i);
        assert_status(store_mail_stop(fx->store, fx_id('M', 1 + i)), STORE_OK);
    }
    mail = wish(30, "vIctim@b.cc");
    assert_status(store_mail_set(fx->store, &mail, now + 9, &confirmed), STORE_REFUSED);
    (void)set(fx->store, 30, "other@b.cc", now + 9);
    assert_status(store_mail_prune(fx->store, now + DAY - 1, &dropped), STORE_OK);
    mail = wish(31, "victim@b.cc");
    assert_status(store_mail_set(fx->store, &mail, now + DAY - 1, &confirmed), STORE_REFUSED);
    assert_int_equal(codes_counted(fx->store), STORE_MAIL_ADDRESS_CODES_MAX + 1);
    assert_status(store_mail_prune(fx->store, now + DAY + 10, &dropped), STORE_OK);
    assert_int_equal(codes_counted(fx->store), 0);
    (void)set(fx->store, 31, "victim@b.cc", now + DAY + 10);
}

static void test_settings_change_without_a_code_and_an_address_does_not(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = opt_in(fx->store, 1, "a@b.cc"), next = wish(1, "a@b.cc"), got;
    bool confirmed = false;

    next.kinds = 1;
    next.quiet_from = next.quiet_to = 0;
    assert_status(store_mail_set(fx->store, &next, now + 5, &confirmed), STORE_OK);
    assert_true(confirmed);
    assert_status(store_mail_get(fx->store, mail.member, &got), STORE_OK);
    assert_int_equal(got.kinds, 1);
    assert_int_equal(got.confirmed_ms, mail.confirmed_ms);
    assert_memory_equal(got.token, mail.token, STORE_ID_BYTES); /* links of old mails still work */
    next = set(fx->store, 1, "other@b.cc", now + 6);
    assert_status(store_mail_get(fx->store, mail.member, &got), STORE_OK);
    assert_int_equal(got.confirmed_ms, 0);
    assert_status(store_mail_unlink(fx->store, mail.token), STORE_NOT_FOUND);
    assert_status(store_mail_unlink(fx->store, next.token), STORE_OK);
}

static void test_an_event_is_claimed_once(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = opt_in(fx->store, 1, "a@b.cc"), to;
    struct store_mail_event event = event_of(1, 1, STORE_MAIL_MEETING), again = event, other;

    assert_status(store_mail_claim(fx->store, &event, now, &to), STORE_OK);
    assert_string_equal(to.address, mail.address);
    assert_int_equal(event.tries, 1);
    assert_status(store_mail_claim(fx->store, &again, now, &to), STORE_EXISTS);
    fx_close(fx); /* as if the process had died with the mail under way */
    fx_open(fx, 0);
    assert_status(store_mail_claim(fx->store, &again, now + DAY, &to), STORE_EXISTS);
    event.state = STORE_MAIL_WAITING;
    event.due_ms = now + 60000;
    assert_status(store_mail_settle(fx->store, &event, false, now), STORE_OK);
    assert_status(store_mail_claim(fx->store, &again, now + 59999, &to), STORE_EXISTS);
    assert_int_equal(waiting(fx->store, now + 60000, &other), 2); /* and the code */
    assert_status(store_mail_claim(fx->store, &again, now + 60000, &to), STORE_OK);
    assert_int_equal(again.tries, 2);
    again.state = STORE_MAIL_SENT;
    assert_status(store_mail_settle(fx->store, &again, false, now + 7), STORE_OK);
    assert_status(store_mail_claim(fx->store, &event, now + DAY, &to), STORE_EXISTS);
    assert_status(store_mail_get(fx->store, mail.member, &to), STORE_OK);
    assert_int_equal(to.sent_ms, now + 7);
    event = event_of(1, 2, STORE_MAIL_CHECKIN);
    assert_status(store_mail_skip(fx->store, &event, now), STORE_OK);
    assert_status(store_mail_claim(fx->store, &event, now, &to), STORE_EXISTS);
}

static void test_nothing_is_claimed_that_is_not_wanted(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = set(fx->store, 1, "a@b.cc", now), to;
    struct store_mail_event meeting = event_of(1, 1, STORE_MAIL_MEETING), code, old;

    assert_status(store_mail_claim(fx->store, &meeting, now, &to), STORE_NOT_FOUND);
    assert_int_equal(waiting(fx->store, now, &old), 1);
    mail = set(fx->store, 1, "a@b.cc", now + 1); /* the first code is over */
    assert_status(store_mail_claim(fx->store, &old, now + 1, &to), STORE_NOT_FOUND);
    assert_int_equal(waiting(fx->store, now + 1, &code), 1);
    assert_status(store_mail_claim(fx->store, &code, now + 1, &to), STORE_OK);
    assert_string_equal(to.code, mail.code);
    assert_status(store_mail_confirm(fx->store, mail.member, mail.code, now + 2), STORE_OK);
    mail.kinds = 1 << (STORE_MAIL_FEEDBACK - 1);
    bool confirmed = false;
    assert_status(store_mail_set(fx->store, &mail, now + 3, &confirmed), STORE_OK);
    assert_status(store_mail_claim(fx->store, &meeting, now, &to), STORE_NOT_FOUND);
    assert_status(store_mail_stop(fx->store, mail.member), STORE_OK);
    meeting.kind = STORE_MAIL_FEEDBACK;
    assert_status(store_mail_claim(fx->store, &meeting, now, &to), STORE_NOT_FOUND);
}

static void test_a_refused_address_gets_nothing_more(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = opt_in(fx->store, 1, "a@b.cc"), list[4], to;
    struct store_mail_event event = event_of(1, 1, STORE_MAIL_MEETING);
    uint64_t cursor = 0;
    uint32_t n;

    assert_status(store_mails(fx->store, &cursor, list, 4, &n), STORE_OK);
    assert_int_equal(n, 1);
    assert_status(store_mail_claim(fx->store, &event, now, &to), STORE_OK);
    event.state = STORE_MAIL_DROPPED;
    assert_status(store_mail_settle(fx->store, &event, true, now + 9), STORE_OK);
    assert_status(store_mail_get(fx->store, mail.member, &to), STORE_OK);
    assert_int_equal(to.failing_ms, now + 9);
    cursor = 0;
    assert_status(store_mails(fx->store, &cursor, list, 4, &n), STORE_OK);
    assert_int_equal(n, 0);
    event = event_of(1, 2, STORE_MAIL_MEETING);
    assert_status(store_mail_claim(fx->store, &event, now, &to), STORE_NOT_FOUND);
    (void)set(fx->store, 1, "a@b.cc", now + 10); /* the same address must be proved anew */
}

static void test_what_is_over_is_dropped_and_forgotten(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = opt_in(fx->store, 1, "a@b.cc"), to;
    struct store_mail_event event = event_of(1, 1, STORE_MAIL_MEETING), code;
    uint64_t dropped;

    (void)set(fx->store, 2, "unproved@b.cc", now);
    assert_status(store_mail_claim(fx->store, &event, now, &to), STORE_OK);
    event.state = STORE_MAIL_WAITING;
    event.due_ms = now + 5;
    assert_status(store_mail_settle(fx->store, &event, false, now), STORE_OK);
    assert_status(store_mail_prune(fx->store, now + DAY - 1, &dropped), STORE_OK);
    assert_int_equal(dropped, 0);
    assert_status(store_mail_prune(fx->store, now + DAY, &dropped), STORE_OK);
    assert_int_equal(dropped, 3); /* the reminder and two codes */
    assert_int_equal(waiting(fx->store, now + 2 * DAY, &code), 0);
    assert_status(store_mail_event(fx->store, &event), STORE_OK);
    assert_status(store_mail_prune(fx->store, now + 9 * DAY, &dropped), STORE_OK);
    assert_status(store_mail_event(fx->store, &event), STORE_NOT_FOUND);
    assert_status(store_mail_get(fx->store, fx_id('M', 2), &to), STORE_NOT_FOUND);
    assert_status(store_mail_get(fx->store, mail.member, &to), STORE_OK);
}

static bool file_has(const char *path, const char *suffix, const char *text)
{
    char name[160], *bytes = malloc(4 << 20);
    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *file = fopen(name, "rb");
    size_t n = file != NULL ? fread(bytes, 1, 4 << 20, file) : 0;
    bool has = memmem(bytes, n, text, strlen(text)) != NULL;
    if (file != NULL)
        (void)fclose(file);
    free(bytes);
    return has;
}

static void test_who_stops_leaves_no_trace_in_the_files(void **state)
{
    struct fixture *fx = *state;
    struct store_mail mail = opt_in(fx->store, 1, "very.private@b.cc");
    struct store_mail_event event = event_of(1, 1, STORE_MAIL_MEETING);

    assert_true(file_has(fx->path, "-wal", "very.private") ||
                file_has(fx->path, "", "very.private"));
    assert_status(store_mail_claim(fx->store, &event, now, &mail), STORE_OK);
    assert_status(store_mail_stop(fx->store, mail.member), STORE_OK);
    assert_status(store_mail_stop(fx->store, mail.member), STORE_NOT_FOUND);
    assert_status(store_mail_event(fx->store, &event), STORE_NOT_FOUND);
    assert_status(store_settle(fx->store), STORE_OK);
    assert_false(file_has(fx->path, "-wal", "very.private"));
    assert_false(file_has(fx->path, "", "very.private"));
}

/* Log 1: a council with members 1 and 2; log 2: the member log of 1. */
static void councils(struct store *store)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(1, 1, &bytes);
    struct store_change changes[3] = {fx_new_log(0, STORE_LOG_COUNCIL),
                                      {.type = STORE_CHANGE_MEMBERSHIP},
                                      {.type = STORE_CHANGE_MEMBERSHIP}};
    for (uint64_t i = 1; i < 3; i++) {
        memcpy(changes[i].u.membership.member, fx_id('M', i), STORE_ID_BYTES);
        changes[i].u.membership.from_seq = 1;
    }
    changes[2].u.membership.until_seq = 1; /* a former member */
    struct store_batch batch = {.rows = &row, .n_rows = 1, .changes = changes, .n_changes = 3};
    assert_status(store_append(store, &batch, NULL), STORE_OK);
}

static void test_a_member_nudges_once_a_day(void **state)
{
    struct fixture *fx = *state;
    struct store_nudge list[4];
    uint32_t n;

    councils(fx->store);
    assert_status(store_nudge(fx->store, fx_id('L', 1), fx_id('M', 2), now), STORE_NOT_FOUND);
    assert_status(store_nudge(fx->store, fx_id('L', 1), fx_id('M', 3), now), STORE_NOT_FOUND);
    assert_status(store_nudge(fx->store, fx_id('L', 9), fx_id('M', 1), now), STORE_NOT_FOUND);
    assert_status(store_nudge(fx->store, fx_id('L', 1), fx_id('M', 1), now), STORE_OK);
    assert_status(store_nudge(fx->store, fx_id('L', 1), fx_id('M', 1), now + DAY - 1), STORE_OK);
    assert_status(store_nudges(fx->store, fx_id('L', 1), 0, list, 4, &n), STORE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].at_ms, now);
    assert_status(store_nudge(fx->store, fx_id('L', 1), fx_id('M', 1), now + DAY), STORE_OK);
    assert_status(store_nudges(fx->store, fx_id('L', 1), now, list, 4, &n), STORE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].at_ms, now + DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_address_is_proved_by_its_code, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_a_code_is_not_to_be_guessed, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_many_members_flood_nobody_either, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_nobody_floods_a_stranger_with_codes, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_settings_change_without_a_code_and_an_address_does_not,
                                        fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_an_event_is_claimed_once, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_claimed_that_is_not_wanted, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_address_gets_nothing_more, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_over_is_dropped_and_forgotten, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_who_stops_leaves_no_trace_in_the_files, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(test_a_member_nudges_once_a_day, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
