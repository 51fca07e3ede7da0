/*
 * fuzz_store.c - any bytes as a backup or a database: opened, every log verified, as restore and verify do. Input: a byte that says how it is opened, then the file.
 *
 * Every signature holds (the linker puts one that says yes before libsodium's). What verify calls whole has as many entries as the log says; the rest must only not break.
 */
#include "server/host/verify.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key);
int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key)
{
    (void)sig;
    (void)bytes;
    (void)len;
    (void)key;
    return 0;
}

static char folder[64], path[96];

static void clean(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void leave(void)
{
    clean();
    (void)rmdir(folder);
}

void council_fuzz_init(void)
{
    (void)snprintf(folder, sizeof folder, "%s/council-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_MUST(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/council.db", folder);
    FUZZ_MUST(atexit(leave) == 0);
}

static void write_file(const uint8_t *data, uint32_t size)
{
    clean();
    FILE *file = fopen(path, "wb");
    FUZZ_MUST(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    FUZZ_MUST(chmod(path, 0600) == 0);
}

static void read_all(struct store *store)
{
    struct store_stats stats;
    uint64_t cursor = 0;
    uint32_t n = 8;
    if (store_stats(store, &stats) != STORE_OK) {
        return;
    }
    for (uint32_t pages = 0; n == 8 && pages < 8; pages++) {
        struct store_log_info page[8];
        if (store_logs(store, &cursor, page, 8, &n) != STORE_OK) {
            return;
        }
        for (uint32_t i = 0; i < n; i++) {
            struct host_finding finding;
            if (host_verify_log(store, &page[i], &finding) == STORE_OK) {
                FUZZ_MUST(finding.what != NULL || finding.entries == page[i].seq);
            }
        }
    }
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    static const unsigned flags[] = {STORE_OPEN_READ_ONLY, STORE_OPEN_READ_ONLY | STORE_OPEN_COPY,
                                     0, STORE_OPEN_CREATE};
    struct fuzz_in in = {data, size};
    struct store *store = NULL;
    unsigned how = flags[fuzz_byte(&in) % 4];
    write_file(in.at, in.left);
    enum store_status status = store_open(path, how, &store);
    FUZZ_MUST((status == STORE_OK) == (store != NULL));
    if (store != NULL) {
        bool more;
        read_all(store);
        if ((how & STORE_OPEN_READ_ONLY) == 0) {
            (void)!store_maintain(store, 1, &more);
        }
        (void)store_close(store);
    }
    clean();
}
