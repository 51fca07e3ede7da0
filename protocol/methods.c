/*
 * methods.c - the tables behind methods.h.
 *
 * Owns nothing but the look-ups; methods.def and wire.def are the facts. Rows of wire.def are few (under a hundred), so a
 * scan for an owner's first row is cheaper than an index that could disagree with the table.
 */
#include "protocol/methods.h"
#include "protocol/bytes.h"
#include <string.h>

#define COUNCIL_METHOD(symbol, name, state, cost) {name, COUNCIL_STATE_##state, cost},
#define COUNCIL_NOTIFICATION(symbol, name)
static const struct council_method_info methods[] = {
#include "protocol/methods.def"
};
#undef COUNCIL_METHOD
#undef COUNCIL_NOTIFICATION

#define COUNCIL_METHOD(symbol, name, state, cost)
#define COUNCIL_NOTIFICATION(symbol, name) name,
static const char *const notifications[] = {
#include "protocol/methods.def"
};
#undef COUNCIL_METHOD
#undef COUNCIL_NOTIFICATION

/* A row's DETAIL is two columns: the shape and the words. */
#define PLAIN    COUNCIL_SHAPE_NONE, NULL
#define OF(s)    COUNCIL_SHAPE_##s, NULL
#define WORDS(w) COUNCIL_SHAPE_NONE, w

/* One level of macros alone: a DETAIL becomes its two columns when the row is rescanned. */
#define COUNCIL_PARAM(method, name, type, detail, min, max, optional)                         \
    {COUNCIL_IN_PARAMS, COUNCIL_METHOD_##method, name, COUNCIL_WIRE_##type, detail, min, max, \
     optional},
#define COUNCIL_RESULT(method, name, type, detail, min, max, optional)                        \
    {COUNCIL_IN_RESULT, COUNCIL_METHOD_##method, name, COUNCIL_WIRE_##type, detail, min, max, \
     optional},
#define COUNCIL_NOTICE(notification, name, type, detail, min, max, optional) \
    {COUNCIL_IN_NOTIFICATION,                                                \
     COUNCIL_NOTIFICATION_##notification,                                    \
     name,                                                                   \
     COUNCIL_WIRE_##type,                                                    \
     detail,                                                                 \
     min,                                                                    \
     max,                                                                    \
     optional},
#define COUNCIL_SHAPE(shape, name, type, detail, min, max, optional)                       \
    {COUNCIL_IN_SHAPE, COUNCIL_SHAPE_##shape, name, COUNCIL_WIRE_##type, detail, min, max, \
     optional},

static const struct council_wire_field fields[] = {
#include "protocol/wire.def"
};

enum {
    FIELD_COUNT = sizeof(fields) / sizeof(fields[0])
};

const struct council_method_info *council_method_info(enum council_method method)
{
    return method < COUNCIL_METHOD_COUNT ? &methods[method] : NULL;
}

enum council_method council_method_find(const char *name)
{
    uint32_t i = 0;
    while (i < COUNCIL_METHOD_COUNT && strcmp(methods[i].name, name) != 0)
        i++;
    return (enum council_method)i;
}

const char *council_notification_name(enum council_notification notification)
{
    return notification < COUNCIL_NOTIFICATION_COUNT ? notifications[notification] : NULL;
}

enum council_notification council_notification_find(const char *name)
{
    uint32_t i = 0;
    while (i < COUNCIL_NOTIFICATION_COUNT && strcmp(notifications[i], name) != 0)
        i++;
    return (enum council_notification)i;
}

const struct council_wire_field *council_wire_fields(enum council_wire_place place, uint32_t owner,
                                                     uint32_t *count)
{
    uint32_t first = 0;
    while (first < FIELD_COUNT && (fields[first].place != place || fields[first].owner != owner))
        first++;
    uint32_t end = first;
    while (end < FIELD_COUNT && fields[end].place == place && fields[end].owner == owner)
        end++;
    *count = end - first;
    return &fields[first < FIELD_COUNT ? first : 0];
}
