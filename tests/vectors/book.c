/*
 * book.c - names, places and secrets of the generator.
 *
 * Owns the registry; what a name stands for never changes once it is set.
 */
#include "tests/vectors/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_CHARS = 160, /* of a name within its scene */
    FULL_NAME_MAX_CHARS = 2 * NAME_MAX_CHARS,
    CHAINS_MAX = 12
};

void book_init(struct book *book)
{
    memset(book, 0, sizeof *book);
    book->names = json_object();
    book->places = json_object();
    book->secrets = calloc(BOOK_SECRETS, sizeof *book->secrets);
    if (!book->secrets) {
        vec_die("no memory");
    }
}

void book_fini(struct book *book)
{
    json_decref(book->names);
    json_decref(book->places);
    free(book->secrets);
}

static const char *full_name(char out[FULL_NAME_MAX_CHARS], const char *scene, const char *what)
{
    (void)snprintf(out, FULL_NAME_MAX_CHARS, "%s%s%s", scene ? scene : "", scene ? "." : "", what);
    return out;
}

void book_name(struct book *book, const char *scene, const char *what, json_t *value)
{
    char name[FULL_NAME_MAX_CHARS];
    (void)json_object_set_new(book->names, full_name(name, scene, what), value);
}

void book_name_bytes(struct book *book, const char *scene, const char *what, const uint8_t *bytes,
                     uint32_t len)
{
    char *text = malloc(COUNCIL_B64_CHARS((size_t)len) + 1);
    if (!text) {
        vec_die("no memory");
    }
    council_b64_encode(text, bytes, len);
    book_name(book, scene, what, json_string(text));
    free(text);
}

json_t *book_value(const struct book *book, const char *scene, const char *what)
{
    char name[FULL_NAME_MAX_CHARS];
    json_t *value = json_object_get(book->names, full_name(name, scene, what));
    if (!value) {
        value = json_object_get(book->names, what);
    }
    if (!value) {
        vec_die("%s: there is no $%s", scene, what);
    }
    return value;
}

void book_tag(struct book *book, const char *scene, const struct fixture_log *log, const char *tag)
{
    char name[FULL_NAME_MAX_CHARS];
    (void)json_object_set_new(book->places, full_name(name, scene, tag), json_integer(log->count));
}

uint32_t book_place(const struct book *book, const char *scene, const char *tag)
{
    char name[FULL_NAME_MAX_CHARS];
    const json_t *place = json_object_get(book->places, full_name(name, scene, tag));
    if (!place) {
        vec_die("there is no place %s.%s", scene, tag);
    }
    return (uint32_t)json_integer_value(place);
}

const struct fixture_log *book_find(const struct book *book, const char *scene)
{
    for (uint32_t i = 0; i < book->scene_count; i++) {
        if (strcmp(book->scenes[i].name, scene) == 0) {
            return book->scenes[i].log;
        }
    }
    vec_die("there is no scene %s", scene);
}

static void name_number(struct book *book, const char *scene, const char *what, uint32_t n,
                        const uint8_t *bytes, uint32_t len)
{
    char name[NAME_MAX_CHARS];
    (void)snprintf(name, sizeof name, "%s.%u", what, (unsigned)n);
    book_name_bytes(book, scene, name, bytes, len);
}

static void name_body(struct book *book, const char *scene, uint32_t seq,
                      const struct fixture_entry *entry)
{
    char name[NAME_MAX_CHARS];
    json_t *text = json_loadb(entry->text, entry->len, 0, NULL);
    (void)snprintf(name, sizeof name, "body.%u", (unsigned)seq);
    book_name(book, scene, name, json_incref(json_object_get(text, "body")));
    json_decref(text);
}

void book_log(struct book *book, const char *scene, const struct fixture_log *log)
{
    book->scenes[book->scene_count].name = scene;
    book->scenes[book->scene_count++].log = log;
    book_name_bytes(book, scene, "log", log->log.tail.log, COUNCIL_KEY_BYTES);
    for (uint32_t i = 0; i < log->count; i++) {
        const struct fixture_entry *from = &log->entries[i];
        struct council_entry entry;
        if (council_entry_parse(&entry, from->text, from->len)) {
            vec_die("an accepted entry does not parse");
        }
        name_number(book, scene, "head", i + 1, from->head, COUNCIL_HASH_BYTES);
        name_number(book, scene, "id", i + 1, entry.id, COUNCIL_ID_BYTES);
        name_number(book, scene, "device", i + 1, entry.device, COUNCIL_KEY_BYTES);
        name_body(book, scene, i + 1, from);
        if (entry.kind == COUNCIL_KIND_POST) {
            name_number(book, scene, "hash", i + 1, entry.data_hash, COUNCIL_HASH_BYTES);
        }
        if (from->data) {
            name_number(book, scene, "data", i + 1, from->data, from->data_len);
        }
        council_entry_fini(&entry);
    }
}

void book_secret(struct book *book, const uint8_t secret[64])
{
    if (book_secret_of(book, secret + 32)) {
        return;
    }
    if (book->secret_count == BOOK_SECRETS) {
        vec_die("too many secrets");
    }
    struct book_secret *row = &book->secrets[book->secret_count++];
    memcpy(row->secret, secret, 64);
    memcpy(row->key, secret + 32, COUNCIL_KEY_BYTES); /* libsodium keeps the public key there */
}

const uint8_t *book_secret_of(const struct book *book, const uint8_t key[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < book->secret_count; i++) {
        if (memcmp(book->secrets[i].key, key, COUNCIL_KEY_BYTES) == 0) {
            return book->secrets[i].secret;
        }
    }
    return NULL;
}

void book_bytes(const struct book *book, const char *scene, const char *what, uint8_t *out,
                uint32_t len)
{
    const char *text = json_string_value(book_value(book, scene, what));
    if (!text || !council_b64_decode(out, len, text, (uint32_t)strlen(text))) {
        vec_die("$%s is not %u bytes", what, (unsigned)len);
    }
}

void book_proof(struct book *book, const char *scene, const char *name, const char *by,
                const char *label, const char *fields)
{
    uint8_t values[8][COUNCIL_KEY_BYTES], key[COUNCIL_KEY_BYTES], sig[COUNCIL_SIG_BYTES];
    struct council_field list[8];
    uint32_t count = 0;
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%s", fields);
    for (char *rest = copy, *what; (what = strtok_r(rest, " ", &rest)) != NULL; count++) {
        uint32_t len = strncmp(what, "id.", 3) == 0 ? COUNCIL_ID_BYTES : COUNCIL_KEY_BYTES;
        book_bytes(book, scene, what, values[count], len);
        list[count] = COUNCIL_FN(values[count], len);
    }
    book_bytes(book, scene, by, key, sizeof key);
    const uint8_t *secret = book_secret_of(book, key);
    if (!secret || !council_sign_p(sig, secret, label, list, count)) {
        vec_die("$%s cannot sign", by);
    }
    book_name_bytes(book, scene, name, sig, sizeof sig);
}

static json_t *chain_json(const struct fixture_log *log, uint32_t from, uint32_t to)
{
    json_t *out = json_array();
    for (uint32_t i = from; i < to; i++) {
        const struct fixture_entry *entry = &log->entries[i];
        char *text = malloc(COUNCIL_B64_CHARS((size_t)entry->len) + 1);
        if (!text) {
            vec_die("no memory");
        }
        council_b64_encode(text, (const uint8_t *)entry->text, entry->len);
        (void)json_array_append_new(
            out, json_pack("{s:s,s:s}", "sig", fixture_sig(entry->sig).text, "text", text));
        free(text);
    }
    return out;
}

void book_member(struct book *book, const char *scene, uint32_t i,
                 const struct fixture_member *member)
{
    char name[NAME_MAX_CHARS];
    struct council_device keys;
    (void)snprintf(name, sizeof name, "m%u", (unsigned)i);
    book_name_bytes(book, scene, name, fixture_name(member), COUNCIL_KEY_BYTES);
    (void)snprintf(name, sizeof name, "m%u.head", (unsigned)i);
    book_name_bytes(book, scene, name, member->log.log.tail.head, COUNCIL_HASH_BYTES);
    for (uint32_t j = 0; j < member->device_count; j++) {
        keys = fixture_device(member, j);
        book_secret(book, member->devices[j].sign);
        (void)snprintf(name, sizeof name, "m%u.d%u", (unsigned)i, (unsigned)j);
        book_name_bytes(book, scene, name, keys.sign, COUNCIL_KEY_BYTES);
        (void)snprintf(name, sizeof name, "m%u.b%u", (unsigned)i, (unsigned)j);
        book_name_bytes(book, scene, name, keys.box, COUNCIL_KEY_BYTES);
    }
    book_secret(book, member->recovery.sign);
    council_secrets_public(&member->recovery, &keys);
    (void)snprintf(name, sizeof name, "m%u.r", (unsigned)i);
    book_name_bytes(book, scene, name, keys.sign, COUNCIL_KEY_BYTES);
    (void)snprintf(name, sizeof name, "m%u.rb", (unsigned)i);
    book_name_bytes(book, scene, name, keys.box, COUNCIL_KEY_BYTES);
    uint32_t count = member->log.count < CHAINS_MAX ? member->log.count : CHAINS_MAX;
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = from + 1; to <= count; to++) {
            (void)snprintf(name, sizeof name, "m%u.chain.%u.%u", (unsigned)i, (unsigned)from,
                           (unsigned)to);
            book_name(book, scene, name, chain_json(&member->log, from, to));
        }
    }
}

void book_fixture(struct book *book, const char *scene, const struct fixture *fixture)
{
    for (uint32_t i = 0; i < FIXTURE_MEMBERS; i++) {
        if (fixture->members[i]) {
            book_member(book, scene, i, fixture->members[i]);
        }
    }
}
