/*
 * outcome.h - what came of an attempt to send a mail, and what follows from it.
 *
 * Owns that judgement. Must not know libcurl, the store or a clock. Pure. Invariant: a mail that the relay may have taken is never
 * sent again; one that it surely has not taken is, until its time is over.
 */
#ifndef COUNCIL_SERVER_MAIL_OUTCOME_H
#define COUNCIL_SERVER_MAIL_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

/* How far a transfer came: the last thing that was said to the relay (RFC 5321 section 3.3). */
enum mail_stage {
    MAIL_STAGE_CONNECT, /* nothing, or greeting, login, TLS */
    MAIL_STAGE_FROM,
    MAIL_STAGE_TO,
    MAIL_STAGE_DATA, /* DATA, and the mail as far as it got */
    MAIL_STAGE_SAID, /* the mail, whole: from here on the relay may have taken it */
};

struct mail_attempt {
    bool taken; /* the relay answered 250 to the whole mail */
    enum mail_stage stage;
    uint32_t code; /* its last answer; 0: none came to what was said last */
};

enum mail_verdict {
    MAIL_SENT,
    MAIL_UNSURE, /* it may have been taken: counts as sent */
    MAIL_LATER,  /* this mail later */
    MAIL_RELAY,  /* nothing goes out now: this one and all others later */
    MAIL_FAILS,  /* the address is refused for good */
};

enum mail_verdict mail_judge(const struct mail_attempt *attempt);

/* The name of a verdict, for the log. */
const char *mail_verdict_name(enum mail_verdict verdict);

/* How long to wait after that many attempts (1 ...): minutes at first, then hours. */
uint64_t mail_retry_ms(uint32_t tries);
/* How long nothing is sent after the relay failed that many times in a row: half a minute at first, a quarter of an hour at most. */
uint64_t mail_relay_ms(uint32_t failures);

/* No mail is tried longer than this after it was made, whatever it is about. */
#define MAIL_GIVE_UP_MS UINT64_C(86400000)

#endif
