#include "server/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/publisher.h"
#include "store/relay/lanes.h"
#include "store/store.h"

enum {
    WRITER_WAIT_MS = LOOK_EACH_MS,
    WRITER_SPARE_MS = 2000,
    WRITER_LANES = 3 /* with a server, which works at one group while another one waits */
};

struct writer {
    const struct child *child;
    sigset_t waiting;
    struct store *stores[WRITER_LANES];
    struct relay_lanes *lanes;
    enum store_result state; /* what the store said last */
    bool told;
};

int64_t writer_turn_max_us(const struct config *config)
{
    return (WRITER_WAIT_MS + 2 * (int64_t)config->store_timeout_ms + WRITER_SPARE_MS) * 1000;
}

/* Whether the store says for certain that the change was not made. */
static bool writer_is_refused(enum store_result result)
{
    return result == STORE_NOT_FOUND || result == STORE_UNKNOWN_PRODUCT || result == STORE_SHORT ||
           result == STORE_KEY_REUSED || result == STORE_KEY_IN_FLIGHT;
}

static void writer_withdraw(struct answers *answers, const struct store_change *change)
{
    const struct order *order = &change->outcome->order;
    if (writer_is_refused(change->result))
        return;
    if (change->use == STORE_USE_ORDER) {
        for (size_t i = 0; i < change->request->count; i++)
            answers_withdraw(answers, change->request->items[i].product_id);
    } else if (change->result == STORE_OK) {
        for (size_t i = 0; i < order->count; i++)
            answers_withdraw(answers, order->lines[i].product_id);
    } else {
        /* Which products the order has was not told. */
        answers_withdraw_all(answers);
    }
}

/* Nobody is told of a change while what was before it is published. Where a new master has come,
 * the web server reads from memory that this process does not have. */
static void writer_on_made(void *context, const struct store_change *changes, size_t count)
{
    const struct writer *w = context;
    for (size_t i = 0; i < count; i++)
        writer_withdraw(w->child->answers, &changes[i]);
    if (child_is_orphan(w->child))
        publisher_show(w->child->listener);
}

/* Each has a succession of its own. */
static struct store *writer_open_store(const struct writer *w, int lane)
{
    return child_open_store(w->child, w->child->board->succession ^ (int64_t)lane << 1);
}

/* Opens the stores; how many, 0 on failure. */
static int writer_open_stores(struct writer *w)
{
    int count = 0, lanes = 1;
    while (count < lanes && (w->stores[count] = writer_open_store(w, count))) {
        lanes = store_traits(w->stores[0])->remote ? WRITER_LANES : 1;
        count++;
    }
    return count == lanes ? count : 0;
}

static bool writer_open(struct writer *w)
{
    int count = writer_open_stores(w);
    w->lanes = count ? relay_lanes_open(w->stores, count, w->child->door) : NULL;
    if (!w->lanes)
        log_write(LOG_ERROR, "writer cannot start",
                  LOG_FIELDS(LOG_TEXT("call", count ? "epoll" : "malloc"),
                             LOG_TEXT("error", strerror(errno))));
    if (w->lanes && w->child->answers)
        relay_lanes_on_made(w->lanes, writer_on_made, w);
    return w->lanes != NULL;
}

static void writer_close(struct writer *w)
{
    relay_lanes_close(w->lanes);
    for (int i = 0; i < WRITER_LANES; i++)
        store_close(w->stores[i]);
}

/* The master ends one that does not come back here. */
static void writer_show(const struct writer *w)
{
    look_note(&w->child->board->writer, w->state);
    atomic_store(&w->child->slot->busy_since_us, clock_monotonic_us());
}

/* What a call's result says of the store, for readiness. That another holds a lock, or that one
 * change's data is wrong, does not make the store unfit. */
static enum store_result writer_hear(enum store_result result)
{
    switch (result) {
    case STORE_BUSY:
    case STORE_FAULT:
        return STORE_OK;
    case STORE_UNKNOWN:
        return STORE_UNREACHABLE;
    default:
        return result;
    }
}

/* While nothing is asked of it, it finds out by itself whether a store that failed is back. */
static void writer_turn(struct writer *w)
{
    enum store_result said;
    writer_show(w);
    int wait_ms = w->told ? WRITER_WAIT_MS / 10 : WRITER_WAIT_MS;
    if (relay_lanes_turn(w->lanes, wait_ms, &w->waiting, &said) > 0)
        w->state = writer_hear(said);
    else if (w->state != STORE_OK && !w->told && relay_lanes_are_idle(w->lanes))
        w->state = writer_hear(relay_lanes_ping(w->lanes));
}

/* An orphan bounds its own life, as workers do. */
static void writer_look_for_stop(struct writer *w)
{
    if (w->told || !child_is_told())
        return;
    w->told = true;
    if (child_is_orphan(w->child))
        alarm((unsigned)w->child->config->drain_seconds + 1);
}

static bool writer_may_leave(struct writer *w)
{
    writer_look_for_stop(w);
    return w->told && (!child_is_orphan(w->child) || relay_lanes_are_over(w->lanes));
}

int writer_run(const struct child *child)
{
    struct writer w = {.child = child};
    bool ok;
    child_take_signals(child, &w.waiting);
    listener_keep(child->listener, LISTENER_NOTHING);
    relay_door_keep(child->door, RELAY_WRITER);
    ok = writer_open(&w);
    if (ok) {
        /* What the one before was about to change is over before anything is taken up. */
        w.state = writer_hear(relay_lanes_ping(w.lanes));
        while (!writer_may_leave(&w))
            writer_turn(&w);
        relay_lanes_finish(w.lanes);
    }
    writer_close(&w);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
