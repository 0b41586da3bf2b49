/* writer: one process that alone makes the changes that requests ask for, in groups. */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H

#include "server/child.h"

/* Makes changes until TERM, and returns the exit status. What it has taken up it answers first;
 * what still waits is left to the next writer. Without a master it stays until the last worker has
 * left. */
int writer_run(const struct child *child);

/* How long one turn of its loop may take: the wait for changes; the rest of groups under way, whose
 * deadlines run at the same time; then one group more, which has a whole deadline of the store's;
 * and some time for what that does not bound. */
int64_t writer_turn_max_us(const struct config *config);

#endif
