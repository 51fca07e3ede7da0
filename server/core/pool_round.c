/*
 * pool_round.c - one round of the pool: what the clock made due, who waits, groups, proposals, what the others lacked.
 *
 * Owns when a round begins and its order. One job is out at a time, each of it short but the search itself, which has a thread of its own. Must not know how
 * groups are found. Invariants: a proposal is made only of people who are as they were when they were read; a round that ends early, by a
 * shutdown or a failure, leaves nothing half done.
 */
#include "server/core/pool.h"

#include <stdlib.h>
#include <string.h>

enum {
    PEOPLE_PAGE = 128,
    REFILLS_PAGE = 32,
    REFILLS_MAX = 1024, /* councils of one round */
    RETRY_MS = 60000    /* after a failure of the store */
};

struct core_pool {
    bool running;        /* a job of a round is out */
    bool stirred;        /* groups may be found that were not there before */
    bool seeks;          /* the round that runs seeks groups; else it does what is due alone */
    uint64_t next_ms;    /* wall clock: when something is due */
    uint64_t stirred_ms; /* monotonic: since when */
    struct core_job job;
    struct core_pool_ask ask;
    struct store_pool_sweep sweep;
    struct store_pool_proposal proposal;
    struct store_pool_round round;
    uint32_t people_size, refills_size, next_group, next_lack;
};

struct core_pool *core_pool_create(void)
{
    return calloc(1, sizeof(struct core_pool));
}

static void forget(struct core_pool *pool)
{
    struct store_pool_round *round = &pool->round;

    free(round->people);
    free(round->refills);
    free(round->groups);
    free(round->lacks);
    memset(round, 0, sizeof *round);
    pool->people_size = pool->refills_size = pool->next_group = pool->next_lack = 0;
}

void core_pool_destroy(struct core_pool *pool)
{
    if (pool != NULL) {
        forget(pool);
        free(pool);
    }
}

void core_pool_stir(struct core *core)
{
    if (!core->pool->stirred) {
        core->pool->stirred = true;
        core->pool->stirred_ms = core->mono_ms;
    }
}

void core_pool_due(struct core *core, uint64_t wall_ms)
{
    if (wall_ms < core->pool->next_ms) {
        core->pool->next_ms = wall_ms;
    }
}

void core_pool_clock(const struct core *core, struct store_pool_clock *out)
{
    *out = (struct store_pool_clock){.now_ms = core->wall_ms,
                                     .found_ms = core->limits.pool_found_ms,
                                     .rest_ms = core->limits.pool_rest_ms};
}

/* ---- steps: each hands on to the next ---- */

static void ask(struct core *core, enum core_pool_asks asks,
                void (*done)(struct core *, struct core_job *))
{
    struct core_pool *pool = core->pool;

    pool->ask.asks = asks;
    pool->ask.news.n_members = 0;
    core_pool_clock(core, &pool->ask.clock);
    pool->job.type = CORE_JOB_POOL;
    pool->job.u.pool = &pool->ask;
    core_submit(core, &pool->job, done, pool);
}

static void end_round(struct core *core)
{
    core->pool->running = false;
    forget(core->pool);
}

/* True if the round cannot go on; it is over then. */
static bool ended(struct core *core, const struct core_job *job)
{
    bool failed = job->status != STORE_OK && job->status != STORE_CONFLICT;

    if (failed) {
        core_store_failed(core, "pool_round_failed", job->status);
        core->pool->next_ms = core->wall_ms + RETRY_MS;
    }
    if (failed || core->stopping || core->broken) {
        end_round(core);
        return true;
    }
    return false;
}

static void tell_lacks(struct core *core);

static void lacks_told(struct core *core, struct core_job *job)
{
    if (!ended(core, job)) {
        tell_lacks(core);
    }
}

static void tell_lacks(struct core *core)
{
    struct core_pool *pool = core->pool;
    uint32_t left = pool->round.n_lacks - pool->next_lack;

    if (left == 0) {
        end_round(core);
        return;
    }
    pool->ask.of.lacks = &pool->round.lacks[pool->next_lack];
    pool->ask.n = left < STORE_POOL_MISSING_MAX ? left : STORE_POOL_MISSING_MAX;
    pool->next_lack += pool->ask.n;
    ask(core, CORE_POOL_MISSING, lacks_told);
}

static void fill_seats(const struct store_pool_round *round, const struct store_pool_group *group,
                       struct store_pool_proposal *p)
{
    p->n_seats = group->n_people;
    for (uint32_t i = 0; i < group->n_people; i++) {
        const struct store_pool_person *person = &round->people[group->people[i]];
        memcpy(p->seats[i].member, person->member, STORE_ID_BYTES);
        p->seats[i].changed = person->changed;
    }
}

static void fill_proposal(struct core *core, const struct store_pool_group *group)
{
    const struct store_pool_round *round = &core->pool->round;
    struct store_pool_proposal *p = &core->pool->proposal;

    *p = (struct store_pool_proposal){.refill = group->refill != STORE_POOL_NEW,
                                      .made_ms = core->wall_ms,
                                      .n_slots = group->n_slots};
    core->ops.random(core->ops.ctx, p->name, sizeof p->name);
    p->answer_by_ms = core->wall_ms + core->limits.pool_answer_ms;
    p->found_by_ms = p->answer_by_ms + core->limits.pool_found_ms;
    memcpy(p->zone, group->zone, sizeof p->zone);
    memcpy(p->language, group->language, sizeof p->language);
    memcpy(p->why, group->why, sizeof p->why);
    memcpy(p->slots, group->slots, sizeof p->slots);
    fill_seats(round, group, p);
    if (p->refill) {
        const struct store_pool_refill *refill = &round->refills[group->refill];
        p->founding = p->has_council = true;
        p->fast = refill->fast;
        p->refill_changed = refill->changed;
        memcpy(p->moderator, refill->member, STORE_ID_BYTES);
        memcpy(p->council, refill->council, STORE_ID_BYTES);
    } else {
        p->fast = round->people[group->people[0]].fast;
        memcpy(p->moderator, p->seats[0].member, STORE_ID_BYTES);
    }
}

static void propose(struct core *core);

static void proposed(struct core *core, struct core_job *job)
{
    if (ended(core, job)) {
        return;
    }
    if (job->status == STORE_OK) {
        core->stats.pool_proposals++;
        core_pool_tell(core, &core->pool->ask.news);
        core_pool_due(core, core->pool->proposal.answer_by_ms);
    }
    propose(core);
}

static void propose(struct core *core)
{
    struct core_pool *pool = core->pool;

    if (pool->next_group == pool->round.n_groups) {
        tell_lacks(core);
        return;
    }
    fill_proposal(core, &pool->round.groups[pool->next_group++]);
    pool->ask.of.offered = &pool->proposal;
    ask(core, CORE_POOL_PROPOSE, proposed);
}

static void matched(struct core *core, struct core_job *job)
{
    if (core->pool->round.failed) {
        core_report(core, "pool_match_failed", 0, NULL, NULL);
    }
    if (!ended(core, job)) {
        propose(core);
    }
}

static void match(struct core *core)
{
    struct core_pool *pool = core->pool;

    core->stats.pool_people = pool->round.n_people;
    if (pool->round.n_people == 0) {
        end_round(core);
        return;
    }
    core->ops.random(core->ops.ctx, &pool->round.seed, sizeof pool->round.seed);
    pool->round.now_ms = core->wall_ms;
    pool->job.type = CORE_JOB_MATCH;
    pool->job.u.match = &pool->round;
    core_submit(core, &pool->job, matched, pool);
}

/* Room for one page more; false: out of memory, or as many as are taken. */
static bool grow(void **rows, size_t row_bytes, uint32_t *size, uint32_t count, uint32_t page,
                 uint64_t max)
{
    if (count + page > max) {
        return false;
    }
    if (count + page > *size) {
        uint32_t wanted = *size == 0 ? 4 * page : 2 * *size;
        void *grown = realloc(*rows, wanted * row_bytes);
        if (grown == NULL) {
            return false;
        }
        *rows = grown;
        *size = wanted;
    }
    return true;
}

static void read_refills(struct core *core);

static void refills_read(struct core *core, struct core_job *job)
{
    struct core_pool *pool = core->pool;

    if (ended(core, job)) {
        return;
    }
    pool->round.n_refills += pool->ask.n;
    if (pool->ask.n == REFILLS_PAGE) {
        read_refills(core);
    } else {
        match(core);
    }
}

static void read_refills(struct core *core)
{
    struct core_pool *pool = core->pool;
    void *rows = pool->round.refills;
    bool room = grow(&rows, sizeof *pool->round.refills, &pool->refills_size, pool->round.n_refills,
                     REFILLS_PAGE, REFILLS_MAX);

    pool->round.refills = rows;
    if (!room) {
        match(core);
        return;
    }
    pool->ask.of.refill = &pool->round.refills[pool->round.n_refills];
    pool->ask.max = REFILLS_PAGE;
    ask(core, CORE_POOL_REFILLS, refills_read);
}

static void read_people(struct core *core);

static void people_read(struct core *core, struct core_job *job)
{
    struct core_pool *pool = core->pool;

    if (ended(core, job)) {
        return;
    }
    pool->round.n_people += pool->ask.n;
    if (pool->ask.n == PEOPLE_PAGE) {
        read_people(core);
        return;
    }
    pool->ask.cursor = 0;
    read_refills(core);
}

static void read_people(struct core *core)
{
    struct core_pool *pool = core->pool;
    void *rows = pool->round.people;
    bool room = grow(&rows, sizeof *pool->round.people, &pool->people_size, pool->round.n_people,
                     PEOPLE_PAGE, core->limits.pool_people + PEOPLE_PAGE);

    pool->round.people = rows;
    if (!room) {
        pool->ask.cursor = 0;
        read_refills(core);
        return;
    }
    pool->ask.of.person = &pool->round.people[pool->round.n_people];
    pool->ask.max = PEOPLE_PAGE;
    ask(core, CORE_POOL_PEOPLE, people_read);
}

static void swept(struct core *core, struct core_job *job)
{
    struct core_pool *pool = core->pool;

    if (ended(core, job)) {
        return;
    }
    for (uint32_t i = 0; i < pool->sweep.n_news; i++) {
        core_pool_tell(core, &pool->sweep.news[i]);
    }
    if (pool->sweep.more) {
        pool->ask.of.sweep = &pool->sweep;
        ask(core, CORE_POOL_SWEEP, swept);
        return;
    }
    pool->next_ms = pool->sweep.next_ms;
    if (!pool->seeks || pool->sweep.people == 0) {
        if (!pool->seeks && pool->sweep.people > 0) {
            core_pool_stir(core); /* somebody waits again, or has rested */
        }
        end_round(core);
        return;
    }
    pool->ask.cursor = 0;
    read_people(core);
}

void core_pool_tick(struct core *core)
{
    struct core_pool *pool = core->pool;

    if (pool == NULL || pool->running || core->stopping) {
        return;
    }
    /* Who comes within that time is matched together. */
    bool seeks = pool->stirred && core->mono_ms - pool->stirred_ms >= core->limits.pool_every_ms;
    if (!seeks && core->wall_ms < pool->next_ms) {
        return;
    }
    pool->running = true;
    pool->seeks = seeks;
    pool->stirred = pool->stirred && !seeks;
    pool->ask.of.sweep = &pool->sweep;
    ask(core, CORE_POOL_SWEEP, swept);
}
