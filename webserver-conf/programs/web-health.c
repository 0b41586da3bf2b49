/* web-health: is the web server well? Asks http://127.0.0.1:$PORT/healthz, which the application
 * answers. Exits with 0 if the status is 200, else with 1 and the reason on standard error. It is
 * the health check of an image that has no shell and no curl. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/streams.h"
#include "base/text.h"

/* All of it, from connecting to the status line. */
enum { HEALTH_DEADLINE_US = 2000000, HEALTH_US_PER_MS = 1000 };
enum { HEALTH_PORT_DEFAULT = 8080, HEALTH_PORT_MAX = 65535 };

/* Of the answer only "HTTP/1.1 200 " is read: the reason after the blank is optional. */
#define HEALTH_PROTOCOL "HTTP/1."
#define HEALTH_OK       "200 "
enum { HEALTH_STATUS_AT = sizeof HEALTH_PROTOCOL + 1 };
enum { HEALTH_ANSWER_LEN = HEALTH_STATUS_AT + sizeof HEALTH_OK - 1 };

/* HTTP/1.0, so that the server closes the connection. lighttpd reads the Host before it chooses
 * where a request goes. */
static const char health_request[] = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";

static int health_fail(const char *why)
{
    fprintf(stderr, "web-health: %s\n", why);
    return EXIT_FAILURE;
}

/* Waits until the socket is ready for the events; false with errno set if it is not in time. */
static bool health_wait(int fd, short events, int64_t deadline_us)
{
    struct pollfd ready = {.fd = fd, .events = events};
    for (;;) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        int n = left_us > 0 ? poll(&ready, 1, (int)(left_us / HEALTH_US_PER_MS) + 1) : 0;
        if (n > 0)
            return true;
        if (n == 0) {
            errno = ETIMEDOUT;
            return false;
        }
        if (errno != EINTR)
            return false;
    }
}

/* Connects, or returns false with errno set. The socket must not block, so that connect obeys the
 * deadline. */
static bool health_connect(int fd, uint16_t port, int64_t deadline_us)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return true;
    if (errno != EINPROGRESS || !health_wait(fd, POLLOUT, deadline_us) ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return false;
    errno = error;
    return error == 0;
}

/* Reads until the status is there: false with errno set, or with errno 0 if the server closed
 * before. */
static bool health_read(int fd, char answer[HEALTH_ANSWER_LEN + 1], int64_t deadline_us)
{
    size_t used = 0;
    while (used < HEALTH_ANSWER_LEN) {
        if (!health_wait(fd, POLLIN, deadline_us))
            return false;
        ssize_t n = recv(fd, answer + used, HEALTH_ANSWER_LEN - used, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n == 0) {
            errno = 0;
            return false;
        }
        used += n > 0 ? (size_t)n : 0;
    }
    answer[used] = '\0';
    return true;
}

static int health_judge(const char answer[HEALTH_ANSWER_LEN + 1])
{
    if (strncmp(answer, HEALTH_PROTOCOL, strlen(HEALTH_PROTOCOL)) != 0 ||
        answer[HEALTH_STATUS_AT - 1] != ' ')
        return health_fail("what answers does not speak HTTP");
    if (strcmp(answer + HEALTH_STATUS_AT, HEALTH_OK) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "web-health: /healthz answered %s\n", answer + HEALTH_STATUS_AT);
    return EXIT_FAILURE;
}

static int health_ask(int fd, uint16_t port)
{
    const ssize_t length = sizeof health_request - 1;
    char answer[HEALTH_ANSWER_LEN + 1];
    int64_t deadline_us = clock_monotonic_us() + HEALTH_DEADLINE_US;
    if (!health_connect(fd, port, deadline_us))
        return health_fail(strerror(errno));
    if (send(fd, health_request, (size_t)length, MSG_NOSIGNAL) != length)
        return health_fail("the request could not be sent");
    if (!health_read(fd, answer, deadline_us))
        return health_fail(errno ? strerror(errno) : "the server closed without an answer");
    return health_judge(answer);
}

int main(void)
{
    int64_t port = HEALTH_PORT_DEFAULT;
    const char *text = getenv("PORT");
    if (!streams_open())
        return EXIT_FAILURE;
    if (text && !text_number(text, strlen(text), 1, HEALTH_PORT_MAX, &port))
        return health_fail("PORT is not a number from 1 to 65535");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return health_fail(strerror(errno));
    int status = health_ask(fd, (uint16_t)port);
    close(fd);
    return status;
}
