/*
 * core.h - the server's rules: events in, effects out.
 *
 * Owns sessions, calls, the life of an append, the cache of folded logs, subscriptions, presence, limits. Must not know a
 * socket, SQL, a clock, a source of randomness or a thread: time, random bytes and results come in through the functions
 * below, everything it wants done goes out through core_ops. Rules: protocol/README.md section 9.
 *
 * One thread at a time (the loop's). core_ops are called from within the functions below and must not call the core back.
 * A session is named by a handle that is never used twice; a handle of a session that is gone is ignored everywhere.
 * Invariant: an append is answered and fanned out only after its job came back with STORE_OK.
 */
#ifndef COUNCIL_SERVER_CORE_H
#define COUNCIL_SERVER_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/session.h"
#include "server/core/frame.h"
#include "server/core/job.h"
#include "server/core/limits.h"

struct core;

/* Index and generation of a session; 0 is none. */
typedef uint64_t core_session;

/* Which of its origins a connection came to: what server.hello says and signs. */
enum core_origin {
    CORE_ORIGIN_WEB,  /* core_config.origin */
    CORE_ORIGIN_UNIX, /* "unix:" */
};

enum core_registration {
    CORE_REGISTER_OPEN,
    CORE_REGISTER_CODE,
    CORE_REGISTER_CLOSED
};

/* Close codes (RFC 6455 section 7.4). */
enum {
    CORE_CLOSE_NORMAL = 1000,
    CORE_CLOSE_GOING_AWAY = 1001,
    CORE_CLOSE_POLICY = 1008,    /* after an error that closes; login too late; a revoked device */
    CORE_CLOSE_TRY_LATER = 1013, /* too slow: the reason says where to resume */
};
#define CORE_PAGE_ENTRIES     512 /* entries of one page of log.read */
#define CORE_CLOSE_REASON_MAX 123 /* bytes of a reason, without the final NUL */

/* One line for the operator's log: no payload, no name, no link, no signature. Strings are static. */
struct core_report {
    const char *event;    /* "call_failed", "session_closed", "log_damaged", ... */
    core_session session; /* 0: none */
    const char *method;   /* NULL: none */
    const char *error;    /* name from errors.def, or of a store status; NULL: none */
};

/* A calendar as it was written: shared by who is sent it. For the loop's thread alone. */
struct core_calendar {
    uint32_t refs, len;
    char etag[COUNCIL_ID_CHARS + 3]; /* with its quotes */
    uint64_t modified_ms;
    char *text; /* owned */
};
void core_calendar_ref(struct core_calendar *calendar);
void core_calendar_unref(struct core_calendar *calendar); /* NULL is fine */

/* What somebody is told who asked for a calendar. */
struct core_calendar_answer {
    unsigned status;                /* of HTTP: 200, 404, 429, 503 */
    struct core_calendar *calendar; /* of 200, else NULL; borrowed: core_calendar_ref to keep it */
    uint32_t retry_after_s;         /* 0: not said */
};

struct schedule_calendar; /* protocol/schedule/ics.h */
struct schedule_ics_style;

struct core_ops {
    void *ctx;

    /* Fills `out` with n random bytes. */
    void (*random)(void *ctx, void *out, size_t n);

    /* Queues the frame for the session, after all that was queued before. Borrows: core_frame_ref to keep it. */
    void (*send)(void *ctx, core_session session, struct core_frame *frame);

    /* Writes what is queued, then closes. The handle is gone for the core; core_disconnect may still be called. `reason`
     * is borrowed, at most CORE_CLOSE_REASON_MAX bytes. */
    void (*close)(void *ctx, core_session session, unsigned code, const char *reason);

    /* Stop (true) or go on (false) reading from every connection: too much is on its way to the disk. */
    void (*pause)(void *ctx, bool pause);

    /* Takes a job for a verifier or the storage thread; it comes back through core_done. Never blocks: the core bounds what it
     * has outstanding (limits queue-entries and outstanding). */
    void (*submit)(void *ctx, struct core_job *job);

    /* Frees what a slice of a job holds and empties it (store_slice_fini). */
    void (*slice_free)(void *ctx, struct store_slice *slice);

    /* An I/O error left it unknown what is on disk: answer nobody any more, exit, start clean. */
    void (*fatal)(void *ctx, const char *what);

    /* What came of a core_fetch_calendar, by its ticket: once, also from within that call. */
    void (*calendar)(void *ctx, uint64_t ticket, const struct core_calendar_answer *answer);
    /* Writes a calendar as schedule_ics does, which reads the system's zones: on a verifier's thread. NULL: there are no calendars here. */
    enum council_error (*calendar_write)(const struct schedule_calendar *calendar,
                                         const struct schedule_ics_style *style, char **text,
                                         uint32_t *len);

    /* What came of a core_unlink, by its ticket. May be NULL. */
    void (*unlinked)(void *ctx, uint64_t ticket, bool done);

    /* There may be a mail to send at once. May be NULL. */
    void (*mail)(void *ctx);

    /* May be NULL. */
    void (*report)(void *ctx, const struct core_report *report);
};

/* Who may bring logs that this server does not have (log.offer). */
enum core_offers {
    CORE_OFFERS_OPEN,    /* any member, as many as they like */
    CORE_OFFERS_MEMBERS, /* any member, up to the limit offered-logs */
    CORE_OFFERS_CLOSED   /* nobody: logs that it has are still brought back */
};

struct core_config {
    const char *origin;           /* "https://host[:port]" or "http://host:port"; copied */
    const uint8_t *server_secret; /* 64 bytes, Ed25519; copied, wiped by core_destroy */
    const char *version;          /* what server.hello calls the software; copied */
    const char *discover;         /* the OpenRPC document as JSON; copied; NULL: {} */
    enum core_registration registration;
    struct core_limits limits;
    enum core_offers offers;
    const struct council_succession *successions; /* oldest first, valid; copied */
    uint32_t n_successions;                       /* the last COUNCIL_SUCCESSIONS_MAX are told */
    uint64_t recovering_logs;  /* how many logs wait for their members, as the store says, ... */
    uint64_t restored_logs;    /* ... and how many of them were put back with a backup */
    bool mail;                 /* this server can send mail */
    bool pool;                 /* members may look for a council here (pool.*) */
    uint64_t wall_ms, mono_ms; /* the time now */
};

struct core_stats {
    uint64_t sessions, members_online, logs_known, logs_resident, cache_bytes, queue_entries,
        queue_bytes;
    uint64_t calls, calls_failed, appended, delivered, catchups;
    uint64_t logs_recovering;              /* that wait for their members ... */
    uint64_t logs_restored;                /* ... and were put back with a backup */
    uint64_t calls_open;                   /* without an answer */
    uint64_t quotas;                       /* logs with a quota of their own */
    uint64_t pool_people;                  /* who waited when groups were last sought */
    uint64_t pool_proposals;               /* that were made */
    uint64_t calendars, calendars_refused; /* requests for one that got it, or did not */
};

/* NULL: out of memory. council_protocol_init must have succeeded. `ops` is copied. */
struct core *core_create(const struct core_config *config, const struct core_ops *ops);

/* Every submitted job must have come back. Emits no effects. NULL is fine. */
void core_destroy(struct core *core);

/* The time: wall clock (unix ms) and a monotonic one. Call at the start of every turn of the loop, before other events. */
void core_time(struct core *core, uint64_t wall_ms, uint64_t mono_ms);

/* What is due by time: logins and slow connections. Call a few times a second, after core_time. */
void core_tick(struct core *core);

/*
 * A connection was accepted. `address` is what its address counts as (IPv4 mapped, IPv6 cut to /64), NULL for one that is
 * not counted (a Unix socket). 0: refused, too many connections; close it.
 */
core_session core_connect(struct core *core, const uint8_t address[16], enum core_origin origin);

/* It is gone. What it has in flight is finished all the same. */
void core_disconnect(struct core *core, core_session session);

/* One whole text message. Borrowed. */
void core_message(struct core *core, core_session session, const char *text, uint32_t len);

/* Bytes of one message that this session may send now: net stops reassembly there and calls core_too_large. */
uint32_t core_message_max(const struct core *core, core_session session);
void core_too_large(struct core *core, core_session session);

/* Bytes that are queued for this session now. Call whenever some were written. */
void core_writable(struct core *core, core_session session, uint64_t queued_bytes);

/*
 * Somebody used the link that stops a member's mails. core_ops.unlinked is called with `ticket` later, also where nobody has that token. False: too many
 * at present, or from this address (as in core_connect); it is not called.
 */
__attribute__((warn_unused_result)) bool core_unlink(struct core *core, const uint8_t address[16],
                                                     const uint8_t token[32], uint64_t ticket);

/* A job came back. */
void core_done(struct core *core, struct core_job *job);

/*
 * Says server.goodbye to everybody, takes no calls any more, lets what is queued land. core_drained turns true when all
 * of it has been answered and every session was closed.
 */
void core_shutdown(struct core *core);
bool core_drained(const struct core *core);

void core_stats(const struct core *core, struct core_stats *out);

/* The operator ended the waiting of a log that waited (`brought`, as store_log_info had it), or (NULL) of all: the store says so already, and
 * every reading that was done before has come back. */
void core_recovering_ended(struct core *core, const uint8_t *log, bool brought);

/*
 * Somebody asked for the calendar at this path of HTTP (protocol/README.md section 15). core_ops.calendar is called with `ticket`, now or later. `address` as in core_connect; the path
 * is borrowed and is a secret.
 */
void core_fetch_calendar(struct core *core, uint64_t ticket, const uint8_t address[16],
                         const char *path);

/* ---- changed while the server runs (tune.c) ---- */

#define CORE_QUOTAS_MAX 65536u /* logs with a quota of their own */

/* Limits from now on. What is above a lower ceiling already stays until it goes by itself. */
void core_set_limits(struct core *core, const struct core_limits *limits);
void core_set_registration(struct core *core, enum core_registration registration);
/* Entries and bytes that one log may have instead of limits log-entries and log-bytes; 0: as the limit says, both: forget it. False: out
 * of memory, or too many. */
__attribute__((warn_unused_result)) bool core_set_quota(struct core *core,
                                                        const uint8_t log[COUNCIL_KEY_BYTES],
                                                        uint64_t entries, uint64_t bytes);

#endif
