/*
 * From one version of the store to the next: killed at every write, on a full and on a failing disk, and never half.
 *
 * The store of the version before is made from today's by taking away what the last migration added; that it is the
 * same is checked against the first migrations alone. Negative control: a migrator without a transaction, which must be
 * found out.
 */
#include "tests/unit/store_fault_vfs.h"
#include "tests/unit/store_fixture.h"

#include "server/store/migrate.h"

#include <fcntl.h>
#include <sys/wait.h>

enum {
    LOGS = 3,
    ENTRIES = 150,
    SCHEMA_MAX = 16384,
    ENDED = 7 /* exit code of a child that was not killed */
};

/* ---- raw looks at a file that nobody has open ---- */

static sqlite3 *open_raw(const char *path)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK);
    return db;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = open_raw(path);

    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Appends a row's first column to the text behind `arg`. */
static int add_row(void *arg, int n, char **values, char **names)
{
    char *out = arg;
    size_t len = strlen(out);

    (void)n;
    (void)names;
    (void)snprintf(out + len, SCHEMA_MAX - len, "%s\n", values[0] != NULL ? values[0] : "");
    return 0;
}

static void query(sqlite3 *db, const char *sql, char out[SCHEMA_MAX])
{
    assert_int_equal(sqlite3_exec(db, sql, add_row, out, NULL), SQLITE_OK);
}

/* Version and schema as one text. */
static void describe(const char *path, char out[SCHEMA_MAX])
{
    sqlite3 *db = open_raw(path);

    out[0] = '\0';
    query(db, "PRAGMA user_version", out);
    query(db, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", out);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void check_integrity(const char *path)
{
    char out[SCHEMA_MAX] = "";
    sqlite3 *db = open_raw(path);

    query(db, "PRAGMA integrity_check", out);
    query(db, "PRAGMA foreign_key_check", out);
    assert_string_equal(out, "ok\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void copy_file(const char *from, const char *to)
{
    char buffer[65536];
    ssize_t n;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(in >= 0 && out >= 0);
    while ((n = read(in, buffer, sizeof buffer)) > 0)
        assert_int_equal(write(out, buffer, (size_t)n), n);
    assert_int_equal(n, 0);
    assert_int_equal(close(in), 0);
    assert_int_equal(close(out), 0);
}

/* The same of a copy, so that what a killed process left is left for the store to find. */
static void describe_copy(const char *path, char out[SCHEMA_MAX])
{
    char copy[128], journal[128], journal_copy[140];

    (void)snprintf(copy, sizeof copy, "%s.look", path);
    (void)snprintf(journal, sizeof journal, "%s-wal", path);
    (void)snprintf(journal_copy, sizeof journal_copy, "%s-wal", copy);
    copy_file(path, copy);
    if (access(journal, F_OK) == 0)
        copy_file(journal, journal_copy);
    describe(copy, out);
    check_integrity(copy);
    (void)unlink(copy);
    (void)unlink(journal_copy);
}

/* ---- a store of the version before ---- */

struct versions {
    char old[SCHEMA_MAX], now[SCHEMA_MAX];
    char kept[128]; /* the old store, from which each round begins */
};

/* What the migrations before the last one make of nothing, in a file beside the store. */
static void make_reference(const struct fixture *fx, char reference[128])
{
    char sql[64];

    (void)snprintf(reference, 128, "%s.reference", fx->path);
    sqlite3 *db = open_raw(reference);
    for (int i = 0; i + 1 < store_migrations_count; i++)
        assert_int_equal(sqlite3_exec(db, store_migrations[i], NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", store_migrations_count - 1);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Undoes what the last migration did: every table that the reference lacks goes, and its indexes with it. */
static void undo(const char *path, const char *reference)
{
    char sql[SCHEMA_MAX], drops[SCHEMA_MAX] = "";
    sqlite3 *db = open_raw(path);

    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS before", reference);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    query(db,
          "SELECT 'DROP TABLE main.' || name || ';' FROM main.sqlite_schema WHERE type = 'table'"
          " AND name NOT IN (SELECT name FROM before.sqlite_schema)",
          drops);
    assert_non_null(strstr(drops, "DROP TABLE")); /* else nothing is tested */
    assert_int_equal(sqlite3_exec(db, drops, NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(sql, sizeof sql, "PRAGMA main.user_version = %d", store_migrations_count - 1);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_old(struct fixture *fx, struct versions *versions)
{
    char reference[128], made[SCHEMA_MAX];

    for (uint64_t log = 1; log <= LOGS; log++)
        fx_append_run(fx->store, log, 1, ENTRIES);
    fx_close(fx);
    describe(fx->path, versions->now);
    make_reference(fx, reference);
    undo(fx->path, reference);
    describe(fx->path, versions->old);
    describe(reference, made);
    assert_string_equal(versions->old, made);
    assert_string_not_equal(versions->old, versions->now);
    assert_int_equal(unlink(reference), 0);

    (void)snprintf(versions->kept, sizeof versions->kept, "%s.old", fx->path);
    copy_file(fx->path, versions->kept);
}

static void begin_round(struct fixture *fx, const struct versions *versions)
{
    char journal[128];

    (void)snprintf(journal, sizeof journal, "%s-wal", fx->path);
    (void)unlink(journal);
    copy_file(versions->kept, fx->path);
}

static void check_logs(struct fixture *fx)
{
    fx_open(fx, 0);
    for (uint64_t log = 1; log <= LOGS; log++)
        fx_check_log(fx->store, log, ENTRIES);
    fx_close(fx);
}

/* ---- migrators ---- */

static int migrate_really(struct fixture *fx)
{
    enum store_status status = store_open(fx->path, 0, &fx->store);

    return status == STORE_OK ? (int)store_close(fx->store) : (int)status;
}

/* The same statements, each for itself. */
static int migrate_carelessly(struct fixture *fx)
{
    char sql[64];
    sqlite3 *db = NULL;
    int rc = sqlite3_open(fx->path, &db);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL", NULL,
                          NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, store_migrations[store_migrations_count - 1], NULL, NULL, NULL);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", store_migrations_count);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    (void)sqlite3_close(db);
    return rc;
}

/* Migrates in a process that is killed at its nth write. False: it came to its end. */
static bool killed_at(struct fixture *fx, int (*migrate)(struct fixture *fx), int n)
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        disk.fault = FAULT_KILL;
        disk.after = n;
        _exit(migrate(fx) == 0 ? ENDED : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == ENDED);
    return WEXITSTATUS(status) == 0;
}

/* Kills a migrator at each of its writes, until what it left is neither the old version nor the new one (1; else 0); in *old how
 * often it was the old one. */
static int kill_everywhere(struct fixture *fx, const struct versions *versions,
                           int (*migrate)(struct fixture *fx), int *rounds, int *old)
{
    char found[SCHEMA_MAX];
    bool killed = true;

    *old = 0;
    for (*rounds = 0; killed; ++*rounds) {
        begin_round(fx, versions);
        killed = killed_at(fx, migrate, *rounds);
        describe_copy(fx->path, found);
        *old += strcmp(found, versions->old) == 0;
        if (strcmp(found, versions->old) != 0 && strcmp(found, versions->now) != 0)
            return 1;
        check_logs(fx);
        describe(fx->path, found);
        assert_string_equal(found, versions->now);
    }
    return 0;
}

static void forget(struct fixture *fx, const struct versions *versions)
{
    (void)unlink(versions->kept);
    (void)unlink(fx->path);
    fx_open(fx, STORE_OPEN_CREATE);
}

static void is_whole_wherever_it_is_killed(void **state)
{
    struct fixture *fx = *state;
    static struct versions versions;
    int rounds, old;

    make_old(fx, &versions);
    assert_int_equal(kill_everywhere(fx, &versions, migrate_really, &rounds, &old), 0);
    /* It was killed before the commit, and after. */
    assert_in_range(old, 3, rounds - 2);
    forget(fx, &versions);
}

static void a_careless_migrator_is_found_out(void **state)
{
    struct fixture *fx = *state;
    static struct versions versions;
    int rounds, old;

    make_old(fx, &versions);
    assert_true(kill_everywhere(fx, &versions, migrate_carelessly, &rounds, &old) > 0);
    forget(fx, &versions);
}

static void is_whole_on_a_bad_disk(void **state)
{
    const struct {
        enum fault fault;
        enum store_status expected;
    } cases[] = {{FAULT_FULL, STORE_FULL}, {FAULT_WRITE, STORE_IO}, {FAULT_SYNC, STORE_IO}};
    struct fixture *fx = *state;
    static struct versions versions;
    char found[SCHEMA_MAX];

    make_old(fx, &versions);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum store_status status = STORE_CORRUPT;
        for (int n = 0; status != STORE_OK; n++) {
            begin_round(fx, &versions);
            disk.fault = cases[i].fault;
            disk.after = n;
            status = store_open(fx->path, 0, &fx->store);
            disk.fault = FAULT_NONE;
            assert_true(status == STORE_OK || status == cases[i].expected);
            if (status == STORE_OK) {
                fx_close(fx);
            }
            describe_copy(fx->path, found);
            assert_true(strcmp(found, versions.old) == 0 || strcmp(found, versions.now) == 0);
            check_logs(fx);
            assert_true(n < 200);
        }
    }
    forget(fx, &versions);
}

static void leaves_what_is_newer_as_it_is(void **state)
{
    struct fixture *fx = *state;
    char kept[128], journal[128], sql[64], command[300];

    fx_append_run(fx->store, 1, 1, ENTRIES);
    fx_close(fx);
    (void)snprintf(sql, sizeof sql, "CREATE TABLE tomorrow (x); PRAGMA user_version = %d",
                   store_migrations_count + 1);
    run_sql(fx->path, sql);
    (void)snprintf(kept, sizeof kept, "%s.kept", fx->path);
    (void)snprintf(journal, sizeof journal, "%s-wal", fx->path);
    copy_file(fx->path, kept);
    assert_status(store_open(fx->path, 0, &fx->store), STORE_NEWER);
    assert_status(store_open(fx->path, STORE_OPEN_CREATE, &fx->store), STORE_NEWER);
    assert_status(store_open(fx->path, STORE_OPEN_READ_ONLY, &fx->store), STORE_NEWER);
    (void)snprintf(command, sizeof command, "cmp -s '%s' '%s'", fx->path, kept);
    assert_int_equal(system(command), 0);
    assert_int_equal(access(journal, F_OK), -1);
    /* And the program that knows it opens it as ever. */
    (void)snprintf(sql, sizeof sql, "DROP TABLE tomorrow; PRAGMA user_version = %d",
                   store_migrations_count);
    run_sql(fx->path, sql);
    fx_open(fx, 0);
    fx_check_log(fx->store, 1, ENTRIES);
    (void)unlink(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_whole_wherever_it_is_killed, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(a_careless_migrator_is_found_out, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(is_whole_on_a_bad_disk, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(leaves_what_is_newer_as_it_is, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, fault_install, NULL);
}
