/*
 * input.c - what comes from a person: secrets, texts, confirmations.
 *
 * The only code that touches the terminal's modes. Invariant: a secret comes from a file descriptor or a terminal without echo, never from the command
 * line or the environment, and no copy of it outlives the call but the caller's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/cli.h"

enum {
    TEXT_MAX = 262144
};

/* The signal that came while a secret was asked for: it waits until the terminal is as it was. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

enum {
    ENDING = sizeof ending / sizeof ending[0]
};

/*
 * Reads up to a line end or the end of file, one byte at a time so that a second secret may follow on the same descriptor. `mask` are
 * the signals that are blocked while it waits, NULL: those that are now. What is blocked at other times cannot slip in before the wait.
 */
static bool read_secret(int fd, const sigset_t *mask, char *out, uint32_t *len)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    *len = 0;
    for (;;) {
        char c;
        int woken = ppoll(&ready, 1, NULL, mask);
        ssize_t got = woken < 0 ? -1 : read(fd, &c, 1);
        if (got < 0 && errno == EINTR && !interrupted)
            continue;
        if (got < 0)
            return false;
        if (got == 0 || c == '\n')
            break;
        if (*len == CLIENT_PASSPHRASE_MAX)
            return false;
        out[(*len)++] = c;
    }
    out[*len] = '\0';
    return true;
}

static bool ask(int tty, const char *prompt, char *out, uint32_t *len)
{
    struct termios before, quiet;
    const struct sigaction catching = {.sa_handler = on_signal};
    struct sigaction kept[ENDING];
    sigset_t blocked, mask;
    if (tcgetattr(tty, &before) != 0)
        return false;
    sigemptyset(&blocked);
    for (size_t i = 0; i < ENDING; i++)
        sigaddset(&blocked, ending[i]);
    sigprocmask(SIG_BLOCK, &blocked, &mask);
    for (size_t i = 0; i < ENDING; i++)
        sigaction(ending[i], &catching, &kept[i]);
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    /* The echo ends before the prompt is there: what is typed at once is neither shown nor lost. */
    bool ok = tcsetattr(tty, TCSAFLUSH, &quiet) == 0 && dprintf(tty, "%s: ", prompt) > 0 &&
              read_secret(tty, &mask, out, len);
    tcsetattr(tty, TCSAFLUSH, &before);
    dprintf(tty, "\n");
    for (size_t i = 0; i < ENDING; i++)
        sigaction(ending[i], &kept[i], NULL);
    if (interrupted) {
        sodium_memzero(out, CLIENT_PASSPHRASE_MAX + 1);
        (void)raise(interrupted);
    }
    sigprocmask(SIG_SETMASK, &mask, NULL); /* what came ends the process here */
    return ok;
}

static bool ask_twice(struct cli *cli, int tty, const char *prompt, char *out, uint32_t *len)
{
    char again[CLIENT_PASSPHRASE_MAX + 1], second[128];
    uint32_t again_len = 0;
    snprintf(second, sizeof second, "%s, again", prompt);
    bool read = ask(tty, prompt, out, len) && ask(tty, second, again, &again_len);
    bool same = read && again_len == *len && sodium_memcmp(again, out, *len) == 0;
    sodium_memzero(again, sizeof again);
    if (!same)
        cli_fail_input(cli, "The two are not the same; nothing was changed.");
    return same;
}

bool cli_secret(struct cli *cli, const char *fd_option, const char *environment, const char *prompt,
                bool confirm, char out[CLIENT_PASSPHRASE_MAX + 1], uint32_t *len)
{
    const char *number = cli_option(cli, fd_option);
    if (!number && environment)
        number = getenv(environment);
    if (number) {
        char *end;
        long fd = strtol(number, &end, 10);
        if (*end == '\0' && end != number && fd >= 0 && fd <= 65535 &&
            read_secret((int)fd, NULL, out, len))
            return true;
        cli_fail_input(cli, "File descriptor %s of --%s cannot be read.", number, fd_option);
        return false;
    }
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0) {
        cli_fail_input(cli, "There is no terminal to ask for the %s; use --%s.", prompt, fd_option);
        return false;
    }
    bool ok = confirm ? ask_twice(cli, tty, prompt, out, len) : ask(tty, prompt, out, len);
    if (!ok && !cli->failed)
        cli_fail_input(cli, "The %s could not be read.", prompt);
    close(tty);
    return ok;
}

char *cli_read_all(int fd, uint32_t *len)
{
    char *text = malloc(TEXT_MAX + 1);
    size_t at = 0;
    while (text) {
        ssize_t got = read(fd, text + at, TEXT_MAX + 1 - at);
        if (got < 0 && errno == EINTR)
            continue;
        at += got > 0 ? (size_t)got : 0;
        if (got > 0 && at <= TEXT_MAX)
            continue;
        if (got == 0) {
            text[at] = '\0';
            *len = (uint32_t)at;
            return text;
        }
        errno = got > 0 ? EFBIG : errno;
        free(text);
        text = NULL;
    }
    return NULL;
}

static int read_file(struct cli *cli, const char *file, char **text, uint32_t *len)
{
    int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    *text = fd >= 0 ? cli_read_all(fd, len) : NULL;
    int reason = errno;
    if (fd > STDIN_FILENO)
        close(fd);
    if (!*text)
        return cli_fail_input(cli, "%s: %s.", file,
                              reason == EFBIG ? "longer than 256 KiB" : strerror(reason));
    return CLI_OK;
}

int cli_text(struct cli *cli, const char *message, const char *file, const char *start, char **text,
             uint32_t *len)
{
    if (message) {
        *text = strdup(message);
        *len = (uint32_t)strlen(message);
        return *text ? CLI_OK : cli_fail(cli, COUNCIL_E_NO_MEMORY);
    }
    int result = file ? read_file(cli, file, text, len) : cli_edit(cli, start, text, len);
    if (*text && strlen(*text) != *len) {
        free(*text);
        *text = NULL;
        return cli_fail_input(cli, "The text has a zero byte in it; only text can be written.");
    }
    return result;
}

bool cli_confirm(struct cli *cli, const char *question)
{
    char answer[16] = "";
    if (cli_flag(cli, "yes"))
        return true;
    if (!isatty(STDIN_FILENO))
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}
