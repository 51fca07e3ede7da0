/*
 * signals.h - what a signal says, checked against signals.def, and who is in a room as such hints tell it.
 *
 * Owns the form of a signal's plaintext and the fold of who is here, whose hand is up, who is typing. Knows no keys, no connection and no clock: time is an
 * argument, in unix ms of the server's clock. Nothing is decided by any of it. Invariant: a signal of a device counts once, and only after every
 * earlier one of it: what is repeated, late or out of order changes nothing.
 */
#ifndef COUNCIL_CLIENT_MODEL_SIGNALS_H
#define COUNCIL_CLIENT_MODEL_SIGNALS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum model_signal_type {
#define MODEL_SIGNAL(symbol, name, field, max, lasts_ms, what) MODEL_SIGNAL_##symbol,
#include "client/model/signals.def"
#undef MODEL_SIGNAL
    MODEL_SIGNAL_COUNT
};

enum {
    HERE_DEVICES_MAX = 128, /* devices remembered, gone ones among them; more are not shown */
    HERE_PEOPLE_MAX = 32,
    HERE_WINDOW_MS =
        30000 /* how far from the server's clock a signal may be: an older one is a replay */
};

struct model_signal {
    enum model_signal_type type;
    uint64_t value, at; /* at: unix ms, the server's clock as its sender knows it */
};

/* The name of a type; how long it lasts by itself, 0 for as long as it is not ended. Static. */
const char *model_signal_name(enum model_signal_type type);
uint64_t model_signal_lasts_ms(enum model_signal_type type);

/* The plaintext of a signal, owned; NULL without memory. */
json_t *model_signal_write(const struct model_signal *signal);
/* Reads one. NEEDS_NEWER for a type that is not in the table, BAD_CONTENT for what no client may send. Borrows. */
COUNCIL_MUST_USE enum council_error model_signal_read(const json_t *content,
                                                      struct model_signal *out);

/* One device in a room, or one that was: what it said last is kept, so that nothing of it counts twice. */
struct here_device {
    uint8_t member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES];
    bool present;
    uint64_t last_at;                   /* of the latest signal */
    uint64_t since[MODEL_SIGNAL_COUNT]; /* when it began to say so; 0: it does not */
    uint64_t heard[MODEL_SIGNAL_COUNT]; /* when it last said so */
};

struct here {
    struct here_device devices[HERE_DEVICES_MAX];
    uint32_t count;
};

/* A member who is here by one device or more. */
struct here_person {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint32_t devices;
    uint64_t since[MODEL_SIGNAL_COUNT]; /* the earliest of their devices; 0: none says so */
};

/* Nobody is here; what was heard stays, so that it does not count again. */
void here_empty(struct here *here);
/* A device came, or left. True if that is news. A device beyond the ceiling is not shown. */
bool here_come(struct here *here, const uint8_t member[COUNCIL_KEY_BYTES],
               const uint8_t device[COUNCIL_KEY_BYTES]);
bool here_go(struct here *here, const uint8_t member[COUNCIL_KEY_BYTES],
             const uint8_t device[COUNCIL_KEY_BYTES]);
/* A signal whose signature was checked. False where it changes nothing: its device is not here, or it is repeated, late, or from the future. */
bool here_signal(struct here *here, const uint8_t member[COUNCIL_KEY_BYTES],
                 const uint8_t device[COUNCIL_KEY_BYTES], const struct model_signal *signal,
                 uint64_t now_ms);
/* Who is here, each once, in order of coming; returns how many of HERE_PEOPLE_MAX. What lasts only a while has ended by `now_ms`. */
uint32_t here_people(const struct here *here, uint64_t now_ms,
                     struct here_person out[HERE_PEOPLE_MAX]);
/* The person in such a list, or NULL. Borrowed. */
const struct here_person *here_find(const struct here_person *people, uint32_t count,
                                    const uint8_t member[COUNCIL_KEY_BYTES]);

#endif
