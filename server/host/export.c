/*
 * export.c - every log as lines of JSON that anybody can check: with the signatures, and without this program.
 *
 * Owns the form of the lines. First of a log: {"log","type","seq","head"}; then its entries in order: {"log","seq","received","head","text",
 * "sig","data"}, where `data` is absent for an entry that never had any and null where it was erased. Bytes are base64url, `text` is the
 * signed text as it stands (protocol/README.md section 2).
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "server/host/commands.h"
#include "server/host/verify_report.h"

enum {
    PAGE = 64,
    SLICE_BYTES = 1 << 20
};

struct exporting {
    const char *folder; /* NULL: standard output */
    bool progress;
    uint64_t logs, entries;
};

static enum host_exit complain(const char *about, const char *what)
{
    (void)fprintf(stderr, "councild: %s: %s\n", about, what);
    return HOST_EXIT_START;
}

static json_t *bytes_json(const uint8_t *bytes, uint32_t len)
{
    uint32_t chars = (len * 4 + 2) / 3;
    char *text = malloc(chars + 1);
    if (text == NULL) {
        return NULL;
    }
    council_b64_encode(text, bytes, len);
    json_t *string = json_stringn_nocheck(text, chars);
    free(text);
    return string;
}

static bool put_line(FILE *out, json_t *line)
{
    bool good = line != NULL && json_dumpf(line, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 &&
                fputc('\n', out) != EOF;
    json_decref(line);
    return good;
}

static bool put_entry(FILE *out, const char *log, const struct store_entry *entry)
{
    json_t *line = json_pack(
        "{s:s,s:I,s:I,s:o,s:s%,s:o}", "log", log, "seq", (json_int_t)entry->seq, "received",
        (json_int_t)entry->received_ms, "head", bytes_json(entry->head, sizeof entry->head), "text",
        entry->text, (size_t)entry->text_len, "sig", bytes_json(entry->sig, sizeof entry->sig));
    if (line != NULL && (entry->flags & STORE_SEALED) != 0) {
        json_t *data = entry->data != NULL ? bytes_json(entry->data, entry->data_len) : json_null();
        if (json_object_set_new(line, "data", data) != 0) {
            json_decref(line);
            line = NULL;
        }
    }
    return put_line(out, line);
}

static enum store_status put_entries(struct exporting *exporting, struct store *store,
                                     const struct store_log_info *info, const char *name, FILE *out,
                                     bool *written)
{
    struct store_reading reading = {.max_bytes = SLICE_BYTES, .what = STORE_READ_DATA};
    bool more = true;
    while (more && *written) {
        struct store_slice slice;
        enum store_status status = store_read(store, info->log, &reading, &slice);
        if (status != STORE_OK) {
            return status;
        }
        for (uint32_t i = 0; *written && i < slice.n; i++) {
            *written = put_entry(out, name, &slice.entries[i]);
            reading.after_seq = slice.entries[i].seq;
            exporting->entries++;
        }
        more = slice.more;
        store_slice_fini(&slice);
    }
    return STORE_OK;
}

static FILE *open_log(const struct exporting *exporting, const char *name)
{
    char path[HOST_PATH_MAX];
    if (exporting->folder == NULL) {
        return stdout;
    }
    int n = snprintf(path, sizeof path, "%s/%s.jsonl", exporting->folder, name);
    int fd = n > 0 && n < (int)sizeof path
                 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        (void)complain(path,
                       errno == EEXIST ? "is there already; take a new folder" : strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
    }
    return file;
}

static enum host_exit export_log(struct exporting *exporting, struct store *store,
                                 const struct store_log_info *info)
{
    static const char *const types[] = {[STORE_LOG_MEMBER] = "member",
                                        [STORE_LOG_COUNCIL] = "council",
                                        [STORE_LOG_JOURNAL] = "journal"};
    char name[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(name, info->log, STORE_ID_BYTES);
    FILE *out = open_log(exporting, name);
    if (out == NULL) {
        return HOST_EXIT_START;
    }
    bool written = put_line(out, json_pack("{s:s,s:s,s:I,s:o}", "log", name, "type",
                                           types[info->kind], "seq", (json_int_t)info->seq, "head",
                                           bytes_json(info->head, sizeof info->head)));
    enum store_status status = put_entries(exporting, store, info, name, out, &written);
    if (out == stdout) {
        written = fflush(out) == 0 && written;
    } else {
        written = fclose(out) == 0 && written;
    }
    if (status != STORE_OK) {
        (void)complain(name, store_status_name(status));
        return host_exit_of(status);
    }
    exporting->logs++;
    return written ? HOST_EXIT_OK : complain(name, "could not be written");
}

static enum host_exit export_all(struct exporting *exporting, struct store *store)
{
    struct store_log_info page[PAGE];
    enum host_exit status = HOST_EXIT_OK;
    uint64_t cursor = 0;
    uint32_t n = PAGE;
    while (status == HOST_EXIT_OK && n == PAGE) {
        status = host_exit_of(store_logs(store, &cursor, page, PAGE, &n));
        for (uint32_t i = 0; status == HOST_EXIT_OK && i < n; i++) {
            status = export_log(exporting, store, &page[i]);
        }
        if (exporting->progress) {
            (void)fprintf(stderr, "\r%llu logs, %llu entries", (unsigned long long)exporting->logs,
                          (unsigned long long)exporting->entries);
        }
    }
    if (exporting->progress) {
        (void)fprintf(stderr, "\r%60s\r", "");
    }
    return status;
}

int host_export(const struct host_options *options)
{
    struct host_datadir dir = {.lock_fd = -1};
    struct store *store = NULL;
    struct exporting exporting = {.progress = isatty(STDERR_FILENO) == 1};
    const char *from = host_option(options, HOST_OPT_FROM);
    if (options->word_count != 1) {
        (void)fprintf(stderr, "councild: export DIR, or export - is needed\n");
        return HOST_EXIT_USAGE;
    }
    enum host_exit status = HOST_EXIT_OK;
    if (from != NULL) {
        status = host_backup_open(from, &store);
    } else {
        status = host_datadir_open(&dir, host_option(options, HOST_OPT_DATA), false);
        if (status == HOST_EXIT_OK) {
            status = host_store_open(&dir, STORE_OPEN_READ_ONLY, &store);
        }
        host_hint_backup(status, "export that: councild export --from FILE DIR");
    }
    if (status == HOST_EXIT_OK && strcmp(options->words[0], "-") != 0) {
        exporting.folder = options->words[0];
        if (mkdir(exporting.folder, 0700) != 0 && errno != EEXIST) {
            status = complain(exporting.folder, strerror(errno));
        }
    }
    if (status == HOST_EXIT_OK) {
        status = export_all(&exporting, store);
    }
    (void)store_close(store);
    host_datadir_close(&dir);
    return (int)status;
}
