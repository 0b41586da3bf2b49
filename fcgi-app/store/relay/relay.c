#include "store/relay/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/socket.h"
#include "store/driver.h"
#include "store/relay/message.h"

enum {
    RELAY_AGAIN_US = 2000 /* before a change is handed over again */
};

struct relay {
    struct store store; /* first, so that a struct store * is a struct relay * */
    struct store *own;
    const struct relay_door *door;
    struct relay_ticket *ticket;
    int worker;
    int timeout_ms;
    int fd; /* the connection to the writer, or -1 */
    struct relay_request request;
};

/* Each call that is no change is passed on. */
#define STORE_CALL(name, parameters, arguments)                                                    \
    static enum store_result relay_##name parameters                                               \
    {                                                                                              \
        store = ((struct relay *)store)->own;                                                      \
        return store->driver->name arguments;                                                      \
    }
#define STORE_CHANGE(name, parameters, arguments)
#include "store/calls.def"

static void relay_disconnect(struct relay *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

static bool relay_connect(struct relay *r)
{
    if (r->fd >= 0)
        return true;
    r->fd = relay_door_knock(r->door);
    if (r->fd < 0)
        return false;
    /* The queue is full only if the writer stands still. */
    if (socket_set_timeout(r->fd, r->timeout_ms))
        return true;
    relay_disconnect(r);
    return false;
}

/* How far one attempt to hand a change over has come. */
enum relay_end {
    RELAY_ANSWERED,
    RELAY_NOT_TAKEN, /* and it never will be */
    RELAY_LOST,      /* it was taken up, and the writer died */
    RELAY_SILENT     /* it was taken up, and there is no answer */
};

/* Waits for the answer to the change with that number: once for it to be taken up, and if it was,
 * once more. */
static enum relay_end relay_await(struct relay *r, uint64_t number, struct store_outcome *outcome,
                                  enum store_result *result)
{
    struct relay_answer answer;
    int got = relay_message_await(r->fd, &answer, outcome);
    if (got < 0 && relay_ticket_withdraw(r->ticket, number))
        return RELAY_NOT_TAKEN;
    if (got < 0)
        got = relay_message_await(r->fd, &answer, outcome);
    if (got > 0 && answer.number == number) {
        *result = answer.result;
        return RELAY_ANSWERED;
    }
    relay_disconnect(r);
    if (got < 0)
        return RELAY_SILENT;
    return relay_ticket_withdraw(r->ticket, number) ? RELAY_NOT_TAKEN : RELAY_LOST;
}

static enum relay_end relay_hand_over(struct relay *r, struct store_outcome *outcome,
                                      enum store_result *result)
{
    if (!relay_connect(r))
        return RELAY_NOT_TAKEN;
    r->request.number = relay_ticket_draw(r->ticket);
    if (relay_message_send(r->fd, &r->request))
        return relay_await(r, r->request.number, outcome, result);
    relay_disconnect(r);
    relay_ticket_withdraw(r->ticket, r->request.number);
    return RELAY_NOT_TAKEN;
}

/* What is to be told of a change that an earlier attempt may have made, and a later one did not. */
static enum store_result relay_doubt(enum store_result result)
{
    switch (result) {
    case STORE_OK:
    case STORE_REPLAYED:
    case STORE_NOT_FOUND:
    case STORE_UNKNOWN_PRODUCT:
    case STORE_SHORT:
    case STORE_KEY_REUSED:
    case STORE_KEY_IN_FLIGHT:
        return result; /* the store looked for it first */
    default:
        return STORE_UNKNOWN;
    }
}

static enum store_result relay_change(struct store *store, enum store_use use,
                                      const struct order_request *request,
                                      const struct store_placement *placement,
                                      struct store_outcome *outcome)
{
    struct relay *r = (struct relay *)store;
    enum store_result result = STORE_BUSY;
    r->request.deadline_us = clock_monotonic_us() + (int64_t)r->timeout_ms * 1000;
    r->request.worker = r->worker;
    r->request.trace = r->store.trace ? r->store.call : (struct trace){.sampled = false};
    relay_message_write(&r->request, use, request, placement);
    for (;;) {
        enum relay_end end = relay_hand_over(r, outcome, &result);
        if (end == RELAY_ANSWERED)
            return r->request.again ? relay_doubt(result) : result;
        if (end == RELAY_SILENT)
            return STORE_UNKNOWN;
        r->request.again = r->request.again || end == RELAY_LOST;
        if (clock_monotonic_us() + RELAY_AGAIN_US >= r->request.deadline_us)
            return r->request.again ? STORE_UNKNOWN : STORE_BUSY;
        clock_sleep_us(RELAY_AGAIN_US);
    }
}

static enum store_result relay_order_place(struct store *store, const struct order_request *request,
                                           const struct store_placement *placement,
                                           struct store_outcome *outcome)
{
    return relay_change(store, STORE_USE_ORDER, request, placement, outcome);
}

static enum store_result relay_order_cancel(struct store *store,
                                            const struct store_placement *placement,
                                            struct store_outcome *outcome)
{
    return relay_change(store, STORE_USE_CANCEL, NULL, placement, outcome);
}

static void relay_close(struct store *store)
{
    struct relay *r = (struct relay *)store;
    relay_disconnect(r);
    store_close(r->own);
    free(r);
}

static const struct store_driver relay_driver = {
    .scheme = "relay",
    .form = "",
    .close = relay_close,
#define STORE_CALL(name, parameters, arguments) .name = relay_##name,
#include "store/calls.def"
};

struct store *relay_open(struct store *own, const struct relay_door *door, int worker,
                         int timeout_ms)
{
    struct relay *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->store.driver = &relay_driver;
    r->own = own;
    r->door = door;
    r->ticket = &door->tickets[worker];
    r->worker = worker;
    r->timeout_ms = timeout_ms;
    r->fd = -1;
    return &r->store;
}
