/*
 * cmd_meeting.c - a meeting by single commands: next phase, more time, roles, hot seat, minutes, the word at the end.
 *
 * Each is one act of client/model/meeting_act.h, submitted. Invariant: whoever does something in a meeting is there, and the log says so
 * once; looking, closing and handing over say nothing of the kind.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/meeting.h"

/* An act with its council, and what it is about. */
struct doing {
    struct cli *cli;
    struct cli_council c;
    struct meeting_view view;
    struct meeting_act act;
    struct content_fault fault;
    char name[MODEL_NAME_MAX]; /* of the member that it is about */
    uint8_t member[COUNCIL_KEY_BYTES];
};

typedef enum council_error act_fn(struct doing *d);

/* Loads the council, and the member named by the operand where `with_member`. */
static int begin(struct cli *cli, struct doing *d, bool with_member)
{
    memset(d, 0, sizeof *d);
    d->cli = cli;
    int result = cli_council(cli, &d->c);
    if (!result && with_member && !cli_member(cli, &d->c, cli_operand(cli, 0), false, d->member))
        result = CLI_FAILED;
    if (!result)
        model_name(d->c.model, with_member ? d->member : client_member(cli->client), d->name);
    return result;
}

/* Enters the meeting where the act is one of somebody who is there, then acts. */
static int act_on(struct doing *d, act_fn *act, bool enter)
{
    int result = enter ? meeting_enter(d->cli, &d->c) : CLI_OK;
    if (result)
        return result;
    d->view = meeting_view(d->cli, &d->c);
    enum council_error error = act(d);
    return meeting_submit(d->cli, &d->c, error, &d->act, &d->fault, NULL);
}

static int end(struct doing *d, int result)
{
    cli_council_fini(&d->c);
    return result;
}

/* ---- the course of a meeting ---- */

static enum council_error next(struct doing *d)
{
    return meeting_act_next(&d->view, &d->act, &d->fault);
}

int cli_meeting_next(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, false);
    if (!result)
        result = act_on(&d, next, true);
    const struct model_meeting *meeting = result ? NULL : meeting_running(d.c.model);
    if (meeting && meeting->phase > 0)
        meeting_done(cli, &d.c, "%s: %u minutes.", meeting->phases[meeting->phase - 1].title,
                     meeting->phases[meeting->phase - 1].minutes);
    return end(&d, result);
}

static enum council_error extend(struct doing *d)
{
    const char *word = cli_operand(d->cli, 0);
    char *rest = NULL;
    unsigned long minutes = word ? strtoul(word, &rest, 10) : 5;
    return meeting_act_extend(&d->view, rest && *rest ? 0 : minutes, &d->act, &d->fault);
}

int cli_meeting_extend(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, false);
    if (!result)
        result = act_on(&d, extend, true);
    if (!result)
        meeting_done(cli, &d.c, "The phase takes longer now.");
    return end(&d, result);
}

static enum council_error close_it(struct doing *d)
{
    return meeting_act_close(&d->view, &d->act, &d->fault);
}

int cli_meeting_close(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, false);
    const struct model_meeting *meeting = result ? NULL : meeting_running(d.c.model);
    char name[COUNCIL_LOCAL_CHARS + 1] = "";
    if (meeting)
        memcpy(name, meeting->name, sizeof name);
    if (!result)
        result = act_on(&d, close_it, false);
    meeting = result ? NULL : meeting_find(d.c.model, name);
    if (meeting && cli->json)
        cli_print_json(meeting_json(cli, &d.c, meeting));
    else if (meeting)
        cli_say(cli,
                "The meeting of %s is over. Who was there, the minutes and the commitments are in "
                "the log: `council meeting show %s`.",
                name, name);
    return end(&d, result);
}

/* ---- who does what ---- */

static enum council_error hand(struct doing *d)
{
    return meeting_act_hand(&d->view, d->member, &d->act, &d->fault);
}

int cli_meeting_hand_over(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, true);
    if (!result)
        result = act_on(&d, hand, false);
    if (!result)
        meeting_done(cli, &d.c, "%s leads the meeting now.", d.name);
    return end(&d, result);
}

int cli_meeting_take_over(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, false);
    if (!result) {
        memcpy(d.member, client_member(cli->client), COUNCIL_KEY_BYTES);
        result = act_on(&d, hand, true);
    }
    if (!result)
        meeting_done(cli, &d.c, "You lead the meeting now.");
    return end(&d, result);
}

int cli_meeting_roles(struct cli *cli)
{
    static const char *const options[] = {"timekeeper", "scribe"};
    uint8_t member[2][COUNCIL_KEY_BYTES];
    const uint8_t *given[2] = {NULL, NULL};
    struct doing d;
    int result = begin(cli, &d, false);
    for (size_t i = 0; !result && i < 2; i++) {
        const char *word = cli_option(cli, options[i]);
        if (word && !cli_member(cli, &d.c, word, false, member[i]))
            result = CLI_FAILED;
        else if (word)
            given[i] = member[i];
    }
    if (!result && !given[0] && !given[1])
        result = cli_fail_usage(cli, "name somebody: --timekeeper MEMBER, --scribe MEMBER.");
    if (!result)
        result = meeting_enter(cli, &d.c);
    if (!result) {
        d.view = meeting_view(cli, &d.c);
        enum council_error error = meeting_act_roles(&d.view, given[0], given[1], &d.act, &d.fault);
        result = meeting_submit(cli, &d.c, error, &d.act, &d.fault, NULL);
    }
    if (!result)
        meeting_done(cli, &d.c, "So it is.");
    return end(&d, result);
}

static enum council_error attend(struct doing *d)
{
    return meeting_act_attend(&d->view, &d->act, &d->fault);
}

int cli_meeting_attend(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, false);
    if (!result)
        result = act_on(&d, attend, false);
    if (!result)
        meeting_done(cli, &d.c, "You are there.");
    return end(&d, result);
}

/* ---- the hot seat ---- */

static enum council_error seat(struct doing *d)
{
    const char *reason = cli_flag(d->cli, "interview") ? "interview"
                         : cli_flag(d->cli, "offer")   ? "offer"
                                                       : NULL;
    return meeting_act_seat(&d->view, strcmp(cli_operand(d->cli, 0), "in") == 0,
                            cli_option(d->cli, "why"), cli_option(d->cli, "day"), reason, &d->act,
                            &d->fault);
}

int cli_meeting_seat(struct cli *cli)
{
    struct doing d;
    const char *word = cli_operand(cli, 0);
    bool in = strcmp(word, "in") == 0;
    if (!in && strcmp(word, "out") != 0)
        return cli_fail_usage(cli, "`in` or `out`, not `%s`.", word);
    int result = begin(cli, &d, false);
    if (!result)
        result = act_on(&d, seat, false);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:o}", "queue", meeting_queue_json(cli, &d.c)));
    else if (!result)
        cli_say(cli, in ? "You are in the queue for the hot seat."
                        : "You are not in the queue for the hot seat; `council meeting seat in` "
                          "puts you back.");
    return end(&d, result);
}

static enum council_error seated(struct doing *d)
{
    return meeting_act_seated(&d->view, d->member, &d->act, &d->fault);
}

int cli_meeting_seated(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, true);
    if (!result)
        result = act_on(&d, seated, true);
    if (!result)
        meeting_done(cli, &d.c, "%s has the hot seat.", d.name);
    return end(&d, result);
}

/* ---- what is written ---- */

/* The operand, or all of standard input for "-". Owned; NULL: printed. */
static char *text_of(struct cli *cli)
{
    const char *word = cli_operand(cli, 0);
    uint32_t len;
    char *text = strcmp(word, "-") == 0 ? cli_read_all(0, &len) : strdup(word);
    if (!text)
        cli_fail_input(cli, "The text cannot be read.");
    for (size_t n = text ? strlen(text) : 0; n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    return text;
}

int cli_meeting_minute(struct cli *cli)
{
    const char *of = cli_option(cli, "meeting");
    char name[SCHEDULE_LOCAL_CHARS + 1] = "";
    struct doing d;
    char *text = text_of(cli);
    if (!text)
        return CLI_FAILED;
    int result = begin(cli, &d, false);
    if (!result && !of)
        result = meeting_enter(cli, &d.c);
    if (!result && of)
        snprintf(name, sizeof name, "%s", of);
    if (!result) {
        d.view = meeting_view(cli, &d.c);
        enum council_error error =
            meeting_act_minute(&d.view, of ? name : NULL, text, &d.act, &d.fault);
        result = meeting_submit(cli, &d.c, error, &d.act, &d.fault, NULL);
    }
    if (!result)
        meeting_done(cli, &d.c, "Taken down.");
    free(text);
    return end(&d, result);
}

static enum council_error word(struct doing *d)
{
    return meeting_act_word(&d->view, cli_operand(d->cli, 0), &d->act, &d->fault);
}

int cli_meeting_word(struct cli *cli)
{
    struct doing d;
    int result = begin(cli, &d, false);
    if (!result)
        result = act_on(&d, word, true);
    if (!result)
        meeting_done(cli, &d.c, "Taken down.");
    return end(&d, result);
}
