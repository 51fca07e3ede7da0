/*
 * settings.h - what the operator changed while the server ran, as the store keeps it: limits, who may register, quotas of single logs.
 *
 * Owns the names and forms of those settings. Must not know who asked or a running core. Invariant: what is stored was in range when it
 * was stored; what is not (any more) is left out when it is read.
 */
#ifndef COUNCIL_SERVER_HOST_SETTINGS_H
#define COUNCIL_SERVER_HOST_SETTINGS_H

#include <jansson.h>

#include "server/core/core.h"
#include "server/store/store.h"

enum {
    HOST_REGISTRATIONS = 3 /* words, in the order of enum core_registration */
};
extern const char *const host_registration_words[HOST_REGISTRATIONS];

/* The index of the word, or HOST_REGISTRATIONS. */
unsigned host_registration_of(const char *word);

/* The stored limits as an object of numbers by name, empty where there are none; owned, NULL: out of memory or the store failed. */
json_t *host_settings_limits(struct store *store);
/* Whether any was stored. */
bool host_settings_registration(struct store *store, enum core_registration *out);
/* Unix milliseconds of the last whole backup; 0: none. */
uint64_t host_settings_backup(struct store *store);
STORE_MUST_USE enum store_status host_settings_backup_set(struct store *store, uint64_t wall_ms);

/* Calls `take` for each quota of a single log, of those behind the log `after` (its name, or ""), until it answers false. */
STORE_MUST_USE enum store_status host_settings_quotas(
    struct store *store, const char *after,
    bool (*take)(void *ctx, const uint8_t log[STORE_ID_BYTES], uint64_t entries, uint64_t bytes),
    void *ctx);
enum {
    HOST_QUOTAS_PAGE = 256 /* quotas of an answer: a few milliseconds of the storage thread */
};

/*
 * {"log":LOG,"entries":N,"bytes":N} of a request or an answer; the numbers may be absent. False: no such shape. In an answer 0 is as the
 * limit says; a quota.set leaves as it was what it does not have.
 */
bool host_quota_request(const json_t *request, uint8_t log[STORE_ID_BYTES], uint64_t *entries,
                        uint64_t *bytes);

/* ---- requests (request.h) on the store ---- */

json_t *host_request_limits(struct store *store, const json_t *request, uint64_t now_ms);
json_t *host_request_limits_set(struct store *store, const json_t *request, uint64_t now_ms);
json_t *host_request_registration(struct store *store, const json_t *request, uint64_t now_ms);
json_t *host_request_registration_set(struct store *store, const json_t *request, uint64_t now_ms);
json_t *host_request_quotas(struct store *store, const json_t *request, uint64_t now_ms);
json_t *host_request_quota(struct store *store, const json_t *request, uint64_t now_ms);
json_t *host_request_quota_set(struct store *store, const json_t *request, uint64_t now_ms);

#endif
