/*
 * intent.c - from what is wanted to the exact bytes that are sent: build, seal, sign, and ask the log whether it would take them.
 *
 * Must not send or store. Invariant: bytes that leave here passed every check that server and readers will make on the log as this home holds it.
 */
#include "client/lib/facts.h"
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void signed_entry_fini(struct signed_entry *entry)
{
    free(entry->text);
    free(entry->data);
    memset(entry, 0, sizeof *entry);
}

bool intent_waits(enum council_kind kind, enum council_error error)
{
    bool announced = council_kind_info(kind)->log != COUNCIL_LOG_MEMBER;

    return error == COUNCIL_E_ROTATION_DUE || error == COUNCIL_E_NO_KEY ||
           error == COUNCIL_E_STALE || (error == COUNCIL_E_UNKNOWN_DEVICE && announced);
}

/* The answer of a log that the entry would be the next of. */
static enum council_error check(struct client *client, const struct intent *intent,
                                const struct signed_entry *made)
{
    struct council_fact facts[FACTS_NAMED_MAX] = {{0}};
    uint64_t seqs[FACTS_NAMED_MAX];
    struct council_entry entry;
    struct council_log empty;
    enum council_error error = council_entry_parse(&entry, made->text, made->len);

    if (error != COUNCIL_OK)
        return error;
    uint32_t named = facts_seqs(&entry, seqs, FACTS_NAMED_MAX);

    if (named > 0)
        error = store_facts(client, entry.log, seqs, named, facts);
    council_log_init(&empty);
    if (error == COUNCIL_OK)
        error = council_log_check(intent->replica == NULL ? &empty : &intent->replica->state,
                                  &entry, made->sig, made->data, made->data_len, facts);
    council_log_fini(&empty);
    council_entry_fini(&entry);
    return error;
}

/* True for whoever was a member and is none: the very keys that building needs may be missing, so that is said before. */
static bool stay_over(const struct client *client, const struct intent *intent)
{
    const struct council_person *self =
        intent->replica == NULL || intent->replica->state.type != COUNCIL_LOG_IS_COUNCIL
            ? NULL
            : council_person(&intent->replica->state.council, client->me.member);

    return self != NULL && !self->member;
}

static void draft_fini(struct intent_draft *draft)
{
    free(draft->body);
    free(draft->data);
}

enum council_error intent_sign(struct client *client, const struct intent *intent,
                               struct signed_entry *out)
{
    struct intent_draft draft = {.client = client, .intent = intent};
    bool genesis = council_kind_has(intent->kind, COUNCIL_FLAG_GENESIS);

    memset(out, 0, sizeof *out);
    if (!client->keyring->open || !client->keyring->has_device)
        return COUNCIL_E_WRONG_PASSPHRASE;
    if (!json_is_object(intent->content) || (!genesis && intent->replica == NULL))
        return COUNCIL_E_BAD_INPUT;
    if (stay_over(client, intent))
        return COUNCIL_E_NOT_MEMBER;
    randombytes_buf(draft.id, sizeof draft.id);
    enum council_error error = intent_build(&draft);

    if (error == COUNCIL_OK) {
        const struct council_tail *tail = genesis ? NULL : &intent->replica->state.tail;
        const struct council_draft entry = {
            .kind = intent->kind,
            .at = intent->at,
            .author = client->me.member,
            .device = client->me.device,
            .id = draft.id,
            .log = genesis ? NULL : intent->log,
            .seen_seq = genesis ? 0 : tail->seq,
            .seen_head = genesis ? NULL : tail->head,
            .epoch = draft.epoch,
            .data_hash = draft.data == NULL ? NULL : draft.hash,
            .body = draft.body,
            .body_len = draft.body_len,
        };

        error = council_entry_sign(&entry, client->keyring->device.sign, &out->text, &out->len,
                                   out->sig);
    }
    if (error == COUNCIL_OK) {
        out->data = draft.data;
        out->data_len = draft.data_len;
        draft.data = NULL;
        error = check(client, intent, out);
    }
    if (error != COUNCIL_OK)
        signed_entry_fini(out);
    draft_fini(&draft);
    return error;
}
