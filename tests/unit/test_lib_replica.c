/*
 * test_lib_replica.c - stored logs: they come back as they were, are read with their content, forget what was erased, and are checked again.
 */
#include "lib_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct lib_home home;
    uint8_t council[COUNCIL_KEY_BYTES];
};

static int make(void **state)
{
    static struct world world;

    lib_home_init_member(&world.home);
    lib_home_found(&world.home, false, world.council);
    *state = &world;
    return 0;
}

static int drop(void **state)
{
    struct world *world = *state;

    lib_home_fini(&world->home);
    return 0;
}

static uint64_t post(struct world *world, const char *text)
{
    char intent[300];

    (void)snprintf(intent, sizeof intent, "{\"content\":{\"type\":\"note\",\"text\":\"%s\"}}",
                   text);
    return lib_home_write(&world->home, world->council, COUNCIL_KIND_POST, intent);
}

/* The last post seen by read_one. */
struct seen {
    uint64_t want, count;
    char text[200];
    enum council_error unreadable;
    bool erased, content;
};

static bool look(void *ctx, const struct client_post *post_read)
{
    struct seen *seen = ctx;

    seen->count++;
    if (post_read->seq == seen->want) {
        const char *text = json_string_value(json_object_get(post_read->content, "text"));

        (void)snprintf(seen->text, sizeof seen->text, "%s", text == NULL ? "" : text);
        seen->unreadable = post_read->unreadable;
        seen->erased = post_read->erased;
        seen->content = post_read->content != NULL;
    }
    return true;
}

static struct seen read_one(struct world *world, uint64_t seq)
{
    struct seen seen = {.want = seq};

    assert_int_equal(client_read(world->home.client, world->council, 0, look, &seen), COUNCIL_OK);
    return seen;
}

static void posts_are_read_with_their_content(void **state)
{
    struct world *world = *state;
    uint64_t seq = post(world, "PLANTEDWORD one");

    assert_int_equal(seq, 3);
    struct seen seen = read_one(world, seq);

    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.text, "PLANTEDWORD one");
    assert_int_equal(seen.unreadable, COUNCIL_OK);
    assert_int_equal(lib_home_grep(&world->home, "PLANTED"), 0);
}

static void a_locked_home_shows_places_without_content(void **state)
{
    struct world *world = *state;
    uint64_t seq = post(world, "hello");

    client_close(world->home.client);
    assert_int_equal(client_open(&world->home.client, world->home.folder, false), COUNCIL_OK);
    struct seen seen = read_one(world, seq);

    assert_false(seen.content);
    assert_int_equal(seen.unreadable, COUNCIL_E_NO_KEY);
}

static void a_log_comes_back_as_it_was(void **state)
{
    struct world *world = *state;
    uint8_t head[COUNCIL_HASH_BYTES];

    for (int i = 0; i < 300; i++)
        (void)post(world, "x");
    memcpy(head, session_replica(world->home.client, world->council)->state.tail.head, sizeof head);
    lib_home_reopen(&world->home);
    const struct sync_replica *replica = session_replica(world->home.client, world->council);

    assert_non_null(replica);
    assert_int_equal(replica->state.tail.seq, 302);
    assert_memory_equal(replica->state.tail.head, head, sizeof head);
    const struct council *council = client_council(world->home.client, world->council);

    assert_non_null(council);
    assert_int_equal(council->epoch, 1);
    assert_int_equal(council_member_count(council), 1);
    assert_true(council_device_counts(council, client_member(world->home.client),
                                      client_device(world->home.client)));
    /* and it goes on from there */
    assert_int_equal(post(world, "y"), 303);
    assert_int_equal(client_verify(world->home.client, NULL, NULL), COUNCIL_OK);
}

static void logs_are_listed_journal_last(void **state)
{
    struct world *world = *state;
    struct client_log_info *logs = NULL;
    uint32_t count = 0;

    assert_int_equal(client_logs(world->home.client, &logs, &count), COUNCIL_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(logs[0].log, world->council, COUNCIL_KEY_BYTES);
    assert_false(logs[0].journal);
    assert_true(logs[0].member);
    assert_int_equal(logs[0].seq, 2);
    assert_true(logs[1].journal);
    assert_memory_equal(logs[1].log, client_journal(world->home.client), COUNCIL_KEY_BYTES);
    free(logs);
}

static void what_was_erased_is_gone_from_the_file(void **state)
{
    struct world *world = *state;
    uint64_t seq = post(world, "to be erased");
    struct row_log log;
    struct row_slice *slice = calloc(1, sizeof *slice);
    bool found = false;
    char intent[64];
    char mark[40];

    assert_non_null(slice);
    assert_int_equal(rows_log(&world->home.client->home, world->council, &log, &found), COUNCIL_OK);
    assert_int_equal(
        rows_slice(&world->home.client->home, HOME_ENTRY_AFTER, &log, seq - 1, seq, slice),
        COUNCIL_OK);
    memcpy(mark, slice->entries[0].data + 40, sizeof mark - 1);
    mark[sizeof mark - 1] = '\0';
    for (size_t i = 0; i < sizeof mark - 1; i++)
        if (mark[i] == '\0')
            mark[i] = '?';
    rows_slice_fini(slice);
    free(slice);
    (void)snprintf(intent, sizeof intent, "{\"posts\":[%llu]}", (unsigned long long)seq);
    (void)lib_home_write(&world->home, world->council, COUNCIL_KIND_ERASE, intent);
    struct seen seen = read_one(world, seq);

    assert_false(seen.content);
    assert_true(seen.erased);
    assert_int_equal(seen.unreadable, COUNCIL_E_ERASED);
    assert_int_equal(lib_home_grep(&world->home, mark), 0);
    assert_int_equal(client_verify(world->home.client, NULL, NULL), COUNCIL_OK);
}

static void storing_again_is_skipped_and_another_history_refused(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;
    struct council_entry entry;
    struct row_log log;
    struct row_slice *slice = calloc(1, sizeof *slice);
    bool found = false;

    (void)post(world, "once");
    assert_non_null(slice);
    assert_int_equal(rows_log(&client->home, world->council, &log, &found), COUNCIL_OK);
    assert_int_equal(rows_slice(&client->home, HOME_ENTRY_AFTER, &log, 2, 3, slice), COUNCIL_OK);
    assert_int_equal(slice->count, 1);
    assert_int_equal(council_entry_parse(&entry, slice->entries[0].text, slice->entries[0].len),
                     COUNCIL_OK);
    struct sync_entry again = {.seq = 3,
                               .received = 1,
                               .head = slice->entries[0].head,
                               .entry = &entry,
                               .sig = slice->entries[0].sig,
                               .data = slice->entries[0].data,
                               .data_len = slice->entries[0].data_len};
    uint8_t other[COUNCIL_HASH_BYTES] = {1};

    assert_int_equal(store_entries(client, world->council, &again, 1), COUNCIL_OK);
    again.head = other;
    assert_int_equal(store_entries(client, world->council, &again, 1), COUNCIL_E_HISTORY_CHANGED);
    again.seq = 9;
    assert_int_equal(store_entries(client, world->council, &again, 1), COUNCIL_E_HOME_DAMAGED);
    council_entry_fini(&entry);
    rows_slice_fini(slice);
    free(slice);
    assert_int_equal(read_one(world, 3).count, 3);
}

static void verify_names_the_entry_that_was_changed(void **state)
{
    struct world *world = *state;
    struct client *client = world->home.client;

    (void)post(world, "first");
    (void)post(world, "second");
    assert_int_equal(client_verify(client, NULL, NULL), COUNCIL_OK);
    assert_int_equal(
        sqlite3_exec(client->home.db,
                     "UPDATE entry SET sig = (SELECT sig FROM entry ORDER BY place LIMIT 1)"
                     " WHERE place = (SELECT max(place) - 1 FROM entry)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(client_verify(client, NULL, NULL), COUNCIL_E_BAD_SIGNATURE);
    assert_non_null(strstr(client_detail(client), "entry 3"));
}

static void a_home_with_a_missing_entry_is_damaged(void **state)
{
    struct world *world = *state;
    struct client *client = NULL;

    (void)post(world, "first");
    (void)post(world, "second");
    assert_int_equal(
        sqlite3_exec(world->home.client->home.db,
                     "DELETE FROM entry WHERE place = (SELECT max(place) - 1 FROM entry)", NULL,
                     NULL, NULL),
        SQLITE_OK);
    assert_int_equal(client_open(&client, world->home.folder, false), COUNCIL_E_HOME_DAMAGED);
}

/* What one process of the home stores the other has, without a network. */
static void another_process_sees_what_was_stored(void **state)
{
    struct world *world = *state;
    struct client *other = NULL;

    assert_int_equal(client_open(&other, world->home.folder, false), COUNCIL_OK);
    (void)post(world, "by the first");
    other->look_at = 0;
    assert_int_equal(client_step(other, 0), COUNCIL_OK);
    assert_int_equal(session_replica(other, world->council)->state.tail.seq, 3);
    client_close(other);
}

static void count_entry(void *ctx, const struct client_post *told)
{
    struct seen *seen = ctx;

    seen->count++;
    seen->want = told->seq;
}

static void a_listener_hears_each_new_entry_once(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    const struct client_events events = {.entry = count_entry, .ctx = &seen};

    (void)post(world, "old");
    client_listen(world->home.client, &events);
    (void)post(world, "new");
    assert_int_equal(client_step(world->home.client, 0), COUNCIL_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.want, 4);
    assert_int_equal(client_step(world->home.client, 0), COUNCIL_OK);
    assert_int_equal(seen.count, 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(posts_are_read_with_their_content),
        TEST(a_locked_home_shows_places_without_content),
        TEST(a_log_comes_back_as_it_was),
        TEST(logs_are_listed_journal_last),
        TEST(what_was_erased_is_gone_from_the_file),
        TEST(storing_again_is_skipped_and_another_history_refused),
        TEST(verify_names_the_entry_that_was_changed),
        TEST(a_home_with_a_missing_entry_is_damaged),
        TEST(another_process_sees_what_was_stored),
        TEST(a_listener_hears_each_new_entry_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
