/* distance PORT SOCKET MICROSECONDS: takes connections on 127.0.0.1:PORT, passes each on to the
 * unix SOCKET, and keeps back for so long what either side sends. So a server on this machine is as
 * far away as one in another zone. What comes meanwhile is not held up: the delay is of each byte,
 * not of each turn. Runs until TERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    DISTANCE_US_MAX = 1000000,
    DISTANCE_CHUNK = 16 * 1024,
    DISTANCE_CHUNKS = 32, /* on the way at once; more wait with their sender */
    DISTANCE_BACKLOG = 512,
    DISTANCE_STACK = 64 * 1024
};

/* Both ends of a connection, closed by the direction that ends last. */
struct link {
    int client, server;
    atomic_int ways;
};

/* One direction of a connection: a ring of chunks, each with the time when it is due. */
struct way {
    struct link *link;
    int from, to;
    size_t first, count;
    bool ended; /* nothing more comes */
    struct {
        int64_t due_ns;
        size_t len;
        char bytes[DISTANCE_CHUNK];
    } chunks[DISTANCE_CHUNKS];
};

static int64_t distance_ns;
static struct sockaddr_un server = {.sun_family = AF_UNIX};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void way_read(struct way *way)
{
    size_t last = (way->first + way->count) % DISTANCE_CHUNKS;
    ssize_t got = read(way->from, way->chunks[last].bytes, DISTANCE_CHUNK);
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0) {
        way->ended = true;
        return;
    }
    way->chunks[last].len = (size_t)got;
    way->chunks[last].due_ns = now_ns() + distance_ns;
    way->count++;
}

/* Waits for what comes first: more to read, if there is room, or the next chunk's time. */
static void way_wait(struct way *way)
{
    bool room = !way->ended && way->count < DISTANCE_CHUNKS;
    struct pollfd wait = {.fd = room ? way->from : -1, .events = POLLIN};
    int64_t left = way->count > 0 ? way->chunks[way->first].due_ns - now_ns() : 0;
    left = left > 0 ? left : 0;
    struct timespec limit = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    if (ppoll(&wait, 1, way->count > 0 ? &limit : NULL, NULL) > 0)
        way_read(way);
}

/* Writes the chunks whose time has come; false if the other side has gone. */
static bool way_write(struct way *way)
{
    while (way->count > 0 && way->chunks[way->first].due_ns <= now_ns()) {
        const char *bytes = way->chunks[way->first].bytes;
        size_t len = way->chunks[way->first].len;
        while (len > 0) {
            ssize_t done = write(way->to, bytes, len);
            if (done < 0)
                return false;
            bytes += done;
            len -= (size_t)done;
        }
        way->first = (way->first + 1) % DISTANCE_CHUNKS;
        way->count--;
    }
    return true;
}

static void link_leave(struct link *link, int ways)
{
    if (atomic_fetch_sub(&link->ways, ways) > ways)
        return;
    close(link->client);
    if (link->server >= 0)
        close(link->server);
    free(link);
}

static void *way_run(void *argument)
{
    struct way *way = argument;
    prctl(PR_SET_TIMERSLACK, 1UL);
    do {
        way_wait(way);
    } while (way_write(way) && (!way->ended || way->count > 0));
    shutdown(way->to, SHUT_WR);
    shutdown(way->from, SHUT_RD);
    link_leave(way->link, 1);
    free(way);
    return NULL;
}

static bool way_start(struct link *link, int from, int to)
{
    pthread_attr_t attributes;
    pthread_t thread;
    struct way *way = calloc(1, sizeof *way);
    if (!way)
        return false;
    way->link = link;
    way->from = from;
    way->to = to;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, DISTANCE_STACK);
    bool ok = pthread_create(&thread, &attributes, way_run, way) == 0;
    pthread_attr_destroy(&attributes);
    if (!ok)
        free(way);
    return ok;
}

static void connection_start(int client)
{
    struct link *link = malloc(sizeof *link);
    if (!link) {
        close(client);
        return;
    }
    int one = 1, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), started = 0;
    *link = (struct link){client, fd, 2};
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof server) == 0) {
        started = way_start(link, client, fd);
        started += started && way_start(link, fd, client);
    }
    if (started == 2)
        return;
    perror("distance: a connection");
    shutdown(client, SHUT_RDWR);
    link_leave(link, 2 - started);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, DISTANCE_BACKLOG) == 0)
        return fd;
    perror("distance: the port");
    return -1;
}

int main(int argc, char **argv)
{
    long port = argc == 4 ? strtol(argv[1], NULL, 10) : 0;
    long us = argc == 4 ? strtol(argv[3], NULL, 10) : -1;
    if (port < 1 || port > UINT16_MAX || us < 0 || us > DISTANCE_US_MAX ||
        strlen(argv[2]) >= sizeof server.sun_path) {
        fputs("usage: distance PORT SOCKET MICROSECONDS\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    distance_ns = us * 1000;
    memcpy(server.sun_path, argv[2], strlen(argv[2]) + 1);
    int fd = listen_on((uint16_t)port);
    while (fd >= 0) {
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0)
            connection_start(client);
        else if (errno != EINTR && errno != ECONNABORTED)
            break;
    }
    perror("distance: accept");
    return 1;
}
