/*
 * power.h - what loses power: a thing that is kept in a folder, changed step by step, and looked at afterwards.
 *
 * A subject is played on a disk of disk.h. Its steps follow from a seed. Whatever cannot be done ends the program: the disk
 * is sound until the power goes.
 */
#ifndef COUNCIL_TESTS_CRASH_POWER_H
#define COUNCIL_TESTS_CRASH_POWER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    POWER_DIGEST = 32,
    POWER_PLAN_MAX = 8192
};

struct power_subject {
    const char *name;
    const char *swallow; /* the control: synchronising files with this ending does nothing */
    uint32_t plan_bytes; /* of its state: plain data, which may be copied and put back */
    /* Makes it in an empty folder. */
    void (*create)(void *plan, const char *folder, uint64_t seed);
    /* Opens what is in another folder, where `plan` says what was done. */
    void (*resume)(void *plan, const char *folder);
    /* Lets go of it; what cannot be written any more is not. */
    void (*close)(void *plan);
    void (*step)(void *plan);
    const char *(*step_name)(const void *plan);
    /* Whether the next step may be several transactions: a loss may then leave some of them. May be NULL: never. */
    bool (*several)(const void *plan);
    /* All that it holds. */
    void (*digest)(void *plan, uint8_t out[POWER_DIGEST]);
    /* Opens what is in a folder after a loss of power, sums it up, checks it throughout and closes it. False: *why. */
    bool (*look)(const void *plan, const char *folder, uint8_t out[POWER_DIGEST], const char **why);
    /* Called after each step: bytes that no loss can bring back any more; false: there are none left. May be NULL. */
    bool (*gone)(const void *plan, uint32_t i, char *bytes, uint32_t *len);
};

extern const struct power_subject power_store, power_home;

#endif
