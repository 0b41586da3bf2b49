/* master: keeps the workers running, and ends them. */
#ifndef SERVER_MASTER_H
#define SERVER_MASTER_H

#include "config/config.h"
#include "config/denylist.h"
#include "server/listener.h"

/* Forks the workers and returns the process's exit status when all have left. denied is the list to
 * start with.
 *
 * A worker that ends is replaced, after a delay if it ended at once. One that is stuck with a
 * request is killed.
 *
 * On TERM, INT or QUIT it drains (decisions/0007): workers answer what is queued and leave, and
 * whoever is left at the deadline is killed.
 *
 * On HUP it reads the file of denied consumers again. The new list is in force for all workers at
 * once. If anything is wrong with it, the old one stays. */
int master_run(const struct config *config, struct listener *listener,
               const struct denylist *denied);

#endif
