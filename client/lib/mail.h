/*
 * mail.h - reminders by mail: what this member asked the server to send, and to where.
 *
 * Owns the calls of protocol/README.md section 16. Nothing of it is kept in the home: the server alone knows the address. Every
 * call is online and steps the client until its answer came.
 */
#ifndef COUNCIL_CLIENT_LIB_MAIL_H
#define COUNCIL_CLIENT_LIB_MAIL_H

#include "client/lib/client.h"

enum {
    CLIENT_MAIL_ADDRESS_MAX = 254,
    CLIENT_MAIL_ZONE_MAX = 64,
    CLIENT_MAIL_KINDS = 4
};

/* The words of the kinds, in the order of their bits: meeting, checkin, proposal, feedback. */
extern const char *const client_mail_kinds[CLIENT_MAIL_KINDS];

struct client_mail {
    bool offered;   /* this server sends mail */
    bool set;       /* the rest is filled */
    bool confirmed; /* the address was proved by its code */
    char address[CLIENT_MAIL_ADDRESS_MAX + 1], zone[CLIENT_MAIL_ZONE_MAX + 1];
    uint32_t quiet_from, quiet_to; /* minutes of the local day; equal: none */
    uint32_t kinds;                /* bits */
    uint64_t failing; /* unix ms since when mails to the address are refused; 0: they are not */
    uint64_t sent;    /* unix ms of the last one; 0: none */
};

/* Sets address, zone, quiet hours and kinds. *confirmed: the address was proved before; else a code is on its way to it. MAIL_OFF, MAIL_ADDRESS, MAIL_ZONE,
 * RATE_LIMITED (too many codes in a day, or too many members with one address); BAD_INPUT for what does not fit; those of client_sync. */
COUNCIL_MUST_USE enum council_error client_mail_set(struct client *client,
                                                    const struct client_mail *mail, bool *confirmed,
                                                    int timeout_ms);
/* MAIL_CODE. */
COUNCIL_MUST_USE enum council_error client_mail_confirm(struct client *client, const char *code,
                                                        int timeout_ms);
COUNCIL_MUST_USE enum council_error client_mail_show(struct client *client, struct client_mail *out,
                                                     int timeout_ms);
/* Ends reminders; the server deletes the address. Also where there is none. */
COUNCIL_MUST_USE enum council_error client_mail_stop(struct client *client, int timeout_ms);
/* Asks that the others of a council be told that something waits for them; once a day. MAIL_OFF, NOT_FOUND. */
COUNCIL_MUST_USE enum council_error
client_mail_nudge(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], int timeout_ms);

#endif
