/*
 * hub.h - who follows which log: subscriptions and presence.
 *
 * Owns what a connection gets of a log without asking again: backlog, then new entries, in order and without a gap; and
 * who is present. Must not know how an entry became valid. Invariant: a follow has sent exactly the entries up
 * to its cursor; it is live only if that is the log's durable end, and then it is sent every entry in the turn in
 * which it commits.
 */
#ifndef COUNCIL_SERVER_CORE_HUB_H
#define COUNCIL_SERVER_CORE_HUB_H

#include "server/core/state.h"

/* One session and one log. In the list of both. */
struct core_follow {
    struct core_conn *conn;
    struct core_log *log;
    struct core_follow *log_prev, *log_next;
    struct core_follow *conn_prev, *conn_next;
    bool subscribed, present;
    bool spoken;     /* while the log waits: holds no more of it than the server */
    bool live;       /* sent new entries as they commit; else it reads its backlog */
    uint64_t serial; /* of this subscription: a slice that comes back for another is dropped */
    uint64_t cursor; /* the last entry sent */
    uint64_t until;  /* the last one that may be sent, 0: no such end */
};

/* ---- follow.c ---- */

struct core_follow *core_follow_find(const struct core_conn *conn, const struct core_log *log);
/* Finds or makes; NULL: out of memory, or too many (`*error` says which). */
struct core_follow *core_follow_make(struct core *core, struct core_conn *conn,
                                     struct core_log *log, enum council_error *error);
/* Forgets it if it is neither subscribed nor present, nor has spoken. */
void core_follow_settle(struct core *core, struct core_follow *follow);
/* Marks it as waiting for its backlog, or as live. */
void core_follow_set_live(struct core_follow *follow, bool live);
void core_follow_unsubscribe(struct core *core, struct core_follow *follow);
/* Ends all of a connection that is going. */
void core_follow_drop_all(struct core *core, struct core_conn *conn);

/* ---- hub.c ---- */

/* A committed entry to everybody who is live in its log. */
void core_hub_publish(struct core *core, struct core_log *log, const struct council_record *record);
/* Reads on for a connection that has room again. */
void core_hub_room(struct core *core, struct core_conn *conn);
/* Somebody's membership ended with entry `seq`: they get up to that one, and no more of others' member logs. */
void core_hub_end(struct core *core, struct core_log *log, const uint8_t member[COUNCIL_KEY_BYTES],
                  uint64_t seq);
/* server.goodbye to everybody. */
void core_hub_goodbye(struct core *core);

/* ---- presence.c ---- */

/* Takes presence away and tells the others. */
void core_presence_end(struct core *core, struct core_follow *follow);

#endif
