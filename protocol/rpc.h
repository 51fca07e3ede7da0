/*
 * rpc.h - the JSON-RPC 2.0 envelope of both sides: reading messages with jansson, writing them without.
 *
 * Owns README.md section 9 as far as one message goes: what a message is, which members it has, how fields are checked and
 * written. Must not know connections, sessions or what a method does. Invariant: a message that was read holds exactly one call,
 * result, failure or notification, and whoever reads its fields finds the types that wire.def promises once it was checked.
 */
#ifndef COUNCIL_PROTOCOL_RPC_H
#define COUNCIL_PROTOCOL_RPC_H

#include "protocol/bytes.h"
#include "protocol/methods.h"
#include <jansson.h>

enum {
    COUNCIL_FRAME_MAX = 512 * 1024, /* bytes of one message, either way */
    COUNCIL_FRAME_FRESH = 4096,     /* of one message to a server before login */
    COUNCIL_FRAME_TAIL =
        256, /* what council_rpc_write_entry leaves free for what follows the entries */
    COUNCIL_RPC_DEPTH = 32,      /* nested objects and arrays */
    COUNCIL_RPC_VALUES = 65536,  /* values of one message: bounds what a message costs in memory */
    COUNCIL_RPC_ID_MAX = 64,     /* bytes of an id that is a string */
    COUNCIL_RPC_DETAIL_MAX = 256 /* bytes of an error's detail; longer ones are cut */
};

enum council_rpc_kind {
    COUNCIL_RPC_NOTHING,
    COUNCIL_RPC_CALL,
    COUNCIL_RPC_RESULT,
    COUNCIL_RPC_FAILURE,
    COUNCIL_RPC_NOTIFICATION
};

enum council_rpc_id_kind {
    COUNCIL_RPC_ID_NULL,
    COUNCIL_RPC_ID_INT,
    COUNCIL_RPC_ID_STRING
};

struct council_rpc_id {
    enum council_rpc_id_kind kind;
    uint64_t number;
    char string[COUNCIL_RPC_ID_MAX + 1];
};

/* What a failure says. Strings are borrowed from the message, NULL where absent. */
struct council_rpc_failure {
    enum council_error error; /* by data.name, else by code; INTERNAL where neither is known */
    int64_t code;
    const char *message, *name, *next, *detail;
    uint64_t retry_after_ms; /* 0 where absent */
};

/* An entry as it came over the wire. */
struct council_wire_entry {
    const char *text; /* checked by nobody yet: council_entry_parse is next */
    char *
        own_text; /* owned, NUL-terminated: where `text` is; NULL: that is borrowed from the message */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *
        data; /* owned; NULL where left out or erased. Its length is council_entry_check_data's to judge */
    uint32_t data_len;
    bool has_data; /* the field was there, even if empty */
    bool has_log;  /* log.entry alone */
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t seq, received; /* 0 in log.append and member.register */
    bool erased;
};

struct council_rpc {
    enum council_rpc_kind kind;
    struct council_rpc_id
        id; /* NULL for notifications, and for failures of messages that could not be read */
    enum council_method method; /* of a call; COUNCIL_METHOD_COUNT: unknown */
    enum council_notification
        notification; /* of a notification; COUNCIL_NOTIFICATION_COUNT: unknown */
    json_t *
        params; /* of a call or notification: an object, borrowed from root; empty where left out */
    json_t *result; /* of a result: any value, borrowed from root */
    struct council_rpc_failure failure;
    json_t *root; /* owned */
    bool quick;   /* council_rpc_quick made it: there is no tree, and `entry` is all that it says */
    struct council_wire_entry entry; /* owned */
};

/*
 * Reads one message. PARSE_ERROR: not one JSON object or array in valid UTF-8, duplicate keys, U+0000, deeper than COUNCIL_RPC_DEPTH, more than
 * COUNCIL_RPC_VALUES values. INVALID_REQUEST: a batch, an unknown, missing or wrongly typed member of the envelope. INVALID_PARAMS: params is an array. On
 * error `out->id` is the id as far as it could be read (to answer with) and nothing else is set; there is nothing to fini. An unknown method is a call with
 * COUNCIL_METHOD_COUNT. The caller bounds `len`. Borrows `text`. A server refuses every kind but CALL, a client every kind but the others.
 */
COUNCIL_MUST_USE enum council_error council_rpc_parse(struct council_rpc *out, const char *text,
                                                      uint32_t len);
void council_rpc_fini(struct council_rpc *rpc);

/*
 * Reads a log.append or a log.entry that is written as the functions below write it, without building a tree: then `quick` is set, params and result are NULL, and
 * `entry` is what council_rpc_check_params (or _notification) and council_rpc_entry would have let through and read. False for anything else, valid or not, and with
 * nothing to fini: council_rpc_parse is next.
 */
COUNCIL_MUST_USE bool council_rpc_quick(struct council_rpc *out, const char *text, uint32_t len);
/* Takes the entry out of a quick message: `out` owns it (council_wire_entry_fini). */
void council_rpc_take_entry(struct council_rpc *rpc, struct council_wire_entry *out);

/* ---- checking and reading fields ---- */

/*
 * Params of a call against wire.def: every field there, of its type and range, none unknown: INVALID_PARAMS with `*bad_field` (optional) naming the
 * field, borrowed from the table or from `params`.
 */
COUNCIL_MUST_USE enum council_error
council_rpc_check_params(enum council_method method, const json_t *params, const char **bad_field);

/* The same for what a client reads: BAD_REPLY. Unknown fields are allowed there, so that a server can say more later. */
COUNCIL_MUST_USE enum council_error
council_rpc_check_result(enum council_method method, const json_t *result, const char **bad_field);
COUNCIL_MUST_USE enum council_error
council_rpc_check_notification(enum council_notification notification, const json_t *params,
                               const char **bad_field);

/* True if `object` is an object all of whose keys are among `names` (ends with NULL); `*unknown` (optional) is the first that is not, borrowed. */
COUNCIL_MUST_USE bool council_rpc_known(const json_t *object, const char *const *names,
                                        const char **unknown);

/* True if `object` has the field, of whatever type. */
bool council_rpc_has(const json_t *object, const char *name);

/* True if the field is base64url of exactly `len` bytes, then decoded into `out`. */
COUNCIL_MUST_USE bool council_rpc_bytes(const json_t *object, const char *name, uint8_t *out,
                                        uint32_t len);

/* True if the field is an integer within min..max (max at most COUNCIL_INT_MAX). */
COUNCIL_MUST_USE bool council_rpc_int(const json_t *object, const char *name, uint64_t min,
                                      uint64_t max, uint64_t *out);

/* The string field of at most `max` bytes, borrowed from `object`, NUL-terminated, valid UTF-8; else NULL. */
COUNCIL_MUST_USE const char *council_rpc_string(const json_t *object, const char *name,
                                                uint32_t max);

/* A field of base64url of min..max bytes, decoded into owned memory (free): INVALID_PARAMS, NO_MEMORY; on error `*out` is NULL. */
COUNCIL_MUST_USE enum council_error council_rpc_data(const json_t *object, const char *name,
                                                     uint32_t min, uint32_t max, uint8_t **out,
                                                     uint32_t *len);

/*
 * Reads the object of `entry` in log.append and member.register, an element of `entries`, or the params of log.entry: text, sig, data, and those of log, seq,
 * received, erased that are there. INVALID_PARAMS, NO_MEMORY; on error there is nothing to fini.
 */
COUNCIL_MUST_USE enum council_error council_rpc_entry(const json_t *object,
                                                      struct council_wire_entry *out);
void council_wire_entry_fini(struct council_wire_entry *entry);

/* ---- writing ---- */

/*
 * One message being written: a growing buffer of at most COUNCIL_FRAME_MAX bytes. The first failure sticks and is told by council_frame_end. `reserve` bytes
 * before the text are kept free for whoever sends it.
 */
struct council_frame {
    char *buffer; /* owned: reserve bytes, then the text; not NUL-terminated */
    uint32_t reserve, len, size;
    bool comma;
    enum council_error failed;
};

void council_frame_init(struct council_frame *frame, uint32_t reserve);
void council_frame_fini(struct council_frame *frame);
/* Makes the frame empty and keeps its buffer. */
void council_frame_reset(struct council_frame *frame);
/* The text, borrowed until the next write. */
const char *council_frame_text(const struct council_frame *frame);
/* Returns owned (free) the buffer with its reserve, frame->len bytes of text after it, and leaves the frame as after init (len is written to `*len`). */
char *council_frame_take(struct council_frame *frame, uint32_t *len);

/* Beginnings: what follows are the fields of params or result; council_frame_end ends the message. */
void council_rpc_write_call(struct council_frame *frame, uint64_t id, enum council_method method);
void council_rpc_write_result(struct council_frame *frame, const struct council_rpc_id *id);
void council_rpc_write_notification(struct council_frame *frame,
                                    enum council_notification notification);
/* Closes params or result and the message. OK, or NO_MEMORY or FRAME_TOO_LARGE if anything since the beginning failed. */
COUNCIL_MUST_USE enum council_error council_frame_end(struct council_frame *frame);

/*
 * Whole messages. An error: {"code","message","data":{"name","next","detail"?,"retry_after_ms"?}} from errors.def; `detail` NULL and 0 leave their fields out; an id NULL or of kind
 * NULL is written as null. A raw result: `json` is one JSON value, copied as it is (the OpenRPC document).
 */
COUNCIL_MUST_USE enum council_error
council_rpc_write_error(struct council_frame *frame, const struct council_rpc_id *id,
                        enum council_error error, const char *detail, uint64_t retry_after_ms);
COUNCIL_MUST_USE enum council_error council_rpc_write_result_raw(struct council_frame *frame,
                                                                 const struct council_rpc_id *id,
                                                                 const char *json, uint32_t len);

/* Fields; `key` NULL inside an array. Keys are written as they are. */
void council_rpc_field_int(struct council_frame *frame, const char *key, uint64_t value);
void council_rpc_field_bytes(struct council_frame *frame, const char *key, const uint8_t *bytes,
                             uint32_t len);
/* Escapes as RFC 8259 section 7; bytes that are not UTF-8 become U+FFFD. */
void council_rpc_field_string(struct council_frame *frame, const char *key, const char *value);
/* An entry's canonical text: printable ASCII without backslash, so that only quotes need escaping. Other bytes: as _string. */
void council_rpc_field_text(struct council_frame *frame, const char *key, const char *text,
                            uint32_t len);
void council_rpc_field_open(struct council_frame *frame, const char *key,
                            char bracket);                               /* '{' or '[' */
void council_rpc_field_close(struct council_frame *frame, char bracket); /* '}' or ']' */

/* {"text","sig","data"?} for params `entry`; `data` NULL leaves it out. */
void council_rpc_field_entry(struct council_frame *frame, const char *key, const char *text,
                             uint32_t len, const uint8_t sig[COUNCIL_SIG_BYTES],
                             const uint8_t *data, uint32_t data_len);

/* An entry as a log keeps it. Borrowed. */
struct council_record {
    uint64_t seq, received; /* received: unix ms, the server's clock */
    const char *text;
    uint32_t len;
    const uint8_t *sig;  /* 64 bytes */
    const uint8_t *data; /* NULL: none, left out or erased */
    uint32_t data_len;
    bool erased;
};

/*
 * One element of `entries` (inside council_rpc_field_open(frame, "entries", '[')). False, with the frame as before, where the entry would leave less than
 * COUNCIL_FRAME_TAIL bytes free: the page ends there. Also false after any failure. An entry of legal size always fits an otherwise empty page.
 */
COUNCIL_MUST_USE bool council_rpc_write_entry(struct council_frame *frame,
                                              const struct council_record *record);

/* A whole log.entry notification. */
COUNCIL_MUST_USE enum council_error
council_rpc_write_log_entry(struct council_frame *frame, const uint8_t log[COUNCIL_KEY_BYTES],
                            const struct council_record *record);

#endif
