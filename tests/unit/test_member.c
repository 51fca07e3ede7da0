/*
 * test_member.c - the member log: how it begins, where an entry may stand, which devices may be added.
 */
#include "tests/unit/member_world.h"

static void created(void **state)
{
    struct world w;
    struct council_device recovery = keys_of(RECOVERY), other = keys_of(RECOVERY + 1);
    (void)state;
    world_init(&w);
    assert_int_equal(w.member.seq, 1);
    assert_memory_equal(w.member.member, w.member.head, 32);
    assert_int_equal(w.member.device_count, 1);
    assert_int_equal(w.member.key_count, 4);
    assert_true(active(&w, 1));
    assert_false(active(&w, 2));
    assert_true(council_member_is_recovery(&w.member, recovery.sign));
    assert_false(council_member_is_recovery(&w.member, other.sign));
    council_member_fini(&w.member);
    council_member_fini(NULL);
}

static void empty_has_no_recovery_key(void **state)
{
    static const uint8_t zeros[32];
    struct council_member member;
    (void)state;
    council_member_init(&member);
    assert_false(council_member_is_recovery(&member, zeros));
    assert_null(council_member_device(&member, zeros));
    council_member_fini(&member);
}

static void refused_creations(void **state)
{
    static const uint8_t weak[32] = {1};
    struct world w = {0};
    struct wish wish;
    (void)state;
    council_member_init(&w.member);
    /* each pair of the four keys the same */
    wish = create(1, RECOVERY);
    memcpy(wish.device.box, wish.device.sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = create(1, 1);
    wish.recovery.box[0] ^= 1;
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = create(1, RECOVERY);
    memcpy(wish.recovery.box, wish.device.sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = create(1, RECOVERY);
    memcpy(wish.device.box, wish.recovery.sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = create(1, RECOVERY);
    memcpy(wish.recovery.box, wish.device.box, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = create(1, RECOVERY);
    memcpy(wish.recovery.box, wish.recovery.sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    /* weak box keys; reuse of one comes first */
    wish = create(1, RECOVERY);
    memcpy(wish.device.box, weak, 32);
    assert_string_equal(attempt(&w, &wish), "weak_key");
    memcpy(wish.recovery.box, weak, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = create(1, RECOVERY);
    memcpy(wish.recovery.box, weak, 32);
    wish.recovery_by = 1;
    assert_string_equal(attempt(&w, &wish), "weak_key");
    /* the proof: by another key, for another device, of another id */
    wish = create(1, RECOVERY);
    wish.recovery_by = 1;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish = create(1, RECOVERY);
    struct council_device other = keys_of(2);
    wish.recovery_for = &other;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish = create(1, RECOVERY);
    wish.old_proof = true;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    assert_int_equal(w.member.seq, 0);
    council_member_fini(&w.member);
}

static void position(void **state)
{
    static const uint8_t other[32] = {7};
    struct world w = {0};
    struct wish wish;
    (void)state;
    council_member_init(&w.member);
    wish = add(1, 2);
    assert_string_equal(attempt(&w, &wish), "genesis_expected");
    council_member_fini(&w.member);

    world_init(&w);
    wish = create(3, RECOVERY + 1);
    assert_string_equal(attempt(&w, &wish), "genesis_again");
    wish = add(1, 2);
    assert_string_equal(attempt(&w, &wish), "ok");
    /* everything wrong, put right one by one */
    wish = add(5, 1);
    wish.log = other;
    wish.author = w.member.head;
    wish.seen = 3;
    wish.seen_head = other;
    assert_string_equal(attempt(&w, &wish), "wrong_log");
    wish.log = NULL;
    assert_string_equal(attempt(&w, &wish), "bad_seen");
    wish.seen = 1;
    assert_string_equal(attempt(&w, &wish), "stale");
    wish.seen = 0;
    assert_string_equal(attempt(&w, &wish), "wrong_head");
    wish.seen_head = NULL;
    wish.kind = COUNCIL_KIND_MEMBER_LEAVE;
    assert_string_equal(attempt(&w, &wish), "wrong_log_type");
    wish.kind = COUNCIL_KIND_DEVICE_ADD;
    assert_string_equal(attempt(&w, &wish), "wrong_author");
    wish.author = NULL;
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    council_member_fini(&w.member);
}

static void devices_added(void **state)
{
    static const uint8_t other[32] = {7}, weak[32] = {0};
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    wish = add(1, 2);
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_true(active(&w, 1) && active(&w, 2));
    assert_int_equal(w.member.key_count, 6);
    /* by a device that is not one, or by the recovery key */
    wish = add(9, 3);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = add(RECOVERY, 3);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    /* keys that entered before, whoever's they were */
    wish = add(1, 2);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = add(1, 3);
    wish.device.box[0] ^= 1;
    memcpy(wish.device.box, keys_of(RECOVERY).box, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = add(1, RECOVERY);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = add(1, 3);
    memcpy(wish.device.box, keys_of(1).sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    wish = add(1, 3);
    memcpy(wish.device.box, wish.device.sign, 32);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    /* weak, and with a wrong proof too */
    wish = add(1, 3);
    memcpy(wish.device.box, weak, 32);
    wish.accept_by = 1;
    assert_string_equal(attempt(&w, &wish), "weak_key");
    /* acceptance by another key, for another member */
    wish = add(1, 3);
    wish.accept_by = 1;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    wish = add(1, 3);
    wish.accept_for = other;
    assert_string_equal(attempt(&w, &wish), "bad_proof");
    assert_int_equal(w.member.seq, 2);
    wish = add(2, 3);
    assert_string_equal(attempt(&w, &wish), "ok");
    council_member_fini(&w.member);
}

static void eight_devices_at_most(void **state)
{
    struct world w;
    struct wish wish;
    (void)state;
    world_init(&w);
    for (uint8_t device = 2; device <= 8; device++) {
        wish = add(1, device);
        assert_string_equal(attempt(&w, &wish), "ok");
    }
    wish = add(1, 1); /* counted before keys are looked at */
    assert_string_equal(attempt(&w, &wish), "too_many_devices");
    wish = add(9, 9); /* and after who asks */
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = revoke(1, 5);
    assert_string_equal(attempt(&w, &wish), "ok");
    assert_false(active(&w, 5));
    wish = add(5, 9);
    assert_string_equal(attempt(&w, &wish), "unknown_device");
    wish = add(8, 9);
    assert_string_equal(attempt(&w, &wish), "ok");
    /* in order of entry */
    static const uint8_t order[8] = {1, 2, 3, 4, 6, 7, 8, 9};
    assert_int_equal(w.member.device_count, 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_memory_equal(w.member.devices[i].sign, keys_of(order[i]).sign, 32);
    }
    /* what was revoked never comes back */
    wish = revoke(1, 9);
    assert_string_equal(attempt(&w, &wish), "ok");
    wish = add(1, 5);
    assert_string_equal(attempt(&w, &wish), "key_reused");
    council_member_fini(&w.member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(created),           cmocka_unit_test(empty_has_no_recovery_key),
        cmocka_unit_test(refused_creations), cmocka_unit_test(position),
        cmocka_unit_test(devices_added),     cmocka_unit_test(eight_devices_at_most),
    };
    if (council_protocol_init() != COUNCIL_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
