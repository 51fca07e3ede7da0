/*
 * check.c - what a verifier does with an entry, away from the loop.
 *
 * Owns everything that needs the entry alone: form, who sends it, its time, its data, its signature. Must not touch anything
 * but the call's own append. Rules: protocol/README.md sections 3.4 and 9.4.
 */
#include "server/core/append.h"

#include <stdlib.h>
#include <string.h>

/* The entry's author and device are the session's. */
static enum council_error check_session(const struct core_call *call,
                                        const struct council_entry *entry)
{
    const struct core_append *append = &call->u.append;
    bool create = entry->kind == COUNCIL_KIND_MEMBER_CREATE;
    if (append->registers || create) {
        return append->registers && create ? COUNCIL_OK : COUNCIL_E_WRONG_LOG_TYPE;
    }
    if (call->recovery && (entry->kind != COUNCIL_KIND_MEMBER_RECOVER ||
                           memcmp(entry->log, call->member, COUNCIL_KEY_BYTES) != 0)) {
        return COUNCIL_E_RECOVERY_ONLY;
    }
    bool same = memcmp(entry->device, call->device, COUNCIL_KEY_BYTES) == 0 &&
                memcmp(entry->author, call->member, COUNCIL_KEY_BYTES) == 0;
    return same ? COUNCIL_OK : COUNCIL_E_WRONG_SESSION;
}

/* Who sends it, and whether it is whole: asked of whoever wrote it. */
static enum council_error check_sender(const struct core_call *call,
                                       const struct council_entry *entry)
{
    const struct core_append *append = &call->u.append;
    enum council_error error = check_session(call, entry);
    bool bare = council_kind_has(entry->kind, COUNCIL_FLAG_SEALED) && !append->wire.has_data;
    return error == COUNCIL_OK && bare ? COUNCIL_E_DATA_MISSING : error;
}

/* The head of the member log after the entry's chain, from the chain's last entry: the fold judges what lies before. */
static enum council_error find_chain_end(struct core_append *append)
{
    const struct council_text *text = &append->entry.text;
    uint32_t chain = council_body_get(&append->entry, "chain");
    uint32_t element = chain != 0 ? council_text_first(text, chain) : 0;
    if (element == 0) {
        return COUNCIL_OK;
    }
    for (uint32_t i = 1; i < text->values[chain].count; i++) {
        element = text->values[element].next;
    }
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint32_t value = council_text_get(text, element, "text");
    uint32_t len = value != 0 ? council_b64_bytes(text->values[value].len) : UINT32_MAX;
    if (len == UINT32_MAX ||
        !council_text_bytes(text, council_text_get(text, element, "sig"), sig, sizeof sig)) {
        return COUNCIL_E_BAD_FIELD;
    }
    char *last = malloc((size_t)len + 1);
    if (last == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    struct council_entry entry;
    enum council_error error = COUNCIL_E_BAD_FIELD;
    if (council_text_bytes(text, value, (uint8_t *)last, len)) {
        error = council_entry_parse(&entry, last, len);
    }
    if (error == COUNCIL_OK) {
        append->chain_seq = entry.seen_seq + 1;
        memcpy(append->chain_head, entry.seen_head, COUNCIL_HASH_BYTES);
        council_entry_head(append->chain_head, append->chain_head, last, len, sig);
        council_entry_fini(&entry);
    }
    free(last);
    return error;
}

static enum council_error check(const struct core_call *call, struct core_append *append)
{
    const struct council_wire_entry *wire = &append->wire;
    enum council_error error = council_entry_parse(&append->entry, wire->text, wire->len);
    if (error != COUNCIL_OK) {
        return error;
    }
    append->parsed = true;
    const struct council_entry *entry = &append->entry;
    /* What is brought back was asked when it was written. */
    if (!append->offered && (error = check_sender(call, entry)) != COUNCIL_OK) {
        return error;
    }
    static const uint8_t nothing[1];
    const uint8_t *data = wire->data == NULL && wire->has_data ? nothing : wire->data;
    if ((error = council_entry_check_data(entry, data, wire->data_len)) != COUNCIL_OK ||
        (error = council_entry_verify(entry, wire->sig)) != COUNCIL_OK) {
        return error;
    }
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CHAIN)) {
        error = find_chain_end(append);
    }
    return error;
}

void core_check_work(struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_append *append = &call->u.append;
    append->error = check(call, append);
    if (append->error != COUNCIL_OK) {
        return;
    }
    const struct council_entry *entry = &append->entry;
    if (council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS)) {
        static const uint8_t zeros[COUNCIL_HASH_BYTES];
        council_entry_head(append->log, zeros, append->wire.text, append->wire.len,
                           append->wire.sig);
    } else {
        memcpy(append->log, entry->log, COUNCIL_KEY_BYTES);
    }
}
