/*
 * mail.c - reminders by mail, as a member asks for them: set, confirm, show, stop, nudge; and the link that stops them.
 *
 * Owns these calls and what they answer. Must not know an address's form, a time zone or when a mail goes out: the host judges and keeps them, and sends.
 * Invariant: what is answered is on disk; an unknown link is answered as a known one.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "server/core/buckets.h"
#include "server/core/state.h"

enum {
    CODE_BYTES = STORE_MAIL_CODE_CHARS, /* five bits of each are used */
    UNLINKS_MAX = 64,                   /* used links that are not answered yet */
    UNLINK_COST = 20                    /* tokens of the address */
};

static const char *const kind_words[] = {"meeting", "checkin", "proposal", "feedback"};

static enum council_error error_of(const struct core_job *job)
{
    const struct core_job_mail *mail = &job->u.mail;
    switch (job->status) {
    case STORE_OK:
        return COUNCIL_OK;
    case STORE_REFUSED:
        return mail->asks == CORE_MAIL_CONFIRM ? COUNCIL_E_MAIL_CODE : COUNCIL_E_RATE_LIMITED;
    case STORE_NOT_FOUND:
        return mail->asks == CORE_MAIL_CONFIRM ? COUNCIL_E_MAIL_CODE : COUNCIL_E_NOT_FOUND;
    case STORE_INVALID:
        return mail->bad_address ? COUNCIL_E_MAIL_ADDRESS
               : mail->bad_zone  ? COUNCIL_E_MAIL_ZONE
                                 : COUNCIL_E_INTERNAL;
    case STORE_FULL:
        return COUNCIL_E_STORAGE_FULL;
    default:
        return COUNCIL_E_INTERNAL;
    }
}

/* ---- answers ---- */

static void write_show(struct core *core, struct core_call *call, struct council_frame *out)
{
    const struct store_mail *mail = &call->job.u.mail.mail;
    council_rpc_field_int(out, "offered", core->mail ? 1 : 0);
    if (mail->address[0] == '\0') {
        return;
    }
    council_rpc_field_string(out, "address", mail->address);
    council_rpc_field_string(out, "zone", mail->zone);
    council_rpc_field_int(out, "quiet_from", mail->quiet_from);
    council_rpc_field_int(out, "quiet_to", mail->quiet_to);
    council_rpc_field_open(out, "kinds", '{');
    for (uint32_t i = 0; i < sizeof kind_words / sizeof kind_words[0]; i++) {
        council_rpc_field_int(out, kind_words[i], mail->kinds >> i & 1);
    }
    council_rpc_field_close(out, '}');
    council_rpc_field_int(out, "confirmed", mail->confirmed_ms != 0 ? 1 : 0);
    if (mail->failing_ms != 0) {
        council_rpc_field_int(out, "failing", mail->failing_ms);
    }
    if (mail->sent_ms != 0) {
        council_rpc_field_int(out, "sent", mail->sent_ms);
    }
}

static void poke(struct core *core)
{
    if (core->ops.mail != NULL) {
        core->ops.mail(core->ops.ctx);
    }
}

static void done(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    const struct core_job_mail *mail = &job->u.mail;
    if (job->status == STORE_IO) {
        core_store_failed(core, "mail_not_kept", job->status);
    }
    /* Stopping what is not there is done; and nothing was set yet is an answer. */
    bool fine = mail->asks == CORE_MAIL_SHOW || mail->asks == CORE_MAIL_STOP;
    enum council_error error = fine && job->status == STORE_NOT_FOUND ? COUNCIL_OK : error_of(job);
    if (error != COUNCIL_OK) {
        core_call_fail(core, call, error);
        return;
    }
    if (mail->asks == CORE_MAIL_SET || mail->asks == CORE_MAIL_NUDGE) {
        poke(core);
    }
    struct council_frame out;
    core_call_result(call, &out);
    if (mail->asks == CORE_MAIL_SHOW) {
        write_show(core, call, &out);
    } else if (mail->asks == CORE_MAIL_SET) {
        council_rpc_field_int(&out, "confirmed", mail->confirmed ? 1 : 0);
    }
    core_call_answer(core, call, &out);
}

/* ---- calls ---- */

static struct core_job_mail *begin(struct core *core, struct core_call *call,
                                   enum core_mail_asks asks)
{
    struct core_job_mail *mail = &call->job.u.mail;
    call->job.type = CORE_JOB_MAIL;
    *mail = (struct core_job_mail){.asks = asks, .now_ms = core->wall_ms};
    memcpy(mail->mail.member, call->member, COUNCIL_KEY_BYTES);
    return mail;
}

static enum council_error submit(struct core *core, struct core_call *call)
{
    core_submit(core, &call->job, done, call);
    return COUNCIL_OK;
}

/* Letters and digits that are not taken for one another. */
static void make_code(struct core *core, char out[STORE_MAIL_CODE_CHARS + 1])
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    _Static_assert(sizeof letters - 1 == 32, "five bits choose one");
    uint8_t random[CODE_BYTES];
    core->ops.random(core->ops.ctx, random, sizeof random);
    for (uint32_t i = 0; i < STORE_MAIL_CODE_CHARS; i++) {
        out[i] = letters[random[i] % 32];
    }
    out[STORE_MAIL_CODE_CHARS] = '\0';
    sodium_memzero(random, sizeof random);
}

/* A string that the fields' check has let through; empty where it does not fit, which the host refuses. */
static void take_string(const json_t *params, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(params, name));
    size_t len = text != NULL ? strlen(text) : 0;
    if (len < size && len == json_string_length(json_object_get(params, name))) {
        memcpy(out, text != NULL ? text : "", len + 1);
    }
}

enum council_error core_do_mail_set(struct core *core, struct core_conn *conn,
                                    struct core_call *call)
{
    (void)conn;
    const json_t *params = call->rpc.params, *kinds = json_object_get(params, "kinds");
    if (!core->mail) {
        return COUNCIL_E_MAIL_OFF;
    }
    struct core_job_mail *job = begin(core, call, CORE_MAIL_SET);
    struct store_mail *mail = &job->mail;
    take_string(params, "address", mail->address, sizeof mail->address);
    take_string(params, "zone", mail->zone, sizeof mail->zone);
    mail->quiet_from = (uint32_t)json_integer_value(json_object_get(params, "quiet_from"));
    mail->quiet_to = (uint32_t)json_integer_value(json_object_get(params, "quiet_to"));
    for (uint32_t i = 0; i < sizeof kind_words / sizeof kind_words[0]; i++) {
        uint32_t wanted = json_integer_value(json_object_get(kinds, kind_words[i])) != 0;
        mail->kinds |= wanted << i;
    }
    core->ops.random(core->ops.ctx, mail->token, sizeof mail->token);
    make_code(core, mail->code);
    return submit(core, call);
}

enum council_error core_do_mail_confirm(struct core *core, struct core_conn *conn,
                                        struct core_call *call)
{
    (void)conn;
    struct core_job_mail *job = begin(core, call, CORE_MAIL_CONFIRM);
    const char *given = json_string_value(json_object_get(call->rpc.params, "code"));
    uint32_t n = 0;
    /* As people type it: small letters, a hyphen or a space in the middle. */
    for (const char *at = given; at != NULL && *at != '\0'; at++) {
        if (*at == '-' || *at == ' ') {
            continue;
        }
        if (n == STORE_MAIL_CODE_CHARS) {
            return COUNCIL_E_MAIL_CODE;
        }
        job->mail.code[n++] = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
    }
    return submit(core, call);
}

enum council_error core_do_mail_show(struct core *core, struct core_conn *conn,
                                     struct core_call *call)
{
    (void)conn;
    (void)begin(core, call, CORE_MAIL_SHOW);
    return submit(core, call);
}

enum council_error core_do_mail_stop(struct core *core, struct core_conn *conn,
                                     struct core_call *call)
{
    (void)conn;
    (void)begin(core, call, CORE_MAIL_STOP);
    return submit(core, call);
}

enum council_error core_do_mail_nudge(struct core *core, struct core_conn *conn,
                                      struct core_call *call)
{
    (void)conn;
    if (!core->mail) {
        return COUNCIL_E_MAIL_OFF;
    }
    struct core_job_mail *job = begin(core, call, CORE_MAIL_NUDGE);
    bool log = council_rpc_bytes(call->rpc.params, "log", job->log, COUNCIL_KEY_BYTES);
    return log ? submit(core, call) : COUNCIL_E_INVALID_PARAMS;
}

/* ---- the link in a mail ---- */

struct unlink {
    struct core_job job;
    uint64_t ticket;
};

static void unlinked(struct core *core, struct core_job *job)
{
    struct unlink *link = job->owner;
    core->unlinks--;
    if (job->status == STORE_IO) {
        core_store_failed(core, "mail_not_kept", job->status);
    }
    if (core->ops.unlinked != NULL) {
        core->ops.unlinked(core->ops.ctx, link->ticket,
                           job->status == STORE_OK || job->status == STORE_NOT_FOUND);
    }
    sodium_memzero(link, sizeof *link);
    free(link);
}

bool core_unlink(struct core *core, const uint8_t address[16], const uint8_t token[32],
                 uint64_t ticket)
{
    uint8_t key[COUNCIL_KEY_BYTES] = {0};
    if (core->broken || core->stopping || core->unlinks >= UNLINKS_MAX) {
        return false;
    }
    if (address != NULL) {
        memcpy(key, address, 16);
        if (core_bucket_take(core, CORE_BUCKET_ADDRESS, key, UNLINK_COST) > 0) {
            return false;
        }
    }
    struct unlink *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return false;
    }
    link->ticket = ticket;
    link->job.type = CORE_JOB_MAIL;
    link->job.u.mail = (struct core_job_mail){.asks = CORE_MAIL_UNLINK, .now_ms = core->wall_ms};
    memcpy(link->job.u.mail.mail.token, token, STORE_ID_BYTES);
    core->unlinks++;
    core_submit(core, &link->job, unlinked, link);
    return true;
}
