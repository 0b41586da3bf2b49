/* master: keeps the workers running, and ends them. */
#ifndef SERVER_MASTER_H
#define SERVER_MASTER_H

#include "config/config.h"
#include "config/consumers.h"
#include "server/listener.h"

/* Forks the workers and returns the process's exit status when all have left. consumers are
 * those to start with; they are published for the web server too (published.h).
 *
 * A worker that ends is replaced, after a delay if it ended at once. One that is stuck with a
 * request is killed.
 *
 * On TERM, INT or QUIT it drains (decisions/0007): workers answer what is queued and leave, and
 * whoever is left at the deadline is killed.
 *
 * On HUP it reads the consumers file again. The new consumers are in force for all workers at once;
 * what is in their buckets stays. If anything is wrong with the file, the old ones stay. */
int master_run(const struct config *config, struct listener *listener,
               const struct consumers *consumers);

#endif
