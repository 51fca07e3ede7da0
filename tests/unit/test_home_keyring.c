/*
 * test_home_keyring.c - the home key: a wrong passphrase told from damage, blobs bound to their place, nothing in the clear.
 */
#include "lib_fixture.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int make(void **state)
{
    static struct lib_home home;

    lib_home_init_member(&home);
    *state = &home;
    return 0;
}

static int drop(void **state)
{
    lib_home_fini(*state);
    return 0;
}

static enum council_error unlock(struct lib_home *home, const char *passphrase)
{
    return client_unlock(home->client, passphrase, (uint32_t)strlen(passphrase));
}

static void only_the_passphrase_opens(void **state)
{
    struct lib_home *home = *state;

    client_close(home->client);
    assert_int_equal(client_open(&home->client, home->folder, false), COUNCIL_OK);
    assert_true(client_has_member(home->client));
    assert_false(client_unlocked(home->client));
    assert_int_equal(unlock(home, "correct horsf"), COUNCIL_E_WRONG_PASSPHRASE);
    assert_int_equal(unlock(home, ""), COUNCIL_E_WRONG_PASSPHRASE);
    assert_false(client_unlocked(home->client));
    assert_int_equal(unlock(home, LIB_PASSPHRASE), COUNCIL_OK);
    assert_true(client_unlocked(home->client));
    assert_memory_equal(home->client->keyring->device.sign + 32, client_device(home->client), 32);
}

static void another_passphrase_replaces_the_first(void **state)
{
    struct lib_home *home = *state;

    assert_int_equal(client_passphrase(home->client, "", 0), COUNCIL_E_BAD_INPUT);
    assert_int_equal(client_passphrase(home->client, "new one", 7), COUNCIL_OK);
    client_close(home->client);
    assert_int_equal(client_open(&home->client, home->folder, false), COUNCIL_OK);
    assert_int_equal(unlock(home, LIB_PASSPHRASE), COUNCIL_E_WRONG_PASSPHRASE);
    assert_int_equal(unlock(home, "new one"), COUNCIL_OK);
}

/* Any flipped bit of the row is damage, never a wrong passphrase. */
static void damage_is_not_a_wrong_passphrase(void **state)
{
    struct lib_home *home = *state;
    uint8_t *row = NULL;
    uint32_t len = 0;

    assert_int_equal(home_get(&home->client->home, HOME_KEYRING_GET, "home", &row, &len),
                     COUNCIL_OK);
    for (uint32_t at = 0; at < len; at += 3) {
        row[at] ^= 1;
        assert_int_equal(home_put(&home->client->home, HOME_KEYRING_PUT, "home", row, len),
                         COUNCIL_OK);
        assert_int_equal(unlock(home, LIB_PASSPHRASE), COUNCIL_E_HOME_DAMAGED);
        row[at] ^= 1;
    }
    assert_int_equal(home_put(&home->client->home, HOME_KEYRING_PUT, "home", row, len - 1),
                     COUNCIL_OK);
    assert_int_equal(unlock(home, LIB_PASSPHRASE), COUNCIL_E_HOME_DAMAGED);
    assert_int_equal(home_put(&home->client->home, HOME_KEYRING_PUT, "home", row, len), COUNCIL_OK);
    assert_int_equal(unlock(home, LIB_PASSPHRASE), COUNCIL_OK);
    free(row);
}

static void a_damaged_device_key_is_damage(void **state)
{
    struct lib_home *home = *state;
    uint8_t *row = NULL;
    uint32_t len = 0;

    assert_int_equal(home_get(&home->client->home, HOME_KEYRING_GET, "device", &row, &len),
                     COUNCIL_OK);
    row[len / 2] ^= 1;
    assert_int_equal(home_put(&home->client->home, HOME_KEYRING_PUT, "device", row, len),
                     COUNCIL_OK);
    assert_int_equal(unlock(home, LIB_PASSPHRASE), COUNCIL_E_HOME_DAMAGED);
    assert_false(client_unlocked(home->client));
    free(row);
}

static void a_blob_opens_in_its_own_place_alone(void **state)
{
    struct lib_home *home = *state;
    const struct keyring *keyring = home->client->keyring;
    const struct keyring_place here = {.what = "draft", .name = "abc", .name_len = 3, .number = 4};
    const struct keyring_place elsewhere[] = {
        {.what = "intent", .name = "abc", .name_len = 3, .number = 4},
        {.what = "draft", .name = "abd", .name_len = 3, .number = 4},
        {.what = "draft", .name = "abc", .name_len = 3, .number = 5},
        {.what = "drafta", .name = "bc", .name_len = 2, .number = 4},
    };
    uint8_t *sealed = NULL;
    uint8_t *plain = NULL;
    uint32_t len = 0;
    uint32_t plain_len = 0;

    assert_int_equal(keyring_seal(keyring, &here, "secret", 6, &sealed, &len), COUNCIL_OK);
    assert_int_equal(len, 6 + KEYRING_OVERHEAD);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        assert_int_equal(keyring_open(keyring, &elsewhere[i], sealed, len, &plain, &plain_len),
                         COUNCIL_E_HOME_DAMAGED);
    assert_int_equal(keyring_open(keyring, &here, sealed, len, &plain, &plain_len), COUNCIL_OK);
    assert_string_equal((char *)plain, "secret");
    keyring_free(plain, plain_len);
    assert_int_equal(keyring_open(keyring, &here, sealed, KEYRING_OVERHEAD - 1, &plain, &plain_len),
                     COUNCIL_E_HOME_DAMAGED);
    free(sealed);
}

static void drafts_come_back_and_hide_their_names(void **state)
{
    struct lib_home *home = *state;
    char *text = NULL;
    uint32_t len = 0;

    assert_int_equal(client_draft_get(home->client, "PLANTEDNAME", &text, &len),
                     COUNCIL_E_NO_ENTRY);
    assert_int_equal(client_draft_put(home->client, "PLANTEDNAME", "PLANTEDTEXT one", 15),
                     COUNCIL_OK);
    assert_int_equal(client_draft_put(home->client, "PLANTEDNAME", "PLANTEDTEXT two", 15),
                     COUNCIL_OK);
    lib_home_reopen(home);
    assert_int_equal(client_draft_get(home->client, "PLANTEDNAME", &text, &len), COUNCIL_OK);
    assert_int_equal(len, 15);
    assert_string_equal(text, "PLANTEDTEXT two");
    free(text);
    assert_int_equal(lib_home_grep(home, "PLANTED"), 0);
    assert_int_equal(client_draft_drop(home->client, "PLANTEDNAME"), COUNCIL_OK);
    assert_int_equal(client_draft_get(home->client, "PLANTEDNAME", &text, &len),
                     COUNCIL_E_NO_ENTRY);
}

static void a_locked_home_seals_and_opens_nothing(void **state)
{
    struct lib_home *home = *state;
    char *text = NULL;
    uint32_t len = 0;
    uint64_t item = 0;
    json_t *intent = json_object();

    client_close(home->client);
    assert_int_equal(client_open(&home->client, home->folder, false), COUNCIL_OK);
    assert_int_equal(client_draft_put(home->client, "a", "b", 1), COUNCIL_E_WRONG_PASSPHRASE);
    assert_int_equal(client_draft_get(home->client, "a", &text, &len), COUNCIL_E_WRONG_PASSPHRASE);
    assert_int_equal(
        client_submit(home->client, client_journal(home->client), COUNCIL_KIND_POST, intent, &item),
        COUNCIL_E_WRONG_PASSPHRASE);
    assert_int_equal(client_passphrase(home->client, "x", 1), COUNCIL_E_WRONG_PASSPHRASE);
    json_decref(intent);
}

static void an_agent_hands_the_key_to_the_same_user(void **state)
{
    struct lib_home *home = *state;
    struct client *other = NULL;

    assert_int_equal(client_open(&other, home->folder, false), COUNCIL_OK);
    assert_int_equal(client_unlock(other, NULL, 0), COUNCIL_E_WRONG_PASSPHRASE);
    assert_int_equal(client_agent_start(home->client), COUNCIL_OK);
    assert_int_equal(client_unlock(other, NULL, 0), COUNCIL_OK);
    assert_memory_equal(other->keyring->home_key, home->client->keyring->home_key,
                        KEYRING_KEY_BYTES);
    assert_int_equal(client_agent_start(other), COUNCIL_E_HOME_BUSY);
    client_close(home->client);
    home->client = NULL;
    keyring_lock(other->keyring);
    assert_int_equal(client_unlock(other, NULL, 0), COUNCIL_E_WRONG_PASSPHRASE);
    client_close(other);
}

static void seeds_are_kept_by_log_and_epoch(void **state)
{
    struct lib_home *home = *state;
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t again[COUNCIL_SEED_BYTES];
    const uint8_t *journal = client_journal(home->client);

    assert_int_equal(keyring_seed(home->client->keyring, &home->client->home, journal, 1, seed),
                     COUNCIL_OK);
    lib_home_reopen(home);
    journal = client_journal(home->client);
    assert_int_equal(keyring_seed(home->client->keyring, &home->client->home, journal, 1, again),
                     COUNCIL_OK);
    assert_memory_equal(seed, again, sizeof seed);
    assert_int_equal(keyring_seed(home->client->keyring, &home->client->home, journal, 2, again),
                     COUNCIL_E_NO_KEY);
    assert_int_equal(keyring_seed(home->client->keyring, &home->client->home,
                                  client_member(home->client), 1, again),
                     COUNCIL_E_NO_KEY);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(only_the_passphrase_opens),
        TEST(another_passphrase_replaces_the_first),
        TEST(damage_is_not_a_wrong_passphrase),
        TEST(a_damaged_device_key_is_damage),
        TEST(a_blob_opens_in_its_own_place_alone),
        TEST(drafts_come_back_and_hide_their_names),
        TEST(a_locked_home_seals_and_opens_nothing),
        TEST(an_agent_hands_the_key_to_the_same_user),
        TEST(seeds_are_kept_by_log_and_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
