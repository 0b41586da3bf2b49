/* queue: the changes that the writer has received and that are in no group yet, the oldest first.
 * None is taken up by that: its worker may still take it back. */
#ifndef STORE_RELAY_QUEUE_H
#define STORE_RELAY_QUEUE_H

#include <stdbool.h>

#include "store/relay/message.h"

/* As many as the web server has connections, so that those that wait for one product leave room for
 * others. What finds no place is left in its connection. */
enum { RELAY_QUEUE_MAX = 16 * STORE_GROUP_MAX };

/* Which connection a change came over. Its place may have been given to another one since. */
struct relay_origin {
    int place;
    unsigned serial;
};

/* A change, from when it is received until it is answered. */
struct relay_entry {
    struct relay_origin from;
    struct store_placement placement; /* borrows from the request */
    struct relay_request request;
};

struct relay_queue {
    int count;
    struct relay_entry *list[RELAY_QUEUE_MAX];
    int free_count;
    struct relay_entry **free; /* the one used last is the first used again */
    struct relay_entry *entries;
    size_t size; /* of the entries, in bytes */
};

/* Makes an empty queue whose entries suffice for so many groups beside it. False if out of memory;
 * relay_queue_close in either case. */
bool relay_queue_open(struct relay_queue *queue, int groups);
void relay_queue_close(struct relay_queue *queue);

/* An entry to be filled in, or NULL if the queue is full. It stays free until relay_queue_add. */
struct relay_entry *relay_queue_next(const struct relay_queue *queue);

/* Puts that entry at the queue's end. */
void relay_queue_add(struct relay_queue *queue);

/* Closes up the gaps that are left where entries were taken out: NULL in the list. */
void relay_queue_close_up(struct relay_queue *queue);

/* Gives back an entry that was taken out. */
void relay_queue_release(struct relay_queue *queue, struct relay_entry *entry);

#endif
