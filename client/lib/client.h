/*
 * client.h - libcouncil: a home, its keys, its replica, and the connection that keeps them current.
 *
 * The public face of the native client library: what a program (the `council` command, a bot, another interface) calls to be a
 * member. It owns files, the clock, randomness and the socket, and hides them; rules are protocol/'s, decisions
 * are sync/'s, meaning is model/'s. One struct client belongs to one thread; client_wake alone may be called from any.
 *
 * A home is one folder with one SQLite file that several processes may share. Everything secret in it is sealed under a home
 * key; entries rest as ciphertext.
 */
#ifndef COUNCIL_CLIENT_LIB_CLIENT_H
#define COUNCIL_CLIENT_LIB_CLIENT_H

#include <jansson.h>

#include "protocol/log.h"
#include "protocol/recovery.h"
#include "protocol/session.h"

struct client;

#define CLIENT_VERSION "0.1.0"

enum {
    CLIENT_PASSPHRASE_MAX = 1024,
    CLIENT_DETAIL_MAX = 512,
    CLIENT_DUTIES_MS = 2000 /* an ordinary command's share of duties at its end */
};

/* ---- opening and unlocking ---- */

/*
 * Opens the home in folder `path` (created 0700 with its database 0600 where `create`), without unlocking it. HOME_IO, HOME_NEWER,
 * HOME_BUSY, NO_HOME (not `create` and nothing there), NO_MEMORY, LIBRARY. `*out` is owned by the caller (client_close). The process is made undumpable, and
 * SIGXFSZ, where nobody handles it, ignored: a limit is told as HOME_FULL.
 */
COUNCIL_MUST_USE enum council_error client_open(struct client **out, const char *path, bool create);

/* Ends the connection, wipes keys, frees. Accepts NULL. Nothing that was submitted is lost: it is in the outbox. */
void client_close(struct client *client);

/* True if the home holds a member (its keys), locked or not. */
bool client_has_member(const struct client *client);

/* True once client_unlock, client_register or client_recover succeeded. */
bool client_unlocked(const struct client *client);

/*
 * Opens the home key. `passphrase` NULL asks a running agent of this home for it (WRONG_PASSPHRASE if there is none). WRONG_PASSPHRASE, HOME_DAMAGED, NO_HOME. Argon2id: takes about 0.1 s.
 */
COUNCIL_MUST_USE enum council_error client_unlock(struct client *client, const char *passphrase,
                                                  uint32_t len);

/* Seals the home key under another passphrase. */
COUNCIL_MUST_USE enum council_error client_passphrase(struct client *client, const char *passphrase,
                                                      uint32_t len);

/* What happened in words after a failure: which entry, field, server. Never NULL; borrowed until the next call. */
const char *client_detail(const struct client *client);

/* Trusts the certificate authority in `file` (PEM) besides the system's, for https://. HOME_IO if it cannot be read. */
COUNCIL_MUST_USE enum council_error client_set_ca(struct client *client, const char *file);

/* ---- being somebody ---- */

/*
 * Makes device and recovery keys, registers a member log at the server `url` (https://…, http://…, unix:PATH), opens the journal, and
 * writes the recovery phrase to `phrase` (wipe it after showing). `code` may be NULL. Online; the home must be new.
 * `server_key` (32 bytes) is the key a link named, or NULL to trust the first answer.
 */
COUNCIL_MUST_USE enum council_error client_register(struct client *client, const char *url,
                                                    const uint8_t *server_key, const char *code,
                                                    const char *passphrase, uint32_t passphrase_len,
                                                    char phrase[COUNCIL_PHRASE_MAX]);
/*
 * The person has seen the phrase of client_register: the home forgets it and has its member from now on. Until then client_register may be called again, by
 * another process as well, with the same url and passphrase, and gives the same member and phrase: nobody killed in between is left without one.
 */
COUNCIL_MUST_USE enum council_error client_phrase_shown(struct client *client);

/*
 * Comes back from the phrase on a new home: recovery login, member log, a new device, `member.recover` (revoking every other device unless `keep_devices`), epochs from the
 * recovery boxes of every log, pins moved. WRONG_WORD names the word in client_detail.
 */
COUNCIL_MUST_USE enum council_error client_recover(struct client *client, const char *url,
                                                   const uint8_t *server_key, const char *phrase,
                                                   bool keep_devices, const char *passphrase,
                                                   uint32_t passphrase_len);

/* Another device: the new home makes keys and a request token; an old device adds it; the new home then logs in. */
COUNCIL_MUST_USE enum council_error client_device_request(struct client *client,
                                                          const char *device_link,
                                                          const char *passphrase,
                                                          uint32_t passphrase_len, char **token);
COUNCIL_MUST_USE enum council_error
client_device_link(struct client *client, char **link); /* public: server, its key, member */
COUNCIL_MUST_USE enum council_error client_device_add(struct client *client,
                                                      const char *token); /* online */
COUNCIL_MUST_USE enum council_error
client_device_revoke(struct client *client, const uint8_t device[COUNCIL_KEY_BYTES]); /* online */

/* Own names: member, device, server url and key. Borrowed; zeros/"" where there is none. */
const uint8_t *client_member(const struct client *client);
const uint8_t *client_device(const struct client *client);
const char *client_server(const struct client *client);
const uint8_t *client_server_key(const struct client *client);
/* Own member log as folded from the replica; NULL before it was read. Borrowed until the next step. */
const struct council_member *client_member_log(const struct client *client);

/* ---- the connection ---- */

enum client_state {
    CLIENT_OFFLINE,
    CLIENT_CONNECTING,
    CLIENT_ONLINE,
    CLIENT_WAITING /* backing off */
};

/* Starts (and keeps) a connection in the following steps; without it the client works offline. */
void client_connect(struct client *client);
enum client_state client_state(const struct client *client);

/* Runs the loop once: waits at most `timeout_ms` for something to happen. Errors are those that stop the whole client (HOME_FULL, HOME_IO, WRONG_SERVER, LOGIN_REFUSED …). */
COUNCIL_MUST_USE enum council_error client_step(struct client *client, int timeout_ms);
/* Makes a client_step in another thread return soon. Async-signal-safe. */
void client_wake(struct client *client);

/*
 * Connects if need be and steps until every log is caught up and the outbox is empty or refused, at most `timeout_ms`; then does duties for at most `duties_ms`.
 * NO_NETWORK or TIMEOUT where it did not get there: what was submitted stays in the outbox. `progress` (may be NULL) hears of entries stored while it runs.
 */
COUNCIL_MUST_USE enum council_error client_sync(struct client *client, int timeout_ms,
                                                int duties_ms,
                                                void (*progress)(void *ctx, uint64_t stored),
                                                void *ctx);

/* Called for every entry as it is stored, and for every report about the server, while the client runs (for `watch`). */
struct client_post;
struct client_events {
    void (*entry)(void *ctx, const struct client_post *post);
    void (*report)(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], enum council_error error,
                   const char *detail);
    void (*state)(void *ctx, enum client_state state);
    void *ctx;
    void (*pool)(void *ctx, const json_t *shown); /* how things stand in the pool: pool.h */
};
void client_listen(struct client *client, const struct client_events *events);

/* ---- logs ---- */

struct client_log_info {
    uint8_t log[COUNCIL_KEY_BYTES];
    bool journal, member; /* member false: a former one */
    uint64_t seq;         /* entries stored */
    enum council_error
        stopped; /* not OK: the server's fault, see client_detail of `council verify`; nothing after seq is taken */
    bool
        recovering; /* the server waits for members to tell what they hold of it: nothing is appended until then */
    uint64_t waiting; /* how many of them are missing */
};
/* The councils (journal last) of this home, owned by the caller (free). */
COUNCIL_MUST_USE enum council_error client_logs(struct client *client, struct client_log_info **out,
                                                uint32_t *count);
/* The own member log's: what the server was caught at in it, which is what every council's pin of this member rests on; OK while all is well. */
enum council_error client_member_stopped(struct client *client);

/* ---- a server that was restored, a new one, a new key (protocol/README.md section 9) ---- */

/* True if the server last said that it was restored, or holds logs that wait for their members. */
bool client_recovering(const struct client *client);
/* Ends the waiting of a log for members that have not come yet (a moderator; of a journal its owner). Online. The server's refusals; NO_COUNCIL. */
COUNCIL_MUST_USE enum council_error
client_resume(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], int timeout_ms);
/*
 * Moves to the server `url`: registers the same member there where it is unknown (`code` may be NULL), offers the own member log, those in the councils' chains, and every council and the
 * journal. The home belongs to the new server (with its key) once every log has the same head there; on error it is as before. `server_key` (32 bytes): its key, or NULL to
 * trust the first answer. LOGIN_REFUSED where only somebody else can bring this device there; OFFER_REFUSED names the log that was not taken; BAD_INPUT for the url.
 */
COUNCIL_MUST_USE enum council_error client_move(struct client *client, const char *url,
                                                const uint8_t *server_key, const char *code,
                                                int timeout_ms);
/* True once after the server's key was found to be followed by another, which the home keeps since. */
bool client_key_changed(struct client *client);

/* Own journal's name, zeros before it exists. */
const uint8_t *client_journal(const struct client *client);
/* The folded council, or NULL: borrowed until the next step or submit. */
const struct council *client_council(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES]);

/* One stored entry, opened as far as this device can. */
struct client_post {
    const uint8_t *log;
    uint64_t seq, at, received; /* unix ms: the author's word, the server's word */
    const struct council_entry *entry;
    const json_t *content; /* the plaintext of a sealed kind; NULL where unreadable */
    enum council_error
        unreadable; /* OK, NO_KEY, BAD_CIPHER, BAD_PADDING, BAD_CONTENT, ERASED (or not there) */
    bool
        erased; /* an erase named it; content is there all the same in its author's home, if a moderator erased it */
};
/* Calls `each` for the entries after `after` in order, until it returns false. All pointers are borrowed for the call. */
COUNCIL_MUST_USE enum council_error
client_read(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
            bool (*each)(void *ctx, const struct client_post *post), void *ctx);

/* Re-verifies every stored entry from its bytes: signature, head, rules. The first error with its log and seq in client_detail. */
COUNCIL_MUST_USE enum council_error
client_verify(struct client *client, void (*progress)(void *ctx, uint64_t done), void *ctx);

/* ---- writing: one way for every kind ---- */

/*
 * Submits an intent: what is wanted, from which the entry's body is made when it is sealed and signed, and made anew whenever the log moved under it. It is
 * stored in the outbox (sealed under the home key) before the call returns, so it can be written offline and is sent once, never lost. `*item` names it.
 * `intent` is borrowed; its fields by kind:
 *   council.create  {"type","pace","size","history"}; `log` is NULL, the new log's name is told by client_item; the item is acknowledged
 *                   once the first keys are there, too
 *   member.join     {} (see client_join)            member.devices {"member":b64}
 *   member.remove   {"member":b64}                   member.leave {}         member.role {"member":b64,"role"}
 *   invite.open     {"expires","uses","invite":b64 public key}       invite.close {"invite":b64}
 *   schedule.set    the body's fields                 meeting.change, vote, rsvp, attend, meeting.*: the body's fields
 *   key.rotate      {}                                key.history {"member":b64,"from","to"}
 *   post            {"content":object,"meeting":local?}     erase {"posts":[seq…]}      council.upgrade {"version"}
 * The rules are checked against the replica first, so what cannot succeed is refused at once with its error and nothing is stored.
 */
COUNCIL_MUST_USE enum council_error client_submit(struct client *client, const uint8_t *log,
                                                  enum council_kind kind, const json_t *intent,
                                                  uint64_t *item);

enum client_item_state {
    CLIENT_ITEM_WAITING,
    CLIENT_ITEM_SENT,
    CLIENT_ITEM_ACKNOWLEDGED,
    CLIENT_ITEM_FAILED
};
struct client_item {
    enum client_item_state state;
    enum council_kind kind;
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t seq;             /* once acknowledged */
    enum council_error error; /* once failed */
};
/* How an item stands. NO_ENTRY. */
COUNCIL_MUST_USE enum council_error client_item(struct client *client, uint64_t item,
                                                struct client_item *out);
/* Steps until the item is acknowledged (OK), failed (its error), or the time is over (TIMEOUT, or NO_NETWORK where there was none: it stays in the outbox). */
COUNCIL_MUST_USE enum council_error client_wait(struct client *client, uint64_t item,
                                                int timeout_ms);
/* Items not yet acknowledged. */
uint32_t client_outbox_count(struct client *client);
/* Calls `each` for the items that are waiting, sent or failed (at most 512), oldest first, until it returns false. */
COUNCIL_MUST_USE enum council_error
client_outbox(struct client *client,
              bool (*each)(void *ctx, uint64_t item, const struct client_item *state), void *ctx);
/* What an item was to write, as it was submitted (owned). NO_ENTRY; WRONG_PASSPHRASE while locked. */
COUNCIL_MUST_USE enum council_error client_item_intent(struct client *client, uint64_t item,
                                                       json_t **intent);
/* Drops a failed item, or one that was never sent. NO_ENTRY otherwise. */
COUNCIL_MUST_USE enum council_error client_item_drop(struct client *client, uint64_t item);

/* Opens an invite (online or not) and returns its link (owned). The secret is kept sealed in the home so that the link can be listed again. */
COUNCIL_MUST_USE enum council_error client_invite(struct client *client,
                                                  const uint8_t log[COUNCIL_KEY_BYTES],
                                                  uint32_t uses, uint64_t expires, char **link,
                                                  uint64_t *item);
/* The link of an open invite whose secret this home has, or NULL. Owned. */
char *client_invite_link(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                         const uint8_t invite[COUNCIL_KEY_BYTES]);

/* Joins by link, online; nobody else needs to be. Reads the council's texts with the invite key, checks that they extend the link's head, joins. `log` is written. */
COUNCIL_MUST_USE enum council_error client_join(struct client *client, const char *link,
                                                uint8_t log[COUNCIL_KEY_BYTES], int timeout_ms);

/* ---- drafts: text that is nobody's yet, sealed under the home key; named by the caller ---- */
COUNCIL_MUST_USE enum council_error client_draft_put(struct client *client, const char *name,
                                                     const char *text, uint32_t len);
COUNCIL_MUST_USE enum council_error client_draft_get(struct client *client, const char *name,
                                                     char **text,
                                                     uint32_t *len); /* owned; NO_ENTRY */
COUNCIL_MUST_USE enum council_error client_draft_drop(struct client *client, const char *name);

/* ---- duties and the agent ---- */

/* Takes duties.lock for this home if nobody has it; a holder does duties while it steps. False: somebody else does them. */
bool client_take_duties(struct client *client);
/* Serves the home key to other processes of the same user over a 0600 socket (peer credentials checked) while it steps. */
COUNCIL_MUST_USE enum council_error client_agent_start(struct client *client);
/* Wall clock and randomness of the library, for callers that need the same. */
uint64_t client_now_ms(void);
void client_random(void *out, uint32_t len);

/* What changed since the members last compared safety numbers lies in the model; the number itself: */
void client_safety(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                   char out[COUNCIL_SAFETY_CHARS + 1]); /* "" for an unknown log */

#endif
