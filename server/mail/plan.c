/*
 * plan.c - which reminders about meetings are due. See plan.h; quiet hours are quiet.c's.
 */
#include "server/mail/plan.h"

#include <stdio.h>
#include <string.h>

#include "protocol/bytes.h"

/* ---- a council's meetings ---- */

void mail_calendar_set(struct mail_calendar *calendar, const char *start, const char *zone,
                       const char *rrule)
{
    memset(calendar, 0, sizeof *calendar);
    (void)snprintf(calendar->start, sizeof calendar->start, "%s", start);
    (void)snprintf(calendar->zone, sizeof calendar->zone, "%s", zone);
    (void)snprintf(calendar->rrule, sizeof calendar->rrule, "%s", rrule);
}

/* The change of this meeting, or NULL. */
static struct mail_change *change_of(const struct mail_calendar *calendar, const char *meeting)
{
    for (uint32_t i = 0; i < calendar->change_count; i++) {
        if (strcmp(calendar->changes[i].meeting, meeting) == 0) {
            return (struct mail_change *)(uintptr_t)&calendar->changes[i];
        }
    }
    return NULL;
}

/* Of times in this form the order of the text is that of time. */
static const char *last_word(const struct mail_change *change)
{
    return strcmp(change->meeting, change->to) > 0 ? change->meeting : change->to;
}

static struct mail_change *room_for_change(struct mail_calendar *calendar)
{
    if (calendar->change_count < MAIL_CHANGES_MAX) {
        return &calendar->changes[calendar->change_count++];
    }
    struct mail_change *earliest = &calendar->changes[0];
    for (uint32_t i = 1; i < MAIL_CHANGES_MAX; i++) {
        if (strcmp(last_word(&calendar->changes[i]), last_word(earliest)) < 0) {
            earliest = &calendar->changes[i];
        }
    }
    return earliest;
}

void mail_calendar_change(struct mail_calendar *calendar, const char *meeting, const char *to)
{
    struct mail_change *change = change_of(calendar, meeting);
    if (change == NULL) {
        change = room_for_change(calendar);
    }
    memset(change, 0, sizeof *change);
    (void)snprintf(change->meeting, sizeof change->meeting, "%s", meeting);
    (void)snprintf(change->to, sizeof change->to, "%s", to != NULL ? to : "");
}

uint32_t mail_meetings(const struct mail_calendar *calendar, uint64_t from_ms, uint64_t until_ms,
                       struct mail_meeting out[MAIL_MEETINGS_MAX])
{
    const struct schedule_rule rule = {calendar->start, calendar->zone, calendar->rrule};
    struct schedule_meeting planned[MAIL_MEETINGS_MAX];
    uint32_t found = 0, n = 0;
    if (calendar->start[0] == '\0' ||
        schedule_expand(&rule, from_ms, MAIL_MEETINGS_MAX, planned, &found) != COUNCIL_OK) {
        return 0;
    }
    for (uint32_t i = 0; i < found && planned[i].utc_ms <= until_ms; i++) {
        if (change_of(calendar, planned[i].local) == NULL) {
            memcpy(out[n].name, planned[i].local, sizeof out[n].name);
            out[n++].starts_ms = planned[i].utc_ms;
        }
    }
    for (uint32_t i = 0; i < calendar->change_count && n < MAIL_MEETINGS_MAX; i++) {
        const struct mail_change *change = &calendar->changes[i];
        uint64_t starts_ms = 0;
        if (change->to[0] == '\0' ||
            schedule_to_utc(change->to, calendar->zone, &starts_ms) != COUNCIL_OK ||
            starts_ms < from_ms || starts_ms > until_ms ||
            !schedule_is_meeting(&rule, change->meeting)) {
            continue;
        }
        memcpy(out[n].name, change->meeting, sizeof out[n].name);
        out[n++].starts_ms = starts_ms;
    }
    return n;
}

/* ---- events ---- */

static void key_of(uint8_t out[STORE_ID_BYTES], enum store_mail_kind kind,
                   const struct council_field *about, uint32_t count)
{
    const uint8_t number = (uint8_t)kind;
    struct council_field fields[4] = {COUNCIL_FN(&number, 1)};
    for (uint32_t i = 0; i < count; i++) {
        fields[i + 1] = about[i];
    }
    council_hash_p(out, "council/v1/mail-event", fields, count + 1);
}

static void key_of_meeting(uint8_t out[STORE_ID_BYTES], enum store_mail_kind kind,
                           const uint8_t log[STORE_ID_BYTES], const struct mail_meeting *meeting)
{
    uint8_t starts[8];
    council_u64be(starts, meeting->starts_ms);
    const struct council_field about[] = {COUNCIL_FN(log, STORE_ID_BYTES),
                                          COUNCIL_FN(meeting->name, strlen(meeting->name)),
                                          COUNCIL_F(starts)};
    key_of(out, kind, about, 3);
}

void mail_key_nudge(uint8_t out[STORE_ID_BYTES], const uint8_t log[STORE_ID_BYTES],
                    const struct store_nudge *nudge)
{
    uint8_t at[8];
    council_u64be(at, nudge->at_ms);
    const struct council_field about[] = {COUNCIL_FN(log, STORE_ID_BYTES), COUNCIL_F(nudge->member),
                                          COUNCIL_F(at)};
    key_of(out, STORE_MAIL_FEEDBACK, about, 3);
}

void mail_key_proposal(uint8_t out[STORE_ID_BYTES], const uint8_t name[STORE_MAIL_PROPOSAL_BYTES])
{
    const struct council_field about = COUNCIL_FN(name, STORE_MAIL_PROPOSAL_BYTES);
    key_of(out, STORE_MAIL_PROPOSAL, &about, 1);
}

uint32_t mail_plan(const struct mail_quiet *quiet, uint32_t kinds,
                   const uint8_t log[STORE_ID_BYTES], const struct mail_meeting *meetings,
                   uint32_t count, uint64_t now_ms, struct mail_due out[MAIL_DUE_MAX])
{
    static const struct {
        enum store_mail_kind kind;
        uint64_t from_ms, until_ms; /* before the start */
    } about[] = {{STORE_MAIL_MEETING, MAIL_MEETING_FROM_MS, MAIL_MEETING_UNTIL_MS},
                 {STORE_MAIL_CHECKIN, MAIL_CHECKIN_FROM_MS, MAIL_CHECKIN_UNTIL_MS}};
    uint32_t n = 0;
    for (uint32_t i = 0; i < count && i < MAIL_MEETINGS_MAX; i++) {
        for (uint32_t k = 0; k < sizeof about / sizeof about[0]; k++) {
            uint64_t starts_ms = meetings[i].starts_ms;
            uint64_t until_ms = starts_ms - about[k].until_ms;
            if (starts_ms < MAIL_AHEAD_MS || (kinds >> ((unsigned)about[k].kind - 1) & 1) == 0 ||
                !mail_is_due(quiet, starts_ms - about[k].from_ms, until_ms, true, now_ms)) {
                continue;
            }
            out[n] = (struct mail_due){.until_ms = until_ms, .kind = about[k].kind, .meeting = i};
            key_of_meeting(out[n++].key, about[k].kind, log, &meetings[i]);
        }
    }
    return n;
}
