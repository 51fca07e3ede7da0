/*
 * store_script.h - a life of a store, step by step, that follows from a seed: for disks that lose, fail or run full.
 *
 * Owns what is done and what must therefore be there. Invariant: a step that failed changed nothing here, so the same step can be
 * taken again; what is read back is summed up in one digest, by the public calls alone.
 */
#ifndef COUNCIL_TESTS_CRASH_STORE_SCRIPT_H
#define COUNCIL_TESTS_CRASH_STORE_SCRIPT_H

#include "server/store/store.h"
#include "tests/crash/tap.h"

enum {
    SCRIPT_LOGS = 6,
    SCRIPT_MEMBERS = 8,
    SCRIPT_CODES = 6,
    SCRIPT_SETTINGS = 4,
    SCRIPT_ERASED = 256,
    SCRIPT_DIGEST = 32
};

struct store_script {
    struct store *store;
    char path[240];
    uint64_t seed; /* 0: every kind of step in turn, after an append each */
    uint32_t step;
    uint64_t seq[SCRIPT_LOGS]; /* last entry of each log, 0: not there */
    uint8_t code_made[SCRIPT_CODES];
    struct {
        uint64_t log, seq;
    } erased[SCRIPT_ERASED];
    uint32_t n_erased, n_gone; /* of them, so many are in none of the files any more */
    uint64_t rows;
};

/* Opens the store in `folder` (makes it); STORE_OK or what came of it. */
enum store_status store_script_open(struct store_script *script, const char *folder, uint64_t seed);
/* The next step. The store may have been closed and opened by it; on failure of that, store is NULL. */
enum store_status store_script_step(struct store_script *script);
/* What the step just taken, or the next one, is called. */
const char *store_script_name(const struct store_script *script);
/* All that can be read. What came of reading it. */
enum store_status store_script_digest(struct store *store, uint8_t out[SCRIPT_DIGEST]);
/* The bytes that an erased entry had. Returns their length. */
uint32_t store_script_marker(uint64_t log, uint64_t seq, char out[64]);

#endif
