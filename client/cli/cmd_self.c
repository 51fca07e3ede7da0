/*
 * cmd_self.c - being somebody: register, recover, passphrase, devices.
 *
 * Invariant: a recovery phrase is shown once, on the terminal or the descriptor asked for, and wiped.
 */
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/self.h"

/* Asks for a new passphrase (not empty). False: printed. Wipe it. */
static bool new_passphrase(struct cli *cli, char out[CLIENT_PASSPHRASE_MAX + 1], uint32_t *len)
{
    if (!cli_secret(cli, "passphrase-fd", "COUNCIL_PASSPHRASE_FD", "New passphrase for this home",
                    true, out, len))
        return false;
    if (*len > 0)
        return true;
    cli_fail_input(cli, "An empty passphrase would leave your keys open to whoever has this disk.");
    return false;
}

/* From here on the home forgets the phrase and has its member. */
static int phrase_was_shown(struct cli *cli)
{
    enum council_error error = client_phrase_shown(cli->client);
    return error ? cli_fail(cli, error) : CLI_OK;
}

int cli_show_phrase(struct cli *cli, const char *phrase)
{
    const char *number = cli_option(cli, "phrase-fd");
    char *end = NULL;
    long fd = number ? strtol(number, &end, 10) : -1;
    size_t len = strlen(phrase);
    if (number) {
        bool ok = fd > 0 && fd <= INT_MAX && !*end && write((int)fd, phrase, len) == (ssize_t)len &&
                  write((int)fd, "\n", 1) == 1;
        if (!ok)
            return cli_fail_input(cli,
                                  "The recovery phrase could not be written to descriptor %s. "
                                  "Register again: this home still has it.",
                                  number);
        return phrase_was_shown(cli);
    }
    fprintf(stderr,
            "\nYour recovery phrase. Write these twelve words on paper now; they are not shown "
            "again:\n\n    %s\n\n"
            "They bring back your councils and your journal on a new machine, and nothing else "
            "can.\n\n",
            phrase);
    return phrase_was_shown(cli);
}

const char *cli_server_url(struct cli *cli)
{
    const char *url = cli_option(cli, "server");
    if (!url)
        url = getenv("COUNCIL_SERVER");
    if (!url || !*url)
        cli_fail_usage(cli, "which server? Name it with --server URL.");
    return url && *url ? url : NULL;
}

int cli_become(struct cli *cli, const char *url, const uint8_t *server_key)
{
    char passphrase[CLIENT_PASSPHRASE_MAX + 1], phrase[COUNCIL_PHRASE_MAX] = "";
    uint32_t len = 0;
    if (!new_passphrase(cli, passphrase, &len))
        return CLI_LOCKED;
    cli_say(cli, "Registering at %s ...", url);
    enum council_error error = client_register(cli->client, url, server_key,
                                               cli_option(cli, "code"), passphrase, len, phrase);
    sodium_memzero(passphrase, sizeof passphrase);
    int result = error ? cli_fail(cli, error) : cli_show_phrase(cli, phrase);
    sodium_memzero(phrase, sizeof phrase);
    return result;
}

static int say_who(struct cli *cli)
{
    char member[COUNCIL_KEY_CHARS + 1], device[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(member, client_member(cli->client), COUNCIL_KEY_BYTES);
    council_b64_encode(device, client_device(cli->client), COUNCIL_KEY_BYTES);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:s}", "member", member, "device", device, "server",
                                 client_server(cli->client)));
    else
        printf("You are member %.8s at %s; this device is %.8s.\n", member,
               client_server(cli->client), device);
    return CLI_OK;
}

int cli_register(struct cli *cli)
{
    struct council_link link;
    const char *text = cli_option(cli, "link"), *url;
    if (text && council_link_decode(&link, text, (uint32_t)strlen(text)))
        return cli_fail(cli, COUNCIL_E_BAD_LINK);
    url = text ? link.url : cli_server_url(cli);
    int result = url ? cli_become(cli, url, text ? link.server : NULL) : CLI_USAGE;
    sodium_memzero(&link, sizeof link);
    return result ? result : say_who(cli);
}

int cli_recover(struct cli *cli)
{
    char passphrase[CLIENT_PASSPHRASE_MAX + 1], phrase[CLIENT_PASSPHRASE_MAX + 1];
    uint32_t len = 0, phrase_len = 0;
    const char *url = cli_server_url(cli);
    if (!url)
        return CLI_USAGE;
    if (!cli_secret(cli, "phrase-fd", NULL, "Recovery phrase (twelve words)", false, phrase,
                    &phrase_len))
        return CLI_LOCKED;
    if (!new_passphrase(cli, passphrase, &len)) {
        sodium_memzero(phrase, sizeof phrase);
        return CLI_LOCKED;
    }
    cli_say(cli, "Recovering from %s ...", url);
    enum council_error error = client_recover(cli->client, url, NULL, phrase,
                                              cli_flag(cli, "keep-devices"), passphrase, len);
    sodium_memzero(phrase, sizeof phrase);
    sodium_memzero(passphrase, sizeof passphrase);
    if (error)
        return cli_fail(cli, error);
    cli_say(cli,
            "Everything is back. Compare the safety number with your councils: `council safety`.");
    return say_who(cli);
}

int cli_passphrase(struct cli *cli)
{
    char passphrase[CLIENT_PASSPHRASE_MAX + 1];
    uint32_t len = 0;
    if (!cli_secret(cli, "new-passphrase-fd", NULL, "New passphrase", true, passphrase, &len))
        return CLI_LOCKED;
    enum council_error error =
        len ? client_passphrase(cli->client, passphrase, len) : COUNCIL_E_BAD_INPUT;
    sodium_memzero(passphrase, sizeof passphrase);
    if (!len)
        return cli_fail_input(
            cli, "An empty passphrase would leave your keys open to whoever has this disk.");
    if (error)
        return cli_fail(cli, error);
    cli_say(cli, "The passphrase was changed.");
    return CLI_OK;
}

int cli_device_list(struct cli *cli)
{
    const struct council_member *member = client_member_log(cli->client);
    for (uint32_t i = 0; member && i < member->device_count; i++) {
        char key[COUNCIL_KEY_CHARS + 1];
        bool mine =
            memcmp(member->devices[i].sign, client_device(cli->client), COUNCIL_KEY_BYTES) == 0;
        council_b64_encode(key, member->devices[i].sign, COUNCIL_KEY_BYTES);
        if (cli->json)
            cli_print_json(json_pack("{s:s, s:b}", "device", key, "this", mine));
        else
            printf("%.8s%s\n", key, mine ? "  this device" : "");
    }
    return CLI_OK;
}

/* Prints a string under a name and frees it. */
static int print_owned(struct cli *cli, const char *name, char *text)
{
    if (cli->json)
        cli_print_json(json_pack("{s:s}", name, text));
    else
        printf("%s\n", text);
    free(text);
    return CLI_OK;
}

int cli_device_link(struct cli *cli)
{
    char *link = NULL;
    enum council_error error = client_device_link(cli->client, &link);
    return error ? cli_fail(cli, error) : print_owned(cli, "link", link);
}

int cli_device_request(struct cli *cli)
{
    char passphrase[CLIENT_PASSPHRASE_MAX + 1], *token = NULL;
    uint32_t len = 0;
    if (!new_passphrase(cli, passphrase, &len))
        return CLI_LOCKED;
    enum council_error error =
        client_device_request(cli->client, cli_operand(cli, 0), passphrase, len, &token);
    sodium_memzero(passphrase, sizeof passphrase);
    if (error)
        return cli_fail(cli, error);
    cli_say(cli, "On a machine that you already use, run `council device add` with this; then "
                 "`council sync` here:");
    return print_owned(cli, "request", token);
}

int cli_device_add(struct cli *cli)
{
    enum council_error error = client_device_add(cli->client, cli_operand(cli, 0));
    if (error)
        return cli_fail(cli, error);
    cli_say(cli, "The device was added. Run `council sync` on it.");
    return CLI_OK;
}

int cli_device_revoke(struct cli *cli)
{
    const struct council_member *member = client_member_log(cli->client);
    const char *word = cli_operand(cli, 0);
    const struct council_device *found = NULL;
    int fits = 0;
    for (uint32_t i = 0; member && i < member->device_count; i++) {
        char key[COUNCIL_KEY_CHARS + 1];
        council_b64_encode(key, member->devices[i].sign, COUNCIL_KEY_BYTES);
        if (strlen(word) >= 4 && strncmp(key, word, strlen(word)) == 0) {
            found = &member->devices[i];
            fits++;
        }
    }
    if (fits != 1)
        return cli_fail_input(cli, "%s device fits `%s`; `council device list` shows them.",
                              fits ? "More than one" : "No", word);
    enum council_error error = client_device_revoke(cli->client, found->sign);
    if (error)
        return cli_fail(cli, error);
    cli_say(cli, "The device was revoked.");
    return CLI_OK;
}
