/*
 * cmd_document_show.c - reading documents: list, show, history.
 *
 * One's own drafts come from the journal, what is shared from the council; both are shown together, and marked.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/document.h"

struct shelf {
    struct cli_council journal, council;
    bool shared; /* the council was there to be read */
};

const struct model_document *cli_document_find(struct cli *cli, const struct cli_council *c,
                                               const char *word)
{
    const struct model_document *found = NULL;
    for (uint32_t i = 0; i < c->model->document_count; i++) {
        char key[COUNCIL_ID_CHARS + 1];
        council_b64_encode(key, c->model->documents[i].object, COUNCIL_ID_BYTES);
        if (strlen(word) < 4 || strncmp(key, word, strlen(word)) != 0)
            continue;
        if (found) {
            cli_fail_input(cli, "More than one document fits `%s`; use more of its id.", word);
            return NULL;
        }
        found = &c->model->documents[i];
    }
    return found;
}

static int open_shelf(struct cli *cli, struct shelf *shelf)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0, councils = 0;
    memset(shelf, 0, sizeof *shelf);
    int result = cli_journal(cli, &shelf->journal);
    enum council_error error = result ? COUNCIL_OK : client_logs(cli->client, &logs, &count);
    for (uint32_t i = 0; i < count; i++)
        councils += !logs[i].journal && logs[i].member;
    free(logs);
    if (error)
        return cli_fail(cli, error);
    if (!result &&
        (councils ||
         cli_option(cli, "council"))) { /* drafts can be read before one is in a council */
        result = cli_council(cli, &shelf->council);
        shelf->shared = !result;
    }
    return result;
}

static void close_shelf(struct shelf *shelf)
{
    cli_council_fini(&shelf->journal);
    cli_council_fini(&shelf->council);
}

static void print_line(struct cli *cli, const struct cli_council *c, const struct model_document *d,
                       bool draft)
{
    char key[COUNCIL_ID_CHARS + 1], name[MODEL_NAME_MAX], when[64];
    const struct model_revision *latest = model_revision(d, 0);
    council_b64_encode(key, d->object, COUNCIL_ID_BYTES);
    model_name(c->model, d->author, name);
    cli_time(latest->at, NULL, when);
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:s*, s:o, s:s, s:I, s:i, s:b}", "document", key,
                                 "form", d->form->name, "title", latest->title, "author",
                                 cli_json_bytes(d->author, COUNCIL_KEY_BYTES), "name",
                                 draft ? "you" : name, "revision", (json_int_t)latest->revision,
                                 "comments", (int)d->comment_count, "draft", draft));
        return;
    }
    printf("%.8s  %-6s  %s, revision %llu of %s", key, draft ? "draft" : "shared",
           latest->title ? "" : d->form->title, (unsigned long long)latest->revision, when);
    if (latest->title) {
        printf(": ");
        cli_print_text(stdout, latest->title, "");
    }
    printf(draft ? "" : ", by ");
    if (!draft)
        cli_print_text(stdout, name, "");
    if (d->comment_count)
        printf(", %u comment%s", d->comment_count, d->comment_count == 1 ? "" : "s");
    printf("\n");
}

int cli_document_list(struct cli *cli)
{
    struct shelf shelf;
    int result = open_shelf(cli, &shelf);
    for (uint32_t i = 0; !result && i < shelf.journal.model->document_count; i++)
        print_line(cli, &shelf.journal, &shelf.journal.model->documents[i], true);
    for (uint32_t i = 0; !result && shelf.shared && i < shelf.council.model->document_count; i++)
        print_line(cli, &shelf.council, &shelf.council.model->documents[i], false);
    close_shelf(&shelf);
    return result;
}

static void print_comments(struct cli *cli, const struct cli_council *c,
                           const struct model_document *d, json_t *list)
{
    for (uint32_t i = 0; i < d->comment_count; i++) {
        const struct model_comment *comment = &d->comments[i];
        char name[MODEL_NAME_MAX], when[64];
        model_name(c->model, comment->author, name);
        cli_time(comment->at, NULL, when);
        json_array_append_new(list, json_pack("{s:I, s:s, s:I, s:s*, s:s}", "seq",
                                              (json_int_t)comment->seq, "name", name, "revision",
                                              (json_int_t)comment->revision, "field",
                                              comment->field, "text", comment->text));
        if (cli->json)
            continue;
        printf("%s  %s  ", i ? "" : "\n--- comments\n", when);
        cli_print_text(stdout, name, "");
        printf(" on revision %llu%s", (unsigned long long)comment->revision,
               comment->field ? ", " : "");
        cli_print_text(stdout, comment->field ? comment->field : "", "");
        printf(":\n    ");
        cli_print_text(stdout, comment->text, "    ");
        printf("\n");
    }
}

static int print_document(struct cli *cli, const struct cli_council *c,
                          const struct model_document *d, uint64_t number)
{
    const struct model_revision *revision = model_revision(d, number);
    char key[COUNCIL_ID_CHARS + 1], *text;
    if (!revision)
        return cli_fail_input(cli, "There is no revision %llu here.", (unsigned long long)number);
    json_t *comments = json_array();
    council_b64_encode(key, d->object, COUNCIL_ID_BYTES);
    text = cli->json ? NULL : form_template(d->form, revision->fields);
    for (char *line = text; line && *line;) { /* the template without its help */
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        if (*line != '>') {
            cli_print_text(stdout, *line == '\\' ? line + 1 : line, "");
            printf("\n");
        }
        line = end ? end + 1 : line + strlen(line);
    }
    free(text);
    print_comments(cli, c, d, comments);
    if (cli->json)
        cli_print_json(json_pack(
            "{s:s, s:s, s:s*, s:o, s:I, s:O, s:O}", "document", key, "form", d->form->name, "title",
            revision->title, "author", cli_json_bytes(d->author, COUNCIL_KEY_BYTES), "revision",
            (json_int_t)revision->revision, "fields", revision->fields, "comments", comments));
    json_decref(comments);
    return CLI_OK;
}

int cli_document_show(struct cli *cli)
{
    struct shelf shelf;
    uint64_t number;
    if (!cli_option_number(cli, "revision", 1, 1000000, 0, &number))
        return CLI_USAGE;
    int result = open_shelf(cli, &shelf);
    if (!result) {
        const char *word = cli_operand(cli, 0);
        const struct model_document *shared =
            shelf.shared ? cli_document_find(cli, &shelf.council, word) : NULL;
        const struct model_document *draft = cli_document_find(cli, &shelf.journal, word);
        if (shared && (!number || model_revision(shared, number)))
            result = print_document(cli, &shelf.council, shared, number);
        else if (draft)
            result = print_document(cli, &shelf.journal, draft, number);
        else
            result = cli->failed ? CLI_FAILED
                                 : cli_fail_input(cli, "There is no such document or revision; "
                                                       "`council document list` shows them.");
    }
    close_shelf(&shelf);
    return result;
}

static void print_revisions(struct cli *cli, const struct model_document *d, bool draft)
{
    for (uint32_t i = 0; d && i < d->revision_count; i++) {
        const struct model_revision *r = &d->revisions[i];
        char when[64];
        uint32_t comments = 0;
        for (uint32_t k = 0; k < d->comment_count; k++)
            comments += d->comments[k].revision == r->revision;
        cli_time(r->at, NULL, when);
        if (cli->json)
            cli_print_json(json_pack("{s:I, s:I, s:I, s:b, s:i}", "revision",
                                     (json_int_t)r->revision, "seq", (json_int_t)r->seq, "at",
                                     (json_int_t)r->at, "draft", draft, "comments", (int)comments));
        else
            printf("%3llu  %s  %s, %u comment%s\n", (unsigned long long)r->revision, when,
                   draft ? "draft" : "shared", comments, comments == 1 ? "" : "s");
    }
}

int cli_document_history(struct cli *cli)
{
    struct shelf shelf;
    int result = open_shelf(cli, &shelf);
    if (!result) {
        const struct model_document *draft =
            cli_document_find(cli, &shelf.journal, cli_operand(cli, 0));
        const struct model_document *shared =
            shelf.shared ? cli_document_find(cli, &shelf.council, cli_operand(cli, 0)) : NULL;
        print_revisions(cli, draft, true);
        print_revisions(cli, shared, false);
        if (!draft && !shared)
            result =
                cli->failed
                    ? CLI_FAILED
                    : cli_fail_input(
                          cli, "There is no such document; `council document list` shows them.");
    }
    close_shelf(&shelf);
    return result;
}
