/*
 * presence_signal.c - one signal: sealed and signed, checked and opened.
 *
 * Owns protocol/README.md section 9.1 on signals, with the seal of section 7 under kind "signal". Must not know who is here, or what a signal
 * means. Invariant: nothing of a signal is looked into before its signature was found to be that of a device that counts in the council.
 */
#include "client/lib/presence_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Fields of P("council/v1/signal", …); `epoch` and `hash` are written for the call. */
static bool sign(uint8_t sig[COUNCIL_SIG_BYTES], const struct council_seal_place *place,
                 const uint8_t *data, uint32_t len, const uint8_t *secret)
{
    uint8_t epoch[8];
    uint8_t hash[COUNCIL_HASH_BYTES];

    council_u64be(epoch, place->epoch);
    council_hash(hash, data, len);
    const struct council_field fields[] = {COUNCIL_FN(place->log, COUNCIL_KEY_BYTES),
                                           COUNCIL_FN(place->id, COUNCIL_ID_BYTES),
                                           COUNCIL_F(epoch), COUNCIL_F(hash)};

    if (secret != NULL)
        return council_sign_p(sig, secret, "council/v1/signal", fields, 4);
    return council_verify_p(sig, place->device, "council/v1/signal", fields, 4);
}

static json_t *base64(const uint8_t *bytes, uint32_t len)
{
    char *text = malloc(COUNCIL_B64_CHARS((size_t)len) + 1);
    json_t *value = NULL;

    if (text != NULL) {
        council_b64_encode(text, bytes, len);
        value = json_string(text);
    }
    free(text);
    return value;
}

enum council_error presence_seal(struct client *client, const uint8_t *log,
                                 const struct model_signal *signal, json_t **out)
{
    const struct council *council = client_council(client, log);
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t nonce[24];
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data = NULL;
    uint32_t data_len = 0;

    *out = NULL;
    if (council == NULL)
        return COUNCIL_E_NO_COUNCIL;
    randombytes_buf(id, sizeof id);
    randombytes_buf(nonce, sizeof nonce);
    const struct council_seal_place place = {.log = log,
                                             .author = client->me.member,
                                             .device = client->me.device,
                                             .id = id,
                                             .kind = "signal",
                                             .epoch = council->epoch};
    json_t *content = model_signal_write(signal);
    char *plain = content == NULL ? NULL : json_dumps(content, JSON_COMPACT);
    enum council_error error = plain == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    if (error == COUNCIL_OK)
        error = keyring_seed(client->keyring, &client->home, log, place.epoch, seed);
    if (error == COUNCIL_OK)
        error = council_seal(&place, seed, nonce, plain, (uint32_t)strlen(plain), &data, &data_len);
    sodium_memzero(seed, sizeof seed);
    if (error == COUNCIL_OK && (!client->keyring->has_device ||
                                !sign(sig, &place, data, data_len, client->keyring->device.sign)))
        error = COUNCIL_E_NO_KEY;
    if (error == COUNCIL_OK)
        *out = json_pack("{s:o, s:o, s:I, s:o, s:o}", "log", base64(log, COUNCIL_KEY_BYTES), "id",
                         base64(id, sizeof id), "epoch", (json_int_t)place.epoch, "data",
                         base64(data, data_len), "sig", base64(sig, sizeof sig));
    if (error == COUNCIL_OK && *out == NULL)
        error = COUNCIL_E_NO_MEMORY;
    free(data);
    free(plain);
    json_decref(content);
    return error;
}

/* The plaintext under the seed of its epoch. */
static enum council_error unseal(struct client *client, const struct council_seal_place *place,
                                 const uint8_t *data, uint32_t len, struct model_signal *out)
{
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t *plain = NULL;
    uint32_t plain_len = 0;
    enum council_error error =
        keyring_seed(client->keyring, &client->home, place->log, place->epoch, seed);

    if (error == COUNCIL_OK)
        error = council_unseal(place, seed, data, len, &plain, &plain_len);
    sodium_memzero(seed, sizeof seed);
    if (error != COUNCIL_OK)
        return error;
    json_t *content = plain_len > PRESENCE_PLAIN_MAX ? NULL
                                                     : json_loadb((const char *)plain, plain_len,
                                                                  JSON_REJECT_DUPLICATES, NULL);

    error = content == NULL ? COUNCIL_E_BAD_CONTENT : model_signal_read(content, out);
    json_decref(content);
    free(plain);
    return error;
}

enum council_error presence_open(struct client *client, const uint8_t *log, const json_t *params,
                                 struct presence_heard *out)
{
    const struct council *council = client_council(client, log);
    uint8_t room[COUNCIL_KEY_BYTES];
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data = NULL;
    uint32_t len = 0;
    struct council_seal_place place = {
        .log = log, .author = out->member, .device = out->device, .id = id, .kind = "signal"};

    if (council == NULL || !council_rpc_bytes(params, "log", room, sizeof room) ||
        memcmp(room, log, sizeof room) != 0)
        return COUNCIL_E_NOT_FOUND;
    if (!council_rpc_bytes(params, "member", out->member, sizeof out->member) ||
        !council_rpc_bytes(params, "device", out->device, sizeof out->device) ||
        !council_rpc_bytes(params, "id", id, sizeof id) ||
        !council_rpc_bytes(params, "sig", sig, sizeof sig) ||
        !council_rpc_int(params, "epoch", 1, COUNCIL_INT_MAX, &place.epoch))
        return COUNCIL_E_BAD_CONTENT;
    if (!council_device_counts(council, out->member, out->device))
        return COUNCIL_E_UNKNOWN_DEVICE;
    if (place.epoch > council->epoch || place.epoch + 1 < council->epoch)
        return COUNCIL_E_STALE_EPOCH;
    enum council_error error =
        council_rpc_data(params, "data", COUNCIL_PLAIN_MIN + COUNCIL_DATA_OVERHEAD,
                         PRESENCE_PLAIN_MAX + 1 + COUNCIL_DATA_OVERHEAD, &data, &len);

    if (error == COUNCIL_OK && !sign(sig, &place, data, len, NULL))
        error = COUNCIL_E_BAD_SIGNATURE;
    if (error == COUNCIL_OK)
        error = unseal(client, &place, data, len, &out->signal);
    free(data);
    return error;
}
