/*
 * io.h - what is put on a disk that fails: a thing in a folder, and steps that say what came of them.
 *
 * As power.h, save that every call may fail. Invariant: a step that failed changed nothing in the plan, so it may be taken again.
 */
#ifndef COUNCIL_TESTS_CRASH_IO_H
#define COUNCIL_TESTS_CRASH_IO_H

#include <stdbool.h>
#include <stdint.h>

enum {
    IO_DIGEST = 32,
    IO_PLAN_MAX = 8192
};

enum io_outcome {
    IO_OK,
    IO_FULL,   /* there is no room: nothing was changed */
    IO_BROKEN, /* an I/O error was told */
    IO_WRONG   /* something else: `why` */
};

struct io_subject {
    const char *name;
    uint32_t steps;
    bool full_for_growth; /* it undoes what it did by writing over it: see disk.h */
    const char *why;      /* the last outcome in words */
    /* Makes it, once, and closes it: `open` then opens what is there, on a sound disk. NULL: open makes it, and may fail. */
    void (*make)(void *plan, const char *folder);
    enum io_outcome (*open)(void *plan, const char *folder);
    /* Gives memory back; also after a failed open. */
    void (*close)(void *plan);
    bool (*is_open)(const void *plan);
    enum io_outcome (*step)(void *plan, uint32_t i);
    const char *(*step_name)(const void *plan, uint32_t i);
    enum io_outcome (*digest)(void *plan, uint8_t out[IO_DIGEST]);
    bool (*look)(const char *folder, uint8_t out[IO_DIGEST], const char **why);
};

extern struct io_subject io_store, io_home;
extern uint64_t io_seed;

#endif
