/*
 * duties.c - what somebody's client must do for the council: rotate keys, move own pins, give history.
 *
 * Owns the decision what is due, for whom, and when this client's turn comes: by rank, with jitter, so that eight clients do not race. Must not know
 * secrets; the shell does what is asked if it can. Invariant: a duty that somebody else has done disappears before its turn.
 */
#include "client/sync/internal.h"

/* ---- who lacks which epochs ---- */

static bool stays_in(const struct council *council, const struct council_person *person,
                     uint64_t epoch)
{
    if (council->history_all)
        return true;
    for (uint32_t i = 0; i < person->stay_count; i++) {
        const struct council_stay *stay = &person->stays[i];
        if (epoch >= stay->from && (stay->to == 0 || epoch <= stay->to))
            return true;
    }
    return false;
}

/* What this person's keys were given, looked up once for all epochs. */
struct given {
    const struct sync_grant *of[COUNCIL_DEVICES_MAX + 1], *own;
    uint32_t count;
};

static void look_up(const struct sync *sync, const struct sync_log *log,
                    const struct council_person *person, struct given *given)
{
    const struct sync_replica *replica = &log->replica;
    given->count = 0;
    for (uint32_t i = 0; i < person->pin.device_count; i++)
        given->of[given->count++] = sync_grant_find(replica, person->pin.devices[i].sign);
    given->of[given->count++] = sync_grant_find(replica, person->pin.recovery.sign);
    given->own = sync_grant_find(replica, sync->device);
}

static bool lacks(const struct sync_log *log, const struct council_person *person,
                  const struct given *given, uint64_t epoch)
{
    bool all = true;
    for (uint32_t i = 0; i < given->count && all; i++)
        all = sync_grant_has(given->of[i], epoch);
    return !all && stays_in(&log->replica.state.council, person, epoch);
}

/* An epoch that this person lacks and this device can give. */
static bool can_give(const struct sync *sync, const struct sync_log *log,
                     const struct council_person *person, const struct given *given, uint64_t epoch)
{
    if (!lacks(log, person, given, epoch))
        return false;
    return sync_grant_has(given->own, epoch) ||
           (sync->ops->holds && sync->ops->holds(sync->ctx, log->log, epoch));
}

/* The first run of epochs that this person lacks and this device can give; false: none. */
static bool history_for(const struct sync *sync, const struct sync_log *log,
                        const struct council_person *person, struct sync_duty *duty)
{
    uint64_t last = log->replica.state.council.epoch, epoch = 1;
    struct given given;
    look_up(sync, log, person, &given);
    while (epoch <= last && !can_give(sync, log, person, &given, epoch))
        epoch++;
    if (epoch > last)
        return false;
    memset(duty, 0, sizeof(*duty));
    duty->kind = SYNC_DUTY_HISTORY;
    memcpy(duty->log, log->log, COUNCIL_KEY_BYTES);
    memcpy(duty->member, person->pin.member, COUNCIL_KEY_BYTES);
    duty->from = epoch;
    while (epoch <= last && epoch - duty->from < COUNCIL_HISTORY_EPOCHS_MAX &&
           can_give(sync, log, person, &given, epoch))
        duty->to = epoch++;
    return true;
}

/* ---- what is due ---- */

static uint32_t simple(struct sync_duty *out, const struct sync_log *log, enum sync_duty_kind kind)
{
    memset(out, 0, sizeof(*out));
    out->kind = kind;
    memcpy(out->log, log->log, COUNCIL_KEY_BYTES);
    return 1;
}

static bool pin_due(const struct sync *sync, const struct council_person *me)
{
    const struct sync_log *own = sync_own_log(sync);
    return own && me->pin.seq < own->replica.state.tail.seq &&
           council_member_device(&own->replica.state.member, sync->device) != NULL;
}

static uint32_t compute(const struct sync *sync, const struct sync_log *log,
                        struct sync_duty out[DUES_MAX])
{
    if (log->replica.state.type != COUNCIL_LOG_IS_COUNCIL || sync->purpose != SYNC_LOGIN_DEVICE)
        return 0;
    const struct council *council = &log->replica.state.council;
    const struct council_person *me = council_person(council, sync->member);
    uint32_t count = 0;
    if (!me || !me->member)
        return 0;
    if (pin_due(sync, me)) /* brings new keys, too */
        return simple(out, log, SYNC_DUTY_PIN);
    if (!council_device_counts(council, sync->member, sync->device))
        return 0;
    bool bad = council->epoch > 0 && log->bad_epoch == council->epoch;
    if (council->epoch == 0 || council->rotation_due || bad) {
        simple(out, log, SYNC_DUTY_ROTATE);
        out->seq = bad ? log->bad_seq : 0;
        return 1;
    }
    for (uint32_t i = 0; i < council->person_count && count < COUNCIL_SIZE_MAX; i++) {
        const struct council_person *person = &council->people[i];
        if (person->member && history_for(sync, log, person, &out[count]))
            count++;
    }
    return count;
}

bool sync_duty_due(const struct sync *sync, const struct sync_duty *duty)
{
    struct sync_duty now[DUES_MAX];
    const struct sync_log *log = sync_log_find(sync, duty->log);
    uint32_t count = log ? compute(sync, log, now) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (now[i].kind == duty->kind &&
            memcmp(now[i].member, duty->member, COUNCIL_KEY_BYTES) == 0 &&
            (duty->kind != SYNC_DUTY_HISTORY ||
             (now[i].from <= duty->to && duty->from <= now[i].to)))
            return true;
    }
    return false;
}

/* ---- whose turn ---- */

static uint32_t device_index(const struct council_member *member,
                             const uint8_t device[COUNCIL_KEY_BYTES])
{
    uint32_t i = 0;
    while (i < member->device_count &&
           memcmp(member->devices[i].sign, device, COUNCIL_KEY_BYTES) != 0)
        i++;
    return i;
}

/* Everybody's first devices come first, in the order of the roster, then the second ones. */
static uint32_t rank_of(const struct sync *sync, const struct sync_log *log,
                        enum sync_duty_kind kind)
{
    const struct council *council = &log->replica.state.council;
    const struct council_person *me = council_person(council, sync->member);
    if (kind == SYNC_DUTY_PIN)
        return device_index(&sync_own_log(sync)->replica.state.member, sync->device);
    uint32_t mine = device_index(&me->pin, sync->device), rank = 0;
    bool before = true;
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        if (person == me)
            before = false;
        uint32_t ahead = mine + (before ? 1 : 0);
        if (person->member)
            rank += person->pin.device_count < ahead ? person->pin.device_count : ahead;
    }
    return rank;
}

static bool same(const struct sync_duty *a, const struct sync_duty *b)
{
    return a->kind == b->kind && a->from == b->from &&
           memcmp(a->member, b->member, COUNCIL_KEY_BYTES) == 0;
}

/* What was due before keeps its turn. */
static void refresh(struct sync *sync, struct sync_log *log)
{
    struct sync_duty now[DUES_MAX];
    struct due dues[DUES_MAX];
    uint32_t count = compute(sync, log, now);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t wait = (uint64_t)rank_of(sync, log, now[i].kind) * sync->duty_step_ms +
                        sync_jitter(sync, sync->duty_step_ms);
        dues[i] = (struct due){.duty = now[i], .at = sync->now + wait};
        for (uint32_t j = 0; j < log->due_count; j++) {
            if (!same(&log->dues[j].duty, &now[i]))
                continue;
            dues[i].at = log->dues[j].at;
            dues[i].told = log->dues[j].told;
        }
    }
    memcpy(log->dues, dues, count * sizeof(*dues));
    log->due_count = count;
}

static bool awake(const struct sync *sync, const struct sync_log *log)
{
    const struct sync_log *own = sync_own_log(sync);
    return sync->duties && sync->ops->duty && sync->state == SYNC_READY &&
           log->state == SYNC_LOG_LIVE && !log->offer.recovering && log->pin_ok &&
           (!own || own->state == SYNC_LOG_LIVE);
}

static bool in_hand(const struct sync *sync, const struct sync_log *log, enum sync_duty_kind duty)
{
    static const enum council_kind by[] = {
        [SYNC_DUTY_ROTATE] = COUNCIL_KIND_KEY_ROTATE,
        [SYNC_DUTY_HISTORY] = COUNCIL_KIND_KEY_HISTORY,
        [SYNC_DUTY_PIN] = COUNCIL_KIND_MEMBER_DEVICES,
    };
    return sync_item_pending(sync, log->log, by[duty]);
}

void sync_duties_pump(struct sync *sync, struct sync_log *log)
{
    if (!awake(sync, log))
        return;
    const struct sync_log *own = sync_own_log(sync);
    uint64_t own_seq = own ? own->replica.state.tail.seq : 0;
    if (log->changed || log->own_seq != own_seq) {
        log->changed = false;
        log->own_seq = own_seq;
        refresh(sync, log);
    }
    for (uint32_t i = 0; i < log->due_count; i++) {
        struct due *due = &log->dues[i];
        if (sync->now < due->at)
            continue;
        if (in_hand(sync, log, due->duty.kind)) {
            due->at = sync->now + sync->duty_step_ms;
            continue;
        }
        due->at = sync->now +
                  sync_backoff(sync, due->told, (uint64_t)2 * DUTY_AGAIN_MS, DUTY_AGAIN_MAX_MS);
        if (due->told < 32)
            due->told++;
        struct sync_duty duty = due->duty;
        sync->ops->duty(sync->ctx, &duty);
    }
}

uint64_t sync_duties_next(const struct sync *sync, const struct sync_log *log)
{
    uint64_t next = NEVER;
    for (uint32_t i = 0; awake(sync, log) && i < log->due_count; i++) {
        if (log->dues[i].at < next)
            next = log->dues[i].at;
    }
    return next;
}

void sync_duties(struct sync *sync, bool on)
{
    sync->duties = on;
    sync->dirty = true;
    for (uint32_t i = 0; i < sync->log_count; i++)
        sync->logs[i]->changed = true;
}

void sync_bad_box(struct sync *sync, const uint8_t name[COUNCIL_KEY_BYTES], uint64_t epoch,
                  uint64_t seq)
{
    struct sync_log *log = sync_log_find(sync, name);
    if (!log)
        return;
    if (epoch > log->bad_epoch) {
        log->bad_epoch = epoch;
        log->bad_seq = seq;
    }
    log->changed = true;
    struct sync_report report = {
        .kind = SYNC_REPORT_BAD_BOX, .error = COUNCIL_E_BAD_BOX, .seq = seq};
    sync_report_send(sync, log, &report);
}
