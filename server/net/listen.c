/*
 * listen.c - listening sockets, and handing what they accept to the library.
 *
 * Owns the sockets that we listen on, and how an address is counted. Must not know HTTP. Invariant: every accepted socket is in
 * a connection of ours before the library sees it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/net/internal.h"

/* ---- addresses ---- */

static void address_v4(const struct in_addr *in, uint8_t out[16])
{
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, in, 4);
}

/* A network of IPv6 counts as one: whoever has one address there has 2^64. */
static void address_v6(const struct in6_addr *in, uint8_t out[16])
{
    memcpy(out, in, 16);
    if (!IN6_IS_ADDR_V4MAPPED(in)) {
        memset(out + 8, 0, 8);
    }
}

bool net_address_parse(const char *text, uint8_t out[16])
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        address_v4(&v4, out);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6) == 1) {
        address_v6(&v6, out);
        return true;
    }
    return false;
}

static void address_of(const struct sockaddr_storage *from, uint8_t out[16])
{
    memset(out, 0, 16);
    if (from->ss_family == AF_INET) {
        address_v4(&((const struct sockaddr_in *)(const void *)from)->sin_addr, out);
    } else if (from->ss_family == AF_INET6) {
        address_v6(&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, out);
    }
}

/* ---- accepting ---- */

static void adopt(struct net *net, const struct net_listener *listener, int fd,
                  const uint8_t address[16])
{
    if (net->lists[NET_HANDSHAKE].count >= NET_HANDSHAKES_MAX) {
        struct net_conn *oldest = net->lists[NET_HANDSHAKE].first;
        while (oldest != NULL && oldest->due_ms == UINT64_MAX) {
            oldest = oldest->next;
        }
        if (oldest != NULL) {
            net_log(net, NET_LOG_WARN, "handshake_crowded", NULL);
            net_conn_kill(oldest);
        }
    }
    struct net_conn *conn = net_conn_create(net, listener->is_unix, address);
    if (conn == NULL) {
        close(fd);
        return;
    }
    net->adopting = conn;
    lws_adopt_desc_t desc = {
        .vh = listener->is_unix ? net->local : net->web,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
        .fd = {.sockfd = fd},
        .opaque = conn,
    };
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&desc);
    if (net->adopting == conn) {
        if (wsi != NULL) {
            conn->wsi = wsi;
        } else {
            net_conn_destroy(conn);
        }
    }
    net->adopting = NULL;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct net_listener *listener = io->data;
    struct net *net = listener->net;
    (void)events;
    for (int i = 0; i < NET_ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd =
            accept4(listener->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                net_log(net, NET_LOG_WARN, "accept_failed", strerror(errno));
                ev_io_stop(loop, io);
                net->accept_full = true;
            }
            if (errno == ECONNABORTED || errno == EINTR) {
                continue;
            }
            return;
        }
        int on = 1;
        uint8_t address[16];
        address_of(&from, address);
        if (!listener->is_unix) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        net->stats.accepted++;
        adopt(net, listener, fd, address);
    }
}

void net_listen_start(struct net *net)
{
    for (uint32_t i = 0; i < net->listener_count; i++) {
        struct net_listener *listener = &net->listeners[i];
        ev_io_init(&listener->io, on_readable, listener->fd, EV_READ);
        listener->io.data = listener;
        ev_io_start(net->loop, &listener->io);
    }
}

void net_listen_tick(struct net *net)
{
    if (!net->accept_full) {
        return;
    }
    net->accept_full = false;
    for (uint32_t i = 0; i < net->listener_count; i++) {
        ev_io_start(net->loop, &net->listeners[i].io);
    }
}

void net_listen_fini(struct net *net)
{
    for (uint32_t i = 0; i < net->listener_count; i++) {
        struct net_listener *listener = &net->listeners[i];
        ev_io_stop(net->loop, &listener->io);
        close(listener->fd);
        if (listener->path != NULL) {
            (void)unlink(listener->path);
            free(listener->path);
        }
    }
    net->listener_count = 0;
    net->accept_full = false;
}

void net_wind_down(struct net *net)
{
    net_listen_fini(net);
    net->deaf = true;
}

/* ---- opening ---- */

static bool failed(char detail[NET_DETAIL_MAX], const char *what, const char *why)
{
    (void)snprintf(detail, NET_DETAIL_MAX, "%s: %s", what, why);
    return false;
}

static bool add(struct net *net, int fd, const char *path, char detail[NET_DETAIL_MAX])
{
    if (net->listener_count == NET_LISTENERS_MAX) {
        return failed(detail, "listen", "too many addresses");
    }
    char *copy = path != NULL ? strdup(path) : NULL;
    if ((path != NULL && copy == NULL) || listen(fd, NET_BACKLOG) != 0) {
        free(copy);
        return failed(detail, "listen", strerror(errno));
    }
    net->listeners[net->listener_count++] =
        (struct net_listener){.net = net, .fd = fd, .is_unix = path != NULL, .path = copy};
    return true;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 5 && text[digits] == '\0' && strtoul(text, NULL, 10) <= 65535;
}

/* Splits "host:port" at the last colon; brackets around the host are dropped. */
static bool split(const char *address, char host[NI_MAXHOST], const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon != NULL ? (size_t)(colon - address) : 0;
    if (colon == NULL || len >= NI_MAXHOST || !is_port(colon + 1)) {
        return false;
    }
    if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
        address++;
        len -= 2;
    } else if (memchr(address, ':', len) != NULL) {
        return false;
    }
    memcpy(host, address, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

static int bound_socket(const struct addrinfo *info)
{
    int on = 1, off = 0;
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name;
    socklen_t len = sizeof name;
    memset(&name, 0, sizeof name);
    if (getsockname(fd, &name.any, &len) != 0) {
        return 0;
    }
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

bool net_address_good(const char *address)
{
    char host[NI_MAXHOST];
    const char *port = NULL;
    return split(address, host, &port);
}

bool net_listen_tcp(struct net *net, const char *address, char url[NET_URL_MAX],
                    char detail[NET_DETAIL_MAX])
{
    char host[NI_MAXHOST];
    const char *port = NULL;
    struct addrinfo *list = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (!split(address, host, &port)) {
        return failed(detail, address, "expected HOST:PORT or [IPV6]:PORT");
    }
    int status = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &list);
    if (status != 0) {
        return failed(detail, address, gai_strerror(status));
    }
    int fd = -1;
    for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next) {
        fd = bound_socket(info);
    }
    freeaddrinfo(list);
    if (fd < 0) {
        return failed(detail, address, strerror(errno));
    }
    if (!add(net, fd, NULL, detail)) {
        close(fd);
        return false;
    }
    if (url != NULL) {
        const char *name = host[0] != '\0' ? host : "localhost";
        bool v6 = strchr(name, ':') != NULL;
        (void)snprintf(url, NET_URL_MAX, "%s://%s%.255s%s:%u", net->tls ? "https" : "http",
                       v6 ? "[" : "", name, v6 ? "]" : "", port_of(fd));
    }
    return true;
}

/* A socket that nobody listens on was left behind by a killed process. */
static bool left_behind(const struct sockaddr_un *name)
{
    struct stat at;
    if (lstat(name->sun_path, &at) != 0 || !S_ISSOCK(at.st_mode)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool dead = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 &&
                errno == ECONNREFUSED;
    if (fd >= 0) {
        close(fd);
    }
    return dead;
}

bool net_listen_unix(struct net *net, const char *path, char url[NET_URL_MAX],
                     char detail[NET_DETAIL_MAX])
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) {
        return failed(detail, path, "the path is too long for a socket");
    }
    memcpy(name.sun_path, path, strlen(path));
    if (left_behind(&name)) {
        (void)unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return failed(detail, path, strerror(errno));
    }
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        (void)failed(detail, path, strerror(errno));
        close(fd);
        return false;
    }
    if (chmod(path, 0660) != 0 || !add(net, fd, path, detail)) {
        close(fd);
        (void)unlink(path);
        return false;
    }
    if (url != NULL) {
        (void)snprintf(url, NET_URL_MAX, "unix:%.200s", path);
    }
    return true;
}
