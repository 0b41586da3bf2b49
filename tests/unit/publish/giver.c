#include "unit/publish/giver.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/shared.h"
#include "metrics/metrics.h"

enum { GIVER_BACKLOG = 4 };

bool giver_open(struct giver *g, int flags)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *g = (struct giver){.folder = "/tmp/postern-giver-XXXXXX", .listen_fd = -1, .roster_fd = -1};
    if (!mkdtemp(g->folder) || !answers_make(&g->answers, 1, 2) || !metrics_open())
        return false;
    g->roster = shared_make("test", sizeof *g->roster, false, &g->roster_fd);
    g->fds[HANDOVER_ANSWERS] = g->answers.fd;
    g->fds[HANDOVER_ROSTER] = g->roster_fd;
    g->fds[HANDOVER_METRICS] = metrics_fd();
    snprintf(g->path, sizeof g->path, "%.60s/s", g->folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", g->path);
    g->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
    return g->roster && g->listen_fd >= 0 &&
           bind(g->listen_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
           listen(g->listen_fd, GIVER_BACKLOG) == 0;
}

void giver_close(struct giver *g)
{
    shared_unmap(g->roster, sizeof *g->roster);
    close(g->roster_fd);
    answers_close(&g->answers);
    metrics_close();
    close(g->listen_fd);
    unlink(g->path);
    rmdir(g->folder);
}
