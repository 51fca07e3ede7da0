/*
 * test_core_follow.c - what the core sends without being asked again, and who may read: backlog, live entries, ends, presence, pages.
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
    uint32_t sent;
    uint32_t sessions[4];
};

#define assert_outcome(w, session, id, name) \
    assert_string_equal(core_fake_outcome(&(w)->fake, (session), (id)), (name))

static struct fixture_member *person(struct world *w, uint32_t i)
{
    return fixture_member(&w->fixture, i);
}

static const uint8_t *council_log(const struct world *w)
{
    return w->council.log.log.tail.log;
}

static void send_new(struct world *w, uint32_t session)
{
    while (w->sent < w->council.log.count) {
        const struct fixture_entry *entry = &w->council.log.entries[w->sent++];
        uint64_t id = core_fake_append(&w->fake, session, entry);
        core_fake_run(&w->fake);
        assert_outcome(w, session, id, "ok");
    }
}

static struct core_config config_of(struct world *w)
{
    struct core_config config = core_fake_config(&w->fake);
    config.limits.council_burst = config.limits.device_burst = 1000000;
    return config;
}

/* A council of `n` members, member 0 its moderator; they all have a session. */
static void begin(struct world *w, struct core_config config, uint32_t n)
{
    struct fixture_policy policy = {.fast = true, .size = 8};
    core_fake_start(&w->fake, &config);
    fixture_init(&w->fixture, "core follow");
    fixture_council_init(&w->council);
    w->fixture.now_ms = w->fake.wall_ms;
    w->sent = 0;
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

static void posts(struct world *w, uint32_t by, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        post(w, by);
        send_new(w, w->sessions[by]);
    }
}

static uint64_t subscribe(struct world *w, uint32_t session, uint64_t after)
{
    return core_fake_subscribe(&w->fake, session, council_log(w), after);
}

static uint64_t read_log(struct world *w, uint32_t session, const uint8_t log[32], uint64_t after,
                         int limit)
{
    return core_fake_call(&w->fake, session, "log.read",
                          json_pack("{s:o, s:I, s:i}", "log", core_fake_bytes(log, 32), "after",
                                    (json_int_t)after, "limit", limit));
}

static uint64_t with_log(struct world *w, uint32_t session, const char *method)
{
    return core_fake_call(&w->fake, session, method,
                          json_pack("{s:o}", "log", core_fake_bytes(council_log(w), 32)));
}

static const json_t *entries_of(struct world *w, uint32_t session, uint64_t id)
{
    return json_object_get(core_fake_result(&w->fake, session, id), "entries");
}

#define assert_got(w, session, after, upto) \
    assert_int_equal(core_fake_gaps(&(w)->fake, (session), council_log(w), (after), (upto)), 0)

static void backlog_then_live(void **state)
{
    (void)state;
    struct world w;
    begin(&w, config_of(&w), 3);
    posts(&w, 0, 20);
    uint64_t at = w.sent;
    uint64_t id = subscribe(&w, w.sessions[1], 0);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[1], id), "seq"), at);
    id = subscribe(&w, w.sessions[2], at - 3);
    assert_outcome(&w, w.sessions[2], id, "ok");
    assert_got(&w, w.sessions[1], 0, at);
    assert_got(&w, w.sessions[2], at - 3, at);
    uint32_t reads = w.fake.store.reads;
    posts(&w, 0, 3);
    posts(&w, 1, 2);
    assert_got(&w, w.sessions[1], 0, w.sent); /* one's own entries too */
    assert_got(&w, w.sessions[2], at - 3, w.sent);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "log.entry"), 0);
    assert_int_equal(w.fake.store.reads, reads); /* live entries need no reading */
    /* the bytes are the author's */
    const json_t *last = core_fake_notice(&w.fake, w.sessions[2], "log.entry", 7);
    const struct fixture_entry *entry = &w.council.log.entries[w.sent - 1];
    assert_int_equal(json_string_length(json_object_get(last, "text")), entry->len);
    assert_memory_equal(json_string_value(json_object_get(last, "text")), entry->text, entry->len);
    struct council_wire_entry wire;
    assert_int_equal(council_rpc_entry(last, &wire), COUNCIL_OK);
    assert_int_equal(wire.data_len, entry->data_len);
    assert_memory_equal(wire.data, entry->data, entry->data_len);
    council_wire_entry_fini(&wire);
    end(&w);
}

/* Entries that commit while the backlog is being read are neither lost nor sent twice. */
static void no_gap_between(void **state)
{
    (void)state;
    for (uint32_t steps = 0; steps < 8; steps++) {
        struct world w;
        struct core_config config = config_of(&w);
        config.limits.page_bytes = 16384; /* some entries a slice */
        config.limits.catchup_bytes = 16384;
        begin(&w, config, 2);
        posts(&w, 0, 60);
        w.fake.hold_store = true;
        (void)subscribe(&w, w.sessions[1], 0);
        for (uint32_t i = 0; i < 6; i++) {
            post(&w, 0);
            (void)core_fake_append(&w.fake, w.sessions[0], &w.council.log.entries[w.sent++]);
            core_fake_run(&w.fake);
            for (uint32_t k = 0; k < steps; k++) {
                (void)core_fake_store_step(&w.fake);
                core_fake_run(&w.fake);
            }
        }
        w.fake.hold_store = false;
        core_fake_run(&w.fake);
        assert_got(&w, w.sessions[1], 0, w.sent);
        end(&w);
    }
}

/* Who reads slowly gets no new entries until the backlog has room again; nothing is lost. */
static void slow_readers_fall_behind(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = config_of(&w);
    config.limits.live_bytes = 65536;
    config.limits.catchup_bytes = 16384;
    begin(&w, config, 2);
    uint64_t at = w.sent;
    (void)subscribe(&w, w.sessions[1], at);
    struct core_fake_session *slow = &w.fake.sessions[w.sessions[1]];
    slow->slow = true;
    posts(&w, 0, 200);
    uint32_t got = core_fake_notices(&w.fake, w.sessions[1], "log.entry");
    assert_in_range(got, 10, 190);
    assert_true(slow->queued < 65536 + 8192);
    slow->slow = false;
    core_fake_run(&w.fake);
    assert_got(&w, w.sessions[1], at, w.sent);
    posts(&w, 0, 3);
    assert_got(&w, w.sessions[1], at, w.sent);
    /* no progress at all for ten seconds: closed, with where to resume */
    slow->slow = true;
    posts(&w, 0, 2);
    core_fake_advance(&w.fake, 9000);
    assert_false(slow->closed);
    core_fake_advance(&w.fake, 1000);
    assert_true(slow->closed);
    assert_int_equal(slow->code, CORE_CLOSE_TRY_LATER);
    assert_non_null(strstr(slow->reason, "too_slow log="));
    assert_non_null(strstr(slow->reason, fixture_key(council_log(&w)).text));
    end(&w);
}

static void a_removed_member_stops_receiving(void **state)
{
    (void)state;
    struct world w;
    begin(&w, config_of(&w), 3);
    uint64_t at = w.sent;
    (void)subscribe(&w, w.sessions[1], at);
    (void)subscribe(&w, w.sessions[2], at);
    (void)with_log(&w, w.sessions[1], "presence.join");
    (void)with_log(&w, w.sessions[2], "presence.join");
    posts(&w, 0, 1);
    assert_int_equal(fixture_remove(&w.fixture, &w.council, person(&w, 0), person(&w, 1)),
                     COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    uint64_t until = w.sent;
    posts(&w, 0, 4);
    assert_got(&w, w.sessions[1], at, until); /* the removing entry, and nothing after it */
    assert_got(&w, w.sessions[2], at, w.sent);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[2], "presence"), 1);
    assert_int_equal(
        core_fake_int(core_fake_notice(&w.fake, w.sessions[2], "presence", 0), "present"), 0);
    assert_outcome(&w, w.sessions[1], with_log(&w, w.sessions[1], "presence.join"), "not_found");

    /* they may read up to the end of their stay, by pages, by a subscription, from a new connection */
    uint32_t s = core_fake_login_new(&w.fake, person(&w, 1), 0);
    uint64_t id = read_log(&w, s, council_log(&w), until - 2, 512);
    assert_int_equal(json_array_size(entries_of(&w, s, id)), 2);
    const json_t *result = core_fake_result(&w.fake, s, id);
    assert_int_equal(core_fake_int(result, "seq"), until);
    uint8_t head[32];
    assert_true(council_rpc_bytes(result, "head", head, 32));
    assert_memory_equal(head, w.council.log.entries[until - 1].head, 32);
    id = read_log(&w, s, council_log(&w), until, 512);
    assert_int_equal(json_array_size(entries_of(&w, s, id)), 0);
    (void)subscribe(&w, s, 0);
    posts(&w, 0, 1);
    assert_got(&w, s, 0, until);
    id = core_fake_call(&w.fake, s, "council.list", json_object());
    const json_t *log =
        json_array_get(json_object_get(core_fake_result(&w.fake, s, id), "logs"), 1);
    assert_int_equal(core_fake_int(log, "member"), 0);
    assert_int_equal(core_fake_int(log, "seq"), until);

    /* the one who leaves alike */
    assert_int_equal(fixture_leave(&w.fixture, &w.council, person(&w, 2)), COUNCIL_OK);
    send_new(&w, w.sessions[2]);
    until = w.sent;
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, person(&w, 0)), COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    assert_got(&w, w.sessions[2], at, until);
    end(&w);
}

/* A slow one who is removed still gets everything up to the removal, and no more. */
static void removed_while_behind(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = config_of(&w);
    config.limits.live_bytes = 65536;
    begin(&w, config, 2);
    (void)subscribe(&w, w.sessions[1], 0);
    w.fake.sessions[w.sessions[1]].slow = true;
    posts(&w, 0, 100);
    assert_int_equal(fixture_remove(&w.fixture, &w.council, person(&w, 0), person(&w, 1)),
                     COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    uint64_t until = w.sent;
    posts(&w, 0, 20);
    w.fake.sessions[w.sessions[1]].slow = false;
    core_fake_run(&w.fake);
    assert_got(&w, w.sessions[1], 0, until);
    end(&w);
}

static void pages(void **state)
{
    (void)state;
    struct world w;
    begin(&w, config_of(&w), 2);
    posts(&w, 0, 30);
    uint64_t after = 0, count = 0;
    while (after < w.sent) {
        uint64_t id = read_log(&w, w.sessions[1], council_log(&w), after, 7);
        const json_t *page = entries_of(&w, w.sessions[1], id);
        assert_in_range(json_array_size(page), 1, 7);
        for (size_t i = 0; i < json_array_size(page); i++) {
            assert_int_equal(core_fake_int(json_array_get(page, i), "seq"), after + i + 1);
        }
        after += json_array_size(page);
        count++;
    }
    assert_int_equal(after, w.sent);
    assert_int_equal(count, (w.sent + 6) / 7);
    uint64_t id = core_fake_call(&w.fake, w.sessions[1], "log.read",
                                 json_pack("{s:o, s:I, s:i, s:i}", "log",
                                           core_fake_bytes(council_log(&w), 32), "after",
                                           (json_int_t)w.sent - 1, "limit", 1, "texts", 1));
    const json_t *entry = json_array_get(entries_of(&w, w.sessions[1], id), 0);
    assert_non_null(json_object_get(entry, "text"));
    assert_null(json_object_get(entry, "data"));
    id = read_log(&w, w.sessions[1], council_log(&w), w.sent - 1, 1);
    assert_non_null(json_object_get(json_array_get(entries_of(&w, w.sessions[1], id), 0), "data"));
    /* what was erased says so */
    assert_int_equal(fixture_erase(&w.fixture, &w.council, person(&w, 0), w.sent), COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    id = read_log(&w, w.sessions[1], council_log(&w), w.sent - 2, 1);
    entry = json_array_get(entries_of(&w, w.sessions[1], id), 0);
    assert_int_equal(core_fake_int(entry, "erased"), 1);
    end(&w);
}

/* Not a member and no such log are one; member logs are read by those who share a council. */
static void who_may_read(void **state)
{
    (void)state;
    struct world w;
    begin(&w, config_of(&w), 2);
    uint32_t eve = core_fake_member(&w.fake, person(&w, 9));
    uint8_t nowhere[32] = {1};
    uint64_t a = read_log(&w, eve, council_log(&w), 0, 10);
    (void)read_log(&w, eve, nowhere, 0, 10);
    uint64_t c = read_log(&w, eve, fixture_name(person(&w, 0)), 0, 10);
    for (uint64_t id = a; id <= c; id++) {
        assert_outcome(&w, eve, id, "not_found");
    }
    assert_outcome(&w, eve, subscribe(&w, eve, 0), "not_found");
    assert_outcome(&w, eve, with_log(&w, eve, "presence.join"), "not_found");
    assert_outcome(&w, eve, read_log(&w, eve, fixture_name(person(&w, 9)), 0, 10), "ok");
    /* member 1 may read member 0's devices, follows them, and no more once removed */
    uint32_t s = w.sessions[1];
    const uint8_t *ann = fixture_name(person(&w, 0));
    assert_outcome(&w, s, read_log(&w, s, ann, 0, 10), "ok");
    assert_outcome(&w, s, core_fake_subscribe(&w.fake, s, ann, 0), "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, ann, 0, 1), 0);
    assert_int_equal(fixture_device_add(&w.fixture, person(&w, 0)), COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[0], &person(&w, 0)->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, ann, 0, 2), 0);
    assert_int_equal(fixture_remove(&w.fixture, &w.council, person(&w, 0), person(&w, 1)),
                     COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    assert_int_equal(fixture_device_add(&w.fixture, person(&w, 0)), COUNCIL_OK);
    id = core_fake_append(&w.fake, w.sessions[0], &person(&w, 0)->log.entries[2]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, ann, 0, 2), 0);
    assert_outcome(&w, s, read_log(&w, s, ann, 0, 10), "not_found");
    end(&w);
}

/* The holder of an invite reads texts before joining, with a signature made for this connection. */
static void reading_by_invite(void **state)
{
    (void)state;
    struct world w;
    begin(&w, config_of(&w), 1);
    posts(&w, 0, 1);
    assert_int_equal(fixture_invite(&w.fixture, &w.council, person(&w, 0), 1), COUNCIL_OK);
    send_new(&w, w.sessions[0]);
    uint32_t s = core_fake_member(&w.fake, person(&w, 1));
    struct council_challenge challenge = {.expires = 0};
    memcpy(challenge.server, w.fake.server_key, 32);
    const json_t *hello = json_object_get(w.fake.sessions[s].messages[0], "result");
    assert_true(council_rpc_bytes(hello, "nonce", challenge.server_nonce, 32));
    for (int good = 0; good < 2; good++) {
        uint8_t sig[COUNCIL_SIG_BYTES];
        assert_true(council_invite_read_sign(sig, w.council.invites[0].secret, &challenge,
                                             council_log(&w), fixture_name(person(&w, 1))));
        sig[0] ^= good ? 0 : 1;
        json_t *invite =
            json_pack("{s:o, s:o}", "key", core_fake_bytes(w.council.invites[0].secret + 32, 32),
                      "sig", core_fake_bytes(sig, sizeof sig));
        uint64_t id = core_fake_call(&w.fake, s, "log.read",
                                     json_pack("{s:o, s:i, s:i, s:o}", "log",
                                               core_fake_bytes(council_log(&w), 32), "after", 0,
                                               "limit", 512, "invite", invite));
        assert_outcome(&w, s, id, good ? "ok" : "not_found");
        if (good) {
            const json_t *page = entries_of(&w, s, id);
            assert_int_equal(json_array_size(page), w.sent);
            assert_null(json_object_get(json_array_get(page, 2), "data"));
        }
    }
    assert_outcome(&w, s, read_log(&w, s, council_log(&w), 0, 10), "not_found");
    end(&w);
}

static void presence_and_signals(void **state)
{
    (void)state;
    struct world w;
    begin(&w, config_of(&w), 3);
    uint64_t id = with_log(&w, w.sessions[0], "presence.join");
    assert_int_equal(
        json_array_size(json_object_get(core_fake_result(&w.fake, w.sessions[0], id), "present")),
        1);
    id = with_log(&w, w.sessions[1], "presence.join");
    assert_int_equal(
        json_array_size(json_object_get(core_fake_result(&w.fake, w.sessions[1], id), "present")),
        2);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "presence"), 1);
    /* the same device by a second connection is no news */
    uint32_t again = core_fake_login_new(&w.fake, person(&w, 1), 0);
    (void)with_log(&w, again, "presence.join");
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "presence"), 1);
    core_fake_disconnect(&w.fake, again);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "presence"), 1);

    uint8_t signal_id[COUNCIL_ID_BYTES] = {7},
            data[COUNCIL_PLAIN_MIN + COUNCIL_DATA_OVERHEAD] = {9};
    uint8_t hash[32], epoch[8], sig[COUNCIL_SIG_BYTES];
    council_u64be(epoch, 1);
    council_hash(hash, data, sizeof data);
    const struct council_field fields[] = {COUNCIL_FN(council_log(&w), 32), COUNCIL_F(signal_id),
                                           COUNCIL_F(epoch), COUNCIL_F(hash)};
    static const struct {
        uint32_t session;
        const char *name;
    } rows[] = {{1, "ok"}, {0, "bad_signature"}, {2, "not_found"}};
    assert_true(
        council_sign_p(sig, person(&w, 1)->devices[0].sign, "council/v1/signal", fields, 4));
    for (size_t i = 0; i < 3; i++) {
        uint32_t s = w.sessions[rows[i].session];
        json_t *params =
            json_pack("{s:o, s:o, s:i, s:o, s:o}", "log", core_fake_bytes(council_log(&w), 32),
                      "id", core_fake_bytes(signal_id, sizeof signal_id), "epoch", 1, "data",
                      core_fake_bytes(data, sizeof data), "sig", core_fake_bytes(sig, sizeof sig));
        id = core_fake_call(&w.fake, s, "presence.signal", params);
        assert_outcome(&w, s, id, rows[i].name);
    }
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "signal"), 1);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[1], "signal"), 0);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[2], "signal"), 0);
    (void)with_log(&w, w.sessions[1], "presence.leave");
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "presence"), 2);
    end(&w);
}

/* A second subscription takes the place of the first; one beyond the log's end waits there. */
static void subscribing_again(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = config_of(&w);
    config.limits.subscriptions = 1;
    begin(&w, config, 2);
    uint32_t s = core_fake_login_new(&w.fake, person(&w, 1), 0);
    (void)subscribe(&w, s, w.sent + 2);
    posts(&w, 0, 2);
    assert_int_equal(core_fake_notices(&w.fake, s, "log.entry"), 0);
    posts(&w, 0, 1);
    assert_got(&w, s, w.sent - 1, w.sent);
    (void)subscribe(&w, s, w.sent);
    posts(&w, 0, 1);
    assert_got(&w, s, w.sent - 2, w.sent);
    uint64_t id = core_fake_subscribe(&w.fake, s, fixture_name(person(&w, 1)), 0);
    assert_outcome(&w, s, id, "quota");
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backlog_then_live),
        cmocka_unit_test(no_gap_between),
        cmocka_unit_test(slow_readers_fall_behind),
        cmocka_unit_test(a_removed_member_stops_receiving),
        cmocka_unit_test(removed_while_behind),
        cmocka_unit_test(pages),
        cmocka_unit_test(who_may_read),
        cmocka_unit_test(reading_by_invite),
        cmocka_unit_test(presence_and_signals),
        cmocka_unit_test(subscribing_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
