/*
 * test_core_follow.c - what the core sends without being asked again: backlog, live entries, ends, presence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

#define assert_got(w, session, after, upto) \
    assert_int_equal(core_fake_gaps(&(w)->fake, (session), core_world_log(w), (after), (upto)), 0)

static uint64_t subscribe(struct core_world *w, uint32_t session, uint64_t after)
{
    return core_fake_subscribe(&w->fake, session, core_world_log(w), after);
}

static uint64_t with_log(struct core_world *w, uint32_t session, const char *method)
{
    return core_fake_call(&w->fake, session, method,
                          json_pack("{s:o}", "log", core_fake_bytes(core_world_log(w), 32)));
}

static void backlog_then_live(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 3);
    core_world_posts(&w, 0, 20);
    uint64_t at = w.sent;
    uint64_t id = subscribe(&w, w.sessions[1], 0);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[1], id), "seq"), at);
    id = subscribe(&w, w.sessions[2], at - 3);
    assert_outcome(&w, w.sessions[2], id, "ok");
    assert_got(&w, w.sessions[1], 0, at);
    assert_got(&w, w.sessions[2], at - 3, at);
    uint32_t reads = w.fake.store.reads;
    core_world_posts(&w, 0, 3);
    core_world_posts(&w, 1, 2);
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
    core_world_end(&w);
}

/* Entries that commit while the backlog is being read are neither lost nor sent twice. */
static void no_gap_between(void **state)
{
    (void)state;
    for (uint32_t steps = 0; steps < 8; steps++) {
        struct core_world w;
        struct core_config config = core_world_config(&w);
        config.limits.page_bytes = 16384; /* some entries a slice */
        config.limits.catchup_bytes = 16384;
        core_world_begin(&w, config);
        core_world_found(&w, 2);
        core_world_posts(&w, 0, 60);
        w.fake.hold_store = true;
        (void)subscribe(&w, w.sessions[1], 0);
        for (uint32_t i = 0; i < 6; i++) {
            core_world_post(&w, 0);
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
        core_world_end(&w);
    }
}

/* Who reads slowly gets no new entries until the backlog has room again; nothing is lost. */
static void slow_readers_fall_behind(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    config.limits.live_bytes = 65536;
    config.limits.catchup_bytes = 16384;
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    uint64_t at = w.sent;
    (void)subscribe(&w, w.sessions[1], at);
    struct core_fake_session *slow = &w.fake.sessions[w.sessions[1]];
    slow->slow = true;
    core_world_posts(&w, 0, 200);
    uint32_t got = core_fake_notices(&w.fake, w.sessions[1], "log.entry");
    assert_in_range(got, 10, 190);
    assert_true(slow->queued < 65536 + 8192);
    slow->slow = false;
    core_fake_run(&w.fake);
    assert_got(&w, w.sessions[1], at, w.sent);
    core_world_posts(&w, 0, 3);
    assert_got(&w, w.sessions[1], at, w.sent);
    /* no progress at all for ten seconds: closed, with where to resume */
    slow->slow = true;
    core_world_posts(&w, 0, 2);
    core_fake_advance(&w.fake, 9000);
    assert_false(slow->closed);
    core_fake_advance(&w.fake, 1000);
    assert_true(slow->closed);
    assert_int_equal(slow->code, CORE_CLOSE_TRY_LATER);
    assert_non_null(strstr(slow->reason, "too_slow log="));
    assert_non_null(strstr(slow->reason, fixture_key(core_world_log(&w)).text));
    core_world_end(&w);
}

static void a_removed_member_stops_receiving(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 3);
    uint64_t at = w.sent;
    (void)subscribe(&w, w.sessions[1], at);
    (void)subscribe(&w, w.sessions[2], at);
    (void)with_log(&w, w.sessions[1], "presence.join");
    (void)with_log(&w, w.sessions[2], "presence.join");
    core_world_posts(&w, 0, 1);
    assert_int_equal(
        fixture_remove(&w.fixture, &w.council, core_world_person(&w, 0), core_world_person(&w, 1)),
        COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    uint64_t until = w.sent;
    core_world_posts(&w, 0, 4);
    assert_got(&w, w.sessions[1], at, until); /* the removing entry, and nothing after it */
    assert_got(&w, w.sessions[2], at, w.sent);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[2], "presence"), 1);
    assert_int_equal(
        core_fake_int(core_fake_notice(&w.fake, w.sessions[2], "presence", 0), "present"), 0);
    assert_outcome(&w, w.sessions[1], with_log(&w, w.sessions[1], "presence.join"), "not_found");

    /* the one who leaves alike */
    assert_int_equal(fixture_leave(&w.fixture, &w.council, core_world_person(&w, 2)), COUNCIL_OK);
    core_world_send(&w, w.sessions[2]);
    until = w.sent;
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, core_world_person(&w, 0)), COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    assert_got(&w, w.sessions[2], at, until);
    core_world_end(&w);
}

/* A slow one who is removed still gets everything up to the removal, and no more. */
static void removed_while_behind(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    config.limits.live_bytes = 65536;
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    (void)subscribe(&w, w.sessions[1], 0);
    w.fake.sessions[w.sessions[1]].slow = true;
    core_world_posts(&w, 0, 100);
    assert_int_equal(
        fixture_remove(&w.fixture, &w.council, core_world_person(&w, 0), core_world_person(&w, 1)),
        COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    uint64_t until = w.sent;
    core_world_posts(&w, 0, 20);
    w.fake.sessions[w.sessions[1]].slow = false;
    core_fake_run(&w.fake);
    assert_got(&w, w.sessions[1], 0, until);
    core_world_end(&w);
}

static void presence_and_signals(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 3);
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
    uint32_t again = core_fake_login_new(&w.fake, core_world_person(&w, 1), 0);
    (void)with_log(&w, again, "presence.join");
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "presence"), 1);
    core_fake_disconnect(&w.fake, again);
    assert_int_equal(core_fake_notices(&w.fake, w.sessions[0], "presence"), 1);

    uint8_t signal_id[COUNCIL_ID_BYTES] = {7},
            data[COUNCIL_PLAIN_MIN + COUNCIL_DATA_OVERHEAD] = {9};
    uint8_t hash[32], epoch[8], sig[COUNCIL_SIG_BYTES];
    council_u64be(epoch, 1);
    council_hash(hash, data, sizeof data);
    const struct council_field fields[] = {COUNCIL_FN(core_world_log(&w), 32), COUNCIL_F(signal_id),
                                           COUNCIL_F(epoch), COUNCIL_F(hash)};
    static const struct {
        uint32_t session;
        const char *name;
    } rows[] = {{1, "ok"}, {0, "bad_signature"}, {2, "not_found"}};
    assert_true(council_sign_p(sig, core_world_person(&w, 1)->devices[0].sign, "council/v1/signal",
                               fields, 4));
    for (size_t i = 0; i < 3; i++) {
        uint32_t s = w.sessions[rows[i].session];
        json_t *params =
            json_pack("{s:o, s:o, s:i, s:o, s:o}", "log", core_fake_bytes(core_world_log(&w), 32),
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
    core_world_end(&w);
}

/* A second subscription takes the place of the first; one beyond the log's end waits there. */
static void subscribing_again(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    config.limits.subscriptions = 1;
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    uint32_t s = core_fake_login_new(&w.fake, core_world_person(&w, 1), 0);
    (void)subscribe(&w, s, w.sent + 2);
    core_world_posts(&w, 0, 2);
    assert_int_equal(core_fake_notices(&w.fake, s, "log.entry"), 0);
    core_world_posts(&w, 0, 1);
    assert_got(&w, s, w.sent - 1, w.sent);
    (void)subscribe(&w, s, w.sent);
    core_world_posts(&w, 0, 1);
    assert_got(&w, s, w.sent - 2, w.sent);
    uint64_t id = core_fake_subscribe(&w.fake, s, fixture_name(core_world_person(&w, 1)), 0);
    assert_outcome(&w, s, id, "quota");
    core_world_end(&w);
}

/* Reading a backlog of a log that nobody else uses takes it out of the cache's list and puts it back, once. */
static void a_backlog_of_a_resting_log(void **state)
{
    (void)state;
    struct core_stats before, after;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 2);
    core_world_posts(&w, 0, 5);
    core_stats(w.fake.core, &before);
    subscribe(&w, w.sessions[1], 0);
    subscribe(&w, w.sessions[1], 1);
    core_stats(w.fake.core, &after);
    assert_true(before.cache_bytes > 0);
    assert_int_equal(after.cache_bytes, before.cache_bytes);
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backlog_then_live),
        cmocka_unit_test(no_gap_between),
        cmocka_unit_test(slow_readers_fall_behind),
        cmocka_unit_test(a_removed_member_stops_receiving),
        cmocka_unit_test(removed_while_behind),
        cmocka_unit_test(presence_and_signals),
        cmocka_unit_test(subscribing_again),
        cmocka_unit_test(a_backlog_of_a_resting_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
