/*
 * cmd_backup.c - the command backup: of a running server by asking it, of a stopped one by doing it.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/host/admin.h"
#include "server/host/backup.h"
#include "server/host/commands.h"
#include "server/host/process.h"
#include "server/host/request.h"

json_t *host_backup_answer(const struct host_backup_result *result)
{
    return json_pack("{s:b,s:I,s:I,s:I,s:I}", "ok", 1, "bytes", (json_int_t)result->bytes, "ms",
                     (json_int_t)result->ms, "steps", (json_int_t)result->steps, "worst_step_us",
                     (json_int_t)result->worst_step_us);
}

static void tell(bool progress, uint64_t pages, uint64_t of)
{
    if (progress && of > 0) {
        (void)fprintf(stderr, "\r%llu %% of %llu pages", (unsigned long long)(100 * pages / of),
                      (unsigned long long)of);
        (void)fflush(stderr);
    }
}

static void heard(void *ctx, const json_t *said)
{
    tell(*(const bool *)ctx, (uint64_t)json_integer_value(json_object_get(said, "pages")),
         (uint64_t)json_integer_value(json_object_get(said, "of")));
}

/* ---- a stopped server's data ---- */

struct own {
    struct store *store;
    bool progress;
};

static bool on_store(void *ctx, void (*work)(struct store *store, void *arg), void *arg)
{
    work(((struct own *)ctx)->store, arg);
    return true;
}

static bool progress(void *ctx, uint64_t pages, uint64_t of)
{
    tell(((struct own *)ctx)->progress, pages, of);
    return true;
}

static json_t *backup_stopped(const char *data, const char *file, bool tells,
                              enum host_exit *status)
{
    struct host_datadir dir;
    struct own own = {.progress = tells};
    struct host_backup_result result;
    json_t *answer = NULL;
    *status = host_datadir_open(&dir, data, false);
    if (*status != HOST_EXIT_OK) {
        return NULL;
    }
    *status = host_store_open(&dir, 0, &own.store);
    if (*status == HOST_EXIT_OK) {
        struct host_backup_how how = {.data = data,
                                      .file = file,
                                      .on_store = on_store,
                                      .progress = progress,
                                      .ctx = &own,
                                      .wall_ms = host_wall_ms};
        answer = host_backup_run(&how, &result) ? host_backup_answer(&result)
                                                : host_request_refused(result.error);
        (void)store_close(own.store);
    }
    host_datadir_close(&dir);
    return answer;
}

/* ---- the command ---- */

static char *absolute(const char *file)
{
    char *folder = file[0] == '/' ? NULL : getcwd(NULL, 0);
    char *path = NULL;
    if (file[0] == '/') {
        path = strdup(file);
    } else if (folder != NULL && asprintf(&path, "%s/%s", folder, file) < 0) {
        path = NULL;
    }
    free(folder);
    return path;
}

static int conclude(const struct host_options *options, const json_t *answer, const char *file)
{
    if (!json_is_true(json_object_get(answer, "ok"))) {
        const char *why = json_string_value(json_object_get(answer, "error"));
        (void)fprintf(stderr, "councild: %s\n", why != NULL ? why : "no answer");
        return HOST_EXIT_FAILED;
    }
    if (host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(answer);
    } else {
        printf("%s: %lld bytes in %.1f s\n", file,
               (long long)json_integer_value(json_object_get(answer, "bytes")),
               (double)json_integer_value(json_object_get(answer, "ms")) / 1000);
    }
    return HOST_EXIT_OK;
}

int host_backup(const struct host_options *options)
{
    const char *data = host_option(options, HOST_OPT_DATA);
    bool tells = isatty(STDERR_FILENO) == 1;
    enum host_exit status = HOST_EXIT_OK;
    json_t *answer = NULL;
    if (options->word_count != 1) {
        (void)fprintf(stderr, "councild: backup FILE is needed\n");
        return HOST_EXIT_USAGE;
    }
    char *file = absolute(options->words[0]);
    if (file == NULL) {
        return HOST_EXIT_START;
    }
    int fd = host_admin_connect(data);
    if (fd >= 0) {
        json_t *request = json_pack("{s:s,s:s}", "do", "backup", "file", file);
        answer = host_ask_running(fd, request, heard, &tells);
        json_decref(request);
    } else {
        answer = backup_stopped(data, file, tells, &status);
    }
    if (tells) {
        (void)fprintf(stderr, "\r%40s\r", "");
    }
    int exit_status = status != HOST_EXIT_OK ? (int)status : conclude(options, answer, file);
    json_decref(answer);
    free(file);
    return exit_status;
}
