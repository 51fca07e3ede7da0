/*
 * test_home.c - a home as a folder with a file: who may read it, what is refused, what a full disk leaves behind.
 */
#include "lib_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int make(void **state)
{
    static struct lib_home home;

    lib_home_init(&home);
    *state = &home;
    return 0;
}

static int drop(void **state)
{
    lib_home_fini(*state);
    return 0;
}

static void exec(const struct lib_home *home, const char *sql)
{
    char path[100];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/home.db", home->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static mode_t mode_of(const char *folder, const char *name)
{
    char path[200];
    struct stat stat_of;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(stat(path, &stat_of), 0);
    return stat_of.st_mode & 0777;
}

static void only_the_owner_may_read(void **state)
{
    struct lib_home *home = *state;
    char inner[100];
    struct client *client = NULL;
    mode_t before = umask(0);

    (void)snprintf(inner, sizeof inner, "%s/a/b", home->folder);
    assert_int_equal(client_open(&client, inner, true), COUNCIL_OK);
    umask(before);
    assert_int_equal(mode_of(inner, "home.db"), 0600);
    assert_int_equal(mode_of(inner, "."), 0700);
    assert_int_equal(mode_of(home->folder, "a"), 0700);
    client_close(client);
    (void)snprintf(inner, sizeof inner, "%s/a/b/home.db", home->folder);
    assert_int_equal(unlink(inner), 0);
    (void)snprintf(inner, sizeof inner, "%s/a/b/home.db-journal", home->folder);
    (void)unlink(inner);
    (void)snprintf(inner, sizeof inner, "%s/a/b", home->folder);
    assert_int_equal(rmdir(inner), 0);
    (void)snprintf(inner, sizeof inner, "%s/a", home->folder);
    assert_int_equal(rmdir(inner), 0);
}

static void nothing_there_is_no_home(void **state)
{
    struct lib_home *home = *state;
    char inner[100];
    struct client *client = NULL;

    (void)snprintf(inner, sizeof inner, "%s/none", home->folder);
    assert_int_equal(client_open(&client, inner, false), COUNCIL_E_NO_HOME);
    assert_null(client);
    assert_int_not_equal(access(inner, F_OK), 0);
}

static void a_home_without_member_has_nobody(void **state)
{
    struct lib_home *home = *state;

    assert_false(client_has_member(home->client));
    assert_int_equal(client_unlock(home->client, "x", 1), COUNCIL_E_NO_HOME);
    assert_int_equal(client_step(home->client, 0), COUNCIL_E_NO_HOME);
}

static void a_newer_home_is_left_alone(void **state)
{
    struct lib_home *home = *state;
    struct client *client = NULL;

    client_close(home->client);
    home->client = NULL;
    exec(home, "PRAGMA user_version = 99");
    assert_int_equal(client_open(&client, home->folder, true), COUNCIL_E_HOME_NEWER);
    exec(home, "PRAGMA user_version = 1");
    assert_int_equal(client_open(&home->client, home->folder, false), COUNCIL_OK);
}

static void another_database_is_no_home(void **state)
{
    struct lib_home *home = *state;
    struct client *client = NULL;

    client_close(home->client);
    home->client = NULL;
    exec(home, "PRAGMA application_id = 5");
    assert_int_equal(client_open(&client, home->folder, true), COUNCIL_E_HOME_DAMAGED);
}

static void a_file_that_is_no_database_is_damaged(void **state)
{
    struct lib_home *home = *state;
    char path[100];
    struct client *client = NULL;

    client_close(home->client);
    home->client = NULL;
    (void)snprintf(path, sizeof path, "%s/home.db", home->folder);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        assert_int_not_equal(fputs("not a database\n", file), EOF);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(client_open(&client, home->folder, false), COUNCIL_E_HOME_DAMAGED);
}

static void it_is_never_wal_and_always_full(void **state)
{
    struct lib_home *home = *state;
    sqlite3_stmt *stmt = NULL;
    static const struct {
        const char *sql, *value;
    } rows[] = {{"PRAGMA journal_mode", "truncate"},
                {"PRAGMA synchronous", "2"},
                {"PRAGMA secure_delete", "1"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(sqlite3_prepare_v2(home->client->home.db, rows[i].sql, -1, &stmt, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(stmt, 0), rows[i].value);
        assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    }
}

static void two_openers_see_each_other(void **state)
{
    struct lib_home *home = *state;
    struct home other;
    uint8_t *value = NULL;
    uint32_t len = 0;

    assert_int_equal(home_open(&other, home->folder, false), COUNCIL_OK);
    assert_false(home_changed(&other));
    assert_int_equal(home_put(&home->client->home, HOME_META_PUT, "x", "one", 3), COUNCIL_OK);
    assert_true(home_changed(&other));
    assert_false(home_changed(&other));
    assert_int_equal(home_get(&other, HOME_META_GET, "x", &value, &len), COUNCIL_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "one", 3);
    free(value);
    home_close(&other);
}

static void a_busy_home_says_so_and_keeps_what_it_had(void **state)
{
    struct lib_home *home = *state;
    struct home other;

    assert_int_equal(home_open(&other, home->folder, false), COUNCIL_OK);
    (void)sqlite3_busy_timeout(other.db, 10);
    assert_int_equal(home_begin(&home->client->home), COUNCIL_OK);
    assert_int_equal(home_put(&home->client->home, HOME_META_PUT, "x", "one", 3), COUNCIL_OK);
    assert_int_equal(home_begin(&other), COUNCIL_E_HOME_BUSY);
    assert_int_equal(home_end(&home->client->home, COUNCIL_OK), COUNCIL_OK);
    assert_int_equal(home_begin(&other), COUNCIL_OK);
    assert_int_equal(home_end(&other, COUNCIL_OK), COUNCIL_OK);
    home_close(&other);
}

static void a_failed_transaction_leaves_nothing(void **state)
{
    struct lib_home *home = *state;
    uint8_t *value = NULL;
    uint32_t len = 0;

    assert_int_equal(home_begin(&home->client->home), COUNCIL_OK);
    assert_int_equal(home_put(&home->client->home, HOME_META_PUT, "x", "one", 3), COUNCIL_OK);
    assert_int_equal(home_end(&home->client->home, COUNCIL_E_NO_MEMORY), COUNCIL_E_NO_MEMORY);
    assert_int_equal(home_get(&home->client->home, HOME_META_GET, "x", &value, &len), COUNCIL_OK);
    assert_null(value);
}

/* A file size limit is what a full disk looks like without one. */
static void a_full_disk_changes_nothing(void **state)
{
    struct lib_home *home = *state;
    char path[100];
    struct stat stat_of;
    struct rlimit before;
    uint8_t *value = NULL;
    uint32_t len = 0;
    static char big[200000];

    assert_int_equal(home_put(&home->client->home, HOME_META_PUT, "kept", "here", 4), COUNCIL_OK);
    (void)snprintf(path, sizeof path, "%s/home.db", home->folder);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {.rlim_cur = (rlim_t)stat_of.st_size + 8192,
                                 .rlim_max = before.rlim_max};

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    memset(big, 'b', sizeof big);
    enum council_error error = home_begin(&home->client->home);

    if (error == COUNCIL_OK) {
        error = home_put(&home->client->home, HOME_META_PUT, "small", "s", 1);
        if (error == COUNCIL_OK)
            error = home_put(&home->client->home, HOME_META_PUT, "big", big, sizeof big);
        error = home_end(&home->client->home, error);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(error, COUNCIL_E_HOME_FULL);
    assert_int_equal(home_get(&home->client->home, HOME_META_GET, "small", &value, &len),
                     COUNCIL_OK);
    assert_null(value);
    lib_home_reopen(home);
    assert_int_equal(home_get(&home->client->home, HOME_META_GET, "kept", &value, &len),
                     COUNCIL_OK);
    assert_int_equal(len, 4);
    free(value);
    /* and it recovers by itself */
    assert_int_equal(home_put(&home->client->home, HOME_META_PUT, "big", big, sizeof big),
                     COUNCIL_OK);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(only_the_owner_may_read),
        TEST(nothing_there_is_no_home),
        TEST(a_home_without_member_has_nobody),
        TEST(a_newer_home_is_left_alone),
        TEST(another_database_is_no_home),
        TEST(a_file_that_is_no_database_is_damaged),
        TEST(it_is_never_wal_and_always_full),
        TEST(two_openers_see_each_other),
        TEST(a_busy_home_says_so_and_keeps_what_it_had),
        TEST(a_failed_transaction_leaves_nothing),
        TEST(a_full_disk_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
