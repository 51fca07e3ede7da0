/*
 * cmd_roster.c - who is in the council, whether they can trust what they see, and changing that. Going is cmd_handover.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

static const struct model_verified *verified_of(const struct model *model, const uint8_t *member)
{
    for (uint32_t i = 0; i < model->verified_count; i++)
        if (memcmp(model->verified[i].member, member, COUNCIL_KEY_BYTES) == 0)
            return &model->verified[i];
    return NULL;
}

/* "now", "earlier" (something changed since), or "never" compared the safety number. */
static const char *compared(const struct cli_council *c, const uint8_t *member)
{
    const struct model_verified *v = verified_of(c->model, member);
    if (!v)
        return "never";
    return v->control_seq == c->council->control ? "now" : "earlier";
}

static void print_person(struct cli *cli, const struct cli_council *c,
                         const struct council_person *person)
{
    char key[COUNCIL_KEY_CHARS + 1], name[MODEL_NAME_MAX];
    const char *role = !person->member ? "former" : person->moderator ? "moderator" : "member";
    const struct passage_landed *landed =
        person->member ? model_landed(c->model, person->pin.member) : NULL;
    bool me = memcmp(person->pin.member, client_member(cli->client), COUNCIL_KEY_BYTES) == 0;
    council_b64_encode(key, person->pin.member, COUNCIL_KEY_BYTES);
    model_name(c->model, person->pin.member, name);
    if (cli->json) {
        cli_print_json(json_pack(
            "{s:s, s:s, s:s, s:b, s:b, s:i, s:s, s:I}", "member", key, "name", name, "role", role,
            "alumna", landed != NULL, "me", me, "devices", (int)person->pin.device_count,
            "compared", compared(c, person->pin.member), "joined", (json_int_t)person->joined_seq));
        return;
    }
    printf("%.8s  ", key);
    cli_print_text(stdout, name, "");
    printf("%s  %s%s, %u device%s, compared the safety number %s\n", me ? " (you)" : "", role,
           landed ? ", alumna" : "", person->pin.device_count,
           person->pin.device_count == 1 ? "" : "s", compared(c, person->pin.member));
}

int cli_roster(struct cli *cli)
{
    struct cli_council c;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    for (uint32_t i = 0; i < c.council->person_count; i++)
        if (c.council->people[i].member || cli_flag(cli, "former"))
            print_person(cli, &c, &c.council->people[i]);
    uint32_t members = council_member_count(c.council);
    if (!cli->json && members < 6)
        printf("%u of %u: the council is %s; it takes %u more.\n", members, c.council->size,
               c.council->schedule.seq ? "short" : "forming", c.council->size - members);
    if (!cli->json && c.council->rotation_due)
        printf("New keys are due: the next client online posts them.\n");
    cli_council_fini(&c);
    return CLI_OK;
}

/* ---- the safety number ---- */

struct changes {
    struct cli *cli;
    const struct cli_council *council;
    uint64_t after;
    json_t *list;
};

static const char *const watched[] = {"member.join",  "member.devices", "member.remove",
                                      "member.leave", "member.role",    "council.create",
                                      "key.rotate"};

static bool list_change(void *ctx, const struct client_post *post)
{
    struct changes *changes = ctx;
    const char *kind = council_kind_info(post->entry->kind)->name;
    char name[MODEL_NAME_MAX], when[64];
    bool shown = false;
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        shown |= strcmp(watched[i], kind) == 0;
    if (!shown || post->seq <= changes->after)
        return true;
    model_name(changes->council->model, post->entry->author, name);
    cli_time(post->received, NULL, when);
    json_array_append_new(changes->list,
                          json_pack("{s:I, s:s, s:s, s:I}", "seq", (json_int_t)post->seq, "kind",
                                    kind, "author", name, "received", (json_int_t)post->received));
    if (changes->cli->json)
        return true;
    printf("  %4llu  %s  %-15s ", (unsigned long long)post->seq, when, kind);
    cli_print_text(stdout, name, "");
    putchar('\n');
    return true;
}

static int record_compared(struct cli *cli, const struct cli_council *c, const char *number)
{
    json_t *content = json_pack("{s:s, s:I, s:s}", "type", "verified", "seq",
                                (json_int_t)c->council->control, "number", number);
    int result = cli_post(cli, c->log, content, NULL);
    if (!result)
        cli_say(cli, "Recorded that you compared it.");
    return result;
}

int cli_safety(struct cli *cli)
{
    struct cli_council c;
    char number[COUNCIL_SAFETY_CHARS + 1];
    int result = cli_council(cli, &c);
    if (result)
        return result;
    client_safety(cli->client, c.log, number);
    const struct model_verified *mine = verified_of(c.model, client_member(cli->client));
    struct changes changes = {
        .cli = cli, .council = &c, .after = mine ? mine->control_seq : 0, .list = json_array()};
    if (!cli->json)
        printf("%s\n%s\n", number,
               mine && mine->control_seq == c.council->control
                   ? "You compared it; nothing changed since."
                   : "Read it to each other in a meeting; if all see the same: `council safety "
                     "--compared`. Changed since you last did:");
    enum council_error error =
        client_read(cli->client, c.log, changes.after, list_change, &changes);
    if (error)
        result = cli_fail(cli, error);
    else if (cli_flag(cli, "compared"))
        result = record_compared(cli, &c, number);
    if (cli->json && !result)
        cli_print_json(json_pack(
            "{s:s, s:I, s:s, s:O}", "number", number, "seq", (json_int_t)c.council->control,
            "compared", compared(&c, client_member(cli->client)), "changed", changes.list));
    json_decref(changes.list);
    cli_council_fini(&c);
    return result;
}

static void verify_progress(void *ctx, uint64_t done)
{
    cli_say(ctx, "%llu entries verified", (unsigned long long)done);
}

int cli_verify(struct cli *cli)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    enum council_error error = client_verify(cli->client, verify_progress, cli);
    int result = CLI_OK;
    if (error) { /* what breaks a rule was delivered by the server, whatever the rule */
        bool theirs = council_error_info(error)->class == COUNCIL_CLASS_VALID;
        result = cli_fail(cli, error);
        result = theirs && error != COUNCIL_E_NEEDS_NEWER ? CLI_SERVER : result;
    }
    if ((error = client_logs(cli->client, &logs, &count)))
        result = cli_fail(cli, error);
    for (uint32_t i = 0; i < count; i++) {
        char key[COUNCIL_KEY_CHARS + 1];
        council_b64_encode(key, logs[i].log, COUNCIL_KEY_BYTES);
        if (cli->json)
            cli_print_json(json_pack("{s:s, s:I, s:s}", "log", key, "entries",
                                     (json_int_t)logs[i].seq, "stopped",
                                     council_error_name(logs[i].stopped)));
        else
            printf("%.8s  %s  %llu entries %s%s\n", key, logs[i].journal ? "journal" : "council",
                   (unsigned long long)logs[i].seq, result ? "" : "verified",
                   logs[i].stopped ? "; STOPPED: the server showed something wrong" : "");
    }
    free(logs);
    return result;
}

/* ---- changing who is in it ---- */

/* Submits a control entry about one member, named by the first operand. */
static int about_member(struct cli *cli, enum council_kind kind, const char *role, const char *said)
{
    struct cli_council c;
    uint8_t member[COUNCIL_KEY_BYTES];
    char name[MODEL_NAME_MAX];
    int result = cli_council(cli, &c);
    if (result)
        return result;
    if (!cli_member(cli, &c, cli_operand(cli, 0), false, member)) {
        result = CLI_FAILED;
    } else {
        model_name(c.model, member, name);
        json_t *intent = json_pack("{s:o, s:s*}", "member",
                                   cli_json_bytes(member, COUNCIL_KEY_BYTES), "role", role);
        result = cli_submit(cli, c.log, kind, intent, NULL, NULL);
    }
    if (!result)
        cli_say(cli, "%s%s", name, said);
    cli_council_fini(&c);
    return result;
}

int cli_remove(struct cli *cli)
{
    return about_member(cli, COUNCIL_KIND_MEMBER_REMOVE, NULL,
                        " was removed. New keys are in place; open invites are closed.");
}

int cli_vote(struct cli *cli)
{
    return about_member(cli, COUNCIL_KIND_VOTE, NULL, " has your vote.");
}

int cli_role(struct cli *cli)
{
    const char *role = cli_operand(cli, 1);
    if (strcmp(role, "moderator") != 0 && strcmp(role, "member") != 0)
        return cli_fail_usage(cli, "a role is moderator or member, not `%s`.", role);
    return about_member(cli, COUNCIL_KIND_MEMBER_ROLE, role,
                        strcmp(role, "member") == 0 ? " is a member now." : " is a moderator now.");
}
