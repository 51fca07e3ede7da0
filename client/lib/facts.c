/*
 * facts.c - the list of facts of facts.h.
 *
 * Must not judge what an erase may do. Invariant: a fact says erased once an erase that named it was added.
 */
#include "client/lib/facts.h"

#include <stdlib.h>
#include <string.h>

uint32_t facts_seqs(const struct council_entry *entry, uint64_t *seqs, uint32_t max)
{
    const struct council_text *text = &entry->text;
    uint32_t list = entry->kind == COUNCIL_KIND_ERASE ? council_body_get(entry, "posts") : 0;
    uint32_t count = list == 0 ? 0 : text->values[list].count;
    uint32_t at = list == 0 ? 0 : council_text_first(text, list);

    if (count > max)
        count = max;
    for (uint32_t i = 0; i < count; i++) {
        seqs[i] = text->values[at].integer;
        at = text->values[at].next;
    }
    return count;
}

void facts_named(const struct facts *facts, const struct council_entry *entry,
                 struct council_fact *out)
{
    uint64_t seqs[FACTS_NAMED_MAX];
    uint32_t count = facts_seqs(entry, seqs, FACTS_NAMED_MAX);

    memset(out, 0, FACTS_NAMED_MAX * sizeof *out);
    for (uint32_t i = 0; i < count; i++) {
        if (seqs[i] >= 1 && seqs[i] <= facts->count)
            out[i] = facts->of[seqs[i] - 1];
    }
}

enum council_error facts_add(struct facts *facts, const struct council_entry *entry)
{
    uint64_t seqs[FACTS_NAMED_MAX];
    uint32_t count = facts_seqs(entry, seqs, FACTS_NAMED_MAX);

    if (facts->count == facts->size) {
        uint64_t size = facts->size == 0 ? 256 : facts->size * 2;
        struct council_fact *grown = realloc(facts->of, size * sizeof *grown);

        if (grown == NULL)
            return COUNCIL_E_NO_MEMORY;
        facts->of = grown;
        facts->size = size;
    }
    struct council_fact *fact = &facts->of[facts->count++];

    fact->post = entry->kind == COUNCIL_KIND_POST;
    fact->erased = false;
    memcpy(fact->author, entry->author, COUNCIL_KEY_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        if (seqs[i] >= 1 && seqs[i] <= facts->count)
            facts->of[seqs[i] - 1].erased = true;
    }
    return COUNCIL_OK;
}

void facts_fini(struct facts *facts)
{
    free(facts->of);
    memset(facts, 0, sizeof *facts);
}
