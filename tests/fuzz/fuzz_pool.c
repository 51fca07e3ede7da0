/*
 * fuzz_pool.c - what strangers say to the pool: registrations, refills, boxes, names of employers. Input: a byte that chooses, then JSON or text.
 *
 * Whatever is taken is within its shape, of its table, and drives no terminal; a name of an employer that was folded folds into itself.
 */
#include "protocol/pool.h"
#include "server/core/pool.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

void council_fuzz_init(void)
{
}

static void clean(const char *text, size_t max)
{
    FUZZ_MUST(strlen(text) >= 1 && strlen(text) <= max);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        FUZZ_MUST(*at >= 0x20 && *at != 0x7f);
}

static void person(const json_t *params)
{
    struct store_pool_person out;
    const char *detail = NULL;
    memset(&out, 0, sizeof out);
    enum council_error error = core_pool_person(params, &out, &detail);
    FUZZ_MUST(error == COUNCIL_OK || detail != NULL);
    if (error != COUNCIL_OK)
        return;
    FUZZ_MUST(council_pool_find(COUNCIL_POOL_FUNCTION, out.function) >= 0);
    FUZZ_MUST(council_pool_find(COUNCIL_POOL_LEVEL, out.level) >= 0);
    FUZZ_MUST(council_pool_find(COUNCIL_POOL_INDUSTRY, out.industry) >= 0);
    FUZZ_MUST(council_pool_languages(out.languages, NULL));
    clean(out.name, STORE_POOL_NAME_MAX);
    clean(out.zone, STORE_POOL_ZONE_MAX);
    FUZZ_MUST(out.avoid.count <= STORE_POOL_AVOID_MAX &&
              out.employers.count <= STORE_POOL_EMPLOYERS_MAX);
}

static void refill(const json_t *params)
{
    struct store_pool_refill out;
    const char *detail = NULL;
    memset(&out, 0, sizeof out);
    enum council_error error = core_pool_refill(params, &out, &detail);
    FUZZ_MUST(error == COUNCIL_OK || detail != NULL);
    if (error != COUNCIL_OK)
        return;
    FUZZ_MUST(out.n_slots == (out.fast ? 2u : 1u) && out.places < STORE_POOL_GROUP_MAX);
    for (uint32_t i = 0; i < out.n_slots; i++)
        FUZZ_MUST(out.slots[i].day < 7 && out.slots[i].minute < 1440);
    clean(out.zone, STORE_POOL_ZONE_MAX);
}

static void boxes(const json_t *params)
{
    struct store_pool_boxes *out = calloc(1, sizeof *out);
    const char *detail = NULL;
    if (out == NULL)
        return;
    enum council_error error = core_pool_boxes(params, out, &detail);
    FUZZ_MUST(error == COUNCIL_OK || detail != NULL);
    FUZZ_MUST(out->n <= STORE_POOL_BOXES_MAX);
    for (uint32_t i = 0; error == COUNCIL_OK && i < out->n; i++)
        FUZZ_MUST(out->boxes[i].len == COUNCIL_POOL_BOX_BYTES);
    free(out);
}

static void employer(const char *text)
{
    char out[COUNCIL_POOL_EMPLOYER_MAX + 1], again[COUNCIL_POOL_EMPLOYER_MAX + 1];
    if (!council_pool_employer(out, text))
        return;
    FUZZ_MUST(strlen(out) >= 1 && strlen(out) <= COUNCIL_POOL_EMPLOYER_MAX);
    FUZZ_MUST(council_pool_employer(again, out) && strcmp(out, again) == 0);
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t which = fuzz_byte(&in);
    uint32_t len = 0;
    char *text = (char *)fuzz_take(&in, in.left, &len);
    char *ended = calloc(1, (size_t)len + 1);
    if (text == NULL || ended == NULL) {
        free(text);
        free(ended);
        return;
    }
    memcpy(ended, text, len);
    employer(ended);
    (void)council_pool_languages(ended, NULL);
    json_t *params = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    static const struct {
        enum council_method method;
        void (*read)(const json_t *params);
    } readers[] = {{COUNCIL_METHOD_POOL_REGISTER, person},
                   {COUNCIL_METHOD_POOL_REFILL, refill},
                   {COUNCIL_METHOD_POOL_INVITE, boxes}};
    const char *bad = NULL;
    which %= sizeof readers / sizeof readers[0];
    if (params != NULL &&
        council_rpc_check_params(readers[which].method, params, &bad) == COUNCIL_OK)
        readers[which].read(params);
    json_decref(params);
    free(ended);
    free(text);
}
