/* worker: one process that answers requests, one after the other, but for those that wait for the
 * writer. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/child.h"

/* Runs in the child until all stop, and returns the exit status. All stop when the board says that
 * they drain, or when the master was killed. The worker then answers what is queued. It leaves once
 * the master has closed the socket; without a master, once no request came for the quiet time.
 *
 * A TERM, INT or QUIT to one worker alone ends that worker within a second, between two requests.
 * Callers notice nothing. */
int worker_run(const struct child *child);

#endif
