/*
 * hidden.c - characters of other people's text that are not shown, because they change how others are: direction, line and paragraph separators,
 * tags, fillers.
 *
 * Knows UTF-8 and no locale. Invariant: what is no such character, or no UTF-8, is left to the caller.
 */
#include "client/cli/cli.h"

static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00ad, 0x00ad}, {0x061c, 0x061c},   {0x180e, 0x180e},   {0x200b, 0x200b},
    {0x200e, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},
    {0xfff9, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool is_hidden(uint32_t c)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return true;
    return false;
}

size_t cli_hidden(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = at[0] < 0xc0 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (len == 1)
        return 0;
    uint32_t c = at[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3f);
    }
    return is_hidden(c) ? len : 0;
}
