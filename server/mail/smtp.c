/*
 * smtp.c - hands one mail to the relay, by libcurl. See smtp.h.
 *
 * libcurl tells one error for several answers; what was said and answered last is taken from what it reports of the conversation.
 */
#include "server/mail/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mail_smtp {
    struct mail_smtp_config config;
    CURL *curl;
    const char *text; /* what is being sent; borrowed */
    uint32_t len, at;
    struct mail_attempt attempt; /* what was said and answered last */
    bool over; /* the conversation is ended; what is answered to that says nothing */
};

/* ---- what libcurl calls ---- */

static size_t on_read(char *buffer, size_t size, size_t count, void *ctx)
{
    struct mail_smtp *smtp = ctx;
    size_t room = size * count, left = smtp->len - smtp->at, n = left < room ? left : room;
    if (n == 0) {
        smtp->attempt.stage = MAIL_STAGE_SAID; /* the end of the mail is said next */
        smtp->attempt.code = 0;
        return 0;
    }
    memcpy(buffer, smtp->text + smtp->at, n);
    smtp->at += (uint32_t)n;
    return n;
}

static void said(struct mail_attempt *attempt, const char *line, size_t len)
{
    static const struct {
        const char *command;
        enum mail_stage stage;
    } stages[] = {
        {"MAIL FROM:", MAIL_STAGE_FROM}, {"RCPT TO:", MAIL_STAGE_TO}, {"DATA", MAIL_STAGE_DATA}};
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        size_t n = strlen(stages[i].command);
        if (len >= n && memcmp(line, stages[i].command, n) == 0) {
            attempt->stage = stages[i].stage;
        }
    }
    attempt->code = 0;
}

static void answered(struct mail_attempt *attempt, const char *line, size_t len)
{
    if (len >= 3 && strspn(line, "0123456789") >= 3) {
        attempt->code = (uint32_t)(line[0] - '0') * 100 + (uint32_t)(line[1] - '0') * 10 +
                        (uint32_t)(line[2] - '0');
    }
}

static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size, void *ctx)
{
    struct mail_smtp *smtp = ctx;
    char line[16] = "";
    (void)curl;
    memcpy(line, data, size < sizeof line - 1 ? size : sizeof line - 1);
    smtp->over = smtp->over || (type == CURLINFO_HEADER_OUT && strncmp(line, "QUIT", 4) == 0);
    if (smtp->over) {
        return 0;
    }
    if (type == CURLINFO_HEADER_OUT) {
        said(&smtp->attempt, line, strlen(line));
    } else if (type == CURLINFO_HEADER_IN) {
        answered(&smtp->attempt, line, strlen(line));
    }
    return 0;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct mail_smtp *smtp = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(smtp->config.stop) ? 1 : 0;
}

/* ---- making ---- */

/* The relay is this machine: nobody is in between. */
static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

/* Whether the url is a relay's, and whether TLS can be left out. */
static bool read_url(const struct mail_smtp_config *config, bool *plain)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool good = url != NULL && curl_url_set(url, CURLUPART_URL, config->url, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
                (strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0);
    *plain = good && strcmp(scheme, "smtp") == 0 && config->ca_file == NULL &&
             (config->plain || is_loopback(host));
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    return good;
}

static bool set_up(struct mail_smtp *smtp, bool plain)
{
    CURL *curl = smtp->curl;
    const struct mail_smtp_config *config = &smtp->config;
    char from[300];
    (void)snprintf(from, sizeof from, "<%s>", config->from);
    const CURLcode set[] = {
        curl_easy_setopt(curl, CURLOPT_URL, config->url),
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
        curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from),
        curl_easy_setopt(curl, CURLOPT_USE_SSL,
                         plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL),
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(curl, CURLOPT_PROXY, ""),
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)MAIL_SMTP_CONNECT_MS),
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms),
        curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L),
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L),
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read),
        curl_easy_setopt(curl, CURLOPT_READDATA, smtp),
        curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L),
        curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug),
        curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp),
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L),
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress),
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp),
        config->ca_file != NULL ? curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file)
                                : CURLE_OK,
        config->user != NULL ? curl_easy_setopt(curl, CURLOPT_USERNAME, config->user) : CURLE_OK,
        config->user != NULL ? curl_easy_setopt(curl, CURLOPT_PASSWORD, config->secret) : CURLE_OK,
    };
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        if (set[i] != CURLE_OK) {
            return false;
        }
    }
    return true;
}

struct mail_smtp *mail_smtp_create(const struct mail_smtp_config *config,
                                   char detail[MAIL_SMTP_DETAIL_MAX])
{
    bool plain = false;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)snprintf(detail, MAIL_SMTP_DETAIL_MAX, "libcurl does not start");
        return NULL;
    }
    if (!read_url(config, &plain)) {
        (void)snprintf(detail, MAIL_SMTP_DETAIL_MAX,
                       "smtp://HOST[:PORT] or smtps://HOST[:PORT] is needed, without a login");
        curl_global_cleanup();
        return NULL;
    }
    struct mail_smtp *smtp = calloc(1, sizeof *smtp);
    if (smtp != NULL) {
        smtp->config = *config;
        smtp->curl = curl_easy_init();
    }
    if (smtp == NULL || smtp->curl == NULL || !set_up(smtp, plain)) {
        (void)snprintf(detail, MAIL_SMTP_DETAIL_MAX, "out of memory, or libcurl lacks SMTP");
        if (smtp == NULL) {
            curl_global_cleanup();
        }
        mail_smtp_destroy(smtp);
        return NULL;
    }
    smtp->config.user = smtp->config.secret = NULL; /* libcurl has copies */
    return smtp;
}

void mail_smtp_destroy(struct mail_smtp *smtp)
{
    if (smtp == NULL) {
        return;
    }
    curl_easy_cleanup(smtp->curl);
    curl_global_cleanup();
    free(smtp);
}

/* ---- sending ---- */

void mail_smtp_send(struct mail_smtp *smtp, const char *to, const char *text, uint32_t len,
                    struct mail_attempt *out)
{
    char address[300];
    *out = (struct mail_attempt){.stage = MAIL_STAGE_CONNECT};
    (void)snprintf(address, sizeof address, "<%s>", to);
    struct curl_slist *list = curl_slist_append(NULL, address);
    if (list == NULL || curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, list) != CURLE_OK) {
        curl_slist_free_all(list);
        return;
    }
    smtp->text = text;
    smtp->len = len;
    smtp->at = 0;
    smtp->attempt = *out;
    smtp->over = false;
    CURLcode code = curl_easy_perform(smtp->curl);
    *out = smtp->attempt;
    out->taken = code == CURLE_OK && out->stage == MAIL_STAGE_SAID && out->code / 100 == 2;
    (void)curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(list);
    smtp->text = NULL;
    smtp->len = smtp->at = 0;
}
