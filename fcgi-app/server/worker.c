#include "server/worker.h"

#include <errno.h>
#include <fcgiapp.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http.h"
#include "server/access.h"
#include "server/admission.h"
#include "server/gateway.h"
#include "server/stop.h"
#include "store/relay/relay.h"
#include "store/store.h"

enum {
    WORKER_WAIT_MS = 1000,
    WORKER_STOP_WAIT_MS = 50,
    /* A Ctrl-C reaches master and workers at once. The master has this long to say that it
     * drains. */
    WORKER_ALONE_US = 1000 * 1000,
    WORKER_MALLOC_MMAP = 256 * 1024
};

/* How long libfcgi waits, in milliseconds, for the first byte of a new connection. Later it drops
 * the connection, and the web server answers 500: decisions/0006. */
#define WORKER_FIRST_BYTE_VARIABLE "LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT"
#define WORKER_FIRST_BYTE_MS       "5000"

static volatile sig_atomic_t worker_stop;

struct worker {
    const struct config *config;
    struct scoreboard *board;
    struct scoreboard_slot *slot;
    int listen_fd;
    int epoll_fd;
    sigset_t waiting; /* the mask while nothing is being served */
    pid_t master;
    int64_t told_us;  /* monotonic: when a signal to stop was seen; 0 before */
    int64_t drain_us; /* monotonic: when it was seen that all stop, not this one alone; 0 before */
    struct http_service service;
    struct http_response response;
    struct gateway gateway;
    struct roster_entry caller; /* of the request being served */
    FCGX_Request fcgi;
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

static bool worker_fail(const char *call)
{
    log_write(LOG_ERROR, "worker cannot start",
              LOG_FIELDS(LOG_TEXT("call", call), LOG_TEXT("error", strerror(errno))));
    return false;
}

/* It reads for itself; the writer changes. */
static struct store *worker_open_store(const struct child *child)
{
    struct store *own = child_open_store(child, 0);
    int number = (int)(child->slot - child->board->slots);
    struct store *store =
        own ? relay_open(own, child->door, number, child->config->store_timeout_ms) : NULL;
    if (!store)
        store_close(own);
    return store;
}

static bool worker_open(struct worker *w, const struct child *child)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};

    /* Fixed, so that the allocator gives a large list's memory back to the kernel at once. */
    mallopt(M_MMAP_THRESHOLD, WORKER_MALLOC_MMAP);
    setenv(WORKER_FIRST_BYTE_VARIABLE, WORKER_FIRST_BYTE_MS, 1);
    /* FCGX_Init sets handlers of its own, so ours come after it. */
    if (FCGX_Init() != 0 || FCGX_InitRequest(&w->fcgi, w->listen_fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
        return worker_fail("FCGX_Init");
    worker_set_signals(w);
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->listen_fd, &event) < 0)
        return worker_fail("epoll");
    struct store *store = worker_open_store(child);
    http_service_init(&w->service, store, (size_t)w->config->answer_kib * 1024);
    http_response_init(&w->response);
    if (!store || !gateway_init(&w->gateway)) {
        errno = ENOMEM;
        return worker_fail("malloc");
    }
    return true;
}

static void worker_close(struct worker *w)
{
    FCGX_Free(&w->fcgi, 1);
    gateway_free(&w->gateway);
    http_response_free(&w->response);
    http_service_free(&w->service);
    store_close(w->service.store);
    if (w->epoll_fd >= 0)
        close(w->epoll_fd);
}

/* Whether the web server closed the connection, because its client left while the request was
 * queued. One that only ended its own sending still waits for the answer, unless it says that this
 * is its sign of a client that left: mod_postern_vpce keeps its side open until the work ends. */
static bool worker_is_left(const struct worker *w)
{
    struct pollfd connection = {.fd = w->fcgi.ipcFd, .events = POLLRDHUP};
    if (poll(&connection, 1, 0) != 1)
        return false;
    return connection.revents & (POLLHUP | POLLERR) ||
           FCGX_GetParam("POSTERN_LEFT_IS_HALF_CLOSED", w->fcgi.envp);
}

/* Nobody waits for it, and an order that nobody waits for was perhaps placed anew. */
static void worker_forget(struct worker *w, const struct http_request *request)
{
    w->response.traffic = false;
    log_write(
        LOG_INFO, "request not begun: client left",
        LOG_FIELDS(LOG_TEXT("consumer", request->consumer), LOG_TEXT("method", request->method)));
    FCGX_Finish_r(&w->fcgi);
}

static void worker_serve(struct worker *w)
{
    struct http_request request;
    int64_t start_us = clock_monotonic_us();
    bool draining = w->drain_us || atomic_load(&w->board->draining);

    gateway_read(&w->gateway, &w->fcgi, &request);
    admission_check(w->board, &request, &w->caller);
    if (worker_is_left(w)) {
        worker_forget(w, &request);
        return;
    }
    w->service.store_state = scoreboard_store(w->board, w->config);
    http_handle(&w->service, &request, draining, &w->response);
    bool sent = gateway_write(&w->gateway, &w->fcgi, &w->response);
    /* Before the request is given up: its texts belong to libfcgi. */
    access_log(&request, &w->response, sent, clock_monotonic_us() - start_us);
    FCGX_Finish_r(&w->fcgi);
    http_service_rest(&w->service);
}

static void worker_accept(struct worker *w)
{
    /* From here on a client that sends half a request holds this worker, and the master watches the
     * time. */
    atomic_store(&w->slot->busy_since_us, clock_monotonic_us());
    /* Negative: another worker took the connection, or it broke before it was a request. */
    if (FCGX_Accept_r(&w->fcgi) >= 0) {
        worker_serve(w);
        if (w->response.traffic)
            atomic_store(&w->slot->last_us, clock_monotonic_us());
    }
    atomic_store(&w->slot->busy_since_us, 0);
}

/* Under unceasing load epoll_pwait finds a request each time and delivers no signal, so signals
 * that are still to be delivered are looked for too: decisions/0004. */
static bool worker_is_told_to_stop(void)
{
    return worker_stop || stop_is_pending();
}

/* All stop when the master says so, or when it was killed, which the kernel tells its workers by a
 * TERM. */
static void worker_look_for_stop(struct worker *w)
{
    if (!w->told_us && worker_is_told_to_stop())
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

static void worker_loop(struct worker *w)
{
    struct epoll_event event;
    for (;;) {
        worker_look_for_stop(w);
        if (worker_is_stopped_alone(w))
            return;
        bool leave = worker_may_leave(w);
        bool stops = w->told_us || w->drain_us;
        int wait_ms = leave ? 0 : stops ? WORKER_STOP_WAIT_MS : WORKER_WAIT_MS;
        int n = epoll_pwait(w->epoll_fd, &event, 1, wait_ms, &w->waiting);
        if (n > 0)
            worker_accept(w);
        else if (n == 0 && leave)
            return;
    }
}

int worker_run(const struct child *child)
{
    struct worker *w = calloc(1, sizeof *w);
    int status = EXIT_FAILURE;
    if (!w)
        return status;
    listener_keep(child->listener, LISTENER_REQUESTS);
    relay_door_keep(child->door, RELAY_WORKER);
    w->config = child->config;
    w->board = child->board;
    w->slot = child->slot;
    w->listen_fd = child->listener->fd;
    w->master = child->master;
    w->epoll_fd = -1;
    if (worker_open(w, child)) {
        worker_loop(w);
        status = EXIT_SUCCESS;
    }
    worker_close(w);
    free(w);
    return status;
}
