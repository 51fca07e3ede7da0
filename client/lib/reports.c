/*
 * reports.c - what was found out about a server or an author, kept with its evidence.
 *
 * Must not decide what a finding means for a log: sync stops it, or finds new keys due. Invariant: a report about an entry keeps the entry as it came.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

/* The evidence as JSON: what can be shown to others without this home. */
static char *evidence_of(const struct sync_report *report)
{
    char held[COUNCIL_KEY_CHARS + 1] = "";
    char shown[COUNCIL_KEY_CHARS + 1] = "";
    char sig[COUNCIL_SIG_CHARS + 1] = "";

    if (report->held != NULL)
        council_b64_encode(held, report->held, COUNCIL_HASH_BYTES);
    if (report->shown != NULL)
        council_b64_encode(shown, report->shown, COUNCIL_HASH_BYTES);
    if (report->sig != NULL)
        council_b64_encode(sig, report->sig, COUNCIL_SIG_BYTES);
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s%}", "kind", sync_report_name(report->kind),
                             "held", held, "shown", shown, "sig", sig, "text",
                             report->text == NULL ? "" : report->text,
                             report->text == NULL ? (size_t)0 : (size_t)report->len);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    return text;
}

static enum council_error stop_log(struct client *client, const uint8_t *log,
                                   enum council_error error, uint64_t seq, const char *evidence)
{
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_LOG_STOP);

    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    home_bind_error(stmt, 2, error);
    home_bind_int(stmt, 3, seq);
    home_bind(stmt, 4, evidence, evidence == NULL ? 0 : (uint32_t)strlen(evidence));
    return home_run(&client->home, HOME_LOG_STOP);
}

static enum council_error put(struct client *client, const struct sync_report *report,
                              const char *evidence)
{
    static const uint8_t nowhere[COUNCIL_KEY_BYTES];
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_REPORT_PUT);

    home_bind(stmt, 1, report->log == NULL ? nowhere : report->log, COUNCIL_KEY_BYTES);
    home_bind_int(stmt, 2, report->seq);
    home_bind_error(stmt, 3, report->error);
    home_bind_int(stmt, 4, client_now_ms());
    home_bind(stmt, 5, evidence, evidence == NULL ? 0 : (uint32_t)strlen(evidence));
    return home_run(&client->home, HOME_REPORT_PUT);
}

enum council_error report_put(struct client *client, const struct sync_report *report)
{
    char *evidence = evidence_of(report);
    enum council_error error = put(client, report, evidence);

    free(evidence);
    return error;
}

/* The epoch that the block of this entry brought; 0: it carries none. */
static enum council_error epoch_of(struct client *client, const struct row_log *log, uint64_t seq,
                                   uint64_t *epoch)
{
    struct council_entry entry;
    uint8_t commit[COUNCIL_HASH_BYTES];
    char *text = NULL;
    uint32_t len = 0;
    bool erased = false;
    enum council_error error = rows_text(&client->home, log, seq, &text, &len, &erased);

    *epoch = 0;
    if (error == COUNCIL_OK && council_entry_parse(&entry, text, len) != COUNCIL_OK) {
        error = COUNCIL_E_HOME_DAMAGED;
    } else if (error == COUNCIL_OK) {
        if (council_kind_has(entry.kind, COUNCIL_FLAG_BLOCK))
            council_block_info(&entry, epoch, commit);
        council_entry_fini(&entry);
    }
    free(text);
    return error;
}

enum council_error report_recall(struct client *client, const struct row_log *log)
{
    const struct sync_replica *replica = session_replica(client, log->log);
    uint64_t seq = 0;
    uint64_t epoch = 0;
    bool row = false;

    if (replica == NULL || replica->state.type != COUNCIL_LOG_IS_COUNCIL)
        return COUNCIL_OK;
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_REPORT_LAST);

    home_bind(stmt, 1, log->log, COUNCIL_KEY_BYTES);
    home_bind_error(stmt, 2, COUNCIL_E_BAD_BOX);
    enum council_error error = home_step(&client->home, HOME_REPORT_LAST, &row);

    if (error == COUNCIL_OK && row)
        seq = home_column_int(stmt, 0);
    home_reset(&client->home, HOME_REPORT_LAST);
    /* Beyond the row's end: another process stored it since, and this log is loaded again. */
    if (error != COUNCIL_OK || seq == 0 || seq > log->seq)
        return error;
    error = epoch_of(client, log, seq, &epoch);
    /* Later keys have answered whatever was wrong before them. */
    if (error == COUNCIL_OK && epoch != 0 && epoch == replica->state.council.epoch)
        sync_bad_box(client->sync, log->log, epoch, seq);
    return error;
}

void store_report(void *ctx, const struct sync_report *report)
{
    struct client *client = ctx;
    struct sync_log_view view;
    char *evidence = NULL;

    if (report->kind == SYNC_REPORT_STORE_FAILED || report->kind == SYNC_REPORT_LOG_REFUSED ||
        report->kind == SYNC_REPORT_LOGIN_WAITS)
        return; /* the home's own trouble, or nobody's */
    evidence = evidence_of(report);
    enum council_error error = home_begin(&client->home);

    if (error == COUNCIL_OK) {
        error = put(client, report, evidence);
        if (error == COUNCIL_OK && report->log != NULL &&
            sync_log_view(client->sync, report->log, &view) && view.state == SYNC_LOG_STOPPED)
            error = stop_log(client, report->log, report->error, report->seq, evidence);
        error = home_end(&client->home, error);
    }
    if (error != COUNCIL_OK)
        client->trouble = client_home_failed(client, error);
    free(evidence);
}

void store_caught_up(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq)
{
    struct client *client = ctx;
    struct row_log row;
    bool found = false;

    uint64_t waiting = 0;
    struct sync_log_view view;

    (void)seq;
    /* Who was let in without having been asked for anything: what was kept of waiting is over. */
    if (sync_log_view(client->sync, log, &view) && !view.recovering &&
        offered_waits(client, log, &waiting))
        offered_recovering(client, log, false, 0);
    /* A server that was put right again is believed again: every entry was checked. */
    if (rows_log(&client->home, log, &row, &found) == COUNCIL_OK && found &&
        row.stopped != COUNCIL_OK && stop_log(client, log, COUNCIL_OK, 0, NULL) != COUNCIL_OK)
        client->trouble = client_home_failed(client, COUNCIL_E_HOME_IO);
}
