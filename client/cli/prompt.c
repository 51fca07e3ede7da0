/*
 * prompt.c - what is said without being asked: an update that is due, an orientation that is not finished.
 *
 * Invariant: once a day and home, and never in the way of a program that reads JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/habits.h"

bool cli_update_due(struct cli *cli, const struct cli_council *c)
{
    struct cli_update week;
    if (!c->model->update_day || c->model->passages.closed ||
        model_landed(c->model, client_member(cli->client)))
        return false;
    cli_update_week(cli, c, &week);
    return week.today && !week.shared;
}

/* True if it was not yet said on that day; from then on it was. */
static bool first_time(struct cli *cli, const uint8_t *log, const char *date)
{
    char name[32 + COUNCIL_KEY_CHARS], key[COUNCIL_KEY_CHARS + 1], *said = NULL;
    uint32_t len = 0;
    council_b64_encode(key, log, COUNCIL_KEY_BYTES);
    snprintf(name, sizeof name, "update prompt %s", key);
    bool known = client_draft_get(cli->client, name, &said, &len) == COUNCIL_OK;
    bool same = known && len == strlen(date) && memcmp(said, date, len) == 0;
    free(said);
    if (!same) /* where it cannot be kept it is said again: better twice than never */
        (void)!client_draft_put(cli->client, name, date, (uint32_t)strlen(date));
    return !same;
}

void cli_update_prompt(struct cli *cli, const struct cli_council *c)
{
    struct cli_update week;
    if (cli->json || cli->quiet || !cli_update_due(cli, c))
        return;
    cli_update_week(cli, c, &week);
    if (!first_time(cli, c->log, week.date))
        return;
    cli_say(cli,
            "Today is the day of the weekly update in %s: `council update` begins yours from what "
            "you did.",
            c->model->title ? c->model->title : "your council");
}

void cli_update_prompts(struct cli *cli)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    if (cli->json || cli->quiet || client_logs(cli->client, &logs, &count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct cli_council c = {0};
        if (logs[i].journal || !logs[i].member)
            continue;
        memcpy(c.log, logs[i].log, COUNCIL_KEY_BYTES);
        if (!cli_council_refresh(cli, &c))
            cli_update_prompt(cli, &c);
        cli_council_fini(&c);
    }
    free(logs);
}

void cli_orientation_warn(struct cli *cli, const struct cli_council *c)
{
    char names[COUNCIL_SIZE_MAX * (MODEL_NAME_MAX + 2)] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < c->council->person_count; i++) {
        const struct council_person *person = &c->council->people[i];
        char name[MODEL_NAME_MAX];
        if (!person->member || course_finished(c->model, person->pin.member, COURSE_ORIENTATION) ||
            at + MODEL_NAME_MAX + 2 > sizeof names)
            continue;
        model_name(c->model, person->pin.member, name);
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", at ? ", " : "", name);
    }
    if (at)
        cli_say(cli,
                "This is your first meeting, and not everybody has finished the orientation: %s. "
                "`council orientation who` shows how far they are.",
                names);
}

json_t *cli_course_json(const struct cli_council *c, const uint8_t *member, enum course_id id)
{
    return json_pack("{s:i, s:i, s:b}", "done", (int)course_done(c->model, member, id), "steps",
                     (int)course_info(id)->count, "finished",
                     course_finished(c->model, member, id));
}
