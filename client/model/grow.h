/*
 * grow.h - a text that grows to a ceiling, for the templates.
 */
#ifndef COUNCIL_CLIENT_MODEL_GROW_H
#define COUNCIL_CLIENT_MODEL_GROW_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GROW_MAX = 524288
};

/* Starts zeroed; `text` is owned and NUL-terminated once something was added; the first failure sticks. */
struct grow {
    char *text;
    size_t len, size;
    bool failed;
};

void grow_add(struct grow *g, const char *text, size_t len);
void grow_string(struct grow *g, const char *text);

#endif
