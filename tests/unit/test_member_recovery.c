/*
 * test_member_recovery.c - the member log: revoking, coming back from paper, ceilings, and what writers write.
 */
#include "tests/unit/member_world.h"

static void devices_revoked(void **state)
{
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    wish = add(1, 2);
    assert_string_equal(attempt(&w, &wish), "ok");
    wish = revoke(3, 3); /* who asks comes first */
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = revoke(RECOVERY, 2);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = revoke(2, 2);
    assert_string_equal(attempt(&w, &wish), "revoke_self");
    wish = revoke(2, 3);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = revoke(2, RECOVERY);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = revoke(2, 1);
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_false(active(&w, 1));
    wish = revoke(2, 1);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    council_member_fini(&w.member);
}

static void recovered(void **state)
{
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    wish = add(1, 2);
    assert_string_equal(attempt(&w, &wish), "ok");
    wish = recover(RECOVERY, 3);
    wish.revoke[0] = 2;
    wish.revoke[1] = 1;
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_true(active(&w, 3) && !active(&w, 1) && !active(&w, 2));
    assert_true(council_member_is_recovery(&w.member, keys_of(RECOVERY).sign));
    /* revoking nobody, and with a new recovery key */
    wish = recover(RECOVERY, 4);
    wish.recovers = true;
    wish.recovery = keys_of(RECOVERY + 1);
    wish.recovery_by = RECOVERY + 1;
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_true(active(&w, 3) && active(&w, 4));
    assert_int_equal(w.member.key_count, 4 + 2 + 2 + 4);
    assert_false(council_member_is_recovery(&w.member, keys_of(RECOVERY).sign));
    assert_true(council_member_is_recovery(&w.member, keys_of(RECOVERY + 1).sign));
    wish = recover(RECOVERY, 5);
    assert_string_equal(attempt(&w, &wish), "wrong_author");
    wish = recover(RECOVERY + 1, 5);
    assert_string_equal(attempt(&w, &wish), "ok");
    council_member_fini(&w.member);
}

static void refused_recoveries(void **state)
{
    static const uint8_t weak[32] = {0}, other[32] = {7};
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    wish = recover(1, 2); /* by a device */
    assert_string_equal(attempt(&w, &wish), "wrong_author");
    wish = recover(RECOVERY + 1, 2);
    wish.revoke[0] = 9;
    assert_string_equal(attempt(&w, &wish), "wrong_author");
    wish = recover(RECOVERY, 1);
    wish.revoke[0] = 1;
    wish.revoke[1] = 9;
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = recover(RECOVERY, 1);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = recover(RECOVERY, 1);
    wish.revoke[0] = 1; /* the one it revokes does not come back either */
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = recover(RECOVERY, 2);
    memcpy(wish.device.box, wish.device.sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    /* the recovery key that it brings: the old one, or the device's own keys */
    wish = recover(RECOVERY, 2);
    wish.recovers = true;
    wish.recovery = keys_of(RECOVERY);
    wish.recovery_by = RECOVERY;
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish.recovery = keys_of(2);
    wish.recovery_by = 2;
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish.recovery = keys_of(RECOVERY + 1);
    wish.recovery_by = RECOVERY + 1;
    memcpy(wish.recovery.box, weak, 32);
    assert_string_equal(attempt(&w, &wish), "weak_key");
    wish.recovery = keys_of(RECOVERY + 1);
    wish.recovery_by = 2;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    struct council_device first = keys_of(1);
    wish.recovery_by = RECOVERY + 1;
    wish.recovery_for = &first;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish.recovery_for = NULL;
    wish.old_proof = true;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish.old_proof = false;
    wish.accept_for = other;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish.accept_for = NULL;
    wish.accept_by = RECOVERY;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish.accept_by = 2;
    assert_string_equal(attempt(&w, &wish), "ok");
    council_member_fini(&w.member);
}

static void recovery_needs_room(void **state)
{
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    for (uint8_t device = 2; device <= 8; device++) {
        wish = add(1, device);
        assert_string_equal(attempt(&w, &wish), "ok");
    }
    wish = recover(RECOVERY, 9);
    assert_string_equal(attempt(&w, &wish), "too_many_devices");
    wish.revoke[0] = 4;
    assert_string_equal(attempt(&w, &wish), "ok");
    wish = recover(RECOVERY, 10);
    static const uint8_t all[] = {9, 8, 7, 6, 5, 3, 2, 1};
    memcpy(wish.revoke, all, sizeof(all));
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_int_equal(w.member.device_count, 1);
    assert_true(active(&w, 10));
    council_member_fini(&w.member);
}

/* Lets that many keys have entered. */
static void fill_keys(struct council_member *member, uint32_t count)
{
    member->keys = realloc(member->keys, (size_t)count * 32);
    assert_non_null(member->keys);
    while (member->key_count < count) {
        memset(member->keys[member->key_count], 0xee, 32);
        council_u64be(member->keys[member->key_count], member->key_count);
        member->key_count++;
    }
    member->key_size = count;
}

static void number_of_keys_ever(void **state)
{
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    fill_keys(&w.member, COUNCIL_KEYS_EVER_MAX - 3);
    wish = recover(RECOVERY, 2); /* four keys */
    wish.recovers = true;
    wish.recovery = keys_of(RECOVERY + 1);
    wish.recovery_by = RECOVERY + 1;
    assert_string_equal(attempt(&w, &wish), "too_many_devices");
    wish.recovers = false; /* two */
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_int_equal(w.member.key_count, COUNCIL_KEYS_EVER_MAX - 1);
    wish = add(1, 3);
    assert_string_equal(attempt(&w, &wish), "too_many_devices");
    wish = revoke(1, 2);
    assert_string_equal(attempt(&w, &wish), "ok");
    council_member_fini(&w.member);

    world_init(&w);
    fill_keys(&w.member, COUNCIL_KEYS_EVER_MAX - 2);
    wish = add(1, 3);
    assert_string_equal(attempt(&w, &wish), "ok");
    council_member_fini(&w.member);
}

static void copies_are_independent(void **state)
{
    struct world w;
    struct council_member copy;
    struct wish wish;
    (void)state;
    world_init(&w);
    assert_int_equal(council_member_copy(&copy, &w.member), COUNCIL_OK);
    struct world second = {.member = copy, .ids = 100};
    wish = add(1, 2);
    assert_string_equal(attempt(&second, &wish), "ok");
    assert_false(active(&w, 2));
    assert_int_equal(w.member.key_count, 4);
    wish = add(1, 3);
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_false(active(&second, 3));
    council_member_fini(&second.member);
    council_member_fini(&w.member);
    council_member_init(&w.member);
    assert_int_equal(council_member_copy(&copy, &w.member), COUNCIL_OK);
    council_member_fini(&copy);
}

/* The writers of member.h make exactly the bodies that the tests above put together. */
static void writers(void **state)
{
    struct world w;
    struct council_secrets device = secrets_of(2), recovery = secrets_of(RECOVERY + 1);
    struct council_device keys = keys_of(2);
    uint8_t id[16] = {1, 2}, accept[64], revoked[2][32];
    struct wish wishes[5];
    char *made[5];
    uint32_t len[5];
    (void)state;
    world_init(&w);
    assert_true(council_device_accept(accept, w.member.member, &device));
    memcpy(revoked[0], keys_of(4).sign, 32);
    memcpy(revoked[1], keys_of(3).sign, 32);
    wishes[0] = create(2, RECOVERY + 1);
    assert_int_equal(council_body_member_create(&keys, &recovery, id, &made[0], &len[0]), 0);
    wishes[1] = add(1, 2);
    assert_int_equal(council_body_device_add(&keys, accept, &made[1], &len[1]), 0);
    wishes[2] = revoke(1, 2);
    assert_int_equal(council_body_device_revoke(keys.sign, &made[2], &len[2]), 0);
    wishes[3] = recover(RECOVERY, 2);
    assert_int_equal(
        council_body_member_recover(&keys, accept, NULL, id, NULL, 0, &made[3], &len[3]), 0);
    wishes[4] = wishes[3];
    wishes[4].recovers = true;
    wishes[4].recovery = keys_of(RECOVERY + 1);
    wishes[4].recovery_by = RECOVERY + 1;
    wishes[4].revoke[0] = 3;
    wishes[4].revoke[1] = 4;
    assert_int_equal(council_body_member_recover(&keys, accept, &recovery, id,
                                                 (const uint8_t(*)[32])revoked, 2, &made[4],
                                                 &len[4]),
                     0);
    for (int i = 0; i < 5; i++) {
        struct council_writer body;
        council_writer_init(&body, 2048);
        write_body(&body, &w, &wishes[i], id);
        assert_string_equal(made[i], body.text);
        assert_int_equal(len[i], body.len);
        council_writer_fini(&body);
        free(made[i]);
    }
    char *none = NULL;
    assert_int_equal(council_body_member_recover(&keys, accept, NULL, id,
                                                 (const uint8_t(*)[32])revoked, 9, &none, &len[0]),
                     COUNCIL_E_BAD_FIELD);
    assert_null(none);
    council_member_fini(&w.member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_revoked),
        cmocka_unit_test(recovered),
        cmocka_unit_test(refused_recoveries),
        cmocka_unit_test(recovery_needs_room),
        cmocka_unit_test(number_of_keys_ever),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(writers),
    };
    if (council_protocol_init() != COUNCIL_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
