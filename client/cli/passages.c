/*
 * passages.c - when a home looks after merges and closings: at the end of a sync, and while a command stays.
 *
 * Invariant: a look costs a council's model, so a command that stays looks again only after an entry came that may matter.
 */
#include "client/cli/passages.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOOK_MS = 1000 /* between two looks for what came */
};

void cli_say_closed(const struct cli *cli, const struct cli_council *council)
{
    const struct model_passages *p = &council->model->passages;
    char name[MODEL_NAME_MAX], when[64];
    if (!p->closed)
        return;
    model_name(council->model, p->closed_by, name);
    cli_time(p->closed_at, NULL, when);
    cli_say(cli, "%s was closed by %s, %s%s%s",
            council->model->title ? council->model->title : "The council", name, when,
            p->farewell ? ": " : ".", p->farewell ? p->farewell : "");
    cli_say(cli, "  Keep what you want of it: `council export FOLDER` writes out everything.");
}

void cli_passages(struct cli *cli, bool tell)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    bool failed = cli->failed; /* what a duty meets is said, but is not the command's failure */
    if (client_logs(cli->client, &logs, &count))
        return; /* said by whatever the command itself does */
    for (uint32_t i = 0; i < count; i++) {
        struct cli_council c = {0};
        if (logs[i].journal || !logs[i].member || logs[i].stopped || !logs[i].seq)
            continue;
        memcpy(c.log, logs[i].log, COUNCIL_KEY_BYTES);
        if (cli_council_refresh(cli, &c))
            continue;
        if (tell)
            cli_say_closed(cli, &c);
        if (!logs[i].recovering)
            cli_merge_duty(cli, &c);
        cli_council_fini(&c);
    }
    free(logs);
    cli->failed = failed;
}

/* ---- while a command stays ---- */

static bool matters(void *ctx, const struct client_post *post)
{
    bool *found = ctx;
    const char *type = content_text(post->content, "type");
    *found |= (type && strncmp(type, "merge", 5) == 0) ||
              (int)post->entry->kind == COUNCIL_KIND_MEMBER_JOIN;
    return true;
}

/* True if something came to one log since the last look that may matter. */
static bool news_of(struct cli *cli, struct cli_passages_watch *watch,
                    const struct client_log_info *info)
{
    bool found = false;
    uint32_t i = 0;
    while (i < watch->count && memcmp(watch->logs[i], info->log, COUNCIL_KEY_BYTES) != 0)
        i++;
    if (i == CLI_PASSAGES_LOGS_MAX)
        return false;
    if (i == watch->count) {
        memcpy(watch->logs[watch->count++], info->log, COUNCIL_KEY_BYTES);
        watch->seqs[i] = info->seq;
        return true;
    }
    if (watch->seqs[i] < info->seq)
        (void)!client_read(cli->client, info->log, watch->seqs[i], matters, &found);
    watch->seqs[i] = info->seq;
    return found;
}

void cli_passages_step(struct cli *cli, struct cli_passages_watch *watch)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    uint64_t now = client_now_ms();
    bool due = false;
    if (client_state(cli->client) != CLIENT_ONLINE ||
        (watch->looked && now - watch->looked_ms < LOOK_MS))
        return;
    watch->looked = true;
    watch->looked_ms = now;
    if (client_logs(cli->client, &logs, &count))
        return;
    for (uint32_t i = 0; i < count; i++)
        if (!logs[i].journal && logs[i].member)
            due |= news_of(cli, watch, &logs[i]);
    free(logs);
    if (due)
        cli_passages(cli, false);
}
