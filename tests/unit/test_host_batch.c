/*
 * Batches of appends: what becomes of each job when a row is refused, and what may not be reordered.
 */
#include "tests/unit/store_fixture.h"

#include "server/host/storage.h"

enum {
    JOBS = 600
};

struct bench {
    struct fixture *fx;
    struct core_job jobs[JOBS];
    struct fx_bytes bytes[JOBS];
    struct store_change changes[JOBS];
    uint32_t n;
    struct host_jobs queue, done;
    struct host_batch *batch;
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    assert_int_equal(fx_setup((void **)&bench->fx), 0);
    bench->batch = host_batch_create();
    assert_non_null(bench->batch);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    int rc = fx_teardown((void **)&bench->fx);
    host_batch_destroy(bench->batch);
    free(bench);
    return rc;
}

/* Queues the append of entry `seq` of a log; entry 1 makes the log. */
static struct core_job *append(struct bench *bench, uint64_t log, uint64_t seq)
{
    struct core_job *job = &bench->jobs[bench->n];
    job->type = CORE_JOB_APPEND;
    job->status = STORE_BUSY; /* what no append is answered with */
    job->u.append.row = fx_row(log, seq, &bench->bytes[bench->n]);
    if (seq == 1) {
        bench->changes[bench->n] = fx_new_log(0, STORE_LOG_COUNCIL);
        job->u.append.changes = &bench->changes[bench->n];
        job->u.append.n_changes = 1;
    }
    bench->n++;
    host_jobs_push(&bench->queue, job);
    return job;
}

static struct core_job *reading(struct bench *bench, uint64_t log)
{
    struct core_job *job = &bench->jobs[bench->n++];
    job->type = CORE_JOB_READ;
    memcpy(job->u.read.log, fx_id('L', log), STORE_ID_BYTES);
    host_jobs_push(&bench->queue, job);
    return job;
}

static uint32_t run(struct bench *bench)
{
    return host_batch_run(bench->batch, bench->fx->store, &bench->queue, &bench->done);
}

static void appends_all_at_once(void **state)
{
    struct bench *bench = *state;
    for (uint64_t seq = 1; seq <= 100; seq++) {
        (void)append(bench, 1, seq);
        (void)append(bench, 2, seq);
    }
    assert_int_equal(run(bench), 200);
    assert_null(bench->queue.first);
    for (uint32_t i = 0; i < 200; i++) { /* back in the order of submission */
        struct core_job *job = host_jobs_pop(&bench->done);
        assert_ptr_equal(job, &bench->jobs[i]);
        assert_status(job->status, STORE_OK);
    }
    fx_check_log(bench->fx->store, 1, 100);
    fx_check_log(bench->fx->store, 2, 100);
}

static void drops_what_hangs_on_a_refused_row(void **state)
{
    struct bench *bench = *state;
    fx_append_run(bench->fx->store, 1, 1, 3);
    fx_append_run(bench->fx->store, 2, 1, 3);
    struct core_job *good = append(bench, 1, 4);
    struct core_job *behind = append(bench, 2, 3); /* is there already */
    struct core_job *after = append(bench, 2, 4);
    struct core_job *other = append(bench, 1, 5);
    struct core_job *nowhere = append(bench, 3, 7);
    struct core_job *fresh = append(bench, 4, 1);
    struct core_job *again = append(bench, 4, 1); /* its log is there by then */
    struct core_job *more = append(bench, 1, 6);
    assert_int_equal(run(bench), 8);
    assert_status(good->status, STORE_OK);
    assert_status(behind->status, STORE_CONFLICT);
    assert_status(after->status, STORE_CONFLICT);
    assert_status(other->status, STORE_OK);
    assert_status(nowhere->status, STORE_NOT_FOUND);
    assert_status(fresh->status, STORE_OK);
    assert_status(again->status, STORE_EXISTS);
    assert_status(more->status, STORE_OK);
    fx_check_log(bench->fx->store, 1, 6);
    fx_check_log(bench->fx->store, 2, 3);
    fx_check_log(bench->fx->store, 4, 1);
    for (uint32_t i = 0; i < 8; i++) {
        assert_ptr_equal(host_jobs_pop(&bench->done), &bench->jobs[i]);
    }
}

static void keeps_to_the_rows_of_a_transaction(void **state)
{
    struct bench *bench = *state;
    for (uint64_t seq = 1; seq <= STORE_BATCH_ROWS_MAX + 10; seq++) {
        (void)append(bench, 1, seq);
    }
    assert_int_equal(run(bench), STORE_BATCH_ROWS_MAX);
    assert_int_equal(run(bench), 10);
    assert_int_equal(run(bench), 0);
    fx_check_log(bench->fx->store, 1, STORE_BATCH_ROWS_MAX + 10);
}

static void keeps_to_the_bytes_of_a_transaction(void **state)
{
    struct bench *bench = *state;
    uint32_t len = STORE_ENTRY_BYTES_MAX - 100;
    uint8_t *data = calloc(1, len);
    assert_non_null(data);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        struct store_entry *entry = &append(bench, 1, seq)->u.append.row.entry;
        entry->flags |= STORE_SEALED;
        entry->data = data;
        entry->data_len = len;
    }
    assert_int_equal(run(bench), 4);
    assert_int_equal(run(bench), 2);
    free(data);
    struct core_job *job = NULL;
    while ((job = host_jobs_pop(&bench->done)) != NULL) {
        assert_status(job->status, STORE_OK);
    }
}

static void refuses_what_never_fits(void **state)
{
    struct bench *bench = *state;
    uint32_t len = STORE_BATCH_BYTES_MAX + 1;
    uint8_t *data = calloc(1, len);
    assert_non_null(data);
    struct core_job *huge = append(bench, 1, 1);
    struct core_job *next = append(bench, 2, 1);
    huge->u.append.row.entry.flags |= STORE_SEALED;
    huge->u.append.row.entry.data = data;
    huge->u.append.row.entry.data_len = len;
    struct core_job *changes = append(bench, 3, 1);
    changes->u.append.n_changes = STORE_BATCH_CHANGES_MAX + 1;
    while (run(bench) > 0) {
    }
    free(data);
    assert_status(huge->status, STORE_INVALID);
    assert_status(next->status, STORE_OK);
    assert_status(changes->status, STORE_INVALID);
}

static void leaves_readings_behind_their_appends(void **state)
{
    struct bench *bench = *state;
    (void)append(bench, 1, 1);
    struct core_job *first = reading(bench, 1);
    for (uint64_t seq = 2; seq <= STORE_BATCH_ROWS_MAX + 1; seq++) {
        (void)append(bench, 1, seq);
    }
    struct core_job *second = reading(bench, 1);
    assert_int_equal(run(bench), STORE_BATCH_ROWS_MAX);
    /* One append did not fit: the second reading must not be before it. */
    assert_ptr_equal(bench->queue.first, first);
    assert_int_equal(first->next->type, CORE_JOB_APPEND);
    assert_ptr_equal(first->next->next, second);
    assert_null(second->next);
    assert_ptr_equal(bench->queue.last, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends_all_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_what_hangs_on_a_refused_row, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_to_the_rows_of_a_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_to_the_bytes_of_a_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_never_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_readings_behind_their_appends, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
