/*
 * Copies of the store: what was appended while they were made is in them, and a copy that fails or is given up leaves the
 * store as it was.
 */
#include "tests/unit/store_fixture.h"

#include "server/store/backup.h"
#include "server/store/timing.h"

#include <signal.h>
#include <sys/resource.h>

static void copy_path(const struct fixture *fx, char out[128])
{
    (void)snprintf(out, 128, "%s/copy of 50%%?#.db", fx->folder);
}

/* A store read from the copy alone: no companions are made beside it. */
static struct store *open_copy(const char *path)
{
    struct store *copy = NULL;
    char wal[160];
    assert_status(store_open(path, STORE_OPEN_COPY, &copy), STORE_OK);
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    assert_int_equal(access(wal, F_OK), -1);
    return copy;
}

static void holds_what_is_appended_meanwhile(void **state)
{
    struct fixture *fx = *state;
    struct store_backup *backup = NULL;
    char path[128];
    uint64_t seq = 5000, other = 0, pages = 0, of = 0, bytes = 0;
    bool done = false, more = false;
    struct stat at;
    copy_path(fx, path);
    fx_append_run(fx->store, 1, 1, seq);
    assert_status(store_backup_begin(fx->store, path, &backup), STORE_OK);
    for (uint32_t steps = 0; !done; steps++) {
        assert_true(steps < 10000);
        /* Between two steps: rows of an old log and of a new one, and housekeeping. */
        if (steps < 50) {
            fx_append_run(fx->store, 1, seq + 1, seq + 20);
            seq += 20;
            fx_append_run(fx->store, 2, other + 1, other + 20);
            other += 20;
            assert_status(store_maintain(fx->store, 10, &more), STORE_OK);
        }
        assert_status(store_backup_step(backup, 4, &done), STORE_OK);
        if (steps % 3 == 0) { /* what waits is read back by the engine */
            assert_status(store_backup_write(backup), STORE_OK);
            store_backup_write_back(backup);
        }
    }
    assert_status(store_backup_write(backup), STORE_OK);
    assert_status(store_backup_sync(backup, &bytes), STORE_OK);
    store_backup_progress(backup, &pages, &of);
    assert_int_equal(pages, of);
    assert_true(of > 20);
    assert_status(store_backup_end(backup), STORE_OK);
    assert_int_equal(stat(path, &at), 0);
    assert_int_equal(at.st_mode & 0777, 0600);
    assert_int_equal(at.st_size, bytes);
    struct store *copy = open_copy(path);
    fx_check_log(copy, 1, seq);
    fx_check_log(copy, 2, other);
    assert_status(store_setting_set(copy, "x", "y", 1), STORE_INVALID);
    assert_status(store_close(copy), STORE_OK);
    assert_int_equal(unlink(path), 0);
    fx_append_run(fx->store, 1, seq + 1, seq + 1);
}

static void takes_no_file_that_is_there(void **state)
{
    struct fixture *fx = *state;
    struct store_backup *backup = NULL;
    assert_status(store_backup_begin(fx->store, fx->path, &backup), STORE_EXISTS);
    assert_null(backup);
    assert_status(store_backup_begin(fx->store, "/nowhere at all/copy", &backup), STORE_NOT_FOUND);
    assert_null(backup);
}

/* Ends a backup before it was written, after one step of so many pages; `done` as that says. */
static void give_up(struct fixture *fx, uint32_t pages, bool expected)
{
    struct store_backup *backup = NULL;
    char path[128];
    bool done = false;
    copy_path(fx, path);
    assert_status(store_backup_begin(fx->store, path, &backup), STORE_OK);
    assert_status(store_backup_step(backup, pages, &done), STORE_OK);
    assert_int_equal(done, expected);
    assert_status(store_backup_end(backup), STORE_INVALID);
    assert_int_equal(unlink(path), 0);
}

static void given_up_leaves_the_store(void **state)
{
    struct fixture *fx = *state;
    fx_append_run(fx->store, 1, 1, 5000);
    give_up(fx, 4, false);
    fx_append_run(fx->store, 1, 5001, 5100);
    fx_close(fx);
    fx_open(fx, 0);
    fx_check_log(fx->store, 1, 5100);
}

static void is_nothing_before_it_was_written(void **state)
{
    struct fixture *fx = *state;
    fx_append_run(fx->store, 1, 1, 100);
    give_up(fx, 100000, true);
}

/* A file may not grow beyond a limit: to the copy that is a full disk, to the store (whose files are smaller) nothing. */
static void a_full_disk_is_the_copys_alone(void **state)
{
    struct fixture *fx = *state;
    struct store_backup *backup = NULL;
    struct rlimit before, small;
    char path[128];
    bool done = false;
    enum store_status status = STORE_OK;
    copy_path(fx, path);
    fx_append_run(fx->store, 1, 1, 20000);
    assert_status(store_settle(fx->store), STORE_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_status(store_backup_begin(fx->store, path, &backup), STORE_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (status == STORE_OK && !done) {
        status = store_backup_step(backup, STORE_BACKUP_PAGES, &done);
        if (status == STORE_OK) {
            status = store_backup_write(backup);
        }
    }
    enum store_status ended = store_backup_end(backup);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, old);
    assert_status(status, STORE_FULL);
    assert_status(ended, STORE_INVALID);
    assert_int_equal(unlink(path), 0);
    fx_append_run(fx->store, 1, 20001, 20100);
    fx_check_log(fx->store, 1, 20100);
}

static void settings_are_walked_and_dropped(void **state)
{
    struct fixture *fx = *state;
    char name[STORE_KEY_MAX + 1] = "quota:";
    uint8_t value[STORE_VALUE_MAX];
    uint32_t len = sizeof value;
    assert_status(store_setting_next(fx->store, name, value, &len), STORE_NOT_FOUND);
    assert_status(store_setting_set(fx->store, "quota:b", "two", 3), STORE_OK);
    assert_status(store_setting_set(fx->store, "quota:a", "one!", 4), STORE_OK);
    assert_status(store_setting_set(fx->store, "other", "", 0), STORE_OK);
    assert_status(store_setting_next(fx->store, name, value, &len), STORE_OK);
    assert_string_equal(name, "quota:a");
    assert_int_equal(len, 4);
    len = sizeof value;
    assert_status(store_setting_next(fx->store, name, value, &len), STORE_OK);
    assert_string_equal(name, "quota:b");
    assert_memory_equal(value, "two", 3);
    assert_status(store_setting_drop(fx->store, "quota:b"), STORE_OK);
    assert_status(store_setting_drop(fx->store, "quota:b"), STORE_OK);
    (void)snprintf(name, sizeof name, "quota:a");
    len = sizeof value;
    assert_status(store_setting_next(fx->store, name, value, &len), STORE_NOT_FOUND);
}

static void count_sync(void *ctx, uint64_t us)
{
    uint32_t *count = ctx;
    assert_true(us < 60 * 1000000);
    ++*count;
}

static void every_commit_is_flushed_and_timed(void **state)
{
    struct fixture *fx = *state;
    uint32_t syncs = 0;
    fx_append_run(fx->store, 1, 1, 1);
    store_time_syncs(fx->store, count_sync, &syncs);
    for (uint64_t seq = 2; seq <= 20; seq++) {
        uint32_t before = syncs;
        fx_append_run(fx->store, 1, seq, seq);
        assert_true(syncs > before);
    }
    fx_close(fx);
    fx_open(fx, 0);
    fx_check_log(fx->store, 1, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(holds_what_is_appended_meanwhile, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(takes_no_file_that_is_there, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(given_up_leaves_the_store, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(is_nothing_before_it_was_written, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_the_copys_alone, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(every_commit_is_flushed_and_timed, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(settings_are_walked_and_dropped, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
