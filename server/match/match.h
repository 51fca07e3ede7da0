/*
 * match.h - who meets with whom: councils of six to eight out of the people who wait, and people for councils that are short.
 *
 * Owns the rules of matching (protocol/README.md section 14) and the search for many and good groups. Must not know files, the store,
 * clocks, threads or libraries of zones: everything comes in as plain tables, and the result is plain tables. Invariant: no group is ever
 * returned that breaks a hard rule; the same input gives the same result, byte for byte.
 *
 * The hard rules, of every group:
 *   - six to eight people of one pace, at least one of whom would moderate; the council's zone is the zone of its moderator;
 *   - its meetings begin on the half hour, local time of the council's zone, and take an hour: two on different days a week (fast), at the
 *     same local time of the day (a schedule has one start: protocol/README.md section 5.8), or one (slow, every second week; which weeks is
 *     open, so every week must fit);
 *   - in every week from `from_s` to `until_s`, each half hour of each member's own local time that a meeting touches is one that the
 *     member has marked: whatever daylight saving does in either zone (a start that is skipped is held when the clock goes on);
 *   - all share one language;
 *   - nobody's avoided employer is another's employer.
 * Wished for: who waits longest goes first, who would moderate sooner; a spread of functions; near levels.
 *
 * Memory: 42 bytes for each person and each kind of moderators' zones (those that change at other instants; about twenty in a pool from
 * all over the world), and about 400 bytes a person: 130 MB for 100,000. Time and quality, measured: docs/matching.md.
 */
#ifndef COUNCIL_SERVER_MATCH_H
#define COUNCIL_SERVER_MATCH_H

#include "protocol/error.h"
#include "protocol/schedule/offsets.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    MATCH_GROUP_MIN = 6,
    MATCH_GROUP_MAX = 8,
    MATCH_SLOTS_MAX = 2,       /* meetings in a week of a fast council */
    MATCH_HALF_HOURS = 7 * 48, /* of a week */
    MATCH_HOURS_BYTES = MATCH_HALF_HOURS / 8,
    MATCH_MEETING_MINUTES = 60,
    MATCH_WEEK_MINUTES = 7 * 24 * 60,
    MATCH_TOKEN_BYTES = 32,
    MATCH_PEOPLE_MAX = 131072,
    MATCH_COUNCILS_MAX = 16384,
    MATCH_ZONES_MAX = 2048, /* more than a system has files of zones, with "posix" and "right" */
    MATCH_TOKENS_MAX = 32,  /* of one person, of each kind; of a council 8 times as many */
    MATCH_YEAR_S = 366 * 24 * 3600, /* what `until_s - from_s` usually is */
    MATCH_STRETCH_MAX_S = 400 * 24 * 3600,
    MATCH_EFFORT =
        100 /* per cent of the usual search for more people to place; 0: the first draft alone */
};

typedef uint8_t match_token[MATCH_TOKEN_BYTES];

/* A function, level or industry is the number of its row in protocol/pool.def; a language is a bit, by its row there. */
struct match_person {
    bool fast;
    bool moderates; /* would */
    uint8_t function, level, industry;
    uint16_t zone; /* index into match_input.zones */
    uint8_t hours
        [MATCH_HOURS_BYTES]; /* bit i (byte i/8, value 1 << i%8): half hour i of the local week from Monday 00:00 */
    uint64_t languages;
    uint64_t since_ms;         /* waits since; anything that orders */
    const match_token *avoid;  /* borrowed; NULL where there are none */
    uint32_t avoid_count;      /* at most MATCH_TOKENS_MAX */
    const match_token *worked; /* employers, as tokens of the same kind; borrowed */
    uint32_t worked_count;
};

struct match_slot {
    uint16_t minute;  /* start, minute of the local week from Monday 00:00 in the council's zone */
    uint16_t minutes; /* how long; of new groups MATCH_MEETING_MINUTES */
};

/* A council that wants people. */
struct match_council {
    bool fast;
    uint8_t places;   /* people wanted, 1 to 7 */
    uint8_t language; /* the one it speaks, as a row's number */
    uint16_t zone;
    uint8_t slot_count; /* 1 or 2, whatever its pace */
    struct match_slot slots[MATCH_SLOTS_MAX];
    uint32_t functions; /* bit set: what its members do */
    uint8_t level_low, level_high;
    const match_token *avoid; /* of all its members; borrowed */
    uint32_t avoid_count;
    const match_token *worked;
    uint32_t worked_count;
};

struct match_input {
    const struct match_person *people; /* borrowed, as is all below */
    uint32_t people_count;
    const struct match_council *councils;
    uint32_t council_count;
    const struct schedule_offsets *zones; /* made for from_s to until_s at least */
    uint32_t zone_count;
    int64_t from_s, until_s; /* unix seconds: the stretch in which meetings must hold */
    uint64_t now_ms;         /* for the reasons alone: how long people have waited */
    uint64_t seed;           /* decides between what is equally good */
    uint32_t effort;         /* MATCH_EFFORT, or another share of it up to 10,000 */
};

enum match_miss {
#define POOL_MISS(symbol, name, sentence) MATCH_MISS_##symbol,
#include "protocol/pool.def"
    MATCH_MISS_COUNT
};

enum match_why {
#define POOL_WHY(symbol, name, sentence) MATCH_WHY_##symbol,
#include "protocol/pool.def"
    MATCH_WHY_COUNT
};

enum {
    MATCH_NEW = UINT32_MAX /* match_group.council of a new one */
};

/* A proposed council, or people for one that is there (`council` is its index; then any number of members up to its places, and no moderator of its own). */
struct match_group {
    uint32_t council;
    uint32_t members
        [MATCH_GROUP_MAX]; /* indices of people; the moderator first, then who has waited longest */
    uint8_t count;
    uint8_t language;
    uint16_t zone; /* the council's: its moderator's */
    uint8_t slot_count;
    struct match_slot slots[MATCH_SLOTS_MAX];
    uint32_t score; /* 0 to 1000: functions, levels, waiting; for people to read, not to rank */
    uint32_t why[MATCH_WHY_COUNT]; /* the number of each row of POOL_WHY */
};

/* Somebody without a group. */
struct match_left {
    uint32_t person;
    enum match_miss miss; /* what was missing */
    uint32_t
        fit; /* how many others come nearest: those who pass all but what was missing; counted up to 5 or so, not beyond 64 */
    uint8_t language; /* in which; a row's number */
};

struct match_result {
    struct match_group
        *groups; /* new ones first, those who have waited longest first; then refills, by council */
    uint32_t group_count;
    struct match_left *left; /* by person */
    uint32_t left_count;
    uint32_t placed; /* people in groups */
};

/*
 * Matches. On COUNCIL_OK `*out` is owned by the caller. Pure: no I/O, no clock, no globals; may be called on any thread, takes up to ten
 * seconds for 100,000 people. BAD_INPUT: an index, count, zone or stretch out of range; NO_MEMORY. People with empty hours or no language are valid and left over.
 */
COUNCIL_MUST_USE enum council_error match_run(const struct match_input *input,
                                              struct match_result **out);
/* Accepts NULL. */
void match_destroy(struct match_result *result);

/*
 * Whether a person with these hours in `person_zone` can attend the meeting that begins at `slot` in `zone`, in every week from from_s to until_s. False also for a
 * slot that is out of range. The rule itself, half hour by half hour; matching uses faster ways that must agree.
 */
COUNCIL_MUST_USE bool match_can_attend(const uint8_t hours[MATCH_HOURS_BYTES],
                                       const struct schedule_offsets *person_zone,
                                       const struct schedule_offsets *zone, struct match_slot slot,
                                       int64_t from_s, int64_t until_s);

/* Names and sentences of pool.def's rows; NULL out of range. Static. */
const char *match_miss_name(enum match_miss miss);
const char *match_miss_sentence(enum match_miss miss);
const char *match_why_name(enum match_why why);
const char *match_why_sentence(enum match_why why);

#endif
