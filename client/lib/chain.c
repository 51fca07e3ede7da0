/*
 * chain.c - own member-log entries as a council log carries them: what moves this member's pin.
 *
 * Must not know which council asks. Invariant: entries and the state after them come from the same rows.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHAIN_MAX = (int)(sizeof(((struct chain *)0)->links) / sizeof(((struct chain *)0)->links[0]))
};

void chain_fini(struct chain *chain)
{
    if (chain->rows != NULL)
        rows_slice_fini(chain->rows);
    free(chain->rows);
    council_member_fini(&chain->pin);
    memset(chain, 0, sizeof *chain);
}

/* Folds the member log up to the last entry of the chain; what lies beyond comes with a later chain. */
static enum council_error fold_to(struct client *client, const struct row_log *log, uint64_t upto,
                                  struct council_member *out)
{
    struct row_slice *slice = calloc(1, sizeof *slice);
    enum council_error error = slice == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    while (error == COUNCIL_OK && out->seq < upto) {
        error = rows_slice(&client->home, HOME_ENTRY_TEXTS, log, out->seq, upto, slice);
        if (error == COUNCIL_OK && slice->count == 0)
            error = COUNCIL_E_HOME_DAMAGED;
        for (uint32_t i = 0; i < slice->count && error == COUNCIL_OK; i++) {
            struct council_entry entry;

            error = council_entry_parse(&entry, slice->entries[i].text, slice->entries[i].len);
            if (error == COUNCIL_OK) {
                error = council_member_append(out, &entry, slice->entries[i].sig);
                council_entry_fini(&entry);
            }
        }
        rows_slice_fini(slice);
    }
    free(slice);
    return error;
}

enum council_error chain_read(struct client *client, uint64_t after, struct chain *out)
{
    struct row_log log;
    bool found = false;
    enum council_error error = rows_log(&client->home, client->me.member, &log, &found);

    memset(out, 0, sizeof *out);
    council_member_init(&out->pin);
    if (error == COUNCIL_OK && !found)
        error = COUNCIL_E_NO_HOME;
    out->rows = error == COUNCIL_OK ? calloc(1, sizeof *out->rows) : NULL;
    if (error == COUNCIL_OK && out->rows == NULL)
        error = COUNCIL_E_NO_MEMORY;
    if (error == COUNCIL_OK)
        error =
            rows_slice(&client->home, HOME_ENTRY_TEXTS, &log, after, after + CHAIN_MAX, out->rows);
    if (error != COUNCIL_OK)
        return error;
    for (uint32_t i = 0; i < out->rows->count && i < CHAIN_MAX; i++) {
        const struct row_entry *entry = &out->rows->entries[i];

        out->links[out->count++] =
            (struct council_link_entry){.text = entry->text, .len = entry->len, .sig = entry->sig};
    }
    return fold_to(client, &log, after + out->count, &out->pin);
}
