/*
 * sealing.c - vectors of boxes, past keys and sealed bodies.
 *
 * Owns README.md sections 6.1, 6.3, 6.4 and 7, function by function; what a reader of a whole log meets is reading.c's.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/rows.h"

#include "protocol/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are 32 times the same: easy to see in a vector, and never those of another field. */
static void fill(uint8_t *out, uint8_t value, uint32_t len)
{
    memset(out, value, len);
}

static void set_hex(json_t *vector, const char *key, const void *bytes, uint32_t len)
{
    (void)json_object_set_new(vector, key, vec_hex(bytes, len));
}

static void set_int(json_t *vector, const char *key, uint64_t value)
{
    (void)json_object_set_new(vector, key, json_integer((json_int_t)value));
}

/* ---- boxes ---- */

static void boxes(struct vec_out *out)
{
    struct vec_file file;
    vec_open(&file, out, "boxes", "box");
    for (uint32_t i = 0; i < 4; i++) {
        char name[32];
        uint8_t seed[32], log[32], box[COUNCIL_BOX_BYTES], commit[32];
        struct council_secrets secrets;
        struct council_device to;
        uint64_t epoch = i == 3 ? COUNCIL_INT_MAX : i + 1;
        fill(seed, (uint8_t)(0x10 + i), 32);
        fill(log, (uint8_t)(0x20 + i / 2), 32);
        council_secrets_from_seeds(&secrets, seed, log);
        council_secrets_public(&secrets, &to);
        (void)snprintf(name, sizeof name, "box %u", (unsigned)i + 1);
        json_t *vector = vec_add(&file, name);
        if (!council_epoch_box(box, seed, log, epoch, &to)) {
            vec_die("no box");
        }
        council_epoch_commit(commit, seed, log, epoch);
        set_hex(vector, "seed", seed, 32);
        set_hex(vector, "log", log, 32);
        set_int(vector, "epoch", epoch);
        set_hex(vector, "to", to.sign, 32);
        set_hex(vector, "box_key", to.box, 32);
        json_t *result = json_object();
        set_hex(result, "box", box, sizeof box);
        set_hex(result, "commit", commit, sizeof commit);
        vec_result(&file, vector, result, true);
    }
    vec_close(&file);
}

static void history(struct vec_out *out)
{
    static const uint32_t counts[] = {1, 2, 64};
    struct vec_file file;
    vec_open(&file, out, "history", "history");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char name[32];
        uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][32], log[32], box[COUNCIL_HISTORY_BOX_MAX];
        struct council_secrets secrets;
        struct council_device to;
        uint32_t len;
        for (uint32_t j = 0; j < counts[i]; j++) {
            fill(seeds[j], (uint8_t)(0x40 + j), 32);
        }
        fill(log, 0x30, 32);
        council_secrets_from_seeds(&secrets, log, log);
        council_secrets_public(&secrets, &to);
        (void)snprintf(name, sizeof name, "%u seeds", (unsigned)counts[i]);
        json_t *vector = vec_add(&file, name);
        if (!council_history_box(box, &len, (const uint8_t(*)[32])seeds, log, 3, 2 + counts[i],
                                 &to)) {
            vec_die("no box");
        }
        set_hex(vector, "seeds", seeds, 32 * counts[i]);
        set_hex(vector, "log", log, 32);
        set_int(vector, "first", 3);
        set_int(vector, "last", 2 + counts[i]);
        set_hex(vector, "to", to.sign, 32);
        set_hex(vector, "box_key", to.box, 32);
        vec_result(&file, vector, vec_hex(box, len), true);
    }
    vec_close(&file);
}

/* ---- sealed bodies ---- */

struct place {
    uint8_t seed[32], log[32], id[16], author[32], device[32];
    const char *kind;
    uint64_t epoch;
};

static struct place place_of(void)
{
    struct place place = {.kind = "post", .epoch = 7};
    fill(place.seed, 1, 32);
    fill(place.log, 2, 32);
    fill(place.id, 3, 16);
    fill(place.author, 4, 32);
    fill(place.device, 5, 32);
    return place;
}

static struct council_seal_place seal_place(const struct place *place)
{
    return (struct council_seal_place){place->log, place->author, place->device,
                                       place->id,  place->kind,   place->epoch};
}

/* The data as it is at a place, and what comes of opening it there. */
static void seal_vector(struct vec_file *file, const char *name, const struct place *place,
                        const uint8_t *data, uint32_t len, enum council_error error)
{
    json_t *vector = vec_add(file, name), *result;
    const struct council_seal_place at = seal_place(place);
    uint8_t *plain = NULL;
    uint32_t plain_len = 0;
    set_hex(vector, "seed", place->seed, 32);
    set_hex(vector, "log", place->log, 32);
    set_hex(vector, "id", place->id, 16);
    set_hex(vector, "author", place->author, 32);
    set_hex(vector, "device", place->device, 32);
    (void)json_object_set_new(vector, "kind", json_string(place->kind));
    set_int(vector, "epoch", place->epoch);
    set_hex(vector, "data", data, len);
    enum council_error got = council_unseal(&at, place->seed, data, len, &plain, &plain_len);
    if (got != error) {
        (void)fprintf(stderr, "sealed/%s: %s\n", name, council_error_name(got));
        file->out->wrong++;
    }
    result = got ? json_string(council_error_name(got)) : json_stringn((char *)plain, plain_len);
    vec_result(file, vector, result, !got);
    free(plain);
}

static uint8_t *sealed_text(const struct place *place, uint32_t len, uint32_t *data_len)
{
    char plain[1024];
    uint8_t nonce[24], *data = NULL;
    static const char begin[] = "{\"text\":\"";
    static const char end[] = "\",\"type\":\"note\"}";
    const struct council_seal_place at = seal_place(place);
    memset(plain, 'x', len);
    if (len >= sizeof begin + sizeof end) {
        memcpy(plain, begin, sizeof begin - 1);
        memcpy(plain + len - sizeof end + 1, end, sizeof end - 1);
    }
    fill(nonce, 9, sizeof nonce);
    scene_ok(council_seal(&at, place->seed, nonce, plain, len, &data, data_len), "sealing");
    return data;
}

static void moved(struct vec_file *file, const uint8_t *data, uint32_t len)
{
    struct place other = place_of();
    fill(other.seed, 99, 32);
    seal_vector(file, "under another seed", &other, data, len, COUNCIL_E_BAD_CIPHER);
    other = place_of();
    fill(other.log, 99, 32);
    seal_vector(file, "moved to another log", &other, data, len, COUNCIL_E_BAD_CIPHER);
    other = place_of();
    fill(other.id, 99, 16);
    seal_vector(file, "moved to another id", &other, data, len, COUNCIL_E_BAD_CIPHER);
    other = place_of();
    fill(other.author, 99, 32);
    seal_vector(file, "moved to another author", &other, data, len, COUNCIL_E_BAD_CIPHER);
    other = place_of();
    fill(other.device, 99, 32);
    seal_vector(file, "moved to another device", &other, data, len, COUNCIL_E_BAD_CIPHER);
    other = place_of();
    other.kind = "signal";
    seal_vector(file, "moved to another kind", &other, data, len, COUNCIL_E_BAD_CIPHER);
    other = place_of();
    other.epoch = 8;
    seal_vector(file, "moved to another epoch", &other, data, len, COUNCIL_E_BAD_CIPHER);
}

static void sealed(struct vec_out *out)
{
    static const uint32_t lengths[] = {0, 1, 60, 255, 256, 511, 512};
    struct vec_file file;
    struct place place = place_of();
    uint32_t len;
    vec_open(&file, out, "sealed", "seal");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char name[32];
        uint8_t *data = sealed_text(&place, lengths[i], &len);
        (void)snprintf(name, sizeof name, "%u bytes", (unsigned)lengths[i]);
        seal_vector(&file, name, &place, data, len, COUNCIL_OK);
        free(data);
    }
    uint8_t *data = sealed_text(&place, 60, &len);
    moved(&file, data, len);
    static const uint32_t bits[] = {0, 23, 24, 295};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        char name[48];
        (void)snprintf(name, sizeof name, "byte %u changed", (unsigned)bits[i]);
        data[bits[i]] ^= 1;
        seal_vector(&file, name, &place, data, len, COUNCIL_E_BAD_CIPHER);
        data[bits[i]] ^= 1;
    }
    free(data);
    place.kind = "signal";
    data = sealed_text(&place, 60, &len);
    seal_vector(&file, "a signal", &place, data, len, COUNCIL_OK);
    free(data);
    vec_close(&file);
}

void rows_sealing(struct vec_out *out)
{
    boxes(out);
    history(out);
    sealed(out);
}
