/*
 * Who is due a mail, out of logs with real entries: meetings moved and cancelled, answers, tags, nudges; once for each event.
 */
#include "tests/unit/store_fixture.h"

#include <sodium.h>

#include "protocol/entry.h"
#include "server/mail/look.h"

#include <time.h>

#define MINUTE UINT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* The linker puts this before the library's: a clock that is put on by so much each time somebody looks. */
int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
static time_t slow_s, slept_s;

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = __real_clock_gettime(id, out);
    out->tv_sec += slept_s += slow_s;
    return rc;
}

struct world {
    struct fixture *fx;
    struct mail_look *look;
    uint8_t log[STORE_ID_BYTES], members[3][STORE_ID_BYTES];
    uint8_t public_key[32], secret_key[64];
    uint64_t seq;
};

static uint64_t utc(const char *local)
{
    uint64_t ms = 0;
    assert_int_equal(schedule_to_utc(local, "UTC", &ms), COUNCIL_OK);
    return ms;
}

/* An entry of the council; the store asks for no signature that fits. */
static void append(struct world *w, enum council_kind kind, uint32_t author, const char *body)
{
    struct store_change changes[4] = {fx_new_log(0, STORE_LOG_COUNCIL)};
    uint8_t id[COUNCIL_ID_BYTES], head[32] = {1}, hash[32] = {2};
    bool sealed = kind == COUNCIL_KIND_POST;
    struct council_draft draft = {.kind = kind,
                                  .at = 1000,
                                  .author = w->members[author],
                                  .device = w->public_key,
                                  .id = id,
                                  .log = w->log,
                                  .seen_seq = w->seq + 1,
                                  .seen_head = head,
                                  .epoch = sealed ? 1 : 0,
                                  .data_hash = sealed ? hash : NULL,
                                  .body = body,
                                  .body_len = (uint32_t)strlen(body)};
    struct store_row row = {.entry = {.seq = ++w->seq, .received_ms = 1000}};
    char *text = NULL;

    randombytes_buf(id, sizeof id);
    memcpy(row.log, w->log, STORE_ID_BYTES);
    assert_int_equal(
        council_entry_sign(&draft, w->secret_key, &text, &row.entry.text_len, row.entry.sig),
        COUNCIL_OK);
    row.entry.text = text;
    row.entry.flags = sealed                      ? STORE_SEALED
                      : kind == COUNCIL_KIND_RSVP ? 0
                                                  : STORE_FOLDS | STORE_CONTROL;
    for (uint32_t i = 0; i < 3; i++) {
        changes[i + 1].type = STORE_CHANGE_MEMBERSHIP;
        memcpy(changes[i + 1].u.membership.member, w->members[i], STORE_ID_BYTES);
        changes[i + 1].u.membership.from_seq = 1;
    }
    struct store_batch batch = {
        .rows = &row, .n_rows = 1, .changes = changes, .n_changes = w->seq == 1 ? 4 : 0};
    assert_status(store_append(w->fx->store, &batch, NULL), STORE_OK);
    free(text);
}

static void opt_in(struct world *w, uint32_t member, uint32_t kinds)
{
    struct store_mail mail = {
        .kinds = kinds, .address = "x@y.zz", .zone = "UTC", .code = "ABCDEFGHJK"};
    bool confirmed;

    memcpy(mail.member, w->members[member], STORE_ID_BYTES);
    memset(mail.token, (int)(member + 1), sizeof mail.token);
    assert_status(store_mail_set(w->fx->store, &mail, 1000, &confirmed), STORE_OK);
    assert_status(store_mail_confirm(w->fx->store, mail.member, mail.code, 1000), STORE_OK);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    void *fx = NULL;

    assert_int_equal(council_protocol_init(), COUNCIL_OK);
    assert_int_equal(fx_setup(&fx), 0);
    w->fx = fx;
    w->look = mail_look_create();
    assert_int_equal(crypto_sign_keypair(w->public_key, w->secret_key), 0);
    memset(w->log, 'L', sizeof w->log);
    for (uint32_t i = 0; i < 3; i++)
        memset(w->members[i], (int)('a' + i), STORE_ID_BYTES);
    /* Tuesdays and Fridays at six in the evening. */
    append(w, COUNCIL_KIND_SCHEDULE_SET, 0,
           "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=TU,FR\",\"start\":\"2027-03-02T18:00\","
           "\"zone\":\"UTC\"}");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    void *fx = w->fx;

    mail_look_destroy(w->look);
    free(w);
    return fx_teardown(&fx);
}

/* A whole round; claims what is due (unless only looking) and counts it. */
static uint32_t look(struct world *w, uint64_t now, bool claim)
{
    struct store_mail_event due[MAIL_LOOK_DUE];
    struct store_mail to;
    uint32_t n = 0, all = 0;
    bool ended = false;

    while (!ended) {
        assert_status(mail_look_step(w->look, w->fx->store, now, due, &n, &ended), STORE_OK);
        for (uint32_t i = 0; i < n; i++, all++)
            if (claim)
                assert_status(store_mail_claim(w->fx->store, &due[i], now, &to), STORE_OK);
    }
    return all;
}

static void test_each_is_told_once_of_each_meeting(void **state)
{
    struct world *w = *state;
    uint32_t told = 0;

    opt_in(w, 0, 1);
    opt_in(w, 1, 1);
    assert_int_equal(look(w, utc("2027-03-05T14:59"), true), 0);
    assert_int_equal(look(w, utc("2027-03-05T15:00"), false), 2);
    assert_int_equal(look(w, utc("2027-03-05T15:00"), true), 2);
    assert_int_equal(look(w, utc("2027-03-05T15:01"), true), 0);
    for (uint64_t now = utc("2027-03-06T00:00"); now < utc("2027-03-20T00:00"); now += 20 * MINUTE)
        told += look(w, now, true);
    assert_int_equal(told, 2 * 4);
}

static void test_cancelled_and_moved_meetings(void **state)
{
    struct world *w = *state;

    opt_in(w, 0, 1);
    append(w, COUNCIL_KIND_MEETING_CHANGE, 1,
           "{\"change\":\"cancel\",\"meeting\":\"2027-03-05T18:00\"}");
    assert_int_equal(look(w, utc("2027-03-05T16:00"), false), 0);
    append(w, COUNCIL_KIND_MEETING_CHANGE, 1,
           "{\"change\":\"move\",\"meeting\":\"2027-03-05T18:00\",\"to\":\"2027-03-05T20:00\"}");
    assert_int_equal(look(w, utc("2027-03-05T16:00"), false), 0);
    assert_int_equal(look(w, utc("2027-03-05T17:30"), true), 1);
    append(w, COUNCIL_KIND_SCHEDULE_SET, 0,
           "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=WE,SA\",\"start\":\"2027-03-06T07:00\","
           "\"zone\":\"UTC\"}");
    assert_int_equal(look(w, utc("2027-03-05T18:00"), true), 0);
    assert_int_equal(look(w, utc("2027-03-06T05:00"), true), 1);
}

static void test_answers_and_tags(void **state)
{
    struct world *w = *state;

    opt_in(w, 0, 3);
    opt_in(w, 1, 3);
    append(w, COUNCIL_KIND_POST, 0, "{\"meeting\":\"2027-03-05T18:00\"}");
    append(w, COUNCIL_KIND_POST, 1, "{\"meeting\":\"2027-03-02T18:00\"}"); /* of another meeting */
    append(w, COUNCIL_KIND_POST, 1, "{}");
    append(w, COUNCIL_KIND_RSVP, 0, "{\"answer\":\"no\",\"meeting\":\"2027-03-05T18:00\"}");
    append(w, COUNCIL_KIND_RSVP, 0,
           "{\"answer\":\"yes\",\"meeting\":\"2027-03-05T18:00\"}"); /* the latest */
    append(w, COUNCIL_KIND_RSVP, 1, "{\"answer\":\"no\",\"meeting\":\"2027-03-02T18:00\"}");
    assert_int_equal(look(w, utc("2027-03-05T08:00"), true), 1); /* the second has not checked in */
    append(w, COUNCIL_KIND_RSVP, 1, "{\"answer\":\"no\",\"meeting\":\"2027-03-05T18:00\"}");
    assert_int_equal(look(w, utc("2027-03-05T16:00"), true), 1); /* and does not come */
}

static void test_a_wait_that_is_over_does_not_stand(void **state)
{
    struct world *w = *state;
    struct store_mail_event due[MAIL_LOOK_DUE];
    struct store_mail mail;
    uint64_t now = utc("2027-03-05T16:00");
    uint32_t n;
    bool ended, stands;

    opt_in(w, 0, 3);
    assert_status(mail_look_step(w->look, w->fx->store, now, due, &n, &ended), STORE_OK);
    assert_int_equal(n, 2);
    assert_status(store_mail_claim(w->fx->store, &due[0], now, &mail), STORE_OK);
    assert_status(mail_look_stands(w->look, w->fx->store, now, &mail, &due[0], &stands), STORE_OK);
    assert_true(stands);
    append(w, COUNCIL_KIND_MEETING_CHANGE, 1,
           "{\"change\":\"cancel\",\"meeting\":\"2027-03-05T18:00\"}");
    assert_status(mail_look_stands(w->look, w->fx->store, now, &mail, &due[0], &stands), STORE_OK);
    assert_false(stands);
}

static void test_nudges_reach_the_others(void **state)
{
    struct world *w = *state;
    uint64_t now = utc("2027-03-07T10:00");

    for (uint32_t i = 0; i < 3; i++)
        opt_in(w, i, i == 2 ? 1 : 1 << (STORE_MAIL_FEEDBACK - 1)); /* the third wants none */
    assert_status(store_nudge(w->fx->store, w->log, w->members[0], now), STORE_OK);
    assert_int_equal(look(w, now, true), 1);
    assert_status(store_nudge(w->fx->store, w->log, w->members[1], now), STORE_OK);
    assert_int_equal(look(w, now + HOUR, true), 1);
    assert_int_equal(look(w, now + 2 * HOUR, true), 0);
    assert_status(store_nudge(w->fx->store, w->log, w->members[0], now + DAY), STORE_OK);
    assert_int_equal(look(w, now + 4 * DAY, true), 0); /* too late to be told of */
}

/* More members than one step looks at. */
static void test_a_round_reaches_everybody(void **state)
{
    struct world *w = *state;
    struct store_mail mail = {.kinds = 1, .zone = "UTC", .code = "ABCDEFGHJK"};
    bool confirmed;

    for (uint32_t i = 0; i < 3 * MAIL_LOOK_PEOPLE; i++) { /* strangers to the council */
        memcpy(mail.member, fx_id('S', i), STORE_ID_BYTES);
        memcpy(mail.token, fx_id('T', i), STORE_ID_BYTES);
        (void)snprintf(mail.address, sizeof mail.address, "s%u@y.zz", i);
        assert_status(store_mail_set(w->fx->store, &mail, 1000, &confirmed), STORE_OK);
        assert_status(store_mail_confirm(w->fx->store, mail.member, mail.code, 1000), STORE_OK);
    }
    opt_in(w, 2, 1);
    assert_int_equal(look(w, utc("2027-03-05T16:00"), true), 1);
}

/* One is always looked at, and the rest where that took long: by the next steps. */
static void test_a_step_that_takes_long_ends(void **state)
{
    struct world *w = *state;
    struct store_mail_event due[MAIL_LOOK_DUE];
    uint64_t now = utc("2027-03-05T16:00");
    uint32_t n = 0;
    bool ended = false;

    opt_in(w, 0, 1);
    opt_in(w, 2, 1);
    slow_s = 1;
    assert_status(mail_look_step(w->look, w->fx->store, now, due, &n, &ended), STORE_OK);
    assert_int_equal(n, 1);
    assert_false(ended);
    assert_status(mail_look_step(w->look, w->fx->store, now, due, &n, &ended), STORE_OK);
    assert_int_equal(n, 1);
    slow_s = 0;
    assert_int_equal(look(w, now, true), 0); /* nobody is left of that round */
    assert_int_equal(look(w, now, true), 2);
}

/* Also within one member: the next step goes on where it was. */
static void test_a_member_who_takes_long_is_looked_at_in_steps(void **state)
{
    struct world *w = *state;
    struct store_mail_event due[2][MAIL_LOOK_DUE];
    uint64_t now = utc("2027-03-05T16:00");
    uint32_t n = 0;
    bool ended = true;

    opt_in(w, 0, 3);
    opt_in(w, 2, 1);
    slow_s = 1;
    for (uint32_t i = 0; i < 2; i++) { /* the meeting, the check-in; nothing is claimed between */
        assert_status(mail_look_step(w->look, w->fx->store, now, due[i], &n, &ended), STORE_OK);
        assert_int_equal(n, 1);
        assert_false(ended);
        assert_memory_equal(due[i][0].member, w->members[0], STORE_ID_BYTES);
    }
    assert_int_not_equal(due[0][0].kind, due[1][0].kind);
    assert_status(mail_look_step(w->look, w->fx->store, now, due[0], &n, &ended), STORE_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(due[0][0].member, w->members[2], STORE_ID_BYTES);
    slow_s = 0;
    assert_int_equal(look(w, now, true), 0); /* nobody is left of that round */
    assert_int_equal(look(w, now, true), 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_each_is_told_once_of_each_meeting),
        T(test_cancelled_and_moved_meetings),
        T(test_answers_and_tags),
        T(test_a_wait_that_is_over_does_not_stand),
        T(test_nudges_reach_the_others),
        T(test_a_round_reaches_everybody),
        T(test_a_step_that_takes_long_ends),
        T(test_a_member_who_takes_long_is_looked_at_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
