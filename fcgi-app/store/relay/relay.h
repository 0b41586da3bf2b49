/* relay: a worker's store where a writer makes all changes. Changes (STORE_CHANGE of calls.def) go
 * to the writer and wait for its answer; every other call goes to the worker's own store. */
#ifndef STORE_RELAY_RELAY_H
#define STORE_RELAY_RELAY_H

#include "store/relay/door.h"
#include "store/store.h"

/* Puts a relay before the worker's own store, which it owns from then on. The door is borrowed for
 * the relay's life; worker is the index of its ticket. NULL if out of memory: then own is still the
 * caller's.
 *
 * A change has timeout_ms until the writer takes it up; after that it is taken back: STORE_BUSY,
 * and nothing changed. If it was taken up it is waited for as long again: STORE_UNKNOWN if no
 * answer came. If the writer dies meanwhile the change is handed to the next one, which finds out
 * by its id whether it was made. */
struct store *relay_open(struct store *own, const struct relay_door *door, int worker,
                         int timeout_ms);

#endif
