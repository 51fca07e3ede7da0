/*
 * test_core_session.c - the core's connections: hello, login, registration, what is refused and what closes.
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
};

static void begin(struct world *w, struct core_config config)
{
    core_fake_start(&w->fake, &config);
    fixture_init(&w->fixture, "core session");
    w->fixture.now_ms = w->fake.wall_ms;
}

static void end(struct world *w)
{
    fixture_fini(&w->fixture);
    core_fake_fini(&w->fake);
}

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

#define assert_outcome(fake, session, id, name) \
    assert_string_equal(core_fake_outcome((fake), (session), (id)), (name))

static void hello_and_login(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    const struct fixture_member *ann = fixture_member(&w.fixture, 0);
    uint32_t s = core_fake_hello(&w.fake);
    assert_int_equal(core_message_max(w.fake.core, w.fake.sessions[s].handle), COUNCIL_FRAME_FRESH);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, ann, NULL), "ok");
    assert_outcome(&w.fake, s, core_fake_login(&w.fake, s, ann, 0), "ok");
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
    end(&w);
}

static void order_of_calls(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    const struct fixture_member *ann = fixture_member(&w.fixture, 0);
    uint32_t s = core_fake_connect(&w.fake, 1);
    assert_outcome(&w.fake, s, call(&w.fake, s, "council.list"), "hello_first");
    assert_outcome(&w.fake, s, call(&w.fake, s, "rpc.discover"), "ok");
    assert_outcome(&w.fake, s, call(&w.fake, s, "no.such"), "unknown_method");
    assert_false(w.fake.sessions[s].closed);
    /* the fifth message before login is one too many (the fourth was hello) */
    json_t *params =
        json_pack("{s:o, s:i, s:s}", "nonce", core_fake_bytes(ann->log.log.tail.head, 32),
                  "protocol", 1, "client", "x");
    assert_outcome(&w.fake, s, core_fake_call(&w.fake, s, "server.hello", params), "ok");
    (void)call(&w.fake, s, "rpc.discover");
    assert_true(w.fake.sessions[s].closed);

    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, call(&w.fake, s, "council.list"), "login_first");
    params = json_pack("{s:o, s:i, s:s}", "nonce", core_fake_bytes(ann->log.log.tail.head, 32),
                       "protocol", 1, "client", "x");
    assert_outcome(&w.fake, s, core_fake_call(&w.fake, s, "server.hello", params), "hello_again");
    assert_true(w.fake.sessions[s].closed);
    assert_int_equal(w.fake.sessions[s].code, CORE_CLOSE_POLICY);

    s = core_fake_member(&w.fake, ann);
    assert_outcome(&w.fake, s, core_fake_login(&w.fake, s, ann, 0), "login_again");
    assert_true(w.fake.sessions[s].closed);
    end(&w);
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
    struct world w;
    begin(&w, core_fake_config(&w.fake));
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
    end(&w);
}

/* Whatever is wrong with a login, it looks the same. */
static void refused_logins(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    struct fixture_member *ann = fixture_member(&w.fixture, 0);
    struct fixture_member *ben = fixture_member(&w.fixture, 1);
    uint32_t known = core_fake_member(&w.fake, ann);
    assert_int_equal(fixture_device_add(&w.fixture, ann), COUNCIL_OK);
    uint32_t s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, core_fake_login(&w.fake, s, ben, 0), "login_refused"); /* unknown */
    assert_true(w.fake.sessions[s].closed);
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, core_fake_login(&w.fake, s, ann, 1), "login_refused"); /* not yet */
    s = core_fake_hello(&w.fake);
    uint64_t id = core_fake_call(
        &w.fake, s, "auth.login",
        json_pack("{s:o, s:s, s:o, s:o}", "device", core_fake_bytes(ann->devices[0].sign + 32, 32),
                  "purpose", "device", "sig", core_fake_bytes(ann->devices[0].sign, 64), "member",
                  core_fake_bytes(fixture_name(ann), 32)));
    assert_outcome(&w.fake, s, id, "login_refused"); /* bad signature */
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, core_fake_recover(&w.fake, s, ben), "login_refused");
    /* the new device is announced, and the old one revoked by it */
    id = core_fake_append(&w.fake, known, &ann->log.entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w.fake, known, id, "ok");
    uint32_t second = core_fake_login_new(&w.fake, ann, 1);
    ann->use = 1;
    assert_int_equal(fixture_device_revoke(&w.fixture, ann, 0), COUNCIL_OK);
    id = core_fake_append(&w.fake, second, &ann->log.entries[2]);
    core_fake_run(&w.fake);
    assert_outcome(&w.fake, second, id, "ok");
    assert_true(w.fake.sessions[known].closed);
    assert_string_equal(w.fake.sessions[known].reason, "device_revoked");
    assert_false(w.fake.sessions[second].closed);
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, core_fake_login(&w.fake, s, ann, 0), "login_refused"); /* revoked */
    end(&w);
}

static void challenge_expires(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    const struct fixture_member *ann = fixture_member(&w.fixture, 0);
    uint32_t s = core_fake_hello(&w.fake);
    core_fake_advance(&w.fake, COUNCIL_LOGIN_TTL_MS + 1);
    assert_outcome(&w.fake, s, core_fake_login(&w.fake, s, ann, 0), "login_expired");
    s = core_fake_hello(&w.fake);
    core_fake_advance(&w.fake, COUNCIL_LOGIN_TTL_MS);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, ann, NULL), "ok");
    assert_outcome(&w.fake, s, enroll(&w.fake, s, ann, NULL), "login_expired"); /* one each */
    /* it serves one login even while that is still being verified */
    s = core_fake_hello(&w.fake);
    w.fake.hold_work = true;
    (void)core_fake_login(&w.fake, s, ann, 0);
    uint64_t id = core_fake_login(&w.fake, s, ann, 0);
    assert_outcome(&w.fake, s, id, "login_expired");
    w.fake.hold_work = false;
    core_fake_run(&w.fake);
    /* who never logs in is sent away */
    s = core_fake_connect(&w.fake, 0);
    core_fake_advance(&w.fake, 60000);
    assert_true(w.fake.sessions[s].closed);
    end(&w);
}

static void registration_by_code(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.registration = CORE_REGISTER_CODE;
    begin(&w, config);
    council_hash(w.fake.store.code, "garden", 6);
    w.fake.store.code_uses = 1;
    uint32_t s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, fixture_member(&w.fixture, 0), NULL),
                   "code_refused");
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, fixture_member(&w.fixture, 0), "meadow"),
                   "code_refused");
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, fixture_member(&w.fixture, 0), "garden"), "ok");
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, fixture_member(&w.fixture, 1), "garden"),
                   "code_refused");
    /* a retry of what succeeded takes no code and gets the same answer */
    s = core_fake_hello(&w.fake);
    uint64_t id = enroll(&w.fake, s, fixture_member(&w.fixture, 0), "garden");
    assert_outcome(&w.fake, s, id, "ok");
    assert_int_equal(core_fake_int(core_fake_result(&w.fake, s, id), "seq"), 1);
    assert_int_equal(w.fake.store.log_count, 1);
    end(&w);
}

static void registration_closed(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.registration = CORE_REGISTER_CLOSED;
    begin(&w, config);
    uint32_t s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, enroll(&w.fake, s, fixture_member(&w.fixture, 0), NULL),
                   "registration_closed");
    assert_int_equal(w.fake.store.log_count, 0);
    end(&w);
}

/* A recovery session reads and recovers, nothing else; while it is open, no device writes in that member log. */
static void recovery(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    struct fixture_member *ann = fixture_member(&w.fixture, 0);
    uint32_t old = core_fake_member(&w.fake, ann);
    uint32_t s = core_fake_hello(&w.fake);
    uint64_t id = core_fake_recover(&w.fake, s, ann);
    assert_outcome(&w.fake, s, id, "ok");
    assert_outcome(&w.fake, s, core_fake_subscribe(&w.fake, s, fixture_name(ann), 0), "ok");
    assert_int_equal(core_fake_gaps(&w.fake, s, fixture_name(ann), 0, 1), 0);
    id = core_fake_call(&w.fake, s, "presence.join",
                        json_pack("{s:o}", "log", core_fake_bytes(fixture_name(ann), 32)));
    assert_outcome(&w.fake, s, id, "recovery_only");

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
    assert_outcome(&w.fake, old, id, "retry");
    id = core_fake_append(&w.fake, s, &revoke);
    core_fake_run(&w.fake);
    assert_outcome(&w.fake, s, id, "recovery_only");
    fixture_entry_fini(&revoke);
    ann->random = before;

    assert_int_equal(fixture_recover(&w.fixture, ann, true), COUNCIL_OK);
    id = core_fake_append(&w.fake, s, &log->entries[1]);
    core_fake_run(&w.fake);
    assert_outcome(&w.fake, s, id, "ok");
    assert_true(w.fake.sessions[old].closed);
    core_fake_disconnect(&w.fake, s);
    (void)core_fake_login_new(&w.fake, ann, ann->use);
    /* the new recovery key leads here, and the old one nowhere */
    assert_int_equal(w.fake.store.recovery_count, 1);
    s = core_fake_hello(&w.fake);
    assert_outcome(&w.fake, s, core_fake_recover(&w.fake, s, ann), "ok");
    end(&w);
}

static void handles_are_not_reused(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    uint32_t first = core_fake_connect(&w.fake, 0);
    core_session old = w.fake.sessions[first].handle;
    core_fake_disconnect(&w.fake, first);
    uint32_t second = core_fake_connect(&w.fake, 0);
    assert_true(w.fake.sessions[second].handle != old);
    core_disconnect(w.fake.core, old);
    core_message(w.fake.core, old, "{}", 2);
    core_writable(w.fake.core, old, 5);
    core_too_large(w.fake.core, old);
    assert_int_equal(w.fake.sessions[second].count, 0);
    assert_false(w.fake.sessions[second].closed);
    struct core_stats stats;
    core_stats(w.fake.core, &stats);
    assert_int_equal(stats.sessions, 1);
    end(&w);
}

static void connections_per_address(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.sessions_per_address = 2;
    config.limits.sessions = 4;
    config.limits.address_burst = 10;
    begin(&w, config);
    uint32_t a = core_fake_connect(&w.fake, 1);
    assert_int_not_equal(w.fake.sessions[a].handle, 0);
    assert_int_not_equal(w.fake.sessions[core_fake_connect(&w.fake, 1)].handle, 0);
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 1)].handle, 0);
    uint32_t b = core_fake_connect(&w.fake, 2);
    assert_int_not_equal(w.fake.sessions[b].handle, 0);
    core_fake_disconnect(&w.fake, a);
    uint32_t c = core_fake_connect(&w.fake, 1);
    assert_int_not_equal(w.fake.sessions[c].handle, 0);
    assert_int_not_equal(w.fake.sessions[core_fake_connect(&w.fake, 0)].handle, 0);
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 0)].handle, 0);
    /* ten tokens: one call of ten, then none until time has passed; addresses do not share */
    assert_outcome(&w.fake, c, call(&w.fake, c, "rpc.discover"), "ok");
    uint64_t id = call(&w.fake, c, "rpc.discover");
    assert_outcome(&w.fake, c, id, "rate_limited");
    const json_t *data =
        json_object_get(json_object_get(core_fake_answer(&w.fake, c, id), "error"), "data");
    uint64_t wait = core_fake_int(data, "retry_after_ms");
    assert_in_range(wait, 1, 1000);
    assert_outcome(&w.fake, b, call(&w.fake, b, "rpc.discover"), "ok");
    core_fake_advance(&w.fake, wait);
    assert_outcome(&w.fake, c, call(&w.fake, c, "rpc.discover"), "ok");
    end(&w);
}

static void too_many_calls(void **state)
{
    (void)state;
    struct world w;
    struct core_config config = core_fake_config(&w.fake);
    config.limits.outstanding = 4;
    begin(&w, config);
    uint32_t s = core_fake_member(&w.fake, fixture_member(&w.fixture, 0));
    w.fake.hold_store = true;
    for (int i = 0; i < 4; i++) {
        (void)call(&w.fake, s, "council.list");
    }
    assert_false(w.fake.sessions[s].closed);
    uint64_t id = call(&w.fake, s, "council.list");
    assert_outcome(&w.fake, s, id, "too_many_calls");
    assert_true(w.fake.sessions[s].closed);
    end(&w); /* the answers of those four find nobody */
}

static void shutdown_lets_calls_land(void **state)
{
    (void)state;
    struct world w;
    begin(&w, core_fake_config(&w.fake));
    struct fixture_member *ann = fixture_member(&w.fixture, 0);
    uint32_t s = core_fake_member(&w.fake, ann);
    uint32_t idle = core_fake_connect(&w.fake, 0);
    assert_int_equal(fixture_device_add(&w.fixture, ann), COUNCIL_OK);
    w.fake.hold_store = true;
    uint64_t id = core_fake_append(&w.fake, s, &ann->log.entries[1]);
    core_fake_run(&w.fake);
    core_shutdown(w.fake.core);
    assert_false(core_drained(w.fake.core));
    assert_int_equal(core_fake_notices(&w.fake, idle, "server.goodbye"), 1);
    assert_false(w.fake.sessions[s].closed);
    core_fake_say(&w.fake, idle, "{}");
    assert_string_equal(w.fake.sessions[idle].reason, "going_away");
    assert_int_equal(w.fake.sessions[core_fake_connect(&w.fake, 0)].handle, 0);
    w.fake.hold_store = false;
    core_fake_run(&w.fake);
    assert_outcome(&w.fake, s, id, "ok");
    assert_true(w.fake.sessions[s].closed);
    assert_int_equal(w.fake.sessions[s].code, CORE_CLOSE_GOING_AWAY);
    assert_true(core_drained(w.fake.core));
    end(&w);
}

static void limits_table(void **state)
{
    (void)state;
    struct core_limits limits;
    uint32_t count = 0;
    core_limits_init(&limits);
    const struct core_limit_info *infos = core_limit_infos(&count);
    assert_true(count > 10);
    for (uint32_t i = 0; i < count; i++) {
        assert_in_range(infos[i].value, infos[i].min, infos[i].max);
        assert_int_equal(core_limits_get(&limits, infos[i].name), infos[i].value);
        assert_true(core_limits_set(&limits, infos[i].name, infos[i].min));
        assert_int_equal(core_limits_get(&limits, infos[i].name), infos[i].min);
        assert_false(core_limits_set(&limits, infos[i].name, infos[i].max + 1));
    }
    assert_false(core_limits_set(&limits, "no-such-limit", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_and_login),        cmocka_unit_test(order_of_calls),
        cmocka_unit_test(refused_messages),       cmocka_unit_test(refused_logins),
        cmocka_unit_test(challenge_expires),      cmocka_unit_test(registration_by_code),
        cmocka_unit_test(registration_closed),    cmocka_unit_test(recovery),
        cmocka_unit_test(handles_are_not_reused), cmocka_unit_test(connections_per_address),
        cmocka_unit_test(too_many_calls),         cmocka_unit_test(shutdown_lets_calls_land),
        cmocka_unit_test(limits_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
