/*
 * plan.h - which mail is due now: meetings and their changes, quiet hours and the time in, events out.
 *
 * Owns when a reminder goes out, and what is one event. Must not know logs, addresses or how a mail is sent. Pure but for the zones of
 * protocol/schedule. Invariants: nothing is due in quiet hours; a cancelled meeting has no event; what is due depends on the arguments alone.
 */
#ifndef COUNCIL_SERVER_MAIL_PLAN_H
#define COUNCIL_SERVER_MAIL_PLAN_H

#include "protocol/schedule/schedule.h"
#include "server/store/mail.h"
#include "server/store/store_types.h"

enum {
    MAIL_CHANGES_MAX =
        32, /* moved and cancelled meetings that are kept of a schedule, the latest */
    MAIL_MEETINGS_MAX = 16, /* meetings looked at together */
    MAIL_DUE_MAX = 2 * MAIL_MEETINGS_MAX
};

/* When the kinds of reminder about a meeting go out, before its start. */
enum {
    MAIL_MEETING_FROM_MS = 3 * 60 * 60 * 1000,
    MAIL_MEETING_UNTIL_MS = 15 * 60 * 1000,
    MAIL_CHECKIN_FROM_MS = 20 * 60 * 60 * 1000,
    MAIL_CHECKIN_UNTIL_MS = 60 * 60 * 1000,
    MAIL_FEEDBACK_MS = 48 * 60 * 60 * 1000, /* after a nudge its mail is pointless */
    MAIL_EARLY_MS = 30 * 60 * 1000,         /* before quiet hours that last until too late */
    MAIL_AHEAD_MS =
        36 * 60 * 60 * 1000 /* no reminder goes out earlier before a meeting than this */
};

/* A member's quiet hours: minutes of the local day, from..to, over midnight where from > to; none where they are equal. */
struct mail_quiet {
    const char *zone; /* borrowed; where the system does not know it (any more), UTC counts */
    uint32_t from, to;
};

struct mail_change {
    char meeting[SCHEDULE_LOCAL_CHARS + 1];
    char to[SCHEDULE_LOCAL_CHARS + 1]; /* empty: cancelled */
};

/* A council's meetings as its log says. All zeros: no schedule yet. */
struct mail_calendar {
    char start[SCHEDULE_LOCAL_CHARS + 1], zone[SCHEDULE_ZONE_MAX + 1], rrule[64];
    struct mail_change changes[MAIL_CHANGES_MAX];
    uint32_t change_count;
};

struct mail_meeting {
    char name[SCHEDULE_LOCAL_CHARS + 1]; /* its local start in the schedule */
    uint64_t starts_ms;                  /* after changes */
};

/* A reminder that is to go out now, and for how long it makes sense. */
struct mail_due {
    uint64_t until_ms;
    enum store_mail_kind kind;
    uint32_t meeting; /* index of the meeting it is about */
    uint8_t key[STORE_ID_BYTES];
};

/* A new schedule: begins without changes. */
void mail_calendar_set(struct mail_calendar *calendar, const char *start, const char *zone,
                       const char *rrule);
/* A meeting was moved (`to`) or cancelled (NULL); the latest word on a meeting counts. Above MAIL_CHANGES_MAX that of the earliest meeting is forgotten. */
void mail_calendar_change(struct mail_calendar *calendar, const char *meeting, const char *to);
/* The meetings that start in from_ms..until_ms, both included, at most MAIL_MEETINGS_MAX, in no order. None where zone or rule cannot be read. */
uint32_t mail_meetings(const struct mail_calendar *calendar, uint64_t from_ms, uint64_t until_ms,
                       struct mail_meeting out[MAIL_MEETINGS_MAX]);

/* True if the member wants no mail at this instant. */
bool mail_is_quiet(const struct mail_quiet *quiet, uint64_t at_ms);
/*
 * When a mail that makes sense in from_ms..until_ms goes out: the first instant of that time outside quiet hours; where there is none and `early`, MAIL_EARLY_MS before the
 * quiet hours that fill it; else 0: never.
 */
uint64_t mail_goes_out(const struct mail_quiet *quiet, uint64_t from_ms, uint64_t until_ms,
                       bool early);
/* Whether it goes out now: not before its time, not after until_ms, not in quiet hours. */
bool mail_is_due(const struct mail_quiet *quiet, uint64_t from_ms, uint64_t until_ms, bool early,
                 uint64_t now_ms);

/*
 * The reminders about meetings of the council `log` that are due for a member with these kinds (bits as in store_mail) at now_ms. One event is one meeting at one time:
 * a meeting that is moved after its reminder has another. How many.
 */
uint32_t mail_plan(const struct mail_quiet *quiet, uint32_t kinds,
                   const uint8_t log[STORE_ID_BYTES], const struct mail_meeting *meetings,
                   uint32_t count, uint64_t now_ms, struct mail_due out[MAIL_DUE_MAX]);

/* The keys of the other events: a nudge of a member in a council; a proposal, by its name. */
void mail_key_nudge(uint8_t out[STORE_ID_BYTES], const uint8_t log[STORE_ID_BYTES],
                    const struct store_nudge *nudge);
void mail_key_proposal(uint8_t out[STORE_ID_BYTES], const uint8_t name[STORE_MAIL_PROPOSAL_BYTES]);

#endif
