/*
 * key.c - the server's key: read, made, changed. See key.h.
 *
 * A change has three steps, each durable before the next: the new key beside the old one; the old one's word for it; the new one
 * in place. Between the second and the third a reader finds the word and takes the third itself.
 */
#include "server/host/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "server/host/log.h"
#include "server/host/request.h"

enum {
    KEY_LINE = COUNCIL_KEY_CHARS + 1, /* the seed in base64url and a newline */
    SIG_CHARS = 86,                   /* a signature in base64url */
    LINE_MAX_BYTES = 512,             /* of a succession */
    KEPT = 64                         /* successions that are kept */
};

static const char key_name[] = "server.key";
static const char next_name[] = "server.key.next";
static const char successions_name[] = "successions";

static enum host_exit complain(enum host_exit status, const char *path, const char *what)
{
    (void)fprintf(stderr, "councild: %s: %s\n", path, what);
    return status;
}

/* 1: read; 0: there is none; -1: after a message. */
static int key_read(const char *path, uint8_t seed[COUNCIL_SEED_BYTES])
{
    char line[KEY_LINE + 1] = "";
    struct stat at;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        return 0;
    }
    if (fd < 0 || fstat(fd, &at) != 0) {
        (void)complain(HOST_EXIT_START, path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    if ((at.st_mode & 077) != 0) {
        (void)complain(HOST_EXIT_START, path,
                       "others may read this key: chmod 600, or make a new one");
        close(fd);
        return -1;
    }
    ssize_t n = read(fd, line, sizeof line);
    close(fd);
    bool good = n == KEY_LINE && line[COUNCIL_KEY_CHARS] == '\n' &&
                council_b64_decode(seed, COUNCIL_SEED_BYTES, line, COUNCIL_KEY_CHARS);
    sodium_memzero(line, sizeof line);
    if (!good) {
        (void)complain(HOST_EXIT_DATA, path, "not a server key");
        return -1;
    }
    return 1;
}

/* Whole and on disk under `name`, or not there: a server that lost its key is another server to its clients. */
static bool file_write(const struct host_datadir *dir, const char *name, const char *text,
                       size_t len)
{
    char path[HOST_PATH_MAX], part[HOST_PATH_MAX], part_name[64];
    (void)snprintf(part_name, sizeof part_name, "%s.new", name);
    if (!host_datadir_file(dir->path, name, path) ||
        !host_datadir_file(dir->path, part_name, part)) {
        return false;
    }
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0) {
        good = false;
    }
    return good && rename(part, path) == 0 && host_sync_folder(dir->path);
}

static bool key_write(const struct host_datadir *dir, const char *name,
                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    char line[KEY_LINE + 1];
    council_b64_encode(line, seed, COUNCIL_SEED_BYTES);
    line[COUNCIL_KEY_CHARS] = '\n';
    bool good = file_write(dir, name, line, KEY_LINE);
    sodium_memzero(line, sizeof line);
    return good;
}

/* ---- successions ---- */

static bool get_bytes(const json_t *object, const char *name, uint8_t *out, uint32_t len,
                      uint32_t chars)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL && strlen(text) == chars && council_b64_decode(out, len, text, chars);
}

static bool parse(const char *line, struct council_succession *out)
{
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    bool good = get_bytes(object, "from", out->from, sizeof out->from, COUNCIL_KEY_CHARS) &&
                get_bytes(object, "to", out->to, sizeof out->to, COUNCIL_KEY_CHARS) &&
                get_bytes(object, "sig", out->sig, sizeof out->sig, SIG_CHARS) &&
                council_succession_verify(out);
    json_decref(object);
    return good;
}

uint32_t host_successions(const struct host_datadir *dir, struct council_succession *out,
                          uint32_t max)
{
    char path[HOST_PATH_MAX], line[LINE_MAX_BYTES];
    uint32_t n = 0;
    FILE *file = host_datadir_file(dir->path, successions_name, path) ? fopen(path, "re") : NULL;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        struct council_succession one;
        if (!parse(line, &one)) {
            continue;
        }
        if (n == max) {
            memmove(out, out + 1, (max - 1) * sizeof *out);
            n--;
        }
        out[n++] = one;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return n;
}

static void put(FILE *out, const struct council_succession *one)
{
    char from[COUNCIL_KEY_CHARS + 1], to[COUNCIL_KEY_CHARS + 1], sig[SIG_CHARS + 1];
    council_b64_encode(from, one->from, sizeof one->from);
    council_b64_encode(to, one->to, sizeof one->to);
    council_b64_encode(sig, one->sig, sizeof one->sig);
    (void)fprintf(out, "{\"from\":\"%s\",\"to\":\"%s\",\"sig\":\"%s\"}\n", from, to, sig);
}

static bool succession_add(const struct host_datadir *dir, const struct council_succession *one)
{
    struct council_succession all[KEPT];
    uint32_t n = host_successions(dir, all, KEPT - 1);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        put(out, &all[i]);
    }
    put(out, one);
    bool good = fclose(out) == 0 && file_write(dir, successions_name, text, len);
    free(text);
    return good;
}

/* ---- the key ---- */

/* Finishes or forgets a change that was cut short. */
static bool settle(const struct host_datadir *dir)
{
    char next[HOST_PATH_MAX], path[HOST_PATH_MAX];
    uint8_t seed[COUNCIL_SEED_BYTES], public[COUNCIL_KEY_BYTES], secret[64];
    struct council_succession last;
    if (!host_datadir_file(dir->path, next_name, next) ||
        !host_datadir_file(dir->path, key_name, path)) {
        return false;
    }
    int there = key_read(next, seed);
    if (there <= 0) {
        return there == 0 || unlink(next) == 0;
    }
    (void)crypto_sign_seed_keypair(public, secret, seed);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(seed, sizeof seed);
    bool vouched =
        host_successions(dir, &last, 1) == 1 && memcmp(last.to, public, sizeof public) == 0;
    return (vouched ? rename(next, path) : unlink(next)) == 0 && host_sync_folder(dir->path);
}

/* Logs that are there were known under another key. */
static void warn_of_old_data(const struct host_datadir *dir)
{
    char path[HOST_PATH_MAX];
    if (host_datadir_file(dir->path, "council.db", path) && access(path, F_OK) == 0) {
        HOST_LOG(HOST_LOG_WARN, "key_made_for_old_data",
                 HOST_LOG_S("next", "members' clients refuse a new key: stop, put server.key back "
                                    "from your copy and start; without a copy tell members the new "
                                    "key (councild key show), for council server move --key"));
    }
}

enum host_exit host_server_key(const struct host_datadir *dir, bool create, uint8_t secret[64])
{
    char path[HOST_PATH_MAX];
    uint8_t seed[COUNCIL_SEED_BYTES], public[COUNCIL_KEY_BYTES];
    enum host_exit status = HOST_EXIT_OK;
    if (!host_datadir_file(dir->path, key_name, path)) {
        return HOST_EXIT_USAGE;
    }
    if (!settle(dir)) {
        return complain(HOST_EXIT_START, path, "a change of the key cannot be finished");
    }
    int there = key_read(path, seed);
    if (there < 0) {
        status = HOST_EXIT_DATA;
    } else if (there == 0 && !create) {
        status = complain(HOST_EXIT_NO_DATA, path, "there is no server key");
    } else if (there == 0) {
        randombytes_buf(seed, sizeof seed);
        if (!key_write(dir, key_name, seed)) {
            status = complain(HOST_EXIT_START, path, strerror(errno));
        } else {
            warn_of_old_data(dir);
        }
    }
    if (status == HOST_EXIT_OK) {
        (void)crypto_sign_seed_keypair(public, secret, seed);
    }
    sodium_memzero(seed, sizeof seed);
    return status;
}

static bool rotate(const struct host_datadir *dir)
{
    uint8_t secret[64], seed[COUNCIL_SEED_BYTES], public[COUNCIL_KEY_BYTES], unused[64];
    struct council_succession succession;
    if (host_server_key(dir, false, secret) != HOST_EXIT_OK) {
        return false;
    }
    randombytes_buf(seed, sizeof seed);
    (void)crypto_sign_seed_keypair(public, unused, seed);
    bool good = council_succession_sign(&succession, secret, public) &&
                key_write(dir, next_name, seed) && succession_add(dir, &succession) && settle(dir);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(unused, sizeof unused);
    sodium_memzero(seed, sizeof seed);
    return good;
}

json_t *host_key_request(const struct host_datadir *dir, const json_t *request,
                         const uint8_t *running)
{
    const char *name = json_string_value(json_object_get(request, "do"));
    char key[COUNCIL_KEY_CHARS + 1];
    uint8_t secret[64];
    if (name != NULL && strcmp(name, "key.rotate") == 0 && !rotate(dir)) {
        return host_request_refused("the key was not changed: server.key or the folder cannot be "
                                    "used; standard error of who runs the data says why");
    }
    if (host_server_key(dir, false, secret) != HOST_EXIT_OK) {
        return host_request_refused("there is no key");
    }
    const uint8_t *public = secret + COUNCIL_SEED_BYTES;
    council_b64_encode(key, public, COUNCIL_KEY_BYTES);
    json_t *answer = json_pack("{s:b,s:s}", "ok", 1, "key", key);
    if (running != NULL && memcmp(running, public, COUNCIL_KEY_BYTES) != 0) {
        council_b64_encode(key, running, COUNCIL_KEY_BYTES);
        (void)json_object_set_new(answer, "later", json_true());
        (void)json_object_set_new(answer, "running", json_string(key));
    }
    sodium_memzero(secret, sizeof secret);
    return answer;
}
