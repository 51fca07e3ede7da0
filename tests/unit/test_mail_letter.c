/*
 * What a mail says, which addresses are written to, and what follows from how a relay answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/bytes.h"
#include "server/mail/address.h"
#include "server/mail/letter.h"
#include "server/mail/outcome.h"

/* ---- addresses ---- */

static void addresses(void **state)
{
    static const char *const good[] = {"a@b.cc", "first.last+tag@mail.example.org",
                                       "x_y-z!#$%&'*/=?^`{|}~@xn--bcher-kva.example", "1@2.three"};
    static const char *const bad[] = {"",
                                      "@",
                                      "a",
                                      "a@",
                                      "@b.cc",
                                      "a@b",
                                      "a@b.",
                                      "a@.b.cc",
                                      "a@b..cc",
                                      ".a@b.cc",
                                      "a.@b.cc",
                                      "a..b@c.dd",
                                      "a@b.cc\r\nRCPT TO:<x@y.zz>",
                                      "a@b.cc>",
                                      "<a@b.cc>",
                                      "a b@c.dd",
                                      "a@b c.dd",
                                      "\"a b\"@c.dd",
                                      "a@[127.0.0.1]",
                                      "a@127.0.0.1",
                                      "a@b@c.dd",
                                      "a@-b.cc",
                                      "a@b-.cc",
                                      "\xc3\xa9@b.cc",
                                      "a@\xc3\xa9.cc",
                                      "a\t@b.cc",
                                      "a,b@c.dd",
                                      "a@b.cc,c@d.ee",
                                      "a(x)@b.cc"};
    char longest[MAIL_ADDRESS_MAX + 8];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(mail_address_fits(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mail_address_fits(bad[i])) {
            fail_msg("%s", bad[i]);
        }
    }
    memset(longest, 'a', sizeof longest);
    longest[64] = '@';
    longest[128] = longest[192] = '.';
    longest[254] = '\0';
    assert_true(mail_address_fits(longest));
    longest[254] = 'a';
    longest[255] = '\0';
    assert_false(mail_address_fits(longest));
}

/* ---- letters ---- */

static uint32_t write(enum store_mail_kind kind, char out[MAIL_LETTER_MAX])
{
    struct store_mail mail = {.address = "me@example.org", .code = "ABCDEFGHJK", .zone = "UTC"};
    struct store_mail_event event = {.kind = kind, .member = {1}, .key = {2}};
    memset(mail.token, 5, sizeof mail.token);
    const struct mail_letter letter = {.from = "reminders@mail.example",
                                       .origin = "https://host.example",
                                       .mail = &mail,
                                       .event = &event,
                                       .now_ms = UINT64_C(1806602400000)};
    return mail_letter_write(&letter, out);
}

static void letters_are_neutral_and_well_formed(void **state)
{
    static const char *const banned[] = {
        "ouncil", "job", "Job", "search", "check-in", "moderat", "me@example.org\r\nX"};
    char text[MAIL_LETTER_MAX];
    (void)state;
    for (int kind = STORE_MAIL_CODE; kind < STORE_MAIL_KINDS; kind++) {
        uint32_t len = write((enum store_mail_kind)kind, text);
        assert_int_equal(len, strlen(text));
        assert_true(len > 0);
        for (uint32_t i = 0; i < len; i++) { /* ASCII, lines end in CRLF */
            assert_true((text[i] >= ' ' && text[i] <= '~') || text[i] == '\r' || text[i] == '\n');
            assert_true((text[i] == '\n') == (i > 0 && text[i - 1] == '\r'));
        }
        assert_non_null(strstr(text, "Date: Thu, 01 Apr 2027 18:00:00 +0000\r\n"));
        assert_non_null(strstr(text, "\r\nTo: <me@example.org>\r\n"));
        assert_non_null(strstr(text, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        assert_non_null(
            strstr(text, "\r\nList-Unsubscribe: <https://host.example/unsubscribe/BQUF"));
        for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
            assert_null(strstr(text, banned[i]));
        }
        const char *body = strstr(text, "\r\n\r\n");
        assert_non_null(body);
        const char *link = strstr(body, "https://");
        assert_non_null(link);
        assert_memory_equal(link, "https://host.example\r\n", 22); /* the origin, and once */
        assert_null(strstr(link + 8, "://"));
        assert_true((strstr(body, "ABCDE-FGHJK") != NULL) == (kind == STORE_MAIL_CODE));
    }
}

/* ---- outcomes ---- */

static void outcomes(void **state)
{
    static const struct {
        struct mail_attempt attempt;
        enum mail_verdict verdict;
    } rows[] = {
        {{true, MAIL_STAGE_SAID, 250}, MAIL_SENT},
        {{false, MAIL_STAGE_SAID, 451}, MAIL_LATER},
        {{false, MAIL_STAGE_SAID, 554}, MAIL_FAILS},
        {{false, MAIL_STAGE_SAID, 0}, MAIL_UNSURE},   /* hung up, or silent, after the mail */
        {{false, MAIL_STAGE_SAID, 250}, MAIL_UNSURE}, /* an answer that libcurl did not like */
        {{false, MAIL_STAGE_SAID, 354}, MAIL_UNSURE},
        {{false, MAIL_STAGE_DATA, 354}, MAIL_RELAY}, /* hung up in the middle of the mail */
        {{false, MAIL_STAGE_DATA, 451}, MAIL_LATER},
        {{false, MAIL_STAGE_DATA, 554}, MAIL_FAILS},
        {{false, MAIL_STAGE_TO, 450}, MAIL_LATER},
        {{false, MAIL_STAGE_TO, 550}, MAIL_FAILS},
        {{false, MAIL_STAGE_TO, 0}, MAIL_RELAY},
        {{false, MAIL_STAGE_FROM, 550}, MAIL_RELAY}, /* refuses us: the member can do nothing */
        {{false, MAIL_STAGE_FROM, 451}, MAIL_RELAY},
        {{false, MAIL_STAGE_CONNECT, 535}, MAIL_RELAY},
        {{false, MAIL_STAGE_CONNECT, 0}, MAIL_RELAY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(mail_judge(&rows[i].attempt), rows[i].verdict);
    }
}

static void pauses_grow_and_end(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < 40; i++) {
        assert_true(mail_retry_ms(i) >= mail_retry_ms(i - 1) && mail_retry_ms(i) <= 7200000);
        assert_true(mail_relay_ms(i) >= mail_relay_ms(i - 1) && mail_relay_ms(i) <= 900000);
    }
    assert_int_equal(mail_retry_ms(1), 60000);
    assert_int_equal(mail_relay_ms(1), 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(letters_are_neutral_and_well_formed),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(pauses_grow_and_end),
    };
    return council_protocol_init() != COUNCIL_OK || cmocka_run_group_tests(tests, NULL, NULL);
}
