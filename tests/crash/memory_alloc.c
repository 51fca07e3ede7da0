/*
 * memory_alloc.c - the wrapped allocator. See memory.h.
 *
 * The linker's --wrap covers everything in the program itself; jansson and SQLite are told to use it. libsodium allocates nothing that is
 * used here, libical is left alone.
 */
#include <jansson.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/disk.h"
#include "tests/crash/memory.h"
#include "tests/crash/tap.h"

enum {
    SLOTS = 1 << 20
};

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);

static struct {
    uint64_t left, steady, live;
    bool armed, hit;
    void *slots[SLOTS];
} state;

static bool fails(void)
{
    if (!state.armed || state.steady > 0 || disk_busy > 0 || --state.left > 0) {
        return false;
    }
    state.armed = false;
    state.hit = true;
    return true;
}

/* ---- who is alive ---- */

static uint32_t home_of(const void *memory)
{
    return (uint32_t)(((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 44) % SLOTS;
}

static void *enter(void *memory)
{
    if (memory != NULL) {
        uint32_t at = home_of(memory);
        if (++state.live > SLOTS / 2) {
            tap_die("more than %d allocations at once", SLOTS / 2);
        }
        while (state.slots[at] != NULL) {
            at = (at + 1) % SLOTS;
        }
        state.slots[at] = memory;
    }
    return memory;
}

/* What follows is moved up, so that it is still found. */
static void leave(const void *memory)
{
    uint32_t at = home_of(memory);
    while (state.slots[at] != NULL && state.slots[at] != memory) {
        at = (at + 1) % SLOTS;
    }
    if (state.slots[at] == NULL) {
        return; /* made by a library with an allocator of its own */
    }
    state.live--;
    state.slots[at] = NULL;
    for (uint32_t next = (at + 1) % SLOTS; state.slots[next] != NULL; next = (next + 1) % SLOTS) {
        uint32_t home = home_of(state.slots[next]);
        if ((next - home + SLOTS) % SLOTS >= (next - at + SLOTS) % SLOTS) {
            state.slots[at] = state.slots[next];
            state.slots[next] = NULL;
            at = next;
        }
    }
}

/* ---- what the linker puts in place ---- */

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : enter(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : enter(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (fails()) {
        return NULL;
    }
    if (memory != NULL) {
        leave(memory);
    }
    void *grown = __real_realloc(memory, size);
    return enter(grown != NULL ? grown : memory);
}

void __wrap_free(void *memory)
{
    if (memory != NULL) {
        leave(memory);
    }
    __real_free(memory);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : enter(__real_strdup(text));
}

/* ---- SQLite ---- */

static void *sqlite_malloc(int size)
{
    return __wrap_malloc((size_t)size);
}

static void *sqlite_realloc(void *memory, int size)
{
    return __wrap_realloc(memory, (size_t)size);
}

static int sqlite_size(void *memory)
{
    return memory == NULL ? 0 : (int)malloc_usable_size(memory);
}

static int sqlite_roundup(int size)
{
    return (size + 7) & ~7;
}

static int sqlite_init(void *data)
{
    (void)data;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *data)
{
    (void)data;
}

void memory_install(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = sqlite_malloc,
                                                .xFree = __wrap_free,
                                                .xRealloc = sqlite_realloc,
                                                .xSize = sqlite_size,
                                                .xRoundup = sqlite_roundup,
                                                .xInit = sqlite_init,
                                                .xShutdown = sqlite_shutdown};
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    /* Without a pool of its own each of SQLite's wishes comes here. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK ||
        sqlite3_initialize() != SQLITE_OK) {
        tap_die("SQLite does not take another allocator");
    }
}

void memory_arm(uint64_t nth)
{
    state.left = nth;
    state.hit = false;
    state.armed = true;
}

bool memory_disarm(void)
{
    state.armed = false;
    return state.hit;
}

uint64_t memory_live(void)
{
    return state.live;
}

void memory_steady(void)
{
    state.steady++;
}

void memory_unsteady(void)
{
    state.steady--;
}

uint64_t memory_swap_steady(uint64_t depth)
{
    uint64_t before = state.steady;
    state.steady = depth;
    return before;
}
