/*
 * verify.c - the command that checks all logs of a stopped server.
 */
#include "server/host/verify.h"

#include <jansson.h>
#include <time.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "server/host/commands.h"

enum {
    PAGE = 64,
    FINDINGS_MAX = 1000, /* that are printed; all are counted */
    PROGRESS_SECONDS = 1
};

struct report {
    uint64_t logs, entries, damaged;
    json_t *findings; /* owned */
    bool json, progress;
    time_t told;
};

static void tell_progress(struct report *report, uint64_t of)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (!report->progress || now.tv_sec < report->told + PROGRESS_SECONDS) {
        return;
    }
    report->told = now.tv_sec;
    (void)fprintf(stderr, "\r%llu of %llu logs, %llu entries", (unsigned long long)report->logs,
                  (unsigned long long)of, (unsigned long long)report->entries);
    (void)fflush(stderr);
}

static void add(struct report *report, const struct store_log_info *info,
                const struct host_finding *finding)
{
    char name[COUNCIL_KEY_CHARS + 1];
    report->logs++;
    report->entries += finding->entries;
    if (finding->what == NULL) {
        return;
    }
    council_b64_encode(name, info->log, STORE_ID_BYTES);
    if (report->damaged++ >= FINDINGS_MAX) {
        return;
    }
    if (!report->json) {
        printf("%s%s entry %llu: %s\n", report->progress ? "\r" : "", name,
               (unsigned long long)finding->seq, finding->what);
    }
    (void)json_array_append_new(report->findings,
                                json_pack("{s:s,s:I,s:s}", "log", name, "seq",
                                          (json_int_t)finding->seq, "what", finding->what));
}

/* Reading itself may fail in one log and go well in others: only what concerns all of them ends it. */
static enum store_status check_all(struct store *store, struct report *report)
{
    struct store_stats counts;
    uint64_t cursor = 0;
    uint32_t n = PAGE;
    enum store_status status = store_stats(store, &counts);
    while (status == STORE_OK && n == PAGE) {
        struct store_log_info page[PAGE];
        status = store_logs(store, &cursor, page, PAGE, &n);
        for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
            struct host_finding finding;
            status = host_verify_log(store, &page[i], &finding);
            if (status == STORE_CORRUPT) {
                finding.what = "unreadable";
                status = STORE_OK;
            }
            add(report, &page[i], &finding);
            tell_progress(report, counts.logs_member + counts.logs_council + counts.logs_journal);
        }
    }
    if (status == STORE_OK && report->entries != counts.entries && report->damaged == 0) {
        (void)fprintf(stderr, "councild: %llu entries are in no log\n",
                      (unsigned long long)(counts.entries - report->entries));
        report->damaged++;
    }
    return status;
}

static int conclude(struct report *report, enum store_status status, const struct store *store)
{
    if (report->progress) {
        (void)fprintf(stderr, "\r%60s\r", "");
    }
    if (status != STORE_OK) {
        (void)fprintf(stderr, "councild: %s: %s\n", store_status_name(status), store_detail(store));
        return (int)host_exit_of(status);
    }
    if (report->json) {
        json_t *all =
            json_pack("{s:b,s:I,s:I,s:I,s:O}", "ok", report->damaged == 0, "logs",
                      (json_int_t)report->logs, "entries", (json_int_t)report->entries, "damaged",
                      (json_int_t)report->damaged, "findings", report->findings);
        (void)json_dumpf(all, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        (void)putchar('\n');
        json_decref(all);
    } else {
        printf("%llu logs, %llu entries, %llu damaged\n", (unsigned long long)report->logs,
               (unsigned long long)report->entries, (unsigned long long)report->damaged);
    }
    return report->damaged == 0 ? HOST_EXIT_OK : HOST_EXIT_FAILED;
}

int host_verify(const struct host_options *options)
{
    struct host_datadir dir;
    struct store *store = NULL;
    struct report report = {.findings = json_array(),
                            .json = host_option_given(options, HOST_OPT_JSON),
                            .progress = isatty(STDERR_FILENO) == 1};
    int exit_status = (int)host_datadir_open(&dir, host_option(options, HOST_OPT_DATA), false);
    if (exit_status != HOST_EXIT_OK) {
        json_decref(report.findings);
        return exit_status;
    }
    exit_status = (int)host_store_open(&dir, STORE_OPEN_READ_ONLY, &store);
    if (exit_status == HOST_EXIT_OK) {
        enum store_status status = check_all(store, &report);
        exit_status = conclude(&report, status, store);
        (void)store_close(store);
    }
    host_datadir_close(&dir);
    json_decref(report.findings);
    return exit_status;
}
