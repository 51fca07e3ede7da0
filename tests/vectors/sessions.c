/*
 * sessions.c - vectors of recovery phrases, safety numbers, logins and links.
 *
 * Owns README.md sections 6.5, 8, 9.2, 9.3 and 10, function by function.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/rows.h"

#include "protocol/keys.h"
#include "protocol/recovery.h"
#include "protocol/session.h"

#include <sodium.h>
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

/* ---- phrases ---- */

static void word_list(struct vec_out *out)
{
    struct vec_file file;
    json_t *list = json_array();
    crypto_hash_sha256_state state;
    uint8_t digest[32];
    vec_open(&file, out, "words", "words");
    (void)crypto_hash_sha256_init(&state);
    for (uint32_t i = 0; i < 2048;
         i++) { /* word i is the first of the phrase whose first eleven bits are i */
        char phrase[COUNCIL_PHRASE_MAX];
        uint8_t entropy[16] = {(uint8_t)(i >> 3), (uint8_t)(i << 5)};
        council_phrase_encode(phrase, entropy);
        size_t len = strcspn(phrase, " ");
        (void)json_array_append_new(list, json_stringn(phrase, len));
        phrase[len] = '\n';
        (void)crypto_hash_sha256_update(&state, (const uint8_t *)phrase, len + 1);
    }
    (void)crypto_hash_sha256_final(&state, digest);
    json_t *vector = vec_add(&file, "BIP 39's English list");
    (void)json_object_set_new(vector, "words", list);
    vec_result(&file, vector, vec_hex(digest, 32), true);
    vec_close(&file);
}

static void phrase(struct vec_file *file, const char *name, const char *text, bool valid)
{
    json_t *vector = vec_add(file, name), *result;
    uint8_t entropy[16];
    uint32_t word = 0;
    char error[32];
    (void)json_object_set_new(vector, "phrase", json_string(text));
    enum council_error got = council_phrase_decode(entropy, text, (uint32_t)strlen(text), &word);
    if (got == COUNCIL_OK) {
        struct council_secrets secrets;
        struct council_device keys;
        council_recovery_secrets(&secrets, entropy);
        council_secrets_public(&secrets, &keys);
        result = json_object();
        set_hex(result, "entropy", entropy, 16);
        set_hex(result, "sign", keys.sign, 32);
        set_hex(result, "box", keys.box, 32);
    } else {
        (void)snprintf(error, sizeof error, word > 0 ? "%s %u" : "%s", council_error_name(got),
                       (unsigned)word);
        result = json_string(error);
    }
    file->out->wrong += (got == COUNCIL_OK) != valid;
    vec_result(file, vector, result, valid);
}

static void phrases(struct vec_out *out)
{
    static const uint8_t fills[] = {0x00, 0x7f, 0x80, 0xff, 0x5a};
    struct vec_file file;
    char text[COUNCIL_PHRASE_MAX];
    vec_open(&file, out, "phrases", "phrase");
    for (size_t i = 0; i < sizeof fills; i++) {
        char name[32];
        uint8_t entropy[16];
        fill(entropy, fills[i], sizeof entropy);
        council_phrase_encode(text, entropy);
        (void)snprintf(name, sizeof name, "sixteen times %02x", fills[i]);
        phrase(&file, name, text, true);
    }
    phrase(&file, "capitals and blanks",
           "  Legal WINNER thank\tyear\nwave sausage  worth useful legal winner thank yellow\r\n",
           true);
    phrase(&file, "four letters each",
           "lega winn than year wave saus wort usef lega winn than yell", true);
    phrase(&file, "three letters of one",
           "leg winner thank year wave sausage worth useful legal winner thank yellow", false);
    phrase(&file, "five letters of one",
           "legal winne thank year wave sausage worth useful legal winner thank yellow", false);
    phrase(&file, "a word that is not in the list",
           "legal winner thank year wave sausage worth useful legal winner thank yellows", false);
    phrase(&file, "two words that are not in the list",
           "legal winner thank year wade sausage worth useful legal winner tank yellow", false);
    phrase(&file, "a wrong word of the list",
           "legal winner thank year wave sausage worth useful legal winner thank zoo", false);
    phrase(&file, "two words changed about",
           "winner legal thank year wave sausage worth useful legal winner thank yellow", false);
    phrase(&file, "eleven words",
           "legal winner thank year wave sausage worth useful legal winner thank", false);
    phrase(&file, "thirteen words",
           "legal winner thank year wave sausage worth useful legal winner thank yellow yellow",
           false);
    phrase(&file, "thirteen words, the last unknown",
           "legal winner thank year wave sausage worth useful legal winner thank yellow xyzzy",
           false);
    phrase(&file, "thirteen words, the third unknown",
           "legal winner xyzzy year wave sausage worth useful legal winner thank yellow yellow",
           false);
    phrase(&file, "nothing", "", false);
    phrase(&file, "commas",
           "legal, winner, thank, year, wave, sausage, worth, useful, legal, winner, thank, yellow",
           false);
    vec_close(&file);
}

static void safety(struct vec_out *out)
{
    struct vec_file file;
    vec_open(&file, out, "safety", "safety");
    for (uint32_t i = 0; i < 6; i++) {
        char name[32], number[COUNCIL_SAFETY_CHARS + 1];
        uint8_t council[32], head[32];
        uint64_t seq = i == 5 ? COUNCIL_INT_MAX : 2 + i * i;
        fill(council, (uint8_t)i, 32);
        fill(head, (uint8_t)(0x80 + i), 32);
        council_safety_number(number, council, seq, head);
        (void)snprintf(name, sizeof name, "number %u", (unsigned)i + 1);
        json_t *vector = vec_add(&file, name);
        set_hex(vector, "council", council, 32);
        set_int(vector, "seq", seq);
        set_hex(vector, "head", head, 32);
        vec_result(&file, vector, json_string(number), true);
    }
    vec_close(&file);
}

/* ---- sessions and links ---- */

static struct council_challenge challenge_of(const uint8_t server[32])
{
    struct council_challenge c = {.origin = "https://council.example", .expires = 1700000030000};
    memcpy(c.server, server, 32);
    fill(c.client_nonce, 0x11, 32);
    fill(c.server_nonce, 0x22, 32);
    return c;
}

/* A signature of a session with everything that it is over; `valid` is what must come of it. */
static void session(struct vec_file *file, const char *name, const char *signs,
                    const uint8_t key[32], const uint8_t sig[64], const struct council_challenge *c,
                    const uint8_t *member, const uint8_t *device, const char *purpose, bool valid)
{
    json_t *vector = vec_add(file, name);
    uint8_t council[32];
    fill(council, 0x33, 32);
    (void)json_object_set_new(vector, "signs", json_string(signs));
    set_hex(vector, "key", key, 32);
    set_hex(vector, "sig", sig, 64);
    (void)json_object_set_new(vector, "origin", json_string(c->origin));
    set_hex(vector, "server", c->server, 32);
    set_hex(vector, "client_nonce", c->client_nonce, 32);
    set_hex(vector, "server_nonce", c->server_nonce, 32);
    set_int(vector, "expires", c->expires);
    bool got;
    if (strcmp(signs, "hello") == 0) {
        got = council_hello_verify(sig, c);
    } else if (strcmp(signs, "login") == 0) {
        got = council_login_verify(sig, device, c, member, purpose);
        set_hex(vector, "device", device, 32);
        (void)json_object_set_new(vector, "purpose", json_string(purpose));
        set_hex(vector, "member", member, member ? 32 : 0);
    } else {
        got = council_invite_read_verify(sig, key, c, council, member);
        set_hex(vector, "council", council, 32);
        set_hex(vector, "member", member, 32);
    }
    if (got != valid) {
        (void)fprintf(stderr, "sessions/%s: %d\n", name, got);
        file->out->wrong++;
    }
    vec_result(file, vector, json_string(valid ? "valid" : "bad_signature"), valid);
}

static void changed(struct vec_file *file, const char *signs, const uint8_t key[32],
                    const uint8_t sig[64], const struct council_challenge *right,
                    const uint8_t *member, const uint8_t *device, const char *purpose)
{
    char name[64];
    struct council_challenge c = *right;
    bool origin = strcmp(signs, "invite-read") != 0;
    (void)snprintf(name, sizeof name, "%s: another server's nonce", signs);
    c.server_nonce[0] ^= 1;
    session(file, name, signs, key, sig, &c, member, device, purpose, false);
    if (!origin) {
        return;
    }
    c = *right;
    (void)snprintf(name, sizeof name, "%s: another origin", signs);
    c.origin[0] = 'x';
    session(file, name, signs, key, sig, &c, member, device, purpose, false);
    c = *right;
    (void)snprintf(name, sizeof name, "%s: another client's nonce", signs);
    c.client_nonce[0] ^= 1;
    session(file, name, signs, key, sig, &c, member, device, purpose, false);
    c = *right;
    (void)snprintf(name, sizeof name, "%s: another time", signs);
    c.expires++;
    session(file, name, signs, key, sig, &c, member, device, purpose, false);
}

static void logins(struct vec_file *file, const struct council_challenge *c,
                   const uint8_t secret[64], const uint8_t device[32])
{
    uint8_t sig[64], member[32], other[32];
    fill(member, 0x44, 32);
    fill(other, 0x55, 32);
    struct council_challenge elsewhere = *c;
    elsewhere.server[0] ^= 1;
    if (!council_login_sign(sig, secret, c, member, "device")) {
        vec_die("no signature");
    }
    session(file, "login: of a device", "login", device, sig, c, member, device, "device", true);
    session(file, "login: of a recovery key with a device's signature", "login", device, sig, c,
            NULL, device, "recovery", false);
    session(file, "login: for another purpose", "login", device, sig, c, member, device, "recovery",
            false);
    session(file, "login: of another member", "login", device, sig, c, other, device, "device",
            false);
    session(file, "login: to another server", "login", device, sig, &elsewhere, member, device,
            "device", false);
    changed(file, "login", device, sig, c, member, device, "device");
    if (!council_login_sign(sig, secret, c, NULL, "recovery")) {
        vec_die("no signature");
    }
    session(file, "login: of a recovery key", "login", device, sig, c, NULL, device, "recovery",
            true);
}

static void sessions(struct vec_out *out)
{
    struct vec_file file;
    uint8_t seed[32] = {5}, server_secret[64], server[32], secret[64], key[32], sig[64],
            council[32], member[32];
    (void)crypto_sign_seed_keypair(server, server_secret, seed);
    seed[0] = 6;
    (void)crypto_sign_seed_keypair(key, secret, seed);
    fill(council, 0x33, 32);
    fill(member, 0x44, 32);
    struct council_challenge c = challenge_of(server);
    vec_open(&file, out, "sessions", "signs");
    if (!council_hello_sign(sig, server_secret, &c)) {
        vec_die("no signature");
    }
    session(&file, "hello: of the server", "hello", server, sig, &c, NULL, NULL, NULL, true);
    changed(&file, "hello", server, sig, &c, NULL, NULL, NULL);
    logins(&file, &c, secret, key);
    if (!council_invite_read_sign(sig, secret, &c, council, member)) {
        vec_die("no signature");
    }
    session(&file, "invite-read: by the invite's key", "invite-read", key, sig, &c, member, NULL,
            NULL, true);
    session(&file, "invite-read: for another member", "invite-read", key, sig, &c, council, NULL,
            NULL, false);
    changed(&file, "invite-read", key, sig, &c, member, NULL, NULL);
    (void)snprintf(c.origin, sizeof c.origin, "unix:");
    if (!council_hello_sign(sig, server_secret, &c)) {
        vec_die("no signature");
    }
    session(&file, "hello: on a socket", "hello", server, sig, &c, NULL, NULL, NULL, true);
    vec_close(&file);
}

static void link_vector(struct vec_file *file, const char *name, const char *text, bool valid)
{
    struct council_link link;
    json_t *vector = vec_add(file, name), *result = json_string("bad_link");
    (void)json_object_set_new(vector, "link", json_string(text));
    enum council_error got = council_link_decode(&link, text, (uint32_t)strlen(text));
    if (got == COUNCIL_OK) {
        json_decref(result);
        result = json_object();
        (void)json_object_set_new(result, "url", json_string(link.url));
        set_hex(result, "seed", link.invite_seed, 32);
        set_hex(result, "council", link.council, 32);
        set_int(result, "seq", link.seq);
        set_hex(result, "head", link.head, 32);
        set_hex(result, "server", link.server, 32);
    }
    if ((got == COUNCIL_OK) != valid) {
        (void)fprintf(stderr, "links/%s: %s\n", name, council_error_name(got));
        file->out->wrong++;
    }
    vec_result(file, vector, result, valid);
}

static void links(struct vec_out *out)
{
    static const char *const urls[] = {"https://council.example", "http://127.0.0.1:8420",
                                       "http://[::1]:8420", "unix:/run/councild.sock"};
    struct vec_file file;
    struct council_link link = {.seq = 12};
    char text[COUNCIL_LINK_MAX], other[COUNCIL_LINK_MAX + 64];
    fill(link.invite_seed, 1, 32);
    fill(link.council, 2, 32);
    fill(link.head, 3, 32);
    fill(link.server, 4, 32);
    vec_open(&file, out, "links", "link");
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        (void)snprintf(link.url, sizeof link.url, "%s", urls[i]);
        scene_ok(council_link_encode(text, &link), "a link");
        link_vector(&file, urls[i], text, true);
    }
    (void)snprintf(link.url, sizeof link.url, "%s", urls[0]);
    scene_ok(council_link_encode(text, &link), "a link");
    (void)snprintf(other, sizeof other, "\n  %s \r\n", text);
    link_vector(&file, "blanks around it", other, true);
    (void)snprintf(other, sizeof other, "%.*s", (int)strlen(text) - 1, text);
    (void)snprintf(other, sizeof other, "HTTPS://Council.Example:443/join%s", strchr(text, '#'));
    link_vector(&file, "in capitals, with its scheme's own port", other, true);
    (void)snprintf(other, sizeof other, "ws://council.example/join%s", strchr(text, '#'));
    link_vector(&file, "for a WebSocket", other, true);
    (void)snprintf(other, sizeof other, "https://council.example:80/join%s", strchr(text, '#'));
    link_vector(&file, "with the other scheme's port", other, true);
    (void)snprintf(other, sizeof other, "%.*s", (int)strlen(text) - 1, text);
    link_vector(&file, "its last character lost", other, false);
    (void)snprintf(other, sizeof other, "%sA", text);
    link_vector(&file, "a character more", other, false);
    (void)snprintf(other, sizeof other, "%s, see you", text);
    link_vector(&file, "words behind it", other, false);
    (void)snprintf(other, sizeof other, "see %s", text);
    link_vector(&file, "a word before it", other, false);
    (void)snprintf(other, sizeof other, "%.*s", (int)strcspn(text, "#"), text);
    link_vector(&file, "cut at the #", other, false);
    (void)snprintf(other, sizeof other, "ftp%s", strchr(text, ':'));
    link_vector(&file, "another scheme", other, false);
    (void)snprintf(other, sizeof other, "https:///join%s", strchr(text, '#'));
    link_vector(&file, "without a host", other, false);
    (void)snprintf(other, sizeof other, "https://council.example/path/join%s", strchr(text, '#'));
    link_vector(&file, "with a path", other, false);
    (void)snprintf(other, sizeof other, "https://me@council.example/join%s", strchr(text, '#'));
    link_vector(&file, "with a user", other, false);
    (void)snprintf(other, sizeof other, "https://council.example:0/join%s", strchr(text, '#'));
    link_vector(&file, "with port 0", other, false);
    (void)snprintf(other, sizeof other, "https://council.example:65536/join%s", strchr(text, '#'));
    link_vector(&file, "with port 65536", other, false);
    (void)snprintf(other, sizeof other, "%s", text);
    *(strchr(other, '#') + 1) = 'B'; /* the version's bits */
    link_vector(&file, "another version", other, false);
    (void)snprintf(other, sizeof other, "%s", text);
    other[strlen(other) - 1] = 'F'; /* trailing bits */
    link_vector(&file, "trailing bits", other, false);
    link.seq = 0;
    if (council_link_encode(text, &link) == COUNCIL_OK) {
        link_vector(&file, "head 0", text, false);
    }
    link_vector(&file, "nothing", "", false);
    vec_close(&file);
}

void rows_sessions(struct vec_out *out)
{
    word_list(out);
    phrases(out);
    safety(out);
    sessions(out);
    links(out);
}
