/*
 * ready.c - the three ways of saying "ready". See ready.h.
 */
#include "server/host/ready.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/host/log.h"

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

/* systemd's protocol (sd_notify(3)): one datagram to the socket named in the environment; '@' begins an abstract name. */
static void notify(const char *path)
{
    static const char message[] = "READY=1";
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len < 2 || len >= sizeof name.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(name.sun_path, path, len);
    if (path[0] == '@') {
        name.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sendto(fd, message, sizeof message - 1, MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&name,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        close(fd);
    }
}

bool host_ready_tell(const struct host_options *options, const struct host_urls *urls,
                     const char *origin, const uint8_t key[COUNCIL_KEY_BYTES])
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (path != NULL) {
        notify(path);
    }
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
