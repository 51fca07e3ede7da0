/*
 * rows_form.c - vectors of form: every field of every kind left out, of another type, or out of its range.
 *
 * Owns README.md sections 3.1, 3.4.1, 3.6 and 3.7. The rows are made from the tables of kinds, so that a new kind or field has its vectors.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 512
};

struct maker {
    const struct book *book;
    struct vec_file *file;
    const char *scene; /* where an entry of this kind is */
    uint32_t seq;
    const char *kind;
};

/* "KIND: WHAT": the entry with these edits gets `error`. */
static void made(const struct maker *maker, const char *what, const char *edits,
                 enum council_error error)
{
    char name[TEXT_MAX];
    struct vec_row row = {.name = name, .tag = "form", .edits = edits, .error = error};
    (void)snprintf(name, sizeof name, "%s: %s", maker->kind, what);
    char place[TEXT_MAX];
    (void)snprintf(place, sizeof place, "%s.form", maker->scene);
    (void)json_object_set_new(maker->book->places, place, json_integer(maker->seq));
    book_rows(maker->book, maker->file, maker->scene, &row, 1);
}

static void bad(const struct maker *maker, const char *what, const char *edits)
{
    made(maker, what, edits, COUNCIL_E_BAD_FIELD);
}

/* The first entry of the kind in any scene. */
static struct maker maker_of(const struct book *book, struct vec_file *file, enum council_kind kind)
{
    for (uint32_t i = 0; i < book->scene_count; i++) {
        const struct fixture_log *log = book->scenes[i].log;
        for (uint32_t j = 0; j < log->count; j++) {
            if (log->entries[j].kind == kind && !log->entries[j].erased) {
                return (struct maker){book, file, book->scenes[i].name, j + 1,
                                      council_kind_info(kind)->name};
            }
        }
    }
    vec_die("no scene has a %s", council_kind_info(kind)->name);
}

static bool is_word(enum council_field_type type)
{
    return council_words(type) != NULL;
}

static void range(const struct maker *maker, const struct council_body_field *field)
{
    char what[64], edits[TEXT_MAX];
    if (field->type == COUNCIL_TYPE_INT && field->min > 0) {
        (void)snprintf(what, sizeof what, "%s too small", field->name);
        (void)snprintf(edits, sizeof edits, "body.%s=%llu", field->name,
                       (unsigned long long)field->min - 1);
        bad(maker, what, edits);
    }
    if (field->type == COUNCIL_TYPE_INT && field->max < COUNCIL_INT_MAX) {
        (void)snprintf(what, sizeof what, "%s too large", field->name);
        (void)snprintf(edits, sizeof edits, "body.%s=%llu", field->name,
                       (unsigned long long)field->max + 1);
        bad(maker, what, edits);
    }
    if (is_word(field->type)) {
        (void)snprintf(what, sizeof what, "%s of another word", field->name);
        (void)snprintf(edits, sizeof edits, "body.%s=\"perhaps\"", field->name);
        bad(maker, what, edits);
    }
}

static void fields(const struct maker *maker, enum council_kind kind)
{
    uint32_t count;
    const struct council_body_field *rows = council_kind_fields(kind, &count);
    char what[64], edits[TEXT_MAX];
    for (uint32_t i = 0; i < count; i++) {
        if (!rows[i].optional) {
            (void)snprintf(what, sizeof what, "without %s", rows[i].name);
            (void)snprintf(edits, sizeof edits, "body.%s-", rows[i].name);
            bad(maker, what, edits);
        }
        (void)snprintf(what, sizeof what, "%s of another type", rows[i].name);
        (void)snprintf(edits, sizeof edits, "body.%s=%s", rows[i].name,
                       rows[i].type == COUNCIL_TYPE_INT ? "\"1\"" : "1");
        bad(maker, what, edits);
        range(maker, &rows[i]);
    }
    bad(maker, "a field too many", "body.zz=1");
}

static void each_kind(const struct book *book, struct vec_file *file)
{
    for (enum council_kind kind = 0; kind < COUNCIL_KIND_COUNT; kind++) {
        struct maker maker = maker_of(book, file, kind);
        fields(&maker, kind);
    }
}

struct pair {
    const char *what, *edits;
};

static void pairs(const struct maker *maker, const struct pair *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bad(maker, rows[i].what, rows[i].edits);
    }
}
#define PAIRS(maker, rows) pairs(maker, rows, sizeof(rows) / sizeof((rows)[0]))

static const struct pair envelope[] = {
    {"without at", "at-"},
    {"at as a string", "at=\"1\""},
    {"without author", "author-"},
    {"author as an integer", "author=1"},
    {"without body", "body-"},
    {"body as an array", "body=[]"},
    {"body as a string", "body=\"\""},
    {"without device", "device-"},
    {"device as an integer", "device=1"},
    {"without id", "id-"},
    {"id as an integer", "id=1"},
    {"id of 15 bytes", "id=\"AAAAAAAAAAAAAAAAAAAA\""},
    {"id of 17 bytes", "id=\"AAAAAAAAAAAAAAAAAAAAAAA\""},
    {"id with trailing bits", "id=\"AAAAAAAAAAAAAAAAAAAAAB\""},
    {"id with padding", "id=\"AAAAAAAAAAAAAAAAAAAAAA==\""},
    {"id with a plus sign", "id=\"AAAAAAAAAAAAAAAAAAAA+A\""},
    {"id empty", "id=\"\""},
    {"without kind", "kind-"},
    {"kind as an integer", "kind=1"},
    {"kind as an object", "kind={}"},
    {"without log", "log-"},
    {"log as an integer", "log=1"},
    {"log with a trailing bit", "log=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\""},
    {"log in hex", "log=\"0000000000000000000000000000000000000000000000000000000000000000\""},
    {"without seen", "seen-"},
    {"seen as an integer", "seen=1"},
    {"seen without head", "seen.head-"},
    {"seen without seq", "seen.seq-"},
    {"seen with more", "seen.zz=1"},
    {"seen at 0", "seen.seq=0"},
    {"seen.seq as a string", "seen.seq=\"1\""},
    {"seen.head short", "seen.head=\"AAAA\""},
    {"without v", "v-"},
    {"version 0", "v=0"},
    {"version 2", "v=2"},
    {"version as a string", "v=\"1\""},
    {"a field too many in front", "aa=1"},
    {"a field too many behind", "zz=1"},
    {"a field too many between", "kinds=1"},
    {"sealed", "sealed={\"epoch\":1,\"hash\":\"\"} ; sealed.hash=$garbage.32"},
};

static const struct pair sealed[] = {
    {"without sealed", "sealed-"},
    {"sealed as an array", "sealed=[]"},
    {"sealed without epoch", "sealed.epoch-"},
    {"sealed without hash", "sealed.hash-"},
    {"sealed with more", "sealed.zz=1"},
    {"epoch as a string", "sealed.epoch=\"1\""},
    {"hash of 16 bytes", "sealed.hash=\"AAAAAAAAAAAAAAAAAAAAAA\""},
};

static const struct pair locals[] = {
    {"the 30th of February", "body.meeting=\"2026-02-30T18:00\""},
    {"the 29th of February in a common year", "body.meeting=\"2027-02-29T18:00\""},
    {"the 29th of February 2100", "body.meeting=\"2100-02-29T18:00\""},
    {"month 13", "body.meeting=\"2026-13-01T18:00\""},
    {"month 0", "body.meeting=\"2026-00-01T18:00\""},
    {"day 0", "body.meeting=\"2026-02-00T18:00\""},
    {"the 31st of April", "body.meeting=\"2026-04-31T18:00\""},
    {"24 o'clock", "body.meeting=\"2026-02-03T24:00\""},
    {"minute 60", "body.meeting=\"2026-02-03T18:60\""},
    {"with seconds", "body.meeting=\"2026-02-03T18:00:00\""},
    {"with a zone", "body.meeting=\"2026-02-03T18:00Z\""},
    {"with a blank", "body.meeting=\"2026-02-03 18:00\""},
    {"with a small t", "body.meeting=\"2026-02-03t18:00\""},
    {"short", "body.meeting=\"2026-2-3T18:00\""},
    {"before 1970", "body.meeting=\"1969-12-31T23:59\""},
    {"year 10000", "body.meeting=\"10000-01-01T0:00\""},
    {"a date alone", "body.meeting=\"2026-02-03\""},
    {"signs for digits", "body.meeting=\"2026-02-+3T18:00\""},
    {"blanks for digits", "body.meeting=\"2026-02- 3T18:00\""},
    {"nothing", "body.meeting=\"\""},
};

static const struct pair rules[] = {
    {"one day a week", "body.rrule=\"FREQ=WEEKLY;BYDAY=TU\""},
    {"three days a week", "body.rrule=\"FREQ=WEEKLY;BYDAY=MO,TU,TH\""},
    {"days out of order", "body.rrule=\"FREQ=WEEKLY;BYDAY=TH,TU\""},
    {"one day twice", "body.rrule=\"FREQ=WEEKLY;BYDAY=TU,TU\""},
    {"an unknown day", "body.rrule=\"FREQ=WEEKLY;BYDAY=TU,XX\""},
    {"days in small letters", "body.rrule=\"FREQ=WEEKLY;BYDAY=tu,th\""},
    {"every third week", "body.rrule=\"FREQ=WEEKLY;INTERVAL=3;BYDAY=TU\""},
    {"every second week twice", "body.rrule=\"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH\""},
    {"every second week without a day", "body.rrule=\"FREQ=WEEKLY;INTERVAL=2\""},
    {"interval 1", "body.rrule=\"FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,TH\""},
    {"parts in another order", "body.rrule=\"FREQ=WEEKLY;BYDAY=TU;INTERVAL=2\""},
    {"monthly", "body.rrule=\"FREQ=MONTHLY;BYDAY=TU,TH\""},
    {"daily", "body.rrule=\"FREQ=DAILY\""},
    {"with a count", "body.rrule=\"FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3\""},
    {"with a prefix", "body.rrule=\"RRULE:FREQ=WEEKLY;BYDAY=TU,TH\""},
    {"an empty rule", "body.rrule=\"\""},
    {"an empty zone", "body.zone=\"\""},
    {"a zone with a blank", "body.zone=\"Europe Berlin\""},
    {"a zone with a colon", "body.zone=\":Europe/Berlin\""},
    {"a zone of 65 characters", "body.zone=$x.65"},
    {"a start that is none", "body.start=\"2026-02-31T18:00\""},
};

static const struct pair blocks[] = {
    {"a block without boxes", "body.block.boxes-"},
    {"a block without commitment", "body.block.commit-"},
    {"a block without epoch", "body.block.epoch-"},
    {"a block with more", "body.block.zz=1"},
    {"boxes as an object", "body.block.boxes={}"},
    {"a box that is a string", "body.block.boxes.0=\"\""},
    {"a box without to", "body.block.boxes.0.to-"},
    {"a box without box", "body.block.boxes.0.box-"},
    {"a box with more", "body.block.boxes.0.zz=1"},
    {"a box of 79 bytes", "body.block.boxes.0.box=$garbage.79"},
    {"a box of 81 bytes", "body.block.boxes.0.box=$garbage.81"},
    {"a box to 31 bytes", "body.block.boxes.0.to=$garbage.31"},
    {"a commitment of 31 bytes", "body.block.commit=$garbage.31"},
    {"an epoch as a string", "body.block.epoch=\"1\""},
};

static const struct pair chains[] = {
    {"a chain as an object", "body.chain={}"},
    {"a link without sig", "body.chain.0.sig-"},
    {"a link without text", "body.chain.0.text-"},
    {"a link with more", "body.chain.0.zz=1"},
    {"a link that is a string", "body.chain.0=\"\""},
    {"a link's sig of 63 bytes", "body.chain.0.sig=$garbage.63"},
    {"a link's text with padding", "body.chain.0.text=\"e30=\""},
    {"a link's text as it is", "body.chain.0.text=\"{}\""},
    {"a link's text as an object", "body.chain.0.text={}"},
};

static const struct pair pasts[] = {
    {"boxes of 48 bytes", "body.boxes.0.box=$garbage.48"},
    {"boxes of 81 bytes", "body.boxes.0.box=$garbage.81"},
    {"boxes of 65 seeds", "body.boxes.0.box=$garbage.2128"},
    {"no boxes", "body.boxes=[]"},
    {"a box with more", "body.boxes.0.zz=1"},
    {"a box that is not base64url", "body.boxes.0.box=\"%\""},
};

static const struct pair recoveries[] = {
    {"recovery without box", "body.recovery.box-"},
    {"recovery without sign", "body.recovery.sign-"},
    {"recovery without sig", "body.recovery.sig-"},
    {"recovery with more", "body.recovery.zz=1"},
    {"recovery's sig of 63 bytes", "body.recovery.sig=$garbage.63"},
};

static const struct pair lists[] = {
    {"no phases", "body.minutes=[]"},
    {"seventeen phases", "body.minutes=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"},
    {"a phase of 0 minutes", "body.minutes=[1,0]"},
    {"a phase of 241 minutes", "body.minutes=[241]"},
    {"a phase as a string", "body.minutes=[\"1\"]"},
};

static const struct pair numbers[] = {
    {"no posts", "body.posts=[]"},
    {"post 0", "body.posts=[0]"},
    {"a post as a string", "body.posts=[\"1\"]"},
    {"65 posts", "body.posts=$ints.65"},
    {"posts out of order", "body.posts=[2,1]"},
    {"a post twice", "body.posts=[1,1]"},
};

static void name_values(struct book *book)
{
    static const uint32_t sizes[] = {31, 32, 48, 63, 79, 81, 2128},
                          lengths[] = {65, 1500, 3000, 30000};
    static uint8_t garbage[2128];
    char name[16];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        (void)snprintf(name, sizeof name, "garbage.%u", (unsigned)sizes[i]);
        book_name_bytes(book, NULL, name, garbage, sizes[i]);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char *text = malloc(lengths[i] + (size_t)1);
        if (!text) {
            vec_die("no memory");
        }
        memset(text, 'x', lengths[i]);
        (void)snprintf(name, sizeof name, "x.%u", (unsigned)lengths[i]);
        book_name(book, NULL, name, json_stringn(text, lengths[i]));
        free(text);
    }
    json_t *ints = json_array();
    for (int i = 1; i <= 65; i++) {
        (void)json_array_append_new(ints, json_integer(i));
    }
    book_name(book, NULL, "ints.65", ints);
}

/* Too long for the kind is found before anything in the body, and after the envelope. */
static void sizes(const struct book *book, struct vec_file *file)
{
    struct maker maker = maker_of(book, file, COUNCIL_KIND_RSVP);
    made(&maker, "longer than its kind", "body.zz=$x.3000", COUNCIL_E_TOO_LARGE);
    made(&maker, "longer than its kind, envelope broken", "body.zz=$x.3000 ; v=2",
         COUNCIL_E_BAD_FIELD);
    made(&maker, "long but not too long", "body.zz=$x.1500", COUNCIL_E_BAD_FIELD);
    maker = maker_of(book, file, COUNCIL_KIND_MEMBER_CREATE);
    made(&maker, "longer than its kind", "body.zz=$x.3000", COUNCIL_E_TOO_LARGE);
    maker = maker_of(book, file, COUNCIL_KIND_ERASE);
    made(&maker, "long but not too long", "body.zz=$x.3000", COUNCIL_E_BAD_FIELD);
    maker = maker_of(book, file, COUNCIL_KIND_KEY_ROTATE);
    made(&maker, "long but not too long", "body.zz=$x.30000", COUNCIL_E_BAD_FIELD);
    made(&maker, "longer than its kind", "body.zz=$x.30000 ; body.zzz=$x.3000",
         COUNCIL_E_TOO_LARGE);
}

/* Entries whose text is signed as it stands, but is not canonical. */
static void not_canonical(const struct book *book, struct vec_file *file)
{
    static const struct {
        const char *what, *from, *to;
    } rows[] = {{"white space after a comma", ",\"author\"", ", \"author\""},
                {"a line end behind", "\"v\":1}", "\"v\":1}\n"},
                {"v before the others", "{\"at\"", "{\"v\":1,\"at\""},
                {"an escape", "\"kind\":\"rsvp\"", "\"kind\":\"\\u0072svp\""},
                {"1.0 for 1", "\"v\":1", "\"v\":1.0"},
                {"1e0 for 1", "\"v\":1", "\"v\":1e0"},
                {"-0", "\"v\":1", "\"v\":-0"},
                {"a key twice", "\"v\":1", "\"v\":1,\"v\":1"},
                {"a letter beyond ASCII", "\"answer\":\"yes\"", "\"answer\":\"y\xc3\xa9s\""},
                {"a null", "\"v\":1", "\"v\":null"}};
    struct maker maker = maker_of(book, file, COUNCIL_KIND_RSVP);
    const struct fixture_entry *entry = &book_find(book, maker.scene)->entries[maker.seq - 1];
    uint8_t device[COUNCIL_KEY_BYTES];
    book_bytes(book, maker.scene, "m1.d0", device, sizeof device);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[64], text[2048];
        struct fixture_entry wrong;
        const char *at = strstr(entry->text, rows[i].from);
        if (!at) {
            vec_die("%s is not in the entry", rows[i].from);
        }
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - entry->text), entry->text,
                       rows[i].to, at + strlen(rows[i].from));
        (void)snprintf(name, sizeof name, "rsvp: %s", rows[i].what);
        fixture_sign_text(&wrong, text, (uint32_t)strlen(text), book_secret_of(book, device));
        book_verdict(book, file, maker.scene, maker.seq - 1, name, &wrong, COUNCIL_E_NOT_CANONICAL);
    }
}

void rows_form(struct vec_out *out, struct book *book)
{
    struct vec_file file;
    name_values(book);
    vec_open(&file, out, "form", "log");
    each_kind(book, &file);
    struct maker rsvp = maker_of(book, &file, COUNCIL_KIND_RSVP),
                 post = maker_of(book, &file, COUNCIL_KIND_POST),
                 schedule = maker_of(book, &file, COUNCIL_KIND_SCHEDULE_SET),
                 rotate = maker_of(book, &file, COUNCIL_KIND_KEY_ROTATE),
                 create = maker_of(book, &file, COUNCIL_KIND_COUNCIL_CREATE),
                 history = maker_of(book, &file, COUNCIL_KIND_KEY_HISTORY),
                 member = maker_of(book, &file, COUNCIL_KIND_MEMBER_CREATE),
                 meeting = maker_of(book, &file, COUNCIL_KIND_MEETING_OPEN),
                 erase = maker_of(book, &file, COUNCIL_KIND_ERASE);
    PAIRS(&rsvp, envelope);
    PAIRS(&post, sealed);
    PAIRS(&rsvp, locals);
    PAIRS(&schedule, rules);
    PAIRS(&rotate, blocks);
    PAIRS(&create, chains);
    PAIRS(&history, pasts);
    PAIRS(&member, recoveries);
    PAIRS(&meeting, lists);
    PAIRS(&erase, numbers);
    sizes(book, &file);
    not_canonical(book, &file);
    vec_close(&file);
}
