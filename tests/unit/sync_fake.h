/*
 * sync_fake.h - a client's sync between a server that can be told to misbehave and a shell that remembers everything.
 *
 * Owns a clock, the frames on their way, what the shell stored and heard. The client is member 0 of a world with its first device (or fake->device). Time
 * passes only in fake_sleep. Knows no test framework; stops the program where the fixture itself fails.
 */
#ifndef COUNCIL_TESTS_SYNC_FAKE_H
#define COUNCIL_TESTS_SYNC_FAKE_H

#include "client/sync/sync.h"
#include "tests/unit/fixture.h"

enum {
    FAKE_LOGS = 6,
    FAKE_FRAMES = 4096,
    FAKE_ITEMS = 64,
    FAKE_HEARD = 256
};

/* An entry as the shell stored it. */
struct fake_row {
    char *text;
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES], head[COUNCIL_HASH_BYTES], author[COUNCIL_KEY_BYTES];
    enum council_kind kind;
    bool erased, data;
    uint8_t *blob; /* owned: the data */
    uint32_t blob_len;
    uint32_t recipients;
};

/* A log on both sides. */
struct fake_log {
    struct fixture_log *log;  /* what the server serves */
    uint64_t visible;         /* it shows entries up to here; UINT64_MAX: all */
    bool subscribed, hold;    /* hold: its entries are not pushed */
    uint64_t cursor;          /* last entry pushed */
    bool foreign;             /* a member log of somebody else: the client does not keep it */
    bool recovering;          /* it waits for members ... */
    bool spoken;              /* ... and not for this one any more */
    uint64_t waiting;         /* how many others it waits for */
    uint32_t offers, offered; /* calls of log.offer; entries taken from them */
    uint64_t first_offered;   /* place of this log's first taken entry among all */
    struct fake_row *rows;
    uint32_t count, size;
    uint32_t batches, caught_up; /* calls of store_entries and log_caught_up */
};

struct fake_frame {
    char *text;
    uint32_t len;
};

struct fake_queue {
    struct fake_frame frames[FAKE_FRAMES];
    uint32_t count;
};

/* An item of the outbox as the shell keeps it. */
struct fake_item {
    uint64_t item, seq;
    const char *plain; /* of a post; NULL: a key.rotate */
    uint32_t signed_times, acked, failed;
    enum council_error why, error;
    char *text; /* owned: the bytes last signed */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data; /* owned */
    uint32_t data_len;
};

/* Grouped by whose it is, at the price of some padding. */
struct fake { /* NOLINT(clang-analyzer-optin.performance.Padding) */
    struct fixture fixture;
    struct fixture_council council;
    struct fixture_random random;
    struct sync *sync;
    uint64_t now;
    const struct council_secrets *device;

    /* the network */
    struct fake_queue up, down;
    bool wants_connect, wants_close, open;
    bool unreachable; /* connecting fails */
    uint32_t connects, sent_frames;

    /* the server */
    uint8_t server_secret[64], server_key[COUNCIL_KEY_BYTES];
    char origin[64];
    struct council_challenge challenge;
    bool greeted, logged_in;
    struct fake_log logs[FAKE_LOGS];
    uint32_t log_count, appends, probes;
    enum council_error refuse; /* log.append is refused with it ... */
    uint32_t refuse_times;     /* ... so often */
    uint64_t retry_after_ms;
    enum council_error refuse_login;
    uint32_t limit_reads; /* so many log.subscribe and log.read are refused as rate_limited */
    bool lose_answer;     /* the next append is stored, then the connection drops */
    bool lose_request;    /* the next append is not even stored */
    bool silent;          /* frames are read and not answered */
    bool hold_pushes;     /* log.entry waits */
    uint64_t damage_seq;  /* this entry of logs[0] is sent with another text */
    bool twice;           /* every entry is pushed twice */
    bool recovers;        /* hello says that the server was restored */
    bool forgets;         /* offered entries are not kept */
    uint64_t
        loses_after; /* not 0: at each offer without entries all of logs[0] after this is lost */
    enum council_error refuse_offers; /* log.offer is refused with it */
    uint32_t offered;                 /* entries taken from offers */
    struct council_succession successions[COUNCIL_SUCCESSIONS_MAX];
    uint32_t succession_count;

    /* what the shell heard */
    enum sync_report_kind reports[FAKE_HEARD];
    enum council_error report_errors[FAKE_HEARD];
    uint64_t report_seqs[FAKE_HEARD];
    bool report_evidence[FAKE_HEARD];
    uint32_t report_count;
    struct sync_duty duties[FAKE_HEARD];
    uint32_t duty_count;
    struct fake_item items[FAKE_ITEMS];
    uint32_t item_count;
    uint64_t call_tags[FAKE_HEARD];
    enum council_error call_errors[FAKE_HEARD];
    uint32_t call_count;
    bool first_server, succeeded_server;
    bool told_recovering;
    uint64_t told_waiting;
    uint32_t tellings;
    uint8_t pinned[COUNCIL_KEY_BYTES];
    enum council_error store_fails;
    bool no_signing; /* sign_item is not answered */
    bool no_login_key;
    uint32_t verified; /* signatures that the shell checked */
    struct sync_check *begun[4 * SYNC_BATCH_ENTRIES];
    uint32_t begun_count; /* and those that it will when it is waited for */
};

/* A council of `members` (history for all, size 8), the server, and a client with its own member log and the council, both empty, not started. */
void fake_init(struct fake *fake, const char *name, uint32_t members);
void fake_fini(struct fake *fake);
/* The configuration that fake_init used, to be changed for fake_restart. */
struct sync_config fake_config(struct fake *fake);
/* Another process of the same home: a new sync, its logs loaded from the rows that were stored. */
void fake_restart(struct fake *fake, const struct sync_config *config);
/* The server also serves `log`; index in fake->logs. */
uint32_t fake_serve(struct fake *fake, struct fixture_log *log);
/* The same for a member log of somebody else, which the client does not keep. */
uint32_t fake_serve_foreign(struct fake *fake, struct fixture_log *log);
/* Adds the log as stored to the sync. */
void fake_add_log(struct fake *fake, uint32_t index);

/* Runs until nothing moves, without time passing. */
void fake_run(struct fake *fake);
/* Lets time pass, timers due in order. */
void fake_sleep(struct fake *fake, uint64_t ms);
/* sync_start and fake_run. */
void fake_start(struct fake *fake);
/* The connection breaks now. */
void fake_cut(struct fake *fake);
/* Puts a frame of the server's on its way. */
void fake_push(struct fake *fake, const char *text);

/* A draft of a post (`plain` NULL: of key.rotate) for the council; returns the item. */
uint64_t fake_draft(struct fake *fake, const char *plain);
/* Gives the item to the sync again with the bytes last signed, as another process would. */
void fake_readd(struct fake *fake, uint64_t item);
/* An item by its number. */
struct fake_item *fake_item(struct fake *fake, uint64_t item);
/* How often a report of this kind was heard. */
uint32_t fake_reports(const struct fake *fake, enum sync_report_kind kind);
uint32_t fake_duties(const struct fake *fake, enum sync_duty_kind kind);
struct sync_log_view fake_view(const struct fake *fake, uint32_t index);
/* How many entries of this kind member 0 has in the council's log. */
uint32_t fake_entries_of_device(const struct fake *fake, enum council_kind kind);

/* In sync_fake_shell.c. */
extern const struct sync_ops fake_ops;
/* In sync_fake_server.c. */
void fake_server_frame(struct fake *fake, const char *text, uint32_t len);
void fake_server_pushes(struct fake *fake);
void fake_server_closed(struct fake *fake);
void fake_queue_put(struct fake_queue *queue, const char *text, uint32_t len);

#endif
