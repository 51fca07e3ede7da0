/*
 * successions.c - vectors of a server's keys, each named by the one before.
 *
 * Owns README.md section 9.7.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/rows.h"

#include "protocol/session.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    KEYS = 18, /* of one server, in their order */
    LINKS = KEYS - 1
};

struct keys {
    uint8_t public[KEYS][32], secret[KEYS][64];
    struct council_succession links[LINKS]; /* links[i]: from key i to key i + 1 */
};

static void make(struct keys *keys)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        uint8_t seed[32] = {0x70, (uint8_t)i};
        (void)crypto_sign_seed_keypair(keys->public[i], keys -> secret[i], seed);
    }
    for (uint32_t i = 0; i < LINKS; i++) {
        if (!council_succession_sign(&keys->links[i], keys->secret[i], keys->public[i + 1])) {
            vec_die("no succession");
        }
    }
}

/* From key `known` to key `now` by some of the successions. */
static void lead(struct vec_file *file, const char *name, const struct keys *keys, uint32_t known,
                 uint32_t now, const struct council_succession *links, uint32_t count, bool valid)
{
    json_t *vector = vec_add(file, name), *list = json_array();
    (void)json_object_set_new(vector, "known", vec_hex(keys->public[known], 32));
    (void)json_object_set_new(vector, "now", vec_hex(keys->public[now], 32));
    for (uint32_t i = 0; i < count; i++) {
        json_t *link = json_object();
        (void)json_object_set_new(link, "from", vec_hex(links[i].from, 32));
        (void)json_object_set_new(link, "to", vec_hex(links[i].to, 32));
        (void)json_object_set_new(link, "sig", vec_hex(links[i].sig, 64));
        (void)json_array_append_new(list, link);
    }
    (void)json_object_set_new(vector, "successions", list);
    bool got = council_succession_leads(links, count, keys->public[known], keys -> public[now]);
    if (got != valid) {
        (void)fprintf(stderr, "successions/%s: %d\n", name, got);
        file->out->wrong++;
    }
    vec_result(file, vector, json_string(got ? "valid" : "wrong_server"), valid);
}

static void damaged(struct vec_file *file, const struct keys *keys)
{
    struct council_succession links[3];
    memcpy(links, keys->links, sizeof links);
    links[1].sig[0] ^= 1;
    lead(file, "one signature is wrong", keys, 0, 3, links, 3, false);
    lead(file, "as far as the signatures are right", keys, 0, 1, links, 3, true);
    memcpy(links, keys->links, sizeof links);
    memcpy(links[1].to, keys->public[3], 32); /* signed for key 2 */
    lead(file, "a signature for another key", keys, 0, 3, links, 2, false);
    memcpy(links, keys->links, sizeof links);
    memcpy(links[0].from, keys->public[1], 32); /* signed by key 0 */
    lead(file, "a signature by another key", keys, 1, 1 + 1, links, 1, false);
    /* the bytes of the pair, signed for another purpose */
    const struct council_field fields[] = {COUNCIL_FN(keys->public[0], 32),
                                           COUNCIL_FN(keys->public[1], 32)};
    memcpy(links, keys->links, sizeof links);
    if (!council_sign_p(links[0].sig, keys->secret[0], "council/v1/hello", fields, 2)) {
        vec_die("no signature");
    }
    lead(file, "a signature under another label", keys, 0, 1, links, 1, false);
}

void rows_successions(struct vec_out *out)
{
    struct vec_file file;
    static struct keys keys;
    make(&keys);
    const struct council_succession *links = keys.links;
    vec_open(&file, out, "successions", "successions");
    lead(&file, "the same key", &keys, 0, 0, links, 0, true);
    lead(&file, "another key", &keys, 0, 1, links, 0, false);
    lead(&file, "one step", &keys, 0, 1, links, 1, true);
    lead(&file, "one step back", &keys, 1, 0, links, 1, false);
    lead(&file, "sixteen steps", &keys, 0, 16, links, 16, true);
    lead(&file, "from the middle", &keys, 7, 16, links, 16, true);
    lead(&file, "not as far as asked", &keys, 0, 17, links, 16, false);
    lead(&file, "the first is missing", &keys, 0, 16, links + 1, 15, false);
    struct council_succession mixed[4] = {links[2], links[0], links[3], links[1]};
    lead(&file, "in another order", &keys, 0, 4, mixed, 4, true);
    mixed[2] = links[2];
    lead(&file, "one of them twice, one missing", &keys, 0, 4, mixed, 4, false);
    /* key 1 names two successors: either is the server */
    struct council_succession fork[3] = {links[0], links[1], links[1]};
    if (!council_succession_sign(&fork[1], keys.secret[1], keys.public[9])) {
        vec_die("no succession");
    }
    lead(&file, "two successors, the first", &keys, 0, 9, fork, 3, true);
    lead(&file, "two successors, the second", &keys, 0, 2, fork, 3, true);
    /* round and round */
    struct council_succession ring[2] = {links[0], links[0]};
    if (!council_succession_sign(&ring[1], keys.secret[1], keys.public[0])) {
        vec_die("no succession");
    }
    lead(&file, "a ring that does not lead there", &keys, 0, 2, ring, 2, false);
    lead(&file, "a ring, the other way", &keys, 1, 0, ring, 2, true);
    damaged(&file, &keys);
    vec_close(&file);
}
