/*
 * course.h - the orientation for every newcomer and the training for moderators: their texts, and who has finished.
 *
 * Owns courses.def and what a `step` post means. Knows neither who is a member nor who moderates: a caller asks about the members that it
 * means. A step is named, not numbered, so that texts may be added and put in another order. Invariant: a step that this client does not
 * know (of a later version) changes nothing.
 */
#ifndef COUNCIL_CLIENT_MODEL_COURSE_H
#define COUNCIL_CLIENT_MODEL_COURSE_H

#include "client/model/model.h"

enum course_id {
    COURSE_ORIENTATION, /* for every newcomer, before meeting zero */
    COURSE_TRAINING,    /* for whoever moderates */
    COURSE_COUNT
};

enum {
    COURSE_STEPS_MAX = 32 /* a member's steps are the bits of a word */
};

/* One step. Static storage; `text` is paragraphs, each one line, with an empty line between them. */
struct course_step {
    const char *name, *title, *text;
};

struct course {
    const char *name, *title, *what;
    const struct course_step *steps;
    uint32_t count;
};

/* A course; static storage. `id` is below COURSE_COUNT. */
const struct course *course_info(enum course_id id);

/* The course of that name ("orientation", "training"), or COURSE_COUNT. */
enum course_id course_find(const char *name);

/* The index of the step of that name, or COURSE_STEPS_MAX. */
uint32_t course_step_find(enum course_id id, const char *name);

/* True if the member said of step `index` (from 0) that it is done. */
bool course_step_done(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                      enum course_id id, uint32_t index);

/* How many of the course's steps the member has done. */
uint32_t course_done(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                     enum course_id id);

/* The index of the member's first step that is not done, or the course's count. */
uint32_t course_next(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                     enum course_id id);

/* True if the member has done every step of the course. */
bool course_finished(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                     enum course_id id);

/* When the last step of the course was done (unix ms, the server's word where there is one), or 0 while it is not finished. */
uint64_t course_finished_at(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                            enum course_id id);

#endif
