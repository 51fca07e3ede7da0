/*
 * internal.h - what the files of the library share: the client and the steps between its parts.
 *
 * Not for others. The replica (folds, positions) lives in sync; rows live in the home; secrets live in the keyring. What this struct adds is who
 * we are and what is under way. Invariant: with somebody in the home there is a sync, holding every log of the home.
 */
#ifndef COUNCIL_CLIENT_LIB_INTERNAL_H
#define COUNCIL_CLIENT_LIB_INTERNAL_H

#include "client/lib/client.h"
#include "client/lib/keyring.h"
#include "client/lib/net.h"
#include "client/lib/rows.h"
#include "client/sync/sync.h"
#include "protocol/seal.h"

enum {
    DUTY_ITEM_BASE =
        1 << 30, /* items of duties are named from here on times 2^20: never a row of the outbox */
    DUTIES_MAX = 64,    /* under way at once */
    DUTY_STEP_MS = 250, /* between the ranks of who does a duty */
    DEFERRED_MAX = SYNC_OUTBOX_MAX,
    WATCH_MS = 100,   /* between two looks at whether another process changed the home */
    RELOAD_MS = 2000, /* before a log that could not be stored is tried again */
    CALL_TIMEOUT_MS = 30000,
    OUTBOX_KEPT = 1000, /* acknowledged items that can still be asked for */
    POST_MAX = COUNCIL_PLAIN_MAX - 1
};

/* What a home is to its member. */
enum identity_state {
    IDENTITY_NONE,
    IDENTITY_READY,
    IDENTITY_REGISTERING, /* keys are made, the server has not answered */
    IDENTITY_RECOVERING,
    IDENTITY_REQUESTED /* a device that another device has to add */
};

struct identity {
    enum identity_state state;
    char url[COUNCIL_ORIGIN_MAX + 1];
    bool server_known;
    uint8_t server[COUNCIL_KEY_BYTES], member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES],
        journal[COUNCIL_KEY_BYTES];
};

/* An answer to a call: OK and `result`, or the error and what the server said of it (may be NULL). */
typedef void client_answer(struct client *client, void *ctx, enum council_error error,
                           const json_t *result, const struct council_rpc_failure *failure);

struct client_call {
    uint64_t tag; /* 0: free */
    client_answer *answer;
    void *ctx;
};

/* An item of the home's outbox that sync holds, and the signature of the bytes it was given (zeros: none). */
struct held {
    uint64_t item;
    bool direct;
    uint8_t log[COUNCIL_KEY_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
};

/* An item that could not be signed on the log as it stood at `seq`. */
struct deferred {
    uint64_t item, seq;
    uint8_t log[COUNCIL_KEY_BYTES];
};

/* A duty's item: kept in memory alone, since it is found anew after a restart. */
struct duty_item {
    uint64_t item; /* 0: free */
    struct sync_duty duty;
};

struct announced {
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t seq;
};

struct joining; /* a member.join being made: join.c */
struct pool;    /* pool_internal.h */
struct agent;
struct presence;

/* A move to another server: the logs that have to be there, and why one was not taken. */
struct moving {
    struct client_log_info *logs; /* owned */
    uint32_t count;
    char why[CLIENT_DETAIL_MAX];
};

/* Sorted by size within each part: what is under way, then small numbers, then flags. */
struct client {
    struct home home;
    struct keyring *keyring;
    struct sync *sync; /* NULL: nobody in the home */
    struct net *net;   /* NULL until it is needed */
    struct agent *agent;
    struct checks *checks;
    char *ca_file;
    struct presence *presence; /* owned: the room this client is in; NULL: none */
    struct moving *moving;     /* borrowed; NULL but while the home moves to another server */

    struct client_call calls[SYNC_CALLS_MAX];
    struct duty_item duties[DUTIES_MAX];
    struct held *items;          /* owned: rows of the outbox that sync holds */
    struct deferred *deferred;   /* owned */
    struct joining *joins;       /* owned list */
    struct announced *announced; /* owned */
    struct pool *pool;           /* owned; NULL until it is looked at */
    json_t *list_came;           /* owned: council.list's answer, until the turn is over */
    struct client_events events;
    uint64_t last_tag, last_duty;
    uint64_t stored;           /* entries stored by this process */
    uint64_t announced_stored; /* `stored` when it was last told */
    uint64_t reload_at, look_at, list_at;
    uint64_t last_question; /* presence.c: asked so far */
    uint64_t hello_at, server_at,
        server_ms; /* servertime.c: when hello went out, was answered, and with what */

    uint32_t item_count, item_size, deferred_count, deferred_size, announced_count;
    uint32_t attempts;          /* connections that ended since one was ready */
    uint32_t bad_replies;       /* connections that ended since the server sent what none may */
    enum council_error trouble; /* told by the next client_step */
    int duties_fd;
    struct identity me;
    struct net_address address;
    char detail[CLIENT_DETAIL_MAX];
    uint8_t gone_log[COUNCIL_KEY_BYTES];  /* a log whose genesis or join was refused */
    uint8_t again_log[COUNCIL_KEY_BYTES]; /* a log that this member has come back to */

    bool wanted;        /* client_connect was called */
    bool gone_due;      /* gone_log is to be forgotten */
    bool again_due;     /* again_log is to be subscribed to anew */
    bool outbox_more;   /* rows that sync had no room for */
    bool list_due;      /* council.list is to be asked on this connection */
    bool listed;        /* it was answered and its logs were added */
    bool reload_due;    /* a log could not be stored */
    bool announce_due;  /* another process stored something */
    bool waits_changed; /* some log waits, or waits no longer, for its members */
    bool key_changed;   /* the server's key was followed by another; not told yet */
    bool holds_duties;  /* duties.lock is ours */
};

/* What went wrong in words, for client_detail. Returns `error`. */
enum council_error client_fail(struct client *client, enum council_error error, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));
/* The same, with what the home says of it. */
enum council_error client_home_failed(struct client *client, enum council_error error);
uint64_t client_monotonic_ms(void);

/* identity.c */
COUNCIL_MUST_USE enum council_error identity_load(struct home *home, struct identity *out);
COUNCIL_MUST_USE enum council_error
identity_store(struct home *home, const struct identity *me); /* within a transaction */
/* The same for somebody new: whatever an attempt before left in the home is forgotten. */
COUNCIL_MUST_USE enum council_error identity_begin(struct home *home, const struct identity *me);

/* session.c: the sync of this home */
COUNCIL_MUST_USE enum council_error
session_start(struct client *client,
              enum sync_purpose purpose); /* with every log and open item of the home */
void session_end(struct client *client);
/* Adds a log as the home has it, or empty; nothing if it is there already. */
COUNCIL_MUST_USE enum council_error session_add_log(struct client *client,
                                                    const uint8_t log[COUNCIL_KEY_BYTES]);
/* What other processes of the home did meanwhile. */
COUNCIL_MUST_USE enum council_error session_refresh(struct client *client);
/* The replica of a log, or NULL. */
const struct sync_replica *session_replica(struct client *client,
                                           const uint8_t log[COUNCIL_KEY_BYTES]);

/* ops.c: what sync asks of the shell */
extern const struct sync_ops client_ops;
/* A call whose answer comes later, in client_step. */
COUNCIL_MUST_USE enum council_error client_call(struct client *client, enum council_method method,
                                                const json_t *params, uint32_t flags,
                                                client_answer *answer, void *ctx);
/* A call and its answer: steps until it came. `*result` (may be NULL) is owned. */
COUNCIL_MUST_USE enum council_error client_ask(struct client *client, enum council_method method,
                                               const json_t *params, json_t **result,
                                               uint32_t timeout_ms);

/* step.c */
/* Steps until `done` says so, the client as a whole fails, or the time is over (TIMEOUT, or NO_NETWORK where it is not online). */
COUNCIL_MUST_USE enum council_error client_run(struct client *client,
                                               bool (*done)(struct client *client, void *ctx),
                                               void *ctx, uint64_t timeout_ms);

/* store.c */
enum council_error store_entries(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                 const struct sync_entry *entries, uint32_t count);
enum council_error store_facts(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                               const uint64_t *seqs, uint32_t count, struct council_fact *out);
/* reports.c */
void store_report(void *ctx, const struct sync_report *report);
/* Keeps a finding with its evidence, within the transaction; what is kept already stays as it is. */
COUNCIL_MUST_USE enum council_error report_put(struct client *client,
                                               const struct sync_report *report);
/* Tells sync of a wrong key box that this home found in the council's present epoch, in whichever process (protocol/README.md section 6.3). */
COUNCIL_MUST_USE enum council_error report_recall(struct client *client, const struct row_log *log);
void store_caught_up(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq);
/* store_seeds.c: the epoch seeds that an entry brings, within the transaction. `*bad` is set to the epoch whose block is wrong. */
COUNCIL_MUST_USE enum council_error store_seeds(struct client *client,
                                                const struct sync_entry *entry, uint64_t *bad);

/* post.c: an entry's content as far as this device can open it. `*content` is owned, NULL unless OK. */
enum council_error post_open(struct client *client, const struct council_entry *entry,
                             const uint8_t *data, uint32_t data_len, json_t **content);

/* checks.c: signatures on several threads */
struct checks;
struct checks *checks_create(void);
void checks_destroy(struct checks *checks); /* NULL is fine; nothing may be under way */
/* As sync_ops.check_begin and check_wait. */
void checks_begin(void *ctx, struct sync_check *check);
void checks_wait(void *ctx);

/* intent.c, intent_kinds.c: from what is wanted to signed bytes */
struct signed_entry {
    char *text; /* owned */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data; /* owned; NULL for plain kinds */
    uint32_t data_len;
};
void signed_entry_fini(struct signed_entry *entry);

struct intent {
    enum council_kind kind;
    const uint8_t *log;                 /* NULL for a genesis */
    const json_t *content;              /* an object */
    uint64_t at;                        /* unix ms */
    const struct sync_replica *replica; /* NULL for a genesis */
};
/*
 * Makes body and data, signs, and checks the result as the next entry of the log: the error is what the log would say. NO_KEY where the epoch's seed is not here; BAD_INPUT, BAD_FIELD
 * for an intent that does not fit its kind. `*out` is owned by the caller, empty on error.
 */
COUNCIL_MUST_USE enum council_error intent_sign(struct client *client, const struct intent *intent,
                                                struct signed_entry *out);
/*
 * True for errors that pass by themselves: keys that are due, a device not announced yet. In a member log nothing is announced: a
 * device that is not there now was revoked, or was never added.
 */
bool intent_waits(enum council_kind kind, enum council_error error);

/* What a builder gets and fills. */
struct intent_draft {
    struct client *client;
    const struct intent *intent;
    uint8_t id[COUNCIL_ID_BYTES];
    char *body; /* owned; NULL: {} */
    uint32_t body_len;
    uint64_t epoch; /* sealed kinds, as data and its hash */
    uint8_t *data;  /* owned */
    uint32_t data_len;
    uint8_t hash[COUNCIL_HASH_BYTES];
};
COUNCIL_MUST_USE enum council_error intent_build(struct intent_draft *draft);
/* A 32-byte name that the intent gives in base64url. BAD_INPUT. */
COUNCIL_MUST_USE enum council_error intent_key(const json_t *intent, const char *name,
                                               uint8_t out[COUNCIL_KEY_BYTES]);

/* chain.c: own member-log entries after `after`, for a chain. chain_fini also after an error. */
struct chain {
    struct row_slice *rows; /* owned */
    struct council_link_entry links[64];
    uint32_t count;
    struct council_member pin; /* state after the chain; owned */
};
COUNCIL_MUST_USE enum council_error chain_read(struct client *client, uint64_t after,
                                               struct chain *out);
void chain_fini(struct chain *chain);

/* outbox.c */
COUNCIL_MUST_USE enum council_error
outbox_put(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], enum council_kind kind,
           bool direct, const json_t *intent, const struct signed_entry *bytes,
           uint64_t *item); /* within a transaction */
/* Rows after `after` that sync does not hold yet. */
COUNCIL_MUST_USE enum council_error outbox_load(struct client *client, uint64_t after);
void outbox_check(struct client *client); /* items that another process settled */
void outbox_retry(struct client *client); /* deferred items whose log moved */
void outbox_sign(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                 enum council_error why);
void outbox_acked(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq);
void outbox_failed(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                   enum council_error error, const char *detail);
/* Answers sync with bytes made for an item, unless another process was first. */
void outbox_give(struct client *client, uint64_t item, const struct signed_entry *bytes);
/* The item cannot be made: failed for good, as if the server had said so. */
void outbox_refuse(struct client *client, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                   enum council_error error);

/* outbox_rows.c */
struct outbox_row {
    uint64_t item, created, seq;
    uint8_t log[COUNCIL_KEY_BYTES], name[COUNCIL_ID_BYTES];
    enum council_kind kind;
    bool direct;
    uint32_t state;  /* as in schema.def */
    uint8_t *sealed; /* owned: the intent */
    uint32_t sealed_len;
    struct signed_entry bytes; /* owned; text NULL where there are none */
    enum council_error error;
};
/* The row named `item`, or (HOME_OUTBOX_OPEN) the first open one after it. NO_ENTRY. Ends with outbox_row_fini, also after an error. */
COUNCIL_MUST_USE enum council_error outbox_row(struct home *home, enum home_statement which,
                                               uint64_t item, struct outbox_row *out);
void outbox_row_fini(struct outbox_row *row);
/* Acknowledged: as the server said, or as the entry itself says (within the transaction that stores it; nothing if no item has these bytes). */
COUNCIL_MUST_USE enum council_error outbox_done(struct client *client, uint64_t item, uint64_t seq);
COUNCIL_MUST_USE enum council_error outbox_came(struct client *client, const char *text,
                                                uint32_t len, uint64_t seq);
/* The intent of a row, owned. */
COUNCIL_MUST_USE enum council_error outbox_intent(struct client *client,
                                                  const struct outbox_row *row, json_t **out);

/* submit.c: a council or journal and its first keys into the outbox, within a transaction */
COUNCIL_MUST_USE enum council_error submit_genesis(struct client *client, const json_t *intent,
                                                   uint64_t *item);

/* register.c: HOME_EXISTS where somebody lives here; fresh keys */
COUNCIL_MUST_USE enum council_error home_is_new(struct client *client);
void secrets_draw(struct council_secrets *out);
/* recover.c: forgets the phrase's keys once nothing needs them any more */
COUNCIL_MUST_USE enum council_error recovery_finish(struct client *client);

/* duty.c */
void duty_due(void *ctx, const struct sync_duty *duty);
/* True if the item is a duty's; then it was signed, or given up. */
bool duty_sign(struct client *client, uint64_t item);
bool duty_over(struct client *client, uint64_t item); /* given up or refused; true if a duty's */
bool duty_done(struct client *client, uint64_t item); /* acknowledged; true if a duty's */
bool duty_pending(const struct client *client);
/* What a writer needs at once whoever's turn it is: new keys, or own pin moved. */
void duty_help(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES]);

/* join.c */
void join_sign(struct client *client, const struct outbox_row *row);
void join_end_all(struct client *client);

/* offered.c: what the home holds, as sync asks for it; what the server says of logs that wait for their members */
enum council_error offered_held(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
                                bool folds, uint8_t head[COUNCIL_HASH_BYTES], sync_held_taker *take,
                                void *to);
void offered_recovering(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], bool recovering,
                        uint64_t waiting);
/* Whether a log waits: as the home knows it; as the connection says. */
bool offered_waits(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t *waiting);
bool offered_log_waits(const struct client *client, const uint8_t log[COUNCIL_KEY_BYTES]);
/* The same of an item, whose log may not be held yet: a join's. */
bool offered_item_waits(const struct client *client, uint64_t item,
                        const uint8_t log[COUNCIL_KEY_BYTES]);
/* True if no item of the outbox can go before somebody else has come. */
bool offered_items_wait(const struct client *client);
void offered_hello(struct client *client, const struct sync_hello *hello);
/* True if the server's key follows `key` by the successions that the server told of. */
bool offered_key_leads(struct client *client, const uint8_t key[COUNCIL_KEY_BYTES]);

/* agent.c */
void agent_stop(struct agent *agent);
COUNCIL_MUST_USE enum council_error agent_key(const struct home *home,
                                              uint8_t key[KEYRING_KEY_BYTES]);

/* announce.c */
void announce(struct client *client);

#endif
