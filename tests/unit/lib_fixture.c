/*
 * lib_fixture.c - what lib_fixture.h says.
 *
 * Must not check anything itself but that it works: a step that fails ends the test program.
 */
#include "lib_fixture.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The least that libsodium takes: a test opens homes by the dozen. */
const struct keyring_limits keyring_limits = {
    .operations = crypto_pwhash_argon2id_OPSLIMIT_MIN,
    .memory = crypto_pwhash_argon2id_MEMLIMIT_MIN,
};

#define MUST(error) must((error), __LINE__)

static void must(enum council_error error, int line)
{
    if (error == COUNCIL_OK)
        return;
    (void)fprintf(stderr, "lib_fixture.c:%d: %s\n", line, council_error_name(error));
    abort();
}

void lib_home_init(struct lib_home *home)
{
    (void)snprintf(home->folder, sizeof home->folder, "/tmp/council-lib-XXXXXX");
    home->client = NULL;
    if (mkdtemp(home->folder) == NULL)
        abort();
    MUST(client_open(&home->client, home->folder, true));
}

static void make_member(struct client *client)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    struct council_secrets device;
    struct council_secrets recovery;
    struct council_device public_keys;
    uint8_t entropy[COUNCIL_ENTROPY_BYTES];
    uint8_t id[COUNCIL_ID_BYTES];
    struct signed_entry entry = {0};
    char *body = NULL;
    uint32_t len = 0;
    struct row_log log;
    struct row_entry row = {.seq = 1, .received = client_now_ms(), .folds = true};

    randombytes_buf(entropy, sizeof entropy);
    randombytes_buf(id, sizeof id);
    secrets_draw(&device);
    council_recovery_secrets(&recovery, entropy);
    council_secrets_public(&device, &public_keys);
    MUST(council_body_member_create(&public_keys, &recovery, id, &body, &len));
    const struct council_draft draft = {.kind = COUNCIL_KIND_MEMBER_CREATE,
                                        .at = client_now_ms(),
                                        .device = public_keys.sign,
                                        .id = id,
                                        .body = body,
                                        .body_len = len};

    MUST(council_entry_sign(&draft, device.sign, &entry.text, &entry.len, entry.sig));
    client->me = (struct identity){
        .state = IDENTITY_READY, .url = "unix:/nonexistent/council.sock", .server_known = true};
    memset(client->me.server, 7, COUNCIL_KEY_BYTES);
    memcpy(client->me.device, public_keys.sign, COUNCIL_KEY_BYTES);
    council_entry_head(client->me.member, zeros, entry.text, entry.len, entry.sig);
    row.text = entry.text;
    row.len = entry.len;
    memcpy(row.sig, entry.sig, sizeof row.sig);
    memcpy(row.head, client->me.member, sizeof row.head);
    MUST(home_begin(&client->home));
    MUST(keyring_make(client->keyring, &client->home, LIB_PASSPHRASE,
                      (uint32_t)strlen(LIB_PASSPHRASE)));
    MUST(keyring_put_secrets(client->keyring, &client->home, "device", &device));
    MUST(identity_store(&client->home, &client->me));
    MUST(rows_log_make(&client->home, client->me.member, ROWS_MEMBER, &log));
    MUST(rows_put(&client->home, &log, &row));
    MUST(rows_log_move(&client->home, &log));
    MUST(home_end(&client->home, COUNCIL_OK));
    free(body);
    signed_entry_fini(&entry);
}

void lib_home_init_member(struct lib_home *home)
{
    lib_home_init(home);
    lib_home_settle(home);
}

void lib_home_settle(struct lib_home *home)
{
    uint8_t journal[COUNCIL_KEY_BYTES];

    make_member(home->client);
    MUST(session_start(home->client, SYNC_LOGIN_DEVICE));
    lib_home_found(home, true, journal);
}

void lib_home_reopen(struct lib_home *home)
{
    client_close(home->client);
    MUST(client_open(&home->client, home->folder, false));
    if (client_has_member(home->client))
        MUST(client_unlock(home->client, LIB_PASSPHRASE, (uint32_t)strlen(LIB_PASSPHRASE)));
}

enum council_error lib_home_take(struct lib_home *home, const uint8_t log[COUNCIL_KEY_BYTES],
                                 const struct signed_entry *bytes)
{
    struct client *client = home->client;
    const struct sync_replica *replica = session_replica(client, log);
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    struct council_entry entry;
    uint8_t head[COUNCIL_HASH_BYTES];
    struct sync_entry stored = {
        .seq = replica->state.tail.seq + 1,
        .received = client_now_ms(),
        .head = head,
        .entry = &entry,
        .sig = bytes->sig,
        .data = bytes->data,
        .data_len = bytes->data_len,
    };

    MUST(council_entry_parse(&entry, bytes->text, bytes->len));
    council_entry_head(head, replica->state.tail.head, bytes->text, bytes->len, bytes->sig);
    if (entry.kind == COUNCIL_KIND_KEY_ROTATE) {
        council_recipients(&replica->state.council, NULL, NULL, recipients,
                           &stored.recipient_count);
        stored.recipients = recipients;
    }
    enum council_error error = store_entries(client, log, &stored, 1);

    council_entry_fini(&entry);
    if (error == COUNCIL_OK) {
        sync_log_remove(client->sync, log);
        error = session_add_log(client, log);
    }
    return error;
}

uint64_t lib_home_write(struct lib_home *home, const uint8_t log[COUNCIL_KEY_BYTES],
                        enum council_kind kind, const char *intent)
{
    struct signed_entry bytes = {0};
    json_t *content = json_loads(intent, 0, NULL);
    const struct intent made = {.kind = kind,
                                .log = log,
                                .content = content,
                                .at = client_now_ms(),
                                .replica = session_replica(home->client, log)};

    MUST(intent_sign(home->client, &made, &bytes));
    MUST(lib_home_take(home, log, &bytes));
    signed_entry_fini(&bytes);
    json_decref(content);
    return session_replica(home->client, log)->state.tail.seq;
}

void lib_home_found(struct lib_home *home, bool journal, uint8_t log[COUNCIL_KEY_BYTES])
{
    struct client *client = home->client;
    struct outbox_row row;
    uint64_t item = 0;
    json_t *intent =
        json_pack("{s:s, s:s, s:i, s:s}", "type", journal ? "journal" : "council", "pace",
                  journal ? "slow" : "fast", "size", journal ? 1 : 8, "history", "all");

    MUST(client_submit(client, NULL, COUNCIL_KIND_COUNCIL_CREATE, intent, &item));
    MUST(outbox_row(&client->home, HOME_OUTBOX_GET, item - 1, &row));
    memcpy(log, row.log, COUNCIL_KEY_BYTES);
    MUST(lib_home_take(home, log, &row.bytes));
    outbox_row_fini(&row);
    outbox_acked(client, item - 1, log, 1);
    sync_outbox_drop(client->sync, item - 1);
    (void)lib_home_write(home, log, COUNCIL_KIND_KEY_ROTATE, "{}");
    outbox_acked(client, item, log, 2);
    sync_outbox_drop(client->sync, item);
    json_decref(intent);
}

void lib_home_fini(struct lib_home *home)
{
    struct dirent *file = NULL;
    char path[400];
    DIR *folder = NULL;

    client_close(home->client);
    home->client = NULL;
    folder = opendir(home->folder);
    while (folder != NULL && (file = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", home->folder, file->d_name);
        (void)unlink(path);
    }
    if (folder != NULL)
        (void)closedir(folder);
    (void)rmdir(home->folder);
}

static unsigned grep_file(const char *path, const char *word)
{
    unsigned found = 0;
    size_t len = strlen(word);
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;

    if (file == NULL)
        return 0;
    (void)fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);

    rewind(file);
    bytes = malloc(size + 1);
    if (bytes == NULL || fread(bytes, 1, size, file) != size)
        abort();
    for (char *at = bytes;
         at < bytes + size && (at = memmem(at, (size_t)(bytes + size - at), word, len)) != NULL;
         at++)
        found++;
    free(bytes);
    (void)fclose(file);
    return found;
}

unsigned lib_home_grep(const struct lib_home *home, const char *word)
{
    unsigned found = 0;
    struct dirent *file = NULL;
    char path[400];
    DIR *folder = opendir(home->folder);

    while (folder != NULL && (file = readdir(folder)) != NULL) {
        if (file->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", home->folder, file->d_name);
        found += grep_file(path, word);
    }
    if (folder != NULL)
        (void)closedir(folder);
    return found;
}
