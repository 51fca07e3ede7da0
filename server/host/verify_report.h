/*
 * verify_report.h - a check of all logs with what a person at a terminal is told meanwhile: for verify and restore.
 */
#ifndef COUNCIL_SERVER_HOST_VERIFY_REPORT_H
#define COUNCIL_SERVER_HOST_VERIFY_REPORT_H

#include <jansson.h>
#include <time.h>

#include "server/host/datadir.h"
#include "server/host/options.h"
#include "server/host/verify.h"

enum {
    HOST_FINDINGS_MAX = 1000, /* that are printed; all are counted */
    HOST_PROGRESS_SECONDS = 1
};

struct host_verify_report {
    uint64_t logs, of, entries, printed;
    json_t *findings; /* owned by the caller, once filled in */
    bool json, progress;
    time_t told;
};

/* Checks every log, says on standard output what is wrong (not with --json), on standard error how far it is. OK; FAILED: something is
 * wrong; or what ended it, after a message. report->findings is the caller's in any case, NULL or not. */
enum host_exit host_verify_store(struct store *store, const struct host_options *options,
                                 struct host_verify_report *report, struct host_verdict *verdict);

/* Opens a backup for reading; after a message NO_DATA, DATA ... A database with a journal beside it is none. */
enum host_exit host_backup_open(const char *file, struct store **out);
/* Where a running server has the data (BUSY): that a backup can be made, and what to do with it. */
void host_hint_backup(enum host_exit status, const char *instead);

#endif
