/*
 * mail_run.c - what members ask about their reminders, as calls of the store.
 *
 * Owns which addresses and zones are taken. Runs on the storage thread. Must not know when a mail goes out.
 */
#include "protocol/schedule/schedule.h"
#include "server/host/storage.h"
#include "server/mail/address.h"

static enum store_status set(struct store *store, struct core_job_mail *job)
{
    job->bad_address = !mail_address_fits(job->mail.address);
    job->bad_zone = !schedule_zone_known(job->mail.zone);
    return job->bad_address || job->bad_zone
               ? STORE_INVALID
               : store_mail_set(store, &job->mail, job->now_ms, &job->confirmed);
}

static enum store_status show(struct store *store, struct core_job_mail *job)
{
    struct store_mail found;
    enum store_status status = store_mail_get(store, job->mail.member, &found);
    if (status == STORE_OK) {
        job->mail = found;
    }
    return status;
}

void host_mail_run(struct store *store, struct core_job *job)
{
    struct core_job_mail *mail = &job->u.mail;
    switch (mail->asks) {
    case CORE_MAIL_SET:
        job->status = set(store, mail);
        break;
    case CORE_MAIL_CONFIRM:
        job->status = store_mail_confirm(store, mail->mail.member, mail->mail.code, mail->now_ms);
        break;
    case CORE_MAIL_SHOW:
        job->status = show(store, mail);
        break;
    case CORE_MAIL_STOP:
        job->status = store_mail_stop(store, mail->mail.member);
        break;
    case CORE_MAIL_NUDGE:
        job->status = store_nudge(store, mail->log, mail->mail.member, mail->now_ms);
        break;
    case CORE_MAIL_UNLINK:
        job->status = store_mail_unlink(store, mail->mail.token);
        break;
    }
}
