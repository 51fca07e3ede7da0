/*
 * power.c - loss of power at every synchronisation of a life, and at random ones of many lives.
 *
 * Owns when the power goes and what is then expected: the thing opens, is whole, and holds exactly what it held before the
 * step that was under way, or exactly what it holds after it. Invariant: what a step acknowledged by returning is in both.
 */
#include "tests/crash/power.h"

#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/disk.h"
#include "tests/crash/tap.h"

enum {
    SEEN_MAX = 4096, /* looks during one step */
    SHORT_STEPS = 40 /* of one of many lives */
};

enum {
    SUBJECTS = 2
};
static const struct power_subject *const subjects[SUBJECTS] = {&power_store, &power_home};

/* What a look during the step found: to be judged when the step is over. */
struct seen {
    uint8_t digest[POWER_DIGEST];
    enum disk_loss loss;
    uint64_t seed, sync;
};

static struct {
    const struct power_subject *subject;
    struct disk live, image, again;
    char plan[POWER_PLAN_MAX], saved[POWER_PLAN_MAX];
    uint8_t before[POWER_DIGEST];
    struct seen seen[SEEN_MAX], last;
    uint32_t n_seen;
    uint64_t seed, looks, syncs, failures;
    struct chance chance;
    uint32_t patterns; /* random ones of each sync, beside the plain ones */
    uint64_t stop_at;  /* the sync at which one look is taken; 0: at each, many */
    uint64_t again_at;
    bool stopped;
} run;

static void wrong(const char *what, enum disk_loss loss, uint64_t seed, uint64_t sync)
{
    if (run.failures++ < 5) {
        tap_note("LOST: %s, power lost at sync %llu while it was to %s, losing %s (%llu): %s (seed "
                 "%llu)",
                 run.subject->name, (unsigned long long)sync, run.subject->step_name(run.saved),
                 disk_loss_names[loss], (unsigned long long)seed, what,
                 (unsigned long long)run.seed);
    }
}

/* ---- looking ---- */

static void check_gone(enum disk_loss loss, uint64_t seed)
{
    char bytes[64];
    uint32_t len = 0;
    for (uint32_t i = 0; run.subject->gone != NULL && run.subject->gone(run.saved, i, bytes, &len);
         i++) {
        if (disk_grep(&run.image, bytes, len) > 0) {
            wrong("what was erased is back", loss, seed, run.live.syncs);
            return;
        }
    }
}

static void look_at(struct disk *image, enum disk_loss loss, uint64_t seed)
{
    const char *why = NULL;
    struct seen seen = {.loss = loss, .seed = seed, .sync = run.live.syncs};
    run.looks++;
    if (!run.subject->look(run.saved, image->root, seen.digest, &why)) {
        wrong(why, loss, seed, run.live.syncs);
        return;
    }
    if (run.n_seen == SEEN_MAX) {
        tap_die("more than %d looks during one step", SEEN_MAX);
    }
    run.seen[run.n_seen++] = seen;
    run.last = seen; /* of the first loss, after that of a second one */
}

/* While what the first loss left is put in order, the power goes again. */
static void before_sync_of_image(void *ctx)
{
    (void)ctx;
    if (run.image.syncs == run.again_at) {
        uint64_t seed = chance_next(&run.chance);
        enum disk_loss loss = (enum disk_loss)chance_below(&run.chance, DISK_LOSSES);
        disk_crash(&run.again, &run.image, loss, seed);
        look_at(&run.again, loss, seed);
    }
}

static void look(enum disk_loss loss, uint64_t seed)
{
    disk_crash(&run.image, &run.live, loss, seed);
    check_gone(loss, seed);
    run.again_at = 1 + chance_below(&run.chance, 6);
    run.image.before_sync = before_sync_of_image;
    look_at(&run.image, loss, seed);
    run.image.before_sync = NULL;
}

static void before_sync(void *ctx)
{
    (void)ctx;
    run.syncs++;
    if (run.stop_at != 0) {
        if (run.live.syncs == run.stop_at && !run.stopped) {
            run.stopped = true;
            look((enum disk_loss)chance_below(&run.chance, DISK_LOSSES), chance_next(&run.chance));
        }
        return;
    }
    look(DISK_LOSE_ALL, 0);
    for (uint32_t i = 0; i < run.patterns; i++) {
        look((enum disk_loss)(DISK_LOSE_NOTHING + (run.looks + i) % (DISK_LOSSES - 1)),
             chance_next(&run.chance));
    }
}

/* Each look saw what was before the step or what is after it. */
static void judge(const uint8_t after[POWER_DIGEST])
{
    bool several = run.subject->several != NULL && run.subject->several(run.saved);
    for (uint32_t i = 0; i < run.n_seen && !several; i++) {
        const struct seen *seen = &run.seen[i];
        if (memcmp(seen->digest, run.before, POWER_DIGEST) != 0 &&
            memcmp(seen->digest, after, POWER_DIGEST) != 0) {
            wrong("neither what was before nor what is after", seen->loss, seen->seed, seen->sync);
        }
    }
    run.n_seen = 0;
}

/* ---- lives ---- */

static void begin(const struct power_subject *subject, uint64_t seed, bool control)
{
    disk_clear(&run.live);
    run.subject = subject;
    run.seed = seed;
    run.n_seen = 0;
    run.chance.state = seed ^ 0x706f776572u;
    run.live.swallow = control ? subject->swallow : NULL;
    subject->create(run.plan, run.live.root, seed);
    subject->digest(run.plan, run.before);
}

static void take_step(uint8_t after[POWER_DIGEST])
{
    memcpy(run.saved, run.plan, run.subject->plan_bytes);
    run.live.before_sync = before_sync;
    run.subject->step(run.plan);
    run.live.before_sync = NULL;
    run.subject->digest(run.plan, after);
    judge(after);
}

/* The power went during the last step: goes on with what the loss left, the step done or not. */
static void go_on(const uint8_t after[POWER_DIGEST], bool control)
{
    const struct seen *seen = &run.last;
    uint8_t there[POWER_DIGEST];
    bool done = memcmp(seen->digest, after, POWER_DIGEST) == 0;
    run.subject->close(run.plan);
    if (!done) {
        memcpy(run.plan, run.saved, run.subject->plan_bytes);
    }
    /* A part of several transactions: what the plan says besides must hold before and after. */
    disk_kill(&run.live, &run.image);
    run.live.swallow = control ? run.subject->swallow : NULL;
    run.subject->resume(run.plan, run.live.root);
    run.subject->digest(run.plan, there);
    if (memcmp(there, seen->digest, sizeof there) != 0) {
        wrong("opened once more it is another", seen->loss, seen->seed, seen->sync);
    }
    memcpy(run.before, there, sizeof there);
}

static void arm(void)
{
    run.stop_at = run.live.syncs + 1 + chance_below(&run.chance, SHORT_STEPS / 2);
    run.stopped = false;
}

/* One life: the power goes now and then, and it goes on with what is left. */
static void live_once(const struct power_subject *subject, uint64_t seed, bool control)
{
    uint8_t after[POWER_DIGEST];
    begin(subject, seed, control);
    arm();
    for (uint32_t i = 0; i < SHORT_STEPS && run.failures == 0; i++) {
        take_step(after);
        if (run.stopped && run.failures == 0) {
            go_on(after, control);
            arm();
        } else {
            memcpy(run.before, after, sizeof after);
        }
    }
    subject->close(run.plan);
}

/* One long life, and at each synchronisation the power goes in several ways. */
static void live_through(const struct power_subject *subject, uint64_t seed, uint32_t steps,
                         bool control)
{
    uint8_t after[POWER_DIGEST];
    begin(subject, seed, control);
    run.stop_at = 0;
    for (uint32_t i = 0; i < steps && run.failures == 0; i++) {
        take_step(after);
        memcpy(run.before, after, sizeof after);
    }
    subject->close(run.plan);
}

/* ---- the program ---- */

struct wishes {
    const char *subject;
    uint64_t seed, lives;
    uint32_t steps, patterns;
    double minutes;
    bool control;
};

static void make_disks(char *folder)
{
    char live[64];
    char image[64];
    char again[64];
    if (mkdtemp(folder) == NULL) {
        tap_die("no folder");
    }
    (void)snprintf(live, sizeof live, "%s/live", folder);
    (void)snprintf(image, sizeof image, "%s/image", folder);
    (void)snprintf(again, sizeof again, "%s/again", folder);
    if (mkdir(live, 0700) != 0 || mkdir(image, 0700) != 0 || mkdir(again, 0700) != 0) {
        tap_die("no folder");
    }
    disk_install();
    disk_init(&run.live, live);
    disk_init(&run.image, image);
    disk_init(&run.again, again);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void play(const struct power_subject *subject, const struct wishes *wishes)
{
    double began = tap_seconds();
    double until = wishes->minutes > 0 ? began + wishes->minutes * 60 : 0;
    run.looks = run.syncs = run.failures = 0;
    run.patterns = wishes->patterns;
    if (wishes->lives == 0) {
        live_through(subject, wishes->seed, wishes->steps, wishes->control);
        (void)tap_ok(run.failures == 0,
                     "%s: all that was acknowledged survives a loss of power (%u steps)",
                     subject->name, wishes->steps);
    } else {
        uint64_t i = 0;
        for (; i < wishes->lives && run.failures == 0 && (until <= 0 || tap_seconds() < until);
             i++) {
            live_once(subject, wishes->seed + i, wishes->control);
        }
        (void)tap_ok(run.failures == 0,
                     "%s: %llu lives go on after losses of power (seeds from %llu)", subject->name,
                     (unsigned long long)i, (unsigned long long)wishes->seed);
    }
    tap_note("%s: %llu synchronisations, %llu losses of power, %.1f s", subject->name,
             (unsigned long long)run.syncs, (unsigned long long)run.looks, tap_seconds() - began);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"subject", required_argument, NULL, 'n'},  {"seed", required_argument, NULL, 's'},
        {"lives", required_argument, NULL, 'l'},    {"steps", required_argument, NULL, 't'},
        {"patterns", required_argument, NULL, 'p'}, {"minutes", required_argument, NULL, 'm'},
        {"control", no_argument, NULL, 'c'},        {NULL, 0, NULL, 0}};
    struct wishes wishes = {.seed = 1, .steps = 200, .patterns = 2};
    char folder[] = "/tmp/council-power-XXXXXX";
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            wishes.subject = optarg;
            break;
        case 's':
            wishes.seed = strtoull(optarg, NULL, 10);
            break;
        case 'l':
            wishes.lives = strtoull(optarg, NULL, 10);
            break;
        case 't':
            wishes.steps = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'p':
            wishes.patterns = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            wishes.minutes = strtod(optarg, NULL);
            break;
        case 'c':
            wishes.control = true;
            break;
        default:
            tap_die("Usage: power [--subject NAME] [--seed N] [--steps N] [--patterns N]"
                    " [--lives N] [--minutes M] [--control]");
        }
    }
    make_disks(folder);
    tap_plan(wishes.subject != NULL ? 1 : SUBJECTS);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (wishes.subject == NULL || strcmp(wishes.subject, subjects[i]->name) == 0) {
            play(subjects[i], &wishes);
        }
    }
    disk_fini(&run.again);
    disk_fini(&run.image);
    disk_fini(&run.live);
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return tap_end();
}
