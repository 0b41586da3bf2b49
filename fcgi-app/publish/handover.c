#include "publish/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shared.h"
#include "base/socket.h"

#define HANDOVER_LOOK "look"
#define HANDOVER_DONE "done"

enum {
    HANDOVER_WORD_SIZE = sizeof HANDOVER_LOOK - 1,
    HANDOVER_SHOW_MS = 600, /* a look that takes longer is of no use: see LAYOUT_LEASE_US */
    /* Room for the descriptors beside a message. It is counted in words: one more may come. */
    HANDOVER_CONTROL_SIZE = CMSG_SPACE(HANDOVER_PARTS * sizeof(int)),
    HANDOVER_ROOM = HANDOVER_PARTS + 1
};

_Static_assert(HANDOVER_CONTROL_SIZE <= CMSG_LEN(HANDOVER_ROOM * sizeof(int)), "as many come");

/* The message, with the descriptors beside it. */
struct handover_message {
    uint64_t magic;
    uint64_t shape;
};

static const struct {
    size_t size;
    bool writable;
} handover_parts[HANDOVER_PARTS] = {
    [HANDOVER_ANSWERS] = {sizeof(struct layout), false},
    [HANDOVER_ROSTER] = {sizeof(struct roster), true},
    [HANDOVER_METRICS] = {sizeof(struct memory), true},
};

bool handover_send(int connection, const int fds[HANDOVER_PARTS])
{
    struct handover_message message = {LAYOUT_MAGIC, layout_shape()};
    _Alignas(struct cmsghdr) char control[HANDOVER_CONTROL_SIZE] = "";
    struct cmsghdr *header = (struct cmsghdr *)(void *)control;
    struct iovec bytes = {&message, sizeof message};
    struct msghdr whole = {.msg_iov = &bytes,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(HANDOVER_PARTS * sizeof(int)),
                               .cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), fds, HANDOVER_PARTS * sizeof(int));
    return sendmsg(connection, &whole, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof message;
}

int handover_connect(const char *path)
{
    return socket_connect_as(path, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
}

/* Takes the descriptors out of a message, whatever their number; how many there were. */
static size_t handover_take(struct msghdr *whole, int fds[HANDOVER_ROOM])
{
    size_t count = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(whole); at; at = CMSG_NXTHDR(whole, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        size_t here = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < here && count < HANDOVER_ROOM; i++)
            memcpy(&fds[count++], CMSG_DATA(at) + i * sizeof(int), sizeof(int));
    }
    return count;
}

static bool handover_map(const int fds[HANDOVER_PARTS], struct handover *handover)
{
    void *parts[HANDOVER_PARTS];
    bool ok = true;
    for (size_t i = 0; i < HANDOVER_PARTS; i++) {
        parts[i] = shared_map(fds[i], handover_parts[i].size, handover_parts[i].writable);
        ok = ok && parts[i];
    }
    *handover =
        (struct handover){parts[HANDOVER_ANSWERS], parts[HANDOVER_ROSTER], parts[HANDOVER_METRICS]};
    if (ok && handover->layout->magic == LAYOUT_MAGIC && handover->layout->shape == layout_shape())
        return true;
    handover_close(handover);
    errno = EPROTO;
    return false;
}

enum handover_got handover_receive(int connection, struct handover *handover)
{
    struct handover_message message;
    _Alignas(struct cmsghdr) char control[HANDOVER_CONTROL_SIZE];
    struct iovec bytes = {&message, sizeof message};
    struct msghdr whole = {.msg_iov = &bytes,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
    int fds[HANDOVER_ROOM];
    ssize_t got = recvmsg(connection, &whole, MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? HANDOVER_YET : HANDOVER_FAILED;
    size_t count = handover_take(&whole, fds);
    bool ok = got == (ssize_t)sizeof message && !(whole.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
              count == HANDOVER_PARTS && message.magic == LAYOUT_MAGIC &&
              message.shape == layout_shape();
    if (!ok)
        errno = got ? EPROTO : ECONNRESET;
    ok = ok && handover_map(fds, handover);
    for (size_t i = 0; i < count; i++)
        socket_close(&fds[i]);
    return ok ? HANDOVER_WHOLE : HANDOVER_FAILED;
}

void handover_close(struct handover *handover)
{
    shared_unmap(handover->layout, sizeof *handover->layout);
    shared_unmap(handover->roster, sizeof *handover->roster);
    shared_unmap(handover->metrics, sizeof *handover->metrics);
    *handover = (struct handover){NULL, NULL, NULL};
}

/* Receives the next message, or the beginning of one that is longer; its size. */
static ssize_t handover_await(int fd, char word[HANDOVER_WORD_SIZE], int64_t until_us)
{
    return socket_set_deadline(fd, until_us) ? recv(fd, word, HANDOVER_WORD_SIZE, MSG_TRUNC) : -1;
}

bool handover_look(const char *path, int timeout_ms)
{
    char word[HANDOVER_WORD_SIZE];
    int64_t until_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    int fd = socket_connect_as(path, SOCK_SEQPACKET, timeout_ms);
    if (fd < 0)
        return false;
    /* The memory comes first. Its descriptors are not asked for, so none are left open. */
    bool done = socket_set_deadline(fd, until_us) &&
                send(fd, HANDOVER_LOOK, HANDOVER_WORD_SIZE, MSG_NOSIGNAL) == HANDOVER_WORD_SIZE &&
                handover_await(fd, word, until_us) > 0 &&
                handover_await(fd, word, until_us) == HANDOVER_WORD_SIZE &&
                memcmp(word, HANDOVER_DONE, HANDOVER_WORD_SIZE) == 0;
    close(fd);
    return done;
}

void handover_show(const char *path)
{
    if (!handover_look(path, HANDOVER_SHOW_MS) && access(path, F_OK) == 0)
        clock_sleep_us(LAYOUT_LEASE_US);
}

int handover_is_asked(int connection)
{
    char word[HANDOVER_WORD_SIZE];
    ssize_t got = recv(connection, word, sizeof word, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return got == HANDOVER_WORD_SIZE && memcmp(word, HANDOVER_LOOK, HANDOVER_WORD_SIZE) == 0 ? 1
                                                                                             : -1;
}

bool handover_answer(int connection)
{
    return send(connection, HANDOVER_DONE, HANDOVER_WORD_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT) ==
           HANDOVER_WORD_SIZE;
}
