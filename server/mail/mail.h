/*
 * mail.h - reminders by mail: the thread that sends them.
 *
 * Owns when it looks, the order claim, send, settle, and pauses while the relay fails. Must not know sockets of members or the operator's options. It uses the
 * store through config.store alone. Invariant: a mail is claimed on disk before the relay hears of it; what may have been taken is not sent again,
 * also not by the next process.
 */
#ifndef COUNCIL_SERVER_MAIL_MAIL_H
#define COUNCIL_SERVER_MAIL_MAIL_H

#include "server/mail/smtp.h"
#include "server/store/store.h"

enum {
    MAIL_POLL_MS = 250,        /* between two looks at what waits */
    MAIL_ROUND_MS = 30 * 1000, /* from the beginning of one round over all members to the next */
    MAIL_PRUNE_MS = 10 * 60 * 1000,
    MAIL_STORE_PAUSE_MS = 60 * 1000, /* after the store refused: a full disk */
    MAIL_WAITING_MAX = 32            /* mails that wait, taken on at once */
};

/* What came of one mail, or of housekeeping: for log and figures. Strings are static; nobody is named. */
struct mail_report {
    const char *event; /* "mail_sent", "mail_later", ... */
    const char *about; /* the kind; NULL: none */
    uint32_t code;     /* the relay's last answer; 0: none */
    uint64_t count;    /* how many; of "mail_round" when it began, in unix seconds */
};

struct mail_config {
    void *ctx;
    /* Runs `run` where the store may be used, and waits for it. False: it did not run, the server ends. */
    bool (*store)(void *ctx, void (*run)(struct store *store, void *arg), void *arg);
    /* The store cannot go on (STORE_IO). Does not return. */
    void (*broken)(const char *doing, const char *detail);
    uint64_t (*now_ms)(void *ctx); /* the wall clock */
    void (*report)(void *ctx, const struct mail_report *report);
    const char *origin, *from; /* borrowed */
    struct mail_smtp_config smtp;
};

struct mail_sender;

/* NULL, and why in `detail`. The url and what belongs to it are checked; whether the relay is there is not. */
struct mail_sender *mail_sender_create(const struct mail_config *config,
                                       char detail[MAIL_SMTP_DETAIL_MAX]);
/* Begins to send. False: no thread. */
__attribute__((warn_unused_result)) bool mail_sender_start(struct mail_sender *sender);
/* Gives up what is being sent, ends the thread and frees; before the store's thread ends. NULL is fine. */
void mail_sender_stop(struct mail_sender *sender);
/* Any thread: look now. NULL is fine. */
void mail_sender_poke(struct mail_sender *sender);

#endif
