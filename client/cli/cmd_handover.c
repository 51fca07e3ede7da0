/*
 * cmd_handover.c - handing the moderating over, and leaving.
 *
 * Both are two entries, of which the first (a new moderator) is harmless by itself: whatever happens between them, somebody moderates, and
 * the same command again does what is left. Invariant: all that can be known to fail is found out before the first entry.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/leaving.h"

const struct council_person *cli_self(struct cli *cli, const struct cli_council *council)
{
    const struct council *now = client_council(cli->client, council->log);
    const struct council_person *self =
        now ? council_person(now, client_member(cli->client)) : NULL;
    return self && self->member ? self : NULL;
}

int cli_must_moderate(struct cli *cli, const struct cli_council *council)
{
    const struct council_person *self = cli_self(cli, council);
    if (!self)
        return cli_fail(cli, COUNCIL_E_NOT_MEMBER);
    return self->moderator ? CLI_OK : cli_fail(cli, COUNCIL_E_NOT_MODERATOR);
}

static bool is_last_moderator(struct cli *cli, const struct cli_council *c)
{
    const struct council_person *self = cli_self(cli, c);
    const struct council *now = client_council(cli->client, c->log);
    return self && self->moderator && council_moderator_count(now) == 1 &&
           council_member_count(now) > 1;
}

/* ---- who comes after ---- */

/* A present member other than oneself. Whoever left or was removed meanwhile is named as such. */
static int find_successor(struct cli *cli, const struct cli_council *c, const char *word,
                          uint8_t member[COUNCIL_KEY_BYTES])
{
    if (!cli_member_find(c, word, false, false, member) &&
        cli_member_find(c, word, true, false, member))
        return cli_fail_input(cli,
                              "%s is not in the council any more. Nothing was changed: name "
                              "somebody whom `council roster` lists.",
                              word);
    if (!cli_member(cli, c, word, false, member))
        return CLI_FAILED;
    if (memcmp(member, client_member(cli->client), COUNCIL_KEY_BYTES) == 0)
        return cli_fail_input(cli, "That is you. Name somebody else.");
    return CLI_OK;
}

/* Asks the last moderator who is to moderate next. */
static int ask_successor(struct cli *cli, const struct cli_council *c,
                         uint8_t member[COUNCIL_KEY_BYTES])
{
    char answer[256] = "", name[MODEL_NAME_MAX];
    fprintf(stderr, "You are the last moderator. Who moderates after you?\n");
    for (uint32_t i = 0; i < c->council->person_count; i++) {
        const struct council_person *person = &c->council->people[i];
        if (!person->member ||
            memcmp(person->pin.member, client_member(cli->client), COUNCIL_KEY_BYTES) == 0)
            continue;
        model_name(c->model, person->pin.member, name);
        fprintf(stderr, "  ");
        cli_print_text(stderr, name, "");
        fprintf(stderr, "\n");
    }
    fprintf(stderr, "> ");
    if (!fgets(answer, sizeof answer, stdin))
        return cli_fail(cli, COUNCIL_E_LAST_MODERATOR);
    answer[strcspn(answer, "\n")] = '\0';
    return *answer ? find_successor(cli, c, answer, member)
                   : cli_fail(cli, COUNCIL_E_LAST_MODERATOR);
}

int cli_successor(struct cli *cli, const struct cli_council *council, const char *word,
                  uint8_t member[COUNCIL_KEY_BYTES], bool *named)
{
    *named = false;
    const struct council_person *self = cli_self(cli, council);
    if (!self)
        return cli_fail(cli, COUNCIL_E_NOT_MEMBER);
    if (!word && !is_last_moderator(cli, council))
        return CLI_OK;
    if (!word && (cli_flag(cli, "yes") || !isatty(STDIN_FILENO)))
        return cli_fail(cli, COUNCIL_E_LAST_MODERATOR);
    int result =
        word ? find_successor(cli, council, word, member) : ask_successor(cli, council, member);
    if (!result && !self->moderator) {
        const struct council_person *person = council_person(council->council, member);
        result = person && person->moderator ? CLI_OK : cli_fail(cli, COUNCIL_E_NOT_MODERATOR);
    }
    *named = !result;
    return result;
}

/* ---- the two entries ---- */

static int set_role(struct cli *cli, const struct cli_council *c, const uint8_t *member,
                    const char *role)
{
    json_t *intent =
        json_pack("{s:o, s:s}", "member", cli_json_bytes(member, COUNCIL_KEY_BYTES), "role", role);
    return cli_submit(cli, c->log, COUNCIL_KIND_MEMBER_ROLE, intent, NULL, NULL);
}

int cli_promote(struct cli *cli, const struct cli_council *council,
                const uint8_t member[COUNCIL_KEY_BYTES])
{
    const struct council *now = client_council(cli->client, council->log);
    const struct council_person *person = now ? council_person(now, member) : NULL;
    if (person && person->member && person->moderator)
        return CLI_OK;
    return set_role(cli, council, member, "moderator");
}

int cli_leave_now(struct cli *cli, const struct cli_council *council, const uint8_t *successor)
{
    int result = successor ? cli_promote(cli, council, successor) : CLI_OK;
    if (!result)
        result =
            cli_submit(cli, council->log, COUNCIL_KIND_MEMBER_LEAVE, json_object(), NULL, NULL);
    if (result == CLI_REFUSED && cli_self(cli, council))
        cli_say(cli, "         You are still a member%s.",
                is_last_moderator(cli, council) ? " and moderate; name another successor" : "");
    return result;
}

static int print_handover(struct cli *cli, const char *key, const char *name, bool stays)
{
    if (cli->json)
        cli_print_json(
            json_pack("{s:s, s:s, s:b}", "moderator", key, "name", name, "you_moderate", stays));
    else
        cli_say(cli, stays ? "%s moderates with you now." : "%s moderates now; you are a member.",
                name);
    return CLI_OK;
}

struct given_up {
    const uint8_t *self;
    bool own; /* the last word about this member's role is their own */
};

static bool look_for_own(void *ctx, const struct client_post *post)
{
    struct given_up *g = ctx;
    uint8_t member[COUNCIL_KEY_BYTES];
    if (post->entry->kind != COUNCIL_KIND_MEMBER_ROLE)
        return true;
    council_body_key(post->entry, "member", member);
    if (memcmp(member, g->self, sizeof member) == 0)
        g->own = memcmp(post->entry->author, g->self, COUNCIL_KEY_BYTES) == 0;
    return true;
}

/* Of somebody who does not moderate: repeated after it was done it says so again; who never had anything to hand over is told. */
static int done_before(struct cli *cli, const struct cli_council *c, const char *key,
                       const char *name)
{
    struct given_up g = {.self = client_member(cli->client)};
    enum council_error error = client_read(cli->client, c->log, 0, look_for_own, &g);
    if (error)
        return cli_fail(cli, error);
    if (g.own)
        return print_handover(cli, key, name, false);
    return cli_fail_words(cli, COUNCIL_E_NOT_MODERATOR,
                          "You do not moderate, so you have nothing to hand over; whom you named "
                          "moderates already.");
}

static int hand_over(struct cli *cli, const struct cli_council *c)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    char key[COUNCIL_KEY_CHARS + 1], name[MODEL_NAME_MAX];
    bool stays = cli_flag(cli, "stay"), named = false;
    int result = cli_successor(cli, c, cli_operand(cli, 0), member, &named);
    if (result)
        return result;
    council_b64_encode(key, member, COUNCIL_KEY_BYTES);
    model_name(c->model, member, name);
    if (!cli_self(cli, c)->moderator)
        return done_before(cli, c, key, name);
    result = cli_promote(cli, c, member);
    if (result || stays)
        return result ? result : print_handover(cli, key, name, true);
    if (is_last_moderator(cli, c))
        return cli_fail_input(cli,
                              "%s does not moderate any more: they left or were removed meanwhile. "
                              "You still do; name somebody else.",
                              name);
    result = set_role(cli, c, client_member(cli->client), "member");
    if (result)
        cli_say(cli, "         %s moderates; so do you, until this is repeated.", name);
    return result ? result : print_handover(cli, key, name, false);
}

int cli_handover(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = hand_over(cli, &c);
    cli_council_fini(&c);
    return result;
}

int cli_leave(struct cli *cli)
{
    struct cli_council c;
    uint8_t successor[COUNCIL_KEY_BYTES];
    bool named = false, can_ask = cli_flag(cli, "yes") || isatty(STDIN_FILENO);
    int result = cli_council(cli, &c);
    if (result)
        return result;
    if (!can_ask)
        result = cli_fail_input(cli, "Nothing was done; --yes leaves without asking.");
    if (!result)
        result = cli_successor(cli, &c, cli_option(cli, "successor"), successor, &named);
    if (!result &&
        !cli_confirm(cli, "Leave this council? What you read stays here; nothing new comes."))
        result = cli_fail_input(cli, "Nothing was done; --yes leaves without asking.");
    if (!result)
        result = cli_leave_now(cli, &c, named ? successor : NULL);
    if (!result)
        cli_say(cli, "You left the council.");
    cli_council_fini(&c);
    return result;
}
