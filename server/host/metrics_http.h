/*
 * metrics_http.h - the socket that Prometheus (or a proxy in front of it) reads the figures from.
 */
#ifndef COUNCIL_SERVER_HOST_METRICS_HTTP_H
#define COUNCIL_SERVER_HOST_METRICS_HTTP_H

#include "server/host/door.h"
#include "server/host/metrics.h"

struct host_metrics_source {
    struct host_metrics *metrics;
    const char *data; /* the data folder */
};

/* Opens the socket `path` (mode 0660). `source` is borrowed until host_door_close. NULL after a message. */
struct host_door *host_metrics_open(struct host_metrics_source *source, const char *path);

#endif
