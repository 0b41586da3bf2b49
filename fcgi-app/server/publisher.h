/* publisher: the process that keeps the published answers true where others change products, and
 * gives their memory to the web server. */
#ifndef SERVER_PUBLISHER_H
#define SERVER_PUBLISHER_H

#include "server/child.h"

/* Whether answers are to be published. Not where the requests' socket was inherited: another
 * application may serve on it, too, whose orders are not withdrawn here before they are answered.
 */
bool publisher_is_wanted(const struct config *config, const struct listener *listener);

/* Makes the answers and names their routes, before the fork. False on failure, which is logged. */
bool publisher_make_answers(struct answers *answers, const struct config *config);

/* Where a predecessor was killed, and its publisher with it, the web server may still hold its
 * answers. Waits until they count no more, before the first change can be made. */
void publisher_outlast(const struct listener *listener);

/* In a process whose master has been killed, after a change: a new one may publish by now. Returns
 * once nothing of before counts any more, as handover_show does. */
void publisher_show(const struct listener *listener);

/* Runs in the child until it is told to end: asks the store what has changed, as often as pace.h
 * says, withdraws it, and renews the lease. Answers count no more when it ends. */
int publisher_run(const struct child *child);

#endif
