/* watcher: one process that looks at the store each second, so that no probe has to, and keeps it
 * quick when it is asked to, so that no order has to. */
#ifndef SERVER_WATCHER_H
#define SERVER_WATCHER_H

#include "server/child.h"

/* Looks until TERM, and notes on the board what it saw. Each look has the deadline of every call of
 * the store. Returns the exit status. */
int watcher_run(const struct child *child);

#endif
