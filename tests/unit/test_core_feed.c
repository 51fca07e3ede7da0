/*
 * test_core_feed.c - calendar feeds in the core: the calls, the way to a calendar, what is kept of it, and who is made to wait.
 */
#include "server/core/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/feed.h"
#include "tests/unit/core_world.h"

enum {
    ANSWERS = 256
};

/* One feed in the store, and what was answered. */
struct desk {
    struct core_world w;
    bool there; /* the feed is */
    struct store_feed feed;
    enum store_status fail;
    uint32_t finds, answers;
    uint64_t last;
    struct {
        unsigned status;
        uint32_t retry_after_s;
        struct core_calendar *calendar; /* a reference */
    } all[ANSWERS];                     /* by ticket */
    char path[COUNCIL_FEED_PATH_CHARS + 1];
};

static void on_feed(void *ctx, struct core_job *job)
{
    struct desk *desk = ctx;
    struct core_job_feed *asked = &job->u.feed;
    bool same = desk->there && memcmp(asked->feed.hash, desk->feed.hash, 32) == 0;
    job->status = desk->fail;
    if (desk->fail != STORE_OK) {
        return;
    }
    switch (asked->asks) {
    case CORE_FEED_PUT:
        job->status = asked->max == 0 ? STORE_REFUSED : STORE_OK;
        desk->feed = asked->feed;
        desk->there = asked->max > 0;
        break;
    case CORE_FEED_DROP:
        job->status = same ? STORE_OK : STORE_NOT_FOUND;
        desk->there = desk->there && !same;
        break;
    case CORE_FEED_LIST:
        asked->n = desk->there ? 1 : 0;
        asked->items[0] = desk->feed;
        break;
    case CORE_FEED_FIND:
        desk->finds++;
        job->status = same ? STORE_OK : STORE_NOT_FOUND;
        if (same) {
            const struct core_fake_log *log = core_world_stored(&desk->w);
            asked->feed = desk->feed;
            asked->info = (struct store_log_info){.seq = log->count, .recovery = log->recovery};
        }
        break;
    }
}

static void on_calendar(void *ctx, uint64_t ticket, const struct core_calendar_answer *answer)
{
    struct desk *desk = ctx;
    assert_true(ticket < ANSWERS);
    assert_int_equal(desk->all[ticket].status, 0); /* once */
    desk->all[ticket].status = answer->status;
    desk->all[ticket].retry_after_s = answer->retry_after_s;
    desk->all[ticket].calendar = answer->calendar;
    if (answer->calendar != NULL) {
        core_calendar_ref(answer->calendar);
    }
    desk->answers++;
}

static const uint8_t secret[COUNCIL_SEED_BYTES] = {1, 2, 3};

static int setup(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    struct core_config config = core_world_config(&desk->w);
    config.limits.calendar_burst = 100;
    config.limits.calendar_rate = 1;
    config.limits.moderator_burst = 1000;
    core_world_begin(&desk->w, config);
    desk->w.fake.store.feed = on_feed;
    desk->w.fake.store.feed_ctx = desk;
    desk->w.fake.calendar = on_calendar;
    desk->w.fake.calendar_ctx = desk;
    core_world_found(&desk->w, 2);
    council_feed_path(desk->path, secret);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;
    for (uint32_t i = 0; i < ANSWERS; i++) {
        core_calendar_unref(desk->all[i].calendar);
    }
    core_world_end(&desk->w);
    free(desk);
    return 0;
}

static json_t *named(const struct desk *desk, const char *title)
{
    uint8_t hash[COUNCIL_HASH_BYTES];
    council_feed_hash(hash, secret);
    json_t *params = json_object();
    json_object_set_new(params, "feed", core_fake_bytes(hash, sizeof hash));
    if (title != NULL) {
        json_object_set_new(params, "log", core_fake_bytes(core_world_log(&desk->w), 32));
        json_object_set_new(params, "title", json_string(title));
    }
    return params;
}

static void say(struct desk *desk, enum council_kind kind, struct fixture_body body)
{
    assert_int_equal(fixture_try(&desk->w.fixture, &desk->w.council.log,
                                 core_world_person(&desk->w, 0), kind, body),
                     COUNCIL_OK);
    core_world_send(&desk->w, desk->w.sessions[0]);
}

static void set(struct desk *desk, const char *start)
{
    say(desk, COUNCIL_KIND_SCHEDULE_SET,
        fixture_body("{\"minutes\":90,\"rrule\":\"FREQ=WEEKLY;BYDAY=TU,FR\",\"start\":\"%s\","
                     "\"zone\":\"Europe/Berlin\"}",
                     start));
}

static void create(struct desk *desk, const char *title)
{
    uint64_t id =
        core_fake_call(&desk->w.fake, desk->w.sessions[0], "feed.create", named(desk, title));
    assert_outcome(&desk->w, desk->w.sessions[0], id, "ok");
}

/* Asks without running anything; the ticket. */
static uint64_t ask(struct desk *desk, const char *path, uint8_t from)
{
    uint8_t address[16] = {from};
    uint64_t ticket = ++desk->last;
    core_fetch_calendar(desk->w.fake.core, ticket, from != 0 ? address : NULL, path);
    return ticket;
}

static unsigned fetch(struct desk *desk, const char *path, uint8_t from)
{
    uint64_t ticket = ask(desk, path, from);
    core_fake_run(&desk->w.fake);
    assert_int_not_equal(desk->all[ticket].status, 0);
    return desk->all[ticket].status;
}

static const char *text(const struct desk *desk, uint64_t ticket)
{
    return desk->all[ticket].calendar != NULL ? desk->all[ticket].calendar->text : "";
}

static void calls(void **state)
{
    struct desk *desk = *state;
    struct core_fake *fake = &desk->w.fake;
    uint32_t me = desk->w.sessions[0];
    create(desk, "Call");
    assert_memory_equal(desk->feed.member, core_world_person(&desk->w, 0)->log.log.tail.log, 32);
    uint64_t id = core_fake_call(fake, me, "feed.list", json_object());
    const json_t *feeds = json_object_get(core_fake_result(fake, me, id), "feeds");
    assert_int_equal(json_array_size(feeds), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(feeds, 0), "title")),
                        "Call");
    id = core_fake_call(fake, me, "feed.create", named(desk, "a\nb"));
    assert_outcome(&desk->w, me, id, "invalid_params");
    id = core_fake_call(fake, me, "feed.revoke", named(desk, NULL));
    assert_outcome(&desk->w, me, id, "ok");
    id = core_fake_call(fake, me, "feed.revoke", named(desk, NULL));
    assert_outcome(&desk->w, me, id, "not_found");
    desk->fail = STORE_FULL;
    id = core_fake_call(fake, me, "feed.create", named(desk, "Call"));
    assert_outcome(&desk->w, me, id, "storage_full");
}

static void what_was_written_is_kept_until_the_schedule_changes(void **state)
{
    struct desk *desk = *state;
    create(desk, "Call");
    assert_int_equal(fetch(desk, desk->path, 1), 200);
    assert_null(strstr(text(desk, 1), "VEVENT"));
    set(desk, "2026-03-03T18:00");
    assert_int_equal(fetch(desk, desk->path, 1), 200);
    assert_non_null(strstr(text(desk, 2), "DTSTART;TZID=Europe/Berlin:20260303T180000"));
    assert_non_null(strstr(text(desk, 2), "SUMMARY:Call"));
    uint32_t reads = desk->w.fake.store.reads;
    assert_int_equal(fetch(desk, desk->path, 2), 200);
    assert_ptr_equal(desk->all[3].calendar, desk->all[2].calendar);
    assert_int_equal(desk->w.fake.store.reads, reads + 1); /* the look-up alone */
    /* A post changes the log, and not the calendar. */
    core_world_posts(&desk->w, 1, 3);
    assert_int_equal(fetch(desk, desk->path, 2), 200);
    assert_string_equal(desk->all[4].calendar->etag, desk->all[2].calendar->etag);
    assert_int_equal(desk->all[4].calendar->modified_ms, desk->all[2].calendar->modified_ms);
    say(desk, COUNCIL_KIND_MEETING_CHANGE,
        fixture_body("{\"change\":\"cancel\",\"meeting\":\"2026-03-06T18:00\"}"));
    assert_int_equal(fetch(desk, desk->path, 2), 200);
    assert_non_null(strstr(text(desk, 5), "STATUS:CANCELLED"));
    assert_string_not_equal(desk->all[5].calendar->etag, desk->all[2].calendar->etag);
    /* Another title is another text. */
    create(desk, "Sync");
    assert_int_equal(fetch(desk, desk->path, 2), 200);
    assert_non_null(strstr(text(desk, 6), "SUMMARY:Sync"));
    /* The rules of a zone may have changed: after an hour it is written anew. */
    core_fake_advance(&desk->w.fake, CORE_CALENDAR_KEEP_MS + 1);
    assert_int_equal(fetch(desk, desk->path, 2), 200);
    assert_ptr_not_equal(desk->all[7].calendar, desk->all[6].calendar);
    assert_string_equal(desk->all[7].calendar->etag, desk->all[6].calendar->etag);
}

static void a_long_log_is_taken_in_by_pages(void **state)
{
    struct desk *desk = *state;
    create(desk, "Call");
    for (uint32_t i = 0; i < 300; i++) {
        set(desk, i % 2 == 0 ? "2026-03-03T18:00" : "2026-03-06T09:00");
    }
    uint32_t reads = desk->w.fake.store.reads;
    assert_int_equal(fetch(desk, desk->path, 1), 200);
    assert_int_equal(desk->w.fake.store.reads, reads + 3);
    assert_non_null(strstr(text(desk, 1), "SEQUENCE:299\r\n"));
    assert_non_null(strstr(text(desk, 1), "20260306T090000"));
}

static void what_is_not_there_is_answered_alike(void **state)
{
    struct desk *desk = *state;
    create(desk, "Call");
    assert_int_equal(fetch(desk, desk->path, 0), 200);
    uint64_t id =
        core_fake_call(&desk->w.fake, desk->w.sessions[0], "feed.revoke", named(desk, NULL));
    assert_outcome(&desk->w, desk->w.sessions[0], id, "ok");
    assert_int_equal(fetch(desk, desk->path, 0), 404); /* revoked, though it was in the cache */
    desk->path[12] ^= 1;
    assert_int_equal(fetch(desk, desk->path, 0), 404);
    assert_int_equal(fetch(desk, "/calendar/x.ics", 0), 404);
    assert_int_equal(fetch(desk, "/calendar/", 0), 404);
    assert_int_equal(desk->all[2].retry_after_s + desk->all[3].retry_after_s, 0);
    assert_int_equal(desk->finds, 3); /* what is no address is not looked for */
}

static void who_guesses_waits(void **state)
{
    struct desk *desk = *state;
    char wrong[COUNCIL_FEED_PATH_CHARS + 1];
    const uint8_t other[COUNCIL_SEED_BYTES] = {9};
    council_feed_path(wrong, other);
    create(desk, "Call");
    for (uint32_t i = 0; i < 80; i++) {
        assert_int_equal(fetch(desk, desk->path, 1), 200); /* one token each */
    }
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(fetch(desk, wrong, 2), 404); /* twenty each */
    }
    assert_int_equal(fetch(desk, wrong, 2), 429);
    assert_in_range(desk->all[desk->last].retry_after_s, 1, 30);
    uint32_t finds = desk->finds;
    assert_int_equal(fetch(desk, desk->path, 2), 429); /* a good one looks the same */
    assert_int_equal(desk->finds, finds);
    assert_int_equal(fetch(desk, desk->path, 1), 200); /* others do not pay */
    core_fake_advance(&desk->w.fake, 25000);
    assert_int_equal(fetch(desk, desk->path, 2), 200);
}

static void bad_days(void **state)
{
    struct desk *desk = *state;
    create(desk, "Call");
    /* A council that waits for its members is not shown. */
    struct core_fake_log *log = core_fake_log(&desk->w.fake.store, core_world_log(&desk->w));
    log->recovery = STORE_WAITING;
    assert_int_equal(fetch(desk, desk->path, 0), 503);
    assert_in_range(desk->all[1].retry_after_s, 60, 3600);
    log->recovery = STORE_RECOVERED;
    desk->fail = STORE_NOMEM;
    assert_int_equal(fetch(desk, desk->path, 0), 503);
    desk->fail = STORE_OK;
    /* More at once than are carried out. */
    desk->w.fake.hold_store = true;
    for (uint32_t i = 0; i < CORE_FETCHES_MAX; i++) {
        assert_int_equal(desk->all[ask(desk, desk->path, 0)].status, 0);
    }
    uint64_t late = ask(desk, desk->path, 0);
    assert_int_equal(desk->all[late].status, 503);
    desk->w.fake.hold_store = false;
    core_fake_run(&desk->w.fake);
    assert_int_equal(desk->answers, CORE_FETCHES_MAX + 3);
    assert_int_equal(fetch(desk, desk->path, 0), 200);
    /* At the end everybody is told. */
    core_shutdown(desk->w.fake.core);
    assert_int_equal(fetch(desk, desk->path, 0), 503);
}

static void many_calendars_are_forgotten_again(void **state)
{
    struct desk *desk = *state;
    struct core *core = desk->w.fake.core;
    create(desk, "Call");
    assert_int_equal(fetch(desk, desk->path, 0), 200);
    for (uint32_t i = 0; i < 2 * CORE_CALENDARS_MAX; i++) {
        struct store_feed feed = desk->feed;
        struct schedule_calendar calendar = {.set = false};
        memcpy(feed.hash, &i, sizeof i);
        core_cache_put(core, &feed, 1, &calendar, desk->all[1].calendar);
    }
    assert_int_equal(core->feeds.count, CORE_CALENDARS_MAX);
    assert_null(core_cache_find(core, desk->feed.hash));
    assert_true(core->feeds.bytes <= CORE_CALENDARS_BYTES);
    assert_int_equal(fetch(desk, desk->path, 0), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_written_is_kept_until_the_schedule_changes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_long_log_is_taken_in_by_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_answered_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(who_guesses_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_days, setup, teardown),
        cmocka_unit_test_setup_teardown(many_calendars_are_forgotten_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
