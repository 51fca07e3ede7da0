/*
 * client.h - one device of one person: a sync, the home it writes to, and the shell between them.
 *
 * Owns what client/lib does for the real one: rows, epoch seeds, the outbox from draft to acknowledged, signing, joining,
 * recovering. Must not know the server. Invariant: what an op was told to keep is in the home when the op returns; a restart
 * loses all else.
 */
#ifndef COUNCIL_TESTS_SIM_CLIENT_H
#define COUNCIL_TESTS_SIM_CLIENT_H

#include "tests/sim/sim.h"

struct sim_row {
    char *text; /* owned, as is data */
    uint32_t len, data_len;
    uint8_t *data; /* NULL: none, or erased */
    uint8_t sig[COUNCIL_SIG_BYTES], head[COUNCIL_HASH_BYTES], author[COUNCIL_KEY_BYTES];
    enum council_kind kind;
    bool erased;
};

struct sim_log {
    uint8_t log[COUNCIL_KEY_BYTES];
    struct sim_row *rows; /* owned: rows[seq - 1] */
    uint32_t count, size;
    struct {
        bool known, has_seed;
        uint8_t commit[COUNCIL_HASH_BYTES], seed[COUNCIL_SEED_BYTES];
    } epochs[SIM_EPOCHS];
};

enum sim_item_state {
    SIM_ITEM_DRAFT,
    SIM_ITEM_SEALED,
    SIM_ITEM_ACKED,
    SIM_ITEM_FAILED,
    SIM_ITEM_DROPPED /* a duty that somebody else did */
};

/* What somebody wants written. */
struct sim_intent {
    enum council_kind kind;
    uint8_t log[COUNCIL_KEY_BYTES];
    uint8_t who
        [COUNCIL_KEY_BYTES]; /* member (remove, role, vote, history), device (revoke) or invite (close) */
    uint64_t
        number; /* post: its number; erase: seq; role: 1 moderator; device.add: which; invite.open: uses */
    uint64_t from, to;                /* history; council.create: size is `to` */
    uint8_t seed[COUNCIL_SEED_BYTES]; /* invite.open, member.join: of the invite */
    uint64_t link_seq;
    uint8_t link_head[COUNCIL_HASH_BYTES];
    uint64_t created; /* by the author's clock; 0: now */
};

struct sim_item {
    uint64_t item;
    struct sim_intent intent;
    enum sim_item_state state;
    bool direct, is_duty;
    struct sync_duty duty;
    uint64_t seq; /* once acknowledged */
    enum council_error error;
    char *text; /* owned: the bytes last signed; NULL: none */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data; /* owned */
    uint32_t data_len;
    bool deferred; /* could not be signed: again once the log has moved beyond `deferred_seq` */
    uint64_t deferred_seq;
    bool held;     /* sync has it */
    bool gone;     /* failed since its log never came to be */
    bool again;    /* failed for the clock, and was written once more */
    bool unproved; /* acknowledged, and not in this home when the server was put back */
};

enum sim_life {
    SIM_REGISTERING,
    SIM_WAITING, /* for device.add */
    SIM_RECOVERING,
    SIM_READY,
    SIM_GONE /* lost or revoked */
};

struct sim_join {
    uint64_t item; /* 0: none */
    struct sim_intent intent;
    struct sync_replica replica;
    struct council_fact *facts; /* owned: of each entry read */
    uint64_t fact_count;
};

struct sim_client {
    struct sim *sim;
    struct sim_person *person;
    uint32_t index, device;
    enum sim_life life;
    struct council_secrets secrets;
    struct council_device keys;
    bool has_recovery, owns_log; /* the phrase opens boxes too; the own member log is in sync */
    struct sync *sync;           /* NULL: not running */
    struct sim_conn *conn;       /* its connection, also while it opens */
    bool hung_up;                /* its connection is over: sync is to be told */
    uint64_t starts_at;          /* when it runs again, or tries again */
    uint64_t offline_until;
    uint32_t slow_ms; /* reads so slowly */
    struct sim_clock clock;
    uint64_t born_ms; /* its clock when it was made */
    bool away;        /* comes when all is over: its person has another device at hand */
    bool there;       /* the verdict: it came back and is one of its member's devices */
    /* the home */
    struct sim_log **logs; /* owned */
    uint32_t log_count;
    struct sim_item **items; /* owned */
    uint32_t item_count, item_size;
    /* in memory */
    struct sim_join joins[SIM_COUNCILS];
    bool list_due, listed, asked, recover_sent, recovered, refused;
    uint64_t list_at, recover_at; /* when it asks again */
    struct {
        uint8_t log[COUNCIL_KEY_BYTES];
        uint64_t seq;                   /* 0: is no member */
    } found[SIM_COUNCILS + SIM_PEOPLE]; /* logs that the server named */
    uint32_t found_count;
    uint8_t again[COUNCIL_KEY_BYTES], gone[COUNCIL_KEY_BYTES]; /* logs to be taken anew, or out */
    bool again_due, gone_due;
    uint64_t reload_at; /* a log that the home did not take is loaded again */
};

/* Tags of the shell's own calls. */
enum {
    SIM_TAG_LIST = 1,
    SIM_TAG_REGISTER,
    SIM_TAG_RECOVER,
    SIM_TAG_JOIN /* + 16 times the item */
};

/* ---- client.c ---- */

struct sim_client *sim_client_add(struct sim *sim, struct sim_person *person, enum sim_life life);
void sim_client_free(struct sim_client *client);
/* Its process ends; the home stays. It runs again after `ms`. */
void sim_client_stop(struct sim_client *client, uint64_t ms);
/* It is never seen again. */
void sim_client_lose(struct sim_client *client);
uint64_t sim_client_next(const struct sim_client *client);
void sim_client_turn(struct sim_client *client);
/* A draft into the outbox. */
struct sim_item *sim_client_write(struct sim_client *client, const struct sim_intent *intent);
/* The log as this client has it in memory, or NULL. */
const struct council *sim_client_council(const struct sim_client *client,
                                         const uint8_t log[COUNCIL_KEY_BYTES]);
const struct sync_replica *sim_client_replica(const struct sim_client *client,
                                              const uint8_t log[COUNCIL_KEY_BYTES]);
/* Loads a log from the home, or begins it empty; nothing if sync has it. */
void sim_client_add_log(struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES]);

/* ---- login.c ---- */

/* True if the member log that the server has counts this device now. */
bool sim_client_listed(const struct sim_client *client);
/* Its login was refused: it is gone if it was revoked. */
void sim_client_refused(struct sim_client *client);

/* ---- acts.c ---- */

/* What this client knows of itself in the council; NULL: not a member, or nothing can be written yet. */
const struct council_person *sim_self_in(const struct sim_client *client, const uint8_t *log);
/* Has its outbox an entry of this kind for the log? */
bool sim_writing(const struct sim_client *client, enum council_kind kind, const uint8_t *log);
struct sim_intent sim_intent_of(enum council_kind kind, const uint8_t *log);
/* Somebody founds the council, if somebody is there to do it. */
void sim_found(struct sim *sim, struct sim_council *council);

/* ---- races.c ---- */

/* An item has new bytes: for whom it races. */
void sim_races_note(struct sim_client *client, const struct sim_item *item);

/* ---- home.c ---- */

struct sim_log *sim_home_log(const struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES]);
void sim_home_load(const struct sim_log *log, struct sync_replica *replica);
enum council_error sim_home_store(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                  const struct sync_entry *entries, uint32_t count);
enum council_error sim_home_facts(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                  const uint64_t *seqs, uint32_t count, struct council_fact *out);
uint32_t sim_named(const struct council_entry *entry, uint64_t seqs[64]); /* by an erase */
enum council_error sim_home_held(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
                                 bool folds, uint8_t head[COUNCIL_HASH_BYTES],
                                 sync_held_taker *take, void *to);
/* All that it holds of logs is gone. */
void sim_home_wipe(struct sim_client *client);
void sim_home_free(struct sim_client *client);

/* ---- outbox.c ---- */

struct sim_item *sim_item_find(const struct sim_client *client, uint64_t item);
struct sim_item *sim_item_new(struct sim_client *client, const struct sim_intent *intent);
void sim_item_hand_over(struct sim_client *client, struct sim_item *item);
/* New bytes, taken over, into the home and to sync. */
void sim_item_sealed(struct sim_client *client, struct sim_item *item, struct fixture_entry *made);
void sim_item_refuse(struct sim_client *client, struct sim_item *item, enum council_error error);
void sim_item_came(struct sim_client *client, const uint8_t *log, const char *text, uint32_t len,
                   uint64_t seq);
void sim_outbox_sign(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                     enum council_error why);
void sim_outbox_acked(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq);
void sim_outbox_failed(void *ctx, uint64_t item, const uint8_t log[COUNCIL_KEY_BYTES],
                       enum council_error error, const char *detail);
void sim_outbox_duty(void *ctx, const struct sync_duty *duty);
void sim_outbox_retry(struct sim_client *client);
bool sim_item_open(const struct sim_item *item);
/* Whoever's entry was refused for a clock that is right now writes the same again. True if somebody did. */
bool sim_outbox_again(struct sim *sim);

/* ---- sign.c ---- */

/* Builds, seals, signs, and asks the log whether it would take it. `replica` NULL: a genesis. */
enum council_error sim_sign(struct sim_client *client, const struct sim_intent *intent,
                            const struct sync_replica *replica, struct fixture_entry *out);
/* member.create and member.recover, which are sent as calls. */
void sim_sign_register(struct sim_client *client, struct fixture_entry *out);
void sim_sign_recover(struct sim_client *client, const struct sync_replica *own,
                      struct fixture_entry *out);

/* ---- calls.c ---- */

void sim_call_result(void *ctx, uint64_t tag, enum council_error error, const json_t *result,
                     const struct council_rpc_failure *failure);
/* What a client owes after a turn: registering, recovering, asking for its logs. */
void sim_calls_pump(struct sim_client *client);
/* Asks for the council's texts with the invite, then signs. */
void sim_join_begin(struct sim_client *client, struct sim_item *item);
void sim_joins_end(struct sim_client *client);

#endif
