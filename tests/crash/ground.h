/*
 * ground.h - coming back from the depths of tests/bench/wire.c when the server is gone.
: set the jump, then arm.
 */
#ifndef COUNCIL_TESTS_CRASH_GROUND_H
#define COUNCIL_TESTS_CRASH_GROUND_H

#include <setjmp.h>
#include <stdbool.h>

enum ground {
    GROUND_KILLED = 1, /* as was meant */
    GROUND_KNOWN,      /* whoever wanted to register is known to the server already */
    GROUND_WRONG       /* already told */
};

extern jmp_buf ground_back;
extern bool ground_armed;

#endif
