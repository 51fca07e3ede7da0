/*
 * test_lib_presence.c - signals of a room: what is sealed and signed is heard, and nothing else is, whatever the server makes of it; and the server's clock.
 */
#include "lib_fixture.h"

#include "client/lib/presence_internal.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct lib_home home;
    uint8_t council[COUNCIL_KEY_BYTES], other[COUNCIL_KEY_BYTES];
};

static int make(void **state)
{
    static struct world world;

    lib_home_init_member(&world.home);
    lib_home_found(&world.home, false, world.council);
    lib_home_found(&world.home, false, world.other);
    *state = &world;
    return 0;
}

static int drop(void **state)
{
    struct world *world = *state;

    lib_home_fini(&world->home);
    return 0;
}

/* A signal of this device as the server would pass it on to others. */
static json_t *notification(struct world *world, const uint8_t *log, uint64_t at)
{
    const struct model_signal signal = {MODEL_SIGNAL_HAND, 1, at};
    struct client *client = world->home.client;
    char text[COUNCIL_KEY_CHARS + 1];
    json_t *params = NULL;
    const char *field = NULL;

    assert_int_equal(presence_seal(client, log, &signal, &params), COUNCIL_OK);
    assert_int_equal(council_rpc_check_params(COUNCIL_METHOD_PRESENCE_SIGNAL, params, &field),
                     COUNCIL_OK);
    council_b64_encode(text, client_member(client), COUNCIL_KEY_BYTES);
    json_object_set_new(params, "member", json_string(text));
    council_b64_encode(text, client_device(client), COUNCIL_KEY_BYTES);
    json_object_set_new(params, "device", json_string(text));
    assert_int_equal(council_rpc_check_notification(COUNCIL_NOTIFICATION_SIGNAL, params, &field),
                     COUNCIL_OK);
    return params;
}

static enum council_error hear(struct world *world, const json_t *params)
{
    struct presence_heard heard;

    return presence_open(world->home.client, world->council, params, &heard);
}

static void a_signal_is_heard_as_it_was_said(void **state)
{
    struct world *world = *state;
    json_t *params = notification(world, world->council, 1800000000000);
    struct presence_heard heard;

    assert_int_equal(presence_open(world->home.client, world->council, params, &heard), COUNCIL_OK);
    assert_int_equal(heard.signal.type, MODEL_SIGNAL_HAND);
    assert_int_equal(heard.signal.value, 1);
    assert_true(heard.signal.at == 1800000000000);
    assert_memory_equal(heard.member, client_member(world->home.client), COUNCIL_KEY_BYTES);
    assert_memory_equal(heard.device, client_device(world->home.client), COUNCIL_KEY_BYTES);
    assert_null(strstr(json_string_value(json_object_get(params, "data")), "hand"));
    json_decref(params);
}

/* Flips a bit of a base64url field, so that it still has its length. */
static void bend(json_t *params, const char *name)
{
    char *text = strdup(json_string_value(json_object_get(params, name)));

    assert_non_null(text);
    text[8] = text[8] == 'A' ? 'B' : 'A';
    json_object_set_new(params, name, json_string(text));
    free(text);
}

static void whatever_is_changed_about_it_is_refused(void **state)
{
    static const struct {
        const char *field;
        enum council_error error;
    } bent[] = {
        {"log", COUNCIL_E_NOT_FOUND},         {"member", COUNCIL_E_UNKNOWN_DEVICE},
        {"device", COUNCIL_E_UNKNOWN_DEVICE}, {"id", COUNCIL_E_BAD_SIGNATURE},
        {"data", COUNCIL_E_BAD_SIGNATURE},    {"sig", COUNCIL_E_BAD_SIGNATURE},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
        json_t *params = notification(world, world->council, 1);

        bend(params, bent[i].field);
        assert_int_equal(hear(world, params), bent[i].error);
        json_decref(params);
    }
    json_t *params = notification(world, world->council, 1);

    json_object_set_new(params, "epoch", json_integer(2));
    assert_int_equal(hear(world, params), COUNCIL_E_STALE_EPOCH);
    json_decref(params);
    /* said in another council by the same device, passed on here */
    params = notification(world, world->other, 1);
    json_t *here = notification(world, world->council, 1);

    json_object_set(params, "log", json_object_get(here, "log"));
    assert_int_equal(hear(world, params), COUNCIL_E_BAD_SIGNATURE);
    json_decref(here);
    json_decref(params);
}

/* A post's ciphertext is no signal's: the kind is bound into the seal. */
static void a_post_is_not_taken_for_a_signal(void **state)
{
    static const char plain[] = "{\"type\":\"hand\",\"up\":1,\"at\":1}";
    struct world *world = *state;
    struct client *client = world->home.client;
    json_t *params = notification(world, world->council, 1);
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t nonce[24] = {0};
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t epoch[8];
    uint8_t hash[COUNCIL_HASH_BYTES];
    char text[1024];

    for (unsigned turn = 0; turn < 2; turn++) { /* as a control: the same with the right kind */
        uint8_t *data = NULL;
        uint32_t len = 0;

        assert_true(council_rpc_bytes(params, "id", id, sizeof id));
        const struct council_seal_place place = {.log = world->council,
                                                 .author = client_member(client),
                                                 .device = client_device(client),
                                                 .id = id,
                                                 .kind = turn == 0 ? "post" : "signal",
                                                 .epoch = 1};

        assert_int_equal(keyring_seed(client->keyring, &client->home, world->council, 1, seed),
                         COUNCIL_OK);
        assert_int_equal(council_seal(&place, seed, nonce, plain, sizeof plain - 1, &data, &len),
                         COUNCIL_OK);
        council_u64be(epoch, 1);
        council_hash(hash, data, len);
        const struct council_field fields[] = {COUNCIL_F(world->council), COUNCIL_F(id),
                                               COUNCIL_F(epoch), COUNCIL_F(hash)};

        assert_true(
            council_sign_p(sig, client->keyring->device.sign, "council/v1/signal", fields, 4));
        assert_true(COUNCIL_B64_CHARS(len) < sizeof text);
        council_b64_encode(text, data, len);
        json_object_set_new(params, "data", json_string(text));
        council_b64_encode(text, sig, sizeof sig);
        json_object_set_new(params, "sig", json_string(text));
        assert_int_equal(hear(world, params), turn == 0 ? COUNCIL_E_BAD_CIPHER : COUNCIL_OK);
        free(data);
    }
    json_decref(params);
}

static void old_keys_open_no_signals(void **state)
{
    struct world *world = *state;
    json_t *first = notification(world, world->council, 1);

    assert_int_equal(hear(world, first), COUNCIL_OK);
    (void)lib_home_write(&world->home, world->council, COUNCIL_KIND_KEY_ROTATE, "{}");
    assert_int_equal(hear(world, first), COUNCIL_OK); /* it was on its way when the keys changed */
    (void)lib_home_write(&world->home, world->council, COUNCIL_KIND_KEY_ROTATE, "{}");
    assert_int_equal(hear(world, first), COUNCIL_E_STALE_EPOCH);
    json_decref(first);
}

/* In the room as a server would have it, without one. */
static void enter(struct world *world, uint64_t server_now)
{
    struct client *client = world->home.client;

    servertime_asked(client);
    servertime_told(client, server_now);
    assert_int_equal(client_presence_join(client, world->council), COUNCIL_OK);
    client->presence->here = true;
    assert_true(here_come(&client->presence->around, client_member(client), client_device(client)));
}

static bool hand_is_up(struct client *client)
{
    struct here_person people[HERE_PEOPLE_MAX];
    uint32_t count = client_presence_people(client, people);

    assert_int_equal(count, 1);
    return people[0].since[MODEL_SIGNAL_HAND] != 0;
}

static void what_the_server_repeats_changes_nothing(void **state)
{
    const uint64_t now = UINT64_C(1800000000000);
    struct world *world = *state;
    struct client *client = world->home.client;
    json_t *fresh = notification(world, world->council, now);
    json_t *earlier = notification(world, world->council, now - 1);
    json_t *yesterday = notification(world, world->council, now - 86400000);

    enter(world, now);
    presence_notice(client, COUNCIL_NOTIFICATION_SIGNAL, yesterday);
    assert_false(hand_is_up(client));
    presence_notice(client, COUNCIL_NOTIFICATION_SIGNAL, fresh);
    assert_true(hand_is_up(client));
    uint64_t changes = client_presence_changes(client);

    presence_notice(client, COUNCIL_NOTIFICATION_SIGNAL, fresh);
    presence_notice(client, COUNCIL_NOTIFICATION_SIGNAL, earlier);
    assert_true(client_presence_changes(client) == changes);
    json_decref(fresh);
    json_decref(earlier);
    json_decref(yesterday);
}

static void strangers_are_not_shown(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;
    struct here_person people[HERE_PEOPLE_MAX];
    char log[COUNCIL_KEY_CHARS + 1];

    enter(world, 1);
    council_b64_encode(log, world->council, COUNCIL_KEY_BYTES);
    json_t *params =
        json_pack("{s:s, s:s, s:s, s:i}", "log", log, "member", log, "device", log, "present", 1);

    presence_notice(client, COUNCIL_NOTIFICATION_PRESENCE, params);
    assert_int_equal(client->presence->around.count, 2);
    assert_int_equal(client_presence_people(client, people), 1);
    json_decref(params);
    /* and away from the server nobody is known to be here */
    presence_offline(client);
    assert_false(client_presence_here(client));
    assert_int_equal(client_presence_people(client, people), 0);
}

static void a_room_is_a_councils_and_one_at_a_time(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;

    assert_int_equal(client_presence_say(client, MODEL_SIGNAL_HAND, 1), COUNCIL_E_BAD_INPUT);
    assert_int_equal(client_presence_join(client, client_journal(client)), COUNCIL_E_NO_COUNCIL);
    assert_int_equal(client_presence_join(client, client_member(client)), COUNCIL_E_NO_COUNCIL);
    assert_int_equal(client_presence_join(client, world->council), COUNCIL_OK);
    assert_int_equal(client_presence_say(client, MODEL_SIGNAL_HAND, 1), COUNCIL_OK);
    const struct presence *same = client->presence;

    assert_int_equal(client_presence_join(client, world->council), COUNCIL_OK);
    assert_ptr_equal(client->presence, same);
    assert_true(client->presence->own[MODEL_SIGNAL_HAND].due);
    assert_int_equal(client_presence_join(client, world->other), COUNCIL_OK);
    assert_false(client->presence->own[MODEL_SIGNAL_HAND].due);
    client_presence_leave(client);
    client_presence_leave(client);
    assert_null(client->presence);
}

static void the_servers_clock_is_everybodys(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;
    uint64_t wall = client_now_ms();

    assert_false(client_server_clock(client));
    assert_true(client_server_now_ms(client) >= wall && client_server_now_ms(client) < wall + 5000);
    servertime_told(client, 5); /* an answer to nothing */
    assert_false(client_server_clock(client));
    servertime_asked(client);
    client->hello_at -= 2000; /* the answer took two seconds */
    servertime_told(client, 1000000);
    assert_true(client_server_clock(client));
    uint64_t now = client_server_now_ms(client);

    assert_true(now >= 1001000 && now < 1006000);
    client->server_at -= 60000; /* a minute later */
    assert_true(client_server_now_ms(client) >= 1061000);
    servertime_told(client, 0); /* a server that does not say */
    assert_true(client_server_now_ms(client) >= 1061000);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(a_signal_is_heard_as_it_was_said),
        TEST(whatever_is_changed_about_it_is_refused),
        TEST(a_post_is_not_taken_for_a_signal),
        TEST(old_keys_open_no_signals),
        TEST(what_the_server_repeats_changes_nothing),
        TEST(strangers_are_not_shown),
        TEST(a_room_is_a_councils_and_one_at_a_time),
        TEST(the_servers_clock_is_everybodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
