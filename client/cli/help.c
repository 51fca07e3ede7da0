/*
 * help.c - what the table of commands says, as help, manual pages and shell completions.
 *
 * Owns the wording around the table; facts about commands stand in commands.def alone.
 */
#include <ctype.h>
#include <string.h>

#include "client/cli/cli.h"

static const char *const exit_codes[] = {
    [CLI_OK] = "it worked",
    [CLI_FAILED] = "it did not work; the message says why and what to do next",
    [CLI_USAGE] = "the command line is not what the command takes",
    [CLI_OFFLINE] = ("the server was not reached, or waits for other members; what was written is "
                     "kept and will be sent"),
    [CLI_REFUSED] = "the council's rules or the server's limits forbid it",
    [CLI_LOCKED] = "the home could not be unlocked",
    [CLI_SERVER] = "the server was caught at something wrong: do not trust it further",
};

enum {
    EXIT_CODES = sizeof exit_codes / sizeof exit_codes[0]
};

/* Prints `text` in lines of at most 78 columns, each begun with `indent` spaces. */
static void wrap(FILE *out, const char *text, int indent)
{
    int column = 0;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + word > 78) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = fprintf(out, "%*s%.*s", indent, "", word, text);
        else
            column += fprintf(out, " %.*s", word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static bool belongs(const struct cli_option *option, const struct cli_command *command)
{
    return command ? option->command && strcmp(option->command, command->name) == 0
                   : !option->command;
}

static void print_options(FILE *out, const struct cli_command *command, const char *heading)
{
    uint32_t count;
    const struct cli_option *list = cli_options(&count);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        char left[80];
        if (!belongs(&list[i], command))
            continue;
        if (!any)
            fprintf(out, "\n%s\n", heading);
        any = true;
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", list[i].letter ? "-" : "  ",
                 list[i].letter ? list[i].letter : ' ', list[i].letter ? ", " : " ", list[i].name,
                 list[i].argument ? " " : "", list[i].argument ? list[i].argument : "");
        fprintf(out, "  %-30s  %s\n", left, list[i].help);
    }
}

static void print_examples(FILE *out, const struct cli_command *command)
{
    uint32_t count;
    const struct cli_example *list = cli_examples(&count);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i].command, command->name) != 0)
            continue;
        fprintf(out, "%s  %s\n      %s\n", any ? "" : "\nExamples\n", list[i].line, list[i].what);
        any = true;
    }
}

static void print_row(FILE *out, const struct cli_command *command)
{
    char left[64];
    snprintf(left, sizeof left, "%s %s", command->name, command->operands);
    fprintf(out, "  %-30s %s\n", left, command->summary);
}

/* The commands of two words that begin with `word`, under a heading of what stands before and after it; false where there are none. */
static bool print_group(FILE *out, const char *word, const char *before, const char *after)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    size_t len = strlen(word);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(list[i].name, word, len) != 0 || list[i].name[len] != ' ')
            continue;
        if (!any)
            fprintf(out, "%s%s%s", before, word, after);
        any = true;
        print_row(out, &list[i]);
    }
    return any;
}

bool cli_help_group(const char *word, FILE *out)
{
    if (!print_group(out, word, "council ", ":\n\n"))
        return false;
    fprintf(out, "\n`council %s WORD --help` explains one of them.\n", word);
    return true;
}

void cli_help_command(const struct cli_command *command, FILE *out)
{
    fprintf(out, "council %s%s%s: %s\n\n", command->name, *command->operands ? " " : "",
            command->operands, command->summary);
    wrap(out, command->description, 0);
    print_options(out, command, "Options");
    print_options(out, NULL, "Options of every command");
    print_examples(out, command);
    (void)print_group(out, command->name, "\nMore of `", "`\n");
    fputs("\nExit codes\n", out);
    for (int i = 0; i < EXIT_CODES; i++)
        fprintf(out, "  %d  %s\n", i, exit_codes[i]);
}

void cli_help_all(FILE *out)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    const char *group = "";
    fputs(
        "council: be a member of a job search council. What you write is sealed on this machine;\n"
        "only the council's members can read it.\n\n"
        "  council register --server URL      become a member; write down the recovery phrase\n"
        "  council create --pace fast NAME    found a council\n"
        "  council invite open                a link for one person\n"
        "  council join LINK                  join by a link\n",
        out);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(group, list[i].group) != 0)
            fprintf(out, "\n%s\n", list[i].group);
        group = list[i].group;
        print_row(out, &list[i]);
    }
    fputs("\n`council COMMAND --help` explains a command. Most take --json.\n", out);
}

/* ---- manual pages ---- */

/* Text for roff: hyphens and backslashes as they are, no line that begins with a dot or a quote. */
static void roff(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void man_options(FILE *out, const struct cli_command *command, const char *heading)
{
    uint32_t count;
    const struct cli_option *list = cli_options(&count);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!belongs(&list[i], command))
            continue;
        if (!any)
            fprintf(out, ".SH %s\n", heading);
        any = true;
        fputs(".TP\n.B ", out);
        if (list[i].letter)
            fprintf(out, "\\-%c, ", list[i].letter);
        roff(out, "--");
        roff(out, list[i].name);
        if (list[i].argument) {
            fputs("\\fR ", out);
            roff(out, list[i].argument);
        }
        fputc('\n', out);
        roff(out, list[i].help);
        fputc('\n', out);
    }
}

static void man_title(FILE *out, const char *page, const char *summary)
{
    fputs(".TH ", out);
    for (const char *c = page; *c; c++)
        fputc(*c == ' ' ? '-' : toupper((unsigned char)*c), out);
    fputs(" 1 \"\" \"council 0.1.0\" \"Council\"\n.SH NAME\n", out);
    for (const char *c = page; *c; c++)
        if (*c == ' ' || *c == '-')
            fputs("\\-", out);
        else
            fputc(*c, out);
    fputs(" \\- ", out);
    roff(out, summary);
    fputc('\n', out);
}

static void man_exit_codes(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (int i = 0; i < EXIT_CODES; i++) {
        fprintf(out, ".TP\n.B %d\n", i);
        roff(out, exit_codes[i]);
        fputc('\n', out);
    }
}

static void man_command(FILE *out, const struct cli_command *command)
{
    char page[64];
    uint32_t count;
    const struct cli_example *list = cli_examples(&count);
    snprintf(page, sizeof page, "council %s", command->name);
    man_title(out, page, command->summary);
    fprintf(out, ".SH SYNOPSIS\n.B council %s\n[options] %s\n.SH DESCRIPTION\n", command->name,
            command->operands);
    roff(out, command->description);
    fputc('\n', out);
    man_options(out, command, "OPTIONS");
    man_options(out, NULL, "OPTIONS OF EVERY COMMAND");
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i].command, command->name) != 0)
            continue;
        fputs(any ? ".PP\n.B " : ".SH EXAMPLES\n.B ", out);
        any = true;
        roff(out, list[i].line);
        fputs("\n.br\n", out);
        roff(out, list[i].what);
        fputc('\n', out);
    }
    man_exit_codes(out);
    fputs(".SH SEE ALSO\n.BR council (1),\n.BR councild (8)\n", out);
}

static void man_all(FILE *out)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    const char *group = "";
    man_title(out, "council", "be a member of a job search council");
    fputs(".SH SYNOPSIS\n.B council\nCOMMAND [options] [operands]\n.SH DESCRIPTION\n"
          "What you write is sealed on this machine; only the council's members can read it.\n",
          out);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(group, list[i].group) != 0) {
            fputs(".SS ", out);
            roff(out, list[i].group);
            fputc('\n', out);
        }
        group = list[i].group;
        fprintf(out, ".TP\n.B %s \\fR%s\n", list[i].name, list[i].operands);
        roff(out, list[i].summary);
        fputc('\n', out);
    }
    man_options(out, NULL, "OPTIONS OF EVERY COMMAND");
    man_exit_codes(out);
    fputs(".SH SEE ALSO\n.BR councild (8)\n", out);
}

/* ---- completions: names of commands, then of options; where none fits, the shell offers files ---- */

static void complete_words(FILE *out, const struct cli_command *command)
{
    uint32_t count;
    const struct cli_option *list = cli_options(&count);
    for (uint32_t i = 0; i < count; i++)
        if (!list[i].command || belongs(&list[i], command))
            fprintf(out, " --%s", list[i].name);
}

/* The second words of a group such as `device`, where `first` is the first command of the group. */
static void complete_group(FILE *out, const struct cli_command *list, uint32_t count,
                           uint32_t first)
{
    size_t len = strcspn(list[first].name, " ");
    fprintf(out, "    2:%.*s\\ *) COMPREPLY=($(compgen -W \"", (int)len, list[first].name);
    for (uint32_t i = first; i < count; i++)
        if (strncmp(list[i].name, list[first].name, len + 1) == 0)
            fprintf(out, "%s ", list[i].name + len + 1);
    fputs("\" -- \"$cur\")) ;;\n", out);
}

static bool first_of_group(const struct cli_command *list, uint32_t at)
{
    size_t len = strcspn(list[at].name, " ") + 1; /* with the space, or the NUL */
    for (uint32_t i = 0; i < at; i++)
        if (strncmp(list[i].name, list[at].name, len) == 0)
            return false;
    return true;
}

static void completion(FILE *out, bool zsh)
{
    uint32_t count;
    const struct cli_command *list = cli_commands(&count);
    if (zsh)
        fputs("#compdef council\nautoload -U +X bashcompinit && bashcompinit\n", out);
    fputs("_council() {\n  local cur=${COMP_WORDS[COMP_CWORD]} one=${COMP_WORDS[1]} "
          "two=${COMP_WORDS[2]}\n"
          "  case \"$COMP_CWORD:$one $two\" in\n"
          "    1:*) COMPREPLY=($(compgen -W \"",
          out);
    for (uint32_t i = 0; i < count; i++)
        if (first_of_group(list, i))
            fprintf(out, "%.*s ", (int)strcspn(list[i].name, " "), list[i].name);
    fputs("\" -- \"$cur\")) ;;\n", out);
    for (uint32_t i = 0; i < count; i++)
        if (strchr(list[i].name, ' ') && first_of_group(list, i))
            complete_group(out, list, count, i);
    for (uint32_t i = 0; i < count; i++) {
        const char *space = strchr(list[i].name, ' ');
        int len = (int)strcspn(list[i].name, " ");
        fprintf(out, "    *:%.*s\\ %s) COMPREPLY=($(compgen -W \"", len, list[i].name,
                space ? space + 1 : "*");
        complete_words(out, &list[i]);
        fputs("\" -- \"$cur\")) ;;\n", out);
    }
    fputs("  esac\n}\ncomplete -o default -F _council council\n", out);
    if (zsh) /* reads this file when it is first asked, and wants an answer then, too */
        fputs("${=_comps[council]}\n", out);
}

/* ---- the table itself, for programs: one object a command ---- */

static json_t *option_json(const struct cli_option *option)
{
    char letter[2] = {(char)option->letter, '\0'};
    return json_pack("{s:s, s:s*, s:s*, s:s}", "name", option->name, "letter",
                     option->letter ? letter : NULL, "argument", option->argument, "help",
                     option->help);
}

static void print_table(void)
{
    uint32_t count, option_count;
    const struct cli_command *list = cli_commands(&count);
    const struct cli_option *options = cli_options(&option_count);
    for (uint32_t i = 0; i < count; i++) {
        json_t *own = json_array();
        for (uint32_t k = 0; k < option_count; k++)
            if (!options[k].command || belongs(&options[k], &list[i]))
                json_array_append_new(own, option_json(&options[k]));
        cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:o}", "command", list[i].name, "operands",
                                 list[i].operands, "group", list[i].group, "summary",
                                 list[i].summary, "options", own));
    }
}

int cli_help(struct cli *cli)
{
    int used;
    const char *shell = cli_option(cli, "completion");
    char *words[] = {(char *)(uintptr_t)cli_operand(cli, 0),
                     (char *)(uintptr_t)cli_operand(cli, 1)};
    const struct cli_command *command = cli_command_find(cli->operand_count, words, &used);
    if (shell && strcmp(shell, "bash") != 0 && strcmp(shell, "zsh") != 0)
        return cli_fail_usage(cli, "completions are there for bash and zsh, not for `%s`.", shell);
    if (cli->operand_count == 1 && !command && !shell && !cli_flag(cli, "man") &&
        cli_help_group(cli_operand(cli, 0), stdout))
        return CLI_OK;
    if (cli->operand_count > 0 && !command)
        return cli_fail_usage(cli, "there is no command `%s`.", cli_operand(cli, 0));
    if (shell)
        completion(stdout, strcmp(shell, "zsh") == 0);
    else if (cli_flag(cli, "man") && command)
        man_command(stdout, command);
    else if (cli_flag(cli, "man"))
        man_all(stdout);
    else if (command)
        cli_help_command(command, stdout);
    else if (cli->json)
        print_table();
    else
        cli_help_all(stdout);
    return CLI_OK;
}
