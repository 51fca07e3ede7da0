/*
 * run.h - one check for each type of vector.
 *
 * Owns the table of types. A check gives what the library makes of a vector, in the form of the vector's result.
 */
#ifndef COUNCIL_TESTS_VECTORS_RUN_H
#define COUNCIL_TESTS_VECTORS_RUN_H

#include "tests/vectors/values.h"

/* The result of one vector; new. */
typedef json_t *run_fn(const json_t *vector);

struct run_check {
    const char *type;
    run_fn *run;
};

/* The check of a type, or NULL. */
run_fn *run_find(const char *type);

/* "valid", or the error's name; new. */
json_t *run_verdict(enum council_error error);

#endif
