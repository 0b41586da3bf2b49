/* prober: one process that answers health checks on a socket of their own, so that none of them
 * waits for a worker. It touches no store: readiness is what the watcher saw last. */
#ifndef SERVER_PROBER_H
#define SERVER_PROBER_H

#include "server/child.h"

/* Answers until TERM, and then what is queued, for a second at most. Without a master it says that
 * it is not ready, until the workers have had no request for the quiet time. Returns the exit
 * status. See decisions/0027. */
int prober_run(const struct child *child);

#endif
