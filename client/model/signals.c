/*
 * signals.c - what signals.h says: the table of signals, and the fold of who is here.
 */
#include "client/model/signals.h"

#include <string.h>

#define MODEL_SIGNAL(symbol, name, field, max, lasts_ms, what) {name, field, max, lasts_ms},
static const struct {
    const char *name, *field;
    uint64_t max, lasts_ms;
} rows[] = {
#include "client/model/signals.def"
};
#undef MODEL_SIGNAL

const char *model_signal_name(enum model_signal_type type)
{
    return rows[type].name;
}

uint64_t model_signal_lasts_ms(enum model_signal_type type)
{
    return rows[type].lasts_ms;
}

json_t *model_signal_write(const struct model_signal *signal)
{
    return json_pack("{s:s, s:I, s:I}", "type", rows[signal->type].name, "at",
                     (json_int_t)signal->at, rows[signal->type].field, (json_int_t)signal->value);
}

static bool number(const json_t *content, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *value = json_object_get(content, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > max)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

enum council_error model_signal_read(const json_t *content, struct model_signal *out)
{
    const json_t *name = json_object_get(content, "type");
    uint32_t type = 0;
    if (!json_is_string(name))
        return COUNCIL_E_BAD_CONTENT;
    while (type < MODEL_SIGNAL_COUNT && strcmp(rows[type].name, json_string_value(name)) != 0)
        type++;
    if (type == MODEL_SIGNAL_COUNT)
        return COUNCIL_E_NEEDS_NEWER;
    out->type = (enum model_signal_type)type;
    return number(content, "at", COUNCIL_INT_MAX, &out->at) &&
                   number(content, rows[type].field, rows[type].max, &out->value)
               ? COUNCIL_OK
               : COUNCIL_E_BAD_CONTENT;
}

/* ---- who is here ---- */

static struct here_device *find(struct here *here, const uint8_t *member, const uint8_t *device)
{
    for (uint32_t i = 0; i < here->count; i++)
        if (memcmp(here->devices[i].device, device, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(here->devices[i].member, member, COUNCIL_KEY_BYTES) == 0)
            return &here->devices[i];
    return NULL;
}

/* A new place at the end; where there is none, that of a device that left, of which the one that was silent longest. */
static struct here_device *place(struct here *here)
{
    uint32_t oldest = HERE_DEVICES_MAX;
    if (here->count == HERE_DEVICES_MAX) {
        for (uint32_t i = 0; i < here->count; i++)
            if (!here->devices[i].present &&
                (oldest == HERE_DEVICES_MAX ||
                 here->devices[i].last_at < here->devices[oldest].last_at))
                oldest = i;
        if (oldest == HERE_DEVICES_MAX)
            return NULL;
        here->count--;
        memmove(&here->devices[oldest], &here->devices[oldest + 1],
                (here->count - oldest) * sizeof *here->devices);
    }
    struct here_device *added = &here->devices[here->count++];
    memset(added, 0, sizeof *added);
    return added;
}

void here_empty(struct here *here)
{
    for (uint32_t i = 0; i < here->count; i++) {
        here->devices[i].present = false;
        memset(here->devices[i].since, 0, sizeof here->devices[i].since);
    }
}

bool here_come(struct here *here, const uint8_t member[COUNCIL_KEY_BYTES],
               const uint8_t device[COUNCIL_KEY_BYTES])
{
    struct here_device *one = find(here, member, device);
    if (!one) {
        one = place(here);
        if (!one)
            return false;
        memcpy(one->member, member, COUNCIL_KEY_BYTES);
        memcpy(one->device, device, COUNCIL_KEY_BYTES);
    }
    if (one->present)
        return false;
    one->present = true;
    return true;
}

bool here_go(struct here *here, const uint8_t member[COUNCIL_KEY_BYTES],
             const uint8_t device[COUNCIL_KEY_BYTES])
{
    struct here_device *one = find(here, member, device);
    if (!one || !one->present)
        return false;
    one->present = false;
    memset(one->since, 0, sizeof one->since);
    return true;
}

bool here_signal(struct here *here, const uint8_t member[COUNCIL_KEY_BYTES],
                 const uint8_t device[COUNCIL_KEY_BYTES], const struct model_signal *signal,
                 uint64_t now_ms)
{
    struct here_device *one = find(here, member, device);
    if (!one || !one->present || signal->at <= one->last_at)
        return false;
    if (signal->at + HERE_WINDOW_MS < now_ms || signal->at > now_ms + HERE_WINDOW_MS)
        return false;
    one->last_at = signal->at;
    if (!signal->value)
        one->since[signal->type] = 0;
    else if (!one->since[signal->type])
        one->since[signal->type] = signal->at;
    one->heard[signal->type] = signal->at;
    return true;
}

static bool lasts(const struct here_device *one, uint32_t type, uint64_t now_ms)
{
    return one->since[type] &&
           (!rows[type].lasts_ms || now_ms < one->heard[type] + rows[type].lasts_ms);
}

const struct here_person *here_find(const struct here_person *people, uint32_t count,
                                    const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(people[i].member, member, COUNCIL_KEY_BYTES) == 0)
            return &people[i];
    return NULL;
}

uint32_t here_people(const struct here *here, uint64_t now_ms,
                     struct here_person out[HERE_PEOPLE_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < here->count; i++) {
        const struct here_device *one = &here->devices[i];
        uint32_t at = 0;
        if (!one->present)
            continue;
        while (at < count && memcmp(out[at].member, one->member, COUNCIL_KEY_BYTES) != 0)
            at++;
        if (at == HERE_PEOPLE_MAX)
            continue;
        if (at == count) {
            memset(&out[count], 0, sizeof *out);
            memcpy(out[count++].member, one->member, COUNCIL_KEY_BYTES);
        }
        out[at].devices++;
        for (uint32_t type = 0; type < MODEL_SIGNAL_COUNT; type++)
            if (lasts(one, type, now_ms) &&
                (!out[at].since[type] || one->since[type] < out[at].since[type]))
                out[at].since[type] = one->since[type];
    }
    return count;
}
