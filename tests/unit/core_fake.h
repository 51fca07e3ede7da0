/*
 * core_fake.h - a host for the core without threads, sockets or a disk: every turn is made by the test.
 *
 * Owns a clock, seeded randomness, connections that remember what they were sent, queues of jobs that can be held back, and a store in
 * memory that keeps the real one's promises and fails when told. Must not know what the core should do.
 */
#ifndef COUNCIL_TESTS_CORE_FAKE_H
#define COUNCIL_TESTS_CORE_FAKE_H

#include <jansson.h>

#include "protocol/rpc.h"
#include "server/core/core.h"
#include "tests/unit/fixture.h"

enum {
    CORE_FAKE_SESSIONS = 128,
    CORE_FAKE_LOGS = 64,
    CORE_FAKE_MEMBERSHIPS = 256,
    CORE_FAKE_KEYS = 64
};

struct core_fake_session {
    core_session handle;
    json_t **messages; /* owned: all that it was sent */
    uint32_t count, size;
    bool closed, slow; /* slow: nothing of what it is sent gets through */
    unsigned code;
    char reason[CORE_CLOSE_REASON_MAX + 1];
    uint64_t queued;
    uint8_t nonce[COUNCIL_NONCE_BYTES];
};

struct core_fake_log {
    uint8_t key[32], creator[32];
    enum store_log_kind kind;
    struct store_entry *entries; /* owned, as are their text and data */
    uint32_t count, size;
    uint64_t bytes;
    enum store_recovery recovery;
    uint8_t spoken[8][32];
    uint32_t spoken_count;
    uint8_t offered_by[32];
    bool offered;
    bool brought; /* since the store was put back */
};

struct core_fake_store {
    struct core_fake_log logs[CORE_FAKE_LOGS];
    uint32_t log_count;
    struct store_membership memberships[CORE_FAKE_MEMBERSHIPS];
    uint32_t membership_count;
    struct {
        uint8_t key[32], member[32];
    } recovery[CORE_FAKE_KEYS];
    uint32_t recovery_count;
    uint8_t code[32]; /* one registration code */
    uint32_t code_uses;
    enum store_status fail; /* what the next batches get */
    uint32_t fail_batches;
    uint32_t batches, reads;
    void (*feed)(void *ctx, struct core_job *job); /* CORE_JOB_FEED; may be NULL */
    void *feed_ctx;
    void (*mail)(void *ctx, struct core_job *job); /* NULL: nothing is set */
    void *mail_ctx;
    void (*pool)(void *ctx, struct core_job *job); /* NULL: the store has no pool */
    void *pool_ctx;
    bool leads; /* everybody leads a proposal that everybody accepted */
};

struct core_fake {
    struct core *core;
    uint64_t wall_ms, mono_ms, next_id;
    struct fixture_random random;
    uint8_t server_secret[64];
    uint8_t server_key[32];
    struct core_fake_session sessions[CORE_FAKE_SESSIONS];
    uint32_t session_count;
    struct core_job *work_first, *work_last, *store_first, *store_last;
    bool hold_work, hold_store;
    uint32_t batch_max; /* rows of a batch, 0: all that are queued */
    bool paused, fatal;
    uint32_t reports;
    char last_report[64];
    struct core_fake_store store;
    void (*calendar)(void *ctx, uint64_t ticket, const struct core_calendar_answer *answer);
    void *calendar_ctx;
};

/* Limits may be changed between init and start. */
struct core_config core_fake_config(struct core_fake *fake);
void core_fake_start(struct core_fake *fake, const struct core_config *config);
void core_fake_fini(struct core_fake *fake);
/* Ends the core and makes a new one on the same store. */
void core_fake_restart(struct core_fake *fake, const struct core_config *config);

/* Carries out jobs and lets connections drain until nothing moves, except what is held. */
void core_fake_run(struct core_fake *fake);
/* One batch of appends, or one other job of the store; false: there is none. */
bool core_fake_store_step(struct core_fake *fake);
void core_fake_advance(struct core_fake *fake, uint64_t ms);

/* Connections are numbered by the test; `address` 0: none. */
uint32_t core_fake_connect(struct core_fake *fake, uint8_t address);
void core_fake_disconnect(struct core_fake *fake, uint32_t session);
void core_fake_say(struct core_fake *fake, uint32_t session, const char *text);
/* Sends a call (takes params) without running anything; returns its id. */
uint64_t core_fake_send(struct core_fake *fake, uint32_t session, const char *method,
                        json_t *params);
/* The same, and runs. */
uint64_t core_fake_call(struct core_fake *fake, uint32_t session, const char *method,
                        json_t *params);
/* The whole answer, borrowed, or NULL. */
json_t *core_fake_answer(const struct core_fake *fake, uint32_t session, uint64_t id);
/* Name of the error of an answer, "ok" for a result, "none" for no answer. */
const char *core_fake_outcome(const struct core_fake *fake, uint32_t session, uint64_t id);
json_t *core_fake_result(const struct core_fake *fake, uint32_t session, uint64_t id);
uint64_t core_fake_int(const json_t *object, const char *name);
/* Notifications of that name that a connection got. */
uint32_t core_fake_notices(const struct core_fake *fake, uint32_t session, const char *name);
json_t *core_fake_notice(const struct core_fake *fake, uint32_t session, const char *name,
                         uint32_t i);
/* Checks that the log.entry notifications of `log` are after + 1, after + 2 ... upto and no others; the number missing or wrong. */
uint32_t core_fake_gaps(const struct core_fake *fake, uint32_t session, const uint8_t log[32],
                        uint64_t after, uint64_t upto);

json_t *core_fake_entry(const struct fixture_entry *entry);
json_t *core_fake_bytes(const void *bytes, uint32_t len);

/* Sends hello and login (or member.register) of a member's device; the session, for the caller to look at the answers. */
uint32_t core_fake_hello(struct core_fake *fake);
uint64_t core_fake_login(struct core_fake *fake, uint32_t session,
                         const struct fixture_member *member, uint32_t device);
uint64_t core_fake_recover(struct core_fake *fake, uint32_t session,
                           const struct fixture_member *member);
/* Registers a new member and logs them in. */
uint32_t core_fake_member(struct core_fake *fake, const struct fixture_member *member);
uint32_t core_fake_login_new(struct core_fake *fake, const struct fixture_member *member,
                             uint32_t device);
uint64_t core_fake_append(struct core_fake *fake, uint32_t session,
                          const struct fixture_entry *entry);
/* log.subscribe {log, after} */
uint64_t core_fake_subscribe(struct core_fake *fake, uint32_t session, const uint8_t log[32],
                             uint64_t after);

/* ---- core_fake_store.c ---- */

struct core_fake_log *core_fake_log(struct core_fake_store *store, const uint8_t key[32]);
/* Carries out one job that is not an append. */
void core_fake_store_read(struct core_fake_store *store, struct core_job *job);
/* Carries out a batch of appends linked by `next`. */
void core_fake_store_append(struct core_fake_store *store, struct core_job *first);
void core_fake_slice_free(struct store_slice *slice);
void core_fake_store_fini(struct core_fake_store *store);

#endif
