/*
 * memory_protocol.c - protocol, model: folds of every kind, entries, seals, messages, posts.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/model.h"
#include "protocol/rpc.h"
#include "tests/crash/memory.h"
#include "tests/crash/tap.h"
#include "tests/unit/fixture.h"

static struct {
    bool ready;
    struct fixture fixture;
    struct fixture_council council;
    struct fixture_member *member[3];
} w;

static struct council_log folded;
static struct council_frame frame;
static struct model *model;
static void *made;

static void must(enum council_error error)
{
    if (error != COUNCIL_OK) {
        tap_die("the fixture: %s", council_error_name(error));
    }
}

static enum memory_outcome outcome(enum council_error error)
{
    return memory_outcome(council_error_name(error));
}

/* One council in which everything happens; kept for all scripts. */
static void ready(void)
{
    const struct fixture_policy policy = {.fast = true, .size = 8};
    if (w.ready) {
        return;
    }
    w.ready = true;
    fixture_init(&w.fixture, "memory");
    fixture_council_init(&w.council);
    for (uint32_t i = 0; i < 3; i++) {
        w.member[i] = fixture_member(&w.fixture, i);
    }
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    must(fixture_found(f, c, w.member[0], policy));
    fixture_admit(f, c, w.member[0], w.member[1]);
    fixture_admit(f, c, w.member[0], w.member[2]);
    must(fixture_device_add(f, w.member[1]));
    must(fixture_devices(f, c, w.member[1], w.member[1]));
    must(fixture_vote(f, c, w.member[1], w.member[2]));
    must(fixture_role(f, c, w.member[0], w.member[1], "moderator"));
    must(fixture_remove(f, c, w.member[0], w.member[1]));
    must(fixture_recover(f, w.member[1], true));
    fixture_admit(f, c, w.member[0], w.member[1]); /* a return with a chain */
    must(fixture_history(f, c, w.member[0], w.member[1], 1, 2));
    must(fixture_post(f, c, w.member[1], "{}", 0));
    must(fixture_leave(f, c, w.member[2]));
    must(fixture_rotate(f, c, w.member[0]));
}

/* ---- folds ---- */

static void fold_make(uint32_t which)
{
    ready();
    council_log_init(&folded);
    for (uint32_t i = 0; i < which; i++) {
        const struct fixture_entry *kept = &w.council.log.entries[i];
        struct council_entry entry;
        must(council_entry_parse(&entry, kept->text, kept->len));
        must(council_log_append(&folded, &entry, kept->sig, NULL, 0, NULL, true));
        council_entry_fini(&entry);
    }
}

static void fold_drop(void)
{
    council_log_fini(&folded);
}

static enum memory_outcome fold_run(uint32_t which)
{
    const struct fixture_entry *kept = &w.council.log.entries[which];
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, kept->text, kept->len);
    if (error == COUNCIL_OK) {
        error = council_log_append(&folded, &entry, kept->sig, NULL, 0, NULL, false);
        council_entry_fini(&entry);
    }
    return outcome(error);
}

#define FEED(sum, thing) \
    (void)crypto_generichash_update((sum), (const void *)&(thing), sizeof(thing))

/* Arrays may have moved or grown; what they hold may not have changed. */
static void fold_digest(uint8_t out[MEMORY_DIGEST])
{
    crypto_generichash_state sum;
    const struct council *is = &folded.council;
    (void)crypto_generichash_init(&sum, NULL, 0, MEMORY_DIGEST);
    FEED(&sum, is->seq);
    FEED(&sum, is->control);
    FEED(&sum, is->epoch);
    FEED(&sum, is->rotation_due);
    FEED(&sum, is->person_count);
    FEED(&sum, is->invite_count);
    FEED(&sum, folded.tail.seq);
    FEED(&sum, folded.tail.head);
    for (uint32_t i = 0; i < is->person_count; i++) {
        const struct council_person *person = &is->people[i];
        FEED(&sum, person->member);
        FEED(&sum, person->moderator);
        FEED(&sum, person->joined_seq);
        FEED(&sum, person->left_seq);
        FEED(&sum, person->stay_count);
        FEED(&sum, person->vote);
        FEED(&sum, person->pin.seq);
        for (uint32_t k = 0; k < person->stay_count; k++) {
            FEED(&sum, person->stays[k]);
        }
    }
    for (uint32_t i = 0; i < is->invite_count; i++) {
        FEED(&sum, is->invites[i].used);
        FEED(&sum, is->invites[i].closed);
    }
    (void)crypto_generichash_final(&sum, out, MEMORY_DIGEST);
}

/* ---- entries, seals, bodies: what is made is freed again ---- */

static void made_make(uint32_t which)
{
    (void)which;
    ready();
    made = NULL;
}

static void made_drop(void)
{
    free(made);
    made = NULL;
}

static const struct council_seal_place *place(void)
{
    static struct council_seal_place at;
    const struct fixture_entry *first = &w.council.log.entries[0];
    at = (struct council_seal_place){.log = fixture_fold(&w.council)->log,
                                     .author = first->author,
                                     .device = first->author,
                                     .id = first->author,
                                     .kind = "post",
                                     .epoch = 1};
    return &at;
}

static enum memory_outcome seal_run(uint32_t which)
{
    static const uint8_t nonce[24] = {1};
    uint8_t *data = NULL;
    uint8_t *plain = NULL;
    uint32_t len = 0;
    uint32_t plain_len = 0;
    (void)which;
    enum council_error error =
        council_seal(place(), w.council.seeds[1], nonce, "hello", 5, &data, &len);
    if (error == COUNCIL_OK) {
        error = council_unseal(place(), w.council.seeds[1], data, len, &plain, &plain_len);
    }
    free(data);
    free(plain);
    return outcome(error);
}

static enum memory_outcome sign_run(uint32_t which)
{
    uint8_t id[COUNCIL_ID_BYTES] = {3};
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    char *text = NULL;
    char *body = NULL;
    uint32_t len = 0;
    uint32_t body_len = 0;
    (void)which;
    enum council_error error =
        council_body_rotate(fixture_fold(&w.council), w.council.seeds[1], &body, &body_len);
    struct council_draft draft =
        fixture_draft(&w.fixture, &w.council.log, w.member[0], COUNCIL_KIND_KEY_ROTATE, id, device);
    draft.body = body;
    draft.body_len = body_len;
    if (error == COUNCIL_OK) {
        error = council_entry_sign(&draft, w.member[0]->devices[0].sign, &text, &len, sig);
    }
    free(body);
    free(text);
    return outcome(error);
}

/* ---- messages ---- */

static enum council_error write_append(struct council_frame *out)
{
    const struct fixture_entry *kept = &w.council.log.entries[w.council.log.count - 3];
    council_rpc_write_call(out, 7, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(out, "entry", kept->text, kept->len, kept->sig, kept->data,
                            kept->data_len);
    return council_frame_end(out);
}

static void frame_make(uint32_t which)
{
    (void)which;
    ready();
    council_frame_init(&frame, 0);
    must(write_append(&frame));
}

static void frame_drop(void)
{
    council_frame_fini(&frame);
}

static enum memory_outcome parse_run(uint32_t which)
{
    struct council_rpc rpc;
    struct council_wire_entry entry;
    const char *bad = NULL;
    (void)which;
    enum council_error error = council_rpc_parse(&rpc, council_frame_text(&frame), frame.len);
    if (error != COUNCIL_OK) {
        /* Within a text jansson takes what it has no memory for as wrong: refused all the same. */
        return outcome(error == COUNCIL_E_PARSE_ERROR ? COUNCIL_E_NO_MEMORY : error);
    }
    error = council_rpc_check_params(rpc.method, rpc.params, &bad);
    if (error == COUNCIL_OK) {
        error = council_rpc_entry(json_object_get(rpc.params, "entry"), &entry);
    }
    if (error == COUNCIL_OK) {
        council_wire_entry_fini(&entry);
    }
    council_rpc_fini(&rpc);
    return outcome(error);
}

static enum memory_outcome write_run(uint32_t which)
{
    struct council_frame out;
    (void)which;
    council_frame_init(&out, 16);
    enum council_error error = write_append(&out);
    council_frame_fini(&out);
    if (error == COUNCIL_OK) {
        council_frame_init(&out, 0);
        error = council_rpc_write_error(&out, NULL, COUNCIL_E_RETRY, "detail", 100);
        council_frame_fini(&out);
    }
    return outcome(error);
}

/* ---- the model ---- */

static const char *const posts[] = {
    "{\"type\":\"note\",\"text\":\"hello\"}",
    "{\"type\":\"checkin\",\"text\":\"a week\",\"hope\":4,\"commitments\":[{\"id\":"
    "\"AAAAAAAAAAAAAAAAAAAAAQ\",\"text\":\"write to two people\",\"due\":\"2028-02-29\"}]}",
    "{\"type\":\"document\",\"object\":\"AAAAAAAAAAAAAAAAAAAAAg\",\"form\":\"two-pager\","
    "\"revision\":1,\"fields\":{}}",
};

static struct model_post post_of(uint32_t which)
{
    static const uint8_t author[COUNCIL_KEY_BYTES] = {1};
    return (struct model_post){.seq = which + 1,
                               .at = 1000,
                               .author = author,
                               .content = json_loads(posts[which], 0, NULL),
                               .moderator = true};
}

static json_t *content;

static void model_make(uint32_t which)
{
    ready();
    model = model_create();
    if (model == NULL) {
        tap_die("no model");
    }
    content = json_loads(posts[which], 0, NULL);
}

static void model_drop(void)
{
    model_destroy(model);
    json_decref(content);
}

static enum memory_outcome model_run(uint32_t which)
{
    struct model_post post = {.content = NULL};
    memory_steady();
    post = post_of(which);
    json_decref((json_t *)(uintptr_t)post.content);
    memory_unsteady();
    post.content = content;
    return outcome(model_add(model, &post));
}

static void model_digest(uint8_t out[MEMORY_DIGEST])
{
    const uint32_t counts[] = {
        model->profile_count, model->note_count,     model->document_count, model->commitment_count,
        model->checkin_count, model->verified_count, model->newer,          model->refused};
    memcpy(out, counts, sizeof counts);
}

static const struct memory_script scripts[] = {
    {.name = "fold the genesis",
     .which = 0,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold the first keys",
     .which = 1,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold an invite",
     .which = 2,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a join",
     .which = 3,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a second join",
     .which = 5,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold new devices",
     .which = 6,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a vote",
     .which = 7,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a role",
     .which = 8,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a removal",
     .which = 9,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold an invite after it",
     .which = 10,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a return",
     .which = 11,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold past keys",
     .which = 12,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a post",
     .which = 13,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold a leaving",
     .which = 14,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "fold keys after it",
     .which = 15,
     .make = fold_make,
     .drop = fold_drop,
     .run = fold_run,
     .digest = fold_digest},
    {.name = "seal and open", .which = 0, .make = made_make, .drop = made_drop, .run = seal_run},
    {.name = "draw keys and sign",
     .which = 0,
     .make = made_make,
     .drop = made_drop,
     .run = sign_run},
    {.name = "read a call", .which = 0, .make = frame_make, .drop = frame_drop, .run = parse_run},
    {.name = "write messages", .which = 0, .make = made_make, .drop = made_drop, .run = write_run},
    {.name = "add a note to the model",
     .which = 0,
     .make = model_make,
     .drop = model_drop,
     .run = model_run,
     .digest = model_digest},
    {.name = "add a check-in to the model",
     .which = 1,
     .make = model_make,
     .drop = model_drop,
     .run = model_run,
     .digest = model_digest},
    {.name = "add a document to the model",
     .which = 2,
     .make = model_make,
     .drop = model_drop,
     .run = model_run,
     .digest = model_digest},
};

const struct memory_group memory_protocol = {"protocol", scripts, sizeof scripts / sizeof *scripts};

/* ---- the control: somebody who does not undo ---- */

static struct {
    void *first, *second;
    uint32_t count;
} careless;

static void careless_make(uint32_t which)
{
    (void)which;
    memset(&careless, 0, sizeof careless);
}

static void careless_drop(void)
{
    free(careless.first);
    free(careless.second);
}

static enum memory_outcome careless_run(uint32_t which)
{
    (void)which;
    careless.first = realloc(careless.first, 100);
    if (careless.first == NULL) {
        return memory_outcome("no_memory");
    }
    careless.count++;
    careless.second = realloc(careless.second, 100);
    return memory_outcome(careless.second == NULL ? "no_memory" : "ok");
}

static void careless_digest(uint8_t out[MEMORY_DIGEST])
{
    memcpy(out, &careless.count, sizeof careless.count);
}

static const struct memory_script careless_scripts[] = {
    {.name = "somebody who does not undo",
     .which = 0,
     .make = careless_make,
     .drop = careless_drop,
     .run = careless_run,
     .digest = careless_digest},
};
const struct memory_group memory_careless = {"control", careless_scripts, 1};
