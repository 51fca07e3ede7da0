/*
 * The pool in the store: registrations, proposals by answers and by the clock, boxes, and that what is deleted is gone.
 */
#include "tests/unit/pool_world.h"

#include <fcntl.h>

/* ---- registrations ---- */

static void keeps_what_somebody_said_and_their_waiting_time(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_person p = person(1, true), other = person(2, false);

    assert_status(store_pool_put(fx->store, &p, 1), STORE_OK);
    assert_status(store_pool_put(fx->store, &other, 1), STORE_REFUSED); /* full */
    p.since_ms = 9999;
    p.expires_ms = 60000;
    (void)snprintf(p.function, sizeof p.function, "design");
    assert_status(store_pool_put(fx->store, &p, 1), STORE_OK); /* anew, also where it is full */
    assert_int_equal(p.since_ms, 101);
    put(fx, 2, false);
    const struct store_pool_view *seen = view(fx, 2, 1000);
    assert_true(seen->registered);
    assert_int_equal(seen->ahead, 1);
    assert_int_equal(seen->alike, 2);
    seen = view(fx, 1, 1000);
    assert_string_equal(seen->person.function, "design");
    assert_string_equal(seen->person.name, "Planted-1");
    assert_int_equal(seen->person.since_ms, 101);
    assert_int_equal(seen->person.avoid.count, 2);
    assert_memory_equal(seen->person.avoid.all, p.avoid.all, 64);
    assert_memory_equal(seen->person.hours, p.hours, sizeof p.hours);
    assert_int_equal(seen->person.employers.count, 0);
    assert_int_equal(seen->n_proposals, 0);
    seen = view(fx, 3, 1000);
    assert_false(seen->registered);
}

static void a_registration_expires(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;

    put(fx, 1, true);
    sweep(fx, 49999, &out);
    assert_int_equal(out.people, 1);
    assert_int_equal(out.next_ms, 50000);
    sweep(fx, 50000, &out);
    assert_int_equal(out.people, 0);
    assert_int_equal(out.next_ms, UINT64_MAX);
}

/* Reads the database file and its journal. */
static bool file_has(const struct fixture *fx, const char *what)
{
    static char bytes[1 << 20];
    bool found = false;

    for (int i = 0; i < 2; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", fx->path, i == 0 ? "" : "-wal");
        int fd = open(path, O_RDONLY);
        ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
        if (fd >= 0)
            (void)close(fd);
        found = found || (n > 0 && memmem(bytes, (size_t)n, what, strlen(what)) != NULL);
    }
    return found;
}

static void what_is_withdrawn_is_nowhere_in_the_files(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_news news;
    const struct store_pool_clock clock = at(1000);
    bool more = true;

    put(fx, 1, true);
    put(fx, 2, true);
    assert_true(file_has(fx, "Planted-1"));
    assert_status(store_pool_drop(fx->store, fx_id('M', 1), &clock, &news), STORE_OK);
    assert_int_equal(news.n_members, 0);
    assert_status(store_pool_drop(fx->store, fx_id('M', 1), &clock, &news), STORE_OK); /* again */
    while (more)
        assert_status(store_maintain(fx->store, 100, &more), STORE_OK);
    assert_false(file_has(fx, "Planted-1"));
    assert_true(file_has(fx, "Planted-2"));
    assert_false(view(fx, 1, 1000)->registered);
}

/* ---- proposals ---- */

static void six_acceptances_found(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_news news;

    group(fx);
    struct store_pool_person p = person(3, false);
    assert_status(store_pool_put(fx->store, &p, 100), STORE_CONFLICT);
    const struct store_pool_view *seen = view(fx, 3, 2000);
    assert_int_equal(seen->n_proposals, 1);
    assert_int_equal(seen->proposals[0].n_seats, GROUP);
    assert_int_equal(seen->proposals[0].slots[1].day, 3);
    assert_int_equal(seen->proposals[0].slots[1].minute, 1110);
    assert_string_equal(seen->proposals[0].why, "hours:3 wait:1");
    assert_string_equal(seen->proposals[0].seats[4].name, "Planted-5");
    accept_all(fx, 2, 6);
    assert_false(view(fx, 3, 2000)->proposals[0].founding); /* five, and no moderator */
    assert_status(answer(fx, 7, true, 2000, &news), STORE_OK);
    assert_false(view(fx, 3, 2000)->proposals[0].founding); /* six, and no moderator */
    assert_status(answer(fx, 1, true, 2000, &news), STORE_OK);
    assert_int_equal(news.n_members, GROUP);
    assert_true(view(fx, 3, 2000)->proposals[0].founding);
    assert_int_equal(view(fx, 3, 2000)->proposals[0].found_by_ms, 2000 + FOUND_MS);
    assert_memory_equal(view(fx, 3, 2000)->proposals[0].moderator, fx_id('M', 1), STORE_ID_BYTES);
    assert_status(answer(fx, 1, true, 2000, &news), STORE_OK); /* again */
    assert_status(answer(fx, 9, true, 2000, &news), STORE_NOT_FOUND);
    bool leads = false;
    assert_status(store_pool_leads(fx->store, fx_id('M', 1), fx_id('M', 2), &leads), STORE_OK);
    assert_true(leads);
    assert_status(store_pool_leads(fx->store, fx_id('M', 1), fx_id('M', 8), &leads), STORE_OK);
    assert_false(leads); /* has not accepted */
    assert_status(store_pool_leads(fx->store, fx_id('M', 2), fx_id('M', 3), &leads), STORE_OK);
    assert_false(leads);
}

static void another_moderator_founds_where_the_first_declines(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_news news;

    group(fx);
    accept_all(fx, 2, 7);
    assert_status(answer(fx, 1, false, 3000, &news), STORE_OK);
    assert_int_equal(news.n_members, GROUP);
    const struct store_pool_view *seen = view(fx, 5, 3000);
    assert_true(seen->proposals[0].founding);
    assert_memory_equal(seen->proposals[0].moderator, fx_id('M', 5), STORE_ID_BYTES);
    /* Who declined waits again, with their time, after a rest. */
    seen = view(fx, 1, 3000);
    assert_int_equal(seen->n_proposals, 0);
    assert_int_equal(seen->person.since_ms, 101);
    assert_int_equal(seen->person.rests_ms, 3000 + REST_MS);
    assert_int_equal(seen->person.missed, 0);
}

static void too_few_end_it(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_news news;
    struct store_pool_person people[GROUP];
    uint64_t cursor = 0;
    uint32_t n;

    group(fx);
    accept_all(fx, 1, 4);
    assert_status(answer(fx, 8, false, 3000, &news), STORE_OK);
    assert_status(answer(fx, 7, false, 3000, &news), STORE_OK);
    assert_int_equal(view(fx, 2, 3000)->n_proposals, 1);
    assert_status(answer(fx, 6, false, 3000, &news), STORE_OK);
    assert_int_equal(news.n_members, 6);
    for (uint64_t i = 1; i <= GROUP; i++)
        assert_int_equal(view(fx, i, 3000)->n_proposals, 0);
    /* For those who had not declined it was no fault of theirs: they wait on at once. */
    assert_status(store_pool_people(fx->store, 3000, &cursor, people, GROUP, &n), STORE_OK);
    assert_int_equal(n, 5);
    cursor = 0;
    assert_status(store_pool_people(fx->store, 3000 + REST_MS, &cursor, people, GROUP, &n),
                  STORE_OK);
    assert_int_equal(n, GROUP);
}

static void the_deadline_ends_it(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;
    struct store_pool_news news;

    group(fx);
    accept_all(fx, 1, 5);
    sweep(fx, ANSWER_BY - 1, &out);
    assert_int_equal(out.n_news, 0);
    assert_int_equal(out.next_ms, ANSWER_BY);
    assert_status(answer(fx, 6, true, ANSWER_BY, &news), STORE_NOT_FOUND);
    sweep(fx, ANSWER_BY, &out);
    assert_int_equal(out.n_news, 1);
    assert_int_equal(out.news[0].n_members, GROUP);
    const struct store_pool_view *seen = view(fx, 7, ANSWER_BY);
    assert_int_equal(seen->n_proposals, 0);
    assert_int_equal(seen->person.missed, 1);
    assert_int_equal(seen->person.rests_ms, ANSWER_BY + REST_MS);
    seen = view(fx, 2, ANSWER_BY);
    assert_int_equal(seen->person.missed, 0);
    assert_int_equal(seen->person.rests_ms, 0);
    assert_int_equal(out.next_ms, ANSWER_BY + REST_MS); /* when the silent may be asked again */
    sweep(fx, ANSWER_BY, &out);
    assert_int_equal(out.n_news, 0);
}

static void who_never_answers_goes(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;

    for (uint64_t n = 1; n <= 6; n++)
        put(fx, n, true);
    for (uint32_t round = 0; round < STORE_POOL_MISSED_MAX; round++) {
        assert_true(view(fx, 1, 1000)->registered);
        struct store_pool_news news;
        struct store_pool_proposal p = {.answer_by_ms = 1001, .found_by_ms = 2000, .n_seats = 1};
        memcpy(p.seats[0].member, fx_id('M', 1), STORE_ID_BYTES);
        memcpy(p.moderator, fx_id('M', 1), STORE_ID_BYTES);
        p.seats[0].changed = view(fx, 1, 1000)->person.changed;
        memset(p.name, (int)round, sizeof p.name);
        assert_status(store_pool_propose(fx->store, &p, &news), STORE_OK);
        sweep(fx, 1001, &out);
    }
    assert_false(view(fx, 1, 1000)->registered);
}

static void who_has_joined_is_deleted(void **state)
{
    struct fixture *fx = *state;

    group(fx);
    accept_all(fx, 1, 6);
    assert_status(invite(fx, 2, 3), STORE_NOT_FOUND); /* does not lead */
    assert_status(invite(fx, 1, 3), STORE_REFUSED);   /* no such council */
    council(fx, 1, 1);
    assert_status(invite(fx, 1, 7), STORE_NOT_FOUND); /* has not accepted */
    assert_status(invite(fx, 1, 3), STORE_OK);
    assert_status(invite(fx, 1, 3), STORE_OK); /* again */
    const struct store_pool_view *seen = view(fx, 3, 2500);
    assert_int_equal(seen->proposals[0].box_len, 40);
    assert_int_equal(seen->proposals[0].box[0], 3);
    assert_true(seen->proposals[0].has_council);
    struct store_pool_news news;
    assert_status(answer(fx, 3, false, 2500, &news), STORE_CONFLICT); /* has an invite */
    seen = view(fx, 4, 2500);
    assert_int_equal(seen->proposals[0].box_len, 0);
    /* The moderator is inside already: nothing is left of them but that they lead. */
    assert_false(view(fx, 1, 2500)->registered);
    assert_int_equal(view(fx, 1, 2500)->n_proposals, 1);
    council(fx, 2, 3);
    seen = view(fx, 3, 2500);
    assert_false(seen->registered);
    assert_int_equal(seen->n_proposals, 0);
    /* Another answer comes late, and is invited too. */
    assert_status(answer(fx, 7, true, 2600, &news), STORE_OK);
    assert_true(news.n_members > 0);
    assert_status(invite(fx, 1, 7), STORE_OK);
}

static void what_is_never_founded_is_over(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;

    group(fx);
    accept_all(fx, 1, 8);
    sweep(fx, 2000 + FOUND_MS, &out);
    assert_int_equal(out.n_news, 1);
    /* It was the moderator's to do. */
    assert_int_equal(view(fx, 1, 4000)->person.missed, 1);
    assert_int_equal(view(fx, 2, 4000)->person.missed, 0);
    assert_int_equal(view(fx, 2, 4000)->n_proposals, 0);
    assert_int_equal(view(fx, 2, 4000)->person.since_ms, 102);
}

static void withdrawing_goes_out_of_a_proposal(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_news news;
    const struct store_pool_clock clock = at(2100);

    group(fx);
    accept_all(fx, 1, 6);
    assert_true(view(fx, 2, 2100)->proposals[0].founding);
    assert_status(store_pool_drop(fx->store, fx_id('M', 3), &clock, &news), STORE_OK);
    assert_int_equal(news.n_members, GROUP - 1);
    assert_false(view(fx, 3, 2100)->registered);
    assert_false(view(fx, 2, 2100)->proposals[0].founding); /* five are left */
    assert_status(answer(fx, 7, true, 2200, &news), STORE_OK);
    assert_true(view(fx, 2, 2200)->proposals[0].founding);
}

static void the_store_is_as_it_was_after_a_start(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;

    group(fx);
    accept_all(fx, 1, 5);
    fx_close(fx);
    fx_open(fx, 0);
    assert_int_equal(view(fx, 2, 3000)->proposals[0].n_seats, GROUP);
    assert_true(view(fx, 2, 3000)->person.accepted);
    sweep(fx, ANSWER_BY, &out); /* a deadline that passed meanwhile */
    assert_int_equal(out.n_news, 1);
}

static void a_restored_store_has_an_empty_pool(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;

    group(fx);
    accept_all(fx, 1, 3);
    assert_status(store_recovering_all(fx->store), STORE_OK);
    sweep(fx, 3000, &out);
    assert_int_equal(out.people, 0);
    assert_int_equal(view(fx, 1, 3000)->n_proposals, 0);
}

static void what_was_missing_is_told_of_those_who_are_as_they_were(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_lack lacks[2] = {{.changed = 1, .missing = 3}, {.changed = 2, .missing = 4}};

    put(fx, 1, false);
    put(fx, 2, false);
    memcpy(lacks[0].member, fx_id('M', 1), STORE_ID_BYTES);
    memcpy(lacks[1].member, fx_id('M', 2), STORE_ID_BYTES);
    assert_status(store_pool_missing(fx->store, lacks, 2), STORE_OK);
    assert_int_equal(view(fx, 1, 1000)->person.missing, 3);
    assert_int_equal(view(fx, 2, 1000)->person.missing, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fx_setup, fx_teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_what_somebody_said_and_their_waiting_time),
        TEST(a_registration_expires),
        TEST(what_is_withdrawn_is_nowhere_in_the_files),
        TEST(six_acceptances_found),
        TEST(another_moderator_founds_where_the_first_declines),
        TEST(too_few_end_it),
        TEST(the_deadline_ends_it),
        TEST(who_never_answers_goes),
        TEST(who_has_joined_is_deleted),
        TEST(what_is_never_founded_is_over),
        TEST(withdrawing_goes_out_of_a_proposal),
        TEST(the_store_is_as_it_was_after_a_start),
        TEST(a_restored_store_has_an_empty_pool),
        TEST(what_was_missing_is_told_of_those_who_are_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
