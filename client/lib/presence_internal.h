/*
 * presence_internal.h - the room that a client is in, shared by presence.c and presence_signal.c, and where the rest of the library tells it what happened.
 *
 * Not for others.
 */
#ifndef COUNCIL_CLIENT_LIB_PRESENCE_INTERNAL_H
#define COUNCIL_CLIENT_LIB_PRESENCE_INTERNAL_H

#include "client/lib/internal.h"
#include "client/lib/presence.h"

enum {
    PRESENCE_RETRY_MS = 2000,  /* before a room that could not be entered is tried again */
    PRESENCE_GAP_MS = 250,     /* between two signals of one type: the latest counts */
    PRESENCE_REPEAT_MS = 3000, /* before what lasts only a while is said again */
    PRESENCE_PLAIN_MAX =
        4095 /* a signal's plaintext before padding (protocol/README.md section 9.1) */
};

/* What this device says. */
struct presence_own {
    uint64_t value, said_at; /* said_at: when the program last said so, monotonic */
    uint64_t sent_at;        /* monotonic; 0: never */
    bool due;
};

struct presence {
    uint8_t log[COUNCIL_KEY_BYTES];
    bool asked, here;  /* presence.join is under way; was answered, on this connection */
    uint64_t ask_at;   /* monotonic: not before */
    uint64_t question; /* tells an answer from one to an earlier question */
    uint64_t last_at;  /* of the last signal sent */
    uint32_t telling;  /* signals that the server has not answered yet, on this connection */
    uint64_t changes;
    struct presence_own own[MODEL_SIGNAL_COUNT];
    struct here around;
};

/* As sync_ops.notice. */
void presence_notice(void *ctx, enum council_notification kind, const json_t *params);
/* The connection is over. */
void presence_offline(struct client *client);
/* What is due: entering the room, sending signals. At the end of every turn. */
void presence_turn(struct client *client);

/*
 * The params of presence.signal, owned: `signal` sealed under the council's present epoch and signed. NO_KEY where this device was not given it, NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error presence_seal(struct client *client, const uint8_t *log,
                                                  const struct model_signal *signal, json_t **out);

/* A signal that came: whose it is, and what it says. */
struct presence_heard {
    uint8_t member[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES];
    struct model_signal signal;
};
/*
 * Opens the params of a `signal` notification of the room `log`. NOT_FOUND: of another log; UNKNOWN_DEVICE: the device does not count in the council; BAD_SIGNATURE; STALE_EPOCH:
 * sealed under another than the present epoch or the one before; NO_KEY, BAD_CIPHER, BAD_PADDING, BAD_CONTENT, NEEDS_NEWER, NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error presence_open(struct client *client, const uint8_t *log,
                                                  const json_t *params, struct presence_heard *out);

/* servertime.c */
void servertime_asked(struct client *client);                  /* server.hello goes out */
void servertime_told(struct client *client, uint64_t unix_ms); /* and was answered */

#endif
