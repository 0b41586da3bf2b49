/* master: keeps its children running, and ends them. */
#ifndef SERVER_MASTER_H
#define SERVER_MASTER_H

#include "config/config.h"
#include "config/consumers.h"
#include "server/listener.h"
#include "store/store.h"

/* Forks its children and returns the process's exit status when all have left. consumers are
 * those to start with; they are published for the web server too (published.h).
 *
 * store is what the store said last. From then on the watcher looks at it.
 *
 * A child that ends is replaced, after a delay if it ended at once. One that is stuck with a
 * request is killed.
 *
 * On TERM, INT or QUIT it drains (decisions/0007): workers answer what is queued and leave, and
 * whoever is left at the deadline is killed. The writer leaves after the workers. The prober says
 * that it is not ready until then, and leaves last.
 *
 * On HUP it reads the consumers file again. The new consumers are in force for all workers at once;
 * what is in their buckets stays. If anything is wrong with the file, the old ones stay. */
int master_run(const struct config *config, struct listener *listener,
               const struct consumers *consumers, enum store_result store);

#endif
