/*
 * outcome.c - what follows from an attempt. See outcome.h.
 */
#include "server/mail/outcome.h"

enum {
    MINUTE_MS = 60 * 1000
};

enum mail_verdict mail_judge(const struct mail_attempt *attempt)
{
    uint32_t class = attempt->code / 100;
    if (attempt->taken) {
        return MAIL_SENT;
    }
    if (attempt->stage == MAIL_STAGE_SAID && class != 4 && class != 5) {
        return MAIL_UNSURE; /* no answer to the mail itself */
    }
    if (attempt->stage == MAIL_STAGE_CONNECT || attempt->stage == MAIL_STAGE_FROM) {
        return MAIL_RELAY; /* refuses us, not the address: the operator's to mend */
    }
    if (class == 5) {
        return MAIL_FAILS;
    }
    return class == 4 ? MAIL_LATER : MAIL_RELAY;
}

const char *mail_verdict_name(enum mail_verdict verdict)
{
    static const char *const names[] = {"sent", "unsure", "later", "relay", "refused"};
    return names[verdict];
}

uint64_t mail_retry_ms(uint32_t tries)
{
    static const uint32_t minutes[] = {1, 5, 15, 30, 60, 120};
    uint32_t last = sizeof minutes / sizeof minutes[0] - 1;
    uint32_t at = tries > 0 ? tries - 1 : 0;
    return (uint64_t)minutes[at < last ? at : last] * MINUTE_MS;
}

uint64_t mail_relay_ms(uint32_t failures)
{
    static const uint32_t half_minutes[] = {1, 2, 4, 10, 20, 30};
    uint32_t last = sizeof half_minutes / sizeof half_minutes[0] - 1;
    uint32_t at = failures > 0 ? failures - 1 : 0;
    return (uint64_t)half_minutes[at < last ? at : last] * (MINUTE_MS / 2);
}
