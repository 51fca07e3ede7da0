/*
 * test_core_mail.c - what members ask about their reminders reaches the host as it was meant, and is answered once it is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

/* The host: notes what it was asked, and answers as told. */
struct host {
    struct core_job_mail asked;
    enum store_status status;
    bool confirmed, bad_zone;
    uint32_t count;
};

static void mail(void *ctx, struct core_job *job)
{
    struct host *host = ctx;
    host->asked = job->u.mail;
    host->count++;
    job->status = host->status;
    job->u.mail.confirmed = host->confirmed;
    job->u.mail.bad_zone = host->bad_zone;
    job->u.mail.bad_address = !host->bad_zone;
}

static void world_begin(struct core_world *w, struct host *host, bool offered)
{
    struct core_config config = core_fake_config(&w->fake);
    config.mail = offered;
    core_world_begin(w, config);
    core_world_found(w, 1);
    w->fake.store.mail = mail;
    w->fake.store.mail_ctx = host;
}

static json_t *wish(const char *address)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:{s:i, s:i, s:i, s:i}}", "address", address, "zone",
                     "Europe/Berlin", "quiet_from", 1320, "quiet_to", 480, "kinds", "meeting", 1,
                     "checkin", 0, "proposal", 0, "feedback", 1);
}

static const char *ask(struct core_world *w, const char *method, json_t *params, uint64_t *id)
{
    *id = core_fake_call(&w->fake, w->sessions[0], method, params);
    return core_fake_outcome(&w->fake, w->sessions[0], *id);
}

static void what_is_wanted_reaches_the_host(void **state)
{
    (void)state;
    struct core_world w;
    struct host host = {.status = STORE_OK};
    uint64_t id = 0;
    uint8_t token[32];
    world_begin(&w, &host, true);
    assert_string_equal(ask(&w, "mail.set", wish("me@example.org"), &id), "ok");
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], id), "confirmed"), 0);
    assert_int_equal(host.asked.asks, CORE_MAIL_SET);
    const struct store_mail *asked = &host.asked.mail;
    assert_string_equal(asked->address, "me@example.org");
    assert_string_equal(asked->zone, "Europe/Berlin");
    assert_int_equal(asked->quiet_from, 1320);
    assert_int_equal(asked->kinds, 1 | 1 << 3);
    assert_int_equal(strlen(asked->code), STORE_MAIL_CODE_CHARS);
    assert_int_equal(strspn(asked->code, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"),
                     STORE_MAIL_CODE_CHARS);
    memcpy(token, asked->token, sizeof token);
    host.confirmed = true;
    assert_string_equal(ask(&w, "mail.set", wish("me@example.org"), &id), "ok");
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], id), "confirmed"), 1);
    assert_memory_not_equal(token, asked->token, sizeof token); /* another each time */
    core_world_end(&w);
}

static void refusals_have_names(void **state)
{
    (void)state;
    struct core_world w;
    struct host host = {.status = STORE_INVALID};
    uint64_t id = 0;
    world_begin(&w, &host, true);
    assert_string_equal(ask(&w, "mail.set", wish("x y@z"), &id), "mail_address");
    host.bad_zone = true;
    assert_string_equal(ask(&w, "mail.set", wish("me@example.org"), &id), "mail_zone");
    host.status = STORE_REFUSED;
    assert_string_equal(ask(&w, "mail.set", wish("me@example.org"), &id), "rate_limited");
    assert_string_equal(ask(&w, "mail.confirm", json_pack("{s:s}", "code", "abcde-fghjk"), &id),
                        "mail_code");
    assert_string_equal(host.asked.mail.code, "ABCDEFGHJK"); /* as people type it */
    uint32_t before = host.count;
    assert_string_equal(ask(&w, "mail.confirm", json_pack("{s:s}", "code", "ABCDEFGHJKL"), &id),
                        "mail_code");
    assert_int_equal(host.count, before); /* no code is that long */
    host.status = STORE_FULL;
    assert_string_equal(ask(&w, "mail.set", wish("me@example.org"), &id), "storage_full");
    host.status = STORE_NOT_FOUND;
    assert_string_equal(ask(&w, "mail.stop", json_object(), &id), "ok"); /* nothing to stop */
    assert_string_equal(ask(&w, "mail.nudge",
                            json_pack("{s:o}", "log", core_fake_bytes(w.fake.server_key, 32)), &id),
                        "not_found");
    core_world_end(&w);
}

static void a_server_without_a_relay_says_so(void **state)
{
    (void)state;
    struct core_world w;
    struct host host = {.status = STORE_NOT_FOUND};
    uint64_t id = 0;
    world_begin(&w, &host, false);
    assert_string_equal(ask(&w, "mail.set", wish("me@example.org"), &id), "mail_off");
    assert_string_equal(ask(&w, "mail.nudge",
                            json_pack("{s:o}", "log", core_fake_bytes(w.fake.server_key, 32)), &id),
                        "mail_off");
    assert_int_equal(host.count, 0);
    assert_string_equal(ask(&w, "mail.show", json_object(), &id), "ok");
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, w.sessions[0], id), "offered"), 0);
    assert_string_equal(ask(&w, "mail.stop", json_object(), &id), "ok");
    core_world_end(&w);
}

static void only_members_ask(void **state)
{
    (void)state;
    struct core_world w;
    struct host host = {.status = STORE_OK};
    world_begin(&w, &host, true);
    uint32_t stranger = core_fake_hello(&w.fake);
    uint64_t id = core_fake_call(&w.fake, stranger, "mail.show", json_object());
    assert_string_equal(core_fake_outcome(&w.fake, stranger, id), "login_first");
    assert_int_equal(host.count, 0);
    core_world_end(&w);
}

/* A link is used: bounded by address, and by how many are under way. */
static void links_are_bounded(void **state)
{
    (void)state;
    struct core_world w;
    struct host host = {.status = STORE_NOT_FOUND};
    const uint8_t token[32] = {9};
    uint8_t address[16] = {1, 2, 3};
    uint32_t taken = 0;
    world_begin(&w, &host, true);
    assert_true(core_unlink(w.fake.core, NULL, token, 1));
    core_fake_run(&w.fake);
    assert_int_equal(host.asked.asks, CORE_MAIL_UNLINK);
    assert_memory_equal(host.asked.mail.token, token, sizeof token);
    while (taken < 1000 && core_unlink(w.fake.core, address, token, 2)) {
        taken++;
        core_fake_run(&w.fake);
    }
    assert_in_range(taken, 10, 500); /* who guesses is slowed down */
    address[0]++;
    assert_true(core_unlink(w.fake.core, address, token, 3));
    core_fake_run(&w.fake);
    for (taken = 0; taken < 1000 && core_unlink(w.fake.core, NULL, token, 4); taken++) {
    }
    assert_in_range(taken, 1, 64);
    core_fake_run(&w.fake);
    assert_true(core_unlink(w.fake.core, NULL, token, 5));
    core_fake_run(&w.fake);
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_reaches_the_host),
        cmocka_unit_test(refusals_have_names),
        cmocka_unit_test(a_server_without_a_relay_says_so),
        cmocka_unit_test(only_members_ask),
        cmocka_unit_test(links_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
