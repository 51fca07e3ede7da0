/*
 * test_core_append.c - the life of an entry in the core: order, barriers, retries, failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

static void a_council_lives(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 3);
    for (uint32_t i = 0; i < 9; i++) {
        core_world_post(&w, i % 3);
        core_world_send(&w, w.sessions[i % 3]);
    }
    assert_int_equal(core_world_differs(&w, w.council.log.count), 0);
    assert_int_equal(core_world_stored(&w)->kind, STORE_LOG_COUNCIL);
    assert_int_equal(w.fake.store.membership_count, 3);
    /* and goes on after a restart, from the store alone */
    struct core_config config = {
        .origin = "https://council.test", .server_secret = w.fake.server_secret, .version = "test"};
    core_limits_init(&config.limits);
    core_fake_restart(&w.fake, &config);
    uint32_t s = core_fake_login_new(&w.fake, core_world_person(&w, 1), 0);
    assert_int_equal(fixture_erase(&w.fixture, &w.council, core_world_person(&w, 1), w.sent - 1),
                     COUNCIL_OK);
    core_world_send(&w, s);
    core_world_post(&w, 1);
    core_world_send(&w, s);
    assert_int_equal(core_world_differs(&w, w.council.log.count), 0);
    core_world_end(&w);
}

/* More entries than the tail's window, then a cold start: positions must be judged as before. */
static void a_long_log_is_loaded(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.council_burst = config.limits.device_burst = 100000;
    core_world_begin(&w, config);
    core_world_found(&w, 3);
    for (uint32_t i = 0; i < 600; i++) {
        core_world_post(&w, i % 2);
        core_world_send(&w, w.sessions[i % 2]);
    }
    core_fake_restart(&w.fake, &config);
    uint32_t s = core_fake_login_new(&w.fake, core_world_person(&w, 0), 0);
    uint32_t bea = core_fake_login_new(&w.fake, core_world_person(&w, 1), 0);
    uint64_t id = core_fake_append(&w.fake, bea, core_world_entry(&w, w.sent)); /* a retry */
    core_fake_run(&w.fake);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, bea, id), "seq"), w.sent);
    /* somebody who has not read for long: as far back as may be, and one further */
    uint32_t cleo = core_fake_login_new(&w.fake, core_world_person(&w, 2), 0);
    for (uint32_t back = COUNCIL_TAIL_WINDOW + 1; back >= COUNCIL_TAIL_WINDOW; back--) {
        uint8_t vote_id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES];
        struct fixture_entry vote;
        struct council_draft d = fixture_draft(&w.fixture, &w.council.log, core_world_person(&w, 2),
                                               COUNCIL_KIND_VOTE, vote_id, device);
        d.seen_seq = w.sent - back;
        d.seen_head = core_world_entry(&w, d.seen_seq)->head;
        assert_int_equal(
            fixture_sign(&vote, &d,
                         fixture_body("{\"member\":\"%s\"}",
                                      fixture_key(fixture_name(core_world_person(&w, 0))).text),
                         core_world_person(&w, 2)->devices[0].sign),
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
    core_world_post(&w, 0);
    core_world_send(&w, s);
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, core_world_person(&w, 0)), COUNCIL_OK);
    core_world_send(&w, s);
    assert_int_equal(core_world_differs(&w, w.council.log.count), 0);
    core_world_end(&w);
}

static void a_retry_gets_its_old_seq(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    core_world_post(&w, 1);
    core_world_send(&w, w.sessions[1]);
    uint32_t seq = w.sent;
    core_world_post(&w, 0);
    core_world_send(&w, w.sessions[0]);
    core_fake_advance(&w.fake, 5000);
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, seq));
    core_fake_run(&w.fake);
    const json_t *result = core_fake_result(&w.fake, w.sessions[1], id);
    assert_int_equal(core_fake_int(result, "seq"), seq);
    assert_int_equal(core_fake_int(result, "received"),
                     core_world_stored(&w)->entries[seq - 1].received_ms);
    /* a control entry too: not `stale`; and the genesis */
    id = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, 4));
    core_fake_run(&w.fake);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[1], id), "seq"), 4);
    id = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, 1));
    core_fake_run(&w.fake);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], id), "seq"), 1);
    /* twice at once: the second waits for the first to be on disk */
    core_world_post(&w, 0);
    w.fake.hold_store = true;
    uint64_t first = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + 1));
    uint64_t second = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], first, "none");
    assert_outcome(&w, w.sessions[0], second, "none");
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    w.sent++;
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], first), "seq"), w.sent);
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], second), "seq"),
                     w.sent);
    assert_int_equal(core_world_differs(&w, w.sent), 0);
    core_world_end(&w);
}

static void one_of_two_control_entries_wins(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    struct fixture_entry one =
        core_world_draft(&w, 0, COUNCIL_KIND_MEMBER_ROLE,
                         fixture_body("{\"member\":\"%s\",\"role\":\"moderator\"}",
                                      fixture_key(fixture_name(core_world_person(&w, 1))).text));
    struct fixture_entry other = core_world_draft(
        &w, 0, COUNCIL_KIND_SCHEDULE_SET,
        fixture_body("{\"minutes\":90,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":"
                     "\"2025-06-16T18:30\",\"zone\":\"Europe/Berlin\"}"));
    uint64_t a = core_fake_append(&w.fake, w.sessions[0], &one);
    uint64_t b = core_fake_append(&w.fake, w.sessions[0], &other);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], a, "ok");
    assert_outcome(&w, w.sessions[0], b, "stale");
    assert_int_equal(core_world_stored(&w)->count, w.sent + 1);
    fixture_entry_fini(&one);
    fixture_entry_fini(&other);
    core_world_end(&w);
}

/* Posts fly together; what folds waits for them, and they wait for it. */
static void barriers(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    core_world_post(&w, 0);
    core_world_post(&w, 1);
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, core_world_person(&w, 0)), COUNCIL_OK);
    core_world_post(&w, 1); /* under the new epoch */
    core_world_post(&w, 0);
    static const uint32_t by[] = {0, 1, 0, 1, 0};
    uint64_t ids[5];
    w.fake.hold_store = true;
    for (uint32_t i = 0; i < 5; i++) {
        ids[i] = core_fake_append(&w.fake, w.sessions[by[i]], core_world_entry(&w, w.sent + i + 1));
    }
    core_fake_run(&w.fake);
    assert_true(core_fake_store_step(&w.fake)); /* one batch: both posts before the rotation */
    assert_int_equal(core_world_stored(&w)->count, w.sent + 2);
    core_fake_run(&w.fake); /* the rotation is judged */
    assert_true(core_fake_store_step(&w.fake));
    assert_int_equal(core_world_stored(&w)->count, w.sent + 3);
    core_fake_run(&w.fake);
    assert_true(core_fake_store_step(&w.fake));
    assert_int_equal(core_world_stored(&w)->count, w.sent + 5);
    assert_false(core_fake_store_step(&w.fake));
    for (uint32_t i = 0; i < 5; i++) {
        assert_outcome(&w, w.sessions[by[i]], ids[i], "ok");
    }
    w.sent += 5;
    assert_int_equal(core_world_differs(&w, w.sent), 0);
    /* a post under the old epoch is told so */
    struct fixture_council *c = &w.council;
    assert_int_equal(
        fixture_post(&w.fixture, c, core_world_person(&w, 1), "{}", fixture_fold(c)->epoch - 1),
        COUNCIL_E_STALE_EPOCH);
    core_world_end(&w);
}

/* A full disk: nothing is acknowledged, all that waits is told, and it recovers by itself. */
static void a_full_disk(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    for (uint32_t i = 0; i < 4; i++) {
        core_world_post(&w, i % 2);
    }
    uint64_t ids[4];
    w.fake.hold_store = true;
    for (uint32_t i = 0; i < 3; i++) {
        ids[i] = core_fake_append(&w.fake, w.sessions[i % 2], core_world_entry(&w, w.sent + i + 1));
        core_fake_run(&w.fake);
    }
    w.fake.batch_max = 1;
    w.fake.store.fail = STORE_FULL;
    w.fake.store.fail_batches = 1;
    uint64_t waits = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_true(core_fake_store_step(&w.fake));
    /* its own retry, waiting for it to land, must not believe that it did */
    uint64_t again = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + 3));
    core_fake_run(&w.fake);
    /* one that comes while the others are still on their way back waits for a fresh start */
    ids[3] = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, w.sent + 4));
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], ids[0], "storage_full");
    assert_outcome(&w, w.sessions[0], waits, "storage_full");
    assert_outcome(&w, w.sessions[0], again, "retry");
    assert_outcome(&w, w.sessions[1], ids[1], "retry");
    assert_outcome(&w, w.sessions[0], ids[2], "retry");
    assert_string_not_equal(core_fake_outcome(&w.fake, w.sessions[1], ids[3]), "ok");
    assert_int_equal(core_world_stored(&w)->count, w.sent);
    assert_false(w.fake.fatal);
    /* the same bytes again */
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t id =
            core_fake_append(&w.fake, w.sessions[i % 2], core_world_entry(&w, w.sent + 1));
        core_fake_run(&w.fake);
        assert_outcome(&w, w.sessions[i % 2], id, "ok");
        w.sent++;
    }
    assert_int_equal(core_world_differs(&w, w.sent), 0);
    core_world_end(&w);
}

static void an_io_error_is_fatal(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 1);
    core_world_post(&w, 0);
    w.fake.store.fail = STORE_IO;
    w.fake.store.fail_batches = 1;
    uint64_t id = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_true(w.fake.fatal);
    assert_outcome(&w, w.sessions[0], id, "none"); /* nobody knows */
    core_fake_say(&w.fake, w.sessions[0], "{}");
    core_world_end(&w);
}

static void a_closed_connection_cancels_nothing(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    core_world_post(&w, 0);
    w.fake.hold_work = true;
    (void)core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + 1));
    core_fake_disconnect(&w.fake, w.sessions[0]);
    w.fake.hold_work = false;
    core_fake_run(&w.fake);
    assert_int_equal(core_world_differs(&w, w.sent + 1), 0);
    core_world_end(&w);
}

/* Folds that nobody uses go when the cache is full, and come back when they are needed. */
static void the_cache_is_bounded(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.cache_bytes = 0;
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    core_world_post(&w, 1);
    core_world_send(&w, w.sessions[1]);
    struct core_stats stats;
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.logs_resident, 0);
    assert_int_equal(stats.logs_known, 0);
    assert_int_equal(stats.cache_bytes, 0);
    core_world_post(&w, 0);
    core_world_send(&w, w.sessions[0]);
    assert_int_equal(core_world_differs(&w, w.sent), 0);
    core_world_end(&w);
}

/* Member logs have a limit of their own: the council's log stays, theirs come back when they are needed. */
static void idle_member_logs_are_few(void **state)
{
    (void)state;
    struct core_world w;
    struct core_stats stats;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.cached_members = 1;
    core_world_begin(&w, config);
    core_world_found(&w, 4);
    core_world_post(&w, 1);
    core_world_send(&w, w.sessions[1]);
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.logs_resident, 2);
    for (uint32_t i = 0; i < 4; i++) {
        (void)core_fake_login_new(&w.fake, core_world_person(&w, i), 0);
        core_stats(w.fake.core, &stats);
        assert_int_equal(stats.logs_resident, 2);
    }
    assert_int_equal(core_world_differs(&w, w.sent), 0);
    core_world_end(&w);
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
        cmocka_unit_test(the_cache_is_bounded),
        cmocka_unit_test(idle_member_logs_are_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
