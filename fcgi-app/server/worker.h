/* worker: one process that answers requests, one after the other. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <sys/types.h>

#include "base/config.h"
#include "server/scoreboard.h"

/* Runs in the child until it is told to stop (TERM, INT, QUIT) and the master has closed the
 * socket, or the master was killed and no request came for the quiet time; and has answered what
 * was queued. Returns the exit status. */
int worker_run(const struct config *config, int listen_fd, struct scoreboard *board, int slot,
               pid_t master);

#endif
