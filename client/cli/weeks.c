/*
 * weeks.c - weeks on the calendar: of the history, and of the weekly update.
 *
 * The calendar is the C library's and libical's (protocol/schedule). Invariant: the same council, member and week give the same document, on every device.
 */
#include <langinfo.h>
#include <string.h>
#include <time.h>

#include "client/cli/habits.h"
#include "protocol/schedule/schedule.h"

enum {
    DAY_MS = 86400000,
    SPAN_DAYS = 7,      /* what a draft looks back on where no update was shared before */
    SPAN_DAYS_MAX = 14, /* and at most */
    THURSDAY = 3,       /* the middle of a week that begins on Monday */
    NEAR_DAYS = 3
};

void cli_weeks(uint32_t count, uint64_t starts[CLI_WEEKS_MAX + 1])
{
    time_t now = (time_t)(client_now_ms() / 1000);
    struct tm tm = {0};
    localtime_r(&now, &tm);
    int monday = tm.tm_mday - (tm.tm_wday + 6) % 7;
    for (uint32_t i = 0; i <= count; i++) {
        struct tm start = {.tm_year = tm.tm_year,
                           .tm_mon = tm.tm_mon,
                           .tm_mday = monday + 7 * ((int)i + 1 - (int)count),
                           .tm_isdst = -1};
        time_t at = mktime(&start); /* days out of the month are brought into the calendar */
        starts[i] = at > 0 ? (uint64_t)at * 1000 : 0;
    }
}

void cli_week_name(uint64_t start, bool iso, char out[16])
{
    time_t at = (time_t)(start / 1000);
    struct tm tm = {0};
    localtime_r(&at, &tm);
    (void)strftime(out, 16, iso ? "%Y-%m-%d" : "%d %b", &tm);
}

bool cli_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- the week of an update ---- */

/* The local time of an instant in the council's zone, or on this machine's clock before it has a schedule. */
static void local_of(const struct council *council, uint64_t ms, char out[COUNCIL_LOCAL_CHARS + 1])
{
    time_t at = (time_t)(ms / 1000);
    struct tm tm = {0};
    if (council->schedule.seq && !schedule_to_local(ms, council->schedule.zone, out))
        return;
    localtime_r(&at, &tm);
    (void)strftime(out, COUNCIL_LOCAL_CHARS + 1, "%Y-%m-%dT%H:%M", &tm);
}

/* A date some days later (or earlier). */
static void shifted(const char *date, int days, char out[CLI_DATE_CHARS + 1])
{
    struct tm tm = {0};
    (void)strptime(date, "%Y-%m-%d", &tm); /* dates here are our own */
    tm.tm_mday += days;
    tm.tm_hour = 12;
    time_t noon = timegm(&tm);
    (void)gmtime_r(&noon, &tm);
    (void)strftime(out, CLI_DATE_CHARS + 1, "%Y-%m-%d", &tm);
}

/* True if the author first shared an update in the week around the date. */
static bool shared_near(const struct cli_council *c, const uint8_t *author, const char *date)
{
    char from[CLI_DATE_CHARS + 1], local[COUNCIL_LOCAL_CHARS + 1];
    uint64_t last = habits_last_update(c->model, author, NULL);
    shifted(date, -NEAR_DAYS, from);
    local_of(c->council, last, local);
    return last && strncmp(local, from, CLI_DATE_CHARS) >= 0;
}

void cli_update_week(struct cli *cli, const struct cli_council *c, struct cli_update *out)
{
    uint64_t now = client_now_ms(), since;
    const uint8_t *own = client_member(cli->client);
    char local[COUNCIL_LOCAL_CHARS + 1];
    memset(out, 0, sizeof *out);
    local_of(c->council, now, local);
    int day = c->model->update_day ? (int)c->model->update_day - 1 : THURSDAY;
    int ahead = (day - (int)council_local_weekday(local) + 7) % 7;
    local[CLI_DATE_CHARS] = '\0';
    shifted(local, ahead > NEAR_DAYS ? ahead - 7 : ahead, out->date);
    habits_update_object(c->log, own, out->date, out->object);
    out->today = c->model->update_day && ahead == 0;
    out->shared = model_document(c->model, own, out->object) || shared_near(c, own, out->date);
    since = habits_last_update(c->model, own, out->object);
    if (!since)
        since = now - (uint64_t)SPAN_DAYS * DAY_MS;
    if (since < now - (uint64_t)SPAN_DAYS_MAX * DAY_MS)
        since = now - (uint64_t)SPAN_DAYS_MAX * DAY_MS;
    out->span.from = since;
    out->span.to = now + DAY_MS; /* the server's clock may be ahead of this one */
    local_of(c->council, out->span.from, out->span.from_local);
    local_of(c->council, out->span.to, out->span.to_local);
}
