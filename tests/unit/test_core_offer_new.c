/*
 * test_core_offer_new.c - logs that a server does not have: people who came after the backup, councils that move, and who may bring what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_restore.h"

#include <cmocka.h>

static void empty_store(struct core_fake_store *store)
{
    memset(store, 0, sizeof *store);
}

static uint64_t said(struct core_world *w, uint32_t session, uint64_t id, const char *field)
{
    assert_outcome(w, session, id, "ok");
    return core_fake_int(core_fake_result(&w->fake, session, id), field);
}

static const char *login(struct core_world *w, uint32_t person, uint32_t *session)
{
    *session = core_fake_hello(&w->fake);
    uint64_t id = core_fake_login(&w->fake, *session, core_world_person(w, person), 0);
    return core_fake_outcome(&w->fake, *session, id);
}

/* What a connection is told at once, and what the operator sees. */
static void assert_recovering(struct core_world *w, uint64_t told, uint64_t waiting,
                              uint64_t put_back)
{
    uint32_t session = core_fake_hello(&w->fake);
    const json_t *hello = json_object_get(w->fake.sessions[session].messages[0], "result");
    struct core_stats stats;
    core_stats(w->fake.core, &stats);
    assert_int_equal(core_fake_int(hello, "recovering"), told);
    assert_int_equal(stats.logs_recovering, waiting);
    assert_int_equal(stats.logs_restored, put_back);
}

static const struct fixture_log *log_of(struct core_world *w, uint32_t person)
{
    return &core_world_person(w, person)->log;
}

/* Gives a member a second device, known to the server too, and to the council. */
static void add_device(struct core_world *w, uint32_t person)
{
    struct fixture_member *member = core_world_person(w, person);
    assert_int_equal(fixture_device_add(&w->fixture, member), COUNCIL_OK);
    member->use = 0;
    uint64_t id = core_fake_append(&w->fake, w->sessions[person],
                                   &member->log.entries[member->log.count - 1]);
    core_fake_run(&w->fake);
    assert_outcome(w, w->sessions[person], id, "ok");
    assert_int_equal(fixture_devices(&w->fixture, &w->council, member, member), COUNCIL_OK);
    core_world_send(w, w->sessions[person]);
}

static void join_third(struct core_world *w)
{
    w->sessions[2] = core_fake_member(&w->fake, core_world_person(w, 2));
    assert_int_equal(fixture_invite(&w->fixture, &w->council, core_world_person(w, 0), 1),
                     COUNCIL_OK);
    core_world_send(w, w->sessions[0]);
    assert_int_equal(fixture_join(&w->fixture, &w->council, core_world_person(w, 2),
                                  w->council.invite_count - 1),
                     COUNCIL_OK);
    core_world_send(w, w->sessions[2]);
    core_world_posts(w, 2, 2);
}

static void who_came_after_the_backup_is_brought_back(void **state)
{
    (void)state;
    struct core_world w;
    struct core_fake_store backup;
    struct core_config config = core_world_config(&w);
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    uint64_t old = w.sent;
    core_restore_copy(&backup, &w.fake.store);
    join_third(&w);
    add_device(&w, 1);
    const struct fixture_log *council = &w.council.log;
    uint64_t now = w.sent, joined = old + 2, devices = now;
    core_restore(&w, &backup, config);
    assert_recovering(&w, 1, 3, 3);

    uint32_t ann, bea, cleo;
    assert_string_equal(login(&w, 2, &cleo), "login_refused");
    assert_string_equal(login(&w, 0, &ann), "ok");
    /* the logs that its entries carry come first: the server's own copies must agree */
    assert_outcome(&w, ann, core_offer(&w, ann, council, old, now), "pin_unknown");
    assert_int_equal(core_restored(&w, council), joined - 1);
    assert_int_equal(said(&w, ann, core_speak(&w, ann, log_of(&w, 2), 1), "seq"), 0);
    assert_int_equal(said(&w, ann, core_offer(&w, ann, log_of(&w, 2), 0, 1), "seq"), 1);
    assert_recovering(&w, 1, 4, 3);
    assert_outcome(&w, ann, core_offer(&w, ann, council, old, now), "pin_unknown");
    assert_int_equal(core_restored(&w, council), devices - 1);
    assert_int_equal(said(&w, ann, core_offer(&w, ann, log_of(&w, 1), 0, 2), "waiting"), 1);
    assert_int_equal(said(&w, ann, core_offer(&w, ann, council, old, now), "seq"), now);
    assert_int_equal(core_restored(&w, council), now);
    assert_int_equal(said(&w, ann, core_speak(&w, ann, council, now), "waiting"), 2);

    /* she is there again: her log waits for nobody but her, the council for her too */
    assert_string_equal(login(&w, 2, &cleo), "ok");
    assert_int_equal(said(&w, cleo, core_speak(&w, cleo, council, now), "waiting"), 1);
    assert_int_equal(said(&w, cleo, core_speak(&w, cleo, log_of(&w, 2), 1), "recovering"), 0);
    assert_string_equal(login(&w, 1, &bea), "ok");
    assert_int_equal(said(&w, bea, core_speak(&w, bea, council, old), "recovering"), 0);
    w.sessions[2] = cleo;
    core_world_posts(&w, 2, 1);
    assert_int_equal(core_restored(&w, council), now + 1);
    /* with her recovery key, too */
    uint32_t lost = core_fake_hello(&w.fake);
    assert_outcome(&w, lost, core_fake_recover(&w.fake, lost, core_world_person(&w, 2)), "ok");
    core_world_end(&w);
}

/* To an empty server, with everybody's registration and every entry as it was. */
static void a_council_moves(void **state)
{
    (void)state;
    struct core_world w;
    struct core_fake_store nothing;
    struct core_config config = core_world_config(&w);
    core_world_begin(&w, config);
    core_world_found(&w, 3);
    add_device(&w, 0);
    core_world_posts(&w, 1, 150);
    const struct fixture_log *council = &w.council.log;
    uint64_t now = w.sent;
    empty_store(&nothing);
    core_restore(&w, &nothing, config);

    uint32_t ann = core_fake_member(&w.fake, core_world_person(&w, 0)), bea, cleo;
    assert_int_equal(said(&w, ann, core_offer(&w, ann, log_of(&w, 0), 1, 2), "recovering"), 0);
    assert_int_equal(core_restored(&w, log_of(&w, 0)), 2);
    assert_outcome(&w, ann, core_offer(&w, ann, council, 0, 128), "pin_unknown");
    for (uint32_t i = 1; i < 3; i++) {
        assert_int_equal(said(&w, ann, core_offer(&w, ann, log_of(&w, i), 0, 1), "waiting"), 1);
    }
    uint64_t at = core_restored(&w, council);
    while (at < now) {
        uint64_t upto = at + 128 < now ? at + 128 : now;
        at = said(&w, ann, core_offer(&w, ann, council, at, upto), "seq");
    }
    assert_int_equal(core_restored(&w, council), now);
    assert_int_equal(said(&w, ann, core_speak(&w, ann, council, now), "waiting"), 2);
    /* nobody's word is "later" here because of logs that somebody brought, however long they wait */
    assert_recovering(&w, 0, 3, 0);
    /* the others need no registration any more */
    assert_string_equal(login(&w, 1, &bea), "ok");
    assert_string_equal(login(&w, 2, &cleo), "ok");
    assert_int_equal(said(&w, bea, core_speak(&w, bea, council, now), "waiting"), 1);
    assert_int_equal(said(&w, cleo, core_speak(&w, cleo, council, now), "recovering"), 0);
    w.sessions[1] = bea;
    core_world_posts(&w, 1, 1);
    assert_int_equal(core_restored(&w, council), now + 1);
    /* and the member log that was continued by offers is closed to them by the next ordinary entry */
    w.sessions[0] = ann;
    add_device(&w, 0);
    assert_int_equal(fixture_device_revoke(&w.fixture, core_world_person(&w, 0), 2), COUNCIL_OK);
    assert_outcome(&w, ann, core_offer(&w, ann, log_of(&w, 0), 3, 4), "offer_refused");
    core_world_end(&w);
}

/* Begins on an empty server to which member 0 alone has come; a council of two is to be brought. */
static uint32_t begin_empty(struct core_world *w, struct core_config config)
{
    struct core_fake_store nothing;
    core_world_begin(w, config);
    core_world_found(w, 2);
    empty_store(&nothing);
    core_restore(w, &nothing, config);
    return core_fake_member(&w->fake, core_world_person(w, 0));
}

static void the_operator_says_who_brings_what(void **state)
{
    (void)state;
    struct core_world w;
    for (uint32_t round = 0; round < 4; round++) {
        struct core_config config = core_world_config(&w);
        config.offers = round == 0   ? CORE_OFFERS_OPEN
                        : round == 1 ? CORE_OFFERS_MEMBERS
                                     : CORE_OFFERS_CLOSED;
        config.limits.offered_logs = 1;
        uint32_t ann = begin_empty(&w, config);
        if (round == 3) { /* a server that was put back is closed to all but its own people */
            config.recovering_logs = config.restored_logs = 1;
            core_fake_restart(&w.fake, &config);
            ann = core_fake_login_new(&w.fake, core_world_person(&w, 0), 0);
        }
        const char *person = round == 2 ? "not_found" : "ok";
        const char *council = round == 0 ? "ok" : round == 1 ? "quota" : "not_found";
        uint64_t id = core_speak(&w, ann, log_of(&w, 1), 1);
        assert_outcome(&w, ann, id, person);
        id = core_offer(&w, ann, log_of(&w, 1), 0, 1);
        assert_outcome(&w, ann, id, person);
        if (round == 3) { /* what may be brought then counts too */
            assert_outcome(&w, ann, core_offer(&w, ann, log_of(&w, 2), 0, 1), "quota");
            config.limits.offered_logs = 9;
            core_fake_restart(&w.fake, &config);
            ann = core_fake_login_new(&w.fake, core_world_person(&w, 0), 0);
        }
        id = core_offer(&w, ann, &w.council.log, 0, w.council.log.count);
        assert_outcome(&w, ann, id, council);
        assert_int_equal(core_restored(&w, &w.council.log), round == 0 ? w.sent : 0);
        core_world_end(&w);
    }
}

static void ceilings_hold(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    config.limits.device_burst = 64;
    config.limits.device_rate = 1;
    config.limits.log_entries = 16;
    core_world_begin(&w, config);
    core_world_end(&w);
    struct core_config roomy = core_world_config(&w);
    core_world_begin(&w, roomy);
    core_world_found(&w, 2);
    core_world_posts(&w, 0, 140);
    struct core_fake_store nothing;
    empty_store(&nothing);
    core_restore(&w, &nothing, config);
    uint32_t ann = core_fake_member(&w.fake, core_world_person(&w, 0));
    const struct fixture_log *council = &w.council.log;
    assert_outcome(&w, ann, core_offer(&w, ann, council, 0, 129), "invalid_params");
    assert_int_equal(said(&w, ann, core_offer(&w, ann, log_of(&w, 1), 0, 1), "seq"), 1);
    /* a log may get as long as the server lets it: 16, the offer goes as far as that */
    assert_outcome(&w, ann, core_offer(&w, ann, council, 0, 128), "quota");
    assert_int_equal(core_restored(&w, council), 16);
    /* and each entry costs */
    uint64_t id = core_offer(&w, ann, council, 16, 144);
    assert_outcome(&w, ann, id, "rate_limited");
    core_fake_advance(&w.fake, 40000);
    assert_outcome(&w, ann, core_offer(&w, ann, council, 16, 144), "quota");
    core_world_end(&w);
}

static json_t *params_for(const struct fixture_log *named, const struct fixture_log *brought)
{
    json_t *params = core_offer_params(brought, 0, brought->count);
    assert_int_equal(json_object_set_new(params, "log", core_fake_bytes(named->log.tail.log, 32)),
                     0);
    return params;
}

static void a_log_begins_with_its_beginning(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    uint32_t ann = begin_empty(&w, config);
    const struct fixture_log *council = &w.council.log;
    uint64_t id = core_fake_call(&w.fake, ann, "log.offer", params_for(council, log_of(&w, 1)));
    assert_outcome(&w, ann, id, "wrong_log");
    json_t *params = core_offer_params(council, 0, 3);
    assert_int_equal(json_array_remove(json_object_get(params, "entries"), 0), 0);
    id = core_fake_call(&w.fake, ann, "log.offer", params);
    assert_outcome(&w, ann, id, "genesis_expected");
    params = core_offer_params(council, 0, 3);
    assert_int_equal(
        json_object_set_new(params, "head", core_fake_bytes(council->entries[0].head, 32)), 0);
    id = core_fake_call(&w.fake, ann, "log.offer", params);
    assert_outcome(&w, ann, id, "offer_refused");
    assert_int_equal(said(&w, ann, core_offer(&w, ann, council, 2, 3), "seq"), 0);
    assert_int_equal(w.fake.store.log_count, 1);
    core_world_end(&w);
}

/* Somebody else's member log that does not wait: compared, and nothing is told that was not shown. */
static void a_settled_member_log_is_compared(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    core_world_begin(&w, config);
    core_world_found(&w, 2);
    add_device(&w, 1);
    uint32_t eve = core_fake_member(&w.fake, core_world_person(&w, 3));
    const struct fixture_log *bea = log_of(&w, 1);
    assert_outcome(&w, eve, core_speak(&w, eve, bea, 0), "not_found");
    assert_int_equal(said(&w, eve, core_offer(&w, eve, bea, 0, 1), "seq"), 1); /* not 2 */
    assert_int_equal(said(&w, eve, core_speak(&w, eve, bea, 1), "seq"), 1);
    assert_int_equal(said(&w, eve, core_offer(&w, eve, bea, 0, 2), "seq"), 2);
    assert_int_equal(fixture_device_add(&w.fixture, core_world_person(&w, 1)), COUNCIL_OK);
    assert_outcome(&w, eve, core_offer(&w, eve, bea, 0, 3), "not_found");
    assert_outcome(&w, eve, core_offer(&w, eve, bea, 2, 3), "not_found");
    assert_outcome(&w, eve, core_speak(&w, eve, bea, 3), "not_found");
    assert_int_equal(core_restored(&w, bea), 2);
    core_world_end(&w);
}

/* Who was removed is told of a settled council what they showed to know, and never how it goes on without them. */
static void a_former_member_learns_no_more(void **state)
{
    (void)state;
    struct core_world w;
    struct core_fake_store backup;
    struct core_config config = core_world_config(&w);
    core_world_begin(&w, config);
    core_world_found(&w, 3);
    assert_int_equal(
        fixture_remove(&w.fixture, &w.council, core_world_person(&w, 0), core_world_person(&w, 1)),
        COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    uint64_t end = w.sent;
    core_world_posts(&w, 0, 3);
    const struct fixture_log *council = &w.council.log;
    uint32_t bea = w.sessions[1];
    assert_int_equal(said(&w, bea, core_speak(&w, bea, council, end), "seq"), end);
    assert_int_equal(said(&w, bea, core_offer(&w, bea, council, 0, end), "seq"), end);
    assert_outcome(&w, bea, core_speak(&w, bea, council, 0), "not_found");
    core_world_post(&w, 0); /* an entry that the server does not have */
    assert_outcome(&w, bea, core_speak(&w, bea, council, w.sent + 1), "not_found");
    assert_outcome(&w, bea, core_offer(&w, bea, council, w.sent, w.sent + 1), "not_found");

    /* a log that waits takes from them what they hold: they may have come back since */
    core_restore_copy(&backup, &w.fake.store);
    core_restore(&w, &backup, config);
    bea = core_fake_login_new(&w.fake, core_world_person(&w, 1), 0);
    assert_int_equal(said(&w, bea, core_speak(&w, bea, council, end), "seq"), w.sent);
    core_world_end(&w);
}

static void who_leaves_meanwhile_harms_nobody(void **state)
{
    (void)state;
    struct core_stats stats;
    struct core_world w;
    struct core_config config = core_world_config(&w);
    uint32_t ann = begin_empty(&w, config);
    const struct fixture_log *council = &w.council.log;
    (void)core_offer(&w, ann, log_of(&w, 1), 0, 1);
    w.fake.hold_store = true;
    (void)core_fake_call(&w.fake, ann, "log.offer", core_offer_params(council, 0, w.sent));
    (void)core_fake_call(&w.fake, ann, "log.offer", core_offer_params(council, 0, w.sent));
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.queue_entries, 2); /* what waits is counted, and gone when it is over */
    assert_true(stats.queue_bytes > 2000);
    for (uint32_t i = 0; i < 5; i++) {
        (void)core_fake_store_step(&w.fake);
        w.fake.hold_work = i % 2 == 0;
        core_fake_run(&w.fake);
    }
    core_fake_disconnect(&w.fake, ann);
    w.fake.hold_store = w.fake.hold_work = false;
    core_fake_run(&w.fake);
    assert_int_equal(core_restored(&w, council), w.sent);
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.queue_entries + stats.queue_bytes, 0);
    /* and an offer that is under way when the server goes gets its answer */
    ann = core_fake_login_new(&w.fake, core_world_person(&w, 0), 0);
    core_world_post(&w, 0);
    w.fake.hold_store = true;
    uint64_t id = core_offer(&w, ann, council, w.sent, w.sent + 1);
    core_shutdown(w.fake.core);
    assert_false(core_drained(w.fake.core));
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    assert_int_equal(said(&w, ann, id, "seq"), w.sent + 1);
    assert_true(core_drained(w.fake.core));
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_came_after_the_backup_is_brought_back),
        cmocka_unit_test(a_council_moves),
        cmocka_unit_test(the_operator_says_who_brings_what),
        cmocka_unit_test(ceilings_hold),
        cmocka_unit_test(a_log_begins_with_its_beginning),
        cmocka_unit_test(a_settled_member_log_is_compared),
        cmocka_unit_test(a_former_member_learns_no_more),
        cmocka_unit_test(who_leaves_meanwhile_harms_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
