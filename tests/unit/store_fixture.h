/*
 * What the tests of the store share: a store in a folder of its own, and logs whose entries can be
 * told from their names.
 *
 * Entry n of log l is always the same bytes, so that whatever is read back can be checked without
 * remembering it.
 */
#ifndef COUNCIL_TESTS_STORE_FIXTURE_H
#define COUNCIL_TESTS_STORE_FIXTURE_H

#include "server/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[64];
    char path[96];
    struct store *store;
};

#define assert_status(call, expected) \
    assert_string_equal(store_status_name(call), store_status_name(expected))

/* A 32-byte name; `space` keeps logs, members and keys apart. */
static inline const uint8_t *fx_id(char space, uint64_t n)
{
    static uint8_t ids[64][STORE_ID_BYTES]; /* several may be in use at once */
    static unsigned next;
    uint8_t *id = ids[next++ % 64];

    memset(id, 0, STORE_ID_BYTES);
    id[0] = (uint8_t)space;
    for (int i = 0; i < 8; i++)
        id[1 + i] = (uint8_t)(n >> (8 * i));
    return id;
}

static inline void fx_open(struct fixture *fx, unsigned flags)
{
    assert_status(store_open(fx->path, flags, &fx->store), STORE_OK);
}

static inline void fx_close(struct fixture *fx)
{
    assert_status(store_close(fx->store), STORE_OK);
    fx->store = NULL;
}

static inline int fx_setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    assert_non_null(fx);
    (void)snprintf(fx->folder, sizeof fx->folder, "/tmp/council-store-XXXXXX");
    assert_non_null(mkdtemp(fx->folder));
    (void)snprintf(fx->path, sizeof fx->path, "%s/council.db", fx->folder);
    fx_open(fx, STORE_OPEN_CREATE);
    *state = fx;
    return 0;
}

static inline int fx_teardown(void **state)
{
    struct fixture *fx = *state;
    char companion[128];

    (void)store_close(fx->store);
    (void)unlink(fx->path);
    (void)snprintf(companion, sizeof companion, "%s-wal", fx->path);
    (void)unlink(companion);
    int rc = rmdir(fx->folder); /* fails, and so does the test, if anything else was left */
    free(fx);
    return rc;
}

/* Every third entry is sealed; every tenth one folds, and so does the first. */
static inline uint8_t fx_flags(uint64_t seq)
{
    return (uint8_t)((seq % 3 == 0 ? STORE_SEALED : 0) |
                     (seq % 10 == 0 || seq == 1 ? STORE_FOLDS | STORE_CONTROL : 0));
}

struct fx_bytes {
    char text[64];
    uint8_t data[96];
};

/* Entry `seq` of log `log`; its bytes are written to *bytes. */
static inline struct store_row fx_row(uint64_t log, uint64_t seq, struct fx_bytes *bytes)
{
    struct store_row row = {
        .entry = {.seq = seq, .received_ms = 1000 + seq, .flags = fx_flags(seq)}};

    memcpy(row.log, fx_id('L', log), STORE_ID_BYTES);
    memset(row.entry.head, (int)(seq % 251), STORE_ID_BYTES);
    memset(row.entry.sig, (int)(log % 251), STORE_SIG_BYTES);
    row.entry.text = bytes->text;
    row.entry.text_len =
        (uint32_t)snprintf(bytes->text, sizeof bytes->text, "{\"log\":%llu,\"seq\":%llu}",
                           (unsigned long long)log, (unsigned long long)seq);
    if ((row.entry.flags & STORE_SEALED) != 0) {
        row.entry.data = bytes->data;
        row.entry.data_len =
            (uint32_t)snprintf((char *)bytes->data, sizeof bytes->data, "<sealed %llu %llu>",
                               (unsigned long long)log, (unsigned long long)seq);
    }
    return row;
}

static inline struct store_change fx_new_log(uint32_t row, enum store_log_kind kind)
{
    struct store_change change = {.type = STORE_CHANGE_LOG, .row = row};

    change.u.log.kind = kind;
    memcpy(change.u.log.creator, fx_id('M', 1), STORE_ID_BYTES);
    return change;
}

static inline enum store_status fx_append_one(struct store *store, uint64_t log, uint64_t seq)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(log, seq, &bytes);
    struct store_change change = fx_new_log(0, STORE_LOG_COUNCIL);
    struct store_batch batch = {
        .rows = &row, .n_rows = 1, .changes = &change, .n_changes = seq == 1};

    return store_append(store, &batch, NULL);
}

/* Entries first ... last of a log, in batches; the log is made with the first. */
static inline void fx_append_run(struct store *store, uint64_t log, uint64_t first, uint64_t last)
{
    enum {
        BATCH = 256
    };
    static struct fx_bytes bytes[BATCH];
    static struct store_row rows[BATCH];
    struct store_change change = fx_new_log(0, STORE_LOG_COUNCIL);

    while (first <= last) {
        struct store_batch batch = {.rows = rows, .changes = &change, .n_changes = first == 1};
        for (; batch.n_rows < BATCH && first <= last; batch.n_rows++, first++)
            rows[batch.n_rows] = fx_row(log, first, &bytes[batch.n_rows]);
        assert_status(store_append(store, &batch, NULL), STORE_OK);
    }
}

/* Whether an entry is what fx_row made. */
static inline void fx_check(const struct store_entry *entry, uint64_t log, bool with_data)
{
    struct fx_bytes bytes;
    struct store_row row = fx_row(log, entry->seq, &bytes);

    assert_int_equal(entry->received_ms, row.entry.received_ms);
    assert_int_equal(entry->flags, row.entry.flags);
    assert_memory_equal(entry->head, row.entry.head, STORE_ID_BYTES);
    assert_memory_equal(entry->sig, row.entry.sig, STORE_SIG_BYTES);
    assert_int_equal(entry->text_len, row.entry.text_len);
    assert_memory_equal(entry->text, row.entry.text, row.entry.text_len);
    if (!with_data || row.entry.data == NULL) {
        assert_null(entry->data);
        assert_int_equal(entry->data_len, 0);
        return;
    }
    assert_int_equal(entry->data_len, row.entry.data_len);
    assert_memory_equal(entry->data, row.entry.data, row.entry.data_len);
}

/* That a log holds entries 1 ... last and nothing after. */
static inline void fx_check_log(struct store *store, uint64_t log, uint64_t last)
{
    struct store_reading reading = {.what = STORE_READ_DATA};
    struct store_slice slice;
    uint64_t seq = 0;

    do {
        reading.after_seq = seq;
        assert_status(store_read(store, fx_id('L', log), &reading, &slice), STORE_OK);
        assert_int_equal(slice.tail_seq, last);
        for (uint32_t i = 0; i < slice.n; i++) {
            assert_int_equal(slice.entries[i].seq, ++seq);
            fx_check(&slice.entries[i], log, true);
        }
        reading.after_seq = seq;
        bool more = slice.more;
        store_slice_fini(&slice);
        if (!more)
            break;
    } while (true);
    assert_int_equal(seq, last);
}

/* The last entry of a log, 0 where there is no such log. */
static inline uint64_t fx_last(struct store *store, uint64_t log)
{
    struct store_log_info info = {0};
    enum store_status status = store_log_info(store, fx_id('L', log), &info);

    if (status != STORE_NOT_FOUND)
        assert_status(status, STORE_OK);
    return status == STORE_OK ? info.seq : 0;
}

#endif
