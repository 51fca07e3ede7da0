/*
 * cmd_council.c - founding and joining: create, invites, join.
 *
 * Invariant: an invite's link goes to standard output alone, so that it can be piped and is never logged.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/self.h"

enum {
    DAY_MS = 86400000
};

static const char *pace_of(struct cli *cli)
{
    const char *pace = cli_option(cli, "pace");
    if (!pace)
        cli_fail_usage(
            cli,
            "which pace? --pace fast (two meetings a week) or --pace slow (one every two weeks).");
    else if (strcmp(pace, "fast") != 0 && strcmp(pace, "slow") != 0) {
        cli_fail_usage(cli, "--pace is fast or slow, not `%s`.", pace);
        pace = NULL;
    }
    return pace;
}

int cli_create(struct cli *cli)
{
    const char *history = cli_option(cli, "history") ? cli_option(cli, "history") : "all";
    const char *pace = pace_of(cli);
    char key[COUNCIL_KEY_CHARS + 1];
    struct client_item standing;
    uint64_t size, item;
    if (!pace || !cli_option_number(cli, "size", 6, 8, 8, &size))
        return CLI_USAGE;
    if (strcmp(history, "all") != 0 && strcmp(history, "joined") != 0)
        return cli_fail_usage(cli, "--history is all or joined, not `%s`.", history);
    json_t *intent = json_pack("{s:s, s:s, s:I, s:s}", "type", "council", "pace", pace, "size",
                               (json_int_t)size, "history", history);
    int result = cli_submit(cli, NULL, COUNCIL_KIND_COUNCIL_CREATE, intent, NULL, &item);
    if (result)
        return result;
    enum council_error error = client_item(cli->client, item, &standing);
    if (error)
        return cli_fail(cli, error);
    result = cli_post(cli, standing.log,
                      json_pack("{s:s, s:s}", "type", "title", "name", cli_operand(cli, 0)), NULL);
    if (result)
        return result;
    council_b64_encode(key, standing.log, COUNCIL_KEY_BYTES);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:s, s:I}", "council", key, "name",
                                 cli_operand(cli, 0), "pace", pace, "size", (json_int_t)size));
    else
        printf("Founded %s (%.8s), %s. It is forming: invite five more or so with `council invite "
               "open`.\n",
               cli_operand(cli, 0), key, pace);
    return CLI_OK;
}

int cli_invite_open(struct cli *cli)
{
    struct cli_council c;
    uint64_t uses, days, item = 0;
    char *link = NULL;
    if (!cli_option_number(cli, "uses", 1, 8, 1, &uses) ||
        !cli_option_number(cli, "days", 1, 365, 7, &days))
        return CLI_USAGE;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    uint64_t expires = client_now_ms() + days * DAY_MS;
    enum council_error error =
        client_invite(cli->client, c.log, (uint32_t)uses, expires, &link, &item);
    if (!error)
        error = client_wait(cli->client, item, cli->timeout_ms);
    if (error)
        result = cli_fail(cli, error);
    else if (cli->json)
        cli_print_json(json_pack("{s:s, s:I, s:I}", "link", link, "uses", (json_int_t)uses,
                                 "expires", (json_int_t)expires));
    else
        printf("%s\n", link);
    if (link)
        sodium_memzero(link, strlen(link));
    free(link);
    cli_council_fini(&c);
    return result;
}

static const char *invite_state(const struct council_invite *invite)
{
    if (invite->closed)
        return "closed";
    if (invite->used >= invite->uses)
        return "used up";
    return client_now_ms() > invite->expires ? "expired" : "open";
}

static void print_invite(struct cli *cli, const struct cli_council *c,
                         const struct council_invite *invite)
{
    char key[COUNCIL_KEY_CHARS + 1], expires[64];
    const char *state = invite_state(invite);
    char *link =
        strcmp(state, "open") == 0 ? client_invite_link(cli->client, c->log, invite->key) : NULL;
    council_b64_encode(key, invite->key, COUNCIL_KEY_BYTES);
    cli_time(invite->expires, NULL, expires);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:i, s:i, s:I, s:s*}", "invite", key, "state", state,
                                 "uses", (int)invite->uses, "used", (int)invite->used, "expires",
                                 (json_int_t)invite->expires, "link", link));
    else
        printf("%.8s  %-8s used %u of %u, until %s%s%s\n", key, state, invite->used, invite->uses,
               expires, link ? "\n  " : "", link ? link : "");
    free(link);
}

int cli_invite_list(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    for (uint32_t i = 0; !result && i < c.council->invite_count; i++) {
        const struct council_invite *invite = &c.council->invites[i];
        if (cli_flag(cli, "all") || strcmp(invite_state(invite), "open") == 0)
            print_invite(cli, &c, invite);
    }
    cli_council_fini(&c);
    return result;
}

int cli_invite_close(struct cli *cli)
{
    struct cli_council c;
    const char *word = cli_operand(cli, 0);
    const struct council_invite *found = NULL;
    int fits = 0, result = cli_council(cli, &c);
    if (result)
        return result;
    for (uint32_t i = 0; i < c.council->invite_count; i++) {
        char key[COUNCIL_KEY_CHARS + 1];
        council_b64_encode(key, c.council->invites[i].key, COUNCIL_KEY_BYTES);
        if (strlen(word) >= 4 && strncmp(key, word, strlen(word)) == 0) {
            found = &c.council->invites[i];
            fits++;
        }
    }
    if (fits != 1)
        result = cli_fail_input(cli, "%s invite fits `%s`; `council invite list` shows them.",
                                fits ? "More than one" : "No", word);
    else
        result =
            cli_submit(cli, c.log, COUNCIL_KIND_INVITE_CLOSE,
                       json_pack("{s:o}", "invite", cli_json_bytes(found->key, COUNCIL_KEY_BYTES)),
                       NULL, NULL);
    if (!result)
        cli_say(cli, "The invite is closed.");
    cli_council_fini(&c);
    return result;
}

/* In a home that holds nobody: registers at the link's server, whose key the link names. */
static int ensure_somebody(struct cli *cli, const char *text)
{
    struct council_link link;
    if (council_link_decode(&link, text, (uint32_t)strlen(text)))
        return cli_fail(cli, COUNCIL_E_BAD_LINK);
    int result = client_has_member(cli->client) ? CLI_OK : cli_become(cli, link.url, link.server);
    sodium_memzero(&link, sizeof link);
    return result;
}

static int after_join(struct cli *cli, const uint8_t *log)
{
    char key[COUNCIL_KEY_CHARS + 1];
    const struct council *council = client_council(cli->client, log);
    const char *name = cli_option(cli, "name");
    council_b64_encode(key, log, COUNCIL_KEY_BYTES);
    if (name) {
        int result =
            cli_post(cli, log, json_pack("{s:s, s:s}", "type", "profile", "name", name), NULL);
        if (result)
            return result;
    }
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:i}", "council", key, "members",
                                 council ? (int)council_member_count(council) : 0));
    else
        printf("You joined council %.8s%s\n", key,
               name ? "." : "; say what you are called with `council profile --name NAME`.");
    cli_say(cli, "Begin with `council orientation`: seven short steps before the first meeting.");
    return CLI_OK;
}

int cli_join(struct cli *cli)
{
    uint8_t log[COUNCIL_KEY_BYTES];
    if (cli->offline)
        return cli_fail_usage(cli, "joining needs the server; it cannot be used with --offline.");
    int result = ensure_somebody(cli, cli_operand(cli, 0));
    if (result)
        return result;
    enum council_error error = client_join(cli->client, cli_operand(cli, 0), log, cli->timeout_ms);
    if (error == COUNCIL_E_NOT_FOUND) /* a server says no more to whoever holds no open invite */
        error = COUNCIL_E_INVITE_CLOSED;
    return error ? cli_fail(cli, error) : after_join(cli, log);
}
