/*
 * pins.c - whether what a council holds of this member agrees with the member's own log.
 *
 * Owns one question: is every device that a council counts as mine one that my member log has? Must not know what is done about devices. Invariant: while
 * the answer is open nothing is sent to that council; a pin that own member log lacks, asked afresh, stops it.
 */
#include "client/sync/internal.h"

const struct sync_log *sync_own_log(const struct sync *sync)
{
    const struct sync_log *own = sync_log_find(sync, sync->member);
    return own && own->replica.state.type == COUNCIL_LOG_IS_MEMBER ? own : NULL;
}

static void not_mine(struct sync *sync, struct sync_log *log, const struct council_member *pin,
                     const uint8_t *held)
{
    struct sync_report report = {.kind = SYNC_REPORT_PIN_NOT_MINE,
                                 .error = COUNCIL_E_PIN_NOT_MINE,
                                 .seq = pin->seq,
                                 .held = held,
                                 .shown = pin->head};
    log->pin_ok = false;
    sync_report_send(sync, log, &report);
}

void sync_pin_pump(struct sync *sync, struct sync_log *log)
{
    const struct council_log *state = &log->replica.state;
    struct sync_log *own = sync_log_find(sync, sync->member);
    const struct council_person *me = state->type == COUNCIL_LOG_IS_COUNCIL && own && own != log
                                          ? council_person(&state->council, sync->member)
                                          : NULL;
    if (log->state == SYNC_LOG_STOPPED)
        return;
    if (!me || own->replica.state.type != COUNCIL_LOG_IS_MEMBER) {
        log->pin_ok = true;
        return;
    }
    const struct council_tail *tail = &own->replica.state.tail;
    uint8_t held[COUNCIL_HASH_BYTES];
    if (me->pin.seq <= tail->seq) {
        log->pin_need = 0;
        if (council_tail_head(tail, me->pin.seq, held) &&
            memcmp(held, me->pin.head, COUNCIL_HASH_BYTES) != 0)
            not_mine(sync, log, &me->pin, held);
        else
            log->pin_ok = true;
        return;
    }
    /* The council may simply have been quicker: ask for the end of the member log as of now. */
    log->pin_ok = false;
    if (log->pin_need == 0 || own->probe.want < log->pin_need) {
        log->pin_need = sync_probe_want(own);
        sync->dirty = true;
    } else if (sync_probe_met(own, log->pin_need)) {
        not_mine(sync, log, &me->pin, tail->head);
    }
}
