/*
 * cmd_course.c - the orientation and the moderators' training: reading their steps, saying what is done, who has finished.
 *
 * The texts are client/model/courses.def's. Invariant: without a council the texts can be read all the same; only saying that a step is done needs one.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/habits.h"

enum {
    COLUMNS = 76
};

/* What the words of a course do. */
struct action {
    const char *word;
    int (*run)(struct cli *cli, struct cli_council *c, enum course_id id);
};

/* ---- reading ---- */

/* How many columns a word of UTF-8 takes, in the scripts that these texts are written in. */
static size_t columns(const char *word, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)word[i] & 0xc0) != 0x80;
    return count;
}

/* Prints our own text with lines broken between words. */
static void print_wrapped(const char *text)
{
    size_t at = 0;
    while (*text) {
        size_t len = strcspn(text, " \n"), wide = columns(text, len);
        if (at && at + 1 + wide > COLUMNS) {
            printf("\n");
            at = 0;
        }
        printf("%s%.*s", at ? " " : "", (int)len, text);
        at += wide + (at > 0);
        text += len;
        for (; *text == '\n'; text++, at = 0)
            printf("\n");
        text += strspn(text, " ");
    }
    printf("\n");
}

static json_t *step_json(const struct cli_council *c, const uint8_t *own, enum course_id id,
                         uint32_t index, bool text)
{
    const struct course_step *step = &course_info(id)->steps[index];
    return json_pack("{s:s, s:i, s:s, s:s, s:s*, s:b}", "course", course_info(id)->name, "number",
                     (int)index + 1, "name", step->name, "title", step->title, "text",
                     text ? step->text : NULL, "done", course_step_done(c->model, own, id, index));
}

static int list(struct cli *cli, struct cli_council *c, enum course_id id)
{
    const struct course *course = course_info(id);
    const uint8_t *own = client_member(cli->client);
    uint32_t next = course_next(c->model, own, id);
    if (!cli->json) {
        printf("%s\n", course->title);
        print_wrapped(course->what);
        printf("\n");
    }
    for (uint32_t i = 0; i < course->count; i++) {
        bool done = course_step_done(c->model, own, id, i);
        if (cli->json)
            cli_print_json(step_json(c, own, id, i, false));
        else
            printf("  %2u. %s%s\n", i + 1, course->steps[i].title, done ? "  (done)" : "");
    }
    if (!cli->json && next < course->count)
        printf("\nRead step %u with `council %s show`; after it, `council %s done`.\n", next + 1,
               course->name, course->name);
    else if (!cli->json)
        printf("\nYou have done all of it. `council %s show N` shows a step again.\n",
               course->name);
    return CLI_OK;
}

/* The step of the second operand, or the next one that is not done. False: printed. */
static bool named_step(struct cli *cli, const struct cli_council *c, enum course_id id,
                       uint32_t *index)
{
    const struct course *course = course_info(id);
    const char *word = cli_operand(cli, 1);
    char *end = NULL;
    *index = course_next(c->model, client_member(cli->client), id);
    if (!word) {
        if (*index == course->count)
            cli_fail_input(cli, "You have done all %u steps; name the one that you mean.",
                           course->count);
        return *index < course->count;
    }
    unsigned long number = strtoul(word, &end, 10);
    *index = course_step_find(id, word);
    if (end != word && !*end && number >= 1 && number <= course->count)
        *index = (uint32_t)number - 1;
    if (*index < course->count)
        return true;
    cli_fail_usage(cli, "the steps are 1 to %u, not `%s`.", course->count, word);
    return false;
}

static int show(struct cli *cli, struct cli_council *c, enum course_id id)
{
    const struct course *course = course_info(id);
    uint32_t i;
    if (!named_step(cli, c, id, &i))
        return cli_operand(cli, 1) ? CLI_USAGE : CLI_FAILED;
    if (cli->json) {
        cli_print_json(step_json(c, client_member(cli->client), id, i, true));
        return CLI_OK;
    }
    printf("%u of %u: %s\n\n", i + 1, course->count, course->steps[i].title);
    print_wrapped(course->steps[i].text);
    if (!course_step_done(c->model, client_member(cli->client), id, i))
        printf("\nRead it? `council %s done %u`\n", course->name, i + 1);
    return CLI_OK;
}

/* ---- saying that it is done ---- */

static int post_step(struct cli *cli, struct cli_council *c, enum course_id id, uint32_t index)
{
    const struct course *course = course_info(id);
    int result = course_step_done(c->model, client_member(cli->client), id, index)
                     ? CLI_OK
                     : cli_post(cli, c->log,
                                json_pack("{s:s, s:s, s:s}", "type", "step", "course", course->name,
                                          "step", course->steps[index].name),
                                NULL);
    return result;
}

static int say_done(struct cli *cli, struct cli_council *c, enum course_id id)
{
    const struct course *course = course_info(id);
    const uint8_t *own = client_member(cli->client);
    int result = cli_council_refresh(cli, c);
    if (result)
        return result;
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:i, s:i, s:b}", "course", course->name, "done",
                                 (int)course_done(c->model, own, id), "steps", (int)course->count,
                                 "finished", course_finished(c->model, own, id)));
    else if (course_finished(c->model, own, id))
        printf("Done: you have finished the %s.\n", course->name);
    else
        printf("%u of %u done; next: %s\n", course_done(c->model, own, id), course->count,
               course->steps[course_next(c->model, own, id)].title);
    return CLI_OK;
}

static int done(struct cli *cli, struct cli_council *c, enum course_id id)
{
    uint32_t first = 0, last = course_info(id)->count;
    int result = CLI_OK;
    bool all = cli_operand(cli, 1) && strcmp(cli_operand(cli, 1), "all") == 0;
    if (!all && !named_step(cli, c, id, &first))
        return cli_operand(cli, 1) ? CLI_USAGE : CLI_FAILED;
    if (!all)
        last = first + 1;
    for (uint32_t i = first; !result && i < last; i++)
        result = post_step(cli, c, id, i);
    return result ? result : say_done(cli, c, id);
}

/* ---- who has finished ---- */

static int who(struct cli *cli, struct cli_council *c, enum course_id id)
{
    for (uint32_t i = 0; i < c->council->person_count; i++) {
        const struct council_person *person = &c->council->people[i];
        const uint8_t *member = person->pin.member;
        uint32_t count = course_done(c->model, member, id);
        char name[MODEL_NAME_MAX], when[64];
        if (!person->member)
            continue;
        model_name(c->model, member, name);
        cli_time(course_finished_at(c->model, member, id), NULL, when);
        if (cli->json) {
            json_t *row = cli_course_json(c, member, id);
            json_object_set_new(row, "member", cli_json_bytes(member, COUNCIL_KEY_BYTES));
            json_object_set_new(row, "name", json_string(name));
            json_object_set_new(row, "moderator", json_boolean(person->moderator));
            cli_print_json(row);
            continue;
        }
        printf("  ");
        cli_print_text(stdout, name, "  ");
        printf("%s: %s", person->moderator ? ", moderator" : "",
               *when   ? "finished, "
               : count ? ""
                       : "not begun");
        if (*when)
            printf("%s\n", when);
        else if (count)
            printf("%u of %u\n", count, course_info(id)->count);
        else
            printf("\n");
    }
    return CLI_OK;
}

static const struct action actions[] = {
    {"list", list}, {"show", show}, {"done", done}, {"who", who}};

/* True if this home is in any council, or was. */
static bool any_council(struct cli *cli)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    bool any = false;
    if (client_logs(cli->client, &logs, &count))
        return true; /* the error is told when the council is looked for */
    for (uint32_t i = 0; i < count; i++)
        any |= !logs[i].journal;
    free(logs);
    return any;
}

static int run(struct cli *cli, enum course_id id)
{
    const char *word = cli_operand(cli, 0);
    const struct action *action = word ? NULL : &actions[0];
    struct cli_council c = {0};
    for (size_t i = 0; word && i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(word, actions[i].word) == 0)
            action = &actions[i];
    if (!action)
        return cli_fail_usage(cli, "list, show, done or who, not `%s`.", word);
    bool reading = action->run == list || action->run == show;
    int result = CLI_OK;
    if (reading && !any_council(cli)) {
        c.model = model_create();
        result = c.model ? CLI_OK : cli_fail(cli, COUNCIL_E_NO_MEMORY);
    } else {
        result = cli_council(cli, &c);
    }
    if (!result)
        result = action->run(cli, &c, id);
    cli_council_fini(&c);
    return result;
}

int cli_orientation(struct cli *cli)
{
    return run(cli, COURSE_ORIENTATION);
}

int cli_training(struct cli *cli)
{
    return run(cli, COURSE_TRAINING);
}
