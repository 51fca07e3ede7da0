/*
 * net_address.c - a server's address as people write it.
 *
 * Must not know how a connection is made. Invariant: what is accepted names one place and one origin, without user, path or query.
 */
#include "client/lib/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scheme {
    const char *prefix;
    bool tls;
    int port;
} schemes[] = {
    {"https://", true, 443},
    {"http://", false, 80},
};

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
}

/* Writes the host without brackets; returns what follows it, or NULL. */
static const char *read_host(const char *at, char *out, size_t size)
{
    bool bracket = *at == '[';
    size_t len = 0;

    at += bracket ? 1 : 0;
    for (; *at != '\0' && (host_char(*at) || (bracket && *at == ':')); at++) {
        if (len + 1 >= size)
            return NULL;
        out[len++] = *at;
    }
    out[len] = '\0';
    if (bracket && *at++ != ']')
        return NULL;
    return len == 0 ? NULL : at;
}

static bool read_port(const char **at, int *port)
{
    char *end = NULL;

    if (**at != ':')
        return true;
    if ((*at)[1] < '0' || (*at)[1] > '9')
        return false;
    long value = strtol(*at + 1, &end, 10);

    if (value < 1 || value > 65535)
        return false;
    *port = (int)value;
    *at = end;
    return true;
}

static enum council_error local_address(struct net_address *out, const char *path)
{
    int len = snprintf(out->host, sizeof out->host, "%s", path);

    /* sun_path has 108 bytes on Linux. */
    if (len <= 0 || len >= 108)
        return COUNCIL_E_BAD_INPUT;
    out->local = true;
    (void)snprintf(out->origin, sizeof out->origin, "unix:");
    return COUNCIL_OK;
}

enum council_error net_address(struct net_address *out, const char *url)
{
    memset(out, 0, sizeof *out);
    if (strncmp(url, "unix:", 5) == 0)
        return local_address(out, url + 5);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        const struct scheme *scheme = &schemes[i];
        size_t len = strlen(scheme->prefix);

        if (strncmp(url, scheme->prefix, len) != 0)
            continue;
        const char *end = read_host(url + len, out->host, sizeof out->host);

        out->tls = scheme->tls;
        out->port = scheme->port;
        if (end == NULL || !read_port(&end, &out->port) || (strcmp(end, "/") != 0 && *end != '\0'))
            return COUNCIL_E_BAD_INPUT;
        size_t origin = (size_t)(end - url);

        if (origin >= sizeof out->origin)
            return COUNCIL_E_BAD_INPUT;
        memcpy(out->origin, url, origin);
        out->origin[origin] = '\0';
        return COUNCIL_OK;
    }
    return COUNCIL_E_BAD_INPUT;
}
