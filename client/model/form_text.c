/*
 * form_text.c - a form as text that a person edits, and back.
 *
 * Owns the template's shape: "# title", "## label", "> help", items "- ", text as it is. Lines that begin with ">" are
 * help and are not kept; a backslash at the start of a line keeps a line that would be taken for one of these. Invariant: reading a template back gives the values it was made from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/content.h"
#include "client/model/form.h"
#include "client/model/grow.h"

enum {
    TEMPLATE_MAX = 262144
};

/* An item or a text may have several lines; those of an item are indented so that they stay one item. */
static void grow_item(struct grow *g, const char *item)
{
    grow_string(g, "- ");
    for (const char *end; (end = strchr(item, '\n')); item = end + 1) {
        grow_add(g, item, (size_t)(end - item));
        grow_string(g, "\n  ");
    }
    grow_string(g, item);
    grow_string(g, "\n");
}

/* A text stands as it is, but for lines that the reader would take for a heading, help or this very mark. */
static void grow_text(struct grow *g, const char *text)
{
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        if (*line == '>' || *line == '#' || *line == '\\')
            grow_string(g, "\\");
        grow_add(g, line, len);
        grow_string(g, "\n");
        line += len + (line[len] == '\n');
    }
}

static void grow_field(struct grow *g, const struct form_field *field, const json_t *value)
{
    char range[64];
    if (field->shape == FORM_SHAPE_LIST)
        snprintf(range, sizeof range, " (%u to %u items)", field->min, field->max);
    else
        snprintf(range, sizeof range, "%s", field->min ? "" : " (may stay empty)");
    grow_string(g, "\n## ");
    grow_string(g, field->label);
    grow_string(g, "\n> ");
    grow_string(g, field->help);
    grow_string(g, range);
    grow_string(g, "\n");
    if (field->shape == FORM_SHAPE_TEXT && json_is_string(value))
        grow_text(g, json_string_value(value));
    for (size_t i = 0; field->shape == FORM_SHAPE_LIST && i < json_array_size(value); i++)
        grow_item(g, json_string_value(json_array_get(value, i)));
}

char *form_template(const struct form *form, const json_t *values)
{
    struct grow g = {0};
    uint32_t count;
    const struct form_field *list = form_fields(form, &count);
    grow_string(&g, "# ");
    grow_string(&g, form->title);
    grow_string(&g, "\n> ");
    grow_string(&g, form->what);
    grow_string(
        &g, "\n> Lines that begin with > are help and are not kept. A list has one item a line, "
            "each begun with \"- \".\n");
    for (uint32_t i = 0; i < count; i++)
        grow_field(&g, &list[i], json_object_get(values, list[i].name));
    if (g.failed) {
        free(g.text);
        return NULL;
    }
    return g.text;
}

/* ---- reading back ---- */

struct reader {
    const struct form_field *fields, *field; /* field: the one whose heading came last */
    uint32_t count;
    json_t *values;
    struct content_fault *fault;
    uint32_t line;
};

static enum council_error fault_line(struct reader *r, const char *what)
{
    snprintf(r->fault->text, sizeof r->fault->text, "line %u: %s", r->line, what);
    return COUNCIL_E_BAD_INPUT;
}

static enum council_error begin_field(struct reader *r, const char *label, size_t len)
{
    while (len > 0 && (label[len - 1] == ' ' || label[len - 1] == '\r'))
        len--;
    r->field = NULL;
    for (uint32_t i = 0; i < r->count; i++)
        if (strlen(r->fields[i].label) == len && strncmp(r->fields[i].label, label, len) == 0)
            r->field = &r->fields[i];
    if (!r->field)
        return fault_line(r, "this form has no field with that heading");
    if (json_object_get(r->values, r->field->name))
        return fault_line(r, "this heading stands twice");
    json_t *empty = r->field->shape == FORM_SHAPE_LIST ? json_array() : json_string("");
    return json_object_set_new(r->values, r->field->name, empty) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

/* Appends `line` to what a string holds, with a line end between. */
static json_t *joined(const json_t *before, const char *line, size_t len)
{
    struct grow g = {0};
    grow_string(&g, json_is_string(before) ? json_string_value(before) : "");
    if (json_string_length(before) > 0)
        grow_string(&g, "\n");
    grow_add(&g, line, len);
    json_t *value = g.failed ? NULL : json_stringn(g.text, g.len);
    free(g.text);
    return value;
}

static enum council_error text_line(struct reader *r, const char *line, size_t len)
{
    json_t *before = json_object_get(r->values, r->field->name);
    if (len == 0 && json_string_length(before) == 0)
        return COUNCIL_OK; /* blank lines before the text */
    if (len > 0 && line[0] == '\\') {
        line++;
        len--;
    }
    json_t *value = joined(before, line, len);
    if (!value)
        return fault_line(r, "this is not valid UTF-8, or too long");
    return json_object_set_new(r->values, r->field->name, value) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

static enum council_error list_line(struct reader *r, const char *line, size_t len)
{
    json_t *list = json_object_get(r->values, r->field->name);
    size_t count = json_array_size(list);
    if (len == 0)
        return COUNCIL_OK;
    if (len >= 1 && line[0] == '-') {
        size_t skip = len >= 2 && line[1] == ' ' ? 2 : 1;
        if (len == skip)
            return COUNCIL_OK; /* an item left empty */
        json_t *item = json_stringn(line + skip, len - skip);
        if (!item)
            return fault_line(r, "this is not valid UTF-8");
        return json_array_append_new(list, item) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
    }
    if (len >= 2 && line[0] == ' ' && line[1] == ' ' && count > 0) {
        json_t *item = joined(json_array_get(list, count - 1), line + 2, len - 2);
        if (!item)
            return fault_line(r, "this is not valid UTF-8, or too long");
        return json_array_set_new(list, count - 1, item) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
    }
    return fault_line(r, "begin each item of this list with \"- \"");
}

static enum council_error read_line(struct reader *r, const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    if (len > 0 && line[0] == '>')
        return COUNCIL_OK;
    if (len > 3 && strncmp(line, "## ", 3) == 0)
        return begin_field(r, line + 3, len - 3);
    if (!r->field) {
        if (len == 0 || strncmp(line, "# ", 2) == 0)
            return COUNCIL_OK;
        return fault_line(r, "text stands before the first \"## \" heading");
    }
    return r->field->shape == FORM_SHAPE_LIST ? list_line(r, line, len) : text_line(r, line, len);
}

/* Blank lines after a text are the template's, not the author's. */
static enum council_error trim_texts(struct reader *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const json_t *value = json_object_get(r->values, r->fields[i].name);
        size_t len = json_string_length(value), kept = len;
        if (!json_is_string(value))
            continue;
        while (kept > 0 && json_string_value(value)[kept - 1] == '\n')
            kept--;
        if (kept != len && json_object_set_new(r->values, r->fields[i].name,
                                               json_stringn(json_string_value(value), kept)))
            return COUNCIL_E_NO_MEMORY;
    }
    return COUNCIL_OK;
}

enum council_error form_parse(const struct form *form, const char *text, uint32_t len,
                              json_t **values, struct content_fault *fault)
{
    struct reader r = {.fault = fault, .values = json_object()};
    enum council_error error = r.values ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
    r.fields = form_fields(form, &r.count);
    fault->text[0] = '\0';
    if (!error && len > TEMPLATE_MAX)
        error = fault_line(&r, "the text is too long");
    for (uint32_t at = 0; !error && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        uint32_t line_len = end ? (uint32_t)(end - (text + at)) : len - at;
        r.line++;
        error = read_line(&r, text + at, line_len);
        at += line_len + 1;
    }
    if (!error)
        error = trim_texts(&r);
    if (error) {
        json_decref(r.values);
        return error;
    }
    *values = r.values;
    return COUNCIL_OK;
}
