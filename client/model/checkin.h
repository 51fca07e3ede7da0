/*
 * checkin.h - a check-in as text that a person edits, and its rules.
 *
 * Owns the template: it opens with what is still open, then asks for the next two or three. Knows no storage and draws no
 * ids: the caller gives new commitments theirs.
 */
#ifndef COUNCIL_CLIENT_MODEL_CHECKIN_H
#define COUNCIL_CLIENT_MODEL_CHECKIN_H

#include "client/model/model.h"

enum {
    CHECKIN_COMMITMENTS_MIN = 2,
    CHECKIN_COMMITMENTS_MAX = 3
};

/* The text to edit for `author`. Owned by the caller (free); NULL without memory. */
char *checkin_template(const struct model *model, const uint8_t author[COUNCIL_KEY_BYTES]);

/*
 * Reads an edited template. `*content` (owned by the caller) is a check-in whose new commitments have no ids yet. BAD_INPUT with `fault` naming the line;
 * NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error checkin_parse(const struct model *model,
                                                  const uint8_t author[COUNCIL_KEY_BYTES],
                                                  const char *text, uint32_t len, json_t **content,
                                                  struct content_fault *fault);

/*
 * Adds the result of the author's n-th open commitment (from 1, as the template and `council commitments` number them) to a check-in. `state` is done, partly, missed or
 * dropped; `word` may be NULL or "". BAD_INPUT with `fault`, NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error
checkin_result(const struct model *model, const uint8_t author[COUNCIL_KEY_BYTES], json_t *content,
               uint64_t number, const char *state, const char *word, struct content_fault *fault);

/*
 * Adds a new commitment: "text", "text [measure]", either with " by YYYY-MM-DD" at the end. BAD_INPUT with `fault` above three or for a day that is not in the calendar,
 * NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error checkin_commit(json_t *content, const char *text,
                                                   struct content_fault *fault);

/*
 * The rule of two or three: at most three new ones, and with those carried over at least two. False with `fault` written.
 */
COUNCIL_MUST_USE bool checkin_complete(const struct model *model,
                                       const uint8_t author[COUNCIL_KEY_BYTES],
                                       const json_t *content, struct content_fault *fault);

#endif
