/*
 * book.h - what the generator's tables can name: logs, places in them, keys, chains and other values.
 *
 * Owns names and the secrets behind public keys. A row of a table says: take the entry at this place of this log, change it
 * so, sign it with the right key, and expect this verdict. Must not know any rule of the protocol.
 */
#ifndef COUNCIL_TESTS_VECTORS_BOOK_H
#define COUNCIL_TESTS_VECTORS_BOOK_H

#include "tests/vectors/out.h"

enum {
    BOOK_SCENES = 32,
    BOOK_SECRETS = 1024
};

struct book_secret {
    uint8_t key[COUNCIL_KEY_BYTES], secret[64];
};

struct book {
    json_t *names;  /* "scene.what" or "what": any JSON value */
    json_t *places; /* "scene.tag": seq */
    struct {
        const char *name;
        const struct fixture_log *log;
    } scenes[BOOK_SCENES];
    uint32_t scene_count;
    struct book_secret *secrets;
    uint32_t secret_count;
};

void book_init(struct book *book);
void book_fini(struct book *book);

/* "scene.what" (what alone where scene is NULL) stands for `value`, which is taken; bytes stand for their base64url. */
void book_name(struct book *book, const char *scene, const char *what, json_t *value);
void book_name_bytes(struct book *book, const char *scene, const char *what, const uint8_t *bytes,
                     uint32_t len);
/* The value of `what` within `scene` or at large, borrowed; unknown names stop the program. */
json_t *book_value(const struct book *book, const char *scene, const char *what);

/* The value as exactly `len` bytes. */
void book_bytes(const struct book *book, const char *scene, const char *what, uint8_t *out,
                uint32_t len);

/* `name` stands for the signature of $by over P(label, fields): names separated by spaces, 16 bytes for id.N and 32 for others. */
void book_proof(struct book *book, const char *scene, const char *name, const char *by,
                const char *label, const char *fields);

/* The last entry of the log so far is "scene.tag". */
void book_tag(struct book *book, const char *scene, const struct fixture_log *log, const char *tag);

/*
 * Names everything of a log: log, head.N, id.N, device.N, body.N, data.N, hash.N; and remembers it as `scene`. And of a member: mI, mI.dJ and mI.bJ (device J's
 * signing and box key), mI.r and mI.rb (recovery), mI.head (of the member log), mI.chain.A.B (entries A + 1 to B of the member log), with the secrets.
 */
void book_log(struct book *book, const char *scene, const struct fixture_log *log);
void book_member(struct book *book, const char *scene, uint32_t i,
                 const struct fixture_member *member);
void book_fixture(struct book *book, const char *scene, const struct fixture *fixture);

void book_secret(struct book *book, const uint8_t secret[64]);
/* The 64-byte secret of a public key, or NULL. */
const uint8_t *book_secret_of(const struct book *book, const uint8_t key[COUNCIL_KEY_BYTES]);

const struct fixture_log *book_find(const struct book *book, const char *scene);
uint32_t book_place(const struct book *book, const char *scene, const char *tag);

/* One row of a table of verdicts. */
struct vec_row {
    const char *name, *tag; /* tag: of an entry of the scene, which the edited one replaces */
    const char *edits;      /* see edit.c; NULL for none */
    enum council_error error;
};

/* Applies edits to a JSON value in place: names are those of `scene`. */
void edit_json(const struct book *book, const char *scene, json_t *root, const char *edits);

/* Makes vectors of rows and checks that the library's verdict is the row's. */
void book_rows(const struct book *book, struct vec_file *file, const char *scene,
               const struct vec_row *rows, uint32_t count);
#define BOOK_ROWS(book, file, scene, rows) \
    book_rows(book, file, scene, rows, (uint32_t)(sizeof(rows) / sizeof((rows)[0])))

/* One vector: the entry follows `count` entries of the scene. Takes the entry; the verdict must be `error`. */
void book_verdict(const struct book *book, struct vec_file *file, const char *scene, uint32_t count,
                  const char *name, struct fixture_entry *entry, enum council_error error);

#endif
