/*
 * library.c - libwebsockets set up: its context on our loop, its two virtual hosts, the certificate.
 *
 * Owns what the library is told once, and the exchange of a certificate in use. Must not know connections. Invariant: a certificate and key that do not
 * fit each other never take the place of two that do.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "server/net/internal.h"

/* Keepalive is ours (conn.c): the library's own keeps a sorted list of all connections. */
static const lws_retry_bo_t no_keepalive = {.secs_since_valid_ping = 0,
                                            .secs_since_valid_hangup = 0};

static struct lws_context *context_create(struct net *net, bool tls)
{
    void *loops[1] = {net->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .foreign_loops = loops,
        .max_http_header_data = NET_HEADER_BYTES,
        .max_http_header_pool = NET_HANDSHAKES_MAX,
        .pt_serv_buf_size = 16384,
        .timeout_secs = NET_HANDSHAKE_MS / 1000,
        .keepalive_timeout = NET_HANDSHAKE_MS / 1000,
        .timeout_secs_ah_idle = NET_HANDSHAKE_MS / 1000,
        .retry_and_idle_policy = &no_keepalive,
        .user = net,
    };
    return lws_create_context(&info);
}

static struct lws_vhost *vhost_create(struct net *net, const char *name,
                                      const struct net_config *tls)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .vhost_name = name,
        .protocols = net_protocols,
        .options = LWS_SERVER_OPTION_VALIDATE_UTF8,
        .server_string = "councild",
        .timeout_secs = NET_HANDSHAKE_MS / 1000,
        .keepalive_timeout = NET_HANDSHAKE_MS / 1000,
        .retry_and_idle_policy = &no_keepalive,
        .user = net,
    };
    if (tls != NULL) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = tls->tls_cert;
        info.ssl_private_key_filepath = tls->tls_key;
        info.alpn = "http/1.1";
        info.ssl_options_set = (long)(SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
    }
    return lws_create_vhost(net->context, &info);
}

/* The library replaces the certificate before it looks at the key: two that do not belong together must not get that far. */
static bool pair_fits(const struct net *net)
{
    SSL_CTX *trial = SSL_CTX_new(TLS_server_method());
    bool good = trial != NULL && SSL_CTX_use_certificate_chain_file(trial, net->tls_cert) == 1 &&
                SSL_CTX_use_PrivateKey_file(trial, net->tls_key, SSL_FILETYPE_PEM) == 1 &&
                SSL_CTX_check_private_key(trial) == 1;
    SSL_CTX_free(trial);
    ERR_clear_error();
    return good;
}

bool net_tls_reload(struct net *net, char detail[NET_DETAIL_MAX])
{
    if (!net->tls) {
        return true;
    }
    bool good = pair_fits(net) && lws_tls_cert_updated(net->context, net->tls_cert, net->tls_key,
                                                       NULL, 0, NULL, 0) == 0;
    if (!good) {
        (void)snprintf(detail, NET_DETAIL_MAX, "the TLS certificate or key cannot be used");
    }
    return good;
}

bool net_library_open(struct net *net, const struct net_config *config, char detail[NET_DETAIL_MAX])
{
    net->tls = config->tls_cert != NULL;
    if (net->tls) {
        net->tls_cert = strdup(config->tls_cert);
        net->tls_key = strdup(config->tls_key);
        if (net->tls_cert == NULL || net->tls_key == NULL) {
            (void)snprintf(detail, NET_DETAIL_MAX, "out of memory");
            return false;
        }
    }
    net->context = context_create(net, net->tls);
    if (net->context == NULL) {
        (void)snprintf(detail, NET_DETAIL_MAX,
                       "libwebsockets does not start; is libwebsockets-evlib-ev installed?");
        return false;
    }
    net->web = vhost_create(net, "web", net->tls ? config : NULL);
    net->local = vhost_create(net, "local", NULL);
    if (net->web == NULL || net->local == NULL) {
        (void)snprintf(detail, NET_DETAIL_MAX, "%s",
                       net->tls ? "the TLS certificate or key cannot be used" : "out of memory");
        return false;
    }
    return true;
}
