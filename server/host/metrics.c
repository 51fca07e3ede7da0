/*
 * metrics.c - counting and writing figures. See metrics.h; where the system's own come from: metrics_system.c.
 */
#include "server/host/metrics.h"

#include <string.h>

#include "protocol/error.h"

/* In microseconds, and as they are written. */
static const struct {
    uint64_t us;
    const char *text;
} bounds[HOST_BUCKETS - 1] = {
    {50, "5e-05"},    {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"},
    {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},  {20000, "0.02"}, {50000, "0.05"},
    {100000, "0.1"},  {250000, "0.25"}, {1000000, "1"},   {5000000, "5"},
};

enum shape {
    SHAPE_COUNT,
    SHAPE_SECONDS,
    SHAPE_HISTOGRAM
};

static const struct row {
    struct host_metric_info info;
    enum shape shape;
    unsigned index;
} rows[] = {
#define HOST_COUNTER(id, name, help) {{name, "counter", help}, SHAPE_COUNT, HOST_METRIC_##id},
#define HOST_GAUGE(id, name, help)   {{name, "gauge", help}, SHAPE_COUNT, HOST_METRIC_##id},
#define HOST_COUNTER_SECONDS(id, name, help) \
    {{name, "counter", help}, SHAPE_SECONDS, HOST_METRIC_##id},
#define HOST_GAUGE_SECONDS(id, name, help) {{name, "gauge", help}, SHAPE_SECONDS, HOST_METRIC_##id},
#define HOST_HISTOGRAM(id, name, help) \
    {{name, "histogram", help}, SHAPE_HISTOGRAM, HOST_HISTOGRAM_##id},
#include "server/host/metrics.def"
};

static const struct {
    const char *name;
} errors[] = {
#define COUNCIL_ERROR(symbol, code, name, class, closes, what, next) {name},
#include "protocol/errors.def"
#undef COUNCIL_ERROR
};
enum {
    ROW_COUNT = sizeof rows / sizeof rows[0],
    ERROR_COUNT = sizeof errors / sizeof errors[0]
};
_Static_assert((int)ERROR_COUNT <= (int)HOST_ERRORS_COUNTED, "a counter for each error");

static const struct host_metric_info call_errors = {"councild_calls_failed_total", "counter",
                                                    "Calls that were refused, by error."};
static const struct host_metric_info version = {"councild_info", "gauge",
                                                "The version of this server."};

const struct host_metric_info *host_metric_nth(uint32_t n)
{
    if (n < ROW_COUNT) {
        return &rows[n].info;
    }
    return n == ROW_COUNT ? &call_errors : n == ROW_COUNT + 1 ? &version : NULL;
}

void host_metric_set(struct host_metrics *metrics, enum host_metric metric, uint64_t value)
{
    if (metrics != NULL) {
        atomic_store_explicit(&metrics->values[metric], value, memory_order_relaxed);
    }
}

void host_metric_add(struct host_metrics *metrics, enum host_metric metric, uint64_t value)
{
    if (metrics != NULL) {
        (void)atomic_fetch_add_explicit(&metrics->values[metric], value, memory_order_relaxed);
    }
}

void host_metric_sub(struct host_metrics *metrics, enum host_metric metric, uint64_t value)
{
    if (metrics != NULL) {
        (void)atomic_fetch_sub_explicit(&metrics->values[metric], value, memory_order_relaxed);
    }
}

void host_metric_max(struct host_metrics *metrics, enum host_metric metric, uint64_t value)
{
    if (metrics == NULL) {
        return;
    }
    uint_fast64_t most = atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
    while (value > most &&
           !atomic_compare_exchange_weak_explicit(&metrics->values[metric], &most, value,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

uint64_t host_metric_get(const struct host_metrics *metrics, enum host_metric metric)
{
    return metrics != NULL ? atomic_load_explicit(&metrics->values[metric], memory_order_relaxed)
                           : 0;
}

void host_metric_time(struct host_metrics *metrics, enum host_histogram histogram, uint64_t us)
{
    if (metrics == NULL) {
        return;
    }
    unsigned i = 0;
    while (i < HOST_BUCKETS - 1 && us > bounds[i].us) {
        i++;
    }
    (void)atomic_fetch_add_explicit(&metrics->histograms[histogram].buckets[i], 1,
                                    memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&metrics->histograms[histogram].sum_us, us,
                                    memory_order_relaxed);
}

void host_metric_error(struct host_metrics *metrics, const char *error)
{
    for (unsigned i = 0; metrics != NULL && i < ERROR_COUNT; i++) {
        if (strcmp(errors[i].name, error) == 0) {
            (void)atomic_fetch_add_explicit(&metrics->errors[i], 1, memory_order_relaxed);
            return;
        }
    }
}

static void write_head(FILE *out, const struct host_metric_info *info)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->help, info->name,
                  info->type);
}

static void write_seconds(FILE *out, uint64_t us)
{
    (void)fprintf(out, "%llu.%06llu\n", (unsigned long long)(us / 1000000),
                  (unsigned long long)(us % 1000000));
}

static void write_histogram(const struct host_metrics *metrics, const struct row *row, FILE *out)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < HOST_BUCKETS; i++) {
        count +=
            atomic_load_explicit(&metrics->histograms[row->index].buckets[i], memory_order_relaxed);
        (void)fprintf(out, "%s_bucket{le=\"%s\"} %llu\n", row->info.name,
                      i < HOST_BUCKETS - 1 ? bounds[i].text : "+Inf", (unsigned long long)count);
    }
    (void)fprintf(out, "%s_sum ", row->info.name);
    write_seconds(
        out, atomic_load_explicit(&metrics->histograms[row->index].sum_us, memory_order_relaxed));
    (void)fprintf(out, "%s_count %llu\n", row->info.name, (unsigned long long)count);
}

void host_metrics_write(const struct host_metrics *metrics, FILE *out)
{
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        write_head(out, &rows[i].info);
        if (rows[i].shape == SHAPE_HISTOGRAM) {
            write_histogram(metrics, &rows[i], out);
            continue;
        }
        uint64_t value = host_metric_get(metrics, (enum host_metric)rows[i].index);
        (void)fprintf(out, "%s ", rows[i].info.name);
        if (rows[i].shape == SHAPE_SECONDS) {
            write_seconds(out, value);
        } else {
            (void)fprintf(out, "%llu\n", (unsigned long long)value);
        }
    }
    write_head(out, &call_errors);
    for (unsigned i = 0; i < ERROR_COUNT; i++) {
        uint64_t count = atomic_load_explicit(&metrics->errors[i], memory_order_relaxed);
        if (count > 0) {
            (void)fprintf(out, "%s{error=\"%s\"} %llu\n", call_errors.name, errors[i].name,
                          (unsigned long long)count);
        }
    }
    write_head(out, &version);
    (void)fprintf(out, "%s{version=\"%s\"} 1\n", version.name, COUNCIL_VERSION);
}
