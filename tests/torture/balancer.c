#include "torture/balancer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/load.h"

enum { BALANCER_TICK_MS = 100, BALANCER_STOP_MS = 10000, BALANCER_CHUNK = 16384 };

struct balancer_session {
    struct balancer *balancer;
    int client;
};

static int balancer_reach(struct balancer *balancer)
{
    unsigned turn = atomic_fetch_add(&balancer->turn, 1);
    for (size_t i = 0; i < balancer->targets_count; i++) {
        size_t target = (turn + i) % balancer->targets_count;
        int fd = atomic_load(&balancer->targets[target].takes)
                     ? client_raw_open(balancer->targets[target].port)
                     : -1;
        if (fd >= 0)
            return fd;
    }
    return -1;
}

static bool balancer_forward(int from, int to)
{
    char bytes[BALANCER_CHUNK];
    ssize_t n = recv(from, bytes, sizeof bytes, 0);
    return n > 0 && client_raw_send(to, bytes, (size_t)n);
}

static void balancer_relay(const struct balancer *balancer, int client, int target)
{
    struct pollfd ends[2] = {{.fd = client, .events = POLLIN}, {.fd = target, .events = POLLIN}};
    while (!atomic_load(&balancer->stop)) {
        if (poll(ends, 2, BALANCER_TICK_MS) < 0 && errno != EINTR)
            return;
        for (int i = 0; i < 2; i++) {
            if (ends[i].revents && !balancer_forward(ends[i].fd, ends[1 - i].fd))
                return;
        }
    }
}

static void *balancer_serve(void *argument)
{
    struct balancer_session session = *(struct balancer_session *)argument;
    free(argument);
    int target = balancer_reach(session.balancer), on = 1;
    if (target >= 0) {
        setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(session.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        balancer_relay(session.balancer, session.client, target);
        close(target);
    }
    close(session.client);
    atomic_fetch_sub(&session.balancer->sessions, 1);
    return NULL;
}

static bool balancer_open(struct balancer *balancer, int client)
{
    pthread_t thread;
    struct balancer_session *session = malloc(sizeof *session);
    if (!session || atomic_load(&balancer->sessions) >= BALANCER_SESSIONS_MAX) {
        free(session);
        return false;
    }
    *session = (struct balancer_session){balancer, client};
    atomic_fetch_add(&balancer->sessions, 1);
    if (pthread_create(&thread, NULL, balancer_serve, session) == 0) {
        pthread_detach(thread);
        return true;
    }
    atomic_fetch_sub(&balancer->sessions, 1);
    free(session);
    return false;
}

static void *balancer_run(void *argument)
{
    struct balancer *balancer = argument;
    struct pollfd door = {.fd = balancer->fd, .events = POLLIN};
    while (!atomic_load(&balancer->stop)) {
        if (poll(&door, 1, BALANCER_TICK_MS) <= 0)
            continue;
        int client = accept4(balancer->fd, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0 && !balancer_open(balancer, client))
            close(client);
    }
    return NULL;
}

bool balancer_start(struct balancer *balancer, const int *ports, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *balancer = (struct balancer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    for (size_t i = 0; i < count && i < BALANCER_TARGETS_MAX; i++) {
        balancer->targets[i].port = ports[i];
        atomic_store(&balancer->targets[i].takes, true);
        balancer->targets_count++;
    }
    if (balancer->fd >= 0 && bind(balancer->fd, (struct sockaddr *)&address, size) == 0 &&
        getsockname(balancer->fd, (struct sockaddr *)&address, &size) == 0 &&
        listen(balancer->fd, SOMAXCONN) == 0) {
        balancer->port = ntohs(address.sin_port);
        if (pthread_create(&balancer->thread, NULL, balancer_run, balancer) == 0)
            return true;
    }
    perror("balancer");
    if (balancer->fd >= 0)
        close(balancer->fd);
    return false;
}

void balancer_take(struct balancer *balancer, size_t target, bool takes)
{
    atomic_store(&balancer->targets[target].takes, takes);
}

bool balancer_stop(struct balancer *balancer)
{
    int64_t until = load_now_ms() + BALANCER_STOP_MS;
    atomic_store(&balancer->stop, true);
    pthread_join(balancer->thread, NULL);
    close(balancer->fd);
    while (atomic_load(&balancer->sessions) > 0 && load_now_ms() < until)
        load_sleep_ms(10);
    return atomic_load(&balancer->sessions) == 0;
}
