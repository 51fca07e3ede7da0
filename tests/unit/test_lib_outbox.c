/*
 * test_lib_outbox.c - writing: intents of every kind, what is refused at once, and items between draft and acknowledged.
 */
#include "lib_fixture.h"
#include "sync_peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

struct world {
    struct lib_home home;
    uint8_t council[COUNCIL_KEY_BYTES];
    char self[COUNCIL_KEY_CHARS + 1];
};

static int make(void **state)
{
    static struct world world;

    lib_home_init_member(&world.home);
    lib_home_found(&world.home, false, world.council);
    council_b64_encode(world.self, client_member(world.home.client), COUNCIL_KEY_BYTES);
    *state = &world;
    return 0;
}

static int drop(void **state)
{
    struct world *world = *state;

    lib_home_fini(&world->home);
    return 0;
}

/* SELF in an intent stands for the member's name. */
static json_t *intent_of(const struct world *world, const char *text)
{
    char filled[600];
    const char *self = strstr(text, "SELF");

    if (self == NULL)
        (void)snprintf(filled, sizeof filled, "%s", text);
    else
        (void)snprintf(filled, sizeof filled, "%.*s%s%s", (int)(self - text), text, world->self,
                       self + 4);
    json_t *intent = json_loads(filled, 0, NULL);

    assert_non_null(intent);
    return intent;
}

static enum council_error submit(struct world *world, enum council_kind kind, const char *text,
                                 uint64_t *item)
{
    json_t *intent = intent_of(world, text);
    enum council_error error =
        client_submit(world->home.client, world->council, kind, intent, item);

    json_decref(intent);
    return error;
}

/* As one reads a row: what is asked for, and what comes of it. */
static const struct { /* NOLINT(clang-analyzer-optin.performance.Padding) */
    enum council_kind kind;
    const char *intent;
    enum council_error error;
} rows[] = {
    {COUNCIL_KIND_POST, "{\"content\":{\"type\":\"note\",\"text\":\"hi\"}}", COUNCIL_OK},
    {COUNCIL_KIND_POST, "{\"content\":{\"type\":\"checkin\"},\"meeting\":\"2026-11-02T18:00\"}",
     COUNCIL_OK},
    {COUNCIL_KIND_POST, "{\"content\":{\"type\":\"checkin\"},\"meeting\":\"soon\"}",
     COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_POST, "{\"content\":{\"type\":\"checkin\"},\"meeting\":\"\\\"\"}",
     COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_POST, "{\"content\":{\"text\":\"no type\"}}", COUNCIL_E_BAD_INPUT},
    {COUNCIL_KIND_POST, "{}", COUNCIL_E_BAD_INPUT},
    {COUNCIL_KIND_SCHEDULE_SET,
     "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-02T18:00\","
     "\"zone\":\"Europe/Berlin\"}",
     COUNCIL_OK},
    {COUNCIL_KIND_SCHEDULE_SET,
     "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO\",\"start\":\"2026-11-02T18:00\","
     "\"zone\":\"UTC\"}",
     COUNCIL_E_BAD_CADENCE},
    {COUNCIL_KIND_SCHEDULE_SET, "{\"minutes\":60}", COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_RSVP, "{\"answer\":\"yes\",\"meeting\":\"2026-11-02T18:00\"}",
     COUNCIL_E_NO_SCHEDULE},
    {COUNCIL_KIND_VOTE, "{\"member\":\"SELF\"}", COUNCIL_OK},
    {COUNCIL_KIND_VOTE, "{\"member\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     COUNCIL_E_NO_SUCH_MEMBER},
    {COUNCIL_KIND_VOTE, "{\"member\":\"SELF\",\"why\":\"x\"}", COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_VOTE, "{\"member\":[]}", COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_MEMBER_ROLE, "{\"member\":\"SELF\",\"role\":\"moderator\"}", COUNCIL_OK},
    /* nobody would be left to get keys */
    {COUNCIL_KIND_MEMBER_REMOVE, "{\"member\":\"SELF\"}", COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_MEMBER_LEAVE, "{}", COUNCIL_OK},
    {COUNCIL_KIND_KEY_ROTATE, "{}", COUNCIL_OK},
    {COUNCIL_KIND_KEY_HISTORY, "{\"from\":1,\"member\":\"SELF\",\"to\":1}", COUNCIL_OK},
    {COUNCIL_KIND_KEY_HISTORY, "{\"from\":1,\"member\":\"SELF\",\"to\":80}",
     COUNCIL_E_HISTORY_RANGE},
    {COUNCIL_KIND_MEMBER_DEVICES, "{\"member\":\"SELF\"}", COUNCIL_E_CHAIN_EMPTY},
    {COUNCIL_KIND_ERASE, "{\"posts\":[1]}", COUNCIL_E_NOT_A_POST},
    {COUNCIL_KIND_ERASE, "{\"posts\":[99]}", COUNCIL_E_NOT_A_POST},
    {COUNCIL_KIND_ERASE, "{\"posts\":[\"1\"]}", COUNCIL_E_BAD_FIELD},
    {COUNCIL_KIND_COUNCIL_UPGRADE, "{\"version\":2}", COUNCIL_OK},
    {COUNCIL_KIND_INVITE_CLOSE, "{\"invite\":\"SELF\"}", COUNCIL_E_INVITE_UNKNOWN},
    {COUNCIL_KIND_MEETING_OPEN,
     "{\"facilitator\":\"SELF\",\"meeting\":\"2026-11-02T18:00\",\"minutes\":[5,10]}", COUNCIL_OK},
    {COUNCIL_KIND_MEETING_HAND,
     "{\"from\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"meeting\":\"2026-11-02T18:00\","
     "\"member\":\"SELF\"}",
     COUNCIL_E_NO_MEETING},
    {COUNCIL_KIND_DEVICE_REVOKE, "{\"device\":\"SELF\"}", COUNCIL_E_WRONG_LOG_TYPE},
};

/* What a log would refuse is refused before anything is stored. */
static void intents_are_judged_at_once(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t before = client_outbox_count(world->home.client);
        uint64_t item = 0;
        enum council_error error = submit(world, rows[i].kind, rows[i].intent, &item);

        if (error != rows[i].error)
            print_message("row %zu: %s, not %s\n", i, council_error_name(error),
                          council_error_name(rows[i].error));
        assert_int_equal(error, rows[i].error);
        assert_int_equal(client_outbox_count(world->home.client),
                         before + (error == COUNCIL_OK ? 1 : 0));
    }
}

/* It waited for a device that would never come, and whatever was written behind it into the member log waited too. */
static void a_device_that_is_not_there_is_not_waited_for(void **state)
{
    struct world *world = *state;
    json_t *intent = intent_of(world, "{\"device\":\"SELF\"}"); /* a member's name is no device */
    uint64_t item = 0;

    assert_int_equal(client_submit(world->home.client, client_member(world->home.client),
                                   COUNCIL_KIND_DEVICE_REVOKE, intent, &item),
                     COUNCIL_E_UNKNOWN_DEVICE);
    assert_int_equal(client_outbox_count(world->home.client), 0);
    json_decref(intent);
}

static void unknown_logs_are_refused(void **state)
{
    struct world *world = *state;
    json_t *intent = json_object();
    uint64_t item = 0;
    const uint8_t nowhere[COUNCIL_KEY_BYTES] = {1};

    assert_int_equal(
        client_submit(world->home.client, nowhere, COUNCIL_KIND_MEMBER_LEAVE, intent, &item),
        COUNCIL_E_NO_COUNCIL);
    assert_int_equal(client_submit(world->home.client, NULL, COUNCIL_KIND_POST, intent, &item),
                     COUNCIL_E_BAD_INPUT);
    json_decref(intent);
}

static void what_is_written_offline_waits_sealed(void **state)
{
    struct world *world = *state;
    struct client_item item_state;
    uint64_t item = 0;

    assert_int_equal(submit(world, COUNCIL_KIND_POST,
                            "{\"content\":{\"type\":\"note\",\"text\":\"PLANTEDNOTE\"}}", &item),
                     COUNCIL_OK);
    assert_int_equal(client_item(world->home.client, item, &item_state), COUNCIL_OK);
    assert_int_equal(item_state.state, CLIENT_ITEM_WAITING);
    assert_int_equal(item_state.kind, COUNCIL_KIND_POST);
    assert_memory_equal(item_state.log, world->council, COUNCIL_KEY_BYTES);
    lib_home_reopen(&world->home);
    assert_int_equal(client_outbox_count(world->home.client), 1);
    assert_int_equal(sync_outbox_count(world->home.client->sync), 1);
    assert_int_equal(lib_home_grep(&world->home, "PLANTED"), 0);
    assert_int_equal(client_item(world->home.client, item + 1, &item_state), COUNCIL_E_NO_ENTRY);
}

static void a_council_founded_offline_has_a_name_and_takes_notes(void **state)
{
    struct world *world = *state;
    struct client_item item_state;
    uint64_t item = 0;
    uint64_t note = 0;
    json_t *intent = json_loads(
        "{\"type\":\"council\",\"pace\":\"slow\",\"size\":6,\"history\":\"joined\"}", 0, NULL);
    json_t *content = json_loads("{\"content\":{\"type\":\"note\",\"text\":\"x\"}}", 0, NULL);

    assert_int_equal(
        client_submit(world->home.client, NULL, COUNCIL_KIND_COUNCIL_CREATE, intent, &item),
        COUNCIL_OK);
    assert_int_equal(client_item(world->home.client, item, &item_state), COUNCIL_OK);
    assert_int_equal(
        client_submit(world->home.client, item_state.log, COUNCIL_KIND_POST, content, &note),
        COUNCIL_OK);
    assert_int_equal(client_outbox_count(world->home.client), 3);
    json_decref(intent);
    json_decref(content);
    intent = json_loads(
        "{\"type\":\"council\",\"pace\":\"slow\",\"size\":9,\"history\":\"joined\"}", 0, NULL);
    assert_int_not_equal(
        client_submit(world->home.client, NULL, COUNCIL_KIND_COUNCIL_CREATE, intent, &item),
        COUNCIL_OK);
    json_decref(intent);
}

static void whoever_rotates_for_a_wrong_box_flags_it(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;
    struct sync_duty duty = {.kind = SYNC_DUTY_ROTATE};
    json_t *intent = NULL;

    memcpy(duty.log, world->council, COUNCIL_KEY_BYTES);
    for (duty.seq = 0; duty.seq <= 2; duty.seq += 2) { /* first a rotation for another reason */
        duty_due(client, &duty);
        assert_true(duty_pending(client));
        assert_true(duty_done(client, client->duties[0].item));
        assert_false(duty_pending(client));
        assert_int_equal(client_outbox_count(client), duty.seq / 2);
    }
    assert_int_equal(client_item_intent(client, client->items[0].item, &intent), COUNCIL_OK);
    json_t *content = json_object_get(intent, "content");
    assert_string_equal(json_string_value(json_object_get(content, "type")), "flag");
    assert_int_equal(json_integer_value(json_object_get(content, "seq")), 2);
    json_decref(intent);
}

/* The row decides whose bytes are sent: whoever comes second sends those of the first. */
static void two_processes_send_the_same_bytes(void **state)
{
    struct world *world = *state;
    struct client *other = NULL;
    struct outbox_row first;
    struct outbox_row second;
    uint64_t item = 0;

    assert_int_equal(
        submit(world, COUNCIL_KIND_POST, "{\"content\":{\"type\":\"note\",\"text\":\"x\"}}", &item),
        COUNCIL_OK);
    assert_int_equal(client_open(&other, world->home.folder, false), COUNCIL_OK);
    assert_int_equal(client_unlock(other, LIB_PASSPHRASE, (uint32_t)strlen(LIB_PASSPHRASE)),
                     COUNCIL_OK);
    outbox_sign(world->home.client, item, world->council, COUNCIL_OK);
    assert_int_equal(outbox_row(&other->home, HOME_OUTBOX_GET, item, &first), COUNCIL_OK);
    assert_int_equal(first.state, 2);
    assert_non_null(first.bytes.text);
    assert_non_null(first.bytes.data);
    outbox_sign(other, item, world->council, COUNCIL_OK);
    assert_int_equal(outbox_row(&other->home, HOME_OUTBOX_GET, item, &second), COUNCIL_OK);
    assert_string_equal(first.bytes.text, second.bytes.text);
    /* Refused for good: the first to hear of it signs anew, and the other one takes those bytes, too. */
    outbox_row_fini(&second);
    outbox_sign(world->home.client, item, world->council, COUNCIL_E_STALE);
    assert_int_equal(outbox_row(&other->home, HOME_OUTBOX_GET, item, &second), COUNCIL_OK);
    assert_string_not_equal(first.bytes.text, second.bytes.text);
    outbox_row_fini(&first);
    outbox_sign(other, item, world->council, COUNCIL_E_STALE);
    assert_int_equal(outbox_row(&other->home, HOME_OUTBOX_GET, item, &first), COUNCIL_OK);
    assert_string_equal(first.bytes.text, second.bytes.text);
    outbox_row_fini(&first);
    outbox_row_fini(&second);
    client_close(other);
}

static void settled_items_leave_every_process(void **state)
{
    struct world *world = *state;
    struct client *other = NULL;
    struct client_item item_state;
    uint64_t item = 0;

    assert_int_equal(
        submit(world, COUNCIL_KIND_POST, "{\"content\":{\"type\":\"note\",\"text\":\"x\"}}", &item),
        COUNCIL_OK);
    assert_int_equal(client_open(&other, world->home.folder, false), COUNCIL_OK);
    assert_true(sync_holds_item(other->sync, item));
    outbox_acked(world->home.client, item, world->council, 7);
    assert_int_equal(client_item(other, item, &item_state), COUNCIL_OK);
    assert_int_equal(item_state.state, CLIENT_ITEM_ACKNOWLEDGED);
    assert_int_equal(item_state.seq, 7);
    other->look_at = 0;
    assert_int_equal(client_step(other, 0), COUNCIL_OK);
    assert_false(sync_holds_item(other->sync, item));
    client_close(other);
    assert_int_equal(client_item_drop(world->home.client, item), COUNCIL_E_NO_ENTRY);
}

static bool count_item(void *ctx, uint64_t item, const struct client_item *state)
{
    (void)item;
    *(unsigned *)ctx += state->state == CLIENT_ITEM_FAILED ? 10 : 1;
    return true;
}

static void a_refused_item_keeps_its_error(void **state)
{
    struct world *world = *state;
    struct client_item item_state;
    uint64_t item = 0;
    unsigned seen = 0;

    assert_int_equal(
        submit(world, COUNCIL_KIND_POST, "{\"content\":{\"type\":\"note\",\"text\":\"x\"}}", &item),
        COUNCIL_OK);
    outbox_failed(world->home.client, item, world->council, COUNCIL_E_INTERNAL, "it broke");
    lib_home_reopen(&world->home);
    assert_int_equal(client_item(world->home.client, item, &item_state), COUNCIL_OK);
    assert_int_equal(item_state.state, CLIENT_ITEM_FAILED);
    assert_int_equal(item_state.error, COUNCIL_E_INTERNAL);
    assert_int_equal(client_outbox(world->home.client, count_item, &seen), COUNCIL_OK);
    assert_int_equal(seen, 10);
    assert_int_equal(client_item_drop(world->home.client, item), COUNCIL_OK);
    assert_int_equal(client_item(world->home.client, item, &item_state), COUNCIL_E_NO_ENTRY);
}

static void an_invites_secret_stays_sealed_and_its_link_comes_back(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;
    struct council_link link;
    const struct council *council = NULL;
    struct outbox_row row;
    char *text = NULL;
    uint64_t item = 0;

    assert_int_equal(
        client_invite(client, world->council, 1, client_now_ms() + 1000000, &text, &item),
        COUNCIL_OK);
    assert_int_equal(council_link_decode(&link, text, (uint32_t)strlen(text)), COUNCIL_OK);
    assert_memory_equal(link.council, world->council, COUNCIL_KEY_BYTES);
    assert_memory_equal(link.server, client_server_key(client), COUNCIL_KEY_BYTES);
    assert_int_equal(link.seq, 2);
    outbox_sign(client, item, world->council, COUNCIL_OK);
    assert_int_equal(outbox_row(&client->home, HOME_OUTBOX_GET, item, &row), COUNCIL_OK);
    assert_int_equal(lib_home_take(&world->home, world->council, &row.bytes), COUNCIL_OK);
    outbox_row_fini(&row);
    lib_home_reopen(&world->home);
    client = world->home.client;
    council = client_council(client, world->council);
    assert_int_equal(council->invite_count, 1);
    free(text);
    text = client_invite_link(client, world->council, council->invites[0].key);
    assert_non_null(text);
    struct council_link again;

    assert_int_equal(council_link_decode(&again, text, (uint32_t)strlen(text)), COUNCIL_OK);
    assert_memory_equal(again.invite_seed, link.invite_seed, COUNCIL_SEED_BYTES);
    free(text);
    assert_null(client_invite_link(client, world->council, world->council));
}

static void without_a_network_waiting_ends_and_the_item_stays(void **state)
{
    struct world *world = *state;
    uint64_t item = 0;

    assert_int_equal(
        submit(world, COUNCIL_KIND_POST, "{\"content\":{\"type\":\"note\",\"text\":\"x\"}}", &item),
        COUNCIL_OK);
    assert_int_equal(client_wait(world->home.client, item, 10000), COUNCIL_E_NO_NETWORK);
    assert_int_equal(client_sync(world->home.client, 10, 0, NULL, NULL), COUNCIL_E_NO_NETWORK);
    assert_int_equal(client_outbox_count(world->home.client), 1);
    assert_non_null(strstr(client_detail(world->home.client), "/nonexistent"));
}

/* Bytes that are not on the disk are not sent: a crash would leave nothing to repeat. */
static void on_a_full_disk_nothing_is_signed(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;
    struct outbox_row row;
    struct stat stat_of;
    struct rlimit before;
    char path[100];
    uint64_t item = 0;
    char *text = calloc(1, 100001);
    json_t *intent = NULL;

    assert_non_null(text);
    memset(text, 'x', 100000);
    intent = json_pack("{s:{s:s, s:s}}", "content", "type", "note", "text", text);
    assert_int_equal(client_submit(client, world->council, COUNCIL_KIND_POST, intent, &item),
                     COUNCIL_OK);
    (void)snprintf(path, sizeof path, "%s/home.db", world->home.folder);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {.rlim_cur = (rlim_t)stat_of.st_size + 4096,
                                 .rlim_max = before.rlim_max};

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    outbox_sign(client, item, world->council, COUNCIL_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(client->trouble, COUNCIL_E_HOME_FULL);
    assert_int_equal(outbox_row(&client->home, HOME_OUTBOX_GET, item, &row), COUNCIL_OK);
    assert_int_equal(row.state, 1);
    assert_null(row.bytes.text);
    outbox_row_fini(&row);
    /* and with room it goes on by itself */
    outbox_retry(client);
    assert_int_equal(outbox_row(&client->home, HOME_OUTBOX_GET, item, &row), COUNCIL_OK);
    assert_int_equal(row.state, 2);
    outbox_row_fini(&row);
    json_decref(intent);
    free(text);
}

static void addresses(void **state)
{
    static const struct {
        const char *url, *host, *origin;
        int port;
        bool good;
    } table[] = {
        {"https://a.example", "a.example", "https://a.example", 443, true},
        {"https://a.example/", "a.example", "https://a.example", 443, true},
        {"http://127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1:8080", 8080, true},
        {"http://[::1]:80", "::1", "http://[::1]:80", 80, true},
        {"unix:/run/c.sock", "/run/c.sock", "unix:", 0, true},
        {"unix:", NULL, NULL, 0, false},
        {"ftp://a", NULL, NULL, 0, false},
        {"http://", NULL, NULL, 0, false},
        {"http://a:0", NULL, NULL, 0, false},
        {"http://a:65536", NULL, NULL, 0, false},
        {"http://a:x", NULL, NULL, 0, false},
        {"http://a/b", NULL, NULL, 0, false},
        {"http://u@a", NULL, NULL, 0, false},
        {"http://[::1", NULL, NULL, 0, false},
        {"", NULL, NULL, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct net_address address;

        assert_int_equal(net_address(&address, table[i].url),
                         table[i].good ? COUNCIL_OK : COUNCIL_E_BAD_INPUT);
        if (table[i].good) {
            assert_string_equal(address.host, table[i].host);
            assert_string_equal(address.origin, table[i].origin);
            assert_int_equal(address.port, table[i].port);
        }
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(intents_are_judged_at_once),
        TEST(a_device_that_is_not_there_is_not_waited_for),
        TEST(unknown_logs_are_refused),
        TEST(what_is_written_offline_waits_sealed),
        TEST(a_council_founded_offline_has_a_name_and_takes_notes),
        TEST(whoever_rotates_for_a_wrong_box_flags_it),
        TEST(two_processes_send_the_same_bytes),
        TEST(settled_items_leave_every_process),
        TEST(a_refused_item_keeps_its_error),
        TEST(an_invites_secret_stays_sealed_and_its_link_comes_back),
        TEST(without_a_network_waiting_ends_and_the_item_stays),
        TEST(on_a_full_disk_nothing_is_signed),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
