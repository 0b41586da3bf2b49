#include "store/relay/message.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { RELAY_KERNEL_SIZE = 1024 };

void relay_message_write(struct relay_request *message, const struct store_change *change)
{
    const struct store_placement *placement = change->placement;
    const struct order_request *order = change->use == STORE_USE_ORDER ? change->request : NULL;
    message->use = change->use;
    message->now_us = placement->now_us;
    message->key_lifetime_us = placement->key_lifetime_us;
    message->has_key = placement->key != NULL;
    snprintf(message->id, sizeof message->id, "%s", placement->id);
    snprintf(message->consumer, sizeof message->consumer, "%s", placement->consumer);
    snprintf(message->key, sizeof message->key, "%s", placement->key ? placement->key : "");
    message->order.count = 0;
    if (order)
        memcpy(&message->order, order,
               offsetof(struct order_request, items) + order->count * sizeof order->items[0]);
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
    return send(fd, message, relay_message_size(message), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static bool relay_message_is_whole(const struct relay_request *message, size_t len, int tickets)
{
    return len >= offsetof(struct relay_request, order.items) && message->ticket >= 0 &&
           message->ticket < tickets && message->use < STORE_USES &&
           message->order.count <= ORDER_LINES_MAX && len == relay_message_size(message);
}

int relay_message_receive(int fd, int tickets, struct relay_request *message)
{
    ssize_t n = recv(fd, message, sizeof *message, MSG_DONTWAIT);
    if (n <= 0) {
        errno = n == 0 ? EPIPE : errno;
        return -1;
    }
    return relay_message_is_whole(message, (size_t)n, tickets);
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

bool relay_message_answer(int fd, const struct relay_request *request, enum store_result result,
                          struct store_outcome *outcome)
{
    struct relay_answer answer = {request->number, request->ticket, result,
                                  relay_message_count(result, outcome)};
    struct iovec parts[] = {{&answer, sizeof answer},
                            relay_message_part(result, outcome, answer.count)};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* The kernel rounds a message up, to twice its size at most, and adds what it keeps of it. */
size_t relay_message_room(const struct store_change *change)
{
    const struct order *order = NULL;
    size_t lines = change->use == STORE_USE_ORDER ? change->request->count : ORDER_LINES_MAX;
    size_t size = sizeof(struct relay_answer) + offsetof(struct order, lines) +
                  lines * sizeof order->lines[0];
    return 2 * size + RELAY_KERNEL_SIZE;
}

int relay_message_collect(int fd, const struct relay_inbox *box)
{
    struct mmsghdr messages[RELAY_INBOX_MAX];
    struct iovec parts[RELAY_INBOX_MAX][2];
    for (int i = 0; i < RELAY_INBOX_MAX; i++) {
        parts[i][0] = (struct iovec){&box->answers[i], sizeof box->answers[i]};
        parts[i][1] = (struct iovec){&box->outcomes[i].order, sizeof box->outcomes[i].order};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = parts[i], .msg_iovlen = 2}};
    }
    int got = recvmmsg(fd, messages, RELAY_INBOX_MAX, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++)
        box->sizes[i] = messages[i].msg_len;
    return got;
}

bool relay_message_place(const struct relay_answer *answer, struct store_outcome *outcome,
                         size_t size)
{
    if (size < sizeof *answer)
        return false;
    size_t len = size - sizeof *answer;
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
