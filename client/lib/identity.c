/*
 * identity.c - who this home belongs to, as rows of table meta.
 *
 * Public names and the server's address alone: secrets are the keyring's. Must not know how one becomes somebody.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

/* Rows of fixed size, and where they go. */
static const struct {
    const char *name;
    size_t at;
} keys[] = {
    {"server", offsetof(struct identity, server)},
    {"member", offsetof(struct identity, member)},
    {"device", offsetof(struct identity, device)},
    {"journal", offsetof(struct identity, journal)},
};

static const uint8_t zeros[COUNCIL_KEY_BYTES];

enum council_error identity_load(struct home *home, struct identity *out)
{
    uint8_t *value = NULL;
    uint32_t len = 0;

    memset(out, 0, sizeof *out);
    enum council_error error = home_get(home, HOME_META_GET, "state", &value, &len);

    if (error == COUNCIL_OK && value != NULL && (len != 1 || value[0] > IDENTITY_REQUESTED))
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK && value != NULL)
        out->state = value[0];
    free(value);
    if (error != COUNCIL_OK || out->state == IDENTITY_NONE)
        return error;
    error = home_get(home, HOME_META_GET, "url", &value, &len);
    if (error == COUNCIL_OK && value != NULL && len < sizeof out->url)
        memcpy(out->url, value, len);
    free(value);
    for (size_t i = 0; i < sizeof keys / sizeof *keys && error == COUNCIL_OK; i++) {
        error = home_get(home, HOME_META_GET, keys[i].name, &value, &len);
        if (error == COUNCIL_OK && value != NULL) {
            if (len == COUNCIL_KEY_BYTES)
                memcpy((uint8_t *)out + keys[i].at, value, len);
            else
                error = COUNCIL_E_HOME_DAMAGED;
        }
        free(value);
    }
    out->server_known = memcmp(out->server, zeros, sizeof zeros) != 0;
    return error;
}

enum council_error identity_store(struct home *home, const struct identity *me)
{
    const uint8_t state = (uint8_t)me->state;
    enum council_error error = home_put(home, HOME_META_PUT, "state", &state, 1);

    if (error == COUNCIL_OK)
        error = home_put(home, HOME_META_PUT, "url", me->url, (uint32_t)strlen(me->url));
    for (size_t i = 0; i < sizeof keys / sizeof *keys && error == COUNCIL_OK; i++) {
        const uint8_t *key = (const uint8_t *)me + keys[i].at;

        if (memcmp(key, zeros, sizeof zeros) != 0)
            error = home_put(home, HOME_META_PUT, keys[i].name, key, COUNCIL_KEY_BYTES);
        else
            error = home_drop(home, HOME_META_DROP, keys[i].name);
    }
    return error;
}

enum council_error identity_begin(struct home *home, const struct identity *me)
{
    enum council_error error = COUNCIL_OK;

    for (int id = HOME_WIPE_LOG; id <= HOME_WIPE_INVITE && error == COUNCIL_OK; id++) {
        (void)home_prepare(home, (enum home_statement)id);
        error = home_run(home, (enum home_statement)id);
    }
    return error == COUNCIL_OK ? identity_store(home, me) : error;
}
