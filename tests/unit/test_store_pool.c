/*
 * The pool in the store: registrations, proposals by answers and by the clock, boxes, refills, and that what is deleted is gone.
 */
#include "tests/unit/store_fixture.h"

#include "server/store/pool.h"

#include <fcntl.h>

enum {
    FOUND_MS = 1000,
    REST_MS = 500,
    ANSWER_BY = 10000,
    FOUND_BY = 20000,
    GROUP = 8
};

static const uint8_t name[STORE_POOL_ID] = "proposal-the-one";

static struct store_pool_clock at(uint64_t now_ms)
{
    return (struct store_pool_clock){now_ms, FOUND_MS, REST_MS};
}

static struct store_pool_person person(uint64_t n, bool moderates)
{
    struct store_pool_person p = {
        .since_ms = 100 + n, .expires_ms = 50000, .fast = true, .moderates = moderates};

    memcpy(p.member, fx_id('M', n), STORE_ID_BYTES);
    (void)snprintf(p.function, sizeof p.function, "data");
    (void)snprintf(p.level, sizeof p.level, "senior");
    (void)snprintf(p.industry, sizeof p.industry, "other");
    (void)snprintf(p.zone, sizeof p.zone, "Europe/Berlin");
    (void)snprintf(p.languages, sizeof p.languages, "en");
    (void)snprintf(p.name, sizeof p.name, "Planted-%llu", (unsigned long long)n);
    p.hours[5] = 0xff;
    p.avoid.count = 2;
    memset(p.avoid.all, (int)n, sizeof p.avoid.all);
    return p;
}

static void put(struct fixture *fx, uint64_t n, bool moderates)
{
    struct store_pool_person p = person(n, moderates);

    assert_status(store_pool_put(fx->store, &p, 100), STORE_OK);
}

/* A proposal to members 1 ... n, of whom 1 is to moderate. */
static void propose(struct fixture *fx, uint32_t n)
{
    struct store_pool_proposal p = {
        .made_ms = 1000, .answer_by_ms = ANSWER_BY, .found_by_ms = FOUND_BY, .fast = true};
    struct store_pool_news news;
    struct store_pool_person people[GROUP];
    uint64_t cursor = 0;
    uint32_t found;

    memcpy(p.name, name, sizeof p.name);
    (void)snprintf(p.zone, sizeof p.zone, "Europe/Berlin");
    (void)snprintf(p.language, sizeof p.language, "en");
    (void)snprintf(p.why, sizeof p.why, "hours:3 wait:1");
    p.n_slots = 2;
    p.slots[0] = (struct store_pool_slot){1, 1110};
    p.slots[1] = (struct store_pool_slot){3, 1110};
    assert_status(store_pool_people(fx->store, 1000, &cursor, people, GROUP, &found), STORE_OK);
    assert_int_equal(found, n);
    p.n_seats = n;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(p.seats[i].member, people[i].member, STORE_ID_BYTES);
        p.seats[i].changed = people[i].changed;
    }
    memcpy(p.moderator, fx_id('M', 1), STORE_ID_BYTES);
    assert_status(store_pool_propose(fx->store, &p, &news), STORE_OK);
    assert_int_equal(news.n_members, n);
    assert_memory_equal(news.proposal, name, sizeof name);
    /* They are nobody else's now. */
    p.name[0] = '?';
    assert_status(store_pool_propose(fx->store, &p, &news), STORE_CONFLICT);
    cursor = 0;
    assert_status(store_pool_people(fx->store, 1000, &cursor, people, GROUP, &found), STORE_OK);
    assert_int_equal(found, 0);
}

static void group(struct fixture *fx)
{
    for (uint64_t n = 1; n <= GROUP; n++)
        put(fx, n, n == 1 || n == 5);
    propose(fx, GROUP);
}

static enum store_status answer(struct fixture *fx, uint64_t n, bool accept, uint64_t now_ms,
                                struct store_pool_news *news)
{
    const struct store_pool_clock clock = at(now_ms);

    return store_pool_answer(fx->store, fx_id('M', n), name, accept, &clock, news);
}

static void accept_all(struct fixture *fx, uint64_t first, uint64_t last)
{
    struct store_pool_news news;

    for (uint64_t n = first; n <= last; n++)
        assert_status(answer(fx, n, true, 2000, &news), STORE_OK);
}

static const struct store_pool_view *view(struct fixture *fx, uint64_t n, uint64_t now_ms)
{
    static struct store_pool_view out;
    const struct store_pool_clock clock = at(now_ms);

    assert_status(store_pool_view(fx->store, fx_id('M', n), fx_id('D', n), &clock, &out), STORE_OK);
    return &out;
}

static void sweep(struct fixture *fx, uint64_t now_ms, struct store_pool_sweep *out)
{
    const struct store_pool_clock clock = at(now_ms);

    assert_status(store_pool_sweep(fx->store, &clock, out), STORE_OK);
}

/* Log 1 with these members now; `gone`: not any more. */
static void standing(struct fixture *fx, uint64_t seq, uint64_t member, bool gone)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(1, seq, &bytes);
    struct store_change changes[2] = {fx_new_log(0, STORE_LOG_COUNCIL),
                                      {.type = STORE_CHANGE_MEMBERSHIP}};
    struct store_batch batch = {.rows = &row,
                                .n_rows = 1,
                                .changes = seq == 1 ? changes : changes + 1,
                                .n_changes = seq == 1 ? 2 : 1};

    memcpy(changes[1].u.membership.member, fx_id('M', member), STORE_ID_BYTES);
    changes[1].u.membership.role = 1;
    changes[1].u.membership.from_seq = gone ? 1 : seq;
    changes[1].u.membership.until_seq = gone ? seq : 0;
    assert_status(store_append(fx->store, &batch, NULL), STORE_OK);
}

static void council(struct fixture *fx, uint64_t seq, uint64_t member)
{
    standing(fx, seq, member, false);
}

static enum store_status invite(struct fixture *fx, uint64_t by, uint64_t member)
{
    static struct store_pool_boxes boxes;
    struct store_pool_news news;

    memset(&boxes, 0, sizeof boxes);
    memcpy(boxes.proposal, name, sizeof name);
    memcpy(boxes.member, fx_id('M', member), STORE_ID_BYTES);
    memcpy(boxes.council, fx_id('L', 1), STORE_ID_BYTES);
    boxes.n = 2;
    for (uint32_t i = 0; i < 2; i++) {
        memcpy(boxes.boxes[i].device, fx_id('D', member + 100 * i), STORE_ID_BYTES);
        boxes.boxes[i].len = 40;
        memset(boxes.boxes[i].box, (int)(member + i), 40);
    }
    enum store_status status = store_pool_invite(fx->store, fx_id('M', by), &boxes, &news);
    assert_int_equal(news.n_members, status == STORE_OK);
    return status;
}

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

/* ---- councils that ask ---- */

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
        TEST(what_is_not_founded_any_more_waits_for_answers),
        TEST(a_refill_is_for_those_it_asks),
        TEST(who_asked_and_is_in_the_council_no_more_leads_nobody),
        TEST(what_was_missing_is_told_of_those_who_are_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
