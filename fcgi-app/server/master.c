#include "server/master.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/consumers_file.h"
#include "config/cpus.h"
#include "metrics/metrics.h"
#include "server/acceptors.h"
#include "server/children.h"
#include "server/published.h"
#include "server/publisher.h"
#include "server/scoreboard.h"
#include "server/stop.h"

enum {
    MASTER_TICK_MS = 100,
    MASTER_LAST_US = 3 * 1000 * 1000 /* for what outlives the workers to end */
};

struct master {
    const struct config *config;
    struct listener *listener;
    struct scoreboard *board;
    struct relay_door door;
    struct acceptors acceptors;
    struct answers answers; /* made only where they are published */
    struct children children;
    int64_t drain_us;    /* when the drain began; 0 before it */
    int64_t deadline_us; /* when it has to be over */
};

static void master_drain(struct master *m, int signal)
{
    if (m->drain_us)
        return;
    int seconds = m->config->drain_seconds;
    m->drain_us = clock_monotonic_us();
    m->deadline_us = m->drain_us + (int64_t)seconds * 1000000;
    atomic_store(&m->board->draining, true);
    /* The web server is to ask us, and hear that the connection ends. */
    if (m->answers.layout)
        answers_end(&m->answers);
    children_signal(&m->children, CHILDREN_WORKER, SIGTERM);
    log_write(LOG_INFO, "draining",
              LOG_FIELDS(LOG_NUMBER("signal", signal), LOG_NUMBER("deadline_seconds", seconds)));
}

/* Ends the drain of the workers, in this order: nobody can connect any more, workers leave when the
 * queue is empty, and at the deadline whoever is left is killed. It begins after the least time,
 * when it is quiet; or a tenth of the time before the deadline. The web server may still hold
 * requests that it has accepted and not passed on. See decisions/0007. */
static void master_finish_drain(struct master *m)
{
    int64_t now = clock_monotonic_us();
    int64_t margin = (m->deadline_us - m->drain_us) / 10;
    int64_t open_us = (int64_t)m->config->drain_min_ms * 1000;
    if (!atomic_load(&m->board->closing) &&
        (now >= m->deadline_us - margin ||
         (now - m->drain_us >= open_us &&
          scoreboard_is_quiet(m->board, m->drain_us, m->config->quiet_ms)))) {
        listener_hide(m->listener);
        atomic_store(&m->board->closing, true);
        children_signal(&m->children, CHILDREN_WORKER, SIGTERM); /* wakes them */
    }
    if (now < m->deadline_us)
        return;
    children_signal(&m->children, CHILDREN_WORKER, SIGKILL);
    m->deadline_us = INT64_MAX;
    log_write(LOG_WARN, "drain deadline passed; killed the workers left",
              LOG_FIELDS(LOG_NUMBER("workers", m->children.alive[CHILDREN_WORKER])));
}

/* Lets the web server know first: if that fails, nothing has changed. */
static bool master_put_in_force(struct master *m, const struct consumers *consumers)
{
    if (!published_write(m->listener, consumers))
        return false;
    roster_publish(m->board->roster, consumers, clock_monotonic_ns());
    /* Those that are listed have a name in the metrics before others come. */
    for (size_t i = 0; i < consumers->count; i++) {
        if (strcmp(consumers->lines[i].endpoint, CONSUMERS_UNLISTED) != 0)
            metrics_consumer(roster_consumer_of(&consumers->lines[i]));
    }
    return true;
}

static void master_reread_consumers(struct master *m)
{
    const char *path = m->config->consumers_file;
    struct consumers_fault fault = {.why = "no memory to read it"};
    bool of_file;
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

/* Whoever moved the file of spans away has it made anew, whether or not there are consumers. */
static void master_hang_up(struct master *m)
{
    children_signal(&m->children, CHILDREN_TRACER, SIGHUP);
    if (*m->config->consumers_file)
        master_reread_consumers(m);
    else if (!*m->config->trace_file)
        log_write(LOG_INFO, "HUP: nothing to read again; restart to change the configuration",
                  NULL);
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
        master_hang_up(m);
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

static void master_step(struct master *m, const sigset_t *set)
{
    const struct timespec tick = {0, MASTER_TICK_MS * 1000000L};
    master_on_signal(m, sigtimedwait(set, NULL, &tick));
    children_reap(&m->children, m->drain_us != 0);
    children_kill_stuck(&m->children);
    acceptors_mend(&m->acceptors);
}

/* Health checks are answered to the end, and spans written that others make until then. */
static void master_end_last(struct master *m, const sigset_t *set)
{
    static const enum children_kind last[] = {CHILDREN_WRITER, CHILDREN_PROBER, CHILDREN_WATCHER,
                                              CHILDREN_EXPORTER, CHILDREN_PUBLISHER};
    int64_t deadline = clock_monotonic_us() + MASTER_LAST_US;
    const int *alive = m->children.alive;
    int signal = SIGTERM;
    listener_hide_probes(m->listener);
    while (alive[CHILDREN_WRITER] + alive[CHILDREN_PROBER] + alive[CHILDREN_WATCHER] +
               alive[CHILDREN_EXPORTER] + alive[CHILDREN_TRACER] + alive[CHILDREN_PUBLISHER] >
           0) {
        for (size_t i = 0; i < sizeof last / sizeof last[0]; i++)
            children_signal(&m->children, last[i], signal);
        if (alive[CHILDREN_WRITER] == 0)
            children_signal(&m->children, CHILDREN_TRACER, signal);
        signal = clock_monotonic_us() >= deadline ? SIGKILL : SIGTERM;
        master_step(m, set);
    }
}

static void master_loop(struct master *m)
{
    sigset_t set;
    master_block_signals(&set);
    while (!atomic_load(&m->board->closing) || m->children.alive[CHILDREN_WORKER] > 0) {
        if (m->drain_us)
            master_finish_drain(m);
        /* In a drain as well: until the socket closes, requests come. */
        children_spawn_due(&m->children, !atomic_load(&m->board->closing));
        master_step(m, &set);
    }
    master_end_last(m, &set);
}

int master_run(const struct config *config, struct listener *listener,
               const struct consumers *consumers, enum store_result store)
{
    struct master m = {.config = config, .listener = listener};
    m.board = scoreboard_open(config->workers, children_count(config, listener));
    bool publishes = publisher_is_wanted(config, listener);
    bool ready = !publishes || publisher_make_answers(&m.answers, config);
    const struct child given = {.config = config,
                                .listener = listener,
                                .board = m.board,
                                .door = &m.door,
                                .acceptors = &m.acceptors,
                                .answers = publishes ? &m.answers : NULL,
                                .master = getpid(),
                                .upkeep_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int status = EXIT_FAILURE;
    bool door = relay_door_open(&m.door, config->workers);
    bool call = acceptors_open(&m.acceptors, m.board, cpus_granted());
    if (ready && m.board && door && call && children_open(&m.children, &given) &&
        master_put_in_force(&m, consumers)) {
        look_note(&m.board->look, store);
        look_note(&m.board->writer, store);
        log_share(&m.board->log);
        log_write(LOG_INFO, "serving",
                  LOG_FIELDS(LOG_TEXT("socket", listener->path ? listener->path : "fd 0"),
                             LOG_NUMBER("workers", config->workers),
                             LOG_NUMBER("consumers", consumers->count),
                             LOG_NUMBER("pid", getpid())));
        master_loop(&m);
        log_write(LOG_INFO, "stopped", NULL);
        log_share(NULL);
        status = EXIT_SUCCESS;
    }
    published_remove(listener);
    children_close(&m.children);
    relay_door_close(&m.door);
    acceptors_close(&m.acceptors);
    answers_close(&m.answers);
    scoreboard_close(m.board);
    close(given.upkeep_fd);
    return status;
}
