/*
 * cmd_merge.c - two short councils become one: propose, consent, refuse, show, withdraw.
 *
 * What follows from consent is merge_duty.c's. Invariant: a proposal is first where its members receive, then where its members go, so
 * that nobody is asked to go where nobody was told.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/leaving.h"
#include "client/cli/passages.h"

/* ---- proposing ---- */

struct proposal {
    uint8_t id[COUNCIL_ID_BYTES];
    uint64_t need;
    const char *text; /* may be NULL */
};

static const char *title_of(const struct cli_council *c)
{
    return c->model->title;
}

static uint32_t majority(const struct council *council)
{
    return council_member_count(council) / 2 + 1;
}

static int post_proposal(struct cli *cli, const uint8_t *log, const struct proposal *p, bool host,
                         const uint8_t *other, const char *name, uint64_t need)
{
    return cli_post(cli, log,
                    json_pack("{s:s, s:o, s:o, s:i, s:I, s:s*, s:s*}", "type", "merge", "merge",
                              cli_json_bytes(p->id, COUNCIL_ID_BYTES), "other",
                              cli_json_bytes(other, COUNCIL_KEY_BYTES), "host", host ? 1 : 0,
                              "need", (json_int_t)need, "name", name, "text", p->text),
                    NULL);
}

/* One merge at a time. */
static int must_be_free(struct cli *cli, const struct cli_council *c)
{
    return passage_merge_open(c->model)
               ? cli_fail_input(cli, "A merge of %s is proposed already: `council merge show`.",
                                title_of(c) ? title_of(c) : "this council")
               : CLI_OK;
}

/* With an invite that the other council's moderator gave: it stays in this home until enough consent. */
static int propose_link(struct cli *cli, const struct cli_council *c, struct proposal *p,
                        const struct council_link *link)
{
    char name[CLI_MERGE_DRAFT_CHARS];
    const char *text = cli_operand(cli, 0);
    if (memcmp(link->council, c->log, COUNCIL_KEY_BYTES) == 0)
        return cli_fail_input(cli, "That link leads to this very council.");
    client_random(p->id, sizeof p->id);
    cli_merge_draft_name(p->id, name);
    enum council_error error = client_draft_put(cli->client, name, text, (uint32_t)strlen(text));
    if (error)
        return cli_fail(cli, error);
    return post_proposal(cli, c->log, p, false, link->council, cli_option(cli, "name"), p->need);
}

/* What an attempt that was interrupted left in the other council is gone on with. */
static bool go_on(struct cli *cli, const struct cli_council *c, const struct cli_council *other,
                  struct proposal *p)
{
    const struct passage_merge *before = passage_merge_open(other->model);
    if (!before || !before->host || memcmp(before->other, c->log, COUNCIL_KEY_BYTES) != 0 ||
        memcmp(before->author, client_member(cli->client), COUNCIL_KEY_BYTES) != 0)
        return false;
    memcpy(p->id, before->id, sizeof p->id);
    return true;
}

static int propose_council(struct cli *cli, const struct cli_council *c, struct proposal *p)
{
    struct cli_council other;
    int result = cli_council_named(cli, cli_operand(cli, 0), &other);
    if (result)
        return result;
    if (memcmp(other.log, c->log, COUNCIL_KEY_BYTES) == 0)
        result = cli_fail_input(cli, "A council does not merge with itself.");
    if (!result)
        result = cli_must_moderate(cli, &other);
    if (!result && council_member_count(other.council) >= other.council->size)
        result = cli_fail(cli, COUNCIL_E_COUNCIL_FULL);
    if (!result && !go_on(cli, c, &other, p)) {
        client_random(p->id, sizeof p->id);
        result = must_be_free(cli, &other);
        if (!result)
            result = post_proposal(cli, other.log, p, true, c->log, title_of(c),
                                   majority(other.council));
    }
    if (!result)
        result = post_proposal(cli, c->log, p, false, other.log, title_of(&other), p->need);
    cli_council_fini(&other);
    return result;
}

static int propose(struct cli *cli, const struct cli_council *c)
{
    struct proposal p = {.text = cli_option(cli, "message")};
    struct council_link link;
    const char *word = cli_operand(cli, 0);
    char id[COUNCIL_ID_CHARS + 1];
    uint32_t members = council_member_count(c->council);
    bool by_link = council_link_decode(&link, word, (uint32_t)strlen(word)) == COUNCIL_OK;
    if (!cli_option_number(cli, "need", 1, members, majority(c->council), &p.need))
        return CLI_USAGE;
    int result = cli_must_moderate(cli, c);
    if (!result)
        result = must_be_free(cli, c);
    if (!result)
        result = by_link ? propose_link(cli, c, &p, &link) : propose_council(cli, c, &p);
    sodium_memzero(&link, sizeof link);
    if (result)
        return result;
    council_b64_encode(id, p.id, COUNCIL_ID_BYTES);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:I}", "merge", id, "need", (json_int_t)p.need));
    else
        printf("Proposed. Members say `council merge consent` or `council merge refuse`; once %llu "
               "consent, those who did go there by themselves.\n",
               (unsigned long long)p.need);
    return CLI_OK;
}

int cli_merge_propose(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (!result)
        result = propose(cli, &c);
    cli_council_fini(&c);
    return result;
}

/* ---- answering ---- */

/* The merge that is proposed, or NULL with the reason printed. */
static const struct passage_merge *proposed(struct cli *cli, const struct cli_council *c)
{
    const struct passage_merge *merge = passage_merge_open(c->model);
    if (!merge)
        cli_fail_input(cli, "No merge is proposed in this council.");
    return merge;
}

static int answer(struct cli *cli, bool consent)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    const struct passage_merge *merge = proposed(cli, &c);
    result = merge ? cli_post(cli, c.log,
                              json_pack("{s:s, s:o, s:i}", "type", "merge-answer", "merge",
                                        cli_json_bytes(merge->id, COUNCIL_ID_BYTES), "consent",
                                        consent ? 1 : 0),
                              NULL)
                   : CLI_FAILED;
    if (!result)
        cli_say(cli, consent ? "You consent. Once enough do, this client joins by itself."
                             : "You refuse; you stay where you are.");
    if (!result)
        result = cli_council_refresh(cli, &c);
    if (!result && consent && !cli->offline)
        cli_merge_duty(cli, &c);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:b}", "consent", consent));
    cli_council_fini(&c);
    return result;
}

int cli_merge_consent(struct cli *cli)
{
    return answer(cli, true);
}

int cli_merge_refuse(struct cli *cli)
{
    return answer(cli, false);
}

/* Ends it in one council, if it is known there and this member is. */
static int end_in(struct cli *cli, const uint8_t *log, const uint8_t id[COUNCIL_ID_BYTES])
{
    struct cli_council c = {0};
    memcpy(c.log, log, COUNCIL_KEY_BYTES);
    if (!cli_self(cli, &c)) /* nothing of it is here */
        return CLI_OK;
    int result = cli_council_refresh(cli, &c);
    const struct passage_merge *merge = result ? NULL : passage_merge(c.model, id);
    if (merge && !merge->ended)
        result = cli_post(cli, log,
                          json_pack("{s:s, s:o}", "type", "merge-end", "merge",
                                    cli_json_bytes(id, COUNCIL_ID_BYTES)),
                          NULL);
    cli_council_fini(&c);
    return result;
}

int cli_merge_withdraw(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    const struct passage_merge *merge = proposed(cli, &c);
    bool mine = merge && memcmp(merge->author, client_member(cli->client), COUNCIL_KEY_BYTES) == 0;
    result = merge ? CLI_OK : CLI_FAILED;
    if (merge && !mine)
        result = cli_must_moderate(cli, &c);
    if (!result)
        result = end_in(cli, c.log, merge->id);
    if (!result)
        result = end_in(cli, merge->other, merge->id);
    if (!result && cli->json)
        cli_print_json(json_pack("{s:b}", "withdrawn", true));
    else if (!result)
        printf("The merge is off. Who went already is there; everybody else stays.\n");
    cli_council_fini(&c);
    return result;
}

/* ---- showing ---- */

static const char *standing(const struct passage_merge *merge, const uint8_t *member, bool there)
{
    const struct passage_answer *answer = passage_answer(merge, member);
    if (there)
        return "there";
    if (!answer)
        return "not answered";
    if (!answer->consents)
        return "refused";
    return passage_invite(merge, member) ? "invited" : "consented";
}

static json_t *show_people(struct cli *cli, const struct cli_council *c,
                           const struct passage_merge *merge)
{
    json_t *list = json_array();
    const struct council *other = client_council(cli->client, merge->other);
    for (uint32_t i = 0; i < c->council->person_count; i++) {
        const struct council_person *person = &c->council->people[i];
        const struct council_person *there =
            other && !merge->host ? council_person(other, person->pin.member) : NULL;
        char name[MODEL_NAME_MAX];
        const char *word = standing(merge, person->pin.member, there && there->member);
        if (!person->member)
            continue;
        model_name(c->model, person->pin.member, name);
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "standing", word));
        if (cli->json)
            continue;
        printf("  ");
        cli_print_text(stdout, name, "");
        printf(": %s\n", word);
    }
    return list;
}

static void show(struct cli *cli, const struct cli_council *c, const struct passage_merge *merge)
{
    char id[COUNCIL_ID_CHARS + 1];
    uint32_t consents = passage_consents(merge, c->council);
    council_b64_encode(id, merge->id, COUNCIL_ID_BYTES);
    if (!cli->json) {
        printf(merge->host ? "Members of " : "Members go to ");
        cli_print_text(stdout, merge->name ? merge->name : "another council", "");
        printf("%s. %u of %u that are needed consent.\n",
               merge->host ? " come here, if enough of both consent" : ", if enough consent",
               consents, merge->need);
        if (merge->text) {
            cli_print_text(stdout, merge->text, "");
            printf("\n");
        }
    }
    json_t *people = show_people(cli, c, merge);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s*, s:b, s:i, s:i, s:b, s:O}", "merge", id, "name",
                                 merge->name, "host", merge->host, "consents", (int)consents,
                                 "need", (int)merge->need, "carried",
                                 passage_carried(merge, c->council), "people", people));
    json_decref(people);
}

int cli_merge_show(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    if (!cli->offline && client_state(cli->client) == CLIENT_ONLINE) {
        cli_merge_duty(cli, &c);
        result = cli_council_refresh(cli, &c);
    }
    const struct passage_merge *merge = result ? NULL : passage_merge_open(c.model);
    if (merge)
        show(cli, &c, merge);
    else if (!result && cli->json)
        cli_print_json(json_pack("{s:n}", "merge"));
    else if (!result)
        printf("No merge is proposed in this council.\n");
    cli_council_fini(&c);
    return result;
}
