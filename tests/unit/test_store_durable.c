/*
 * The store across deaths: kills, full disks, failing disks, foreign and newer files, and what an
 * erase leaves behind.
 */
#include "tests/unit/store_fault_vfs.h"
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

/* Runs a part of a test in a process of its own, which ends without closing anything. In it,
 * cmocka's assertions would not be heard: it answers with its exit code. The store of the fixture
 * is closed before. */
static int in_child(struct fixture *fx, int (*part)(struct fixture *fx, int argument), int argument)
{
    int status = -1;

    if (fx->store != NULL)
        fx_close(fx);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        _exit(part(fx, argument));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int append_many(struct fixture *fx, int rows)
{
    enum {
        LOGS = 50,
        BATCH = 200
    };
    static struct fx_bytes bytes[BATCH];
    static struct store_row batch_rows[BATCH];
    static struct store_change changes[BATCH];

    if (store_open(fx->path, STORE_OPEN_CREATE, &fx->store) != STORE_OK)
        return 1;
    for (int done = 0; done < rows; done += BATCH) {
        struct store_batch batch = {.rows = batch_rows, .n_rows = BATCH, .changes = changes};
        for (int i = 0; i < BATCH; i++) {
            uint64_t log = (uint64_t)(done + i) % LOGS, seq = (uint64_t)(done + i) / LOGS + 1;
            batch_rows[i] = fx_row(log, seq, &bytes[i]);
            if (seq == 1)
                changes[batch.n_changes++] = fx_new_log((uint32_t)i, STORE_LOG_COUNCIL);
        }
        if (store_append(fx->store, &batch, NULL) != STORE_OK ||
            store_maintain(fx->store, 2, NULL) != STORE_OK)
            return 2;
    }
    return 0;
}

static void loses_nothing_when_killed(void **state)
{
    struct fixture *fx = *state;
    /* Before any tail was written out, and with some written out and some to be recovered. */
    const int counts[] = {2000, 40000};

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(in_child(fx, append_many, counts[i]), 0);
        fx_open(fx, 0);
        for (uint64_t log = 0; log < 50; log++)
            fx_check_log(fx->store, log, (uint64_t)counts[i] / 50);
        assert_status(fx_append_one(fx->store, 3, (uint64_t)counts[i] / 50 + 1), STORE_OK);
        fx_close(fx);
        assert_int_equal(unlink(fx->path), 0);
    }
    fx_open(fx, STORE_OPEN_CREATE);
}

/* Appends batches of two rows of log 1 and one of log 2 until it is killed at a given write; the
 * last acknowledged batch is written to a file beside. */
static int append_until_killed(struct fixture *fx, int writes)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s.acked", fx->path);
    int acked = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    disk.fault = FAULT_KILL;
    disk.after = writes;
    if (acked < 0 || store_open(fx->path, STORE_OPEN_CREATE, &fx->store) != STORE_OK)
        return 1;
    for (uint64_t n = fx_last(fx->store, 2) + 1;; n++) {
        struct fx_bytes bytes[3];
        struct store_row rows[3] = {fx_row(1, 2 * n - 1, &bytes[0]), fx_row(2, n, &bytes[1]),
                                    fx_row(1, 2 * n, &bytes[2])};
        struct store_change changes[2] = {fx_new_log(0, STORE_LOG_COUNCIL),
                                          fx_new_log(1, STORE_LOG_COUNCIL)};
        struct store_batch batch = {
            .rows = rows, .n_rows = 3, .changes = changes, .n_changes = n == 1 ? 2 : 0};
        if (store_append(fx->store, &batch, NULL) != STORE_OK ||
            pwrite(acked, &n, sizeof n, 0) != sizeof n)
            return 2;
        if (n % 5 == 0 && store_settle(fx->store) != STORE_OK)
            return 3;
    }
}

static void keeps_what_it_acknowledged_wherever_it_is_killed(void **state)
{
    struct fixture *fx = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s.acked", fx->path);

    for (int round = 0; round < 60; round++) {
        uint64_t acked = 0, before = 0;
        if (fx->store != NULL)
            before = fx_last(fx->store, 2);
        assert_int_equal(in_child(fx, append_until_killed, 1 + round * 7 % 53), 0);
        int fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        (void)!read(fd, &acked, sizeof acked);
        (void)close(fd);
        if (acked == 0)
            acked = before; /* killed while opening, or in its first batch */

        fx_open(fx, STORE_OPEN_CREATE);
        uint64_t last = fx_last(fx->store, 2);
        assert_in_range(last, acked, acked + 1);
        assert_int_equal(fx_last(fx->store, 1), 2 * last);
        if (last > 0) {
            fx_check_log(fx->store, 1, 2 * last);
            fx_check_log(fx->store, 2, last);
        }
    }
    assert_true(fx_last(fx->store, 2) > 100);
    (void)unlink(path);
}

static void writes_tails_out_as_it_goes(void **state)
{
    struct fixture *fx = *state;
    bool more = true;

    /* Without housekeeping, appending must still bound what a start has to read. */
    for (uint64_t log = 1; log <= 5; log++)
        fx_append_run(fx->store, log, 1, 7000);
    assert_status(store_maintain(fx->store, 1000, &more), STORE_OK);
    assert_false(more);
    for (uint64_t log = 1; log <= 5; log++)
        fx_check_log(fx->store, log, 7000);
}

/* Whether the store's files hold some bytes: looked for in a child, because closing a file drops
 * this process's locks on it. */
static int find_marks(struct fixture *fx, int argument)
{
    static char content[1 << 22];
    const char *const suffixes[] = {"", "-wal"};

    for (int i = 0; i < 2; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", fx->path, suffixes[i]);
        int fd = open(path, O_RDONLY);
        if (fd < 0)
            continue;
        ssize_t len = read(fd, content, sizeof content);
        (void)close(fd);
        char mark[32];
        (void)snprintf(mark, sizeof mark, "<planted %d>", argument);
        if (len > 0 && memmem(content, (size_t)len, mark, strlen(mark)) != NULL)
            return 1;
    }
    return 0;
}

static bool files_hold(struct fixture *fx, int mark)
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(find_marks(fx, mark));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

/* Appends entry `seq`, whose data is `size` bytes full of the mark <planted seq>. */
static void append_planted(struct store *store, uint64_t seq, uint32_t size,
                           const struct store_change *changes, uint32_t n_changes)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(1, seq, &bytes);
    uint8_t *data = malloc(size);
    char mark[32];
    int len = snprintf(mark, sizeof mark, "<planted %d>", (int)seq);

    assert_non_null(data);
    for (uint32_t i = 0; i < size; i++)
        data[i] = (uint8_t)mark[i % (uint32_t)len];
    row.entry.flags = STORE_SEALED;
    row.entry.data = data;
    row.entry.data_len = size;
    struct store_batch batch = {
        .rows = &row, .n_rows = 1, .changes = changes, .n_changes = n_changes};
    assert_status(store_append(store, &batch, NULL), STORE_OK);
    free(data);
}

static void leaves_no_trace_of_what_was_erased(void **state)
{
    enum {
        ENTRIES = 60,
        ERASED = 40
    };
    struct fixture *fx = *state;
    struct store_change created = fx_new_log(0, STORE_LOG_COUNCIL), erasures[ERASED];
    const uint32_t sizes[] = {300, 1100, 5000, 20000};

    for (uint64_t seq = 1; seq <= ENTRIES; seq++)
        append_planted(fx->store, seq, sizes[seq % 4], &created, seq == 1);
    assert_status(store_settle(fx->store), STORE_OK);
    for (int seq = 1; seq <= ENTRIES; seq++)
        assert_true(files_hold(fx, seq));

    for (uint32_t i = 0; i < ERASED; i++) {
        erasures[i] = (struct store_change){.type = STORE_CHANGE_ERASE};
        erasures[i].u.erase.seq = 1 + (i * 17) % ENTRIES;
    }
    append_planted(fx->store, ENTRIES + 1, 300, erasures, ERASED);
    assert_status(store_maintain(fx->store, 0, NULL), STORE_OK);
    for (uint32_t i = 0; i < ERASED; i++)
        assert_false(files_hold(fx, (int)erasures[i].u.erase.seq));
    assert_true(files_hold(fx, ENTRIES + 1));
    assert_true(files_hold(fx, 1 + (ERASED * 17) % ENTRIES)); /* the next in that order */
}

/* Appends entry 3, planted, and with entry 4 erases it and entry 1. */
static int erase_and_die(struct fixture *fx, int unused)
{
    struct fx_bytes bytes[2];
    struct store_row rows[2] = {fx_row(1, 3, &bytes[0]), fx_row(1, 4, &bytes[1])};
    struct store_change changes[2] = {{.type = STORE_CHANGE_ERASE}, {.type = STORE_CHANGE_ERASE}};
    struct store_batch first = {.rows = &rows[0], .n_rows = 1};
    struct store_batch second = {.rows = &rows[1], .n_rows = 1, .changes = changes, .n_changes = 2};

    (void)unused;
    rows[0].entry.data_len =
        (uint32_t)snprintf((char *)bytes[0].data, sizeof bytes[0].data, "<planted 3>");
    changes[0].u.erase.seq = 1;
    changes[1].u.erase.seq = 3;
    if (store_open(fx->path, 0, &fx->store) != STORE_OK ||
        store_append(fx->store, &first, NULL) != STORE_OK)
        return 1;
    return store_append(fx->store, &second, NULL) == STORE_OK ? 0 : 2;
}

static void erases_even_when_killed_after(void **state)
{
    struct fixture *fx = *state;
    struct store_change created = fx_new_log(0, STORE_LOG_COUNCIL);

    append_planted(fx->store, 1, 1000, &created, 1);
    append_planted(fx->store, 2, 1000, NULL, 0);
    assert_int_equal(in_child(fx, erase_and_die, 0), 0);
    assert_true(files_hold(fx, 1)); /* still in the file, erased in the journal */
    assert_true(files_hold(fx, 3)); /* in the journal, as it was before */
    fx_open(fx, 0);
    assert_false(files_hold(fx, 1));
    assert_false(files_hold(fx, 3));
    assert_true(files_hold(fx, 2));
}

static void survives_a_full_disk(void **state)
{
    struct fixture *fx = *state;

    fx_append_run(fx->store, 1, 1, 100);
    for (int after = 0; after < 4; after++) {
        uint64_t last = fx_last(fx->store, 1);
        disk.fault = FAULT_FULL;
        disk.after = after % 2;
        assert_status(fx_append_one(fx->store, 1, last + 1), STORE_FULL);
        assert_status(fx_append_one(fx->store, 2, 1), STORE_FULL);
        assert_int_equal(fx_last(fx->store, 1), last);
        fx_check_log(fx->store, 1, last);
        assert_true(strstr(store_detail(fx->store), "full") != NULL);
        disk.fault = FAULT_NONE;
        assert_status(fx_append_one(fx->store, 1, last + 1), STORE_OK);
    }
    /* Housekeeping on a full disk is put off. */
    disk.fault = FAULT_FULL;
    disk.after = 0;
    assert_status(store_settle(fx->store), STORE_FULL);
    disk.fault = FAULT_NONE;
    assert_status(store_settle(fx->store), STORE_OK);
    fx_close(fx);
    fx_open(fx, 0);
    fx_check_log(fx->store, 1, 104);
    assert_int_equal(fx_last(fx->store, 2), 0);
}

static void is_broken_after_a_failed_write(void **state)
{
    struct fixture *fx = *state;
    const enum fault faults[] = {FAULT_WRITE, FAULT_SYNC};
    uint64_t last = 3;

    fx_append_run(fx->store, 1, 1, last);
    for (size_t i = 0; i < 2; i++) {
        disk.fault = faults[i];
        disk.after = 0;
        assert_status(fx_append_one(fx->store, 1, last + 1), STORE_IO);
        disk.fault = FAULT_NONE;
        /* Nobody knows what is on the disk: nothing more is taken. */
        assert_status(fx_append_one(fx->store, 1, last + 1), STORE_IO);
        assert_status(store_settle(fx->store), STORE_IO);
        assert_status(store_close(fx->store), STORE_IO);
        fx_open(fx, 0);
        /* Either outcome may be there now, but a whole one. */
        uint64_t now = fx_last(fx->store, 1);
        assert_in_range(now, last, last + 1);
        fx_check_log(fx->store, 1, now);
        last = now;
    }
}

static int open_again(struct fixture *fx, int flags)
{
    return (int)store_open(fx->path, (unsigned)flags, &fx->store);
}

static void belongs_to_one_process(void **state)
{
    struct fixture *fx = *state, other = *fx;
    int status = -1;

    assert_status(store_open(fx->path, 0, &other.store), STORE_BUSY);
    assert_null(other.store);
    assert_status(store_open(fx->path, STORE_OPEN_READ_ONLY, &other.store), STORE_BUSY);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(open_again(&other, STORE_OPEN_READ_ONLY));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_status((enum store_status)WEXITSTATUS(status), STORE_BUSY);
    assert_status(fx_append_one(fx->store, 1, 1), STORE_OK);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void refuses_what_is_not_its_own(void **state)
{
    struct fixture *fx = *state;
    struct stat before, after;

    fx_close(fx);
    run_sql(fx->path, "PRAGMA user_version = 999");
    assert_int_equal(stat(fx->path, &before), 0);
    assert_status(store_open(fx->path, STORE_OPEN_CREATE, &fx->store), STORE_NEWER);
    assert_int_equal(stat(fx->path, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(unlink(fx->path), 0);

    assert_status(store_open(fx->path, 0, &fx->store), STORE_NOT_FOUND);
    run_sql(fx->path, "CREATE TABLE recipes (title TEXT)");
    assert_status(store_open(fx->path, STORE_OPEN_CREATE, &fx->store), STORE_CORRUPT);
    assert_int_equal(unlink(fx->path), 0);

    int fd = open(fx->path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    /* An empty file is a store that was never made, whatever it may be called. */
    assert_status(store_open(fx->path, STORE_OPEN_READ_ONLY, &fx->store), STORE_NOT_FOUND);
    assert_status(store_open(fx->path, STORE_OPEN_COPY, &fx->store), STORE_NOT_FOUND);
    assert_status(store_open(fx->path, 0, &fx->store), STORE_NOT_FOUND);
    for (int i = 0; i < 400; i++)
        assert_int_equal(write(fd, "This is a letter, not a database. ", 34), 34);
    assert_int_equal(close(fd), 0);
    assert_status(store_open(fx->path, 0, &fx->store), STORE_CORRUPT);
}

static void reads_only_where_asked_to(void **state)
{
    struct fixture *fx = *state;
    struct stat info;

    assert_int_equal(stat(fx->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    /* Also what a killed process left in the journal. */
    assert_int_equal(in_child(fx, append_many, 400), 0);
    fx_open(fx, STORE_OPEN_READ_ONLY);
    fx_check_log(fx->store, 7, 8);
    assert_status(fx_append_one(fx->store, 7, 9), STORE_INVALID);
    assert_status(store_setting_set(fx->store, "a", "b", 1), STORE_INVALID);
    assert_status(store_maintain(fx->store, 10, NULL), STORE_OK);
    fx_close(fx);
    fx_open(fx, 0);
    assert_status(fx_append_one(fx->store, 7, 9), STORE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loses_nothing_when_killed, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(keeps_what_it_acknowledged_wherever_it_is_killed, fx_setup,
                                        fx_teardown),
        cmocka_unit_test_setup_teardown(writes_tails_out_as_it_goes, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(leaves_no_trace_of_what_was_erased, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(erases_even_when_killed_after, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(survives_a_full_disk, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(is_broken_after_a_failed_write, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(belongs_to_one_process, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_its_own, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(reads_only_where_asked_to, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, fault_install, NULL);
}
