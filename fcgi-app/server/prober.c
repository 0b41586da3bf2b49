#include "server/prober.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/caller.h"

enum {
    PROBER_CALLERS_MAX = 128, /* connections at once; others queue */
    /* The web server holds a whole request before it connects, so either it is there or never. */
    PROBER_CALLER_US = 1000 * 1000,
    PROBER_WAIT_MS = 1000,
    PROBER_STOP_WAIT_MS = 20,
    PROBER_STOP_US = 1000 * 1000
};

struct prober {
    const struct child *child;
    sigset_t waiting;
    int64_t told_us; /* monotonic: when it was told to end, or the master died; 0 before */
    struct caller_desk desk;
    int open; /* callers that are not free */
    struct caller callers[PROBER_CALLERS_MAX];
};

/* Fills the free places. False if a connection may still be queued. */
static bool prober_accept(struct prober *p)
{
    for (int i = 0; i < PROBER_CALLERS_MAX; i++) {
        if (p->callers[i].fd >= 0)
            continue;
        int fd = accept4(p->child->listener->probe_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return true;
        caller_open(&p->callers[i], fd);
        p->open++;
    }
    return false;
}

static void prober_go_on(struct prober *p)
{
    int64_t now = clock_monotonic_us();
    for (int i = 0; i < PROBER_CALLERS_MAX; i++) {
        struct caller *caller = &p->callers[i];
        if (caller->fd < 0)
            continue;
        if (caller_go_on(caller, &p->desk) && now - caller->start_us < PROBER_CALLER_US)
            continue;
        caller_close(caller);
        p->open--;
    }
}

static void prober_wait(struct prober *p)
{
    int wait_ms = p->told_us ? PROBER_STOP_WAIT_MS : PROBER_WAIT_MS;
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    struct pollfd polls[PROBER_CALLERS_MAX + 1];
    nfds_t n = 0;
    if (p->open < PROBER_CALLERS_MAX)
        polls[n++] = (struct pollfd){p->child->listener->probe_fd, POLLIN, 0};
    for (int i = 0; i < PROBER_CALLERS_MAX; i++) {
        const struct caller *caller = &p->callers[i];
        if (caller->fd >= 0)
            polls[n++] = (struct pollfd){caller->fd, caller_writes(caller) ? POLLOUT : POLLIN, 0};
    }
    atomic_store(&p->child->slot->busy_since_us, 0);
    ppoll(polls, n, &wait, &p->waiting);
    /* The master ends one that does not come back here. */
    atomic_store(&p->child->slot->busy_since_us, clock_monotonic_us());
}

/* Takes note of the time to end. An orphan bounds its own life, as workers do. */
static void prober_look_for_stop(struct prober *p)
{
    if (p->told_us || !child_is_told())
        return;
    p->told_us = clock_monotonic_us();
    if (child_is_orphan(p->child))
        alarm((unsigned)p->child->config->drain_seconds + 1);
}

static bool prober_may_leave(const struct prober *p, bool queue_empty)
{
    const struct config *config = p->child->config;
    if (!p->told_us)
        return false;
    if (child_is_orphan(p->child))
        return scoreboard_is_quiet(p->child->board, p->told_us, config->quiet_ms);
    return (queue_empty && p->open == 0) || clock_monotonic_us() - p->told_us >= PROBER_STOP_US;
}

static void prober_loop(struct prober *p)
{
    struct scoreboard *board = p->child->board;
    for (;;) {
        prober_look_for_stop(p);
        p->desk.draining = atomic_load(&board->draining) || child_is_orphan(p->child);
        p->desk.service.store_state = scoreboard_store(board, p->child->config);
        bool queue_empty = prober_accept(p);
        prober_go_on(p);
        if (prober_may_leave(p, queue_empty))
            return;
        prober_wait(p);
    }
}

int prober_run(const struct child *child)
{
    struct prober *p = calloc(1, sizeof *p);
    if (!p) {
        log_write(LOG_ERROR, "prober cannot start", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        return EXIT_FAILURE;
    }
    p->child = child;
    child_take_signals(child, &p->waiting);
    listener_keep(child->listener, LISTENER_PROBES);
    relay_door_keep(child->door, RELAY_NOBODY);
    caller_desk_init(&p->desk, child->board);
    for (int i = 0; i < PROBER_CALLERS_MAX; i++)
        p->callers[i].fd = -1;
    prober_loop(p);
    for (int i = 0; i < PROBER_CALLERS_MAX; i++) {
        if (p->callers[i].fd >= 0)
            caller_close(&p->callers[i]);
    }
    caller_desk_free(&p->desk);
    free(p);
    return EXIT_SUCCESS;
}
