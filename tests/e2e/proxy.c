#include "e2e/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e/client.h"

int proxy_open(int port, const char *source)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int now = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && inet_pton(AF_INET, source, &from.sin_addr) == 1 &&
        bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
        connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now) == 0)
        return fd;
    perror(source);
    if (fd >= 0)
        close(fd);
    return -1;
}

int proxy_open_of(int port, const char *id)
{
    char header[] = PROXY_OF(PROXY_A);
    int fd = proxy_open(port, PROXY_BALANCER);
    memcpy(header + sizeof header - sizeof PROXY_A, id, sizeof PROXY_A - 1);
    if (fd >= 0 && client_raw_send(fd, header, sizeof header - 1))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}
