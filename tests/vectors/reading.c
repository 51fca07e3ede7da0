/*
 * reading.c - vectors of entries that are valid and cannot be read, or not by everybody.
 *
 * Owns a council in which keys and bodies are wrong in every way that validity does not see (README.md sections 6.3, 6.4 and 7), and
 * what each reader makes of it.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/rows.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Appends a key.rotate by member `by` whose body was edited. */
static void rotate(struct book *book, struct scene *s, uint32_t by, const char *edits)
{
    struct fixture_body body = {NULL, 0};
    const uint8_t *seed = fixture_next_seed(&s->fixture, &s->council);
    scene_ok(council_body_rotate(fixture_fold(&s->council), seed, &body.text, &body.len), "a body");
    json_t *json = json_loadb(body.text, body.len, 0, NULL);
    edit_json(book, s->name, json, edits);
    free(body.text);
    body.text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    body.len = (uint32_t)strlen(body.text);
    json_decref(json);
    scene_says(book, s, by, COUNCIL_KIND_KEY_ROTATE, NULL, body);
}

/* Appends a post with this data; `id` NULL draws one. Takes the data. */
static void post_data(struct scene *s, uint32_t by, uint64_t epoch, const uint8_t *id,
                      uint8_t *data, uint32_t len)
{
    struct fixture_member *member = fixture_member(&s->fixture, by);
    uint8_t drawn[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES], hash[COUNCIL_HASH_BYTES];
    struct fixture_entry entry;
    struct council_draft draft =
        fixture_draft(&s->fixture, &s->council.log, member, COUNCIL_KIND_POST, drawn, device);
    if (id) {
        memcpy(drawn, id, sizeof drawn);
    }
    council_hash(hash, data, len);
    draft.data_hash = hash;
    draft.epoch = epoch;
    scene_ok(fixture_sign(&entry, &draft, fixture_body("{}"), member->devices[member->use].sign),
             "a signature");
    entry.data = data;
    entry.data_len = len;
    scene_ok(fixture_append(&s->council.log, &entry), "a post");
}

/* The plaintext as it is, padding and all, sealed for member `by`'s next post with this id. */
static uint8_t *seal_raw(struct scene *s, uint32_t by, const char *kind,
                         const uint8_t id[COUNCIL_ID_BYTES], const uint8_t *padded, uint32_t size)
{
    const struct fixture_member *member = fixture_member(&s->fixture, by);
    struct council_device device = fixture_device(member, member->use);
    const struct council *fold = fixture_fold(&s->council);
    uint8_t key[32], place[256], epoch[8], *out = malloc(size + (size_t)COUNCIL_DATA_OVERHEAD);
    if (!out) {
        vec_die("no memory");
    }
    council_u64be(epoch, fold->epoch);
    const struct council_field bound[] = {COUNCIL_F(fold->log),
                                          COUNCIL_FN(id, COUNCIL_ID_BYTES),
                                          COUNCIL_FN(fixture_name(member), COUNCIL_KEY_BYTES),
                                          COUNCIL_F(device.sign),
                                          COUNCIL_FN(kind, strlen(kind)),
                                          COUNCIL_F(epoch)};
    const struct council_field own[] = {COUNCIL_F(fold->log), COUNCIL_F(device.sign),
                                        COUNCIL_FN(id, COUNCIL_ID_BYTES)};
    uint32_t place_len = council_p(place, sizeof place, "council/v1/post", bound, 6);
    council_hash_p_keyed(key, s->council.seeds[fold->epoch], 32, "council/v1/body", own, 3);
    fixture_random_bytes(&s->fixture.random, out, 24);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + 24, NULL, padded, size, place, place_len,
                                                     NULL, out, key);
    return out;
}

static void post_raw(struct scene *s, uint32_t by, const char *kind, const uint8_t *padded,
                     uint32_t size)
{
    uint8_t id[COUNCIL_ID_BYTES];
    fixture_random_bytes(&s->fixture.random, id, sizeof id);
    uint8_t *data = seal_raw(s, by, kind, id, padded, size);
    post_data(s, by, fixture_fold(&s->council)->epoch, id, data, size + COUNCIL_DATA_OVERHEAD);
}

/* A plaintext of these bytes, rightly padded. */
static void post_plain(struct scene *s, const char *plain, uint32_t len)
{
    uint8_t padded[512] = {0};
    memcpy(padded, plain, len);
    padded[len] = 0x80;
    post_raw(s, 0, "post", padded, council_padded(len));
}

/* The data of an earlier post once more, by `by` and with this id and epoch. */
static void post_moved(struct scene *s, const struct fixture_log *from, uint32_t seq, uint32_t by,
                       bool same_id)
{
    const struct fixture_entry *entry = &from->entries[seq - 1];
    struct council_entry parsed;
    uint8_t id[COUNCIL_ID_BYTES], *data = malloc(entry->data_len);
    scene_ok(council_entry_parse(&parsed, entry->text, entry->len), "an entry");
    memcpy(id, parsed.id, sizeof id);
    council_entry_fini(&parsed);
    if (!data) {
        vec_die("no memory");
    }
    memcpy(data, entry->data, entry->data_len);
    post_data(s, by, fixture_fold(&s->council)->epoch, same_id ? id : NULL, data, entry->data_len);
}

static void name_box(struct book *book, struct scene *s, const char *name, const uint8_t seed[32],
                     const uint8_t log[32], uint64_t epoch, const struct council_device *to)
{
    uint8_t box[COUNCIL_BOX_BYTES];
    if (!council_epoch_box(box, seed, log, epoch, to)) {
        vec_die("no box");
    }
    book_name_bytes(book, s->name, name, box, sizeof box);
}

/* A box that opens and holds the right seed, but was made with an ephemeral key of its own. */
static void name_other_box(struct book *book, struct scene *s, const char *name,
                           const uint8_t seed[32], const uint8_t box_key[32])
{
    uint8_t esk[32] = {7}, keys[64], nonce[24], box[COUNCIL_BOX_BYTES];
    (void)crypto_scalarmult_base(keys, esk);
    memcpy(keys + 32, box_key, 32);
    (void)crypto_generichash(nonce, sizeof nonce, keys, sizeof keys, NULL, 0);
    memcpy(box, keys, 32);
    if (crypto_box_easy(box + 32, seed, 32, nonce, box_key, esk) != 0) {
        vec_die("no box");
    }
    book_name_bytes(book, s->name, name, box, sizeof box);
}

/* Epochs 4 and on: each block is wrong for member 1 in its own way, and each is followed by a post. */
static void wrong_keys(struct book *book, struct scene *s)
{
    const uint8_t *log = fixture_fold(&s->council)->log;
    struct council_device one = fixture_device(fixture_member(&s->fixture, 1), 0),
                          two = fixture_device(fixture_member(&s->fixture, 2), 0);
    struct fixture_random next; /* of the seed that rotate() will draw */
    uint8_t seed[32], other[32] = {1};
    rotate(book, s, 0, "block.boxes.?m1:d0.box=$garbage.80");
    scene_post(book, s, 0, "a garbage box", NULL);
    rotate(book, s, 0, "block.commit=$m0");
    scene_post(book, s, 0, "a wrong commitment", NULL);
    next = s->fixture.random;
    fixture_random_bytes(&next, seed, sizeof seed);
    name_box(book, s, "box", seed, book_find(book, "other")->log.tail.log, 6, &one);
    rotate(book, s, 0, "block.boxes.?m1:d0.box=$box");
    scene_post(book, s, 0, "a box bound to another log", NULL);
    next = s->fixture.random;
    fixture_random_bytes(&next, seed, sizeof seed);
    name_box(book, s, "box", seed, log, 7, &two);
    rotate(book, s, 0, "block.boxes.?m1:d0.box=$box");
    scene_post(book, s, 0, "a box for somebody else", NULL);
    name_box(book, s, "box", other, log, 8, &one);
    rotate(book, s, 0, "block.boxes.?m1:d0.box=$box");
    scene_post(book, s, 0, "a box of another seed", NULL);
    next = s->fixture.random;
    fixture_random_bytes(&next, seed, sizeof seed);
    name_other_box(book, s, "box", seed, one.box);
    rotate(book, s, 0, "block.boxes.?m1:d0.box=$box");
    scene_post(book, s, 0, "a box with an ephemeral key of its own", NULL);
    next = s->fixture.random;
    fixture_random_bytes(&next, seed, sizeof seed);
    name_box(book, s, "box", seed, log, 9, &one);
    rotate(book, s, 0, "block.boxes.?m1:d0.box=$box");
    scene_post(book, s, 0, "a box bound to another epoch", NULL);
    scene_ok(fixture_rotate(&s->fixture, &s->council, fixture_member(&s->fixture, 0)), "rotate");
}

static void wrong_bodies(struct book *book, struct scene *s)
{
    uint8_t padded[512] = {0};
    scene_post(book, s, 1, "what is moved", "moved");
    uint32_t moved = s->council.log.count;
    post_moved(s, &s->council.log, moved, 2, true);  /* another author and device */
    post_moved(s, &s->council.log, moved, 1, false); /* another id */
    post_moved(s, book_find(book, "week"), book_place(book, "week", "post3"), 1,
               true); /* another log */
    scene_ok(fixture_rotate(&s->fixture, &s->council, fixture_member(&s->fixture, 0)), "rotate");
    post_moved(s, &s->council.log, moved, 1, true); /* another epoch */
    memcpy(padded, "{\"type\":\"note\"}", 15);
    padded[15] = 0x80;
    post_raw(s, 0, "signal", padded, 256); /* sealed as a signal */
    post_raw(s, 0, "post", padded, 512);   /* padded further than needed */
    padded[15] = 0;
    post_raw(s, 0, "post", padded, 256); /* zeros alone */
    padded[15] = 0x81;
    post_raw(s, 0, "post", padded, 256); /* another mark */
    memset(padded, 0, sizeof padded);
    post_raw(s, 0, "post", padded, 256); /* no mark at all */
    memset(padded, 'x', sizeof padded);
    post_raw(s, 0, "post", padded, 256); /* no room for a mark */
}

#define PLAIN(s, text) post_plain(s, text, (uint32_t)(sizeof(text) - 1))

static void wrong_contents(struct scene *s)
{
    PLAIN(s, "");
    PLAIN(s, "plain words");
    PLAIN(s, "[\"type\"]");
    PLAIN(s, "\"type\"");
    PLAIN(s, "{}");
    PLAIN(s, "{\"type\":1}");
    PLAIN(s, "{\"type\":\"note\"");
    PLAIN(s, "{\"type\":\"note\"}}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"\xff\"}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"\xed\xa0\x80\"}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"\xc0\xaf\"}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"\\ud800\"}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"\\u0000\"}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"a\0b\"}");
    PLAIN(s, "{\"type\":\"note\",\"text\":\"a\nb\"}");
    PLAIN(s, "{\"type\":\"note\",\"type\":\"note\"}");
    PLAIN(s, "{\"type\":\"note\",\"more\":{\"a\":1,\"a\":1}}");
    PLAIN(s, "{\"type\":\"note\",\"more\":NaN}");
    PLAIN(s, "\xef\xbb\xbf{\"type\":\"note\"}");
    PLAIN(s, " {\"type\" : \"note\"} ");
    PLAIN(s, "{\"type\":\"something of a later version\",\"more\":[1,-2,{\"a\":true}]}");
    PLAIN(s,
          "{\"type\":\"note\",\"text\":\"\xc3\xa9t\xc3\xa9 \xf0\x9f\x8c\xb1 \\ud83c\\udf31 \\n\"}");
}

/* Past keys for member 2, who came in epoch 3: right, of other seeds, garbage. */
static void histories(struct book *book, struct scene *s)
{
    struct fixture_member *two = fixture_member(&s->fixture, 2),
                          *none = fixture_member(&s->fixture, 0);
    uint8_t wrong[2][32] = {{1}, {2}};
    struct fixture_body body = {NULL, 0};
    memcpy(wrong[1], s->council.seeds[2], 32);
    scene_ok(council_body_history(fixture_fold(&s->council), fixture_name(two), 1, 2,
                                  (const uint8_t(*)[32])wrong, &body.text, &body.len),
             "a body");
    scene_says(book, s, 0, COUNCIL_KIND_KEY_HISTORY, "history-wrong",
               body); /* epoch 1 wrong, 2 right */
    scene_ok(fixture_history(&s->fixture, &s->council, none, two, 1, 1), "key.history");
    scene_tag(book, s, "history-right");
    scene_ok(council_body_history(fixture_fold(&s->council), fixture_name(two), 1, 1,
                                  (const uint8_t(*)[32]) & s->council.seeds[1], &body.text,
                                  &body.len),
             "a body");
    json_t *json = json_loadb(body.text, body.len, 0, NULL);
    edit_json(book, s->name, json, "boxes.?m2:d0.box=$garbage.80");
    free(body.text);
    body.text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    scene_says(book, s, 0, COUNCIL_KIND_KEY_HISTORY, "history-garbage", body);
}

static void build(struct book *book, struct scene *s)
{
    scene_begin(s, "reading");
    for (uint32_t i = 0; i < 4; i++) {
        (void)fixture_member(&s->fixture, i);
    }
    book_fixture(book, "reading", &s->fixture);
    scene_ok(fixture_found(&s->fixture, &s->council, fixture_member(&s->fixture, 0),
                           (struct fixture_policy){.fast = true, .size = 8}),
             "found");
    scene_post(book, s, 0, "before anybody came", "first");
    fixture_admit(&s->fixture, &s->council, fixture_member(&s->fixture, 0),
                  fixture_member(&s->fixture, 1));
    scene_post(book, s, 1, "before the third came", NULL);
    fixture_admit(&s->fixture, &s->council, fixture_member(&s->fixture, 0),
                  fixture_member(&s->fixture, 2));
    scene_post(book, s, 2, "for all three", NULL);
    wrong_keys(book, s);
    wrong_bodies(book, s);
    wrong_contents(s);
    histories(book, s);
    scene_ok(fixture_erase(&s->fixture, &s->council, fixture_member(&s->fixture, 1),
                           book_place(book, "reading", "moved")),
             "erase");
    scene_ok(fixture_remove(&s->fixture, &s->council, fixture_member(&s->fixture, 0),
                            fixture_member(&s->fixture, 2)),
             "remove");
    scene_post(book, s, 0, "after the third left", "last");
    book_log(book, "reading", &s->council.log);
}

static void reader(struct vec_file *file, const struct scene *s, const char *name,
                   const struct council_secrets *own)
{
    json_t *vector = vec_add(file, name), *result = replay_read(&s->council.log, own);
    const char *seq;
    json_t *value;
    (void)json_object_set_new(vector, "base",
                              json_pack("[s,i]", "reading", (int)s->council.log.count));
    (void)json_object_set_new(vector, "entries", json_array());
    (void)json_object_set_new(vector, "sign", vec_hex(own->sign, COUNCIL_SEED_BYTES));
    (void)json_object_set_new(vector, "secret", vec_hex(own->box, COUNCIL_SEED_BYTES));
    json_object_foreach(result, seq, value)
    {
        enum council_error error = council_error_from_name(json_string_value(value));
        file->out->unreadable += council_error_info(error)->class == COUNCIL_CLASS_READ;
    }
    vec_result(file, vector, result, true);
}

/* Names of the library's errors stand in results beside plaintexts, which are objects: the two cannot be confused. */
void rows_reading(struct vec_out *out, struct book *book, struct scenes *scenes)
{
    struct vec_file file;
    struct scene *s = &scenes->reading;
    build(book, s);
    vec_open(&file, out, "unreadable_log", "log");
    json_t *vector = vec_add(&file, "reading"), *entries = json_array();
    for (uint32_t i = 0; i < s->council.log.count; i++) {
        (void)json_array_append_new(entries, vec_entry(&s->council.log.entries[i]));
    }
    (void)json_object_set_new(vector, "entries", entries);
    vec_result(&file, vector, replay_state(&s->council.log), true);
    vec_close(&file);
    vec_open(&file, out, "unreadable", "read");
    reader(&file, s, "the founder", &fixture_member(&s->fixture, 0)->devices[0]);
    reader(&file, s, "the founder's recovery phrase", &fixture_member(&s->fixture, 0)->recovery);
    reader(&file, s, "the second, whose boxes are wrong",
           &fixture_member(&s->fixture, 1)->devices[0]);
    reader(&file, s, "the second's recovery phrase", &fixture_member(&s->fixture, 1)->recovery);
    reader(&file, s, "the third, who came later and was removed",
           &fixture_member(&s->fixture, 2)->devices[0]);
    reader(&file, s, "a stranger", &fixture_member(&s->fixture, 3)->devices[0]);
    vec_close(&file);
}
