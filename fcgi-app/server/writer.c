#include "server/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "store/relay/group.h"
#include "store/store.h"

enum { WRITER_WAIT_MS = LOOK_EACH_MS, WRITER_SPARE_MS = 2000 };

struct writer {
    const struct child *child;
    sigset_t waiting;
    struct store *store;
    struct relay_group *group;
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

/* Nobody is told of a change while what was before it is published. */
static void writer_withdraw(void *context, const struct store_change *change)
{
    struct answers *answers = context;
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

static bool writer_open(struct writer *w)
{
    w->store = child_open_store(w->child, w->child->board->succession);
    w->group = w->store ? relay_group_open(w->store, w->child->door) : NULL;
    if (!w->group)
        log_write(LOG_ERROR, "writer cannot start",
                  LOG_FIELDS(LOG_TEXT("call", w->store ? "epoll" : "malloc"),
                             LOG_TEXT("error", strerror(errno))));
    if (w->group && w->child->answers)
        relay_group_on_made(w->group, writer_withdraw, w->child->answers);
    return w->group != NULL;
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
    writer_show(w);
    int wait_ms = w->told ? WRITER_WAIT_MS / 10 : WRITER_WAIT_MS;
    int changes = relay_group_take(w->group, wait_ms, &w->waiting);
    if (changes > 0) {
        metrics_observe(METRIC_GROUPS, changes, METRICS_BARE);
        w->state = writer_hear(relay_group_make(w->group));
    } else if (w->state != STORE_OK && !w->told)
        w->state = writer_hear(store_ping(w->store));
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
    return w->told && (!child_is_orphan(w->child) || relay_group_is_over(w->group));
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
        w.state = writer_hear(store_ping(w.store));
        while (!writer_may_leave(&w))
            writer_turn(&w);
    }
    relay_group_close(w.group);
    store_close(w.store);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
