/*
 * editor.c - a text written in the member's editor, and never lost between the editor and the outbox.
 *
 * The editor's file is private and wiped; what was written is kept as a sealed draft of the home until the command has done with it, so that a refusal costs
 * nobody their words. Invariant: the draft is there before the file is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/cli.h"

static bool run_editor(const char *path)
{
    const char *editor = getenv("VISUAL");
    int status = -1;
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor)
        editor = "vi";
    pid_t child = fork();
    if (child == 0) {
        /* An editor may be a command with arguments: the shell splits it, the path goes apart. */
        execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", editor, path, (char *)NULL);
        _exit(127);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Overwrites what a descriptor names: on most disks that helps, on a memory file system it is enough. */
static void wipe(int fd)
{
    struct stat st;
    static const char zeros[4096];
    if (fd < 0 || fstat(fd, &st) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return;
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof zeros)
        if (write(fd, zeros, sizeof zeros) < 0)
            return;
}

/* The draft's name: of this command about this thing on this template, so that numbers in it still mean what they did. */
static void name_draft(struct cli *cli, const char *start)
{
    uint8_t hash[COUNCIL_HASH_BYTES];
    const char *about = cli_operand(cli, 0) ? cli_operand(cli, 0) : "";
    const struct council_field fields[] = {
        COUNCIL_FN(cli->command->name, strlen(cli->command->name)),
        COUNCIL_FN(about, strlen(about)), COUNCIL_FN(start, strlen(start))};
    council_hash_p(hash, "council/cli/draft", fields, 3);
    memcpy(cli->draft, "editor-", 7);
    council_b64_encode(cli->draft + 7, hash, sizeof hash);
}

/* Lets the editor work on `begin` and reads what came of it. NULL: printed. */
static char *edited(struct cli *cli, const char *start, const char *begin, uint32_t *len)
{
    const char *folder =
        getenv("XDG_RUNTIME_DIR"); /* a memory file system of the user's own, where there is one */
    char path[512], *text = NULL;
    snprintf(path, sizeof path, "%s/council-XXXXXX.md", folder && *folder ? folder : "/tmp");
    int fd = mkostemps(path, 3, O_CLOEXEC);
    size_t size = strlen(begin);
    if (fd < 0 || write(fd, begin, size) != (ssize_t)size) {
        cli_fail_input(cli, "%s: %s.", path, strerror(errno));
    } else {
        bool well = run_editor(path);
        int again = open(path, O_RDWR | O_CLOEXEC); /* editors replace files */
        text = again >= 0 ? cli_read_all(again, len) : NULL;
        if (!text)
            cli_fail_input(cli, "%s: %s.", path, strerror(errno));
        else if (!well)
            cli_fail_input(cli, "The editor did not end well; nothing was posted.");
        if (text && strcmp(text, start) != 0 &&
            client_draft_put(cli->client, cli->draft, text, *len)) {
            cli_fail_input(cli, "What you wrote could not be kept here; it is still in %s.", path);
            close(again);
            close(fd);
            return text;
        }
        wipe(again);
        if (again >= 0)
            close(again);
    }
    if (fd >= 0) {
        wipe(fd);
        close(fd);
        unlink(path);
    }
    return text;
}

int cli_edit(struct cli *cli, const char *start, char **text, uint32_t *len)
{
    char *kept = NULL;
    uint32_t kept_len = 0;
    *text = NULL;
    if (!isatty(STDIN_FILENO))
        return cli_fail_usage(cli, "there is no terminal for an editor: name a FILE, - for "
                                   "standard input, or use --message.");
    name_draft(cli, start);
    if (client_draft_get(cli->client, cli->draft, &kept, &kept_len) == COUNCIL_OK)
        cli_say(cli, "Going on with what you wrote before; empty the file to drop it.");
    *text = edited(cli, start, kept ? kept : start, len);
    free(kept);
    if (*text && !cli->failed && (*len == 0 || strcmp(*text, start) == 0)) {
        cli_edit_done(cli, CLI_OK);
        cli_fail_input(cli, "Nothing was changed, so nothing was written.");
    }
    if (!cli->failed)
        return CLI_OK;
    free(*text);
    *text = NULL;
    return CLI_FAILED;
}

void cli_edit_done(struct cli *cli, int result)
{
    if (!cli->draft[0])
        return;
    if (result == CLI_OK || result == CLI_OFFLINE)
        (void)!client_draft_drop(cli->client, cli->draft);
    else
        cli_say(cli, "What you wrote is kept: the same command opens it again.");
    cli->draft[0] = '\0';
}
