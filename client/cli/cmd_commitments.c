/*
 * cmd_commitments.c - the ledger of commitments, what counts towards it, and how it went over the weeks.
 *
 * Invariant: nothing is ranked; members come in the order of the roster, oneself first, and no number stands beside another member's.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/habits.h"

enum {
    WEEKS_DEFAULT = 8,
    ACTS_MAX = 1000,
    BAR_MAX = 20,    /* glyphs of one week's bar */
    TEMPERATURE = 5, /* hope and energy are 1 to 5 */
    DAY_MS = 86400000
};

static bool is_closed(const struct model_commitment *m)
{
    return m->state == MODEL_DONE || m->state == MODEL_DROPPED;
}

/* ---- the list ---- */

/* True once its day is over. */
static bool is_overdue(const struct model_commitment *m)
{
    char today[16];
    cli_week_name(client_now_ms(), true, today);
    return m->due && !is_closed(m) && strcmp(m->due, today) < 0;
}

static void print_json_commitment(const struct model_commitment *m, uint32_t carried,
                                  const char *name, unsigned number)
{
    json_t *object =
        json_pack("{s:s, s:o, s:i, s:s, s:s*, s:s*, s:s, s:s*, s:i, s:I}", "name", name, "id",
                  cli_json_bytes(m->id, COUNCIL_ID_BYTES), "number", (int)number, "text", m->text,
                  "measure", m->measure, "due", m->due, "state", model_commitment_word(m->state),
                  "word", m->word, "carried", (int)carried, "made", (json_int_t)m->opened_at);
    if (m->reached)
        json_object_set_new(object, "reached", json_integer((json_int_t)m->reached));
    if (m->goal)
        json_object_set_new(object, "goal", json_integer((json_int_t)m->goal));
    if (is_overdue(m))
        json_object_set_new(object, "overdue", json_true());
    cli_print_json(object);
}

static void print_commitment(struct cli *cli, const struct model_commitment *m, uint32_t carried,
                             const char *name, unsigned number)
{
    char since[64];
    if (cli->json) {
        print_json_commitment(m, carried, name, number);
        return;
    }
    cli_time(m->opened_at, NULL, since);
    if (number)
        printf("  %2u. ", number);
    else
        printf("   -  ");
    cli_print_text(stdout, m->text, "      ");
    if (m->measure) {
        printf(" [");
        cli_print_text(stdout, m->measure, "");
        printf("]");
    }
    printf(": %s", model_commitment_word(m->state));
    if (m->reached && m->goal)
        printf(", %llu of %llu", (unsigned long long)m->reached, (unsigned long long)m->goal);
    else if (m->reached)
        printf(", %llu so far", (unsigned long long)m->reached);
    if (m->word) {
        printf(", ");
        cli_print_text(stdout, m->word, "      ");
    }
    printf("  (since %s%s", since, carried ? ", carried over" : "");
    if (m->due)
        printf(", %s %.10s", is_overdue(m) ? "was meant to be done by" : "by", m->due);
    printf(")\n");
}

/* ---- the weeks ---- */

static void print_glyphs(const char *glyph, uint32_t count, uint32_t *room)
{
    for (; count > 0 && *room > 0; count--, --*room)
        printf("%s", glyph);
}

/* "3 done, 1 missed" */
static void print_counts(const struct habits_week *w)
{
    const struct {
        uint32_t count;
        const char *word;
    } parts[] = {
        {w->done, "done"}, {w->partly, "partly"}, {w->missed, "missed"}, {w->dropped, "dropped"}};
    const char *comma = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].count) {
            printf("%s%u %s", comma, parts[i].count, parts[i].word);
            comma = ", ";
        }
    if (w->acts)
        printf("%s%llu logged", comma, (unsigned long long)w->acts);
    else if (!*comma)
        printf("-");
}

/* The words beside a bar say the same, so that it needs neither eyes nor colour. */
static void print_week(uint64_t start, const struct habits_week *w)
{
    static const char *const plain[] = {"#", "+", "-", "x"}, *const drawn[] = {"█", "▓", "░", "×"};
    const char *const *glyphs = cli_utf8() ? drawn : plain;
    uint32_t room = BAR_MAX;
    char name[16];
    cli_week_name(start, false, name);
    printf("      week of %s  ", name);
    print_glyphs(glyphs[0], w->done, &room);
    print_glyphs(glyphs[1], w->partly, &room);
    print_glyphs(glyphs[2], w->missed, &room);
    print_glyphs(glyphs[3], w->dropped, &room);
    if (room < BAR_MAX)
        printf("  ");
    print_counts(w);
    printf("\n");
}

static json_t *week_json(uint64_t start, const struct habits_week *w)
{
    char name[16];
    cli_week_name(start, true, name);
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:I}", "week", name, "made", (int)w->made,
                     "done", (int)w->done, "partly", (int)w->partly, "missed", (int)w->missed,
                     "dropped", (int)w->dropped, "logged", (json_int_t)w->acts);
}

static void print_weeks(struct cli *cli, const struct cli_council *c, const uint8_t *member,
                        uint32_t count)
{
    uint64_t starts[CLI_WEEKS_MAX + 1];
    struct habits_week weeks[CLI_WEEKS_MAX] = {{0}};
    char name[MODEL_NAME_MAX];
    json_t *list = json_array();
    cli_weeks(count, starts);
    habits_weeks(c->model, member, starts, count, weeks);
    model_name(c->model, member, name);
    for (uint32_t i = 0; i < count; i++) {
        if (cli->json)
            json_array_append_new(list, week_json(starts[i], &weeks[i]));
        else
            print_week(starts[i], &weeks[i]);
    }
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:O}", "name", name, "weeks", list));
    json_decref(list);
}

/* True if there is something to show of the member. */
static bool has_any(struct cli *cli, const struct model *m, const uint8_t *member, bool weeks)
{
    bool any = false, closed = weeks || cli_flag(cli, "all");
    for (uint32_t i = 0; i < m->commitment_count; i++)
        any |= memcmp(m->commitments[i].author, member, COUNCIL_KEY_BYTES) == 0 &&
               (closed || !is_closed(&m->commitments[i]));
    for (uint32_t i = 0; weeks && i < m->act_count; i++)
        any |= memcmp(m->acts[i].author, member, COUNCIL_KEY_BYTES) == 0;
    return any;
}

/* One member's commitments; the numbers are those that `checkin --result` and `did --commitment` take. False: there are none. */
static bool print_ledger(struct cli *cli, const struct cli_council *c, const uint8_t *member,
                         uint32_t weeks)
{
    char name[MODEL_NAME_MAX];
    unsigned number = 0;
    model_name(c->model, member, name);
    if (!has_any(cli, c->model, member, weeks > 0))
        return false;
    if (!cli->json) {
        cli_print_text(stdout, name, "");
        printf("\n");
    }
    for (uint32_t i = 0; i < c->model->commitment_count; i++) {
        const struct model_commitment *m = &c->model->commitments[i];
        bool closed = is_closed(m);
        if (memcmp(m->author, member, COUNCIL_KEY_BYTES) == 0 && (!closed || cli_flag(cli, "all")))
            print_commitment(cli, m, model_carried(c->model, m), name, closed ? 0 : ++number);
    }
    if (weeks)
        print_weeks(cli, c, member, weeks);
    return true;
}

int cli_commitments(struct cli *cli)
{
    struct cli_council c;
    uint8_t only[COUNCIL_KEY_BYTES];
    const uint8_t *own = client_member(cli->client);
    uint64_t weeks;
    bool any = false;
    if (!cli_option_number(cli, "weeks", 1, CLI_WEEKS_MAX, 0, &weeks))
        return CLI_USAGE;
    int result = cli_council(cli, &c);
    if (result)
        return result;
    if (cli_operand(cli, 0)) {
        if (cli_member(cli, &c, cli_operand(cli, 0), true, only))
            any = print_ledger(cli, &c, only, (uint32_t)weeks);
        else
            result = CLI_FAILED;
    } else {
        any = print_ledger(cli, &c, own, (uint32_t)weeks);
        for (uint32_t i = 0; i < c.council->person_count; i++)
            if (memcmp(c.council->people[i].pin.member, own, COUNCIL_KEY_BYTES) != 0)
                any |= print_ledger(cli, &c, c.council->people[i].pin.member, (uint32_t)weeks);
    }
    if (!result && !any && !cli->json)
        cli_say(cli, weeks || cli_flag(cli, "all")
                         ? "No commitments yet; `council checkin` makes some."
                         : "No open commitments; `council checkin` makes some, --all shows closed "
                           "ones.");
    cli_council_fini(&c);
    return result;
}

/* ---- what counts towards it ---- */

/* The author's open commitment of that number, or NULL: printed. */
static const struct model_commitment *open_number(struct cli *cli, const struct cli_council *c,
                                                  uint64_t number)
{
    uint32_t i = UINT32_MAX;
    for (uint64_t n = 0; n < number; n++) {
        i = model_open_commitment(c->model, client_member(cli->client), i);
        if (i == UINT32_MAX) {
            cli_fail_input(cli,
                           "You have no open commitment %llu; `council commitments` numbers them.",
                           (unsigned long long)number);
            return NULL;
        }
    }
    return &c->model->commitments[i];
}

static void say_did(struct cli *cli, const struct model_commitment *m, uint64_t count)
{
    uint64_t reached = m ? m->reached + count : 0;
    bool closes = m && m->goal && reached >= m->goal;
    if (cli->json) {
        json_t *object = json_pack("{s:I}", "count", (json_int_t)count);
        if (m) {
            json_object_set_new(object, "commitment", json_string(m->text));
            json_object_set_new(object, "reached", json_integer((json_int_t)reached));
            json_object_set_new(object, "state",
                                json_string(model_commitment_word(closes ? MODEL_DONE : m->state)));
        }
        if (m && m->goal)
            json_object_set_new(object, "goal", json_integer((json_int_t)m->goal));
        cli_print_json(object);
    } else if (closes) {
        printf("Noted, %llu of %llu: that commitment is done.\n", (unsigned long long)reached,
               (unsigned long long)m->goal);
    } else if (m && m->goal) {
        printf("Noted, %llu of %llu.\n", (unsigned long long)reached, (unsigned long long)m->goal);
    } else {
        printf(m ? "Noted. It has no number to reach, so it stays open until a check-in says "
                   "done.\n"
                 : "Noted.\n");
    }
}

int cli_did(struct cli *cli)
{
    struct cli_council c = {0};
    uint64_t number, count;
    const struct model_commitment *m = NULL;
    bool own = cli_flag(cli, "private");
    if (!cli_option_number(cli, "commitment", 1, 10000, 0, &number) ||
        !cli_option_number(cli, "count", 1, ACTS_MAX, 1, &count))
        return CLI_USAGE;
    if (!cli_operand(cli, 0) && !number)
        return cli_fail_usage(cli, "say what you did, or for which commitment.");
    if (own && number)
        return cli_fail_usage(cli, "what counts towards a commitment is for the council to see: "
                                   "leave out --private or --commitment.");
    int result = own ? cli_journal(cli, &c) : cli_council(cli, &c);
    if (!result && number && !(m = open_number(cli, &c, number)))
        result = CLI_FAILED;
    if (!result) {
        json_t *content = json_pack(
            "{s:s, s:s*, s:o*, s:I}", "type", "act", "text", cli_operand(cli, 0), "commitment",
            m ? cli_json_bytes(m->id, COUNCIL_ID_BYTES) : NULL, "count", (json_int_t)count);
        result = content ? cli_post(cli, c.log, content, NULL)
                         : cli_fail_input(cli, "The text is not valid UTF-8.");
    }
    if (!result)
        say_did(cli, m, count);
    cli_council_fini(&c);
    return result;
}

/* ---- hope and energy, for oneself ---- */

/* "hope  ###.. 3.0", or dots alone where nothing was said. */
static void print_temperature(const char *name, uint32_t sum, uint32_t count)
{
    const char *full = cli_utf8() ? "█" : "#", *empty = cli_utf8() ? "·" : ".";
    uint32_t tenths = count ? sum * 10 / count : 0, filled = (tenths + 5) / 10;
    printf("  %s ", name);
    for (uint32_t i = 0; i < TEMPERATURE; i++)
        printf("%s", i < filled ? full : empty);
    if (count)
        printf(" %u.%u", tenths / 10, tenths % 10);
    else
        printf(" -  ");
}

static void print_mood(struct cli *cli, uint64_t start, const struct habits_week *w)
{
    char name[16];
    cli_week_name(start, cli->json, name);
    if (cli->json) {
        json_t *object = json_pack("{s:s}", "week", name);
        if (w->hope_count)
            json_object_set_new(object, "hope", json_real((double)w->hope_sum / w->hope_count));
        if (w->energy_count)
            json_object_set_new(object, "energy",
                                json_real((double)w->energy_sum / w->energy_count));
        cli_print_json(object);
        return;
    }
    printf("  week of %s", name);
    print_temperature("hope", w->hope_sum, w->hope_count);
    print_temperature("energy", w->energy_sum, w->energy_count);
    printf("\n");
}

int cli_mood(struct cli *cli)
{
    struct cli_council c = {0}, journal = {0};
    uint64_t count, starts[CLI_WEEKS_MAX + 1];
    struct habits_week weeks[CLI_WEEKS_MAX] = {{0}};
    if (!cli_option_number(cli, "weeks", 1, CLI_WEEKS_MAX, WEEKS_DEFAULT, &count))
        return CLI_USAGE;
    cli_weeks((uint32_t)count, starts);
    int result = cli_council(cli, &c);
    if (!result)
        result = cli_journal(cli, &journal);
    if (!result) {
        habits_weeks(c.model, client_member(cli->client), starts, (uint32_t)count, weeks);
        habits_weeks(journal.model, client_member(cli->client), starts, (uint32_t)count, weeks);
    }
    for (uint32_t i = 0; !result && i < count; i++)
        print_mood(cli, starts[i], &weeks[i]);
    cli_council_fini(&journal);
    cli_council_fini(&c);
    return result;
}
