/*
 * metrics.h - the figures of metrics.def: counted anywhere, told as Prometheus text.
 *
 * Owns the numbers and how they are written (Prometheus text format 0.0.4). Must not know where they come from, sockets or files. Any
 * thread, without locks; a text is of one moment for each number, not for all of them together.
 */
#ifndef COUNCIL_SERVER_HOST_METRICS_H
#define COUNCIL_SERVER_HOST_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum host_metric {
#define HOST_COUNTER(id, name, help)         HOST_METRIC_##id,
#define HOST_GAUGE(id, name, help)           HOST_METRIC_##id,
#define HOST_COUNTER_SECONDS(id, name, help) HOST_METRIC_##id,
#define HOST_GAUGE_SECONDS(id, name, help)   HOST_METRIC_##id,
#define HOST_HISTOGRAM(id, name, help)
#include "server/host/metrics.def"
    HOST_METRIC_COUNT
};
#undef HOST_COUNTER
#undef HOST_GAUGE
#undef HOST_COUNTER_SECONDS
#undef HOST_GAUGE_SECONDS
#undef HOST_HISTOGRAM

enum host_histogram {
#define HOST_COUNTER(id, name, help)
#define HOST_GAUGE(id, name, help)
#define HOST_COUNTER_SECONDS(id, name, help)
#define HOST_GAUGE_SECONDS(id, name, help)
#define HOST_HISTOGRAM(id, name, help) HOST_HISTOGRAM_##id,
#include "server/host/metrics.def"
    HOST_HISTOGRAM_COUNT
};
#undef HOST_COUNTER
#undef HOST_GAUGE
#undef HOST_COUNTER_SECONDS
#undef HOST_GAUGE_SECONDS
#undef HOST_HISTOGRAM

enum {
    HOST_BUCKETS = 15,        /* of a histogram, the last without a bound */
    HOST_ERRORS_COUNTED = 192 /* rows of protocol/errors.def at most */
};

struct host_metrics {
    atomic_uint_fast64_t values[HOST_METRIC_COUNT];
    struct {
        atomic_uint_fast64_t buckets[HOST_BUCKETS], sum_us;
    } histograms[HOST_HISTOGRAM_COUNT];
    atomic_uint_fast64_t errors[HOST_ERRORS_COUNTED]; /* failed calls by row of errors.def */
};

/* All take NULL for nobody counts. */
void host_metric_set(struct host_metrics *metrics, enum host_metric metric, uint64_t value);
void host_metric_add(struct host_metrics *metrics, enum host_metric metric, uint64_t value);
void host_metric_sub(struct host_metrics *metrics, enum host_metric metric, uint64_t value);
/* Keeps the largest. */
void host_metric_max(struct host_metrics *metrics, enum host_metric metric, uint64_t value);
uint64_t host_metric_get(const struct host_metrics *metrics, enum host_metric metric);
void host_metric_time(struct host_metrics *metrics, enum host_histogram histogram, uint64_t us);
/* A call failed with the error of this name; a name that errors.def does not have is not counted. */
void host_metric_error(struct host_metrics *metrics, const char *error);

/* What the system says of this process, and of the disk with the folder `data` (whose database is `database`). */
void host_metrics_of_process(struct host_metrics *metrics);
void host_metrics_of_disk(struct host_metrics *metrics, const char *data);

void host_metrics_write(const struct host_metrics *metrics, FILE *out);

/* The rows in their order, histograms among them: name, type and help for the manual page. NULL after the last. */
struct host_metric_info {
    const char *name, *type, *help;
};
const struct host_metric_info *host_metric_nth(uint32_t n);

/* Microseconds of a clock that is never set. */
uint64_t host_mono_us(void);

#endif
