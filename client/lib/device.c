/*
 * device.c - another device of the same member: its request, its adding, its revoking.
 *
 * A link says where and who (nothing secret); a token carries the new device's public keys and its countersignature. Must not know how pins move: duties do
 * that. Invariant: secret keys never leave the home that drew them.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 30000,
    LINK_BYTES = 1 + 2 * COUNCIL_KEY_BYTES, /* version, server key, member */
    TOKEN_BYTES =
        1 + 3 * COUNCIL_KEY_BYTES + COUNCIL_SIG_BYTES, /* version, member, device, box, accept */
    VERSION = 1
};

static const char mark[] = "/device#";

static char *encode(const char *before, const uint8_t *bytes, uint32_t len)
{
    size_t at = strlen(before);
    char *out = malloc(at + COUNCIL_B64_CHARS(len) + 1);

    if (out != NULL) {
        memcpy(out, before, at);
        council_b64_encode(out + at, bytes, len);
    }
    return out;
}

/* Surrounding white space is what copying leaves. */
static bool decode(const char *text, uint8_t *out, uint32_t len)
{
    size_t chars = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return text[chars + strspn(text + chars, " \t\r\n")] == '\0' &&
           chars == COUNCIL_B64_CHARS(len) && council_b64_decode(out, len, text, (uint32_t)chars) &&
           out[0] == VERSION;
}

enum council_error client_device_link(struct client *client, char **link)
{
    uint8_t bytes[LINK_BYTES] = {VERSION};
    char before[sizeof client->me.url + sizeof mark];

    *link = NULL;
    if (!client_has_member(client))
        return COUNCIL_E_NO_HOME;
    memcpy(bytes + 1, client->me.server, COUNCIL_KEY_BYTES);
    memcpy(bytes + 1 + COUNCIL_KEY_BYTES, client->me.member, COUNCIL_KEY_BYTES);
    (void)snprintf(before, sizeof before, "%s%s", client->me.url, mark);
    *link = encode(before, bytes, sizeof bytes);
    return *link == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

static enum council_error read_link(const char *link, struct identity *me)
{
    uint8_t bytes[LINK_BYTES];

    link += strspn(link, " \t\r\n");
    const char *at = strstr(link, mark);

    if (at == NULL || (size_t)(at - link) >= sizeof me->url ||
        !decode(at + strlen(mark), bytes, sizeof bytes))
        return COUNCIL_E_BAD_LINK;
    memset(me, 0, sizeof *me);
    memcpy(me->url, link, (size_t)(at - link));
    memcpy(me->server, bytes + 1, COUNCIL_KEY_BYTES);
    memcpy(me->member, bytes + 1 + COUNCIL_KEY_BYTES, COUNCIL_KEY_BYTES);
    me->server_known = true;
    me->state = IDENTITY_REQUESTED;
    return COUNCIL_OK;
}

static enum council_error make_token(const struct council_secrets *device,
                                     const uint8_t member[COUNCIL_KEY_BYTES], char **token)
{
    uint8_t bytes[TOKEN_BYTES] = {VERSION};
    struct council_device public_keys;

    council_secrets_public(device, &public_keys);
    memcpy(bytes + 1, member, COUNCIL_KEY_BYTES);
    memcpy(bytes + 1 + COUNCIL_KEY_BYTES, public_keys.sign, COUNCIL_KEY_BYTES);
    memcpy(bytes + 1 + 2 * COUNCIL_KEY_BYTES, public_keys.box, COUNCIL_KEY_BYTES);
    if (!council_device_accept(bytes + 1 + 3 * COUNCIL_KEY_BYTES, member, device))
        return COUNCIL_E_BAD_PROOF;
    *token = encode("", bytes, sizeof bytes);
    return *token == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

enum council_error client_device_request(struct client *client, const char *device_link,
                                         const char *passphrase, uint32_t passphrase_len,
                                         char **token)
{
    struct identity me;
    struct council_secrets device;
    struct net_address address;
    enum council_error error = home_is_new(client);

    *token = NULL;
    if (error == COUNCIL_OK)
        error = read_link(device_link, &me);
    if (error == COUNCIL_OK && net_address(&address, me.url) != COUNCIL_OK)
        error = COUNCIL_E_BAD_LINK;
    if (error != COUNCIL_OK)
        return error;
    secrets_draw(&device);
    memcpy(me.device, device.sign + COUNCIL_SEED_BYTES, COUNCIL_KEY_BYTES);
    error = make_token(&device, me.member, token);
    if (error == COUNCIL_OK)
        error = home_begin(&client->home);
    if (error == COUNCIL_OK) {
        error = keyring_make(client->keyring, &client->home, passphrase, passphrase_len);
        if (error == COUNCIL_OK)
            error = keyring_put_secrets(client->keyring, &client->home, "device", &device);
        if (error == COUNCIL_OK)
            error = identity_begin(&client->home, &me);
        error = home_end(&client->home, error);
    }
    sodium_memzero(&device, sizeof device);
    if (error != COUNCIL_OK) {
        free(*token);
        *token = NULL;
        return client_home_failed(client, error);
    }
    client->me = me;
    return session_start(client, SYNC_LOGIN_DEVICE);
}

/* Submits into the member log and waits; what it means for councils is moved by duties. */
static enum council_error change(struct client *client, enum council_kind kind, json_t *intent)
{
    uint64_t item = 0;
    enum council_error error = COUNCIL_E_NO_MEMORY;

    if (intent == NULL)
        return error;
    /* The member log must be there before it can be asked. */
    error = client_sync(client, ANSWER_MS, 0, NULL, NULL);
    if (error == COUNCIL_OK)
        error = client_submit(client, client->me.member, kind, intent, &item);
    if (error == COUNCIL_OK)
        error = client_wait(client, item, ANSWER_MS);
    if (error == COUNCIL_OK)
        error = client_sync(client, ANSWER_MS, CLIENT_DUTIES_MS, NULL, NULL);
    return error;
}

enum council_error client_device_add(struct client *client, const char *token)
{
    uint8_t bytes[TOKEN_BYTES];
    char device[COUNCIL_KEY_CHARS + 1];
    char box[COUNCIL_KEY_CHARS + 1];
    char accept[COUNCIL_SIG_CHARS + 1];

    if (!decode(token + strspn(token, " \t\r\n"), bytes, sizeof bytes))
        return client_fail(client, COUNCIL_E_BAD_INPUT, "not a device's token");
    if (memcmp(bytes + 1, client->me.member, COUNCIL_KEY_BYTES) != 0)
        return client_fail(client, COUNCIL_E_BAD_INPUT, "the token was made for another member");
    council_b64_encode(device, bytes + 1 + COUNCIL_KEY_BYTES, COUNCIL_KEY_BYTES);
    council_b64_encode(box, bytes + 1 + 2 * COUNCIL_KEY_BYTES, COUNCIL_KEY_BYTES);
    council_b64_encode(accept, bytes + 1 + 3 * COUNCIL_KEY_BYTES, COUNCIL_SIG_BYTES);
    json_t *intent = json_pack("{s:s, s:s, s:s}", "accept", accept, "box", box, "device", device);
    enum council_error error = change(client, COUNCIL_KIND_DEVICE_ADD, intent);

    json_decref(intent);
    return error;
}

enum council_error client_device_revoke(struct client *client,
                                        const uint8_t device[COUNCIL_KEY_BYTES])
{
    char name[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(name, device, COUNCIL_KEY_BYTES);
    json_t *intent = json_pack("{s:s}", "device", name);
    enum council_error error = change(client, COUNCIL_KIND_DEVICE_REVOKE, intent);

    json_decref(intent);
    return error;
}
