/*
 * key.h - the server's key and the keys before it.
 *
 * Owns server.key and successions in the data folder. Must not know the database. Invariants: each file is on disk whole or as it was; a key
 * is in place only after the one before has vouched for it. A change that was cut short is finished or forgotten by the next reading.
 */
#ifndef COUNCIL_SERVER_HOST_KEY_H
#define COUNCIL_SERVER_HOST_KEY_H

#include <jansson.h>

#include "protocol/session.h"
#include "server/host/datadir.h"

/*
 * The server's Ed25519 secret key (64 bytes; wipe it), from server.key, which is made (0600) if it is missing and `create`.
 * The file holds the seed in base64url. After a message: DATA, NO_DATA, START.
 */
enum host_exit host_server_key(const struct host_datadir *dir, bool create, uint8_t secret[64]);

/* The successions, oldest first, at most the last `max`; those that are not valid are left out. How many. */
uint32_t host_successions(const struct host_datadir *dir, struct council_succession *out,
                          uint32_t max);

/*
 * {"do":"key.show"} and {"do":"key.rotate"}: {"ok":true,"key":K}, with "later":true and "running":R where `running` (a public key, or
 * NULL: no server runs) is another one. One at a time. Returns owned.
 */
json_t *host_key_request(const struct host_datadir *dir, const json_t *request,
                         const uint8_t *running);

#endif
