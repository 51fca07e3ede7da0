/*
 * run.c - the C implementation over the vectors: council-vectors-run FOLDER.
 *
 * Owns reading the folder, vectors of logs (which build on each other), and the count. The last line is "N passed, N failed".
 */
#include "tests/vectors/run.h"
#include "tests/vectors/replay.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILES_MAX = 64,
    PATH_MAX_CHARS = 4096
};

struct group {
    char name[64];
    json_t *json; /* owned */
};

static struct group groups[FILES_MAX];
static uint32_t group_count;
static json_t *logs; /* name: borrowed vector */

static int compare_groups(const void *a, const void *b)
{
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static void load(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        vec_die("%s cannot be read", folder);
    }
    for (struct dirent *file; (file = readdir(dir)) != NULL;) {
        char path[PATH_MAX_CHARS];
        size_t len = strlen(file->d_name);
        if (len < 6 || strcmp(file->d_name + len - 5, ".json") != 0) {
            continue;
        }
        struct group *group = &groups[group_count++];
        (void)snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        group->json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
        if (!group->json || len - 5 >= sizeof group->name || group_count == FILES_MAX) {
            vec_die("%s is not a file of vectors", path);
        }
        memcpy(group->name, file->d_name, len - 5);
    }
    (void)closedir(dir);
    qsort(groups, group_count, sizeof groups[0], compare_groups);
}

/* Every vector with entries can be a base, by its name. */
static void index_logs(void)
{
    logs = json_object();
    for (uint32_t i = 0; i < group_count; i++) {
        size_t index;
        json_t *vector;
        json_array_foreach(json_object_get(groups[i].json, "vectors"), index, vector)
        {
            if (json_object_get(vector, "entries")) {
                (void)json_object_set(logs, vec_string(vector, "name"), vector);
            }
        }
    }
}

/* Appends up to `count` entries; the first error. */
static enum council_error append_all(struct fixture_log *log, const json_t *entries, size_t count)
{
    enum council_error error = COUNCIL_OK;
    for (size_t i = 0; !error && i < count; i++) {
        struct fixture_entry entry;
        vec_entry_read(&entry, json_array_get(entries, i));
        error = replay_append(log, &entry);
    }
    return error;
}

static enum council_error log_of(struct fixture_log *log, const json_t *vector)
{
    const json_t *base = json_object_get(vector, "base"),
                 *entries = json_object_get(vector, "entries");
    fixture_log_init(log);
    if (base) {
        const json_t *from = json_object_get(logs, json_string_value(json_array_get(base, 0)));
        size_t count = (size_t)json_integer_value(json_array_get(base, 1));
        if (!from || append_all(log, json_object_get(from, "entries"), count)) {
            vec_die("the base of \"%s\" is not valid", vec_string(vector, "name"));
        }
    }
    return append_all(log, entries, json_array_size(entries));
}

static json_t *run_log(const json_t *vector)
{
    struct fixture_log log;
    enum council_error error = log_of(&log, vector);
    json_t *result = error ? run_verdict(error) : replay_state(&log);
    fixture_log_fini(&log);
    return result;
}

static json_t *run_read(const json_t *vector)
{
    struct fixture_log log;
    struct council_secrets own;
    uint8_t sign[32], box[32];
    vec_fixed(vector, "sign", sign, sizeof sign);
    vec_fixed(vector, "secret", box, sizeof box);
    council_secrets_from_seeds(&own, sign, box);
    enum council_error error = log_of(&log, vector);
    json_t *result = error ? run_verdict(error) : replay_read(&log, &own);
    fixture_log_fini(&log);
    return result;
}

static run_fn *find(const char *type)
{
    if (strcmp(type, "log") == 0) {
        return run_log;
    }
    if (strcmp(type, "read") == 0) {
        return run_read;
    }
    run_fn *run = run_find(type);
    if (!run) {
        vec_die("vectors of an unknown type: %s", type);
    }
    return run;
}

static void report(const char *group, const json_t *vector, const json_t *got)
{
    char *is = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);
    char *should = json_dumps(json_object_get(vector, "result"), JSON_COMPACT | JSON_ENCODE_ANY);
    (void)printf("FAILED %s/%s: %s instead of %s\n", group, vec_string(vector, "name"),
                 is ? is : "?", should ? should : "?");
    free(is);
    free(should);
}

int main(int argc, char **argv)
{
    uint32_t passed = 0, failed = 0;
    if (argc != 2) {
        (void)fputs("usage: council-vectors-run FOLDER\n", stderr);
        return 2;
    }
    if (council_protocol_init() != COUNCIL_OK) {
        vec_die("the cryptographic library is not as it must be");
    }
    load(argv[1]);
    index_logs();
    for (uint32_t i = 0; i < group_count; i++) {
        size_t index;
        json_t *vector;
        run_fn *run = find(vec_string(groups[i].json, "type"));
        json_array_foreach(json_object_get(groups[i].json, "vectors"), index, vector)
        {
            json_t *got = run(vector);
            bool same = json_equal(got, json_object_get(vector, "result"));
            if (same) {
                passed++;
            } else {
                failed++;
                report(groups[i].name, vector, got);
            }
            json_decref(got);
        }
    }
    json_decref(logs);
    for (uint32_t i = 0; i < group_count; i++) {
        json_decref(groups[i].json);
    }
    (void)printf("%u passed, %u failed\n", (unsigned)passed, (unsigned)failed);
    return failed > 0 || passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
