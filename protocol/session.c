/*
 * session.c - the signatures that open a session.
 *
 * Owns README.md sections 9.2 and 9.3: which fields are signed, in which order. Each is written once here for signer and verifier
 * alike, so that the two cannot drift apart.
 */
#include "protocol/session.h"
#include <string.h>

enum {
    FIELDS_MAX = 8
};

/* The fields of one signature, and the integers among them as bytes. */
struct signed_fields {
    struct council_field fields[FIELDS_MAX];
    uint32_t count;
    uint8_t expires[8];
};

static void add(struct signed_fields *f, const void *bytes, size_t len)
{
    f->fields[f->count++] = COUNCIL_FN(bytes, len);
}

static void hello_fields(struct signed_fields *f, const struct council_challenge *c)
{
    f->count = 0;
    council_u64be(f->expires, c->expires);
    add(f, c->origin, strlen(c->origin));
    add(f, c->client_nonce, sizeof(c->client_nonce));
    add(f, c->server_nonce, sizeof(c->server_nonce));
    add(f, f->expires, sizeof(f->expires));
}

bool council_hello_sign(uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t server_secret[64],
                        const struct council_challenge *c)
{
    struct signed_fields f;
    hello_fields(&f, c);
    return council_sign_p(sig, server_secret, "council/v1/hello", f.fields, f.count);
}

bool council_hello_verify(const uint8_t sig[COUNCIL_SIG_BYTES], const struct council_challenge *c)
{
    struct signed_fields f;
    hello_fields(&f, c);
    return council_verify_p(sig, c->server, "council/v1/hello", f.fields, f.count);
}

static void login_fields(struct signed_fields *f, const struct council_challenge *c,
                         const uint8_t *member, const uint8_t *device, const char *purpose)
{
    f->count = 0;
    council_u64be(f->expires, c->expires);
    add(f, c->origin, strlen(c->origin));
    add(f, c->server, sizeof(c->server));
    add(f, c->client_nonce, sizeof(c->client_nonce));
    add(f, c->server_nonce, sizeof(c->server_nonce));
    add(f, f->expires, sizeof(f->expires));
    add(f, member, member == NULL ? 0 : COUNCIL_KEY_BYTES);
    add(f, device, COUNCIL_KEY_BYTES);
    add(f, purpose, strlen(purpose));
}

bool council_login_sign(uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t sign_secret[64],
                        const struct council_challenge *c, const uint8_t *member,
                        const char *purpose)
{
    struct signed_fields f;
    /* libsodium's secret key ends with its public key. */
    login_fields(&f, c, member, sign_secret + COUNCIL_SEED_BYTES, purpose);
    return council_sign_p(sig, sign_secret, "council/v1/login", f.fields, f.count);
}

bool council_login_verify(const uint8_t sig[COUNCIL_SIG_BYTES],
                          const uint8_t device[COUNCIL_KEY_BYTES],
                          const struct council_challenge *c, const uint8_t *member,
                          const char *purpose)
{
    struct signed_fields f;
    login_fields(&f, c, member, device, purpose);
    return council_verify_p(sig, device, "council/v1/login", f.fields, f.count);
}

static void succession_fields(struct signed_fields *f, const struct council_succession *s)
{
    f->count = 0;
    add(f, s->from, sizeof(s->from));
    add(f, s->to, sizeof(s->to));
}

bool council_succession_sign(struct council_succession *out, const uint8_t from_secret[64],
                             const uint8_t to[COUNCIL_KEY_BYTES])
{
    struct signed_fields f;
    memcpy(out->from, from_secret + COUNCIL_SEED_BYTES, COUNCIL_KEY_BYTES);
    memcpy(out->to, to, COUNCIL_KEY_BYTES);
    succession_fields(&f, out);
    return memcmp(out->from, out->to, COUNCIL_KEY_BYTES) != 0 &&
           council_sign_p(out->sig, from_secret, "council/v1/succession", f.fields, f.count);
}

bool council_succession_verify(const struct council_succession *succession)
{
    struct signed_fields f;
    succession_fields(&f, succession);
    return memcmp(succession->from, succession->to, COUNCIL_KEY_BYTES) != 0 &&
           council_verify_p(succession->sig, succession->from, "council/v1/succession", f.fields,
                            f.count);
}

/* Whether `key` is known, or one that the successions taken so far lead to. */
static bool reached(const struct council_succession *successions, const bool *taken, uint32_t count,
                    const uint8_t *known, const uint8_t *key)
{
    bool found = memcmp(known, key, COUNCIL_KEY_BYTES) == 0;
    for (uint32_t i = 0; i < count && !found; i++)
        found = taken[i] && memcmp(successions[i].to, key, COUNCIL_KEY_BYTES) == 0;
    return found;
}

bool council_succession_leads(const struct council_succession *successions, uint32_t count,
                              const uint8_t known[COUNCIL_KEY_BYTES],
                              const uint8_t now[COUNCIL_KEY_BYTES])
{
    bool taken[COUNCIL_SUCCESSIONS_MAX] = {false};
    count = count < COUNCIL_SUCCESSIONS_MAX ? count : COUNCIL_SUCCESSIONS_MAX;
    bool more = true;
    while (more && !reached(successions, taken, count, known, now)) {
        more = false;
        for (uint32_t i = 0; i < count; i++) {
            if (!taken[i] && reached(successions, taken, count, known, successions[i].from) &&
                council_succession_verify(&successions[i]))
                taken[i] = more = true;
        }
    }
    return reached(successions, taken, count, known, now);
}

static void invite_fields(struct signed_fields *f, const struct council_challenge *c,
                          const uint8_t council[COUNCIL_KEY_BYTES],
                          const uint8_t member[COUNCIL_KEY_BYTES])
{
    f->count = 0;
    add(f, council, COUNCIL_KEY_BYTES);
    add(f, member, COUNCIL_KEY_BYTES);
    add(f, c->server, sizeof(c->server));
    add(f, c->server_nonce, sizeof(c->server_nonce));
}

bool council_invite_read_sign(uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t invite_secret[64],
                              const struct council_challenge *c,
                              const uint8_t council[COUNCIL_KEY_BYTES],
                              const uint8_t member[COUNCIL_KEY_BYTES])
{
    struct signed_fields f;
    invite_fields(&f, c, council, member);
    return council_sign_p(sig, invite_secret, "council/v1/invite-read", f.fields, f.count);
}

bool council_invite_read_verify(const uint8_t sig[COUNCIL_SIG_BYTES],
                                const uint8_t invite[COUNCIL_KEY_BYTES],
                                const struct council_challenge *c,
                                const uint8_t council[COUNCIL_KEY_BYTES],
                                const uint8_t member[COUNCIL_KEY_BYTES])
{
    struct signed_fields f;
    invite_fields(&f, c, council, member);
    return council_verify_p(sig, invite, "council/v1/invite-read", f.fields, f.count);
}
