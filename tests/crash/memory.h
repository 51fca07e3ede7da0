/*
 * memory.h - memory that runs out at the Nth allocation, and scripts that must cope.
 *
 * Owns the wrapped allocator: of all that is linked into the program, of jansson and of SQLite. Invariant: an allocation fails only while
 * one is armed and nobody who is part of the test asks for it.
 */
#ifndef COUNCIL_TESTS_CRASH_MEMORY_H
#define COUNCIL_TESTS_CRASH_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MEMORY_DIGEST = 32
};

enum memory_outcome {
    MEMORY_OK,
    MEMORY_NONE, /* it said that there is no memory */
    MEMORY_WRONG /* it said something else: memory_why */
};

struct memory_script {
    const char *name;
    uint32_t which; /* for `make`, where several scripts share one */
    /* A world to act in, and its end: there is memory. */
    void (*make)(uint32_t which);
    void (*drop)(void);
    /* The act. It may be taken again after it failed. */
    enum memory_outcome (*run)(uint32_t which);
    /* What the world is: the same after a failure as before. NULL: nothing is there to be seen. */
    void (*digest)(uint8_t out[MEMORY_DIGEST]);
    bool
        may_be_done; /* it may fail after the deed, in what it does for itself: then it is done once, not twice */
    uint32_t
        stride; /* so many allocations on from one failure to the next, in the short run; 0: 1 */
};

struct memory_group {
    const char *name;
    const struct memory_script *scripts;
    uint32_t count;
};

extern const struct memory_group memory_protocol, memory_store, memory_home, memory_core,
    memory_meeting, memory_sync, memory_careless;
extern const char *memory_why;

/* The outcome of an error's or status's name. */
enum memory_outcome memory_outcome(const char *name);

/* ---- memory_alloc.c ---- */

/* Before anything is allocated. */
void memory_install(void);
/* The nth allocation from now on fails. */
void memory_arm(uint64_t nth);
/* Whether it came to that. */
bool memory_disarm(void);
/* Allocations that were not freed yet. */
uint64_t memory_live(void);
/* Parts of the test that are called from what is tested: theirs never fail. */
void memory_steady(void);
void memory_unsteady(void);
/* Sets how often that was said; how often it had been. */
uint64_t memory_swap_steady(uint64_t depth);

/* A function of what is tested that a part of the test calls, and that the linker wraps: memory runs out in it again. */
#define MEMORY_WRAP(name, parameters, arguments) \
    void __real_##name parameters;               \
    void __wrap_##name parameters;               \
    void __wrap_##name parameters                \
    {                                            \
        uint64_t depth = memory_swap_steady(0);  \
        __real_##name arguments;                 \
        (void)memory_swap_steady(depth);         \
    }

#endif
