/* postgres_proxy: stands between the store and its server, in a process of its own, and fails on
 * demand: what the store sends next after proxy_fail meets that fate. */
#ifndef TESTS_POSTGRES_PROXY_H
#define TESTS_POSTGRES_PROXY_H

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum proxy_mode {
    PROXY_PASS,
    PROXY_REFUSE,     /* hangs up on every new connection */
    PROXY_CUT_BEFORE, /* cuts both sides, and what was sent is lost */
    PROXY_CUT_AFTER,  /* lets it reach the server and cuts both sides when the answer comes */
    PROXY_CUT_LATE,   /* cuts the client off, and lets it reach the server a while later */
    PROXY_SWALLOW,    /* lets it reach the server, but never the answer the client */
    PROXY_HOLD        /* never forwards it, and leaves both sides connected */
};

enum { PROXY_PAIRS = 16, PROXY_BYTES = 16384, PROXY_LATE_US = 300000, PROXY_TICK_MS = 5 };

struct proxy_pair {
    int client, server; /* -1 when closed */
    bool mute;          /* nothing reaches the client any more */
    bool cut_on_answer;
    int64_t late_us; /* when to send what is held back; 0 if nothing is */
    ssize_t held;
    char bytes[PROXY_BYTES];
};

static struct proxy {
    pid_t pid;
    int listener, port, server_port;
    volatile int *modes; /* shared: the present one, and the one after the next failure */
    struct proxy_pair pairs[PROXY_PAIRS];
} proxy;

static inline int proxy_socket(int port, bool listens)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listens && (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 16) < 0 ||
                    getsockname(fd, (struct sockaddr *)&address, &size) < 0))
        abort();
    if (listens)
        proxy.port = ntohs(address.sin_port);
    else if (connect(fd, (struct sockaddr *)&address, size) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void proxy_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static inline void proxy_cut(struct proxy_pair *pair)
{
    proxy_close(&pair->client);
    proxy_close(&pair->server);
}

static inline void proxy_forward(int fd, const char *bytes, ssize_t n)
{
    while (fd >= 0 && n > 0) {
        ssize_t sent = send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= sent;
    }
}

static inline void proxy_accept(void)
{
    int client = accept4(proxy.listener, NULL, NULL, SOCK_CLOEXEC);
    for (int i = 0; i < PROXY_PAIRS && client >= 0 && proxy.modes[0] != PROXY_REFUSE; i++) {
        struct proxy_pair *pair = &proxy.pairs[i];
        if (pair->client >= 0 || pair->server >= 0)
            continue;
        memset(pair, 0, sizeof *pair);
        pair->server = proxy_socket(proxy.server_port, false);
        pair->client = client;
        if (pair->server >= 0)
            return;
        break;
    }
    proxy_close(&client);
}

static inline void proxy_fail_now(struct proxy_pair *pair, ssize_t n)
{
    enum proxy_mode mode = (enum proxy_mode)proxy.modes[0];
    proxy.modes[0] = proxy.modes[1];
    if (mode == PROXY_CUT_AFTER || mode == PROXY_SWALLOW)
        proxy_forward(pair->server, pair->bytes, n);
    pair->cut_on_answer = mode == PROXY_CUT_AFTER;
    pair->mute = mode != PROXY_CUT_BEFORE;
    if (mode == PROXY_CUT_BEFORE)
        proxy_cut(pair);
    if (mode == PROXY_CUT_LATE) {
        proxy_close(&pair->client);
        pair->held = n;
        pair->late_us = clock_monotonic_us() + PROXY_LATE_US;
    }
}

static inline void proxy_from_client(struct proxy_pair *pair)
{
    ssize_t n = recv(pair->client, pair->bytes, sizeof pair->bytes, 0);
    /* Of a mute pair the server learns nothing, not even that the client has gone. */
    if (n <= 0 && pair->mute)
        proxy_close(&pair->client);
    else if (n <= 0)
        proxy_cut(pair);
    else if (proxy.modes[0] > PROXY_REFUSE)
        proxy_fail_now(pair, n);
    else if (!pair->mute)
        proxy_forward(pair->server, pair->bytes, n);
}

static inline void proxy_from_server(struct proxy_pair *pair)
{
    char bytes[PROXY_BYTES];
    ssize_t n = recv(pair->server, bytes, sizeof bytes, 0);
    if (n <= 0 || pair->cut_on_answer)
        proxy_cut(pair);
    else if (!pair->mute)
        proxy_forward(pair->client, bytes, n);
}

static inline void proxy_serve(void)
{
    struct pollfd fds[1 + 2 * PROXY_PAIRS];
    fds[0] = (struct pollfd){.fd = proxy.listener, .events = POLLIN};
    for (int i = 0; i < PROXY_PAIRS; i++) {
        struct proxy_pair *pair = &proxy.pairs[i];
        if (pair->late_us && clock_monotonic_us() >= pair->late_us) {
            proxy_forward(pair->server, pair->bytes, pair->held);
            pair->late_us = 0;
        }
        fds[1 + 2 * i] = (struct pollfd){.fd = pair->client, .events = POLLIN};
        fds[2 + 2 * i] = (struct pollfd){.fd = pair->server, .events = POLLIN};
    }
    if (poll(fds, 1 + 2 * PROXY_PAIRS, PROXY_TICK_MS) <= 0)
        return;
    for (int i = 0; i < PROXY_PAIRS; i++) {
        if (fds[1 + 2 * i].revents && proxy.pairs[i].client >= 0)
            proxy_from_client(&proxy.pairs[i]);
        if (fds[2 + 2 * i].revents && proxy.pairs[i].server >= 0)
            proxy_from_server(&proxy.pairs[i]);
    }
    if (fds[0].revents)
        proxy_accept();
}

/* Starts it in front of a server's port; proxy.port is its own. */
static inline void proxy_start(int server_port)
{
    proxy.server_port = server_port;
    proxy.listener = proxy_socket(0, true);
    proxy.modes = mmap(NULL, 2 * sizeof *proxy.modes, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (proxy.modes == MAP_FAILED)
        abort();
    fflush(NULL);
    proxy.pid = fork();
    if (proxy.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < PROXY_PAIRS; i++)
            proxy.pairs[i].client = proxy.pairs[i].server = -1;
        for (;;)
            proxy_serve();
    }
    close(proxy.listener);
}

/* What the store sends next meets this fate; afterwards the proxy is of the other mode. */
static inline void proxy_fail(enum proxy_mode now, enum proxy_mode then)
{
    proxy.modes[1] = then;
    proxy.modes[0] = now;
}

static inline void proxy_stop(void)
{
    kill(proxy.pid, SIGKILL);
    waitpid(proxy.pid, NULL, 0);
}

#endif
