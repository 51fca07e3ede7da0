/*
 * error.h - the one table of errors as C sees it.
 *
 * Owns the mapping from symbols to wire codes, names and advice; errors.def is its only source.
 * Knows nothing of who reports an error or to whom. COUNCIL_OK is 0 and has no row.
 */
#ifndef COUNCIL_PROTOCOL_ERROR_H
#define COUNCIL_PROTOCOL_ERROR_H

#include <stdbool.h>

#if defined(__GNUC__)
#define COUNCIL_MUST_USE __attribute__((warn_unused_result))
#else
#define COUNCIL_MUST_USE
#endif

enum council_error {
    COUNCIL_OK = 0,
#define COUNCIL_ERROR(symbol, code, name, class, closes, what, next) COUNCIL_E_##symbol,
#include "protocol/errors.def"
#undef COUNCIL_ERROR
    COUNCIL_ERROR_COUNT
};

enum council_error_class {
    COUNCIL_CLASS_VALID,
    COUNCIL_CLASS_GATE,
    COUNCIL_CLASS_RPC,
    COUNCIL_CLASS_READ,
    COUNCIL_CLASS_LOCAL
};

struct council_error_info {
    int code;         /* JSON-RPC error code */
    const char *name; /* stable name on the wire and in vectors */
    enum council_error_class class;
    bool closes;      /* the server closes the connection after answering */
    const char *what; /* one sentence: what happened */
    const char *next; /* one sentence: what to do next */
};

/* The row of `error`; for COUNCIL_OK a row named "ok". Never NULL; static storage. */
const struct council_error_info *council_error_info(enum council_error error);

/* Shorthand for council_error_info(error)->name. */
const char *council_error_name(enum council_error error);

/* The error whose wire code is `code`, or COUNCIL_E_INTERNAL for an unknown one. */
enum council_error council_error_from_code(int code);

/* The error named `name`, or COUNCIL_E_INTERNAL for an unknown one. */
enum council_error council_error_from_name(const char *name);

#endif
