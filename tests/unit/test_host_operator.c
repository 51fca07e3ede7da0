/*
 * What an operator's threads and the loop share: calls of the loop, figures, the watchdog's patience, settings and what counts of them.
 */
#include "tests/unit/store_fixture.h"

#include <pthread.h>

#include "server/host/commands.h"
#include "server/host/loopcall.h"
#include "server/host/metrics.h"
#include "server/host/request.h"
#include "server/host/tuning.h"
#include "server/host/watchdog.h"

/* ---- calls of the loop ---- */

struct loop {
    struct host_loopcalls calls;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    uint32_t wakes;
};

static void wake(void *ctx)
{
    struct loop *loop = ctx;
    (void)pthread_mutex_lock(&loop->lock);
    loop->wakes++;
    (void)pthread_cond_signal(&loop->woken);
    (void)pthread_mutex_unlock(&loop->lock);
}

static void await_wake(struct loop *loop, uint32_t wakes)
{
    (void)pthread_mutex_lock(&loop->lock);
    while (loop->wakes < wakes) {
        (void)pthread_cond_wait(&loop->woken, &loop->lock);
    }
    (void)pthread_mutex_unlock(&loop->lock);
}

static void loop_init(struct loop *loop)
{
    *loop = (struct loop){.wakes = 0};
    (void)pthread_mutex_init(&loop->lock, NULL);
    (void)pthread_cond_init(&loop->woken, NULL);
    host_loopcalls_init(&loop->calls, wake, loop);
}

static void loop_fini(struct loop *loop)
{
    host_loopcalls_fini(&loop->calls);
    (void)pthread_cond_destroy(&loop->woken);
    (void)pthread_mutex_destroy(&loop->lock);
}

struct caller {
    struct loop *loop;
    pthread_t thread, ran_on;
    bool answer;
};

static void note_thread(void *arg)
{
    ((struct caller *)arg)->ran_on = pthread_self();
}

static void *call(void *arg)
{
    struct caller *caller = arg;
    caller->answer = host_loop_call(&caller->loop->calls, note_thread, caller);
    return NULL;
}

static void runs_calls_on_the_loop(void **state)
{
    struct loop loop;
    struct caller callers[4];
    (void)state;
    loop_init(&loop);
    for (int i = 0; i < 4; i++) {
        callers[i] = (struct caller){.loop = &loop};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    await_wake(&loop, 4);
    host_loopcalls_run(&loop.calls, host_loopcalls_take(&loop.calls));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_true(callers[i].answer);
        assert_true(pthread_equal(callers[i].ran_on, pthread_self()));
    }
    loop_fini(&loop);
}

static void tells_callers_of_the_end(void **state)
{
    struct loop loop;
    struct caller before = {.loop = &loop}, after = {.loop = &loop};
    (void)state;
    loop_init(&loop);
    assert_int_equal(pthread_create(&before.thread, NULL, call, &before), 0);
    await_wake(&loop, 1);
    host_loopcalls_end(&loop.calls);
    assert_int_equal(pthread_join(before.thread, NULL), 0);
    assert_false(before.answer);
    (void)call(&after);
    assert_false(after.answer);
    loop_fini(&loop);
}

/* ---- figures ---- */

static void writes_figures(void **state)
{
    static struct host_metrics metrics;
    char *text = NULL;
    size_t len = 0;
    (void)state;
    host_metric_add(&metrics, HOST_METRIC_BATCHES, 3);
    host_metric_set(&metrics, HOST_METRIC_SESSIONS, 7);
    host_metric_add(&metrics, HOST_METRIC_STORAGE_JOBS, 5);
    host_metric_sub(&metrics, HOST_METRIC_STORAGE_JOBS, 2);
    host_metric_max(&metrics, HOST_METRIC_TURN_WORST, 1500);
    host_metric_max(&metrics, HOST_METRIC_TURN_WORST, 1400);
    host_metric_time(&metrics, HOST_HISTOGRAM_COMMIT, 50);
    host_metric_time(&metrics, HOST_HISTOGRAM_COMMIT, 51);
    host_metric_time(&metrics, HOST_HISTOGRAM_COMMIT, 9000000);
    host_metric_error(&metrics, "quota");
    host_metric_error(&metrics, "quota");
    host_metric_error(&metrics, "no such error");
    host_metric_add(NULL, HOST_METRIC_BATCHES, 1);
    host_metric_time(NULL, HOST_HISTOGRAM_COMMIT, 1);
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    host_metrics_write(&metrics, out);
    assert_int_equal(fclose(out), 0);
    static const char *const wanted[] = {
        "\ncouncild_commits_total 3\n",
        "\ncouncild_sessions 7\n",
        "\ncouncild_storage_jobs 3\n",
        "\ncouncild_loop_turn_worst_seconds 0.001500\n",
        "\ncouncild_commit_duration_seconds_bucket{le=\"5e-05\"} 1\n",
        "\ncouncild_commit_duration_seconds_bucket{le=\"0.0001\"} 2\n",
        "\ncouncild_commit_duration_seconds_bucket{le=\"5\"} 2\n",
        "\ncouncild_commit_duration_seconds_bucket{le=\"+Inf\"} 3\n",
        "\ncouncild_commit_duration_seconds_sum 9.000101\n",
        "\ncouncild_commit_duration_seconds_count 3\n",
        "\ncouncild_calls_failed_total{error=\"quota\"} 2\n",
        "\n# TYPE councild_appends_total counter\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_non_null(strstr(text, wanted[i]));
    }
    const struct host_metric_info *info = NULL;
    for (uint32_t i = 0; (info = host_metric_nth(i)) != NULL; i++) {
        char line[256];
        (void)snprintf(line, sizeof line, "# HELP %s ", info->name);
        char *first = strstr(text, line);
        assert_non_null(first);
        assert_null(strstr(first + 1, line)); /* names are told once */
        bool total =
            strlen(info->name) > 6 && strcmp(info->name + strlen(info->name) - 6, "_total") == 0;
        assert_int_equal(total, strcmp(info->type, "counter") == 0);
    }
    free(text);
}

/* ---- the watchdog ---- */

static void feeds_while_threads_get_on(void **state)
{
    struct host_watchdog watchdog;
    struct host_heartbeat heart = {0};
    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    host_watchdog_init(&watchdog);
    assert_int_equal(watchdog.every_us, 0);
    assert_true(host_watchdog_tick(&watchdog, 5, 1u << 30)); /* nobody watches */
    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    host_watchdog_init(&watchdog);
    assert_int_equal(watchdog.patience_us, 30000000);
    assert_true(host_watchdog_tick(&watchdog, 100, 0));
    assert_int_equal(watchdog.next_us, 100 + watchdog.every_us);
    uint64_t next = watchdog.next_us;
    assert_true(host_watchdog_tick(&watchdog, next - 1, 31000000)); /* not due yet */
    assert_false(host_watchdog_tick(&watchdog, next, 31000000));    /* stuck: said once, not fed */
    assert_true(host_watchdog_tick(&watchdog, next + 1, 31000001));
    assert_int_equal(watchdog.next_us, next);
    assert_true(host_watchdog_tick(&watchdog, next + 2, 29000000)); /* it got on after all */
    assert_int_equal(watchdog.next_us, next + 2 + watchdog.every_us);
    (void)unsetenv("WATCHDOG_USEC");

    assert_int_equal(host_heartbeat_age_us(&heart, host_mono_us()), 0);
    host_heartbeat_busy(&heart);
    assert_in_range(host_heartbeat_age_us(&heart, host_mono_us() + 1000), 1000, 60000000);
    host_heartbeat_idle(&heart);
    assert_int_equal(host_heartbeat_age_us(&heart, host_mono_us()), 0);
}

/* ---- settings ---- */

static bool good(json_t *answer)
{
    bool ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    return ok;
}

static json_t *ask(struct store *store, const char *request)
{
    json_t *object = json_loads(request, 0, NULL);
    assert_non_null(object);
    json_t *answer = host_request_run(store, object, 1000);
    json_decref(object);
    return answer;
}

static void keeps_what_was_set(void **state)
{
    struct fixture *fx = *state;
    enum core_registration registration = CORE_REGISTER_CODE;
    assert_true(
        good(ask(fx->store, "{\"do\":\"limits.set\",\"set\":{\"sessions\":5,\"outstanding\":6}}")));
    assert_true(
        good(ask(fx->store,
                 "{\"do\":\"limits.set\",\"set\":{\"sessions\":7},\"reset\":[\"outstanding\"]}")));
    assert_false(good(ask(fx->store, "{\"do\":\"limits.set\",\"set\":{\"sessions\":0}}")));
    assert_false(good(ask(fx->store, "{\"do\":\"limits.set\",\"set\":{\"sessions\":\"9\"}}")));
    assert_false(good(ask(fx->store, "{\"do\":\"limits.set\",\"reset\":[7]}")));
    json_t *stored = host_settings_limits(fx->store);
    assert_int_equal(json_object_size(stored), 1);
    assert_int_equal(json_integer_value(json_object_get(stored, "sessions")), 7);
    json_decref(stored);
    assert_false(host_settings_registration(fx->store, &registration));
    assert_false(good(ask(fx->store, "{\"do\":\"registration.set\",\"to\":\"maybe\"}")));
    assert_true(good(ask(fx->store, "{\"do\":\"registration.set\",\"to\":\"closed\"}")));
    assert_true(host_settings_registration(fx->store, &registration));
    assert_int_equal(registration, CORE_REGISTER_CLOSED);
    /* of another version, out of range by now: left out */
    static const char odd[] = "{\"sessions\":0,\"gone\":5,\"outstanding\":9}";
    assert_status(store_setting_set(fx->store, "limits", odd, sizeof odd - 1), STORE_OK);
    stored = host_settings_limits(fx->store);
    assert_int_equal(json_object_size(stored), 1);
    json_decref(stored);
    assert_status(store_setting_set(fx->store, "limits", "nonsense", 8), STORE_OK);
    stored = host_settings_limits(fx->store);
    assert_int_equal(json_object_size(stored), 0);
    json_decref(stored);
}

static uint64_t held(const struct host_tuning *tuning, const char *name)
{
    return core_limits_get(&tuning->limits, name);
}

static void flags_before_settings_before_defaults(void **state)
{
    struct host_options options;
    struct host_tuning tuning;
    char flag[] = "--limit=sessions=5";
    char *argv[] = {flag};
    (void)state;
    assert_true(host_options_read(&options, HOST_SERVE, 1, argv));
    assert_int_equal(setenv("COUNCILD_LIMIT_LOGIN_MS", "2000", 1), 0);
    assert_true(host_tuning_read(&tuning, &options, true));
    json_t *stored = json_pack("{s:i,s:i,s:i}", "sessions", 6, "login-ms", 3000, "outstanding", 9);
    host_tuning_stored_limits(&tuning, stored);
    host_tuning_stored_registration(&tuning, CORE_REGISTER_OPEN);
    json_decref(stored);
    assert_int_equal(held(&tuning, "sessions"), 5);
    assert_int_equal(held(&tuning, "login-ms"), 2000);
    assert_int_equal(held(&tuning, "outstanding"), 9);
    assert_int_equal(tuning.registration, CORE_REGISTER_OPEN);
    json_t *said = host_tuning_show_limits(&tuning);
    const json_t *first = json_array_get(json_object_get(said, "limits"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "sessions");
    assert_string_equal(json_string_value(json_object_get(first, "from")), "start");
    json_decref(said);
    host_options_fini(&options);

    char closed[] = "--registration=closed";
    argv[0] = closed;
    assert_true(host_options_read(&options, HOST_SERVE, 1, argv));
    assert_true(host_tuning_read(&tuning, &options, true));
    host_tuning_stored_registration(&tuning, CORE_REGISTER_OPEN);
    assert_int_equal(tuning.registration, CORE_REGISTER_CLOSED);
    host_options_fini(&options);
    (void)unsetenv("COUNCILD_LIMIT_LOGIN_MS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_calls_on_the_loop),
        cmocka_unit_test(tells_callers_of_the_end),
        cmocka_unit_test(writes_figures),
        cmocka_unit_test(feeds_while_threads_get_on),
        cmocka_unit_test_setup_teardown(keeps_what_was_set, fx_setup, fx_teardown),
        cmocka_unit_test(flags_before_settings_before_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
