/*
 * replay.h - logs of vectors played into the C implementation, and what comes of them.
 *
 * Owns the verdict on an entry, the summary of a state and what a reader makes of a log, as the vectors write them down. The generator
 * and the runner share it, so that a result means the same in both.
 */
#ifndef COUNCIL_TESTS_VECTORS_REPLAY_H
#define COUNCIL_TESTS_VECTORS_REPLAY_H

#include "tests/vectors/values.h"

/* Appends, taking the entry's memory. An unknown kind in a council of a later version is NEEDS_NEWER, as section 3.4 of the specification says. */
COUNCIL_MUST_USE enum council_error replay_append(struct fixture_log *log,
                                                  struct fixture_entry *entry);

/* Appends copies of the first `count` entries of `from`; one that is refused stops the program. */
void replay_prefix(struct fixture_log *log, const struct fixture_log *from, uint32_t count);

/* The summary of a state; new. */
json_t *replay_state(const struct fixture_log *log);

/* What the holder of `own` makes of every block, history and post: {"seq": "ok", an error or the plaintext}; new. */
json_t *replay_read(const struct fixture_log *log, const struct council_secrets *own);

/* "valid" where content is an object with a type (section 7 of the specification), else "bad_content". */
const char *replay_content(const uint8_t *plain, uint32_t len);

#endif
