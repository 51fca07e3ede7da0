/*
 * mail.c - the thread that sends mails. See mail.h.
 */
#include "server/mail/mail.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/mail/letter.h"
#include "server/mail/look.h"

struct mail_sender {
    struct mail_config config;
    struct mail_smtp *smtp;
    struct mail_look *look;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool started, poked; /* poked: under the lock */
    _Atomic bool stop;
    uint64_t round_ms, pruned_ms;      /* when the last began; 0: none did */
    bool round;                        /* one is under way */
    uint64_t paused_ms, paused_for_ms; /* since when nothing is sent, and for how long */
    uint32_t relay_failures;           /* in a row */
};

static const char *const kinds[] = {"code", "meeting", "checkin", "proposal", "feedback"};
_Static_assert(sizeof kinds / sizeof kinds[0] == STORE_MAIL_KINDS, "one for each kind");

/* ---- calls of the store ---- */

struct call {
    struct mail_sender *sender;
    enum store_status status;
    uint64_t now_ms, count;
    struct store_mail_event *events;
    uint32_t n;
    bool ended, again, failing;
    struct store_mail_event event;
    struct store_mail mail;
};

static void check(struct mail_sender *sender, struct store *store, enum store_status status)
{
    if (status == STORE_IO) {
        sender->config.broken("mail", store_detail(store));
    }
}

static void run_waiting(struct store *store, void *arg)
{
    struct call *call = arg;
    call->status =
        store_mail_waiting(store, call->now_ms, call->events, MAIL_WAITING_MAX, &call->n);
    check(call->sender, store, call->status);
}

static void run_step(struct store *store, void *arg)
{
    struct call *call = arg;
    call->status = mail_look_step(call->sender->look, store, call->now_ms, call->events, &call->n,
                                  &call->ended);
    check(call->sender, store, call->status);
}

static void run_prune(struct store *store, void *arg)
{
    struct call *call = arg;
    call->status = store_mail_prune(store, call->now_ms, &call->count);
    check(call->sender, store, call->status);
}

static void run_settle(struct store *store, void *arg)
{
    struct call *call = arg;
    call->status = store_mail_settle(store, &call->event, call->failing, call->now_ms);
    check(call->sender, store, call->status);
}

/* A reminder that waited may be out of place by now: then the claim is given back, and the status is EXISTS. */
static enum store_status look_again(struct store *store, struct call *call)
{
    const struct store_mail *mail = &call->mail;
    const struct mail_quiet quiet = {mail->zone, mail->quiet_from, mail->quiet_to};
    bool stands = false;
    enum store_status status = STORE_OK;
    call->event.state = STORE_MAIL_DROPPED;
    if (mail_is_quiet(&quiet, call->now_ms)) {
        call->event.due_ms = mail_goes_out(&quiet, call->now_ms, call->event.until_ms, false);
        if (call->event.due_ms != 0) {
            call->event.state = STORE_MAIL_WAITING;
        }
    } else {
        status =
            mail_look_stands(call->sender->look, store, call->now_ms, mail, &call->event, &stands);
    }
    if (status != STORE_OK || stands) {
        return status;
    }
    status = store_mail_settle(store, &call->event, false, call->now_ms);
    return status == STORE_OK ? STORE_EXISTS : status;
}

static void run_claim(struct store *store, void *arg)
{
    struct call *call = arg;
    call->status = store_mail_claim(store, &call->event, call->now_ms, &call->mail);
    if (call->status == STORE_OK && call->again && call->event.kind != STORE_MAIL_CODE) {
        call->status = look_again(store, call);
    }
    check(call->sender, store, call->status);
}

/* False: the server ends, or the store refuses for now. */
static bool ask(struct mail_sender *sender, void (*run)(struct store *, void *), struct call *call)
{
    if (!sender->config.store(sender->config.ctx, run, call)) {
        return false;
    }
    bool fine =
        call->status == STORE_OK || call->status == STORE_EXISTS || call->status == STORE_NOT_FOUND;
    if (!fine) {
        const struct mail_report report = {.event = "mail_store_failed"};
        sender->config.report(sender->config.ctx, &report);
        sender->paused_ms = call->now_ms;
        sender->paused_for_ms = MAIL_STORE_PAUSE_MS;
    }
    return fine;
}

/* ---- one mail ---- */

static void report(struct mail_sender *sender, const char *event, enum store_mail_kind kind,
                   uint32_t code)
{
    const struct mail_report said = {
        .event = event, .about = kinds[kind], .code = code, .count = 1};
    sender->config.report(sender->config.ctx, &said);
}

/* When it goes out again; 0: not at all. */
static uint64_t next_try(const struct store_mail_event *event, uint64_t now_ms)
{
    uint64_t due_ms = now_ms + mail_retry_ms(event->tries);
    return due_ms <= event->until_ms && due_ms <= event->made_ms + MAIL_GIVE_UP_MS ? due_ms : 0;
}

/* False: nothing more is sent now. */
static bool settle(struct mail_sender *sender, struct call *call,
                   const struct mail_attempt *attempt)
{
    static const char *const events[] = {
        [MAIL_SENT] = "mail_sent",   [MAIL_UNSURE] = "mail_unsure", [MAIL_LATER] = "mail_later",
        [MAIL_RELAY] = "mail_relay", [MAIL_FAILS] = "mail_refused",
    };
    enum mail_verdict verdict = mail_judge(attempt);
    struct store_mail_event *event = &call->event;
    enum store_mail_kind kind = event->kind;
    call->now_ms = sender->config.now_ms(sender->config.ctx);
    call->failing = verdict == MAIL_FAILS;
    event->state = verdict == MAIL_FAILS ? STORE_MAIL_DROPPED : STORE_MAIL_SENT;
    if (verdict == MAIL_LATER || verdict == MAIL_RELAY) {
        event->due_ms = next_try(event, call->now_ms);
        event->state = event->due_ms != 0 ? STORE_MAIL_WAITING : STORE_MAIL_DROPPED;
    }
    report(sender, events[verdict], kind, attempt->code);
    if (event->state == STORE_MAIL_DROPPED && verdict != MAIL_FAILS) {
        report(sender, "mail_dropped", kind, attempt->code);
    }
    sender->relay_failures = verdict == MAIL_RELAY ? sender->relay_failures + 1 : 0;
    if (verdict == MAIL_RELAY) {
        sender->paused_ms = call->now_ms;
        sender->paused_for_ms = mail_relay_ms(sender->relay_failures);
    }
    return ask(sender, run_settle, call) && verdict != MAIL_RELAY;
}

/* Claims, sends, settles. False: nothing more is sent now. */
static bool send_one(struct mail_sender *sender, const struct store_mail_event *event, bool again)
{
    char text[MAIL_LETTER_MAX];
    struct mail_attempt attempt = {.taken = false};
    struct call call = {.sender = sender, .again = again, .event = *event};
    call.now_ms = sender->config.now_ms(sender->config.ctx);
    if (!ask(sender, run_claim, &call)) {
        return false;
    }
    if (call.status != STORE_OK) {
        return true; /* not wanted any more, or done before */
    }
    const struct mail_letter letter = {.from = sender->config.from,
                                       .origin = sender->config.origin,
                                       .mail = &call.mail,
                                       .event = &call.event,
                                       .now_ms = call.now_ms};
    uint32_t len = mail_letter_write(&letter, text);
    if (len > 0) {
        mail_smtp_send(sender->smtp, call.mail.address, text, len, &attempt);
    }
    return settle(sender, &call, &attempt);
}

static bool send_all(struct mail_sender *sender, const struct call *call, bool again)
{
    for (uint32_t i = 0; i < call->n; i++) {
        if (atomic_load(&sender->stop) || !send_one(sender, &call->events[i], again)) {
            return false;
        }
    }
    return true;
}

/* ---- the thread ---- */

static bool prune(struct mail_sender *sender, uint64_t now_ms)
{
    struct call call = {.sender = sender, .now_ms = now_ms};
    if (sender->pruned_ms != 0 && now_ms >= sender->pruned_ms &&
        now_ms - sender->pruned_ms < MAIL_PRUNE_MS) {
        return true;
    }
    sender->pruned_ms = now_ms;
    if (!ask(sender, run_prune, &call)) {
        return false;
    }
    if (call.count > 0) {
        const struct mail_report said = {.event = "mail_dropped", .count = call.count};
        sender->config.report(sender->config.ctx, &said);
    }
    return true;
}

/* One step of the round; the next is due at once while one is under way. */
static bool look_round(struct mail_sender *sender, uint64_t now_ms, bool poked)
{
    struct store_mail_event due[MAIL_LOOK_DUE];
    struct call call = {.sender = sender, .now_ms = now_ms, .events = due};
    bool time = sender->round_ms == 0 || now_ms < sender->round_ms ||
                now_ms - sender->round_ms >= MAIL_ROUND_MS;
    if (!sender->round && !time && !poked) {
        return true;
    }
    if (!sender->round) {
        sender->round_ms = now_ms;
    }
    sender->round = true;
    if (!ask(sender, run_step, &call)) {
        return false;
    }
    sender->round = !call.ended;
    bool all = send_all(sender, &call, false);
    if (all && call.ended) {
        const struct mail_report said = {.event = "mail_round", .count = sender->round_ms / 1000};
        sender->config.report(sender->config.ctx, &said);
    }
    return all;
}

static void turn(struct mail_sender *sender, bool poked)
{
    struct store_mail_event waiting[MAIL_WAITING_MAX];
    uint64_t now_ms = sender->config.now_ms(sender->config.ctx);
    struct call call = {.sender = sender, .now_ms = now_ms, .events = waiting};
    if (!prune(sender, now_ms) ||
        (now_ms >= sender->paused_ms && now_ms - sender->paused_ms < sender->paused_for_ms)) {
        return;
    }
    sender->paused_for_ms = 0;
    if (ask(sender, run_waiting, &call) && send_all(sender, &call, true)) {
        (void)look_round(sender, now_ms, poked);
    }
}

/* Waits for a poke, or a while. */
static bool wait(struct mail_sender *sender)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += sender->round ? 0 : (long)MAIL_POLL_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&sender->lock);
    int error = 0;
    while (!sender->poked && !atomic_load(&sender->stop) && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&sender->more, &sender->lock, &until);
    }
    bool poked = sender->poked;
    sender->poked = false;
    (void)pthread_mutex_unlock(&sender->lock);
    return poked;
}

static void *run(void *arg)
{
    struct mail_sender *sender = arg;
    (void)pthread_setname_np(pthread_self(), "mail");
    while (!atomic_load(&sender->stop)) {
        turn(sender, wait(sender));
    }
    return NULL;
}

/* ---- making ---- */

static void destroy(struct mail_sender *sender)
{
    mail_smtp_destroy(sender->smtp);
    mail_look_destroy(sender->look);
    (void)pthread_cond_destroy(&sender->more);
    (void)pthread_mutex_destroy(&sender->lock);
    free(sender);
}

struct mail_sender *mail_sender_create(const struct mail_config *config,
                                       char detail[MAIL_SMTP_DETAIL_MAX])
{
    pthread_condattr_t monotonic;
    struct mail_sender *sender = calloc(1, sizeof *sender);
    detail[0] = '\0';
    if (sender == NULL) {
        return NULL;
    }
    sender->config = *config;
    sender->config.smtp.stop = &sender->stop;
    (void)pthread_mutex_init(&sender->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&sender->more, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    sender->look = mail_look_create();
    sender->smtp = sender->look != NULL ? mail_smtp_create(&sender->config.smtp, detail) : NULL;
    if (sender->smtp == NULL) {
        destroy(sender);
        return NULL;
    }
    return sender;
}

bool mail_sender_start(struct mail_sender *sender)
{
    /* Signals are for the loop's thread. */
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    sender->started = pthread_create(&sender->thread, NULL, run, sender) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sender->started;
}

void mail_sender_stop(struct mail_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    if (sender->started) {
        atomic_store(&sender->stop, true);
        mail_sender_poke(sender);
        (void)pthread_join(sender->thread, NULL);
    }
    destroy(sender);
}

void mail_sender_poke(struct mail_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&sender->lock);
    sender->poked = true;
    (void)pthread_cond_signal(&sender->more);
    (void)pthread_mutex_unlock(&sender->lock);
}
