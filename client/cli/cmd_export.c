/*
 * cmd_export.c - everything that this member can read, in the clear: JSON Lines for programs, Markdown for people.
 *
 * Invariant: nothing that is there is overwritten; files are the member's alone (0600).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/entry_line.h"
#include "client/model/meeting.h"

struct exporting {
    FILE *lines;
    const struct model *model;
    uint64_t count;
};

static FILE *create(const char *folder, const char *name, const char *ending)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    int fd = len > 0 && (size_t)len < sizeof path
                 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

static bool export_line(void *ctx, const struct client_post *post)
{
    struct exporting *e = ctx;
    json_t *object = cli_entry_json(e->model, post);
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    bool ok = line && fprintf(e->lines, "%s\n", line) > 0;
    free(line);
    json_decref(object);
    e->count++;
    return ok;
}

static void quote(FILE *out, const char *text)
{
    fprintf(out, "> ");
    cli_print_text(out, text, "> ");
    fprintf(out, "\n\n");
}

static void bold(FILE *out, const char *name)
{
    fprintf(out, "**");
    cli_print_text(out, name, "");
    fprintf(out, "**");
}

static void markdown_notes(FILE *out, const struct model *m)
{
    fprintf(out, "## Notes\n\n");
    for (uint32_t i = 0; i < m->note_count; i++) {
        char name[MODEL_NAME_MAX], when[64];
        model_name(m, m->notes[i].author, name);
        cli_time(m->notes[i].at, NULL, when);
        bold(out, name);
        fprintf(out, ", %s (%llu)\n\n", when, (unsigned long long)m->notes[i].seq);
        quote(out, m->notes[i].text);
    }
}

static void markdown_documents(FILE *out, const struct model *m)
{
    fprintf(out, "## Documents\n\n");
    for (uint32_t i = 0; i < m->document_count; i++) {
        const struct model_document *d = &m->documents[i];
        for (uint32_t r = 0; r < d->revision_count; r++) {
            char name[MODEL_NAME_MAX], *text = form_template(d->form, d->revisions[r].fields);
            model_name(m, d->author, name);
            fprintf(out, "### ");
            cli_print_text(out, d->revisions[r].title ? d->revisions[r].title : d->form->title, "");
            fprintf(out, " by ");
            cli_print_text(out, name, "");
            fprintf(out, ", revision %llu\n\n", (unsigned long long)d->revisions[r].revision);
            if (text)
                quote(out, text);
            free(text);
        }
        for (uint32_t k = 0; k < d->comment_count; k++) {
            char name[MODEL_NAME_MAX];
            model_name(m, d->comments[k].author, name);
            bold(out, name);
            fprintf(out, " on revision %llu:\n\n", (unsigned long long)d->comments[k].revision);
            quote(out, d->comments[k].text);
        }
    }
}

static void markdown_commitments(FILE *out, const struct model *m)
{
    fprintf(out, "## Commitments\n\n");
    for (uint32_t i = 0; i < m->commitment_count; i++) {
        char name[MODEL_NAME_MAX];
        model_name(m, m->commitments[i].author, name);
        fprintf(out, "- ");
        bold(out, name);
        fprintf(out, ": ");
        cli_print_text(out, m->commitments[i].text, "  ");
        fprintf(out, ": %s\n", model_commitment_word(m->commitments[i].state));
    }
}

static void markdown_lines(FILE *out, const struct model *m, const char *title,
                           const struct meeting_line *lines, uint32_t count)
{
    if (count)
        fprintf(out, "%s\n\n", title);
    for (uint32_t i = 0; i < count; i++) {
        char name[MODEL_NAME_MAX];
        model_name(m, lines[i].member, name);
        fprintf(out, "- ");
        bold(out, name);
        fprintf(out, ": ");
        cli_print_text(out, lines[i].text, "  ");
        fprintf(out, "\n");
    }
    if (count)
        fprintf(out, "\n");
}

static void markdown_meetings(FILE *out, const struct model *m)
{
    fprintf(out, "## Meetings\n\n");
    for (uint32_t i = 0; i < m->meeting_count; i++) {
        const struct model_meeting *meeting = &m->meetings[i];
        fprintf(out, "### %s\n\nThere:", meeting->name);
        for (uint32_t k = 0; k < meeting->attendee_count; k++) {
            char name[MODEL_NAME_MAX];
            model_name(m, meeting->attendees[k].member, name);
            fprintf(out, "%s ", k ? "," : "");
            cli_print_text(out, name, "");
        }
        fprintf(out, "\n\n");
        markdown_lines(out, m, "Minutes:", meeting->minutes, meeting->minute_count);
        markdown_lines(out, m, "One word each:", meeting->words, meeting->word_count);
    }
}

static int export_log(struct cli *cli, const char *folder, const struct client_log_info *info,
                      uint64_t *total)
{
    char name[COUNCIL_KEY_CHARS + 16], key[COUNCIL_KEY_CHARS + 1];
    struct cli_council c = {0};
    memcpy(c.log, info->log, COUNCIL_KEY_BYTES);
    int result = cli_council_refresh(cli, &c);
    if (result)
        return result;
    council_b64_encode(key, info->log, COUNCIL_KEY_BYTES);
    snprintf(name, sizeof name, "%s-%.8s", info->journal ? "journal" : "council", key);
    struct exporting e = {.lines = create(folder, name, ".jsonl"), .model = c.model};
    FILE *page = create(folder, name, ".md");
    enum council_error error =
        e.lines && page ? client_read(cli->client, info->log, 0, export_line, &e) : COUNCIL_OK;
    if (page) {
        fprintf(page, "# ");
        cli_print_text(page,
                       c.model->title  ? c.model->title
                       : info->journal ? "Journal"
                                       : "Council",
                       "");
        fprintf(page, "\n\n");
        markdown_notes(page, c.model);
        markdown_documents(page, c.model);
        markdown_commitments(page, c.model);
        if (!info->journal)
            markdown_meetings(page, c.model);
    }
    bool written = e.lines && page && !ferror(e.lines) && !ferror(page);
    written = (!e.lines || fclose(e.lines) == 0) && written;
    written = (!page || fclose(page) == 0) && written;
    cli_council_fini(&c);
    *total += e.count;
    if (error)
        return cli_fail(cli, error);
    return written ? CLI_OK
                   : cli_fail_input(cli, "%s/%s could not be written: %s.", folder, name,
                                    strerror(errno));
}

int cli_export(struct cli *cli)
{
    const char *folder = cli_operand(cli, 0);
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    uint64_t total = 0;
    int result = CLI_OK;
    if (mkdir(folder, 0700))
        return cli_fail_input(cli, "%s: %s.", folder, strerror(errno));
    enum council_error error = client_logs(cli->client, &logs, &count);
    if (error)
        result = cli_fail(cli, error);
    for (uint32_t i = 0; !result && i < count; i++) {
        cli_say(cli, "%u of %u", i + 1, count);
        result = export_log(cli, folder, &logs[i], &total);
    }
    free(logs);
    if (result)
        return result;
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:i, s:I}", "folder", folder, "logs", (int)count, "entries",
                                 (json_int_t)total));
    else
        printf("%llu entries of %u logs are in %s, in the clear. Keep it safe.\n",
               (unsigned long long)total, count, folder);
    return CLI_OK;
}
