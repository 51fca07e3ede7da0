/*
 * rows_council.c - vectors of who belongs to a council and of its keys.
 *
 * Owns README.md sections 5.1 to 5.7 and 6.2 as far as a log's verdicts show them, rule by rule in their order. A row's edits are explained in edit.c,
 * the places it names in scenes.c.
 */
#include "tests/vectors/rows.h"

#include <string.h>

static const struct vec_row create[] = {
    {"a council of five", "create", "body.size=5", COUNCIL_E_BAD_FIELD},
    {"a council of nine", "create", "body.size=9", COUNCIL_E_BAD_FIELD},
    {"a council of seven", "create", "body.size=7", COUNCIL_OK},
    {"a fast journal", "create", "body.size=1 ; body.type=\"journal\" ; body.history=\"all\"",
     COUNCIL_E_BAD_FIELD},
    {"a journal of two", "create",
     "body.size=2 ; body.type=\"journal\" ; body.history=\"all\" ; body.pace=\"slow\"",
     COUNCIL_E_BAD_FIELD},
    {"a journal that hides its past", "create",
     "body.size=1 ; body.type=\"journal\" ; body.pace=\"slow\"", COUNCIL_E_BAD_FIELD},
    {"a council that brings keys", "create", "body.block=$block.2", COUNCIL_E_BAD_FIELD},
    {"a council with a log", "create", "log=$other.log", COUNCIL_E_BAD_FIELD},
    {"a council with seen", "create", "seen={\"head\":\"\",\"seq\":1} ; seen.head=$head.1",
     COUNCIL_E_BAD_FIELD},
    {"a council without a chain", "create", "body.chain=[]", COUNCIL_E_BAD_FIELD},
    {"a council founded with another member's chain", "create", "body.chain=$m1.chain.0.1",
     COUNCIL_E_CHAIN_FOREIGN},
    {"a council founded for another member", "create", "author=$m1", COUNCIL_E_CHAIN_FOREIGN},
    {"a council founded with a chain that lacks its beginning", "create",
     "body.chain=$m2.chain.1.2 ; author=$m2 ; device=$m2.d0", COUNCIL_E_CHAIN_GAP},
    {"a council founded by a device that is not in the chain", "create", "device=$m1.d0",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"a council founded by the recovery key", "create", "device=$m0.r", COUNCIL_E_UNKNOWN_DEVICE},
    {"a chain that begins twice", "create", "body.chain.0*", COUNCIL_E_GENESIS_AGAIN},
    {"a chain with a false signature", "create", "body.chain.0.sig=$sig.zeros",
     COUNCIL_E_CHAIN_FOREIGN},
    {"a chain that begins with a council", "create", "body.chain.0.text=$text.1",
     COUNCIL_E_CHAIN_GAP},
    {"a chain with an empty text", "create", "body.chain.0.text=\"\"", COUNCIL_E_NOT_CANONICAL},
    {"a council founded later", "rotate", "kind=\"council.create\" ; body=$body.1 ; log- ; seen-",
     COUNCIL_E_GENESIS_AGAIN},
};

static const struct vec_row first_keys[] = {
    {"content before the first keys", "rsvp",
     "@base=1 ; seen.seq=1 ; seen.head=$head.1 ; author=$m0 ; device=$m0.d0",
     COUNCIL_E_ROTATION_DUE},
    {"a post before the first keys", "post3",
     "@base=1 ; seen.seq=1 ; seen.head=$head.1 ; author=$m0 ; device=$m0.d0",
     COUNCIL_E_ROTATION_DUE},
    {"an invite before the first keys", "invite", "@base=1 ; seen.seq=1 ; seen.head=$head.1",
     COUNCIL_E_ROTATION_DUE},
    {"leaving before the first keys", "rotate", "kind=\"member.leave\" ; body={}",
     COUNCIL_E_ROTATION_DUE},
    {"joining before the first keys", "join1", "@base=1 ; seen.seq=1 ; seen.head=$head.1",
     COUNCIL_E_ROTATION_DUE},
    {"first keys by a stranger", "rotate", "author=$m1 ; device=$m1.d0", COUNCIL_E_NOT_MEMBER},
    {"first keys by an unknown device", "rotate", "device=$m1.d0", COUNCIL_E_UNKNOWN_DEVICE},
    {"first keys of epoch 0", "rotate", "body.block.epoch=0", COUNCIL_E_WRONG_EPOCH},
    {"an epoch left out", "rotate", "body.block.epoch=2", COUNCIL_E_WRONG_EPOCH},
    {"the epoch that is current", "rotate2", "body.block.epoch=12", COUNCIL_E_WRONG_EPOCH},
    {"an epoch far ahead", "rotate2", "body.block.epoch=9007199254740991", COUNCIL_E_WRONG_EPOCH},
    {"the author's own box left out", "rotate", "body.block.boxes.?m0:d0-",
     COUNCIL_E_AUTHOR_DROPPED},
    {"the author's own box left out among many", "rotate2", "body.block.boxes.?m2:d0-",
     COUNCIL_E_AUTHOR_DROPPED},
    {"the recovery key's box left out", "rotate", "body.block.boxes.?m0:r-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"another member's box left out", "rotate2", "body.block.boxes.?m1:d0-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"the author's other device left out", "rotate2", "body.block.boxes.?m2:d1-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"another member's recovery key left out", "rotate2", "body.block.boxes.?m4:r-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"a box too many, for a stranger", "rotate2",
     "body.block.boxes.0* ; body.block.boxes.0.to=$m8.d0", COUNCIL_E_WRONG_RECIPIENTS},
    {"a box for a stranger in place of a member's", "rotate2", "body.block.boxes.?m1:d0.to=$m8.d0",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"a box for whoever left", "rotate2", "body.block.boxes.?m1:d0.to=$m6.d0",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"a box for a revoked device", "rotate2", "body.block.boxes.?m4:d0.to=$m4.d1",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"a box twice", "rotate2", "body.block.boxes.0*", COUNCIL_E_WRONG_RECIPIENTS},
    {"the last box twice", "rotate2", "body.block.boxes.13*", COUNCIL_E_WRONG_RECIPIENTS},
    {"two boxes out of order", "rotate2", "body.block.boxes.0~1", COUNCIL_E_WRONG_RECIPIENTS},
    {"first and last box changed", "rotate", "body.block.boxes.0~1", COUNCIL_E_WRONG_RECIPIENTS},
    {"a block without boxes", "rotate", "body.block.boxes=[]", COUNCIL_E_BAD_FIELD},
    {"a garbage box", "rotate2", "body.block.boxes.0.box=$garbage.80", COUNCIL_OK},
    {"a wrong commitment", "rotate2", "body.block.commit=$log", COUNCIL_OK},
};

static const struct vec_row join[] = {
    {"joining twice", "join2", "author=$m1 ; device=$m1.d0", COUNCIL_E_ALREADY_MEMBER},
    {"the founder joins", "join1", "author=$m0 ; device=$m0.d0", COUNCIL_E_ALREADY_MEMBER},
    {"an unknown invite", "join1", "body.invite=$m0", COUNCIL_E_INVITE_UNKNOWN},
    {"an invite of another council", "join1", "body.invite=$small.inv0", COUNCIL_E_INVITE_UNKNOWN},
    {"an invite used twice", "join2", "body.invite=$inv0", COUNCIL_E_INVITE_CLOSED},
    {"an invite that was closed", "leave",
     "kind=\"member.join\" ; author=$m8 ; device=$m8.d0 ; body=$body.16 ; body.invite=$inv8",
     COUNCIL_E_INVITE_CLOSED},
    {"a ninth member", "invite-ninth-close",
     "kind=\"member.join\" ; author=$m8 ; device=$m8.d0 ; body=$body.16 ; body.invite=$inv7",
     COUNCIL_E_COUNCIL_FULL},
    {"an expired invite", "join1", "at=4102444800000", COUNCIL_OK},
    {"a newcomer without a chain", "join1", "body.chain=[]", COUNCIL_E_CHAIN_EMPTY},
    {"a newcomer with another member's chain", "join1", "body.chain=$m3.chain.0.1",
     COUNCIL_E_CHAIN_FOREIGN},
    {"a newcomer's chain without its beginning", "join2", "body.chain=$m2.chain.1.2",
     COUNCIL_E_CHAIN_GAP},
    {"a newcomer's chain out of order", "join2", "body.chain.0~1", COUNCIL_E_CHAIN_GAP},
    {"a newcomer's device that is not in the chain", "join1", "device=$m3.d0",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"the recovery key joins", "join1", "device=$m1.r", COUNCIL_E_UNKNOWN_DEVICE},
    {"an invite signed for another council", "join1", "body.sig=$join.council",
     COUNCIL_E_BAD_PROOF},
    {"an invite signed for another member", "join1", "body.sig=$join.member", COUNCIL_E_BAD_PROOF},
    {"an invite signed for another head", "join1", "body.sig=$join.head", COUNCIL_E_BAD_PROOF},
    {"an invite signed for a longer member log", "join2", "body.chain=$m2.chain.0.1",
     COUNCIL_E_BAD_PROOF},
    {"an invite signed by another invite's key", "join2", "body.sig=$join.key",
     COUNCIL_E_BAD_PROOF},
    {"an invite signed by the moderator", "join1", "body.sig=$join.moderator", COUNCIL_E_BAD_PROOF},
    {"joining with the present epoch", "join1", "body.block.epoch=1", COUNCIL_E_WRONG_EPOCH},
    {"joining and leaving oneself out", "join1", "body.block.boxes.?m1:d0-",
     COUNCIL_E_AUTHOR_DROPPED},
    {"joining and leaving one's recovery key out", "join1", "body.block.boxes.?m1:r-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"joining and leaving the founder out", "join1", "body.block.boxes.?m0:d0-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"joining with a ghost", "join1", "body.block.boxes.?m0:r.to=$m8.d0",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"joining with the block of the one before", "join2",
     "body.block=$block.4 ; body.block.epoch=3", COUNCIL_E_AUTHOR_DROPPED},
};

static const struct vec_row chains[] = {
    {"an unknown member's devices", "devices", "body.member=$m8", COUNCIL_E_NO_SUCH_MEMBER},
    {"a chain that moves nothing", "devices", "body.chain=[]", COUNCIL_E_CHAIN_EMPTY},
    {"a pin that goes backwards", "devices", "body.chain=$m3.chain.0.3", COUNCIL_E_CHAIN_GAP},
    {"a pin that goes back to its own place", "devices-other",
     "body.member=$m3 ; body.chain=$m3.chain.1.3", COUNCIL_E_CHAIN_GAP},
    {"a chain with a gap before it", "devices", "body.chain=$m3.chain.2.3", COUNCIL_E_CHAIN_GAP},
    {"a chain with a gap in it", "devices", "body.chain=$m3.chain.1.4 ; body.chain.1-",
     COUNCIL_E_BAD_SEEN},
    {"a chain with an entry twice", "devices", "body.chain.0*", COUNCIL_E_STALE},
    {"a chain out of order", "devices", "body.chain.0~1", COUNCIL_E_CHAIN_GAP},
    {"a chain that begins anew", "devices", "body.chain.1=$genesis.link", COUNCIL_E_GENESIS_AGAIN},
    {"another member's chain", "devices", "body.chain=$m4.chain.1.3", COUNCIL_E_CHAIN_FOREIGN},
    {"a chain for another member", "devices", "body.member=$m4", COUNCIL_E_CHAIN_FOREIGN},
    {"a chain that changes over to another member", "devices", "body.chain.1=$foreign.link",
     COUNCIL_E_WRONG_LOG},
    {"a false signature first in a chain", "devices", "body.chain.0.sig=$sig.zeros",
     COUNCIL_E_BAD_SIGNATURE},
    {"a false signature later in a chain", "devices", "body.chain.1.sig=$sig.zeros",
     COUNCIL_E_BAD_SIGNATURE},
    {"a council's entry in a chain", "devices",
     "body.chain.1.text=$text.18 ; body.chain.1.sig=$sig.18", COUNCIL_E_WRONG_LOG},
    {"a text in a chain that is not canonical", "devices", "body.chain.1.text=\"e30g\"",
     COUNCIL_E_NOT_CANONICAL},
    {"an unknown kind in a chain", "devices", "body.chain.1.text=\"eyJraW5kIjoieCJ9\"",
     COUNCIL_E_UNKNOWN_KIND},
    {"a chain whose end drops its author", "devices-recovered", "device=$m5.d0",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"a chain by the recovery key", "devices-recovered", "device=$m5.r0", COUNCIL_E_UNKNOWN_DEVICE},
    {"a member's devices moved by a stranger", "devices-other", "author=$m8 ; device=$m8.d0",
     COUNCIL_E_NOT_MEMBER},
    {"a member's devices moved by an unknown device", "devices-other", "device=$m8.d0",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"own devices moved by the new device", "devices", "device=$m3.d2", COUNCIL_OK},
    {"a new device without its box", "devices", "body.block.boxes.?m3:d2-",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"a shorter chain with the boxes of the longer", "devices", "body.chain=$m3.chain.1.2",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"a recovered member's former recovery key in the block", "devices-recovered",
     "body.block.boxes.?m5:r.to=$m5.r0", COUNCIL_E_WRONG_RECIPIENTS},
    {"a device that no pin has yet", "post4", "author=$m3 ; device=$m3.d1",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"a device revoked at the pin", "invite-open",
     "kind=\"vote\" ; body=$body.30 ; author=$m4 ; device=$m4.d1", COUNCIL_E_UNKNOWN_DEVICE},
    {"a device revoked beyond the pin", "post5", "author=$m3 ; device=$m3.d2", COUNCIL_OK},
    {"a recovery key that votes", "vote", "device=$m3.r", COUNCIL_E_UNKNOWN_DEVICE},
    {"a recovery key that posts", "post3", "device=$m3.r", COUNCIL_E_UNKNOWN_DEVICE},
    {"a recovery key that rotates keys", "rotate2", "device=$m2.r", COUNCIL_E_UNKNOWN_DEVICE},
};

static const struct vec_row returns[] = {
    /* in "small" */
    {"a return with the chain from its beginning", "return2", "body.chain=$m2.chain.0.4",
     COUNCIL_E_CHAIN_GAP},
    {"a return with a gap", "return2", "body.chain=$m2.chain.2.4", COUNCIL_E_CHAIN_GAP},
    {"a return with another history of the same member", "return2", "body.chain=$fork.m2.chain.2.4",
     COUNCIL_E_CHAIN_GAP},
    {"a return that forks at the pin", "return2", "body.chain=$fork.m2.chain.1.4 ; device=$m2.d0",
     COUNCIL_E_BAD_PROOF},
    {"a return that forks after the pin", "return2", "body.chain.1=$fork.link",
     COUNCIL_E_WRONG_HEAD},
    {"a return at the old pin, by a device of it", "return3", NULL, COUNCIL_OK},
    {"a return at the old pin, signed for a newer one", "return2", "body.chain=[] ; device=$m2.d0",
     COUNCIL_E_BAD_PROOF},
    {"a return at the old pin, by a newer device", "return2", "body.chain=[] ; device=$m2.d2",
     COUNCIL_E_UNKNOWN_DEVICE},
    {"a return by a revoked device", "return2", "device=$m2.d1", COUNCIL_E_UNKNOWN_DEVICE},
    {"a pin moved along another history", "post3",
     "kind=\"member.devices\" ; sealed- ; @data- ; body=$body.20 ; body.invite- ; body.sig- ; "
     "body.member=$m2 ; body.chain=$fork.m2.chain.4.5",
     COUNCIL_E_CHAIN_FORK},
    {"an invite that admitted this member before", "rotate2",
     "kind=\"member.join\" ; author=$m3 ; device=$m3.d0 ; body=$body.14",
     COUNCIL_E_INVITE_REPEATED},
    {"an invite that leaving closed", "rotate2",
     "kind=\"member.join\" ; author=$m4 ; device=$m4.d0 ; body=$body.14", COUNCIL_E_INVITE_CLOSED},
};

static const struct vec_row people[] = {
    {"removing oneself", "remove", "body.member=$m0", COUNCIL_E_REMOVE_SELF},
    {"removing a stranger", "remove", "body.member=$m8", COUNCIL_E_NO_SUCH_MEMBER},
    {"removing twice", "history", "kind=\"member.remove\" ; body=$body.39",
     COUNCIL_E_NO_SUCH_MEMBER},
    {"removing as a member", "remove", "author=$m1 ; device=$m1.d0", COUNCIL_E_NOT_MODERATOR},
    {"removing with the removed still in the block", "remove", "body.member=$m6",
     COUNCIL_E_WRONG_RECIPIENTS},
    {"removing with the epoch before", "remove", "body.block.epoch=11", COUNCIL_E_WRONG_EPOCH},
    {"the last moderator leaves", "leave", "author=$m0 ; device=$m0.d0", COUNCIL_E_LAST_MODERATOR},
    {"a stranger leaves", "leave", "author=$m8 ; device=$m8.d0", COUNCIL_E_NOT_MEMBER},
    {"a removed member leaves", "leave", "author=$m7 ; device=$m7.d0", COUNCIL_E_NOT_MEMBER},
    {"leaving twice", "rotate2", "kind=\"member.leave\" ; body={} ; author=$m6 ; device=$m6.d0",
     COUNCIL_E_NOT_MEMBER},
    {"leaving while rotation is due", "rotate2",
     "kind=\"member.leave\" ; body={} ; author=$m1 ; device=$m1.d0", COUNCIL_OK},
    {"the last moderator leaves while rotation is due", "rotate2",
     "kind=\"member.leave\" ; body={} ; author=$m0 ; device=$m0.d0", COUNCIL_E_LAST_MODERATOR},
    {"leaving with a body", "leave", "body={\"why\":\"moved\"}", COUNCIL_E_BAD_FIELD},
    {"the last moderator steps down", "role", "body.member=$m0 ; body.role=\"member\"",
     COUNCIL_E_LAST_MODERATOR},
    {"a stranger's role", "role", "body.member=$m8", COUNCIL_E_NO_SUCH_MEMBER},
    {"a role given by a member", "role", "author=$m1 ; device=$m1.d0", COUNCIL_E_NOT_MODERATOR},
    {"a role given to oneself by a member", "role", "author=$m3 ; device=$m3.d0 ; body.member=$m3",
     COUNCIL_E_NOT_MODERATOR},
    {"the role that somebody has", "role", "body.member=$m0", COUNCIL_OK},
    {"a demoted moderator gives a role", "post4",
     "kind=\"member.role\" ; sealed- ; @data- ; body=$body.31", COUNCIL_E_NOT_MODERATOR},
    {"a demoted moderator invites", "post4",
     "kind=\"invite.open\" ; sealed- ; @data- ; body=$body.3 ; body.invite=$m8",
     COUNCIL_E_NOT_MODERATOR},
    {"a vote for a stranger", "vote", "body.member=$m8", COUNCIL_E_NO_SUCH_MEMBER},
    {"a vote for a removed member", "history",
     "kind=\"vote\" ; body={\"member\":\"\"} ; body.member=$m7", COUNCIL_E_NO_SUCH_MEMBER},
    {"a vote by a stranger", "vote", "author=$m8 ; device=$m8.d0", COUNCIL_E_NOT_MEMBER},
    {"a vote by a removed member", "history",
     "kind=\"vote\" ; body=$body.30 ; author=$m7 ; device=$m7.d0", COUNCIL_E_NOT_MEMBER},
    {"a vote by another member's device", "vote", "device=$m1.d0", COUNCIL_E_UNKNOWN_DEVICE},
    {"a vote for oneself", "vote", "body.member=$m3", COUNCIL_OK},
    {"an answer by a stranger", "rsvp", "author=$m8 ; device=$m8.d0", COUNCIL_E_NOT_MEMBER},
    {"an invite by a member", "invite-open", "author=$m1 ; device=$m1.d0", COUNCIL_E_NOT_MODERATOR},
    {"an invite with a key used before", "invite-open", "body.invite=$inv0", COUNCIL_E_KEY_REUSED},
    {"an invite with the key of an open one", "invite-close",
     "kind=\"invite.open\" ; body=$body.42", COUNCIL_E_KEY_REUSED},
    {"closing an invite as a member", "invite-close", "author=$m1 ; device=$m1.d0",
     COUNCIL_E_NOT_MODERATOR},
    {"closing an unknown invite", "invite-close", "body.invite=$m8", COUNCIL_E_INVITE_UNKNOWN},
    {"closing an invite twice", "leave",
     "kind=\"invite.close\" ; author=$m0 ; device=$m0.d0 ; body=$body.43", COUNCIL_E_INVITE_CLOSED},
    {"closing an invite that is used up", "invite-close", "body.invite=$inv0",
     COUNCIL_E_INVITE_CLOSED},
};

static void name_entry(struct book *book, const char *scene, uint32_t seq)
{
    char name[32];
    const struct fixture_entry *entry = &book_find(book, scene)->entries[seq - 1];
    (void)snprintf(name, sizeof name, "text.%u", (unsigned)seq);
    book_name_bytes(book, scene, name, (const uint8_t *)entry->text, entry->len);
    (void)snprintf(name, sizeof name, "sig.%u", (unsigned)seq);
    book_name_bytes(book, scene, name, entry->sig, COUNCIL_SIG_BYTES);
}

/* Values that the tables above name beyond what every scene has. */
static void name_values(struct book *book)
{
    static const char *const label = "council/v1/join";
    uint8_t garbage[96];
    for (uint32_t i = 0; i < sizeof garbage; i++) {
        garbage[i] = (uint8_t)(i * 37 + 1);
    }
    book_name_bytes(book, NULL, "garbage.80", garbage, 80);
    book_name_bytes(book, NULL, "garbage.96", garbage, 96);
    name_entry(book, "week", 1);
    name_entry(book, "week", 18);
    book_name(book, "week", "block.2",
              json_incref(json_object_get(book_value(book, "week", "body.2"), "block")));
    book_name(book, "week", "block.4",
              json_incref(json_object_get(book_value(book, "week", "body.4"), "block")));
    book_name(book, "week", "genesis.link",
              json_incref(json_array_get(book_value(book, "week", "m3.chain.0.1"), 0)));
    book_name(book, "week", "foreign.link",
              json_incref(json_array_get(book_value(book, "week", "m4.chain.2.3"), 0)));
    book_name(book, "small", "fork.link",
              json_incref(json_array_get(book_value(book, "fork", "m2.chain.2.3"), 0)));
    book_proof(book, "week", "join.council", "inv0", label, "other.log m1 m1");
    book_proof(book, "week", "join.member", "inv0", label, "log m3 m1");
    book_proof(book, "week", "join.head", "inv0", label, "log m1 head.3");
    book_proof(book, "week", "join.key", "inv0", label, "log m2 m2.head");
    book_proof(book, "week", "join.moderator", "m0.d0", label, "log m1 m1");
}

void rows_council(struct vec_out *out, struct book *book)
{
    struct vec_file file;
    name_values(book);
    vec_open(&file, out, "membership", "log");
    BOOK_ROWS(book, &file, "week", create);
    BOOK_ROWS(book, &file, "week", join);
    BOOK_ROWS(book, &file, "week", people);
    vec_close(&file);
    vec_open(&file, out, "keys_and_chains", "log");
    BOOK_ROWS(book, &file, "week", first_keys);
    BOOK_ROWS(book, &file, "week", chains);
    BOOK_ROWS(book, &file, "small", returns);
    vec_close(&file);
}
