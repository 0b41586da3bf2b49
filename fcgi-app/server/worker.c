#include "server/worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sparse.h"
#include "server/exchange.h"
#include "server/intake.h"
#include "server/stop.h"
#include "store/relay/relay.h"
#include "store/store.h"

enum {
    WORKER_WAIT_MS = 1000,
    WORKER_STOP_WAIT_MS = 50,
    /* A Ctrl-C reaches master and workers at once. The master has this long to say that it
     * drains. */
    WORKER_ALONE_US = 1000 * 1000,
    WORKER_LOOK_US = 20 * 1000, /* between two looks that are not made for each request */
    WORKER_MALLOC_MMAP = 256 * 1024
};

static volatile sig_atomic_t worker_stop;

struct worker {
    const struct config *config;
    struct scoreboard *board;
    struct acceptors *acceptors;
    struct scoreboard_slot *slot;
    sigset_t waiting; /* the mask while nothing is being served */
    pid_t master;
    int64_t looked_us; /* monotonic: when it last looked for signals, and whether to accept */
    int64_t told_us;   /* monotonic: when a signal to stop was seen; 0 before */
    int64_t drain_us;  /* monotonic: when it was seen that all stop, not this one alone; 0 before */
    bool waited;       /* for a store, since it last looked: such work takes many acceptors */
    bool spare;        /* there are enough acceptors without it */
    bool rested;       /* since it served last */
    struct store *store;
    struct relay *relay; /* to the writer, which makes all changes */
    struct intake *intake;
    struct exchanges exchanges;
};

static void worker_on_stop(int signal)
{
    (void)signal;
    worker_stop = 1;
}

/* Blocks every signal but ALRM, since libfcgi's reads and writes do not go on after an interruption
 * (decisions/0004). Those that stop are open in the loop's wait alone. ALRM ends the process at the
 * drain's deadline, with a master or without. */
static void worker_set_signals(struct worker *w)
{
    struct sigaction stop = {.sa_handler = worker_on_stop};
    sigset_t all;

    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    sigprocmask(SIG_SETMASK, &all, NULL);
    w->waiting = all;
    for (int i = 0; i < STOP_SIGNALS; i++) {
        sigaction(stop_signals[i], &stop, NULL);
        sigdelset(&w->waiting, stop_signals[i]);
    }
    signal(SIGALRM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* The master may have gone before the line above. */
    if (getppid() != w->master)
        worker_stop = 1;
}

/* It reads for itself; the writer changes. */
static bool worker_open_stores(struct worker *w, const struct child *child)
{
    w->store = child_open_store(child, 0);
    w->relay = relay_open(child->door, (int)(child->slot - child->board->slots),
                          child->config->store_timeout_ms);
    if (w->store && w->relay)
        return true;
    log_write(LOG_ERROR, "worker cannot start", LOG_FIELDS(LOG_TEXT("call", "malloc")));
    return false;
}

static bool worker_open(struct worker *w, const struct child *child)
{
    /* Fixed, so that the allocator gives a large list's memory back to the kernel at once. */
    mallopt(M_MMAP_THRESHOLD, WORKER_MALLOC_MMAP);
    bool stores = worker_open_stores(w, child);
    w->intake =
        intake_new(child->listener->fd, child->acceptors->call_fd, w->config->request_seconds);
    /* It sets signal handlers of libfcgi's, so ours come after it. */
    bool open = stores && exchanges_open(&w->exchanges, child, w->store, w->relay,
                                         store_traits(w->store)->remote);
    worker_set_signals(w);
    return open && w->intake;
}

static void worker_close(struct worker *w)
{
    exchanges_close(&w->exchanges);
    relay_close(w->relay);
    store_close(w->store);
    intake_free(w->intake);
}

static void worker_end(struct worker *w, struct exchange *exchange, bool leave)
{
    struct arrival *arrival = exchange->arrival;
    bool keep = exchanges_end(&w->exchanges, exchange);
    if (arrival->in.keeps)
        acceptors_need_all(w->acceptors);
    intake_done(w->intake, arrival, keep && !leave);
    if (exchange->response.traffic)
        atomic_store(&w->slot->last_us, clock_monotonic_us());
}

static void worker_serve(struct worker *w, struct arrival *arrival, bool leave)
{
    w->rested = false;
    bool draining = w->drain_us || atomic_load(&w->board->draining);
    int64_t now = clock_monotonic_us();
    /* From here on the master watches the time. */
    atomic_store(&w->slot->busy_since_us, now);
    struct exchange *exchange = exchanges_serve(&w->exchanges, arrival, draining, now);
    atomic_store(&w->slot->waits, relay_waiting(w->relay));
    w->waited = w->waited || !atomic_load(&w->slot->accepts);
    if (!exchange)
        intake_done(w->intake, arrival, false);
    else if (!exchange->waits)
        worker_end(w, exchange, leave);
    atomic_store(&w->slot->busy_since_us, 0);
}

/* Answers those whose changes the writer has made, or did not make in time. */
static void worker_conclude(struct worker *w, bool leave)
{
    const struct store_change *change;
    while ((change = relay_next(w->relay))) {
        atomic_store(&w->slot->busy_since_us, clock_monotonic_us());
        worker_end(w, exchanges_conclude(&w->exchanges, change), leave);
    }
    atomic_store(&w->slot->waits, relay_waiting(w->relay));
    atomic_store(&w->slot->busy_since_us, 0);
}

static bool worker_is_to_look(struct worker *w)
{
    int64_t now = clock_monotonic_us();
    if (now - w->looked_us < WORKER_LOOK_US)
        return false;
    w->looked_us = now;
    return true;
}

/* All stop when the master says so, or when it was killed, which the kernel tells its workers by a
 * TERM. */
static void worker_look_for_stop(struct worker *w, bool look)
{
    /* Under unceasing load epoll_pwait finds a request each time and delivers no signal, so signals
     * that are still to be delivered are looked for too, now and then: decisions/0004. */
    if (!w->told_us && (worker_stop || (look && stop_is_pending())))
        w->told_us = clock_monotonic_us();
    if (!w->drain_us &&
        (atomic_load(&w->board->draining) || (w->told_us && getppid() != w->master))) {
        w->drain_us = clock_monotonic_us();
        alarm((unsigned)w->config->drain_seconds + 1);
    }
}

/* The master replaces it; the queue is left to the others. */
static bool worker_is_stopped_alone(const struct worker *w)
{
    return w->told_us && !w->drain_us && clock_monotonic_us() - w->told_us >= WORKER_ALONE_US;
}

/* The master says when no more connections come. Without a master, a worker decides for itself:
 * when it has seen no request for the quiet time. */
static bool worker_may_leave(const struct worker *w)
{
    int64_t last_us = atomic_load(&w->slot->last_us);
    if (!w->drain_us || getppid() == w->master)
        return w->drain_us && atomic_load(&w->board->closing);
    last_us = last_us > w->drain_us ? last_us : w->drain_us;
    return clock_monotonic_us() - last_us >= (int64_t)w->config->quiet_ms * 1000;
}

/* In a drain all workers accept. One that is told to stop alone leaves that to others, and so does
 * one that cannot serve more. */
static void worker_look_whether_to_accept(struct worker *w, bool look, bool stops, bool alone)
{
    bool can = !alone && !exchanges_are_full(&w->exchanges), accepts = can;
    if (!can)
        acceptors_leave(w->acceptors, w->slot);
    else
        acceptors_join(w->slot);
    if (can && !stops && (w->spare || (look && !w->waited)))
        accepts = !(w->spare = acceptors_can_spare(w->acceptors, w->slot));
    w->waited = w->waited && !look;
    intake_set_accepts(w->intake, accepts);
}

/* Waits for the writer alone, since no more can be served. */
static enum intake_event worker_wait_full(struct worker *w, int wait_ms)
{
    struct pollfd writer = {.fd = relay_fd(w->relay), .events = POLLIN};
    const struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    ppoll(&writer, 1, &wait, &w->waiting);
    return INTAKE_BESIDE;
}

/* How long to wait for a request: a change may have to be seen to before. */
static int worker_wait_ms(const struct worker *w, bool stops, bool may_end)
{
    int64_t wait_ms = may_end ? 0 : stops ? WORKER_STOP_WAIT_MS : WORKER_WAIT_MS;
    if (relay_waiting(w->relay) == 0)
        return (int)wait_ms;
    int64_t due_us = relay_due_us(w->relay), now_us = clock_monotonic_us();
    int64_t due_ms = due_us > now_us ? (due_us - now_us) / 1000 + 1 : 0;
    return (int)(due_ms < wait_ms ? due_ms : wait_ms);
}

/* Serves the next request, or what the writer has answered; false if there was neither. */
static bool worker_step(struct worker *w, int wait_ms, bool leave)
{
    struct arrival *arrival = NULL;
    enum intake_event event = exchanges_are_full(&w->exchanges)
                                  ? worker_wait_full(w, wait_ms)
                                  : intake_next(w->intake, wait_ms, &w->waiting, &arrival);
    if (event == INTAKE_WHOLE)
        worker_serve(w, arrival, leave);
    if (event == INTAKE_BESIDE ||
        (relay_waiting(w->relay) > 0 && relay_due_us(w->relay) <= clock_monotonic_us()))
        worker_conclude(w, leave);
    /* The relay makes a connection when it has something to send. */
    if (relay_is_new(w->relay) && !intake_watch_beside(w->intake, relay_fd(w->relay)))
        log_write(LOG_ERROR, "cannot watch the connection to the writer",
                  LOG_FIELDS(LOG_TEXT("call", "epoll_ctl"), LOG_TEXT("error", strerror(errno))));
    return event != INTAKE_NOTHING;
}

/* In a second without a request: of 24 workers a few serve most, and not always the same ones, so
 * each would keep what its largest burst took. */
static void worker_rest(struct worker *w)
{
    if (w->rested || !exchanges_rest(&w->exchanges))
        return;
    /* The pages of what is free, wherever it lies. */
    malloc_trim(0);
    w->rested = true;
}

/* Nobody who has begun to send is left behind. */
static void worker_loop(struct worker *w)
{
    atomic_store(&w->slot->busy_since_us, 0);
    for (;;) {
        bool look = worker_is_to_look(w);
        worker_look_for_stop(w, look);
        bool alone = worker_is_stopped_alone(w), stops = w->told_us || w->drain_us;
        worker_look_whether_to_accept(w, look, stops, alone);
        bool leave = alone || worker_may_leave(w);
        bool may_end = leave && intake_finish(w->intake);
        if (worker_step(w, worker_wait_ms(w, stops, may_end), leave))
            continue;
        if (may_end)
            return;
        worker_rest(w);
    }
}

int worker_run(const struct child *child)
{
    struct worker *w = sparse_make(sizeof *w);
    int status = EXIT_FAILURE;
    if (!w) {
        log_write(LOG_ERROR, "worker cannot start", LOG_FIELDS(LOG_TEXT("call", "mmap")));
        return status;
    }
    listener_keep(child->listener, LISTENER_REQUESTS);
    relay_door_keep(child->door, RELAY_WORKER);
    w->config = child->config;
    w->board = child->board;
    w->acceptors = child->acceptors;
    w->slot = child->slot;
    w->master = child->master;
    if (worker_open(w, child)) {
        worker_loop(w);
        status = EXIT_SUCCESS;
    }
    worker_close(w);
    sparse_free(w, sizeof *w);
    return status;
}
