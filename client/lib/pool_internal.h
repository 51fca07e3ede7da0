/*
 * pool_internal.h - what the files of the pool share: the record in the home, and the one thing that is under way.
 *
 * Not for others, but for the lines that say where the pool is told what happened.
 */
#ifndef COUNCIL_CLIENT_LIB_POOL_INTERNAL_H
#define COUNCIL_CLIENT_LIB_POOL_INTERNAL_H

#include "client/lib/internal.h"
#include "client/lib/pool.h"
#include "protocol/pool.h"

enum {
    POOL_LOOK_MS = 60000, /* between two looks at how things stand, for what no notification told */
    POOL_RETRY_MS = 5000  /* after a call or a step that failed */
};

/*
 * The record, as JSON: {"asks": bool, "name": what one is called, "seen": pool.show's last result, "lost": bool, "empty": a council's name,
 *   "acts": {proposal: {"council", "item", "invites": {member: {"key", "item"}}, and a flag for each step that was done}}}
 */
struct pool {
    json_t *record;           /* owned; NULL: not read yet */
    uint64_t look_at, act_at; /* monotonic */
    bool called;              /* a call is out */
    bool look;                /* the server said that something is new */
    bool reading;             /* member's log is being read: below */
    bool acting;              /* something remains to be done here, now */
    uint8_t proposal[CLIENT_POOL_ID], member[COUNCIL_KEY_BYTES], council[COUNCIL_KEY_BYTES];
    struct sync_replica person; /* while reading */
};

/* ---- where it is told (ops.c, step.c, session.c, client.c) ---- */
void pool_notice(struct client *client);  /* pool.proposal came */
void pool_changed(struct client *client); /* another process changed the home */
void pool_offline(struct client *client); /* the connection is over, and so is every call */
void pool_turn(struct client *client, uint64_t now);
/* Duties begin: what is due is done by them. */
void pool_begin(struct client *client);
/* True while there is something to do that needs no other person. */
bool pool_busy(const struct client *client);
void pool_end(struct client *client);

/* ---- pool.c: the record ---- */

/* Reads it where that was not done; false: there is none, or no memory. */
bool pool_load(struct client *client);
/* Writes it; may be called within a transaction. */
COUNCIL_MUST_USE enum council_error pool_save(struct client *client);
/* Takes (steals) what the server showed into the record and saves it. */
COUNCIL_MUST_USE enum council_error pool_take(struct client *client, json_t *shown);
/* What was done about a proposal: borrowed, made where there is nothing. NULL: no memory. */
json_t *pool_act(struct client *client, const json_t *proposal);
/* A name of the log in an act's field. */
bool pool_act_log(const json_t *act, uint8_t log[COUNCIL_KEY_BYTES]);

/* ---- pool_join.c, pool_found.c: one step; true: something was done or is under way ---- */
bool pool_join(struct client *client, const json_t *proposal);
bool pool_found(struct client *client, const json_t *proposal);
/* The next call, of pool_found. */
bool pool_invite(struct client *client, const json_t *proposal, const json_t *seat);
/* An object with "type" and "name" posted, and `flag` set in the act. */
bool pool_post(struct client *client, json_t *act, const uint8_t *log, const char *type,
               const char *name, const char *flag);
/* Present member of that council, as this home has it. */
bool pool_inside(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES]);
/* Keys are there and nothing holds back writing. */
bool pool_writable(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES]);

#endif
