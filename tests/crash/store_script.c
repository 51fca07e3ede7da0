/*
 * store_script.c - the steps of store_script.h, and what they leave.
 *
 * Entry n of log l is always the same bytes.
 */
#include "tests/crash/store_script.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/store_peek.h"

enum {
    BATCH_MAX = 12,
    TEXT_BYTES = 64,
    BIG_BYTES = 24000 /* bytes of a long entry's data */
};

struct bytes {
    char text[TEXT_BYTES];
    uint8_t data[BIG_BYTES];
};

/* What a batch is made in. */
static struct {
    struct bytes bytes[BATCH_MAX];
    struct store_row rows[BATCH_MAX];
    struct store_change changes[4 * BATCH_MAX];
    struct store_batch batch;
} made;

static void name(uint8_t out[STORE_ID_BYTES], char space, uint64_t n)
{
    memset(out, 0, STORE_ID_BYTES);
    out[0] = (uint8_t)space;
    memcpy(out + 1, &n, sizeof n);
}

uint32_t store_script_marker(uint64_t log, uint64_t seq, char out[64])
{
    return (uint32_t)snprintf(out, 64, "<what member %llu wrote as entry %llu>",
                              (unsigned long long)log, (unsigned long long)seq);
}

static bool is_sealed(uint64_t seq)
{
    return seq % 3 == 0;
}

static void make_row(struct store_row *row, struct bytes *bytes, uint64_t log, uint64_t seq)
{
    memset(row, 0, sizeof *row);
    name(row->log, 'L', log);
    struct store_entry *entry = &row->entry;
    entry->seq = seq;
    entry->received_ms = 1000 + seq;
    entry->flags = (uint8_t)((is_sealed(seq) ? STORE_SEALED : 0) |
                             (seq % 10 == 1 ? STORE_FOLDS | STORE_CONTROL : 0));
    memset(entry->head, (int)((seq * 7 + log) % 251), STORE_ID_BYTES);
    memset(entry->sig, (int)(log % 251), STORE_SIG_BYTES);
    entry->text = bytes->text;
    entry->text_len = (uint32_t)snprintf(bytes->text, TEXT_BYTES, "{\"log\":%llu,\"seq\":%llu}",
                                         (unsigned long long)log, (unsigned long long)seq);
    if (is_sealed(seq)) {
        memset(bytes->data, 'x', sizeof bytes->data);
        entry->data = bytes->data;
        entry->data_len = store_script_marker(log, seq, (char *)bytes->data);
        entry->data_len = seq % 27 == 0 ? BIG_BYTES - (uint32_t)(log * 100) : entry->data_len;
    }
}

static struct store_change *add_change(enum store_change_type type, uint32_t row)
{
    struct store_change *change = &made.changes[made.batch.n_changes++];
    *change = (struct store_change){.type = type, .row = row};
    return change;
}

/* ---- steps; each makes a batch, or does something of its own ---- */

struct step {
    struct store_script *script;
    struct chance chance;
    uint64_t seq[SCRIPT_LOGS]; /* as they will be */
    struct {
        uint64_t log, seq;
    } erases[BATCH_MAX];
    uint32_t n_erases;
    uint8_t code_made[SCRIPT_CODES];
};

static uint64_t add_row(struct step *step)
{
    uint64_t log = chance_below(&step->chance, SCRIPT_LOGS);
    uint32_t at = made.batch.n_rows++;
    uint64_t seq = ++step->seq[log];
    make_row(&made.rows[at], &made.bytes[at], log, seq);
    if (seq == 1) {
        struct store_change *change = add_change(STORE_CHANGE_LOG, at);
        change->u.log.kind = (enum store_log_kind)(1 + log % 3);
        name(change->u.log.creator, 'M', log);
    }
    return log;
}

static enum store_status commit(struct step *step)
{
    made.batch.rows = made.rows;
    made.batch.changes = made.changes;
    (void)step;
    return store_append(step->script->store, &made.batch, NULL);
}

static enum store_status do_append(struct step *step)
{
    uint32_t n = 1 + chance_below(&step->chance, BATCH_MAX);
    for (uint32_t i = 0; i < n; i++) {
        (void)add_row(step);
    }
    return commit(step);
}

static enum store_status do_member(struct step *step)
{
    uint32_t n = 1 + chance_below(&step->chance, 3);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t log = add_row(step);
        struct store_change *change = add_change(STORE_CHANGE_MEMBERSHIP, i);
        name(change->u.membership.member, 'M', chance_below(&step->chance, SCRIPT_MEMBERS));
        change->u.membership.role = (uint8_t)chance_below(&step->chance, 3);
        change->u.membership.from_seq = step->seq[log];
        change->u.membership.until_seq = chance_below(&step->chance, 2) * step->seq[log];
    }
    return commit(step);
}

static enum store_status do_recovery(struct step *step)
{
    (void)add_row(step);
    uint64_t n = chance_below(&step->chance, SCRIPT_MEMBERS);
    struct store_change *drop = add_change(STORE_CHANGE_RECOVERY_DROP, 0);
    name(drop->u.recovery.key, 'R', n);
    if (chance_below(&step->chance, 3) > 0) {
        struct store_change *set = add_change(STORE_CHANGE_RECOVERY_SET, 0);
        name(set->u.recovery.key, 'R', n);
        name(set->u.recovery.member, 'M', chance_below(&step->chance, SCRIPT_MEMBERS));
    }
    return commit(step);
}

static enum store_status do_erase(struct step *step)
{
    uint64_t log = add_row(step);
    uint64_t seq = 1 + chance_below(&step->chance, (uint32_t)step->seq[log]);
    seq -= seq > 3 ? seq % 3 : 0;
    if (seq < step->seq[log]) {
        add_change(STORE_CHANGE_ERASE, 0)->u.erase.seq = seq;
        if (is_sealed(seq)) {
            step->erases[step->n_erases].log = log;
            step->erases[step->n_erases++].seq = seq;
        }
    }
    return commit(step);
}

static enum store_status do_code_make(struct step *step)
{
    uint32_t n = chance_below(&step->chance, SCRIPT_CODES);
    struct store_code code = {.created_ms = 5, .uses = 1000, .note = "for the group"};
    name(code.hash, 'C', n);
    enum store_status status = store_code_create(step->script->store, &code);
    step->code_made[n] = true;
    return status == STORE_EXISTS && step->script->code_made[n] ? STORE_OK : status;
}

static enum store_status do_code_use(struct step *step)
{
    uint32_t n = chance_below(&step->chance, SCRIPT_CODES);
    (void)add_row(step);
    if (step->script->code_made[n]) {
        name(add_change(STORE_CHANGE_CODE_USE, 0)->u.code.hash, 'C', n);
    }
    return commit(step);
}

static enum store_status do_code_revoke(struct step *step)
{
    uint8_t hash[STORE_ID_BYTES];
    uint32_t n = chance_below(&step->chance, SCRIPT_CODES);
    name(hash, 'C', n);
    enum store_status status = store_code_revoke(step->script->store, hash);
    step->code_made[n] = false;
    return status == STORE_NOT_FOUND && !step->script->code_made[n] ? STORE_OK : status;
}

static enum store_status do_setting(struct step *step)
{
    char key[16];
    char value[64];
    (void)snprintf(key, sizeof key, "setting%u", chance_below(&step->chance, SCRIPT_SETTINGS));
    uint32_t len = (uint32_t)snprintf(value, sizeof value, "value %u of it", step->script->step);
    return store_setting_set(step->script->store, key, value, len);
}

static enum store_status do_maintain(struct step *step)
{
    return store_maintain(step->script->store, 1000, NULL);
}

static enum store_status do_settle(struct step *step)
{
    enum store_status status = store_settle(step->script->store);
    if (status == STORE_OK) {
        step->script->n_gone = step->script->n_erased;
    }
    return status;
}

static enum store_status do_reopen(struct step *step)
{
    struct store_script *script = step->script;
    enum store_status status = store_close(script->store);
    script->store = NULL;
    if (status != STORE_OK) {
        return status;
    }
    status = store_open(script->path, 0, &script->store);
    if (status == STORE_OK) {
        script->n_gone = script->n_erased;
    }
    return status;
}

static const struct {
    const char *name;
    enum store_status (*run)(struct step *step);
    uint32_t weight;
} steps[] = {
    {"append", do_append, 40},
    {"change members", do_member, 12},
    {"recovery keys", do_recovery, 8},
    {"erase", do_erase, 12},
    {"make a code", do_code_make, 5},
    {"use a code", do_code_use, 6},
    {"revoke a code", do_code_revoke, 2},
    {"set a setting", do_setting, 5},
    {"maintain", do_maintain, 6},
    {"settle", do_settle, 3},
    {"reopen", do_reopen, 2},
};

enum {
    STEPS = sizeof steps / sizeof *steps
};

static uint32_t which(const struct store_script *script, struct chance *chance)
{
    uint32_t sum = 0;
    uint32_t at = 0;
    chance->state = script->seed * 1000003 + script->step;
    for (uint32_t i = 0; i < STEPS; i++) {
        sum += steps[i].weight;
    }
    uint32_t drawn = chance_below(chance, sum);
    if (script->seed == 0) {
        return script->step % 2 == 0 ? 0 : script->step / 2 % STEPS;
    }
    while (drawn >= steps[at].weight) {
        drawn -= steps[at++].weight;
    }
    return at;
}

const char *store_script_name(const struct store_script *script)
{
    struct chance chance;
    return steps[which(script, &chance)].name;
}

enum store_status store_script_step(struct store_script *script)
{
    struct step step = {.script = script};
    uint32_t at = which(script, &step.chance);
    memcpy(step.seq, script->seq, sizeof step.seq);
    memcpy(step.code_made, script->code_made, sizeof step.code_made);
    made.batch = (struct store_batch){0};
    enum store_status status = steps[at].run(&step); /* without a store: only to open it */
    if (status != STORE_OK) {
        return status;
    }
    memcpy(script->seq, step.seq, sizeof script->seq);
    memcpy(script->code_made, step.code_made, sizeof script->code_made);
    for (uint32_t i = 0; i < step.n_erases && script->n_erased < SCRIPT_ERASED; i++) {
        script->erased[script->n_erased].log = step.erases[i].log;
        script->erased[script->n_erased++].seq = step.erases[i].seq;
    }
    script->rows += made.batch.n_rows;
    script->step++;
    return STORE_OK;
}

enum store_status store_script_open(struct store_script *script, const char *folder, uint64_t seed)
{
    *script = (struct store_script){.seed = seed};
    (void)snprintf(script->path, sizeof script->path, "%s/council.db", folder);
    return store_open(script->path, STORE_OPEN_CREATE, &script->store);
}

/* ---- what is there ---- */

#define FEED(sum, thing) \
    (void)crypto_generichash_update((sum), (const void *)&(thing), sizeof(thing))

static void feed(crypto_generichash_state *sum, const void *bytes, uint32_t len)
{
    FEED(sum, len);
    if (len > 0) {
        (void)crypto_generichash_update(sum, bytes, len);
    }
}

static void feed_entry(crypto_generichash_state *sum, const struct store_entry *entry)
{
    FEED(sum, entry->seq);
    FEED(sum, entry->received_ms);
    FEED(sum, entry->flags);
    FEED(sum, entry->head);
    FEED(sum, entry->sig);
    feed(sum, entry->text, entry->text_len);
    feed(sum, entry->data, entry->data_len);
}

/* Every entry, in order and without a gap, and only those; then only those that fold. */
static enum store_status feed_log(crypto_generichash_state *sum, struct store *store,
                                  const struct store_log_info *info)
{
    enum store_status status = STORE_OK;
    static const uint32_t wishes[] = {STORE_READ_DATA, STORE_READ_FOLDS};
    for (uint32_t k = 0; k < 2 && status == STORE_OK; k++) {
        struct store_reading reading = {.what = wishes[k]};
        struct store_slice slice = {0};
        do {
            store_slice_fini(&slice);
            status = store_read(store, info->log, &reading, &slice);
            for (uint32_t i = 0; status == STORE_OK && i < slice.n; i++) {
                if (k == 0 && slice.entries[i].seq != reading.after_seq + 1) {
                    status = STORE_CORRUPT;
                }
                reading.after_seq = slice.entries[i].seq;
                feed_entry(sum, &slice.entries[i]);
            }
        } while (status == STORE_OK && slice.more);
        store_slice_fini(&slice);
        if (status == STORE_OK && k == 0 && reading.after_seq != info->seq) {
            status = STORE_CORRUPT;
        }
    }
    return status;
}

static enum store_status feed_members(crypto_generichash_state *sum, struct store *store,
                                      const struct store_log_info *info)
{
    struct store_membership page[SCRIPT_MEMBERS];
    uint32_t n = 0;
    enum store_status status = peek_members(store, info->log, page, SCRIPT_MEMBERS, &n);
    for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
        FEED(sum, page[i].member);
        FEED(sum, page[i].role);
        FEED(sum, page[i].from_seq);
        FEED(sum, page[i].until_seq);
    }
    return status;
}

static enum store_status feed_rest(crypto_generichash_state *sum, struct store *store)
{
    struct store_code codes[SCRIPT_CODES];
    uint64_t cursor = 0;
    uint32_t n = 0;
    enum store_status status = store_codes(store, &cursor, codes, SCRIPT_CODES, &n);
    for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
        FEED(sum, codes[i].hash);
        FEED(sum, codes[i].uses);
        FEED(sum, codes[i].used);
        feed(sum, codes[i].note, (uint32_t)strlen(codes[i].note));
    }
    for (uint64_t i = 0; status == STORE_OK && i < SCRIPT_MEMBERS; i++) {
        uint8_t key[STORE_ID_BYTES];
        uint8_t member[STORE_ID_BYTES] = {0};
        name(key, 'R', i);
        status = store_member_by_recovery(store, key, member);
        status = status == STORE_NOT_FOUND ? STORE_OK : status;
        FEED(sum, member);
    }
    for (uint32_t i = 0; status == STORE_OK && i < SCRIPT_SETTINGS; i++) {
        char key[16];
        char value[64];
        uint32_t len = sizeof value;
        (void)snprintf(key, sizeof key, "setting%u", i);
        status = store_setting_get(store, key, value, &len);
        feed(sum, value, status == STORE_OK ? len : 0);
        status = status == STORE_NOT_FOUND ? STORE_OK : status;
    }
    return status;
}

enum store_status store_script_digest(struct store *store, uint8_t out[SCRIPT_DIGEST])
{
    crypto_generichash_state sum;
    struct store_log_info logs[SCRIPT_LOGS];
    uint64_t cursor = 0;
    uint32_t n = 0;
    (void)crypto_generichash_init(&sum, NULL, 0, SCRIPT_DIGEST);
    enum store_status status = store_logs(store, &cursor, logs, SCRIPT_LOGS, &n);
    for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
        FEED(&sum, logs[i].log);
        FEED(&sum, logs[i].kind);
        FEED(&sum, logs[i].creator);
        FEED(&sum, logs[i].created_ms);
        FEED(&sum, logs[i].seq);
        FEED(&sum, logs[i].bytes);
        FEED(&sum, logs[i].head);
        status = feed_log(&sum, store, &logs[i]);
        if (status == STORE_OK) {
            status = feed_members(&sum, store, &logs[i]);
        }
    }
    if (status == STORE_OK) {
        status = feed_rest(&sum, store);
    }
    (void)crypto_generichash_final(&sum, out, SCRIPT_DIGEST);
    return status;
}
