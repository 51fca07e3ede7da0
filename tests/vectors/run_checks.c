/*
 * run_checks.c - the library asked about every type of vector but logs.
 *
 * Owns how a vector's fields become the arguments of one public function of protocol/, and its answer a result.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/run.h"

#include "protocol/keys.h"
#include "protocol/recovery.h"
#include "protocol/session.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *run_verdict(enum council_error error)
{
    return json_string(error ? council_error_name(error) : "valid");
}

static json_t *signature_verdict(bool good)
{
    return run_verdict(good ? COUNCIL_OK : COUNCIL_E_BAD_SIGNATURE);
}

/* The text that the parts make, owned. */
static char *text_of(const json_t *vector, uint32_t *len)
{
    size_t index, total = 0;
    json_t *part;
    char *out = malloc(2 * (size_t)COUNCIL_TEXT_MAX);
    if (!out) {
        vec_die("no memory");
    }
    json_array_foreach(json_object_get(vector, "parts"), index, part)
    {
        const json_t *value = json_array_get(part, 0);
        json_int_t times = json_integer_value(json_array_get(part, 1));
        uint32_t size = (uint32_t)json_string_length(value);
        uint8_t *bytes = vec_is_bytes(value) ? vec_unhex(value, &size) : NULL;
        const void *from = bytes ? (const void *)bytes : json_string_value(value);
        if (total + size * (size_t)times > 2 * (size_t)COUNCIL_TEXT_MAX) {
            vec_die("a text is longer than expected");
        }
        for (json_int_t i = 0; i < times; i++, total += size) {
            memcpy(out + total, from, size);
        }
        free(bytes);
    }
    *len = (uint32_t)total;
    return out;
}

static json_t *run_text(const json_t *vector)
{
    struct council_text parsed;
    uint32_t len;
    char *text = text_of(vector, &len);
    enum council_error error = council_text_init(&parsed, text, len);
    if (error == COUNCIL_OK) {
        council_text_fini(&parsed);
    }
    free(text);
    return run_verdict(error);
}

static json_t *run_base64url(const json_t *vector)
{
    uint8_t bytes[64];
    uint32_t len = (uint32_t)vec_int(vector, "bytes");
    const char *text = vec_string(vector, "text");
    bool good = len <= sizeof bytes && council_b64_decode(bytes, len, text, (uint32_t)strlen(text));
    return good ? vec_hex(bytes, len) : json_string("refused");
}

enum {
    FIELDS_MAX = 8
};

/* One field of P(): its bytes are owned. */
static struct council_field field_of(const json_t *value)
{
    uint32_t len = 8;
    uint8_t *bytes;
    if (vec_is_bytes(value)) {
        bytes = vec_unhex(value, &len);
    } else if (json_is_integer(value)) {
        bytes = malloc(8);
        if (bytes) {
            council_u64be(bytes, (uint64_t)json_integer_value(value));
        }
    } else {
        len = (uint32_t)json_string_length(value);
        bytes = (uint8_t *)strdup(json_string_value(value));
    }
    if (!bytes) {
        vec_die("no memory");
    }
    return COUNCIL_FN(bytes, len);
}

static json_t *run_p(const json_t *vector)
{
    struct council_field fields[FIELDS_MAX];
    uint8_t p[1024], hash[COUNCIL_HASH_BYTES];
    uint32_t count = 0, key_len;
    uint8_t *key = vec_bytes(vector, "key", &key_len);
    const char *label = vec_string(vector, "label");
    const json_t *values = json_object_get(vector, "values");
    for (; count < json_array_size(values) && count < FIELDS_MAX; count++) {
        fields[count] = field_of(json_array_get(values, count));
    }
    uint32_t len = council_p(p, sizeof p, label, fields, count);
    if (key_len > 0) {
        council_hash_p_keyed(hash, key, key_len, label, fields, count);
    } else {
        council_hash_p(hash, label, fields, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)fields[i].bytes);
    }
    free(key);
    return json_pack("{s:o,s:o}", "p", vec_hex(p, len), "h", vec_hex(hash, sizeof hash));
}

static json_t *run_signature(const json_t *vector)
{
    uint8_t key[32], sig[64];
    uint32_t len;
    uint8_t *message = vec_bytes(vector, "message", &len);
    vec_fixed(vector, "key", key, sizeof key);
    vec_fixed(vector, "sig", sig, sizeof sig);
    bool good = crypto_sign_verify_detached(sig, message, len, key) == 0;
    free(message);
    return signature_verdict(good);
}

static json_t *run_box_key(const json_t *vector)
{
    uint8_t key[32];
    vec_fixed(vector, "key", key, sizeof key);
    return run_verdict(council_box_key_weak(key) ? COUNCIL_E_WEAK_KEY : COUNCIL_OK);
}

/* Every word is that of the library's list, and the list is the one whose hash is known. */
static json_t *run_words(const json_t *vector)
{
    crypto_hash_sha256_state state;
    uint8_t digest[32];
    const json_t *words = json_object_get(vector, "words");
    (void)crypto_hash_sha256_init(&state);
    for (uint32_t i = 0; i < 2048; i++) {
        char phrase[COUNCIL_PHRASE_MAX];
        const uint8_t entropy[COUNCIL_ENTROPY_BYTES] = {(uint8_t)(i >> 3), (uint8_t)(i << 5)};
        council_phrase_encode(phrase, entropy);
        size_t len = strcspn(phrase, " ");
        const char *word = json_string_value(json_array_get(words, i));
        if (!word || strlen(word) != len || memcmp(word, phrase, len) != 0) {
            return json_pack("{s:i}", "differs", (int)i);
        }
        phrase[len] = '\n';
        (void)crypto_hash_sha256_update(&state, (const uint8_t *)phrase, len + 1);
    }
    (void)crypto_hash_sha256_final(&state, digest);
    return vec_hex(digest, sizeof digest);
}

static json_t *run_phrase(const json_t *vector)
{
    uint8_t entropy[COUNCIL_ENTROPY_BYTES];
    uint32_t word = 0;
    char text[64], again[COUNCIL_PHRASE_MAX];
    const char *phrase = vec_string(vector, "phrase");
    enum council_error error =
        council_phrase_decode(entropy, phrase, (uint32_t)strlen(phrase), &word);
    if (error) {
        (void)snprintf(text, sizeof text, word > 0 ? "%s %u" : "%s", council_error_name(error),
                       (unsigned)word);
        return json_string(text);
    }
    struct council_secrets secrets;
    struct council_device keys;
    uint8_t back[COUNCIL_ENTROPY_BYTES];
    council_recovery_secrets(&secrets, entropy);
    council_secrets_public(&secrets, &keys);
    council_phrase_encode(again, entropy);
    if (council_phrase_decode(back, again, (uint32_t)strlen(again), &word) ||
        memcmp(back, entropy, sizeof back) != 0) {
        return json_string("the phrase does not come back");
    }
    return json_pack("{s:o,s:o,s:o}", "entropy", vec_hex(entropy, sizeof entropy), "sign",
                     vec_hex(keys.sign, 32), "box", vec_hex(keys.box, 32));
}

static json_t *run_safety(const json_t *vector)
{
    uint8_t council[32], head[32];
    char number[COUNCIL_SAFETY_CHARS + 1];
    vec_fixed(vector, "council", council, sizeof council);
    vec_fixed(vector, "head", head, sizeof head);
    council_safety_number(number, council, vec_int(vector, "seq"), head);
    return json_string(number);
}

static json_t *run_signs(const json_t *vector)
{
    struct council_challenge c = {.expires = vec_int(vector, "expires")};
    uint8_t key[32], sig[64], device[32], council[32];
    uint32_t member_len = 0;
    const char *signs = vec_string(vector, "signs");
    (void)snprintf(c.origin, sizeof c.origin, "%s", vec_string(vector, "origin"));
    vec_fixed(vector, "server", c.server, 32);
    vec_fixed(vector, "client_nonce", c.client_nonce, 32);
    vec_fixed(vector, "server_nonce", c.server_nonce, 32);
    vec_fixed(vector, "key", key, 32);
    vec_fixed(vector, "sig", sig, 64);
    if (strcmp(signs, "hello") == 0) {
        return signature_verdict(council_hello_verify(sig, &c));
    }
    uint8_t *member = vec_bytes(vector, "member", &member_len);
    bool good;
    if (strcmp(signs, "login") == 0) {
        vec_fixed(vector, "device", device, 32);
        good = council_login_verify(sig, device, &c, member_len > 0 ? member : NULL,
                                    vec_string(vector, "purpose"));
    } else {
        vec_fixed(vector, "council", council, 32);
        good = council_invite_read_verify(sig, key, &c, council, member);
    }
    free(member);
    return signature_verdict(good);
}

static json_t *run_successions(const json_t *vector)
{
    struct council_succession links[COUNCIL_SUCCESSIONS_MAX];
    uint8_t known[32], now[32];
    const json_t *list = json_object_get(vector, "successions");
    uint32_t count = (uint32_t)json_array_size(list);
    if (count > COUNCIL_SUCCESSIONS_MAX) {
        vec_die("too many successions");
    }
    vec_fixed(vector, "known", known, 32);
    vec_fixed(vector, "now", now, 32);
    for (uint32_t i = 0; i < count; i++) {
        const json_t *link = json_array_get(list, i);
        vec_fixed(link, "from", links[i].from, 32);
        vec_fixed(link, "to", links[i].to, 32);
        vec_fixed(link, "sig", links[i].sig, 64);
    }
    bool leads = council_succession_leads(links, count, known, now);
    return run_verdict(leads ? COUNCIL_OK : COUNCIL_E_WRONG_SERVER);
}

static json_t *run_link(const json_t *vector)
{
    struct council_link link;
    const char *text = vec_string(vector, "link");
    enum council_error error = council_link_decode(&link, text, (uint32_t)strlen(text));
    if (error) {
        return run_verdict(error);
    }
    return json_pack("{s:s,s:o,s:o,s:I,s:o,s:o}", "url", link.url, "seed",
                     vec_hex(link.invite_seed, 32), "council", vec_hex(link.council, 32), "seq",
                     (json_int_t)link.seq, "head", vec_hex(link.head, 32), "server",
                     vec_hex(link.server, 32));
}

/* Opens, and where that succeeds seals the same again: the same data must come out. */
static json_t *run_seal(const json_t *vector)
{
    uint8_t seed[32], log[32], author[32], device[32], id[16], *plain = NULL, *again = NULL;
    uint32_t data_len, plain_len = 0, again_len = 0;
    uint8_t *data = vec_bytes(vector, "data", &data_len);
    vec_fixed(vector, "seed", seed, 32);
    vec_fixed(vector, "log", log, 32);
    vec_fixed(vector, "author", author, 32);
    vec_fixed(vector, "device", device, 32);
    vec_fixed(vector, "id", id, 16);
    const struct council_seal_place place = {
        log, author, device, id, vec_string(vector, "kind"), vec_int(vector, "epoch")};
    json_t *result;
    enum council_error error = council_unseal(&place, seed, data, data_len, &plain, &plain_len);
    if (error) {
        result = run_verdict(error);
    } else if (council_seal(&place, seed, data, plain, plain_len, &again, &again_len) ||
               again_len != data_len || memcmp(again, data, data_len) != 0) {
        result = json_string("the data does not come back");
    } else {
        result = json_stringn((char *)plain, plain_len);
    }
    free(again);
    free(plain);
    free(data);
    return result;
}

static json_t *run_box(const json_t *vector)
{
    uint8_t seed[32], log[32], box[COUNCIL_BOX_BYTES], commit[32];
    struct council_device to;
    uint64_t epoch = vec_int(vector, "epoch");
    vec_fixed(vector, "seed", seed, 32);
    vec_fixed(vector, "log", log, 32);
    vec_fixed(vector, "to", to.sign, 32);
    vec_fixed(vector, "box_key", to.box, 32);
    council_epoch_commit(commit, seed, log, epoch);
    if (!council_epoch_box(box, seed, log, epoch, &to)) {
        return json_string("no box");
    }
    return json_pack("{s:o,s:o}", "box", vec_hex(box, sizeof box), "commit",
                     vec_hex(commit, sizeof commit));
}

static json_t *run_history(const json_t *vector)
{
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][32], log[32], box[COUNCIL_HISTORY_BOX_MAX];
    struct council_device to;
    uint32_t len, box_len = 0;
    uint8_t *bytes = vec_bytes(vector, "seeds", &len);
    if (len > sizeof seeds) {
        vec_die("too many seeds");
    }
    memcpy(seeds, bytes, len);
    free(bytes);
    vec_fixed(vector, "log", log, 32);
    vec_fixed(vector, "to", to.sign, 32);
    vec_fixed(vector, "box_key", to.box, 32);
    bool good = council_history_box(box, &box_len, (const uint8_t(*)[32])seeds, log,
                                    vec_int(vector, "first"), vec_int(vector, "last"), &to);
    return good ? vec_hex(box, box_len) : json_string("no box");
}

static const struct run_check checks[] = {
    {"text", run_text},
    {"base64url", run_base64url},
    {"p", run_p},
    {"signature", run_signature},
    {"box_key", run_box_key},
    {"words", run_words},
    {"phrase", run_phrase},
    {"safety", run_safety},
    {"signs", run_signs},
    {"link", run_link},
    {"seal", run_seal},
    {"box", run_box},
    {"history", run_history},
    {"successions", run_successions},
};

run_fn *run_find(const char *type)
{
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (strcmp(checks[i].type, type) == 0) {
            return checks[i].run;
        }
    }
    return NULL;
}
