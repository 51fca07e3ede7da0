/*
 * cmd_moderate.c - the overview over all councils that a member moderates.
 *
 * Gathers what the pure overview (client/model/oversight.h) wants to know: the log's state, the next meeting by the calendar, what cannot be read. Invariant: it is computed
 * here, from what this member reads anyway; nobody is told that somebody looked.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/coming.h"
#include "client/lib/presence.h"
#include "client/model/oversight.h"

enum {
    AHEAD = 16 /* meetings that are looked through for one that is not cancelled */
};

/* One council as it is looked at. */
struct view {
    struct cli_council c;
    struct oversight_given given;
    struct oversight seen;
    char today[SCHEDULE_LOCAL_CHARS + 1], next[SCHEDULE_LOCAL_CHARS + 1];
    uint64_t starts; /* of the next meeting, unix ms; 0 for none */
};

/* ---- gathering ---- */

/* The next meeting that is held. Without a schedule there is none. */
static void find_next(struct cli *cli, struct view *v)
{
    struct coming list[AHEAD];
    uint64_t now = v->given.now_ms;
    uint32_t found = 0;
    if (!v->c.council->schedule.seq ||
        coming_list(cli, &v->c, now - COMING_GRACE_MS, AHEAD, list, &found))
        return;
    for (uint32_t i = 0; i < found; i++) {
        if (list[i].cancelled || list[i].starts + COMING_GRACE_MS <= now ||
            (v->starts && list[i].starts >= v->starts))
            continue;
        v->starts = list[i].starts;
        memcpy(v->next, list[i].name, sizeof v->next);
    }
}

struct unreadable {
    uint64_t first_epoch; /* of this member's stays, where history is not shared */
    uint32_t count;
};

static bool count_unreadable(void *ctx, const struct client_post *post)
{
    struct unreadable *u = ctx;
    u->count += post->unreadable && post->unreadable != COUNCIL_E_ERASED && !post->erased &&
                post->entry->epoch >= u->first_epoch;
    return true;
}

static const char *zone_of(const struct council *council)
{
    return council->schedule.seq ? council->schedule.zone : "UTC";
}

static uint64_t day_ms(const struct oversight_given *given, const char *day)
{
    char begins[SCHEDULE_LOCAL_CHARS + 1];
    uint64_t utc_ms;
    snprintf(begins, sizeof begins, "%.10sT00:00", day);
    return schedule_to_utc(begins, zone_of(given->council), &utc_ms) ? 0 : utc_ms;
}

static int gather(struct cli *cli, const struct client_log_info *info, struct view *v)
{
    struct unreadable unreadable = {0};
    memcpy(v->c.log, info->log, COUNCIL_KEY_BYTES);
    int result = cli_council_refresh(cli, &v->c);
    if (result)
        return result;
    const struct council_person *self = council_person(v->c.council, client_member(cli->client));
    if (self && self->stay_count && !v->c.council->history_all)
        unreadable.first_epoch = self->stays[0].from;
    enum council_error error =
        client_read(cli->client, info->log, 0, count_unreadable, &unreadable);
    if (error)
        return cli_fail(cli, error);
    v->given = (struct oversight_given){.council = v->c.council,
                                        .model = v->c.model,
                                        .self = client_member(cli->client),
                                        .now_ms = client_server_now_ms(cli->client),
                                        .today = v->today,
                                        .day_ms = day_ms,
                                        .unreadable = unreadable.count,
                                        .stopped = info->stopped != COUNCIL_OK,
                                        .recovering = info->recovering};
    find_next(cli, v);
    v->given.next = v->starts ? v->next : NULL;
    if (schedule_to_local(v->given.now_ms, zone_of(v->c.council), v->today) == COUNCIL_OK)
        v->today[10] = '\0'; /* the date alone */
    oversight_look(&v->given, &v->seen);
    return CLI_OK;
}

/* ---- showing ---- */

static void print_line(const struct view *v, const struct oversight_line *line)
{
    char text[OVERSIGHT_TEXT_MAX], command[OVERSIGHT_TEXT_MAX];
    oversight_say(&v->given, line, text);
    oversight_command(&v->given, line, command);
    printf("  - ");
    cli_print_text(stdout, text, "    ");
    printf("\n      %s\n", command);
}

static void print_text(const struct view *v)
{
    const struct oversight *o = &v->seen;
    char key[COUNCIL_KEY_CHARS + 1], when[64];
    council_b64_encode(key, v->c.log, COUNCIL_KEY_BYTES);
    cli_print_text(stdout, v->c.model->title ? v->c.model->title : "(no name yet)", "");
    printf(" (%.8s): %s, %u of %u member%s", key, oversight_state_word(o->state), o->members,
           v->c.council->size, v->c.council->size == 1 ? "" : "s");
    if (o->alumni)
        printf(", %u searching, %u alumna%s", o->seeking, o->alumni, o->alumni == 1 ? "" : "e");
    printf("\n");
    if (v->starts) {
        cli_time(v->starts, NULL, when);
        printf("  next meeting %s: %u yes, %u late, %u no, %u silent\n", when, o->yes, o->late,
               o->no, o->silent);
    }
    for (uint32_t i = 0; i < o->count; i++)
        print_line(v, &o->lines[i]);
    if (!o->count)
        printf("  Nothing needs you.\n");
}

static json_t *line_json(const struct view *v, const struct oversight_line *line)
{
    char text[OVERSIGHT_TEXT_MAX], command[OVERSIGHT_TEXT_MAX], name[MODEL_NAME_MAX];
    oversight_say(&v->given, line, text);
    oversight_command(&v->given, line, command);
    json_t *object = json_pack("{s:s, s:s, s:s}", "what", oversight_name(line->what), "text", text,
                               "do", command);
    if (line->member) {
        model_name(v->c.model, line->member, name);
        json_object_set_new(object, "member", cli_json_bytes(line->member, COUNCIL_KEY_BYTES));
        json_object_set_new(object, "name", json_string(name));
    }
    if (line->since_ms)
        json_object_set_new(object, "since", json_integer((json_int_t)line->since_ms));
    if (line->n || line->m)
        json_object_set_new(object, "n", json_integer(line->n));
    if (line->m)
        json_object_set_new(object, "of", json_integer(line->m));
    return object;
}

static void print_object(const struct view *v)
{
    const struct oversight *o = &v->seen;
    json_t *lines = json_array(), *next = json_null();
    for (uint32_t i = 0; i < o->count; i++)
        json_array_append_new(lines, line_json(v, &o->lines[i]));
    if (v->starts)
        next = json_pack("{s:s, s:I, s:i, s:i, s:i, s:i}", "meeting", v->next, "starts",
                         (json_int_t)v->starts, "yes", (int)o->yes, "late", (int)o->late, "no",
                         (int)o->no, "silent", (int)o->silent);
    cli_print_json(json_pack("{s:o, s:s*, s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:o}", "council",
                             cli_json_bytes(v->c.log, COUNCIL_KEY_BYTES), "name", v->c.model->title,
                             "state", oversight_state_word(o->state), "members", (int)o->members,
                             "seeking", (int)o->seeking, "alumni", (int)o->alumni, "size",
                             (int)v->c.council->size, "held", (int)o->held, "next", next, "lines",
                             lines));
}

static bool moderates(struct cli *cli, const struct client_log_info *info)
{
    const struct council *council = client_council(cli->client, info->log);
    const struct council_person *self =
        council && !info->journal ? council_person(council, client_member(cli->client)) : NULL;
    return self && self->member && self->moderator;
}

static int show(struct cli *cli, const struct client_log_info *info, bool first)
{
    struct view *v = calloc(1, sizeof *v);
    if (!v)
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    int result = gather(cli, info, v);
    if (!result && cli->json) {
        print_object(v);
    } else if (!result) {
        if (!first)
            printf("\n");
        print_text(v);
    }
    cli_council_fini(&v->c);
    free(v);
    return result;
}

int cli_moderate(struct cli *cli)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0, shown = 0;
    enum council_error error = client_logs(cli->client, &logs, &count);
    int result = error ? cli_fail(cli, error) : CLI_OK;
    for (uint32_t i = 0; !result && i < count; i++)
        if (moderates(cli, &logs[i]))
            result = show(cli, &logs[i], shown++ == 0);
    if (!result && !shown && !cli->json)
        printf("You moderate no council.\n");
    free(logs);
    return result;
}
