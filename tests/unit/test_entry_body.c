/*
 * test_entry_body.c - every kind's body and every type of field, good and bad.
 */
#include "tests/unit/entry_pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 48 + 32 bytes are 80 too */
#define PAST1 BOX

static enum council_error parse(const char *text)
{
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, text, (uint32_t)strlen(text));
    council_entry_fini(&entry);
    return error;
}

#define BOXES(to) "{\"box\":\"" BOX "\",\"to\":\"" to "\"}"
#define BLOCK     "{\"boxes\":[" BOXES(KEY) "],\"commit\":\"" KEY "\",\"epoch\":1}"
#define INTS16    "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"

static void bodies(void **state)
{
    static const struct {
        const char *kind, *body;
        bool valid;
    } rows[] = {
        /* one good body of every kind */
        {"member.create", "{\"box\":\"" KEY "\",\"recovery\":" RECOVERY "}", true},
        {"device.add", "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\"}", true},
        {"device.revoke", "{\"device\":\"" KEY "\"}", true},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"revoke\":[]}", true},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"recovery\":" RECOVERY
         ",\"revoke\":[\"" KEY "\",\"" KEY2 "\"]}",
         true},
        {"council.create", FOUND_BODY, true},
        {"member.join",
         "{\"block\":" BLOCK ",\"chain\":[],\"invite\":\"" KEY "\",\"sig\":\"" SIG "\"}", true},
        {"member.devices", "{\"block\":" BLOCK ",\"chain\":[],\"member\":\"" KEY "\"}", true},
        {"member.remove", "{\"block\":" BLOCK ",\"member\":\"" KEY "\"}", true},
        {"member.leave", "{}", true},
        {"member.role", "{\"member\":\"" KEY "\",\"role\":\"moderator\"}", true},
        {"invite.open", "{\"expires\":0,\"invite\":\"" KEY "\",\"uses\":8}", true},
        {"invite.close", "{\"invite\":\"" KEY "\"}", true},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"Europe/Berlin\"}",
         true},
        {"meeting.change", "{\"change\":\"cancel\",\"meeting\":\"2026-11-23T09:00\"}", true},
        {"meeting.change",
         "{\"change\":\"move\",\"meeting\":\"2026-11-23T09:00\",\"to\":\"2026-11-24T09:00\"}",
         true},
        {"vote", "{\"member\":\"" KEY "\"}", true},
        {"key.rotate", "{\"block\":" BLOCK "}", true},
        {"key.history",
         "{\"boxes\":[{\"box\":\"" PAST1 "\",\"to\":\"" KEY "\"}],\"from\":1,\"member\":\"" KEY
         "\",\"to\":1}",
         true},
        {"council.upgrade", "{\"version\":2}", true},
        {"meeting.open",
         "{\"facilitator\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"minutes\":[1,240]}",
         true},
        {"meeting.advance", "{\"meeting\":\"2026-11-23T09:00\",\"phase\":2}", true},
        {"meeting.hand",
         "{\"from\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"member\":\"" KEY "\"}", true},
        {"meeting.close", "{\"meeting\":\"2026-11-23T09:00\"}", true},
        {"rsvp", "{\"answer\":\"late\",\"meeting\":\"2026-11-23T09:00\"}", true},
        {"attend", "{\"meeting\":\"2026-11-23T09:00\"}", true},
        {"post", "{}", true},
        {"post", "{\"meeting\":\"2026-11-23T09:00\"}", true},
        {"erase", "{\"posts\":[1,2,9007199254740991]}", true},
        /* missing and further fields */
        {"vote", "{}", false},
        {"vote", "{\"member\":\"" KEY "\",\"x\":1}", false},
        {"vote", "{\"a\":1,\"member\":\"" KEY "\"}", false},
        {"member.leave", "{\"x\":1}", false},
        {"post", "{\"text\":\"hello\"}", false},
        /* key, sig */
        {"vote", "{\"member\":7}", false},
        {"vote", "{\"member\":\"" SIG "\"}", false},
        {"vote", "{\"member\":[\"" KEY "\"]}", false},
        {"device.add", "{\"accept\":\"" KEY "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\"}",
         false},
        /* int */
        {"invite.open", "{\"expires\":0,\"invite\":\"" KEY "\",\"uses\":0}", false},
        {"invite.open", "{\"expires\":0,\"invite\":\"" KEY "\",\"uses\":9}", false},
        {"invite.open", "{\"expires\":0,\"invite\":\"" KEY "\",\"uses\":\"1\"}", false},
        {"council.upgrade", "{\"version\":1}", false},
        {"council.upgrade", "{\"version\":65535}", true},
        {"council.upgrade", "{\"version\":65536}", false},
        {"meeting.advance", "{\"meeting\":\"2026-11-23T09:00\",\"phase\":1}", false},
        {"meeting.advance", "{\"meeting\":\"2026-11-23T09:00\",\"phase\":17}", false},
        /* local */
        {"attend", "{\"meeting\":\"2026-02-29T09:00\"}", false},
        {"attend", "{\"meeting\":\"2026-11-23T09:00Z\"}", false},
        {"attend", "{\"meeting\":20261123}", false},
        /* words */
        {"rsvp", "{\"answer\":\"maybe\",\"meeting\":\"2026-11-23T09:00\"}", false},
        {"rsvp", "{\"answer\":\"\",\"meeting\":\"2026-11-23T09:00\"}", false},
        {"rsvp", "{\"answer\":1,\"meeting\":\"2026-11-23T09:00\"}", false},
        {"member.role", "{\"member\":\"" KEY "\",\"role\":\"yes\"}", false},
        {"member.role", "{\"member\":\"" KEY "\",\"role\":\"member\"}", true},
        /* zone */
        {"schedule.set",
         "{\"minutes\":240,\"rrule\":\"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO\",\"start\":\"2026-11-23T09:"
         "00\",\"zone\":\"Etc/GMT+3_-\"}",
         true},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"\"}",
         false},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"Europe Berlin\"}",
         false},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"..\"}",
         false},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"" A10 A10 A10 A10 A10 A10 "AAAA\"}",
         true},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"" A10 A10 A10 A10 A10 A10 "AAAAA\"}",
         false},
        /* rule */
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY;BYDAY=TH,MO\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"UTC\"}",
         false},
        {"schedule.set",
         "{\"minutes\":15,\"rrule\":\"FREQ=WEEKLY\",\"start\":\"2026-11-23T09:00\",\"zone\":"
         "\"UTC\"}",
         false},
        {"schedule.set",
         "{\"minutes\":14,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-23T09:00\","
         "\"zone\":\"UTC\"}",
         false},
        /* keys: ascending by the bytes, which is not the order of the characters: '_' is the greatest */
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"revoke\":[\"" KEY2
         "\",\"" KEY3 "\"]}",
         true},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY
         "\",\"revoke\":[\"a" A10 A10 A10 A10 "AA\",\"" KEY3 "\"]}",
         true},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"revoke\":[\"" KEY3
         "\",\"a" A10 A10 A10 A10 "AA\"]}",
         false},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"revoke\":[\"" KEY
         "\",\"" KEY "\"]}",
         false},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"revoke\":[7]}",
         false},
        {"member.recover",
         "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\",\"revoke\":{}}",
         false},
        {"member.recover", "{\"accept\":\"" SIG "\",\"box\":\"" KEY "\",\"device\":\"" KEY "\"}",
         false},
        /* recovery */
        {"member.create",
         "{\"box\":\"" KEY "\",\"recovery\":{\"box\":\"" KEY "\",\"sig\":\"" SIG "\"}}", false},
        {"member.create",
         "{\"box\":\"" KEY "\",\"recovery\":{\"box\":\"" KEY "\",\"sig\":\"" SIG
         "\",\"sign\":\"" KEY "\",\"z\":1}}",
         false},
        {"member.create",
         "{\"box\":\"" KEY "\",\"recovery\":{\"box\":\"" KEY "\",\"sig\":\"" KEY
         "\",\"sign\":\"" KEY "\"}}",
         false},
        {"member.create", "{\"box\":\"" KEY "\",\"recovery\":\"\"}", false},
        {"member.create", "{\"box\":\"" KEY "\"}", false},
        /* ints */
        {"erase", "{\"posts\":[]}", false},
        {"erase", "{\"posts\":[0]}", false},
        {"erase", "{\"posts\":[2,1]}", false},
        {"erase", "{\"posts\":[1,1]}", false},
        {"erase", "{\"posts\":[\"1\"]}", false},
        {"erase", "{\"posts\":7}", false},
        /* minutes */
        {"meeting.open",
         "{\"facilitator\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"minutes\":[]}", false},
        {"meeting.open",
         "{\"facilitator\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"minutes\":[0]}", false},
        {"meeting.open",
         "{\"facilitator\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"minutes\":[241]}", false},
        {"meeting.open",
         "{\"facilitator\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"minutes\":[" INTS16 "]}",
         true},
        {"meeting.open",
         "{\"facilitator\":\"" KEY "\",\"meeting\":\"2026-11-23T09:00\",\"minutes\":[" INTS16
         ",1]}",
         false},
        /* block */
        {"key.rotate", "{\"block\":{\"boxes\":[],\"commit\":\"" KEY "\",\"epoch\":1}}", false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[" BOXES(KEY) "," BOXES(KEY) "],\"commit\":\"" KEY
                                                             "\",\"epoch\":0}}",
         true},
        {"key.rotate",
         "{\"block\":{\"boxes\":[" BOXES(KEY) "],\"commit\":\"" KEY "\",\"epoch\":1,\"x\":1}}",
         false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[" BOXES(KEY) "],\"commit\":\"" KEY "\",\"epoch\":\"1\"}}", false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[" BOXES(KEY) "],\"commit\":\"" SIG "\",\"epoch\":1}}", false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[{\"box\":\"" SIG "\",\"to\":\"" KEY "\"}],\"commit\":\"" KEY
         "\",\"epoch\":1}}",
         false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[{\"box\":\"" BOX "\",\"to\":\"" SIG "\"}],\"commit\":\"" KEY
         "\",\"epoch\":1}}",
         false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[{\"box\":\"" BOX "\",\"to\":\"" KEY
         "\",\"x\":1}],\"commit\":\"" KEY "\",\"epoch\":1}}",
         false},
        {"key.rotate",
         "{\"block\":{\"boxes\":[{\"box\":\"" BOX "\"}],\"commit\":\"" KEY "\",\"epoch\":1}}",
         false},
        {"key.rotate",
         "{\"block\":{\"boxes\":{\"box\":\"" BOX "\",\"to\":\"" KEY "\"},\"commit\":\"" KEY
         "\",\"epoch\":1}}",
         false},
        {"key.rotate", "{\"block\":[]}", false},
        {"key.rotate", "{\"block\":\"\"}", false},
        /* past: a box is 48 + 32 k bytes, 1 <= k <= 64 */
        {"key.history", "{\"boxes\":[],\"from\":1,\"member\":\"" KEY "\",\"to\":1}", false},
        {"key.history",
         "{\"boxes\":[{\"box\":\"" SIG "\",\"to\":\"" KEY "\"}],\"from\":1,\"member\":\"" KEY
         "\",\"to\":1}",
         false},
        {"key.history",
         "{\"boxes\":[{\"box\":\"\",\"to\":\"" KEY "\"}],\"from\":1,\"member\":\"" KEY
         "\",\"to\":1}",
         false},
        {"key.history",
         "{\"boxes\":[{\"box\":\"" PAST1 "AA\",\"to\":\"" KEY "\"}],\"from\":1,\"member\":\"" KEY
         "\",\"to\":1}",
         false},
        {"key.history",
         "{\"boxes\":[{\"box\":\"" PAST1 "\",\"to\":\"" KEY "\"}],\"from\":0,\"member\":\"" KEY
         "\",\"to\":1}",
         false},
        /* chain: any text, as bytes */
        {"council.create",
         "{\"chain\":[],\"history\":\"all\",\"pace\":\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"\"}],\"history\":\"all\",\"pace\":\"slow\","
         "\"size\":6,\"type\":\"council\"}",
         true},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"e31\"}],\"history\":\"all\",\"pace\":"
         "\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"e\"}],\"history\":\"all\",\"pace\":\"slow\","
         "\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"e30=\"}],\"history\":\"all\",\"pace\":"
         "\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG
         "\",\"text\":7}],\"history\":\"all\",\"pace\":\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" KEY "\",\"text\":\"e30\"}],\"history\":\"all\",\"pace\":"
         "\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG
         "\"}],\"history\":\"all\",\"pace\":\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"e30\",\"x\":1}],\"history\":\"all\",\"pace\":"
         "\"slow\",\"size\":6,\"type\":\"council\"}",
         false},
        {"council.create",
         "{\"chain\":[\"e30\"],\"history\":\"all\",\"pace\":\"slow\",\"size\":6,\"type\":"
         "\"council\"}",
         false},
    };
    bool seen[COUNCIL_KIND_COUNT] = {false};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = pieces_entry(rows[i].kind, rows[i].body);
        enum council_error error = parse(text);
        if (error != (rows[i].valid ? COUNCIL_OK : COUNCIL_E_BAD_FIELD)) {
            fail_msg("%s %s: %s", rows[i].kind, rows[i].body, council_error_name(error));
        }
        free(text);
        seen[council_kind_find(rows[i].kind, (uint32_t)strlen(rows[i].kind))] |= rows[i].valid;
    }
    for (int k = 0; k < COUNCIL_KIND_COUNT; k++) {
        assert_true(seen[k]);
    }
}

static void long_base64url_is_read_to_its_end(void **state)
{
    /* chain texts of several chunks, with a fault in each place in turn */
    char body[6000], chain[4001];
    (void)state;
    for (size_t fault = 0; fault <= 4000; fault += 333) {
        memset(chain, 'A', 4000);
        chain[4000] = '\0';
        if (fault < 4000) {
            chain[fault] = '=';
        }
        (void)snprintf(body, sizeof(body),
                       "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"%s\"}],\"history\":\"all\","
                       "\"pace\":\"slow\",\"size\":6,\"type\":\"council\"}",
                       chain);
        char *text = pieces_entry("council.create", body);
        assert_int_equal(parse(text), fault < 4000 ? COUNCIL_E_BAD_FIELD : COUNCIL_OK);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(long_base64url_is_read_to_its_end),
    };
    if (council_protocol_init() != COUNCIL_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
