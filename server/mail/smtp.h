/*
 * smtp.h - hands one mail to the operator's relay.
 *
 * Owns the use of libcurl, and the connection, which is kept between mails. Must not know why a mail is sent or what follows from what came of it. One thread.
 * Invariant: unless the operator said so or the relay is this machine, nothing is said to a relay that does not do TLS.
 */
#ifndef COUNCIL_SERVER_MAIL_SMTP_H
#define COUNCIL_SERVER_MAIL_SMTP_H

#include <stdatomic.h>

#include "server/mail/outcome.h"

enum {
    MAIL_SMTP_CONNECT_MS = 10000,
    MAIL_SMTP_DETAIL_MAX = 256
};

struct mail_smtp;

struct mail_smtp_config {
    const char *url;           /* smtp://HOST[:PORT] or smtps://HOST[:PORT]; borrowed */
    const char *from;          /* borrowed */
    const char *user, *secret; /* NULL: no login; copied */
    const char *ca_file;       /* NULL: whom the system trusts; borrowed */
    bool plain;                /* without TLS, too */
    uint32_t timeout_ms;       /* for one mail */
    const _Atomic bool *stop;  /* borrowed: once true a transfer is given up */
};

/* NULL, and why in `detail`: a url that is no relay's, or out of memory. Call before there are other threads. */
struct mail_smtp *mail_smtp_create(const struct mail_smtp_config *config,
                                   char detail[MAIL_SMTP_DETAIL_MAX]);
/* NULL is fine. */
void mail_smtp_destroy(struct mail_smtp *smtp);

/* Sends `text` (lines end in CRLF) to one address. Blocks for config.timeout_ms at most. */
void mail_smtp_send(struct mail_smtp *smtp, const char *to, const char *text, uint32_t len,
                    struct mail_attempt *out);

#endif
