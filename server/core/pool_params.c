/*
 * pool_params.c - what somebody says to the pool, read from a call and checked against protocol/pool.def.
 *
 * The types are checked by then (wire.def); whether a zone exists is asked where zones are known. Invariant: every text that goes on is short,
 * without control characters, and of its table where there is one.
 */
#include "server/core/pool.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/pool.h"

_Static_assert((int)STORE_POOL_HOURS == (int)COUNCIL_POOL_HOURS_BYTES &&
                   (int)STORE_POOL_NAME_MAX == (int)COUNCIL_POOL_NAME_MAX &&
                   (int)STORE_POOL_AVOID_MAX == (int)COUNCIL_POOL_TOKENS_MAX &&
                   (int)STORE_POOL_COUNTED_MAX == (int)COUNCIL_POOL_COUNTED_MAX &&
                   (int)STORE_POOL_BOX_MAX >= (int)COUNCIL_POOL_BOX_BYTES,
               "the store has room for what the protocol allows");

/* Copies a text that no terminal can be driven by. */
static bool text(const json_t *object, const char *name, char *out, uint32_t max)
{
    const char *value = council_rpc_string(object, name, max);

    if (value == NULL || value[0] == '\0') {
        return false;
    }
    for (const unsigned char *at = (const unsigned char *)value; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static bool tokens(const json_t *object, const char *name, struct store_pool_tokens *out)
{
    uint8_t *bytes = NULL;
    uint32_t len = 0;

    if (!council_rpc_has(object, name)) {
        return true;
    }
    bool good = council_rpc_data(object, name, STORE_ID_BYTES, sizeof out->all, &bytes, &len) ==
                    COUNCIL_OK &&
                len % STORE_ID_BYTES == 0;
    if (good) {
        memcpy(out->all, bytes, len);
        out->count = len / STORE_ID_BYTES;
    }
    free(bytes);
    return good;
}

static bool pace(const json_t *object, bool *fast)
{
    const char *word = council_rpc_string(object, "pace", 8);
    *fast = word != NULL && strcmp(word, "fast") == 0;
    return word != NULL;
}

static enum council_error bad(const char *field, const char **detail)
{
    *detail = field;
    return COUNCIL_E_INVALID_PARAMS;
}

enum council_error core_pool_person(const json_t *params, struct store_pool_person *out,
                                    const char **detail)
{
    const json_t *person = json_object_get(params, "person");
    const struct {
        const char *name;
        enum council_pool_table table;
        char *to;
    } words[] = {{"function", COUNCIL_POOL_FUNCTION, out->function},
                 {"level", COUNCIL_POOL_LEVEL, out->level},
                 {"industry", COUNCIL_POOL_INDUSTRY, out->industry}};
    uint64_t moderate = 0;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!text(person, words[i].name, words[i].to, STORE_POOL_WORD_MAX) ||
            council_pool_find(words[i].table, words[i].to) < 0) {
            *detail = words[i].name;
            return COUNCIL_E_POOL_WORD;
        }
    }
    if (!text(person, "languages", out->languages, STORE_POOL_LANGUAGES_MAX) ||
        !council_pool_languages(out->languages, NULL)) {
        *detail = "languages";
        return COUNCIL_E_POOL_WORD;
    }
    if (!text(person, "name", out->name, STORE_POOL_NAME_MAX)) {
        return bad("name", detail);
    }
    if (!text(person, "zone", out->zone, STORE_POOL_ZONE_MAX)) {
        return bad("zone", detail);
    }
    if (!council_rpc_bytes(person, "hours", out->hours, sizeof out->hours)) {
        return bad("hours", detail);
    }
    if (!tokens(person, "avoid", &out->avoid)) {
        return bad("avoid", detail);
    }
    if (!tokens(person, "employers", &out->employers)) {
        return bad("employers", detail);
    }
    if (!pace(person, &out->fast) || !council_rpc_int(person, "moderate", 0, 1, &moderate)) {
        return bad("pace", detail);
    }
    out->moderates = moderate == 1;
    return COUNCIL_OK;
}

static bool slots(const json_t *params, bool fast, struct store_pool_refill *out)
{
    const json_t *list = json_object_get(params, "slots");

    out->n_slots = (uint32_t)json_array_size(list);
    if (out->n_slots != (fast ? 2u : 1u)) {
        return false;
    }
    for (uint32_t i = 0; i < out->n_slots; i++) {
        uint64_t day = 0, minute = 0;
        if (!council_rpc_int(json_array_get(list, i), "day", 0, 6, &day) ||
            !council_rpc_int(json_array_get(list, i), "minute", 0, 1439, &minute)) {
            return false;
        }
        out->slots[i] = (struct store_pool_slot){.day = (uint8_t)day, .minute = (uint16_t)minute};
    }
    return out->n_slots < 2 || out->slots[0].day != out->slots[1].day;
}

enum council_error core_pool_refill(const json_t *params, struct store_pool_refill *out,
                                    const char **detail)
{
    uint64_t places = 0;

    if (!council_rpc_bytes(params, "council", out->council, sizeof out->council)) {
        return bad("council", detail);
    }
    if (!council_rpc_int(params, "places", 0, STORE_POOL_GROUP_MAX - 1, &places)) {
        return bad("places", detail);
    }
    out->places = (uint32_t)places;
    if (!text(params, "language", out->language, STORE_POOL_LANGUAGES_MAX) ||
        council_pool_find(COUNCIL_POOL_LANGUAGE, out->language) < 0) {
        *detail = "language";
        return COUNCIL_E_POOL_WORD;
    }
    if (!text(params, "zone", out->zone, STORE_POOL_ZONE_MAX)) {
        return bad("zone", detail);
    }
    if (!pace(params, &out->fast) || !slots(params, out->fast, out)) {
        return bad("slots", detail);
    }
    if (!tokens(params, "avoid", &out->avoid)) {
        return bad("avoid", detail);
    }
    return tokens(params, "employers", &out->employers) ? COUNCIL_OK : bad("employers", detail);
}

enum council_error core_pool_boxes(const json_t *params, struct store_pool_boxes *out,
                                   const char **detail)
{
    const json_t *list = json_object_get(params, "boxes");

    if (!council_rpc_bytes(params, "proposal", out->proposal, sizeof out->proposal)) {
        return bad("proposal", detail);
    }
    if (!council_rpc_bytes(params, "member", out->member, sizeof out->member)) {
        return bad("member", detail);
    }
    if (!council_rpc_bytes(params, "council", out->council, sizeof out->council)) {
        return bad("council", detail);
    }
    for (size_t i = 0; i < json_array_size(list) && i < STORE_POOL_BOXES_MAX; i++) {
        const json_t *box = json_array_get(list, i);
        uint8_t *bytes = NULL;
        uint32_t len = 0;
        if (!council_rpc_bytes(box, "device", out->boxes[out->n].device, STORE_ID_BYTES) ||
            council_rpc_data(box, "box", COUNCIL_POOL_BOX_BYTES, COUNCIL_POOL_BOX_BYTES, &bytes,
                             &len) != COUNCIL_OK) {
            return bad("boxes", detail);
        }
        memcpy(out->boxes[out->n].box, bytes, len);
        out->boxes[out->n++].len = len;
        free(bytes);
    }
    return COUNCIL_OK;
}
