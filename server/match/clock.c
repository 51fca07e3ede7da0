/*
 * clock.c - see clock.h. Weeks without a change are all alike, so that a year costs little more than its changes.
 */
#include "server/match/clock.h"
#include <stdlib.h>
#include <string.h>

enum {
    HALF_HOUR_S = 1800,
    DAY_S = 24 * 3600,
    WEEK_S = 7 * DAY_S,
    MONDAY_S = 4 * DAY_S /* 1970-01-05 */
};

static int32_t offset_at(const struct schedule_offsets *clock, int64_t instant)
{
    int32_t offset = clock->first_s;
    for (uint32_t i = 0; i < clock->count && clock->changes[i].at_s <= instant; i++)
        offset = clock->changes[i].offset_s;
    return offset;
}

/* The instant of a local time: the first of two, and where it is skipped, when the clock goes on. */
static int64_t instant_of(const struct schedule_offsets *clock, int64_t local)
{
    int32_t offset = clock->first_s;
    for (uint32_t i = 0; i < clock->count; i++) {
        int64_t at = clock->changes[i].at_s;
        if (local - offset < at)
            return local - offset;
        if (local - clock->changes[i].offset_s < at)
            return at;
        offset = clock->changes[i].offset_s;
    }
    return local - offset;
}

static bool changes_within(const struct schedule_offsets *clock, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < clock->count; i++)
        if (clock->changes[i].at_s >= from && clock->changes[i].at_s < until)
            return true;
    return false;
}

/* A walk over the weeks of a host's clock that are not like the one before. */
struct weeks {
    const struct schedule_offsets *host, *person;
    int64_t from_s, until_s;
    int64_t monday; /* of the week, in local seconds of the host */
    bool whole;     /* nothing changes in it and all of it is within the stretch */
    int64_t before; /* difference of the whole week before; of no meaning at first */
    bool seen;
};

static void weeks_init(struct weeks *weeks, const struct schedule_offsets *host,
                       const struct schedule_offsets *person, int64_t from_s, int64_t until_s)
{
    int64_t local = from_s + offset_at(host, from_s) - MONDAY_S;
    int64_t week = local / WEEK_S - 2;
    *weeks = (struct weeks){.host = host,
                            .person = person,
                            .from_s = from_s,
                            .until_s = until_s,
                            .monday = week * WEEK_S + MONDAY_S};
}

static bool weeks_next(struct weeks *weeks)
{
    for (;;) {
        weeks->monday += WEEK_S;
        int64_t begins = instant_of(weeks->host, weeks->monday), early = begins - DAY_S,
                late = begins + WEEK_S + DAY_S;
        if (begins >= weeks->until_s)
            return false;
        weeks->whole = early >= weeks->from_s && late <= weeks->until_s &&
                       !changes_within(weeks->host, early, late) &&
                       !changes_within(weeks->person, early, late);
        int64_t difference = offset_at(weeks->person, begins) - offset_at(weeks->host, begins);
        if (!weeks->whole || !weeks->seen || difference != weeks->before) {
            if (weeks->whole) {
                weeks->seen = true;
                weeks->before = difference;
            }
            return true;
        }
    }
}

/* ---- pairs ---- */

static struct clock_difference *difference(struct clock_pair *pair, int64_t seconds)
{
    for (uint32_t i = 0; i < pair->count; i++)
        if (pair->of[i].seconds == seconds)
            return &pair->of[i];
    if (pair->count == CLOCK_DIFFERENCES_MAX) {
        pair->never = true;
        return NULL;
    }
    pair->of[pair->count] = (struct clock_difference){.seconds = (int32_t)seconds};
    return &pair->of[pair->count++];
}

static void pair_add(struct clock_pair *pair, int64_t seconds, uint32_t start)
{
    struct clock_difference *found = difference(pair, seconds);
    if (found != NULL)
        week_set(&found->starts, start);
}

/* Whichever offset holds while a meeting goes on counts for all of its hour: never too little, and too much only across a change. */
static void pair_week(struct clock_pair *pair, const struct weeks *weeks)
{
    for (uint32_t start = 0; start < MATCH_HALF_HOURS; start++) {
        int64_t local = weeks->monday + (int64_t)start * HALF_HOUR_S;
        int64_t begins = instant_of(weeks->host, local);
        int64_t ends = begins + MATCH_MEETING_MINUTES * 60 - 1;
        if (begins < weeks->from_s || begins >= weeks->until_s)
            continue;
        int64_t moved = begins - local;
        pair_add(pair, moved + offset_at(weeks->person, begins), start);
        pair_add(pair, moved + offset_at(weeks->person, ends), start);
        for (uint32_t i = 0; i < weeks->person->count; i++)
            if (weeks->person->changes[i].at_s > begins && weeks->person->changes[i].at_s <= ends)
                pair_add(pair, moved + weeks->person->changes[i].offset_s, start);
    }
}

static void pair_make(struct clock_pair *pair, const struct match_input *input,
                      const struct schedule_offsets *host, const struct schedule_offsets *person)
{
    struct weeks weeks;
    memset(pair, 0, sizeof *pair);
    weeks_init(&weeks, host, person, input->from_s, input->until_s);
    while (weeks_next(&weeks)) {
        if (!weeks.whole) {
            pair_week(pair, &weeks);
            continue;
        }
        struct clock_difference *found = difference(pair, weeks.before);
        if (found != NULL)
            found->starts = week_all();
    }
}

struct week clock_starts(const struct clocks *clocks, uint32_t kind, uint32_t clock,
                         const struct clock_hours *hours)
{
    const struct clock_pair *pair = &clocks->pairs[kind * clocks->count + clock];
    struct week starts = {{0}};
    if (pair->never)
        return starts;
    starts = week_all();
    for (uint32_t i = 0; i < pair->count; i++) {
        int32_t seconds = pair->of[i].seconds, week = MATCH_HALF_HOURS * HALF_HOUR_S;
        int32_t around = (seconds % week + week) % week;
        uint32_t by = (uint32_t)around / HALF_HOUR_S;
        bool within = around % HALF_HOUR_S == 0;
        struct week turned = week_turn(within ? &hours->two : &hours->three, by);
        for (uint32_t w = 0; w < WEEK_WORDS; w++)
            starts.w[w] &= turned.w[w] | ~pair->of[i].starts.w[w];
    }
    return starts;
}

void clock_hours_make(struct clock_hours *out, const uint8_t hours[MATCH_HOURS_BYTES])
{
    out->hours = week_of_hours(hours);
    struct week next = week_turn(&out->hours, 1), second = week_turn(&out->hours, 2);
    out->two = out->hours;
    week_and(&out->two, &next);
    out->three = out->two;
    week_and(&out->three, &second);
}

/* ---- the rule itself ---- */

static void touch(const struct schedule_offsets *person, int64_t begins, uint32_t minutes,
                  struct week *out)
{
    for (uint32_t minute = 0; minute < minutes; minute++) {
        int64_t instant = begins + (int64_t)minute * 60;
        int64_t local = (instant + offset_at(person, instant) - MONDAY_S) % WEEK_S;
        local = (local + WEEK_S) % WEEK_S;
        week_set(out, (uint32_t)(local / HALF_HOUR_S));
    }
}

bool clock_touched(const struct schedule_offsets *host, const struct schedule_offsets *person,
                   struct match_slot slot, int64_t from_s, int64_t until_s, struct week *out)
{
    struct weeks weeks;
    memset(out, 0, sizeof *out);
    if (slot.minute >= MATCH_WEEK_MINUTES || slot.minutes == 0 || slot.minutes > 24 * 60)
        return false;
    weeks_init(&weeks, host, person, from_s, until_s);
    while (weeks_next(&weeks)) {
        int64_t begins = instant_of(host, weeks.monday + (int64_t)slot.minute * 60);
        if (begins >= from_s && begins < until_s)
            touch(person, begins, slot.minutes, out);
    }
    return true;
}

bool match_can_attend(const uint8_t hours[MATCH_HOURS_BYTES],
                      const struct schedule_offsets *person_zone,
                      const struct schedule_offsets *zone, struct match_slot slot, int64_t from_s,
                      int64_t until_s)
{
    struct week touched, marked = week_of_hours(hours);
    if (!clock_touched(zone, person_zone, slot, from_s, until_s, &touched))
        return false;
    uint64_t missing = 0;
    for (uint32_t i = 0; i < WEEK_WORDS; i++)
        missing |= touched.w[i] & ~marked.w[i];
    return missing == 0;
}

/* ---- clocks and kinds ---- */

static bool same_clock(const struct schedule_offsets *a, const struct schedule_offsets *b)
{
    bool same = a->first_s == b->first_s && a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = a->changes[i].at_s == b->changes[i].at_s &&
               a->changes[i].offset_s == b->changes[i].offset_s;
    return same;
}

static bool same_kind(const struct schedule_offsets *a, const struct schedule_offsets *b)
{
    int32_t apart = b->first_s - a->first_s;
    bool same = a->count == b->count && apart % HALF_HOUR_S == 0;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = a->changes[i].at_s == b->changes[i].at_s &&
               b->changes[i].offset_s - a->changes[i].offset_s == apart;
    return same;
}

static const struct schedule_offsets *shown_by(const struct clocks *clocks, uint32_t clock)
{
    return &clocks->input->zones[clocks->zone_of_clock[clock]];
}

static void find_clocks(struct clocks *clocks)
{
    for (uint32_t zone = 0; zone < clocks->input->zone_count; zone++) {
        uint32_t clock = 0;
        while (clock < clocks->count &&
               !same_clock(shown_by(clocks, clock), &clocks->input->zones[zone]))
            clock++;
        clocks->clock_of_zone[zone] = (uint16_t)clock;
        if (clock == clocks->count) {
            clocks->zone_of_clock[clock] = (uint16_t)zone;
            clocks->kind_of_clock[clock] = CLOCK_NO_KIND;
            clocks->count++;
        }
    }
}

static void find_kind(struct clocks *clocks, uint32_t clock)
{
    uint32_t kind = 0;
    const struct schedule_offsets *shown = shown_by(clocks, clock);
    while (kind < clocks->kind_count &&
           !same_kind(shown_by(clocks, clocks->clock_of_kind[kind]), shown))
        kind++;
    if (kind == CLOCK_KINDS_MAX)
        return;
    if (kind == clocks->kind_count)
        clocks->clock_of_kind[clocks->kind_count++] = (uint16_t)clock;
    int32_t apart = shown->first_s - shown_by(clocks, clocks->clock_of_kind[kind])->first_s;
    apart = (apart / HALF_HOUR_S % MATCH_HALF_HOURS + MATCH_HALF_HOURS) % MATCH_HALF_HOURS;
    clocks->kind_of_clock[clock] = (uint8_t)kind;
    clocks->shift_of_clock[clock] = (uint16_t)apart;
}

enum council_error clocks_init(struct clocks *clocks, const struct match_input *input)
{
    memset(clocks, 0, sizeof *clocks);
    clocks->input = input;
    find_clocks(clocks);
    for (uint32_t i = 0; i < input->people_count; i++) {
        uint32_t clock = clocks->clock_of_zone[input->people[i].zone];
        if (input->people[i].moderates && clocks->kind_of_clock[clock] == CLOCK_NO_KIND)
            find_kind(clocks, clock);
    }
    size_t pairs = (size_t)clocks->kind_count * clocks->count;
    clocks->pairs = calloc(pairs > 0 ? pairs : 1, sizeof *clocks->pairs);
    if (clocks->pairs == NULL)
        return COUNCIL_E_NO_MEMORY;
    for (uint32_t kind = 0; kind < clocks->kind_count; kind++)
        for (uint32_t clock = 0; clock < clocks->count; clock++)
            pair_make(&clocks->pairs[kind * clocks->count + clock], input,
                      shown_by(clocks, clocks->clock_of_kind[kind]), shown_by(clocks, clock));
    return COUNCIL_OK;
}

void clocks_fini(struct clocks *clocks)
{
    free(clocks->pairs);
    clocks->pairs = NULL;
}
