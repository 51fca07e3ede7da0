/*
 * meetings.c - councils' meetings out of their logs' plain entries, remembered from one round to the next. See look.h.
 *
 * Reads what the server may see: schedule.set, meeting.change, rsvp, and the plain tag of a post. Invariant: what is remembered of a log says up to which entry.
 */
#include "server/mail/look.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/entry.h"

enum {
    FRESH_MS = 60 * 60 * 1000, /* so long the list of meetings that start soon is good */
    PAGE = 256
};

struct mail_council {
    uint8_t log[STORE_ID_BYTES];
    uint64_t read_seq; /* folded up to here */
    struct mail_calendar calendar;
    uint64_t listed_ms; /* when `meetings` was made; 0: never, or the calendar changed */
    uint32_t count;
    struct mail_meeting meetings[MAIL_MEETINGS_MAX];
};

static struct mail_council *place_of(struct mail_council **councils,
                                     const uint8_t log[STORE_ID_BYTES])
{
    uint32_t at = ((uint32_t)log[0] << 8 | log[1]) % MAIL_LOOK_COUNCILS;
    struct mail_council *council = councils[at];
    if (council == NULL) {
        council = councils[at] = calloc(1, sizeof *council);
    }
    if (council != NULL && memcmp(council->log, log, STORE_ID_BYTES) != 0) {
        memset(council, 0, sizeof *council);
        memcpy(council->log, log, STORE_ID_BYTES);
    }
    return council;
}

static void fold(struct mail_council *council, const struct council_entry *entry)
{
    char meeting[SCHEDULE_LOCAL_CHARS + 1], to[SCHEDULE_LOCAL_CHARS + 1], rrule[64];
    char zone[SCHEDULE_ZONE_MAX + 1];
    if (entry->kind == COUNCIL_KIND_SCHEDULE_SET &&
        council_body_string(entry, "start", meeting, sizeof meeting) &&
        council_body_string(entry, "zone", zone, sizeof zone) &&
        council_body_string(entry, "rrule", rrule, sizeof rrule)) {
        mail_calendar_set(&council->calendar, meeting, zone, rrule);
        council->listed_ms = 0;
    }
    if (entry->kind == COUNCIL_KIND_MEETING_CHANGE &&
        council_body_string(entry, "meeting", meeting, sizeof meeting)) {
        bool moved = council_body_string(entry, "to", to, sizeof to);
        mail_calendar_change(&council->calendar, meeting, moved ? to : NULL);
        council->listed_ms = 0;
    }
}

/* Folds what is new. */
static enum store_status read_on(struct mail_council *council, struct store *store, uint64_t tail)
{
    enum store_status status = STORE_OK;
    bool more = council->read_seq < tail;
    for (uint32_t i = 0; more && i < MAIL_LOOK_SLICES; i++) {
        struct store_slice slice;
        const struct store_reading reading = {
            .after_seq = council->read_seq, .upto_seq = tail, .what = STORE_READ_FOLDS};
        status = store_read(store, council->log, &reading, &slice);
        if (status != STORE_OK) {
            break;
        }
        for (uint32_t k = 0; k < slice.n; k++) {
            struct council_entry entry;
            if (council_entry_parse(&entry, slice.entries[k].text, slice.entries[k].text_len) ==
                COUNCIL_OK) {
                fold(council, &entry);
                council_entry_fini(&entry);
            }
        }
        more = slice.more && slice.n > 0;
        council->read_seq = more ? slice.entries[slice.n - 1].seq : tail;
        store_slice_fini(&slice);
    }
    return status;
}

enum store_status mail_council_meetings(struct mail_council **councils, struct store *store,
                                        const uint8_t log[STORE_ID_BYTES], uint64_t now_ms,
                                        const struct mail_meeting **meetings, uint32_t *count)
{
    struct store_log_info info;
    struct mail_council *council = place_of(councils, log);
    *count = 0;
    if (council == NULL) {
        return STORE_NOMEM;
    }
    enum store_status status = store_log_info(store, log, &info);
    if (status != STORE_OK || info.recovery == STORE_WAITING) {
        return status; /* its members may know better what was decided */
    }
    if (info.seq < council->read_seq) {
        memset(council, 0, sizeof *council);
        memcpy(council->log, log, STORE_ID_BYTES);
    }
    status = read_on(council, store, info.seq);
    if (status != STORE_OK || council->read_seq < info.seq) {
        return status; /* half a log says nothing: a meeting may be cancelled further on */
    }
    if (council->listed_ms == 0 || now_ms < council->listed_ms ||
        now_ms - council->listed_ms >= FRESH_MS) {
        council->count = mail_meetings(&council->calendar, now_ms,
                                       now_ms + MAIL_AHEAD_MS + FRESH_MS, council->meetings);
        council->listed_ms = now_ms;
    }
    *meetings = council->meetings;
    *count = council->count;
    return STORE_OK;
}

/* ---- what a member said ---- */

struct said {
    const uint8_t *member;
    const char *meeting;
    bool answered, no, tagged;
};

static void hear(struct said *said, const struct store_entry *stored)
{
    struct council_entry entry;
    char meeting[SCHEDULE_LOCAL_CHARS + 1];
    if (council_entry_parse(&entry, stored->text, stored->text_len) != COUNCIL_OK) {
        return;
    }
    bool rsvp = entry.kind == COUNCIL_KIND_RSVP, post = entry.kind == COUNCIL_KIND_POST;
    if ((rsvp || post) && memcmp(entry.author, said->member, COUNCIL_KEY_BYTES) == 0 &&
        council_body_string(&entry, "meeting", meeting, sizeof meeting) &&
        strcmp(meeting, said->meeting) == 0) {
        said->tagged = said->tagged || post;
        if (rsvp && !said->answered) { /* read backwards: the first is the latest */
            said->answered = true;
            said->no = council_body_is(&entry, "answer", "no");
        }
    }
    council_entry_fini(&entry);
}

enum store_status mail_council_said(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                    const uint8_t member[STORE_ID_BYTES], const char *meeting,
                                    bool *no, bool *tagged)
{
    struct said said = {.member = member, .meeting = meeting};
    struct store_log_info info;
    enum store_status status = store_log_info(store, log, &info);
    uint64_t upto = status == STORE_OK ? info.seq : 0;
    uint64_t least = upto > MAIL_LOOK_BACK ? upto - MAIL_LOOK_BACK : 0;
    while (status == STORE_OK && upto > least && !(said.answered && said.tagged)) {
        struct store_slice slice;
        uint64_t after = upto - least > PAGE ? upto - PAGE : least;
        const struct store_reading reading = {.after_seq = after, .upto_seq = upto};
        status = store_read(store, log, &reading, &slice);
        for (uint32_t i = status == STORE_OK ? slice.n : 0; i > 0; i--) {
            hear(&said, &slice.entries[i - 1]);
        }
        if (status == STORE_OK) {
            store_slice_fini(&slice);
        }
        upto = after;
    }
    *no = said.no;
    *tagged = said.tagged;
    return status;
}
