/* lines: the writer's connections to the workers. Changes come over them, and the answers go. */
#ifndef STORE_RELAY_LINES_H
#define STORE_RELAY_LINES_H

#include "store/relay/door.h"
#include "store/relay/queue.h"

enum { RELAY_LINES_MAX = 512 }; /* workers, and their predecessors that have just died */

struct relay_lines;

/* Lets nobody in yet; the door is borrowed for its life. NULL on failure (errno). */
struct relay_lines *relay_lines_open(const struct relay_door *door);

/* Ends every connection; NULL is let pass. */
void relay_lines_close(struct relay_lines *lines);

/* Readable while there is something to receive. */
int relay_lines_fd(const struct relay_lines *lines);

/* Lets in who waits at the door, and puts what has come into the queue until that is full: of each
 * connection one change after the other, so that a worker with many does not keep others' out. Does
 * not block. */
void relay_lines_receive(struct relay_lines *lines, struct relay_queue *queue);

/* Takes up a change that was received. False: it was taken back, or its deadline has passed; then
 * it must not be made, and its worker knows or is told: STORE_BUSY. */
bool relay_lines_take_up(struct relay_lines *lines, struct relay_entry *entry);

/* Whether a change that was received was not taken back yet. */
bool relay_lines_want(const struct relay_lines *lines, const struct relay_entry *entry);

/* Answers a change that was taken up; the outcome is NULL if the result sets none. */
void relay_lines_tell(struct relay_lines *lines, const struct relay_entry *entry,
                      enum store_result result, struct store_outcome *outcome);

/* Whether no worker is left, and nobody who could start one. */
bool relay_lines_are_over(const struct relay_lines *lines);

#endif
