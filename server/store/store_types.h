/*
 * The shapes that cross the store's border: what is appended, what is read back, what changes with
 * it.
 *
 * Plain data, in the words of the domain: whoever builds a batch or looks at a slice needs this
 * file and no store at all. Knows nothing of how anything is kept. Invariant: an entry is named by
 * (log, seq), seq counts 1, 2, 3 ... without a gap, and its bytes never change once appended; only
 * `data` may be erased, for good.
 */
#ifndef COUNCIL_SERVER_STORE_TYPES_H
#define COUNCIL_SERVER_STORE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_ID_BYTES  32   /* a log, a member, a key, a head, a code's hash */
#define STORE_SIG_BYTES 64   /* Ed25519 */
#define STORE_NOTE_MAX  128  /* bytes of an operator's note on a code, without the NUL */
#define STORE_KEY_MAX   64   /* bytes of a setting's name */
#define STORE_VALUE_MAX 4096 /* bytes of a setting's value */

/* Ceilings of one batch (one transaction). A batch above any of them gets STORE_INVALID. */
#define STORE_BATCH_ROWS_MAX    512u
#define STORE_BATCH_BYTES_MAX   (4u * 1024u * 1024u) /* text and data of all its rows */
#define STORE_BATCH_CHANGES_MAX 8192u
#define STORE_ENTRY_BYTES_MAX   (1024u * 1024u) /* text and data of one row */

/* Ceilings of one reading; a larger wish is cut to these. */
#define STORE_READ_ENTRIES_MAX 1024u
#define STORE_READ_BYTES_MAX   (4u * 1024u * 1024u)

/* What came of a call. Every status but STORE_OK leaves the store as it was, except STORE_IO, after
 * which nobody knows. */
enum store_status {
    STORE_OK = 0,
    STORE_FULL,      /* the disk is full: rolled back, reads go on, it may succeed later */
    STORE_CONFLICT,  /* a row does not continue its log's stored tail: the caller is behind */
    STORE_EXISTS,    /* a new log, code or recovery key is already there */
    STORE_REFUSED,   /* a registration code is unknown, used up or expired */
    STORE_NOT_FOUND, /* no such log, member, key, code, setting, or file */
    STORE_INVALID,   /* the caller's mistake: above a ceiling, or never possible */
    STORE_BUSY,      /* another process has the store open */
    STORE_NEWER,     /* made by a newer program than this one: refused, untouched */
    STORE_OLDER,     /* to be read only, but needs a migration: open it once for writing */
    STORE_CORRUPT,   /* damaged, or not a store of ours */
    STORE_NOMEM,     /* out of memory: rolled back */
    STORE_IO,        /* an I/O error while writing: outcome unknown, exit and start clean */
};

enum store_log_kind {
    STORE_LOG_MEMBER = 1,
    STORE_LOG_COUNCIL = 2,
    STORE_LOG_JOURNAL = 3
};

enum store_entry_flag {
    STORE_FOLDS = 1 << 0,   /* changes what its log is: read back by STORE_READ_FOLDS */
    STORE_CONTROL = 1 << 1, /* a control entry */
    STORE_SEALED = 1 << 2,  /* its kind carries data; without this flag there never was any */
    STORE_ERASED = 1 << 3,  /* only when read: a sealed entry whose data is gone */
    STORE_MISSING =
        1 << 4, /* only when read, with ERASED: it came without, and no erase named it */
};

/*
 * One entry of a log. In a batch the pointers are borrowed from the caller; in a slice they point
 * into the slice. data is NULL for a plain entry, for an erased one, and where the reading did not
 * ask for it. A sealed entry may be appended without data: it is then read as erased, and missing
 * until an erase names it (a log brought back by its members).
 */
struct store_entry {
    uint64_t seq;         /* 1 ... */
    uint64_t received_ms; /* Unix time at which the server took it */
    uint8_t flags;        /* enum store_entry_flag */
    uint8_t head[STORE_ID_BYTES];
    uint8_t sig[STORE_SIG_BYTES];
    const char *text; /* not NUL-terminated */
    uint32_t text_len;
    uint32_t data_len; /* 0 without data */
    const uint8_t *data;
};

struct store_row {
    uint8_t log[STORE_ID_BYTES];
    struct store_entry entry;
};

/* What changes beside the log, in the same transaction as the entry that causes it. */
enum store_change_type {
    STORE_CHANGE_LOG = 1,       /* the row's log is new: must come with its seq 1 */
    STORE_CHANGE_MEMBERSHIP,    /* a member's standing in the row's log, in place of the last */
    STORE_CHANGE_RECOVERY_SET,  /* a recovery key now leads to a member */
    STORE_CHANGE_RECOVERY_DROP, /* a recovery key leads nowhere any more, if ever it did */
    STORE_CHANGE_ERASE,         /* drop the data of an earlier entry of the row's log, if any */
    STORE_CHANGE_CODE_USE,      /* take a use of a code, judged at the row's received_ms */
    STORE_CHANGE_RECOVERING,    /* the row's log waits for its members, or is open to them */
    STORE_CHANGE_RECOVERED,     /* it does not any more, if ever it did */
    STORE_CHANGE_OFFERED,       /* the row's log, new with it, was brought by a member */
};

/* Whether members bring back what the store may lack of a log. */
enum store_recovery {
    STORE_RECOVERED = 0, /* they do not */
    STORE_WAITING,       /* they do, and some of them have not spoken yet */
    STORE_RECOVERY_OPEN, /* nobody is missing: until the first entry that is not brought back */
};

struct store_change {
    enum store_change_type type;
    uint32_t row; /* index of the row that causes it; ascending through a batch */
    union {
        struct {
            enum store_log_kind kind;
            uint8_t creator[STORE_ID_BYTES]; /* the member; for a member log, the log itself */
        } log;
        struct {
            uint8_t member[STORE_ID_BYTES];
            uint8_t role;       /* the core's own number, kept as it is */
            uint64_t from_seq;  /* the entry by which they came in */
            uint64_t until_seq; /* the entry that ended it, or 0 while it lasts */
        } membership;
        struct {
            uint8_t key[STORE_ID_BYTES];    /* the recovery signing key */
            uint8_t member[STORE_ID_BYTES]; /* not looked at by RECOVERY_DROP */
        } recovery;
        struct {
            uint64_t seq; /* of the entry that loses its data */
        } erase;
        struct {
            uint8_t hash[STORE_ID_BYTES];
        } code;
        struct {
            enum store_recovery state; /* WAITING or OPEN */
        } recovering;
        struct {
            uint8_t member[STORE_ID_BYTES];
        } offered;
    } u;
};

/* One transaction: all of it or nothing. Everything is borrowed for the call. */
struct store_batch {
    const struct store_row *rows; /* rows of one log in ascending seq; logs may be mixed */
    uint32_t n_rows;
    uint32_t n_changes;
    const struct store_change *changes;
};

/* What is known of a log without reading it. */
struct store_log_info {
    uint8_t log[STORE_ID_BYTES];
    enum store_log_kind kind;
    enum store_recovery recovery;
    bool brought; /* not recovered, and not put back with a backup: a member brought it */
    uint8_t creator[STORE_ID_BYTES];
    uint64_t created_ms; /* received_ms of its first entry */
    uint64_t seq;        /* of its last entry, and so the number of its entries */
    uint64_t bytes;      /* text and data ever taken in; an erase gives nothing back */
    uint8_t head[STORE_ID_BYTES];
};

/* What somebody says of a log that waits, and what it comes to. */
struct store_mark {
    uint8_t log[STORE_ID_BYTES], member[STORE_ID_BYTES];
    bool spoken;                  /* the member has nothing more of it */
    bool end;                     /* the waiting is over, whoever is missing */
    enum store_recovery recovery; /* out: the log's from now on */
    uint64_t waiting;             /* out: its members who have not spoken; 0 unless it waits */
};

struct store_membership {
    uint8_t log[STORE_ID_BYTES];
    uint8_t member[STORE_ID_BYTES];
    enum store_log_kind kind;
    uint8_t role;
    uint64_t from_seq;
    uint64_t until_seq; /* 0: still a member */
};

enum store_read_flag {
    STORE_READ_DATA = 1 << 0,  /* with the ciphertexts */
    STORE_READ_FOLDS = 1 << 1, /* only entries that fold */
};

struct store_reading {
    uint64_t after_seq;   /* the first entry given is the next one after this */
    uint64_t upto_seq;    /* the last one given at most; 0: up to the tail */
    uint32_t max_entries; /* 0: STORE_READ_ENTRIES_MAX */
    uint32_t max_bytes;   /* of text and data, save that one entry always fits; 0: as above */
    uint32_t what;        /* enum store_read_flag */
};

/*
 * Entries that were read, to be handed to another thread as a whole.
 * Owned by whoever holds it; store_slice_fini frees it (from any thread). All zeros is an empty
 * slice.
 */
struct store_slice {
    struct store_entry *entries;
    uint32_t n;
    bool more;         /* a ceiling cut it short: there is more of what was asked for */
    uint64_t tail_seq; /* the log's last entry at the time of reading */
    void *block;       /* private: what the pointers point into */
};

struct store_code {
    uint8_t hash[STORE_ID_BYTES]; /* the code itself is never kept */
    uint64_t created_ms;
    uint64_t expires_ms; /* 0: never */
    uint32_t uses;       /* as made */
    uint32_t used;
    char note[STORE_NOTE_MAX + 1];
};

struct store_stats {
    uint64_t entries;
    uint64_t logs_member;
    uint64_t logs_council;
    uint64_t logs_journal;
    uint64_t codes;
    uint64_t bytes; /* what the store takes on disk, without what is waiting to be checkpointed */
};

#endif
