/*
 * commands.c - the table of commands, and the help made of it and of options.def. The manual page and completions: manual.c.
 */
#include "server/host/commands.h"

#include <errno.h>
#include <string.h>

static const struct host_command commands[] = {
#define HOST_COMMAND(id, name, words, help, run) {name, words, help, HOST_##id, run},
#include "server/host/commands.def"
#undef HOST_COMMAND
};

const struct host_command *host_command_nth(uint32_t n)
{
    return n < HOST_COMMAND_COUNT ? &commands[n] : NULL;
}

const struct host_command *host_command_find(const char *name)
{
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Text in lines of a terminal, the ones after the first indented; up to `len` bytes of it. */
static void wrapped(FILE *out, const char *text, size_t len, int column, int indent)
{
    enum {
        WIDTH = 79
    };
    const char *end = text + len;
    bool first = true;
    while (text < end) {
        int word = (int)strcspn(text, " ");
        word = word > end - text ? (int)(end - text) : word;
        if (!first && column + 1 + word > WIDTH) {
            (void)fprintf(out, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        (void)fprintf(out, "%s%.*s", first ? "" : " ", word, text);
        column += word + !first;
        first = false;
        text += word;
        text += text < end;
    }
    (void)fputc('\n', out);
}

static void overview(FILE *out)
{
    (void)fprintf(out,
                  "councild: the server of Council\n\nUsage: councild COMMAND [OPTION]...\n\n");
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-12s ", commands[i].name);
        wrapped(out, commands[i].help, strcspn(commands[i].help, ";"), 15, 15);
    }
    (void)fprintf(
        out, "\ncouncild COMMAND --help says what a command takes; councild help --man prints the\n"
             "manual page. Exit status: 0 done; 1 refused, or damage was found; 64 wrong use;\n"
             "65 data damaged or too new; 66 no data; 69 cannot start; 74 an I/O error, start\n"
             "again; 75 another process has the data.\n");
}

void host_usage(FILE *out, const struct host_command *command)
{
    if (command == NULL) {
        overview(out);
        return;
    }
    (void)fprintf(out, "councild %s: ", command->name);
    wrapped(out, command->help, strlen(command->help), (int)strlen(command->name) + 11, 0);
    (void)fprintf(out, "\nUsage: councild %s%s%s [OPTION]...\n\n", command->name,
                  command->words[0] != '\0' ? " " : "", command->words);
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        const struct host_option_info *info = host_option_info((enum host_option)i);
        if ((info->commands & command->bit) == 0) {
            continue;
        }
        (void)fprintf(out, "  --%s%s%s%s\n      ", info->flag, info->argument[0] != '\0' ? " " : "",
                      info->argument, info->many ? "   (may be repeated)" : "");
        wrapped(out, info->help, strlen(info->help), 6, 6);
        if (info->value[0] != '\0' || info->variable[0] != '\0') {
            (void)fprintf(out, "      %s%s%s%s%s\n", info->value[0] != '\0' ? "default: " : "",
                          info->value,
                          info->value[0] != '\0' && info->variable[0] != '\0' ? "; " : "",
                          info->variable[0] != '\0' ? "variable: " : "", info->variable);
        }
    }
}

int host_help(const struct host_options *options)
{
    const struct host_command *command = NULL;
    if (host_option_given(options, HOST_OPT_MAN)) {
        host_manual(stdout);
        return HOST_EXIT_OK;
    }
    if (host_option_given(options, HOST_OPT_COMPLETION)) {
        if (host_completion(stdout, host_option(options, HOST_OPT_COMPLETION))) {
            return HOST_EXIT_OK;
        }
        (void)fprintf(stderr, "councild: --completion: one of %s is needed\n",
                      host_option_info(HOST_OPT_COMPLETION)->argument);
        return HOST_EXIT_USAGE;
    }
    if (options->word_count > 0) {
        command = host_command_find(options->words[0]);
        if (command == NULL) {
            (void)fprintf(stderr, "councild: no command %s\n", options->words[0]);
            return HOST_EXIT_USAGE;
        }
    }
    host_usage(stdout, command);
    return HOST_EXIT_OK;
}

bool host_log_options(const struct host_options *options)
{
    uint32_t level = 0, format = 0;
    if (!host_option_choice(options, HOST_OPT_LOG_LEVEL, &level) ||
        !host_option_choice(options, HOST_OPT_LOG_FORMAT, &format)) {
        return false;
    }
    /* Level and format are in the order of the options' words. */
    const char *file = host_option(options, HOST_OPT_LOG_FILE);
    if (!host_log_start((enum host_log_level)level, format == 0, file)) {
        (void)fprintf(stderr, "councild: --log-file: %s: %s\n", file, strerror(errno));
        return false;
    }
    return true;
}
