/*
 * check.h - what the parts of the verdict share: a log folded anew from the server's bytes, and whose its entries are.
 */
#ifndef COUNCIL_TESTS_SIM_CHECK_H
#define COUNCIL_TESTS_SIM_CHECK_H

#include "tests/sim/client.h"

struct sim_truth {
    struct fixture_log log;
    struct sim_item *
        *claims; /* owned: claims[seq - 1], the item that the entry is; NULL: of none */
};

/* check_state.c: what the log means to everybody: folds, keys, what can be read, what was erased. */
void sim_check_state(struct sim *sim, const struct sim_truth *truth, const uint8_t *name);

#endif
