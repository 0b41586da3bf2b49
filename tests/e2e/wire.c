#include "e2e/wire.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e/client.h"

const char *const wire_result_names[WIRE_RESULT_MAX] = {
    [WIRE_ANSWERED] = "answered", [WIRE_REFUSED] = "refused", [WIRE_RESET] = "reset",
    [WIRE_CLOSED] = "closed",     [WIRE_BROKEN] = "broken",   [WIRE_SILENT] = "silent",
};

void wire_init(struct wire *wire, int port)
{
    wire->port = port;
    wire->timeout_ms = WIRE_TIMEOUT_MS;
    wire->fd = -1;
    wire->kept = false;
    wire->status = 0;
    wire->len = 0;
}

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
}

bool wire_is_stale(const struct wire *wire)
{
    char byte;
    return wire->fd >= 0 && recv(wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static int wire_status(const struct wire *wire)
{
    return (int)strtol(wire->answer + sizeof "HTTP/1.x", NULL, 10);
}

/* The length of head and body, 0 while the head is not whole. */
static size_t wire_whole(const struct wire *wire)
{
    const char *end = strstr(wire->answer, "\r\n\r\n");
    const char *length = strcasestr(wire->answer, "\r\nContent-Length:");
    if (!end)
        return 0;
    if (wire_status(wire) == 304)
        return (size_t)(end - wire->answer) + 4;
    size_t body = length && length < end ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10)
                                         : SIZE_MAX / 2;
    return (size_t)(end - wire->answer) + 4 + body;
}

static enum wire_result wire_read(struct wire *wire)
{
    wire->len = 0;
    wire->answer[0] = '\0';
    for (;;) {
        struct pollfd p = {.fd = wire->fd, .events = POLLIN};
        if (poll(&p, 1, wire->timeout_ms) <= 0)
            return wire->len ? WIRE_BROKEN : WIRE_SILENT;
        ssize_t n = recv(wire->fd, wire->answer + wire->len, WIRE_ANSWER_MAX - wire->len, 0);
        if (n <= 0)
            return wire->len ? WIRE_BROKEN : n == 0 ? WIRE_CLOSED : WIRE_RESET;
        wire->len += (size_t)n;
        wire->answer[wire->len] = '\0';
        size_t whole = wire_whole(wire);
        if (whole && wire->len > whole)
            return WIRE_BROKEN;
        if (whole && wire->len == whole)
            return WIRE_ANSWERED;
    }
}

enum wire_result wire_call(struct wire *wire, const char *request)
{
    wire->kept = wire->fd >= 0;
    wire->status = 0;
    if (wire->fd < 0)
        wire->fd = client_raw_open(wire->port);
    if (wire->fd < 0)
        return WIRE_REFUSED;
    /* Even if the peer takes no more, it may have sent something. */
    bool sent = client_raw_send(wire->fd, request, strlen(request));
    enum wire_result result = wire_read(wire);
    if (!sent && result == WIRE_CLOSED)
        result = WIRE_RESET;
    if (result == WIRE_ANSWERED)
        wire->status = wire_status(wire);
    if (result != WIRE_ANSWERED || strcasestr(wire->answer, "\r\nConnection: close"))
        wire_close(wire);
    return result;
}
