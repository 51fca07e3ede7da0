/*
 * council.h - the council log (and the journal): members, pins, roles, epochs, invites, votes, meetings, as a fold.
 *
 * Owns the rules of README.md section 5. Its verdicts come from public log bytes alone: no clock, no key, no server state. What lies behind a
 * seq named by an erase is handed in as facts, so the state stays small however long the log grows.
 * Position (seen, ids) is tail.h's; this module is asked after it.
 */
#ifndef COUNCIL_PROTOCOL_COUNCIL_H
#define COUNCIL_PROTOCOL_COUNCIL_H

#include "protocol/keys.h"
#include "protocol/member.h"

enum {
    COUNCIL_SIZE_MAX = 8,
    COUNCIL_PEOPLE_MAX = 1024,  /* members and former members that one council ever had */
    COUNCIL_INVITES_MAX = 4096, /* invites ever opened */
    COUNCIL_RECIPIENTS_MAX = COUNCIL_SIZE_MAX * (COUNCIL_DEVICES_MAX + 1)
};

/* Epochs during which somebody was a member: from..to, both included; `to` is 0 while they still are. */
struct council_stay {
    uint64_t from, to;
};

struct council_person {
    struct council_member
        pin; /* their member log as far as this council knows it; kept for former members */
    bool member, moderator;
    uint64_t joined_seq, left_seq; /* of the latest stay; left_seq 0 while a member */
    struct council_stay *stays;    /* owned, oldest first */
    uint32_t stay_count;
    uint8_t vote[COUNCIL_KEY_BYTES]; /* zeros: none */
};

struct council_invite {
    uint8_t key[COUNCIL_KEY_BYTES];
    uint64_t expires; /* unix ms: a gate, never looked at here */
    uint32_t uses, used;
    bool closed;
    uint8_t admitted[COUNCIL_SIZE_MAX][COUNCIL_KEY_BYTES]; /* used entries */
    uint64_t seq;
};

struct council_schedule {
    uint64_t seq; /* 0: none yet */
    char start[17], zone[65], rrule[64];
    uint32_t minutes;
};

struct council {
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t seq, control; /* of the last entry folded and the last control entry */
    uint8_t
        control_head[COUNCIL_HASH_BYTES]; /* head at `control`: what the safety number is made of */
    bool journal, fast, history_all, rotation_due;
    uint32_t size;
    uint64_t epoch;
    uint64_t epoch_seq;            /* seq of the entry that brought it */
    uint64_t version;              /* 1, or what council.upgrade set */
    struct council_person *people; /* owned, in order of first joining */
    uint32_t person_count;
    struct council_invite *invites; /* owned */
    uint32_t invite_count;
    struct council_schedule schedule;
    struct {
        bool open;
        char meeting[17];
        uint8_t facilitator[COUNCIL_KEY_BYTES];
        uint32_t phase, phases;
    } meeting;
};

/* What an erase's caller knows of one seq it names, in the order of the body's list. */
struct council_fact {
    bool post;   /* an earlier entry of this log whose kind is post */
    bool erased; /* an earlier erase named it */
    uint8_t author[COUNCIL_KEY_BYTES];
};

void council_init(struct council *council);
void council_fini(struct council *council);

/*
 * The rules of section 5 for `entry` as number `seq` of its log, in their order; changes nothing. `facts` are needed for `erase` alone (one for
 * each seq of its list), else NULL. Form, data, signature and position are checked by the caller before.
 */
COUNCIL_MUST_USE enum council_error council_check(const struct council *council,
                                                  const struct council_entry *entry,
                                                  const struct council_fact *facts);

/* Folds an entry that council_check accepted: `seq` and `head` are its place. NO_MEMORY leaves the state as before. Also to be called for kinds that do
 * not fold (it then only moves council->seq). */
COUNCIL_MUST_USE enum council_error council_fold(struct council *council,
                                                 const struct council_entry *entry, uint64_t seq,
                                                 const uint8_t head[COUNCIL_HASH_BYTES]);

/* Somebody who is or was a member, or NULL. Borrowed until the next fold. */
const struct council_person *council_person(const struct council *council,
                                            const uint8_t member[COUNCIL_KEY_BYTES]);
uint32_t council_member_count(const struct council *council);
uint32_t council_moderator_count(const struct council *council);
/* True if this device counts as an active one of this current member. */
bool council_device_counts(const struct council *council, const uint8_t member[COUNCIL_KEY_BYTES],
                           const uint8_t device[COUNCIL_KEY_BYTES]);
const struct council_invite *council_invite(const struct council *council,
                                            const uint8_t key[COUNCIL_KEY_BYTES]);

/*
 * Who must get a box after a change: everybody's active devices and recovery keys, ascending by signing key. `pin` replaces (or adds) one member's state,
 * NULL for none; `without` leaves one member out, NULL for none. `out` holds COUNCIL_RECIPIENTS_MAX. Used by authors and by the check alike.
 */
void council_recipients(const struct council *council, const struct council_member *pin,
                        const uint8_t *without, struct council_device *out, uint32_t *count);

/* ---- writing: bodies as canonical text, owned by the caller (free) ---- */

/* One member-log entry carried in a chain. Borrowed. */
struct council_link_entry {
    const char *text;
    uint32_t len;
    const uint8_t *sig;
};

COUNCIL_MUST_USE enum council_error council_body_create(bool journal, bool fast, bool history_all,
                                                        uint32_t size,
                                                        const struct council_link_entry *chain,
                                                        uint32_t chain_len, char **body,
                                                        uint32_t *len);
COUNCIL_MUST_USE enum council_error council_body_rotate(const struct council *council,
                                                        const uint8_t seed[COUNCIL_SEED_BYTES],
                                                        char **body, uint32_t *len);
COUNCIL_MUST_USE enum council_error council_body_remove(const struct council *council,
                                                        const uint8_t member[COUNCIL_KEY_BYTES],
                                                        const uint8_t seed[COUNCIL_SEED_BYTES],
                                                        char **body, uint32_t *len);
/* `pin` is the member's state after the chain. `invite_secret` is the invite's 64-byte signing key. */
COUNCIL_MUST_USE enum council_error
council_body_join(const struct council *council, const struct council_member *pin,
                  const struct council_link_entry *chain, uint32_t chain_len,
                  const uint8_t invite_secret[64], const uint8_t seed[COUNCIL_SEED_BYTES],
                  char **body, uint32_t *len);
COUNCIL_MUST_USE enum council_error
council_body_devices(const struct council *council, const struct council_member *pin,
                     const struct council_link_entry *chain, uint32_t chain_len,
                     const uint8_t seed[COUNCIL_SEED_BYTES], char **body, uint32_t *len);
/* Boxes of seeds[0..to-from] for everything `member` has at their pin now. */
COUNCIL_MUST_USE enum council_error council_body_history(const struct council *council,
                                                         const uint8_t member[COUNCIL_KEY_BYTES],
                                                         uint64_t from, uint64_t to,
                                                         const uint8_t (*seeds)[COUNCIL_SEED_BYTES],
                                                         char **body, uint32_t *len);

#endif
