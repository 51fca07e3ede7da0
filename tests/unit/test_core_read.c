/*
 * test_core_read.c - who may read what, page by page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

static uint64_t subscribe(struct core_world *w, uint32_t session, uint64_t after)
{
    return core_fake_subscribe(&w->fake, session, core_world_log(w), after);
}

static uint64_t with_log(struct core_world *w, uint32_t session, const char *method)
{
    return core_fake_call(&w->fake, session, method,
                          json_pack("{s:o}", "log", core_fake_bytes(core_world_log(w), 32)));
}

static uint64_t read_log(struct core_world *w, uint32_t session, const uint8_t log[32],
                         uint64_t after, int limit)
{
    return core_fake_call(&w->fake, session, "log.read",
                          json_pack("{s:o, s:I, s:i}", "log", core_fake_bytes(log, 32), "after",
                                    (json_int_t)after, "limit", limit));
}

static const json_t *entries_of(struct core_world *w, uint32_t session, uint64_t id)
{
    return json_object_get(core_fake_result(&w->fake, session, id), "entries");
}

/* Who was a member reads up to the entry that ended it, by pages, by a subscription, from a new connection. */
static void a_former_member_reads_to_the_end(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 3);
    core_world_posts(&w, 0, 1);
    assert_int_equal(
        fixture_remove(&w.fixture, &w.council, core_world_person(&w, 0), core_world_person(&w, 1)),
        COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    uint64_t until = w.sent;
    core_world_posts(&w, 0, 4);
    uint32_t s = core_fake_login_new(&w.fake, core_world_person(&w, 1), 0);
    uint64_t id = read_log(&w, s, core_world_log(&w), until - 2, 512);
    assert_int_equal(json_array_size(entries_of(&w, s, id)), 2);
    const json_t *result = core_fake_result(&w.fake, s, id);
    assert_int_equal(core_fake_int(result, "seq"), until);
    uint8_t head[32];
    assert_true(council_rpc_bytes(result, "head", head, 32));
    assert_memory_equal(head, w.council.log.entries[until - 1].head, 32);
    id = read_log(&w, s, core_world_log(&w), until, 512);
    assert_int_equal(json_array_size(entries_of(&w, s, id)), 0);
    (void)subscribe(&w, s, 0);
    core_world_posts(&w, 0, 1);
    assert_int_equal(core_fake_gaps(&w.fake, s, core_world_log(&w), 0, until), 0);
    id = core_fake_call(&w.fake, s, "council.list", json_object());
    const json_t *log =
        json_array_get(json_object_get(core_fake_result(&w.fake, s, id), "logs"), 1);
    assert_int_equal(core_fake_int(log, "member"), 0);
    assert_int_equal(core_fake_int(log, "seq"), until);
    core_world_end(&w);
}

static void pages(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 2);
    core_world_posts(&w, 0, 30);
    uint64_t after = 0, count = 0;
    while (after < w.sent) {
        uint64_t id = read_log(&w, w.sessions[1], core_world_log(&w), after, 7);
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
                                           core_fake_bytes(core_world_log(&w), 32), "after",
                                           (json_int_t)w.sent - 1, "limit", 1, "texts", 1));
    const json_t *entry = json_array_get(entries_of(&w, w.sessions[1], id), 0);
    assert_non_null(json_object_get(entry, "text"));
    assert_null(json_object_get(entry, "data"));
    id = read_log(&w, w.sessions[1], core_world_log(&w), w.sent - 1, 1);
    assert_non_null(json_object_get(json_array_get(entries_of(&w, w.sessions[1], id), 0), "data"));
    /* what was erased says so */
    assert_int_equal(fixture_erase(&w.fixture, &w.council, core_world_person(&w, 0), w.sent),
                     COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    id = read_log(&w, w.sessions[1], core_world_log(&w), w.sent - 2, 1);
    entry = json_array_get(entries_of(&w, w.sessions[1], id), 0);
    assert_int_equal(core_fake_int(entry, "erased"), 1);
    core_world_end(&w);
}

/* Not a member and no such log are one; member logs are read by those who share a council. */
static void who_may_read(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 2);
    uint32_t eve = core_fake_member(&w.fake, core_world_person(&w, 9));
    uint8_t nowhere[32] = {1};
    uint64_t a = read_log(&w, eve, core_world_log(&w), 0, 10);
    (void)read_log(&w, eve, nowhere, 0, 10);
    uint64_t c = read_log(&w, eve, fixture_name(core_world_person(&w, 0)), 0, 10);
    for (uint64_t id = a; id <= c; id++) {
        assert_outcome(&w, eve, id, "not_found");
    }
    assert_outcome(&w, eve, subscribe(&w, eve, 0), "not_found");
    assert_outcome(&w, eve, with_log(&w, eve, "presence.join"), "not_found");
    assert_outcome(&w, eve, read_log(&w, eve, fixture_name(core_world_person(&w, 9)), 0, 10), "ok");
    /* member 1 may read member 0's devices, follows them, and no more once removed */
    uint32_t s = w.sessions[1];
    const uint8_t *ann = fixture_name(core_world_person(&w, 0));
    assert_outcome(&w, s, read_log(&w, s, ann, 0, 10), "ok");
    assert_outcome(&w, s, core_fake_subscribe(&w.fake, s, ann, 0), "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, ann, 0, 1), 0);
    assert_int_equal(fixture_device_add(&w.fixture, core_world_person(&w, 0)), COUNCIL_OK);
    uint64_t id =
        core_fake_append(&w.fake, w.sessions[0], &core_world_person(&w, 0)->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, ann, 0, 2), 0);
    assert_int_equal(
        fixture_remove(&w.fixture, &w.council, core_world_person(&w, 0), core_world_person(&w, 1)),
        COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    assert_int_equal(fixture_device_add(&w.fixture, core_world_person(&w, 0)), COUNCIL_OK);
    id = core_fake_append(&w.fake, w.sessions[0], &core_world_person(&w, 0)->log.entries[2]);
    core_fake_run(&w.fake);
    assert_outcome(&w, w.sessions[0], id, "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, ann, 0, 2), 0);
    assert_outcome(&w, s, read_log(&w, s, ann, 0, 10), "not_found");
    core_world_end(&w);
}

/* Whoever leads a proposal reads the member logs of those who accepted, and follows none: nobody would end that with the proposal. */
static void who_leads_a_proposal_reads_and_does_not_follow(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 2);
    uint32_t eve = core_fake_member(&w.fake, core_world_person(&w, 9));
    const uint8_t *ann = fixture_name(core_world_person(&w, 0));
    w.fake.store.leads = true;
    assert_outcome(&w, eve, read_log(&w, eve, ann, 0, 10), "ok");
    assert_outcome(&w, eve, core_fake_subscribe(&w.fake, eve, ann, 0), "not_found");
    assert_outcome(&w, eve, read_log(&w, eve, core_world_log(&w), 0, 10), "not_found");
    w.fake.store.leads = false;
    assert_outcome(&w, eve, read_log(&w, eve, ann, 0, 10), "not_found");
    core_world_end(&w);
}

/* The holder of an invite reads texts before joining, with a signature made for this connection. */
static void reading_by_invite(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_world_config(&w));
    core_world_found(&w, 1);
    core_world_posts(&w, 0, 1);
    assert_int_equal(fixture_invite(&w.fixture, &w.council, core_world_person(&w, 0), 1),
                     COUNCIL_OK);
    core_world_send(&w, w.sessions[0]);
    uint32_t s = core_fake_member(&w.fake, core_world_person(&w, 1));
    struct council_challenge challenge = {.expires = 0};
    memcpy(challenge.server, w.fake.server_key, 32);
    const json_t *hello = json_object_get(w.fake.sessions[s].messages[0], "result");
    assert_true(council_rpc_bytes(hello, "nonce", challenge.server_nonce, 32));
    for (int good = 0; good < 2; good++) {
        uint8_t sig[COUNCIL_SIG_BYTES];
        assert_true(council_invite_read_sign(sig, w.council.invites[0].secret, &challenge,
                                             core_world_log(&w),
                                             fixture_name(core_world_person(&w, 1))));
        sig[0] ^= good ? 0 : 1;
        json_t *invite =
            json_pack("{s:o, s:o}", "key", core_fake_bytes(w.council.invites[0].secret + 32, 32),
                      "sig", core_fake_bytes(sig, sizeof sig));
        uint64_t id = core_fake_call(&w.fake, s, "log.read",
                                     json_pack("{s:o, s:i, s:i, s:o}", "log",
                                               core_fake_bytes(core_world_log(&w), 32), "after", 0,
                                               "limit", 512, "invite", invite));
        assert_outcome(&w, s, id, good ? "ok" : "not_found");
        if (good) {
            const json_t *page = entries_of(&w, s, id);
            assert_int_equal(json_array_size(page), w.sent);
            assert_null(json_object_get(json_array_get(page, 2), "data"));
        }
    }
    assert_outcome(&w, s, read_log(&w, s, core_world_log(&w), 0, 10), "not_found");
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_former_member_reads_to_the_end),
        cmocka_unit_test(pages),
        cmocka_unit_test(who_may_read),
        cmocka_unit_test(who_leads_a_proposal_reads_and_does_not_follow),
        cmocka_unit_test(reading_by_invite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
