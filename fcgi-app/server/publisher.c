#include "server/publisher.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/socket.h"
#include "http/http.h"
#include "http/problem.h"
#include "metrics/metrics.h"
#include "publish/handover.h"
#include "server/pace.h"
#include "server/purge.h"

enum {
    PUBLISHER_WAIT_US = 50 * 1000,        /* until it sees that products are read again */
    PUBLISHER_COUNT_US = 1000 * 1000,     /* between two counts of all reads */
    PUBLISHER_BLIND_US = 5 * 1000 * 1000, /* without a good look: all may have changed */
    PUBLISHER_CLIENTS_MAX = 16,           /* the web server, and commands that ask for a look */
    PUBLISHER_PATH_SIZE = CONFIG_SOCKET_MAX + sizeof HANDOVER_SUFFIX
};

_Static_assert(LISTENER_FITS_BESIDE(HANDOVER_SUFFIX), "no path is cut off");

struct publisher {
    const struct child *child;
    struct answers *answers;
    sigset_t waiting;
    struct store *store;
    struct store_cursor cursor; /* what has been withdrawn; empty: nothing is known */
    struct purge purge;
    int64_t good_us; /* monotonic: when the last look began that was good; 0: none */
    struct pace pace;
    int64_t requests; /* of products, as they were counted at counted_us */
    int64_t counted_us;
    int fd; /* the socket, or -1 */
    struct placed name;
    char path[PUBLISHER_PATH_SIZE];
    int clients[PUBLISHER_CLIENTS_MAX]; /* or -1 */
};

bool publisher_is_wanted(const struct config *config, const struct listener *listener)
{
    return config->publish && listener->path;
}

bool publisher_make_answers(struct answers *answers, const struct config *config)
{
    if (answers_make(answers, http_route_number("/products"),
                     http_route_number("/products/{id}"))) {
        answers->layout->denied_problem = PROBLEM_DENIED;
        answers->layout->trace_rate = *config->trace_file ? config->trace_rate : -1;
        return true;
    }
    log_write(LOG_ERROR, "cannot make memory for published answers; set POSTERN_PUBLISH=off",
              LOG_FIELDS(LOG_TEXT("call", "memfd_create"), LOG_TEXT("error", strerror(errno))));
    return false;
}

static void publisher_path(const struct listener *listener, char path[PUBLISHER_PATH_SIZE])
{
    snprintf(path, PUBLISHER_PATH_SIZE, "%s" HANDOVER_SUFFIX, listener->path);
}

void publisher_outlast(const struct listener *listener)
{
    char path[PUBLISHER_PATH_SIZE];
    struct stat left;
    if (!listener->path)
        return;
    publisher_path(listener, path);
    if (lstat(path, &left) == 0)
        clock_sleep_us(LAYOUT_LEASE_US);
}

void publisher_show(const struct listener *listener)
{
    char path[PUBLISHER_PATH_SIZE];
    publisher_path(listener, path);
    handover_show(path);
}

/* How many reads of products there were so far, or another number if there were more. The web
 * server counts those that it answers with all requests, so they are looked for seldom. */
static int64_t publisher_reads(struct publisher *p, int64_t now_us)
{
    const struct layout *layout = p->answers->layout;
    if (now_us - p->counted_us >= PUBLISHER_COUNT_US) {
        p->requests = metrics_observed(METRIC_REQUESTS, (uint16_t)layout->list_route) +
                      metrics_observed(METRIC_REQUESTS, (uint16_t)layout->product_route);
        p->counted_us = now_us;
    }
    return p->requests + answers_reads(p->answers);
}

static bool publisher_withdraw(void *context, int64_t id)
{
    struct publisher *p = context;
    pace_change(&p->pace, clock_monotonic_us());
    if (id)
        answers_withdraw(p->answers, id);
    else
        answers_withdraw_all(p->answers);
    return true;
}

/* The lease is counted from before the look. So what the look has missed is published for no longer
 * than that. Where the requests' socket is another application's by now, that one's orders are not
 * withdrawn here before they are answered, so no lease is given. */
static bool publisher_look(struct publisher *p)
{
    const struct listener *listener = p->child->listener;
    int64_t now = clock_monotonic_us();
    atomic_store(&p->child->slot->busy_since_us, now);
    if (p->good_us && now - p->good_us > PUBLISHER_BLIND_US)
        p->cursor = (struct store_cursor){0};
    bool fresh = p->cursor.connection == 0;
    bool good = placed_is_there(&listener->name, listener->path) &&
                store_news(p->store, &p->cursor, publisher_withdraw, p) == STORE_OK;
    if (good) {
        /* Answers may be older than the cursor. */
        if (fresh)
            publisher_withdraw(p, 0);
        answers_lease(p->answers, now + LAYOUT_LEASE_US);
        p->good_us = now;
    }
    pace_looked(&p->pace, good, clock_monotonic_us());
    atomic_store(&p->child->slot->busy_since_us, 0);
    return good;
}

/* With a look that was good. */
static void publisher_purge(struct publisher *p)
{
    int64_t now = clock_monotonic_us();
    const struct store_cursor *upto = purge_due(&p->purge, &p->cursor, now);
    if (!upto || !pace_forgets(&p->pace, now))
        return;
    atomic_store(&p->child->slot->busy_since_us, now);
    store_news_purge(p->store, upto);
    atomic_store(&p->child->slot->busy_since_us, 0);
}

static void publisher_accept(struct publisher *p)
{
    const int fds[HANDOVER_PARTS] = {
        [HANDOVER_ANSWERS] = p->answers->fd,
        [HANDOVER_ROSTER] = p->child->board->roster_fd,
        [HANDOVER_METRICS] = metrics_fd(),
    };
    for (int i = 0; i < PUBLISHER_CLIENTS_MAX; i++) {
        if (p->clients[i] >= 0)
            continue;
        p->clients[i] = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (p->clients[i] < 0)
            return;
        if (!handover_send(p->clients[i], fds))
            socket_close(&p->clients[i]);
    }
}

/* Looks once for all who ask for it. */
static void publisher_answer(struct publisher *p)
{
    bool asks[PUBLISHER_CLIENTS_MAX] = {false}, any = false;
    for (int i = 0; i < PUBLISHER_CLIENTS_MAX; i++) {
        int asked = p->clients[i] >= 0 ? handover_is_asked(p->clients[i]) : 0;
        if (asked < 0)
            socket_close(&p->clients[i]);
        asks[i] = asked > 0;
        any = any || asks[i];
    }
    bool good = any && publisher_look(p);
    for (int i = 0; i < PUBLISHER_CLIENTS_MAX; i++) {
        if (asks[i] && (!good || !handover_answer(p->clients[i])))
            socket_close(&p->clients[i]);
    }
}

/* Waits until the next look is due, somebody comes, or TERM; no longer than PUBLISHER_WAIT_US. */
static void publisher_wait(struct publisher *p)
{
    int64_t left_us = p->pace.next_us - clock_monotonic_us();
    /* poll passes over what is not open. */
    struct pollfd polls[PUBLISHER_CLIENTS_MAX + 1];
    int free_places = 0;
    if (left_us < 0)
        left_us = 0;
    if (left_us > PUBLISHER_WAIT_US)
        left_us = PUBLISHER_WAIT_US;
    const struct timespec wait = {.tv_nsec = (long)left_us * 1000};
    for (int i = 0; i < PUBLISHER_CLIENTS_MAX; i++) {
        polls[i] = (struct pollfd){p->clients[i], POLLIN, 0};
        free_places += p->clients[i] < 0;
    }
    polls[PUBLISHER_CLIENTS_MAX] = (struct pollfd){free_places ? p->fd : -1, POLLIN, 0};
    ppoll(polls, PUBLISHER_CLIENTS_MAX + 1, &wait, &p->waiting);
}

/* Without the socket nobody reads what is published, and all goes on as before. */
static void publisher_open_socket(struct publisher *p)
{
    publisher_path(p->child->listener, p->path);
    p->fd = listener_open_beside(&p->name, p->path, p->child->config->socket_group, SOCK_SEQPACKET,
                                 PUBLISHER_CLIENTS_MAX);
}

static void publisher_loop(struct publisher *p)
{
    int64_t now_us = clock_monotonic_us();
    pace_start(&p->pace, publisher_reads(p, now_us), now_us);
    for (; !child_is_told(); now_us = clock_monotonic_us()) {
        pace_note(&p->pace, publisher_reads(p, now_us), now_us);
        if (now_us >= p->pace.next_us && publisher_look(p))
            publisher_purge(p);
        publisher_wait(p);
        if (p->fd >= 0)
            publisher_accept(p);
        publisher_answer(p);
    }
}

int publisher_run(const struct child *child)
{
    struct publisher p = {.child = child, .answers = child->answers, .fd = -1};
    child_take_signals(child, &p.waiting);
    listener_keep(child->listener, LISTENER_NOTHING);
    relay_door_keep(child->door, RELAY_NOBODY);
    for (int i = 0; i < PUBLISHER_CLIENTS_MAX; i++)
        p.clients[i] = -1;
    p.store = child_open_store(child, 0);
    if (!p.store) {
        log_write(LOG_ERROR, "publisher cannot start", LOG_FIELDS(LOG_TEXT("call", "malloc")));
        return EXIT_FAILURE;
    }
    atomic_store(&child->slot->busy_since_us, 0);
    publisher_open_socket(&p);
    publisher_loop(&p);
    /* With another publisher they count again; not in a drain, nor without a master. */
    answers_lease(p.answers, 0);
    if (child_is_orphan(child))
        answers_end(p.answers);
    placed_remove(&p.name, p.path);
    for (int i = 0; i < PUBLISHER_CLIENTS_MAX; i++)
        socket_close(&p.clients[i]);
    socket_close(&p.fd);
    store_close(p.store);
    return EXIT_SUCCESS;
}
