/*
 * cmd_mail.c - reminders by mail: where to, which, and when not.
 *
 * Invariant: no address is sent to the server before its owner was told who can read it there, and agreed.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/coming.h"
#include "client/lib/mail.h"

enum {
    QUIET_FROM = 22 * 60,
    QUIET_TO = 8 * 60,
    ALL_KINDS = (1 << CLIENT_MAIL_KINDS) - 1,
    WORDS_MAX = 128
};

/* ---- in words ---- */

static bool read_minute(const char *at, const char **end, uint32_t *minute)
{
    char *rest = NULL;
    unsigned long hour = strtoul(at, &rest, 10), part = 0;
    if (rest == at || rest - at > 2)
        return false;
    if (*rest == ':') {
        const char *from = rest + 1;
        part = strtoul(from, &rest, 10);
        if (rest != from + 2)
            return false;
    }
    *end = rest;
    *minute = (uint32_t)(hour * 60 + part) % (24 * 60);
    return hour <= 24 && part < 60 && hour * 60 + part <= 24UL * 60;
}

/* "22:00-8:00", "22-8", or none. */
static bool read_quiet(const char *word, struct client_mail *mail)
{
    const char *end = word;
    if (strcmp(word, "none") == 0) {
        mail->quiet_from = mail->quiet_to = 0;
        return true;
    }
    return strspn(word, "0123456789:-") == strlen(word) &&
           read_minute(word, &end, &mail->quiet_from) && *end == '-' &&
           read_minute(end + 1, &end, &mail->quiet_to) && *end == '\0' &&
           mail->quiet_from != mail->quiet_to;
}

static bool read_kinds(const char *words, uint32_t *kinds)
{
    char copy[WORDS_MAX], *rest = NULL;
    if (strlen(words) >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%s", words);
    *kinds = strcmp(words, "all") == 0 ? ALL_KINDS : 0;
    for (char *word = strtok_r(copy, ", ", &rest); word && *kinds != ALL_KINDS;
         word = strtok_r(NULL, ", ", &rest)) {
        uint32_t i = 0;
        while (i < CLIENT_MAIL_KINDS && strcmp(word, client_mail_kinds[i]) != 0)
            i++;
        if (i == CLIENT_MAIL_KINDS)
            return false;
        *kinds |= 1u << i;
    }
    return *kinds != 0;
}

static json_t *kinds_list(uint32_t kinds)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < CLIENT_MAIL_KINDS; i++)
        if (kinds >> i & 1)
            json_array_append_new(list, json_string(client_mail_kinds[i]));
    return list;
}

static void write_quiet(const struct client_mail *mail, char out[16])
{
    if (mail->quiet_from == mail->quiet_to)
        snprintf(out, 16, "none");
    else
        snprintf(out, 16, "%02u:%02u-%02u:%02u", mail->quiet_from / 60 % 24, mail->quiet_from % 60,
                 mail->quiet_to / 60 % 24, mail->quiet_to % 60);
}

/* ---- show ---- */

static void print_json(const struct client_mail *mail)
{
    char quiet[16];
    write_quiet(mail, quiet);
    json_t *object = json_pack("{s:b, s:b}", "offered", mail->offered, "set", mail->set);
    if (mail->set) {
        json_t *more = json_pack("{s:s, s:b, s:s, s:s, s:o, s:I, s:I}", "address", mail->address,
                                 "confirmed", mail->confirmed, "zone", mail->zone, "quiet", quiet,
                                 "kinds", kinds_list(mail->kinds), "failing",
                                 (json_int_t)mail->failing, "sent", (json_int_t)mail->sent);
        json_object_update(object, more);
        json_decref(more);
    }
    cli_print_json(object);
}

static void print_text(const struct client_mail *mail)
{
    char quiet[16], when[64];
    if (!mail->set) {
        printf("%s\n",
               mail->offered
                   ? "No reminders are mailed to you. `council mail set ADDRESS` asks for them."
                   : "No reminders are mailed to you, and this server sends no mail.");
        return;
    }
    write_quiet(mail, quiet);
    printf("Reminders to ");
    cli_print_text(stdout, mail->address, "");
    printf(
        mail->confirmed
            ? "\n"
            : " (not yet: the code in the mail to it is missing, `council mail confirm CODE`)\n");
    printf("  about");
    for (uint32_t i = 0; i < CLIENT_MAIL_KINDS; i++)
        if (mail->kinds >> i & 1)
            printf(" %s", client_mail_kinds[i]);
    printf("\n  quiet hours %s in ", quiet);
    cli_print_text(stdout, mail->zone, "");
    printf("\n");
    if (mail->sent) {
        cli_time(mail->sent, NULL, when);
        printf("  the last was sent %s\n", when);
    }
    if (mail->failing) {
        cli_time(mail->failing, NULL, when);
        printf("  refused since %s: nothing is sent until `council mail set` gives an address that "
               "takes mail\n",
               when);
    }
    if (!mail->offered)
        printf("  this server sends no mail at present\n");
}

int cli_mail_show(struct cli *cli)
{
    struct client_mail mail;
    enum council_error error = client_mail_show(cli->client, &mail, cli->timeout_ms);
    if (error)
        return cli_fail(cli, error);
    if (cli->json)
        print_json(&mail);
    else
        print_text(&mail);
    return CLI_OK;
}

/* ---- set ---- */

static void first_time(struct client_mail *mail)
{
    mail->quiet_from = QUIET_FROM;
    mail->quiet_to = QUIET_TO;
    mail->kinds = ALL_KINDS;
    if (!coming_own_zone(mail->zone))
        snprintf(mail->zone, sizeof mail->zone, "UTC");
}

/* What is set already, and what the options change. */
static int wishes(struct cli *cli, struct client_mail *mail)
{
    const char *quiet = cli_option(cli, "quiet-hours"), *kinds = cli_option(cli, "kinds"),
               *zone = cli_option(cli, "zone"), *address = cli_operand(cli, 0);
    if (!mail->set)
        first_time(mail);
    if (quiet && !read_quiet(quiet, mail))
        return cli_fail_usage(cli, "--quiet-hours takes hours like 22:00-08:00, or none.");
    if (kinds && !read_kinds(kinds, &mail->kinds))
        return cli_fail_usage(
            cli,
            "--kinds takes some of meeting, checkin, proposal, feedback, with commas, or all.");
    if (zone && (strlen(zone) > CLIENT_MAIL_ZONE_MAX || !schedule_zone_known(zone)))
        return cli_fail_usage(cli, "`%s` is not a zone; such as Europe/Berlin.", zone);
    if (!address && !mail->set)
        return cli_fail_usage(cli, "an ADDRESS is needed the first time.");
    if (address && strlen(address) > CLIENT_MAIL_ADDRESS_MAX)
        return cli_fail(cli, COUNCIL_E_MAIL_ADDRESS);
    if (zone)
        snprintf(mail->zone, sizeof mail->zone, "%s", zone);
    if (address)
        snprintf(mail->address, sizeof mail->address, "%s", address);
    return CLI_OK;
}

static bool agreed(struct cli *cli, const struct client_mail *before, const char *address)
{
    if (before->set && before->confirmed && strcmp(before->address, address) == 0)
        return true;
    cli_say(cli, "The server keeps this address, your time zone and your quiet hours, next to your "
                 "member key. Whoever runs the server can read them,\n"
                 "and so can the mail servers on the way; everything else you write stays sealed. "
                 "Mails are neutral: no names, nothing of what is\n"
                 "written. `council mail stop` deletes the address. A code is mailed to it first.");
    return cli_confirm(cli, "Give it to the server?");
}

int cli_mail_set(struct cli *cli)
{
    struct client_mail before, mail;
    bool confirmed = false;
    enum council_error error = client_mail_show(cli->client, &before, cli->timeout_ms);
    if (!error && !before.offered)
        error = COUNCIL_E_MAIL_OFF;
    if (error)
        return cli_fail(cli, error);
    mail = before;
    int result = wishes(cli, &mail);
    if (result)
        return result;
    if (!agreed(cli, &before, mail.address))
        return cli_fail_input(cli,
                              "Nothing was sent: without a terminal, --yes says that you agree.");
    error = client_mail_set(cli->client, &mail, &confirmed, cli->timeout_ms);
    if (error)
        return cli_fail(cli, error);
    mail.set = true;
    mail.confirmed = confirmed;
    mail.failing = confirmed ? mail.failing : 0;
    if (cli->json)
        print_json(&mail);
    else if (confirmed)
        printf("Changed.\n");
    else
        printf("A code is on its way. Type it in: `council mail confirm CODE`.\n");
    return CLI_OK;
}

/* ---- confirm, stop ---- */

static int done(struct cli *cli, enum council_error error, const char *what)
{
    if (error)
        return cli_fail(cli, error);
    if (cli->json)
        cli_print_json(json_pack("{s:b}", "done", 1));
    else
        printf("%s\n", what);
    return CLI_OK;
}

int cli_mail_confirm(struct cli *cli)
{
    return done(cli, client_mail_confirm(cli->client, cli_operand(cli, 0), cli->timeout_ms),
                "Confirmed. Reminders come to you by mail from now on.");
}

int cli_mail_stop(struct cli *cli)
{
    return done(cli, client_mail_stop(cli->client, cli->timeout_ms),
                "No reminders are mailed to you, and the server has deleted the address.");
}
