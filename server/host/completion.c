/*
 * completion.c - completions of three shells, made of commands.def and options.def.
 *
 * Must not know a fact of its own about a command or an option. A completion is a list of words by position: commands, then the
 * command's words that are written small, its flags, and the choices of a flag's argument.
 */
#include <string.h>

#include "server/host/commands.h"

/* The words that may be typed as they stand: "[open | code | closed]" has three, "FILE" none. */
static void small_words(FILE *out, const char *words, const char *before, const char *after)
{
    while (*words != '\0') {
        size_t len = strspn(words, "abcdefghijklmnopqrstuvwxyz-");
        if (len > 0 && !(len == 1 && *words == '-')) {
            (void)fprintf(out, "%s%.*s%s", before, (int)len, words, after);
        }
        words += len > 0 ? len : 1;
        words += len == 0 ? strspn(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
    }
}

static void flags(FILE *out, const struct host_command *command)
{
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        const struct host_option_info *info = host_option_info((enum host_option)i);
        if ((info->commands & command->bit) != 0) {
            (void)fprintf(out, "--%s ", info->flag);
        }
    }
}

/* "a|b|c" as words; whether it is a choice at all. */
static bool choices(FILE *out, const char *argument)
{
    if (strchr(argument, '|') == NULL) {
        return false;
    }
    for (; out != NULL && *argument != '\0'; argument++) {
        (void)fputc(*argument == '|' ? ' ' : *argument, out);
    }
    return true;
}

static bool names_file(const struct host_option_info *info)
{
    return strcmp(info->argument, "FILE") == 0 || strcmp(info->argument, "DIR") == 0 ||
           strcmp(info->argument, "PATH") == 0;
}

static void bash(FILE *out)
{
    (void)fputs("# bash completion for councild\n"
                "_councild() {\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
                "    COMPREPLY=()\n"
                "    case $prev in\n",
                out);
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        const struct host_option_info *info = host_option_info((enum host_option)i);
        if (choices(NULL, info->argument)) {
            (void)fprintf(out, "    --%s) words='", info->flag);
            (void)choices(out, info->argument);
            (void)fputs("' ;;\n", out);
        } else if (names_file(info)) {
            (void)fprintf(out,
                          "    --%s) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n",
                          info->flag);
        } else if (info->argument[0] != '\0') {
            (void)fprintf(out, "    --%s) return ;;\n", info->flag);
        }
    }
    (void)fputs("    esac\n    if [[ -z $words ]]; then\n        if ((COMP_CWORD == 1)); then\n"
                "            words='",
                out);
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        (void)fprintf(out, "%s ", host_command_nth(i)->name);
    }
    (void)fputs("--help --version'\n        else\n            case ${COMP_WORDS[1]} in\n", out);
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        const struct host_command *command = host_command_nth(i);
        (void)fprintf(out, "            %s) words='", command->name);
        small_words(out, command->words, "", " ");
        flags(out, command);
        (void)fputs("' ;;\n", out);
    }
    (void)fputs("            esac\n        fi\n    fi\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                "    ((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                "}\n"
                "complete -o filenames -F _councild councild\n",
                out);
}

/* Text between single quotes of a shell; `also` are bytes that get a backslash. */
static void quoted(FILE *out, const char *text, const char *also)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs("'\\''", out);
            continue;
        }
        if (strchr(also, *text) != NULL) {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
}

static void zsh_option(FILE *out, const struct host_option_info *info)
{
    (void)fprintf(out, " \\\n        '%s--%s[", info->many ? "*" : "", info->flag);
    quoted(out, info->help, "[]:\\");
    (void)fputc(']', out);
    if (choices(NULL, info->argument)) {
        (void)fprintf(out, ":%s:(", info->flag);
        (void)choices(out, info->argument);
        (void)fputc(')', out);
    } else if (info->argument[0] != '\0') {
        (void)fprintf(out, ":%s:%s", info->flag, names_file(info) ? "_files" : "");
    }
    (void)fputc('\'', out);
}

static void zsh(FILE *out)
{
    (void)fputs("#compdef councild\n# zsh completion for councild\n_councild() {\n"
                "    local -a commands=(\n",
                out);
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        const struct host_command *command = host_command_nth(i);
        (void)fprintf(out, "        '%s:", command->name);
        quoted(out, command->help, ":\\");
        (void)fputs("'\n", out);
    }
    (void)fputs("    )\n    if ((CURRENT == 2)); then\n"
                "        _describe -t commands command commands\n        return\n    fi\n"
                "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n"
                "    case $command in\n",
                out);
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        const struct host_command *command = host_command_nth(i);
        (void)fprintf(out, "    %s) _arguments", command->name);
        for (unsigned k = 0; k < HOST_OPT_COUNT; k++) {
            const struct host_option_info *info = host_option_info((enum host_option)k);
            if ((info->commands & command->bit) != 0) {
                zsh_option(out, info);
            }
        }
        (void)fputs(" \\\n        '*:word:", out);
        bool files =
            strstr(command->words, "FILE") != NULL || strstr(command->words, "DIR") != NULL;
        if (files) {
            (void)fputs("_files", out);
        } else {
            (void)fputc('(', out);
            small_words(out, command->words, "", " ");
            (void)fputc(')', out);
        }
        (void)fputs("' ;;\n", out);
    }
    (void)fputs("    esac\n}\n_councild \"$@\"\n", out);
}

static void fish(FILE *out)
{
    (void)fputs("# fish completion for councild\ncomplete -c councild -f\n", out);
    for (uint32_t i = 0; i < HOST_COMMAND_COUNT; i++) {
        const struct host_command *command = host_command_nth(i);
        (void)fprintf(out, "complete -c councild -n __fish_use_subcommand -a %s -d '",
                      command->name);
        quoted(out, command->help, "");
        (void)fputs("'\n", out);
        char line[256];
        (void)snprintf(line, sizeof line,
                       "complete -c councild -n '__fish_seen_subcommand_from %s' -a '",
                       command->name);
        small_words(out, command->words, line, "'\n");
        if (strstr(command->words, "FILE") != NULL || strstr(command->words, "DIR") != NULL) {
            (void)fprintf(out, "complete -c councild -n '__fish_seen_subcommand_from %s' -F\n",
                          command->name);
        }
        for (unsigned k = 0; k < HOST_OPT_COUNT; k++) {
            const struct host_option_info *info = host_option_info((enum host_option)k);
            if ((info->commands & command->bit) == 0) {
                continue;
            }
            (void)fprintf(out, "complete -c councild -n '__fish_seen_subcommand_from %s' -l %s",
                          command->name, info->flag);
            if (info->argument[0] != '\0') {
                (void)fputs(names_file(info) ? " -r -F" : " -x", out);
            }
            if (choices(NULL, info->argument)) {
                (void)fputs(" -a '", out);
                (void)choices(out, info->argument);
                (void)fputc('\'', out);
            }
            (void)fputs(" -d '", out);
            quoted(out, info->help, "");
            (void)fputs("'\n", out);
        }
    }
}

bool host_completion(FILE *out, const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(FILE *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write(out);
            return true;
        }
    }
    return false;
}
