/*
 * recover.c - the state of logs that wait for their members. See recover.h.
 */
#include "server/core/recover.h"

#include <string.h>

#include "server/core/hub.h"

bool core_recovery_spoken(const struct core *core, core_session session, const struct core_log *log)
{
    const struct core_conn *conn = core_conn_find(core, session);
    const struct core_follow *follow =
        conn != NULL && log != NULL ? core_follow_find(conn, log) : NULL;
    return follow != NULL && follow->spoken;
}

bool core_recovery_hides(const struct core *core, const struct core_call *call)
{
    return call->access.recovery == STORE_WAITING &&
           !core_recovery_spoken(core, call->session, core_log_find(core, call->access.log));
}

void core_recovery_spoke(struct core *core, core_session session, struct core_log *log)
{
    enum council_error error = COUNCIL_OK;
    struct core_conn *conn = core_conn_find(core, session);
    struct core_follow *follow = conn != NULL ? core_follow_make(core, conn, log, &error) : NULL;
    if (follow != NULL) { /* without one it must speak again to read */
        follow->spoken = true;
    }
}

bool core_recovery_takes(const struct core_log *log, const struct core_offer *offer)
{
    /* A member log that was just registered is continued by its owner. */
    bool begun = log->kind == STORE_LOG_MEMBER && log->seq == 1 && offer->owner;
    return !log->known || log->recovery != STORE_RECOVERED || begun;
}

enum store_recovery core_recovery_after(const struct core_log *log,
                                        const struct core_append *append)
{
    if (!append->offered) {
        return log->recovery == STORE_RECOVERY_OPEN ? STORE_RECOVERED : log->recovery;
    }
    if (!log->known) {
        return STORE_WAITING;
    }
    return log->recovery == STORE_RECOVERED ? STORE_RECOVERY_OPEN : log->recovery;
}

static void counted_out(struct core *core, bool brought)
{
    core->recovering_logs -= core->recovering_logs > 0 ? 1 : 0;
    core->restored_logs -= !brought && core->restored_logs > 0 ? 1 : 0;
}

void core_recovery_set(struct core *core, struct core_log *log, enum store_recovery state)
{
    bool waited = log->recovery == STORE_WAITING, waits = state == STORE_WAITING;
    log->recovery = state;
    if (waits && !waited) { /* a backup is put back while nobody is served */
        core->recovering_logs++;
        log->brought = true;
    }
    if (!waited || waits) {
        return;
    }
    counted_out(core, log->brought);
    struct core_follow *next = NULL;
    core_log_hold(core, log);
    for (struct core_follow *f = log->follows; f != NULL; f = next) {
        next = f->log_next;
        if (f->spoken) {
            f->spoken = false;
            core_follow_settle(core, f);
        }
    }
    core_log_unpin(core, log);
}

void core_recovery_committed(struct core *core, struct core_log *log,
                             const struct core_append *append)
{
    core_recovery_set(core, log, core_recovery_after(log, append));
}

void core_recovering_ended(struct core *core, const uint8_t *key, bool brought)
{
    if (key != NULL) {
        struct core_log *log = core_log_find(core, key);
        if (log != NULL && log->known) {
            core_recovery_set(core, log,
                              log->recovery == STORE_WAITING ? STORE_RECOVERY_OPEN : log->recovery);
        } else {
            counted_out(core, brought);
        }
        return;
    }
    for (uint32_t i = 0; i < core->logs_size; i++) {
        struct core_log *log = core->logs[i];
        while (log != NULL) {
            bool waits = log->recovery == STORE_WAITING;
            if (waits) {
                core_recovery_set(core, log,
                                  STORE_RECOVERY_OPEN); /* any log may be gone after it */
            }
            log = waits ? core->logs[i] : log->hash_next;
        }
    }
    core->recovering_logs = core->restored_logs = 0;
}
