/*
 * fixture_member.c - members of a fixture: their keys and their member logs.
 *
 * Owns the secrets of every device that a member ever had. A member's keys follow from the
 * fixture's name and the member's number alone, whatever else was done before.
 */
#include "tests/unit/fixture.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fixture_init(struct fixture *fixture, const char *name)
{
    memset(fixture, 0, sizeof *fixture);
    if (council_protocol_init() != COUNCIL_OK) {
        abort();
    }
    fixture->name = name;
    fixture->now_ms = UINT64_C(1700000000000);
    fixture_random_init(&fixture->random, name);
}

void fixture_fini(struct fixture *fixture)
{
    for (uint32_t i = 0; i < FIXTURE_MEMBERS; i++) {
        if (fixture->members[i]) {
            fixture_log_fini(&fixture->members[i]->log);
            free(fixture->members[i]);
            fixture->members[i] = NULL;
        }
    }
}

static void draw_secrets(struct fixture_random *random, struct council_secrets *out)
{
    uint8_t sign[32];
    uint8_t box[32];
    fixture_random_bytes(random, sign, sizeof sign);
    fixture_random_bytes(random, box, sizeof box);
    council_secrets_from_seeds(out, sign, box);
}

const struct council_member *fixture_state(const struct fixture_member *member)
{
    return &member->log.log.member;
}

const uint8_t *fixture_name(const struct fixture_member *member)
{
    return member->log.log.member.member;
}

struct council_device fixture_device(const struct fixture_member *member, uint32_t i)
{
    struct council_device out;
    council_secrets_public(&member->devices[i], &out);
    return out;
}

static struct council_secrets *new_device(struct fixture_member *member)
{
    if (member->device_count == FIXTURE_DEVICES) {
        abort();
    }
    struct council_secrets *device = &member->devices[member->device_count++];
    draw_secrets(&member->random, device);
    return device;
}

static void create(struct fixture *fixture, struct fixture_member *member)
{
    uint8_t id[COUNCIL_ID_BYTES];
    struct fixture_body body;
    struct fixture_entry entry;
    const struct council_secrets *secrets = new_device(member);
    struct council_device device = fixture_device(member, 0);
    struct council_draft draft =
        fixture_draft(fixture, &member->log, NULL, COUNCIL_KIND_MEMBER_CREATE, id, NULL);
    fixture_random_bytes(&member->random, id, sizeof id);
    draft.at = UINT64_C(1699000000000);
    draft.device = device.sign;
    if (council_body_member_create(&device, &member->recovery, id, &body.text, &body.len) ||
        fixture_sign(&entry, &draft, body, secrets->sign) || fixture_append(&member->log, &entry)) {
        abort();
    }
}

struct fixture_member *fixture_member(struct fixture *fixture, uint32_t i)
{
    char name[256];
    if (i >= FIXTURE_MEMBERS) {
        abort();
    }
    if (fixture->members[i]) {
        return fixture->members[i];
    }
    struct fixture_member *member = calloc(1, sizeof *member);
    if (!member) {
        abort();
    }
    fixture->members[i] = member;
    fixture_log_init(&member->log);
    (void)snprintf(name, sizeof name, "%s/member/%u", fixture->name, (unsigned)i);
    fixture_random_init(&member->random, name);
    draw_secrets(&member->random, &member->recovery);
    create(fixture, member);
    return member;
}

enum council_error fixture_device_add(struct fixture *fixture, struct fixture_member *member)
{
    struct fixture_body body;
    uint8_t accept[COUNCIL_SIG_BYTES];
    const struct council_secrets *secrets = new_device(member);
    struct council_device device = fixture_device(member, member->device_count - 1);
    if (!council_device_accept(accept, fixture_name(member), secrets) ||
        council_body_device_add(&device, accept, &body.text, &body.len)) {
        abort();
    }
    return fixture_try(fixture, &member->log, member, COUNCIL_KIND_DEVICE_ADD, body);
}

enum council_error fixture_device_revoke(struct fixture *fixture, struct fixture_member *member,
                                         uint32_t device)
{
    struct fixture_body body;
    struct council_device keys = fixture_device(member, device);
    if (council_body_device_revoke(keys.sign, &body.text, &body.len)) {
        abort();
    }
    return fixture_try(fixture, &member->log, member, COUNCIL_KIND_DEVICE_REVOKE, body);
}

enum council_error fixture_recover(struct fixture *fixture, struct fixture_member *member,
                                   bool fresh)
{
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t key[COUNCIL_KEY_BYTES];
    uint8_t accept[COUNCIL_SIG_BYTES];
    uint8_t revoke[COUNCIL_DEVICES_MAX][COUNCIL_KEY_BYTES];
    struct council_device recovery;
    struct council_secrets next;
    struct fixture_body body;
    struct fixture_entry entry;
    const struct council_member *state = fixture_state(member);
    const struct council_secrets *secrets = new_device(member);
    struct council_device device = fixture_device(member, member->device_count - 1);
    draw_secrets(&member->random, &next);
    for (uint32_t i = 0; i < state->device_count; i++) {
        memcpy(revoke[i], state->devices[i].sign, COUNCIL_KEY_BYTES);
    }
    struct council_draft draft =
        fixture_draft(fixture, &member->log, member, COUNCIL_KIND_MEMBER_RECOVER, id, key);
    council_secrets_public(&member->recovery, &recovery);
    draft.device = recovery.sign;
    if (!council_device_accept(accept, fixture_name(member), secrets) ||
        council_body_member_recover(&device, accept, fresh ? &next : NULL, id,
                                    (const uint8_t(*)[COUNCIL_KEY_BYTES])revoke,
                                    state->device_count, &body.text, &body.len)) {
        abort();
    }
    enum council_error error = fixture_sign(&entry, &draft, body, member->recovery.sign);
    if (!error) {
        error = fixture_append(&member->log, &entry);
    }
    if (!error) {
        member->use = member->device_count - 1;
        member->recovery = fresh ? next : member->recovery;
    }
    return error;
}
