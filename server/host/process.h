/*
 * process.h - what the process is to its system: its clocks, what it leaves behind, how many files it may open.
 */
#ifndef COUNCIL_SERVER_HOST_PROCESS_H
#define COUNCIL_SERVER_HOST_PROCESS_H

#include <stdint.h>

/* Unix milliseconds, and milliseconds of a clock that is never set. */
uint64_t host_wall_ms(void);
uint64_t host_mono_ms(void);

/* For a server: no core files, files for the owner alone, as many descriptors as allowed, no death by a broken pipe. */
void host_process_prepare(void);

#endif
