/* message: what workers and the writer send each other. Both are of one program, on one machine, so
 * it is their structures as they are, cut off behind what is used of them. */
#ifndef STORE_RELAY_MESSAGE_H
#define STORE_RELAY_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* A change that is handed over; about 3.5 kB at most. */
struct relay_request {
    uint64_t number; /* that the ticket had when it was drawn */
    int ticket;
    enum store_use use;
    int64_t deadline_us; /* monotonic: not to be begun after it */
    int64_t now_us, key_lifetime_us;
    bool again, has_key;
    struct trace trace; /* of the call, for the writer's own span; not sampled: no span */
    char id[ID_TEXT_SIZE];
    char consumer[ORDER_CONSUMER_MAX + 1];
    char key[ORDER_KEY_MAX + 1];
    struct order_request order; /* last: cut off behind the items there are */
};

/* What became of it: this, and then the part of the outcome that the result sets. */
struct relay_answer {
    uint64_t number; /* as in the request */
    int ticket;
    enum store_result result;
    uint32_t count; /* of what is unknown or short */
};

enum { RELAY_INBOX_MAX = 8 }; /* answers that are received at once */

/* Room for RELAY_INBOX_MAX answers. A part lies at its outcome's beginning until
 * relay_message_place. */
struct relay_inbox {
    struct relay_answer *answers;
    struct store_outcome *outcomes;
    size_t *sizes; /* bytes of each whole message; 0: the connection has ended */
};

/* Fills in all but number, ticket, deadline, again and trace. */
void relay_message_write(struct relay_request *message, const struct store_change *change);

/* The placement in a message, which it borrows from. */
struct store_placement relay_message_placement(const struct relay_request *message);

/* Bytes that the kernel may take, at most, to hold the answer to a change. */
size_t relay_message_room(const struct store_change *change);

/* Sends a request without blocking; false, errno is set. */
bool relay_message_send(int fd, const struct relay_request *message);

/* Receives a request without blocking: 1; 0 if it is none, and to be passed over; -1 if the
 * connection has ended or fails; errno is EAGAIN if nothing came. tickets is how many there are. */
int relay_message_receive(int fd, int tickets, struct relay_request *message);

/* Sends the answer to a request, without blocking; false if the worker has gone, or has not read
 * what it was sent (EAGAIN). */
bool relay_message_answer(int fd, const struct relay_request *request, enum store_result result,
                          struct store_outcome *outcome);

/* Receives answers without blocking: how many; -1 if there are none, errno is set. */
int relay_message_collect(int fd, const struct relay_inbox *box);

/* Puts the part of an outcome where the answer's result says it belongs; false if the message, of
 * that size, is no whole answer. */
bool relay_message_place(const struct relay_answer *answer, struct store_outcome *outcome,
                         size_t size);

#endif
