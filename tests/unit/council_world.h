/*
 * council_world.h - what the tests of the council log share: a council of some members, and how a
 * verdict is expected.
 *
 * Owns no state between tests: each one makes a world of its own.
 */
#ifndef COUNCIL_TESTS_COUNCIL_WORLD_H
#define COUNCIL_TESTS_COUNCIL_WORLD_H

#include "tests/unit/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACCEPT(call) assert_string_equal(council_error_name(call), "ok")
#define EXPECT(symbol, call) \
    assert_string_equal(council_error_name(call), council_error_name(COUNCIL_E_##symbol))

struct world {
    struct fixture fixture;
    struct fixture_council council;
    struct fixture_member *member[FIXTURE_MEMBERS]; /* 0 founds; the first ones join */
};

static inline const struct council *fold_of(const struct world *w)
{
    return fixture_fold(&w->council);
}

static inline const struct council_person *person_of(const struct world *w, uint32_t i)
{
    return council_person(fold_of(w), fixture_name(w->member[i]));
}

/* The member `i` writes an entry of a plain kind. */
static inline enum council_error says(struct world *w, uint32_t i, enum council_kind kind,
                                      struct fixture_body body)
{
    return fixture_try(&w->fixture, &w->council.log, w->member[i], kind, body);
}

static inline void world_empty(struct world *w, const char *name)
{
    memset(w, 0, sizeof *w);
    fixture_init(&w->fixture, name);
    fixture_council_init(&w->council);
    for (uint32_t i = 0; i < FIXTURE_MEMBERS; i++) {
        w->member[i] = fixture_member(&w->fixture, i);
    }
}

/* A fast council of size 8 whose newcomers read from their joining, with `count` members. */
static inline void world_init(struct world *w, const char *name, uint32_t count)
{
    world_empty(w, name);
    ACCEPT(fixture_found(&w->fixture, &w->council, w->member[0],
                         (struct fixture_policy){.fast = true, .size = 8}));
    for (uint32_t i = 1; i < count; i++) {
        fixture_admit(&w->fixture, &w->council, w->member[0], w->member[i]);
    }
}

static inline void world_fini(struct world *w)
{
    fixture_council_fini(&w->council);
    fixture_fini(&w->fixture);
}

#endif
