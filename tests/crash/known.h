/*
 * known.h - what was signed for each council of a world, what the server said of it, and whether all of that is there.
 *
 * Owns the world that the server is loaded with. All that is written follows from a seed and is chained, so an entry's place and
 * bytes are known before it is sent: a log is sound if it is a beginning of what was signed, and nothing is lost if that beginning
 * holds the last entry that was acknowledged, or delivered to somebody else. Must not know how a server is killed.
 */
#ifndef COUNCIL_TESTS_CRASH_KNOWN_H
#define COUNCIL_TESTS_CRASH_KNOWN_H

#include "tests/bench/setup.h"

enum {
    KNOWN_COUNCILS = 4,
    KNOWN_OUTSTANDING = 8,
    KNOWN_NOTES_MAX = 20000 /* of one council: then there is a new world */
};

enum entered {
    UNKNOWN,
    TRIED, /* sent, and no answer came */
    REGISTERED
};

/* What is known of a council's log beside what tests/bench knows. */
struct book {
    uint8_t heads[KNOWN_NOTES_MAX + WORLD_FOUNDING + 1][COUNCIL_HASH_BYTES]; /* by seq; 0: zeros */
    uint64_t signed_to, checked, acked, delivered;
    bool whole; /* read to its end */
    enum entered registered[WORLD_SEATS];
};

/* One in a program: what setup calls back has no argument for it. */
extern struct known {
    struct world world;
    struct book books[KNOWN_COUNCILS];
    uint64_t kills, acks, entries; /* counted by who kills; acknowledged; read back */
    bool failed;
} known;

/* Forgets the last world and makes another, of this name. */
void known_new_world(const char *seed);

struct book *known_book(const struct world_council *council);

/* Says what is wrong; the run has failed. */
__attribute__((format(printf, 1, 2))) void known_wrong(const char *format, ...);

/* Signs notes of this council ahead of what is sent. */
void known_sign_more(struct world_council *council);

/* The server's answer (its result) to the entry at seq. */
void known_acknowledged(struct world_council *council, uint64_t seq, const json_t *result);

/*
 * Asks the server for the logs, by the seats given: each entry after those that were checked before (`again`: from the beginning) must
 * be what was signed, and none that it told of may be missing. What is sent next begins behind the last one.
 */
void known_check(struct setup *setup, struct world_seat *const *seats, uint32_t n, bool again);

#endif
