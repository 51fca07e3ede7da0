/*
 * post.c - the content of a sealed entry, as far as this device can open it.
 *
 * Must not know what content means: that is the model's. Invariant: an unreadable body is told as such and changes nothing else.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>

enum council_error post_open(struct client *client, const struct council_entry *entry,
                             const uint8_t *data, uint32_t data_len, json_t **content)
{
    const struct council_seal_place place = {
        .log = entry->log,
        .author = entry->author,
        .device = entry->device,
        .id = entry->id,
        .kind = "post",
        .epoch = entry->epoch,
    };
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t *plain = NULL;
    uint32_t len = 0;

    *content = NULL;
    if (!council_kind_has(entry->kind, COUNCIL_FLAG_SEALED))
        return COUNCIL_OK;
    if (data == NULL)
        return COUNCIL_E_ERASED; /* protocol/README.md section 7.4 */
    enum council_error error =
        keyring_seed(client->keyring, &client->home, entry->log, entry->epoch, seed);

    if (error == COUNCIL_OK)
        error = council_unseal(&place, seed, data, data_len, &plain, &len);
    sodium_memzero(seed, sizeof seed);
    if (error != COUNCIL_OK)
        return error;
    *content = json_loadb((const char *)plain, len, JSON_REJECT_DUPLICATES, NULL);
    sodium_memzero(plain, len);
    free(plain);
    if (!json_is_object(*content) || !json_is_string(json_object_get(*content, "type"))) {
        json_decref(*content);
        *content = NULL;
        return COUNCIL_E_BAD_CONTENT;
    }
    return COUNCIL_OK;
}
