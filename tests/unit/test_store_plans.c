/*
 * How the store's statements find their rows: by an index and in its order, and none by walking over or sorting what grows with the people who use a
 * server.
 */
#include "tests/unit/store_fixture.h"

#include <sqlite3.h>

struct statement {
    const char *name, *text;
};

static const struct statement statements[] = {
#define STATEMENT(name, text) {#name, text},
#include "server/store/statements.def"
#undef STATEMENT
};

/* These walk, and why that is bearable. */
static const struct statement walks[] = {
    {"RECOVERING_ALL", "once, after a restore"},
    {"RECOVERING_COUNT",
     "logs that wait after a restore: at the start, and by the operator's hand"},
    {"RECOVERING_END_ALL", "once, by the operator's hand"},
    {"CODE_COUNT", "by the operator's hand"},
    {"POOL_COUNT", "over an index; once for each newcomer and each sweep"},
    {"POOL_SEATS", "sorts the eight of one proposal"},
    {"POOL_DUE", "proposals that are out, once for each sweep"},
    {"MAIL_DELETE_OLD", "once for each round of mails"},
};

static bool may_walk(const char *name)
{
    for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
        if (strcmp(walks[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Does a step of the plan go over all rows of a table, or sort what it found before it gives the first? */
static bool walks_over_a_table(const char *step)
{
    return (strncmp(step, "SCAN ", 5) == 0 && strncmp(step + 5, "CONSTANT ROW", 12) != 0 &&
            step[5] != '(') ||
           strncmp(step, "USE TEMP B-TREE", 15) == 0;
}

static uint32_t walked(sqlite3 *db, const struct statement *of)
{
    char explained[2048];
    sqlite3_stmt *stmt = NULL;
    uint32_t count = 0;

    int n = snprintf(explained, sizeof explained, "EXPLAIN QUERY PLAN %s", of->text);
    assert_in_range(n, 1, sizeof explained - 1);
    assert_int_equal(sqlite3_prepare_v2(db, explained, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(stmt, 3);
        assert_non_null(step);
        if (walks_over_a_table(step)) {
            count++;
            if (!may_walk(of->name))
                print_error("%s: %s\n", of->name, step);
        }
    }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return count;
}

static void statements_find_their_rows_by_an_index(void **state)
{
    struct fixture *fx = *state;
    sqlite3 *db = NULL;
    uint32_t unexpected = 0;

    fx_close(fx);
    assert_int_equal(sqlite3_open(fx->path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        /* Pragmas and the like have no plan. */
        if (strncmp(statements[i].text, "PRAGMA", 6) == 0 ||
            strncmp(statements[i].text, "BEGIN", 5) == 0 ||
            strcmp(statements[i].text, "COMMIT") == 0 ||
            strcmp(statements[i].text, "ROLLBACK") == 0)
            continue;
        uint32_t count = walked(db, &statements[i]);
        unexpected += may_walk(statements[i].name) ? 0 : count;
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(unexpected, 0);
    fx_open(fx, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        statements_find_their_rows_by_an_index, fx_setup, fx_teardown)};
    return cmocka_run_group_tests_name("store plans", tests, NULL, NULL);
}
