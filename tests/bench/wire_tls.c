/*
 * wire_tls.c - OpenSSL under the load generator's connections. See wire_tls.h.
 */
#include "tests/bench/wire_tls.h"

#include <errno.h>
#include <openssl/ssl.h>

#include "tests/bench/bench.h"

void *wire_tls_create(void)
{
    SSL_CTX *shared = SSL_CTX_new(TLS_client_method());
    if (shared == NULL) {
        bench_die("no TLS");
    }
    SSL_CTX_set_verify(shared, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_mode(shared, SSL_MODE_RELEASE_BUFFERS);
    return shared;
}

void wire_tls_destroy(void *shared)
{
    SSL_CTX_free(shared);
}

void *wire_tls_open(void *shared, int fd)
{
    SSL *tls = SSL_new(shared);
    if (tls == NULL || SSL_set_fd(tls, fd) != 1 || SSL_connect(tls) != 1) {
        bench_die("a TLS handshake failed");
    }
    return tls;
}

void wire_tls_close(void *tls)
{
    SSL_free(tls);
}

/* What OpenSSL says, in the words of recv(2). */
static ssize_t result(SSL *tls, int n)
{
    if (n > 0) {
        return n;
    }
    int why = SSL_get_error(tls, n);
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

ssize_t wire_tls_read(void *tls, void *bytes, size_t len)
{
    return result(tls, SSL_read(tls, bytes, (int)len));
}

ssize_t wire_tls_write(void *tls, const void *bytes, size_t len)
{
    return result(tls, SSL_write(tls, bytes, (int)len));
}
