/*
 * out.h - files of vectors being written.
 *
 * Owns the form of a file: one object with a type and a list of vectors, one a line, and the counts of what was written.
 */
#ifndef COUNCIL_TESTS_VECTORS_OUT_H
#define COUNCIL_TESTS_VECTORS_OUT_H

#include "tests/vectors/values.h"

struct vec_out {
    const char *dir;
    uint32_t valid, invalid, unreadable;
    uint32_t wrong; /* verdicts that are not what a table says */
};

struct vec_file {
    struct vec_out *out;
    const char *name;
    json_t *vectors; /* owned */
    const char *type;
};

void vec_open(struct vec_file *file, struct vec_out *out, const char *name, const char *type);
/* Writes DIR/NAME.json. */
void vec_close(struct vec_file *file);

/* A new vector with its name, borrowed from the file. */
json_t *vec_add(struct vec_file *file, const char *name);
/* Its result, which is counted as valid or invalid. Takes `result`. */
void vec_result(struct vec_file *file, json_t *vector, json_t *result, bool valid);

#endif
