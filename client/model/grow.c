/*
 * grow.c - a text that grows to a ceiling.
 */
#include "client/model/grow.h"

#include <stdlib.h>
#include <string.h>

void grow_add(struct grow *g, const char *text, size_t len)
{
    if (g->failed)
        return;
    if (g->len + len + 1 > g->size) {
        size_t size = (g->len + len + 1) * 2;
        char *bigger = size <= GROW_MAX ? realloc(g->text, size) : NULL;
        if (!bigger) {
            g->failed = true;
            return;
        }
        g->text = bigger;
        g->size = size;
    }
    memcpy(g->text + g->len, text, len);
    g->len += len;
    g->text[g->len] = '\0';
}

void grow_string(struct grow *g, const char *text)
{
    grow_add(g, text, strlen(text));
}
