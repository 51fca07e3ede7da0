/*
 * ready.h - telling whoever started the server that it accepts clients.
 *
 * Owns the forms in which that is told: a line of JSON on a descriptor, systemd's datagram, a line in the log.
 */
#ifndef COUNCIL_SERVER_HOST_READY_H
#define COUNCIL_SERVER_HOST_READY_H

#include "server/host/options.h"
#include "server/net/net.h"

enum {
    HOST_URLS_MAX = 16
};

struct host_urls {
    char all[HOST_URLS_MAX][NET_URL_MAX];
    uint32_t count;
};

/* `key`: the server's public key. */
void host_ready_log(const struct host_urls *urls, const char *origin,
                    const uint8_t key[COUNCIL_KEY_BYTES]);
/* --ready-fd and NOTIFY_SOCKET, where they are set; false after a message. */
__attribute__((warn_unused_result)) bool host_ready_tell(const struct host_options *options,
                                                         const struct host_urls *urls,
                                                         const char *origin,
                                                         const uint8_t key[COUNCIL_KEY_BYTES]);

/* protocol/openrpc.json as it was when this program was built. */
extern const char *const host_openrpc;

#endif
