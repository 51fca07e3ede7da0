/*
 * member_body.c - what an author writes into a member log: device keys, proofs and bodies.
 *
 * Owns the writing side of README.md section 4; the rules are member.c's. Must not keep a secret: what it derives
 * goes to the caller, who wipes it.
 */
#include "protocol/member.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_MAX = 2048
};

void council_secrets_from_seeds(struct council_secrets *out, const uint8_t sign_seed[32],
                                const uint8_t box_seed[32])
{
    uint8_t public_key[COUNCIL_KEY_BYTES];
    (void)crypto_sign_seed_keypair(public_key, out->sign, sign_seed);
    memcpy(out->box, box_seed, sizeof(out->box));
}

void council_secrets_public(const struct council_secrets *secrets, struct council_device *out)
{
    memcpy(out->sign, secrets->sign + 32, sizeof(out->sign));
    (void)crypto_scalarmult_base(out->box, secrets->box);
}

/* Ends a body: it is the caller's, or there was no memory. */
static enum council_error finish(struct council_writer *w, char **body, uint32_t *len)
{
    if (w->failed) {
        council_writer_fini(w);
        return COUNCIL_E_NO_MEMORY;
    }
    *body = w->text;
    *len = w->len;
    return COUNCIL_OK;
}

/* `"recovery":{...}` with the recovery key's proof that it stands behind `device` in the entry `id`. */
static bool write_recovery(struct council_writer *w, const struct council_device *device,
                           const struct council_secrets *recovery,
                           const uint8_t id[COUNCIL_ID_BYTES])
{
    struct council_device keys;
    uint8_t sig[COUNCIL_SIG_BYTES];
    council_secrets_public(recovery, &keys);
    const struct council_field fields[] = {COUNCIL_F(device->sign), COUNCIL_F(device->box),
                                           COUNCIL_F(keys.sign), COUNCIL_F(keys.box),
                                           COUNCIL_FN(id, COUNCIL_ID_BYTES)};
    if (!council_sign_p(sig, recovery->sign, "council/v1/recovery-create", fields, 5)) {
        return false;
    }
    council_write_open(w, "recovery", '{');
    council_write_bytes(w, "box", keys.box, sizeof(keys.box));
    council_write_bytes(w, "sig", sig, sizeof(sig));
    council_write_bytes(w, "sign", keys.sign, sizeof(keys.sign));
    council_write_close(w, '}');
    return true;
}

enum council_error council_body_member_create(const struct council_device *device,
                                              const struct council_secrets *recovery,
                                              const uint8_t id[COUNCIL_ID_BYTES], char **body,
                                              uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, BODY_MAX);
    council_write_open(&w, NULL, '{');
    council_write_bytes(&w, "box", device->box, sizeof(device->box));
    if (!write_recovery(&w, device, recovery, id)) {
        council_writer_fini(&w);
        return COUNCIL_E_BAD_PROOF;
    }
    council_write_close(&w, '}');
    return finish(&w, body, len);
}

bool council_device_accept(uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t member[COUNCIL_KEY_BYTES],
                           const struct council_secrets *device)
{
    struct council_device keys;
    council_secrets_public(device, &keys);
    const struct council_field fields[] = {COUNCIL_FN(member, COUNCIL_KEY_BYTES),
                                           COUNCIL_F(keys.sign), COUNCIL_F(keys.box)};
    return council_sign_p(sig, device->sign, "council/v1/device-accept", fields, 3);
}

/* `"accept":...,"box":...,"device":...`, which device.add and member.recover share. */
static void write_device(struct council_writer *w, const struct council_device *device,
                         const uint8_t accept[COUNCIL_SIG_BYTES])
{
    council_write_bytes(w, "accept", accept, COUNCIL_SIG_BYTES);
    council_write_bytes(w, "box", device->box, sizeof(device->box));
    council_write_bytes(w, "device", device->sign, sizeof(device->sign));
}

enum council_error council_body_device_add(const struct council_device *device,
                                           const uint8_t accept[COUNCIL_SIG_BYTES], char **body,
                                           uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, BODY_MAX);
    council_write_open(&w, NULL, '{');
    write_device(&w, device, accept);
    council_write_close(&w, '}');
    return finish(&w, body, len);
}

enum council_error council_body_device_revoke(const uint8_t device[COUNCIL_KEY_BYTES], char **body,
                                              uint32_t *len)
{
    struct council_writer w;
    council_writer_init(&w, BODY_MAX);
    council_write_open(&w, NULL, '{');
    council_write_bytes(&w, "device", device, COUNCIL_KEY_BYTES);
    council_write_close(&w, '}');
    return finish(&w, body, len);
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, COUNCIL_KEY_BYTES);
}

enum council_error council_body_member_recover(const struct council_device *device,
                                               const uint8_t accept[COUNCIL_SIG_BYTES],
                                               const struct council_secrets *recovery,
                                               const uint8_t id[COUNCIL_ID_BYTES],
                                               const uint8_t (*revoke)[COUNCIL_KEY_BYTES],
                                               uint32_t revoke_count, char **body, uint32_t *len)
{
    uint8_t sorted[COUNCIL_DEVICES_MAX][COUNCIL_KEY_BYTES];
    struct council_writer w;
    if (revoke_count > COUNCIL_DEVICES_MAX) {
        return COUNCIL_E_BAD_FIELD;
    }
    if (revoke_count > 0) {
        memcpy(sorted, revoke, revoke_count * sizeof(sorted[0]));
        qsort(sorted, revoke_count, sizeof(sorted[0]), compare_keys);
    }
    council_writer_init(&w, BODY_MAX);
    council_write_open(&w, NULL, '{');
    write_device(&w, device, accept);
    if (recovery != NULL && !write_recovery(&w, device, recovery, id)) {
        council_writer_fini(&w);
        return COUNCIL_E_BAD_PROOF;
    }
    council_write_open(&w, "revoke", '[');
    for (uint32_t i = 0; i < revoke_count; i++) {
        council_write_bytes(&w, NULL, sorted[i], sizeof(sorted[i]));
    }
    council_write_close(&w, ']');
    council_write_close(&w, '}');
    return finish(&w, body, len);
}
