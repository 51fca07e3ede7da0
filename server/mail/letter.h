/*
 * letter.h - a mail's bytes, headers and all.
 *
 * Owns what mails say (letters.def). Must not know who gets one or when. Pure. Rules: RFC 5322, RFC 2369, RFC 8058 (one-click unsubscribe), RFC 3834 (Auto-Submitted).
 * Invariant: besides address, sender and origin a mail holds nothing that tells one member or council from another.
 */
#ifndef COUNCIL_SERVER_MAIL_LETTER_H
#define COUNCIL_SERVER_MAIL_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/store/mail.h"

enum {
    MAIL_LETTER_MAX = 4096 /* bytes of a mail, with a final NUL */
};

struct mail_letter {
    const char *from, *origin; /* borrowed: the sender's address; https://host[:port] */
    const struct store_mail *mail;
    const struct store_mail_event *event;
    uint64_t now_ms;
};

/* The mail, with lines that end in CRLF; its length, 0 where it does not fit. */
uint32_t mail_letter_write(const struct mail_letter *letter, char out[MAIL_LETTER_MAX]);

/* The path of the link that stops mails, and its token back; "/unsubscribe/" and 43 characters. */
#define MAIL_STOP_PATH "/unsubscribe/"

#endif
