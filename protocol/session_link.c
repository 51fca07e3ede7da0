/*
 * session_link.c - where a server is, and invite links.
 *
 * Owns README.md section 10 and the one form of a server's address. A link comes by mail or chat, so blanks around it are forgiven and
 * anything else is not: a link that was cut or joined with other text must not lead to another council. The invite's seed is wiped.
 */
#include "protocol/session.h"
#include <sodium.h>
#include <string.h>

enum {
    PAYLOAD = 1 + 4 * 32 + 8,
    PAYLOAD_CHARS = COUNCIL_B64_CHARS(PAYLOAD),
    LINK_VERSION = 1
};

static const char join[] = "/join#";

static const struct {
    const char *given, *written;
    const char *port; /* the scheme's own, which is left out */
} schemes[] = {{"https://", "https://", "443"},
               {"wss://", "https://", "443"},
               {"http://", "http://", "80"},
               {"ws://", "http://", "80"}};

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

static bool starts(const char *text, uint32_t len, const char *with)
{
    size_t n = strlen(with);
    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(text[i]) != with[i])
            return false;
    return true;
}

static bool is_host_char(char c, bool literal)
{
    if (literal)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
}

/* Length of the host at the start of `text`: a name or IPv4 address, or an IPv6 address in brackets (RFC 3986 section 3.2.2); 0 if there is none. */
static uint32_t host_len(const char *text, uint32_t len)
{
    bool literal = len > 0 && text[0] == '[';
    uint32_t n = literal;
    while (n < len && is_host_char(lower(text[n]), literal))
        n++;
    if (!literal)
        return n;
    return n > 2 && n < len && text[n] == ']' ? n + 1 : 0;
}

/* True if `text` is nothing, or ":" and a port number without leading zero. */
static bool is_port(const char *text, uint32_t len)
{
    uint32_t port = 0;
    if (len == 0)
        return true;
    if (text[0] != ':' || len < 2 || len > 6 || text[1] == '0')
        return false;
    for (uint32_t i = 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    return port <= 65535;
}

/* "unix:" and a path: printable ASCII without blank and "#", kept as it is. */
static bool normalise_unix(char out[COUNCIL_ORIGIN_MAX + 1], const char *url, uint32_t len)
{
    const uint32_t scheme = (uint32_t)strlen("unix:");
    if (len <= scheme || len > COUNCIL_ORIGIN_MAX)
        return false;
    for (uint32_t i = scheme; i < len; i++)
        if (url[i] <= 0x20 || url[i] >= 0x7f || url[i] == '#')
            return false;
    memcpy(out, "unix:", scheme);
    memcpy(out + scheme, url + scheme, len - scheme);
    out[len] = '\0';
    return true;
}

bool council_url_normalise(char out[COUNCIL_ORIGIN_MAX + 1], const char *url, uint32_t len)
{
    if (starts(url, len, "unix:"))
        return normalise_unix(out, url, len);
    size_t row = 0;
    const size_t rows = sizeof(schemes) / sizeof(schemes[0]);
    while (row < rows && !starts(url, len, schemes[row].given))
        row++;
    if (row == rows)
        return false;
    url += strlen(schemes[row].given);
    len -= (uint32_t)strlen(schemes[row].given);
    if (len > 0 && url[len - 1] == '/')
        len--;
    uint32_t host = host_len(url, len);
    uint32_t scheme = (uint32_t)strlen(schemes[row].written);
    if (host == 0 || !is_port(url + host, len - host) || scheme + len > COUNCIL_ORIGIN_MAX)
        return false;
    if (len - host == strlen(schemes[row].port) + 1 &&
        memcmp(url + host + 1, schemes[row].port, len - host - 1) == 0)
        len = host;
    memcpy(out, schemes[row].written, scheme);
    for (uint32_t i = 0; i < len; i++)
        out[scheme + i] = lower(url[i]);
    out[scheme + len] = '\0';
    return true;
}

static uint8_t *push(uint8_t *to, const uint8_t *bytes)
{
    memcpy(to, bytes, 32);
    return to + 32;
}

enum council_error council_link_encode(char out[COUNCIL_LINK_MAX], const struct council_link *link)
{
    char url[COUNCIL_ORIGIN_MAX + 1];
    uint8_t payload[PAYLOAD] = {LINK_VERSION};
    size_t len = strnlen(link->url, sizeof(link->url));
    if (!council_url_normalise(url, link->url, (uint32_t)len))
        return COUNCIL_E_BAD_LINK;
    uint8_t *at = push(push(payload + 1, link->invite_seed), link->council);
    council_u64be(at, link->seq);
    push(push(at + 8, link->head), link->server);
    len = strlen(url);
    _Static_assert(COUNCIL_ORIGIN_MAX + sizeof(join) + PAYLOAD_CHARS <= COUNCIL_LINK_MAX,
                   "a link fits");
    memcpy(out, url, len);
    memcpy(out + len, join, sizeof(join));
    council_b64_encode_secret(out + len + strlen(join), payload, PAYLOAD);
    sodium_memzero(payload, sizeof(payload));
    return COUNCIL_OK;
}

static const uint8_t *pull(uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, 32);
    return from + 32;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum council_error council_link_decode(struct council_link *out, const char *text, uint32_t len)
{
    uint8_t payload[PAYLOAD];
    struct council_link link = {.seq = 0};
    enum council_error error = COUNCIL_E_BAD_LINK;
    while (len > 0 && is_blank(text[0]))
        text++, len--;
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    const uint32_t tail = PAYLOAD_CHARS + (uint32_t)strlen(join);
    if (len <= tail || memcmp(text + len - tail, join, strlen(join)) != 0 ||
        !council_url_normalise(link.url, text, len - tail))
        return COUNCIL_E_BAD_LINK;
    if (council_b64_decode_secret(payload, PAYLOAD, text + len - PAYLOAD_CHARS, PAYLOAD_CHARS) &&
        payload[0] == LINK_VERSION) {
        const uint8_t *at = pull(link.council, pull(link.invite_seed, payload + 1));
        link.seq = council_u64be_read(at);
        pull(link.server, pull(link.head, at + 8));
        if (link.seq >= 1 && link.seq <= COUNCIL_INT_MAX) {
            *out = link;
            error = COUNCIL_OK;
        }
    }
    sodium_memzero(payload, sizeof(payload));
    sodium_memzero(&link, sizeof(link));
    return error;
}
