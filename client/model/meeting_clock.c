/*
 * meeting_clock.c - which phase, and how much of it is left: the same for everybody who knows the server's time.
 *
 * Knows no clock itself. Invariant: a phase runs from the server's word of the entry that began it, so a restart, a late
 * joiner and a new facilitator change nothing.
 */
#include <stdio.h>
#include <string.h>

#include "client/model/meeting.h"

enum {
    MINUTE_MS = 60000,
    FORGOTTEN_MS = 120 * MINUTE_MS
};

static int64_t phase_ms(const struct meeting_phase *phase)
{
    return ((int64_t)phase->minutes + phase->extended) * MINUTE_MS;
}

static int64_t since(uint64_t from, uint64_t now)
{
    return now > from && now - from <= INT64_MAX ? (int64_t)(now - from) : 0;
}

void meeting_clock(const struct model_meeting *meeting, uint64_t server_now_ms,
                   struct meeting_clock *out)
{
    memset(out, 0, sizeof *out);
    out->phase = meeting->phase;
    out->phase_count = meeting->phase_count;
    if (meeting->phase == 0)
        return;
    const struct meeting_phase *phase = &meeting->phases[meeting->phase - 1];
    uint64_t now = meeting->open ? server_now_ms : meeting->closed;
    out->ends = phase->began + (uint64_t)phase_ms(phase);
    out->elapsed_ms = since(phase->began, now);
    out->remaining_ms = phase_ms(phase) - out->elapsed_ms;
    if (meeting->open) {
        bool last = meeting->phase == meeting->phase_count;
        out->left_ms = out->remaining_ms > 0 || last ? out->remaining_ms : 0;
        for (uint32_t i = meeting->phase; i < meeting->phase_count; i++)
            out->left_ms += phase_ms(&meeting->phases[i]);
    }
    int64_t left = out->left_ms > 0 ? out->left_ms : 0;
    out->behind_ms = since(meeting->opened, now) + left - (int64_t)meeting->planned * MINUTE_MS;
}

bool meeting_forgotten(const struct model_meeting *meeting, uint64_t server_now_ms)
{
    int64_t planned = 0;
    for (uint32_t i = 0; i < meeting->phase_count; i++)
        planned += phase_ms(&meeting->phases[i]);
    return meeting->open && since(meeting->opened, server_now_ms) > planned + FORGOTTEN_MS;
}

void meeting_clock_text(int64_t remaining_ms, char out[MEETING_CLOCK_CHARS])
{
    bool over = remaining_ms < 0;
    /* what is left is rounded up, so that a phase of five minutes begins with 5:00 and ends with 0:00 */
    uint64_t ms = over ? 0 - (uint64_t)remaining_ms : (uint64_t)remaining_ms;
    unsigned long long s = (over ? ms : ms + 999) / 1000;
    const char *sign = over && s > 0 ? "+" : "";
    if (s >= 3600)
        snprintf(out, MEETING_CLOCK_CHARS, "%s%llu:%02llu:%02llu", sign, s / 3600, s / 60 % 60,
                 s % 60);
    else
        snprintf(out, MEETING_CLOCK_CHARS, "%s%llu:%02llu", sign, s / 60, s % 60);
}
