/*
 * habits.h - a member's weeks, computed from what they posted: how commitments went, hope and energy, and the draft of the weekly update.
 *
 * Pure functions of models and of spans of time that the caller gives; knows no clock, zone or calendar. Invariant: nothing compares
 * members with each other.
 */
#ifndef COUNCIL_CLIENT_MODEL_HABITS_H
#define COUNCIL_CLIENT_MODEL_HABITS_H

#include "client/model/model.h"

struct habits_week {
    uint32_t made, done, partly, missed, dropped; /* commitments made, and what became of any */
    uint64_t acts;                                /* what acts count */
    uint32_t hope_sum, hope_count, energy_sum, energy_count;
};

/*
 * Adds what `model` knows of the member's weeks to `out`: week i is from starts[i] to before starts[i + 1] (unix ms, `count` + 1 ascending
 * instants). Zero `out` first; the models of a council and of the journal may be added one after the other.
 */
void habits_weeks(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                  const uint64_t *starts, uint32_t count, struct habits_week *out);

/* From one instant to before another, and the same as local times of the council's schedule, by which meetings are named. */
struct habits_span {
    uint64_t from, to; /* unix ms */
    char from_local[COUNCIL_LOCAL_CHARS + 1], to_local[COUNCIL_LOCAL_CHARS + 1];
};

/*
 * The fields of a weekly-update document, composed from the author's own entries of the span: acts, results, check-ins, notes, documents
 * shared, meetings attended; and what is open as what is next. `journal` adds the journal's acts and notes; NULL leaves what is private out. `*values` is owned by the caller.
 * NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error habits_compose(const struct model *council,
                                                   const struct model *journal,
                                                   const uint8_t author[COUNCIL_KEY_BYTES],
                                                   const struct habits_span *span, json_t **values);

/*
 * The id of the author's weekly update in a council for the week that is named by a date ("YYYY-MM-DD"): the same on every device, so that
 * a second draft of a week is its next revision. Its text form never begins with "-".
 */
void habits_update_object(const uint8_t log[COUNCIL_KEY_BYTES],
                          const uint8_t author[COUNCIL_KEY_BYTES], const char *date,
                          uint8_t out[COUNCIL_ID_BYTES]);

/* The author's latest weekly update in `model` other than `except` (may be NULL): its first revision's time by the author (unix ms); 0: none. */
uint64_t habits_last_update(const struct model *model, const uint8_t author[COUNCIL_KEY_BYTES],
                            const uint8_t *except);

#endif
