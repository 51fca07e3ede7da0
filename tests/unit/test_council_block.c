/*
 * test_council_block.c - to whom keys go: blocks and past keys (protocol/README.md 6.2, 6.4).
 */
#include "tests/unit/council_world.h"

/* A list of recipients that a test changes. */
struct list {
    struct council_device to[COUNCIL_RECIPIENTS_MAX];
    uint32_t count;
};

static struct list recipients_of(const struct world *w)
{
    struct list list;
    council_recipients(fold_of(w), NULL, NULL, list.to, &list.count);
    return list;
}

static void drop(struct list *list, const uint8_t sign[COUNCIL_KEY_BYTES])
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (memcmp(list->to[i].sign, sign, COUNCIL_KEY_BYTES) != 0) {
            list->to[kept++] = list->to[i];
        }
    }
    assert_int_equal(kept, list->count - 1);
    list->count = kept;
}

/* Adds one at its place in the order. */
static void add(struct list *list, const struct council_device *device)
{
    uint32_t i = list->count++;
    for (; i > 0 && memcmp(list->to[i - 1].sign, device->sign, COUNCIL_KEY_BYTES) > 0; i--) {
        list->to[i] = list->to[i - 1];
    }
    list->to[i] = *device;
}

/* Boxes of garbage: what is in them is no matter of validity. */
static void write_boxes(struct council_writer *out, const struct list *list, uint32_t size)
{
    uint8_t box[COUNCIL_HISTORY_BOX_MAX];
    memset(box, 0x5a, sizeof box);
    council_write_open(out, "boxes", '[');
    for (uint32_t i = 0; i < list->count; i++) {
        council_write_open(out, NULL, '{');
        council_write_bytes(out, "box", box, size);
        council_write_bytes(out, "to", list->to[i].sign, COUNCIL_KEY_BYTES);
        council_write_close(out, '}');
    }
    council_write_close(out, ']');
}

/* {"block":{...}} for `list`, with `member` where it is not NULL. */
static struct fixture_body block_body(const struct list *list, uint64_t epoch,
                                      const uint8_t *member)
{
    struct council_writer out;
    uint8_t commit[COUNCIL_HASH_BYTES] = {1};
    council_writer_init(&out, COUNCIL_TEXT_MAX);
    council_write_open(&out, NULL, '{');
    council_write_open(&out, "block", '{');
    write_boxes(&out, list, COUNCIL_BOX_BYTES);
    council_write_bytes(&out, "commit", commit, sizeof commit);
    council_write_int(&out, "epoch", epoch);
    council_write_close(&out, '}');
    if (member) {
        council_write_bytes(&out, "member", member, COUNCIL_KEY_BYTES);
    }
    council_write_close(&out, '}');
    assert_false(out.failed);
    return (struct fixture_body){out.text, out.len};
}

static enum council_error rotate_to(struct world *w, const struct list *list, uint64_t epoch)
{
    return says(w, 0, COUNCIL_KIND_KEY_ROTATE, block_body(list, epoch, NULL));
}

static void a_block_brings_the_next_epoch(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "next", 3);
    struct list list = recipients_of(&w);
    struct council_device author = fixture_device(w.member[0], 0);
    uint64_t epoch = fold_of(&w)->epoch;
    assert_int_equal(epoch, 3);
    EXPECT(WRONG_EPOCH, rotate_to(&w, &list, epoch));
    EXPECT(WRONG_EPOCH, rotate_to(&w, &list, epoch + 2)); /* one skipped */
    EXPECT(WRONG_EPOCH, rotate_to(&w, &list, COUNCIL_INT_MAX));
    drop(&list, author.sign);
    EXPECT(WRONG_EPOCH, rotate_to(&w, &list, epoch)); /* before author_dropped */
    EXPECT(AUTHOR_DROPPED, rotate_to(&w, &list, epoch + 1));
    list = recipients_of(&w);
    ACCEPT(rotate_to(&w, &list, epoch + 1)); /* garbage in the boxes */
    assert_int_equal(fold_of(&w)->epoch, epoch + 1);
    assert_int_equal(fold_of(&w)->epoch_seq, fold_of(&w)->seq);
    world_fini(&w);
}

static void boxes_go_to_exactly_the_recipients(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "exactly", 3);
    const struct list right = recipients_of(&w);
    uint64_t next = fold_of(&w)->epoch + 1;
    struct council_device device = fixture_device(w.member[1], 0);
    struct council_device ghost = fixture_device(w.member[5], 0);
    assert_int_equal(right.count, 6);

    struct list list = right;
    drop(&list, device.sign);
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* one missing */
    list = right;
    drop(&list, fixture_state(w.member[2])->recovery.sign);
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* a recovery key left out */
    list = right;
    add(&list, &ghost);
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* one too many */
    list = right;
    list.to[list.count++] = ghost;
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* one too many, after all others */
    list = right;
    add(&list, &device);
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* one doubled */
    list = right;
    list.to[1] = right.to[2];
    list.to[2] = right.to[1];
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* out of order */
    list = right;
    drop(&list, device.sign);
    add(&list, &ghost);
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &list, next)); /* one exchanged */
    list.count = 0;
    EXPECT(BAD_FIELD, rotate_to(&w, &list, next));

    ACCEPT(fixture_leave(&w.fixture, &w.council, w.member[1]));
    EXPECT(WRONG_RECIPIENTS, rotate_to(&w, &right, next)); /* somebody who left */
    list = right;
    drop(&list, device.sign);
    drop(&list, fixture_state(w.member[1])->recovery.sign);
    ACCEPT(rotate_to(&w, &list, next));
    world_fini(&w);
}

static void who_is_removed_gets_no_box(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "removed", 3);
    struct list list = recipients_of(&w);
    const uint8_t *name = fixture_name(w.member[1]);
    struct council_device device = fixture_device(w.member[1], 0);
    uint64_t next = fold_of(&w)->epoch + 1;
    EXPECT(WRONG_RECIPIENTS,
           says(&w, 0, COUNCIL_KIND_MEMBER_REMOVE, block_body(&list, next, name)));
    drop(&list, device.sign);
    EXPECT(WRONG_RECIPIENTS,
           says(&w, 0, COUNCIL_KIND_MEMBER_REMOVE, block_body(&list, next, name)));
    drop(&list, fixture_state(w.member[1])->recovery.sign);
    EXPECT(REMOVE_SELF, says(&w, 0, COUNCIL_KIND_MEMBER_REMOVE,
                             block_body(&list, next, fixture_name(w.member[0]))));
    EXPECT(WRONG_EPOCH, says(&w, 0, COUNCIL_KIND_MEMBER_REMOVE, block_body(&list, next - 1, name)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_MEMBER_REMOVE, block_body(&list, next, name)));
    world_fini(&w);
}

/* A block that comes with a pin is for the pin after the chain. */
static void a_moved_pin_changes_the_recipients(void **state)
{
    (void)state;
    struct world w;
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    struct fixture_body body = {NULL, 0};
    struct list list;
    world_init(&w, "moved", 2);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    struct fixture_member *m = w.member[1];
    ACCEPT(fixture_device_add(f, m));
    m->use = 1;
    ACCEPT(fixture_device_revoke(f, m, 0));
    m->use = 0;
    council_recipients(fold_of(&w), fixture_state(m), NULL, list.to, &list.count);
    assert_int_equal(list.count, 4);
    struct council_device fresh = fixture_device(m, 1);
    struct council_device old = fixture_device(m, 0);
    uint32_t count = fixture_chain(m, 1, chain);
    /* Boxes for the pin before the chain. */
    ACCEPT(council_body_devices(fold_of(&w), &person_of(&w, 1)->pin, chain, count,
                                fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(WRONG_RECIPIENTS, says(&w, 0, COUNCIL_KIND_MEMBER_DEVICES, body));
    m->use = 1;
    ACCEPT(council_body_devices(fold_of(&w), &person_of(&w, 1)->pin, chain, count,
                                fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(AUTHOR_DROPPED, says(&w, 1, COUNCIL_KIND_MEMBER_DEVICES, body));
    ACCEPT(fixture_devices(f, c, w.member[0], m));
    struct list after = recipients_of(&w);
    assert_int_equal(after.count, 4);
    drop(&after, fresh.sign);

    /* A join whose block forgets the joiner. */
    ACCEPT(fixture_invite(f, c, w.member[0], 1));
    const uint8_t *secret = c->invites[c->invite_count - 1].secret;
    count = fixture_chain(w.member[2], 0, chain);
    struct council_member pin = *fixture_state(w.member[2]);
    pin.device_count = 0;
    ACCEPT(council_body_join(fold_of(&w), &pin, chain, count, secret, fixture_next_seed(f, c),
                             &body.text, &body.len));
    EXPECT(AUTHOR_DROPPED, says(&w, 2, COUNCIL_KIND_MEMBER_JOIN, body));
    pin = *fixture_state(w.member[2]);
    pin.recovery = old;
    ACCEPT(council_body_join(fold_of(&w), &pin, chain, count, secret, fixture_next_seed(f, c),
                             &body.text, &body.len));
    EXPECT(WRONG_RECIPIENTS, says(&w, 2, COUNCIL_KIND_MEMBER_JOIN, body));
    ACCEPT(fixture_join(f, c, w.member[2], c->invite_count - 1));
    world_fini(&w);
}

/* Two members cannot bring the same signing key: no list names it once and for both. */
static void a_key_of_two_members_leaves_no_block(void **state)
{
    (void)state;
    struct world w;
    uint8_t accept[COUNCIL_SIG_BYTES];
    struct fixture_body body = {NULL, 0};
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    world_init(&w, "two", 2);
    struct fixture_member *m = w.member[2];
    struct council_device shared = fixture_device(w.member[1], 0);
    assert_true(council_device_accept(accept, fixture_name(m), &w.member[1]->devices[0]));
    ACCEPT(council_body_device_add(&shared, accept, &body.text, &body.len));
    ACCEPT(fixture_try(&w.fixture, &m->log, m, COUNCIL_KIND_DEVICE_ADD, body));
    ACCEPT(fixture_invite(&w.fixture, &w.council, w.member[0], 2));
    uint32_t invite = w.council.invite_count - 1;
    EXPECT(WRONG_RECIPIENTS, fixture_join(&w.fixture, &w.council, m, invite));
    struct council_member pin = *fixture_state(m); /* and named once */
    pin.device_count = 1;
    uint32_t count = fixture_chain(m, 0, chain);
    ACCEPT(council_body_join(fold_of(&w), &pin, chain, count, w.council.invites[invite].secret,
                             fixture_next_seed(&w.fixture, &w.council), &body.text, &body.len));
    EXPECT(WRONG_RECIPIENTS, says(&w, 2, COUNCIL_KIND_MEMBER_JOIN, body));
    world_fini(&w);
}

/* ---- key.history ---- */

static struct fixture_body past_body(const struct list *list, uint32_t size, uint64_t from,
                                     uint64_t to, const uint8_t *member)
{
    struct council_writer out;
    council_writer_init(&out, COUNCIL_TEXT_MAX);
    council_write_open(&out, NULL, '{');
    write_boxes(&out, list, size);
    council_write_int(&out, "from", from);
    council_write_bytes(&out, "member", member, COUNCIL_KEY_BYTES);
    council_write_int(&out, "to", to);
    council_write_close(&out, '}');
    assert_false(out.failed);
    return (struct fixture_body){out.text, out.len};
}

static struct list devices_of(const struct fixture_member *m)
{
    struct list list = {.count = 0};
    for (uint32_t i = 0; i < fixture_state(m)->device_count; i++) {
        add(&list, &fixture_state(m)->devices[i]);
    }
    add(&list, &fixture_state(m)->recovery);
    return list;
}

/* Member `by` gives member `i` the epochs from..to, in boxes of the right size. */
static enum council_error give(struct world *w, uint32_t by, uint32_t i, uint64_t from, uint64_t to)
{
    struct list list = devices_of(w->member[i]);
    uint32_t size = to >= from && to - from < 64 ? 48 + 32 * (uint32_t)(to - from + 1) : 80;
    return says(w, by, COUNCIL_KIND_KEY_HISTORY,
                past_body(&list, size, from, to, fixture_name(w->member[i])));
}

static void history_has_a_range(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "range", 3);
    EXPECT(NO_SUCH_MEMBER, give(&w, 0, 4, 1, 1));
    EXPECT(NO_SUCH_MEMBER, give(&w, 0, 4, 2, 1)); /* before history_range */
    EXPECT(HISTORY_RANGE, give(&w, 0, 2, 2, 1));
    EXPECT(HISTORY_RANGE, give(&w, 0, 2, 1, 4));
    EXPECT(HISTORY_RANGE, give(&w, 1, 2, 1, 4)); /* before history_denied */
    EXPECT(BAD_FIELD, give(&w, 0, 2, 0, 1));
    ACCEPT(give(&w, 0, 2, 1, 3));
    while (fold_of(&w)->epoch < 65) {
        ACCEPT(fixture_rotate(&w.fixture, &w.council, w.member[0]));
    }
    EXPECT(HISTORY_RANGE, give(&w, 0, 1, 1, 65));
    ACCEPT(give(&w, 0, 1, 1, 64));
    ACCEPT(give(&w, 0, 1, 65, 65));
    world_fini(&w);
}

static void epochs_of_a_stay_are_anybody_s_to_give(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "stays", 3); /* member 1 joined in epoch 2, member 2 in epoch 3 */
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(give(&w, 2, 1, 2, 3));
    EXPECT(HISTORY_DENIED, give(&w, 2, 1, 1, 3));
    EXPECT(HISTORY_DENIED, give(&w, 1, 2, 2, 3));
    EXPECT(HISTORY_DENIED, give(&w, 2, 2, 2, 2)); /* to oneself, too */
    ACCEPT(give(&w, 1, 0, 1, 3));                 /* the founder was there from epoch 1 */
    ACCEPT(give(&w, 0, 1, 1, 3));                 /* a moderator gives the rest */

    ACCEPT(fixture_leave(f, c, w.member[1]));  /* in epoch 3 */
    ACCEPT(fixture_rotate(f, c, w.member[0])); /* 4 */
    EXPECT(NO_SUCH_MEMBER, give(&w, 0, 1, 2, 3));
    fixture_admit(f, c, w.member[0], w.member[1]);          /* 5 */
    ACCEPT(fixture_remove(f, c, w.member[0], w.member[1])); /* 6: not theirs */
    fixture_admit(f, c, w.member[0], w.member[1]);          /* 7 */
    assert_int_equal(fold_of(&w)->epoch, 7);
    ACCEPT(give(&w, 2, 1, 2, 3));
    EXPECT(HISTORY_DENIED, give(&w, 2, 1, 4, 4));
    EXPECT(HISTORY_DENIED, give(&w, 2, 1, 3, 5));
    ACCEPT(give(&w, 2, 1, 5, 5));
    EXPECT(HISTORY_DENIED, give(&w, 2, 1, 5, 6));
    EXPECT(HISTORY_DENIED, give(&w, 2, 1, 6, 6));
    ACCEPT(give(&w, 2, 1, 7, 7));
    ACCEPT(give(&w, 0, 1, 1, 7));
    world_fini(&w);
}

static void a_policy_shares_all(void **state)
{
    (void)state;
    struct world w;
    world_empty(&w, "all");
    ACCEPT(fixture_found(&w.fixture, &w.council, w.member[0],
                         (struct fixture_policy){.history_all = true, .size = 6}));
    fixture_admit(&w.fixture, &w.council, w.member[0], w.member[1]);
    fixture_admit(&w.fixture, &w.council, w.member[0], w.member[2]);
    ACCEPT(give(&w, 1, 2, 1, 3));
    ACCEPT(fixture_history(&w.fixture, &w.council, w.member[1], w.member[2], 1, 3));
    world_fini(&w);
}

static void history_goes_to_all_that_a_member_has(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "past", 2);
    struct fixture_member *m = w.member[1];
    const uint8_t *name = fixture_name(m);
    struct list before = devices_of(m);
    ACCEPT(fixture_device_add(&w.fixture, m));
    ACCEPT(fixture_devices(&w.fixture, &w.council, m, m));
    struct list right = devices_of(m);
    struct council_device other = fixture_device(w.member[0], 0);
    assert_int_equal(right.count, 3);
    EXPECT(WRONG_RECIPIENTS,
           says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&before, 112, 1, 2, name)));
    struct list list = right;
    add(&list, &other);
    EXPECT(WRONG_RECIPIENTS,
           says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&list, 112, 1, 2, name)));
    list = right;
    list.to[0] = right.to[1];
    list.to[1] = right.to[0];
    EXPECT(WRONG_RECIPIENTS,
           says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&list, 112, 1, 2, name)));
    EXPECT(WRONG_RECIPIENTS, /* before the size */
           says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&list, 80, 1, 2, name)));
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&right, 80, 1, 2, name)));
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&right, 144, 1, 2, name)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_KEY_HISTORY, past_body(&right, 112, 1, 2, name)));
    assert_int_equal(fold_of(&w)->control, fold_of(&w)->seq);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_brings_the_next_epoch),
        cmocka_unit_test(boxes_go_to_exactly_the_recipients),
        cmocka_unit_test(who_is_removed_gets_no_box),
        cmocka_unit_test(a_moved_pin_changes_the_recipients),
        cmocka_unit_test(a_key_of_two_members_leaves_no_block),
        cmocka_unit_test(history_has_a_range),
        cmocka_unit_test(epochs_of_a_stay_are_anybody_s_to_give),
        cmocka_unit_test(a_policy_shares_all),
        cmocka_unit_test(history_goes_to_all_that_a_member_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
