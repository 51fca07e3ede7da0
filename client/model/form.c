/*
 * form.c - the table of forms and the check of what is filled in.
 *
 * Invariant: what form_check lets through as FORM_SHARED has every field that the form names, and no other.
 */
#include "client/model/form.h"

#include <stdio.h>
#include <string.h>

#include "client/model/content.h"

#define FORM(symbol, name, title, what) static const char form_name_##symbol[] = name;
#define FORM_FIELD(form, name, label, shape, min, max, help)
#include "client/model/forms.def"
#undef FORM
#undef FORM_FIELD

#define FORM(symbol, name, title, what) {form_name_##symbol, title, what},
#define FORM_FIELD(form, name, label, shape, min, max, help)
static const struct form forms[] = {
#include "client/model/forms.def"
};
#undef FORM
#undef FORM_FIELD

#define FORM(symbol, name, title, what)
#define FORM_FIELD(form, name, label, shape, min, max, help) \
    {form_name_##form, name, label, FORM_SHAPE_##shape, min, max, help},
static const struct form_field fields[] = {
#include "client/model/forms.def"
};
#undef FORM
#undef FORM_FIELD

enum {
    FORM_COUNT = sizeof forms / sizeof forms[0],
    FIELD_COUNT = sizeof fields / sizeof fields[0]
};

const struct form *form_find(const char *name)
{
    for (uint32_t i = 0; i < FORM_COUNT; i++)
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    return NULL;
}

const struct form_field *form_fields(const struct form *form, uint32_t *count)
{
    uint32_t first = 0;
    while (first < FIELD_COUNT && fields[first].form != form->name)
        first++;
    *count = 0;
    while (first + *count < FIELD_COUNT && fields[first + *count].form == form->name)
        ++*count;
    return &fields[first < FIELD_COUNT ? first : 0];
}

static bool fault_field(struct content_fault *fault, const struct form_field *field,
                        const char *must)
{
    snprintf(fault->text, sizeof fault->text, "%s: %s", field->label, must);
    return false;
}

static bool check_text(const struct form_field *field, const json_t *value, enum form_stage stage,
                       struct content_fault *fault)
{
    char must[80];
    size_t len = json_string_length(value);
    if (value && (!json_is_string(value) || strlen(json_string_value(value)) != len))
        return fault_field(fault, field, "must be text");
    if (len > field->max) {
        snprintf(must, sizeof must, "at most %u bytes, not %zu", field->max, len);
        return fault_field(fault, field, must);
    }
    if (stage == FORM_SHARED && len < field->min)
        return fault_field(fault, field, "is still empty");
    return true;
}

static bool check_list(const struct form_field *field, const json_t *value, enum form_stage stage,
                       struct content_fault *fault)
{
    char must[80];
    size_t count = json_array_size(value);
    if (value && !json_is_array(value))
        return fault_field(fault, field, "must be a list");
    if (count > field->max || (stage == FORM_SHARED && count < field->min)) {
        snprintf(must, sizeof must, "%u to %u items, not %zu", field->min, field->max, count);
        return fault_field(fault, field, must);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        size_t len = json_string_length(item);
        if (!json_is_string(item) || len == 0 || strlen(json_string_value(item)) != len)
            return fault_field(fault, field, "an item must be text");
        if (len > FORM_ITEM_MAX)
            return fault_field(fault, field, "an item is at most 1000 bytes long");
    }
    return true;
}

static const struct form_field *field_named(const struct form_field *list, uint32_t count,
                                            const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

bool form_check(const char *name, const json_t *values, enum form_stage stage,
                struct content_fault *fault)
{
    const struct form *form = form_find(name);
    uint32_t count;
    if (!form || !json_is_object(values)) {
        snprintf(fault->text, sizeof fault->text, "there is no form of that name");
        return false;
    }
    const struct form_field *list = form_fields(form, &count);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)values, key, value)
    {
        if (!field_named(list, count, key)) {
            snprintf(fault->text, sizeof fault->text, "%s has no field of that name", form->title);
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        const json_t *given = json_object_get(values, list[i].name);
        bool ok = list[i].shape == FORM_SHAPE_TEXT ? check_text(&list[i], given, stage, fault)
                                                   : check_list(&list[i], given, stage, fault);
        if (!ok)
            return false;
    }
    return true;
}
