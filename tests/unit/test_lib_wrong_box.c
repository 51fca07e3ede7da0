/*
 * test_lib_wrong_box.c - a wrong key box: whichever process of a home found it, new keys are due until they are there.
 */
#include "lib_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct lib_home home;
    uint8_t council[COUNCIL_KEY_BYTES];
};

static int make(void **state)
{
    static struct world world;

    lib_home_init_member(&world.home);
    lib_home_found(&world.home, false, world.council);
    *state = &world;
    return 0;
}

static int drop(void **state)
{
    struct world *world = *state;

    lib_home_fini(&world->home);
    return 0;
}

/* New keys of which the recovery phrase's box is wrong for whoever checks it, as any process of the home would be brought them. */
struct wrong_keys {
    struct signed_entry bytes;
    struct council_entry entry;
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint8_t head[COUNCIL_HASH_BYTES];
    struct sync_entry stored;
};

static void wrong_keys_make(struct wrong_keys *keys, struct world *world)
{
    const struct sync_replica *replica = session_replica(world->home.client, world->council);
    json_t *content = json_object();
    const struct intent intent = {.kind = COUNCIL_KIND_KEY_ROTATE,
                                  .log = world->council,
                                  .content = content,
                                  .at = client_now_ms(),
                                  .replica = replica};

    memset(keys, 0, sizeof *keys);
    assert_int_equal(intent_sign(world->home.client, &intent, &keys->bytes), COUNCIL_OK);
    assert_int_equal(council_entry_parse(&keys->entry, keys->bytes.text, keys->bytes.len),
                     COUNCIL_OK);
    council_entry_head(keys->head, replica->state.tail.head, keys->bytes.text, keys->bytes.len,
                       keys->bytes.sig);
    keys->stored = (struct sync_entry){.seq = replica->state.tail.seq + 1,
                                       .received = client_now_ms(),
                                       .head = keys->head,
                                       .entry = &keys->entry,
                                       .sig = keys->bytes.sig,
                                       .recipients = keys->recipients};
    council_recipients(&replica->state.council, NULL, NULL, keys->recipients,
                       &keys->stored.recipient_count);
    for (uint32_t i = 0; i < keys->stored.recipient_count; i++) {
        if (memcmp(keys->recipients[i].sign, client_device(world->home.client),
                   COUNCIL_KEY_BYTES) != 0)
            keys->recipients[i].box[0] ^= 1;
    }
    json_decref(content);
}

static void wrong_keys_fini(struct wrong_keys *keys)
{
    council_entry_fini(&keys->entry);
    signed_entry_fini(&keys->bytes);
}

static bool rotation_due(const struct world *world, const struct client *client)
{
    struct sync_duty duty = {.kind = SYNC_DUTY_ROTATE};

    memcpy(duty.log, world->council, COUNCIL_KEY_BYTES);
    return sync_duty_due(client->sync, &duty);
}

static void a_wrong_key_box_is_known_until_new_keys_are_there(void **state)
{
    struct world *world = *state;
    struct wrong_keys keys;

    wrong_keys_make(&keys, world);
    assert_int_equal(store_entries(world->home.client, world->council, &keys.stored, 1),
                     COUNCIL_OK);
    wrong_keys_fini(&keys);
    lib_home_reopen(&world->home);
    assert_int_equal(client_council(world->home.client, world->council)->epoch, 2);
    assert_true(rotation_due(world, world->home.client));
    (void)lib_home_write(&world->home, world->council, COUNCIL_KIND_KEY_ROTATE, "{}");
    assert_false(rotation_due(world, world->home.client));
    lib_home_reopen(&world->home);
    assert_int_equal(client_council(world->home.client, world->council)->epoch, 3);
    assert_false(rotation_due(world, world->home.client));
}

static void count_report(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], enum council_error error,
                         const char *detail)
{
    uint32_t *count = ctx;

    (void)log;
    (void)detail;
    if (error == COUNCIL_E_BAD_BOX)
        (*count)++;
}

/* Either process may be the one that does the home's duties. */
static void a_wrong_key_box_is_known_to_every_process(void **state)
{
    struct world *world = *state;
    struct client *other = NULL;
    struct wrong_keys keys;
    uint32_t reports = 0;
    const struct client_events events = {.report = count_report, .ctx = &reports};

    assert_int_equal(client_open(&other, world->home.folder, false), COUNCIL_OK);
    assert_int_equal(client_unlock(other, LIB_PASSPHRASE, (uint32_t)strlen(LIB_PASSPHRASE)),
                     COUNCIL_OK);
    client_listen(other, &events);
    wrong_keys_make(&keys, world);
    assert_int_equal(store_entries(world->home.client, world->council, &keys.stored, 1),
                     COUNCIL_OK);
    /* online it is brought what the first one has stored */
    assert_int_equal(store_entries(other, world->council, &keys.stored, 1), COUNCIL_OK);
    assert_int_equal(reports, 1);
    /* offline it loads it */
    other->look_at = 0;
    assert_int_equal(client_step(other, 0), COUNCIL_OK);
    assert_int_equal(session_replica(other, world->council)->state.council.epoch, 2);
    assert_true(rotation_due(world, other));
    wrong_keys_fini(&keys);
    client_close(other);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_key_box_is_known_until_new_keys_are_there),
        TEST(a_wrong_key_box_is_known_to_every_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
