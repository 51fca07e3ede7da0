/*
 * fuzz_wire.c - fields against wire.def. Input: a byte that says whose fields they are, then JSON.
 *
 * What passed the check can be read with the types that the table promises.
 */
#include "protocol/rpc.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

void council_fuzz_init(void)
{
}

static void read_fields(const json_t *object, enum council_wire_place place, uint32_t owner)
{
    uint32_t count;
    const struct council_wire_field *fields = council_wire_fields(place, owner, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number;
        uint8_t bytes[64];
        const struct council_wire_field *field = &fields[i];
        if (!council_rpc_has(object, field->name)) {
            FUZZ_MUST(field->optional);
        } else if (field->type == COUNCIL_WIRE_INT) {
            FUZZ_MUST(council_rpc_int(object, field->name, field->min, field->max, &number));
        } else if (field->type == COUNCIL_WIRE_BYTES) {
            FUZZ_MUST(council_rpc_bytes(object, field->name, bytes, (uint32_t)field->max));
        } else if (field->type == COUNCIL_WIRE_STRING) {
            FUZZ_MUST(council_rpc_string(object, field->name, (uint32_t)field->max) != NULL);
        }
    }
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    uint32_t which = fuzz_byte(&in), len;
    enum council_method method = which % COUNCIL_METHOD_COUNT;
    enum council_notification notification = which % COUNCIL_NOTIFICATION_COUNT;
    char *text = (char *)fuzz_take(&in, in.left, &len);
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    const char *bad = NULL;
    if (json && council_rpc_check_params(method, json, &bad) == COUNCIL_OK) {
        read_fields(json, COUNCIL_IN_PARAMS, method);
    }
    if (json && council_rpc_check_result(method, json, &bad) == COUNCIL_OK) {
        read_fields(json, COUNCIL_IN_RESULT, method);
    }
    if (json && council_rpc_check_notification(notification, json, &bad) == COUNCIL_OK) {
        read_fields(json, COUNCIL_IN_NOTIFICATION, notification);
    }
    json_decref(json);
    free(text);
}
