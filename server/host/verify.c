/*
 * verify.c - the command verify: every log of a stopped server or of a backup, and a report of what is wrong with which.
 */
#include <jansson.h>
#include <time.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "server/host/commands.h"
#include "server/host/request.h"
#include "server/host/verify_report.h"

static void tell_progress(struct host_verify_report *report)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (!report->progress || now.tv_sec < report->told + HOST_PROGRESS_SECONDS) {
        return;
    }
    report->told = now.tv_sec;
    (void)fprintf(stderr, "\r%llu of %llu logs, %llu entries", (unsigned long long)report->logs,
                  (unsigned long long)report->of, (unsigned long long)report->entries);
    (void)fflush(stderr);
}

static void add(void *ctx, const struct store_log_info *info, const struct host_finding *finding)
{
    struct host_verify_report *report = ctx;
    char name[COUNCIL_KEY_CHARS + 1];
    report->logs++;
    report->entries += finding->entries;
    tell_progress(report);
    if (finding->what == NULL || report->printed++ >= HOST_FINDINGS_MAX) {
        return;
    }
    council_b64_encode(name, info->log, STORE_ID_BYTES);
    if (!report->json) {
        printf("%s%s entry %llu: %s\n", report->progress ? "\r" : "", name,
               (unsigned long long)finding->seq, finding->what);
    }
    (void)json_array_append_new(report->findings,
                                json_pack("{s:s,s:I,s:s}", "log", name, "seq",
                                          (json_int_t)finding->seq, "what", finding->what));
}

enum host_exit host_verify_store(struct store *store, const struct host_options *options,
                                 struct host_verify_report *report, struct host_verdict *verdict)
{
    struct host_verify_events events = {.ctx = report, .log = add};
    struct store_stats counts;
    uint64_t jobs = 0;
    if (!host_option_number(options, HOST_OPT_JOBS, 0, HOST_VERIFY_JOBS_MAX, &jobs)) {
        return HOST_EXIT_USAGE;
    }
    *report = (struct host_verify_report){.findings = json_array(),
                                          .json = host_option_given(options, HOST_OPT_JSON),
                                          .progress = isatty(STDERR_FILENO) == 1};
    enum store_status status = store_stats(store, &counts);
    if (status == STORE_OK) {
        report->of = counts.logs_member + counts.logs_council + counts.logs_journal;
        status = host_verify_all(store, (uint32_t)jobs, &events, verdict);
    }
    if (report->progress) {
        (void)fprintf(stderr, "\r%60s\r", "");
    }
    if (status != STORE_OK) {
        (void)fprintf(stderr, "councild: %s: %s\n", store_status_name(status), store_detail(store));
        return host_exit_of(status);
    }
    if (verdict->strays > 0) {
        (void)fprintf(stderr, "councild: %llu entries are in no log\n",
                      (unsigned long long)verdict->strays);
    }
    return verdict->damaged + verdict->strays > 0 ? HOST_EXIT_FAILED : HOST_EXIT_OK;
}

static void print(const struct host_verify_report *report, const struct host_verdict *verdict,
                  enum host_exit status)
{
    uint64_t damaged = verdict->damaged + (verdict->strays > 0);
    if (report->json) {
        json_t *all = json_pack("{s:b,s:I,s:I,s:I,s:O}", "ok", status == HOST_EXIT_OK, "logs",
                                (json_int_t)verdict->logs, "entries", (json_int_t)verdict->entries,
                                "damaged", (json_int_t)damaged, "findings", report->findings);
        host_print_json(all);
        json_decref(all);
    } else {
        printf("%llu logs, %llu entries, %llu damaged\n", (unsigned long long)verdict->logs,
               (unsigned long long)verdict->entries, (unsigned long long)damaged);
    }
}

static enum host_exit verify_opened(struct store *store, const struct host_options *options)
{
    struct host_verify_report report = {.findings = NULL};
    struct host_verdict verdict = {.logs = 0};
    enum host_exit status = host_verify_store(store, options, &report, &verdict);
    if (status == HOST_EXIT_OK || status == HOST_EXIT_FAILED) {
        print(&report, &verdict, status);
    }
    json_decref(report.findings);
    return status;
}

int host_verify(const struct host_options *options)
{
    struct host_datadir dir;
    struct store *store = NULL;
    if (options->word_count > 1) {
        (void)fprintf(stderr, "councild: verify or verify FILE is needed\n");
        return HOST_EXIT_USAGE;
    }
    bool backup = options->word_count == 1;
    enum host_exit status =
        backup ? host_backup_open(options->words[0], &store)
               : host_datadir_open(&dir, host_option(options, HOST_OPT_DATA), false);
    if (status != HOST_EXIT_OK) {
        host_hint_backup(status, "verify that: councild verify FILE");
        return (int)status;
    }
    if (!backup) {
        status = host_store_open(&dir, STORE_OPEN_READ_ONLY, &store);
    }
    if (status == HOST_EXIT_OK) {
        status = verify_opened(store, options);
        (void)store_close(store);
    }
    if (!backup) {
        host_datadir_close(&dir);
    }
    return (int)status;
}
