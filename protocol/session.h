/*
 * session.h - what is signed to open a session: hello, login, reading by invite; and invite links.
 *
 * Owns README.md sections 9.2, 9.3 and 10. Both sides call the same functions. Knows no socket and no clock.
 */
#ifndef COUNCIL_PROTOCOL_SESSION_H
#define COUNCIL_PROTOCOL_SESSION_H

#include "protocol/bytes.h"

enum {
    COUNCIL_LOGIN_TTL_MS = 30000,
    COUNCIL_ORIGIN_MAX = 255,
    COUNCIL_LINK_MAX = 512
};

/* The challenge that hello makes; both sides hold the same values. */
struct council_challenge {
    char origin[COUNCIL_ORIGIN_MAX + 1]; /* "https://host[:port]", "http://host:port" or "unix:" */
    uint8_t server[COUNCIL_KEY_BYTES];
    uint8_t client_nonce[COUNCIL_NONCE_BYTES], server_nonce[COUNCIL_NONCE_BYTES];
    uint64_t expires; /* unix ms, the server's clock */
};

/* The server's signature over P("council/v1/hello", origin, client nonce, server nonce, expires). */
COUNCIL_MUST_USE bool council_hello_sign(uint8_t sig[COUNCIL_SIG_BYTES],
                                         const uint8_t server_secret[64],
                                         const struct council_challenge *c);
COUNCIL_MUST_USE bool council_hello_verify(const uint8_t sig[COUNCIL_SIG_BYTES],
                                           const struct council_challenge *c);

/* The device's (or recovery key's) signature over P("council/v1/login", origin, server, client nonce, server nonce, expires, member, device, purpose).
 * `purpose` is "device" or "recovery"; `member` NULL (an empty field) for recovery. */
COUNCIL_MUST_USE bool council_login_sign(uint8_t sig[COUNCIL_SIG_BYTES],
                                         const uint8_t sign_secret[64],
                                         const struct council_challenge *c, const uint8_t *member,
                                         const char *purpose);
COUNCIL_MUST_USE bool council_login_verify(const uint8_t sig[COUNCIL_SIG_BYTES],
                                           const uint8_t device[COUNCIL_KEY_BYTES],
                                           const struct council_challenge *c, const uint8_t *member,
                                           const char *purpose);

/* A server's key `from` names the one that follows it: its signature over P("council/v1/succession", from, to). */
struct council_succession {
    uint8_t from[COUNCIL_KEY_BYTES], to[COUNCIL_KEY_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
};
enum {
    COUNCIL_SUCCESSIONS_MAX = 16 /* that server.hello carries, and that a client follows */
};
/* Signs with the old key (64 bytes, libsodium's form) and fills all of `out`. False: the two keys are one, or libsodium failed. */
COUNCIL_MUST_USE bool council_succession_sign(struct council_succession *out,
                                              const uint8_t from_secret[64],
                                              const uint8_t to[COUNCIL_KEY_BYTES]);
COUNCIL_MUST_USE bool council_succession_verify(const struct council_succession *succession);
/* Whether valid successions lead from `known` to `now`, in whatever order they stand; true where the two are the same key. At most COUNCIL_SUCCESSIONS_MAX of
 * `count` are looked at. README.md section 9.7. */
COUNCIL_MUST_USE bool council_succession_leads(const struct council_succession *successions,
                                               uint32_t count,
                                               const uint8_t known[COUNCIL_KEY_BYTES],
                                               const uint8_t now[COUNCIL_KEY_BYTES]);

/* The invite key's signature over P("council/v1/invite-read", council, member, server, server nonce): lets a logged-in non-member read texts. */
COUNCIL_MUST_USE bool council_invite_read_sign(uint8_t sig[COUNCIL_SIG_BYTES],
                                               const uint8_t invite_secret[64],
                                               const struct council_challenge *c,
                                               const uint8_t council[COUNCIL_KEY_BYTES],
                                               const uint8_t member[COUNCIL_KEY_BYTES]);
COUNCIL_MUST_USE bool council_invite_read_verify(const uint8_t sig[COUNCIL_SIG_BYTES],
                                                 const uint8_t invite[COUNCIL_KEY_BYTES],
                                                 const struct council_challenge *c,
                                                 const uint8_t council[COUNCIL_KEY_BYTES],
                                                 const uint8_t member[COUNCIL_KEY_BYTES]);

/*
 * Where a server is, in the one form that is compared and signed: "https://host[:port]", "http://host[:port]" (wss and ws are taken for them) or
 * "unix:<path>". Lower-cases scheme and host, drops the scheme's own port and one final "/". False for anything else: user names, paths, queries, other schemes, more
 * than COUNCIL_ORIGIN_MAX characters.
 */
COUNCIL_MUST_USE bool council_url_normalise(char out[COUNCIL_ORIGIN_MAX + 1], const char *url,
                                            uint32_t len);

/*
 * An invite link: "<origin>/join#" and the base64url of version (1 byte: 1), invite seed (32), council (32), head seq (u64be), head (32), server key (32). For "unix:" origins the link
 * is "unix:<path>/join#...", and the origin in a login is "unix:".
 */
struct council_link {
    char url[COUNCIL_ORIGIN_MAX + 1];        /* where to connect: an origin, or "unix:<path>" */
    uint8_t invite_seed[COUNCIL_SEED_BYTES]; /* secret: wipe */
    uint8_t council[COUNCIL_KEY_BYTES];
    uint64_t seq;
    uint8_t head[COUNCIL_HASH_BYTES];
    uint8_t server[COUNCIL_KEY_BYTES];
};
/* BAD_LINK if the url is too long. */
COUNCIL_MUST_USE enum council_error council_link_encode(char out[COUNCIL_LINK_MAX],
                                                        const struct council_link *link);
/* BAD_LINK. */
COUNCIL_MUST_USE enum council_error council_link_decode(struct council_link *out, const char *text,
                                                        uint32_t len);

#endif
