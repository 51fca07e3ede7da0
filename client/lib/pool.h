/*
 * pool.h - looking for a council among people one does not know: registering, one's place, proposals, and what follows by itself.
 *
 * Owns the calls of protocol/README.md section 14 and what a client does about them: whoever leads founds the council and leaves sealed invites, the others
 * join. That happens in client_step, by whoever holds this home's duties. Must not know how anything is shown, nor how groups are found. Invariant: each step is
 * in the home before the next one begins, so that a council is founded once however often the process is killed.
 */
#ifndef COUNCIL_CLIENT_LIB_POOL_H
#define COUNCIL_CLIENT_LIB_POOL_H

#include "client/lib/client.h"

enum {
    CLIENT_POOL_ID = 16 /* bytes of a proposal's name */
};

/*
 * Registers, or changes what is registered. `person` (borrowed) has the fields of the wire's pool_person, but `avoid` and `employers` are arrays of employers' names,
 * which never leave this machine: tokens do (each takes about 0.1 s). `*since` (may be NULL): unix ms. Online. POOL_WORD, POOL_CLOSED, POOL_PROPOSED; BAD_INPUT: a name of which
 * nothing is left, or too many.
 */
COUNCIL_MUST_USE enum council_error
client_pool_register(struct client *client, const json_t *person, uint64_t *since, int timeout_ms);

/* Asks how things stand: pool.show's result, owned (may be NULL), and kept in the home. Online. */
COUNCIL_MUST_USE enum council_error client_pool_show(struct client *client, json_t **shown,
                                                     int timeout_ms);
/* What was last shown, owned; offline. NO_ENTRY: this home has nothing to do with the pool. */
COUNCIL_MUST_USE enum council_error client_pool_kept(struct client *client, json_t **shown);

/* True once after the server has no registration any more, and neither this home nor a proposal that was accepted is why: its time was over, proposals went unanswered, or the
 * server was put back from a backup, after which its pool is empty. Offline. */
COUNCIL_MUST_USE bool client_pool_lost(struct client *client);

/* True once after a group was over for which this home had founded a council that nobody else has joined: which one. It is a council like any other: to be closed, or for others. Offline. */
COUNCIL_MUST_USE bool client_pool_empty(struct client *client, uint8_t log[COUNCIL_KEY_BYTES]);

/* Accepts or declines a proposal. `proposal` NULL: the one that waits. Online. NO_PROPOSAL; POOL_PROPOSED: too late to decline, leave the council instead. */
COUNCIL_MUST_USE enum council_error
client_pool_answer(struct client *client, const uint8_t *proposal, bool accept, int timeout_ms);

/* Deletes the registration here and at the server. Online. */
COUNCIL_MUST_USE enum council_error client_pool_withdraw(struct client *client, int timeout_ms);

/*
 * Asks the pool for people for a council that this member is in: as many as `places` (0: no more), who speak `language` ("en") and can come to its meetings, none of them
 * from or against the employers in the arrays of names `avoid` and `employers` (may be NULL). Pace, zone and times are the council's. `*expires` (may be NULL): unix ms.
 * Who accepts is invited by this home by itself. Online. NO_COUNCIL, NO_SCHEDULE, POOL_WORD, POOL_PROPOSED (people were asked already), NOT_FOUND.
 */
struct client_pool_refill {
    uint32_t places;
    const char *language;
    const json_t *avoid, *employers;
};
COUNCIL_MUST_USE enum council_error client_pool_refill(struct client *client,
                                                       const uint8_t log[COUNCIL_KEY_BYTES],
                                                       const struct client_pool_refill *refill,
                                                       uint64_t *expires, int timeout_ms);

#endif
