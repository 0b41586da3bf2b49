#include "e2e/stub.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "e2e/fastcgi.h"
#include "e2e/load.h"

enum { STUB_BACKLOG = 1024, STUB_READ = 64 * 1024, STUB_RECORD = 32 * 1024 };
enum { STUB_END = 3, STUB_STDIN = 5, STUB_STDOUT = 6, STUB_HEAD = 8 };

/* The socket of health checks is the same one. */
static bool stub_name_probes(const struct pair *pair, bool there)
{
    char path[sizeof pair->socket + 8];
    snprintf(path, sizeof path, "%s.probe", pair->socket);
    unlink(path);
    return !there || symlink(pair->socket, path) == 0;
}

int stub_open(struct pair *pair)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pair_stop_app(pair, SIGTERM);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", pair->socket);
    unlink(pair->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, STUB_BACKLOG) == 0 && stub_name_probes(pair, true))
        return fd;
    perror("stub");
    return -1;
}

int stub_accept(int listener, int timeout_ms)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    return poll(&ready, 1, timeout_ms) == 1 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
}

/* To the record that ends the body. */
static bool stub_read_request(int fd)
{
    unsigned char *scrap = malloc(STUB_READ + 256), head[STUB_HEAD];
    int64_t until_ms = load_now_ms() + FASTCGI_TIMEOUT_MS;
    bool ok = scrap != NULL, last = false;
    while (ok && !last) {
        ok = fastcgi_receive(fd, head, sizeof head, until_ms);
        size_t len = (size_t)head[4] << 8 | head[5];
        last = ok && head[1] == STUB_STDIN && len == 0;
        ok = ok && fastcgi_receive(fd, scrap, len + head[6], until_ms);
    }
    free(scrap);
    return ok;
}

static bool stub_send(int fd, unsigned char type, const char *data, size_t len)
{
    const unsigned char head[STUB_HEAD] = {
        1, type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len};
    for (ssize_t n; len > 0; data += n, len -= (size_t)n) {
        if (send(fd, head, sizeof head, MSG_NOSIGNAL) != sizeof head)
            return false;
        n = send(fd, data, len, MSG_NOSIGNAL);
        if (n != (ssize_t)len)
            return false;
    }
    return true;
}

bool stub_answer(int fd, unsigned body_len)
{
    static const char end[8];
    char text[128], *body = calloc(1, STUB_RECORD);
    int n = snprintf(text, sizeof text,
                     "Status: 200\r\nContent-Type: application/json\r\nContent-Length: %u\r\n\r\n",
                     body_len);
    bool ok = body && stub_read_request(fd) && stub_send(fd, STUB_STDOUT, text, (size_t)n);
    if (body)
        memset(body, 'b', STUB_RECORD);
    for (size_t len; ok && body_len > 0; body_len -= (unsigned)len) {
        len = body_len < STUB_RECORD ? body_len : STUB_RECORD;
        ok = stub_send(fd, STUB_STDOUT, body, len);
    }
    ok = ok && stub_send(fd, STUB_END, end, sizeof end);
    free(body);
    close(fd);
    return ok;
}

bool stub_is_left(int fd, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLRDHUP};
    return poll(&ready, 1, timeout_ms) == 1 && ready.revents & (POLLRDHUP | POLLHUP);
}

bool stub_close(struct pair *pair, int listener)
{
    close(listener);
    unlink(pair->socket);
    stub_name_probes(pair, false);
    return pair_start_app(pair) && pair_wait_ready(pair);
}
