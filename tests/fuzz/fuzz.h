/*
 * fuzz.h - what fuzz targets share: reading pieces off an input, and a promise that stops the program where it is broken.
 *
 * A target is one file with council_fuzz_one. It runs under libFuzzer (preset fuzz) and, over files, as a plain test in every other build (replay.c). An input is
 * whatever it is: no target may assume anything of it.
 */
#ifndef COUNCIL_TESTS_FUZZ_H
#define COUNCIL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two functions that libFuzzer calls; 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a target: once, and for each input. */
void council_fuzz_init(void);
void council_fuzz_one(const uint8_t *data, uint32_t size);

/* What must hold whatever the input. Tells where, and stops. */
#define FUZZ_MUST(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
__attribute__((noreturn)) void fuzz_broken(const char *what, const char *file, int line);

/* What is left of an input. */
struct fuzz_in {
    const uint8_t *at;
    uint32_t left;
};
uint8_t fuzz_byte(struct fuzz_in *in);    /* 0 at the end */
uint32_t fuzz_number(struct fuzz_in *in); /* two bytes, the higher first */
/* Up to `want` bytes of it, copied into memory of exactly that size (free), so that a read beyond them is seen; `*len` is how many. */
uint8_t *fuzz_take(struct fuzz_in *in, uint32_t want, uint32_t *len);
/* A piece with two bytes of length before it. */
uint8_t *fuzz_piece(struct fuzz_in *in, uint32_t *len);

#endif
