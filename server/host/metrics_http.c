/*
 * metrics_http.c - GET /metrics on a Unix socket.
 *
 * Owns the little HTTP that a scrape needs: one request, one answer, the end (RFC 9112). Invariant: whoever can reach this socket can read
 * figures and do nothing else.
 */
#include "server/host/metrics_http.h"

#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_MAX = 8192,
    CLIENTS_MAX = 4
};

static bool answer(struct host_client *client, const char *status, const char *type,
                   const char *body, size_t len)
{
    char head[256];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                     status, type, len);
    return n > 0 && (size_t)n < sizeof head && host_client_write(client, head, (size_t)n) &&
           host_client_write(client, body, len);
}

static void tell(const struct host_metrics_source *source, struct host_client *client)
{
    char *text = NULL;
    size_t len = 0;
    host_metrics_of_process(source->metrics);
    host_metrics_of_disk(source->metrics, source->data);
    FILE *out = open_memstream(&text, &len);
    if (out != NULL) {
        host_metrics_write(source->metrics, out);
        bool good = fclose(out) == 0 &&
                    answer(client, "200 OK", "text/plain; version=0.0.4; charset=utf-8", text, len);
        (void)good; /* the next scrape tries again */
    }
    free(text);
}

static void serve(void *ctx, struct host_client *client)
{
    static const char lost[] = "GET /metrics is all there is\n";
    static const char want[] = "GET /metrics";
    char request[REQUEST_MAX];
    if (!host_client_read(client, request, sizeof request, "\r\n\r\n")) {
        return;
    }
    char after = request[sizeof want - 1];
    if (strncmp(request, want, sizeof want - 1) == 0 && (after == ' ' || after == '?')) {
        tell(ctx, client);
    } else if (!answer(client, "404 Not Found", "text/plain; charset=utf-8", lost,
                       sizeof lost - 1)) {
        return;
    }
}

struct host_door *host_metrics_open(struct host_metrics_source *source, const char *path)
{
    struct host_door_config config = {
        .path = path, .mode = 0660, .clients = CLIENTS_MAX, .serve = serve, .ctx = source};
    return host_door_open(&config);
}
