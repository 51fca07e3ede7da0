/*
 * cmd_refill.c - places that are free again: an invite for as many as there are.
 *
 * Invariant: repeated, it shows the invite that is open already, so that no more links go about than there are places.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/leaving.h"

enum {
    DAY_MS = 86400000
};

struct refill {
    uint64_t wanted, days, expires;
    uint32_t members, seeking, places;
    char *link; /* owned */
    bool made;
};

/* An open invite of this home that takes as many as are wanted. */
static void find_open(struct cli *cli, const struct cli_council *c, struct refill *r)
{
    for (uint32_t i = 0; i < c->council->invite_count && !r->link; i++) {
        const struct council_invite *invite = &c->council->invites[i];
        if (invite->closed || invite->expires <= client_now_ms() ||
            invite->uses - invite->used < r->wanted)
            continue;
        r->link = client_invite_link(cli->client, c->log, invite->key);
        r->expires = invite->expires;
    }
}

static int open_one(struct cli *cli, const struct cli_council *c, struct refill *r)
{
    uint64_t item = 0;
    r->made = true;
    r->expires = client_now_ms() + r->days * DAY_MS;
    enum council_error error =
        client_invite(cli->client, c->log, (uint32_t)r->wanted, r->expires, &r->link, &item);
    if (!error)
        error = client_wait(cli->client, item, cli->timeout_ms);
    return error ? cli_fail(cli, error) : CLI_OK;
}

static void print(struct cli *cli, const struct refill *r)
{
    char until[64];
    cli_time(r->expires, NULL, until);
    if (cli->json) {
        cli_print_json(json_pack("{s:i, s:i, s:i, s:I, s:s, s:I, s:b}", "members", (int)r->members,
                                 "seeking", (int)r->seeking, "places", (int)r->places, "uses",
                                 (json_int_t)r->wanted, "link", r->link, "expires",
                                 (json_int_t)r->expires, "new", r->made));
        return;
    }
    cli_say(cli, "%u member%s, %u of them searching; %u place%s free.", r->members,
            r->members == 1 ? "" : "s", r->seeking, r->places, r->places == 1 ? "" : "s");
    cli_say(cli, "%s for %llu, until %s. Send it over a channel you trust:",
            r->made ? "An invite" : "The invite that is open already,",
            (unsigned long long)r->wanted, until);
    printf("%s\n", r->link);
}

static int refill(struct cli *cli, const struct cli_council *c)
{
    struct refill r = {.members = council_member_count(c->council),
                       .seeking = model_seeking(c->model, c->council)};
    int result = cli_must_moderate(cli, c);
    if (result)
        return result;
    r.places = c->council->size > r.members ? c->council->size - r.members : 0;
    if (!r.places)
        return cli_fail(cli, COUNCIL_E_COUNCIL_FULL);
    if (!cli_option_number(cli, "uses", 1, r.places, r.places, &r.wanted) ||
        !cli_option_number(cli, "days", 1, 365, 7, &r.days))
        return CLI_USAGE;
    find_open(cli, c, &r);
    if (!r.link)
        result = open_one(cli, c, &r);
    if (!result)
        print(cli, &r);
    if (r.link)
        sodium_memzero(r.link, strlen(r.link));
    free(r.link);
    return result;
}

int cli_refill(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = refill(cli, &c);
    cli_council_fini(&c);
    return result;
}
