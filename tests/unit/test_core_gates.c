/*
 * test_core_gates.c - what the core asks of an entry beyond its form: who, when, how much, and what the store knows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

static void who_may_not(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    uint32_t eve = core_fake_member(&w.fake, core_world_person(&w, 9));
    struct fixture_entry foreign =
        core_world_draft(&w, 9, COUNCIL_KIND_MEMBER_LEAVE, fixture_body("{}"));
    uint64_t id = core_fake_append(&w.fake, eve, &foreign);
    core_fake_run(&w.fake);
    assert_outcome(&w, eve, id, "not_found"); /* as if there were no such council */
    id = core_fake_append(&w.fake, w.sessions[1], &foreign);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "wrong_session");
    fixture_entry_fini(&foreign);
    /* a log that there is not */
    struct fixture_entry nowhere =
        core_world_draft(&w, 1, COUNCIL_KIND_MEMBER_LEAVE, fixture_body("{}"));
    id = core_fake_append(&w.fake, w.sessions[1], &nowhere);
    nowhere.sig[0] ^= 1;
    uint64_t bad = core_fake_append(&w.fake, w.sessions[1], &nowhere);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "ok");
    assert_outcome(&w, w.sessions[1], bad, "bad_signature");
    fixture_entry_fini(&nowhere);
    /* sealed without data; too old; a member.create by log.append */
    core_world_post(&w, 0);
    struct fixture_entry naked = *core_world_entry(&w, w.council.log.count);
    naked.data = NULL;
    id = core_fake_append(&w.fake, w.sessions[0], &naked);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "data_missing");
    id = core_fake_append(&w.fake, w.sessions[0], &core_world_person(&w, 0)->log.entries[0]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "wrong_log_type");
    w.fake.wall_ms += 90000000;
    core_fake_advance(&w.fake, 1);
    id = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.council.log.count));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "clock_skew");
    assert_false(w.fake.sessions[w.sessions[0]].closed);
    core_world_end(&w);
}

static void erase_drops_data(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    core_world_post(&w, 1);
    core_world_send(&w, w.sessions[1]);
    uint32_t seq = w.sent;
    assert_non_null(core_world_stored(&w)->entries[seq - 1].data);
    static const struct {
        uint32_t by;
        const char *posts, *name;
    } rows[] = {
        {1, "[1]", "not_a_post"},
        {1, "[100]", "not_a_post"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture_entry e = core_world_draft(&w, rows[i].by, COUNCIL_KIND_ERASE,
                                                  fixture_body("{\"posts\":%s}", rows[i].posts));
        uint64_t id = core_fake_append(&w.fake, w.sessions[rows[i].by], &e);
        core_fake_run(&w.fake);
        assert_outcome(&w, w.sessions[rows[i].by], id, rows[i].name);
        fixture_entry_fini(&e);
    }
    /* in flight together with the post that it names: it waits */
    core_world_post(&w, 1);
    w.fake.hold_work = true;
    uint64_t one = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, w.sent + 1));
    assert_int_equal(fixture_erase(&w.fixture, &w.council, core_world_person(&w, 1), w.sent + 1),
                     COUNCIL_OK);
    uint64_t two = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, w.sent + 2));
    w.fake.hold_work = false;
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], one, "ok");
    assert_outcome(&w, w.sessions[1], two, "ok");
    w.sent += 2;
    assert_null(core_world_stored(&w)->entries[w.sent - 2].data);
    assert_non_null(core_world_stored(&w)->entries[seq - 1].data);
    /* a moderator may erase it; nobody twice; not somebody else's */
    assert_int_equal(fixture_erase(&w.fixture, &w.council, core_world_person(&w, 0), seq),
                     COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    assert_null(core_world_stored(&w)->entries[seq - 1].data);
    struct fixture_entry again =
        core_world_draft(&w, 1, COUNCIL_KIND_ERASE, fixture_body("{\"posts\":[%u]}", seq));
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], &again);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "already_erased");
    fixture_entry_fini(&again);
    core_world_end(&w);
}

static void a_chain_is_what_the_server_holds(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    /* a second device that the server has not heard of */
    assert_int_equal(fixture_device_add(&w.fixture, core_world_person(&w, 1)), COUNCIL_OK);
    assert_int_equal(
        fixture_devices(&w.fixture, &w.council, core_world_person(&w, 1), core_world_person(&w, 1)),
        COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "pin_unknown");
    id = core_fake_append(&w.fake, w.sessions[1], &core_world_person(&w, 1)->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "ok");
    core_world_send(&w, w.sessions[1]);
    assert_int_equal(core_world_differs(&w, w.sent), 0);
    core_world_end(&w);
}

/* A member who shows the council another history of their devices than the server has. */
static void a_forked_member_log(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 2);
    struct fixture twin; /* the same keys, other ids */
    fixture_init(&twin, "core world");
    twin.now_ms = w.fixture.now_ms;
    struct fixture_member *other = fixture_member(&twin, 1);
    assert_memory_equal(fixture_name(other), fixture_name(core_world_person(&w, 1)), 32);
    assert_int_equal(fixture_device_add(&twin, other), COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[1], &other->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "ok");
    assert_int_equal(fixture_device_add(&w.fixture, core_world_person(&w, 1)), COUNCIL_OK);
    assert_int_equal(
        fixture_devices(&w.fixture, &w.council, core_world_person(&w, 1), core_world_person(&w, 1)),
        COUNCIL_OK);
    id = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "pin_unknown");
    assert_int_equal(core_world_stored(&w)->count, w.sent);
    fixture_fini(&twin);
    core_world_end(&w);
}

static void an_expired_invite(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    core_world_found(&w, 1);
    uint32_t bea = core_fake_member(&w.fake, core_world_person(&w, 1));
    assert_int_equal(fixture_invite(&w.fixture, &w.council, core_world_person(&w, 0), 1),
                     COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    uint64_t week = UINT64_C(8) * 24 * 3600 * 1000;
    core_fake_advance(&w.fake, week);
    w.fixture.now_ms = w.fake.wall_ms;
    assert_int_equal(fixture_join(&w.fixture, &w.council, core_world_person(&w, 1), 0), COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, bea, core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, bea, id, "invite_expired");
    assert_int_equal(core_world_stored(&w)->count, w.sent);
    core_world_end(&w);
}

static void quotas_and_rates(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.log_entries = 16;
    config.limits.open_invites = 1;
    config.limits.member_logs = 1;
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    /* one log is all that a member may have */
    struct fixture_council other;
    fixture_council_init(&other);
    struct fixture_policy policy = {.journal = true, .history_all = true, .size = 1};
    assert_int_equal(fixture_create(&w.fixture, &other, core_world_person(&w, 0), policy),
                     COUNCIL_OK);
    uint64_t id = core_fake_append(&w.fake, w.sessions[0], &other.log.entries[0]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "quota");
    fixture_council_fini(&other);
    /* a second open invite */
    assert_int_equal(fixture_invite(&w.fixture, &w.council, core_world_person(&w, 0), 1),
                     COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    struct fixture_entry open =
        core_world_draft(&w, 0, COUNCIL_KIND_INVITE_OPEN,
                         fixture_body("{\"expires\":%llu,\"invite\":\"%s\",\"uses\":1}",
                                      (unsigned long long)w.fake.wall_ms + 1000000,
                                      fixture_key(w.fake.server_key).text));
    id = core_fake_append(&w.fake, w.sessions[0], &open);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "quota");
    fixture_entry_fini(&open);
    /* somebody who is no moderator: six control entries (one was the join), then one in ten minutes */
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(fixture_rotate(&w.fixture, &w.council, core_world_person(&w, 1)),
                         COUNCIL_OK);
        core_world_send(&w, w.sessions[1]);
    }
    assert_int_equal(fixture_rotate(&w.fixture, &w.council, core_world_person(&w, 1)), COUNCIL_OK);
    id = core_fake_append(&w.fake, w.sessions[1], core_world_entry(&w, w.sent + 1));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[1], id, "rate_limited");
    core_fake_advance(&w.fake, 600000);
    core_world_send(&w, w.sessions[1]);
    /* a log that is full takes no posts, but still changes its keys */
    while (w.council.log.count < 16) {
        core_world_post(&w, 0);
        core_world_send(&w, w.sessions[0]);
    }
    struct fixture_entry e =
        core_world_draft(&w, 0, COUNCIL_KIND_MEMBER_ROLE,
                         fixture_body("{\"member\":\"%s\",\"role\":\"moderator\"}",
                                      fixture_key(fixture_name(core_world_person(&w, 1))).text));
    core_world_post(&w, 0);
    id = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, 17));
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "quota");
    id = core_fake_append(&w.fake, w.sessions[0], &e);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "ok");
    fixture_entry_fini(&e);
    core_world_end(&w);
}

static void reading_pauses(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.queue_entries = 16;
    core_world_begin(&w, config);
    core_world_found(&w, 1);
    w.fake.hold_store = true;
    uint64_t ids[17];
    for (uint32_t i = 0; i < 17; i++) {
        core_world_post(&w, 0);
        assert_false(w.fake.paused);
        ids[i] = core_fake_append(&w.fake, w.sessions[0], core_world_entry(&w, w.sent + i + 1));
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
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_not),
        cmocka_unit_test(erase_drops_data),
        cmocka_unit_test(a_chain_is_what_the_server_holds),
        cmocka_unit_test(a_forked_member_log),
        cmocka_unit_test(an_expired_invite),
        cmocka_unit_test(quotas_and_rates),
        cmocka_unit_test(reading_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
