/*
 * log.h - a whole log of either shape: tail and fold together, as a reader keeps it.
 *
 * Owns the order in which the checks of entry.h, tail.h, member.h and council.h are asked. A client appends what it reads here; the
 * server asks the same parts one by one because its tail runs ahead of its fold.
 */
#ifndef COUNCIL_PROTOCOL_LOG_H
#define COUNCIL_PROTOCOL_LOG_H

#include "protocol/council.h"
#include "protocol/tail.h"

enum council_log_type {
    COUNCIL_LOG_EMPTY,
    COUNCIL_LOG_IS_MEMBER,
    COUNCIL_LOG_IS_COUNCIL
};

struct council_log {
    enum council_log_type type;
    struct council_tail tail;
    struct council_member member; /* where type is IS_MEMBER */
    struct council council;       /* where type is IS_COUNCIL (also a journal) */
};

void council_log_init(struct council_log *log);
void council_log_fini(struct council_log *log);

/*
 * Everything that makes an entry valid as the next of this log, in the normative order of README.md section 3.4: form was checked by council_entry_parse; then data (NULL: erased or not asked for),
 * signature, position, rules. `facts` as for council_check. Changes nothing.
 */
COUNCIL_MUST_USE enum council_error council_log_check(const struct council_log *log,
                                                      const struct council_entry *entry,
                                                      const uint8_t sig[COUNCIL_SIG_BYTES],
                                                      const uint8_t *data, uint32_t data_len,
                                                      const struct council_fact *facts);

/* The same and then appends. On error the log is as before. `verified` skips the signature check (done before, elsewhere). */
COUNCIL_MUST_USE enum council_error
council_log_append(struct council_log *log, const struct council_entry *entry,
                   const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t *data, uint32_t data_len,
                   const struct council_fact *facts, bool verified);

#endif
