/*
 * edit.c - entries made wrong on purpose: small edits of a right one, signed again with the right key.
 *
 * Owns the language of edits. They are separated by " ; "; each one is a path into the entry's text (or, with a leading "@", into what
 * surrounds it) and what is done there:
 *   path=VALUE   sets VALUE: JSON, or $name of the book        path-       takes it away
 *   path*        an element of an array once more after itself  path~N     changes places with element N of the same array
 * A step into boxes may be ?name, for the one to $name (":" for "." there).
 *   @data=VALUE, @data-   the sealed data    @rehash   makes sealed.hash right for the data
 *   @by=VALUE    signs with the secret of this public key       @sig=VALUE  takes this signature
 *   @base=N      the entry follows N entries of its log, not all those before the one it replaces
 */
#include "tests/vectors/book.h"
#include "tests/vectors/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EDIT_MAX = 4096
};

static json_t *edit_value(const struct book *book, const char *scene, const char *text)
{
    if (text[0] == '$') {
        return json_deep_copy(book_value(book, scene, text + 1));
    }
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!value) {
        vec_die("%s: \"%s\" is not JSON", scene, text);
    }
    return value;
}

/* A number that a table writes, or 0. */
static size_t number(const char *text)
{
    return (size_t)strtoul(text, NULL, 10);
}

/* The index of an element: a number, or ?name for the one whose "to" is $name (with ":" for "."). */
static size_t element(const struct book *book, const char *scene, const json_t *array,
                      const char *step)
{
    char name[64];
    if (step[0] != '?') {
        return number(step);
    }
    (void)snprintf(name, sizeof name, "%s", step + 1);
    for (char *colon; (colon = strchr(name, ':')) != NULL;) {
        *colon = '.';
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (json_equal(json_object_get(json_array_get(array, i), "to"),
                       book_value(book, scene, name))) {
            return i;
        }
    }
    vec_die("there is no box to $%s", name);
}

/* Walks all steps of the path but the last, which is left in `*last`. */
static json_t *walk(const struct book *book, const char *scene, json_t *root, char *path,
                    const char **last)
{
    json_t *at = root;
    char *step = path;
    for (char *dot; (dot = strchr(step, '.')) != NULL; step = dot + 1) {
        *dot = '\0';
        at = json_is_array(at) ? json_array_get(at, element(book, scene, at, step))
                               : json_object_get(at, step);
        if (!at) {
            vec_die("an edit's path has no \"%s\"", step);
        }
    }
    *last = step;
    return at;
}

static void edit_array(json_t *array, size_t index, char what, const char *rest, json_t *value)
{
    json_t *other;
    if (what == '=') {
        (void)json_array_set_new(array, index, value);
    } else if (what == '-') {
        (void)json_array_remove(array, index);
    } else if (what == '*') {
        (void)json_array_insert_new(array, index + 1, json_deep_copy(json_array_get(array, index)));
    } else {
        size_t to = number(rest);
        other = json_deep_copy(json_array_get(array, to));
        (void)json_array_set_new(array, to, json_deep_copy(json_array_get(array, index)));
        (void)json_array_set_new(array, index, other);
    }
}

static void edit_one(const struct book *book, const char *scene, json_t *root, char *edit)
{
    const char *last;
    size_t end = strcspn(edit, "=-*~");
    char what = edit[end];
    if (what == '\0') {
        vec_die("an edit does nothing: %s", edit);
    }
    edit[end] = '\0';
    json_t *value = what == '=' ? edit_value(book, scene, edit + end + 1) : NULL;
    json_t *parent = walk(book, scene, root, edit, &last);
    if (json_is_array(parent)) {
        edit_array(parent, element(book, scene, parent, last), what, edit + end + 1, value);
    } else if (what == '=') {
        (void)json_object_set_new(parent, last, value);
    } else if (json_object_del(parent, last) != 0) {
        vec_die("an edit takes away \"%s\", which is not there", last);
    }
}

/* Splits at " ; " and hands each edit on, those of the surroundings with `around`. */
static void edit_all(const struct book *book, const char *scene, json_t *root, json_t *around,
                     const char *edits)
{
    char copy[EDIT_MAX];
    if ((size_t)snprintf(copy, sizeof copy, "%s", edits) >= sizeof copy) {
        vec_die("an edit is too long");
    }
    char *next = copy;
    while (next) {
        char *edit = next;
        next = strstr(edit, " ; ");
        if (next) {
            *next = '\0';
            next += 3;
        }
        if (strcmp(edit, "@rehash") == 0) {
            (void)json_object_set_new(around, "rehash", json_true());
        } else if (edit[0] == '@') {
            edit_one(book, scene, around, edit + 1);
        } else {
            edit_one(book, scene, root, edit);
        }
    }
}

void edit_json(const struct book *book, const char *scene, json_t *root, const char *edits)
{
    edit_all(book, scene, root, NULL, edits);
}

static void rehash(json_t *text, const json_t *around)
{
    const char *data = vec_string(around, "data");
    uint32_t len = council_b64_bytes((uint32_t)strlen(data));
    uint8_t *bytes = malloc(len + (size_t)1);
    uint8_t hash[COUNCIL_HASH_BYTES];
    if (!bytes || !council_b64_decode(bytes, len, data, (uint32_t)strlen(data))) {
        vec_die("data is not base64url");
    }
    council_hash(hash, bytes, len);
    free(bytes);
    (void)json_object_set_new(json_object_get(text, "sealed"), "hash",
                              json_string(fixture_key(hash).text));
}

/* The secret to sign with: what @by names, else the entry's device, else the device it had before the edits. */
static const uint8_t *signer(const struct book *book, const json_t *text, const json_t *around,
                             const json_t *before)
{
    const json_t *candidates[] = {json_object_get(around, "by"), json_object_get(text, "device"),
                                  before};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        uint8_t key[COUNCIL_KEY_BYTES];
        const char *name = json_string_value(candidates[i]);
        if (name && council_b64_decode(key, sizeof key, name, (uint32_t)strlen(name)) &&
            book_secret_of(book, key)) {
            return book_secret_of(book, key);
        }
    }
    vec_die("nobody can sign this");
}

/* The entry of the row, and how many entries it follows. */
static uint32_t edited(const struct book *book, const char *scene, const struct vec_row *row,
                       struct fixture_entry *out)
{
    uint32_t seq = book_place(book, scene, row->tag);
    json_t *around = vec_entry(&book_find(book, scene)->entries[seq - 1]);
    json_t *text = json_loads(vec_string(around, "text"), 0, NULL);
    json_t *before = json_incref(json_object_get(text, "device"));
    (void)json_object_del(around, "sig");
    if (row->edits) {
        edit_all(book, scene, text, around, row->edits);
    }
    if (json_object_get(around, "rehash")) {
        rehash(text, around);
    }
    char *canonical = json_dumps(text, JSON_COMPACT | JSON_SORT_KEYS);
    if (!canonical) {
        vec_die("%s: the edited text cannot be written", row->name);
    }
    fixture_sign_text(out, canonical, (uint32_t)strlen(canonical),
                      signer(book, text, around, before));
    free(canonical);
    (void)json_object_set_new(around, "text", json_stringn(out->text, out->len));
    if (!json_object_get(around, "sig")) {
        (void)json_object_set_new(around, "sig", json_string(fixture_sig(out->sig).text));
    }
    fixture_entry_fini(out);
    vec_entry_read(out, around);
    if (json_object_get(around, "base")) {
        seq = (uint32_t)vec_int(around, "base") + 1;
    }
    json_decref(before);
    json_decref(text);
    json_decref(around);
    return seq - 1;
}

void book_verdict(const struct book *book, struct vec_file *file, const char *scene, uint32_t count,
                  const char *name, struct fixture_entry *entry, enum council_error error)
{
    struct fixture_log log;
    json_t *vector = vec_add(file, name);
    fixture_log_init(&log);
    if (count > 0) {
        replay_prefix(&log, book_find(book, scene), count);
        (void)json_object_set_new(vector, "base", json_pack("[s,i]", scene, (int)count));
    }
    (void)json_object_set_new(vector, "entries", json_pack("[o]", vec_entry(entry)));
    enum council_error got = replay_append(&log, entry);
    if (got != error) {
        (void)fprintf(stderr, "%s/%s: %s instead of %s\n", file->name, name,
                      council_error_name(got), council_error_name(error));
        file->out->wrong++;
    }
    vec_result(file, vector, got ? json_string(council_error_name(got)) : replay_state(&log), !got);
    fixture_log_fini(&log);
}

void book_rows(const struct book *book, struct vec_file *file, const char *scene,
               const struct vec_row *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct fixture_entry entry;
        uint32_t before = edited(book, scene, &rows[i], &entry);
        book_verdict(book, file, scene, before, rows[i].name, &entry, rows[i].error);
    }
}
