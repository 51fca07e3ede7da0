/*
 * council_chain.c - chains: member-log entries that a council entry carries to set or move a pin.
 *
 * Owns README.md section 5.2: how a chain's first entry must join the pin, and the order of checks
 * for each element. Must not know what the council does with the new pin. The pin in the council is
 * never touched: a copy runs ahead.
 */
#include "protocol/council_internal.h"

#include <stdlib.h>
#include <string.h>

/* One element of a chain, decoded. */
struct link {
    struct council_entry entry;
    uint8_t sig[COUNCIL_SIG_BYTES];
    char *text; /* owned; entry borrows it */
};

static void link_fini(struct link *link)
{
    council_entry_fini(&link->entry);
    free(link->text);
}

/* Form: section 3.4, first step. On error there is nothing to be freed. */
static enum council_error link_init(struct link *link, const struct council_text *text,
                                    uint32_t element)
{
    uint32_t sig = council_text_get(text, element, "sig");
    uint32_t value = council_text_get(text, element, "text");
    if (sig == 0 || value == 0 || text->values[value].type != COUNCIL_STRING ||
        !council_text_bytes(text, sig, link->sig, COUNCIL_SIG_BYTES)) {
        return COUNCIL_E_BAD_FIELD;
    }
    uint32_t len = council_b64_bytes(text->values[value].len);
    if (len == UINT32_MAX) {
        return COUNCIL_E_BAD_FIELD;
    }
    link->text = malloc((size_t)len + 1);
    if (!link->text) {
        return COUNCIL_E_NO_MEMORY;
    }
    enum council_error error = COUNCIL_E_BAD_FIELD;
    if (council_text_bytes(text, value, (uint8_t *)link->text, len)) {
        error = council_entry_parse(&link->entry, link->text, len);
    }
    if (error) {
        free(link->text);
    }
    return error;
}

/* How the first element must join what the council knows of the member. */
static enum council_error check_first(const struct link *link, const struct council_member *pin,
                                      const uint8_t member[COUNCIL_KEY_BYTES])
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    const struct council_entry *entry = &link->entry;
    if (pin->seq == 0) {
        if (entry->kind != COUNCIL_KIND_MEMBER_CREATE) {
            return COUNCIL_E_CHAIN_GAP;
        }
        uint8_t name[COUNCIL_HASH_BYTES];
        council_entry_head(name, zeros, entry->text.text, entry->text.len, link->sig);
        return memcmp(name, member, sizeof name) == 0 ? COUNCIL_OK : COUNCIL_E_CHAIN_FOREIGN;
    }
    if (!entry->has_log) {
        return COUNCIL_E_CHAIN_GAP;
    }
    if (memcmp(entry->log, member, COUNCIL_KEY_BYTES) != 0) {
        return COUNCIL_E_CHAIN_FOREIGN;
    }
    if (entry->seen_seq != pin->seq) {
        return COUNCIL_E_CHAIN_GAP;
    }
    return memcmp(entry->seen_head, pin->head, COUNCIL_HASH_BYTES) == 0 ? COUNCIL_OK
                                                                        : COUNCIL_E_CHAIN_FORK;
}

/* One element: form, joining (the first), signature, position and rules of the member log. */
static enum council_error run_link(struct council_step *step, uint32_t element, bool first,
                                   bool verify)
{
    struct link link;
    enum council_error error = link_init(&link, &step->entry->text, element);
    if (error) {
        return error;
    }
    if (first) {
        error = check_first(&link, &step->pin, step->mover);
    }
    if (!error && verify) {
        error = council_entry_verify(&link.entry, link.sig);
    }
    if (!error) {
        error = council_member_append(&step->pin, &link.entry, link.sig);
    }
    link_fini(&link);
    return error;
}

enum council_error council_chain_run(const struct council *council, struct council_step *step,
                                     bool verify)
{
    const struct council_text *text = &step->entry->text;
    const struct council_person *person = council_person(council, step->mover);
    uint32_t chain = council_body_get(step->entry, "chain");
    enum council_error error = COUNCIL_OK;
    if (chain == 0) {
        return COUNCIL_E_BAD_FIELD;
    }
    uint32_t count = text->values[chain].count;
    if (count == 0 && !(person && step->entry->kind == COUNCIL_KIND_MEMBER_JOIN)) {
        return COUNCIL_E_CHAIN_EMPTY;
    }
    if (person) {
        error = council_member_copy(&step->pin, &person->pin);
    }
    uint32_t element = council_text_first(text, chain);
    for (uint32_t i = 0; !error && i < count; i++) {
        error = run_link(step, element, i == 0, verify);
        element = text->values[element].next;
    }
    if (error) {
        council_member_fini(&step->pin);
        council_member_init(&step->pin);
    }
    return error;
}
