/*
 * manual.c - the manual page, made of commands.def, options.def, limits.def and metrics.def.
 *
 * Must not know a fact of its own about a command, an option or a limit.
 */
#include <string.h>

#include "server/core/limits.h"
#include "server/host/commands.h"
#include "server/host/metrics.h"

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

static void manual_metrics(FILE *out)
{
    const struct host_metric_info *info = NULL;
    (void)fputs(".SH METRICS\nWhat GET /metrics on metrics.sock tells, in the text format of "
                "Prometheus. No figure names a member, a log\nor an address.\n",
                out);
    for (uint32_t i = 0; (info = host_metric_nth(i)) != NULL; i++) {
        (void)fputs(".TP\n.B ", out);
        roff(out, info->name);
        (void)fprintf(out, " \\fR(%s)\n", info->type);
        roff(out, info->help);
        (void)fputc('\n', out);
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
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        manual_command(out, host_command_nth(i));
    }
    (void)fputs(".SH LIMITS\nNames for \\-\\-limit, with their defaults.\n", out);
    for (uint32_t i = 0; i < count; i++) {
        (void)fputs(".TP\n.B ", out);
        roff(out, limits[i].name);
        (void)fprintf(out, " \\fR(%llu)\n", (unsigned long long)limits[i].value);
        roff(out, limits[i].help);
        (void)fputs(".\n", out);
    }
    manual_metrics(out);
    (void)fputs(
        ".SH FILES\nIn the data folder: council.db and its companions (the logs), "
        "server.key (the server's\n"
        "signing key: keep a copy, clients know the server by it), successions (how the key was "
        "changed), admin.sock\n"
        "(what the other commands ask of a running server), metrics.sock (figures for "
        "Prometheus), lock. A folder\n"
        "that was restored into also holds council.db.replaced, what was there before: remove "
        "it when all is well.\n"
        ".SH SIGNALS\nSIGTERM and SIGINT end the server after what it has taken in is on "
        "disk and answered;\n"
        "a second one ends it at once. SIGHUP opens the log file anew and reads the TLS "
        "certificate and key again;\n"
        "connections stay.\n"
        ".SH EXIT STATUS\n0 done; 1 refused, or damage was found; 64 wrong use; 65 data "
        "damaged or too new;\n"
        "66 no data; 69 cannot start; 70 a fault of the program; 74 an I/O error: what was "
        "acknowledged is on\n"
        "disk, start again; 75 another process has the data.\n"
        ".SH SEE ALSO\n.BR council (1)\n",
        out);
}
