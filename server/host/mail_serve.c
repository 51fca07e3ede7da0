/*
 * mail_serve.c - reminders by mail in a running server: the operator's options, and what the mail thread needs of the others.
 *
 * Owns the login's file and what is logged and counted. Must not know what a mail says. Invariant: no address, name or password reaches the log.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/host/log.h"
#include "server/host/server.h"
#include "server/mail/address.h"
#include "server/mail/mail.h"

enum {
    LOGIN_MAX = 1024 /* bytes of the login's file */
};

struct host_mail {
    struct mail_sender *sender;
    struct server *server;
};

/* ---- what the mail thread asks for ---- */

static bool on_store(void *ctx, void (*run)(struct store *store, void *arg), void *arg)
{
    return host_storage_call(((struct host_mail *)ctx)->server->storage, run, arg);
}

static uint64_t on_now(void *ctx)
{
    (void)ctx;
    return host_wall_ms();
}

static void on_report(void *ctx, const struct mail_report *report)
{
    static const struct {
        const char *event;
        enum host_metric metric;
        enum host_log_level level;
    } rows[] = {
        {"mail_sent", HOST_METRIC_MAIL_SENT, HOST_LOG_INFO},
        {"mail_unsure", HOST_METRIC_MAIL_SENT, HOST_LOG_WARN},
        {"mail_later", HOST_METRIC_MAIL_LATER, HOST_LOG_INFO},
        {"mail_relay", HOST_METRIC_MAIL_LATER, HOST_LOG_WARN},
        {"mail_refused", HOST_METRIC_MAIL_REFUSED, HOST_LOG_INFO},
        {"mail_dropped", HOST_METRIC_MAIL_DROPPED, HOST_LOG_WARN},
    };
    struct server *server = ((struct host_mail *)ctx)->server;
    enum host_log_level level = HOST_LOG_WARN;
    if (strcmp(report->event, "mail_round") == 0) {
        host_metric_set(&server->metrics, HOST_METRIC_MAIL_ROUND_TIME, report->count);
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].event, report->event) == 0) {
            level = rows[i].level;
            host_metric_add(&server->metrics, rows[i].metric, report->count);
        }
    }
    HOST_LOG(level, report->event, HOST_LOG_S("about", report->about),
             HOST_LOG_N("code", report->code), HOST_LOG_N("count", report->count));
}

/* ---- options ---- */

static int wrong(const char *option, const char *detail)
{
    (void)fprintf(stderr, "councild: %s: %s\n", option, detail);
    return HOST_EXIT_START;
}

/* The file's two lines into `text`, and where they begin. */
static int read_login(const char *path, char text[LOGIN_MAX + 1], const char **user,
                      const char **secret)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return wrong(path, strerror(errno));
    }
    bool closed = fstat(fd, &status) == 0 && (status.st_mode & (S_IRWXO | S_IWGRP)) == 0;
    ssize_t n = closed ? read(fd, text, LOGIN_MAX) : -1;
    (void)close(fd);
    if (!closed) {
        return wrong(path, "others may read or change it; chmod 600");
    }
    text[n > 0 ? n : 0] = '\0';
    char *rest = NULL;
    *user = strtok_r(text, "\r\n", &rest);
    *secret = strtok_r(NULL, "\r\n", &rest);
    if (*user == NULL || *secret == NULL || n == LOGIN_MAX) {
        return wrong(path, "two lines are needed, user and password");
    }
    return HOST_EXIT_OK;
}

static int make(struct host_mail *mail, struct mail_config *config)
{
    char login[LOGIN_MAX + 1], detail[MAIL_SMTP_DETAIL_MAX] = "";
    const char *path = host_option(mail->server->options, HOST_OPT_SMTP_LOGIN);
    int status = HOST_EXIT_OK;
    if (path != NULL) {
        status = read_login(path, login, &config->smtp.user, &config->smtp.secret);
    }
    if (status == HOST_EXIT_OK) {
        mail->sender = mail_sender_create(config, detail);
        status = mail->sender != NULL ? HOST_EXIT_OK : wrong("--smtp", detail);
    }
    sodium_memzero(login, sizeof login);
    return status;
}

int host_mail_open(struct server *server)
{
    const struct host_options *options = server->options;
    const char *url = host_option(options, HOST_OPT_SMTP);
    const char *from = host_option(options, HOST_OPT_MAIL_FROM);
    uint64_t timeout_s = 0;
    if (!host_option_number(options, HOST_OPT_SMTP_TIMEOUT, 1, 600, &timeout_s)) {
        return HOST_EXIT_USAGE;
    }
    if (url == NULL) {
        return HOST_EXIT_OK;
    }
    if (from == NULL || !mail_address_fits(from)) {
        return wrong("--mail-from", "an address like reminders@example.org is needed with --smtp");
    }
    struct host_mail *mail = calloc(1, sizeof *mail);
    if (mail == NULL) {
        return wrong("--smtp", "out of memory");
    }
    mail->server = server;
    struct mail_config config = {
        .ctx = mail,
        .store = on_store,
        .broken = host_server_die,
        .now_ms = on_now,
        .report = on_report,
        .origin = server->origin,
        .from = from,
        .smtp = {.url = url,
                 .from = from,
                 .ca_file = host_option(options, HOST_OPT_SMTP_CA),
                 .plain = host_option_given(options, HOST_OPT_SMTP_PLAIN),
                 .timeout_ms = (uint32_t)timeout_s * 1000},
    };
    int status = make(mail, &config);
    if (status != HOST_EXIT_OK) {
        free(mail);
        return status;
    }
    server->mail = mail;
    if (strncmp(server->origin, "https:", 6) != 0) {
        host_log(HOST_LOG_WARN, "mail_links_not_https", NULL);
    }
    return HOST_EXIT_OK;
}

int host_mail_begin(struct server *server)
{
    bool fine = server->mail == NULL || mail_sender_start(server->mail->sender);
    return fine ? HOST_EXIT_OK : wrong("--smtp", "no thread");
}

void host_mail_poke(struct host_mail *mail)
{
    if (mail != NULL) {
        mail_sender_poke(mail->sender);
    }
}

void host_mail_end(struct host_mail *mail)
{
    if (mail != NULL) {
        mail_sender_stop(mail->sender);
        free(mail);
    }
}
