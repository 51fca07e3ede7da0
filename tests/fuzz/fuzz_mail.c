/*
 * fuzz_mail.c - addresses that members give, and mails to them. Input: the address.
 *
 * Whatever address is taken can end no line and no command, and stands in the mail as it is.
 */
#include "server/mail/address.h"
#include "server/mail/letter.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void council_fuzz_init(void)
{
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    char text[MAIL_LETTER_MAX], to[300];
    struct store_mail mail = {.code = "ABCDEFGHJK"};
    struct store_mail_event event = {.kind = size % STORE_MAIL_KINDS};
    char *address = strndup((const char *)data, size);
    FUZZ_MUST(address != NULL);
    if (mail_address_fits(address)) {
        size_t len = strlen(address);
        FUZZ_MUST(len <= MAIL_ADDRESS_MAX && strchr(address, '@') == strrchr(address, '@'));
        for (size_t i = 0; i < len; i++) {
            FUZZ_MUST(address[i] > ' ' && address[i] < 127 &&
                      strchr("<>()[]\\,;:\"", address[i]) == NULL);
        }
        (void)snprintf(mail.address, sizeof mail.address, "%s", address);
        (void)snprintf(to, sizeof to, "\r\nTo: <%s>\r\n", address);
        const struct mail_letter letter = {.from = address,
                                           .origin = "https://host.example",
                                           .mail = &mail,
                                           .event = &event,
                                           .now_ms = (uint64_t)size * 86400000000};
        uint32_t n = mail_letter_write(&letter, text);
        FUZZ_MUST(n > 0 && n == strlen(text) && strstr(text, to) != NULL);
    }
    free(address);
}
