/* stale ORDERS BUY_PORT READ_PORT PRODUCTS: how long another task shows the stock of before. Places
 * ORDERS orders, each of a random one of PRODUCTS, through the task on 127.0.0.1:BUY_PORT, once its
 * stock is read again and again, and so published, through the one on READ_PORT. Then reads there
 * until the new stock is shown. Prints "P99_US MOST_US SHOWN": microseconds from the order's answer
 * to the begin of the last read that showed the stock of before, 0 for none, and how many orders
 * had one. Nobody else may change these products. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    STALE_ORDERS_MAX = 100000,
    STALE_ANSWER_SIZE = 8192,
    STALE_READS = 4, /* before an order; the second one publishes */
    STALE_PAUSE_US =
        100000, /* between orders at most, so that they come at any time between looks */
    STALE_GIVE_UP_US = 5000000
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fail(const char *what)
{
    fprintf(stderr, "stale: %s: %s\n", what, errno ? strerror(errno) : "not as it should be");
    exit(1);
}

static long number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < least || value > most) {
        fprintf(stderr, "stale: %s is no number from %ld to %ld\n", text, least, most);
        exit(2);
    }
    return value;
}

/* A connection to a task, which is made anew when the task has ended it. */
struct wire {
    int port;
    int fd; /* or -1 */
};

static void connect_to(struct wire *wire)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)wire->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int now = 1;
    wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->fd < 0 || connect(wire->fd, (const struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now) != 0)
        fail("connect");
}

static void disconnect(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
}

/* Whether head and body are there, as long as Content-Length says. */
static bool is_whole(const char *text, size_t len)
{
    const char *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\nContent-Length:");
    return body && length && length < body &&
           len >= (size_t)(body + 4 - text) +
                      strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

/* Sends a request and reads its answer, which has to have that status. */
static const char *call(struct wire *wire, const char *request, const char *status)
{
    static char answer[STALE_ANSWER_SIZE + 1];
    size_t len = 0;
    char byte;
    answer[0] = '\0';
    /* lighttpd ends a connection that was idle, or has had so many requests. */
    if (wire->fd >= 0 && recv(wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
        disconnect(wire);
    if (wire->fd < 0)
        connect_to(wire);
    errno = 0;
    if (send(wire->fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        fail("send");
    while (!is_whole(answer, len)) {
        ssize_t got = recv(wire->fd, answer + len, STALE_ANSWER_SIZE - len, 0);
        if (got <= 0)
            fail("recv");
        len += (size_t)got;
        answer[len] = '\0';
    }
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strncmp(answer + 9, status, 3) != 0) {
        fprintf(stderr, "stale: %s\n", answer);
        exit(1);
    }
    if (strcasestr(answer, "\r\nConnection: close"))
        disconnect(wire);
    return answer;
}

static long stock(struct wire *wire, long product)
{
    char request[128];
    snprintf(request, sizeof request, "GET /products/%ld HTTP/1.1\r\nHost: a\r\n\r\n", product);
    const char *at = strstr(call(wire, request, "200"), "\"quantity\":");
    if (!at)
        fail("quantity");
    return strtol(at + strlen("\"quantity\":"), NULL, 10);
}

static void buy(struct wire *wire, long product)
{
    char body[96], request[256];
    snprintf(body, sizeof body, "{\"items\":[{\"product_id\":%ld,\"quantity\":1}]}", product);
    snprintf(request, sizeof request,
             "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    call(wire, request, "201");
}

/* How long one order was not seen. */
static int64_t measure(struct wire *buying, struct wire *reading, long product)
{
    long before = 0;
    int64_t last_us = 0;
    for (int i = 0; i < STALE_READS; i++)
        before = stock(reading, product);
    buy(buying, product);
    int64_t told_us = now_us(), begun_us = told_us;
    while (stock(reading, product) == before) {
        last_us = begun_us - told_us;
        if (last_us > STALE_GIVE_UP_US)
            fail("the other task shows no change");
        begun_us = now_us();
    }
    return last_us;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static int64_t us[STALE_ORDERS_MAX];
    if (argc != 5) {
        fprintf(stderr, "usage: stale ORDERS BUY_PORT READ_PORT PRODUCTS\n");
        return 2;
    }
    long orders = number(argv[1], 1, STALE_ORDERS_MAX), products = number(argv[4], 1, INT32_MAX);
    struct wire buying = {.port = (int)number(argv[2], 1, 65535), .fd = -1};
    struct wire reading = {.port = (int)number(argv[3], 1, 65535), .fd = -1};
    unsigned seed = (unsigned)now_us();
    long shown = 0;
    for (long i = 0; i < orders; i++) {
        nanosleep(&(struct timespec){.tv_nsec = rand_r(&seed) % STALE_PAUSE_US * 1000L}, NULL);
        us[i] = measure(&buying, &reading, 1 + rand_r(&seed) % products);
        shown += us[i] > 0;
    }
    disconnect(&buying);
    disconnect(&reading);
    qsort(us, (size_t)orders, sizeof us[0], by_size);
    printf("%jd %jd %ld\n", (intmax_t)us[(orders * 99 + 99) / 100 - 1], (intmax_t)us[orders - 1],
           shown);
    return 0;
}
