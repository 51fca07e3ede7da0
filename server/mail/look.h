/*
 * look.h - who is due a mail, as the store says.
 *
 * Owns the round over all who want reminders, and a small memory of councils' meetings. Must not know how a mail is sent. Runs where the store may be used;
 * each step is bounded. Invariant: what it names was not claimed, sent or dropped when it looked.
 */
#ifndef COUNCIL_SERVER_MAIL_LOOK_H
#define COUNCIL_SERVER_MAIL_LOOK_H

#include "server/mail/plan.h"
#include "server/store/store.h"

enum {
    MAIL_LOOK_PEOPLE = 16, /* members looked at in one step, ... */
    MAIL_LOOK_MS =
        10, /* ... and nothing more begun after that, also of one member: others wait for the store */
    MAIL_LOOK_DUE = 64,        /* mails that one step names at most */
    MAIL_LOOK_COUNCILS = 1024, /* councils whose meetings are remembered */
    MAIL_LOOK_LOGS = 64,       /* councils of one member that are looked at */
    MAIL_LOOK_NUDGES = 16,     /* nudges of one council */
    MAIL_LOOK_SLICES = 8,      /* readings of one log in one step; the rest is for the next round */
    MAIL_LOOK_BACK = 2048      /* entries that are searched for an answer or a check-in */
};

struct mail_look;

/* NULL: out of memory. */
struct mail_look *mail_look_create(void);
void mail_look_destroy(struct mail_look *look);

/*
 * One step of a round: who comes next is looked at, or the rest of a member for whom the last step had no time, and what is due at now_ms stands in `out` (member, key, kind, until_ms). *ended: it was the last step, and the
 * next begins anew. A status other than OK is the store's.
 */
STORE_MUST_USE enum store_status mail_look_step(struct mail_look *look, struct store *store,
                                                uint64_t now_ms,
                                                struct store_mail_event out[MAIL_LOOK_DUE],
                                                uint32_t *n, bool *ended);

/* Whether an event that was named before is still due: the meeting may have been cancelled since, the check-in made. `mail` is its member's. */
STORE_MUST_USE enum store_status mail_look_stands(struct mail_look *look, struct store *store,
                                                  uint64_t now_ms, const struct store_mail *mail,
                                                  const struct store_mail_event *event,
                                                  bool *stands);

/* ---- meetings.c: what is remembered of councils ---- */

struct mail_council;

/* The meetings of a council that start soon after now_ms, as its log says. *meetings is borrowed until the next call. */
STORE_MUST_USE enum store_status
mail_council_meetings(struct mail_council **councils, struct store *store,
                      const uint8_t log[STORE_ID_BYTES], uint64_t now_ms,
                      const struct mail_meeting **meetings, uint32_t *count);
/*
 * What a member said about a meeting: *no, they do not come (the latest answer); *tagged, a post of theirs carries it. Looks back MAIL_LOOK_BACK
 * entries at most.
 */
STORE_MUST_USE enum store_status mail_council_said(struct store *store,
                                                   const uint8_t log[STORE_ID_BYTES],
                                                   const uint8_t member[STORE_ID_BYTES],
                                                   const char *meeting, bool *no, bool *tagged);

#endif
