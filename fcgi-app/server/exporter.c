#include "server/exporter.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "metrics/emf.h"
#include "server/gauges.h"
#include "server/outlet.h"
#include "server/scrape.h"

enum {
    EXPORTER_SCRAPES_MAX = 16,             /* connections at once; one more ends the oldest */
    EXPORTER_SCRAPE_US = 10 * 1000 * 1000, /* what Prometheus waits, if it is not told otherwise */
    EXPORTER_WAIT_MS = 1000,
    EXPORTER_STOP_WAIT_MS = 20,
    EXPORTER_STOP_US = 1000 * 1000,
    EXPORTER_SECOND_US = 1000 * 1000
};

struct exporter {
    const struct child *child;
    sigset_t waiting;
    int64_t told_us; /* monotonic: when it was told to end; 0 before */
    int64_t log_us;  /* monotonic: when the metrics are to be logged next */
    struct outlet outlet;
    struct gauges gauges;
    int open; /* scrapes that are not free */
    struct scrape scrapes[EXPORTER_SCRAPES_MAX];
};

static void exporter_end(struct exporter *e, struct scrape *scrape)
{
    scrape_close(scrape);
    e->open--;
}

/* A free place; if there is none, that of the oldest connection, which ends. */
static struct scrape *exporter_place(struct exporter *e)
{
    struct scrape *oldest = &e->scrapes[0];
    for (int i = 0; i < EXPORTER_SCRAPES_MAX; i++) {
        if (e->scrapes[i].fd < 0)
            return &e->scrapes[i];
        if (e->scrapes[i].start_us < oldest->start_us)
            oldest = &e->scrapes[i];
    }
    exporter_end(e, oldest);
    return oldest;
}

/* At most so many in a row as there are places: then those have their turn. */
static void exporter_accept(struct exporter *e, int listen_fd)
{
    for (int i = 0; i < EXPORTER_SCRAPES_MAX && listen_fd >= 0; i++) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        scrape_open(exporter_place(e), fd, clock_monotonic_us());
        e->open++;
    }
}

static void exporter_refresh(void *context)
{
    gauges_refresh(context);
}

static void exporter_go_on(struct exporter *e)
{
    int64_t now_us = clock_monotonic_us();
    for (int i = 0; i < EXPORTER_SCRAPES_MAX; i++) {
        struct scrape *scrape = &e->scrapes[i];
        if (scrape->fd >= 0 && (!scrape_go_on(scrape, exporter_refresh, &e->gauges) ||
                                now_us - scrape->start_us >= EXPORTER_SCRAPE_US))
            exporter_end(e, scrape);
    }
}

static int64_t exporter_log_every_us(const struct child *child)
{
    return (int64_t)child->config->emf_seconds * EXPORTER_SECOND_US;
}

static bool exporter_put(const char *members)
{
    return log_write_members("metrics", members);
}

static void exporter_log(const struct exporter *e)
{
    if (*e->child->config->emf_namespace)
        emf_tell(e->child->config->emf_namespace, clock_now_us() / 1000, exporter_put);
}

static void exporter_log_due(struct exporter *e)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us < e->log_us)
        return;
    e->log_us = now_us + exporter_log_every_us(e->child);
    if (*e->child->config->emf_namespace)
        gauges_refresh(&e->gauges);
    exporter_log(e);
}

static void exporter_wait(struct exporter *e)
{
    int wait_ms = e->told_us ? EXPORTER_STOP_WAIT_MS : EXPORTER_WAIT_MS;
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    /* poll passes over what is not open. */
    struct pollfd polls[EXPORTER_SCRAPES_MAX + OUTLET_SOCKETS];
    for (int i = 0; i < OUTLET_SOCKETS; i++)
        polls[i] = (struct pollfd){e->outlet.fds[i], POLLIN, 0};
    for (int i = 0; i < EXPORTER_SCRAPES_MAX; i++)
        polls[OUTLET_SOCKETS + i] =
            (struct pollfd){e->scrapes[i].fd, scrape_writes(&e->scrapes[i]) ? POLLOUT : POLLIN, 0};
    atomic_store(&e->child->slot->busy_since_us, 0);
    ppoll(polls, sizeof polls / sizeof polls[0], &wait, &e->waiting);
    /* The master ends one that does not come back here. */
    atomic_store(&e->child->slot->busy_since_us, clock_monotonic_us());
}

static bool exporter_may_leave(struct exporter *e)
{
    if (!e->told_us && child_is_told())
        e->told_us = clock_monotonic_us();
    return e->told_us && (e->open == 0 || clock_monotonic_us() - e->told_us >= EXPORTER_STOP_US);
}

static void exporter_loop(struct exporter *e)
{
    while (!exporter_may_leave(e)) {
        if (!e->told_us)
            outlet_open(&e->outlet, e->child->listener, e->child->config);
        for (int i = 0; i < OUTLET_SOCKETS; i++)
            exporter_accept(e, e->outlet.fds[i]);
        exporter_go_on(e);
        exporter_log_due(e);
        exporter_wait(e);
    }
}

int exporter_run(const struct child *child)
{
    struct exporter *e = calloc(1, sizeof *e);
    if (!e) {
        log_write(LOG_ERROR, "exporter cannot start", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        return EXIT_FAILURE;
    }
    e->child = child;
    e->log_us = clock_monotonic_us() + exporter_log_every_us(child);
    child_take_signals(child, &e->waiting);
    gauges_open(&e->gauges, child);
    listener_keep(child->listener, LISTENER_NOTHING);
    relay_door_keep(child->door, RELAY_NOBODY);
    outlet_init(&e->outlet);
    for (int i = 0; i < EXPORTER_SCRAPES_MAX; i++)
        e->scrapes[i].fd = -1;
    exporter_loop(e);
    /* What the last requests counted. No gauge is read anew: a stop is not how things are. */
    exporter_log(e);
    for (int i = 0; i < EXPORTER_SCRAPES_MAX; i++) {
        if (e->scrapes[i].fd >= 0)
            exporter_end(e, &e->scrapes[i]);
    }
    outlet_close(&e->outlet);
    free(e);
    return EXIT_SUCCESS;
}
