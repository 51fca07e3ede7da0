/*
 * cmd_refill.c - places that are free again: an invite for as many as there are, or people from the pool.
 *
 * Invariant: repeated, it shows the invite that is open already, so that no more links go about than there are places; nothing about the council goes to the
 * pool before the moderator has read what the operator can see.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/leaving.h"
#include "client/lib/pool.h"

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

/* ---- from the pool ---- */

static const char consent[] =
    "The pool finds people whom the server can put together with you. For that the operator can "
    "see of this council: its name as the server knows it (no title), its "
    "pace, meeting days, time and zone, one language, and how many you look for; of employers only "
    "keyed marks. Nobody's name, nothing that was written.";

/* The arguments of an option that may be repeated, as a list. Owned. */
static json_t *names_of(const struct cli *cli, const char *option)
{
    const char *name;
    json_t *list = json_array();
    for (int i = 0; (name = cli_option_nth(cli, option, i)); i++)
        json_array_append_new(list, json_string(name));
    return list;
}

static int ask_pool(struct cli *cli, const struct cli_council *c, uint32_t places)
{
    char until[64];
    uint64_t expires = 0;
    json_t *avoid = names_of(cli, "avoid"), *employers = names_of(cli, "employer");
    const char *language = cli_option(cli, "language");
    const struct client_pool_refill wanted = {.places = places,
                                              .language = language ? language : "en",
                                              .avoid = avoid,
                                              .employers = employers};
    enum council_error error =
        client_pool_refill(cli->client, c->log, &wanted, &expires, cli->timeout_ms);
    json_decref(avoid);
    json_decref(employers);
    if (error)
        return cli_fail(cli, error);
    cli_time(expires, NULL, until);
    if (cli->json)
        cli_print_json(
            json_pack("{s:i, s:I}", "asked", (int)places, "expires", (json_int_t)expires));
    else if (places)
        printf("The pool looks for %u, until %s. Whoever accepts is invited by this home by "
               "itself; `council "
               "pool show` says how it stands.\n",
               places, until);
    else
        printf("The pool looks for nobody any more.\n");
    return CLI_OK;
}

static int refill_from_pool(struct cli *cli, const struct cli_council *c, uint32_t places)
{
    uint64_t wanted;
    if (!cli_option_number(cli, "uses", 0, places, places, &wanted))
        return CLI_USAGE;
    if (!wanted)
        return ask_pool(cli, c, 0);
    if (!cli->json && !cli_flag(cli, "yes"))
        fprintf(stderr, "%s\n", consent);
    if (!cli_confirm(cli, "Ask the pool?"))
        return cli_fail_input(cli,
                              "Nothing was sent; --yes says that you know what the operator can "
                              "see, and agree.");
    return ask_pool(cli, c, (uint32_t)wanted);
}

static int refill(struct cli *cli, const struct cli_council *c)
{
    struct refill r = {.members = council_member_count(c->council),
                       .seeking = model_seeking(c->model, c->council)};
    int result = cli_must_moderate(cli, c);
    if (result)
        return result;
    r.places = c->council->size > r.members ? c->council->size - r.members : 0;
    if (cli_flag(cli, "pool") && (r.places || cli_flag(cli, "uses")))
        return refill_from_pool(cli, c, r.places);
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
