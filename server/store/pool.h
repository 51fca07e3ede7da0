/*
 * pool.h - the store's part of the pool: who waits to be matched, what was proposed to whom, councils that ask for members.
 *
 * Plain data and calls in the words of protocol/README.md section 14. Must not know how groups are found, what a token was made of or
 * what is in a box. Each call is one short transaction (views need none). Invariants: a member has at most one row and is in at most one
 * proposal; who goes back from a proposal has the `since` that they came with; a proposal without anybody is gone, and so are its boxes; what is
 * deleted leaves the file and, with the next housekeeping, the journal.
 */
#ifndef COUNCIL_SERVER_STORE_POOL_H
#define COUNCIL_SERVER_STORE_POOL_H

#include "server/store/store.h"

enum {
    STORE_POOL_HOURS = 42,         /* bytes: a bit for each half hour of the week */
    STORE_POOL_WORD_MAX = 24,      /* bytes of function, level, industry */
    STORE_POOL_ZONE_MAX = 64,      /* of a zone's name */
    STORE_POOL_NAME_MAX = 64,      /* of what somebody is called */
    STORE_POOL_LANGUAGES_MAX = 39, /* of the list of languages */
    STORE_POOL_WHY_MAX = 127,      /* of a proposal's reasons */
    STORE_POOL_AVOID_MAX = 8,      /* tokens of employers to avoid, */
    STORE_POOL_EMPLOYERS_MAX = 8,  /* and of own ones */
    STORE_POOL_SLOTS_MAX = 2,
    STORE_POOL_GROUP_MIN = 6, /* acceptances that found a council */
    STORE_POOL_GROUP_MAX = 8,
    STORE_POOL_BOXES_MAX = 8, /* a member's devices */
    STORE_POOL_BOX_MAX = 2048,
    STORE_POOL_ID = 16,      /* bytes of a proposal's name */
    STORE_POOL_VIEW_MAX = 8, /* proposals and refills that one member is shown */
    STORE_POOL_NEWS_MAX =
        8, /* proposals that one sweep settles: all connections are told of each */
    STORE_POOL_MISSED_MAX =
        3, /* proposals in a row without an answer, after which a registration goes */
    STORE_POOL_MISSING_MAX = 256, /* people of one store_pool_missing */
    STORE_POOL_COUNTED_MAX = 1000 /* people that a view counts: everybody looks, once a minute */
};

struct store_pool_tokens {
    uint32_t count;
    uint8_t all[STORE_POOL_AVOID_MAX][STORE_ID_BYTES];
};

struct store_pool_slot {
    uint8_t day;     /* 0: Monday */
    uint16_t minute; /* of the local day */
};

/* Texts are NUL-terminated, whatever stands in them was checked by the caller. */
struct store_pool_person {
    uint8_t member[STORE_ID_BYTES];
    uint64_t changed; /* out: the version of the row */
    uint64_t since_ms, expires_ms, rests_ms;
    bool fast, moderates;
    bool proposed, accepted; /* out */
    uint8_t missed, missing; /* out */
    char function[STORE_POOL_WORD_MAX + 1], level[STORE_POOL_WORD_MAX + 1],
        industry[STORE_POOL_WORD_MAX + 1];
    char zone[STORE_POOL_ZONE_MAX + 1], languages[STORE_POOL_LANGUAGES_MAX + 1],
        name[STORE_POOL_NAME_MAX + 1];
    uint8_t hours[STORE_POOL_HOURS];
    struct store_pool_tokens avoid, employers;
};

struct store_pool_refill {
    uint8_t council[STORE_ID_BYTES], member[STORE_ID_BYTES];
    uint64_t changed, since_ms, expires_ms;
    uint32_t places; /* 0 in store_pool_refill_put: the council asks no more */
    bool proposed;   /* out */
    bool fast;
    char zone[STORE_POOL_ZONE_MAX + 1], language[STORE_POOL_LANGUAGES_MAX + 1];
    struct store_pool_slot slots[STORE_POOL_SLOTS_MAX];
    uint32_t n_slots;
    struct store_pool_tokens avoid, employers;
};

/* Somebody in a proposal who has not joined yet. */
struct store_pool_seat {
    uint8_t member[STORE_ID_BYTES];
    uint64_t changed; /* in store_pool_propose: the version that was matched */
    char name[STORE_POOL_NAME_MAX + 1];
    bool accepted, moderates, boxed;
};

struct store_pool_proposal {
    uint8_t name[STORE_POOL_ID];
    bool founding, refill, fast, has_council;
    uint8_t moderator[STORE_ID_BYTES], council[STORE_ID_BYTES];
    uint64_t refill_changed; /* in store_pool_propose, of a refill */
    uint64_t made_ms, answer_by_ms, found_by_ms;
    char zone[STORE_POOL_ZONE_MAX + 1], language[STORE_POOL_LANGUAGES_MAX + 1],
        why[STORE_POOL_WHY_MAX + 1];
    struct store_pool_slot slots[STORE_POOL_SLOTS_MAX];
    uint32_t n_slots;
    struct store_pool_seat seats[STORE_POOL_GROUP_MAX];
    uint32_t n_seats;
    uint32_t box_len; /* in a view: of the box for the device that looks; 0: none */
    uint8_t box[STORE_POOL_BOX_MAX];
};

/* What one member is shown. */
struct store_pool_view {
    bool registered;
    struct store_pool_person person;
    uint64_t ahead,
        alike; /* people of the same pace who came before, and all of that pace; counted up to STORE_POOL_COUNTED_MAX */
    struct store_pool_proposal proposals[STORE_POOL_VIEW_MAX];
    uint32_t n_proposals;
    struct store_pool_refill refills[STORE_POOL_VIEW_MAX];
    uint32_t n_refills;
};

/* Somebody's proposal is not what it was: they are told to look. */
struct store_pool_news {
    uint8_t proposal[STORE_POOL_ID];
    uint8_t members[STORE_POOL_GROUP_MAX + 1][STORE_ID_BYTES];
    uint32_t n_members;
};

/* The wall clock, and how long things take: the core's limits. */
struct store_pool_clock {
    uint64_t now_ms;
    uint64_t found_ms; /* for the moderator's client to found, and for the others to join */
    uint64_t rest_ms;  /* after a proposal that was declined or never answered */
};

struct store_pool_boxes {
    uint8_t proposal[STORE_POOL_ID];
    uint8_t member[STORE_ID_BYTES], council[STORE_ID_BYTES];
    uint32_t n;
    struct {
        uint8_t device[STORE_ID_BYTES];
        uint32_t len;
        uint8_t box[STORE_POOL_BOX_MAX];
    } boxes[STORE_POOL_BOXES_MAX];
};

/* What a sweep did and what is next. */
struct store_pool_sweep {
    struct store_pool_news news[STORE_POOL_NEWS_MAX];
    uint32_t n_news;
    bool more;        /* something is due still: sweep again */
    uint64_t people;  /* rows of the pool */
    uint64_t next_ms; /* when the next thing is due; UINT64_MAX: nothing */
};

/* Registers, or registers anew under the same `since_ms` (which is then told in person->since_ms). CONFLICT: in a proposal; REFUSED: as
 * many as `people_max` are there. */
STORE_MUST_USE enum store_status
store_pool_put(struct store *store, struct store_pool_person *person, uint64_t people_max);

/* Deletes the registration; out of a proposal as who declines it. OK also where there is none. `news` may stay empty. */
STORE_MUST_USE enum store_status store_pool_drop(struct store *store,
                                                 const uint8_t member[STORE_ID_BYTES],
                                                 const struct store_pool_clock *clock,
                                                 struct store_pool_news *news);

/* What this member, at this device, is shown. Who has joined meanwhile is taken out first. */
STORE_MUST_USE enum store_status store_pool_view(struct store *store,
                                                 const uint8_t member[STORE_ID_BYTES],
                                                 const uint8_t device[STORE_ID_BYTES],
                                                 const struct store_pool_clock *clock,
                                                 struct store_pool_view *out);

/* Accepts or declines; the same answer again changes nothing. NOT_FOUND: not in such a proposal. CONFLICT: a box is there already, so that it is too
 * late to decline. */
STORE_MUST_USE enum store_status
store_pool_answer(struct store *store, const uint8_t member[STORE_ID_BYTES],
                  const uint8_t proposal[STORE_POOL_ID], bool accept,
                  const struct store_pool_clock *clock, struct store_pool_news *news);

/*
 * The moderator's boxes for one who accepted; the same again replaces them. NOT_FOUND: no such proposal of this moderator, or nobody like that who accepted;
 * CONFLICT: it has another council; REFUSED: that council is not there, or `moderator` is not in it.
 */
STORE_MUST_USE enum store_status store_pool_invite(struct store *store,
                                                   const uint8_t moderator[STORE_ID_BYTES],
                                                   const struct store_pool_boxes *boxes,
                                                   struct store_pool_news *news);

/* A council asks for members, or (no places) asks no more. CONFLICT: a proposal is out; REFUSED: `member` is not in that council. */
STORE_MUST_USE enum store_status store_pool_refill_put(struct store *store,
                                                       const struct store_pool_refill *refill);

/* What is due by the clock: expired registrations and refills, deadlines of at most STORE_POOL_NEWS_MAX proposals. */
STORE_MUST_USE enum store_status store_pool_sweep(struct store *store,
                                                  const struct store_pool_clock *clock,
                                                  struct store_pool_sweep *out);

/* Who may be proposed to at `now_ms`, in order of their coming into the pool; *cursor is 0 at first. Fewer than max only at the end. */
STORE_MUST_USE enum store_status store_pool_people(struct store *store, uint64_t now_ms,
                                                   uint64_t *cursor, struct store_pool_person *out,
                                                   uint32_t max, uint32_t *n);
STORE_MUST_USE enum store_status store_pool_refills(struct store *store, uint64_t now_ms,
                                                    uint64_t *cursor, struct store_pool_refill *out,
                                                    uint32_t max, uint32_t *n);

/* Makes the proposal to its seats (member and changed alone are looked at), all or nobody. CONFLICT: one of them, or the refill, is not as it was. */
STORE_MUST_USE enum store_status store_pool_propose(struct store *store,
                                                    const struct store_pool_proposal *proposal,
                                                    struct store_pool_news *news);

/* What kept people from a group, for those whose row is still as it was. At most STORE_POOL_MISSING_MAX. */
struct store_pool_lack {
    uint8_t member[STORE_ID_BYTES];
    uint64_t changed;
    uint8_t missing;
};
STORE_MUST_USE enum store_status
store_pool_missing(struct store *store, const struct store_pool_lack *lacks, uint32_t n);

/* ---- what one search for groups is given and finds: plain data, of any thread ---- */

#define STORE_POOL_NEW UINT32_MAX /* refill of a group for a new council */

struct store_pool_group {
    uint32_t refill; /* index into the round's refills, or STORE_POOL_NEW */
    uint32_t people
        [STORE_POOL_GROUP_MAX]; /* indices into its people; of a new council the moderator first */
    uint32_t n_people;
    char zone[STORE_POOL_ZONE_MAX + 1], language[STORE_POOL_LANGUAGES_MAX + 1],
        why[STORE_POOL_WHY_MAX + 1]; /* "hours:12 functions:5" */
    struct store_pool_slot slots[STORE_POOL_SLOTS_MAX];
    uint32_t n_slots;
};

struct store_pool_round {
    /* in */
    struct store_pool_person *people;
    struct store_pool_refill *refills;
    uint32_t n_people, n_refills;
    uint64_t now_ms, seed;
    /* out: owned by whoever owns the round (free); NULL where nothing was found */
    struct store_pool_group *groups;
    struct store_pool_lack *lacks;
    uint32_t n_groups, n_lacks;
    bool failed; /* out of memory, or people that no search takes */
};

/* Does `moderator` found a council, or fill one up, with `member`, who has accepted? */
STORE_MUST_USE enum store_status store_pool_leads(struct store *store,
                                                  const uint8_t moderator[STORE_ID_BYTES],
                                                  const uint8_t member[STORE_ID_BYTES],
                                                  bool *leads);

#endif
