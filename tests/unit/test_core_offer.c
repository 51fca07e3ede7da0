/*
 * test_core_offer.c - a server that was put back as it was yesterday, and members who know better.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/core_restore.h"

#include <cmocka.h>

enum {
    OLD_POSTS = 4,
    NEW_POSTS = 9
};

/* A council of three with a history, put back to `old` of its `now` entries; everybody has a session again. */
struct restored {
    struct core_world w;
    const struct fixture_log *log;
    uint64_t old, now;
    struct core_config config;
};

/* `more` adds to what came after the backup. */
static void begin(struct restored *r, void (*more)(struct restored *r))
{
    struct core_fake_store backup;
    struct core_world *w = &r->w;
    r->config = core_world_config(w);
    core_world_begin(w, r->config);
    core_world_found(w, 3);
    core_world_posts(w, 1, OLD_POSTS);
    r->log = &w->council.log;
    r->old = w->sent;
    core_restore_copy(&backup, &w->fake.store);
    for (uint32_t i = 0; i < NEW_POSTS; i++) {
        core_world_posts(w, i % 3, 1);
    }
    if (more != NULL) {
        more(r);
    }
    r->now = w->sent;
    core_restore(w, &backup, r->config);
    for (uint32_t i = 0; i < 3; i++) {
        w->sessions[i] = core_fake_login_new(&w->fake, core_world_person(w, i), 0);
    }
}

#define assert_tail(r, session, id, tail, waits, missing, spoke)                  \
    do {                                                                          \
        const uint64_t id_ = (id);                                                \
        const json_t *said_ = core_fake_result(&(r)->w.fake, session, id_);       \
        assert_string_equal(core_fake_outcome(&(r)->w.fake, session, id_), "ok"); \
        assert_int_equal(core_fake_int(said_, "seq"), tail);                      \
        assert_int_equal(core_fake_int(said_, "recovering"), waits);              \
        assert_int_equal(core_fake_int(said_, "waiting"), missing);               \
        assert_int_equal(core_fake_int(said_, "spoken"), spoke);                  \
    } while (0)

static const char *append(struct restored *r, uint32_t session, const struct fixture_entry *entry)
{
    uint64_t id = core_fake_append(&r->w.fake, session, entry);
    core_fake_run(&r->w.fake);
    return core_fake_outcome(&r->w.fake, session, id);
}

static const char *subscribe(struct restored *r, uint32_t session, uint64_t after)
{
    uint64_t id = core_fake_subscribe(&r->w.fake, session, core_world_log(&r->w), after);
    return core_fake_outcome(&r->w.fake, session, id);
}

static const char *read_page(struct restored *r, uint32_t session)
{
    uint64_t id = core_fake_call(&r->w.fake, session, "log.read",
                                 json_pack("{s:o, s:i, s:i}", "log",
                                           core_fake_bytes(core_world_log(&r->w), 32), "after", 0,
                                           "limit", 9));
    return core_fake_outcome(&r->w.fake, session, id);
}

static void members_bring_it_back_byte_for_byte(void **state)
{
    (void)state;
    struct restored r;
    begin(&r, NULL);
    const uint32_t *s = r.w.sessions;
    const json_t *hello = json_object_get(r.w.fake.sessions[s[0]].messages[0], "result");
    assert_int_equal(core_fake_int(hello, "recovering"), 1);

    /* nobody is told that history went back, and nothing new is taken, whatever it has seen */
    assert_string_equal(subscribe(&r, s[0], r.now), "recovering");
    assert_string_equal(read_page(&r, s[0]), "recovering");
    core_world_post(&r.w, 0);
    assert_string_equal(append(&r, s[0], core_world_entry(&r.w, r.now + 1)), "recovering");
    assert_string_equal(append(&r, s[1], core_world_entry(&r.w, r.old)), "ok"); /* a retry */

    /* Ann holds all of it: her empty offer says from where, and two pieces bring the rest */
    assert_tail(&r, s[0], core_speak(&r.w, s[0], r.log, r.now), r.old, 1, 0, 0);
    assert_tail(&r, s[0], core_offer(&r.w, s[0], r.log, r.old, r.old + 4), r.old + 4, 1, 3, 0);
    assert_string_equal(read_page(&r, s[0]), "recovering"); /* she may have more */
    /* the second piece overlaps the first */
    assert_tail(&r, s[0], core_offer(&r.w, s[0], r.log, r.old + 2, r.now), r.now, 1, 3, 0);
    assert_int_equal(core_restored(&r.w, r.log), r.now);
    assert_tail(&r, s[0], core_speak(&r.w, s[0], r.log, r.now), r.now, 1, 2, 1);
    assert_tail(&r, s[0], core_speak(&r.w, s[0], r.log, r.now), r.now, 1, 2, 1);
    assert_string_equal(read_page(&r, s[0]), "ok");
    assert_string_equal(subscribe(&r, s[0], r.now), "ok");
    assert_string_equal(read_page(&r, s[1]), "recovering");
    assert_string_equal(append(&r, s[0], core_world_entry(&r.w, r.now + 1)), "recovering");

    /* Bea holds what the backup held, Cleo a part of what came after; the last one opens the log */
    assert_tail(&r, s[1], core_speak(&r.w, s[1], r.log, r.old), r.now, 1, 1, 1);
    assert_tail(&r, s[2], core_speak(&r.w, s[2], r.log, r.old + 3), r.now, 0, 0, 1);
    assert_int_equal(core_fake_log(&r.w.fake.store, core_world_log(&r.w))->recovery,
                     STORE_RECOVERY_OPEN);
    assert_string_equal(append(&r, s[0], core_world_entry(&r.w, r.now + 1)), "ok");
    assert_int_equal(core_restored(&r.w, r.log), r.now + 1);
    assert_int_equal(core_fake_log(&r.w.fake.store, core_world_log(&r.w))->recovery,
                     STORE_RECOVERED);

    /* from then on nothing is brought, but what is there may be offered for ever */
    core_world_post(&r.w, 1);
    assert_outcome(&r.w, s[1], core_offer(&r.w, s[1], r.log, r.now, r.now + 2), "offer_refused");
    assert_int_equal(core_restored(&r.w, r.log), r.now + 1);
    assert_tail(&r, s[1], core_offer(&r.w, s[1], r.log, 0, r.now + 1), r.now + 1, 0, 0, 1);
    assert_tail(&r, s[1], core_speak(&r.w, s[1], r.log, 3), r.now + 1, 0, 0, 1);
    core_world_end(&r.w);
}

/* Negative control: what the other tests look at sees a byte that changed, and an entry that is missing. */
static void a_changed_byte_is_seen(void **state)
{
    (void)state;
    struct restored r;
    begin(&r, NULL);
    assert_int_equal(core_restored(&r.w, r.log), r.old);
    struct core_fake_log *log = core_fake_log(&r.w.fake.store, core_world_log(&r.w));
    ((char *)(uintptr_t)log->entries[2].text)[9] ^= 1;
    assert_int_equal(core_restored(&r.w, r.log), UINT64_MAX);
    ((char *)(uintptr_t)log->entries[2].text)[9] ^= 1;
    log->entries[2].sig[63] ^= 1;
    assert_int_equal(core_restored(&r.w, r.log), UINT64_MAX);
    core_world_end(&r.w);
}

static void subscribers_see_it_come_back(void **state)
{
    (void)state;
    struct restored r;
    begin(&r, NULL);
    const uint32_t *s = r.w.sessions;
    assert_tail(&r, s[1], core_speak(&r.w, s[1], r.log, r.old - 2), r.old, 1, 2, 1);
    assert_string_equal(subscribe(&r, s[1], r.old - 2), "ok");
    core_fake_run(&r.w.fake);
    /* two at once: one after the other, and the second finds that all of it is there */
    uint64_t first =
        core_fake_send(&r.w.fake, s[0], "log.offer", core_offer_params(r.log, r.old, r.now));
    uint64_t second =
        core_fake_send(&r.w.fake, s[2], "log.offer", core_offer_params(r.log, r.old, r.now));
    core_fake_run(&r.w.fake);
    assert_tail(&r, s[0], first, r.now, 1, 2, 0);
    assert_tail(&r, s[2], second, r.now, 1, 2, 0);
    assert_int_equal(core_fake_gaps(&r.w.fake, s[1], core_world_log(&r.w), r.old - 2, r.now), 0);
    assert_int_equal(core_restored(&r.w, r.log), r.now);
    /* and after another restart, what was said is still said */
    core_fake_restart(&r.w.fake, &r.config);
    uint32_t ann = core_fake_login_new(&r.w.fake, core_world_person(&r.w, 0), 0);
    assert_string_equal(read_page(&r, ann), "recovering");
    assert_tail(&r, ann, core_speak(&r.w, ann, r.log, r.now), r.now, 1, 1, 1);
    core_world_end(&r.w);
}

/* Changes one character of entry `i` of an offer. */
static void spoil(json_t *params, size_t i, const char *field)
{
    json_t *entry = json_array_get(json_object_get(params, "entries"), i);
    char *text = strdup(json_string_value(json_object_get(entry, field)));
    assert_non_null(text);
    char *at = strcmp(field, "text") == 0 ? strstr(text, "\"id\":\"") + 6 : text;
    *at = *at == 'A' ? 'B' : 'A';
    assert_int_equal(json_object_set_new(entry, field, json_string(text)), 0);
    free(text);
}

static const char *detail_of(struct restored *r, uint32_t session, uint64_t id)
{
    const json_t *answer = core_fake_answer(&r->w.fake, session, id);
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    return json_string_value(json_object_get(data, "detail"));
}

static uint64_t offer(struct restored *r, uint32_t session, json_t *params)
{
    return core_fake_call(&r->w.fake, session, "log.offer", params);
}

static void a_wrong_suffix_ends_where_it_is_wrong(void **state)
{
    (void)state;
    struct restored r;
    char where[32];
    begin(&r, NULL);
    const uint32_t *s = r.w.sessions;
    json_t *params = core_offer_params(r.log, r.old, r.now);
    spoil(params, 3, "sig");
    uint64_t id = offer(&r, s[0], params);
    assert_outcome(&r.w, s[0], id, "bad_signature");
    (void)snprintf(where, sizeof where, "seq %u", (unsigned)r.old + 4);
    assert_string_equal(detail_of(&r, s[0], id), where);
    assert_int_equal(core_restored(&r.w, r.log), r.old + 3); /* what came before it stays */

    params = core_offer_params(r.log, r.old + 3, r.now);
    spoil(params, 0, "text");
    assert_outcome(&r.w, s[0], offer(&r, s[0], params), "bad_signature");
    params = core_offer_params(r.log, r.old + 3, r.now); /* one left out */
    assert_int_equal(json_array_remove(json_object_get(params, "entries"), 2), 0);
    assert_outcome(&r.w, s[0], offer(&r, s[0], params), "bad_seen");
    assert_int_equal(core_restored(&r.w, r.log), r.old + 5);

    /* another history: at the place where it joins, in what is there, before the beginning */
    params = core_offer_params(r.log, r.old + 5, r.now);
    assert_int_equal(
        json_object_set_new(params, "head", core_fake_bytes(core_world_entry(&r.w, 1)->head, 32)),
        0);
    assert_outcome(&r.w, s[0], offer(&r, s[0], params), "offer_refused");
    params = core_offer_params(r.log, r.old, r.now);
    spoil(params, 1, "sig");
    id = offer(&r, s[0], params);
    assert_outcome(&r.w, s[0], id, "offer_refused");
    (void)snprintf(where, sizeof where, "seq %u", (unsigned)r.old + 2);
    assert_string_equal(detail_of(&r, s[0], id), where);
    params = core_offer_params(r.log, r.old, r.now);
    assert_int_equal(json_object_set_new(params, "after", json_integer(0)), 0);
    assert_outcome(&r.w, s[0], offer(&r, s[0], params), "offer_refused");
    assert_int_equal(core_restored(&r.w, r.log), r.old + 5);
    assert_tail(&r, s[1], core_offer(&r.w, s[1], r.log, r.old, r.now), r.now, 1, 3, 0);
    core_world_end(&r.w);
}

static void strangers_are_told_nothing(void **state)
{
    (void)state;
    struct restored r;
    begin(&r, NULL);
    uint32_t s = core_fake_member(&r.w.fake, core_world_person(&r.w, 3));
    assert_outcome(&r.w, s, core_speak(&r.w, s, r.log, r.now), "not_found");
    assert_outcome(&r.w, s, core_offer(&r.w, s, r.log, r.old, r.now), "not_found");
    assert_int_equal(core_restored(&r.w, r.log), r.old);
    core_world_end(&r.w);
}

static void add_erased(struct restored *r)
{
    struct core_world *w = &r->w;
    core_world_posts(w, 1, 2);
    uint64_t seq = w->sent - 1;
    assert_int_equal(fixture_erase(&w->fixture, &w->council, core_world_person(w, 1), seq),
                     COUNCIL_OK);
    core_world_send(w, w->sessions[1]);
    core_world_posts(w, 2, 1);
}

static void what_was_erased_comes_back_erased(void **state)
{
    (void)state;
    struct restored r;
    begin(&r, add_erased);
    const uint32_t *s = r.w.sessions;
    uint64_t erased = r.now - 3;
    json_t *params = core_offer_params(r.log, r.old, r.now);
    json_t *entries = json_object_get(params, "entries");
    json_t *bare = json_array_get(entries, (size_t)(erased - r.old - 1));
    assert_null(json_object_get(bare, "data")); /* members hold it no more */
    assert_tail(&r, s[1], offer(&r, s[1], params), r.now, 1, 3, 0);
    assert_int_equal(core_restored(&r.w, r.log), r.now);
    const struct core_fake_log *stored = core_world_stored(&r.w);
    assert_null(stored->entries[erased - 1].data);
    assert_int_equal(stored->entries[erased - 1].flags & STORE_MISSING, 0); /* the erase named it */
    assert_non_null(stored->entries[erased].data);
    /* erased once is erased: the rule holds for what is brought back as for what is new */
    struct fixture_entry twice = core_world_draft(
        &r.w, 1, COUNCIL_KIND_ERASE, fixture_body("{\"posts\":[%u]}", (unsigned)erased));
    params = core_offer_params(r.log, r.now, r.now);
    assert_int_equal(
        json_array_append_new(json_object_get(params, "entries"), core_fake_entry(&twice)), 0);
    assert_outcome(&r.w, s[1], offer(&r, s[1], params), "already_erased");
    fixture_entry_fini(&twice);
    core_world_end(&r.w);
}

static uint64_t end(struct restored *r, uint32_t session, uint64_t seq)
{
    json_t *params = core_offer_params(r->log, seq, seq);
    assert_int_equal(json_object_set_new(params, "end", json_integer(1)), 0);
    return offer(r, session, params);
}

static void a_moderator_or_the_operator_ends_the_waiting(void **state)
{
    (void)state;
    struct restored r;
    struct core_stats stats;
    begin(&r, NULL);
    const uint32_t *s = r.w.sessions;
    assert_outcome(&r.w, s[1], end(&r, s[1], r.old), "not_moderator");
    assert_tail(&r, s[0], end(&r, s[0], r.now), r.old, 1, 0, 0); /* has more: not now */
    assert_string_equal(read_page(&r, s[2]), "recovering");
    assert_tail(&r, s[0], core_offer(&r.w, s[0], r.log, r.old, r.now), r.now, 1, 3, 0);
    core_stats(r.w.fake.core, &stats);
    assert_int_equal(stats.logs_recovering, 4);
    assert_tail(&r, s[0], end(&r, s[0], r.now), r.now, 0, 0, 1);
    core_stats(r.w.fake.core, &stats);
    assert_int_equal(stats.logs_recovering, 3);
    assert_string_equal(read_page(&r, s[2]), "ok");

    /* their member logs wait still: an owner ends it, the operator the rest */
    const struct fixture_log *bea = &core_world_person(&r.w, 1)->log;
    assert_int_equal(fixture_device_add(&r.w.fixture, core_world_person(&r.w, 1)), COUNCIL_OK);
    core_world_person(&r.w, 1)->use = 0;
    assert_string_equal(append(&r, s[1], &bea->entries[1]), "recovering");
    for (uint32_t i = 0; i < r.w.fake.store.log_count; i++) {
        r.w.fake.store.logs[i].recovery = STORE_RECOVERY_OPEN;
    }
    core_recovering_ended(r.w.fake.core, NULL, false);
    assert_string_equal(append(&r, s[1], &bea->entries[1]), "ok");
    uint32_t late = core_fake_hello(&r.w.fake);
    const json_t *hello = json_object_get(r.w.fake.sessions[late].messages[0], "result");
    assert_int_equal(core_fake_int(hello, "recovering"), 0);
    core_world_end(&r.w);
}

static void a_full_disk_puts_it_off(void **state)
{
    (void)state;
    struct restored r;
    begin(&r, NULL);
    const uint32_t *s = r.w.sessions;
    r.w.fake.batch_max = 2;
    for (uint32_t i = 0; i < 3; i++) {
        r.w.fake.store.fail = STORE_FULL;
        r.w.fake.store.fail_batches = i == 0 ? 1 : 0;
        r.w.fake.hold_store = false;
        uint64_t id = core_offer(&r.w, s[0], r.log, r.old, r.now);
        assert_outcome(&r.w, s[0], id, i == 0 ? "storage_full" : "ok");
        assert_int_equal(core_restored(&r.w, r.log), i == 0 ? r.old : r.now);
    }
    r.w.fake.store.fail_batches = 1;
    assert_outcome(&r.w, s[0], core_speak(&r.w, s[0], r.log, r.now), "storage_full");
    assert_string_equal(read_page(&r, s[0]), "recovering");
    assert_tail(&r, s[0], core_speak(&r.w, s[0], r.log, r.now), r.now, 1, 2, 1);
    core_world_end(&r.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_bring_it_back_byte_for_byte),
        cmocka_unit_test(a_changed_byte_is_seen),
        cmocka_unit_test(subscribers_see_it_come_back),
        cmocka_unit_test(a_wrong_suffix_ends_where_it_is_wrong),
        cmocka_unit_test(strangers_are_told_nothing),
        cmocka_unit_test(what_was_erased_comes_back_erased),
        cmocka_unit_test(a_moderator_or_the_operator_ends_the_waiting),
        cmocka_unit_test(a_full_disk_puts_it_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
