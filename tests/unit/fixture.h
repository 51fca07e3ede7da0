/*
 * fixture.h - members, devices and councils that build real signed logs, the same bytes on every
 * run.
 *
 * Owns seeded randomness, a clock that ticks, and logs of both shapes with their secrets;
 * everything goes through the public functions of protocol/. Must not judge: what an entry gets is
 * returned. It stops the program where it cannot go on (no memory). Knows no test framework, so
 * generators and benchmarks can use it too.
 */
#ifndef COUNCIL_TESTS_FIXTURE_H
#define COUNCIL_TESTS_FIXTURE_H

#include "protocol/log.h"
#include "protocol/seal.h"

enum {
    FIXTURE_MEMBERS = 16, /* people of one fixture */
    FIXTURE_DEVICES = 16, /* devices that one of them ever had */
    FIXTURE_EPOCHS = 256, /* epochs of one council whose seeds are kept */
    FIXTURE_INVITES = 64  /* invites of one council whose secrets are kept */
};

/* ---- randomness: BLAKE2b of (seed, counter) ---- */

struct fixture_random {
    uint8_t seed[32];
    uint64_t counter;
};
void fixture_random_init(struct fixture_random *random, const char *name);
void fixture_random_bytes(struct fixture_random *random, void *out, uint32_t len);

/* ---- entries and logs ---- */

/* A signed entry. `text` and `data` are owned. */
struct fixture_entry {
    char *text;
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data; /* NULL where the kind is plain */
    uint32_t data_len;
    enum council_kind kind; /* once appended, as are the following */
    uint8_t author[COUNCIL_KEY_BYTES], head[COUNCIL_HASH_BYTES];
    bool erased;
};

/* A log with all its entries: entries[seq - 1]. */
struct fixture_log {
    struct council_log log;
    struct fixture_entry *entries; /* owned */
    uint32_t count, size;
};

void fixture_log_init(struct fixture_log *log);
void fixture_log_fini(struct fixture_log *log);
void fixture_entry_fini(struct fixture_entry *entry);

/*
 * Parses, checks and appends. Takes the entry's memory in any case: on success the log keeps it,
 * else it is freed. Facts of an erase come from the log's own entries. Returns what the first
 * broken rule says.
 */
COUNCIL_MUST_USE enum council_error fixture_append(struct fixture_log *log,
                                                   struct fixture_entry *entry);

/*
 * Signs any text, canonical or not, as an entry: for what council_entry_sign would refuse. Copies
 * `text`.
 */
void fixture_sign_text(struct fixture_entry *out, const char *text, uint32_t len,
                       const uint8_t sign_secret[64]);

/* ---- bodies ---- */

/* A body's canonical text, owned; every function that takes one frees it. */
struct fixture_body {
    char *text;
    uint32_t len;
};
/* As printf. */
struct fixture_body fixture_body(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* base64url of 32 or 64 bytes, to be used within one expression: fixture_key(k).text. */
struct fixture_text {
    char text[COUNCIL_SIG_CHARS + 1];
};
struct fixture_text fixture_key(const uint8_t key[COUNCIL_KEY_BYTES]);
struct fixture_text fixture_sig(const uint8_t sig[COUNCIL_SIG_BYTES]);

/* ---- members ---- */

struct fixture_member {
    struct fixture_log log;
    struct council_secrets devices[FIXTURE_DEVICES]; /* all that there ever were */
    uint32_t device_count;
    uint32_t use; /* the device that signs */
    struct council_secrets recovery;
    struct fixture_random random;
};

struct fixture {
    const char *name;
    struct fixture_random random; /* ids, nonces, seeds, invites */
    uint64_t now_ms;              /* of the next entry; a second more each time */
    struct fixture_member *members[FIXTURE_MEMBERS];
};

/* `name` is borrowed: everything follows from it. Also calls council_protocol_init. */
void fixture_init(struct fixture *fixture, const char *name);
void fixture_fini(struct fixture *fixture);

/* Member i, made with one device on first use. */
struct fixture_member *fixture_member(struct fixture *fixture, uint32_t i);
/* The folded state of a member's own log, and the member's name. */
const struct council_member *fixture_state(const struct fixture_member *member);
const uint8_t *fixture_name(const struct fixture_member *member);
/* Public keys of device i. */
struct council_device fixture_device(const struct fixture_member *member, uint32_t i);

/*
 * A draft at the end of `log` by device `member->use`: change it at will, then sign. `member` NULL
 * leaves author and device out.
 */
struct council_draft fixture_draft(struct fixture *fixture, const struct fixture_log *log,
                                   const struct fixture_member *member, enum council_kind kind,
                                   uint8_t id[COUNCIL_ID_BYTES], uint8_t device[COUNCIL_KEY_BYTES]);
/* Signs a draft; takes the body. Error: what council_entry_sign says. */
COUNCIL_MUST_USE enum council_error fixture_sign(struct fixture_entry *out,
                                                 struct council_draft *draft,
                                                 struct fixture_body body,
                                                 const uint8_t sign_secret[64]);
/* Both: an entry of a plain kind at the end of `log`, by device `member->use`; takes the body. */
COUNCIL_MUST_USE enum council_error fixture_try(struct fixture *fixture, struct fixture_log *log,
                                                const struct fixture_member *member,
                                                enum council_kind kind, struct fixture_body body);

/*
 * Changes of a member log, by device `member->use` (recovery: by the recovery key). A new device
 * gets index device_count - 1.
 */
COUNCIL_MUST_USE enum council_error fixture_device_add(struct fixture *fixture,
                                                       struct fixture_member *member);
COUNCIL_MUST_USE enum council_error
fixture_device_revoke(struct fixture *fixture, struct fixture_member *member, uint32_t device);
/*
 * Revokes all active devices, adds one, makes it the one that signs; `fresh` also replaces the
 * recovery key.
 */
COUNCIL_MUST_USE enum council_error fixture_recover(struct fixture *fixture,
                                                    struct fixture_member *member, bool fresh);

/* ---- councils ---- */

struct fixture_council {
    struct fixture_log log;
    uint8_t seeds[FIXTURE_EPOCHS][COUNCIL_SEED_BYTES]; /* by epoch */
    struct {
        uint8_t secret[64];
    } invites[FIXTURE_INVITES];
    uint32_t invite_count;
};

void fixture_council_init(struct fixture_council *council);
void fixture_council_fini(struct fixture_council *council);
/* Its folded state and its name. */
const struct council *fixture_fold(const struct fixture_council *council);

/* What a council is founded as. */
struct fixture_policy {
    bool journal, fast, history_all;
    uint32_t size;
};
/* council.create alone, and with the founder's first key.rotate. */
COUNCIL_MUST_USE enum council_error fixture_create(struct fixture *fixture,
                                                   struct fixture_council *council,
                                                   struct fixture_member *founder,
                                                   struct fixture_policy policy);
COUNCIL_MUST_USE enum council_error fixture_found(struct fixture *fixture,
                                                  struct fixture_council *council,
                                                  struct fixture_member *founder,
                                                  struct fixture_policy policy);

/* A new invite gets index invite_count - 1. */
COUNCIL_MUST_USE enum council_error fixture_invite(struct fixture *fixture,
                                                   struct fixture_council *council,
                                                   struct fixture_member *by, uint32_t uses);
COUNCIL_MUST_USE enum council_error fixture_join(struct fixture *fixture,
                                                 struct fixture_council *council,
                                                 struct fixture_member *member, uint32_t invite);
/* Both, and stops the program unless they are accepted. */
void fixture_admit(struct fixture *fixture, struct fixture_council *council,
                   struct fixture_member *by, struct fixture_member *member);
/* Moves `member`'s pin to the end of their member log. */
COUNCIL_MUST_USE enum council_error fixture_devices(struct fixture *fixture,
                                                    struct fixture_council *council,
                                                    struct fixture_member *by,
                                                    struct fixture_member *member);
COUNCIL_MUST_USE enum council_error
fixture_rotate(struct fixture *fixture, struct fixture_council *council, struct fixture_member *by);
COUNCIL_MUST_USE enum council_error fixture_remove(struct fixture *fixture,
                                                   struct fixture_council *council,
                                                   struct fixture_member *by,
                                                   const struct fixture_member *member);
COUNCIL_MUST_USE enum council_error fixture_leave(struct fixture *fixture,
                                                  struct fixture_council *council,
                                                  struct fixture_member *member);
COUNCIL_MUST_USE enum council_error
fixture_role(struct fixture *fixture, struct fixture_council *council, struct fixture_member *by,
             const struct fixture_member *member, const char *role);
COUNCIL_MUST_USE enum council_error fixture_vote(struct fixture *fixture,
                                                 struct fixture_council *council,
                                                 struct fixture_member *by,
                                                 const struct fixture_member *member);
COUNCIL_MUST_USE enum council_error
fixture_history(struct fixture *fixture, struct fixture_council *council, struct fixture_member *by,
                const struct fixture_member *member, uint64_t from, uint64_t to);
/* Seals `plain` under `epoch` (0: the current one) and posts it. */
COUNCIL_MUST_USE enum council_error fixture_post(struct fixture *fixture,
                                                 struct fixture_council *council,
                                                 struct fixture_member *by, const char *plain,
                                                 uint64_t epoch);
COUNCIL_MUST_USE enum council_error fixture_erase(struct fixture *fixture,
                                                  struct fixture_council *council,
                                                  struct fixture_member *by, uint64_t seq);

/*
 * The chain of a member's log after `after` (seq); returns how many, at most FIXTURE_CHAIN_MAX.
 * Borrows the log's entries.
 */
enum {
    FIXTURE_CHAIN_MAX = 64
};
uint32_t fixture_chain(const struct fixture_member *member, uint64_t after,
                       struct council_link_entry out[FIXTURE_CHAIN_MAX]);
/* A seed for the epoch after the current one, remembered in council->seeds. */
const uint8_t *fixture_next_seed(struct fixture *fixture, struct fixture_council *council);

#endif
