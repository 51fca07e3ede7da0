/*
 * ready.c - the three ways of saying "ready". See ready.h.
 */
#include "server/host/ready.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/host/log.h"
#include "server/host/watchdog.h"

void host_ready_log(const struct host_urls *urls, const char *origin,
                    const uint8_t key[COUNCIL_KEY_BYTES])
{
    char name[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(name, key, COUNCIL_KEY_BYTES);
    for (uint32_t i = 0; i < urls->count; i++) {
        HOST_LOG(HOST_LOG_INFO, "listening", HOST_LOG_S("url", urls->all[i]));
    }
    HOST_LOG(HOST_LOG_INFO, "ready", HOST_LOG_S("origin", origin), HOST_LOG_S("server", name));
}

static char *ready_line(const struct host_urls *urls, const char *origin,
                        const uint8_t key[COUNCIL_KEY_BYTES])
{
    char name[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(name, key, COUNCIL_KEY_BYTES);
    json_t *list = json_array();
    for (uint32_t i = 0; i < urls->count; i++) {
        (void)json_array_append_new(list, json_string(urls->all[i]));
    }
    json_t *object =
        json_pack("{s:b,s:o,s:s,s:s}", "ready", 1, "urls", list, "origin", origin, "server", name);
    char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    return line;
}

bool host_ready_tell(const struct host_options *options, const struct host_urls *urls,
                     const char *origin, const uint8_t key[COUNCIL_KEY_BYTES])
{
    host_notify_ready();
    if (!host_option_given(options, HOST_OPT_READY_FD)) {
        return true;
    }
    uint64_t fd = 0;
    if (!host_option_number(options, HOST_OPT_READY_FD, 1, 1 << 20, &fd)) {
        return false;
    }
    char *line = ready_line(urls, origin, key);
    bool good = line != NULL && dprintf((int)fd, "%s\n", line) > 0;
    free(line);
    if (!good) {
        (void)fprintf(stderr, "councild: --ready-fd: cannot be written to\n");
    }
    if (fd > STDERR_FILENO) {
        close((int)fd);
    }
    return good;
}
