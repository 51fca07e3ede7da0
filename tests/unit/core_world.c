/*
 * core_world.c - a council in front of a core. See core_world.h.
 */
#include "tests/unit/core_world.h"

#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

struct core_config core_world_config(struct core_world *w)
{
    struct core_config config = core_fake_config(&w->fake);
    config.limits.council_burst = config.limits.device_burst = 1000000;
    return config;
}

void core_world_begin(struct core_world *w, struct core_config config)
{
    core_fake_start(&w->fake, &config);
    fixture_init(&w->fixture, "core world");
    fixture_council_init(&w->council);
    w->fixture.now_ms = w->fake.wall_ms;
    w->sent = 0;
}

void core_world_end(struct core_world *w)
{
    fixture_council_fini(&w->council);
    fixture_fini(&w->fixture);
    core_fake_fini(&w->fake);
}

struct fixture_member *core_world_person(struct core_world *w, uint32_t i)
{
    return fixture_member(&w->fixture, i);
}

const uint8_t *core_world_log(const struct core_world *w)
{
    return w->council.log.log.tail.log;
}

const struct fixture_entry *core_world_entry(const struct core_world *w, uint64_t seq)
{
    return &w->council.log.entries[seq - 1];
}

void core_world_send(struct core_world *w, uint32_t session)
{
    while (w->sent < w->council.log.count) {
        uint64_t id = core_fake_append(&w->fake, session, core_world_entry(w, ++w->sent));
        core_fake_run(&w->fake);
        must(core_fake_int(core_fake_result(&w->fake, session, id), "seq") == w->sent);
    }
}

void core_world_found(struct core_world *w, uint32_t n)
{
    struct fixture_policy policy = {.fast = true, .size = 8};
    struct fixture_member *first = core_world_person(w, 0);
    for (uint32_t i = 0; i < n; i++) {
        w->sessions[i] = core_fake_member(&w->fake, core_world_person(w, i));
    }
    must(fixture_found(&w->fixture, &w->council, first, policy) == COUNCIL_OK);
    core_world_send(w, w->sessions[0]);
    for (uint32_t i = 1; i < n; i++) {
        struct fixture_member *next = core_world_person(w, i);
        must(fixture_invite(&w->fixture, &w->council, first, 1) == COUNCIL_OK);
        core_world_send(w, w->sessions[0]);
        must(fixture_join(&w->fixture, &w->council, next, i - 1) == COUNCIL_OK);
        core_world_send(w, w->sessions[i]);
    }
}

void core_world_post(struct core_world *w, uint32_t by)
{
    must(fixture_post(&w->fixture, &w->council, core_world_person(w, by), "{\"type\":\"note\"}",
                      0) == COUNCIL_OK);
}

void core_world_posts(struct core_world *w, uint32_t by, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        core_world_post(w, by);
        core_world_send(w, w->sessions[by]);
    }
}

struct fixture_entry core_world_draft(struct core_world *w, uint32_t by, enum council_kind kind,
                                      struct fixture_body body)
{
    uint8_t id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES];
    const struct fixture_member *author = core_world_person(w, by);
    struct fixture_entry out;
    struct council_draft draft =
        fixture_draft(&w->fixture, &w->council.log, author, kind, id, device);
    must(fixture_sign(&out, &draft, body, author->devices[author->use].sign) == COUNCIL_OK);
    return out;
}

const struct core_fake_log *core_world_stored(struct core_world *w)
{
    return core_fake_log(&w->fake.store, core_world_log(w));
}

uint64_t core_world_differs(struct core_world *w, uint64_t count)
{
    const struct core_fake_log *log = core_world_stored(w);
    uint64_t wrong = log->count > count ? log->count - count : count - log->count;
    for (uint64_t i = 0; i < count && i < log->count; i++) {
        const struct store_entry *row = &log->entries[i];
        bool same =
            row->seq == i + 1 && memcmp(row->head, core_world_entry(w, i + 1)->head, 32) == 0;
        wrong += same ? 0 : 1;
    }
    return wrong;
}
