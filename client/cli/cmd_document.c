/*
 * cmd_document.c - writing documents: begin, edit, share, comment.
 *
 * Drafts live in the journal; sharing copies one revision to the council, on purpose. Invariant: nothing but `document share` puts a
 * document where others can read it.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/document.h"
#include "client/lib/mail.h"

int cli_document_read(struct cli *cli, const struct form *form, const json_t *start,
                      const char *file, json_t **values)
{
    struct content_fault fault;
    char *text = NULL, *template = form_template(form, start);
    uint32_t len = 0;
    if (!template)
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    int result = cli_text(cli, NULL, file, template, &text, &len);
    enum council_error error = result ? COUNCIL_OK : form_parse(form, text, len, values, &fault);
    if (error == COUNCIL_E_BAD_INPUT)
        result = cli_fail_input(cli, "%s", fault.text);
    else if (error)
        result = cli_fail(cli, error);
    free(text);
    free(template);
    return result;
}

int cli_document_post(struct cli *cli, const uint8_t *log, const uint8_t *object,
                      const struct form *form, uint64_t revision, const char *title, json_t *fields)
{
    json_t *content = json_pack("{s:s, s:o, s:s, s:I, s:s*, s:o}", "type", "document", "object",
                                cli_json_bytes(object, COUNCIL_ID_BYTES), "form", form->name,
                                "revision", (json_int_t)revision, "title", title, "fields", fields);
    return cli_post(cli, log, content, NULL);
}

static int say_revision(struct cli *cli, const uint8_t *object, uint64_t revision, const char *what)
{
    char key[COUNCIL_ID_CHARS + 1];
    council_b64_encode(key, object, COUNCIL_ID_BYTES);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:I}", "document", key, "revision", (json_int_t)revision));
    else
        printf("Document %.8s, revision %llu: %s\n", key, (unsigned long long)revision, what);
    return CLI_OK;
}

int cli_document_new(struct cli *cli)
{
    const char *name = cli_option(cli, "form") ? cli_option(cli, "form") : "two-pager";
    const struct form *form = form_find(name);
    uint8_t object[COUNCIL_ID_BYTES];
    json_t *values = NULL;
    if (!form)
        return cli_fail_usage(cli, "there is no form `%s`.", name);
    if (cli_flag(cli, "template")) {
        return cli_print_template(cli, form_template(form, NULL));
    }
    int result = cli_document_read(cli, form, NULL, cli_operand(cli, 0), &values);
    if (result)
        return result;
    do
        client_random(object, sizeof object);
    while (object[0] >> 2 == 62); /* an id that begins with "-" would be taken for an option */
    result = cli_document_post(cli, client_journal(cli->client), object, form, 1,
                               cli_option(cli, "title"), values);
    return result ? result : say_revision(cli, object, 1, "in your journal; nobody else sees it.");
}

int cli_document_edit(struct cli *cli)
{
    struct cli_council journal;
    json_t *values = NULL;
    const struct model_document *d = NULL;
    uint64_t next = 0;
    int result = cli_journal(cli, &journal);
    if (result)
        return result;
    d = cli_document_find(cli, &journal, cli_operand(cli, 0));
    const struct model_revision *latest = d ? model_revision(d, 0) : NULL;
    if (latest)
        result = cli_document_read(cli, d->form, latest->fields, cli_operand(cli, 1), &values);
    else
        result = cli->failed
                     ? CLI_FAILED
                     : cli_fail_input(
                           cli, "You have no draft of `%s`; `council document list` shows yours.",
                           cli_operand(cli, 0));
    if (latest && !result) {
        next = latest->revision + 1;
        result =
            cli_document_post(cli, journal.log, d->object, d->form, next, latest->title, values);
    }
    if (latest && !result)
        result = say_revision(cli, d->object, next, "in your journal; nobody else sees it.");
    cli_council_fini(&journal);
    return result;
}

/* The others are told by mail that something waits for them. What was shared stays shared, whatever comes of it. */
static int ask_others(struct cli *cli, const struct cli_council *c)
{
    enum council_error error = cli->offline
                                   ? COUNCIL_E_NO_NETWORK
                                   : client_mail_nudge(cli->client, c->log, cli->timeout_ms);
    if (error)
        cli_say(cli, "council: It is shared, but nobody is told by mail. %s %s",
                council_error_info(error)->what, council_error_info(error)->next);
    else
        cli_say(cli, "Those who want it are told by mail that something waits for them.");
    return CLI_OK;
}

static int share(struct cli *cli, const struct cli_council *journal, const struct cli_council *c,
                 uint64_t number)
{
    struct content_fault fault;
    const struct model_document *d = cli_document_find(cli, journal, cli_operand(cli, 0));
    const struct model_revision *revision = d ? model_revision(d, number) : NULL;
    if (!revision)
        return cli->failed
                   ? CLI_FAILED
                   : cli_fail_input(cli,
                                    "You have no such draft; `council document list` shows yours.");
    if (!form_check(d->form->name, revision->fields, FORM_SHARED, &fault))
        return cli_fail_input(cli, "Not shared yet. %s; edit it with `council document edit`.",
                              fault.text);
    const struct model_document *shared =
        model_document(c->model, client_member(cli->client), d->object);
    if (shared && model_revision(shared, revision->revision))
        return cli_fail_input(cli, "Revision %llu is shared already.",
                              (unsigned long long)revision->revision);
    int result = cli_document_post(cli, c->log, d->object, d->form, revision->revision,
                                   revision->title, json_deep_copy(revision->fields));
    if (!result)
        result = say_revision(cli, d->object, revision->revision, "shared with the council.");
    if (!result && cli_flag(cli, "ask"))
        result = ask_others(cli, c);
    return result;
}

int cli_document_share(struct cli *cli)
{
    struct cli_council journal = {0}, c = {0};
    uint64_t number;
    if (!cli_option_number(cli, "revision", 1, 1000000, 0, &number))
        return CLI_USAGE;
    int result = cli_journal(cli, &journal);
    if (!result)
        result = cli_council(cli, &c);
    if (!result)
        result = share(cli, &journal, &c, number);
    cli_council_fini(&journal);
    cli_council_fini(&c);
    return result;
}

static bool field_known(const struct form *form, const char *name)
{
    uint32_t count;
    const struct form_field *list = form_fields(form, &count);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

static int comment(struct cli *cli, const struct cli_council *c)
{
    const struct model_document *d = cli_document_find(cli, c, cli_operand(cli, 0));
    const char *field = cli_option(cli, "field");
    char *text = NULL;
    uint32_t len;
    if (!d)
        return cli->failed
                   ? CLI_FAILED
                   : cli_fail_input(
                         cli,
                         "No document `%s` is shared here; `council document list` shows them.",
                         cli_operand(cli, 0));
    if (field && !field_known(d->form, field))
        return cli_fail_input(cli, "%s has no field `%s`.", d->form->title, field);
    int result = cli_text(cli, cli_option(cli, "message"), cli_operand(cli, 1), "", &text, &len);
    if (result)
        return result;
    json_t *content =
        json_pack("{s:s, s:o, s:o, s:I, s:s*, s:s}", "type", "comment", "author",
                  cli_json_bytes(d->author, COUNCIL_KEY_BYTES), "object",
                  cli_json_bytes(d->object, COUNCIL_ID_BYTES), "revision",
                  (json_int_t)model_revision(d, 0)->revision, "field", field, "text", text);
    free(text);
    result = content ? cli_post(cli, c->log, content, NULL)
                     : cli_fail_input(cli, "The text is not valid UTF-8.");
    if (!result)
        cli_say(cli, "Your comment is posted.");
    return result;
}

int cli_document_comment(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = comment(cli, &c);
    cli_council_fini(&c);
    return result;
}
