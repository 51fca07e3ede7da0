/*
 * table.c - the table of commands, made from commands.def, and finding a command in it.
 */
#include <string.h>

#include "client/cli/cli.h"

#define CLI_COMMAND(symbol, name, group, needs, min, max, operands, summary, description) \
    static const char name_##symbol[] = name;
#define CLI_OPTION(command, letter, name, argument, help)
#define CLI_EXAMPLE(command, line, what)
#include "client/cli/commands.def"
#undef CLI_COMMAND
#undef CLI_OPTION
#undef CLI_EXAMPLE

#define CLI_COMMAND(symbol, name, group, needs, min, max, operands, summary, description) \
    {name_##symbol, group,   CLI_NEEDS_##needs, min,         max,                         \
     operands,      summary, description,       cli_##symbol},
#define CLI_OPTION(command, letter, name, argument, help)
#define CLI_EXAMPLE(command, line, what)
static const struct cli_command commands[] = {
#include "client/cli/commands.def"
};
#undef CLI_COMMAND
#undef CLI_OPTION

#define CLI_COMMAND(symbol, name, group, needs, min, max, operands, summary, description)
#define CLI_OPTION(command, letter, name, argument, help) \
    {name_##command, letter, name, argument, help},
static const struct cli_option options[] = {
    {NULL, 'H', "home", "DIR",
     "the folder with your keys and replica [COUNCIL_HOME; ~/.local/share/council]"},
    {NULL, 'S', "server", "URL",
     "the server, where the home does not know one yet [COUNCIL_SERVER]"},
    {NULL, 'C', "council", "NAME",
     "which council: its name or the start of its key [COUNCIL_COUNCIL]; the only one when left "
     "out"},
    {NULL, 0, "json", NULL, "print JSON: one object, or one a line"},
    {NULL, 0, "offline", NULL, "do not connect: read what is here, keep what is written for later"},
    {NULL, 0, "timeout", "SECONDS", "how long to wait for the server; 30 when left out"},
    {NULL, 0, "passphrase-fd", "FD",
     "read the passphrase from this file descriptor [COUNCIL_PASSPHRASE_FD]"},
    {NULL, 0, "ca", "FILE", "trust this certificate authority for https:// besides the system's"},
    {NULL, 'q', "quiet", NULL, "no remarks"},
    {NULL, 'h', "help", NULL, "explain the command"},
#include "client/cli/commands.def"
};
#undef CLI_OPTION
#undef CLI_EXAMPLE

#define CLI_OPTION(command, letter, name, argument, help)
#define CLI_EXAMPLE(command, line, what) {name_##command, line, what},
static const struct cli_example examples[] = {
#include "client/cli/commands.def"
};
#undef CLI_COMMAND
#undef CLI_OPTION
#undef CLI_EXAMPLE

const struct cli_command *cli_commands(uint32_t *count)
{
    *count = sizeof commands / sizeof commands[0];
    return commands;
}

const struct cli_option *cli_options(uint32_t *count)
{
    *count = sizeof options / sizeof options[0];
    return options;
}

const struct cli_example *cli_examples(uint32_t *count)
{
    *count = sizeof examples / sizeof examples[0];
    return examples;
}

const struct cli_command *cli_command_find(int argc, char **argv, int *used)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    for (uint32_t i = 0; argc > 0 && i < count; i++) {
        const char *space = strchr(list[i].name, ' ');
        size_t first = space ? (size_t)(space - list[i].name) : strlen(list[i].name);
        if (strlen(argv[0]) != first || strncmp(argv[0], list[i].name, first) != 0)
            continue;
        if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0))
            continue;
        *used = space ? 2 : 1;
        return &list[i];
    }
    return NULL;
}

bool cli_is_group(const char *word)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    size_t len = strlen(word);
    for (uint32_t i = 0; i < count; i++)
        if (strncmp(list[i].name, word, len) == 0 && list[i].name[len] == ' ')
            return true;
    return false;
}
