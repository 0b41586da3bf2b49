/* Requests that the application works on although their callers have left. lighttpd closes its own
 * connection to the application then, and could no longer tell when that work ends. */
#include "vpce.h"

#include <errno.h>
#include <fcntl.h>
#include <fdevent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct vpce_abandoned {
    struct shares_turn turn;
    struct vpce_abandoned *before, *after;
    server *srv;
    fdnode *fdn;
    int fd;
};

enum { VPCE_ABANDONED_READ = 16 * 1024 };

static void vpce_abandoned_unlink(struct vpce_plugin *p, struct vpce_abandoned *abandoned)
{
    *(abandoned->before ? &abandoned->before->after : &p->abandoned) = abandoned->after;
    if (abandoned->after)
        abandoned->after->before = abandoned->before;
}

static void vpce_abandoned_end(struct vpce_plugin *p, struct vpce_abandoned *abandoned)
{
    server *srv = abandoned->srv;
    fdevent_fdnode_event_del(srv->ev, abandoned->fdn);
    fdevent_unregister(srv->ev, abandoned->fdn);
    close(abandoned->fd);
    --srv->cur_fds;
    vpce_abandoned_unlink(p, abandoned);
    vpce_wake(shares_end(&p->shares, &abandoned->turn));
    free(abandoned);
}

/* The answer is read, so that the application can finish it, and thrown away. */
static handler_t vpce_abandoned_read(void *context, int revents)
{
    struct vpce_abandoned *abandoned = context;
    char scrap[VPCE_ABANDONED_READ];
    ssize_t n;
    (void)revents;
    do
        n = read(abandoned->fd, scrap, sizeof scrap);
    while (n > 0 || (n < 0 && errno == EINTR));
    if (n == 0 || errno != EAGAIN)
        vpce_abandoned_end(vpce_plugin, abandoned);
    return HANDLER_FINISHED;
}

bool vpce_abandoned_keep(struct vpce_plugin *p, server *srv, int fd, struct shares_turn *turn)
{
    struct vpce_abandoned *abandoned = calloc(1, sizeof *abandoned);
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (!abandoned || copy < 0) {
        if (copy >= 0)
            close(copy);
        free(abandoned);
        return false;
    }
    /* This is how the application learns that the caller has left. Our side stays open for
     * reading, and so tells us when the application closes. */
    shutdown(copy, SHUT_WR);
    ++srv->cur_fds;
    *abandoned = (struct vpce_abandoned){.srv = srv, .fd = copy, .after = p->abandoned};
    shares_pass(turn, &abandoned->turn);
    if (p->abandoned)
        p->abandoned->before = abandoned;
    p->abandoned = abandoned;
    abandoned->fdn = fdevent_register(srv->ev, copy, vpce_abandoned_read, abandoned);
    fdevent_fdnode_event_set(srv->ev, abandoned->fdn, FDEVENT_IN | FDEVENT_RDHUP);
    return true;
}

void vpce_abandoned_free(struct vpce_plugin *p)
{
    while (p->abandoned) {
        struct vpce_abandoned *abandoned = p->abandoned;
        p->abandoned = abandoned->after;
        shares_end(&p->shares, &abandoned->turn);
        close(abandoned->fd);
        free(abandoned);
    }
}
