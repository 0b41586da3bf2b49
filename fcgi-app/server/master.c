#include "server/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/consumers_file.h"
#include "server/published.h"
#include "server/scoreboard.h"
#include "server/stop.h"
#include "server/worker.h"

enum {
    MASTER_TICK_MS = 100,
    MASTER_BACKOFF_FIRST_US = 50 * 1000,
    MASTER_BACKOFF_MAX_US = 5 * 1000 * 1000,
    /* A worker that lived this long was well, so the next one starts at once. */
    MASTER_LIFE_WELL_US = 1000 * 1000
};

struct master_child {
    pid_t pid; /* 0 while there is none */
    int64_t started_us;
    int64_t backoff_us;
    int64_t respawn_us; /* not before this time */
};

struct master {
    const struct config *config;
    struct listener *listener;
    struct scoreboard *board;
    struct master_child *children;
    int alive;
    int64_t drain_us;    /* when the drain began; 0 before it */
    int64_t deadline_us; /* when it has to be over */
};

static void master_spawn(struct master *m, int i)
{
    struct master_child *child = &m->children[i];
    pid_t master = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        log_write(LOG_ERROR, "cannot start a worker",
                  LOG_FIELDS(LOG_TEXT("call", "fork"), LOG_TEXT("error", strerror(errno))));
        child->respawn_us = clock_monotonic_us() + MASTER_BACKOFF_MAX_US;
        return;
    }
    if (pid == 0) {
        listener_keep_socket_only(m->listener);
        _exit(worker_run(m->config, m->listener->fd, m->board, i, master));
    }
    child->pid = pid;
    child->started_us = clock_monotonic_us();
    m->alive++;
    log_write(LOG_DEBUG, "worker started", LOG_FIELDS(LOG_NUMBER("pid", pid)));
}

static void master_spawn_due(struct master *m)
{
    int64_t now = clock_monotonic_us();
    for (int i = 0; i < m->board->workers; i++) {
        if (m->children[i].pid == 0 && now >= m->children[i].respawn_us)
            master_spawn(m, i);
    }
}

static void master_bury(struct master *m, int i, int status)
{
    struct master_child *child = &m->children[i];
    int64_t now = clock_monotonic_us();
    if (now - child->started_us >= MASTER_LIFE_WELL_US)
        child->backoff_us = 0;
    child->respawn_us = now + child->backoff_us;
    child->backoff_us = child->backoff_us ? child->backoff_us * 2 : MASTER_BACKOFF_FIRST_US;
    if (child->backoff_us > MASTER_BACKOFF_MAX_US)
        child->backoff_us = MASTER_BACKOFF_MAX_US;
    if (!m->drain_us || status != 0)
        log_write(LOG_WARN, "worker ended",
                  LOG_FIELDS(LOG_NUMBER("pid", child->pid),
                             LOG_NUMBER("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
                             LOG_NUMBER("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0)));
    child->pid = 0;
    m->alive--;
    /* It may have died with a request, which nobody serves now. A drain must not wait for that. */
    atomic_store(&m->board->slots[i].busy_since_us, 0);
}

static void master_reap(struct master *m)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < m->board->workers; i++) {
            if (m->children[i].pid == pid)
                master_bury(m, i, status);
        }
    }
}

static void master_signal_all(struct master *m, int signal)
{
    for (int i = 0; i < m->board->workers; i++) {
        if (m->children[i].pid > 0)
            kill(m->children[i].pid, signal);
    }
}

static void master_kill_stuck(struct master *m)
{
    int64_t limit_us = (int64_t)m->config->request_seconds * 1000000;
    int64_t now = clock_monotonic_us();
    for (int i = 0; i < m->board->workers; i++) {
        int64_t since = atomic_load(&m->board->slots[i].busy_since_us);
        if (m->children[i].pid == 0 || since == 0 || now - since <= limit_us)
            continue;
        kill(m->children[i].pid, SIGKILL);
        atomic_store(&m->board->slots[i].busy_since_us, 0);
        log_write(
            LOG_ERROR, "worker is stuck with one request; killed it",
            LOG_FIELDS(LOG_NUMBER("pid", m->children[i].pid), LOG_NUMBER("busy_us", now - since)));
    }
}

static void master_drain(struct master *m, int signal)
{
    if (m->drain_us)
        return;
    int seconds = m->config->drain_seconds;
    m->drain_us = clock_monotonic_us();
    m->deadline_us = m->drain_us + (int64_t)seconds * 1000000;
    atomic_store(&m->board->draining, true);
    master_signal_all(m, SIGTERM);
    log_write(LOG_INFO, "draining",
              LOG_FIELDS(LOG_NUMBER("signal", signal), LOG_NUMBER("deadline_seconds", seconds)));
}

/* Whether no caller's request came for the quiet time. Health checks do not count: they never end.
 * The web server may still hold requests that it has accepted and not passed on: decisions/0007. */
static bool master_is_quiet(const struct master *m, int64_t now)
{
    int64_t last = m->drain_us;
    for (int i = 0; i < m->board->workers; i++) {
        int64_t served = atomic_load(&m->board->slots[i].last_us);
        if (atomic_load(&m->board->slots[i].busy_since_us))
            return false;
        if (served > last)
            last = served;
    }
    return now - last >= (int64_t)m->config->quiet_ms * 1000;
}

/* Ends the drain, in this order: nobody can connect any more, workers leave when the queue is
 * empty, and at the deadline whoever is left is killed. It begins after the least time, when it is
 * quiet; or a tenth of the time before the deadline. See decisions/0007. */
static void master_finish_drain(struct master *m)
{
    int64_t now = clock_monotonic_us();
    int64_t margin = (m->deadline_us - m->drain_us) / 10;
    int64_t open_us = (int64_t)m->config->drain_min_ms * 1000;
    if (!atomic_load(&m->board->closing) &&
        (now >= m->deadline_us - margin ||
         (now - m->drain_us >= open_us && master_is_quiet(m, now)))) {
        listener_hide(m->listener);
        atomic_store(&m->board->closing, true);
        master_signal_all(m, SIGTERM); /* wakes them */
    }
    if (now < m->deadline_us)
        return;
    master_signal_all(m, SIGKILL);
    m->deadline_us = INT64_MAX;
    log_write(LOG_WARN, "drain deadline passed; killed the workers left",
              LOG_FIELDS(LOG_NUMBER("workers", m->alive)));
}

/* Lets the web server know first: if that fails, nothing has changed. */
static bool master_put_in_force(struct master *m, const struct consumers *consumers)
{
    if (!published_write(m->listener, consumers))
        return false;
    roster_publish(&m->board->roster, consumers, clock_monotonic_ns());
    return true;
}

static void master_reread_consumers(struct master *m)
{
    const char *path = m->config->consumers_file;
    struct consumers_fault fault = {.why = "no memory to read it"};
    bool of_file;
    if (!*path) {
        log_write(LOG_INFO, "HUP: nothing to read again; restart to change the configuration",
                  NULL);
        return;
    }
    struct consumers *consumers = calloc(1, sizeof *consumers);
    bool read =
        consumers && consumers_file_load(consumers, m->config->consumers, path, &fault, &of_file);
    if (read)
        snprintf(fault.why, sizeof fault.why, "it cannot be published; see above");
    if (read && master_put_in_force(m, consumers))
        log_write(LOG_INFO, "consumers read again",
                  LOG_FIELDS(LOG_NUMBER("consumers", consumers->count)));
    else
        log_write(LOG_ERROR, "consumers not read again; the old ones stay in force",
                  LOG_FIELDS(LOG_TEXT("file", path), LOG_NUMBER("line", fault.line),
                             LOG_TEXT("error", fault.why)));
    free(consumers);
}

static void master_on_signal(struct master *m, int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        master_drain(m, signal);
        break;
    case SIGHUP:
        master_reread_consumers(m);
        break;
    default: /* SIGCHLD; or none, when the tick has passed */
        break;
    }
}

/* Signals are taken one by one from here, never in a handler. */
static void master_block_signals(sigset_t *set)
{
    sigemptyset(set);
    stop_add_to(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
    sigprocmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void master_loop(struct master *m)
{
    const struct timespec tick = {0, MASTER_TICK_MS * 1000000L};
    sigset_t set;
    master_block_signals(&set);
    while (!atomic_load(&m->board->closing) || m->alive > 0) {
        if (m->drain_us)
            master_finish_drain(m);
        /* In a drain as well: until the socket closes, requests come. */
        if (!atomic_load(&m->board->closing))
            master_spawn_due(m);
        master_on_signal(m, sigtimedwait(&set, NULL, &tick));
        master_reap(m);
        master_kill_stuck(m);
    }
}

int master_run(const struct config *config, struct listener *listener,
               const struct consumers *consumers)
{
    int workers = config->workers;
    struct master m = {.config = config, .listener = listener};
    m.board = scoreboard_open(workers);
    m.children = calloc((size_t)workers, sizeof *m.children);
    int status = EXIT_FAILURE;
    if (m.board && m.children && master_put_in_force(&m, consumers)) {
        log_count_dropped_in(&m.board->log_dropped);
        log_write(LOG_INFO, "serving",
                  LOG_FIELDS(LOG_TEXT("socket", listener->path ? listener->path : "fd 0"),
                             LOG_NUMBER("workers", workers),
                             LOG_NUMBER("consumers", consumers->count),
                             LOG_NUMBER("pid", getpid())));
        master_loop(&m);
        log_write(LOG_INFO, "stopped", NULL);
        log_count_dropped_in(NULL);
        status = EXIT_SUCCESS;
    }
    published_remove(listener);
    free(m.children);
    scoreboard_close(m.board);
    return status;
}
