/*
 * cmd_follow.c - keeping up: watch, sync, agent, status.
 *
 * A signal ends `watch` and `agent` by waking the client's step; nothing is done in the handler itself.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/entry_line.h"
#include "client/cli/habits.h"
#include "client/cli/passages.h"
#include "client/cli/pool.h"

/* What a signal handler may touch: a flag, and client_wake, which is async-signal-safe. */
static volatile sig_atomic_t interrupted;
static struct client *interruptible;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    if (interruptible)
        client_wake(interruptible);
}

static void catch_signals(struct cli *cli)
{
    struct sigaction action = {.sa_handler = on_signal};
    interruptible = cli->client;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- watch ---- */

struct watch {
    struct cli *cli;
    struct cli_council council;
    uint64_t shown, limit;
    char *pool; /* owned: what was last said of the pool */
};

static void show(struct watch *w, const struct client_post *post)
{
    if (memcmp(post->log, w->council.log, COUNCIL_KEY_BYTES) != 0 ||
        (w->limit && w->shown >= w->limit))
        return;
    /* Names come with the very entries that are shown. */
    (void)cli_council_take(w->cli, &w->council, post);
    if (w->cli->json)
        cli_print_json(cli_entry_json(w->council.model, post));
    else
        cli_entry_text(stdout, w->council.model, post);
    fflush(stdout);
    w->shown++;
}

static void on_entry(void *ctx, const struct client_post *post)
{
    show(ctx, post);
}

static bool on_stored(void *ctx, const struct client_post *post)
{
    show(ctx, post);
    return true;
}

static void on_report(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], enum council_error error,
                      const char *detail)
{
    struct watch *w = ctx;
    (void)log;
    bool server = cli_blames_server(error);
    fprintf(stderr, "council: %s%s (", server ? "THE SERVER SHOWED SOMETHING WRONG: " : "",
            council_error_info(error)->what);
    cli_print_text(stderr, detail, "");
    fprintf(stderr, ")\n         %s\n", council_error_info(error)->next);
    w->cli->failed |= server;
}

static void on_state(void *ctx, enum client_state state)
{
    static const char *const words[] = {"offline", "connecting", "online",
                                        "waiting to connect again"};
    cli_say(((struct watch *)ctx)->cli, "-- %s", words[state]);
}

/* Said once, until it is another. */
static void on_pool(void *ctx, const json_t *shown)
{
    struct watch *w = ctx;
    char *line = pool_line(shown);
    if (line && (!w->pool || strcmp(w->pool, line) != 0))
        cli_say(w->cli, "-- %s", line);
    free(w->pool);
    w->pool = line;
}

enum {
    LOOK_MS = 500,      /* what other commands of this home put into its outbox is sent that soon */
    PROMPT_MS = 600000, /* how often `watch` looks whether a day has come */
};

/* The council as it is now: it moves under a client that steps. */
static void watch_prompt(const struct watch *w)
{
    struct cli_council now = w->council;
    now.council = client_council(w->cli->client, now.log);
    if (now.council)
        cli_update_prompt(w->cli, &now);
}

/* Steps until interrupted, the limit is reached, or something stops the client. */
static int follow(struct cli *cli, const struct watch *w)
{
    enum council_error error = COUNCIL_OK;
    if (!client_take_duties(cli->client))
        cli_say(cli, "-- another process of this home does its duties");
    client_connect(cli->client);
    uint64_t prompt = 0;
    struct cli_passages_watch passages = {0};
    while (!error && !interrupted && !(w && w->limit && w->shown >= w->limit)) {
        error = client_step(cli->client, LOOK_MS);
        cli_server_news(cli);
        cli_passages_step(cli, &passages);
        if (w && client_now_ms() >= prompt) {
            watch_prompt(w);
            prompt = client_now_ms() + PROMPT_MS;
        }
    }
    return error ? cli_fail(cli, error) : cli->failed ? CLI_SERVER : CLI_OK;
}

int cli_watch(struct cli *cli)
{
    struct watch w = {.cli = cli};
    struct client_events events = {on_entry, on_report, on_state, &w, on_pool};
    uint64_t since;
    if (!cli_option_number(cli, "since", 0, COUNCIL_INT_MAX, COUNCIL_INT_MAX, &since) ||
        !cli_option_number(cli, "count", 1, COUNCIL_INT_MAX, 0, &w.limit))
        return CLI_USAGE;
    int result = cli_council(cli, &w.council);
    if (result)
        return result;
    catch_signals(cli);
    enum council_error error = since == COUNCIL_INT_MAX
                                   ? COUNCIL_OK
                                   : client_read(cli->client, w.council.log, since, on_stored, &w);
    if (error)
        result = cli_fail(cli, error);
    client_listen(cli->client, &events);
    if (!result)
        result = follow(cli, &w);
    client_listen(cli->client, NULL);
    free(w.pool);
    cli_council_fini(&w.council);
    return result;
}

int cli_agent(struct cli *cli)
{
    struct watch w = {.cli = cli};
    const struct client_events events = {.ctx = &w, .pool = on_pool};
    enum council_error error = client_agent_start(cli->client);
    if (error)
        return cli_fail(cli, error);
    catch_signals(cli);
    cli_say(cli, "The agent runs; other commands of this home need no passphrase now. Interrupt it "
                 "to end it.");
    client_listen(cli->client, &events);
    int result = follow(cli, NULL);
    client_listen(cli->client, NULL);
    free(w.pool);
    return result;
}

/* ---- sync and status ---- */

static void sync_progress(void *ctx, uint64_t stored)
{
    cli_say(ctx, "%llu entries fetched", (unsigned long long)stored);
}

/* Which councils the server holds back until their members have come. */
static void say_waits(struct cli *cli)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    enum council_error error = client_logs(cli->client, &logs, &count);
    for (uint32_t i = 0; !error && i < count; i++) {
        char key[COUNCIL_KEY_CHARS + 1];
        council_b64_encode(key, logs[i].log, COUNCIL_KEY_BYTES);
        if (logs[i].recovering && logs[i].waiting)
            cli_say(cli, "%.8s waits for %llu member%s to come back: `council server show`.", key,
                    (unsigned long long)logs[i].waiting, logs[i].waiting == 1 ? "" : "s");
    }
    free(logs);
}

int cli_sync(struct cli *cli)
{
    enum council_error error =
        client_sync(cli->client, cli->timeout_ms, CLIENT_DUTIES_MS, sync_progress, cli);
    uint32_t waiting = client_outbox_count(cli->client);
    if (error)
        return cli_fail(cli, error);
    int result = cli_stopped(cli, NULL);
    if (cli->json)
        cli_print_json(json_pack("{s:b, s:i}", "synchronised", waiting == 0 && !result, "waiting",
                                 (int)waiting));
    else if (!result)
        printf(waiting ? "Up to date; %u still wait to be sent.\n" : "Up to date.\n", waiting);
    if (!cli->json)
        say_waits(cli);
    if (!result)
        cli_passages(cli, true);
    cli_update_prompts(cli);
    return result;
}

/* What a member of a council has before them; also adds it to the council's row. */
static void print_habits(struct cli *cli, const struct cli_council *c, json_t *row)
{
    const uint8_t *own = client_member(cli->client);
    bool due = cli_update_due(cli, c);
    json_object_set_new(row, "update_due", json_boolean(due));
    json_object_set_new(row, "orientation", cli_course_json(c, own, COURSE_ORIENTATION));
    if (cli->json)
        return;
    if (due)
        printf("            your weekly update is due today: `council update`\n");
    if (!course_finished(c->model, own, COURSE_ORIENTATION))
        printf("            orientation: %u of %u steps done: `council orientation`\n",
               course_done(c->model, own, COURSE_ORIENTATION),
               course_info(COURSE_ORIENTATION)->count);
}

/* Whether the council was closed, and whether this member landed: also added to the council's row. */
static void print_passages(struct cli *cli, const struct cli_council *c, json_t *row)
{
    const struct passage_landed *landed = model_landed(c->model, client_member(cli->client));
    json_object_set_new(row, "closed", json_boolean(c->model->passages.closed));
    json_object_set_new(row, "alumna", json_boolean(landed != NULL));
    if (cli->json)
        return;
    if (c->model->passages.closed)
        printf("            closed: `council export FOLDER` keeps what you want of it\n");
    if (landed)
        printf("            you are an alumna here\n");
    if (passage_merge_open(c->model))
        printf("            a merge is proposed: `council merge show`\n");
}

static void print_log(struct cli *cli, const struct client_log_info *info, json_t *list)
{
    char key[COUNCIL_KEY_CHARS + 1];
    struct cli_council c = {0};
    memcpy(c.log, info->log, COUNCIL_KEY_BYTES);
    if (cli_council_refresh(cli, &c))
        return;
    const char *title = c.model->title  ? c.model->title
                        : info->journal ? "journal"
                                        : "(no name yet)";
    uint32_t members = council_member_count(c.council);
    council_b64_encode(key, info->log, COUNCIL_KEY_BYTES);
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:b, s:b, s:I, s:i, s:b, s:b, s:I, s:s}", "log", key, "name",
                        title, "journal", info->journal, "member", info->member, "entries",
                        (json_int_t)info->seq, "members", (int)members, "rotation_due",
                        c.council->rotation_due, "recovering", info->recovering, "missing",
                        (json_int_t)info->waiting, "stopped", council_error_name(info->stopped)));
    if (!cli->json) {
        printf("  %.8s  ", key);
        cli_print_text(stdout, title, "");
        if (!info->journal)
            printf(", %s, %u member%s%s", c.council->fast ? "fast" : "slow", members,
                   members == 1 ? "" : "s",
                   info->member
                       ? members < 6 ? c.council->schedule.seq ? " (short)" : " (forming)" : ""
                       : "; you are a former member");
        printf(", %llu entries%s", (unsigned long long)info->seq,
               info->recovering
                   ? "; recovering: the server waits for members to bring back what they hold"
                   : "");
        printf("%s%s\n",
               c.council->rotation_due ? "; new keys are due: the next client online posts them"
                                       : "",
               info->stopped ? "; STOPPED: the server showed something wrong, see `council verify`"
                             : "");
    }
    if (!info->journal && info->member)
        print_passages(cli, &c, json_array_get(list, json_array_size(list) - 1));
    if (!info->journal && info->member && !model_landed(c.model, client_member(cli->client)))
        print_habits(cli, &c, json_array_get(list, json_array_size(list) - 1));
    cli_council_fini(&c);
}

/* What happened in the pool that is told once. Owned; NULL: nothing. */
static char *pool_news(struct cli *cli)
{
    static const char lost[] =
        "You are not in the pool any more: your time there was over, proposals went unanswered, or "
        "the server was put back from a backup. `council pool register` puts you back.";
    static const char empty[] =
        "Your program founded council %.8s for a group from the pool, and the group was over "
        "before "
        "anybody joined. `council close -C %.8s` ends it; or `council invite -C %.8s` somebody.";
    uint8_t log[COUNCIL_KEY_BYTES];
    char name[COUNCIL_KEY_CHARS + 1], line[sizeof empty + 3 * 8];
    if (client_pool_lost(cli->client))
        return strdup(lost);
    if (!client_pool_empty(cli->client, log))
        return NULL;
    council_b64_encode(name, log, COUNCIL_KEY_BYTES);
    (void)snprintf(line, sizeof line, empty, name, name, name);
    return strdup(line);
}

/* How one stands in the pool as was last known, printed unless with --json. Owned; NULL: nothing to say. */
static char *pool_status(struct cli *cli)
{
    json_t *shown = NULL;
    char *line = pool_news(cli);
    if (!line && client_pool_kept(cli->client, &shown) == COUNCIL_OK)
        line = pool_line(shown);
    if (line && !cli->json)
        puts(line);
    json_decref(shown);
    return line;
}

int cli_status(struct cli *cli)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0, waiting = client_outbox_count(cli->client);
    char member[COUNCIL_KEY_CHARS + 1];
    json_t *list = json_array(), *refused = json_array();
    const struct council_member *own = client_member_log(cli->client);
    council_b64_encode(member, client_member(cli->client), COUNCIL_KEY_BYTES);
    enum council_error error = client_logs(cli->client, &logs, &count);
    if (!cli->json && own)
        printf("Member %.8s at %s, %u device%s\n", member, client_server(cli->client),
               own->device_count, own->device_count == 1 ? "" : "s");
    else if (!cli->json)
        printf("Member %.8s at %s; this device is not yet added: `council device add` on one that "
               "you already use, then `council sync` here.\n",
               member, client_server(cli->client));
    if (!cli->json && client_member_stopped(cli->client))
        printf("  Your own member log is STOPPED: the server showed something wrong, see `council "
               "verify`\n");
    for (uint32_t i = 0; !error && i < count; i++)
        print_log(cli, &logs[i], list);
    if (!cli->json && !error && waiting)
        printf("%u entr%s wait to be sent: `council sync`.\n", waiting, waiting == 1 ? "y" : "ies");
    char *pool = pool_status(cli);
    int result =
        error ? cli_fail(cli, error) : cli_refused_show(cli, refused, cli_flag(cli, "forget"));
    if (cli->json && !result)
        cli_print_json(json_pack("{s:s, s:s, s:s, s:i, s:O, s:O, s:s*}", "member", member, "server",
                                 client_server(cli->client), "stopped",
                                 council_error_name(client_member_stopped(cli->client)), "waiting",
                                 (int)waiting, "logs", list, "refused", refused, "pool", pool));
    free(pool);
    json_decref(refused);
    json_decref(list);
    free(logs);
    return result;
}
