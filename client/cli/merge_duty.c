/*
 * merge_duty.c - what a merge asks of a member's home: whoever proposed makes the invites once enough consent, and who consented goes.
 *
 * Everything is found from the logs, so it can be interrupted anywhere and repeated by any command. Invariant: below consent nothing happens; nobody goes
 * who did not consent themself; histories stay where they are.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/leaving.h"
#include "client/cli/passages.h"

enum {
    DAY_MS = 86400000,
    INVITE_DAYS = 14
};

struct merging {
    struct cli *cli;
    const struct cli_council *home;    /* whose members go */
    const struct passage_merge *merge; /* of home's model */
    struct cli_council there; /* the other council; council NULL where this home does not know it */
    char link
        [COUNCIL_LINK_MAX]; /* that the proposer was given; "" where they open invites themself */
};

void cli_merge_draft_name(const uint8_t id[COUNCIL_ID_BYTES], char out[CLI_MERGE_DRAFT_CHARS])
{
    char key[COUNCIL_ID_CHARS + 1];
    council_b64_encode(key, id, COUNCIL_ID_BYTES);
    snprintf(out, CLI_MERGE_DRAFT_CHARS, "merge-%s", key);
}

static bool is_me(const struct merging *m, const uint8_t *member)
{
    return memcmp(member, client_member(m->cli->client), COUNCIL_KEY_BYTES) == 0;
}

static bool is_there(const struct merging *m, const uint8_t *member)
{
    const struct council *there = client_council(m->cli->client, m->merge->other);
    const struct council_person *person = there ? council_person(there, member) : NULL;
    return person && person->member;
}

static bool is_here(const struct merging *m, const uint8_t *member)
{
    const struct council *home = client_council(m->cli->client, m->home->log);
    const struct council_person *person = home ? council_person(home, member) : NULL;
    return person && person->member;
}

static void read_link(struct merging *m)
{
    char name[CLI_MERGE_DRAFT_CHARS], *text = NULL;
    uint32_t len = 0;
    cli_merge_draft_name(m->merge->id, name);
    m->link[0] = '\0';
    if (client_draft_get(m->cli->client, name, &text, &len) == COUNCIL_OK && len < sizeof m->link) {
        memcpy(m->link, text, len);
        m->link[len] = '\0';
    }
    if (text)
        sodium_memzero(text, len);
    free(text);
}

/* ---- going ---- */

/* In the new council one is called as in the old one. */
static void bring_name(const struct merging *m)
{
    const struct model_profile *mine = model_profile(m->home->model, client_member(m->cli->client));
    if (mine)
        (void)cli_post(m->cli, m->merge->other,
                       json_pack("{s:s, s:s, s:s*}", "type", "profile", "name", mine->name, "zone",
                                 mine->zone),
                       NULL);
}

/* True if the link leads to the council that was proposed: no invite brings anybody elsewhere. */
static bool leads_there(const struct merging *m, const char *text)
{
    struct council_link link;
    bool fits = council_link_decode(&link, text, (uint32_t)strlen(text)) == COUNCIL_OK &&
                memcmp(link.council, m->merge->other, COUNCIL_KEY_BYTES) == 0;
    sodium_memzero(&link, sizeof link);
    return fits;
}

static void go(const struct merging *m, const char *link)
{
    uint8_t log[COUNCIL_KEY_BYTES];
    const char *name = m->merge->name ? m->merge->name : "The other council";
    if (!leads_there(m, link)) {
        cli_say(m->cli, "The invite of the merge leads elsewhere; it was not used.");
        return;
    }
    enum council_error error = client_join(m->cli->client, link, log, m->cli->timeout_ms);
    if (!error) {
        cli_say(m->cli, "You consented to the merge and joined %s.",
                m->merge->name ? m->merge->name : "the other council");
        bring_name(m);
    } else if (error != COUNCIL_E_ALREADY_MEMBER) {
        cli_say(m->cli,
                "%s could not be joined yet: %s It is tried again; ask whoever proposed the merge.",
                name,
                error == COUNCIL_E_NOT_FOUND ? "The invite is used up or over."
                                             : council_error_info(error)->what);
    }
}

/* Whoever consented goes once; who left the other council since is not brought back. */
static void go_if_due(const struct merging *m)
{
    const uint8_t *me = client_member(m->cli->client);
    const struct passage_answer *answer = passage_answer(m->merge, me);
    const struct passage_invite *invite = passage_invite(m->merge, me);
    const struct council *home = client_council(m->cli->client, m->home->log),
                         *there = client_council(m->cli->client, m->merge->other);
    if (!answer || !answer->consents || (there && council_person(there, me)))
        return;
    if (invite)
        go(m, invite->link);
    else if (m->link[0] && passage_carried(m->merge, home))
        go(m, m->link);
}

/* ---- inviting ---- */

/* True if the invite of that link can still be used, as the other council's log has it. */
static bool still_good(const struct merging *m, const char *text)
{
    uint8_t key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    struct council_link link;
    const struct council *there = client_council(m->cli->client, m->merge->other);
    if (!there || council_link_decode(&link, text, (uint32_t)strlen(text)))
        return false;
    (void)crypto_sign_seed_keypair(key, secret, link.invite_seed);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(&link, sizeof link);
    const struct council_invite *invite = council_invite(there, key);
    return invite && !invite->closed && invite->used < invite->uses &&
           invite->expires > client_now_ms();
}

static int post_invite(const struct merging *m, const uint8_t *member, const char *link)
{
    return cli_post(m->cli, m->home->log,
                    json_pack("{s:s, s:o, s:o, s:s}", "type", "merge-invite", "merge",
                              cli_json_bytes(m->merge->id, COUNCIL_ID_BYTES), "member",
                              cli_json_bytes(member, COUNCIL_KEY_BYTES), "link", link),
                    NULL);
}

static int invite(const struct merging *m, const uint8_t *member)
{
    char *link = NULL;
    uint64_t item = 0;
    if (m->link[0])
        return post_invite(m, member, m->link);
    enum council_error error =
        client_invite(m->cli->client, m->merge->other, 1,
                      client_now_ms() + (uint64_t)INVITE_DAYS * DAY_MS, &link, &item);
    if (!error)
        error = client_wait(m->cli->client, item, m->cli->timeout_ms);
    int result = error ? cli_fail(m->cli, error) : post_invite(m, member, link);
    if (link)
        sodium_memzero(link, strlen(link));
    free(link);
    return result;
}

/* True if the member waits for an invite: consented, is here and not there, and has none that is good. */
static bool waits(const struct merging *m, const struct passage_answer *answer)
{
    const struct passage_invite *made = passage_invite(m->merge, answer->member);
    if (!answer->consents || is_me(m, answer->member) || !is_here(m, answer->member) ||
        is_there(m, answer->member))
        return false;
    return !made || (!m->link[0] && !still_good(m, made->link));
}

/* How many may still come: places that no invite of this merge stands for. */
static uint32_t places(const struct merging *m)
{
    const struct council *there = client_council(m->cli->client, m->merge->other);
    uint32_t taken = 0, members = there ? council_member_count(there) : 0;
    for (uint32_t i = 0; i < m->merge->invite_count; i++)
        taken +=
            !is_there(m, m->merge->invites[i].member) && still_good(m, m->merge->invites[i].link);
    if (m->link[0])
        return COUNCIL_SIZE_MAX; /* as many as the link was made for */
    return there && there->size > members + taken ? there->size - members - taken : 0;
}

/* The other council agrees as well: by its own members, or by the link that its moderator gave. */
static bool both_carry(const struct merging *m)
{
    const struct passage_merge *host =
        m->there.model ? passage_merge(m->there.model, m->merge->id) : NULL;
    if (!passage_carried(m->merge, m->home->council))
        return false;
    return m->link[0] || (host && host->host && passage_carried(host, m->there.council));
}

static void invite_those_who_wait(const struct merging *m)
{
    uint32_t room = places(m);
    for (uint32_t i = 0; i < m->merge->answer_count; i++) {
        if (!waits(m, &m->merge->answers[i]))
            continue;
        if (!room) {
            cli_say(m->cli, "Somebody who consented has no place there; %s is full.",
                    m->merge->name ? m->merge->name : "the other council");
            return;
        }
        room--;
        if (invite(m, m->merge->answers[i].member))
            return; /* said; the next command goes on */
    }
}

/* ---- the end ---- */

static void post_end(const struct merging *m, const uint8_t *log)
{
    (void)cli_post(m->cli, log,
                   json_pack("{s:s, s:o}", "type", "merge-end", "merge",
                             cli_json_bytes(m->merge->id, COUNCIL_ID_BYTES)),
                   NULL);
}

/* True once everybody who is here and consented is there, and everybody was asked. */
static bool is_over(const struct merging *m)
{
    const struct council *home = client_council(m->cli->client, m->home->log);
    for (uint32_t i = 0; i < home->person_count; i++) {
        const uint8_t *member = home->people[i].pin.member;
        const struct passage_answer *answer = passage_answer(m->merge, member);
        if (!home->people[i].member || is_there(m, member))
            continue;
        if (!answer || answer->consents)
            return false;
    }
    return true;
}

static void lead(const struct merging *m)
{
    char name[CLI_MERGE_DRAFT_CHARS];
    if (!both_carry(m))
        return;
    invite_those_who_wait(m);
    if (!is_over(m))
        return;
    if (m->there.model && passage_merge(m->there.model, m->merge->id))
        post_end(m, m->merge->other);
    post_end(m, m->home->log);
    cli_merge_draft_name(m->merge->id, name);
    (void)!client_draft_drop(m->cli->client, name);
    cli_say(m->cli, "The merge is done: everybody who consented is in %s.",
            m->merge->name ? m->merge->name : "the other council");
}

void cli_merge_duty(struct cli *cli, const struct cli_council *council)
{
    struct merging m = {.cli = cli, .home = council, .merge = passage_merge_open(council->model)};
    const struct council_person *self = cli_self(cli, council);
    if (!m.merge || m.merge->host || !self)
        return;
    read_link(&m);
    if (client_council(cli->client, m.merge->other)) {
        memcpy(m.there.log, m.merge->other, COUNCIL_KEY_BYTES);
        if (cli_council_refresh(cli, &m.there))
            memset(&m.there, 0, sizeof m.there);
    }
    bool leads = self->moderator && is_me(&m, m.merge->author);
    if (leads)
        lead(&m);
    go_if_due(&m);
    sodium_memzero(m.link, sizeof m.link);
    cli_council_fini(&m.there);
}
