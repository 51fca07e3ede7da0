/*
 * wire_tls.h - TLS for the load generator, as thin as it can be: it believes every certificate.
 *
 * Owns OpenSSL. Exists to see what TLS costs a server that has idle connections; nobody else should use it.
 */
#ifndef COUNCIL_TESTS_BENCH_WIRE_TLS_H
#define COUNCIL_TESTS_BENCH_WIRE_TLS_H

#include <stddef.h>
#include <sys/types.h>

/* What all connections share; owned by the caller. NULL is fine to destroy. */
void *wire_tls_create(void);
void wire_tls_destroy(void *shared);

/* A handshake on a blocking socket; owned by the caller. Dies on failure. NULL is fine to close. */
void *wire_tls_open(void *shared, int fd);
void wire_tls_close(void *tls);

/* As recv and send: -1 with EAGAIN where there is nothing to read, or no room. */
ssize_t wire_tls_read(void *tls, void *bytes, size_t len);
ssize_t wire_tls_write(void *tls, const void *bytes, size_t len);

#endif
