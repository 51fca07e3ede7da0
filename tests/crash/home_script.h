/*
 * home_script.h - a life of a client's home, step by step, that follows from a seed: what a member writes offline, and what comes
 * from the server.
 *
 * As store_script.h: a step that failed may be taken again.
 */
#ifndef COUNCIL_TESTS_CRASH_HOME_SCRIPT_H
#define COUNCIL_TESTS_CRASH_HOME_SCRIPT_H

#include "tests/unit/lib_fixture.h"

enum {
    HOME_DIGEST = 32
};

struct home_script {
    struct lib_home home;
    uint8_t council[COUNCIL_KEY_BYTES];
    uint64_t seed; /* 0: every kind of step in turn, those of one transaction alone */
    uint32_t step;
};

/* A home with a member, their journal and a council, in an empty folder. The program ends if that cannot be had. */
void home_script_create(struct home_script *script, const char *folder, uint64_t seed);
enum council_error home_script_open(struct home_script *script, const char *folder);
enum council_error home_script_step(struct home_script *script);
const char *home_script_name(const struct home_script *script);
/* Whether the next step may be several transactions. */
bool home_script_several(const struct home_script *script);
/* All rows of all tables: a home has nothing beside them. False: unreadable. */
bool home_script_digest(sqlite3 *db, uint8_t out[HOME_DIGEST]);
/* Opens the home in a folder, sums it up, has SQLite check it, closes it. False: *why. */
bool home_script_look(const char *folder, uint8_t out[HOME_DIGEST], const char **why);

#endif
