/*
 * find.c - which council, which member: names into what the log calls them.
 *
 * Invariant: a word that fits more than one thing is refused with the choices, never guessed.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/cli.h"

/* What entries are added to: the model, and the council as it was when the next one was written. */
struct load {
    struct model *model;
    struct council *then;
    enum council_error error;
};

/* What counts from moderators counts from whoever was one when it was written, whatever became of them since: so everybody reads the same. */
static bool load_post(void *ctx, const struct client_post *post)
{
    static const uint8_t no_head[COUNCIL_HASH_BYTES]; /* of it only the safety number is made */
    struct load *load = ctx;
    if (post->seq <= load->then->seq) /* told of again after all was read */
        return true;
    if (post->content && !post->erased) { /* of what was erased this home may keep a copy alone */
        const struct council_person *person = council_person(load->then, post->entry->author);
        struct model_post p = {.seq = post->seq,
                               .at = post->at,
                               .received = post->received,
                               .author = post->entry->author,
                               .content = post->content,
                               .moderator = person && person->member && person->moderator};
        enum council_error error = model_add(load->model, &p);
        if (error == COUNCIL_E_NO_MEMORY)
            load->error = error;
    } else if (!post->unreadable && !post->erased) { /* what cannot be read changes nothing */
        load->error = model_add_entry(load->model, post->seq, post->received, post->entry);
    }
    if (!load->error)
        load->error = council_fold(load->then, post->entry, post->seq, no_head);
    return load->error == COUNCIL_OK;
}

bool cli_council_take(struct cli *cli, struct cli_council *council, const struct client_post *post)
{
    struct load load = {.model = council->model, .then = &council->then};
    return client_council(cli->client, council->log) &&
           memcmp(post->log, council->log, COUNCIL_KEY_BYTES) == 0 && load_post(&load, post);
}

int cli_council_refresh(struct cli *cli, struct cli_council *council)
{
    struct council then;
    struct load load = {.then = &then};
    if (!client_council(cli->client, council->log))
        return cli_fail(cli, COUNCIL_E_NO_COUNCIL);
    load.model = model_create();
    if (!load.model)
        return cli_fail(cli, COUNCIL_E_NO_MEMORY);
    council_init(&then);
    enum council_error error = client_read(cli->client, council->log, 0, load_post, &load);
    if (!error)
        error = load.error;
    if (error) {
        model_destroy(load.model);
        council_fini(&then);
        return cli_fail(cli, error);
    }
    model_destroy(council->model);
    council_fini(&council->then);
    council->model = load.model;
    council->then = then;
    council->council = client_council(cli->client, council->log);
    return CLI_OK;
}

void cli_council_fini(struct cli_council *council)
{
    model_destroy(council->model);
    council_fini(&council->then);
    memset(council, 0, sizeof *council);
}

static int open_log(struct cli *cli, const uint8_t *log, struct cli_council *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->log, log, COUNCIL_KEY_BYTES);
    return cli_council_refresh(cli, out);
}

int cli_journal(struct cli *cli, struct cli_council *out)
{
    return open_log(cli, client_journal(cli->client), out);
}

/* True if `word` is the council's name or the start (four characters or more) of its log's name. */
static bool council_fits(const struct cli_council *council, const char *word)
{
    char key[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(key, council->log, COUNCIL_KEY_BYTES);
    if (council->model->title && strcmp(council->model->title, word) == 0)
        return true;
    return strlen(word) >= 4 && strncmp(key, word, strlen(word)) == 0;
}

static void list_choice(const struct cli *cli, const struct cli_council *council)
{
    char key[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(key, council->log, COUNCIL_KEY_BYTES);
    if (!cli->json)
        fprintf(stderr, "         %.8s  %s\n", key,
                council->model->title ? council->model->title : "(no name yet)");
}

/* Without a word, those one is a member of; where there are none, what is left of former ones. */
static bool is_candidate(const struct client_log_info *info, const char *word, bool any_current)
{
    return !info->journal && (word || info->member || !any_current);
}

static int no_choice(struct cli *cli, const char *word, uint32_t fits)
{
    if (fits)
        return cli_fail_input(cli, "%s; name one with --council:",
                              word ? "More than one council fits" : "You are in several councils");
    if (word)
        return cli_fail_input(cli, "There is no council `%s` here:", word);
    return cli_fail_input(
        cli, "You are in no council yet: `council create NAME`, or `council join LINK`.");
}

static int choose(struct cli *cli, const struct client_log_info *logs, uint32_t count,
                  const char *word, struct cli_council *out)
{
    uint32_t fits = 0;
    bool any_current = false;
    for (uint32_t i = 0; i < count; i++)
        any_current |= !logs[i].journal && logs[i].member;
    for (int pass = 0; pass < 2; pass++) { /* finds; then, where none or several fit, lists */
        for (uint32_t i = 0; i < count; i++) {
            struct cli_council council;
            if (!is_candidate(&logs[i], word, any_current))
                continue;
            int result = open_log(cli, logs[i].log, &council);
            if (result)
                return result;
            if (pass == 1)
                list_choice(cli, &council);
            if (pass == 0 && (!word || council_fits(&council, word)) && ++fits == 1)
                *out = council;
            else
                cli_council_fini(&council);
        }
        if (pass == 0 && fits == 1)
            return CLI_OK;
        if (pass == 0 && fits > 1)
            cli_council_fini(out);
        if (pass == 0)
            (void)no_choice(cli, word, fits);
    }
    return CLI_FAILED;
}

int cli_council(struct cli *cli, struct cli_council *out)
{
    const char *word = cli_option(cli, "council"), *usual = getenv("COUNCIL_COUNCIL");
    if (!word && usual && *usual)
        word = usual;
    return cli_council_named(cli, word, out);
}

int cli_council_named(struct cli *cli, const char *word, struct cli_council *out)
{
    struct client_log_info *logs = NULL;
    uint32_t count = 0;
    memset(out, 0, sizeof *out);
    enum council_error error = client_logs(cli->client, &logs, &count);
    int result = error ? cli_fail(cli, error) : choose(cli, logs, count, word, out);
    if (!result) {
        memcpy(cli->log, out->log, COUNCIL_KEY_BYTES);
        cli->closed = out->model->passages.closed;
    }
    free(logs);
    return result;
}

/* How well a word names somebody: 2 by name or key, 1 nearly, 0 not at all. */
static int names(const struct cli_council *council, const struct council_person *person,
                 const char *word, bool begins)
{
    const struct model_profile *profile = model_profile(council->model, person->pin.member);
    char key[COUNCIL_KEY_CHARS + 1];
    size_t len = strlen(word);
    council_b64_encode(key, person->pin.member, COUNCIL_KEY_BYTES);
    if ((profile && strcmp(profile->name, word) == 0) || (len >= 4 && strncmp(key, word, len) == 0))
        return 2;
    return len && profile && strncasecmp(profile->name, word, begins ? len : len + 1) == 0;
}

uint32_t cli_member_find(const struct cli_council *council, const char *word, bool former,
                         bool begins, uint8_t out[COUNCIL_KEY_BYTES])
{
    uint32_t fits = 0;
    int best = 1;
    for (uint32_t i = 0; i < council->council->person_count; i++) {
        const struct council_person *person = &council->council->people[i];
        int fit = person->member || former ? names(council, person, word, begins) : 0;
        if (fit < best)
            continue;
        fits = fit > best ? 1 : fits + 1;
        best = fit;
        memcpy(out, person->pin.member, COUNCIL_KEY_BYTES);
    }
    return fits;
}

bool cli_member(struct cli *cli, const struct cli_council *council, const char *word, bool former,
                uint8_t out[COUNCIL_KEY_BYTES])
{
    uint32_t fits = cli_member_find(council, word, former, false, out);
    if (fits == 1)
        return true;
    if (fits)
        cli_fail_input(cli,
                       "More than one member is called `%s`; use the start of the key that "
                       "`council roster` shows.",
                       word);
    else
        cli_fail_input(cli, "There is no member `%s` here; `council roster` lists them.", word);
    return false;
}
