/*
 * Who wants reminders by mail, where to, and which of them went out.
 *
 * Included by store.h, whose rules hold. Owns addresses, codes, links to stop, events and nudges. Must not know when a
 * mail is due or how one is sent. Invariants: an event is claimed on disk before its mail is sent, and once in all; where a member
 * stops, the address is gone from every file of the store by the next housekeeping.
 */
#ifndef COUNCIL_SERVER_STORE_MAIL_H
#define COUNCIL_SERVER_STORE_MAIL_H

#include "server/store/store_types.h"

#ifndef STORE_MUST_USE
#define STORE_MUST_USE __attribute__((warn_unused_result))
#endif

struct store;

#define STORE_MAIL_ADDRESS_MAX       254 /* RFC 5321 section 4.5.3.1.3, without the brackets */
#define STORE_MAIL_ZONE_MAX          64
#define STORE_MAIL_CODE_CHARS        10
#define STORE_MAIL_TRIES             5         /* wrong codes, after which a new one is needed */
#define STORE_MAIL_CODES_MAX         5         /* codes mailed for one member in a day */
#define STORE_MAIL_CODES_MS          86400000u /* within which codes are counted: a day */
#define STORE_MAIL_ADDRESS_CODES_MAX 5 /* codes mailed to one address in a day, whoever asked */
#define STORE_MAIL_SHARED_MAX        4 /* members with the same address */
#define STORE_MAIL_CODE_MS           86400000u /* that a code is good for */
#define STORE_MAIL_KEEP_MS \
    604800000u /* that an event that is over, or an address without its code, is kept */
#define STORE_NUDGE_GAP_MS 86400000u /* between two nudges of one member in one council */

/* What a mail is about. The bit of a kind in `kinds` is 1 << (kind - 1). */
enum store_mail_kind {
    STORE_MAIL_CODE = 0, /* the code that proves an address */
    STORE_MAIL_MEETING,
    STORE_MAIL_CHECKIN,
    STORE_MAIL_PROPOSAL,
    STORE_MAIL_FEEDBACK,
    STORE_MAIL_KINDS,
};

struct store_mail {
    uint8_t member[STORE_ID_BYTES];
    uint8_t token[STORE_ID_BYTES]; /* of the link that stops it */
    char address[STORE_MAIL_ADDRESS_MAX + 1];
    char zone[STORE_MAIL_ZONE_MAX + 1];
    char code[STORE_MAIL_CODE_CHARS + 1]; /* empty: none is good */
    uint32_t quiet_from, quiet_to;        /* minutes of the local day; equal: no quiet hours */
    uint32_t kinds;
    uint32_t tries;        /* wrong codes since `asked_ms` */
    uint64_t asked_ms;     /* when the code was made */
    uint64_t confirmed_ms; /* 0: not yet */
    uint64_t failing_ms;   /* since when the address is refused for good; 0: it is not */
    uint64_t sent_ms;      /* when the last mail was taken; 0: none was */
};

enum store_mail_state {
    STORE_MAIL_CLAIMED = 0, /* may have been sent */
    STORE_MAIL_SENT,
    STORE_MAIL_WAITING, /* was surely not sent: again at due_ms */
    STORE_MAIL_DROPPED, /* or was not needed */
};

struct store_mail_event {
    uint8_t member[STORE_ID_BYTES];
    uint8_t key[STORE_ID_BYTES]; /* names the event among those of the member */
    enum store_mail_kind kind;
    enum store_mail_state state;
    uint32_t tries; /* claims so far */
    uint64_t due_ms, until_ms, made_ms;
};

struct store_nudge {
    uint8_t member[STORE_ID_BYTES]; /* who asked */
    uint64_t at_ms;
};

/*
 * What the member wants from now on: member, token and code (both new), address, zone, quiet hours, kinds. With the address that they confirmed
 * before only the rest changes, and *confirmed is true. Else the code waits to be mailed, as an event. REFUSED: too
 * many codes in a day for this member or to this address, or too many members with it; capitals do not make it another. INVALID: a shape.
 */
STORE_MUST_USE enum store_status store_mail_set(struct store *store, const struct store_mail *mail,
                                                uint64_t now_ms, bool *confirmed);
/* REFUSED: not the code, or not any more. NOT_FOUND: nothing to confirm. */
STORE_MUST_USE enum store_status store_mail_confirm(struct store *store,
                                                    const uint8_t member[STORE_ID_BYTES],
                                                    const char *code, uint64_t now_ms);
/* NOT_FOUND. */
STORE_MUST_USE enum store_status
store_mail_get(struct store *store, const uint8_t member[STORE_ID_BYTES], struct store_mail *out);
/* Forgets the address and what was to be sent to it, by its member or by the token of its link; NOT_FOUND: there is none. */
STORE_MUST_USE enum store_status store_mail_stop(struct store *store,
                                                 const uint8_t member[STORE_ID_BYTES]);
STORE_MUST_USE enum store_status store_mail_unlink(struct store *store,
                                                   const uint8_t token[STORE_ID_BYTES]);

/* Those who confirmed, and whose address does not fail. Cursor as in store_logs. */
STORE_MUST_USE enum store_status store_mails(struct store *store, uint64_t *cursor,
                                             struct store_mail *out, uint32_t max, uint32_t *n);

/* What is known of an event: the rest of *event, by its member and key. NOT_FOUND. */
STORE_MUST_USE enum store_status store_mail_event(struct store *store,
                                                  struct store_mail_event *event);
/*
 * Claims an event (member, key, kind, until_ms; made_ms is now) for one attempt to send it, to the address in *out: on disk on return. EXISTS: it was
 * claimed, sent or dropped before, or waits for a later time. NOT_FOUND: the member does not want it (any more).
 */
STORE_MUST_USE enum store_status store_mail_claim(struct store *store,
                                                  struct store_mail_event *event, uint64_t now_ms,
                                                  struct store_mail *out);
/* Notes that an event needs no mail, so that nobody looks again. */
STORE_MUST_USE enum store_status
store_mail_skip(struct store *store, const struct store_mail_event *event, uint64_t now_ms);
/* What came of a claim: `state` and `due_ms` of the event; `failing`: the address was refused for good. */
STORE_MUST_USE enum store_status store_mail_settle(struct store *store,
                                                   const struct store_mail_event *event,
                                                   bool failing, uint64_t now_ms);
/* Events that wait and are due, the longest due first. */
STORE_MUST_USE enum store_status store_mail_waiting(struct store *store, uint64_t now_ms,
                                                    struct store_mail_event *out, uint32_t max,
                                                    uint32_t *n);
/* Drops what waits beyond its time (*dropped of them), and forgets what is over. */
STORE_MUST_USE enum store_status store_mail_prune(struct store *store, uint64_t now_ms,
                                                  uint64_t *dropped);

/* The proposal of the pool that waits for the member's answer: its name, when it was made, until when. NOT_FOUND: none. */
#define STORE_MAIL_PROPOSAL_BYTES 16
STORE_MUST_USE enum store_status
store_mail_proposal(struct store *store, const uint8_t member[STORE_ID_BYTES], uint64_t now_ms,
                    uint8_t name[STORE_MAIL_PROPOSAL_BYTES], uint64_t *made_ms, uint64_t *until_ms);

/* A member asks the others of a council to look. Within STORE_NUDGE_GAP_MS of the last time nothing changes. NOT_FOUND: not a
 * member of such a council now. */
STORE_MUST_USE enum store_status store_nudge(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                             const uint8_t member[STORE_ID_BYTES], uint64_t now_ms);
/* The nudges of a council since `since_ms`, at most `max`. */
STORE_MUST_USE enum store_status store_nudges(struct store *store,
                                              const uint8_t log[STORE_ID_BYTES], uint64_t since_ms,
                                              struct store_nudge *out, uint32_t max, uint32_t *n);

#endif
