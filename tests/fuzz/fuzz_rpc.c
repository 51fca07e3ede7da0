/*
 * fuzz_rpc.c - one message: the quick reader and the one that builds a tree must agree, and what was read can be answered.
 */
#include "protocol/rpc.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

void council_fuzz_init(void)
{
}

static void same_entry(const struct council_wire_entry *a, const struct council_wire_entry *b)
{
    FUZZ_MUST(a->len == b->len && memcmp(a->text, b->text, a->len) == 0);
    FUZZ_MUST(memcmp(a->sig, b->sig, sizeof a->sig) == 0);
    FUZZ_MUST(a->has_data == b->has_data && a->data_len == b->data_len);
    FUZZ_MUST(a->data_len == 0 || memcmp(a->data, b->data, a->data_len) == 0);
    FUZZ_MUST(a->has_log == b->has_log && memcmp(a->log, b->log, sizeof a->log) == 0);
    FUZZ_MUST(a->seq == b->seq && a->received == b->received && a->erased == b->erased);
}

/* What the quick reader lets through, the other one must have let through with the same entry. */
static void compare(const struct council_rpc *quick, const struct council_rpc *whole)
{
    struct council_wire_entry entry;
    const json_t *from = whole->params;
    FUZZ_MUST(quick->kind == whole->kind && quick->method == whole->method &&
              quick->notification == whole->notification);
    FUZZ_MUST(quick->id.kind == whole->id.kind && quick->id.number == whole->id.number &&
              strcmp(quick->id.string, whole->id.string) == 0);
    if (whole->kind == COUNCIL_RPC_CALL) {
        FUZZ_MUST(council_rpc_check_params(whole->method, from, NULL) == COUNCIL_OK);
        from = json_object_get(from, "entry");
    } else {
        FUZZ_MUST(council_rpc_check_notification(whole->notification, from, NULL) == COUNCIL_OK);
    }
    FUZZ_MUST(council_rpc_entry(from, &entry) == COUNCIL_OK);
    same_entry(&quick->entry, &entry);
    council_wire_entry_fini(&entry);
}

static void answer(const struct council_rpc_id *id, enum council_error error)
{
    struct council_frame frame;
    struct council_rpc back;
    council_frame_init(&frame, 0);
    FUZZ_MUST(council_rpc_write_error(&frame, id, error, "why", 1) == COUNCIL_OK);
    FUZZ_MUST(council_rpc_parse(&back, council_frame_text(&frame), frame.len) == COUNCIL_OK);
    FUZZ_MUST(back.kind == COUNCIL_RPC_FAILURE && back.id.kind == id->kind &&
              back.id.number == id->number && back.failure.error == error);
    council_rpc_fini(&back);
    council_frame_fini(&frame);
}

static void read_entry(const struct council_rpc *rpc)
{
    struct council_wire_entry entry;
    const char *bad = NULL;
    if (rpc->kind == COUNCIL_RPC_CALL && rpc->method != COUNCIL_METHOD_COUNT &&
        council_rpc_check_params(rpc->method, rpc->params, &bad) == COUNCIL_OK &&
        council_rpc_entry(json_object_get(rpc->params, "entry"), &entry) == COUNCIL_OK) {
        council_wire_entry_fini(&entry);
    }
    if (rpc->kind == COUNCIL_RPC_NOTIFICATION && rpc->notification != COUNCIL_NOTIFICATION_COUNT &&
        council_rpc_check_notification(rpc->notification, rpc->params, &bad) == COUNCIL_OK &&
        council_rpc_entry(rpc->params, &entry) == COUNCIL_OK) {
        council_wire_entry_fini(&entry);
    }
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    struct council_rpc quick, whole;
    uint32_t len;
    char *text = (char *)fuzz_take(&in, size, &len);
    bool fast = council_rpc_quick(&quick, text, len);
    enum council_error error = council_rpc_parse(&whole, text, len);
    FUZZ_MUST(!fast || error == COUNCIL_OK);
    if (fast) {
        compare(&quick, &whole);
        council_rpc_fini(&quick);
    }
    if (error) {
        answer(&whole.id, error);
    } else {
        answer(&whole.id, COUNCIL_E_UNKNOWN_METHOD);
        read_entry(&whole);
        council_rpc_fini(&whole);
    }
    free(text);
}
