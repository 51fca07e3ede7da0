/*
 * clock.h - the clocks of a pool's zones, and which meetings a person's hours allow on another's clock, all year.
 *
 * Owns the step from offset changes to sets of starts. Must not know groups. A *clock* is what zones share that show the same time all through the
 * stretch. A *kind* is what moderators' clocks share that change at the same instants and are whole half hours apart: a week of starts is then told in
 * the time of the kind's first clock, and start s is half hour s + shift of each other clock. Invariant: the sets allow no start that match_can_attend forbids.
 */
#ifndef COUNCIL_SERVER_MATCH_CLOCK_H
#define COUNCIL_SERVER_MATCH_CLOCK_H

#include "server/match/week.h"

enum {
    CLOCK_KINDS_MAX =
        64, /* whoever would moderate in a zone of a further kind takes part, but hosts nothing */
    CLOCK_DIFFERENCES_MAX = 16,
    CLOCK_NO_KIND = 255
};

/* What one clock shows while another shows the starts of a week: differences, and the starts at which each occurs in some week. */
struct clock_pair {
    uint32_t count;
    bool never; /* more differences than have room: nothing fits */
    struct clock_difference {
        int32_t seconds;
        struct week starts;
    } of[CLOCK_DIFFERENCES_MAX];
};

struct clocks {
    const struct match_input *input; /* borrowed */
    uint32_t count;
    uint16_t clock_of_zone[MATCH_ZONES_MAX];
    uint16_t zone_of_clock[MATCH_ZONES_MAX]; /* one that shows it */
    uint8_t kind_of_clock[MATCH_ZONES_MAX];
    uint16_t shift_of_clock[MATCH_ZONES_MAX];
    uint32_t kind_count;
    uint16_t clock_of_kind[CLOCK_KINDS_MAX];
    struct clock_pair *pairs; /* [kind][clock], owned */
};

/* A person's hours, ready to be moved. */
struct clock_hours {
    struct week hours, two, three; /* half hours; those that begin two, or three, in a row */
};

/* Kinds are made of the zones in which somebody would moderate. clocks_fini in any case. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error clocks_init(struct clocks *clocks,
                                                const struct match_input *input);
void clocks_fini(struct clocks *clocks);

void clock_hours_make(struct clock_hours *out, const uint8_t hours[MATCH_HOURS_BYTES]);
/* The starts, in the kind's time, of meetings of an hour that the person on `clock` can attend in every week. */
struct week clock_starts(const struct clocks *clocks, uint32_t kind, uint32_t clock,
                         const struct clock_hours *hours);

/* The half hours of `person`'s week that a meeting at `slot` on `host` touches in some week. False: none can say (an odd slot). */
bool clock_touched(const struct schedule_offsets *host, const struct schedule_offsets *person,
                   struct match_slot slot, int64_t from_s, int64_t until_s, struct week *out);

#endif
