/*
 * out.c - files of vectors being written.
 *
 * Owns bytes on disk: the same vectors give the same file.
 */
#include "tests/vectors/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vec_open(struct vec_file *file, struct vec_out *out, const char *name, const char *type)
{
    *file = (struct vec_file){.out = out, .name = name, .type = type, .vectors = json_array()};
}

json_t *vec_add(struct vec_file *file, const char *name)
{
    json_t *vector = json_object();
    for (size_t i = 0; i < json_array_size(file->vectors); i++) {
        if (strcmp(vec_string(json_array_get(file->vectors, i), "name"), name) == 0) {
            vec_die("%s has two vectors named \"%s\"", file->name, name);
        }
    }
    (void)json_object_set_new(vector, "name", json_string(name));
    (void)json_array_append_new(file->vectors, vector);
    return vector;
}

void vec_result(struct vec_file *file, json_t *vector, json_t *result, bool valid)
{
    (void)json_object_set_new(vector, "result", result);
    *(valid ? &file->out->valid : &file->out->invalid) += 1;
}

void vec_close(struct vec_file *file)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.json", file->out->dir, file->name);
    FILE *stream = fopen(path, "w");
    if (!stream) {
        vec_die("%s cannot be written", path);
    }
    size_t count = json_array_size(file->vectors);
    bool fine = fprintf(stream, "{\"type\":\"%s\",\"vectors\":[\n", file->type) > 0;
    for (size_t i = 0; i < count; i++) {
        char *text = json_dumps(json_array_get(file->vectors, i), JSON_COMPACT | JSON_ENSURE_ASCII);
        fine = fine && text && fprintf(stream, "%s%s\n", text, i + 1 < count ? "," : "") > 0;
        free(text);
    }
    fine = fine && fputs("]}\n", stream) >= 0;
    if (fclose(stream) != 0 || !fine) {
        vec_die("%s cannot be written", path);
    }
    json_decref(file->vectors);
}
