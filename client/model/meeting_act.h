/*
 * meeting_act.h - what is done in a meeting, as intents: the one place that knows what may be written and how, for single commands and the room alike.
 *
 * Owns the checks that a person should hear before anything is sent (with words for them), and the form of each intent. Submits nothing: the
 * caller passes kind and intent to client_submit. Invariant: what it returns passes content_check, and council_check on the same state.
 */
#ifndef COUNCIL_CLIENT_MODEL_MEETING_ACT_H
#define COUNCIL_CLIENT_MODEL_MEETING_ACT_H

#include "client/model/meeting.h"

/* Who acts, on what they know. Borrowed. */
struct meeting_view {
    const struct model *model;
    const struct council *council;
    const uint8_t *me; /* 32 bytes */
};

/* What to submit: `intent` is owned by the caller. */
struct meeting_act {
    enum council_kind kind;
    json_t *intent;
};

/*
 * Each returns OK with `*out` filled, or an error with words for a person in `fault`: NO_MEETING (none is open), MEETING_OPEN, NOT_FACILITATOR, WRONG_PHASE, NO_SUCH_MEMBER,
 * BAD_INPUT, NO_MEMORY. The running meeting is meant wherever none is named.
 */

/* Opens the meeting `name` with the agenda in force and this facilitator. */
COUNCIL_MUST_USE enum council_error meeting_act_open(const struct meeting_view *v, const char *name,
                                                     const uint8_t facilitator[COUNCIL_KEY_BYTES],
                                                     struct meeting_act *out,
                                                     struct content_fault *fault);
/* To the next phase: facilitator, moderators. WRONG_PHASE in the last one. */
COUNCIL_MUST_USE enum council_error meeting_act_next(const struct meeting_view *v,
                                                     struct meeting_act *out,
                                                     struct content_fault *fault);
/* The present phase takes `minutes` (1..240) longer: facilitator, opener, moderators. */
COUNCIL_MUST_USE enum council_error meeting_act_extend(const struct meeting_view *v,
                                                       uint64_t minutes, struct meeting_act *out,
                                                       struct content_fault *fault);
/* The member becomes facilitator (any member may; oneself: take over). */
COUNCIL_MUST_USE enum council_error meeting_act_hand(const struct meeting_view *v,
                                                     const uint8_t member[COUNCIL_KEY_BYTES],
                                                     struct meeting_act *out,
                                                     struct content_fault *fault);
/* Timekeeper, scribe: NULL leaves one as it is. At least one is given. */
COUNCIL_MUST_USE enum council_error
meeting_act_roles(const struct meeting_view *v, const uint8_t *timekeeper, const uint8_t *scribe,
                  struct meeting_act *out, struct content_fault *fault);
/* The author is there. Said once: `intent` is NULL where the log has it already. */
COUNCIL_MUST_USE enum council_error meeting_act_attend(const struct meeting_view *v,
                                                       struct meeting_act *out,
                                                       struct content_fault *fault);
/* Puts the author into the hot-seat queue or out of it. `why`, `day`, `reason` may be NULL. Needs no meeting. */
COUNCIL_MUST_USE enum council_error meeting_act_seat(const struct meeting_view *v, bool in,
                                                     const char *why, const char *day,
                                                     const char *reason, struct meeting_act *out,
                                                     struct content_fault *fault);
/* The member has the hot seat now. */
COUNCIL_MUST_USE enum council_error meeting_act_seated(const struct meeting_view *v,
                                                       const uint8_t member[COUNCIL_KEY_BYTES],
                                                       struct meeting_act *out,
                                                       struct content_fault *fault);
/* A line of the minutes. `name` NULL: of the running one; else also of one that was. */
COUNCIL_MUST_USE enum council_error meeting_act_minute(const struct meeting_view *v,
                                                       const char *name, const char *text,
                                                       struct meeting_act *out,
                                                       struct content_fault *fault);
/* The author's one word at the end. */
COUNCIL_MUST_USE enum council_error meeting_act_word(const struct meeting_view *v, const char *text,
                                                     struct meeting_act *out,
                                                     struct content_fault *fault);
/* Closes it: facilitator, moderators. */
COUNCIL_MUST_USE enum council_error meeting_act_close(const struct meeting_view *v,
                                                      struct meeting_act *out,
                                                      struct content_fault *fault);

#endif
