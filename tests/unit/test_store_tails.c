/*
 * The bounded map of tails: what is dirty is never forgotten, what is clean makes room, oldest use
 * first.
 */
#include "server/store/tails.h"
#include "tests/unit/store_fixture.h"

static void finds_what_was_added(void **state)
{
    struct tails *tails = tails_create(100);

    (void)state;
    assert_non_null(tails);
    for (uint64_t i = 0; i < 100; i++) {
        struct tail *tail = tails_add(tails, fx_id('L', i));
        assert_non_null(tail);
        tail->seq = i;
    }
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(tails_find(tails, fx_id('L', i))->seq, i);
    assert_null(tails_find(tails, fx_id('L', 100)));
    tails_forget(tails, tails_find(tails, fx_id('L', 50)));
    assert_null(tails_find(tails, fx_id('L', 50)));
    assert_int_equal(tails_find(tails, fx_id('L', 51))->seq, 51);
    tails_destroy(tails);
}

static void forgets_the_least_recently_used_clean_one(void **state)
{
    struct tails *tails = tails_create(3);

    (void)state;
    for (uint64_t i = 1; i <= 3; i++)
        assert_non_null(tails_add(tails, fx_id('L', i)));
    tails_mark(tails, tails_find(tails, fx_id('L', 1)), TAIL_DIRTY);
    assert_non_null(tails_find(tails, fx_id('L', 2)));
    assert_non_null(tails_add(tails, fx_id('L', 4))); /* in place of 3 */
    assert_non_null(tails_find(tails, fx_id('L', 1)));
    assert_non_null(tails_find(tails, fx_id('L', 2)));
    assert_null(tails_find(tails, fx_id('L', 3)));
    tails_destroy(tails);
}

static void never_forgets_a_dirty_one(void **state)
{
    struct tails *tails = tails_create(4);
    struct tail *tail = NULL;
    uint32_t n = 0;

    (void)state;
    for (uint64_t i = 1; i <= 4; i++)
        tails_mark(tails, tails_add(tails, fx_id('L', i)), TAIL_DIRTY);
    assert_null(tails_add(tails, fx_id('L', 5)));
    assert_int_equal(tails_dirty_count(tails), 4);
    while ((tail = tails_dirty_next(tails, tail)) != NULL)
        n++;
    assert_int_equal(n, 4);
    tails_mark(tails, tails_find(tails, fx_id('L', 2)), TAIL_CLEAN);
    assert_non_null(tails_add(tails, fx_id('L', 5)));
    assert_null(tails_find(tails, fx_id('L', 2)));
    assert_int_equal(tails_dirty_count(tails), 3);
    tails_destroy(tails);
}

static void destroys_nothing(void **state)
{
    (void)state;
    tails_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(forgets_the_least_recently_used_clean_one),
        cmocka_unit_test(never_forgets_a_dirty_one),
        cmocka_unit_test(destroys_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
