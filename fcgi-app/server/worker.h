/* worker: one process that answers requests, one after the other. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <sys/types.h>

#include "config/config.h"
#include "server/scoreboard.h"

/* Runs in the child until all stop (the board's draining, or the master was killed): then it
 * answers what is queued and leaves once the master has closed the socket or, without a master, no
 * request came for the quiet time. Told to stop alone (TERM, INT, QUIT) it leaves after a second,
 * between two requests, and callers notice nothing. Returns the exit status. */
int worker_run(const struct config *config, int listen_fd, struct scoreboard *board, int slot,
               pid_t master);

#endif
