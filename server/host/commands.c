/*
 * commands.c - the table of commands, and the help and manual page made of it and of options.def.
 */
#include "server/host/commands.h"

#include <string.h>

#include "server/core/limits.h"

static const struct host_command commands[] = {
    {"serve", "", "run the server", HOST_SERVE, host_serve},
    {"verify", "", "check every log of a stopped server: signatures, heads, rules, data",
     HOST_VERIFY, host_verify},
    {"code", "create | list | revoke CODE", "registration codes, of a running or a stopped server",
     HOST_CODE, host_code},
    {"stats", "", "how much there is, of a running or a stopped server", HOST_STATS, host_stats},
    {"limits", "", "every limit: its name, value, default and range", HOST_LIMITS, host_limits},
    {"help", "[COMMAND]", "this text, that of a command, or the manual page", HOST_HELP, host_help},
};

enum {
    COMMAND_COUNT = sizeof commands / sizeof commands[0]
};

const struct host_command *host_command_nth(uint32_t n)
{
    return n < COMMAND_COUNT ? &commands[n] : NULL;
}

const struct host_command *host_command_find(const char *name)
{
    for (uint32_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void overview(FILE *out)
{
    (void)fprintf(out,
                  "councild: the server of Council\n\nUsage: councild COMMAND [OPTION]...\n\n");
    for (uint32_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
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
    (void)fprintf(out, "councild %s: %s\n\nUsage: councild %s%s%s [OPTION]...\n\n", command->name,
                  command->help, command->name, command->words[0] != '\0' ? " " : "",
                  command->words);
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        const struct host_option_info *info = host_option_info((enum host_option)i);
        if ((info->commands & command->bit) == 0) {
            continue;
        }
        (void)fprintf(out, "  --%s%s%s%s\n      %s\n", info->flag,
                      info->argument[0] != '\0' ? " " : "", info->argument,
                      info->many ? "   (may be repeated)" : "", info->help);
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

/* ---- the manual page ---- */

/* Text for roff: what it takes for markup is escaped. */
static void roff(FILE *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'') {
        (void)fputs("\\&", out);
    }
    for (; *text != '\0'; text++) {
        if (*text == '\\') {
            (void)fputs("\\e", out);
        } else if (*text == '-') {
            (void)fputs("\\-", out);
        } else {
            (void)fputc(*text, out);
        }
    }
}

static void manual_option(FILE *out, const struct host_option_info *info)
{
    (void)fputs(".TP\n.BI \\-\\-", out);
    roff(out, info->flag);
    if (info->argument[0] != '\0') {
        (void)fputs(" \" ", out);
        roff(out, info->argument);
        (void)fputc('"', out);
    }
    (void)fputc('\n', out);
    roff(out, info->help);
    (void)fprintf(out, ".%s\n", info->many ? " May be repeated." : "");
    if (info->value[0] != '\0') {
        (void)fputs("Default: ", out);
        roff(out, info->value);
        (void)fputs(".\n", out);
    }
    if (info->variable[0] != '\0') {
        (void)fprintf(out, "Variable: \\fB%s\\fR%s.\n", info->variable,
                      info->many ? " (values separated by spaces)" : "");
    }
}

static void manual_command(FILE *out, const struct host_command *command)
{
    (void)fprintf(out, ".SS councild %s ", command->name);
    roff(out, command->words);
    (void)fputc('\n', out);
    roff(out, command->help);
    (void)fputs(".\n", out);
    for (unsigned k = 0; k < HOST_OPT_COUNT; k++) {
        const struct host_option_info *info = host_option_info((enum host_option)k);
        if ((info->commands & command->bit) != 0) {
            manual_option(out, info);
        }
    }
}

void host_manual(FILE *out)
{
    uint32_t count = 0;
    const struct core_limit_info *limits = core_limit_infos(&count);
    (void)fputs(".TH COUNCILD 8 \"\" \"Council\" \"System administration\"\n"
                ".SH NAME\ncouncild \\- the server of Council\n"
                ".SH SYNOPSIS\n.B councild\n.I command\n[\\fIoption\\fR]...\n"
                ".SH DESCRIPTION\n"
                "Councild keeps the logs of councils and carries them to their members. What "
                "members write is\n"
                "sealed before it comes here; the server verifies, appends and hands on.\n"
                ".PP\nA flag counts before its variable, a variable before the default.\n"
                ".SH COMMANDS\n",
                out);
    for (uint32_t i = 0; i < COMMAND_COUNT; i++) {
        manual_command(out, &commands[i]);
    }
    (void)fputs(".SH LIMITS\nNames for \\-\\-limit, with their defaults.\n", out);
    for (uint32_t i = 0; i < count; i++) {
        (void)fputs(".TP\n.B ", out);
        roff(out, limits[i].name);
        (void)fprintf(out, " \\fR(%llu)\n", (unsigned long long)limits[i].value);
        roff(out, limits[i].help);
        (void)fputs(".\n", out);
    }
    (void)fputs(".SH FILES\nIn the data folder: council.db and its companions (the logs), "
                "server.key (the server's\n"
                "signing key: keep a copy, clients know the server by it), admin.sock (requests of "
                "councild code and\n"
                "councild stats to a running server), lock.\n"
                ".SH SIGNALS\nSIGTERM and SIGINT end the server after what it has taken in is on "
                "disk and answered;\n"
                "a second one ends it at once.\n"
                ".SH EXIT STATUS\n0 done; 1 refused, or damage was found; 64 wrong use; 65 data "
                "damaged or too new;\n"
                "66 no data; 69 cannot start; 70 a fault of the program; 74 an I/O error: what was "
                "acknowledged is on\n"
                "disk, start again; 75 another process has the data.\n"
                ".SH SEE ALSO\n.BR council (1)\n",
                out);
}

bool host_log_options(const struct host_options *options)
{
    uint32_t level = 0, format = 0;
    if (!host_option_choice(options, HOST_OPT_LOG_LEVEL, &level) ||
        !host_option_choice(options, HOST_OPT_LOG_FORMAT, &format)) {
        return false;
    }
    host_log_start((enum host_log_level)level,
                   format == 0); /* in the order of the options' words */
    return true;
}
