/*
 * state.h - the core's insides: the struct behind core.h, connections and calls.
 *
 * Owns the shapes that every file of the core sees. Nothing outside this folder includes it. Invariants: a connection and a log
 * are pointed to only by what is removed together with them (follows) or pins them (calls, jobs); whatever crosses
 * a callback names a session by handle. A call is answered exactly once, or its session is gone.
 */
#ifndef COUNCIL_SERVER_CORE_STATE_H
#define COUNCIL_SERVER_CORE_STATE_H

#include "protocol/council.h"
#include "protocol/rpc.h"
#include "protocol/tail.h"
#include "server/core/buckets.h"
#include "server/core/core.h"

enum core_state {
    CORE_FRESH,   /* nothing said yet */
    CORE_GREETED, /* server.hello was answered */
    CORE_DEVICE,  /* logged in as a device of a member */
    CORE_RECOVERY /* logged in with a recovery key */
};

struct core_follow;
struct core_log;
struct core_pool;      /* pool_round.c */
struct core_pool_call; /* pool.h */

/* One connection. */
struct core_conn {
    core_session handle;
    enum core_state state;
    enum core_origin origin;
    uint8_t address[COUNCIL_KEY_BYTES]; /* key of its bucket */
    bool counted;                       /* it has an address */
    bool challenged;                    /* its challenge has served a login */
    bool registered;                    /* its challenge has served a registration */
    uint32_t messages;                  /* before login */
    uint32_t outstanding;
    uint8_t client_nonce[COUNCIL_NONCE_BYTES], server_nonce[COUNCIL_NONCE_BYTES];
    uint64_t expires_ms;  /* of the challenge, wall clock: what was signed */
    uint64_t deadline_ms; /* of the challenge, monotonic: what is judged */
    uint64_t login_ms;    /* monotonic: by then it has logged in */
    uint8_t member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES];
    uint64_t queued;      /* bytes waiting to be written */
    uint64_t progress_ms; /* monotonic: when some were written, or the first was queued */
    struct core_follow *follows;
    uint32_t follow_count;
    uint32_t behind; /* follows that wait for their backlog */
    bool reading;    /* a slice of a backlog is being read for one of them */
};

/* Index and generation tell a handle; the slot of a connection that is gone is used again under the next generation. */
struct core_slot {
    struct core_conn *conn;
    uint32_t generation;
    uint32_t next_free;
};

struct core_call;
typedef void core_call_fn(struct core *core, struct core_call *call);

/* What somebody may read of a log: the answer of access.h. */
struct core_access {
    uint8_t log[COUNCIL_KEY_BYTES];
    enum store_log_kind kind;
    bool former;     /* a former member: up to `seq` */
    bool texts_only; /* by an invite */
    enum store_recovery recovery;
    bool brought; /* as store_log_info has it */
    uint64_t seq; /* the last entry that may be read */
    uint8_t head[COUNCIL_HASH_BYTES];
    const uint8_t *invite; /* in: 32 bytes, or NULL */
    core_call_fn *then;
};

/* An entry on its way into its log: append.h. */
struct core_append {
    struct council_wire_entry wire;
    struct council_entry entry;
    bool parsed, has_wire, registers;
    bool offered;             /* brought back by a member: call->parent */
    uint64_t offered_seq;     /* its place, as the offer says */
    enum council_error error; /* of the check */
    uint64_t skew_until_ms;
    uint8_t log[COUNCIL_KEY_BYTES];
    uint8_t chain_head[COUNCIL_HASH_BYTES]; /* head after the entry's chain */
    uint64_t chain_seq;                     /* 0: no chain */
    uint8_t code[COUNCIL_HASH_BYTES];
    bool has_code;
    uint32_t stage;
    uint32_t member_logs;
    uint64_t cost; /* bytes counted in core.queue_bytes */
    uint64_t seq, received;
    uint8_t head[COUNCIL_HASH_BYTES];
    struct council_fact *facts;   /* owned */
    uint64_t *fact_seqs;          /* owned */
    struct core_listed *listed;   /* owned */
    struct store_change *changes; /* owned */
};

struct core_login {
    struct council_challenge challenge;
    uint8_t member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
    bool recovery, good;
};

struct core_read {
    uint64_t after;
    uint32_t limit;
    bool texts;
    uint8_t invite[COUNCIL_KEY_BYTES], sig[COUNCIL_SIG_BYTES];
    struct council_challenge challenge; /* what the invite's signature is bound to */
    bool good;
};

struct core_list {
    uint32_t count;
    struct council_frame frame;
    struct core_listed *items; /* owned */
};

struct core_signal {
    uint8_t id[COUNCIL_ID_BYTES], sig[COUNCIL_SIG_BYTES];
    uint64_t epoch;
    uint8_t *data; /* owned */
    uint32_t len;
    bool good;
};

/* Entries that a member brings back, on their way into their log: offer.c. */
struct core_offer {
    uint8_t log[COUNCIL_KEY_BYTES], head[COUNCIL_HASH_BYTES];
    uint64_t after;
    uint32_t count;           /* of its entries */
    uint32_t next, out;       /* the next to be taken on; how many are under way */
    uint32_t bad;             /* the first that was refused; count: none */
    enum council_error error; /* of that one */
    uint64_t cost;            /* bytes counted in core.queue_bytes */
    bool end;                 /* asks for the end of the waiting */
    bool owner, member;       /* the caller's own member log; is or was in it */
    bool stranger;            /* neither now: is shown no more of it than they showed to know */
    bool people_only;         /* may bring nothing but a member log */
};

/* One call of a connection, from its message to its answer. One job at a time. An entry of an offer is a call of no
 * connection, whose end its parent is told. */
struct core_call {
    struct core_call *next;                /* in a queue of its log */
    struct core_call *parent;              /* the offer that this entry is part of, or NULL */
    uint32_t part;                         /* its index in there */
    enum council_error error;              /* what it failed with */
    struct core_call *all_prev, *all_next; /* of core.calls */
    core_session session;
    bool recovery; /* who called, as the session was then */
    uint8_t member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES];
    struct council_rpc rpc; /* owned: id, method, params */
    struct core_job job;
    struct core_log *log;                                    /* pinned, or NULL */
    core_call_fn *resume;                                    /* when `log` is loaded */
    void (*fini)(struct core *core, struct core_call *call); /* of `u`, or NULL */
    struct core_access access;
    union {
        struct core_append append;
        struct core_login login;
        struct core_read read;
        struct core_list list;
        struct core_signal signal;
        struct core_offer offer;
        struct core_pool_call *pool; /* owned */
        struct store_feed *feeds;    /* owned */
        uint64_t after;              /* log.subscribe */
    } u;
};

struct core_quota {
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t entries, bytes; /* 0: as the limit says */
};

/* Folded logs that nothing is using, least recently used first. */
struct core_idle {
    struct core_log *first, *last;
    uint32_t count;
};

struct core_cached; /* feed.h */

/* Calendars that were written lately, and requests for one without an answer. */
struct core_feeds {
    struct core_cached *first, *last;
    uint32_t count, fetches;
    uint64_t bytes;
};

struct core {
    struct core_ops ops;
    char *origin, *version, *discover;
    uint8_t server_secret[64], server_key[COUNCIL_KEY_BYTES];
    enum core_registration registration;
    enum core_offers offers;
    struct council_succession successions[COUNCIL_SUCCESSIONS_MAX];
    uint32_t succession_count;
    uint64_t recovering_logs; /* logs that wait for their members ... */
    uint64_t restored_logs;   /* ... and were put back with a backup, not brought by somebody */
    bool mail;                /* this server can send mail */
    uint32_t unlinks;         /* links that were used and are not answered yet */
    struct core_limits limits;
    struct core_quota *quotas; /* ascending by log; owned */
    uint32_t quota_count, quota_size;
    uint64_t wall_ms, mono_ms;
    uint64_t expiry_ms; /* the wall clock as invites expire by it: see core_time */
    uint8_t hash_key[16];

    struct core_slot *slots;
    uint32_t slot_count, slot_size, free_slot; /* free_slot: index + 1 of the first, 0: none */
    uint32_t conn_count, recovery_count;

    struct core_buckets buckets;
    struct core_feeds feeds;
    struct core_pool *pool; /* owned; NULL: there is none here */

    struct core_log **logs; /* hash table */
    uint32_t logs_size, logs_count, resident_count;
    struct core_idle members, councils; /* resident and unpinned */
    uint64_t cache_bytes;               /* of those */

    struct core_call *calls;
    uint64_t call_count;
    uint64_t jobs_out;
    uint64_t queue_entries, queue_bytes;
    uint64_t serial;
    bool paused, stopping, broken;
    struct core_stats stats;
};

/* ---- core.c ---- */

void core_submit(struct core *core, struct core_job *job,
                 void (*done)(struct core *, struct core_job *), void *owner);
/* The same for a verifier: jobs with the same first bytes of `lane` (32 bytes) keep their order. */
void core_submit_work(struct core *core, struct core_job *job, void (*work)(struct core_job *),
                      void (*done)(struct core *, struct core_job *), void *owner,
                      const uint8_t *lane);
void core_report(struct core *core, const char *event, core_session session, const char *method,
                 const char *error);
void core_slice_free(struct core *core, struct store_slice *slice);
/* Says that nothing is known of the disk any more. */
void core_fatal(struct core *core, const char *what);
/* Logs a failed reading; STORE_IO there is fatal too. */
void core_store_failed(struct core *core, const char *event, enum store_status status);
uint64_t core_hash(const struct core *core, const uint8_t key[COUNCIL_KEY_BYTES]);

/* ---- tune.c ---- */

/* What a log may hold. */
void core_quota_of(const struct core *core, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t *entries,
                   uint64_t *bytes);

/* ---- session.c ---- */

struct core_conn *core_conn_find(const struct core *core, core_session session);
/* Closes and forgets; `conn` is gone afterwards. */
void core_conn_close(struct core *core, struct core_conn *conn, unsigned code, const char *reason);
void core_conn_send(struct core *core, struct core_conn *conn, struct core_frame *frame);
/* Ends `written` and sends it to one session; frees what is left of it. False: it could not be written. */
bool core_conn_send_written(struct core *core, struct core_conn *conn,
                            struct council_frame *written);
bool core_conn_logged_in(const struct core_conn *conn);
/* Closes the sessions of this device; `reason` as in core_ops.close. */
void core_close_device(struct core *core, const uint8_t member[COUNCIL_KEY_BYTES],
                       const uint8_t device[COUNCIL_KEY_BYTES], const char *reason);
bool core_recovery_open(const struct core *core, const uint8_t member[COUNCIL_KEY_BYTES]);
void core_close_all(struct core *core, unsigned code, const char *reason);
void core_sessions_tick(struct core *core);
void core_sessions_fini(struct core *core);
void core_challenge(const struct core *core, const struct core_conn *conn,
                    struct council_challenge *out);

/* ---- offer_parts.c ---- */

/* An entry of an offer is in its log (OK) or will not be. */
void core_offer_part(struct core *core, struct core_call *parent, uint32_t part,
                     enum council_error error);

/* ---- call.c ---- */

/* Above the ceilings nothing more is read from anybody, until half is gone. */
void core_pressure(struct core *core);
/* Takes `rpc`. NULL: out of memory, `rpc` is as before. */
struct core_call *core_call_create(struct core *core, struct core_conn *conn,
                                   struct council_rpc *rpc);
/* The one place where errors become answers. `detail` NULL: none. */
void core_refuse(struct core *core, struct core_conn *conn, const struct council_rpc_id *id,
                 enum council_method method, enum council_error error, const char *detail,
                 uint64_t retry_after_ms);
/* An entry of an offer. NULL: out of memory. */
struct core_call *core_call_create_part(struct core *core, struct core_call *parent, uint32_t part);
/* Answers and ends the call. */
void core_call_fail(struct core *core, struct core_call *call, enum council_error error);
void core_call_fail_late(struct core *core, struct core_call *call, enum council_error error,
                         uint64_t retry_after_ms);
void core_call_fail_detail(struct core *core, struct core_call *call, enum council_error error,
                           const char *detail);
/* Begins a result; core_call_answer sends it and ends the call. */
void core_call_result(struct core_call *call, struct council_frame *out);
void core_call_answer(struct core *core, struct core_call *call, struct council_frame *written);
/* Ends the call without an answer. */
void core_call_end(struct core *core, struct core_call *call);
void core_calls_fini(struct core *core);

/* ---- handlers: OK means that the call will be answered by itself; an error ends it ---- */

enum council_error core_do_discover(struct core *core, struct core_conn *conn,
                                    struct core_call *call);
enum council_error core_do_hello(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_login(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_register(struct core *core, struct core_conn *conn,
                                    struct core_call *call);
enum council_error core_do_append(struct core *core, struct core_conn *conn,
                                  struct core_call *call);
enum council_error core_do_read(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_subscribe(struct core *core, struct core_conn *conn,
                                     struct core_call *call);
enum council_error core_do_offer(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_list(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_join(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_leave(struct core *core, struct core_conn *conn, struct core_call *call);
enum council_error core_do_signal(struct core *core, struct core_conn *conn,
                                  struct core_call *call);

/* ---- feed.c ---- */
enum council_error core_do_feed_create(struct core *core, struct core_conn *conn,
                                       struct core_call *call);
enum council_error core_do_feed_list(struct core *core, struct core_conn *conn,
                                     struct core_call *call);
enum council_error core_do_feed_revoke(struct core *core, struct core_conn *conn,
                                       struct core_call *call);

/* ---- pool.c ---- */
enum council_error core_do_pool_register(struct core *core, struct core_conn *conn,
                                         struct core_call *call);
enum council_error core_do_pool_show(struct core *core, struct core_conn *conn,
                                     struct core_call *call);
enum council_error core_do_pool_withdraw(struct core *core, struct core_conn *conn,
                                         struct core_call *call);
enum council_error core_do_pool_answer(struct core *core, struct core_conn *conn,
                                       struct core_call *call);
enum council_error core_do_pool_invite(struct core *core, struct core_conn *conn,
                                       struct core_call *call);
enum council_error core_do_pool_refill(struct core *core, struct core_conn *conn,
                                       struct core_call *call);

/* ---- mail.c ---- */
enum council_error core_do_mail_set(struct core *core, struct core_conn *conn,
                                    struct core_call *call);
enum council_error core_do_mail_confirm(struct core *core, struct core_conn *conn,
                                        struct core_call *call);
enum council_error core_do_mail_show(struct core *core, struct core_conn *conn,
                                     struct core_call *call);
enum council_error core_do_mail_stop(struct core *core, struct core_conn *conn,
                                     struct core_call *call);
enum council_error core_do_mail_nudge(struct core *core, struct core_conn *conn,
                                      struct core_call *call);

#endif
