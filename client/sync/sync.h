/*
 * sync.h - what a client does with a connection, as events in and effects out.
 *
 * Owns the states of a connection, catching up, the outbox, duties, and finding out that a server misbehaves. Must not know sockets, files,
 * clocks, randomness or secrets: those are the shell's, which calls the events below and answers `struct sync_ops`. A simulator drives it
 * with the same calls. Invariant: an entry reaches the shell only after every rule was checked; bytes in the outbox are
 * sent as they are until the server's answer proves that they are not, and never will be, in the log.
 *
 * One turn of the shell's loop: sync_tick (the time), then the events that came, then sync_settle. It may wait until sync_next_ms.
 *
 * From inside an op the shell may call sync_call, sync_outbox_add, sync_outbox_signed, sync_outbox_later, sync_outbox_drop, sync_bad_box and the readers
 * (sync_state, sync_log_view, sync_challenge, sync_duty_due, sync_outbox_waits), and nothing else.
 */
#ifndef COUNCIL_CLIENT_SYNC_SYNC_H
#define COUNCIL_CLIENT_SYNC_SYNC_H

#include "client/sync/replica.h"
#include "protocol/rpc.h"
#include "protocol/session.h"

enum {
    SYNC_LOGS_MAX = 256,
    SYNC_OUTBOX_MAX = 4096,            /* items in memory; the shell's own outbox may be longer */
    SYNC_CALLS_MAX = 64,               /* the shell's calls not yet answered */
    SYNC_BATCH_ENTRIES = 256,          /* entries given to store_entries at once */
    SYNC_BATCH_BYTES = 4 * 1024 * 1024 /* their text and data */
};

struct sync;

enum sync_state {
    SYNC_IDLE,       /* not wanted, or stopped by a report */
    SYNC_CONNECTING, /* the shell was asked to connect */
    SYNC_HELLO,      /* server.hello is under way */
    SYNC_GREETED,    /* hello was answered and no login is wanted: registration, rpc.discover */
    SYNC_LOGIN,      /* auth.login is under way */
    SYNC_READY,      /* logged in */
    SYNC_CLOSING,    /* the shell was asked to close and has not said so yet */
    SYNC_BACKOFF     /* waits before it connects again */
};

enum sync_purpose {
    SYNC_LOGIN_NONE,
    SYNC_LOGIN_DEVICE,
    SYNC_LOGIN_RECOVERY
};

enum sync_log_state {
    SYNC_LOG_WAITING,  /* for a connection, or its turn */
    SYNC_LOG_HELD,     /* empty until its direct item (genesis, join) is acknowledged */
    SYNC_LOG_OFFERING, /* the server may lack what is held of it: it is being brought back */
    SYNC_LOG_CATCHING_UP,
    SYNC_LOG_LIVE, /* held everything the server had when it was last asked; the rest comes by itself */
    SYNC_LOG_REFUSED, /* not_found: asked again on the next connection */
    SYNC_LOG_STOPPED  /* by a report */
};

enum sync_report_kind {
#define SYNC_REPORT(symbol, name, stops, what) SYNC_REPORT_##symbol,
#include "client/sync/reports.def"
#undef SYNC_REPORT
    SYNC_REPORT_COUNT
};

/* Something wrong with what a server sent, with the evidence. Everything is borrowed for the call. */
struct sync_report {
    enum sync_report_kind kind;
    enum council_error
        error;            /* what to tell a person: INVALID_ENTRY brings the entry's own error */
    const uint8_t *log;   /* NULL where it is about the connection */
    uint64_t seq;         /* of the entry, or the server's end of the log; 0: none */
    const uint8_t *held;  /* head or server key that this home holds; NULL: none */
    const uint8_t *shown; /* what the server showed instead; NULL: none */
    const char *text;     /* the entry, as it came; NULL: none */
    uint32_t len;
    const uint8_t *sig;
    const uint8_t *data;
    uint32_t data_len;
    const char *detail; /* a field's name, an origin, the server's words; "" where there is none */
};
/* Name ("rolled_back") and sentence of a kind; static. */
const char *sync_report_name(enum sync_report_kind kind);
const char *sync_report_what(enum sync_report_kind kind);

enum sync_duty_kind {
    SYNC_DUTY_ROTATE, /* post key.rotate */
    SYNC_DUTY_HISTORY, /* post key.history {member, from, to}, at most 64 epochs, all of which this device was given */
    SYNC_DUTY_PIN /* post member.devices for oneself: own member log after own pin, at most 64 entries */
};
struct sync_duty {
    enum sync_duty_kind kind;
    uint8_t log[COUNCIL_KEY_BYTES];
    uint8_t member[COUNCIL_KEY_BYTES]; /* HISTORY: to whom */
    uint64_t from, to;                 /* HISTORY: epochs */
    uint64_t
        seq; /* ROTATE: the entry with a wrong box, to be flagged once new keys are there; 0: none */
};

/* A verified entry, for store_entries. Borrowed for the call. */
struct sync_entry {
    uint64_t seq, received;
    const uint8_t *head;               /* 32 bytes: at seq */
    const struct council_entry *entry; /* parsed; its text is in entry->text */
    const uint8_t *sig;                /* 64 bytes */
    const uint8_t *data;               /* NULL: none, erased or withheld */
    uint32_t data_len;
    bool erased; /* the server says that data was erased */
    const struct council_device *
        recipients; /* kinds with COUNCIL_FLAG_BLOCK: who had to get a box (for council_epoch_open); else NULL */
    uint32_t recipient_count;
};

/* One signature to check, for `check_begin`. */
struct sync_check {
    const struct council_entry *entry;
    const uint8_t *sig;
    enum council_error error; /* out: council_entry_verify's answer */
};

/* An outbox item. Bytes are copied. */
struct sync_item {
    uint64_t item; /* the shell's name of it, unique */
    uint8_t log[COUNCIL_KEY_BYTES];
    enum council_kind kind;
    bool
        direct; /* sent without having read the log: a genesis or member.join. The log's name must be known */
    const char *text; /* NULL: a draft; sign_item is called when it may be signed */
    uint32_t len;
    const uint8_t *sig;
    const uint8_t *data; /* sealed kinds */
    uint32_t data_len;
};

/* An entry as the home keeps it, to be offered to a server that lacks it. Borrowed for the call. */
struct sync_held {
    uint64_t seq;
    const char *text;
    uint32_t len;
    const uint8_t *sig;  /* 64 bytes */
    const uint8_t *data; /* NULL: none, or erased */
    uint32_t data_len;
};
/* Takes one; false: no more are wanted. */
typedef bool sync_held_taker(void *to, const struct sync_held *held);

/* What hello said. Borrowed for the call. */
struct sync_hello {
    const struct council_challenge *challenge; /* verified: origin, key, nonces */
    bool first; /* no server key was known: this one is trusted now and is to be pinned */
    bool
        succeeded; /* the known key has named this one, by a chain of successions: it is to be pinned instead */
    bool recovering; /* the server says that logs of a restored backup wait for their members */
    uint64_t now;    /* unix ms, the server's clock */
    const json_t *result; /* the whole answer: registration, version, limits */
};

/*
 * Effects. `ctx` is sync_config.ctx. Members marked (optional) may be NULL. Everything passed is borrowed for the call.
 */
struct sync_ops {
    /* Open a connection; answer later with sync_connected or sync_disconnected. */
    void (*connect)(void *ctx);
    /* Send one text frame. The shell copies; order is kept. */
    void (*send)(void *ctx, const char *text, uint32_t len);
    /* Close the connection (also one being opened); answer with sync_disconnected. */
    void (*close)(void *ctx);
    /* (optional) The state changed. */
    void (*state)(void *ctx, enum sync_state state);
    /* (optional) The server answered hello, and its signature, key and origin are as expected. */
    void (*hello)(void *ctx, const struct sync_hello *hello);
    /* Sign council_login_sign(challenge, member or NULL for recovery, purpose). False: no key at hand; the login is given up as LOGIN_REFUSED. */
    bool (*sign_login)(void *ctx, const struct council_challenge *challenge,
                       enum sync_purpose purpose, uint8_t sig[COUNCIL_SIG_BYTES]);
    /* (optional) Login succeeded. `member` is what the server said (for recovery: check that its member log yields the key). */
    void (*login)(void *ctx, const uint8_t member[COUNCIL_KEY_BYTES]);

    /*
     * Store verified entries of one log, in order, in one transaction, together with the epoch seeds that they bring (see recipients, key.history).
     * What another process of the home stored already is skipped (same head; another head is HISTORY_CHANGED). An error stops the log (STORE_FAILED):
     * remove it and add it again as loaded from the home.
     */
    enum council_error (*store_entries)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                        const struct sync_entry *entries, uint32_t count);
    /* What the stored replica says of the posts an erase names; every earlier entry is stored by then. */
    enum council_error (*facts)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                const uint64_t *seqs, uint32_t count, struct council_fact *out);
    /*
     * (optional) Gives `take` what is stored of a log after `after`, in order, until it returns false or there is no more; `folds`: only entries of kinds that
     * fold. `head` is set first, to the head at `after` (zeros for 0). NULL: nothing is ever offered, and a server that wants it is asked again later.
     */
    enum council_error (*held)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
                               bool folds, uint8_t head[COUNCIL_HASH_BYTES], sync_held_taker *take,
                               void *to);
    /* (optional) The server said that a log waits, or waits no longer, for members to tell what they hold; `waiting`: how many. Told when it changes. */
    void (*recovering)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], bool recovering,
                       uint64_t waiting);
    /*
     * (optional) Check signatures on other threads while entries still come. A check that was begun, and all that it points to, stays as it is until
     * check_wait has returned: then all of them are done. Both, or neither: then they are checked one after the other on this thread.
     */
    void (*check_begin)(void *ctx, struct sync_check *check);
    void (*check_wait)(void *ctx);
    /* (optional) The log holds all that the server had. Called once per subscription, after the entries were stored. */
    void (*log_caught_up)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq);

    /*
     * Sign this item on the log's present state and answer with sync_outbox_signed, at once or later. `why` is OK for a draft, else what the server refused the last
     * bytes with; they are proved not to be in the log. In a home shared by several processes replace bytes by compare-and-swap, and pass
     * on what is there if another process was first; or sync_outbox_drop if it is acknowledged or no longer wanted (a duty: ask sync_duty_due).
     */
    void (*sign_item)(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                      enum council_error why);
    /* The entry is in the log. Its replica row was stored before (for a direct item: comes later). The item is forgotten. */
    void (*item_acked)(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                       uint64_t seq);
    /* The entry can not be taken; keep it for the user with the error. The item is forgotten. */
    void (*item_failed)(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                        enum council_error error, const char *detail);

    /*
     * (optional) Whether this home holds the seed of an epoch. A device that came back by the recovery phrase holds more than the log gave to its key;
     * NULL: what the log gave to it.
     */
    bool (*holds)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch);
    /* (optional) Something is due. Not repeated for a while; put what does it into the outbox. */
    void (*duty)(void *ctx, const struct sync_duty *duty);
    /* The server misbehaves: keep the evidence, tell the person. */
    void (*report)(void *ctx, const struct sync_report *report);
    /* (optional) presence and signal notifications, checked against their schema. */
    void (*notice)(void *ctx, enum council_notification kind, const json_t *params);
    /* Answer of sync_call: OK and `result` (checked against its schema), or the error; `failure` is the server's own words, NULL where it said none. */
    void (*call_result)(void *ctx, uint64_t tag, enum council_error error, const json_t *result,
                        const struct council_rpc_failure *failure);
};

struct sync_config {
    const struct sync_ops *ops; /* borrowed as long as the sync lives */
    void *ctx;
    uint8_t seed[32];   /* fresh randomness: nonces and jitter come from it */
    const char *client; /* "council/0.1.0"; copied */
    const char *origin; /* what the server must call itself; "" accepts any; copied */
    bool server_known;  /* false: trust the first answer and tell ops.hello */
    uint8_t server[COUNCIL_KEY_BYTES];
    enum sync_purpose purpose;
    uint8_t
        member[COUNCIL_KEY_BYTES]; /* zeros where not known yet (recovery, before registration) */
    uint8_t device[COUNCIL_KEY_BYTES]; /* signing key of the device, or of the recovery phrase */
    uint32_t backoff_min_ms, backoff_max_ms; /* 0: 500 and 60,000 */
    uint32_t duty_step_ms; /* how long each rank waits for the one before; 0: 3,000 */
    bool
        bring; /* a new server: every log is offered, whatever it says, and none is subscribed to */
};

/* Returns owned, idle; NO_MEMORY, BAD_INPUT (an op that is not optional is missing, a text too long). Copies `config` but for ops. */
COUNCIL_MUST_USE enum council_error sync_create(struct sync **out,
                                                const struct sync_config *config);
/* Accepts NULL. No op is called. */
void sync_destroy(struct sync *sync);

/* ---- time and turns ---- */

/* Says what time it is (monotonic milliseconds) and does what was due by then. Call it before the events of each turn. */
void sync_tick(struct sync *sync, uint64_t now_ms);
/* Ends a turn: checks and stores what came, sends what may be sent, finds what is due. Call it after the events of each turn. */
void sync_settle(struct sync *sync);
/* When sync_tick is wanted next at the latest; UINT64_MAX: no timer runs. */
uint64_t sync_next_ms(const struct sync *sync);

/* ---- the connection ---- */

/* Wants to be connected: leaves IDLE, or skips what is left of a BACKOFF. */
void sync_start(struct sync *sync);
/* Wants not to be: closes; the state goes to IDLE. Outbox and logs stay. */
void sync_stop(struct sync *sync);
/* The socket is open (subprotocol agreed). */
void sync_connected(struct sync *sync);
/* It could not be opened, or is closed. `why` is for the state alone (NO_NETWORK usually). */
void sync_disconnected(struct sync *sync, enum council_error why);
/* One whole text frame came. Borrows. Frames after a close was asked for are ignored. */
void sync_message(struct sync *sync, const char *text, uint32_t len);
/* Who logs in, where it was NONE (after a registration): from GREETED it logs in on this very connection. */
void sync_login(struct sync *sync, enum sync_purpose purpose,
                const uint8_t member[COUNCIL_KEY_BYTES], const uint8_t device[COUNCIL_KEY_BYTES]);
enum sync_state sync_state(const struct sync *sync);
/* Why it is idle or backing off: the last disconnect's reason or report's error; OK while all is well. */
enum council_error sync_trouble(const struct sync *sync);
/* The challenge of this connection (for council_invite_read_sign), or NULL before hello was answered. */
const struct council_challenge *sync_challenge(const struct sync *sync);
/* The server last said that it was restored, and has logs from then that wait for their members. */
bool sync_recovering(const struct sync *sync);

/* ---- logs ---- */

/*
 * Keeps a log current. Takes `replica` (it is empty afterwards) as loaded from the home, or empty. BAD_INPUT if the log is there already, QUOTA above SYNC_LOGS_MAX,
 * NO_MEMORY; on error `replica` stays the caller's. Own member log is given like any other, best first: pins are checked against it.
 */
COUNCIL_MUST_USE enum council_error sync_log_add(struct sync *sync, struct sync_replica *replica);
/* Forgets a log and what came but was not stored; its outbox items stay and wait. */
void sync_log_remove(struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES]);

struct sync_log_view {
    enum sync_log_state state;
    const struct sync_replica *replica; /* borrowed until the next event, settle or tick */
    uint64_t seq;                       /* held and stored */
    uint64_t target;            /* the server's end when it was last told; may be below seq */
    enum council_error stopped; /* of a stopped log: the report's error */
    bool recovering;            /* it waits for members; nothing is appended until they have come */
    uint64_t waiting;           /* how many of them are missing */
    bool
        offered; /* on this connection: the server holds all that is held here, with the same head */
};
/* False where there is no such log. */
COUNCIL_MUST_USE bool sync_log_view(const struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES],
                                    struct sync_log_view *out);
/* True if every log that is not stopped, refused or held is LIVE and nothing unstored is left. */
bool sync_caught_up(const struct sync *sync);
/* Asks anew whether a log still waits for members (see the view); nothing for an unknown log. */
void sync_offer_again(struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES]);

/* ---- outbox ---- */

/* Takes over an item (bytes are copied). BAD_INPUT if it is there already, QUOTA above SYNC_OUTBOX_MAX, NO_MEMORY. Items of one log are sent in the order added. */
COUNCIL_MUST_USE enum council_error sync_outbox_add(struct sync *sync,
                                                    const struct sync_item *item);
/* New bytes of an item (answer to sign_item). Unknown items are ignored. NO_MEMORY: they are asked for again after a while. */
COUNCIL_MUST_USE enum council_error sync_outbox_signed(struct sync *sync, uint64_t item,
                                                       const char *text, uint32_t len,
                                                       const uint8_t sig[COUNCIL_SIG_BYTES],
                                                       const uint8_t *data, uint32_t data_len);
/*
 * The bytes that sign_item wants cannot be made now, since the server refused what has to be read for them. True where that passes by itself: sign_item is
 * called again after a while. False, and nothing is changed, for any other error, or an item whose bytes are not waited for.
 */
COUNCIL_MUST_USE bool sync_outbox_later(struct sync *sync, uint64_t item,
                                        const struct council_rpc_failure *failure);
/* True if the server's last word on the item, or on what its bytes need, was that its log waits for its members. */
bool sync_outbox_waits(const struct sync *sync, uint64_t item);
/* Forgets an item without a word (another process saw it acknowledged; the user dropped it). */
void sync_outbox_drop(struct sync *sync, uint64_t item);
uint32_t sync_outbox_count(const struct sync *sync);

/* ---- duties ---- */

/* Whether this process does duties (it holds the home's lock). Off at first. */
void sync_duties(struct sync *sync, bool on);
/* True if the duty is still to be done as the logs stand. */
bool sync_duty_due(const struct sync *sync, const struct sync_duty *duty);
/* The shell found a wrong box or commitment in this epoch's block: rotation becomes due, and `seq`'s author is reported. */
void sync_bad_box(struct sync *sync, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                  uint64_t seq);

/* ---- calls ---- */

enum sync_call_flag {
    SYNC_CALL_BOUND =
        1 /* means something on this connection alone (an invite signature): never sent on another */
};
/*
 * Calls a method once; `params` (an object, borrowed; NULL: {}) is sent as it is. It waits for the state that the method needs (methods.def). Answered through
 * call_result exactly once, with `tag`: NO_NETWORK if the connection ended after it was sent, TIMEOUT after `timeout_ms` (0: 30,000). Returns QUOTA above
 * SYNC_CALLS_MAX, NO_MEMORY, FRAME_TOO_LARGE: then call_result is not called.
 */
COUNCIL_MUST_USE enum council_error sync_call(struct sync *sync, enum council_method method,
                                              const json_t *params, uint32_t timeout_ms,
                                              uint32_t flags, uint64_t tag);

#endif
