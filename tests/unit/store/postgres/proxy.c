#include "unit/store/postgres/proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { PROXY_PAIRS = 16, PROXY_BYTES = 16384, PROXY_TICK_MS = 5 };

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
    int listener, server_port;
    volatile int *modes; /* shared: the present one, and the one after the next failure */
    struct proxy_pair pairs[PROXY_PAIRS];
} proxy;

static struct sockaddr_in proxy_address(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int proxy_listen(int *port)
{
    struct sockaddr_in address = proxy_address(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        abort();
    *port = ntohs(address.sin_port);
    return fd;
}

static int proxy_connect(int port)
{
    struct sockaddr_in address = proxy_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void proxy_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void proxy_cut(struct proxy_pair *pair)
{
    proxy_close(&pair->client);
    proxy_close(&pair->server);
}

static void proxy_forward(int fd, const char *bytes, ssize_t n)
{
    while (fd >= 0 && n > 0) {
        ssize_t sent = send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= sent;
    }
}

static void proxy_accept(void)
{
    int client = accept4(proxy.listener, NULL, NULL, SOCK_CLOEXEC);
    for (int i = 0; i < PROXY_PAIRS && client >= 0 && proxy.modes[0] != PROXY_REFUSE; i++) {
        struct proxy_pair *pair = &proxy.pairs[i];
        if (pair->client >= 0 || pair->server >= 0)
            continue;
        memset(pair, 0, sizeof *pair);
        pair->server = proxy_connect(proxy.server_port);
        pair->client = client;
        if (pair->server >= 0)
            return;
        break;
    }
    proxy_close(&client);
}

static bool proxy_is_due(const struct proxy_pair *pair, ssize_t n)
{
    if (proxy.modes[0] == PROXY_NO_UNDOING)
        return memmem(pair->bytes, (size_t)n, "ROLLBACK", strlen("ROLLBACK"));
    return proxy.modes[0] > PROXY_REFUSE;
}

static void proxy_fail_now(struct proxy_pair *pair, ssize_t n)
{
    enum proxy_mode mode = (enum proxy_mode)proxy.modes[0];
    proxy.modes[0] = proxy.modes[1];
    if (mode == PROXY_CUT_AFTER || mode == PROXY_SWALLOW)
        proxy_forward(pair->server, pair->bytes, n);
    pair->cut_on_answer = mode == PROXY_CUT_AFTER;
    pair->mute = mode != PROXY_CUT_BEFORE && mode != PROXY_NO_UNDOING;
    if (!pair->mute)
        proxy_cut(pair);
    if (mode == PROXY_CUT_LATE) {
        proxy_close(&pair->client);
        pair->held = n;
        pair->late_us = clock_monotonic_us() + PROXY_LATE_US;
    }
}

static void proxy_from_client(struct proxy_pair *pair)
{
    ssize_t n = recv(pair->client, pair->bytes, sizeof pair->bytes, 0);
    /* Of a mute pair the server learns nothing, not even that the client has gone. */
    if (n <= 0 && pair->mute)
        proxy_close(&pair->client);
    else if (n <= 0)
        proxy_cut(pair);
    else if (proxy_is_due(pair, n))
        proxy_fail_now(pair, n);
    else if (!pair->mute)
        proxy_forward(pair->server, pair->bytes, n);
}

static void proxy_from_server(struct proxy_pair *pair)
{
    char bytes[PROXY_BYTES];
    ssize_t n = recv(pair->server, bytes, sizeof bytes, 0);
    if (n <= 0 || pair->cut_on_answer)
        proxy_cut(pair);
    else if (!pair->mute)
        proxy_forward(pair->client, bytes, n);
}

static void proxy_serve(void)
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

int proxy_start(int server_port)
{
    int port;
    proxy.server_port = server_port;
    proxy.listener = proxy_listen(&port);
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
    return port;
}

void proxy_fail(enum proxy_mode now, enum proxy_mode then)
{
    proxy.modes[1] = then;
    proxy.modes[0] = now;
}

void proxy_stop(void)
{
    kill(proxy.pid, SIGKILL);
    waitpid(proxy.pid, NULL, 0);
}
