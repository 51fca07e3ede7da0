/*
 * invite.c - opening invites and writing their links.
 *
 * The log holds an invite's public key alone; its secret stays sealed in this home so that the link can be shown again. Must not know who uses it. Invariant: a
 * link is not handed out before its secret is in the home.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct keyring_place invite_place(const uint8_t invite[COUNCIL_KEY_BYTES])
{
    return (struct keyring_place){.what = "invite", .name = invite, .name_len = COUNCIL_KEY_BYTES};
}

static char *write_link(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                        const uint8_t seed[COUNCIL_SEED_BYTES])
{
    const struct sync_replica *replica = session_replica(client, log);
    struct council_link link = {0};
    char *out = malloc(COUNCIL_LINK_MAX);

    if (replica == NULL || out == NULL) {
        free(out);
        return NULL;
    }
    memcpy(link.url, client->me.url, sizeof link.url);
    memcpy(link.invite_seed, seed, COUNCIL_SEED_BYTES);
    memcpy(link.council, log, COUNCIL_KEY_BYTES);
    link.seq = replica->state.tail.seq;
    memcpy(link.head, replica->state.tail.head, COUNCIL_HASH_BYTES);
    memcpy(link.server, client->me.server, COUNCIL_KEY_BYTES);
    if (council_link_encode(out, &link) != COUNCIL_OK) {
        free(out);
        out = NULL;
    }
    sodium_memzero(&link, sizeof link);
    return out;
}

static enum council_error keep_secret(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                      const uint8_t invite[COUNCIL_KEY_BYTES],
                                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    const struct keyring_place place = invite_place(invite);
    uint8_t *sealed = NULL;
    uint32_t len = 0;
    enum council_error error =
        keyring_seal(client->keyring, &place, seed, COUNCIL_SEED_BYTES, &sealed, &len);

    if (error == COUNCIL_OK) {
        sqlite3_stmt *stmt = home_prepare(&client->home, HOME_INVITE_PUT);

        home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
        home_bind(stmt, 2, invite, COUNCIL_KEY_BYTES);
        home_bind(stmt, 3, sealed, len);
        error = home_run(&client->home, HOME_INVITE_PUT);
    }
    free(sealed);
    return client_home_failed(client, error);
}

enum council_error client_invite(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                 uint32_t uses, uint64_t expires, char **link, uint64_t *item)
{
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t invite[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    char name[COUNCIL_KEY_CHARS + 1];

    *link = NULL;
    if (client_council(client, log) == NULL)
        return COUNCIL_E_NO_COUNCIL;
    randombytes_buf(seed, sizeof seed);
    (void)crypto_sign_seed_keypair(invite, secret, seed);
    council_b64_encode(name, invite, sizeof invite);
    json_t *intent = json_pack("{s:I, s:s, s:I}", "expires", (json_int_t)expires, "invite", name,
                               "uses", (json_int_t)uses);
    enum council_error error =
        intent == NULL ? COUNCIL_E_NO_MEMORY : keep_secret(client, log, invite, seed);

    if (error == COUNCIL_OK)
        error = client_submit(client, log, COUNCIL_KIND_INVITE_OPEN, intent, item);
    if (error == COUNCIL_OK) {
        *link = write_link(client, log, seed);
        error = *link == NULL ? COUNCIL_E_BAD_LINK : COUNCIL_OK;
    }
    json_decref(intent);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    return error;
}

char *client_invite_link(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                         const uint8_t invite[COUNCIL_KEY_BYTES])
{
    const struct keyring_place place = invite_place(invite);
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_INVITE_GET);
    uint8_t *seed = NULL;
    uint32_t seed_len = 0;
    bool row = false;
    char *link = NULL;

    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    home_bind(stmt, 2, invite, COUNCIL_KEY_BYTES);
    enum council_error error = home_step(&client->home, HOME_INVITE_GET, &row);

    if (error == COUNCIL_OK && row) {
        uint32_t len = 0;
        const void *sealed = home_column(stmt, 0, &len);

        error = keyring_open(client->keyring, &place, sealed, len, &seed, &seed_len);
    }
    home_reset(&client->home, HOME_INVITE_GET);
    if (error == COUNCIL_OK && seed != NULL && seed_len == COUNCIL_SEED_BYTES)
        link = write_link(client, log, seed);
    keyring_free(seed, seed_len);
    return link;
}
