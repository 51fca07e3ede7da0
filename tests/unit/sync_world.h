/*
 * sync_world.h - the one fake that a test program of sync plays with, and what several of them say and ask of it.
 *
 * Each program includes it once and makes its own set_up, which names the world and its size.
 */
#ifndef COUNCIL_TESTS_SYNC_WORLD_H
#define COUNCIL_TESTS_SYNC_WORLD_H

#include "tests/unit/sync_fake.h"
#include "tests/unit/sync_peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fake f;

static inline int tear_down(void **state)
{
    (void)state;
    fake_fini(&f);
    return 0;
}

static inline struct fixture_member *member(uint32_t i)
{
    return fixture_member(&f.fixture, i);
}

static inline void posts(uint32_t by, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(fixture_post(&f.fixture, &f.council, member(by), "{\"type\":\"note\"}", 0),
                         COUNCIL_OK);
}

/* What the shell holds is the server's log, entry for entry. */
static inline void assert_same(uint32_t index)
{
    const struct fake_log *log = &f.logs[index];
    assert_int_equal(log->count, log->log->count);
    for (uint32_t i = 0; i < log->count; i++) {
        assert_memory_equal(log->rows[i].head, log->log->entries[i].head, COUNCIL_HASH_BYTES);
        assert_string_equal(log->rows[i].text, log->log->entries[i].text);
    }
    assert_memory_equal(fake_view(&f, index).replica->state.tail.head, log->log->log.tail.head,
                        COUNCIL_HASH_BYTES);
}

static inline void assert_stopped(uint32_t index, enum council_error error)
{
    struct sync_log_view view = fake_view(&f, index);
    assert_int_equal(view.state, SYNC_LOG_STOPPED);
    assert_int_equal(view.stopped, error);
}

static inline uint32_t own_posts(void)
{
    return fake_entries_of_device(&f, COUNCIL_KIND_POST);
}

static inline void assert_acked_once(uint64_t item)
{
    assert_int_equal(fake_item(&f, item)->acked, 1);
    assert_int_equal(fake_item(&f, item)->failed, 0);
    assert_false(sync_holds_item(f.sync, item));
    /* the replica holds exactly the item's bytes at the place it was told */
    const struct fake_row *row = &f.logs[0].rows[fake_item(&f, item)->seq - 1];
    assert_string_equal(row->text, fake_item(&f, item)->text);
}

#endif
