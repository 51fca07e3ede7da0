/*
 * mail.c - reminders by mail. See mail.h.
 */
#include "client/lib/mail.h"

#include <stdio.h>
#include <string.h>

#include "client/lib/internal.h"

const char *const client_mail_kinds[CLIENT_MAIL_KINDS] = {"meeting", "checkin", "proposal",
                                                          "feedback"};

/* Takes `params`; `*result` (may be NULL) is owned. */
static enum council_error ask(struct client *client, enum council_method method, json_t *params,
                              json_t **result, int timeout_ms)
{
    enum council_error error = params == NULL
                                   ? COUNCIL_E_NO_MEMORY
                                   : client_ask(client, method, params, result,
                                                (uint32_t)(timeout_ms < 0 ? 0 : timeout_ms));

    json_decref(params);
    return error;
}

static json_t *kinds_object(uint32_t kinds)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < CLIENT_MAIL_KINDS; i++)
        (void)json_object_set_new(object, client_mail_kinds[i], json_integer(kinds >> i & 1));
    return object;
}

enum council_error client_mail_set(struct client *client, const struct client_mail *mail,
                                   bool *confirmed, int timeout_ms)
{
    json_t *result = NULL;
    json_t *params = json_pack("{s:s, s:s, s:i, s:i, s:o}", "address", mail->address, "zone",
                               mail->zone, "quiet_from", (int)mail->quiet_from, "quiet_to",
                               (int)mail->quiet_to, "kinds", kinds_object(mail->kinds));

    *confirmed = false;
    if (params == NULL)
        return COUNCIL_E_BAD_INPUT; /* not UTF-8 */
    enum council_error error = ask(client, COUNCIL_METHOD_MAIL_SET, params, &result, timeout_ms);
    if (error == COUNCIL_OK)
        *confirmed = json_integer_value(json_object_get(result, "confirmed")) != 0;
    json_decref(result);
    return error;
}

enum council_error client_mail_confirm(struct client *client, const char *code, int timeout_ms)
{
    json_t *params = json_pack("{s:s}", "code", code);

    return params == NULL ? COUNCIL_E_BAD_INPUT
                          : ask(client, COUNCIL_METHOD_MAIL_CONFIRM, params, NULL, timeout_ms);
}

/* The fields were checked against wire.def. */
static void take(const json_t *result, struct client_mail *out)
{
    const char *address = json_string_value(json_object_get(result, "address"));
    const char *zone = json_string_value(json_object_get(result, "zone"));
    const json_t *kinds = json_object_get(result, "kinds");

    out->offered = json_integer_value(json_object_get(result, "offered")) != 0;
    if (address == NULL || zone == NULL)
        return;
    out->set = true;
    (void)snprintf(out->address, sizeof out->address, "%s", address);
    (void)snprintf(out->zone, sizeof out->zone, "%s", zone);
    out->confirmed = json_integer_value(json_object_get(result, "confirmed")) != 0;
    out->quiet_from = (uint32_t)json_integer_value(json_object_get(result, "quiet_from"));
    out->quiet_to = (uint32_t)json_integer_value(json_object_get(result, "quiet_to"));
    out->failing = (uint64_t)json_integer_value(json_object_get(result, "failing"));
    out->sent = (uint64_t)json_integer_value(json_object_get(result, "sent"));
    for (uint32_t i = 0; i < CLIENT_MAIL_KINDS; i++) {
        uint32_t wanted = json_integer_value(json_object_get(kinds, client_mail_kinds[i])) != 0;
        out->kinds |= wanted << i;
    }
}

enum council_error client_mail_show(struct client *client, struct client_mail *out, int timeout_ms)
{
    json_t *result = NULL;
    enum council_error error =
        ask(client, COUNCIL_METHOD_MAIL_SHOW, json_object(), &result, timeout_ms);

    memset(out, 0, sizeof *out);
    if (error == COUNCIL_OK)
        take(result, out);
    json_decref(result);
    return error;
}

enum council_error client_mail_stop(struct client *client, int timeout_ms)
{
    return ask(client, COUNCIL_METHOD_MAIL_STOP, json_object(), NULL, timeout_ms);
}

enum council_error client_mail_nudge(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                     int timeout_ms)
{
    char name[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(name, log, COUNCIL_KEY_BYTES);
    return ask(client, COUNCIL_METHOD_MAIL_NUDGE, json_pack("{s:s}", "log", name), NULL,
               timeout_ms);
}
