/*
 * look.c - the round over all who want reminders. See look.h.
 */
#include "server/mail/look.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How far the look at one member got, where it took too long. */
struct place {
    bool begun;
    uint8_t member[STORE_ID_BYTES];
    uint32_t log, due; /* what comes next: of their logs, of what is due in it */
};

struct mail_look {
    uint64_t cursor; /* of store_mails */
    struct place place;
    struct mail_council
        *councils[MAIL_LOOK_COUNCILS]; /* owned; at the place that a log's name says */
};

/* One member being looked at. */
struct looking {
    struct mail_look *look;
    struct store *store;
    uint64_t now_ms;
    const struct store_mail *mail;
    struct mail_quiet quiet;
    const uint8_t
        *only; /* whatever became of this event before, is it due? NULL: all that are new */
    struct place *place;
    uint64_t until_ms; /* of the monotonic clock: no more is begun after it, ... */
    bool worked;       /* ... once something was done */
    bool stopped;      /* for that: the rest is for the next step */
    struct store_mail_event *out;
    uint32_t n;
};

struct mail_look *mail_look_create(void)
{
    return calloc(1, sizeof(struct mail_look));
}

void mail_look_destroy(struct mail_look *look)
{
    for (uint32_t i = 0; look != NULL && i < MAIL_LOOK_COUNCILS; i++) {
        free(look->councils[i]);
    }
    free(look);
}

static bool wants(const struct looking *l, enum store_mail_kind kind)
{
    return (l->mail->kinds >> ((unsigned)kind - 1) & 1) != 0;
}

/* Of this machine: how long a step takes is no matter of anybody's calendar. */
static uint64_t monotonic_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Each step does something, so that a round ends. */
static bool late(struct looking *l)
{
    l->stopped = l->worked && monotonic_ms() >= l->until_ms;
    return l->stopped;
}

/* An event that nothing is known of yet; NULL: there is no room, or it was there before. *status: the store's. */
static struct store_mail_event *name(struct looking *l, enum store_mail_kind kind,
                                     const uint8_t key[STORE_ID_BYTES], uint64_t until_ms,
                                     enum store_status *status)
{
    if (l->n == MAIL_LOOK_DUE || (l->only != NULL && memcmp(key, l->only, STORE_ID_BYTES) != 0)) {
        return NULL;
    }
    struct store_mail_event *event = &l->out[l->n];
    memset(event, 0, sizeof *event);
    memcpy(event->member, l->mail->member, sizeof event->member);
    memcpy(event->key, key, sizeof event->key);
    *status = l->only != NULL ? STORE_NOT_FOUND : store_mail_event(l->store, event);
    if (*status != STORE_NOT_FOUND) {
        return NULL;
    }
    *status = STORE_OK;
    event->kind = kind;
    event->until_ms = until_ms;
    return event;
}

/* Who does not come, or has checked in, needs no reminder; that is noted, and nobody looks again. */
static enum store_status judge(struct looking *l, const uint8_t log[STORE_ID_BYTES],
                               const struct mail_due *due, const char *meeting)
{
    bool no = false, tagged = false;
    enum store_status status = STORE_OK;
    struct store_mail_event *event = name(l, due->kind, due->key, due->until_ms, &status);
    if (event == NULL) {
        return status;
    }
    l->worked = true; /* that may be much to read */
    status = mail_council_said(l->store, log, l->mail->member, meeting, &no, &tagged);
    if (status != STORE_OK) {
        return status;
    }
    if (no || (tagged && due->kind == STORE_MAIL_CHECKIN)) {
        return l->only != NULL ? STORE_OK : store_mail_skip(l->store, event, l->now_ms);
    }
    l->n++;
    return STORE_OK;
}

static enum store_status look_at_meetings(struct looking *l, const uint8_t log[STORE_ID_BYTES])
{
    const struct mail_meeting *meetings = NULL;
    struct mail_due due[MAIL_DUE_MAX];
    uint32_t count = 0;
    if (!wants(l, STORE_MAIL_MEETING) && !wants(l, STORE_MAIL_CHECKIN)) {
        return STORE_OK;
    }
    enum store_status status =
        mail_council_meetings(l->look->councils, l->store, log, l->now_ms, &meetings, &count);
    uint32_t n = status == STORE_OK
                     ? mail_plan(&l->quiet, l->mail->kinds, log, meetings, count, l->now_ms, due)
                     : 0;
    for (uint32_t i = l->place->due; status == STORE_OK && i < n; i++) {
        l->place->due = i;
        if (late(l)) {
            break;
        }
        status = judge(l, log, &due[i], meetings[due[i].meeting].name);
    }
    return status;
}

static enum store_status look_at_nudges(struct looking *l, const uint8_t log[STORE_ID_BYTES])
{
    struct store_nudge nudges[MAIL_LOOK_NUDGES];
    uint32_t n = 0;
    uint64_t since_ms = l->now_ms > MAIL_FEEDBACK_MS ? l->now_ms - MAIL_FEEDBACK_MS : 0;
    if (!wants(l, STORE_MAIL_FEEDBACK)) {
        return STORE_OK;
    }
    enum store_status status = store_nudges(l->store, log, since_ms, nudges, MAIL_LOOK_NUDGES, &n);
    for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
        uint8_t key[STORE_ID_BYTES];
        uint64_t until_ms = nudges[i].at_ms + MAIL_FEEDBACK_MS;
        if (memcmp(nudges[i].member, l->mail->member, STORE_ID_BYTES) == 0 ||
            !mail_is_due(&l->quiet, nudges[i].at_ms, until_ms, false, l->now_ms)) {
            continue;
        }
        mail_key_nudge(key, log, &nudges[i]);
        l->n += name(l, STORE_MAIL_FEEDBACK, key, until_ms, &status) != NULL;
    }
    return status;
}

static enum store_status look_at_proposal(struct looking *l)
{
    uint8_t proposal[STORE_MAIL_PROPOSAL_BYTES], key[STORE_ID_BYTES];
    uint64_t made_ms = 0, until_ms = 0;
    if (!wants(l, STORE_MAIL_PROPOSAL)) {
        return STORE_OK;
    }
    enum store_status status =
        store_mail_proposal(l->store, l->mail->member, l->now_ms, proposal, &made_ms, &until_ms);
    if (status != STORE_OK) {
        return status == STORE_NOT_FOUND ? STORE_OK : status;
    }
    if (mail_is_due(&l->quiet, made_ms, until_ms, false, l->now_ms)) {
        mail_key_proposal(key, proposal);
        l->n += name(l, STORE_MAIL_PROPOSAL, key, until_ms, &status) != NULL;
    }
    return status;
}

static enum store_status look_at(struct looking *l)
{
    uint64_t cursor = 0;
    struct store_membership logs[MAIL_LOOK_LOGS];
    uint32_t n = 0;
    struct place *place = l->place;
    enum store_status status = place->log == 0 && place->due == 0 ? look_at_proposal(l) : STORE_OK;
    if (status == STORE_OK) {
        status = store_logs_of_member(l->store, l->mail->member, &cursor, logs, MAIL_LOOK_LOGS, &n);
    }
    for (; status == STORE_OK && place->log < n; place->log++, place->due = 0) {
        const struct store_membership *at = &logs[place->log];
        if (at->kind != STORE_LOG_COUNCIL || at->until_seq != 0) {
            continue;
        }
        if (late(l)) {
            break;
        }
        status = look_at_meetings(l, at->log);
        if (l->stopped) {
            break;
        }
        if (status == STORE_OK) {
            status = look_at_nudges(l, at->log);
        }
        l->worked = true;
    }
    return status;
}

/* Looks at one member, from where the last step stopped if it was at them. */
static enum store_status look_on(struct looking *l)
{
    struct place *place = &l->look->place;
    if (!place->begun || memcmp(place->member, l->mail->member, STORE_ID_BYTES) != 0) {
        *place = (struct place){.begun = true};
        memcpy(place->member, l->mail->member, STORE_ID_BYTES);
    }
    l->place = place;
    l->quiet = (struct mail_quiet){l->mail->zone, l->mail->quiet_from, l->mail->quiet_to};
    enum store_status status = look_at(l);
    place->begun = l->stopped && status == STORE_OK;
    return status;
}

enum store_status mail_look_step(struct mail_look *look, struct store *store, uint64_t now_ms,
                                 struct store_mail_event out[MAIL_LOOK_DUE], uint32_t *n,
                                 bool *ended)
{
    struct store_mail one;
    uint32_t found = 1;
    struct looking l = {.look = look,
                        .store = store,
                        .now_ms = now_ms,
                        .mail = &one,
                        .until_ms = monotonic_ms() + MAIL_LOOK_MS,
                        .out = out};
    enum store_status status = STORE_OK;
    for (uint32_t i = 0; status == STORE_OK && found == 1 && i < MAIL_LOOK_PEOPLE; i++) {
        uint64_t before = look->cursor;
        if (i > 0 && monotonic_ms() >= l.until_ms) {
            break; /* councils that say much take long to read */
        }
        status = store_mails(store, &look->cursor, &one, 1, &found);
        if (status == STORE_OK && found == 1) {
            status = look_on(&l);
        }
        if (l.stopped) {
            look->cursor = before; /* the same member again, further on */
            break;
        }
    }
    *n = status == STORE_OK ? l.n : 0;
    *ended = status != STORE_OK || found == 0;
    if (*ended) {
        look->cursor = 0;
        look->place.begun = false;
    }
    return status;
}

enum store_status mail_look_stands(struct mail_look *look, struct store *store, uint64_t now_ms,
                                   const struct store_mail *mail,
                                   const struct store_mail_event *event, bool *stands)
{
    struct store_mail_event due[MAIL_LOOK_DUE];
    struct place place = {.begun = true};
    struct looking l = {.look = look,
                        .store = store,
                        .now_ms = now_ms,
                        .mail = mail,
                        .quiet = {mail->zone, mail->quiet_from, mail->quiet_to},
                        .only = event->key,
                        .place = &place,
                        .until_ms = UINT64_MAX, /* one event's worth is read */
                        .out = due};
    enum store_status status = look_at(&l);
    *stands = false;
    for (uint32_t i = 0; status == STORE_OK && i < l.n; i++) {
        *stands = *stands || memcmp(due[i].key, l.only, STORE_ID_BYTES) == 0;
    }
    return status;
}
