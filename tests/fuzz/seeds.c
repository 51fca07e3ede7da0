/*
 * seeds.c - council-fuzz-seeds FOLDER: the seeds that only the programs themselves can write: a store with logs in it, a member's home.
 *
 * Owns nothing but the files; seeds.py writes all others from the vectors.
 */
#include "server/store/store.h"
#include "tests/unit/fixture.h"
#include "tests/unit/lib_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROWS_MAX = 64
};

static void must(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "council-fuzz-seeds: %s\n", what);
        exit(1);
    }
}

/* A file with one byte before what `from` holds. */
static void copy(const char *from, const char *folder, const char *name, char first)
{
    char path[512];
    char buffer[4096];
    size_t got;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(from, "rb"), *out = fopen(path, "wb");
    must(in && out && fputc(first, out) != EOF, path);
    while ((got = fread(buffer, 1, sizeof buffer, in)) > 0) {
        must(fwrite(buffer, 1, got, out) == got, path);
    }
    must(fclose(out) == 0 && fclose(in) == 0, path);
}

static void fill(struct store *store, const struct fixture_log *log, enum store_log_kind kind)
{
    static struct store_row rows[ROWS_MAX];
    struct store_change change = {.type = STORE_CHANGE_LOG, .u.log = {.kind = kind}};
    memset(rows, 0, sizeof rows);
    must(log->count <= ROWS_MAX, "a log is too long");
    for (uint32_t i = 0; i < log->count; i++) {
        const struct fixture_entry *from = &log->entries[i];
        struct store_entry *entry = &rows[i].entry;
        unsigned flags = (council_kind_has(from->kind, COUNCIL_FLAG_FOLDS) ? STORE_FOLDS : 0u) |
                         (council_kind_has(from->kind, COUNCIL_FLAG_CONTROL) ? STORE_CONTROL : 0u) |
                         (council_kind_has(from->kind, COUNCIL_FLAG_SEALED) ? STORE_SEALED : 0u);
        memcpy(rows[i].log, log->entries[0].head, STORE_ID_BYTES);
        *entry = (struct store_entry){.seq = i + 1,
                                      .received_ms = 1700000000000 + i,
                                      .flags = (uint8_t)flags,
                                      .text = from->text,
                                      .text_len = from->len,
                                      .data = from->data,
                                      .data_len = from->data_len};
        memcpy(entry->head, from->head, sizeof entry->head);
        memcpy(entry->sig, from->sig, sizeof entry->sig);
    }
    memcpy(change.u.log.creator, log->entries[0].head, STORE_ID_BYTES);
    const struct store_batch batch = {
        .rows = rows, .n_rows = log->count, .changes = &change, .n_changes = 1};
    must(store_append(store, &batch, NULL) == STORE_OK, "a batch was refused");
}

static void make_store(const char *folder)
{
    struct fixture fixture;
    struct fixture_council council;
    struct store *store = NULL;
    char work[64] = "/tmp/council-seeds-XXXXXX", path[96];
    must(mkdtemp(work) != NULL, work);
    (void)snprintf(path, sizeof path, "%s/council.db", work);
    fixture_init(&fixture, "seeds");
    fixture_council_init(&council);
    struct fixture_member *founder = fixture_member(&fixture, 0);
    must(!fixture_found(&fixture, &council, founder, (struct fixture_policy){.size = 6}) &&
             !fixture_post(&fixture, &council, founder, "{\"type\":\"note\",\"text\":\"x\"}", 0),
         "the fixture");
    must(store_open(path, STORE_OPEN_CREATE, &store) == STORE_OK, path);
    fill(store, &founder->log, STORE_LOG_MEMBER);
    fill(store, &council.log, STORE_LOG_COUNCIL);
    must(store_settle(store) == STORE_OK && store_close(store) == STORE_OK, path);
    (void)mkdir(folder, 0755);
    copy(path, folder, "read", 0);
    copy(path, folder, "copy", 1);
    copy(path, folder, "write", 2);
    (void)unlink(path);
    (void)rmdir(work);
    fixture_council_fini(&council);
    fixture_fini(&fixture);
}

static void make_home(const char *folder)
{
    struct lib_home home;
    char path[512];
    static const char *const rows[] = {"home", "device"};
    lib_home_init_member(&home);
    (void)mkdir(folder, 0755);
    for (char i = 0; i < 2; i++) {
        uint8_t *bytes = NULL;
        uint32_t len = 0;
        must(!home_get(&home.client->home, HOME_KEYRING_GET, rows[(int)i], &bytes, &len), "a row");
        (void)snprintf(path, sizeof path, "%s/row-%s", folder, rows[(int)i]);
        FILE *out = fopen(path, "wb");
        must(out && fputc(i, out) != EOF && fwrite(bytes, 1, len, out) == len && fclose(out) == 0,
             path);
        free(bytes);
    }
    (void)snprintf(path, sizeof path, "%s/home.db", home.folder);
    copy(path, folder, "file", 2);
    lib_home_fini(&home);
}

int main(int argc, char **argv)
{
    char folder[400];
    must(argc == 2 && council_protocol_init() == COUNCIL_OK, "usage: council-fuzz-seeds FOLDER");
    (void)snprintf(folder, sizeof folder, "%s/store", argv[1]);
    make_store(folder);
    (void)snprintf(folder, sizeof folder, "%s/home", argv[1]);
    make_home(folder);
    return 0;
}
