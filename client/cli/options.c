/*
 * options.c - reading a command's options and operands with getopt_long, from the table alone.
 *
 * Invariant: after cli_parse every value given belongs to an option of this command or of every command, and the number of operands is
 * within what the command takes.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

enum {
    TABLE_MAX = 48,
    LONG_BASE = 256,
    MARK = '\001'
};

struct parse {
    const struct cli_option *rows[TABLE_MAX];
    struct option longs[TABLE_MAX + 1];
    char shorts[2 * TABLE_MAX + 2];
    int count;
};

static void collect(struct parse *p, const struct cli_command *command)
{
    uint32_t count;
    const struct cli_option *list = cli_options(&count);
    size_t at = 0;
    p->shorts[at++] = ':'; /* a missing argument is told apart from an unknown option */
    for (uint32_t i = 0; i < count && p->count < TABLE_MAX; i++) {
        if (list[i].command && strcmp(list[i].command, command->name) != 0)
            continue;
        p->rows[p->count] = &list[i];
        p->longs[p->count] =
            (struct option){list[i].name, list[i].argument ? required_argument : no_argument, NULL,
                            LONG_BASE + p->count};
        if (list[i].letter) {
            p->shorts[at++] = (char)list[i].letter;
            if (list[i].argument)
                p->shorts[at++] = ':';
        }
        p->count++;
    }
}

static const struct cli_option *row_of(const struct parse *p, int found)
{
    for (int i = 0; i < p->count; i++)
        if (found == LONG_BASE + i || (found < LONG_BASE && found == p->rows[i]->letter))
            return p->rows[i];
    return NULL;
}

/*
 * One key in 64 begins with a hyphen. Where no option has its next letter it can only be a key, and getopt must not see the hyphen: it gets a
 * copy with a mark before it, which operand_of takes off again.
 */
static void mark_keys(struct cli *cli, const struct parse *p, int argc, char **argv)
{
    static const char key[] = "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    int marked = 0;
    for (int i = 1; i < argc && marked < CLI_MARKED_MAX && strcmp(argv[i], "--") != 0; i++) {
        size_t len = strlen(argv[i]);
        if (argv[i][0] != '-' || argv[i][1] == '-' || len < 4 || len > COUNCIL_KEY_CHARS ||
            strspn(argv[i], key) != len || row_of(p, (unsigned char)argv[i][1]))
            continue;
        snprintf(cli->marked[marked], sizeof cli->marked[marked], "%c%s", MARK, argv[i]);
        argv[i] = cli->marked[marked++];
    }
}

static const char *operand_of(const char *text)
{
    return text[0] == MARK ? text + 1 : text;
}

static int take_options(struct cli *cli, const struct parse *p, int argc, char **argv)
{
    int found;
    optind = 1;
    opterr = 0;
    while ((found = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
        const struct cli_option *row = row_of(p, found);
        if (found == ':')
            return cli_fail_usage(cli, "%s needs an argument.", argv[optind - 1]);
        if (!row)
            return cli_fail_usage(cli, "there is no option %s here.", argv[optind - 1]);
        if (cli->value_count == CLI_VALUES_MAX)
            return cli_fail_usage(cli, "too many options.");
        cli->values[cli->value_count].option = row;
        cli->values[cli->value_count++].argument = optarg ? operand_of(optarg) : "";
    }
    return CLI_OK;
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
    const struct cli_command *command = cli->command;
    struct parse p = {0};
    collect(&p, command);
    mark_keys(cli, &p, argc, argv);
    int result = take_options(cli, &p, argc, argv);
    if (result)
        return result;
    cli->json = cli_flag(cli, "json");
    cli->offline = cli_flag(cli, "offline");
    cli->quiet = cli_flag(cli, "quiet");
    if (cli_flag(cli, "help"))
        return CLI_OK;
    for (int i = optind; i < argc; i++) {
        if (command->max == 0 && i == optind && cli_is_group(command->name))
            return cli_fail_usage(cli, "there is no `council %s %s`.", command->name, argv[i]);
        if (cli->operand_count >= command->max || cli->operand_count == CLI_OPERANDS_MAX)
            return cli_fail_usage(cli, "`%s` is one operand too many.", argv[i]);
        cli->operands[cli->operand_count++] = operand_of(argv[i]);
    }
    if (cli->operand_count < command->min)
        return cli_fail_usage(cli, "%s is missing.", command->operands);
    uint64_t seconds;
    if (!cli_option_number(cli, "timeout", 1, 3600, 30, &seconds))
        return CLI_USAGE;
    cli->timeout_ms = (int)seconds * 1000;
    return CLI_OK;
}

const char *cli_option_nth(const struct cli *cli, const char *name, int n)
{
    for (int i = 0; i < cli->value_count; i++)
        if (strcmp(cli->values[i].option->name, name) == 0 && n-- == 0)
            return cli->values[i].argument;
    return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
    const char *found = NULL;
    for (int i = 0; i < cli->value_count; i++)
        if (strcmp(cli->values[i].option->name, name) == 0)
            found = cli->values[i].argument;
    return found;
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

bool cli_option_number(struct cli *cli, const char *name, uint64_t min, uint64_t max,
                       uint64_t otherwise, uint64_t *out)
{
    const char *text = cli_option(cli, name);
    char *end;
    *out = otherwise;
    if (!text)
        return true;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || end == text || *text == '-' || value < min || value > max) {
        cli_fail_usage(cli, "--%s takes a number from %llu to %llu, not `%s`.", name,
                       (unsigned long long)min, (unsigned long long)max, text);
        return false;
    }
    *out = value;
    return true;
}

const char *cli_operand(const struct cli *cli, int n)
{
    return n < cli->operand_count ? cli->operands[n] : NULL;
}
