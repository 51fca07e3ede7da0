/*
 * facts.h - what an erase needs to know of every earlier entry, for folds made from bytes alone.
 *
 * Owns a list in memory for one log while it is verified or joined; the home's own rows answer the same question for what is stored.
 * Must not judge. Invariant: the list has one fact for each entry given, in order.
 */
#ifndef COUNCIL_CLIENT_LIB_FACTS_H
#define COUNCIL_CLIENT_LIB_FACTS_H

#include "protocol/council.h"

enum {
    FACTS_NAMED_MAX = 64 /* posts that one erase names */
};

struct facts {
    struct council_fact *of; /* owned: of[seq - 1] */
    uint64_t count, size;
};

/* Ends with facts_fini; a zeroed struct is empty. */
void facts_fini(struct facts *facts);
/* The facts of an erase's list before it is folded; nothing for other kinds. `out` holds FACTS_NAMED_MAX. */
void facts_named(const struct facts *facts, const struct council_entry *entry,
                 struct council_fact *out);
/* After it was folded: the next entry of the log. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error facts_add(struct facts *facts,
                                              const struct council_entry *entry);
/* The seqs that an erase names; returns how many, at most `max`. */
uint32_t facts_seqs(const struct council_entry *entry, uint64_t *seqs, uint32_t max);

#endif
