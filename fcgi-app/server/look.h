/* look: what the last look at the store said, in memory that all processes share. The watcher
 * looks, and whoever answers a readiness probe tells what it saw. */
#ifndef SERVER_LOOK_H
#define SERVER_LOOK_H

#include <stdatomic.h>
#include <stdint.h>

#include "config/config.h"
#include "store/store.h"

enum { LOOK_EACH_MS = 1000 };

/* Written by one process at a time. */
struct look {
    _Atomic int64_t at_us; /* monotonic: when the last look ended */
    _Atomic int result;    /* an enum store_result */
};

/* Keeps what a look said that ended just now. */
void look_note(struct look *look, enum store_result result);

/* What the last look said. If it is older than a look can be, nobody looks any more, and the store
 * counts as unreachable. */
enum store_result look_result(const struct look *look, const struct config *config);

#endif
