/*
 * ask.c - the commands that ask something of the data, and whom they ask: the running server, or else the database itself.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/host/admin.h"
#include "server/host/commands.h"
#include "server/host/key.h"
#include "server/host/largest.h"
#include "server/host/process.h"
#include "server/host/request.h"

json_t *host_ask_running(int fd, const json_t *request, void (*line)(void *ctx, const json_t *said),
                         void *ctx)
{
    char *text = json_dumps(request, JSON_COMPACT);
    json_t *answer = NULL;
    FILE *file = fdopen(fd, "r+");
    if (file == NULL) {
        close(fd);
    } else {
        bool said = text != NULL && fprintf(file, "%s\n", text) > 0 && fflush(file) == 0;
        while (said && answer == NULL) {
            json_t *object = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
            if (object == NULL) {
                break;
            }
            if (json_object_get(object, "ok") != NULL) {
                answer = object;
                continue;
            }
            if (line != NULL) {
                line(ctx, object);
            }
            json_decref(object);
        }
        (void)fclose(file);
    }
    free(text);
    return answer;
}

static json_t *ask_database(const char *path, const json_t *request, enum host_exit *status)
{
    struct host_datadir dir;
    struct store *store = NULL;
    json_t *answer = NULL;
    *status = host_datadir_open(&dir, path, false);
    if (*status != HOST_EXIT_OK) {
        return NULL;
    }
    const char *name = json_string_value(json_object_get(request, "do"));
    if (name != NULL && strncmp(name, "key.", 4) == 0) {
        answer = host_key_request(&dir, request, NULL);
        host_datadir_close(&dir);
        return answer;
    }
    *status = host_store_open(&dir, 0, &store);
    if (*status == HOST_EXIT_OK) {
        answer = host_request_run(store, request, host_wall_ms());
        if (store_close(store) != STORE_OK) {
            (void)fprintf(stderr, "councild: %s: the database was not tidied up\n", path);
        }
    }
    host_datadir_close(&dir);
    return answer;
}

json_t *host_ask(const char *path, json_t *request, enum host_exit *status)
{
    int fd = host_admin_connect(path);
    json_t *answer = NULL;
    *status = HOST_EXIT_OK;
    if (request == NULL) {
        *status = HOST_EXIT_START;
    } else if (fd >= 0) {
        answer = host_ask_running(fd, request, NULL, NULL);
    } else {
        answer = ask_database(path, request, status);
    }
    json_decref(request);
    if (answer == NULL && *status == HOST_EXIT_OK) {
        (void)fprintf(stderr, "councild: %s: no answer\n", path);
        *status = HOST_EXIT_START;
    } else if (answer != NULL && !json_is_true(json_object_get(answer, "ok"))) {
        const char *why = json_string_value(json_object_get(answer, "error"));
        (void)fprintf(stderr, "councild: %s\n", why != NULL ? why : "refused");
        *status = HOST_EXIT_FAILED;
        json_decref(answer);
        answer = NULL;
    }
    return answer;
}

void host_print_json(const json_t *answer)
{
    (void)json_dumpf(answer, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)putchar('\n');
}

/* ---- code ---- */

static void print_time(json_int_t ms)
{
    time_t at = (time_t)(ms / 1000);
    struct tm utc;
    char text[32] = "never";
    if (ms != 0 && gmtime_r(&at, &utc) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%d", &utc);
    }
    printf("%-10s", text);
}

static void print_codes(const json_t *answer)
{
    size_t i = 0;
    json_t *code = NULL;
    printf("%-43s  %-5s %9s  %-10s  %s\n", "NAME", "STATE", "USED", "EXPIRES", "NOTE");
    json_array_foreach(json_object_get(answer, "codes"), i, code)
    {
        printf("%-43s  %-5s %4lld/%-4lld  ", json_string_value(json_object_get(code, "name")),
               json_is_true(json_object_get(code, "good")) ? "good" : "over",
               (long long)json_integer_value(json_object_get(code, "used")),
               (long long)json_integer_value(json_object_get(code, "uses")));
        print_time(json_integer_value(json_object_get(code, "expires")));
        printf("  %s\n", json_string_value(json_object_get(code, "note")));
    }
}

static json_t *create_request(const struct host_options *options)
{
    uint64_t uses = 0, days = 0;
    const char *note = host_option(options, HOST_OPT_NOTE);
    if (!host_option_number(options, HOST_OPT_USES, 1, 1000000, &uses) ||
        !host_option_number(options, HOST_OPT_DAYS, 0, 36500, &days)) {
        return NULL;
    }
    if (note != NULL && strlen(note) > STORE_NOTE_MAX) {
        (void)fprintf(stderr, "councild: --note: at most %d bytes\n", STORE_NOTE_MAX);
        return NULL;
    }
    return json_pack("{s:s,s:I,s:I,s:s}", "do", "code.create", "uses", (json_int_t)uses, "days",
                     (json_int_t)days, "note", note != NULL ? note : "");
}

int host_code(const struct host_options *options)
{
    const char *verb = options->word_count > 0 ? options->words[0] : "";
    bool create = strcmp(verb, "create") == 0, list = strcmp(verb, "list") == 0;
    bool revoke = strcmp(verb, "revoke") == 0;
    json_t *request = NULL;
    enum host_exit status = HOST_EXIT_OK;
    if (options->word_count != (revoke ? 2u : 1u) || !(create || list || revoke)) {
        (void)fprintf(stderr, "councild: code create, code list or code revoke CODE is needed\n");
        return HOST_EXIT_USAGE;
    }
    if (create) {
        request = create_request(options);
    } else if (list) {
        request = json_pack("{s:s}", "do", "code.list");
    } else {
        request = json_pack("{s:s,s:s}", "do", "code.revoke", "code", options->words[1]);
    }
    if (request == NULL) {
        return HOST_EXIT_USAGE;
    }
    json_t *answer = host_ask(host_option(options, HOST_OPT_DATA), request, &status);
    if (answer != NULL && host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(answer);
    } else if (answer != NULL && create) {
        printf("%s\n", json_string_value(json_object_get(answer, "code")));
    } else if (answer != NULL && list) {
        print_codes(answer);
    }
    json_decref(answer);
    return (int)status;
}

/* ---- stats ---- */

static void print_group(const char *name, const json_t *group)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)group, key, value)
    {
        printf("%s.%-16s %lld\n", name, key, (long long)json_integer_value(value));
    }
}

int host_stats(const struct host_options *options)
{
    enum host_exit status = HOST_EXIT_OK;
    bool largest = host_option_given(options, HOST_OPT_LARGEST);
    if (!largest && options->word_count > 0) {
        (void)fprintf(stderr, "councild: %s: a number belongs to --largest\n", options->words[0]);
        return HOST_EXIT_USAGE;
    }
    json_t *request = largest ? host_largest_request(options) : json_pack("{s:s}", "do", "stats");
    if (request == NULL) {
        return HOST_EXIT_USAGE;
    }
    json_t *answer = host_ask(host_option(options, HOST_OPT_DATA), request, &status);
    if (answer != NULL && host_option_given(options, HOST_OPT_JSON)) {
        host_print_json(answer);
    } else if (answer != NULL && largest) {
        host_largest_print(answer);
    } else if (answer != NULL) {
        static const char *const groups[] = {"store", "core", "net"};
        for (size_t i = 0; i < 3; i++) {
            print_group(groups[i], json_object_get(answer, groups[i]));
        }
    }
    json_decref(answer);
    return (int)status;
}
