/*
 * test_core_session.c - connections that become sessions: hello, login, registration, recovery, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_world.h"

#include <cmocka.h>

static uint64_t call(struct core_fake *fake, uint32_t session, const char *method)
{
    return core_fake_call(fake, session, method, json_object());
}

static uint64_t enroll(struct core_fake *fake, uint32_t session,
                       const struct fixture_member *member, const char *code)
{
    json_t *params = json_pack("{s:o}", "entry", core_fake_entry(&member->log.entries[0]));
    if (code != NULL) {
        assert_int_equal(json_object_set_new(params, "code", json_string(code)), 0);
    }
    return core_fake_call(fake, session, "member.register", params);
}

static void hello_and_login(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    const struct fixture_member *ann = core_world_person(&w, 0);
    uint32_t s = core_fake_hello(&w.fake);
    assert_int_equal(core_message_max(w.fake.core, w.fake.sessions[s].handle), COUNCIL_FRAME_FRESH);
    assert_outcome(&w, s, enroll(&w.fake, s, ann, NULL), "ok");
    assert_outcome(&w, s, core_fake_login(&w.fake, s, ann, 0), "ok");
    assert_int_equal(core_message_max(w.fake.core, w.fake.sessions[s].handle), COUNCIL_FRAME_MAX);
    /* the same after a restart, from the store alone */
    struct core_config config = {
        .origin = "https://council.test", .server_secret = w.fake.server_secret, .version = "test"};
    core_limits_init(&config.limits);
    core_fake_restart(&w.fake, &config);
    s = core_fake_login_new(&w.fake, ann, 0);
    uint64_t id = call(&w.fake, s, "council.list");
    const json_t *logs = json_object_get(core_fake_result(&w.fake, s, id), "logs");
    assert_int_equal(json_array_size(logs), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(logs, 0), "type")),
                        "member");
    struct core_stats stats;
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.members_online, 1);
    core_fake_disconnect(&w.fake, s);
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.members_online, 0);
    assert_int_equal(stats.sessions, 0);
    core_world_end(&w);
}

static void order_of_calls(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    const struct fixture_member *ann = core_world_person(&w, 0);
    uint32_t s = core_fake_connect(&w.fake, 1);
    assert_outcome(&w, s, call(&w.fake, s, "council.list"), "hello_first");
    assert_outcome(&w, s, call(&w.fake, s, "rpc.discover"), "ok");
    assert_outcome(&w, s, call(&w.fake, s, "no.such"), "unknown_method");
    assert_false(w.fake.sessions[s].closed);
    /* the fifth message before login is one too many (the fourth was hello) */
    json_t *params =
        json_pack("{s:o, s:i, s:s}", "nonce", core_fake_bytes(ann->log.log.tail.head, 32),
                  "protocol", 1, "client", "x");
    assert_outcome(&w, s, core_fake_call(&w.fake, s, "server.hello", params), "ok");
    (void)call(&w.fake, s, "rpc.discover");
    assert_true(w.fake.sessions[s].closed);

    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, call(&w.fake, s, "council.list"), "login_first");
    params = json_pack("{s:o, s:i, s:s}", "nonce", core_fake_bytes(ann->log.log.tail.head, 32),
                       "protocol", 1, "client", "x");
    assert_outcome(&w, s, core_fake_call(&w.fake, s, "server.hello", params), "hello_again");
    assert_true(w.fake.sessions[s].closed);
    assert_int_equal(w.fake.sessions[s].code, CORE_CLOSE_POLICY);

    s = core_fake_member(&w.fake, ann);
    assert_outcome(&w, s, core_fake_login(&w.fake, s, ann, 0), "login_again");
    assert_true(w.fake.sessions[s].closed);
    core_world_end(&w);
}

static void refused_messages(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        bool closes;
    } rows[] = {
        {"{", "parse_error", true},
        {"[]", "invalid_request", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"rpc.discover\"}", "invalid_request", true},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\",\"params\":{\"x\":1}}",
         "invalid_params", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.hello\",\"params\":{}}",
         "invalid_params", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "invalid_request", true},
    };
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t s = core_fake_connect(&w.fake, 0);
        core_fake_say(&w.fake, s, rows[i].text);
        assert_int_equal(w.fake.sessions[s].count, 1);
        const json_t *data =
            json_object_get(json_object_get(w.fake.sessions[s].messages[0], "error"), "data");
        assert_string_equal(json_string_value(json_object_get(data, "name")), rows[i].name);
        assert_int_equal(w.fake.sessions[s].closed, rows[i].closes);
    }
    static char large[COUNCIL_FRAME_FRESH + 2];
    memset(large, ' ', sizeof large - 1);
    uint32_t s = core_fake_connect(&w.fake, 0);
    core_fake_say(&w.fake, s, large);
    assert_true(w.fake.sessions[s].closed);
    assert_string_equal(w.fake.sessions[s].reason, "frame_too_large");
    s = core_fake_connect(&w.fake, 0);
    core_too_large(w.fake.core, w.fake.sessions[s].handle);
    assert_string_equal(w.fake.sessions[s].reason, "frame_too_large");
    core_world_end(&w);
}

/* Whatever is wrong with a login, it looks the same. */
static void refused_logins(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    struct fixture_member *ann = core_world_person(&w, 0);
    struct fixture_member *ben = core_world_person(&w, 1);
    uint32_t known = core_fake_member(&w.fake, ann);
    assert_int_equal(fixture_device_add(&w.fixture, ann), COUNCIL_OK);
    uint32_t s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, core_fake_login(&w.fake, s, ben, 0), "login_refused"); /* unknown */
    assert_true(w.fake.sessions[s].closed);
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, core_fake_login(&w.fake, s, ann, 1), "login_refused"); /* not yet */
    s = core_fake_hello(&w.fake);
    uint64_t id = core_fake_call(
        &w.fake, s, "auth.login",
        json_pack("{s:o, s:s, s:o, s:o}", "device", core_fake_bytes(ann->devices[0].sign + 32, 32),
                  "purpose", "device", "sig", core_fake_bytes(ann->devices[0].sign, 64), "member",
                  core_fake_bytes(fixture_name(ann), 32)));
    assert_outcome(&w, s, id, "login_refused"); /* bad signature */
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, core_fake_recover(&w.fake, s, ben), "login_refused");
    /* the new device is announced, and the old one revoked by it */
    id = core_fake_append(&w.fake, known, &ann->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, known, id, "ok");
    uint32_t second = core_fake_login_new(&w.fake, ann, 1);
    ann->use = 1;
    assert_int_equal(fixture_device_revoke(&w.fixture, ann, 0), COUNCIL_OK);
    id = core_fake_append(&w.fake, second, &ann->log.entries[2]);
    core_fake_run(&w.fake);
    assert_outcome(&w, second, id, "ok");
    assert_true(w.fake.sessions[known].closed);
    assert_string_equal(w.fake.sessions[known].reason, "device_revoked");
    assert_false(w.fake.sessions[second].closed);
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, core_fake_login(&w.fake, s, ann, 0), "login_refused"); /* revoked */
    core_world_end(&w);
}

static void challenge_expires(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    const struct fixture_member *ann = core_world_person(&w, 0);
    uint32_t s = core_fake_hello(&w.fake);
    core_fake_advance(&w.fake, COUNCIL_LOGIN_TTL_MS + 1);
    assert_outcome(&w, s, core_fake_login(&w.fake, s, ann, 0), "login_expired");
    s = core_fake_hello(&w.fake);
    core_fake_advance(&w.fake, COUNCIL_LOGIN_TTL_MS);
    assert_outcome(&w, s, enroll(&w.fake, s, ann, NULL), "ok");
    assert_outcome(&w, s, enroll(&w.fake, s, ann, NULL), "login_expired"); /* one each */
    /* it serves one login even while that is still being verified */
    s = core_fake_hello(&w.fake);
    w.fake.hold_work = true;
    (void)core_fake_login(&w.fake, s, ann, 0);
    uint64_t id = core_fake_login(&w.fake, s, ann, 0);
    assert_outcome(&w, s, id, "login_expired");
    w.fake.hold_work = false;
    core_fake_run(&w.fake);
    /* who never logs in is sent away */
    s = core_fake_connect(&w.fake, 0);
    core_fake_advance(&w.fake, 60000);
    assert_true(w.fake.sessions[s].closed);
    core_world_end(&w);
}

static void registration_by_code(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.registration = CORE_REGISTER_CODE;
    core_world_begin(&w, config);
    council_hash(w.fake.store.code, "garden", 6);
    w.fake.store.code_uses = 1;
    uint32_t s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, enroll(&w.fake, s, core_world_person(&w, 0), NULL), "code_refused");
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, enroll(&w.fake, s, core_world_person(&w, 0), "meadow"), "code_refused");
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, enroll(&w.fake, s, core_world_person(&w, 0), "garden"), "ok");
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, enroll(&w.fake, s, core_world_person(&w, 1), "garden"), "code_refused");
    /* a retry of what succeeded takes no code and gets the same answer */
    s = core_fake_hello(&w.fake);
    uint64_t id = enroll(&w.fake, s, core_world_person(&w, 0), "garden");
    assert_outcome(&w, s, id, "ok");
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, s, id), "seq"), 1);
    assert_int_equal(w.fake.store.log_count, 1);
    core_world_end(&w);
}

static void registration_closed(void **state)
{
    (void)state;
    struct core_world w;
    struct core_config config = core_fake_config(&w.fake);
    config.registration = CORE_REGISTER_CLOSED;
    core_world_begin(&w, config);
    uint32_t s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, enroll(&w.fake, s, core_world_person(&w, 0), NULL),
                   "registration_closed");
    assert_int_equal(w.fake.store.log_count, 0);
    core_world_end(&w);
}

/* A recovery session reads and recovers, nothing else; while it is open, no device writes in that member log. */
static void recovery(void **state)
{
    (void)state;
    struct core_world w;
    core_world_begin(&w, core_fake_config(&w.fake));
    struct fixture_member *ann = core_world_person(&w, 0);
    uint32_t old = core_fake_member(&w.fake, ann);
    uint32_t s = core_fake_hello(&w.fake);
    uint64_t id = core_fake_recover(&w.fake, s, ann);
    assert_outcome(&w, s, id, "ok");
    assert_outcome(&w, s, core_fake_subscribe(&w.fake, s, fixture_name(ann), 0), "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, fixture_name(ann), 0, 1), 0);
    id = core_fake_call(&w.fake, s, "presence.join",
                        json_pack("{s:o}", "log", core_fake_bytes(fixture_name(ann), 32)));
    assert_outcome(&w, s, id, "recovery_only");

    struct fixture_random before = ann->random;
    struct fixture_log *log = &ann->log;
    uint8_t entry_id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES];
    struct council_draft draft =
        fixture_draft(&w.fixture, log, ann, COUNCIL_KIND_DEVICE_REVOKE, entry_id, device);
    struct fixture_entry revoke;
    assert_int_equal(fixture_sign(&revoke, &draft,
                                  fixture_body("{\"device\":\"%s\"}",
                                               fixture_key(fixture_device(ann, 0).sign).text),
                                  ann->devices[0].sign),
                     COUNCIL_OK);
    id = core_fake_append(&w.fake, old, &revoke);
    core_fake_run(&w.fake);
    assert_outcome(&w, old, id, "retry");
    id = core_fake_append(&w.fake, s, &revoke);
    core_fake_run(&w.fake);
    assert_outcome(&w, s, id, "recovery_only");
    fixture_entry_fini(&revoke);
    ann->random = before;

    assert_int_equal(fixture_recover(&w.fixture, ann, true), COUNCIL_OK);
    id = core_fake_append(&w.fake, s, &log->entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w, s, id, "ok");
    assert_true(w.fake.sessions[old].closed);
    core_fake_disconnect(&w.fake, s);
    (void)core_fake_login_new(&w.fake, ann, ann->use);
    /* the new recovery key leads here, and the old one nowhere */
    assert_int_equal(w.fake.store.recovery_count, 1);
    s = core_fake_hello(&w.fake);
    assert_outcome(&w, s, core_fake_recover(&w.fake, s, ann), "ok");
    core_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_and_login),     cmocka_unit_test(order_of_calls),
        cmocka_unit_test(refused_messages),    cmocka_unit_test(refused_logins),
        cmocka_unit_test(challenge_expires),   cmocka_unit_test(registration_by_code),
        cmocka_unit_test(registration_closed), cmocka_unit_test(recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
