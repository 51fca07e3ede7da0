/*
 * request.h - what the operator may ask of the data: registration codes, counts, settings, logs that wait for their members.
 *
 * Owns the requests and their answers, as JSON objects: {"do":"code.create","uses":1,"days":30,"note":""}, {"do":"code.list"},
 * {"do":"code.revoke","code":CODE or its name}, {"do":"stats"}, that of largest.h, {"do":"recovering"}, {"do":"recovering.end","log":LOG or absent}, and those of
 * settings.h. An answer is {"ok":true,...} or {"ok":false,"error":TEXT}. A running server also takes "backup" (backup.h), "log-level" and the
 * requests of key.h. Must not know who asks: a running server's socket (admin.h) or a command on a stopped one's data.
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

/* The same of a running server alone, over a connection (taken) of host_admin_connect; `line`, which may be NULL, is called for each line that
 * comes before the answer. */
json_t *host_ask_running(int fd, const json_t *request, void (*line)(void *ctx, const json_t *said),
                         void *ctx);

struct host_backup_result;
/* {"ok":true,"bytes",...} of a backup that was made. Owned. */
json_t *host_backup_answer(const struct host_backup_result *result);

/* One line on standard output. */
void host_print_json(const json_t *value);

#endif
