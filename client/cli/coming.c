/*
 * coming.c - which meetings come, and which one it is time for.
 *
 * Invariant: a meeting that was moved is listed where it is held, however far from its place in the schedule.
 */
#include "client/cli/coming.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/lib/presence.h"

enum {
    HOUR_MS = 3600000,
    MINUTE_MS = 60000
};

bool coming_own_zone(char out[SCHEDULE_ZONE_MAX + 1])
{
    char path[512];
    const char *tz = getenv("TZ"), *found = tz;
    if (!tz || !*tz) {
        ssize_t len = readlink("/etc/localtime", path, sizeof path - 1);
        path[len > 0 ? len : 0] = '\0';
        const char *folder = strstr(path, "zoneinfo/");
        found = folder ? folder + strlen("zoneinfo/") : "UTC";
    }
    if (*found == ':')
        found++;
    if (strlen(found) > SCHEDULE_ZONE_MAX || !schedule_zone_known(found))
        return false;
    snprintf(out, SCHEDULE_ZONE_MAX + 1, "%s", found);
    return true;
}

const char *coming_zone(struct cli *cli, const struct cli_council *c,
                        char buffer[SCHEDULE_ZONE_MAX + 1])
{
    const struct model_profile *profile = model_profile(c->model, client_member(cli->client));
    if (profile && profile->zone && schedule_zone_known(profile->zone))
        return profile->zone;
    return coming_own_zone(buffer) ? buffer : "UTC";
}

void coming_week(const struct cli_council *c, uint64_t now_ms, struct meeting_week *out)
{
    const char *zone = c->council->schedule.seq ? c->council->schedule.zone : "UTC";
    char local[2][SCHEDULE_LOCAL_CHARS + 1] = {"", ""};
    memset(out, 0, sizeof *out);
    out->now_ms = now_ms;
    if (schedule_to_local(now_ms, zone, local[0]) ||
        schedule_to_local(now_ms + 6 * 24 * (uint64_t)HOUR_MS, zone, local[1]))
        return; /* without a zone only what names no day is of this week */
    snprintf(out->from, sizeof out->from, "%.10s", local[0]);
    snprintf(out->until, sizeof out->until, "%.10s", local[1]);
}

/* ---- the list ---- */

/* In order of when they are held; the latest falls out where there is no room. */
static void insert(struct coming *list, uint32_t *found, uint32_t count, const struct coming *one)
{
    uint32_t at = *found;
    if (at == count) {
        if (at == 0 || list[at - 1].starts <= one->starts)
            return;
        at--;
    } else {
        ++*found;
    }
    for (; at > 0 && list[at - 1].starts > one->starts; at--)
        list[at] = list[at - 1];
    list[at] = *one;
}

static void as_held(const struct cli_council *c, const char *name, uint64_t utc_ms,
                    struct coming *out)
{
    const struct model_change *change = model_meeting_change(c->model, name);
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->held, sizeof out->held, "%s", name);
    out->starts = utc_ms;
    out->cancelled = change && change->cancelled;
    out->moved = change && !change->cancelled;
    if (out->moved) {
        memcpy(out->held, change->to, sizeof out->held);
        if (schedule_to_utc(out->held, c->council->schedule.zone, &out->starts))
            out->starts = utc_ms;
    }
}

static bool is_listed(const struct coming *list, uint32_t found, const char *name)
{
    for (uint32_t i = 0; i < found; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

int coming_list(struct cli *cli, const struct cli_council *c, uint64_t from_ms, uint32_t count,
                struct coming *out, uint32_t *found)
{
    const struct council_schedule *s = &c->council->schedule;
    struct schedule_rule rule = {s->start, s->zone, s->rrule};
    struct schedule_meeting list[COMING_MAX];
    struct coming one;
    uint32_t expanded = 0;
    *found = 0;
    if (!s->seq)
        return cli_fail(cli, COUNCIL_E_NO_SCHEDULE);
    if (schedule_expand(&rule, from_ms, count < COMING_MAX ? count : COMING_MAX, list, &expanded))
        return cli_fail_input(
            cli,
            "The schedule's zone (%s) or rule is not known to this machine; update its time zones.",
            s->zone);
    for (uint32_t i = 0; i < expanded; i++) {
        as_held(c, list[i].local, list[i].utc_ms, &one);
        if (one.starts >= from_ms)
            insert(out, found, count, &one);
    }
    for (uint32_t i = 0; i < c->model->change_count; i++) { /* moved here from elsewhere */
        const char *name = c->model->changes[i].meeting;
        uint64_t utc_ms;
        if (is_listed(out, *found, name) || schedule_to_utc(name, s->zone, &utc_ms))
            continue;
        as_held(c, name, utc_ms, &one);
        if (one.moved && one.starts >= from_ms)
            insert(out, found, count, &one);
    }
    return CLI_OK;
}

/* True for one that was opened and closed: opened early, it is over before its time. */
static bool is_over(const struct cli_council *c, const char *name)
{
    const struct model_meeting *held = meeting_find(c->model, name);
    return held && !held->open;
}

int coming_first(struct cli *cli, const struct cli_council *c, uint64_t from_ms, struct coming *out,
                 bool *found)
{
    struct coming list[COMING_MAX];
    uint32_t count = 0;
    *found = false;
    int result = coming_list(cli, c, from_ms, 16, list, &count);
    for (uint32_t i = 0; !result && i < count && !*found; i++)
        if (!list[i].cancelled && !is_over(c, list[i].name)) {
            *out = list[i];
            *found = true;
        }
    return result;
}

int coming_next(struct cli *cli, const struct cli_council *c, struct coming *out)
{
    bool found;
    int result =
        coming_first(cli, c, client_server_now_ms(cli->client) - COMING_GRACE_MS, out, &found);
    return result || found
               ? result
               : cli_fail_input(cli, "None of the next meetings is held: all are cancelled.");
}

bool coming_now(struct cli *cli, const struct cli_council *c, struct coming *out)
{
    struct coming list[8];
    uint64_t now = client_server_now_ms(cli->client),
             lasts = (uint64_t)c->council->schedule.minutes * MINUTE_MS;
    uint32_t found = 0;
    bool any = false;
    if (!c->council->schedule.seq || coming_list(cli, c, now - lasts - HOUR_MS, 8, list, &found))
        return false;
    for (uint32_t i = 0; i < found; i++) {
        if (list[i].cancelled || list[i].starts > now + COMING_EARLY_MS || is_over(c, list[i].name))
            continue;
        *out = list[i]; /* the latest that it is time for */
        any = true;
    }
    return any;
}

int coming_named(struct cli *cli, const struct cli_council *c, const char *word,
                 char out[SCHEDULE_LOCAL_CHARS + 1])
{
    const struct council_schedule *s = &c->council->schedule;
    struct schedule_rule rule = {s->start, s->zone, s->rrule};
    struct coming next;
    if (!s->seq)
        return cli_fail(cli, COUNCIL_E_NO_SCHEDULE);
    if (!word || strcmp(word, "next") == 0) {
        int result = coming_next(cli, c, &next);
        if (!result)
            memcpy(out, next.name, sizeof next.name);
        return result;
    }
    const char *name = NULL;
    if (council_local_valid(word, (uint32_t)strlen(word)) && schedule_is_meeting(&rule, word))
        name = word;
    for (uint32_t i = 0; !name && i < c->model->change_count; i++)
        if (!c->model->changes[i].cancelled && strcmp(c->model->changes[i].to, word) == 0)
            name = c->model->changes[i].meeting;
    if (!name)
        return cli_fail_input(
            cli, "`%s` is not a meeting of the schedule; `council schedule show` lists them.",
            word);
    memcpy(out, name, SCHEDULE_LOCAL_CHARS + 1);
    return CLI_OK;
}

bool coming_clash(struct cli *cli, const struct cli_council *c, const char *name, uint64_t at_ms,
                  struct coming *out)
{
    uint64_t lasts = (uint64_t)c->council->schedule.minutes * MINUTE_MS;
    struct coming list[8];
    uint32_t found = 0;
    if (coming_list(cli, c, at_ms > lasts ? at_ms - lasts + 1 : 0, 8, list, &found))
        return false;
    for (uint32_t i = 0; i < found; i++)
        if (!list[i].cancelled && strcmp(list[i].name, name) != 0 &&
            list[i].starts < at_ms + lasts) {
            *out = list[i];
            return true;
        }
    return false;
}
