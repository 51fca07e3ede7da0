/*
 * cmd_update.c - the weekly update: composed from the week's own entries, kept privately, shared on purpose.
 *
 * Invariant: what is written goes into the journal first; nothing of the journal is in a draft unless the member asked for it.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/document.h"
#include "client/cli/habits.h"

static const char *const days[] = {"none",     "monday", "tuesday",  "wednesday",
                                   "thursday", "friday", "saturday", "sunday"};

enum {
    DAYS = sizeof days / sizeof days[0]
};

/* What one run works on. */
struct work {
    struct cli_council council, journal;
    struct cli_update week;
    const struct form *form;
    const struct model_revision *draft; /* this week's latest in the journal, or NULL */
};

/* The fields that the editor begins with: this week's draft, or a new one. Owned; NULL: printed. */
static json_t *first_values(struct cli *cli, const struct work *w)
{
    json_t *values = NULL;
    if (w->draft)
        values = json_deep_copy(w->draft->fields);
    else if (habits_compose(w->council.model,
                            cli_flag(cli, "with-journal") ? w->journal.model : NULL,
                            client_member(cli->client), &w->week.span, &values))
        values = NULL;
    if (!values)
        cli_fail(cli, COUNCIL_E_NO_MEMORY);
    return values;
}

static int read_values(struct cli *cli, const struct work *w, json_t **values)
{
    json_t *start = first_values(cli, w);
    if (!start)
        return CLI_FAILED;
    int result = cli_document_read(cli, w->form, start, cli_operand(cli, 0), values);
    json_decref(start);
    return result;
}

static int post(struct cli *cli, const struct work *w, const uint8_t *log, uint64_t revision,
                json_t *fields)
{
    char title[64];
    snprintf(title, sizeof title, "Weekly update, %s", w->week.date);
    return cli_document_post(cli, log, w->week.object, w->form, revision, title, fields);
}

/* Writes the next draft; one that says the same as the last is that one. */
static int write_draft(struct cli *cli, const struct work *w, json_t *values, uint64_t *revision)
{
    *revision = w->draft ? w->draft->revision : 0;
    if (w->draft && json_equal(values, w->draft->fields))
        return CLI_OK;
    return post(cli, w, w->journal.log, ++*revision, json_deep_copy(values));
}

static int share(struct cli *cli, const struct work *w, uint64_t revision, const json_t *values)
{
    struct content_fault fault;
    const struct model_document *shared =
        model_document(w->council.model, client_member(cli->client), w->week.object);
    if (!form_check(w->form->name, values, FORM_SHARED, &fault))
        return cli_fail_input(
            cli, "It is kept in your journal, but not shared yet: %s. `council update` goes on.",
            fault.text);
    if (shared && model_revision(shared, revision))
        return cli_fail_input(cli,
                              "This week's update is shared already, and nothing was changed.");
    return post(cli, w, w->council.log, revision, json_deep_copy(values));
}

static int say(struct cli *cli, const struct work *w, uint64_t revision, bool shared)
{
    char key[COUNCIL_ID_CHARS + 1];
    council_b64_encode(key, w->week.object, COUNCIL_ID_BYTES);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:I, s:s, s:b}", "document", key, "revision",
                                 (json_int_t)revision, "week", w->week.date, "shared", shared));
    else if (shared)
        printf("Your weekly update is shared with the council.\n");
    else
        printf("Your weekly update is in your journal; nobody else sees it. Share it with "
               "`council update --share`.\n");
    return CLI_OK;
}

/* With --share and a draft of this week there is nothing left to write, unless a file says something else. */
static int update(struct cli *cli, const struct work *w)
{
    json_t *values = NULL;
    uint64_t revision = 0;
    bool as_it_is = cli_flag(cli, "share") && w->draft && !cli_operand(cli, 0);
    int result = CLI_OK;
    if (as_it_is)
        values = json_deep_copy(w->draft->fields);
    else
        result = read_values(cli, w, &values);
    if (!result)
        result = write_draft(cli, w, values, &revision);
    bool sharing = !result && (cli_flag(cli, "share") || cli_flag(cli, "yes") ||
                               (!cli->json && cli_confirm(cli, "Share it with the council now?")));
    if (sharing)
        result = share(cli, w, revision, values);
    json_decref(values);
    return result ? result : say(cli, w, revision, sharing);
}

int cli_update(struct cli *cli)
{
    struct work w = {.form = form_find("weekly-update")};
    int result = cli_council(cli, &w.council);
    if (!result)
        result = cli_journal(cli, &w.journal);
    if (!result) {
        cli_update_week(cli, &w.council, &w.week);
        const struct model_document *d =
            model_document(w.journal.model, client_member(cli->client), w.week.object);
        w.draft = d ? model_revision(d, 0) : NULL;
    }
    if (!result && cli_flag(cli, "template")) {
        json_t *values = first_values(cli, &w);
        result = values ? cli_print_template(cli, form_template(w.form, values)) : CLI_FAILED;
        json_decref(values);
    } else if (!result) {
        result = update(cli, &w);
    }
    cli_council_fini(&w.journal);
    cli_council_fini(&w.council);
    return result;
}

/* ---- its day ---- */

static int show_day(struct cli *cli, const struct cli_council *c)
{
    uint32_t day = c->model->update_day;
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:b}", "day", days[day], "due", cli_update_due(cli, c)));
    else if (day)
        printf("The weekly update is due on %c%ss.\n", days[day][0] - 'a' + 'A', days[day] + 1);
    else
        printf("The council has no day for the weekly update; a moderator chooses one: `council "
               "update day friday`.\n");
    return CLI_OK;
}

/* A day by three letters or more, or none. Returns DAYS for no such. */
static int named_day(const char *word)
{
    int day = 0;
    while (day < DAYS && (strlen(word) < 3 || strncasecmp(word, days[day], strlen(word)) != 0))
        day++;
    return day;
}

static int set_day(struct cli *cli, struct cli_council *c, const char *word)
{
    int day = named_day(word);
    const struct council_person *own = council_person(c->council, client_member(cli->client));
    if (day == DAYS)
        return cli_fail_usage(
            cli, "`%s` is not a day; monday, tuesday … sunday (three letters do), or none.", word);
    if (!own || !own->moderator)
        return cli_fail(cli, COUNCIL_E_NOT_MODERATOR);
    int result =
        cli_post(cli, c->log, json_pack("{s:s, s:i}", "type", "custom", "update", day), NULL);
    if (!result)
        result = cli_council_refresh(cli, c);
    return result ? result : show_day(cli, c);
}

int cli_update_day(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = cli_operand(cli, 0) ? set_day(cli, &c, cli_operand(cli, 0)) : show_day(cli, &c);
    cli_council_fini(&c);
    return result;
}
