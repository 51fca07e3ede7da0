/*
 * test_sync_faults.c - every way a server's log can be wrong, and what stops for it.
 */
#include "tests/unit/sync_world.h"

#include <stdio.h>

static int set_up(void **state)
{
    (void)state;
    fake_init(&f, "catchup", 2);
    return 0;
}

static void test_invalid_entry_stops_its_log_alone(void **state)
{
    (void)state;
    posts(1, 5);
    uint32_t bad = f.council.log.count - 2;
    f.damage_seq = bad;
    fake_start(&f);
    assert_int_equal(f.logs[0].count, bad - 1); /* what came before is kept */
    assert_int_equal(fake_reports(&f, SYNC_REPORT_INVALID_ENTRY), 1);
    assert_int_equal(f.report_errors[0], COUNCIL_E_BAD_SIGNATURE);
    assert_int_equal(f.report_seqs[0], bad);
    assert_true(f.report_evidence[0]);
    assert_stopped(0, COUNCIL_E_BAD_SIGNATURE);
    assert_true(sync_caught_up(f.sync));
    assert_int_equal(fixture_device_add(&f.fixture, member(0)), COUNCIL_OK);
    posts(1, 1);
    fake_run(&f);
    assert_same(1); /* the member log goes on */
    assert_int_equal(f.logs[0].count, bad - 1);
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_int_equal(sync_state(f.sync), SYNC_READY);
    assert_stopped(0, COUNCIL_E_BAD_SIGNATURE);
    assert_int_equal(f.report_count, 1);
}

static void test_rolled_back_while_away(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    f.logs[0].visible = f.council.log.count - 3;
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
    assert_int_equal(f.report_seqs[0], f.logs[0].visible);
    assert_stopped(0, COUNCIL_E_HISTORY_CHANGED);
    assert_int_equal(fake_view(&f, 1).state, SYNC_LOG_LIVE);
}

static void test_rolled_back_between_two_processes(void **state)
{
    (void)state;
    posts(1, 5);
    fake_start(&f);
    struct sync_config config = fake_config(&f);
    fake_restart(&f, &config); /* knows the rows, and nothing that the server promised */
    f.logs[0].visible = f.council.log.count - 3;
    fake_start(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
    assert_stopped(0, COUNCIL_E_HISTORY_CHANGED);
}

static void test_single_entry_is_verified(void **state)
{
    (void)state;
    fake_start(&f);
    uint32_t verified = f.verified;
    f.damage_seq = f.council.log.count + 1;
    posts(1, 1);
    fake_run(&f);
    assert_int_equal(f.verified, verified + 1);
    assert_stopped(0, COUNCIL_E_BAD_SIGNATURE);
    assert_int_equal(f.logs[0].count, f.council.log.count - 1);
}

static void test_rolled_back_below_what_was_acknowledged(void **state)
{
    (void)state;
    fake_start(&f);
    f.hold_pushes = true;
    uint64_t item = fake_draft(&f, "{\"type\":\"note\"}");
    fake_run(&f);
    assert_int_equal(f.council.log.count, f.logs[0].count + 1); /* acknowledged, not shown yet */
    assert_int_equal(fake_item(&f, item)->acked, 0);
    f.logs[0].visible = f.logs[0].count; /* and now denied */
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
}

/* Two histories of one council that part after `shared`: the server switches from one to the other. */
static void fork_after(struct fixture_council *other, uint32_t shared)
{
    fixture_council_init(other);
    for (uint32_t i = 0; i < shared; i++) {
        const struct fixture_entry *from = &f.council.log.entries[i];
        struct fixture_entry copy = *from;
        copy.text = malloc(from->len + 1);
        assert_non_null(copy.text);
        memcpy(copy.text, from->text, from->len + 1);
        copy.data = from->data ? malloc(from->data_len) : NULL;
        if (copy.data)
            memcpy(copy.data, from->data, from->data_len);
        assert_int_equal(fixture_append(&other->log, &copy), COUNCIL_OK);
    }
    memcpy(other->seeds, f.council.seeds, sizeof other->seeds);
}

static void test_forked_at_the_same_length(void **state)
{
    (void)state;
    static struct fixture_council other;
    fork_after(&other, f.council.log.count);
    posts(1, 2);
    fake_start(&f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_post(&f.fixture, &other, member(1), "{\"type\":\"lie\"}", 0),
                         COUNCIL_OK);
    f.logs[0].log = &other.log;
    fake_cut(&f);
    fake_sleep(&f, 1000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_FORKED), 1);
    assert_stopped(0, COUNCIL_E_HISTORY_CHANGED);
    fixture_council_fini(&other);
}

static void test_forked_and_longer(void **state)
{
    (void)state;
    static struct fixture_council other;
    fork_after(&other, f.council.log.count);
    posts(1, 2);
    fake_start(&f);
    for (int i = 0; i < 4; i++)
        assert_int_equal(fixture_post(&f.fixture, &other, member(1), "{\"type\":\"lie\"}", 0),
                         COUNCIL_OK);
    f.logs[0].log = &other.log;
    fake_cut(&f);
    fake_sleep(&f, 1000);
    /* the next entry's author had seen the other history */
    assert_int_equal(fake_reports(&f, SYNC_REPORT_OTHER_HISTORY), 1);
    assert_int_equal(f.report_errors[0], COUNCIL_E_WRONG_HEAD);
    assert_true(f.report_evidence[0]);
    assert_stopped(0, COUNCIL_E_WRONG_HEAD);
    assert_int_equal(f.logs[0].count, f.council.log.count);
    fixture_council_fini(&other);
}

static void test_another_entry_at_a_held_place(void **state)
{
    (void)state;
    static struct fixture_council other;
    fork_after(&other, f.council.log.count);
    posts(1, 2);
    fake_start(&f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_post(&f.fixture, &other, member(1), "{\"type\":\"lie\"}", 0),
                         COUNCIL_OK);
    f.logs[0].log = &other.log;
    f.logs[0].cursor = other.log.count - 1; /* pushes its last entry again, now another one */
    fake_run(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_FORKED), 1);
    assert_true(f.report_evidence[0]);
    fixture_council_fini(&other);
}

static void test_end_that_was_promised_differs(void **state)
{
    (void)state;
    static struct fixture_council other;
    uint32_t shared = f.council.log.count;
    fork_after(&other, shared);
    fake_start(&f);
    posts(1, 1);
    assert_int_equal(fixture_post(&f.fixture, &other, member(1), "{\"type\":\"lie\"}", 0),
                     COUNCIL_OK);
    f.hold_pushes = true;
    fake_cut(&f);
    fake_sleep(&f, 1000); /* told the end of one history ... */
    assert_int_equal(fake_view(&f, 0).state, SYNC_LOG_CATCHING_UP);
    f.logs[0].log = &other.log; /* ... and given an entry of another */
    f.hold_pushes = false;
    fake_run(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_FORKED), 1);
    assert_int_equal(f.logs[0].count, shared);
    fixture_council_fini(&other);
}

/* Id of the newest frame that the client sent and nobody has carried yet. */
static struct council_rpc_id sent_id(void)
{
    struct council_rpc rpc;
    const struct fake_frame *frame = &f.up.frames[f.up.count - 1];
    assert_int_equal(council_rpc_parse(&rpc, frame->text, frame->len), COUNCIL_OK);
    struct council_rpc_id id = rpc.id;
    council_rpc_fini(&rpc);
    return id;
}

/* An answer that names the log's end; `append`: of log.append, else of log.read. */
static void answer_end(const struct council_rpc_id *id, bool append, uint64_t seq)
{
    static const uint8_t other[COUNCIL_HASH_BYTES] = {9};
    const struct fixture_log *log = f.logs[0].log;
    struct council_frame frame;
    council_frame_init(&frame, 0);
    council_rpc_write_result(&frame, id);
    if (append) {
        council_rpc_field_bytes(&frame, "log", log->entries[0].head, COUNCIL_KEY_BYTES);
        council_rpc_field_int(&frame, "received", 1700000000000);
    } else {
        council_rpc_field_open(&frame, "entries", '[');
        council_rpc_field_close(&frame, ']');
    }
    council_rpc_field_int(&frame, "seq", seq);
    council_rpc_field_bytes(&frame, "head", seq <= log->count ? log->entries[seq - 1].head : other,
                            COUNCIL_HASH_BYTES);
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    sync_message(f.sync, council_frame_text(&frame), frame.len);
    council_frame_fini(&frame);
    sync_settle(f.sync);
}

/* An end that was read before an own entry got its place may be told after it: that is an old answer and no second history. */
static void test_answer_that_an_acknowledgement_overtook(void **state)
{
    (void)state;
    struct council_frame refusal;
    fake_start(&f);
    uint64_t end = f.logs[0].log->count;
    fake_draft(&f, "{\"type\":\"note\"}");
    sync_settle(f.sync);
    struct council_rpc_id first = sent_id();
    fake_draft(&f, "{\"type\":\"note\"}");
    sync_settle(f.sync);
    struct council_rpc_id second = sent_id();
    council_frame_init(&refusal, 0);
    assert_int_equal(council_rpc_write_error(&refusal, &first, COUNCIL_E_BAD_SEEN, NULL, 0),
                     COUNCIL_OK);
    sync_message(f.sync, council_frame_text(&refusal), refusal.len);
    council_frame_fini(&refusal);
    sync_settle(f.sync);
    struct council_rpc_id probe = sent_id(); /* asks where the log ends now */
    assert_int_not_equal(probe.number, second.number);
    answer_end(&second, true, end + 1);
    answer_end(&probe, false, end);
    assert_int_equal(f.report_count, 0);
    /* What is asked after the acknowledgement must know it. */
    fake_cut(&f);
    fake_sleep(&f, 60000);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_ROLLED_BACK), 1);
}

static void test_log_under_another_name(void **state)
{
    (void)state;
    /* A well-made log, but not the one that was asked for. */
    struct sync_replica replica;
    uint8_t name[32] = {9};
    sync_replica_init(&replica, name);
    const struct fixture_entry *first = &f.council.log.entries[0];
    struct council_entry entry;
    assert_int_equal(council_entry_parse(&entry, first->text, first->len), COUNCIL_OK);
    assert_int_equal(sync_replica_append(&replica, &entry, first->sig, NULL, 0, NULL, false),
                     COUNCIL_E_WRONG_LOG);
    council_entry_fini(&entry);
    sync_replica_fini(&replica);
}

static void test_newer_council(void **state)
{
    (void)state;
    assert_int_equal(fixture_try(&f.fixture, &f.council.log, member(0),
                                 COUNCIL_KIND_COUNCIL_UPGRADE, fixture_body("{\"version\":2}")),
                     COUNCIL_OK);
    fake_start(&f);
    char frame[1024], name[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(name, f.logs[0].log->entries[0].head, COUNCIL_KEY_BYTES);
    (void)snprintf(
        frame, sizeof frame,
        "{\"jsonrpc\":\"2.0\",\"method\":\"log.entry\",\"params\":{\"log\":\"%s\",\"seq\":%u,"
        "\"received\":1,\"text\":\"{\\\"kind\\\":\\\"future\\\"}\",\"sig\":\"%.86s\"}}",
        name, f.council.log.count + 1,
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    fake_push(&f, frame);
    fake_run(&f);
    assert_int_equal(fake_reports(&f, SYNC_REPORT_NEEDS_NEWER), 1);
    assert_stopped(0, COUNCIL_E_NEEDS_NEWER);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(invalid_entry_stops_its_log_alone),
        T(rolled_back_while_away),
        T(rolled_back_between_two_processes),
        T(single_entry_is_verified),
        T(rolled_back_below_what_was_acknowledged),
        T(forked_at_the_same_length),
        T(forked_and_longer),
        T(another_entry_at_a_held_place),
        T(end_that_was_promised_differs),
        T(answer_that_an_acknowledgement_overtook),
        T(log_under_another_name),
        T(newer_council),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
