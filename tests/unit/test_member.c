/*
 * test_member.c - the member log: position as in a chain, the rules of its four kinds, the fold.
 *
 * Bodies are put together here so that any key or proof in them can be wrong; the writers of member.h are
 * compared with them.
 */
#include "protocol/member.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    RECOVERY = 200 /* numbers of keys from here on are recovery keys' */
};

struct world {
    struct council_member member;
    uint32_t ids;
};

/* The device, or recovery phrase, of that number. */
static struct council_secrets secrets_of(uint8_t number)
{
    struct council_secrets out;
    /* not in the first byte: X25519 ignores its low bits */
    uint8_t sign[32] = {1, number}, box[32] = {2, number};
    council_secrets_from_seeds(&out, sign, box);
    return out;
}

static struct council_device keys_of(uint8_t number)
{
    struct council_device out;
    struct council_secrets secrets = secrets_of(number);
    council_secrets_public(&secrets, &out);
    return out;
}

static void write_bytes(struct council_writer *w, const char *key, const void *bytes, uint32_t len)
{
    council_write_bytes(w, key, bytes, len);
}

/* `"recovery":{...}`; `by` signs the proof for `device`. */
static void write_recovery(struct council_writer *w, const struct council_device *device,
                           const struct council_device *recovery, uint8_t by, const uint8_t *id)
{
    uint8_t sig[64];
    struct council_secrets secrets = secrets_of(by);
    const struct council_field fields[] = {COUNCIL_F(device->sign), COUNCIL_F(device->box),
                                           COUNCIL_F(recovery->sign), COUNCIL_F(recovery->box),
                                           COUNCIL_FN(id, 16)};
    assert_true(council_sign_p(sig, secrets.sign, "council/v1/recovery-create", fields, 5));
    council_write_open(w, "recovery", '{');
    write_bytes(w, "box", recovery->box, 32);
    write_bytes(w, "sig", sig, 64);
    write_bytes(w, "sign", recovery->sign, 32);
    council_write_close(w, '}');
}

/* Everything that can be said of an entry of a member log. Zeros mean: as it should be. */
struct wish {
    const uint8_t *log, *author, *seen_head;
    uint64_t seen;
    const uint8_t *accept_for;                 /* the member that the device accepts for */
    const struct council_device *recovery_for; /* the device that the recovery key stands behind */
    enum council_kind kind;
    struct council_device device;   /* the new one, or the one to revoke */
    struct council_device recovery; /* the new recovery key, if `recovers` */
    bool recovers;
    bool old_proof;      /* the recovery key's proof is of another entry's id */
    uint8_t by;          /* number of the key that signs the entry */
    uint8_t accept_by;   /* number of the key that accepts */
    uint8_t recovery_by; /* number of the key that makes the recovery key's proof */
    uint8_t revoke[9];   /* numbers of devices, up to the first 0 */
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static void write_revoke(struct council_writer *w, const struct wish *wish)
{
    uint8_t keys[9][32];
    uint32_t count = 0;
    for (; count < 9 && wish->revoke[count] != 0; count++) {
        struct council_device device = keys_of(wish->revoke[count]);
        memcpy(keys[count], device.sign, 32);
    }
    qsort(keys, count, 32, compare);
    council_write_open(w, "revoke", '[');
    for (uint32_t i = 0; i < count; i++) {
        write_bytes(w, NULL, keys[i], 32);
    }
    council_write_close(w, ']');
}

static void write_body(struct council_writer *w, const struct world *world, const struct wish *wish,
                       const uint8_t *id)
{
    uint8_t accept[64], other_id[16] = {0xff};
    bool create = wish->kind == COUNCIL_KIND_MEMBER_CREATE;
    council_write_open(w, NULL, '{');
    if (wish->kind == COUNCIL_KIND_DEVICE_ADD || wish->kind == COUNCIL_KIND_MEMBER_RECOVER) {
        struct council_secrets secrets = secrets_of(wish->accept_by);
        const struct council_field fields[] = {
            COUNCIL_FN(wish->accept_for != NULL ? wish->accept_for : world->member.member, 32),
            COUNCIL_F(wish->device.sign), COUNCIL_F(wish->device.box)};
        assert_true(council_sign_p(accept, secrets.sign, "council/v1/device-accept", fields, 3));
        write_bytes(w, "accept", accept, 64);
    }
    if (wish->kind != COUNCIL_KIND_DEVICE_REVOKE && wish->kind != COUNCIL_KIND_MEMBER_LEAVE) {
        write_bytes(w, "box", wish->device.box, 32);
    }
    if (!create && wish->kind != COUNCIL_KIND_MEMBER_LEAVE) {
        write_bytes(w, "device", wish->device.sign, 32);
    }
    if (wish->recovers) {
        write_recovery(w, wish->recovery_for != NULL ? wish->recovery_for : &wish->device,
                       &wish->recovery, wish->recovery_by, wish->old_proof ? other_id : id);
    }
    if (wish->kind == COUNCIL_KIND_MEMBER_RECOVER) {
        write_revoke(w, wish);
    }
    council_write_close(w, '}');
}

/* Checks the entry, and appends it if it is valid. What is refused must leave the state as it was. */
static const char *attempt(struct world *world, const struct wish *wish)
{
    struct council_member *member = &world->member;
    struct council_secrets by = secrets_of(wish->by);
    struct council_device keys = keys_of(wish->by);
    struct council_writer body;
    struct council_entry entry;
    char *text;
    uint32_t len;
    uint8_t id[16] = {0}, sig[64];
    bool genesis = wish->kind == COUNCIL_KIND_MEMBER_CREATE;
    council_u64be(id, ++world->ids);
    council_writer_init(&body, 2048);
    write_body(&body, world, wish, id);
    const uint8_t *log = wish->log != NULL ? wish->log : member->member;
    const struct council_draft draft = {
        .kind = wish->kind,
        .author = genesis                ? NULL
                  : wish->author != NULL ? wish->author
                                         : log,
        .device = keys.sign,
        .id = id,
        .log = genesis ? NULL : log,
        .seen_seq = wish->seen != 0    ? wish->seen
                    : member->seq != 0 ? member->seq
                                       : 1,
        .seen_head = genesis                   ? NULL
                     : wish->seen_head != NULL ? wish->seen_head
                                               : member->head,
        .body = body.text,
        .body_len = body.len,
    };
    assert_int_equal(council_entry_sign(&draft, by.sign, &text, &len, sig), COUNCIL_OK);
    assert_int_equal(council_entry_parse(&entry, text, len), COUNCIL_OK);
    council_writer_fini(&body);

    struct council_member before = *member;
    enum council_error error = council_member_check(member, &entry);
    assert_memory_equal(&before, member, sizeof(before));
    assert_int_equal(council_member_append(member, &entry, sig), error);
    if (error != COUNCIL_OK) {
        assert_memory_equal(&before, member, sizeof(before));
    } else {
        uint8_t head[32];
        council_entry_head(head, before.head, text, len, sig);
        assert_memory_equal(member->head, head, 32);
        assert_int_equal(member->seq, before.seq + 1);
    }
    council_entry_fini(&entry);
    free(text);
    return council_error_name(error);
}

static struct wish create(uint8_t device, uint8_t recovery)
{
    return (struct wish){.kind = COUNCIL_KIND_MEMBER_CREATE,
                         .by = device,
                         .device = keys_of(device),
                         .recovers = true,
                         .recovery = keys_of(recovery),
                         .recovery_by = recovery};
}

static struct wish add(uint8_t by, uint8_t device)
{
    return (struct wish){
        .kind = COUNCIL_KIND_DEVICE_ADD, .by = by, .device = keys_of(device), .accept_by = device};
}

static struct wish revoke(uint8_t by, uint8_t device)
{
    return (struct wish){.kind = COUNCIL_KIND_DEVICE_REVOKE, .by = by, .device = keys_of(device)};
}

static struct wish recover(uint8_t by, uint8_t device)
{
    return (struct wish){.kind = COUNCIL_KIND_MEMBER_RECOVER,
                         .by = by,
                         .device = keys_of(device),
                         .accept_by = device};
}

/* A member with device 1 and recovery key RECOVERY. */
static void world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    council_member_init(&world->member);
    struct wish wish = create(1, RECOVERY);
    assert_string_equal(attempt(world, &wish), "ok");
}

static bool active(const struct world *world, uint8_t number)
{
    struct council_device device = keys_of(number);
    const struct council_device *found = council_member_device(&world->member, device.sign);
    assert_true(found == NULL || memcmp(found->box, device.box, 32) == 0);
    return found != NULL;
}

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
        cmocka_unit_test(created),
        cmocka_unit_test(empty_has_no_recovery_key),
        cmocka_unit_test(refused_creations),
        cmocka_unit_test(position),
        cmocka_unit_test(devices_added),
        cmocka_unit_test(eight_devices_at_most),
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
