/*
 * cmd_agenda.c - the phases of meetings: shown, set for the council or for one meeting, put back.
 */
#include <string.h>

#include "client/cli/meeting.h"

static json_t *agenda_json(const struct agenda *agenda, const char *meeting)
{
    json_t *phases = json_array();
    for (uint32_t i = 0; i < agenda->count; i++)
        json_array_append_new(phases, json_pack("{s:s, s:i, s:s}", "title", agenda->phases[i].title,
                                                "minutes", (int)agenda->phases[i].minutes, "kind",
                                                agenda->phases[i].kind));
    return json_pack("{s:s?, s:s, s:i, s:o}", "meeting", meeting, "source",
                     agenda_source_word(agenda->source), "minutes", (int)agenda_minutes(agenda),
                     "phases", phases);
}

static void print_agenda(struct cli *cli, const struct agenda *agenda, const char *meeting)
{
    static const char *const whose[] = {[AGENDA_DEFAULT] = "the usual one",
                                        [AGENDA_ZERO] = "meeting zero: personal stories",
                                        [AGENDA_COUNCIL] = "the council's own",
                                        [AGENDA_MEETING] = "this meeting's own"};
    if (cli->json) {
        cli_print_json(agenda_json(agenda, meeting));
        return;
    }
    printf("Agenda%s%s: %s, %u minutes\n", meeting ? " of " : "", meeting ? meeting : "",
           whose[agenda->source], agenda_minutes(agenda));
    for (uint32_t i = 0; i < agenda->count; i++) {
        printf("  %2u. ", i + 1);
        cli_print_text(stdout, agenda->phases[i].title, "");
        printf(", %u min\n", agenda->phases[i].minutes);
        if (*agenda_hint(agenda->phases[i].kind))
            printf("      %s\n", agenda_hint(agenda->phases[i].kind));
    }
}

/* The meeting meant by a word, in `buffer`; NULL for none. False: printed. */
static bool meant(struct cli *cli, const struct cli_council *c, const char *word,
                  char buffer[SCHEDULE_LOCAL_CHARS + 1], const char **out)
{
    *out = NULL;
    if (!word)
        return true;
    *out = buffer;
    if (meeting_find(c->model, word)) { /* one that is not in the schedule may run, too */
        snprintf(buffer, SCHEDULE_LOCAL_CHARS + 1, "%s", word);
        return true;
    }
    return coming_named(cli, c, word, buffer) == CLI_OK;
}

int cli_agenda_show(struct cli *cli)
{
    struct cli_council c;
    struct agenda agenda;
    char buffer[SCHEDULE_LOCAL_CHARS + 1];
    const char *meeting;
    int result = cli_council(cli, &c);
    if (!result && !meant(cli, &c, cli_operand(cli, 0), buffer, &meeting))
        result = CLI_FAILED;
    if (!result) {
        agenda_for(c.model, meeting, &agenda);
        print_agenda(cli, &agenda, meeting);
    }
    cli_council_fini(&c);
    return result;
}

/* Moderators set it; of one meeting that is open also who leads it or opened it: others' would change nothing. */
static int may_set(struct cli *cli, const struct cli_council *c, const char *meeting)
{
    const uint8_t *me = client_member(cli->client);
    const struct council_person *person = council_person(c->council, me);
    const struct model_meeting *running = meeting_running(c->model);
    bool runs = meeting && running && strcmp(running->name, meeting) == 0;
    if ((person && person->moderator) ||
        (runs && (memcmp(c->council->meeting.facilitator, me, COUNCIL_KEY_BYTES) == 0 ||
                  memcmp(running->opener, me, COUNCIL_KEY_BYTES) == 0)))
        return CLI_OK;
    return cli_fail_words(cli, COUNCIL_E_NOT_MODERATOR,
                          "Moderators set the agenda; of the meeting that runs, its facilitator "
                          "may as well.");
}

static int set(struct cli *cli, struct cli_council *c, const char *const *words, uint32_t count)
{
    char buffer[SCHEDULE_LOCAL_CHARS + 1];
    const char *meeting;
    struct content_fault fault = {""};
    struct agenda agenda;
    json_t *content = NULL;
    if (!meant(cli, c, cli_option(cli, "meeting"), buffer, &meeting))
        return CLI_FAILED;
    int result = may_set(cli, c, meeting);
    if (result)
        return result;
    enum council_error error = agenda_content(meeting, words, count, &content, &fault);
    if (error == COUNCIL_E_BAD_INPUT)
        return cli_fail_usage(cli, "%s.", fault.text);
    if (error)
        return cli_fail(cli, error);
    result = cli_post(cli, c->log, content, NULL);
    if (!result)
        result = cli_council_refresh(cli, c);
    if (result)
        return result;
    agenda_for(c->model, meeting, &agenda);
    print_agenda(cli, &agenda, meeting);
    if (meeting && c->council->meeting.open && strcmp(c->council->meeting.meeting, meeting) == 0 &&
        agenda.count != c->council->meeting.phases)
        cli_say(cli,
                "The meeting that runs keeps its %u phases: their number is fixed once it is "
                "open.",
                c->council->meeting.phases);
    return CLI_OK;
}

int cli_agenda_set(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = set(cli, &c, cli->operands, (uint32_t)cli->operand_count);
    cli_council_fini(&c);
    return result;
}

int cli_agenda_reset(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = set(cli, &c, NULL, 0);
    cli_council_fini(&c);
    return result;
}
