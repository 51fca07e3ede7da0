/*
 * offer_parts.c - what an offer brings, entry by entry through the same judges as appends.
 *
 * Owns which of its entries are under way, and which was the first that was refused. Must not know the judges. Invariant: those before the
 * first bad one are stored, and no other.
 */
#include "server/core/append.h"
#include "server/core/offer.h"

enum {
    OFFER_AHEAD = 32 /* entries of one offer that are under way */
};

/* Takes on one more entry. */
static enum council_error begin_part(struct core *core, struct core_call *call)
{
    struct core_offer *offer = &call->u.offer;
    const uint32_t index = offer->next++;
    const json_t *entries = json_object_get(call->rpc.params, "entries");
    struct core_call *part = core_call_create_part(core, call, index);
    if (part == NULL) {
        return COUNCIL_E_INTERNAL;
    }
    offer->out++;
    part->log = core_log_pin(core, call->log->key);
    struct core_append *append = &part->u.append;
    append->offered_seq = offer->after + index + 1;
    enum council_error error = council_rpc_entry(json_array_get(entries, index), &append->wire);
    if (error != COUNCIL_OK) {
        core_call_fail(core, part, error);
    } else {
        core_append_offered(core, part);
    }
    return COUNCIL_OK;
}

/* Keeps some of them under way; after the last one the offer is over. */
static void go_on(struct core *core, struct core_call *call)
{
    struct core_offer *offer = &call->u.offer;
    offer->out++; /* entries may fail at once: the end is seen here, once */
    while (offer->error == COUNCIL_OK && offer->next < offer->count && offer->out <= OFFER_AHEAD) {
        enum council_error error = begin_part(core, call);
        if (error != COUNCIL_OK) {
            offer->error = error;
            offer->bad = offer->next - 1;
        }
    }
    if (--offer->out > 0) {
        return;
    }
    if (offer->error != COUNCIL_OK) {
        core_offer_refuse(core, call, offer->error, offer->after + offer->bad + 1);
    } else {
        core_offer_arrived(core, call);
    }
}

void core_offer_part(struct core *core, struct core_call *parent, uint32_t part,
                     enum council_error error)
{
    struct core_offer *offer = &parent->u.offer;
    error = core->broken ? COUNCIL_E_INTERNAL : error; /* nobody knows what is on disk */
    if (error != COUNCIL_OK && part < offer->bad) {
        offer->bad = part;
        offer->error = error;
    }
    if (--offer->out == 0 || (error == COUNCIL_OK && offer->out < OFFER_AHEAD)) {
        go_on(core, parent);
    }
}

void core_offer_begin(struct core *core, struct core_call *call)
{
    go_on(core, call);
}
