/*
 * main.c - from the command line to a command, and back to an exit code.
 *
 * Owns the life of a home around a command: open, unlock, bring up to date, run, send what waits, do duties for a
 * moment, close. Knows no command by name.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/cli/cli.h"

enum {
    FRESH_MS = 5000
}; /* how long a reading command waits for what is new */

/* The home's folder: --home, COUNCIL_HOME, the user's data folder. Its parents are made; the home itself is libcouncil's. */
static bool home_path(const struct cli *cli, char *out, size_t size)
{
    const char *given = cli_option(cli, "home");
    const char *data = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
    int len;
    if (!given)
        given = getenv("COUNCIL_HOME");
    if (given && *given)
        len = snprintf(out, size, "%s", given);
    else if (data && *data)
        len = snprintf(out, size, "%s/council", data);
    else
        len = snprintf(out, size, "%s/.local/share/council", user ? user : ".");
    if (len < 0 || (size_t)len >= size)
        return false;
    for (char *slash = strchr(out + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(out, 0700);
        *slash = '/';
        if (made && errno != EEXIST && errno != EACCES && errno != EROFS)
            return false;
    }
    return true;
}

/* Asks an agent first, then the descriptor or the terminal. */
static int unlock(struct cli *cli)
{
    char passphrase[CLIENT_PASSPHRASE_MAX + 1];
    uint32_t len = 0;
    bool given = cli_flag(cli, "passphrase-fd") || getenv("COUNCIL_PASSPHRASE_FD");
    if (!given && client_unlock(cli->client, NULL, 0) == COUNCIL_OK)
        return CLI_OK;
    if (!cli_secret(cli, "passphrase-fd", "COUNCIL_PASSPHRASE_FD", "Passphrase", false, passphrase,
                    &len))
        return CLI_LOCKED;
    enum council_error error = client_unlock(cli->client, passphrase, len);
    sodium_memzero(passphrase, sizeof passphrase);
    return error ? cli_fail(cli, error) : CLI_OK;
}

static int open_home(struct cli *cli)
{
    char path[4096];
    enum cli_needs needs = cli->command->needs;
    bool create = needs == CLI_NEEDS_NEW || needs == CLI_NEEDS_ANY;
    if (!home_path(cli, path, sizeof path))
        return cli_fail(cli, COUNCIL_E_HOME_IO);
    enum council_error error = client_open(&cli->client, path, create);
    if (error)
        return cli_fail(cli, error);
    const char *ca = cli_option(cli, "ca");
    if (ca && (error = client_set_ca(cli->client, ca)))
        return cli_fail(cli, error);
    bool somebody = client_has_member(cli->client);
    if (needs == CLI_NEEDS_NEW && somebody)
        return cli_fail(cli, COUNCIL_E_HOME_EXISTS);
    if (!somebody)
        return create ? CLI_OK : cli_fail(cli, COUNCIL_E_NO_HOME);
    return unlock(cli);
}

/* Brings the replica up to date where the command wants that; a reading command goes on without a server. */
static int prepare(struct cli *cli)
{
    enum cli_needs needs = cli->command->needs;
    if (needs == CLI_NEEDS_ONLINE && cli->offline)
        return cli_fail_usage(cli,
                              "this command needs the server; it cannot be used with --offline.");
    if (cli->offline || !client_unlocked(cli->client) || needs == CLI_NEEDS_NOTHING ||
        needs == CLI_NEEDS_HOME)
        return CLI_OK;
    int wait_ms =
        needs == CLI_NEEDS_FRESH && cli->timeout_ms > FRESH_MS ? FRESH_MS : cli->timeout_ms;
    enum council_error error = client_sync(cli->client, wait_ms, 0, NULL, NULL);
    bool absent = error == COUNCIL_E_NO_NETWORK || error == COUNCIL_E_TIMEOUT;
    bool unknown = error == COUNCIL_E_LOGIN_REFUSED && client_recovering(cli->client);
    if ((absent || unknown) && needs == CLI_NEEDS_FRESH) {
        cli_say(cli, unknown
                         ? "council: The server was restored and does not know this device "
                           "yet; this is what was known before."
                         : "council: The server was not reached; this is what was known before.");
        return CLI_OK;
    }
    return error ? cli_fail(cli, error) : CLI_OK;
}

/* What an ordinary command leaves behind it: an empty outbox and duties done, if the server is there. */
static void tidy(struct cli *cli)
{
    if (!cli->offline && client_unlocked(cli->client) &&
        client_state(cli->client) == CLIENT_ONLINE) {
        enum council_error error =
            client_sync(cli->client, CLIENT_DUTIES_MS, CLIENT_DUTIES_MS, NULL, NULL);
        if (error == COUNCIL_E_HISTORY_CHANGED || error == COUNCIL_E_PIN_NOT_MINE ||
            error == COUNCIL_E_HOME_FULL)
            cli_fail(cli, error);
        uint32_t refused = cli_refused_count(cli);
        if (refused > cli->refused)
            cli_say(cli, "council: %u of what you wrote was refused: `council status` shows it.",
                    refused - cli->refused);
    }
}

static int run(struct cli *cli)
{
    int result = cli->command->needs == CLI_NEEDS_NOTHING ? CLI_OK : open_home(cli);
    if (!result && cli->client) {
        cli->refused = cli_refused_count(cli);
        result = prepare(cli);
    }
    if (!result)
        result = cli->command->run(cli);
    cli_edit_done(cli, result);
    if (cli->client)
        cli_server_news(cli);
    if (cli->client && (result == CLI_OK || result == CLI_REFUSED))
        tidy(cli);
    /* What is shown is what this home holds; that the server contradicts it must not go unseen. */
    if (cli->client && result == CLI_OK && !cli->offline && client_unlocked(cli->client) &&
        cli->command->needs > CLI_NEEDS_HOME)
        result = cli_stopped(cli, cli->log);
    client_close(cli->client);
    cli->client = NULL;
    if (fflush(stdout) && !result)
        result = CLI_FAILED;
    return result;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* The first word of a group ("device"), or one that nothing begins with: says what there is. */
static int unknown_command(struct cli *cli, const char *word)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    char names[256] = "";
    size_t at = 0, len = strlen(word);
    for (uint32_t i = 0; i < count; i++)
        if (strncmp(list[i].name, word, len) == 0 && list[i].name[len] == ' ' && at < sizeof names)
            at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", at ? ", " : "",
                                   list[i].name + len + 1);
    if (at)
        return cli_fail_usage(cli, "`%s` needs one more word: %s.", word, names);
    return cli_fail_usage(cli, "there is no command `%s`.", word);
}

/* How many words before the command are options of every command, with their arguments. */
static int leading_options(int argc, char **argv)
{
    uint32_t count;
    const struct cli_option *list = cli_options(&count);
    int at = 1;
    while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
        const char *word = argv[at];
        bool takes = false;
        for (uint32_t i = 0; i < count && !list[i].command; i++) {
            bool named = word[1] == '-' ? strcmp(word + 2, list[i].name) == 0
                                        : word[1] == list[i].letter && word[2] == '\0';
            takes |= named && list[i].argument;
        }
        at += takes ? 2 : 1;
    }
    return at <= argc ? at - 1 : argc - 1;
}

/* Moves the command's words in front of the options that were given before them. */
static void command_first(char **argv, int leading, int used)
{
    for (int word = 0; word < used; word++) {
        char *moved = argv[1 + leading + word];
        memmove(argv + 2 + word, argv + 1 + word, (size_t)leading * sizeof *argv);
        argv[1 + word] = moved;
    }
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    int used = 0;
    (void)setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help_all(argc < 2 ? stderr : stdout);
        return argc < 2 ? CLI_USAGE : CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("council %s\n", CLIENT_VERSION);
        return CLI_OK;
    }
    int leading = leading_options(argc, argv);
    cli.command = cli_command_find(argc - 1 - leading, argv + 1 + leading, &used);
    if (!cli.command) {
        const char *word = leading + 1 < argc ? argv[1 + leading] : argv[1];
        if (asks_for_help(argc, argv) && cli_help_group(word, stdout))
            return CLI_OK;
        return unknown_command(&cli, word);
    }
    command_first(argv, leading, used);
    int result = cli_parse(&cli, argc - used, argv + used);
    if (result)
        return result;
    if (cli_flag(&cli, "help")) {
        cli_help_command(cli.command, stdout);
        return CLI_OK;
    }
    return run(&cli);
}
