/*
 * Verifiers and storage as threads: order within a lane, readings that see what came before them, nothing lost at the end.
 */
#include "tests/unit/store_fixture.h"

#include "server/host/storage.h"
#include "server/host/verifiers.h"

enum {
    JOBS = 2000,
    LANES = 7
};

/* Where jobs come back to, and how the test waits for them. */
struct desk {
    struct host_inbox inbox;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    struct host_jobs back;
    uint32_t count;
};

static void wake(void *ctx)
{
    struct desk *desk = ctx;
    (void)pthread_mutex_lock(&desk->lock);
    desk->awake = true;
    (void)pthread_cond_signal(&desk->woken);
    (void)pthread_mutex_unlock(&desk->lock);
}

static void desk_init(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    (void)pthread_mutex_init(&desk->lock, NULL);
    (void)pthread_cond_init(&desk->woken, NULL);
    host_inbox_init(&desk->inbox, wake, desk);
}

static void desk_fini(struct desk *desk)
{
    host_inbox_fini(&desk->inbox);
    (void)pthread_cond_destroy(&desk->woken);
    (void)pthread_mutex_destroy(&desk->lock);
}

static void take(struct desk *desk)
{
    struct host_jobs jobs = host_inbox_take(&desk->inbox);
    for (struct core_job *job = jobs.first; job != NULL; job = job->next) {
        desk->count++;
    }
    host_jobs_join(&desk->back, &jobs);
}

static void wait_for(struct desk *desk, uint32_t count)
{
    while (desk->count < count) {
        (void)pthread_mutex_lock(&desk->lock);
        while (!desk->awake) {
            (void)pthread_cond_wait(&desk->woken, &desk->lock);
        }
        desk->awake = false;
        (void)pthread_mutex_unlock(&desk->lock);
        take(desk);
    }
}

static void mark(struct core_job *job)
{
    *(uint32_t *)job->detail += 1;
}

static void does_a_lane_in_order(void **state)
{
    struct desk desk;
    static struct core_job jobs[JOBS];
    static uint32_t done[JOBS];
    uint32_t last[LANES] = {0};
    (void)state;
    desk_init(&desk);
    struct host_verifiers *verifiers = host_verifiers_start(3, &desk.inbox, NULL);
    assert_non_null(verifiers);
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i] = (struct core_job){
            .type = CORE_JOB_WORK, .lane = i % LANES, .work = mark, .detail = &done[i]};
        host_verifiers_submit(verifiers, &jobs[i]);
    }
    host_verifiers_stop(verifiers); /* which finishes them */
    take(&desk);
    assert_int_equal(desk.count, JOBS);
    for (struct core_job *job = host_jobs_pop(&desk.back); job != NULL;
         job = host_jobs_pop(&desk.back)) {
        uint32_t i = (uint32_t)(job - jobs);
        assert_int_equal(done[i], 1);
        assert_true(i + 1 > last[job->lane]);
        last[job->lane] = i + 1;
    }
    desk_fini(&desk);
}

static void submit(struct host_storage *storage, struct core_job *job)
{
    struct host_jobs jobs = {NULL, NULL};
    host_jobs_push(&jobs, job);
    host_storage_submit(storage, &jobs);
    assert_null(jobs.first);
}

static void broken(const char *doing, const char *detail)
{
    (void)detail;
    fail_msg("the store broke while %s", doing);
}

static void count_entries(struct store *store, void *arg)
{
    struct store_stats stats;
    assert_status(store_stats(store, &stats), STORE_OK);
    *(uint64_t *)arg = stats.entries;
}

static void reads_what_was_appended_before(void **state)
{
    struct fixture *fx = *state;
    struct desk desk;
    static struct core_job jobs[JOBS];
    static struct fx_bytes bytes[JOBS];
    struct store_change change = fx_new_log(0, STORE_LOG_COUNCIL);
    uint64_t seq = 0, entries = 0, submitted[JOBS] = {0};
    desk_init(&desk);
    struct host_storage_config config = {
        .store = fx->store, .inbox = &desk.inbox, .broken = broken};
    struct host_storage *storage = host_storage_start(&config);
    assert_non_null(storage);
    for (uint32_t i = 0; i < JOBS; i++) {
        struct core_job *job = &jobs[i];
        *job = (struct core_job){.type = i % 3 == 2 ? CORE_JOB_ACCESS : CORE_JOB_APPEND};
        if (job->type == CORE_JOB_APPEND) {
            job->u.append.row = fx_row(1, ++seq, &bytes[i]);
            job->u.append.changes = &change;
            job->u.append.n_changes = seq == 1;
        } else {
            memcpy(job->u.access.log, fx_id('L', 1), STORE_ID_BYTES);
        }
        submitted[i] = seq;
        submit(storage, job);
    }
    wait_for(&desk, JOBS);
    uint64_t known = 0;
    for (struct core_job *job = host_jobs_pop(&desk.back); job != NULL;
         job = host_jobs_pop(&desk.back)) {
        assert_status(job->status, STORE_OK);
        if (job->type == CORE_JOB_APPEND) {
            assert_int_equal(job->u.append.row.entry.seq, ++known);
        } else { /* all that was submitted before it; nothing that has not come back yet */
            assert_true(job->u.access.info.seq >= submitted[job - jobs]);
            assert_int_equal(job->u.access.info.seq, known);
        }
    }
    assert_true(host_storage_call(storage, count_entries, &entries));
    assert_int_equal(entries, seq);
    host_storage_stop(storage);
    fx_check_log(fx->store, 1, seq);
    desk_fini(&desk);
}

static void finishes_before_it_stops(void **state)
{
    struct fixture *fx = *state;
    struct desk desk;
    static struct core_job jobs[1000];
    static struct fx_bytes bytes[1000];
    struct store_change change = fx_new_log(0, STORE_LOG_COUNCIL);
    desk_init(&desk);
    struct host_storage_config config = {
        .store = fx->store, .inbox = &desk.inbox, .broken = broken};
    struct host_storage *storage = host_storage_start(&config);
    assert_non_null(storage);
    for (uint32_t i = 0; i < 1000; i++) {
        jobs[i] = (struct core_job){.type = CORE_JOB_APPEND};
        jobs[i].u.append.row = fx_row(1, i + 1, &bytes[i]);
        jobs[i].u.append.changes = &change;
        jobs[i].u.append.n_changes = i == 0;
        submit(storage, &jobs[i]);
    }
    host_storage_stop(storage);
    take(&desk);
    assert_int_equal(desk.count, 1000);
    fx_check_log(fx->store, 1, 1000);
    desk_fini(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_a_lane_in_order),
        cmocka_unit_test_setup_teardown(reads_what_was_appended_before, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(finishes_before_it_stops, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
