/*
 * fuzz.c - the frame around a target: see fuzz.h.
 */
#include "tests/fuzz/fuzz.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_MAX = 4 * 1024 * 1024
};

void fuzz_broken(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
    abort();
}

uint8_t fuzz_byte(struct fuzz_in *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

uint32_t fuzz_number(struct fuzz_in *in)
{
    uint32_t high = fuzz_byte(in);
    return high << 8 | fuzz_byte(in);
}

uint8_t *fuzz_take(struct fuzz_in *in, uint32_t want, uint32_t *len)
{
    *len = want < in->left ? want : in->left;
    uint8_t *out = malloc(*len > 0 ? *len : 1);
    FUZZ_MUST(out != NULL);
    memcpy(out, in->at, *len);
    in->at += *len;
    in->left -= *len;
    return out;
}

uint8_t *fuzz_piece(struct fuzz_in *in, uint32_t *len)
{
    uint32_t want = fuzz_number(in);
    return fuzz_take(in, want, len);
}

// NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says how it looks
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    FUZZ_MUST(sodium_init() >= 0);
    council_fuzz_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= INPUT_MAX) {
        council_fuzz_one(data, (uint32_t)size);
    }
    return 0;
}
