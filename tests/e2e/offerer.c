#include "e2e/offerer.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shared.h"
#include "e2e/load.h"
#include "metrics/metrics.h"
#include "publish/layout.h"

enum { OFFERER_BACKLOG = 8, OFFERER_WAIT_MS = 15000, OFFERER_TICK_MS = 20 };

static int offerer_listen(const struct pair *pair)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s" OFFERER_SUFFIX, pair->socket);
    unlink(address.sun_path);
    if (fd >= 0 && (size_t)n < sizeof address.sun_path &&
        bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, OFFERER_BACKLOG) == 0)
        return fd;
    perror("offerer");
    if (fd >= 0)
        close(fd);
    return -1;
}

bool offerer_open(struct offerer *offerer, const struct pair *pair)
{
    *offerer = (struct offerer){.listener = offerer_listen(pair)};
    bool ok = offerer->listener >= 0 &&
              answers_make(&offerer->answers, OFFERER_LIST_ROUTE, OFFERER_PRODUCT_ROUTE) &&
              metrics_open();
    offerer->fds[HANDOVER_ANSWERS] = offerer->answers.fd;
    offerer->roster =
        shared_make("roster", sizeof *offerer->roster, false, &offerer->fds[HANDOVER_ROSTER]);
    offerer->fds[HANDOVER_METRICS] = metrics_fd();
    return ok && offerer->roster;
}

void offerer_close(struct offerer *offerer)
{
    answers_close(&offerer->answers);
    shared_unmap(offerer->roster, sizeof *offerer->roster);
    close(offerer->fds[HANDOVER_ROSTER]);
    metrics_close();
    close(offerer->listener);
}

int offerer_accept(const struct offerer *offerer, int timeout_ms)
{
    struct pollfd come = {.fd = offerer->listener, .events = POLLIN};
    return poll(&come, 1, timeout_ms) == 1 ? accept4(offerer->listener, NULL, NULL, SOCK_CLOEXEC)
                                           : -1;
}

bool offerer_send(int connection, const void *message, size_t len, const int *fds, size_t count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {.bytes = ""};
    char copy[64];
    struct iovec bytes = {memcpy(copy, message, len), len};
    struct msghdr whole = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (count > 0) {
        whole.msg_control = &control;
        whole.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
                                          .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
    }
    return sendmsg(connection, &whole, MSG_NOSIGNAL) == (ssize_t)len;
}

void offerer_renew(struct offerer *offerer)
{
    answers_lease(&offerer->answers, clock_monotonic_us() + LAYOUT_LEASE_US);
}

void offerer_publish(struct offerer *offerer, int64_t target, const char *etag, const char *body,
                     size_t len)
{
    const struct answers_one one = {target, answers_epoch(&offerer->answers, target), etag, body,
                                    len};
    for (int i = 0; i < 2; i++)
        answers_offer(&offerer->answers, &one, clock_monotonic_us());
}

bool offerer_ask(struct offerer *offerer, struct client *client,
                 const struct client_request *request, struct client_answer *answer)
{
    for (;; offerer->repeats++) {
        offerer_renew(offerer);
        bool answered = client_call(client, request, answer);
        if (clock_monotonic_us() < atomic_load(&offerer->answers.layout->lease_us))
            return answered;
    }
}

bool offerer_wait_taken(struct offerer *offerer, struct client *client, const char *body,
                        struct client_answer *answer)
{
    static const struct client_request request = {.method = "GET", .path = "/products/1"};
    for (int64_t until = load_now_ms() + OFFERER_WAIT_MS; load_now_ms() < until;) {
        offerer_ask(offerer, client, &request, answer);
        if (answer->status == 200 && strcmp(answer->body, body) == 0)
            return true;
        int connection = offerer_accept(offerer, OFFERER_TICK_MS);
        if (connection >= 0) {
            handover_send(connection, offerer->fds);
            close(connection);
        }
    }
    return false;
}
