/*
 * recover.c - coming back from the recovery phrase: a recovery session, member.recover, then everything as the new device.
 *
 * The phrase's keys stay in the keyring, sealed, until every log was read and every pin moved, since it is they that open what was sealed before.
 * Must not know how epochs are opened (store_seeds.c). Invariant: until the member log has the new device, the home has no member and may be begun again.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 30000,
    EVERYTHING_MS = 120000,
    ATTEMPTS = 4
};

static enum council_error begin(struct client *client, const char *url, const uint8_t *server_key,
                                const char *phrase, const char *passphrase, uint32_t len)
{
    uint8_t entropy[COUNCIL_ENTROPY_BYTES];
    struct council_secrets recovery;
    uint32_t word = 0;
    enum council_error error =
        council_phrase_decode(entropy, phrase, (uint32_t)strlen(phrase), &word);

    if (error != COUNCIL_OK)
        return error == COUNCIL_E_WRONG_WORD ? client_fail(client, error, "word %u", word) : error;
    if (strlen(url) >= sizeof client->me.url)
        return COUNCIL_E_BAD_INPUT;
    memset(&client->me, 0, sizeof client->me);
    memcpy(client->me.url, url, strlen(url) + 1);
    client->me.state = IDENTITY_RECOVERING;
    if (server_key != NULL) {
        memcpy(client->me.server, server_key, COUNCIL_KEY_BYTES);
        client->me.server_known = true;
    }
    council_recovery_secrets(&recovery, entropy);
    error = home_begin(&client->home);
    if (error == COUNCIL_OK) {
        error = keyring_make(client->keyring, &client->home, passphrase, len);
        if (error == COUNCIL_OK)
            error = keyring_put_secrets(client->keyring, &client->home, "recovery", &recovery);
        if (error == COUNCIL_OK)
            error = identity_begin(&client->home, &client->me);
        error = home_end(&client->home, error);
    }
    sodium_memzero(entropy, sizeof entropy);
    sodium_memzero(&recovery, sizeof recovery);
    return error;
}

static bool logged_in(struct client *client, void *ctx)
{
    (void)ctx;
    return sync_state(client->sync) == SYNC_READY;
}

static bool own_log_read(struct client *client, void *ctx)
{
    struct sync_log_view view;

    (void)ctx;
    return sync_log_view(client->sync, client->me.member, &view) &&
           (view.state == SYNC_LOG_LIVE || view.state == SYNC_LOG_REFUSED ||
            view.state == SYNC_LOG_STOPPED);
}

/* The member log that the phrase belongs to, read to its end. */
static enum council_error read_member(struct client *client)
{
    enum council_error error = client_run(client, logged_in, NULL, ANSWER_MS);

    if (error == COUNCIL_OK)
        error = session_add_log(client, client->me.member);
    if (error == COUNCIL_OK)
        error = client_run(client, own_log_read, NULL, EVERYTHING_MS);
    if (error != COUNCIL_OK)
        return error;
    const struct council_member *member = client_member_log(client);

    if (member == NULL && client_recovering(client))
        return client_fail(client, COUNCIL_E_RECOVERING,
                           "the server waits for what your other devices hold of your member log");
    /* The server said whose phrase this is; the log itself must say so too. */
    if (member == NULL ||
        !council_member_is_recovery(member, client->keyring->recovery.sign + COUNCIL_SEED_BYTES))
        return client_fail(client, COUNCIL_E_BAD_REPLY, "the member log does not know this phrase");
    return COUNCIL_OK;
}

static enum council_error make_entry(struct client *client, const struct council_secrets *device,
                                     bool keep_devices, struct signed_entry *out)
{
    const struct sync_replica *replica = session_replica(client, client->me.member);
    const struct council_member *member = &replica->state.member;
    struct council_device public_keys;
    uint8_t revoke[COUNCIL_DEVICES_MAX][COUNCIL_KEY_BYTES];
    uint8_t accept[COUNCIL_SIG_BYTES];
    uint8_t id[COUNCIL_ID_BYTES];
    char *body = NULL;
    uint32_t len = 0;

    for (uint32_t i = 0; i < member->device_count; i++)
        memcpy(revoke[i], member->devices[i].sign, COUNCIL_KEY_BYTES);
    randombytes_buf(id, sizeof id);
    council_secrets_public(device, &public_keys);
    if (!council_device_accept(accept, client->me.member, device))
        return COUNCIL_E_BAD_PROOF;
    enum council_error error = council_body_member_recover(
        &public_keys, accept, NULL, id, (const uint8_t(*)[COUNCIL_KEY_BYTES])revoke,
        keep_devices ? 0 : member->device_count, &body, &len);

    if (error == COUNCIL_OK) {
        const struct council_draft draft = {
            .kind = COUNCIL_KIND_MEMBER_RECOVER,
            .at = client_now_ms(),
            .author = client->me.member,
            .device = client->keyring->recovery.sign + COUNCIL_SEED_BYTES,
            .id = id,
            .log = client->me.member,
            .seen_seq = replica->state.tail.seq,
            .seen_head = replica->state.tail.head,
            .body = body,
            .body_len = len,
        };

        error = council_entry_sign(&draft, client->keyring->recovery.sign, &out->text, &out->len,
                                   out->sig);
    }
    free(body);
    return error;
}

static enum council_error append(struct client *client, const struct signed_entry *entry)
{
    char sig[COUNCIL_SIG_CHARS + 1];

    council_b64_encode(sig, entry->sig, COUNCIL_SIG_BYTES);
    json_t *params = json_pack("{s:{s:s, s:s}}", "entry", "text", entry->text, "sig", sig);
    enum council_error error =
        params == NULL ? COUNCIL_E_NO_MEMORY
                       : client_ask(client, COUNCIL_METHOD_LOG_APPEND, params, NULL, ANSWER_MS);

    json_decref(params);
    return error;
}

static bool moved(struct client *client, void *ctx)
{
    const uint64_t *seq = ctx;
    const struct sync_replica *replica = session_replica(client, client->me.member);

    return replica == NULL || replica->state.tail.seq > *seq;
}

/* The new device enters the member log. Its keys are in the home first. */
static enum council_error add_device(struct client *client, bool keep_devices)
{
    struct council_secrets device;
    struct signed_entry entry = {0};
    enum council_error error = COUNCIL_E_STALE;

    secrets_draw(&device);
    memcpy(client->me.device, device.sign + COUNCIL_SEED_BYTES, COUNCIL_KEY_BYTES);
    enum council_error kept = home_begin(&client->home);

    if (kept == COUNCIL_OK) {
        kept = keyring_put_secrets(client->keyring, &client->home, "device", &device);
        if (kept == COUNCIL_OK)
            kept = identity_store(&client->home, &client->me);
        kept = home_end(&client->home, kept);
    }
    for (int i = 0; i < ATTEMPTS && kept == COUNCIL_OK && error == COUNCIL_E_STALE; i++) {
        uint64_t seq = session_replica(client, client->me.member)->state.tail.seq;

        error = make_entry(client, &device, keep_devices, &entry);
        if (error == COUNCIL_OK)
            error = append(client, &entry);
        signed_entry_fini(&entry);
        /* Taken, or somebody else was quicker: either way there is an entry to come. */
        if (error == COUNCIL_OK || error == COUNCIL_E_STALE) {
            enum council_error waited = client_run(client, moved, &seq, ANSWER_MS);

            error = waited == COUNCIL_OK ? error : waited;
        }
    }
    sodium_memzero(&device, sizeof device);
    return kept == COUNCIL_OK ? error : kept;
}

/* Every council where we are a member counts the new device. */
static bool pins_moved(struct client *client, void *ctx)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    bool all = client->listed && sync_caught_up(client->sync) &&
               client_logs(client, &logs, &count) == COUNCIL_OK;

    (void)ctx;
    for (uint32_t i = 0; i < count && all; i++) {
        const struct council *council = client_council(client, logs[i].log);

        all = !logs[i].member || logs[i].stopped != COUNCIL_OK ||
              council_device_counts(council, client->me.member, client->me.device);
    }
    free(logs);
    return all;
}

enum council_error recovery_finish(struct client *client)
{
    if (client->me.state != IDENTITY_READY || !client->keyring->has_recovery ||
        !pins_moved(client, NULL))
        return COUNCIL_OK;
    return keyring_drop_recovery(client->keyring, &client->home);
}

/* Logs in as the new device, reads everything, moves pins. */
static enum council_error come_back(struct client *client)
{
    struct identity me = client->me;

    me.state = IDENTITY_READY;
    enum council_error error = home_begin(&client->home);

    if (error == COUNCIL_OK)
        error = home_end(&client->home, identity_store(&client->home, &me));
    if (error != COUNCIL_OK)
        return client_home_failed(client, error);
    client->me = me;
    error = session_start(client, SYNC_LOGIN_DEVICE);
    if (error != COUNCIL_OK)
        return error;
    (void)client_take_duties(client);
    error = client_run(client, pins_moved, NULL, EVERYTHING_MS);
    if (error == COUNCIL_OK)
        error = client_home_failed(client, recovery_finish(client));
    return error;
}

enum council_error client_recover(struct client *client, const char *url, const uint8_t *server_key,
                                  const char *phrase, bool keep_devices, const char *passphrase,
                                  uint32_t passphrase_len)
{
    enum council_error error = home_is_new(client);

    if (error != COUNCIL_OK)
        return error;
    error = begin(client, url, server_key, phrase, passphrase, passphrase_len);
    if (error != COUNCIL_OK)
        return client_home_failed(client, error);
    client->wanted = true;
    error = session_start(client, SYNC_LOGIN_RECOVERY);
    if (error == COUNCIL_OK)
        error = read_member(client);
    if (error == COUNCIL_OK)
        error = add_device(client, keep_devices);
    if (error != COUNCIL_OK) {
        session_end(client);
        client->wanted = false;
        return client_home_failed(client, error);
    }
    return come_back(client);
}
