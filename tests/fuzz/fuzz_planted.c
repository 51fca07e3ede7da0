/*
 * fuzz_planted.c - the control: a reader with an overflow behind three steps. A fuzzer that does not find it within the time of a short run finds nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

void council_fuzz_init(void)
{
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    uint32_t len;
    uint8_t *bytes = fuzz_piece(&in, &len);
    if (len >= 4 && bytes[0] == '{' && bytes[1] == '"' && bytes[3] == ':') {
        uint8_t *copy = malloc(len);
        FUZZ_MUST(copy != NULL);
        memcpy(copy, bytes, len);
        volatile uint8_t last =
            copy[bytes[2]]; /* planted: nobody asks whether it is within `len` */
        (void)last;
        free(copy);
    }
    free(bytes);
}
