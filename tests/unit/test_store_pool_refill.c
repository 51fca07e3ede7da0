/*
 * The pool in the store: councils that ask for people, and who may lead a proposal.
 */
#include "tests/unit/pool_world.h"

static void a_refill_is_for_those_it_asks(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_refill refill = {
        .places = 2, .fast = true, .since_ms = 1, .expires_ms = 9000, .n_slots = 2};
    struct store_pool_refill found[2];
    struct store_pool_news news;
    struct store_pool_proposal p = {.made_ms = 1000,
                                    .answer_by_ms = ANSWER_BY,
                                    .found_by_ms = FOUND_BY,
                                    .refill = true,
                                    .founding = true,
                                    .has_council = true,
                                    .n_seats = 1};
    uint64_t cursor = 0;
    uint32_t n;

    memcpy(refill.council, fx_id('L', 1), STORE_ID_BYTES);
    memcpy(refill.member, fx_id('M', 9), STORE_ID_BYTES);
    assert_status(store_pool_refill_put(fx->store, &refill), STORE_REFUSED); /* not inside */
    council(fx, 1, 9);
    assert_status(store_pool_refill_put(fx->store, &refill), STORE_OK);
    assert_status(store_pool_refills(fx->store, 1000, &cursor, found, 2, &n), STORE_OK);
    assert_int_equal(n, 1);
    put(fx, 1, false);
    memcpy(p.name, name, sizeof name);
    memcpy(p.council, refill.council, STORE_ID_BYTES);
    memcpy(p.moderator, refill.member, STORE_ID_BYTES);
    memcpy(p.seats[0].member, fx_id('M', 1), STORE_ID_BYTES);
    p.seats[0].changed = 1;
    p.refill_changed = found[0].changed;
    assert_status(store_pool_propose(fx->store, &p, &news), STORE_OK);
    assert_int_equal(news.n_members, 2); /* the moderator as well */
    assert_status(store_pool_refill_put(fx->store, &refill), STORE_CONFLICT);
    cursor = 0;
    assert_status(store_pool_refills(fx->store, 1000, &cursor, found, 2, &n), STORE_OK);
    assert_int_equal(n, 0);
    assert_int_equal(view(fx, 9, 1500)->n_proposals, 1);
    assert_int_equal(view(fx, 9, 1500)->n_refills, 1);
    assert_status(invite(fx, 9, 1), STORE_NOT_FOUND);
    assert_status(answer(fx, 1, true, 1500, &news), STORE_OK);
    assert_status(invite(fx, 9, 1), STORE_OK);
    council(fx, 2, 1);
    assert_false(view(fx, 1, 1600)->registered);
    /* One place less, and it may ask again. */
    cursor = 0;
    assert_status(store_pool_refills(fx->store, 1600, &cursor, found, 2, &n), STORE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(found[0].places, 1);
    refill.places = 0;
    assert_status(store_pool_refill_put(fx->store, &refill), STORE_OK);
    assert_int_equal(view(fx, 9, 1600)->n_refills, 0);
}

/* A group that was founding and is not any more, whose time to found would be over before the one to answer: it is not due all the time. */
static void what_is_not_founded_any_more_waits_for_answers(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_sweep out;
    struct store_pool_news news;

    group(fx);
    accept_all(fx, 1, 6);
    assert_true(view(fx, 2, 2000)->proposals[0].founding);
    assert_status(answer(fx, 6, false, 2500, &news), STORE_OK);
    assert_false(view(fx, 2, 2500)->proposals[0].founding);
    sweep(fx, 2000 + FOUND_MS + 1, &out);
    assert_int_equal(out.n_news, 0);
    assert_int_equal(view(fx, 2, 3500)->n_proposals, 1);
    sweep(fx, ANSWER_BY, &out);
    assert_int_equal(out.n_news, 1);
    assert_int_equal(view(fx, 2, ANSWER_BY)->n_proposals, 0);
}

/* Proposes member 1 to the council that asked, as a search that began then would. */
static enum store_status propose_to(struct fixture *fx, const struct store_pool_refill *refill,
                                    uint64_t person_changed)
{
    struct store_pool_proposal p = {.made_ms = 1000,
                                    .answer_by_ms = ANSWER_BY,
                                    .found_by_ms = FOUND_BY,
                                    .refill = true,
                                    .founding = true,
                                    .has_council = true,
                                    .refill_changed = refill->changed,
                                    .n_seats = 1};
    struct store_pool_news news;

    memcpy(p.name, name, sizeof name);
    memcpy(p.council, refill->council, STORE_ID_BYTES);
    memcpy(p.moderator, refill->member, STORE_ID_BYTES);
    memcpy(p.seats[0].member, fx_id('M', 1), STORE_ID_BYTES);
    p.seats[0].changed = person_changed;
    return store_pool_propose(fx->store, &p, &news);
}

static void who_asked_and_is_in_the_council_no_more_leads_nobody(void **state)
{
    struct fixture *fx = *state;
    struct store_pool_refill refill = {
        .places = 2, .fast = true, .since_ms = 1, .expires_ms = 9000, .n_slots = 2};
    struct store_pool_news news;
    uint64_t cursor = 0;
    uint32_t n;
    bool leads;

    memcpy(refill.council, fx_id('L', 1), STORE_ID_BYTES);
    memcpy(refill.member, fx_id('M', 9), STORE_ID_BYTES);
    council(fx, 1, 9);
    assert_status(store_pool_refill_put(fx->store, &refill), STORE_OK);
    refill.changed = 1;
    put(fx, 1, false);
    assert_status(propose_to(fx, &refill, 1), STORE_OK);
    assert_status(answer(fx, 1, true, 1500, &news), STORE_OK);
    assert_status(store_pool_leads(fx->store, fx_id('M', 9), fx_id('M', 1), &leads), STORE_OK);
    assert_true(leads);
    standing(fx, 2, 9, true);
    assert_status(store_pool_leads(fx->store, fx_id('M', 9), fx_id('M', 1), &leads), STORE_OK);
    assert_false(leads);
    assert_status(invite(fx, 9, 1), STORE_REFUSED);
    assert_int_equal(view(fx, 9, 1600)->n_proposals, 0);
    /* Whom they were shown waits on at once, and is proposed to them no more. */
    assert_true(view(fx, 1, 1600)->registered);
    assert_int_equal(view(fx, 1, 1600)->person.rests_ms, 0);
    assert_status(store_pool_refills(fx->store, 1600, &cursor, &refill, 1, &n), STORE_OK);
    assert_int_equal(n, 0);
    refill.changed = 3;
    assert_status(propose_to(fx, &refill, 4), STORE_CONFLICT);
    council(fx, 3, 9); /* back again */
    assert_status(propose_to(fx, &refill, 4), STORE_OK);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fx_setup, fx_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_founded_any_more_waits_for_answers),
        TEST(a_refill_is_for_those_it_asks),
        TEST(who_asked_and_is_in_the_council_no_more_leads_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
