/*
 * oversight_internal.h - what the files of the overview share: one look at a council, and one rule for each row.
 */
#ifndef COUNCIL_CLIENT_MODEL_OVERSIGHT_INTERNAL_H
#define COUNCIL_CLIENT_MODEL_OVERSIGHT_INTERNAL_H

#include "client/model/model_internal.h"
#include "client/model/oversight.h"

enum {
    OVERSIGHT_MEETINGS_MAX = 16 /* of the past that are looked at */
};

/* One look. The next three are found once, since several rules ask for them. */
struct oversight_look {
    const struct oversight_given *given;
    struct oversight *out;
    const struct model_verified *compared; /* what the looker compared last, or NULL */
    const struct model_meeting *meetings[OVERSIGHT_MEETINGS_MAX]; /* the latest first */
    uint32_t meeting_count;
    struct oversight_line beyond; /* what there was no room for */
};

/* Adds a line for the row that is being looked at; `member` NULL for none. Returns a place to fill in, never NULL. */
struct oversight_line *oversight_add(struct oversight_look *look, enum oversight_what what,
                                     const uint8_t *member);
/* True for a present member who searches: whom the council counts on. */
bool oversight_counts(const struct oversight_look *look, const struct council_person *person);
/* What a member compared last, or NULL. */
const struct model_verified *oversight_compared(const struct model *model, const uint8_t *member);

/* A rule for each row: adds a line for each thing that it finds. */
typedef void oversight_rule(struct oversight_look *look);
#define OVERSIGHT(symbol, name, shown, text, command) oversight_rule oversight_find_##symbol;
#include "client/model/oversight.def"
#undef OVERSIGHT

#endif
