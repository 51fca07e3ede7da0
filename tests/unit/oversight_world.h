/*
 * oversight_world.h - a made-up council with a model, for the tests of what becomes of councils.
 *
 * Person i has the key {i + 1}; the first one moderates and is who looks. The council has seen ten entries.
 */
#ifndef COUNCIL_TESTS_UNIT_OVERSIGHT_WORLD_H
#define COUNCIL_TESTS_UNIT_OVERSIGHT_WORLD_H

#include "client/model/oversight.h"

#define DAY    UINT64_C(86400000)
#define NOW    (UINT64_C(20000) * DAY)
#define OBJECT "\"AAAAAAAAAAAAAAAAAAAAAQ\""

enum {
    PEOPLE = 8
};

struct world {
    struct council council;
    struct council_person people[PEOPLE];
    struct model *model;
    struct oversight_given given;
    struct oversight seen;
    uint64_t seq;
};

void begin(struct world *w, uint32_t count);
void end(struct world *w);
/* A post of person `i`, `days` before now. */
void post(struct world *w, uint32_t i, uint64_t days, const char *text);
/* "yes", "no" or "late" to a meeting, and having been there, as entries bring them. */
void rsvp(struct world *w, uint32_t i, const char *meeting, const char *said);
void attend(struct world *w, uint32_t i, const char *meeting);
/* A meeting that was opened, attended by those whose bits are set, and closed. */
void meet(struct world *w, const char *meeting, uint32_t people);
void look(struct world *w);
/* The line about a person (or about nobody, for PEOPLE), or NULL. */
const struct oversight_line *line(const struct world *w, enum oversight_what what, uint32_t i);
/* Everybody has done the orientation and compared the number, so that those lines are out of the way. */
void settle(struct world *w);

#endif
