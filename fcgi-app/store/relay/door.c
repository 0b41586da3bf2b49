#include "store/relay/door.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/shared.h"
#include "base/socket.h"

enum { DOOR_ROOM_WANTED = 1 << 20 }; /* bytes; the kernel gives what net.core.wmem_max lets it */

/* The room for one descriptor beside a message. */
union door_control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static bool relay_door_fail(const char *call)
{
    log_write(LOG_ERROR, "cannot make the writer's door",
              LOG_FIELDS(LOG_TEXT("call", call), LOG_TEXT("error", strerror(errno))));
    return false;
}

static size_t relay_door_size(int workers)
{
    return (size_t)workers * RELAY_WAITING_MAX * sizeof(struct relay_ticket);
}

bool relay_door_open(struct relay_door *door, int workers)
{
    int fds[2];
    *door = (struct relay_door){.outer_fd = -1, .inner_fd = -1, .workers = workers};
    door->tickets = shared_inherit(relay_door_size(workers));
    if (!door->tickets)
        return relay_door_fail("mmap");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return relay_door_fail("socketpair");
    door->outer_fd = fds[0];
    door->inner_fd = fds[1];
    return true;
}

void relay_door_close(struct relay_door *door)
{
    relay_door_keep(door, RELAY_NOBODY);
    shared_unmap(door->tickets, relay_door_size(door->workers));
    door->tickets = NULL;
}

void relay_door_keep(struct relay_door *door, enum relay_side side)
{
    if (side != RELAY_WORKER)
        socket_close(&door->outer_fd);
    if (side != RELAY_WRITER)
        socket_close(&door->inner_fd);
}

void relay_door_void(const struct relay_door *door, int worker)
{
    for (int i = 0; i < RELAY_WAITING_MAX; i++)
        relay_ticket_void(&door->tickets[worker * RELAY_WAITING_MAX + i]);
}

/* Lets the kernel hold as many answers as it may; how many bytes those are, 0 if it does not say.
 */
static size_t relay_door_widen(int fd)
{
    int size = DOOR_ROOM_WANTED;
    socklen_t len = sizeof size;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0 ? (size_t)size : 0;
}

int relay_door_knock(const struct relay_door *door, size_t *room)
{
    union door_control control = {.bytes = {0}};
    char byte = 0;
    struct iovec content = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return -1;
    *room = relay_door_widen(fds[1]);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fds[1], sizeof(int));
    ssize_t sent = sendmsg(door->outer_fd, &message, MSG_NOSIGNAL);
    int error = errno;
    close(fds[1]);
    errno = error;
    return sent < 0 ? socket_fail(fds[0]) : fds[0];
}

int relay_door_answer(const struct relay_door *door)
{
    union door_control control = {.bytes = {0}};
    char byte;
    struct iovec content = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(door->inner_fd, &message, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    int fd = -1;
    if (got == 0)
        errno = EPIPE;
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(header), sizeof(int));
    else if (got > 0)
        errno = EMFILE; /* the kernel left the descriptor out */
    return fd;
}
