/*
 * server.c - fork, exec, kill and wait for councild. See server.h.
 */
#include "tests/crash/server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/crash/tap.h"

static volatile sig_atomic_t victim, sent;

static void on_alarm(int number)
{
    (void)number;
    if (victim > 0) {
        (void)kill((pid_t)victim, SIGKILL);
        sent = 1;
    }
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void parent_of(const struct server *server, char *out, uint32_t size)
{
    (void)snprintf(out, size, "%.*s", (int)(strlen(server->folder) - strlen("/data")),
                   server->folder);
}

static void make_folder(struct server *server)
{
    const char *tmp = getenv("TMPDIR");
    char path[112];
    (void)snprintf(path, sizeof path, "%.80s/council-kill-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(path) == NULL) {
        tap_die("no folder: %s", strerror(errno));
    }
    (void)snprintf(server->folder, sizeof server->folder, "%s/data", path);
}

static void remove_folder(const struct server *server)
{
    char path[sizeof server->folder];
    parent_of(server, path, sizeof path);
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void server_init(struct server *server, const char *program)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    *server = (struct server){.program = program, .ready = -1};
    make_folder(server);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

void server_forget(struct server *server)
{
    remove_folder(server);
    make_folder(server);
}

void server_fini(struct server *server)
{
    server_kill(server);
    (void)server_reap(server, NULL);
    remove_folder(server);
}

static void open_log(const struct server *server)
{
    char parent[sizeof server->folder];
    char path[sizeof parent + 8];
    parent_of(server, parent, sizeof parent);
    (void)snprintf(path, sizeof path, "%s/stderr", parent);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)dup2(fd, STDERR_FILENO);
        (void)dup2(fd, STDOUT_FILENO);
    }
}

__attribute__((noreturn)) static void become(const struct server *server, int ready)
{
    enum {
        READY = 3
    };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    open_log(server);
    (void)dup2(ready, READY);
    /* Nobody here is a flood: whoever comes back after a kill comes at once. Members were made long ago. */
    (void)execl(server->program, server->program, "serve", "--data", server->folder, "--listen",
                "127.0.0.1:0", "--registration", "open", "--log-level", "error", "--ready-fd", "3",
                "--verifiers", "1", "--limit", "device-burst=1000000000", "--limit",
                "council-burst=1000000000", "--limit", "address-burst=1000000000", "--limit",
                "clock-skew-ms=9007199254740991", (char *)NULL);
    _exit(127);
}

void server_start(struct server *server)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        tap_die("pipe: %s", strerror(errno));
    }
    sent = 0;
    server->pid = fork();
    if (server->pid < 0) {
        tap_die("fork: %s", strerror(errno));
    }
    if (server->pid == 0) {
        become(server, pipes[1]);
    }
    victim = server->pid;
    (void)close(pipes[1]);
    server->ready = pipes[0];
}

bool server_url(struct server *server, char *url, uint32_t size)
{
    static const char key[] = "\"urls\":[\"";
    char line[1024];
    uint32_t have = 0;
    while (have < sizeof line - 1 && memchr(line, '\n', have) == NULL) {
        ssize_t n = read(server->ready, line + have, sizeof line - 1 - have);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        have += (uint32_t)n;
    }
    line[have] = '\0';
    const char *at = strstr(line, key);
    if (at == NULL) {
        return false;
    }
    at += sizeof key - 1;
    (void)snprintf(url, size, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

void server_kill_in(struct server *server, uint32_t us)
{
    const struct itimerval when = {
        .it_value = {.tv_sec = us / 1000000, .tv_usec = us % 1000000 + 1}};
    (void)server;
    (void)setitimer(ITIMER_REAL, &when, NULL);
}

void server_kill(struct server *server)
{
    if (server->pid > 0) {
        (void)kill(server->pid, SIGKILL);
        sent = 1;
    }
}

bool server_killed(void)
{
    return sent != 0;
}

bool server_reap(struct server *server, int *status)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    int how = 0;
    if (server->pid <= 0) {
        return false;
    }
    while (waitpid(server->pid, &how, 0) < 0 && errno == EINTR) {
    }
    victim = 0;
    (void)setitimer(ITIMER_REAL, &never, NULL);
    (void)close(server->ready);
    server->ready = -1;
    server->pid = 0;
    if (status != NULL) {
        *status = how;
    }
    return WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL;
}

int server_verify(const struct server *server, char *out, uint32_t size)
{
    char command[512];
    (void)snprintf(command, sizeof command, "'%s' verify --data '%s' 2>&1", server->program,
                   server->folder);
    FILE *said = popen(command, "re");
    if (said == NULL) {
        return -1;
    }
    size_t n = fread(out, 1, size - 1, said);
    out[n] = '\0';
    int status = pclose(said);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void server_log_tail(const struct server *server, char *out, uint32_t size)
{
    char parent[sizeof server->folder];
    char path[sizeof parent + 8];
    parent_of(server, parent, sizeof parent);
    (void)snprintf(path, sizeof path, "%s/stderr", parent);
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return;
    }
    if (fseek(file, -(long)(size - 1), SEEK_END) != 0) {
        rewind(file);
    }
    out[fread(out, 1, size - 1, file)] = '\0';
    (void)fclose(file);
}
