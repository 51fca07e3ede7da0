/*
 * fuzz_home.c - a member's keyring, and any bytes as a home. Input: a byte that says which, then the row or the file.
 *
 * The checksum of a row is repaired, and stretching a passphrase costs nothing here (the linker puts a hash before Argon2id), or no input would come past them.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/lib_fixture.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SUM_BYTES = 16
};

int __wrap_crypto_pwhash(unsigned char *out, unsigned long long len, const char *passphrase,
                         unsigned long long passphrase_len, const unsigned char *salt,
                         unsigned long long operations, size_t memory, int algorithm);
int __wrap_crypto_pwhash(unsigned char *out, unsigned long long len, const char *passphrase,
                         unsigned long long passphrase_len, const unsigned char *salt,
                         unsigned long long operations, size_t memory, int algorithm)
{
    (void)salt;
    (void)operations;
    (void)algorithm;
    FUZZ_MUST(memory <= (size_t)1 << 30); /* what a damaged home may make us allocate */
    return crypto_generichash(out, (size_t)len, (const unsigned char *)passphrase, passphrase_len,
                              NULL, 0);
}

static struct lib_home home;
static char other[96];

static void leave(void)
{
    char file[128];
    lib_home_fini(&home);
    (void)snprintf(file, sizeof file, "%s/home.db", other);
    (void)unlink(file);
    (void)rmdir(other);
}

void council_fuzz_init(void)
{
    FUZZ_MUST(council_protocol_init() == COUNCIL_OK);
    lib_home_init_member(&home);
    (void)snprintf(other, sizeof other, "%s/council-fuzz-home-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_MUST(mkdtemp(other) != NULL && atexit(leave) == 0);
}

static void row(const char *name, uint8_t *bytes, uint32_t len)
{
    uint8_t *kept = NULL;
    uint32_t kept_len = 0;
    struct keyring *keyring = keyring_create();
    struct home *db = &home.client->home;
    FUZZ_MUST(keyring != NULL);
    if (len > SUM_BYTES) {
        (void)crypto_generichash(bytes + len - SUM_BYTES, SUM_BYTES, bytes, len - SUM_BYTES, NULL,
                                 0);
    }
    FUZZ_MUST(home_get(db, HOME_KEYRING_GET, name, &kept, &kept_len) == COUNCIL_OK);
    FUZZ_MUST(home_put(db, HOME_KEYRING_PUT, name, bytes, len) == COUNCIL_OK);
    enum council_error error = keyring_unlock(keyring, db, LIB_PASSPHRASE, 13);
    FUZZ_MUST(!error || !keyring->open);
    FUZZ_MUST(home_put(db, HOME_KEYRING_PUT, name, kept, kept_len) == COUNCIL_OK);
    free(kept);
    keyring_destroy(keyring);
}

static void file(const uint8_t *bytes, uint32_t len)
{
    char path[128];
    struct client *client = NULL;
    (void)snprintf(path, sizeof path, "%s/home.db", other);
    (void)unlink(path);
    FILE *out = fopen(path, "wb");
    FUZZ_MUST(out != NULL && fwrite(bytes, 1, len, out) == len && fclose(out) == 0);
    FUZZ_MUST(chmod(path, 0600) == 0);
    if (client_open(&client, other, false) == COUNCIL_OK && client_has_member(client)) {
        (void)!client_unlock(client, LIB_PASSPHRASE, 13);
    }
    client_close(client);
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    uint8_t which = fuzz_byte(&in);
    uint32_t len;
    uint8_t *bytes = fuzz_take(&in, in.left, &len);
    if (which % 4 == 0) {
        row("home", bytes, len);
    } else if (which % 4 == 1) {
        row("device", bytes, len);
    } else {
        file(bytes, len);
    }
    free(bytes);
}
