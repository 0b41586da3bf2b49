#include "server/outlet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/socket.h"

_Static_assert(LISTENER_FITS_BESIDE(OUTLET_SUFFIX), "no path is cut off");

enum { OUTLET_BACKLOG = 64, OUTLET_AGAIN_US = 1000 * 1000 };

union outlet_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

void outlet_init(struct outlet *outlet)
{
    *outlet = (struct outlet){.fds = {-1, -1}};
}

/* The address's length; 0 if the text is none. */
static socklen_t outlet_address(const struct config *config, union outlet_address *address)
{
    const char *text = config->metrics_address;
    in_port_t port = htons((in_port_t)config->metrics_port);
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = port;
        return sizeof address->v4;
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1)
        return 0;
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = port;
    return sizeof address->v6;
}

static int outlet_make_tcp(const struct config *config)
{
    const int on = 1;
    union outlet_address address;
    socklen_t size = outlet_address(config, &address);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Without SO_REUSEADDR a restart would wait for the connections of before. */
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, &address.any, size) == 0 && listen(fd, OUTLET_BACKLOG) == 0)
        return fd;
    return socket_fail(fd);
}

static void outlet_open_tcp(struct outlet *outlet, const struct config *config)
{
    int *fd = &outlet->fds[OUTLET_TCP];
    if (*fd >= 0 || !config->metrics_port)
        return;
    *fd = outlet_make_tcp(config);
    if (*fd >= 0)
        log_write(LOG_INFO, "metrics are served",
                  LOG_FIELDS(LOG_TEXT("address", config->metrics_address),
                             LOG_NUMBER("port", config->metrics_port)));
    else if (!outlet->told[OUTLET_TCP])
        log_write(LOG_ERROR, "cannot serve metrics on METRICS_PORT; it is tried again each second",
                  LOG_FIELDS(LOG_TEXT("address", config->metrics_address),
                             LOG_NUMBER("port", config->metrics_port),
                             LOG_TEXT("error", strerror(errno))));
    outlet->told[OUTLET_TCP] = *fd < 0;
}

static void outlet_open_unix(struct outlet *outlet, const struct listener *listener,
                             const struct config *config)
{
    int *fd = &outlet->fds[OUTLET_UNIX];
    if (*fd >= 0 || outlet->told[OUTLET_UNIX] ||
        !listener_beside(listener, OUTLET_SUFFIX, outlet->path, sizeof outlet->path))
        return;
    *fd = listener_open_beside(&outlet->name, outlet->path, config->socket_group, SOCK_STREAM,
                               OUTLET_BACKLOG);
    /* What failed hardly goes better later. */
    outlet->told[OUTLET_UNIX] = *fd < 0;
}

void outlet_open(struct outlet *outlet, const struct listener *listener,
                 const struct config *config)
{
    int64_t now_us = clock_monotonic_us();
    if (outlet->tried_us && now_us - outlet->tried_us < OUTLET_AGAIN_US)
        return;
    outlet->tried_us = now_us;
    outlet_open_unix(outlet, listener, config);
    outlet_open_tcp(outlet, config);
}

void outlet_close(struct outlet *outlet)
{
    placed_remove(&outlet->name, outlet->path);
    for (int i = 0; i < OUTLET_SOCKETS; i++)
        socket_close(&outlet->fds[i]);
    outlet_init(outlet);
}
