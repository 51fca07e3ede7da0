/*
 * form.h - the forms of documents: their fields, limits, and the text in which a person fills them in.
 *
 * Owns forms.def and the template that `$EDITOR` shows. Knows nothing of revisions, logs or members.
 */
#ifndef COUNCIL_CLIENT_MODEL_FORM_H
#define COUNCIL_CLIENT_MODEL_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/error.h"

enum form_shape {
    FORM_SHAPE_TEXT,
    FORM_SHAPE_LIST
};

struct form_field {
    const char *form, *name, *label;
    enum form_shape shape;
    uint32_t min, max; /* bytes of a TEXT, items of a LIST */
    const char *help;
};

struct form {
    const char *name, *title, *what;
};

enum {
    FORM_ITEM_MAX = 1000
};

/* A draft may be incomplete; what is shared has every field within its limits. */
enum form_stage {
    FORM_DRAFT,
    FORM_SHARED
};

struct content_fault;

/* The form named `name`, or NULL. Static storage. */
const struct form *form_find(const char *name);

/* The fields of a form in the order in which they are shown; static storage. */
const struct form_field *form_fields(const struct form *form, uint32_t *count);

/*
 * Checks a document's `fields`. A draft keeps to the upper limits; a shared revision to all of them. False with `fault` written.
 */
COUNCIL_MUST_USE bool form_check(const char *form, const json_t *fields, enum form_stage stage,
                                 struct content_fault *fault);

/*
 * The text to edit: the title, and for each field its label as a "## " heading, its help line in a comment, and what `values` (may be
 * NULL) holds; a list's items as lines that begin with "- ". Owned by the caller (free); NULL without memory.
 */
char *form_template(const struct form *form, const json_t *values);

/*
 * Reads an edited template back. `*values` is owned by the caller (json_decref). BAD_INPUT with `fault` naming the line: a heading
 * that the form does not have, text before the first heading, or in a list a line that does not begin an item or go on with one; NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error form_parse(const struct form *form, const char *text,
                                               uint32_t len, json_t **values,
                                               struct content_fault *fault);

#endif
