/*
 * core_world.h - a council and its people in front of a core: what the tests of the core begin with.
 *
 * Owns the steps that every story has: found, join, post, send. Whatever is sent here must be taken.
 */
#ifndef COUNCIL_TESTS_CORE_WORLD_H
#define COUNCIL_TESTS_CORE_WORLD_H

#include "tests/unit/core_fake.h"

struct core_world {
    struct core_fake fake;
    struct fixture fixture;
    struct fixture_council council;
    uint32_t sent;        /* entries of the council that were given to the core */
    uint32_t sessions[4]; /* of members 0.. */
};

#define assert_outcome(w, session, id, name) \
    assert_string_equal(core_fake_outcome(&(w)->fake, (session), (id)), (name))

/* core_fake_config without the rates that a long story would run into. */
struct core_config core_world_config(struct core_world *w);
void core_world_begin(struct core_world *w, struct core_config config);
void core_world_end(struct core_world *w);

/* A council of `n` members, member 0 its moderator; they all have a session. */
void core_world_found(struct core_world *w, uint32_t n);
struct fixture_member *core_world_person(struct core_world *w, uint32_t i);
const uint8_t *core_world_log(const struct core_world *w);
const struct fixture_entry *core_world_entry(const struct core_world *w, uint64_t seq);

/* Sends the entries that the fixture made since, all by one session. */
void core_world_send(struct core_world *w, uint32_t session);
/* A post by member `by`, not sent; and n of them, sent. */
void core_world_post(struct core_world *w, uint32_t by);
void core_world_posts(struct core_world *w, uint32_t by, uint32_t n);
/* An entry of member `by` at the present end, signed and not appended; takes the body. */
struct fixture_entry core_world_draft(struct core_world *w, uint32_t by, enum council_kind kind,
                                      struct fixture_body body);

/* The log as the store has it. */
const struct core_fake_log *core_world_stored(struct core_world *w);
/* How many of its first `count` entries are not the fixture's, or how many too many or few there are. */
uint64_t core_world_differs(struct core_world *w, uint64_t count);

#endif
