/*
 * member_world.h - a member log for tests: wishes in a few words become signed entries, and answer with the name of the verdict.
 *
 * Knows member.h's public face alone. Keys are made from small numbers, so a test names them by number.
 */
#ifndef COUNCIL_TESTS_MEMBER_WORLD_H
#define COUNCIL_TESTS_MEMBER_WORLD_H

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/member.h"

enum {
    RECOVERY = 200 /* numbers of keys from here on are recovery keys' */
};

struct world {
    struct council_member member;
    uint32_t ids;
};

/* The device, or recovery phrase, of that number. */
static inline struct council_secrets secrets_of(uint8_t number)
{
    struct council_secrets out;
    /* not in the first byte: X25519 ignores its low bits */
    uint8_t sign[32] = {1, number}, box[32] = {2, number};
    council_secrets_from_seeds(&out, sign, box);
    return out;
}

static inline struct council_device keys_of(uint8_t number)
{
    struct council_device out;
    struct council_secrets secrets = secrets_of(number);
    council_secrets_public(&secrets, &out);
    return out;
}

static inline void write_bytes(struct council_writer *w, const char *key, const void *bytes,
                               uint32_t len)
{
    council_write_bytes(w, key, bytes, len);
}

/* `"recovery":{...}`; `by` signs the proof for `device`. */
static inline void write_recovery(struct council_writer *w, const struct council_device *device,
                                  const struct council_device *recovery, uint8_t by,
                                  const uint8_t *id)
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

static inline int compare(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static inline void write_revoke(struct council_writer *w, const struct wish *wish)
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

static inline void write_body(struct council_writer *w, const struct world *world,
                              const struct wish *wish, const uint8_t *id)
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
static inline const char *attempt(struct world *world, const struct wish *wish)
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

static inline struct wish create(uint8_t device, uint8_t recovery)
{
    return (struct wish){.kind = COUNCIL_KIND_MEMBER_CREATE,
                         .by = device,
                         .device = keys_of(device),
                         .recovers = true,
                         .recovery = keys_of(recovery),
                         .recovery_by = recovery};
}

static inline struct wish add(uint8_t by, uint8_t device)
{
    return (struct wish){
        .kind = COUNCIL_KIND_DEVICE_ADD, .by = by, .device = keys_of(device), .accept_by = device};
}

static inline struct wish revoke(uint8_t by, uint8_t device)
{
    return (struct wish){.kind = COUNCIL_KIND_DEVICE_REVOKE, .by = by, .device = keys_of(device)};
}

static inline struct wish recover(uint8_t by, uint8_t device)
{
    return (struct wish){.kind = COUNCIL_KIND_MEMBER_RECOVER,
                         .by = by,
                         .device = keys_of(device),
                         .accept_by = device};
}

/* A member with device 1 and recovery key RECOVERY. */
static inline void world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    council_member_init(&world->member);
    struct wish wish = create(1, RECOVERY);
    assert_string_equal(attempt(world, &wish), "ok");
}

static inline bool active(const struct world *world, uint8_t number)
{
    struct council_device device = keys_of(number);
    const struct council_device *found = council_member_device(&world->member, device.sign);
    assert_true(found == NULL || memcmp(found->box, device.box, 32) == 0);
    return found != NULL;
}

#endif
