#include "server/watcher.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/store.h"

static void watcher_look(const struct child *child, struct store *store)
{
    /* The master ends a look that never ends. */
    atomic_store(&child->slot->busy_since_us, clock_monotonic_us());
    look_note(&child->board->look, store_ping(store));
    atomic_store(&child->slot->busy_since_us, 0);
}

int watcher_run(const struct child *child)
{
    const struct timespec pause = {LOOK_EACH_MS / 1000, LOOK_EACH_MS % 1000 * 1000000L};
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
        ppoll(NULL, 0, &pause, &waiting);
    }
    store_close(store);
    return EXIT_SUCCESS;
}
