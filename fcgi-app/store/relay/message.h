/* message: what workers and the writer send each other. Both are of one program, on one machine, so
 * it is their structures as they are, cut off behind what is used of them. */
#ifndef STORE_RELAY_MESSAGE_H
#define STORE_RELAY_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* A change that is handed over; about 3.5 kB at most. */
struct relay_request {
    uint64_t number; /* of the worker's ticket */
    int worker;
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
    uint64_t number;
    enum store_result result;
    uint32_t count; /* of what is unknown or short */
};

/* Fills in all but number, worker, deadline and trace. request is NULL unless an order is placed.
 */
void relay_message_write(struct relay_request *message, enum store_use use,
                         const struct order_request *request,
                         const struct store_placement *placement);

/* The placement in a message, which it borrows from. */
struct store_placement relay_message_placement(const struct relay_request *message);

/* Sends a request over a connection that may block; false, errno is set. */
bool relay_message_send(int fd, const struct relay_request *message);

/* Receives a request without blocking: 1; 0 if it is none, and to be passed over; -1 if the
 * connection has ended or fails; errno is EAGAIN if nothing came. */
int relay_message_receive(int fd, int workers, struct relay_request *message);

/* Sends the answer to a request, without blocking; false if the worker has gone. */
bool relay_message_answer(int fd, uint64_t number, enum store_result result,
                          struct store_outcome *outcome);

/* Waits for an answer, as long as the connection's SO_RCVTIMEO lets it: 1, and *answer and the part
 * of the outcome are set; 0 if the connection has ended; -1 and errno: EAGAIN if none came in time.
 */
int relay_message_await(int fd, struct relay_answer *answer, struct store_outcome *outcome);

#endif
