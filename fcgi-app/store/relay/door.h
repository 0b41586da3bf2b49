/* door: how workers reach the writer, whichever of them is replaced. The master makes it before it
 * forks; both ends outlive the processes that use them.
 *
 * A worker makes a connection for itself, and sends the writer's end of it through the door. If the
 * writer dies, its connections end, and the workers see it. Those that no writer has taken in yet
 * wait in the door for the next one. */
#ifndef STORE_RELAY_DOOR_H
#define STORE_RELAY_DOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "store/relay/ticket.h"

enum { RELAY_WAITING_MAX = 64 }; /* changes of one worker that wait at a time */

struct relay_door {
    int outer_fd, inner_fd; /* the workers' side, the writer's; -1 if let go of */
    int workers;
    struct relay_ticket *tickets; /* RELAY_WAITING_MAX a worker, in shared memory */
};

enum relay_side { RELAY_NOBODY, RELAY_WORKER, RELAY_WRITER };

/* Makes the door for so many workers. False on failure, which is logged; relay_door_close in either
 * case. */
bool relay_door_open(struct relay_door *door, int workers);
void relay_door_close(struct relay_door *door);

/* In a child, after the fork: lets go of the sides that are not its own. */
void relay_door_keep(struct relay_door *door, enum relay_side side);

/* By the master: whatever waits of a worker that has died is withdrawn. */
void relay_door_void(const struct relay_door *door, int worker);

/* By a worker: a new connection to the writer, which does not block, or -1 (errno): EAGAIN if too
 * many wait in the door. room is how many bytes of answers the kernel holds for it. */
int relay_door_knock(const struct relay_door *door, size_t *room);

/* By the writer: takes in the next connection, or returns -1 (errno): EAGAIN if none waits, EPIPE
 * if nobody is left who could knock. */
int relay_door_answer(const struct relay_door *door);

#endif
