/*
 * letter.c - a mail's bytes. See letter.h.
 */
#include "server/mail/letter.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "protocol/bytes.h"

static const struct {
    const char *subject, *text;
} letters[] = {
#define MAIL_LETTER(kind, subject, text) [STORE_MAIL_##kind] = {subject, text},
#include "server/mail/letters.def"
#undef MAIL_LETTER
};
_Static_assert(sizeof letters / sizeof letters[0] == STORE_MAIL_KINDS, "one for each kind");

/* RFC 5322 section 3.3, in UTC; not strftime, whose names follow the locale. */
static void write_date(uint64_t now_ms, char out[40])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL) {
        memset(&tm, 0, sizeof tm);
        tm.tm_mday = 1;
    }
    (void)snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000", days + 3 * tm.tm_wday,
                   tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
}

/* The same for every attempt at one event, and for nobody to guess another's by. */
static void write_id(const struct store_mail_event *event, char out[COUNCIL_KEY_CHARS + 1])
{
    uint8_t hash[COUNCIL_HASH_BYTES];
    const struct council_field fields[] = {COUNCIL_F(event->member), COUNCIL_F(event->key)};
    council_hash_p(hash, "council/v1/mail-id", fields, 2);
    council_b64_encode(out, hash, sizeof hash);
}

static int write_body(const struct mail_letter *letter, char *out, size_t size)
{
    const char *text = letters[letter->event->kind].text, *code = letter->mail->code;
    if (letter->event->kind == STORE_MAIL_CODE) {
        return snprintf(
            out, size,
            "%s If it was you, your code is\r\n\r\n    %.5s-%s\r\n\r\nIt is good for a day, "
            "here:\r\n\r\n    %s\r\n\r\nIf it was not you, do nothing: no other mail will "
            "come.\r\n",
            text, code, strlen(code) > 5 ? code + 5 : "", letter->origin);
    }
    return snprintf(out, size,
                    "%s\r\n\r\n    %s\r\n\r\nYou asked for this. Your mail program's unsubscribe "
                    "button ends it.\r\n",
                    text, letter->origin);
}

uint32_t mail_letter_write(const struct mail_letter *letter, char out[MAIL_LETTER_MAX])
{
    char date[40], id[COUNCIL_KEY_CHARS + 1], token[COUNCIL_KEY_CHARS + 1];
    const char *domain = strchr(letter->from, '@');
    write_date(letter->now_ms, date);
    write_id(letter->event, id);
    council_b64_encode(token, letter->mail->token, sizeof letter->mail->token);
    int head = snprintf(
        out, MAIL_LETTER_MAX,
        "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s%s>\r\n"
        "List-Unsubscribe: <%s" MAIL_STOP_PATH
        "%s>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n",
        date, letter->from, letter->mail->address, letters[letter->event->kind].subject, id,
        domain != NULL ? domain : "@localhost", letter->origin, token);
    if (head <= 0 || head >= MAIL_LETTER_MAX) {
        return 0;
    }
    int body = write_body(letter, out + head, (size_t)(MAIL_LETTER_MAX - head));
    return body > 0 && body < MAIL_LETTER_MAX - head ? (uint32_t)(head + body) : 0;
}
