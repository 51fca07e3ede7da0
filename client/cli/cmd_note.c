/*
 * cmd_note.c - profiles, notes, and erasing.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "protocol/schedule/schedule.h"

/* The journal with --journal, else the council. */
static int here(struct cli *cli, struct cli_council *out)
{
    return cli_flag(cli, "journal") ? cli_journal(cli, out) : cli_council(cli, out);
}

/* ---- profiles ---- */

static int set_profile(struct cli *cli, const struct cli_council *c)
{
    const struct model_profile *old = model_profile(c->model, client_member(cli->client));
    const char *name = cli_option(cli, "name"), *about = cli_option(cli, "about"),
               *zone = cli_option(cli, "zone");
    if (zone && !schedule_zone_known(zone))
        return cli_fail_input(
            cli, "`%s` is not a time zone that this machine knows; Europe/Berlin is the form.",
            zone);
    if (!name && !old)
        return cli_fail_input(cli, "Say what you are called, with --name.");
    json_t *content = json_pack("{s:s, s:s, s:s*, s:s*}", "type", "profile", "name",
                                name ? name : old->name, "about",
                                about ? about
                                : old ? old->about
                                      : NULL,
                                "zone",
                                zone  ? zone
                                : old ? old->zone
                                      : NULL);
    int result = cli_post(cli, c->log, content, NULL);
    if (!result)
        cli_say(cli, "Your profile is posted.");
    return result;
}

static int show_profile(struct cli *cli, const struct cli_council *c)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    char name[MODEL_NAME_MAX];
    memcpy(member, client_member(cli->client), COUNCIL_KEY_BYTES);
    if (cli_operand(cli, 0) && !cli_member(cli, c, cli_operand(cli, 0), true, member))
        return CLI_FAILED;
    const struct model_profile *profile = model_profile(c->model, member);
    model_name(c->model, member, name);
    if (cli->json) {
        cli_print_json(json_pack("{s:o, s:s, s:s*, s:s*}", "member",
                                 cli_json_bytes(member, COUNCIL_KEY_BYTES), "name", name, "about",
                                 profile ? profile->about : NULL, "zone",
                                 profile ? profile->zone : NULL));
        return CLI_OK;
    }
    cli_print_text(stdout, name, "");
    if (profile && profile->zone) {
        printf(", ");
        cli_print_text(stdout, profile->zone, "");
    }
    printf("\n");
    if (profile && profile->about) {
        printf("  ");
        cli_print_text(stdout, profile->about, "  ");
        printf("\n");
    }
    return CLI_OK;
}

int cli_profile(struct cli *cli)
{
    struct cli_council c;
    bool set = cli_flag(cli, "name") || cli_flag(cli, "about") || cli_flag(cli, "zone");
    int result = cli_council(cli, &c);
    if (!result)
        result = set ? set_profile(cli, &c) : show_profile(cli, &c);
    cli_council_fini(&c);
    return result;
}

/* ---- notes ---- */

int cli_note_post(struct cli *cli)
{
    struct cli_council c;
    char *text = NULL;
    uint32_t len;
    uint64_t reply, seq = 0;
    if (!cli_option_number(cli, "reply", 1, COUNCIL_INT_MAX, 0, &reply))
        return CLI_USAGE;
    int result = here(cli, &c);
    if (!result)
        result = cli_text(cli, cli_option(cli, "message"), cli_operand(cli, 0), "", &text, &len);
    if (!result) {
        json_t *content = json_pack("{s:s, s:s}", "type", "note", "text", text);
        if (!content)
            result = cli_fail_input(cli, "The text is not valid UTF-8.");
        if (content && reply)
            json_object_set_new(content, "reply", json_integer((json_int_t)reply));
        if (content)
            result = cli_post(cli, c.log, content, &seq);
    }
    if (!result && cli->json)
        cli_print_json(json_pack("{s:I}", "seq", (json_int_t)seq));
    else if (!result && seq)
        printf("Posted as number %llu.\n", (unsigned long long)seq);
    free(text);
    cli_council_fini(&c);
    return result;
}

static void print_note(struct cli *cli, const struct cli_council *c, const struct model_note *note,
                       bool whole)
{
    char name[MODEL_NAME_MAX], when[64], received[64];
    model_name(c->model, note->author, name);
    cli_time(note->at, NULL, when);
    cli_time(note->received, NULL, received);
    if (cli->json) {
        json_t *object = json_pack(
            "{s:I, s:s, s:o, s:I, s:I, s:s}", "seq", (json_int_t)note->seq, "name", name, "author",
            cli_json_bytes(note->author, COUNCIL_KEY_BYTES), "at", (json_int_t)note->at, "received",
            (json_int_t)note->received, "text", note->text);
        if (note->reply)
            json_object_set_new(object, "reply", json_integer((json_int_t)note->reply));
        cli_print_json(object);
        return;
    }
    printf("%llu  %s  ", (unsigned long long)note->seq, when);
    cli_print_text(stdout, name, "");
    if (note->reply)
        printf("  (to %llu)", (unsigned long long)note->reply);
    if (whole)
        printf("  [server: %s]", received);
    printf("\n    ");
    cli_print_text(stdout, note->text, "    ");
    printf("\n");
}

int cli_note_list(struct cli *cli)
{
    struct cli_council c;
    uint64_t count;
    if (!cli_option_number(cli, "count", 0, 1000000, 20, &count))
        return CLI_USAGE;
    int result = here(cli, &c);
    if (result)
        return result;
    uint32_t first =
        count && c.model->note_count > count ? c.model->note_count - (uint32_t)count : 0;
    for (uint32_t i = first; i < c.model->note_count; i++)
        print_note(cli, &c, &c.model->notes[i], false);
    if (!cli->json && c.model->newer)
        printf("%u posts need a newer client.\n", c.model->newer);
    cli_council_fini(&c);
    return CLI_OK;
}

/* A number operand; 0: printed. */
static uint64_t number_of(struct cli *cli, const char *word)
{
    char *end;
    unsigned long long value = strtoull(word, &end, 10);
    if (*end == '\0' && end != word && value > 0 && value <= COUNCIL_INT_MAX)
        return value;
    cli_fail_input(cli, "`%s` is not the number of an entry.", word);
    return 0;
}

int cli_note_show(struct cli *cli)
{
    struct cli_council c;
    uint64_t seq = number_of(cli, cli_operand(cli, 0));
    if (!seq)
        return CLI_FAILED;
    int result = here(cli, &c);
    if (result)
        return result;
    result = CLI_FAILED;
    for (uint32_t i = 0; i < c.model->note_count; i++) {
        if (c.model->notes[i].seq != seq)
            continue;
        print_note(cli, &c, &c.model->notes[i], true);
        result = CLI_OK;
    }
    if (result)
        cli_fail_input(cli, "There is no note with number %llu that this device can read.",
                       (unsigned long long)seq);
    cli_council_fini(&c);
    return result;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

int cli_erase(struct cli *cli)
{
    struct cli_council c;
    uint64_t seqs[CLI_OPERANDS_MAX];
    json_t *list = json_array();
    for (int i = 0; i < cli->operand_count; i++)
        if (!(seqs[i] = number_of(cli, cli_operand(cli, i)))) {
            json_decref(list);
            return CLI_FAILED;
        }
    qsort(seqs, (size_t)cli->operand_count, sizeof seqs[0], compare_numbers);
    for (int i = 0; i < cli->operand_count; i++)
        if (i == 0 || seqs[i] != seqs[i - 1])
            json_array_append_new(list, json_integer((json_int_t)seqs[i]));
    int result = here(cli, &c);
    if (!result && !cli_confirm(cli, "Erase for good?"))
        result = cli_fail_input(cli, "Nothing was done; --yes erases without asking.");
    if (!result)
        result = cli_submit(cli, c.log, COUNCIL_KIND_ERASE, json_pack("{s:O}", "posts", list), NULL,
                            NULL);
    if (!result)
        cli_say(cli, "Erased. Backups that the operator made before still hold the ciphertext.");
    json_decref(list);
    cli_council_fini(&c);
    return result;
}
