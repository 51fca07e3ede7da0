/*
 * io.c - a disk whose Nth call fails, for N from 1 to the end, once and for good; and one that is full for a while.
 *
 * Owns what the store and a home must make of it. A life without faults comes first: what it held after each step is what is
 * expected. Full: nothing has changed, everything can be read, and when there is room again the same step goes well. Any other
 * error: the process ends there; what its disk then holds (killed, or without power) is what was before the step, or what is
 * after it.
 */
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/disk.h"
#include "tests/crash/io.h"
#include "tests/crash/tap.h"

enum {
    STEPS_MAX = 64
};

enum {
    SUBJECTS = 2
};
static const struct io_subject *const subjects[SUBJECTS] = {&io_store, &io_home};

static const struct mode {
    const char *name;
    enum disk_fault fault;
    bool for_good;
    bool careless; /* the control: what failed is taken for done */
} modes[] = {
    {"an error, once", DISK_IO, false, false},
    {"an error, for good", DISK_IO, true, false},
    {"no room, once", DISK_FULL, false, false},
    {"no room, for a while", DISK_FULL, true, false},
};

static struct {
    const struct io_subject *subject;
    const struct mode *mode;
    struct disk live, image, made;
    char plan[IO_PLAN_MAX], first[IO_PLAN_MAX];
    uint8_t after[STEPS_MAX + 1][IO_DIGEST]; /* [i + 1]: after step i; [0]: before any */
    uint64_t calls, writes, n, wrong, errors, full;
    bool control;
} run;

static void wrong(const char *step, const char *what)
{
    if (run.wrong++ < 5) {
        tap_note("WRONG: %s, %s at call %llu (%s), while it was to %s: %s", run.subject->name,
                 run.mode->name, (unsigned long long)run.n, disk_call_names[run.live.failed_call],
                 step, what);
    }
}

/* Begins anew, with the `n`th call to fail. */
static enum io_outcome begin(enum disk_fault fault, bool for_good, uint64_t n)
{
    enum io_outcome outcome = IO_OK;
    disk_clear(&run.live);
    if (run.subject->make != NULL) { /* once, and then copied */
        if (run.made.n_files == 0) {
            run.subject->make(run.first, run.live.root);
            disk_kill(&run.made, &run.live);
        }
        disk_kill(&run.live, &run.made);
        memcpy(run.plan, run.first, sizeof run.plan);
        outcome = run.subject->open(run.plan, run.live.root);
        run.live.calls = 0;
    }
    run.live.fault = fault;
    run.live.full_for_growth = run.subject->full_for_growth;
    run.live.for_good = for_good;
    run.live.fail_at = n;
    return run.subject->make != NULL ? outcome : run.subject->open(run.plan, run.live.root);
}

/* ---- a life without faults ---- */

static void reference(void)
{
    for (int k = 0; k < 2; k++) {
        /* FULL: counts writes alone. */
        if (begin(k == 0 ? DISK_SOUND : DISK_FULL, false, 0) != IO_OK) {
            tap_die("%s: no reference", run.subject->name);
        }
        for (uint32_t i = 0; i <= run.subject->steps; i++) {
            if (i > 0 && run.subject->step(run.plan, i - 1) != IO_OK) {
                tap_die("%s: no reference of step %u", run.subject->name, i - 1);
            }
            uint64_t calls = run.live.calls;
            if (run.subject->digest(run.plan, run.after[i]) != IO_OK) {
                tap_die("%s: unreadable", run.subject->name);
            }
            run.live.calls = calls; /* lives with faults do not look in between */
        }
        run.calls = k == 0 ? run.live.calls : run.calls;
        run.writes = run.live.calls;
        run.subject->close(run.plan);
    }
}

/* ---- what is found when the process has ended ---- */

static bool is(const uint8_t digest[IO_DIGEST], uint32_t step)
{
    return memcmp(digest, run.after[step], IO_DIGEST) == 0 ||
           memcmp(digest, run.after[step + 1], IO_DIGEST) == 0;
}

static void look(enum disk_loss loss, uint32_t step, const char *name)
{
    uint8_t there[IO_DIGEST];
    const char *why = NULL;
    disk_crash(&run.image, &run.live, loss, run.n);
    if (!run.subject->look(run.image.root, there, &why)) {
        wrong(name, why);
    } else if (run.control ? memcmp(there, run.after[step + 1], IO_DIGEST) != 0
                           : !is(there, step)) {
        wrong(name, run.control ? "what failed was taken for done, and is not there"
                                : "neither what was before nor what is after");
    }
}

static void after_error(uint32_t step, const char *name)
{
    run.errors++;
    look(DISK_LOSE_NOTHING, step, name);
    look(DISK_LOSE_SECTORS, step, name);
    run.live.fault = DISK_SOUND; /* only memory is given back from here on */
    run.subject->close(run.plan);
}

/* ---- a full disk ---- */

/* False: the step cannot be had. */
static bool after_full(uint32_t step, const char *name)
{
    uint8_t there[IO_DIGEST];
    run.full++;
    for (int tries = 0; run.mode->for_good && tries < 3; tries++) {
        enum io_outcome outcome = run.subject->step(run.plan, step);
        if (outcome == IO_OK) { /* it needed no room, then: what it did must be on the disk */
            disk_kill(&run.image, &run.live);
            const char *why = "done without room, and not there";
            if (!run.subject->look(run.image.root, there, &why) ||
                memcmp(there, run.after[step + 1], sizeof there) != 0) {
                wrong(name, why);
            }
            return true;
        }
        if (outcome != IO_FULL) {
            wrong(name, run.subject->why);
            return false;
        }
    }
    if (run.subject->is_open(run.plan) && (run.subject->digest(run.plan, there) != IO_OK ||
                                           memcmp(there, run.after[step], sizeof there) != 0)) {
        wrong(name, "it is another than before");
        return false;
    }
    run.live.fault = DISK_SOUND;
    if (run.subject->step(run.plan, step) != IO_OK) {
        wrong(name, "there is room again, and still it fails");
        return false;
    }
    return true;
}

/* ---- one life with a fault ---- */

/* True: the fault came. */
static bool live_once(uint64_t n)
{
    uint8_t there[IO_DIGEST];
    enum io_outcome expected = run.mode->fault == DISK_FULL ? IO_FULL : IO_BROKEN;
    run.n = n;
    enum io_outcome outcome = begin(run.mode->fault, run.mode->for_good, n);
    if (outcome != IO_OK) {
        if (outcome != expected) {
            wrong("open", run.subject->why);
        }
        run.live.fault = DISK_SOUND;
        run.subject->close(run.plan);
        outcome = run.subject->open(run.plan, run.live.root);
        if (outcome != IO_OK) {
            wrong("open again", run.subject->why);
            run.subject->close(run.plan);
            return true;
        }
    }
    for (uint32_t i = 0; i < run.subject->steps; i++) {
        const char *name = run.subject->step_name(run.plan, i);
        outcome = run.subject->step(run.plan, i);
        if (outcome == IO_OK) {
            continue;
        }
        if (outcome != expected) {
            wrong(name, run.subject->why);
        }
        if (outcome != IO_FULL) {
            after_error(i, name);
            return true;
        }
        if (!after_full(i, name)) {
            run.live.fault = DISK_SOUND;
            run.subject->close(run.plan);
            return true;
        }
    }
    run.live.fault = DISK_SOUND;
    if (run.subject->digest(run.plan, there) != IO_OK ||
        memcmp(there, run.after[run.subject->steps], sizeof there) != 0) {
        wrong("read all", "it is another than without the fault");
    }
    run.subject->close(run.plan);
    return run.live.failed > 0;
}

static void play(const struct io_subject *subject)
{
    run.subject = subject;
    disk_clear(&run.made);
    reference();
    for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
        double began = tap_seconds();
        uint64_t n = 1;
        run.mode = &modes[k];
        run.wrong = run.errors = run.full = 0;
        if (run.control && run.mode->fault == DISK_FULL) {
            continue;
        }
        uint64_t last = run.mode->fault == DISK_FULL ? run.writes : run.calls;
        while (n <= last && run.wrong < 20) {
            (void)live_once(n++);
        }
        (void)tap_ok(run.wrong == 0, "%s: %s, at each of %llu calls", subject->name, run.mode->name,
                     (unsigned long long)last);
        tap_note("told %llu errors and %llu times that there is no room, %.1f s",
                 (unsigned long long)run.errors, (unsigned long long)run.full,
                 tap_seconds() - began);
    }
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void make_disks(char *folder)
{
    char live[64];
    char image[64];
    if (mkdtemp(folder) == NULL) {
        tap_die("no folder");
    }
    (void)snprintf(live, sizeof live, "%s/live", folder);
    (void)snprintf(image, sizeof image, "%s/image", folder);
    if (mkdir(live, 0700) != 0 || mkdir(image, 0700) != 0) {
        tap_die("no folder");
    }
    disk_install();
    disk_init(&run.live, live);
    disk_init(&run.image, image);
    disk_init(&run.made, image); /* nothing is opened there: only copied */
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"subject", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"steps", required_argument, NULL, 't'},
                                            {"control", no_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    char folder[] = "/tmp/council-io-XXXXXX";
    const char *only = NULL;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        only = option == 'n' ? optarg : only;
        run.control = run.control || option == 'c';
        io_seed = option == 's' ? strtoull(optarg, NULL, 10) : io_seed;
    }
    make_disks(folder);
    tap_plan((only != NULL ? 1U : 2U) * (run.control ? 2U : 4U));
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (only == NULL || strcmp(only, subjects[i]->name) == 0) {
            play(subjects[i]);
        }
    }
    disk_fini(&run.made);
    disk_fini(&run.image);
    disk_fini(&run.live);
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return tap_end();
}
