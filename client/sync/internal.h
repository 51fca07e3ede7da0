/*
 * internal.h - what the files of sync share: the state of one client and the steps between its parts.
 *
 * Not for others. One struct per thing with a name: request (one call on the wire), sync_log (one log being kept current), item (one of the
 * outbox), due (one duty and when). Invariant: ops are called from sync_tick, sync_settle and the connection's events; what the
 * shell calls from inside an op only marks or appends, and settle acts on it.
 */
#ifndef COUNCIL_CLIENT_SYNC_INTERNAL_H
#define COUNCIL_CLIENT_SYNC_INTERNAL_H

#include <stdlib.h>
#include <string.h>

#include "client/sync/sync.h"

enum {
    REQUESTS_MAX = 64,  /* on the wire at once; what the server allows may be less */
    REQUESTS_SPARE = 4, /* of these, left for the shell's calls and for probes */
    PROMISES_MAX = 16,  /* heads that the server named ahead of their entries, per log */
    PIPELINE_MAX = 16,  /* appends of one log on the wire at once */
    DUES_MAX = 2 + COUNCIL_SIZE_MAX,
    CONNECT_MS = 20000,
    HELLO_MS = 15000,
    CALL_MS = 30000,
    STEADY_MS = 10000, /* a connection that lasted this long starts backoff anew */
    GOODBYE_MS = 10000,
    DUTY_AGAIN_MS = 60000,
    DUTY_AGAIN_MAX_MS = 3600000,
    LATER_MIN_MS = 1000,
    LATER_MAX_MS = 60000,
    OFFER_ENTRIES = 128,      /* of one log.offer */
    OFFER_BYTES = 256 * 1024, /* of its message, but for one entry that is larger */
    OFFER_STUCK_MAX = 3,      /* offers that the server took and does not have */
    OFFER_AGAIN_MS = 5000,    /* between questions whether a log still waits */
    OFFER_AGAIN_MAX_MS = 30000
};
#define NEVER UINT64_MAX

enum request_kind {
    REQUEST_HELLO,
    REQUEST_LOGIN,
    REQUEST_SUBSCRIBE,
    REQUEST_PROBE,
    REQUEST_APPEND,
    REQUEST_OFFER,
    REQUEST_CALL
};

struct request {
    uint64_t id; /* 0: free */
    enum request_kind kind;
    enum council_method method;
    uint64_t deadline;
    uint8_t log[COUNCIL_KEY_BYTES]; /* SUBSCRIBE, PROBE, APPEND */
    uint64_t after;                 /* SUBSCRIBE, PROBE: what was held when it was sent */
    uint64_t least; /* SUBSCRIBE, PROBE: the end was known to be there or later when it was sent */
    uint64_t name;  /* APPEND: item; CALL: tag of calls[] (its own serial) */
};

/* An answer to a request. */
struct reply {
    const json_t *result;                      /* NULL where it failed */
    const struct council_rpc_failure *failure; /* NULL where it succeeded */
};

struct call {
    uint64_t serial, tag;
    enum council_method method;
    char *params; /* owned text */
    uint64_t deadline;
    bool bound, sent;
};

/* An entry that came and is not stored yet. */
struct incoming {
    char *text; /* owned, as all below */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data;
    uint32_t data_len;
    uint64_t seq, received;
    bool erased, parsed;
    enum council_error error; /* of parsing; then of the signature */
    struct council_entry entry;
    struct sync_check check; /* under way until check_wait, if the shell checks */
    uint8_t head[COUNCIL_HASH_BYTES];
    struct council_device *recipients;
    uint32_t recipient_count;
};

struct promise {
    uint64_t seq; /* 0: free */
    uint8_t head[COUNCIL_HASH_BYTES];
};

struct due {
    struct sync_duty duty;
    uint64_t at;
    uint32_t told; /* times */
};

/* Asking for a log's end afresh. Generations count what was asked: whoever needs the end as of now waits for one not yet sent. */
struct probe {
    uint64_t want, sent, done; /* generations; sent > done: on the wire */
    uint64_t target;           /* the end as of `done` */
};

/* Bringing back what a server lacks of one log: the member logs in its chains first, then itself. */
struct offering {
    enum {
        OFFER_NONE,
        OFFER_ASK,     /* where does the server's log end? */
        OFFER_MEMBERS, /* the member logs that this log's entries rely on */
        OFFER_PAGES    /* the log itself */
    } stage;
    bool asked;   /* log.offer is on the wire */
    bool over;    /* on this connection all was told, or refused */
    bool later;   /* refused as unknown, by a server that others have yet to bring it back to */
    bool refused; /* the server took no offer of this log on this connection ... */
    bool differs; /* ... since its log is another one, as it says */
    bool again;   /* to be asked at once */
    bool taken; /* the server took all that is held: if it lacks any of it now, it lost it again */
    uint64_t seq; /* the server's end of what is being offered; UINT64_MAX: not asked yet */
    uint8_t head[COUNCIL_HASH_BYTES];
    uint32_t person; /* MEMBERS: whose */
    uint32_t stuck;
    bool recovering; /* of the log; kept over connections */
    uint64_t waiting, again_at;
    uint32_t asks; /* while it waits */
};

/* Of the items of one log that were passed while the outbox was walked: those that a later one has to mind. */
struct lane {
    bool any, blocked; /* blocked: one of them must be settled first */
    uint32_t out;      /* of the others, how many are on the wire or acknowledged */
};

struct sync_log {
    uint8_t log[COUNCIL_KEY_BYTES];
    struct sync_replica replica;
    enum sync_log_state state;
    enum council_error stopped;
    uint64_t target, retry_at;
    uint32_t retries;
    struct incoming *queue; /* owned: SYNC_BATCH_ENTRIES once something came */
    uint32_t queued, queued_bytes;
    struct promise promises[PROMISES_MAX];
    uint64_t promised; /* highest seq that the server ever named */
    struct probe probe;
    struct offering offer;
    struct lane lane;
    bool asked;                  /* log.subscribe is on the wire */
    bool changed;                /* since duties were last computed */
    bool told;                   /* log_caught_up was called for this subscription */
    bool pin_ok;                 /* own pin agrees with own member log */
    uint64_t pin_need;           /* generation of the member log's probe; 0: none */
    uint64_t bad_epoch, bad_seq; /* the last block with a wrong box */
    uint64_t own_seq;            /* of the own member log when duties were last computed */
    struct due dues[DUES_MAX];
    uint32_t due_count;
};

enum item_state {
    ITEM_DRAFT,   /* has no bytes that may be sent */
    ITEM_SIGNING, /* the shell was asked */
    ITEM_SEALED,  /* bytes to send */
    ITEM_SENT,    /* on the wire */
    ITEM_ACKED,   /* the server took it; its entry has not come yet */
    ITEM_PROVING, /* refused; catching up to where it would be */
    ITEM_GONE     /* to be swept */
};

struct item {
    uint64_t item;
    uint8_t log[COUNCIL_KEY_BYTES];
    enum council_kind kind;
    bool direct;
    enum item_state state;
    char *text; /* owned; NULL: none */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data; /* owned */
    uint32_t data_len;
    enum council_error why; /* the last refusal */
    uint64_t not_before, need, acked_seq;
    uint32_t refused, later; /* in a row */
    bool waits;              /* for its log's members, as the server said last */
};

struct sync {
    const struct sync_ops *ops;
    void *ctx;
    uint8_t seed[32];
    uint64_t drawn; /* blocks of randomness used */
    uint64_t now;
    char client[65], origin[COUNCIL_ORIGIN_MAX + 1];
    bool server_known;
    uint8_t server[COUNCIL_KEY_BYTES];
    enum sync_purpose purpose;
    uint8_t member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES];
    uint32_t backoff_min_ms, backoff_max_ms, duty_step_ms;

    enum sync_state state;
    enum council_error trouble;
    bool wanted, greeted, again; /* again: reconnect without backoff */
    uint64_t deadline;           /* of the state */
    uint64_t ready_since, retry_after_ms;
    uint32_t attempts;
    struct council_challenge challenge;

    struct request requests[REQUESTS_MAX];
    uint64_t last_id;
    uint32_t outstanding, limit;
    struct council_frame frame;

    struct call calls[SYNC_CALLS_MAX];
    uint32_t call_count;
    uint64_t last_serial;

    struct sync_log *logs[SYNC_LOGS_MAX];
    uint32_t log_count;

    struct item **items; /* owned, in order of adding */
    uint32_t item_count, item_size;

    bool checking; /* checks were begun and not waited for */
    bool duties, dirty, bring;
    bool recovering;  /* as hello said */
    bool login_waits; /* a refused login was told of */
};

/* sync.c */
void sync_random(struct sync *sync, void *out, uint32_t len);
uint64_t sync_jitter(struct sync *sync, uint64_t below); /* 0..below-1; 0 for 0 */
uint64_t sync_backoff(struct sync *sync, uint32_t attempt, uint64_t min_ms,
                      uint64_t max_ms); /* half to whole of min * 2^attempt, at most max */
void sync_report_send(struct sync *sync, struct sync_log *log,
                      struct sync_report *report); /* does what the table says, too */

/* connection.c */
void sync_set_state(struct sync *sync, enum sync_state state);
void sync_begin_close(struct sync *sync,
                      enum council_error why); /* ends in BACKOFF, or IDLE where not wanted */
void sync_connection_tick(struct sync *sync);
bool sync_open(const struct sync *sync); /* frames may be sent */

/* greeting.c */
void sync_hello_reply(struct sync *sync, const struct request *request, const struct reply *reply);
void sync_login_reply(struct sync *sync, const struct request *request, const struct reply *reply);

/* requests.c: room on the wire, what is out, whose answer it is */
bool sync_room(const struct sync *sync, bool spare);
/* Begins a frame and notes the request; NULL if there is no room. Then write params into sync->frame and sync_request_send. */
struct request *sync_request(struct sync *sync, enum request_kind kind, enum council_method method);
COUNCIL_MUST_USE enum council_error
sync_request_send(struct sync *sync,
                  struct request *request); /* on error the request is forgotten */
/* The same with params that are JSON text already. */
COUNCIL_MUST_USE enum council_error
sync_request_send_raw(struct sync *sync, struct request *request, const char *params);
/* Forgets a request that was begun and is not sent. */
void sync_request_drop(struct sync *sync, struct request *request);
void sync_answer(struct sync *sync, const struct council_rpc *rpc);
void sync_requests_tick(struct sync *sync);
void sync_requests_drop(struct sync *sync, enum council_error why); /* the connection ended */
void sync_bad_reply(struct sync *sync, const char *detail);

/* calls.c */
void sync_calls_pump(struct sync *sync);
void sync_calls_tick(struct sync *sync);
void sync_call_reply(struct sync *sync, const struct request *request, const struct reply *reply);
void sync_call_lost(struct sync *sync, const struct request *request, enum council_error why);
void sync_calls_disconnected(struct sync *sync);
uint64_t sync_calls_next(const struct sync *sync);

/* catchup.c */
struct sync_log *sync_log_find(const struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES]);
uint64_t sync_log_end(const struct sync_log *log); /* seq of the last entry held, stored or not */
void sync_catchup_pump(struct sync *sync, struct sync_log *log);
void sync_subscribe_reply(struct sync *sync, const struct request *request,
                          const struct reply *reply);
void sync_probe_reply(struct sync *sync, const struct request *request, const struct reply *reply);
/* Takes what it keeps of the entry; the caller finishes the rest. */
void sync_entry_came(struct sync *sync, struct council_wire_entry *wire);
uint64_t sync_probe_want(struct sync_log *log); /* a generation to wait for */
bool sync_probe_met(const struct sync_log *log, uint64_t generation);
void sync_promise(struct sync *sync, struct sync_log *log, uint64_t seq,
                  const uint8_t head[COUNCIL_HASH_BYTES]);
void sync_log_disconnected(struct sync_log *log);
void sync_log_later(struct sync *sync, struct sync_log *log,
                    const struct council_rpc_failure *failure); /* asked again with backoff */
void sync_forked(struct sync *sync, struct sync_log *log, uint64_t seq, const uint8_t *held,
                 const uint8_t *shown); /* held or shown NULL: not known */

/* offer.c */
/* Begins to offer what is held of the log; false where nothing can be, or was on this connection. */
COUNCIL_MUST_USE bool sync_offer_begin(struct sync *sync, struct sync_log *log);
/* Somebody who was in the log before has to come first: it is asked for again after a while. */
void sync_offer_later(struct sync *sync, struct sync_log *log);
void sync_offer_pump(struct sync *sync, struct sync_log *log);
void sync_offer_reply(struct sync *sync, const struct request *request, const struct reply *reply);
void sync_offer_disconnected(struct sync_log *log);
uint64_t sync_offer_next(const struct sync_log *log);
void sync_offer_waits(struct sync *sync, struct sync_log *log, bool recovering, uint64_t waiting);
/* offer_page.c: the entries of one offer into sync->frame, with the head that it begins after. `*last` is the seq that it reaches. */
COUNCIL_MUST_USE enum council_error sync_offer_page(struct sync *sync, const struct sync_log *log,
                                                    uint64_t after,
                                                    uint8_t head[COUNCIL_HASH_BYTES],
                                                    uint64_t *last);
/* The same of a member log, out of the chains of a council's entries. */
COUNCIL_MUST_USE enum council_error
sync_offer_member_page(struct sync *sync, const struct sync_log *log,
                       const uint8_t member[COUNCIL_KEY_BYTES], uint64_t after,
                       uint8_t head[COUNCIL_HASH_BYTES], uint64_t *last);

/* intake.c: from the queue through every check into the replica and the home */
void sync_intake(struct sync *sync, struct sync_log *log);
void sync_incoming_fini(struct incoming *in);
/* Has the shell check its signature; `in` stays where it is until the next intake. */
void sync_check_begin(struct sync *sync, struct incoming *in);
void sync_queue_clear(struct sync *sync, struct sync_log *log);
void sync_promises_kept(struct sync *sync, struct sync_log *log, const struct incoming *last);

/* outbox.c, outbox_items.c */
void sync_outbox_pump(struct sync *sync);
void sync_append_reply(struct sync *sync, const struct request *request, const struct reply *reply);
void sync_outbox_disconnected(struct sync *sync);
bool sync_outcome_later(enum council_error error); /* a passing reason */
/* The log waits no longer: what was put off goes at once. */
void sync_outbox_release(struct sync *sync, const struct sync_log *log);
/* The server was set back: what it had acknowledged and did not deliver is sent again. */
void sync_outbox_resend(struct sync *sync, const struct sync_log *log);
bool sync_stay_over(const struct sync *sync, const struct sync_log *log);
uint64_t sync_outbox_next(const struct sync *sync);
struct item *sync_item_find(const struct sync *sync, uint64_t item);
void sync_item_free(struct item *item);
void sync_outbox_sweep(struct sync *sync);
/* The item of `log` that holds exactly these bytes, or NULL. */
struct item *sync_item_match(const struct sync *sync, const struct sync_log *log, const char *text,
                             uint32_t len);
void sync_item_acked(struct sync *sync, struct item *item, uint64_t seq);
bool sync_item_pending(const struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES],
                       enum council_kind kind);
bool sync_item_holds(const struct sync *sync,
                     const uint8_t log[COUNCIL_KEY_BYTES]); /* a direct item waits */

/* duties.c, pins.c */
void sync_duties_pump(struct sync *sync, struct sync_log *log);
uint64_t sync_duties_next(const struct sync *sync, const struct sync_log *log);
void sync_pin_pump(struct sync *sync, struct sync_log *log);
const struct sync_log *sync_own_log(const struct sync *sync);

/* grants.c */
void sync_grants_fini(struct sync_replica *replica);
/* Notes what an entry that was just folded gave to whom. Without memory, or above the ceilings, nothing is noted: history is then given twice at worst. */
void sync_grants_note(struct sync_replica *replica, const struct council_entry *entry);
const struct sync_grant *sync_grant_find(const struct sync_replica *replica,
                                         const uint8_t key[COUNCIL_KEY_BYTES]);
bool sync_grant_has(const struct sync_grant *grant, uint64_t epoch); /* NULL: false */

#endif
