/*
 * test_council_memory.c - running out of memory at every allocation of every kind's way through a
 * log: the error is NO_MEMORY, nothing has changed, and the same entry is accepted afterwards.
 *
 * Linked with malloc, calloc and realloc wrapped.
 */
#include "tests/unit/council_world.h"

static int64_t allocations_left = -1; /* before one fails; negative: all succeed */

static bool fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

/* What of a log must not move when an append fails. */
struct picture {
    struct council council;
    struct council_tail tail;
    void *people;
    size_t size;
};

static void take(struct picture *picture, const struct council_log *log)
{
    picture->council = log->council;
    picture->tail = log->tail;
    picture->size = log->council.person_count * sizeof *log->council.people;
    picture->people = malloc(picture->size + 1);
    assert_non_null(picture->people);
    if (picture->size > 0) {
        memcpy(picture->people, log->council.people, picture->size);
    }
}

/* Arrays may have moved or grown; what they hold may not have changed. */
static void compare(const struct picture *picture, const struct council_log *log)
{
    const struct council *was = &picture->council;
    const struct council *is = &log->council;
    assert_int_equal(was->seq, is->seq);
    assert_int_equal(was->control, is->control);
    assert_int_equal(was->epoch, is->epoch);
    assert_int_equal(was->rotation_due, is->rotation_due);
    assert_int_equal(was->person_count, is->person_count);
    assert_int_equal(was->invite_count, is->invite_count);
    assert_int_equal(picture->tail.seq, log->tail.seq);
    assert_memory_equal(picture->tail.head, log->tail.head, COUNCIL_HASH_BYTES);
    for (uint32_t i = 0; i < is->person_count; i++) {
        const struct council_person *before = (const struct council_person *)picture->people + i;
        const struct council_person *now = &is->people[i];
        assert_int_equal(before->member, now->member);
        assert_int_equal(before->joined_seq, now->joined_seq);
        assert_int_equal(before->stay_count, now->stay_count);
        assert_memory_equal(&before->pin, &now->pin, sizeof now->pin);
    }
}

/*
 * Appends entry after entry of `from` to an empty log, failing at the first, second … allocation of
 * each before it succeeds.
 */
static void replay_starved(const struct fixture_log *from)
{
    struct council_log log;
    council_log_init(&log);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct fixture_entry *kept = &from->entries[i];
        struct council_entry entry;
        struct picture picture;
        enum council_error error = COUNCIL_E_NO_MEMORY;
        ACCEPT(council_entry_parse(&entry, kept->text, kept->len));
        take(&picture, &log);
        for (int64_t n = 0; error == COUNCIL_E_NO_MEMORY; n++) {
            allocations_left = n;
            error = council_log_append(&log, &entry, kept->sig, NULL, 0, NULL, false);
            allocations_left = -1;
            if (error) {
                EXPECT(NO_MEMORY, error);
                compare(&picture, &log);
            }
        }
        ACCEPT(error);
        assert_memory_equal(log.tail.head, kept->head, COUNCIL_HASH_BYTES);
        free(picture.people);
        council_entry_fini(&entry);
    }
    council_log_fini(&log);
}

static void no_memory_leaves_a_log_as_it_was(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "starved", 3);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_device_add(f, w.member[1]));
    ACCEPT(fixture_devices(f, c, w.member[1], w.member[1]));
    ACCEPT(fixture_vote(f, c, w.member[1], w.member[2]));
    ACCEPT(fixture_remove(f, c, w.member[0], w.member[1]));
    ACCEPT(fixture_recover(f, w.member[1], true));
    fixture_admit(f, c, w.member[0], w.member[1]); /* a return with a chain */
    ACCEPT(fixture_history(f, c, w.member[0], w.member[1], 1, 2));
    ACCEPT(fixture_post(f, c, w.member[1], "{}", 0));
    ACCEPT(fixture_leave(f, c, w.member[2]));
    replay_starved(&c->log);
    replay_starved(&w.member[1]->log);
    world_fini(&w);
}

/* A body that cannot be written is an error that leaves nothing behind. */
static void no_memory_writes_no_body(void **state)
{
    (void)state;
    struct world w;
    struct fixture_body body = {NULL, 0};
    world_init(&w, "bodies", 8);
    enum council_error error = COUNCIL_E_NO_MEMORY;
    uint32_t tries = 0;
    for (int64_t n = 0; error == COUNCIL_E_NO_MEMORY; n++) {
        allocations_left = n;
        error = council_body_rotate(fold_of(&w), w.council.seeds[1], &body.text, &body.len);
        allocations_left = -1;
        tries++;
    }
    ACCEPT(error);
    assert_true(tries > 1);
    ACCEPT(says(&w, 0, COUNCIL_KIND_KEY_ROTATE, body));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_leaves_a_log_as_it_was),
        cmocka_unit_test(no_memory_writes_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
