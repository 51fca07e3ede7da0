/*
 * append.h - the life of an entry in the core: checked, arrived, judged, in flight, committed.
 *
 * Owns the order of an append's steps and what fails together. Must not know how a verifier or the store works. Invariants: entries of one
 * log are numbered in the order in which they arrived; the fold knows exactly what is durable; an entry that folds, and an
 * erase, is judged and flies alone in its log (a barrier), posts fly one behind the other.
 */
#ifndef COUNCIL_SERVER_CORE_APPEND_H
#define COUNCIL_SERVER_CORE_APPEND_H

#include "server/core/logs.h"

/* ---- check.c: in a verifier ---- */

/* Form, gates that need the entry alone, data, signature; the name of a new log; the end of a chain. Result in u.append. */
void core_check_work(struct core_job *job);

/* ---- append.c ---- */

/* Counts an entry, or an offer, in or out of what waits. */
void core_append_account(struct core *core, uint64_t cost, bool in);
/* Sends one entry of an offer, whose wire form the call has, to a verifier. */
void core_append_offered(struct core *core, struct core_call *call);
/* Takes on what has arrived in a log, as far as it may. */
void core_append_pump(struct core *core, struct core_log *log);
/* The log's fold is there, or (`error`) cannot be. */
void core_append_loaded(struct core *core, struct core_log *log, enum council_error error);
/* The rules of the entry's log for its next entry. */
enum council_error core_append_rules(const struct core_fold *fold,
                                     const struct core_append *append);
/* Gives the first entry that arrived its place and sends it to the storage thread. On error it is where it was. */
enum council_error core_append_write(struct core *core, struct core_log *log,
                                     struct core_call *call);

/* ---- gates.c ---- */

/* Whether the caller may know of this log at all, and is not kept out by a recovery. */
enum council_error core_gate_who(const struct core *core, const struct core_log *log,
                                 const struct core_call *call);
/* Rates; RATE_LIMITED with when to try again. */
enum council_error core_gate_rate(struct core *core, const struct core_log *log,
                                  const struct core_call *call, uint64_t *retry_after_ms);
/* How long and large a log may get. */
enum council_error core_gate_clock(const struct core *core, const struct core_append *append);
enum council_error core_gate_quota(const struct core *core, const struct core_log *log,
                                   const struct core_call *call);
/* An entry that a member brings back: its place is still the next one, and the log takes it. */
enum council_error core_gate_offered(const struct core *core, const struct core_log *log,
                                     const struct core_call *call);
/* Invites: not expired; not too many. An invite that was brought back is not asked. */
enum council_error core_gate_invite(const struct core *core, const struct core_log *log,
                                    const struct core_append *append);

/* ---- barrier.c ---- */

/* Judges the first entry that arrived, alone, over several turns. */
void core_barrier_begin(struct core *core, struct core_log *log, struct core_call *call);

/* ---- changes.c ---- */

/* What changes in the store beside the log. NO_MEMORY. */
enum council_error core_append_changes(const struct core_log *log, struct core_call *call,
                                       uint32_t *count);
/* The type of log that a genesis makes. */
enum store_log_kind core_genesis_kind(const struct council_entry *entry);

/* ---- commit.c ---- */

/* An append came back. */
void core_append_stored(struct core *core, struct core_job *job);
/* Answers with an entry that is in the log already. */
void core_append_answer_old(struct core *core, struct core_call *call, uint64_t seq);

#endif
