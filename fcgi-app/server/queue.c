#include "server/queue.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUEUE_ANSWER_SIZE = 1024 };

static bool queue_ask(int fd, ino_t inode)
{
    const struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header = {.nlmsg_len = sizeof message,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = UINT32_MAX,
                    .udiag_ino = (uint32_t)inode,
                    .udiag_show = UDIAG_SHOW_RQLEN,
                    .udiag_cookie = {UINT32_MAX, UINT32_MAX}}, /* whichever it is */
    };
    return send(fd, &message, sizeof message, 0) == (ssize_t)sizeof message;
}

static int queue_read(const char *bytes, size_t len)
{
    struct nlmsghdr header;
    size_t at = NLMSG_LENGTH(sizeof(struct unix_diag_msg));
    if (len < at)
        return -1;
    memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return -1;
    for (struct rtattr attribute; at + sizeof attribute <= len;
         at += RTA_ALIGN(attribute.rta_len)) {
        struct unix_diag_rqlen lengths;
        memcpy(&attribute, bytes + at, sizeof attribute);
        if (attribute.rta_len < sizeof attribute)
            return -1;
        if (attribute.rta_type != UNIX_DIAG_RQLEN || at + RTA_LENGTH(0) + sizeof lengths > len)
            continue;
        memcpy(&lengths, bytes + at + RTA_LENGTH(0), sizeof lengths);
        return (int)lengths.udiag_rqueue;
    }
    return -1;
}

int queue_length(ino_t inode)
{
    char answer[QUEUE_ANSWER_SIZE];
    ssize_t n = -1;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return -1;
    if (queue_ask(fd, inode))
        n = recv(fd, answer, sizeof answer, MSG_DONTWAIT); /* the kernel has answered within send */
    close(fd);
    return n < 0 ? -1 : queue_read(answer, (size_t)n);
}
