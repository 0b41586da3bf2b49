#include "e2e/caller.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e/client.h"
#include "e2e/proxy.h"
#include "e2e/wire.h"

bool caller_send(int fd, const char *text)
{
    return fd >= 0 && client_raw_send(fd, text, strlen(text));
}

int caller_ask(int port, const char *id, const char *text)
{
    int fd = proxy_open_of(port, id);
    if (caller_send(fd, text))
        return fd;
    caller_close(&fd, 1);
    return -1;
}

int caller_status(int fd)
{
    static char text[WIRE_ANSWER_MAX];
    static const char start[] = "HTTP/1.1 ";
    text[0] = '\0';
    if (fd >= 0)
        client_raw_read(fd, text, sizeof start + strlen("200"), CALLER_WAIT_MS, NULL);
    return strncmp(text, start, sizeof start - 1) == 0
               ? (int)strtol(text + sizeof start - 1, NULL, 10)
               : 0;
}

bool caller_is_closed(int fd, int timeout_ms)
{
    static char text[WIRE_ANSWER_MAX];
    bool closed = false;
    if (fd >= 0)
        client_raw_read(fd, text, sizeof text, timeout_ms, &closed);
    return closed || fd < 0;
}

void caller_close(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}
