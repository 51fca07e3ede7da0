/*
 * memory_core.c - the server's core before a fake host: a member's calls, each with memory running out on the way.
 *
 * The host is part of the test, so its own allocations never fail: it is built so that entering and leaving its functions is told,
 * and the core's functions are wrapped to undo that while they run. A call that was refused, or whose connection was closed, is
 * made again over a new connection; the store must then hold exactly what was sent, once.
 */
#include <string.h>

#include "tests/crash/memory.h"
#include "tests/crash/tap.h"
#include "tests/unit/core_world.h"

/* ---- whose turn it is ---- */

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

__attribute__((no_instrument_function)) void __cyg_profile_func_enter(void *function, void *caller)
{
    (void)function;
    (void)caller;
    memory_steady();
}

__attribute__((no_instrument_function)) void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function;
    (void)caller;
    memory_unsteady();
}

/* The core's functions that a host calls. */
MEMORY_WRAP(core_message,
            (struct core * core, core_session session, const char *text, uint32_t len),
            (core, session, text, len))
MEMORY_WRAP(core_done, (struct core * core, struct core_job *job), (core, job))
MEMORY_WRAP(core_work, (struct core_job * job), (job))
MEMORY_WRAP(core_tick, (struct core * core), (core))
MEMORY_WRAP(core_writable, (struct core * core, core_session session, uint64_t queued_bytes),
            (core, session, queued_bytes))

/* ---- a council in front of the core ---- */

static struct core_world world;
static bool
    anew; /* the subscription did not go well: the next one is looked at over a connection of its own */

static void make(uint32_t which)
{
    (void)which;
    memory_steady();
    memset(&world, 0, sizeof world);
    anew = false;
    struct core_config config = core_world_config(&world);
    core_world_begin(&world, config);
    core_world_found(&world, 2);
    core_world_posts(&world, 0, 3);
    memory_unsteady();
}

static void drop(void)
{
    memory_steady();
    core_world_end(&world);
    memory_unsteady();
}

/* Whether the last thing said was a refusal of something unnamed: a call that could not even be read. */
static bool refused_unread(uint32_t session)
{
    const struct core_fake_session *conn = &world.fake.sessions[session];
    const json_t *last = conn->count > 0 ? conn->messages[conn->count - 1] : NULL;
    return json_is_object(json_object_get(last, "error")) &&
           json_is_null(json_object_get(last, "id"));
}

/* "ok", or what was said, or "none" for silence: the connection was closed. */
static enum memory_outcome answer(uint32_t session, uint64_t id)
{
    const char *said = core_fake_outcome(&world.fake, session, id);
    if (world.fake.fatal) {
        memory_why = "the core ended the process";
        return MEMORY_WRONG;
    }
    /* What a server that is out of memory says: try again later, or it is its own fault. */
    if (strcmp(said, "retry") == 0 || strcmp(said, "internal") == 0 ||
        strcmp(said, "invalid_params") == 0 /* a field could not be read */) {
        said = "no_memory";
    }
    if (strcmp(said, "none") == 0 && refused_unread(session)) {
        said = "no_memory";
    }
    if (strcmp(said, "none") == 0 && !world.fake.sessions[session].closed) {
        said = "no answer, and the connection is open";
    }
    return memory_outcome(said);
}

/* A member's session, logged in anew where it was closed. */
static uint32_t session_of(uint32_t i)
{
    uint32_t session = world.sessions[i];
    if (world.fake.sessions[session].closed) {
        session = world.sessions[i] =
            core_fake_login_new(&world.fake, core_world_person(&world, i), 0);
    }
    return session;
}

static enum memory_outcome do_append(uint32_t which)
{
    (void)which;
    memory_steady();
    if (world.sent == world.council.log.count) {
        core_world_post(&world, 0);
    }
    uint32_t session = session_of(0);
    uint64_t id = core_fake_append(&world.fake, session, core_world_entry(&world, world.sent + 1));
    core_fake_run(&world.fake);
    enum memory_outcome outcome = answer(session, id);
    if (outcome == MEMORY_OK) {
        world.sent++;
        if (core_world_differs(&world, world.sent) != 0) {
            memory_why = "the store holds another log";
            outcome = MEMORY_WRONG;
        }
    }
    memory_unsteady();
    return outcome;
}

static enum memory_outcome ask(const char *method, json_t *params)
{
    uint32_t session = session_of(1);
    uint64_t id = core_fake_call(&world.fake, session, method, params);
    return answer(session, id);
}

static enum memory_outcome do_read(uint32_t which)
{
    (void)which;
    memory_steady();
    json_t *params = json_pack("{s:o,s:i,s:i}", "log",
                               core_fake_bytes(core_world_log(&world), COUNCIL_KEY_BYTES), "after",
                               0, "limit", 64);
    enum memory_outcome outcome = ask("log.read", params);
    memory_unsteady();
    return outcome;
}

static enum memory_outcome do_list(uint32_t which)
{
    (void)which;
    memory_steady();
    enum memory_outcome outcome = ask("council.list", json_object());
    memory_unsteady();
    return outcome;
}

static enum memory_outcome do_subscribe(uint32_t which)
{
    (void)which;
    memory_steady();
    if (anew) {
        world.sessions[1] = core_fake_login_new(&world.fake, core_world_person(&world, 1), 0);
    }
    uint32_t session = session_of(1);
    uint64_t id = core_fake_subscribe(&world.fake, session, core_world_log(&world), 0);
    core_fake_run(&world.fake);
    core_fake_advance(&world.fake,
                      1000); /* what was put off for want of memory is taken up again */
    core_fake_run(&world.fake);
    enum memory_outcome outcome = answer(session, id);
    if (outcome == MEMORY_OK && !world.fake.sessions[session].closed &&
        core_fake_gaps(&world.fake, session, core_world_log(&world), 0,
                       core_world_stored(&world)->count) != 0) {
        memory_why = "subscribed, and entries are missing";
        outcome = MEMORY_WRONG;
    }
    anew = outcome != MEMORY_OK;
    memory_unsteady();
    return outcome;
}

static enum memory_outcome do_presence(uint32_t which)
{
    (void)which;
    memory_steady();
    enum memory_outcome outcome =
        ask("presence.join",
            json_pack("{s:o}", "log", core_fake_bytes(core_world_log(&world), COUNCIL_KEY_BYTES)));
    memory_unsteady();
    return outcome;
}

/* What the store has: entries by head. */
static void digest(uint8_t out[MEMORY_DIGEST])
{
    memory_steady();
    const struct core_fake_log *log = core_world_stored(&world);
    memcpy(out, log->entries[log->count - 1].head, MEMORY_DIGEST);
    memory_unsteady();
}

static const struct memory_script scripts[] = {
    {.name = "log.append",
     .which = 0,
     .make = make,
     .drop = drop,
     .run = do_append,
     .digest = digest,
     .may_be_done = true},
    {.name = "log.read", .which = 0, .make = make, .drop = drop, .run = do_read, .digest = digest},
    {.name = "council.list",
     .which = 0,
     .make = make,
     .drop = drop,
     .run = do_list,
     .digest = digest},
    {.name = "log.subscribe",
     .which = 0,
     .make = make,
     .drop = drop,
     .run = do_subscribe,
     .digest = digest},
    {.name = "presence.join",
     .which = 0,
     .make = make,
     .drop = drop,
     .run = do_presence,
     .digest = digest},
};

const struct memory_group memory_core = {"core", scripts, sizeof scripts / sizeof *scripts};
