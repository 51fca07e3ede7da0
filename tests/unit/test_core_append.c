/*
 * test_core_append.c - the life of an entry in the core: order, barriers, retries, failures, gates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_fake.h"

#include <cmocka.h>

struct world {
    struct core_fake fake;
    struct fixture fixture;
    struct fixture_council council;
    uint32_t sent;        /* entries of the council that were given to the core */
    uint32_t sessions[4]; /* of members 0.. */
};

#define assert_outcome(w, session, id, name) \
    assert_string_equal(core_fake_outcome(&(w)->fake, (session), (id)), (name))

static struct fixture_member *person(struct world *w, uint32_t i)
{
    return fixture_member(&w->fixture, i);
}

static const struct fixture_entry *entry(const struct world *w, uint64_t seq)
{
    return &w->council.log.entries[seq - 1];
}

/* Sends the entries that the fixture made since; all by one session; each must be taken. */
static void send_new(struct world *w, uint32_t session)
{
    while (w->sent < w->council.log.count) {
        uint64_t id = core_fake_append(&w->fake, session, entry(w, ++w->sent));
        core_fake_run(&w->fake);
        assert_outcome(w, session, id, "ok");
        assert_int_equal(core_fake_int(core_fake_result(&w->fake, session, id), "seq"), w->sent);
    }
}

static void begin(struct world *w, struct core_config config)
{
    core_fake_start(&w->fake, &config);
    fixture_init(&w->fixture, "core append");
    fixture_council_init(&w->council);
    w->fixture.now_ms = w->fake.wall_ms;
    w->sent = 0;
}

/* A council of `n` members, member 0 its moderator; they all have a session. */
static void found(struct world *w, uint32_t n)
{
    struct fixture_policy policy = {.fast = true, .size = 8};
    for (uint32_t i = 0; i < n; i++) {
        w->sessions[i] = core_fake_member(&w->fake, person(w, i));
    }
    assert_int_equal(fixture_found(&w->fixture, &w->council, person(w, 0), policy), COUNCIL_OK);
    send_new(w, w->sessions[0]);
    for (uint32_t i = 1; i < n; i++) {
        assert_int_equal(fixture_invite(&w->fixture, &w->council, person(w, 0), 1), COUNCIL_OK);
        send_new(w, w->sessions[0]);
        assert_int_equal(fixture_join(&w->fixture, &w->council, person(w, i), i - 1), COUNCIL_OK);
        send_new(w, w->sessions[i]);
    }
}

static void end(struct world *w)
{
    fixture_council_fini(&w->council);
    fixture_fini(&w->fixture);
    core_fake_fini(&w->fake);
}

static void post(struct world *w, uint32_t by)
{
    assert_int_equal(
        fixture_post(&w->fixture, &w->council, person(w, by), "{\"type\":\"note\"}", 0),
        COUNCIL_OK);
}

/* An entry of member `by` at the present end, signed and not appended. */
static struct fixture_entry draft(struct world *w, uint32_t by, enum council_kind kind,
                                  struct fixture_body body)
{
    uint8_t id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES];
    struct fixture_entry out;
    struct council_draft d =
        fixture_draft(&w->fixture, &w->council.log, person(w, by), kind, id, device);
    assert_int_equal(fixture_sign(&out, &d, body, person(w, by)->devices[0].sign), COUNCIL_OK);
    return out;
}

static const struct core_fake_log *stored(struct world *w)
{
    return core_fake_log(&w->fake.store, fixture_fold(&w->council)->log);
}

/* The store has the fixture's log, entry for entry. */
static void assert_stored(struct world *w, uint64_t count)
{
    assert_int_equal(stored(w)->count, count);
    for (uint64_t i = 0; i < count; i++) {
        const struct store_entry *row = &stored(w)->entries[i];
        assert_int_equal(row->seq, i + 1);
        assert_memory_equal(row->head, w->council.log.entries[i].head, 32);
    }
}

static void a_council_lives(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 3);
    for (uint32_t i = 0; i < 9; i++) {
        post(&w, i % 3);
        send_new(&w, w.sessions[i % 3]);
    }
    assert_stored(&w, w.council.log.count);
    assert_int_equal(stored(&w)->kind, STORE_LOG_COUNCIL);
    assert_int_equal(w.fake.store.membership_count, 3);
    /* and goes on after a restart, from the store alone */
    struct core_config config = {
        .origin = "https://council.test", .server_secret = w.fake.server_secret, .version = "test"};
    core_limits_init(&config.limits);
    core_fake_restart(&w.fake, &config);
    uint32_t s = core_fake_login_new(&w.fake, person(&w, 1), 0);
    post(&w, 1);
    send_new(&w, s);
    assert_int_equal(fixture_erase(&w.fixture, &w.council, person(&w, 1), w.sent), COUNCIL_OK);
    send_new(&w, s);
    assert_stored(&w, w.council.log.count);
    end(&w);
}

/* More entries than the tail's window, then a cold start: positions must be judged as before. */
static void a_long_log_is_loaded(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.council_burst = config.limits.device_burst = 100000;
    begin(&w, config);
    found(&w, 3);
    for (uint32_t i = 0; i < 600; i++) {
        post(&w, i % 2);
        send_new(&w, w.sessions[i % 2]);
    }
    core_fake_restart(&w.fake, &config);
    uint32_t s = core_fake_login_new(&w.fake, person(&w, 0), 0);
    uint32_t bea = core_fake_login_new(&w.fake, person(&w, 1), 0);
    uint64_t id = core_fake_append(&w.fake, bea, entry(&w, w.sent)); /* a retry */
    core_fake_run(&w.fake);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, bea, id), "seq"), w.sent);
    /* somebody who has not read for long: as far back as may be, and one further */
    uint32_t cleo = core_fake_login_new(&w.fake, person(&w, 2), 0);
    for (uint32_t back = COUNCIL_TAIL_WINDOW + 1; back >= COUNCIL_TAIL_WINDOW; back--) {
        uint8_t vote_id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES];
        struct fixture_entry vote;
        struct council_draft d = fixture_draft(&w.fixture, &w.council.log, person(&w, 2),
                                               COUNCIL_KIND_VOTE, vote_id, device);
        d.seen_seq = w.sent - back;
        d.seen_head = entry(&w, d.seen_seq)->head;
        assert_int_equal(fixture_sign(&vote, &d,
                                      fixture_body("{\"member\":\"%s\"}",
                                                   fixture_key(fixture_name(person(&w, 0))).text),
                                      person(&w, 2)->devices[0].sign),
                         COUNCIL_OK);
        id = core_fake_append(&w.fake, cleo, &vote);
        core_fake_run(&w.fake);
        assert_outcome(&w, cleo, id, back > COUNCIL_TAIL_WINDOW ? "bad_seen" : "ok");
        if (back > COUNCIL_TAIL_WINDOW) {
            fixture_entry_fini(&vote);
        } else {
            assert_int_equal(fixture_append(&w.council.log, &vote), COUNCIL_OK);
            w.sent++;
        }
    }
    post(&w, 0);
    send_new(&w, s);
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, person(&w, 0)), COUNCIL_OK);
    send_new(&w, s);
    assert_stored(&w, w.council.log.count);
    end(&w);
}

static void a_retry_gets_its_old_seq(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    post(&w, 1);
    send_new(&w, w.sessions[1]);
    uint32_t seq = w.sent;
    post(&w, 0);
    send_new(&w, w.sessions[0]);
    core_fake_advance(&w.fake, 5000);
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], entry(&w, seq));
    core_fake_run(&w.fake);
    const json_t *result = core_fake_result(&w.fake, w.sessions[1], id);
    assert_int_equal(core_fake_int(result, "seq"), seq);
    assert_int_equal(core_fake_int(result, "received"), stored(&w)->entries[seq - 1].received_ms);
    /* a control entry too: not `stale`; and the genesis */
    id = core_fake_append(&w.fake, w.sessions[1], entry(&w, 4));
    core_fake_run(&w.fake);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[1], id), "seq"), 4);
    id = core_fake_append(&w.fake, w.sessions[0], entry(&w, 1));
    core_fake_run(&w.fake);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], id), "seq"), 1);
    /* twice at once: the second waits for the first to be on disk */
    post(&w, 0);
    w.fake.hold_store = true;
    uint64_t first = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + 1));
    uint64_t second = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], first, "none");
    assert_outcome(&w, w.sessions[0], second, "none");
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    w.sent++;
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], first), "seq"), w.sent);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], second), "seq"),
                     w.sent);
    assert_stored(&w, w.sent);
    end(&w);
}

static void one_of_two_control_entries_wins(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    struct fixture_entry one = draft(&w, 0, COUNCIL_KIND_MEMBER_ROLE,
                                     fixture_body("{\"member\":\"%s\",\"role\":\"moderator\"}",
                                                  fixture_key(fixture_name(person(&w, 1))).text));
    struct fixture_entry other =
        draft(&w, 0, COUNCIL_KIND_SCHEDULE_SET,
              fixture_body("{\"minutes\":90,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":"
                           "\"2025-06-16T18:30\",\"zone\":\"Europe/Berlin\"}"));
    uint64_t a = core_fake_append(&w.fake, w.sessions[0], &one);
    uint64_t b = core_fake_append(&w.fake, w.sessions[0], &other);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], a, "ok");
    assert_outcome(&w, w.sessions[0], b, "stale");
    assert_int_equal(stored(&w)->count, w.sent + 1);
    fixture_entry_fini(&one);
    fixture_entry_fini(&other);
    end(&w);
}

/* Posts fly together; what folds waits for them, and they wait for it. */
static void barriers(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    post(&w, 0);
    post(&w, 1);
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, person(&w, 0)), COUNCIL_OK);
    post(&w, 1); /* under the new epoch */
    post(&w, 0);
    static const uint32_t by[] = {0, 1, 0, 1, 0};
    uint64_t ids[5];
    w.fake.hold_store = true;
    for (uint32_t i = 0; i < 5; i++) {
        ids[i] = core_fake_append(&w.fake, w.sessions[by[i]], entry(&w, w.sent + i + 1));
    }
    core_fake_run(&w.fake);
    assert_true(core_fake_store_step(&w.fake)); /* one batch: both posts before the rotation */
    assert_int_equal(stored(&w)->count, w.sent + 2);
    core_fake_run(&w.fake); /* the rotation is judged */
    assert_true(core_fake_store_step(&w.fake));
    assert_int_equal(stored(&w)->count, w.sent + 3);
    core_fake_run(&w.fake);
    assert_true(core_fake_store_step(&w.fake));
    assert_int_equal(stored(&w)->count, w.sent + 5);
    assert_false(core_fake_store_step(&w.fake));
    for (uint32_t i = 0; i < 5; i++) {
        assert_outcome(&w, w.sessions[by[i]], ids[i], "ok");
    }
    w.sent += 5;
    assert_stored(&w, w.sent);
    /* a post under the old epoch is told so */
    struct fixture_council *c = &w.council;
    assert_int_equal(fixture_post(&w.fixture, c, person(&w, 1), "{}", fixture_fold(c)->epoch - 1),
                     COUNCIL_E_STALE_EPOCH);
    end(&w);
}

/* A full disk: nothing is acknowledged, all that waits is told, and it recovers by itself. */
static void a_full_disk(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    for (uint32_t i = 0; i < 4; i++) {
        post(&w, i % 2);
    }
    uint64_t ids[4];
    w.fake.hold_store = true;
    for (uint32_t i = 0; i < 3; i++) {
        ids[i] = core_fake_append(&w.fake, w.sessions[i % 2], entry(&w, w.sent + i + 1));
        core_fake_run(&w.fake);
    }
    w.fake.batch_max = 1;
    w.fake.store.fail = STORE_FULL;
    w.fake.store.fail_batches = 1;
    uint64_t waits = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_true(core_fake_store_step(&w.fake));
    /* its own retry, waiting for it to land, must not believe that it did */
    uint64_t again = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + 3));
    core_fake_run(&w.fake);
    /* one that comes while the others are still on their way back waits for a fresh start */
    ids[3] = core_fake_append(&w.fake, w.sessions[1], entry(&w, w.sent + 4));
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], ids[0], "storage_full");
    assert_outcome(&w, w.sessions[0], waits, "storage_full");
    assert_outcome(&w, w.sessions[0], again, "retry");
    assert_outcome(&w, w.sessions[1], ids[1], "retry");
    assert_outcome(&w, w.sessions[0], ids[2], "retry");
    assert_string_not_equal(core_fake_outcome(&w.fake, w.sessions[1], ids[3]), "ok");
    assert_int_equal(stored(&w)->count, w.sent);
    assert_false(w.fake.fatal);
    /* the same bytes again */
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t id = core_fake_append(&w.fake, w.sessions[i % 2], entry(&w, w.sent + 1));
        core_fake_run(&w.fake);
        assert_outcome(&w, w.sessions[i % 2], id, "ok");
        w.sent++;
    }
    assert_stored(&w, w.sent);
    end(&w);
}

static void an_io_error_is_fatal(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 1);
    post(&w, 0);
    w.fake.store.fail = STORE_IO;
    w.fake.store.fail_batches = 1;
    uint64_t id = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_true(w.fake.fatal);
    assert_outcome(&w, w.sessions[0], id, "none"); /* nobody knows */
    core_fake_say(&w.fake, w.sessions[0], "{}");
    end(&w);
}

static void a_closed_connection_cancels_nothing(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    post(&w, 0);
    w.fake.hold_work = true;
    (void)core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + 1));
    core_fake_disconnect(&w.fake, w.sessions[0]);
    w.fake.hold_work = false;
    core_fake_run(&w.fake);
    assert_stored(&w, w.sent + 1);
    end(&w);
}

static void who_may_not(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    uint32_t eve = core_fake_member(&w.fake, person(&w, 9));
    struct fixture_entry foreign = draft(&w, 9, COUNCIL_KIND_MEMBER_LEAVE, fixture_body("{}"));
    uint64_t id = core_fake_append(&w.fake, eve, &foreign);
    core_fake_run(&w.fake);
    assert_outcome(&w, eve, id, "not_found"); /* as if there were no such council */
    id = core_fake_append(&w.fake, w.sessions[1], &foreign);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "wrong_session");
    fixture_entry_fini(&foreign);
    /* a log that there is not */
    struct fixture_entry nowhere = draft(&w, 1, COUNCIL_KIND_MEMBER_LEAVE, fixture_body("{}"));
    id = core_fake_append(&w.fake, w.sessions[1], &nowhere);
    nowhere.sig[0] ^= 1;
    uint64_t bad = core_fake_append(&w.fake, w.sessions[1], &nowhere);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "ok");
    assert_outcome(&w, w.sessions[1], bad, "bad_signature");
    fixture_entry_fini(&nowhere);
    /* sealed without data; too old; a member.create by log.append */
    post(&w, 0);
    struct fixture_entry naked = *entry(&w, w.council.log.count);
    naked.data = NULL;
    id = core_fake_append(&w.fake, w.sessions[0], &naked);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "data_missing");
    id = core_fake_append(&w.fake, w.sessions[0], &person(&w, 0)->log.entries[0]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "wrong_log_type");
    w.fake.wall_ms += 90000000;
    core_fake_advance(&w.fake, 1);
    id = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.council.log.count));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "clock_skew");
    assert_false(w.fake.sessions[w.sessions[0]].closed);
    end(&w);
}

static void erase_drops_data(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    post(&w, 1);
    send_new(&w, w.sessions[1]);
    uint32_t seq = w.sent;
    assert_non_null(stored(&w)->entries[seq - 1].data);
    static const struct {
        uint32_t by;
        const char *posts, *name;
    } rows[] = {
        {1, "[1]", "not_a_post"},
        {1, "[100]", "not_a_post"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture_entry e = draft(&w, rows[i].by, COUNCIL_KIND_ERASE,
                                       fixture_body("{\"posts\":%s}", rows[i].posts));
        uint64_t id = core_fake_append(&w.fake, w.sessions[rows[i].by], &e);
        core_fake_run(&w.fake);
        assert_outcome(&w, w.sessions[rows[i].by], id, rows[i].name);
        fixture_entry_fini(&e);
    }
    /* in flight together with the post that it names: it waits */
    post(&w, 1);
    w.fake.hold_work = true;
    uint64_t one = core_fake_append(&w.fake, w.sessions[1], entry(&w, w.sent + 1));
    assert_int_equal(fixture_erase(&w.fixture, &w.council, person(&w, 1), w.sent + 1), COUNCIL_OK);
    uint64_t two = core_fake_append(&w.fake, w.sessions[1], entry(&w, w.sent + 2));
    w.fake.hold_work = false;
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], one, "ok");
    assert_outcome(&w, w.sessions[1], two, "ok");
    w.sent += 2;
    assert_null(stored(&w)->entries[w.sent - 2].data);
    assert_non_null(stored(&w)->entries[seq - 1].data);
    /* a moderator may erase it; nobody twice; not somebody else's */
    assert_int_equal(fixture_erase(&w.fixture, &w.council, person(&w, 0), seq), COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    assert_null(stored(&w)->entries[seq - 1].data);
    struct fixture_entry again =
        draft(&w, 1, COUNCIL_KIND_ERASE, fixture_body("{\"posts\":[%u]}", seq));
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], &again);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "already_erased");
    fixture_entry_fini(&again);
    end(&w);
}

static void a_chain_is_what_the_server_holds(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    /* a second device that the server has not heard of */
    assert_int_equal(fixture_device_add(&w.fixture, person(&w, 1)), COUNCIL_OK);
    assert_int_equal(fixture_devices(&w.fixture, &w.council, person(&w, 1), person(&w, 1)),
                     COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "pin_unknown");
    id = core_fake_append(&w.fake, w.sessions[1], &person(&w, 1)->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "ok");
    send_new(&w, w.sessions[1]);
    assert_stored(&w, w.sent);
    end(&w);
}

/* A member who shows the council another history of their devices than the server has. */
static void a_forked_member_log(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 2);
    struct fixture twin; /* the same keys, other ids */
    fixture_init(&twin, "core append");
    twin.now_ms = w.fixture.now_ms;
    struct fixture_member *other = fixture_member(&twin, 1);
    assert_memory_equal(fixture_name(other), fixture_name(person(&w, 1)), 32);
    assert_int_equal(fixture_device_add(&twin, other), COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], &other->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "ok");
    assert_int_equal(fixture_device_add(&w.fixture, person(&w, 1)), COUNCIL_OK);
    assert_int_equal(fixture_devices(&w.fixture, &w.council, person(&w, 1), person(&w, 1)),
                     COUNCIL_OK);
    id = core_fake_append(&w.fake, w.sessions[1], entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "pin_unknown");
    assert_int_equal(stored(&w)->count, w.sent);
    fixture_fini(&twin);
    end(&w);
}

static void an_expired_invite(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    found(&w, 1);
    uint32_t bea = core_fake_member(&w.fake, person(&w, 1));
    assert_int_equal(fixture_invite(&w.fixture, &w.council, person(&w, 0), 1), COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    uint64_t week = UINT64_C(8) * 24 * 3600 * 1000;
    core_fake_advance(&w.fake, week);
    w.fixture.now_ms = w.fake.wall_ms;
    assert_int_equal(fixture_join(&w.fixture, &w.council, person(&w, 1), 0), COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, bea, entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, bea, id, "invite_expired");
    assert_int_equal(stored(&w)->count, w.sent);
    end(&w);
}

static void quotas_and_rates(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.log_entries = 16;
    config.limits.open_invites = 1;
    config.limits.member_logs = 1;
    begin(&w, config);
    found(&w, 2);
    /* one log is all that a member may have */
    struct fixture_council other;
    fixture_council_init(&other);
    struct fixture_policy policy = {.journal = true, .history_all = true, .size = 1};
    assert_int_equal(fixture_create(&w.fixture, &other, person(&w, 0), policy), COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[0], &other.log.entries[0]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "quota");
    fixture_council_fini(&other);
    /* a second open invite */
    assert_int_equal(fixture_invite(&w.fixture, &w.council, person(&w, 0), 1), COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    struct fixture_entry open =
        draft(&w, 0, COUNCIL_KIND_INVITE_OPEN,
              fixture_body("{\"expires\":%llu,\"invite\":\"%s\",\"uses\":1}",
                           (unsigned long long)w.fake.wall_ms + 1000000,
                           fixture_key(w.fake.server_key).text));
    id = core_fake_append(&w.fake, w.sessions[0], &open);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "quota");
    fixture_entry_fini(&open);
    /* somebody who is no moderator: six control entries (one was the join), then one in ten minutes */
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(fixture_rotate(&w.fixture, &w.council, person(&w, 1)), COUNCIL_OK);
        send_new(&w, w.sessions[1]);
    }
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, person(&w, 1)), COUNCIL_OK);
    id = core_fake_append(&w.fake, w.sessions[1], entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "rate_limited");
    core_fake_advance(&w.fake, 600000);
    send_new(&w, w.sessions[1]);
    /* a log that is full takes no posts, but still changes its keys */
    while (w.council.log.count < 16) {
        post(&w, 0);
        send_new(&w, w.sessions[0]);
    }
    struct fixture_entry e = draft(&w, 0, COUNCIL_KIND_MEMBER_ROLE,
                                   fixture_body("{\"member\":\"%s\",\"role\":\"moderator\"}",
                                                fixture_key(fixture_name(person(&w, 1))).text));
    post(&w, 0);
    id = core_fake_append(&w.fake, w.sessions[0], entry(&w, 17));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "quota");
    id = core_fake_append(&w.fake, w.sessions[0], &e);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "ok");
    fixture_entry_fini(&e);
    end(&w);
}

static void reading_pauses(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.queue_entries = 16;
    begin(&w, config);
    found(&w, 1);
    w.fake.hold_store = true;
    uint64_t ids[17];
    for (uint32_t i = 0; i < 17; i++) {
        post(&w, 0);
        assert_false(w.fake.paused);
        ids[i] = core_fake_append(&w.fake, w.sessions[0], entry(&w, w.sent + i + 1));
        core_fake_run(&w.fake);
    }
    assert_true(w.fake.paused);
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    assert_false(w.fake.paused);
    for (uint32_t i = 0; i < 17; i++) {
        assert_outcome(&w, w.sessions[0], ids[i], "ok");
    }
    struct core_stats stats;
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.queue_entries, 0);
    assert_int_equal(stats.queue_bytes, 0);
    end(&w);
}

/* Folds that nobody uses go when the cache is full, and come back when they are needed. */
static void the_cache_is_bounded(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.cache_bytes = 0;
    begin(&w, config);
    found(&w, 2);
    post(&w, 1);
    send_new(&w, w.sessions[1]);
    struct core_stats stats;
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.logs_resident, 0);
    assert_int_equal(stats.logs_known, 0);
    assert_int_equal(stats.cache_bytes, 0);
    post(&w, 0);
    send_new(&w, w.sessions[0]);
    assert_stored(&w, w.sent);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_council_lives),
        cmocka_unit_test(a_long_log_is_loaded),
        cmocka_unit_test(a_retry_gets_its_old_seq),
        cmocka_unit_test(one_of_two_control_entries_wins),
        cmocka_unit_test(barriers),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(an_io_error_is_fatal),
        cmocka_unit_test(a_closed_connection_cancels_nothing),
        cmocka_unit_test(who_may_not),
        cmocka_unit_test(erase_drops_data),
        cmocka_unit_test(a_chain_is_what_the_server_holds),
        cmocka_unit_test(a_forked_member_log),
        cmocka_unit_test(an_expired_invite),
        cmocka_unit_test(quotas_and_rates),
        cmocka_unit_test(reading_pauses),
        cmocka_unit_test(the_cache_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
