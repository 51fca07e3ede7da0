/*
 * methods.h - the methods and notifications of the wire as C sees them.
 *
 * Owns the facts of methods.def (names, states, costs) and wire.def (fields of params, results and notifications) and
 * nothing else; who dispatches on them is the server's core and the client's sync. Rules: README.md section 9.1.
 */
#ifndef COUNCIL_PROTOCOL_METHODS_H
#define COUNCIL_PROTOCOL_METHODS_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

#define COUNCIL_METHOD(symbol, name, state, cost) COUNCIL_METHOD_##symbol,
#define COUNCIL_NOTIFICATION(symbol, name)
enum council_method {
#include "protocol/methods.def"
    COUNCIL_METHOD_COUNT /* also: a name that is no method's */
};
#undef COUNCIL_METHOD
#undef COUNCIL_NOTIFICATION

#define COUNCIL_METHOD(symbol, name, state, cost)
#define COUNCIL_NOTIFICATION(symbol, name) COUNCIL_NOTIFICATION_##symbol,
enum council_notification {
#include "protocol/methods.def"
    COUNCIL_NOTIFICATION_COUNT /* also: a name that is no notification's */
};
#undef COUNCIL_METHOD
#undef COUNCIL_NOTIFICATION

/* When a method may be called; see methods.def. */
enum council_method_state {
    COUNCIL_STATE_FRESH,
    COUNCIL_STATE_GREETED,
    COUNCIL_STATE_MEMBER,
    COUNCIL_STATE_READER,
    COUNCIL_STATE_ALWAYS
};

struct council_method_info {
    const char *name;
    enum council_method_state state;
    uint32_t cost; /* tokens */
};

/* The row of `method`, which must be below COUNCIL_METHOD_COUNT (else NULL); static storage. */
const struct council_method_info *council_method_info(enum council_method method);

/* Looks a method up by name; COUNCIL_METHOD_COUNT where unknown. */
enum council_method council_method_find(const char *name);

/* The name of a notification (NULL for none), and back (COUNCIL_NOTIFICATION_COUNT where unknown). */
const char *council_notification_name(enum council_notification notification);
enum council_notification council_notification_find(const char *name);

/* ---- the fields of messages: wire.def ---- */

enum council_wire_type {
    COUNCIL_WIRE_BYTES, /* base64url of exactly max bytes (min = max) */
    COUNCIL_WIRE_DATA, /* base64url; min..max bytes are for the schema: its length is judged where it is decoded */
    COUNCIL_WIRE_INT,    /* min..max */
    COUNCIL_WIRE_STRING, /* min..max bytes of UTF-8 */
    COUNCIL_WIRE_TEXT, /* an entry's text; min..max are for the schema: entry.h judges it under its own errors */
    COUNCIL_WIRE_WORD, /* one of the words of the row's list, which are separated by single spaces */
    COUNCIL_WIRE_OBJECT, /* an object of the row's shape */
    COUNCIL_WIRE_LIST,   /* an array of at most max objects of the row's shape */
    COUNCIL_WIRE_ANY     /* anything: the OpenRPC document */
};

/* Objects inside messages. */
enum council_wire_shape {
    COUNCIL_SHAPE_NONE,
    COUNCIL_SHAPE_ENTRY,  /* an entry as it is sent to be appended, registered or offered */
    COUNCIL_SHAPE_RECORD, /* an element of `entries` */
    COUNCIL_SHAPE_INVITE,
    COUNCIL_SHAPE_LIMITS,
    COUNCIL_SHAPE_SUCCESSION,
    COUNCIL_SHAPE_LOG,
    COUNCIL_SHAPE_PRESENT,
    COUNCIL_SHAPE_FEED,       /* a member's calendar feed */
    COUNCIL_SHAPE_MAIL_KINDS, /* which reminders a member wants by mail */
    COUNCIL_SHAPE_POOL_SLOT,
    COUNCIL_SHAPE_POOL_PERSON, /* what somebody says of themself */
    COUNCIL_SHAPE_POOL_SEAT,   /* somebody in a proposal */
    COUNCIL_SHAPE_POOL_WHY,
    COUNCIL_SHAPE_POOL_PROPOSAL,
    COUNCIL_SHAPE_POOL_BOX,
    COUNCIL_SHAPE_POOL_REFILL,
    COUNCIL_SHAPE_COUNT
};

/* Whose row it is. */
enum council_wire_place {
    COUNCIL_IN_PARAMS,
    COUNCIL_IN_RESULT,
    COUNCIL_IN_NOTIFICATION,
    COUNCIL_IN_SHAPE
};

struct council_wire_field {
    enum council_wire_place place;
    uint32_t owner; /* enum council_method, council_notification or council_wire_shape, by place */
    const char *name;
    enum council_wire_type type;
    enum council_wire_shape shape; /* of OBJECT and LIST */
    const char *words;             /* of WORD */
    uint64_t min, max;
    bool optional;
};

/* The rows of one owner, which stand together; `*count` is 0 for an empty object. Static storage. */
const struct council_wire_field *council_wire_fields(enum council_wire_place place, uint32_t owner,
                                                     uint32_t *count);

#endif
