/*
 * cmd_calendar.c - the council's meetings in a calendar program: addresses to subscribe to, and a file of one's own.
 *
 * What a subscription shows is the server's to write, so it holds nothing that members wrote; the file is written here and may. Invariant: an address is printed, never
 * logged; a file is the member's alone (0600), and whole or not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/coming.h"
#include "client/lib/feed.h"
#include "client/lib/presence.h"
#include "protocol/schedule/ics.h"

enum {
    PREFIX_MIN = 4,
    NOTE_MAX = 4096,
    BACK_MS = 7 * 86400000 /* meetings of the last week have their notes, too */
};

/* ---- feeds ---- */

static json_t *feed_json(const struct client_feed *feed)
{
    json_t *council = cli_json_bytes(feed->log, COUNCIL_KEY_BYTES);
    json_t *name = cli_json_bytes(feed->feed, COUNCIL_HASH_BYTES);
    return json_pack("{s:o, s:o, s:s, s:I, s:s?}", "feed", name, "council", council, "title",
                     feed->title, "created", (json_int_t)feed->created, "address",
                     feed->address[0] != '\0' ? feed->address : NULL);
}

static void print_feed(const struct client_feed *feed)
{
    char name[COUNCIL_KEY_CHARS + 1], council[COUNCIL_KEY_CHARS + 1], made[64];
    council_b64_encode(name, feed->feed, COUNCIL_HASH_BYTES);
    council_b64_encode(council, feed->log, COUNCIL_KEY_BYTES);
    cli_time(feed->created, NULL, made);
    printf("%.8s  council %.8s  since %s  ", name, council, made);
    cli_print_text(stdout, feed->title, "");
    printf("\n    %s\n",
           feed->address[0] != '\0' ? feed->address : "its address is on the machine that made it");
}

int cli_calendar_create(struct cli *cli)
{
    struct cli_council c;
    struct client_feed feed;
    const char *title = cli_option(cli, "title");
    char name[COUNCIL_KEY_CHARS + 1];
    if (title && (!*title || strlen(title) > CLIENT_FEED_TITLE_MAX))
        return cli_fail_usage(cli, "--title takes 1 to %d bytes.", (int)CLIENT_FEED_TITLE_MAX);
    int result = cli_council(cli, &c);
    if (!result) {
        enum council_error error =
            client_feed_create(cli->client, c.log, title, &feed, cli->timeout_ms);
        result = error ? cli_fail(cli, error) : CLI_OK;
        if (!result)
            council_b64_encode(name, feed.feed, COUNCIL_HASH_BYTES);
        if (!result && cli->json)
            cli_print_json(feed_json(&feed));
        else if (!result)
            printf("%s\n", feed.address);
        if (!result)
            cli_say(
                cli,
                "Subscribe to this address in your calendar. Whoever has it sees when the council "
                "meets and nothing else; end it with: council calendar revoke %.8s",
                name);
        if (!result && strncmp(feed.address, "http", 4) != 0)
            cli_say(cli, "This home uses a Unix socket: put the server's https://HOST before it.");
        sodium_memzero(&feed, sizeof feed);
    }
    cli_council_fini(&c);
    return result;
}

int cli_calendar_list(struct cli *cli)
{
    struct client_feed *feeds = NULL;
    uint32_t count = 0;
    enum council_error error = client_feeds(cli->client, &feeds, &count, cli->timeout_ms);
    if (error)
        return cli_fail(cli, error);
    for (uint32_t i = 0; i < count; i++) {
        if (cli->json)
            cli_print_json(feed_json(&feeds[i]));
        else
            print_feed(&feeds[i]);
    }
    if (count == 0)
        cli_say(cli, "There is no calendar address yet: council calendar create");
    client_feeds_free(feeds, count);
    return CLI_OK;
}

/* The only feed whose name begins so; NULL: printed. */
static const struct client_feed *feed_named(struct cli *cli, const struct client_feed *feeds,
                                            uint32_t count, const char *word)
{
    const struct client_feed *found = NULL;
    uint32_t matches = 0;
    for (uint32_t i = 0; i < count; i++) {
        char name[COUNCIL_KEY_CHARS + 1];
        council_b64_encode(name, feeds[i].feed, COUNCIL_HASH_BYTES);
        if (strlen(word) >= PREFIX_MIN && strncmp(name, word, strlen(word)) == 0) {
            found = &feeds[i];
            matches++;
        }
    }
    if (matches == 1)
        return found;
    (void)cli_fail_input(
        cli,
        matches == 0 ? "There is no calendar address `%s`; `council calendar list` shows them."
                     : "`%s` fits more than one calendar address; type more of it.",
        word);
    return NULL;
}

int cli_calendar_revoke(struct cli *cli)
{
    struct client_feed *feeds = NULL;
    uint32_t count = 0;
    enum council_error error = client_feeds(cli->client, &feeds, &count, cli->timeout_ms);
    if (error)
        return cli_fail(cli, error);
    const struct client_feed *feed = feed_named(cli, feeds, count, cli_operand(cli, 0));
    int result = feed ? CLI_OK : CLI_FAILED;
    if (feed) {
        error = client_feed_revoke(cli->client, feed->feed, cli->timeout_ms);
        result = error ? cli_fail(cli, error) : CLI_OK;
    }
    if (!result && cli->json)
        cli_print_json(json_pack("{s:o}", "feed", cli_json_bytes(feed->feed, COUNCIL_HASH_BYTES)));
    else if (!result)
        cli_say(cli, "The address shows nothing any more.");
    client_feeds_free(feeds, count);
    return result;
}

/* ---- a file of one's own ---- */

struct folding {
    struct schedule_calendar calendar;
    enum council_error error;
};

static bool fold(void *ctx, const struct client_post *post)
{
    struct folding *folding = ctx;
    folding->error =
        schedule_calendar_add(&folding->calendar, post->seq, post->received, post->entry);
    return folding->error == COUNCIL_OK;
}

/* A text that grows to a ceiling. */
struct note {
    char text[NOTE_MAX];
    size_t len;
};

static void __attribute__((format(printf, 2, 3))) add(struct note *note, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(note->text + note->len, sizeof note->text - note->len, format, arguments);
    va_end(arguments);
    if (n > 0 && note->len + (size_t)n < sizeof note->text)
        note->len += (size_t)n;
    else
        note->text[note->len] = '\0';
}

static void add_agenda(struct note *note, const struct model *model, const char *meeting)
{
    struct agenda agenda;
    agenda_for(model, meeting, &agenda);
    for (uint32_t i = 0; i < agenda.count; i++)
        add(note, "%u min  %s\n", (unsigned)agenda.phases[i].minutes, agenda.phases[i].title);
}

static void add_answers(struct note *note, const struct cli_council *c, const char *meeting)
{
    static const char *const kinds[][2] = {
        {"yes", "Coming"}, {"late", "Late"}, {"no", "Not coming"}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const char *lead = kinds[k][1];
        for (uint32_t i = 0; i < c->council->person_count; i++) {
            const struct council_person *person = &c->council->people[i];
            const struct model_answer *answer =
                model_meeting_answer(c->model, meeting, person->pin.member);
            char name[MODEL_NAME_MAX];
            if (!person->member || !answer || strcmp(answer->answer, kinds[k][0]) != 0)
                continue;
            model_name(c->model, person->pin.member, name);
            add(note, "%s%s%s", lead == kinds[k][1] ? lead : "", lead == kinds[k][1] ? ": " : ", ",
                name);
            lead = "";
        }
        if (lead[0] == '\0')
            add(note, "\n");
    }
}

/* The notes of the coming meetings that say more than what is said of all. How many, or -1: no memory. */
static bool write_notes(const struct cli_council *c, const struct coming *coming, uint32_t count,
                        const char *common, struct schedule_ics_note *notes, uint32_t *written)
{
    *written = 0;
    for (uint32_t i = 0; i < count && *written < SCHEDULE_ICS_NOTES_MAX; i++) {
        struct note note = {.len = 0};
        add_answers(&note, c, coming[i].name);
        add_agenda(&note, c->model, coming[i].name);
        if (strcmp(note.text, common) == 0)
            continue;
        char *text = strdup(note.text);
        if (!text)
            return false;
        notes[(*written)++] = (struct schedule_ics_note){coming[i].name, text};
    }
    return true;
}

/* All of it or nothing: a calendar program may read it at any time. */
static int write_file(struct cli *cli, const char *path, const char *text, uint32_t len)
{
    char part[4096];
    int n = snprintf(part, sizeof part, "%s.part", path);
    int fd = n > 0 && (size_t)n < sizeof part
                 ? open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
                 : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool good = file && fwrite(text, 1, len, file) == len && fflush(file) == 0;
    int why = errno;
    if (file && fclose(file) != 0)
        good = false;
    else if (!file && fd >= 0)
        close(fd);
    if (good && rename(part, path) == 0)
        return CLI_OK;
    why = good ? errno : why;
    if (fd >= 0)
        (void)unlink(part);
    return cli_fail_input(cli, "`%s` cannot be written: %s.", path, strerror(why));
}

static int write_calendar(struct cli *cli, const struct cli_council *c,
                          const struct schedule_calendar *calendar, char **text, uint32_t *len)
{
    struct coming coming[COMING_MAX];
    struct schedule_ics_note notes[SCHEDULE_ICS_NOTES_MAX];
    struct note common = {.len = 0};
    uint8_t uid[COUNCIL_FEED_UID_BYTES];
    uint32_t found = 0;
    int result = coming_list(cli, c, client_server_now_ms(cli->client) - BACK_MS, COMING_MAX,
                             coming, &found);
    if (result)
        return result;
    add_agenda(&common, c->model, NULL);
    council_feed_uid(uid, client_member(cli->client), c->log);
    struct schedule_ics_style style = {.uid = uid,
                                       .title = c->model->title ? c->model->title : "Meeting",
                                       .description = common.text,
                                       .notes = notes};
    enum council_error error = write_notes(c, coming, found, common.text, notes, &style.note_count)
                                   ? schedule_ics(calendar, &style, text, len)
                                   : COUNCIL_E_NO_MEMORY;
    for (uint32_t i = 0; i < style.note_count; i++)
        free((char *)(uintptr_t)notes[i].text);
    return error ? cli_fail(cli, error) : CLI_OK;
}

int cli_calendar_write(struct cli *cli)
{
    struct cli_council c;
    struct folding folding = {.error = COUNCIL_OK};
    const char *path = cli_operand(cli, 0);
    char *text = NULL;
    uint32_t len = 0;
    int result = cli_council(cli, &c);
    if (!result && !c.council->schedule.seq)
        result = cli_fail(cli, COUNCIL_E_NO_SCHEDULE);
    if (!result) {
        enum council_error error = client_read(cli->client, c.log, 0, fold, &folding);
        error = error ? error : folding.error;
        result =
            error ? cli_fail(cli, error) : write_calendar(cli, &c, &folding.calendar, &text, &len);
    }
    if (!result && strcmp(path, "-") == 0)
        result = fwrite(text, 1, len, stdout) == len ? CLI_OK : CLI_FAILED;
    else if (!result)
        result = write_file(cli, path, text, len);
    if (!result && strcmp(path, "-") != 0 && cli->json)
        cli_print_json(json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)len));
    else if (!result && strcmp(path, "-") != 0)
        cli_say(cli,
                "Written to %s. It holds the council's name and who comes: keep it to yourself.",
                path);
    free(text);
    schedule_calendar_fini(&folding.calendar);
    cli_council_fini(&c);
    return result;
}
