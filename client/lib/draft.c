/*
 * draft.c - text that is nobody's yet: sealed under the home key, its name hidden under a keyed hash.
 *
 * Must not know what a draft is for. Invariant: neither the text nor the name of a draft lies in the home in the clear.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

static struct keyring_place draft_place(const uint8_t hidden[COUNCIL_HASH_BYTES])
{
    return (struct keyring_place){.what = "draft", .name = hidden, .name_len = COUNCIL_HASH_BYTES};
}

static enum council_error hide(struct client *client, const char *name,
                               uint8_t hidden[COUNCIL_HASH_BYTES])
{
    if (!client->keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    keyring_hide(client->keyring, "draft", name, (uint32_t)strlen(name), hidden);
    return COUNCIL_OK;
}

enum council_error client_draft_put(struct client *client, const char *name, const char *text,
                                    uint32_t len)
{
    uint8_t hidden[COUNCIL_HASH_BYTES];
    uint8_t *sealed = NULL;
    uint32_t sealed_len = 0;
    enum council_error error = hide(client, name, hidden);

    if (error != COUNCIL_OK)
        return error;
    const struct keyring_place place = draft_place(hidden);

    error = keyring_seal(client->keyring, &place, text, len, &sealed, &sealed_len);
    if (error == COUNCIL_OK) {
        sqlite3_stmt *stmt = home_prepare(&client->home, HOME_DRAFT_PUT);

        home_bind(stmt, 1, hidden, sizeof hidden);
        home_bind(stmt, 2, sealed, sealed_len);
        error = home_run(&client->home, HOME_DRAFT_PUT);
    }
    free(sealed);
    return client_home_failed(client, error);
}

enum council_error client_draft_get(struct client *client, const char *name, char **text,
                                    uint32_t *len)
{
    uint8_t hidden[COUNCIL_HASH_BYTES];
    uint8_t *plain = NULL;
    bool row = false;
    enum council_error error = hide(client, name, hidden);

    *text = NULL;
    if (error != COUNCIL_OK)
        return error;
    const struct keyring_place place = draft_place(hidden);
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_DRAFT_GET);

    home_bind(stmt, 1, hidden, sizeof hidden);
    error = home_step(&client->home, HOME_DRAFT_GET, &row);
    if (error == COUNCIL_OK && row) {
        uint32_t sealed_len = 0;
        const void *sealed = home_column(stmt, 0, &sealed_len);

        error = keyring_open(client->keyring, &place, sealed, sealed_len, &plain, len);
        *text = (char *)plain;
    }
    home_reset(&client->home, HOME_DRAFT_GET);
    if (error == COUNCIL_OK && !row)
        return COUNCIL_E_NO_ENTRY;
    return client_home_failed(client, error);
}

enum council_error client_draft_drop(struct client *client, const char *name)
{
    uint8_t hidden[COUNCIL_HASH_BYTES];
    enum council_error error = hide(client, name, hidden);

    if (error != COUNCIL_OK)
        return error;
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_DRAFT_DROP);

    home_bind(stmt, 1, hidden, sizeof hidden);
    return client_home_failed(client, home_run(&client->home, HOME_DRAFT_DROP));
}
