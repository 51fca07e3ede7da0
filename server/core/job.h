/*
 * job.h - what the core asks other threads to do: work for the verifiers, readings and appends for the storage thread.
 *
 * Owns the shape of a job. Must not know how it is carried out: the host runs core_work() for CORE_JOB_WORK and calls
 * the store for the others. Invariant: between core_ops.submit and core_done a job belongs to the host; the core touches
 * neither it nor what it points to, and both stay alive. Every job comes back exactly once.
 *
 * Order: WORK jobs of one lane are done one after the other, in the order of submission (lane % number of verifiers chooses
 * the thread), except that one which yields may be overtaken by those that do not. Jobs for the store come back in the order in
 * which they were done: appends in the order of submission, and a reading after every append that was submitted before it; later
 * appends may overtake readings.
 */
#ifndef COUNCIL_SERVER_CORE_JOB_H
#define COUNCIL_SERVER_CORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "server/store/feed.h"
#include "server/store/pool.h"
#include "server/store/store.h" /* types alone: the core calls no function of the store */

struct core;

enum core_job_type {
    CORE_JOB_WORK,    /* a verifier: core_work(job) */
    CORE_JOB_APPEND,  /* u.append: one entry with its side changes */
    CORE_JOB_READ,    /* u.read: store_read */
    CORE_JOB_READ_AT, /* u.read_at: store_read_at */
    CORE_JOB_ACCESS, /* u.access: store_log_info, then store_membership of `member` if has_member */
    CORE_JOB_LIST,   /* u.list: store_logs_of_member, then store_log_info of each if with_seq */
    CORE_JOB_SHARES, /* u.shares: is there a log in which both are members now? */
    CORE_JOB_RECOVERY, /* u.recovery: store_member_by_recovery */
    CORE_JOB_OFFER,    /* u.offer: what the store has of an offered log */
    CORE_JOB_MARK,     /* u.mark: store_mark; those that wait together may share a transaction */
    CORE_JOB_MAIL,     /* u.mail: a member's reminders by mail */
    CORE_JOB_FEED,     /* u.feed: one call of store/feed.h */
    CORE_JOB_POOL,     /* u.pool: one call of store/pool.h */
    CORE_JOB_MATCH,    /* u.match: groups are sought, on a thread of its own; takes seconds */
};

/*
 * Appends are batched by the host: it takes queued ones in order up to the store's ceilings (rows, bytes, changes), copies
 * rows and changes into one store_batch (setting each change's `row`), and gives every job of the batch the outcome:
 *   OK                                     all of them OK
 *   CONFLICT, EXISTS, REFUSED, NOT_FOUND,  the job of row *failed gets that status; later jobs of the same log in the
 *   INVALID with *failed < n_rows          batch get CONFLICT; the rest is tried again as a smaller batch
 *   FULL, NOMEM, others                    all of them that status
 *   IO                                     all of them IO: the core answers with core_ops.fatal
 * `changes` are in the order in which they must be applied; their `row` is 0.
 */
struct core_job_append {
    struct store_row row;
    const struct store_change *changes;
    uint32_t n_changes;
};

/* `slice` is the host's result; the core frees it with core_ops.slice_free. */
struct core_job_read {
    uint8_t log[STORE_ID_BYTES];
    struct store_reading reading;
    struct store_slice slice;
};

struct core_job_read_at {
    uint8_t log[STORE_ID_BYTES];
    const uint64_t *seqs;
    uint32_t n;
    struct store_slice slice;
};

/* status NOT_FOUND: no such log. A member who never was in it: status OK and `known` false. */
struct core_job_access {
    uint8_t log[STORE_ID_BYTES];
    uint8_t member[STORE_ID_BYTES];
    bool has_member; /* in: ask for the membership too */
    bool known;      /* out: `membership` is filled */
    struct store_log_info info;
    struct store_membership membership;
    uint8_t until_head[STORE_ID_BYTES]; /* out: head at membership.until_seq, where that is not 0 */
};

struct core_listed {
    struct store_membership membership;
    uint64_t seq; /* of the log's last entry, if with_seq */
};

/* `items` is the core's, room for `max`; the host fills n of them and moves `cursor`, as store_logs_of_member does. */
struct core_job_list {
    uint8_t member[STORE_ID_BYTES];
    uint64_t cursor;
    bool with_seq;
    uint32_t max, n;
    struct core_listed *items;
};

/* Compare current memberships (until_seq 0) of both, journals excepted. */
struct core_job_shares {
    uint8_t one[STORE_ID_BYTES], other[STORE_ID_BYTES];
    bool shares; /* a council */
    bool leads;  /* a proposal that `other` accepted */
};

struct core_job_recovery {
    uint8_t key[STORE_ID_BYTES];
    uint8_t member[STORE_ID_BYTES];
};

/* status NOT_FOUND: no such log, and `offered` alone is filled. */
struct core_job_offer {
    uint8_t log[STORE_ID_BYTES], member[STORE_ID_BYTES];
    uint64_t after;
    uint64_t offered; /* out: logs that the member has brought */
    bool known;       /* out: `membership` is filled */
    bool has_head;    /* out: `head` is the log's at `after`, which is between 1 and its end */
    struct store_log_info info;
    struct store_membership membership;
    uint8_t head[STORE_ID_BYTES];
};

/* What a member asks about their reminders by mail, or somebody with the link of a mail. */
enum core_mail_asks {
    CORE_MAIL_SET,     /* in: mail (all but token where there was one), now_ms; out: confirmed */
    CORE_MAIL_CONFIRM, /* in: member, code, now_ms */
    CORE_MAIL_SHOW,    /* in: member; out: mail */
    CORE_MAIL_STOP,    /* in: member */
    CORE_MAIL_NUDGE,   /* in: member, log, now_ms */
    CORE_MAIL_UNLINK,  /* in: mail.token */
};
struct core_job_mail {
    enum core_mail_asks asks;
    uint8_t log[STORE_ID_BYTES];
    struct store_mail mail;
    bool confirmed;
    uint64_t now_ms;
    bool bad_address, bad_zone; /* out: status INVALID for this reason */
};

/* A call of store/feed.h. */
enum core_feed_asks {
    CORE_FEED_PUT,  /* in: feed, max */
    CORE_FEED_DROP, /* in: feed.hash, feed.member */
    CORE_FEED_LIST, /* in: feed.member, items (the core's, room for max); out: n of them */
    CORE_FEED_FIND  /* in: feed.hash; out: feed, info of its log */
};
struct core_job_feed {
    enum core_feed_asks asks;
    uint32_t max, n;
    struct store_feed feed;
    struct store_log_info info;
    struct store_feed *items;
};

/* A call of store/pool.h, by the member who makes it; `of` is the core's memory, filled or read by that call. */
enum core_pool_asks {
    CORE_POOL_PUT, /* person; status INVALID: the zone is not known */
    CORE_POOL_DROP,
    CORE_POOL_VIEW,    /* view */
    CORE_POOL_ANSWER,  /* proposal, accept */
    CORE_POOL_INVITE,  /* boxes */
    CORE_POOL_REFILL,  /* refill; status INVALID: the zone is not known */
    CORE_POOL_SWEEP,   /* sweep */
    CORE_POOL_PEOPLE,  /* person: a page of max; n and cursor move */
    CORE_POOL_REFILLS, /* refill: a page */
    CORE_POOL_PROPOSE, /* offered */
    CORE_POOL_MISSING  /* lacks, n */
};
struct core_pool_ask {
    enum core_pool_asks asks;
    uint8_t member[STORE_ID_BYTES], device[STORE_ID_BYTES], proposal[STORE_POOL_ID];
    bool accept;
    uint64_t people_max, cursor;
    uint32_t max, n;
    struct store_pool_clock clock;
    struct store_pool_news news; /* out: whom to tell */
    union {
        struct store_pool_person *person;
        struct store_pool_view *view;
        struct store_pool_boxes *boxes;
        struct store_pool_refill *refill;
        struct store_pool_sweep *sweep;
        struct store_pool_proposal *offered;
        struct store_pool_lack *lacks;
    } of;
};

struct core_job {
    enum core_job_type type;
    uint32_t lane;            /* WORK alone */
    bool yields;              /* WORK alone: what does not goes first */
    enum store_status status; /* the host's answer; of WORK not looked at */
    struct core_job *next;    /* the host's, to queue it */
    union {
        struct core_job_append append;
        struct core_job_read read;
        struct core_job_read_at read_at;
        struct core_job_access access;
        struct core_job_list list;
        struct core_job_shares shares;
        struct core_job_recovery recovery;
        struct core_job_offer offer;
        struct store_mark mark;
        struct core_job_mail mail;
        struct core_job_feed feed;
        struct core_pool_ask *pool;
        struct store_pool_round *match;
    } u;

    /* the core's own */
    void (*work)(struct core_job *job);
    void (*done)(struct core *core, struct core_job *job);
    void *owner;
    void *detail;
};

/* Carries out a CORE_JOB_WORK job. Any thread; touches nothing but the job. Bounded: some milliseconds at most. */
void core_work(struct core_job *job);

#endif
