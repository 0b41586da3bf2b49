#include "base/socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* A client that never stops sending is not waited for. */
enum { SOCKET_REST_SIZE = 4096, SOCKET_RESTS_MAX = 64 };

static bool socket_set_timeout(int fd, int timeout_ms)
{
    const struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000L};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0;
}

int socket_connect_as(const char *path, int type, int timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if ((size_t)len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    /* That of a send bounds connect, too: a unix socket waits as long for a place in the queue. */
    if (fd >= 0 && socket_set_timeout(fd, timeout_ms) &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    return socket_fail(fd);
}

bool socket_set_deadline(int fd, int64_t until_us)
{
    /* 0 would be no bound. */
    int64_t left_ms = (until_us - clock_monotonic_us()) / 1000;
    return left_ms > 0 && socket_set_timeout(fd, (int)left_ms);
}

int socket_connect(const char *path, int timeout_ms)
{
    return socket_connect_as(path, SOCK_STREAM, timeout_ms);
}

int socket_fail(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

void socket_close(int *fd)
{
    *fd = socket_fail(*fd);
}

void socket_close_answered(int fd)
{
    char rest[SOCKET_REST_SIZE];
    for (int i = 0; i < SOCKET_RESTS_MAX && recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0; i++)
        continue;
    close(fd);
}
