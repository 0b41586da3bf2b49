/* master: keeps the workers running, and ends them. */
#ifndef SERVER_MASTER_H
#define SERVER_MASTER_H

#include "config/config.h"
#include "config/denylist.h"
#include "server/listener.h"

/* Forks the workers, replaces those that end (with a back-off for those that end at once), kills
 * those stuck with one request, and on TERM, INT or QUIT drains: workers, replaced until the socket
 * closes, answer what is queued and leave, and whoever is left at the deadline is killed. On HUP it
 * reads the file of denied consumers again: the new list is in force for all workers at once, or,
 * if anything is wrong with it, the old one stays. denied is the list to start with. Returns the
 * process's exit status when all have left. */
int master_run(const struct config *config, struct listener *listener,
               const struct denylist *denied);

#endif
