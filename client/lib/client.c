/*
 * client.c - a client as a whole: opening a home, unlocking it, and who it belongs to.
 *
 * Must not know how entries are made or moved. Invariant: a client that could be opened can be closed at any moment without losing what was
 * submitted.
 */
#include "client/lib/pool_internal.h"
#include "client/lib/presence_internal.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

/* No core dump has our keys, and no other process of the user looks into us. The leak checker has to, in a build that has one. */
static void harden(void)
{
#ifndef SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* A file size limit is an error like a full disk, and not the end of the program, unless the program has its own mind about it. */
static void survive_limits(void)
{
    struct sigaction action;

    if (sigaction(SIGXFSZ, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        (void)sigaction(SIGXFSZ, &action, NULL);
    }
}

uint64_t client_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void client_random(void *out, uint32_t len)
{
    randombytes_buf(out, len);
}

enum council_error client_fail(struct client *client, enum council_error error, const char *format,
                               ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(client->detail, sizeof client->detail, format, args);
    va_end(args);
    return error;
}

enum council_error client_home_failed(struct client *client, enum council_error error)
{
    static const enum council_error own[] = {COUNCIL_E_HOME_DAMAGED, COUNCIL_E_HOME_NEWER,
                                             COUNCIL_E_HOME_BUSY, COUNCIL_E_HOME_FULL,
                                             COUNCIL_E_HOME_IO};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (error == own[i] && client->home.detail[0] != '\0')
            (void)client_fail(client, error, "%s: %s", client->home.path, client->home.detail);
    }
    return error;
}

const char *client_detail(const struct client *client)
{
    return client == NULL ? "" : client->detail;
}

static enum council_error open_home(struct client *client, const char *path, bool create)
{
    enum council_error error = home_open(&client->home, path, create);

    if (error == COUNCIL_OK)
        error = identity_load(&client->home, &client->me);
    if (error != COUNCIL_OK)
        return client_home_failed(client, error);
    return client_has_member(client) ? session_start(client, SYNC_LOGIN_DEVICE) : COUNCIL_OK;
}

enum council_error client_open(struct client **out, const char *path, bool create)
{
    struct client *client = NULL;
    enum council_error error = council_protocol_init();

    *out = NULL;
    if (error != COUNCIL_OK)
        return error;
    harden();
    survive_limits();
    client = calloc(1, sizeof *client);
    if (client == NULL)
        return COUNCIL_E_NO_MEMORY;
    client->duties_fd = -1;
    client->keyring = keyring_create();
    client->checks = checks_create();
    if (client->keyring == NULL || client->checks == NULL) {
        keyring_destroy(client->keyring);
        checks_destroy(client->checks);
        free(client);
        return COUNCIL_E_NO_MEMORY;
    }
    error = open_home(client, path, create);
    if (error != COUNCIL_OK) {
        client_close(client);
        return error;
    }
    *out = client;
    return COUNCIL_OK;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    agent_stop(client->agent);
    client_presence_leave(client);
    session_end(client);
    pool_end(client);
    if (client->duties_fd >= 0)
        (void)close(client->duties_fd);
    home_close(&client->home);
    keyring_destroy(client->keyring);
    checks_destroy(client->checks);
    free(client->ca_file);
    free(client->items);
    free(client->deferred);
    free(client->announced);
    json_decref(client->list_came);
    sodium_memzero(client, sizeof *client);
    free(client);
}

enum council_error client_set_ca(struct client *client, const char *file)
{
    char *copy = file == NULL ? NULL : strdup(file);

    if (file != NULL && access(file, R_OK) != 0) {
        free(copy);
        return client_fail(client, COUNCIL_E_HOME_IO, "%s: %s", file, strerror(errno));
    }
    if (file != NULL && copy == NULL)
        return COUNCIL_E_NO_MEMORY;
    free(client->ca_file);
    client->ca_file = copy;
    return COUNCIL_OK;
}

/* ---- unlocking ---- */

bool client_has_member(const struct client *client)
{
    return client->me.state == IDENTITY_READY || client->me.state == IDENTITY_REQUESTED;
}

bool client_unlocked(const struct client *client)
{
    return client->keyring->open;
}

enum council_error client_unlock(struct client *client, const char *passphrase, uint32_t len)
{
    uint8_t key[KEYRING_KEY_BYTES];
    enum council_error error;

    if (!client_has_member(client))
        return COUNCIL_E_NO_HOME;
    if (passphrase != NULL) {
        error = keyring_unlock(client->keyring, &client->home, passphrase, len);
    } else {
        error = agent_key(&client->home, key);
        if (error == COUNCIL_OK)
            error = keyring_adopt(client->keyring, &client->home, key);
        sodium_memzero(key, sizeof key);
    }
    if (error == COUNCIL_OK && !client->keyring->has_device)
        error = COUNCIL_E_HOME_DAMAGED;
    return client_home_failed(client, error);
}

enum council_error client_passphrase(struct client *client, const char *passphrase, uint32_t len)
{
    if (!client->keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    enum council_error error = home_begin(&client->home);

    if (error == COUNCIL_OK)
        error = home_end(&client->home,
                         keyring_reseal(client->keyring, &client->home, passphrase, len));
    return client_home_failed(client, error);
}

/* ---- who ---- */

const uint8_t *client_member(const struct client *client)
{
    return client->me.member;
}

const uint8_t *client_device(const struct client *client)
{
    return client->me.device;
}

const char *client_server(const struct client *client)
{
    return client->me.url;
}

const uint8_t *client_server_key(const struct client *client)
{
    return client->me.server;
}

const uint8_t *client_journal(const struct client *client)
{
    return client->me.journal;
}

const struct council_member *client_member_log(const struct client *client)
{
    struct sync_log_view view;

    return client->sync != NULL && sync_log_view(client->sync, client->me.member, &view) &&
                   view.replica->state.type == COUNCIL_LOG_IS_MEMBER
               ? &view.replica->state.member
               : NULL;
}
