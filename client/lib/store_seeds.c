/*
 * store_seeds.c - the epoch seeds that key blocks and key.history bring, opened and sealed into the home.
 *
 * Must not change what is valid: a box that does not open is told and leaves the entry as it is (protocol/README.md section 6.3). Invariant: a
 * seed is kept only if it is the one that its epoch's commitment names.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <string.h>

static const uint8_t no_seed[COUNCIL_SEED_BYTES];

/* Own box, or that of the recovery phrase while a home is being brought back. */
static enum council_error open_block(const struct keyring *keyring, const struct sync_entry *entry,
                                     uint8_t seed[COUNCIL_SEED_BYTES])
{
    enum council_error error = COUNCIL_E_NO_KEY;

    if (keyring->has_device)
        error = council_epoch_open(entry->entry, &keyring->device, true, entry->recipients,
                                   entry->recipient_count, seed);
    if (error == COUNCIL_E_NO_KEY && keyring->has_recovery)
        error = council_epoch_open(entry->entry, &keyring->recovery, true, entry->recipients,
                                   entry->recipient_count, seed);
    return error;
}

static enum council_error new_epoch(struct client *client, const struct sync_entry *entry,
                                    uint64_t *bad)
{
    uint8_t proof[COUNCIL_HASH_BYTES];
    uint8_t seed[COUNCIL_SEED_BYTES] = {0};
    uint64_t epoch = 0;
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_EPOCH_NEW);

    council_block_info(entry->entry, &epoch, proof);
    home_bind(stmt, 1, entry->entry->log, COUNCIL_KEY_BYTES);
    home_bind_int(stmt, 2, epoch);
    home_bind(stmt, 3, proof, sizeof proof);
    enum council_error error = home_run(&client->home, HOME_EPOCH_NEW);

    if (error != COUNCIL_OK || !client->keyring->open)
        return error;
    enum council_error opened = open_block(client->keyring, entry, seed);

    if (opened == COUNCIL_E_BAD_BOX || opened == COUNCIL_E_BAD_COMMIT)
        *bad = epoch;
    /* With somebody else's box wrong our own seed is still right. */
    if (sodium_memcmp(seed, no_seed, sizeof seed) != 0)
        error = keyring_put_seed(client->keyring, &client->home, entry->entry->log, epoch, seed);
    sodium_memzero(seed, sizeof seed);
    return error;
}

/* True if the seed is the one whose block was stored. */
static bool committed(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    uint8_t proof[COUNCIL_HASH_BYTES];
    uint8_t commit[COUNCIL_HASH_BYTES];
    bool row = false;
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_EPOCH_GET);

    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    home_bind_int(stmt, 2, epoch);
    bool found = home_step(&client->home, HOME_EPOCH_GET, &row) == COUNCIL_OK && row &&
                 home_column_fixed(stmt, 1, proof, sizeof proof);

    home_reset(&client->home, HOME_EPOCH_GET);
    council_epoch_commit(commit, seed, log, epoch);
    return found && sodium_memcmp(proof, commit, sizeof commit) == 0;
}

static enum council_error past_epochs(struct client *client, const struct sync_entry *entry)
{
    const struct keyring *keyring = client->keyring;
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint64_t from = council_body_int(entry->entry, "from");
    uint32_t count = 0;
    enum council_error error = COUNCIL_OK;
    enum council_error opened = COUNCIL_E_NO_KEY;

    if (!keyring->open)
        return COUNCIL_OK;
    if (keyring->has_device)
        opened = council_history_open(entry->entry, &keyring->device, seeds, &count);
    if (opened == COUNCIL_E_NO_KEY && keyring->has_recovery)
        opened = council_history_open(entry->entry, &keyring->recovery, seeds, &count);
    for (uint32_t i = 0; opened == COUNCIL_OK && i < count && error == COUNCIL_OK; i++) {
        if (committed(client, entry->entry->log, from + i, seeds[i]))
            error = keyring_put_seed(client->keyring, &client->home, entry->entry->log, from + i,
                                     seeds[i]);
    }
    sodium_memzero(seeds, sizeof seeds);
    return error;
}

enum council_error store_seeds(struct client *client, const struct sync_entry *entry, uint64_t *bad)
{
    if (council_kind_has(entry->entry->kind, COUNCIL_FLAG_BLOCK))
        return new_epoch(client, entry, bad);
    if (entry->entry->kind == COUNCIL_KIND_KEY_HISTORY)
        return past_epochs(client, entry);
    return COUNCIL_OK;
}
