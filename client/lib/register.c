/*
 * register.c - becoming somebody: keys, the member log at a server, the journal.
 *
 * Keys, phrase and the exact registration are in the home before anything is sent, and stay there until the phrase was shown: a registration whose answer was
 * lost, or that was killed before the words were on paper, is repeated and not made twice. Must not know how a recovery or another device comes to
 * be. Invariant: nobody has a home whose phrase was never seen.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 30000
};

static const struct keyring_place phrase_place = {.what = "phrase"};
static const uint8_t no_head[COUNCIL_HASH_BYTES];

/* What is kept until the server has answered. */
struct registration {
    struct signed_entry entry;
    uint8_t entropy[COUNCIL_ENTROPY_BYTES];
};

static void registration_fini(struct registration *reg)
{
    signed_entry_fini(&reg->entry);
    sodium_memzero(reg, sizeof *reg);
}

enum council_error home_is_new(struct client *client)
{
    return client_has_member(client) ? COUNCIL_E_HOME_EXISTS : COUNCIL_OK;
}

void secrets_draw(struct council_secrets *out)
{
    uint8_t seeds[2][COUNCIL_SEED_BYTES];

    randombytes_buf(seeds, sizeof seeds);
    council_secrets_from_seeds(out, seeds[0], seeds[1]);
    sodium_memzero(seeds, sizeof seeds);
}

/* member.create, signed by the new device and proved by the recovery key. */
static enum council_error make_entry(const struct council_secrets *device, struct registration *reg,
                                     uint8_t member[COUNCIL_KEY_BYTES])
{
    struct council_device public_keys;
    struct council_secrets recovery;
    uint8_t id[COUNCIL_ID_BYTES];
    char *body = NULL;
    uint32_t len = 0;

    randombytes_buf(id, sizeof id);
    council_secrets_public(device, &public_keys);
    council_recovery_secrets(&recovery, reg->entropy);
    enum council_error error = council_body_member_create(&public_keys, &recovery, id, &body, &len);

    if (error == COUNCIL_OK) {
        const struct council_draft draft = {
            .kind = COUNCIL_KIND_MEMBER_CREATE,
            .at = client_now_ms(),
            .device = public_keys.sign,
            .id = id,
            .body = body,
            .body_len = len,
        };

        error = council_entry_sign(&draft, device->sign, &reg->entry.text, &reg->entry.len,
                                   reg->entry.sig);
    }
    if (error == COUNCIL_OK)
        council_entry_head(member, no_head, reg->entry.text, reg->entry.len, reg->entry.sig);
    sodium_memzero(&recovery, sizeof recovery);
    free(body);
    return error;
}

static enum council_error keep(struct client *client, const struct council_secrets *device,
                               const struct registration *reg, const char *passphrase, uint32_t len)
{
    uint8_t *sealed = NULL;
    uint32_t sealed_len = 0;
    struct home *home = &client->home;
    enum council_error error = home_begin(home);

    if (error != COUNCIL_OK)
        return error;
    error = keyring_make(client->keyring, home, passphrase, len);
    if (error == COUNCIL_OK)
        error = keyring_put_secrets(client->keyring, home, "device", device);
    if (error == COUNCIL_OK)
        error = keyring_seal(client->keyring, &phrase_place, reg->entropy, sizeof reg->entropy,
                             &sealed, &sealed_len);
    if (error == COUNCIL_OK)
        error = home_put(home, HOME_KEYRING_PUT, "phrase", sealed, sealed_len);
    if (error == COUNCIL_OK)
        error = home_put(home, HOME_META_PUT, "pending", reg->entry.text, reg->entry.len);
    if (error == COUNCIL_OK)
        error = home_put(home, HOME_META_PUT, "pending.sig", reg->entry.sig, COUNCIL_SIG_BYTES);
    if (error == COUNCIL_OK)
        error = identity_begin(home, &client->me);
    free(sealed);
    error = home_end(home, error);
    if (error != COUNCIL_OK)
        keyring_lock(client->keyring);
    return error;
}

/* A registration that was begun here before, if the passphrase opens it. */
static bool resume(struct client *client, struct registration *reg, const char *url,
                   const char *passphrase, uint32_t len)
{
    uint8_t *text = NULL;
    uint8_t *sig = NULL;
    uint8_t *sealed = NULL;
    uint8_t *entropy = NULL;
    uint32_t text_len = 0;
    uint32_t sig_len = 0;
    uint32_t sealed_len = 0;
    uint32_t entropy_len = 0;
    bool good =
        client->me.state == IDENTITY_REGISTERING && strcmp(client->me.url, url) == 0 &&
        keyring_unlock(client->keyring, &client->home, passphrase, len) == COUNCIL_OK &&
        home_get(&client->home, HOME_META_GET, "pending", &text, &text_len) == COUNCIL_OK &&
        home_get(&client->home, HOME_META_GET, "pending.sig", &sig, &sig_len) == COUNCIL_OK &&
        home_get(&client->home, HOME_KEYRING_GET, "phrase", &sealed, &sealed_len) == COUNCIL_OK &&
        text != NULL && sig_len == COUNCIL_SIG_BYTES && sealed != NULL &&
        keyring_open(client->keyring, &phrase_place, sealed, sealed_len, &entropy, &entropy_len) ==
            COUNCIL_OK &&
        entropy_len == sizeof reg->entropy && client->keyring->has_device;

    if (good) {
        reg->entry.text = (char *)text;
        reg->entry.len = text_len;
        text = NULL;
        memcpy(reg->entry.sig, sig, COUNCIL_SIG_BYTES);
        memcpy(reg->entropy, entropy, sizeof reg->entropy);
    }
    free(text);
    free(sig);
    free(sealed);
    keyring_free(entropy, entropy_len);
    return good;
}

static enum council_error begin(struct client *client, struct registration *reg, const char *url,
                                const uint8_t *server_key, const char *passphrase, uint32_t len)
{
    struct council_secrets device;

    memset(&client->me, 0, sizeof client->me);
    if (strlen(url) >= sizeof client->me.url)
        return COUNCIL_E_BAD_INPUT;
    memcpy(client->me.url, url, strlen(url) + 1);
    client->me.state = IDENTITY_REGISTERING;
    if (server_key != NULL) {
        memcpy(client->me.server, server_key, COUNCIL_KEY_BYTES);
        client->me.server_known = true;
    }
    secrets_draw(&device);
    randombytes_buf(reg->entropy, sizeof reg->entropy);
    memcpy(client->me.device, device.sign + COUNCIL_SEED_BYTES, COUNCIL_KEY_BYTES);
    enum council_error error = make_entry(&device, reg, client->me.member);

    if (error == COUNCIL_OK)
        error = keep(client, &device, reg, passphrase, len);
    sodium_memzero(&device, sizeof device);
    return error;
}

static bool greeted(struct client *client, void *ctx)
{
    (void)ctx;
    return sync_state(client->sync) == SYNC_GREETED;
}

static json_t *params_of(const struct registration *reg, const char *code)
{
    char sig[COUNCIL_SIG_CHARS + 1];

    council_b64_encode(sig, reg->entry.sig, COUNCIL_SIG_BYTES);
    return json_pack("{s:{s:s, s:s}, s:s*}", "entry", "text", reg->entry.text, "sig", sig, "code",
                     code);
}

static enum council_error ask_server(struct client *client, const struct registration *reg,
                                     const char *code, bool resumed)
{
    json_t *result = NULL;
    uint8_t member[COUNCIL_KEY_BYTES];
    enum council_error error = client_run(client, greeted, NULL, ANSWER_MS);

    if (error != COUNCIL_OK)
        return error;
    json_t *params = params_of(reg, code);

    error = params == NULL
                ? COUNCIL_E_NO_MEMORY
                : client_ask(client, COUNCIL_METHOD_MEMBER_REGISTER, params, &result, ANSWER_MS);
    if (error == COUNCIL_OK && (!council_rpc_bytes(result, "member", member, sizeof member) ||
                                memcmp(member, client->me.member, sizeof member) != 0))
        error = COUNCIL_E_BAD_REPLY;
    /* The answer to the first attempt was lost, nothing else. */
    if (error == COUNCIL_E_ALREADY_REGISTERED && resumed)
        error = COUNCIL_OK;
    json_decref(params);
    json_decref(result);
    return error;
}

/* The member log's first entry as the server has it, and the journal behind it. */
static enum council_error put_member(struct client *client, const struct registration *reg)
{
    uint64_t journal = 0;
    struct home *home = &client->home;
    struct row_log log;
    struct row_entry row = {.seq = 1, .received = client_now_ms(), .folds = true};
    json_t *intent = json_pack("{s:s, s:s, s:i, s:s}", "type", "journal", "pace", "slow", "size", 1,
                               "history", "all");
    enum council_error error = intent == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    row.text = reg->entry.text;
    row.len = reg->entry.len;
    memcpy(row.sig, reg->entry.sig, COUNCIL_SIG_BYTES);
    memcpy(row.head, client->me.member, COUNCIL_HASH_BYTES);
    if (error == COUNCIL_OK)
        error = rows_log_make(home, client->me.member, ROWS_MEMBER, &log);
    if (error == COUNCIL_OK)
        error = rows_put(home, &log, &row);
    if (error == COUNCIL_OK)
        error = rows_log_move(home, &log);
    if (error == COUNCIL_OK)
        error = submit_genesis(client, intent, &journal);
    json_decref(intent);
    return error;
}

/* The server has the member. What the home keeps for a repetition stays until the phrase was shown. */
static enum council_error settle(struct client *client, const struct registration *reg)
{
    struct home *home = &client->home;
    struct row_log log;
    bool found = false;
    enum council_error error = home_begin(home);

    if (error != COUNCIL_OK)
        return error;
    error = identity_store(home, &client->me); /* with the server's key */
    if (error == COUNCIL_OK)
        error = rows_log(home, client->me.member, &log, &found);
    if (error == COUNCIL_OK && !found)
        error = put_member(client, reg);
    error = home_end(home, error);
    if (error == COUNCIL_OK)
        client->me.state = IDENTITY_READY;
    return error;
}

enum council_error client_phrase_shown(struct client *client)
{
    const uint8_t ready = IDENTITY_READY;
    struct home *home = &client->home;

    if (client->me.state != IDENTITY_READY)
        return COUNCIL_E_NO_HOME;
    enum council_error error = home_begin(home);

    if (error == COUNCIL_OK) {
        error = home_put(home, HOME_META_PUT, "state", &ready, 1);
        if (error == COUNCIL_OK)
            error = home_drop(home, HOME_META_DROP, "pending");
        if (error == COUNCIL_OK)
            error = home_drop(home, HOME_META_DROP, "pending.sig");
        if (error == COUNCIL_OK)
            error = home_drop(home, HOME_KEYRING_DROP, "phrase");
        error = home_end(home, error);
    }
    return client_home_failed(client, error);
}

/* True if an earlier attempt got so far that the server has the member: their keys must not be replaced. */
static bool settled(struct client *client)
{
    struct row_log log;
    bool found = false;

    return client->me.state == IDENTITY_REGISTERING &&
           rows_log(&client->home, client->me.member, &log, &found) == COUNCIL_OK && found;
}

enum council_error client_register(struct client *client, const char *url,
                                   const uint8_t *server_key, const char *code,
                                   const char *passphrase, uint32_t passphrase_len,
                                   char phrase[COUNCIL_PHRASE_MAX])
{
    struct registration reg = {0};
    enum council_error error = home_is_new(client);

    if (error != COUNCIL_OK)
        return error;
    bool resumed = resume(client, &reg, url, passphrase, passphrase_len);

    if (!resumed && settled(client))
        error = client_fail(client, COUNCIL_E_WRONG_PASSPHRASE,
                            "a registration at %s was begun in this home", client->me.url);
    else if (!resumed)
        error = begin(client, &reg, url, server_key, passphrase, passphrase_len);
    if (error == COUNCIL_OK) {
        client->wanted = true;
        error = session_start(client, SYNC_LOGIN_NONE);
    }
    if (error == COUNCIL_OK)
        error = ask_server(client, &reg, code, resumed);
    if (error == COUNCIL_OK)
        error = settle(client, &reg);
    if (error == COUNCIL_OK)
        council_phrase_encode(phrase, reg.entropy);
    registration_fini(&reg);
    if (error != COUNCIL_OK) {
        session_end(client);
        client->wanted = false;
        return client_home_failed(client, error);
    }
    sync_login(client->sync, SYNC_LOGIN_DEVICE, client->me.member, client->me.device);
    error = session_add_log(client, client->me.member);
    if (error == COUNCIL_OK)
        error = outbox_load(client, 0);
    /* Whoever has a phrase to show has a member: a journal that is late comes later. */
    if (error == COUNCIL_OK)
        (void)!client_sync(client, ANSWER_MS, 0, NULL, NULL);
    return error;
}
