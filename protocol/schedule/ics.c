/*
 * ics.c - a council's meetings as iCalendar. See ics.h.
 *
 * Owns which meetings get a component of their own: those that were moved or cancelled, those with a note, and those whose local time the clock skips or
 * repeats: RFC 5545 (section 3.3.5) would hold the first later than the protocol does, and programs differ about the second. These say their instant
 * in UTC. The text itself is libical's.
 */
#include "protocol/schedule/ics_internal.h"

#include "protocol/localtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNCLEAR_MAX = 128,
    OWN_MAX = SCHEDULE_ICS_CHANGES_MAX + SCHEDULE_ICS_NOTES_MAX + UNCLEAR_MAX,
    YEAR_S = 366 * 24 * 60 * 60,
    AHEAD_YEARS = 20, /* at least so many are told from a schedule's start */
    NOTE_MAX = 4096,
    TITLE_MAX = 128,
    REFRESH_HOURS = 4
};

/* A meeting that gets a component of its own. */
struct own {
    char meeting[SCHEDULE_LOCAL_CHARS + 1];
    const struct schedule_ics_change *change; /* or NULL */
    const char *note;                         /* or NULL */
};

struct writing {
    const struct schedule_calendar *calendar;
    const struct schedule_ics_style *style;
    const struct tzif *zone;
    struct icaltimetype start;
    bool fast; /* the rule, as council_rule_parse reads it */
    uint32_t days;
    char uid[64];
    icalcomponent *out; /* owned */
    struct own *own;    /* owned */
    uint32_t own_count;
};

/* ---- which meetings ---- */

static int by_meeting(const void *a, const void *b)
{
    return strcmp(((const struct own *)a)->meeting, ((const struct own *)b)->meeting);
}

static void add_own(struct writing *w, const char *meeting,
                    const struct schedule_ics_change *change, const char *note)
{
    if (w->own_count == OWN_MAX)
        return;
    struct own *own = &w->own[w->own_count++];
    memset(own, 0, sizeof *own);
    memcpy(own->meeting, meeting, SCHEDULE_LOCAL_CHARS);
    own->change = change;
    own->note = note;
}

/* Meetings of the rule's time on the days on which the clock skips or repeats that time. */
static void add_unclear(struct writing *w, int64_t until)
{
    const struct tzif *zone = w->zone;
    uint32_t added = 0;
    for (uint32_t i = tzif_period_at(zone, schedule_instant(zone, w->start));
         i < zone->count && zone->periods[i].at < until && added < UNCLEAR_MAX - 1; i++) {
        int64_t at = zone->periods[i].at;
        if (at == INT64_MIN)
            continue;
        int64_t one = at + schedule_offset(zone, at - 1), other = at + schedule_offset(zone, at);
        int64_t from = one < other ? one : other, to = one < other ? other : one;
        for (int day = 0; to > from && day < 2; day++) {
            struct icaltimetype time = icaltime_from_timet_with_zone(
                (time_t)(day == 0 ? from : to), 0, icaltimezone_get_utc_timezone());
            time.hour = w->start.hour;
            time.minute = w->start.minute;
            time.second = 0;
            int64_t naive = icaltime_as_timet_with_zone(time, icaltimezone_get_utc_timezone());
            char meeting[SCHEDULE_LOCAL_CHARS + 1];
            if (naive >= from && naive < to && schedule_local_write(&time, meeting)) {
                add_own(w, meeting, NULL, NULL);
                added++;
            }
        }
    }
}

/* One for each meeting, in order of time. */
static void merge_own(struct writing *w)
{
    uint32_t kept = 0;
    qsort(w->own, w->own_count, sizeof *w->own, by_meeting);
    for (uint32_t i = 0; i < w->own_count; i++) {
        struct own *last = kept > 0 ? &w->own[kept - 1] : NULL;
        if (last != NULL && strcmp(last->meeting, w->own[i].meeting) == 0) {
            last->change = last->change != NULL ? last->change : w->own[i].change;
            last->note = last->note != NULL ? last->note : w->own[i].note;
        } else {
            w->own[kept++] = w->own[i];
        }
    }
    w->own_count = kept;
}

/* ---- components ---- */

/* Text of the caller's without control characters; at most `max` bytes, cut at a character. */
static char *clean(const char *text, size_t max, bool lines)
{
    size_t len = strlen(text);
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    char *out = malloc(len + 1);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        bool control = (unsigned char)text[i] < 0x20 || text[i] == 0x7F;
        if (control && !(lines && text[i] == '\n'))
            out[i] = ' ';
        else
            out[i] = text[i];
    }
    out[len] = '\0';
    return out;
}

static void add_zoned(icalcomponent *event, icalproperty *property, const char *zone)
{
    icalproperty_add_parameter(property, icalparameter_new_tzid(zone));
    icalcomponent_add_property(event, property);
}

static struct icaltimetype utc_of(uint64_t unix_ms)
{
    return icaltime_from_timet_with_zone((time_t)(unix_ms / 1000), 0,
                                         icaltimezone_get_utc_timezone());
}

/* False for a local time that the clock skips or repeats at this instant of it. */
static bool clear(const struct tzif *zone, struct icaltimetype local, int64_t instant)
{
    int64_t naive = icaltime_as_timet_with_zone(local, icaltimezone_get_utc_timezone());
    uint32_t next = tzif_period_at(zone, instant) + 1;
    bool again = next < zone->count &&
                 naive - schedule_offset(zone, zone->periods[next].at) >= zone->periods[next].at;
    return naive == instant + schedule_offset(zone, instant) && !again;
}

/*
 * Whether libical had the memory for all that was made since its error was cleared: what it could not make is NULL, and adding that is a bad argument to it; both are
 * kept as its error. Asked after each component, before anything else can fail.
 */
static bool complete(void)
{
    return icalerrno != ICAL_NEWFAILED_ERROR && icalerrno != ICAL_ALLOCATION_ERROR &&
           icalerrno != ICAL_BADARG_ERROR;
}

/* What a series and a meeting of its own have in common. NULL: no memory. */
static icalcomponent *event_new(const struct writing *w, struct icaltimetype start,
                                uint64_t sequence, uint64_t stamp_ms, const char *note)
{
    char *title = clean(w->style->title, TITLE_MAX, false);
    char *about = note != NULL ? clean(note, NOTE_MAX, true) : NULL;
    bool texts = title != NULL && (note == NULL || about != NULL);
    icalcomponent *event = texts ? icalcomponent_new_vevent() : NULL;
    if (event != NULL) {
        icalcomponent_add_property(event, icalproperty_new_uid(w->uid));
        icalcomponent_add_property(event, icalproperty_new_dtstamp(utc_of(stamp_ms)));
        icalcomponent_add_property(event, icalproperty_new_sequence((int)(sequence & 0x7FFFFFFF)));
        if (icaltime_is_utc(start))
            icalcomponent_add_property(event, icalproperty_new_dtstart(start));
        else
            add_zoned(event, icalproperty_new_dtstart(start), w->calendar->zone);
        icalcomponent_add_property(event, icalproperty_new_duration(icaldurationtype_from_int(
                                              (int)w->calendar->minutes * 60)));
        icalcomponent_add_property(event, icalproperty_new_summary(title));
        if (about != NULL)
            icalcomponent_add_property(event, icalproperty_new_description(about));
    }
    free(title);
    free(about);
    return event;
}

static bool add_series(struct writing *w, struct icalrecurrencetype rule)
{
    const struct schedule_calendar *c = w->calendar;
    icalcomponent *event =
        event_new(w, w->start, c->set_sequence, c->set_ms, w->style->description);
    if (event == NULL)
        return false;
    icalcomponent_add_property(event, icalproperty_new_rrule(rule));
    icalcomponent_add_component(w->out, event);
    return complete();
}

static bool add_meeting(struct writing *w, const struct own *own)
{
    const struct schedule_calendar *c = w->calendar;
    const struct schedule_ics_change *change = own->change;
    bool moved = change != NULL && !change->cancelled;
    struct icaltimetype named, held;
    if (!schedule_local_read(own->meeting, &named) ||
        !schedule_local_read(moved ? change->to : own->meeting, &held))
        return true;
    int64_t instant = schedule_instant(w->zone, held);
    if (!clear(w->zone, held, instant))
        held = utc_of((uint64_t)(instant < 0 ? 0 : instant) * 1000);
    const char *note = own->note != NULL ? own->note : w->style->description;
    icalcomponent *event = event_new(w, held, change != NULL ? change->sequence : c->set_sequence,
                                     change != NULL ? change->stamp_ms : c->set_ms, note);
    if (event == NULL)
        return false;
    add_zoned(event, icalproperty_new_recurrenceid(named), c->zone);
    if (change != NULL && change->cancelled)
        icalcomponent_add_property(event, icalproperty_new_status(ICAL_STATUS_CANCELLED));
    icalcomponent_add_component(w->out, event);
    return complete();
}

/* ---- the whole ---- */

static void add_x(icalcomponent *out, const char *name, const char *value)
{
    icalproperty *property = icalproperty_new_x(value);
    icalproperty_set_x_name(property, name);
    icalcomponent_add_property(out, property);
}

static bool begin(struct writing *w)
{
    char *title = clean(w->style->title, TITLE_MAX, false), hours[16];
    w->out = title != NULL ? icalcomponent_new_vcalendar() : NULL;
    if (w->out != NULL) {
        (void)snprintf(hours, sizeof hours, "PT%dH", (int)REFRESH_HOURS);
        icalcomponent_add_property(w->out, icalproperty_new_version("2.0"));
        icalcomponent_add_property(w->out, icalproperty_new_prodid("-//Council//Council//EN"));
        icalcomponent_add_property(w->out, icalproperty_new_calscale("GREGORIAN"));
        add_x(w->out, "X-WR-CALNAME", title);
        add_x(w->out, "X-PUBLISHED-TTL", hours);
    }
    free(title);
    return w->out != NULL && complete();
}

/* The stretch whose clock changes are told: from before everything that the file names. */
static void stretch(const struct writing *w, int64_t *from, int64_t *until)
{
    const struct schedule_calendar *c = w->calendar;
    int64_t first = schedule_instant(w->zone, w->start);
    for (uint32_t i = 0; i < c->change_count; i++) {
        struct icaltimetype to;
        if (!c->changes[i].cancelled && schedule_local_read(c->changes[i].to, &to)) {
            int64_t at = schedule_instant(w->zone, to);
            first = at < first ? at : first;
        }
    }
    struct icaltimetype end = icaltime_null_time();
    end.year = w->start.year + AHEAD_YEARS > SCHEDULE_ICS_LAST_YEAR ? w->start.year + AHEAD_YEARS
                                                                    : SCHEDULE_ICS_LAST_YEAR + 1;
    end.month = end.day = 1;
    *from = first - YEAR_S;
    *until = icaltime_as_timet_with_zone(end, icaltimezone_get_utc_timezone());
}

/* BAD_INPUT: this machine cannot say when such a schedule meets. NO_MEMORY: not now. */
static enum council_error understand(struct writing *w)
{
    const struct schedule_calendar *c = w->calendar;
    enum council_error error = c->set ? schedule_zone_find(c->zone, &w->zone) : COUNCIL_E_BAD_INPUT;
    if (error != COUNCIL_OK)
        return error;
    bool good = schedule_local_read(c->start, &w->start) &&
                council_rule_parse(c->rrule, (uint32_t)strlen(c->rrule), &w->fast, &w->days) &&
                (w->days >> council_local_weekday(c->start) & 1) != 0 &&
                w->start.year <= SCHEDULE_ICS_LAST_YEAR + 5 * AHEAD_YEARS;
    return good ? COUNCIL_OK : COUNCIL_E_BAD_INPUT;
}

static bool add_zone(struct writing *w, const struct tzif *zone, const char *name, int64_t from,
                     int64_t until)
{
    icalcomponent *vtimezone = zone != NULL ? ics_zone(zone, name, from, until) : NULL;
    if (vtimezone != NULL)
        icalcomponent_add_component(w->out, vtimezone);
    return vtimezone != NULL && complete();
}

static bool add_all(struct writing *w)
{
    const struct schedule_calendar *c = w->calendar;
    const struct schedule_ics_style *style = w->style;
    int64_t from = 0, until = 0;
    /* A calendar must hold something (RFC 5545 section 3.4): without meetings, a zone. */
    enum council_error error = understand(w);
    if (error == COUNCIL_E_NO_MEMORY)
        return false;
    if (error != COUNCIL_OK)
        return add_zone(w, schedule_zone("UTC"), "UTC", 0, 0);
    struct icalrecurrencetype rule = icalrecurrencetype_from_string(c->rrule);
    stretch(w, &from, &until);
    for (uint32_t i = 0; i < c->change_count; i++)
        add_own(w, c->changes[i].meeting, &c->changes[i], NULL);
    for (uint32_t i = 0; i < style->note_count && i < SCHEDULE_ICS_NOTES_MAX; i++)
        add_own(w, style->notes[i].meeting, NULL, style->notes[i].text);
    add_unclear(w, until);
    merge_own(w);
    bool good = add_zone(w, w->zone, c->zone, from, until) && add_series(w, rule);
    for (uint32_t i = 0; good && i < w->own_count; i++)
        /* Anybody may have named any time in a change: only meetings of the rule are kept. */
        good = !schedule_meets(c->start, w->fast, w->days, w->own[i].meeting) ||
               add_meeting(w, &w->own[i]);
    return good;
}

enum council_error schedule_ics(const struct schedule_calendar *calendar,
                                const struct schedule_ics_style *style, char **text, uint32_t *len)
{
    struct writing w = {.calendar = calendar, .style = style};
    char name[COUNCIL_B64_CHARS(SCHEDULE_ICS_UID_BYTES) + 1];
    council_b64_encode(name, style->uid, SCHEDULE_ICS_UID_BYTES);
    (void)snprintf(w.uid, sizeof w.uid, "%s@council", name);
    *text = NULL;
    w.own = calloc(OWN_MAX, sizeof *w.own);
    schedule_lock();
    icalerror_clear_errno();
    if (w.own != NULL && begin(&w) && add_all(&w))
        *text = icalcomponent_as_ical_string_r(w.out);
    schedule_unlock();
    if (w.out != NULL)
        icalcomponent_free(w.out);
    free(w.own);
    if (*text == NULL)
        return COUNCIL_E_NO_MEMORY;
    *len = (uint32_t)strlen(*text);
    return COUNCIL_OK;
}
