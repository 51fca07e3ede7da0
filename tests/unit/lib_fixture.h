/*
 * lib_fixture.h - homes for tests of client/lib: a folder that goes away, a member in it, and a server that says yes.
 *
 * Owns what a registration would leave behind, made without a network; entries reach the home through store_entries, as sync would
 * bring them. Opening a home costs next to nothing here: the limits of Argon2id are this program's own.
 */
#ifndef TESTS_UNIT_LIB_FIXTURE_H
#define TESTS_UNIT_LIB_FIXTURE_H

#include "client/lib/internal.h"

#define LIB_PASSPHRASE "correct horse"

struct lib_home {
    char folder[64]; /* removed by lib_home_fini */
    struct client *client;
};

/* A folder with a home in it and nobody in the home. */
void lib_home_init(struct lib_home *home);
/* The same with a member, unlocked, and their journal. */
void lib_home_init_member(struct lib_home *home);
/* The second half of it, for a home that is open and has nobody in it. */
void lib_home_settle(struct lib_home *home);
void lib_home_fini(struct lib_home *home);
/* Closes and opens again; unlocked with LIB_PASSPHRASE where there is somebody. */
void lib_home_reopen(struct lib_home *home);

/* Submits a genesis and takes it and its first keys as a server would. `log` is written. */
void lib_home_found(struct lib_home *home, bool journal, uint8_t log[COUNCIL_KEY_BYTES]);
/* Signs an intent on the log as it stands and stores it as acknowledged by a server. Returns its seq. */
uint64_t lib_home_write(struct lib_home *home, const uint8_t log[COUNCIL_KEY_BYTES],
                        enum council_kind kind, const char *intent);
/* Stores bytes as the next entry of a log. */
enum council_error lib_home_take(struct lib_home *home, const uint8_t log[COUNCIL_KEY_BYTES],
                                 const struct signed_entry *bytes);
/* How often `word` stands in the files of the folder. */
unsigned lib_home_grep(const struct lib_home *home, const char *word);

#endif
