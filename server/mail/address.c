/*
 * address.c - which mail addresses are written to. See address.h.
 */
#include "server/mail/address.h"

#include <stdint.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

/* Atoms with single dots between them, `len` bytes in all. */
static bool local_fits(const char *at, size_t len)
{
    static const char atom[] = LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~";
    bool dot = true; /* none in front */
    if (len == 0 || len > MAIL_LOCAL_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool is_dot = at[i] == '.';
        if (is_dot ? dot : strchr(atom, at[i]) == NULL) {
            return false;
        }
        dot = is_dot;
    }
    return !dot;
}

/* Labels of letters, digits and inner hyphens; two at least, the last not of digits alone. */
static bool domain_fits(const char *at)
{
    uint32_t labels = 0;
    for (;;) {
        size_t len = strcspn(at, ".");
        size_t good = strspn(at, LETTERS DIGITS "-");
        if (len == 0 || len > MAIL_LABEL_MAX || good != len || at[0] == '-' || at[len - 1] == '-') {
            return false;
        }
        labels++;
        if (at[len] == '\0') {
            return labels >= 2 && strspn(at, DIGITS) != len;
        }
        at += len + 1;
    }
}

bool mail_address_fits(const char *address)
{
    const char *sign = strchr(address, '@');
    return sign != NULL && strlen(address) <= MAIL_ADDRESS_MAX &&
           local_fits(address, (size_t)(sign - address)) && domain_fits(sign + 1);
}
