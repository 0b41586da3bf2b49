#include "server/watcher.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "store/store.h"

/* The master ends a look, or an upkeep, that never ends. */
static void watcher_look(const struct child *child, struct store *store)
{
    atomic_store(&child->slot->busy_since_us, clock_monotonic_us());
    look_note(&child->board->look, store_ping(store));
    atomic_store(&child->slot->busy_since_us, 0);
}

static void watcher_keep_up(const struct child *child, struct store *store)
{
    eventfd_t asked;
    atomic_store(&child->slot->busy_since_us, clock_monotonic_us());
    eventfd_read(child->upkeep_fd, &asked);
    store_upkeep(store);
    atomic_store(&child->slot->busy_since_us, 0);
}

/* Waits until the next look is due, or TERM comes. */
static void watcher_wait(const struct child *child, struct store *store, const sigset_t *waiting)
{
    int64_t until_us = clock_monotonic_us() + LOOK_EACH_MS * INT64_C(1000);
    struct pollfd asked = {.fd = child->upkeep_fd, .events = POLLIN};
    int64_t left_us = until_us - clock_monotonic_us();
    while (left_us > 0 && !child_is_told()) {
        const struct timespec wait = {left_us / 1000000, left_us % 1000000 * 1000};
        if (ppoll(&asked, 1, &wait, waiting) == 1)
            watcher_keep_up(child, store);
        left_us = until_us - clock_monotonic_us();
    }
}

int watcher_run(const struct child *child)
{
    sigset_t waiting;
    child_take_signals(child, &waiting);
    listener_keep(child->listener, LISTENER_NOTHING);
    relay_door_keep(child->door, RELAY_NOBODY);
    struct store *store = child_open_store(child, 0);
    if (!store) {
        log_write(LOG_ERROR, "watcher cannot start", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        return EXIT_FAILURE;
    }
    while (!child_is_told()) {
        watcher_look(child, store);
        watcher_wait(child, store, &waiting);
    }
    store_close(store);
    return EXIT_SUCCESS;
}
