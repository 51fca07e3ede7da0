/*
 * rows.c - vectors of valid logs, of positions, and of member logs.
 *
 * Owns README.md sections 3.4, 3.5 and 4 as far as a log's verdicts show them. A row's edits are explained in edit.c.
 */
#include "tests/vectors/rows.h"
#include "tests/vectors/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rows_logs(struct vec_out *out, struct book *book)
{
    struct vec_file file;
    vec_open(&file, out, "logs", "log");
    for (uint32_t i = 0; i < book->scene_count; i++) {
        struct fixture_log log;
        json_t *vector = vec_add(&file, book->scenes[i].name), *entries = json_array();
        for (uint32_t j = 0; j < book->scenes[i].log->count; j++) {
            (void)json_array_append_new(entries, vec_entry(&book->scenes[i].log->entries[j]));
        }
        (void)json_object_set_new(vector, "entries", entries);
        fixture_log_init(&log);
        replay_prefix(&log, book->scenes[i].log, book->scenes[i].log->count);
        vec_result(&file, vector, replay_state(&log), true);
        fixture_log_fini(&log);
    }
    vec_close(&file);
}

static const struct vec_row position_week[] = {
    {"a first entry that creates nothing", "rsvp", "@base=0", COUNCIL_E_GENESIS_EXPECTED},
    {"a second genesis", "create", "@base=4", COUNCIL_E_GENESIS_AGAIN},
    {"a member's genesis in a council", "create",
     "@base=4 ; kind=\"member.create\" ; author- ; body=$week-member-body",
     COUNCIL_E_GENESIS_AGAIN},
    {"an unknown kind", "rsvp", "kind=\"meeting.sing\"", COUNCIL_E_UNKNOWN_KIND},
    {"an unknown kind and an unknown field", "rsvp", "kind=\"meeting.sing\" ; song=\"x\"",
     COUNCIL_E_UNKNOWN_KIND},
    {"an unknown kind after an upgrade", "post5", "kind=\"meeting.sing\"", COUNCIL_E_NEEDS_NEWER},
    {"an entry of another log", "rsvp", "log=$other.log", COUNCIL_E_WRONG_LOG},
    {"an entry of another log, seen there", "rsvp",
     "log=$other.log ; seen.seq=3 ; seen.head=$other.head.3", COUNCIL_E_WRONG_LOG},
    {"seen in the future", "rsvp", "seen.seq=18", COUNCIL_E_BAD_SEEN},
    {"seen far in the future", "rsvp", "seen.seq=9007199254740991", COUNCIL_E_BAD_SEEN},
    {"seen further back than before", "close", "seen.seq=21 ; seen.head=$head.21",
     COUNCIL_E_BAD_SEEN},
    {"seen as far as before", "close", "seen.seq=22 ; seen.head=$head.22", COUNCIL_OK},
    {"a head of another history", "rsvp", "seen.head=$other.head.3", COUNCIL_E_WRONG_HEAD},
    {"the head of another seq", "rsvp", "seen.head=$head.16", COUNCIL_E_WRONG_HEAD},
    {"an older head and its seq", "rsvp", "seen.seq=10 ; seen.head=$head.10", COUNCIL_OK},
    {"an older head with a newer seq", "rsvp", "seen.head=$head.10", COUNCIL_E_WRONG_HEAD},
    {"an id that the device used after seen", "close",
     "seen.seq=22 ; seen.head=$head.22 ; id=$id.23", COUNCIL_E_ID_REPEATED},
    {"an id that the device used before seen", "close", "id=$id.23", COUNCIL_OK},
    {"an id that another device used after seen", "close",
     "seen.seq=22 ; seen.head=$head.22 ; id=$id.24", COUNCIL_OK},
    {"a control entry that missed the last one", "role",
     "seen.seq=20 ; seen.head=$head.20 ; author=$m4 ; device=$m4.d0", COUNCIL_E_NOT_MODERATOR},
    {"a control entry that missed the last control entry", "demote",
     "seen.seq=30 ; seen.head=$head.30", COUNCIL_E_STALE},
    {"a block that missed the last control entry", "rotate2", "seen.seq=38 ; seen.head=$head.38",
     COUNCIL_E_STALE},
    {"content that missed a control entry", "post4", "seen.seq=29 ; seen.head=$head.29",
     COUNCIL_OK},
    {"a kind of member logs in a council", "role",
     "kind=\"device.revoke\" ; body={\"device\":\"$\"} ; body.device=$m0.d0",
     COUNCIL_E_WRONG_LOG_TYPE},
    {"a kind of member logs that is stale as well", "demote",
     "kind=\"device.revoke\" ; body={\"device\":\"\"} ; body.device=$m0.d0 ; seen.seq=30 ; "
     "seen.head=$head.30",
     COUNCIL_E_STALE},
    {"data on a plain kind", "rsvp", "@data=$data.29", COUNCIL_E_DATA_UNEXPECTED},
    {"empty data on a plain kind", "rsvp", "@data=\"\"", COUNCIL_E_DATA_UNEXPECTED},
    {"a post without its data", "post3", "@data-", COUNCIL_OK},
    {"empty data", "post3", "@data=\"\" ; @rehash", COUNCIL_E_DATA_SIZE},
    {"data of 295 bytes", "post3", "@data=$zeros.295 ; @rehash", COUNCIL_E_DATA_SIZE},
    {"data of 296 bytes", "post3", "@data=$zeros.296 ; @rehash", COUNCIL_OK},
    {"data of 297 bytes", "post3", "@data=$zeros.297 ; @rehash", COUNCIL_E_DATA_SIZE},
    {"data of 168 bytes", "post3", "@data=$zeros.168 ; @rehash", COUNCIL_E_DATA_SIZE},
    {"data of 512 bytes", "post3", "@data=$zeros.512 ; @rehash", COUNCIL_E_DATA_SIZE},
    {"data of 552 bytes", "post3", "@data=$zeros.552 ; @rehash", COUNCIL_OK},
    {"data that is not what the text names", "post3", "@data=$data.33", COUNCIL_E_DATA_HASH},
    {"a hash of other data", "post3", "sealed.hash=$hash.33", COUNCIL_E_DATA_HASH},
    {"signed by another device", "rsvp", "@by=$m2.d0", COUNCIL_E_BAD_SIGNATURE},
    {"signed by the member's recovery key", "rsvp", "@by=$m1.r", COUNCIL_E_BAD_SIGNATURE},
    {"the signature of another entry", "rsvp", "@sig=$sig.other", COUNCIL_E_BAD_SIGNATURE},
    {"a signature of zeros", "rsvp", "@sig=$sig.zeros", COUNCIL_E_BAD_SIGNATURE},
};

static const struct vec_row position_far[] = {
    {"seen 256 entries back", "lag256",
     "author=$m1 ; device=$m1.d0 ; seen.seq=5 ; seen.head=$head.5", COUNCIL_OK},
    {"seen 257 entries back", "lag257",
     "author=$m1 ; device=$m1.d0 ; seen.seq=5 ; seen.head=$head.5", COUNCIL_E_BAD_SEEN},
    {"seen 256 entries back, wrong head", "lag256",
     "author=$m1 ; device=$m1.d0 ; seen.seq=5 ; seen.head=$head.6", COUNCIL_E_WRONG_HEAD},
    {"a control entry long after the last one", "lag256",
     "kind=\"invite.close\" ; body={\"invite\":\"\"} ; body.invite=$m0 ; seen.seq=260 ; "
     "seen.head=$head.260",
     COUNCIL_E_INVITE_UNKNOWN},
};

/* Where the numbers in the table above come from would be lost if a scene changed: the generator stops then. */
static void name_zeros(struct book *book)
{
    static const uint32_t sizes[] = {168, 295, 296, 297, 512, 552};
    uint8_t zeros[552] = {0};
    char name[16];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        (void)snprintf(name, sizeof name, "zeros.%u", (unsigned)sizes[i]);
        book_name_bytes(book, NULL, name, zeros, sizes[i]);
    }
    book_name_bytes(book, NULL, "sig.zeros", zeros, COUNCIL_SIG_BYTES);
    book_name_bytes(book, NULL, "sig.other", book_find(book, "other")->entries[4].sig,
                    COUNCIL_SIG_BYTES);
}

/* The body of a member.create, for where it does not belong. */
static void name_genesis(struct book *book)
{
    json_t *text = json_loads(book_find(book, "phone")->entries[0].text, 0, NULL);
    book_name(book, NULL, "week-member-body", json_incref(json_object_get(text, "body")));
    json_decref(text);
}

void rows_position(struct vec_out *out, struct book *book)
{
    struct vec_file file;
    name_zeros(book);
    name_genesis(book);
    vec_open(&file, out, "position", "log");
    BOOK_ROWS(book, &file, "week", position_week);
    BOOK_ROWS(book, &file, "far", position_far);
    vec_close(&file);
}

static const struct vec_row member_phone[] = {
    {"created with the recovery proof of another id", "create", "body.recovery.sig=$proof.id",
     COUNCIL_E_BAD_PROOF},
    {"created with a recovery proof by the device", "create", "body.recovery.sig=$proof.by",
     COUNCIL_E_BAD_PROOF},
    {"created with a recovery proof for another device", "create",
     "body.recovery.sig=$proof.device", COUNCIL_E_BAD_PROOF},
    {"created with one signature", "create", "body.recovery.sig-", COUNCIL_E_BAD_FIELD},
    {"created without recovery keys", "create", "body.recovery-", COUNCIL_E_BAD_FIELD},
    {"created with a log", "create", "log=$m0", COUNCIL_E_BAD_FIELD},
    {"created with an author", "create", "author=$m0", COUNCIL_E_BAD_FIELD},
    {"created with seen", "create",
     "seen={\"head\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"seq\":1}",
     COUNCIL_E_BAD_FIELD},
    {"created with seen at 0", "create",
     "seen={\"head\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"seq\":0}",
     COUNCIL_E_BAD_FIELD},
    {"created with the recovery's box key for the device", "create", "body.box=$m0.rb0",
     COUNCIL_E_KEY_REUSED},
    {"created with the device's signing key as its box key", "create", "body.box=$m0.d0",
     COUNCIL_E_KEY_REUSED},
    {"created with the device as recovery key", "create", "body.recovery.sign=$m0.d0",
     COUNCIL_E_KEY_REUSED},
    {"created with a weak box key", "create", "body.box=$weak.2", COUNCIL_E_WEAK_KEY},
    {"created with a weak recovery box key", "create", "body.recovery.box=$weak.3",
     COUNCIL_E_WEAK_KEY},
    {"created again", "create", "@base=2", COUNCIL_E_GENESIS_AGAIN},
    {"added by a device of somebody else", "add", "device=$full.m0.d0", COUNCIL_E_UNKNOWN_DEVICE},
    {"added by itself", "add", "device=$m0.d1", COUNCIL_E_UNKNOWN_DEVICE},
    {"added by the recovery key", "add", "device=$m0.r0", COUNCIL_E_UNKNOWN_DEVICE},
    {"added by a revoked device", "add2", "device=$m0.d2", COUNCIL_E_UNKNOWN_DEVICE},
    {"added under another author", "add", "author=$full.m0", COUNCIL_E_WRONG_AUTHOR},
    {"the first device added again", "add", "body.device=$m0.d0", COUNCIL_E_KEY_REUSED},
    {"a revoked device added again", "add2", "body.device=$m0.d2 ; body.box=$m0.b2",
     COUNCIL_E_KEY_REUSED},
    {"a device with the box key of another", "add", "body.box=$m0.b0", COUNCIL_E_KEY_REUSED},
    {"a device with the box key of a revoked one", "add2", "body.box=$m0.b2", COUNCIL_E_KEY_REUSED},
    {"a device that is the recovery key", "add", "body.device=$m0.r0", COUNCIL_E_KEY_REUSED},
    {"a device with the recovery's box key", "add", "body.box=$m0.rb0", COUNCIL_E_KEY_REUSED},
    {"a device whose signing key was a box key", "add", "body.device=$m0.b0", COUNCIL_E_KEY_REUSED},
    {"a device whose two keys are one", "add", "body.box=$m0.d1", COUNCIL_E_KEY_REUSED},
    {"a weak box key, 0", "add", "body.box=$weak.0", COUNCIL_E_WEAK_KEY},
    {"a weak box key, 1", "add", "body.box=$weak.1", COUNCIL_E_WEAK_KEY},
    {"a weak box key of order 8", "add", "body.box=$weak.2", COUNCIL_E_WEAK_KEY},
    {"a weak box key of order 8, the other", "add", "body.box=$weak.3", COUNCIL_E_WEAK_KEY},
    {"a weak box key, p - 1", "add", "body.box=$weak.4", COUNCIL_E_WEAK_KEY},
    {"a weak box key, p", "add", "body.box=$weak.5", COUNCIL_E_WEAK_KEY},
    {"a weak box key, p + 1", "add", "body.box=$weak.6", COUNCIL_E_WEAK_KEY},
    {"a weak box key with its highest bit set", "add", "body.box=$weak.7", COUNCIL_E_WEAK_KEY},
    {"accepted for another member", "add", "body.accept=$accept.member", COUNCIL_E_BAD_PROOF},
    {"accepted with another box key", "add", "body.accept=$accept.box", COUNCIL_E_BAD_PROOF},
    {"accepted by the adding device", "add", "body.accept=$accept.by", COUNCIL_E_BAD_PROOF},
    {"accepted with the proof of a recovery key", "add", "body.accept=$proof.by",
     COUNCIL_E_BAD_PROOF},
    {"a device revokes itself", "revoke", "body.device=$m0.d0", COUNCIL_E_REVOKE_SELF},
    {"an unknown device is revoked", "revoke", "body.device=$full.m0.d0", COUNCIL_E_UNKNOWN_DEVICE},
    {"the recovery key is revoked", "revoke", "body.device=$m0.r0", COUNCIL_E_UNKNOWN_DEVICE},
    {"revoked by an unknown device", "revoke", "device=$full.m0.d0", COUNCIL_E_UNKNOWN_DEVICE},
    {"revoked by the recovery key", "revoke", "device=$m0.r0", COUNCIL_E_UNKNOWN_DEVICE},
    {"a revoked device is revoked again", "recover",
     "kind=\"device.revoke\" ; device=$m0.d0 ; body={\"device\":\"\"} ; body.device=$m0.d2",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"recovered by a device", "recover", "device=$m0.d0", COUNCIL_E_WRONG_AUTHOR},
    {"recovered by somebody else's recovery key", "recover", "device=$full.m0.r",
     COUNCIL_E_WRONG_AUTHOR},
    {"recovered by the next recovery key", "recover", "device=$m0.r", COUNCIL_E_WRONG_AUTHOR},
    {"recovered by the recovery key before", "recover-fresh",
     "@base=7 ; seen.seq=7 ; seen.head=$head.7", COUNCIL_E_WRONG_AUTHOR},
    {"recovered revoking an unknown device", "recover",
     "body.revoke=[\"\"] ; body.revoke.0=$full.m0.d0", COUNCIL_E_UNKNOWN_DEVICE},
    {"recovered revoking a revoked device", "recover", "body.revoke=[\"\"] ; body.revoke.0=$m0.d2",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"recovered revoking one twice", "recover", "body.revoke.0*", COUNCIL_E_BAD_FIELD},
    {"recovered revoking out of order", "recover", "body.revoke.0~1", COUNCIL_E_BAD_FIELD},
    {"recovered revoking none", "recover", "body.revoke=[]", COUNCIL_OK},
    {"recovered onto a device that there is", "recover", "body.device=$m0.d1",
     COUNCIL_E_KEY_REUSED},
    {"recovered onto the device that is revoked", "recover", "body.device=$m0.d0 ; body.box=$m0.b0",
     COUNCIL_E_KEY_REUSED},
    {"recovered with a weak box key", "recover", "body.box=$weak.0", COUNCIL_E_WEAK_KEY},
    {"recovered with an acceptance of another box key", "recover", "body.accept=$accept.box",
     COUNCIL_E_BAD_PROOF},
    {"recovered with the same recovery key as new", "recover-fresh", "body.recovery.sign=$m0.r0",
     COUNCIL_E_KEY_REUSED},
    {"recovered with the new device as recovery key", "recover-fresh", "body.recovery.sign=$m0.d5",
     COUNCIL_E_KEY_REUSED},
    {"recovered with a weak recovery box key", "recover-fresh", "body.recovery.box=$weak.1",
     COUNCIL_E_WEAK_KEY},
    {"recovered with a new recovery key that did not sign", "recover-fresh",
     "body.recovery.sig=$proof.by", COUNCIL_E_BAD_PROOF},
    {"a change that missed another", "add2", "seen.seq=4 ; seen.head=$head.4", COUNCIL_E_STALE},
    {"a change that saw another history", "add2", "seen.head=$full.head.5", COUNCIL_E_WRONG_HEAD},
    {"an id repeated", "revoke", "id=$id.3 ; seen.seq=2 ; seen.head=$head.2",
     COUNCIL_E_ID_REPEATED},
    {"a vote in a member log", "add2", "kind=\"vote\" ; body={\"member\":\"\"} ; body.member=$m0",
     COUNCIL_E_WRONG_LOG_TYPE},
    {"a post in a member log", "add2",
     "kind=\"post\" ; body={} ; sealed={\"epoch\":1,\"hash\":\"\"} ; sealed.hash=$m0",
     COUNCIL_E_WRONG_LOG_TYPE},
    {"an invite in a member log", "add2",
     "kind=\"invite.close\" ; body={\"invite\":\"\"} ; body.invite=$m0", COUNCIL_E_WRONG_LOG_TYPE},
    {"a change of another log", "add", "log=$full.m0 ; author=$full.m0", COUNCIL_E_WRONG_LOG},
};

static const struct vec_row member_full[] = {
    {"a ninth device", "again", "@base=8 ; seen.seq=8 ; seen.head=$head.8",
     COUNCIL_E_TOO_MANY_DEVICES},
    {"a recovery that leaves eight", "recover", "body.revoke=[]", COUNCIL_E_TOO_MANY_DEVICES},
    {"a recovery that leaves seven", "recover", "body.revoke=[\"\"] ; body.revoke.0=$m0.d0",
     COUNCIL_OK},
};

/* Signatures over the wrong thing or by the wrong key. `r0` is the recovery key before it was replaced. */
static void name_proofs(struct book *book)
{
    static const char *const accept = "council/v1/device-accept", *const recovery =
                                                                      "council/v1/recovery-create";
    json_t *first = book_value(book, "phone", "body.1");
    book_name(book, "phone", "m0.r0",
              json_incref(json_object_get(json_object_get(first, "recovery"), "sign")));
    book_name(book, "phone", "m0.rb0",
              json_incref(json_object_get(json_object_get(first, "recovery"), "box")));
    book_proof(book, "phone", "accept.member", "m0.d1", accept, "full.m0 m0.d1 m0.b1");
    book_proof(book, "phone", "accept.box", "m0.d1", accept, "m0 m0.d1 m0.b0");
    book_proof(book, "phone", "accept.by", "m0.d0", accept, "m0 m0.d1 m0.b1");
    book_proof(book, "phone", "proof.id", "m0.r0", recovery, "m0.d0 m0.b0 m0.r0 m0.rb0 id.2");
    book_proof(book, "phone", "proof.by", "m0.d0", recovery, "m0.d0 m0.b0 m0.r0 m0.rb0 id.1");
    book_proof(book, "phone", "proof.device", "m0.r0", recovery, "m0.d1 m0.b0 m0.r0 m0.rb0 id.1");
}

void rows_member(struct vec_out *out, struct book *book)
{
    struct vec_file file;
    name_proofs(book);
    curve_name_weak(book);
    vec_open(&file, out, "member", "log");
    BOOK_ROWS(book, &file, "phone", member_phone);
    BOOK_ROWS(book, &file, "full", member_full);
    vec_close(&file);
}
