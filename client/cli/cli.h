/*
 * cli.h - what the files of `council` share: the command line as parsed, the table of commands, finding things by name,
 * input, output, and the one way to fail.
 *
 * Knows libcouncil's header and the model, never a socket or a database. Invariant: a command prints its result once, as text or as JSON, and errors
 * go to standard error with what happened and what to do next.
 */
#ifndef COUNCIL_CLIENT_CLI_CLI_H
#define COUNCIL_CLIENT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client/lib/client.h"
#include "client/model/model.h"

/* Exit codes, explained in every manual page (help.c). */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1, /* it did not work, for a reason that the message names */
    CLI_USAGE = 2,  /* the command line is not what the command takes */
    CLI_OFFLINE =
        3, /* the server was not reached, or waits for other members; what was written is kept and will be sent */
    CLI_REFUSED = 4, /* the council's rules or the server's limits forbid it */
    CLI_LOCKED = 5,  /* wrong passphrase, or none to be had */
    CLI_SERVER = 6   /* the server was caught at something: do not trust it further */
};

enum cli_needs {
    CLI_NEEDS_NOTHING,
    CLI_NEEDS_NEW,
    CLI_NEEDS_ANY,
    CLI_NEEDS_HOME,
    CLI_NEEDS_FRESH,
    CLI_NEEDS_ONLINE
};

struct cli;

struct cli_command {
    const char *name, *group;
    enum cli_needs needs;
    int min, max;
    const char *operands, *summary, *description;
    int (*run)(struct cli *cli); /* returns enum cli_exit */
};

struct cli_option {
    const char *command; /* its name; NULL for the options of every command */
    int letter;          /* 0: none */
    const char *name, *argument, *help;
};

struct cli_example {
    const char *command, *line, *what;
};

enum {
    CLI_VALUES_MAX = 64,
    CLI_OPERANDS_MAX = 64,
    CLI_MARKED_MAX = 4
};

struct cli {
    const struct cli_command *command;
    struct client *client; /* owned; NULL where the command needs nothing */
    struct {
        const struct cli_option *option;
        const char *argument;
    } values[CLI_VALUES_MAX];
    int value_count;
    const char *operands[CLI_OPERANDS_MAX];
    int operand_count;
    char marked[CLI_MARKED_MAX][COUNCIL_KEY_CHARS + 2]; /* keys that begin with a hyphen */
    bool json, offline, quiet;
    int timeout_ms;
    uint8_t log[COUNCIL_KEY_BYTES]; /* the council that the command is about, zeros for none */
    uint32_t refused;               /* refused entries of the outbox that were told of */
    bool failed;                    /* an error was printed */
    bool closed;                    /* `log` was closed by its moderator: writing warns, once */
    char draft[7 + COUNCIL_KEY_CHARS + 1]; /* of the editor, until the command is done */
};

/* ---- tables (table.c) ---- */
const struct cli_command *cli_commands(uint32_t *count);
const struct cli_option *cli_options(uint32_t *count);
const struct cli_example *cli_examples(uint32_t *count);
/* The command named by the first one or two words; `*used` is how many. NULL where there is none. */
const struct cli_command *cli_command_find(int argc, char **argv, int *used);
/* True if commands of two words begin with `word`. */
bool cli_is_group(const char *word);

/* ---- the command line (options.c) ---- */
/* Parses options and operands after the command's name. CLI_OK, or CLI_USAGE with the reason printed. */
int cli_parse(struct cli *cli, int argc, char **argv);
/* The argument of an option, or NULL where it was not given (an option without argument: ""). The last one given counts. */
const char *cli_option(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
/* The n-th (from 0) argument given to an option that may be repeated, or NULL. */
const char *cli_option_nth(const struct cli *cli, const char *name, int n);
/* An option's argument as a number within min..max, `otherwise` where not given. False: printed, return CLI_USAGE. */
bool cli_option_number(struct cli *cli, const char *name, uint64_t min, uint64_t max,
                       uint64_t otherwise, uint64_t *out);
/* The n-th operand, or NULL. */
const char *cli_operand(const struct cli *cli, int n);

/* ---- help (help.c) ---- */
void cli_help_command(const struct cli_command *command, FILE *out);
void cli_help_all(FILE *out);
/* Lists the commands of two words that begin with `word`; false where there are none. */
bool cli_help_group(const char *word, FILE *out);

/* ---- failing (fail.c) ---- */
/* Prints what happened, the client's detail, and what to do next (as JSON with --json), and returns the exit code that fits. */
int cli_fail(struct cli *cli, enum council_error error);
/* The same with words of the caller's in place of the error's own. */
int cli_fail_words(struct cli *cli, enum council_error error, const char *words);
/* The same for what is wrong with the input; a printf format. Returns CLI_FAILED. */
int cli_fail_input(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A wrong command line: prints the reason and where the help is; returns CLI_USAGE. */
int cli_fail_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where the client takes nothing more of `log` (NULL: of any log), says why as cli_fail does and returns the exit code; else CLI_OK. */
int cli_stopped(struct cli *cli, const uint8_t *log);
/* True if what was reported of a log is the server's fault: it delivered what breaks a rule, or contradicts itself. */
bool cli_blames_server(enum council_error error);
/* Says, once, what became known of the server meanwhile: a new key that the old one named. */
void cli_server_news(struct cli *cli);
/* A remark on standard error, unless --quiet or --json. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- input (input.c) ---- */
/* Reads a secret line from the descriptor of option `fd_option` or its environment variable, or by asking at the terminal (twice where `confirm`). False: printed. The
 * secret has no line end; wipe it. */
bool cli_secret(struct cli *cli, const char *fd_option, const char *environment, const char *prompt,
                bool confirm, char out[CLIENT_PASSPHRASE_MAX + 1], uint32_t *len);
/* Text from --message, FILE operand (or "-"), else $EDITOR on `start` (kept in a private file that is wiped). `*text` is owned. CLI_OK, or an exit code. */
int cli_text(struct cli *cli, const char *message, const char *file, const char *start, char **text,
             uint32_t *len);
/* Reads all of a descriptor, up to 256 KiB; owned by the caller. NULL: errno says why (EFBIG: too long). */
char *cli_read_all(int fd, uint32_t *len);
/* Asks yes or no at the terminal; true also where --yes was given. False without a terminal. */
bool cli_confirm(struct cli *cli, const char *question);

/* ---- the editor (editor.c) ---- */
/* Lets the member write in $EDITOR, from `start` or from what they wrote there before. `*text` is owned. CLI_OK, or CLI_FAILED with the reason printed. */
int cli_edit(struct cli *cli, const char *start, char **text, uint32_t *len);
/* What became of the command: on success the draft is dropped, else it is kept and said so. */
void cli_edit_done(struct cli *cli, int result);

/* ---- output (output.c) ---- */
/* Prints a JSON object (a line) and releases it. */
void cli_print_json(json_t *object);
/* Prints a template, which is released; NULL: no memory. CLI_OK, or an exit code. */
int cli_print_template(struct cli *cli, char *text);
/* A time in the member's own zone, as "Mon 23 Nov 2026 18:00"; 0 gives "". */
void cli_time(uint64_t unix_ms, const char *zone, char out[64]);
/* New JSON string of base64url. */
json_t *cli_json_bytes(const uint8_t *bytes, uint32_t len);
/* The bytes of the character of UTF-8 that `text` begins with, where it is one that must not be shown (it would turn or break what stands beside it); else 0 (hidden.c). */
size_t cli_hidden(const char *text);
/* Human text with control characters (but line end and tab) made visible, so that nobody's note drives another's terminal; each line after the first is indented. */
void cli_print_text(FILE *out, const char *text, const char *indent);

/* ---- a council and who is in it (find.c) ---- */
struct cli_council {
    uint8_t log[COUNCIL_KEY_BYTES];
    const struct council *council; /* borrowed from the client; NULL for none */
    struct model *model;           /* owned */
    struct council then;           /* owned: the council at the last entry that the model has */
};
/*
 * Loads the council of --council (a name, or the start of its log's name), or the only one. NO_COUNCIL is printed with the choices. CLI_OK, or an exit code. End with cli_council_fini.
 */
int cli_council(struct cli *cli, struct cli_council *out);
/* The same by a word (NULL: the only one). */
int cli_council_named(struct cli *cli, const char *word, struct cli_council *out);
/* The journal with its model. */
int cli_journal(struct cli *cli, struct cli_council *out);
void cli_council_fini(struct cli_council *council);
/*
 * Adds one more entry of the council, as it came, to what was loaded. False where it is of another log, or there was no memory for it: then read everything again, and also
 * where the entry erases something.
 */
bool cli_council_take(struct cli *cli, struct cli_council *council, const struct client_post *post);
/* Reads everything again after something was written. */
int cli_council_refresh(struct cli *cli, struct cli_council *council);
/* A member (also a former one where `former`) by name or by the start of their key. False: printed. */
bool cli_member(struct cli *cli, const struct cli_council *council, const char *word, bool former,
                uint8_t out[COUNCIL_KEY_BYTES]);
/*
 * How many the word fits; the last of them in `out`. Names that are written so, and starts of keys (four characters or more), go before names in other letters (A, a), or, where
 * `begins`, that begin so.
 */
uint32_t cli_member_find(const struct cli_council *council, const char *word, bool former,
                         bool begins, uint8_t out[COUNCIL_KEY_BYTES]);

/* ---- doing (act.c) ---- */
/*
 * Submits an intent (released) and waits until it is acknowledged, unless --offline: then, or without network, says that it is kept (CLI_OFFLINE only where `must` be online).
 * `*seq` is 0 where it is not yet known; it may be NULL. CLI_OK, or an exit code with the reason printed.
 */
int cli_submit(struct cli *cli, const uint8_t *log, enum council_kind kind, json_t *intent,
               uint64_t *seq, uint64_t *item);
/* The same for a post of `content` (released); checks it first. */
int cli_post(struct cli *cli, const uint8_t *log, json_t *content, uint64_t *seq);

/* ---- what was refused when nobody waited for it (refused.c) ---- */
/* How many entries of the outbox were refused. */
uint32_t cli_refused_count(struct cli *cli);
/* Shows each with its reason and text (with --json appends them to `list`); `forget` drops them afterwards. CLI_OK, or an exit code. */
int cli_refused_show(struct cli *cli, json_t *list, bool forget);

/* ---- the commands ---- */
#define CLI_COMMAND(symbol, name, group, needs, min, max, operands, summary, description) \
    int cli_##symbol(struct cli *cli);
#define CLI_OPTION(command, letter, name, argument, help)
#define CLI_EXAMPLE(command, line, what)
#include "client/cli/commands.def"
#undef CLI_COMMAND
#undef CLI_OPTION
#undef CLI_EXAMPLE

#endif
