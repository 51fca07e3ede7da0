/*
 * member.h - the member log: which devices and recovery keys a person has, as a fold.
 *
 * Owns the rules of README.md section 4. Knows no council. Every entry of a member log is control, so its position
 * needs seq and head alone; the same state serves as a member's pin inside a council log.
 */
#ifndef COUNCIL_PROTOCOL_MEMBER_H
#define COUNCIL_PROTOCOL_MEMBER_H

#include "protocol/entry.h"

enum {
    COUNCIL_DEVICES_MAX = 8,
    COUNCIL_KEYS_EVER_MAX = 4096
};

struct council_device {
    uint8_t sign[COUNCIL_KEY_BYTES], box[COUNCIL_KEY_BYTES];
};

struct council_member {
    uint8_t member[COUNCIL_KEY_BYTES]; /* head_1; zeros while empty */
    uint64_t seq;
    uint8_t head[COUNCIL_HASH_BYTES];
    struct council_device devices[COUNCIL_DEVICES_MAX]; /* active, in order of entry */
    uint32_t device_count;
    struct council_device recovery;
    uint8_t (*keys)[COUNCIL_KEY_BYTES]; /* owned: every key that ever entered */
    uint32_t key_count, key_size;
};

void council_member_init(struct council_member *member);
void council_member_fini(struct council_member *member);
COUNCIL_MUST_USE enum council_error council_member_copy(struct council_member *out,
                                                        const struct council_member *member);

/*
 * Position and rules of one entry (form, data and signature are council_entry_*'s): GENESIS_EXPECTED, GENESIS_AGAIN, WRONG_LOG,
 * BAD_SEEN, STALE, WRONG_HEAD, WRONG_LOG_TYPE, and those of section 4. Changes nothing. Position is what a chain needs (section 4.6); who
 * keeps the whole log asks council_tail_check first, and then refuses kinds of other logs (WRONG_LOG_TYPE) before this.
 */
COUNCIL_MUST_USE enum council_error council_member_check(const struct council_member *member,
                                                         const struct council_entry *entry);

/* Check, then fold. On error the state is as before. */
COUNCIL_MUST_USE enum council_error council_member_append(struct council_member *member,
                                                          const struct council_entry *entry,
                                                          const uint8_t sig[COUNCIL_SIG_BYTES]);

/* The active device with this signing key, or NULL. Borrowed. */
const struct council_device *council_member_device(const struct council_member *member,
                                                   const uint8_t sign[COUNCIL_KEY_BYTES]);

/* True if the key is the current recovery signing key. */
bool council_member_is_recovery(const struct council_member *member,
                                const uint8_t sign[COUNCIL_KEY_BYTES]);

/* ---- writing: canonical text of bodies, owned by the caller (free) through *body; errors NO_MEMORY ---- */

/* Secrets of one device or of a recovery phrase. Wipe after use. */
struct council_secrets {
    uint8_t sign[64]; /* libsodium's Ed25519 secret key: seed and public key */
    uint8_t box[COUNCIL_SEED_BYTES];
};
/* Public keys of `secrets`. */
void council_secrets_public(const struct council_secrets *secrets, struct council_device *out);
/* From 32 + 32 random bytes. */
void council_secrets_from_seeds(struct council_secrets *out, const uint8_t sign_seed[32],
                                const uint8_t box_seed[32]);

COUNCIL_MUST_USE enum council_error
council_body_member_create(const struct council_device *device,
                           const struct council_secrets *recovery,
                           const uint8_t id[COUNCIL_ID_BYTES], char **body, uint32_t *len);
/* The new device's countersignature for device.add and member.recover: over P("council/v1/device-accept", member, device, box). */
COUNCIL_MUST_USE bool council_device_accept(uint8_t sig[COUNCIL_SIG_BYTES],
                                            const uint8_t member[COUNCIL_KEY_BYTES],
                                            const struct council_secrets *device);
COUNCIL_MUST_USE enum council_error council_body_device_add(const struct council_device *device,
                                                            const uint8_t accept[COUNCIL_SIG_BYTES],
                                                            char **body, uint32_t *len);
COUNCIL_MUST_USE enum council_error
council_body_device_revoke(const uint8_t device[COUNCIL_KEY_BYTES], char **body, uint32_t *len);
/* `recovery` NULL keeps the recovery keys; `revoke` need not be sorted. */
COUNCIL_MUST_USE enum council_error council_body_member_recover(
    const struct council_device *device, const uint8_t accept[COUNCIL_SIG_BYTES],
    const struct council_secrets *recovery, const uint8_t id[COUNCIL_ID_BYTES],
    const uint8_t (*revoke)[COUNCIL_KEY_BYTES], uint32_t revoke_count, char **body, uint32_t *len);

#endif
