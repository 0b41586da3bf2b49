#include "server/intake.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sparse.h"
#include "http/http.h"
#include "metrics/metrics.h"
#include "server/acceptors.h"

enum {
    INTAKE_LISTENER = INTAKE_PLACES, /* what epoll calls the listening socket */
    INTAKE_CALL,                     /* and the call */
    INTAKE_BESIDES,                  /* and what is watched beside them */
    INTAKE_ROW_MAX = 8,              /* connections before others have their turn */
    INTAKE_READS = 4,                /* of one connection in a row; then others have their turn */
    INTAKE_MISSES_MAX = 5,
    INTAKE_SWEEP_US = 250 * 1000,
    INTAKE_STARVED_US = 20 * 1000, /* a pause without a descriptor */
    INTAKE_STARVED_LOG_US = 1000 * 1000
};

static bool intake_watch(int epoll_fd, int fd, uint32_t events, uint32_t name)
{
    struct epoll_event event = {.events = events, .data.u32 = name};
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Of those that wait for the same, one is woken; of those that could be, always the first. */
static bool intake_watch_shared(int *epoll_fd, int fd, uint32_t name)
{
    *epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return *epoll_fd >= 0 && intake_watch(*epoll_fd, fd, EPOLLIN | EPOLLEXCLUSIVE, name);
}

struct intake *intake_new(int listen_fd, int call_fd, int request_seconds)
{
    struct intake *intake = sparse_make(sizeof *intake);
    if (intake) {
        intake->listen_fd = listen_fd;
        intake->call_fd = call_fd;
        intake->spare_fd = -1;
        intake->request_us = (int64_t)request_seconds * 1000000;
        intake->accepts = true;
        if (intake_watch_shared(&intake->accepting_fd, listen_fd, INTAKE_LISTENER) &&
            intake_watch_shared(&intake->spare_fd, call_fd, INTAKE_CALL))
            return intake;
    }
    log_write(LOG_ERROR, "cannot make a worker's intake",
              LOG_FIELDS(LOG_TEXT("call", intake ? "epoll" : "mmap"),
                         LOG_TEXT("error", strerror(errno))));
    intake_free(intake);
    return NULL;
}

static void intake_close(struct intake *intake, struct arrival *arrival)
{
    /* epoll forgets it by itself: nobody else has the connection. */
    close(arrival->fd);
    inbound_free(&arrival->in);
    arrival->fd = 0;
    if (--intake->open == 0)
        intake->top = 0;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    for (int i = 0; i < intake->top; i++) {
        if (intake->arrivals[i].fd)
            intake_close(intake, &intake->arrivals[i]);
    }
    if (intake->accepting_fd >= 0)
        close(intake->accepting_fd);
    if (intake->spare_fd >= 0)
        close(intake->spare_fd);
    sparse_free(intake, sizeof *intake);
}

static void intake_drop(struct intake *intake, struct arrival *arrival, enum label_value reason,
                        const char *why)
{
    metrics_add(METRIC_CONNECTIONS_CLOSED, 1, METRICS_WITH(reason));
    log_write(LOG_WARN, "connection closed before its request was whole",
              LOG_FIELDS(LOG_TEXT("why", why), LOG_NUMBER("bytes", arrival->in.total)));
    intake_close(intake, arrival);
}

/* What is given out is not touched here until intake_done. */
static bool intake_is_served(const struct arrival *arrival)
{
    return arrival->fd && arrival->in.state == INBOUND_WHOLE;
}

static bool intake_waits_for_next(const struct arrival *arrival)
{
    return arrival->kept && arrival->in.total == 0;
}

/* Makes room: the connection that has been quiet for longest goes. */
static void intake_evict(struct intake *intake)
{
    struct arrival *quietest = NULL;
    for (int i = 0; i < intake->top; i++) {
        struct arrival *arrival = &intake->arrivals[i];
        if (arrival->fd && !intake_is_served(arrival) &&
            (!quietest || arrival->last_us < quietest->last_us))
            quietest = arrival;
    }
    if (quietest && intake_waits_for_next(quietest))
        intake_close(intake, quietest);
    else if (quietest)
        intake_drop(intake, quietest, IS_TOO_MANY, "too many connections");
}

static struct arrival *intake_place(struct intake *intake)
{
    if (intake->open == INTAKE_PLACES)
        intake_evict(intake);
    int i = 0;
    while (intake->arrivals[i].fd)
        i++;
    if (i >= intake->top)
        intake->top = i + 1;
    return &intake->arrivals[i];
}

static void intake_begin(struct arrival *arrival, int64_t now)
{
    arrival->since_us = arrival->last_us = now;
    inbound_init(&arrival->in, INTAKE_REQUEST_MAX, HTTP_BODY_MAX);
}

/* While its request is served, what happens to the connection waits. */
static void intake_unwatch(struct intake *intake, struct arrival *arrival)
{
    epoll_ctl(intake->accepting_fd, EPOLL_CTL_DEL, arrival->fd, NULL);
    epoll_ctl(intake->spare_fd, EPOLL_CTL_DEL, arrival->fd, NULL);
    arrival->watched = false;
}

/* Keeps a connection whose request is not whole, or not begun. */
static void intake_wait_for(struct intake *intake, struct arrival *arrival)
{
    uint32_t name = (uint32_t)(arrival - intake->arrivals);
    if (!arrival->watched)
        arrival->watched = intake_watch(intake->accepting_fd, arrival->fd, EPOLLIN, name) &&
                           intake_watch(intake->spare_fd, arrival->fd, EPOLLIN, name);
    if (!arrival->watched)
        intake_drop(intake, arrival, IS_NO_RESOURCES, "epoll_ctl");
}

/* Answers records of no request. False if the web server does not take it: it is a few bytes. */
static bool intake_reply(struct arrival *arrival)
{
    struct buffer *reply = &arrival->in.reply;
    bool sent = send(arrival->fd, reply->data, reply->len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
                (ssize_t)reply->len;
    buffer_reset(reply, INBOUND_REPLY_MAX);
    return sent;
}

/* For a connection that was whole at once, nobody asks for the time. */
static void intake_note_time(struct arrival *arrival, bool received, bool began)
{
    bool fresh = arrival->last_us == 0;
    if (fresh || received)
        arrival->last_us = clock_monotonic_us();
    if (fresh || (received && began))
        arrival->since_us = arrival->last_us;
}

/* Reads what is there. Returns the connection if its request is whole. */
static struct arrival *intake_read(struct intake *intake, struct arrival *arrival)
{
    ssize_t n = INTAKE_READ_SIZE;
    struct inbound *in = &arrival->in;
    size_t before = in->total;
    for (int i = 0; i < INTAKE_READS && in->state == INBOUND_MORE && n == INTAKE_READ_SIZE; i++) {
        n = recv(arrival->fd, intake->bytes, INTAKE_READ_SIZE, MSG_DONTWAIT);
        if (n > 0)
            inbound_feed(in, intake->bytes, (size_t)n);
    }
    if (in->reply.len > 0 && in->state != INBOUND_BROKEN && !intake_reply(arrival))
        in->state = INBOUND_BROKEN;
    if (in->state == INBOUND_WHOLE) {
        intake->served++;
        return arrival;
    }
    if (in->state == INBOUND_BROKEN)
        intake_drop(intake, arrival, IS_NOT_FASTCGI, "it is no FastCGI request, or too large");
    else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        intake_close(intake, arrival);
    else {
        intake_note_time(arrival, n > 0, before == 0);
        intake_wait_for(intake, arrival);
    }
    return NULL;
}

/* Without a descriptor a connection stays in the queue, and would be found there without end. */
static void intake_starve(struct intake *intake, int error)
{
    int64_t now = clock_monotonic_us();
    if (intake->open > intake->served) {
        intake_evict(intake);
        return;
    }
    if (now - intake->starved_us >= INTAKE_STARVED_LOG_US) {
        intake->starved_us = now;
        log_write(LOG_ERROR, "cannot accept a connection; raise the limit of open files",
                  LOG_FIELDS(LOG_TEXT("call", "accept4"), LOG_TEXT("error", strerror(error))));
    }
    clock_sleep_us(INTAKE_STARVED_US);
}

/* False if there is no new connection. */
static bool intake_accept(struct intake *intake, struct arrival **whole)
{
    int fd = accept4(intake->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE)
            intake_starve(intake, errno);
        return false;
    }
    struct arrival *arrival = intake_place(intake);
    *arrival = (struct arrival){.fd = fd};
    intake->open++;
    intake_begin(arrival, 0);
    *whole = intake_read(intake, arrival);
    return true;
}

/* Ends connections whose time is over. */
static void intake_sweep(struct intake *intake)
{
    int64_t now = clock_monotonic_us();
    if (now - intake->swept_us < INTAKE_SWEEP_US)
        return;
    intake->swept_us = now;
    for (int i = 0; i < intake->top; i++) {
        struct arrival *arrival = &intake->arrivals[i];
        int64_t quiet_us = now - arrival->last_us;
        if (!arrival->fd || intake_is_served(arrival))
            continue;
        if (intake_waits_for_next(arrival)) {
            if (quiet_us >= INTAKE_KEPT_US)
                intake_close(intake, arrival);
        } else if (quiet_us >= INTAKE_SILENT_US || now - arrival->since_us >= intake->request_us)
            intake_drop(intake, arrival, IS_TOO_SLOW, "its time is over");
    }
}

/* Under load there is a connection already, and epoll need not be asked. Where there was none, it
 * is looked for twice as rarely. */
static bool intake_look(struct intake *intake, struct arrival **whole)
{
    if (!intake->accepts || intake->looks++ % (1U << intake->misses) != 0)
        return false;
    if (intake->served > 0 && intake->row == INTAKE_ROW_MAX)
        return false;
    bool found = intake_accept(intake, whole);
    intake->misses = found                                ? 0
                     : intake->misses < INTAKE_MISSES_MAX ? intake->misses + 1
                                                          : intake->misses;
    intake->row = found ? intake->row + 1 : 0;
    return found;
}

/* Does what the event is about. */
static enum intake_event intake_meet(struct intake *intake, uint32_t name, struct arrival **whole)
{
    if (name == INTAKE_BESIDES)
        return INTAKE_BESIDE;
    if (name == INTAKE_LISTENER)
        intake_accept(intake, whole);
    else if (name == INTAKE_CALL)
        acceptors_hear(intake->call_fd);
    else if (intake_is_served(&intake->arrivals[name]))
        intake_unwatch(intake, &intake->arrivals[name]);
    else
        *whole = intake_read(intake, &intake->arrivals[name]);
    return *whole ? INTAKE_WHOLE : INTAKE_OTHER;
}

enum intake_event intake_next(struct intake *intake, int wait_ms, const sigset_t *mask,
                              struct arrival **whole)
{
    struct epoll_event event;
    *whole = NULL;
    /* Where others wait too, epoll gives each its turn. */
    if (intake->open > intake->served)
        intake_sweep(intake);
    else if (intake_look(intake, whole))
        return *whole ? INTAKE_WHOLE : INTAKE_OTHER;
    intake->row = 0;
    int n = epoll_pwait(intake->accepts ? intake->accepting_fd : intake->spare_fd, &event, 1,
                        wait_ms, mask);
    if (n == 1)
        return intake_meet(intake, event.data.u32, whole);
    return n == 0 ? INTAKE_NOTHING : INTAKE_OTHER;
}

bool intake_watch_beside(struct intake *intake, int fd)
{
    return intake_watch(intake->accepting_fd, fd, EPOLLIN, INTAKE_BESIDES) &&
           intake_watch(intake->spare_fd, fd, EPOLLIN, INTAKE_BESIDES);
}

void intake_done(struct intake *intake, struct arrival *arrival, bool keep)
{
    intake->served--;
    /* What follows a request before its answer belongs to another one at the same time. That is not
     * offered (FCGI_MPXS_CONNS, section 4.1), and the connection ends. */
    if (!keep || arrival->in.followed) {
        intake_close(intake, arrival);
        return;
    }
    inbound_free(&arrival->in);
    arrival->kept = true;
    intake_begin(arrival, clock_monotonic_us());
    intake_wait_for(intake, arrival);
}

void intake_set_accepts(struct intake *intake, bool accepts)
{
    intake->accepts = accepts;
}

/* To close it at once would lose what came since epoll was asked. Whoever sends later is told that
 * it cannot. */
bool intake_finish(struct intake *intake)
{
    for (int i = 0; i < intake->top; i++) {
        struct arrival *arrival = &intake->arrivals[i];
        if (arrival->fd && !arrival->shut && intake_waits_for_next(arrival))
            arrival->shut = shutdown(arrival->fd, SHUT_RD) == 0;
    }
    return intake->open == 0;
}
