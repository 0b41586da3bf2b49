#include "store/relay/message.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void relay_message_write(struct relay_request *message, enum store_use use,
                         const struct order_request *request,
                         const struct store_placement *placement)
{
    message->use = use;
    message->now_us = placement->now_us;
    message->key_lifetime_us = placement->key_lifetime_us;
    message->again = placement->again;
    message->has_key = placement->key != NULL;
    snprintf(message->id, sizeof message->id, "%s", placement->id);
    snprintf(message->consumer, sizeof message->consumer, "%s", placement->consumer);
    snprintf(message->key, sizeof message->key, "%s", placement->key ? placement->key : "");
    message->order.count = 0;
    if (request)
        memcpy(&message->order, request,
               offsetof(struct order_request, items) + request->count * sizeof request->items[0]);
}

struct store_placement relay_message_placement(const struct relay_request *message)
{
    return (struct store_placement){.consumer = message->consumer,
                                    .key = message->has_key ? message->key : NULL,
                                    .id = message->id,
                                    .now_us = message->now_us,
                                    .key_lifetime_us = message->key_lifetime_us,
                                    .again = message->again};
}

static size_t relay_message_size(const struct relay_request *message)
{
    return offsetof(struct relay_request, order.items) +
           message->order.count * sizeof message->order.items[0];
}

bool relay_message_send(int fd, const struct relay_request *message)
{
    return send(fd, message, relay_message_size(message), MSG_NOSIGNAL) >= 0;
}

static bool relay_message_is_whole(const struct relay_request *message, size_t len, int workers)
{
    return len >= offsetof(struct relay_request, order.items) && message->worker >= 0 &&
           message->worker < workers && message->use < STORE_USES &&
           message->order.count <= ORDER_LINES_MAX && len == relay_message_size(message);
}

int relay_message_receive(int fd, int workers, struct relay_request *message)
{
    ssize_t n = recv(fd, message, sizeof *message, MSG_DONTWAIT);
    if (n <= 0) {
        errno = n == 0 ? EPIPE : errno;
        return -1;
    }
    return relay_message_is_whole(message, (size_t)n, workers);
}

/* The part of an outcome that a result sets. An answer's is received at the outcome's beginning. */
static struct iovec relay_message_part(enum store_result result, struct store_outcome *o,
                                       uint32_t count)
{
    switch (result) {
    case STORE_OK:
    case STORE_REPLAYED:
        return (struct iovec){&o->order, offsetof(struct order, lines) +
                                             o->order.count * sizeof o->order.lines[0]};
    case STORE_UNKNOWN_PRODUCT:
        return (struct iovec){o->unknown, count * sizeof o->unknown[0]};
    case STORE_SHORT:
        return (struct iovec){o->shorts, count * sizeof o->shorts[0]};
    default:
        return (struct iovec){NULL, 0};
    }
}

static uint32_t relay_message_count(enum store_result result, const struct store_outcome *outcome)
{
    if (result == STORE_UNKNOWN_PRODUCT)
        return (uint32_t)outcome->unknown_count;
    return result == STORE_SHORT ? (uint32_t)outcome->short_count : 0;
}

bool relay_message_answer(int fd, uint64_t number, enum store_result result,
                          struct store_outcome *outcome)
{
    struct relay_answer answer = {number, result, relay_message_count(result, outcome)};
    struct iovec parts[] = {{&answer, sizeof answer},
                            relay_message_part(result, outcome, answer.count)};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* Puts the part that was received at the outcome's beginning where it belongs; false if it is not
 * as long as it says. */
static bool relay_message_place(const struct relay_answer *answer, struct store_outcome *outcome,
                                size_t len)
{
    bool of_order = answer->result == STORE_OK || answer->result == STORE_REPLAYED;
    if (answer->count > ORDER_LINES_MAX || (of_order && (len < offsetof(struct order, lines) ||
                                                         outcome->order.count > ORDER_LINES_MAX)))
        return false;
    struct iovec part = relay_message_part(answer->result, outcome, answer->count);
    if (part.iov_len != len)
        return false;
    outcome->unknown_count = answer->result == STORE_UNKNOWN_PRODUCT ? answer->count : 0;
    outcome->short_count = answer->result == STORE_SHORT ? answer->count : 0;
    if (len > 0 && !of_order)
        memcpy(part.iov_base, &outcome->order, len);
    return true;
}

int relay_message_await(int fd, struct relay_answer *answer, struct store_outcome *outcome)
{
    struct iovec parts[] = {{answer, sizeof *answer}, {&outcome->order, sizeof outcome->order}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = recvmsg(fd, &message, 0);
    if (n < 0)
        return errno == ECONNRESET ? 0 : -1;
    return (size_t)n >= sizeof *answer &&
           relay_message_place(answer, outcome, (size_t)n - sizeof *answer);
}
