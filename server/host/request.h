/*
 * request.h - what the operator may ask of the data: registration codes, counts.
 *
 * Owns the requests and their answers, as JSON objects: {"do":"code.create","uses":1,"days":30,"note":""},
 * {"do":"code.list"}, {"do":"code.revoke","code":CODE or its name}, {"do":"stats"}, {"do":"limits"}. An answer is {"ok":true,...} or
 * {"ok":false,"error":TEXT}. Must not know who asks: a running server's socket (admin.h) or a command on a stopped one's data.
 */
#ifndef COUNCIL_SERVER_HOST_REQUEST_H
#define COUNCIL_SERVER_HOST_REQUEST_H

#include <jansson.h>

#include "server/host/datadir.h"

/* Requests about the store. `now_ms`: the wall clock. Returns owned, NULL only when out of memory. */
json_t *host_request_run(struct store *store, const json_t *request, uint64_t now_ms);

/* {"ok":false,"error":why}. Returns owned. */
json_t *host_request_refused(const char *why);

/*
 * Asks the running server whose data folder this is; where there is none, opens the database and answers from it. Takes
 * `request`. NULL after a message on standard error, then *status says why. Returns owned.
 */
json_t *host_ask(const char *path, json_t *request, enum host_exit *status);

#endif
