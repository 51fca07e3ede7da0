/*
 * core_restore.h - a core whose store was put back as it once was, and members who offer what they hold.
 *
 * Owns copies of the store in memory and the calls of log.offer. Must not know what should come of them.
 */
#ifndef COUNCIL_TESTS_CORE_RESTORE_H
#define COUNCIL_TESTS_CORE_RESTORE_H

#include "tests/unit/core_world.h"

/* A copy that owns its bytes: core_fake_store_fini. */
void core_restore_copy(struct core_fake_store *to, const struct core_fake_store *from);

/* Ends the core and begins a new one on the copy, whose logs all wait. Takes the copy. No session is left. */
void core_restore(struct core_world *w, struct core_fake_store *copy, struct core_config config);

/* Offers entries after + 1 ... upto of a log by a session whose own ends at `upto`; the call's id. */
uint64_t core_offer(struct core_world *w, uint32_t session, const struct fixture_log *log,
                    uint64_t after, uint64_t upto);
/* The params of that call, for what is to be wrong with it. */
json_t *core_offer_params(const struct fixture_log *log, uint64_t after, uint64_t upto);
/* Offers nothing: says that there are `seq` entries and no more. */
uint64_t core_speak(struct core_world *w, uint32_t session, const struct fixture_log *log,
                    uint64_t seq);

/* How many entries the store has of a log, as the fixture made them; UINT64_MAX where one differs. */
uint64_t core_restored(struct core_world *w, const struct fixture_log *log);

#endif
