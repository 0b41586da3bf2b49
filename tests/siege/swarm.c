#include "siege/swarm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e/load.h"
#include "e2e/proxy.h"
#include "siege/reply.h"

enum { TICK_MS = 2, EVENTS = 128, CHUNK = 64 * 1024, SMALL = 4096, BURST_MAX = 64 };

struct visitor {
    int fd;          /* -1: it has none */
    int64_t next_ms; /* its next trickle, its reset, or its return */
    size_t sent;     /* of what it sends at once */
    size_t awaited;  /* answers */
    struct reply reply;
};

struct swarm {
    const struct attack *attack;
    struct swarm_result *result;
    uint64_t *random;
    int port, epoll;
    int64_t start_ms, now_ms, end_ms;
    int64_t paced; /* requests sent at the attack's rate */
    size_t turn;   /* who sends the next one */
    char *lines[ATTACK_OPENINGS_MAX];
    size_t lens[ATTACK_OPENINGS_MAX];
    size_t kinds;
    struct visitor visitors[SWARM_MAX];
};

static size_t swarm_kind(const struct swarm *swarm, const struct visitor *visitor)
{
    return (size_t)(visitor - swarm->visitors) % swarm->kinds;
}

static size_t swarm_times(const struct swarm *swarm)
{
    return swarm->attack->pipelined ? swarm->attack->pipelined : 1;
}

/* What a connection of each kind sends at once. */
static bool swarm_prepare(struct swarm *swarm)
{
    const struct attack *attack = swarm->attack;
    for (; attack->openings[swarm->kinds]; swarm->kinds++) {
        size_t i = swarm->kinds, len = strlen(attack->openings[i]);
        swarm->lens[i] = (len + attack->filling) * swarm_times(swarm);
        swarm->lines[i] = malloc(swarm->lens[i] + 1);
        if (!swarm->lines[i])
            return false;
        memset(swarm->lines[i], ' ', swarm->lens[i]);
        for (size_t t = 0; t < swarm_times(swarm); t++)
            memcpy(swarm->lines[i] + t * (len + attack->filling), attack->openings[i], len);
    }
    return swarm->kinds > 0 && attack->connections <= SWARM_MAX;
}

static void visitor_leave(struct swarm *swarm, struct visitor *visitor, bool resets)
{
    const struct linger now = {.l_onoff = 1};
    if (visitor->fd < 0)
        return;
    if (resets)
        setsockopt(visitor->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(visitor->fd);
    visitor->fd = -1;
    visitor->next_ms = swarm->now_ms + swarm->attack->again_ms;
}

/* The server has ended its connection. */
static void visitor_lose(struct swarm *swarm, struct visitor *visitor)
{
    swarm->result->ended++;
    visitor_leave(swarm, visitor, false);
}

static void visitor_watch(struct swarm *swarm, struct visitor *visitor, int operation, bool sends)
{
    struct epoll_event event = {.events = EPOLLRDHUP | (swarm->attack->reads ? EPOLLIN : 0) |
                                          (sends ? EPOLLOUT : 0),
                                .data.ptr = visitor};
    epoll_ctl(swarm->epoll, operation, visitor->fd, &event);
}

/* Sends as much of it as the socket takes. */
static void visitor_send(struct swarm *swarm, struct visitor *visitor)
{
    size_t kind = swarm_kind(swarm, visitor), left = swarm->lens[kind] - visitor->sent;
    if (visitor->fd < 0 || left == 0)
        return;
    ssize_t n =
        send(visitor->fd, swarm->lines[kind] + visitor->sent, left, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) {
        visitor_lose(swarm, visitor);
        return;
    }
    n = n < 0 ? 0 : n;
    visitor->sent += (size_t)n;
    swarm->result->bytes += n;
    if ((size_t)n == left)
        swarm->result->requests += (int64_t)swarm_times(swarm);
    visitor_watch(swarm, visitor, EPOLL_CTL_MOD, (size_t)n < left);
}

static void visitor_begin(struct swarm *swarm, struct visitor *visitor)
{
    visitor->sent = 0;
    visitor->awaited = swarm_times(swarm);
    visitor_send(swarm, visitor);
}

static void visitor_enter(struct swarm *swarm, struct visitor *visitor)
{
    const struct attack *attack = swarm->attack;
    const int small = SMALL;
    visitor->fd = proxy_open_of(swarm->port, attack->endpoint);
    visitor->next_ms = swarm->now_ms + attack->again_ms;
    if (visitor->fd < 0) {
        swarm->result->unseen++;
        return;
    }
    fcntl(visitor->fd, F_SETFL, O_NONBLOCK);
    if (!attack->reads)
        setsockopt(visitor->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    swarm->result->connections++;
    visitor->reply = (struct reply){.length = 0};
    visitor->awaited = 0;
    visitor->sent = swarm->lens[swarm_kind(swarm, visitor)];
    visitor_watch(swarm, visitor, EPOLL_CTL_ADD, false);
    visitor->next_ms = swarm->now_ms + attack->trickle_ms;
    if (attack->reset_ms >= 0)
        visitor->next_ms =
            swarm->now_ms + load_random(swarm->random, (uint32_t)attack->reset_ms + 1);
    if (!attack->rate)
        visitor_begin(swarm, visitor);
}

/* One answer is whole. */
static void visitor_count(struct swarm *swarm, struct visitor *visitor)
{
    swarm->result->answers++;
    if (swarm->now_ms - swarm->start_ms >= SWARM_SETTLE_MS)
        swarm->result->admitted += visitor->reply.status == 200;
    visitor->awaited -= visitor->awaited > 0;
    bool closes = visitor->reply.closes;
    visitor->reply = (struct reply){.length = 0};
    if (closes)
        visitor_leave(swarm, visitor, false);
}

static void visitor_take(struct swarm *swarm, struct visitor *visitor)
{
    char bytes[CHUNK];
    ssize_t n = recv(visitor->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        visitor_lose(swarm, visitor);
        return;
    }
    for (size_t at = 0; n > 0 && at < (size_t)n && visitor->fd >= 0;) {
        at += reply_take(&visitor->reply, bytes + at, (size_t)n - at);
        if (visitor->reply.whole)
            visitor_count(swarm, visitor);
    }
    if (visitor->fd >= 0 && visitor->awaited == 0 && !swarm->attack->rate)
        visitor_begin(swarm, visitor);
}

static void visitor_trickle(struct swarm *swarm, struct visitor *visitor)
{
    visitor->next_ms = swarm->now_ms + swarm->attack->trickle_ms;
    if (send(visitor->fd, "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
        swarm->result->bytes++;
}

/* What is due by the clock. */
static void visitor_tick(struct swarm *swarm, struct visitor *visitor)
{
    if (swarm->now_ms < visitor->next_ms)
        return;
    if (visitor->fd < 0)
        visitor_enter(swarm, visitor);
    else if (swarm->attack->reset_ms >= 0)
        visitor_leave(swarm, visitor, true);
    else if (swarm->attack->trickle_ms)
        visitor_trickle(swarm, visitor);
}

/* Sends what the rate has due, over whichever connections wait for nothing. */
static void swarm_pace(struct swarm *swarm)
{
    int64_t due = (swarm->now_ms - swarm->start_ms) * swarm->attack->rate / 1000;
    for (size_t i = 0; i < swarm->attack->connections && swarm->paced < due; i++) {
        struct visitor *visitor = &swarm->visitors[swarm->turn++ % swarm->attack->connections];
        if (visitor->fd < 0 || visitor->awaited > 0)
            continue;
        visitor_begin(swarm, visitor);
        swarm->paced++;
    }
    /* What could not be sent in time is not sent all at once later. */
    swarm->paced = swarm->paced < due - BURST_MAX ? due - BURST_MAX : swarm->paced;
}

static void swarm_serve(struct swarm *swarm)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(swarm->epoll, events, EVENTS, TICK_MS);
    swarm->now_ms = load_now_ms();
    for (int i = 0; i < n; i++) {
        struct visitor *visitor = events[i].data.ptr;
        if (visitor->fd >= 0 && (events[i].events & EPOLLOUT))
            visitor_send(swarm, visitor);
        if (visitor->fd >= 0 && swarm->attack->reads && (events[i].events & ~(uint32_t)EPOLLOUT))
            visitor_take(swarm, visitor);
        else if (visitor->fd >= 0 && (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
            visitor_lose(swarm, visitor);
    }
    for (size_t i = 0; i < swarm->attack->connections && load_now_ms() < swarm->end_ms; i++)
        visitor_tick(swarm, &swarm->visitors[i]);
    if (swarm->attack->rate)
        swarm_pace(swarm);
}

bool swarm_run(const struct attack *attack, int port, int ms, uint64_t *random,
               struct swarm_result *result)
{
    static struct swarm swarm;
    swarm = (struct swarm){.attack = attack,
                           .result = result,
                           .random = random,
                           .port = port,
                           .epoll = epoll_create1(EPOLL_CLOEXEC),
                           .start_ms = load_now_ms()};
    swarm.end_ms = swarm.start_ms + ms;
    *result = (struct swarm_result){.admitted_ms = ms - SWARM_SETTLE_MS};
    for (size_t i = 0; i < SWARM_MAX; i++)
        swarm.visitors[i].fd = -1;
    bool ok = swarm.epoll >= 0 && swarm_prepare(&swarm);
    if (!ok)
        perror("siege: an attack cannot begin");
    while (ok && load_now_ms() < swarm.end_ms)
        swarm_serve(&swarm);
    for (size_t i = 0; i < SWARM_MAX; i++) {
        result->unseen += swarm.visitors[i].fd >= 0;
        visitor_leave(&swarm, &swarm.visitors[i], false);
    }
    for (size_t i = 0; i < swarm.kinds; i++)
        free(swarm.lines[i]);
    if (swarm.epoll >= 0)
        close(swarm.epoll);
    return ok;
}
