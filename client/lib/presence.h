/*
 * presence.h - being in a council's room: who is here, whose hand is up, who is typing, and what time it is for everybody.
 *
 * Owns joining and leaving, joining again after a reconnect, and signals: sealed and signed when sent, checked and opened when they come
 * (protocol/README.md sections 7 and 9.1). What a signal means is client/model/signals.h's. Nothing is decided by presence, and nothing of it is stored.
 * A client is in one room at a time. Invariant: who is not a member of the council is never shown, whatever the server says.
 */
#ifndef COUNCIL_CLIENT_LIB_PRESENCE_H
#define COUNCIL_CLIENT_LIB_PRESENCE_H

#include "client/lib/client.h"
#include "client/model/signals.h"

/*
 * Enters the room of a council, as soon as there is a connection and again on every later one, and leaves any other. NO_COUNCIL where this home
 * has no such council, NO_MEMORY. It happens in client_step.
 */
COUNCIL_MUST_USE enum council_error client_presence_join(struct client *client,
                                                         const uint8_t log[COUNCIL_KEY_BYTES]);
/* Leaves it; nothing where there is none. */
void client_presence_leave(struct client *client);
/* True while the server has this connection in the room: what client_presence_people says is what it was told. */
bool client_presence_here(const struct client *client);
/* Counts every change of who is here or what they signal. */
uint64_t client_presence_changes(const struct client *client);

/* The members of the council who are here, this one among them, in order of coming; returns how many. Away from the server: nobody. */
uint32_t client_presence_people(struct client *client, struct here_person out[HERE_PEOPLE_MAX]);

/*
 * Says something to the others in the room, until it is ended with value 0. It goes out in client_step, is repeated for those who come later, and for what lasts only
 * a while as long as it is said again. BAD_INPUT: in no room.
 */
COUNCIL_MUST_USE enum council_error
client_presence_say(struct client *client, enum model_signal_type type, uint64_t value);

/* True once the server has answered all that was said: whoever goes before that may not be heard. */
bool client_presence_told(const struct client *client);

/* Who is in a council's room now, for a command that does not stay: joins, looks, leaves (who is in it already only looks). `*count` of HERE_PEOPLE_MAX. Errors as client_sync; NO_COUNCIL. */
COUNCIL_MUST_USE enum council_error client_presence_look(struct client *client,
                                                         const uint8_t log[COUNCIL_KEY_BYTES],
                                                         struct here_person out[HERE_PEOPLE_MAX],
                                                         uint32_t *count, uint32_t timeout_ms);

/*
 * Unix ms by the server's clock: what it said at the latest hello, corrected by half the round trip, and the time that passed since, whatever this
 * machine's clock does meanwhile. Before there was a server it is the machine's clock.
 */
uint64_t client_server_now_ms(const struct client *client);
/* True once the server's clock was heard. */
bool client_server_clock(const struct client *client);

#endif
